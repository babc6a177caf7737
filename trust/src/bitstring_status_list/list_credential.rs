//! The credential that publishes a list (§2.2 and §3.1, §3.2).

use core::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_credential::w3c::{
    BitstringStatusEntry, CredentialDocument, DocumentError, IssuerDescription, ProblemType, StatusMessage,
    StatusPurpose, StatusSize, VerifiableCredential,
};
use symbolon_crypto::UnixTime;
use symbolon_did::Did;
use thiserror::Error;

use super::bits::{BitstringError, BitstringStatusList, EncodedBitstring};
use crate::validity::CLOCK_TOLERANCE;

/// The type of a credential that publishes a list.
pub const BITSTRING_STATUS_LIST_CREDENTIAL: &str = "BitstringStatusListCredential";
const BITSTRING_STATUS_LIST: &str = "BitstringStatusList";

/// A list as it is to be published.
#[derive(Debug, Clone)]
pub struct ListToPublish<'l> {
    /// Where: the `statusListCredential` of the entries, and `id` of the credential.
    pub url: &'l str,
    /// Who.
    pub issuer: &'l Did,
    /// What a set bit means.
    pub purpose: StatusPurpose,
    /// When the list was made.
    pub valid_from: UnixTime,
    /// When it is worthless.
    pub valid_until: Option<UnixTime>,
    /// How long it may be kept before asking again; whole milliseconds.
    pub time_to_live: Option<Duration>,
    /// The states.
    pub list: &'l EncodedBitstring,
    /// For the purpose `message`, what each value means.
    pub messages: &'l [StatusMessage],
}

impl ListToPublish<'_> {
    /// The credential, for its issuer to secure.
    ///
    /// # Errors
    /// [`DocumentError`] when the URL is none.
    pub fn document(&self) -> Result<VerifiableCredential, DocumentError> {
        let mut subject = Map::new();
        subject.insert("type".to_owned(), Value::from(BITSTRING_STATUS_LIST));
        subject.insert("statusPurpose".to_owned(), Value::from(self.purpose.name()));
        subject.insert("encodedList".to_owned(), Value::from(self.list.as_str()));
        if let Some(ttl) = self.time_to_live {
            let milliseconds = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            subject.insert("ttl".to_owned(), Value::from(milliseconds));
        }
        if self.purpose == StatusPurpose::Message || self.list.size() != StatusSize::ONE {
            subject.insert("statusSize".to_owned(), Value::from(self.list.size().bits()));
        }
        if !self.messages.is_empty() {
            let messages = self.messages.iter().map(StatusMessage::to_value).collect();
            subject.insert("statusMessages".to_owned(), Value::Array(messages));
        }
        CredentialDocument {
            contexts: Vec::new(),
            types: vec![BITSTRING_STATUS_LIST_CREDENTIAL.to_owned()],
            id: Some(self.url.to_owned()),
            issuer: IssuerDescription {
                id: self.issuer.clone(),
                name: Vec::new(),
            },
            name: Vec::new(),
            description: Vec::new(),
            valid_from: Some(self.valid_from),
            valid_until: self.valid_until,
            holder: None,
            claims: subject,
            status: Vec::new(),
            schemas: Vec::new(),
            further: Map::new(),
        }
        .build()
    }
}

/// What a list says about one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitstringStatus {
    /// What a set bit means.
    pub purpose: StatusPurpose,
    /// The value; zero is the good one.
    pub value: u8,
    /// The message of the value, for developers, if the entry has messages.
    pub message: Option<String>,
}

/// Why a list says nothing about a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BitstringStatusError {
    /// It could not be had.
    #[error("the status list could not be retrieved")]
    Retrieval,
    /// Its proof does not verify, or its signer has no say about the credential.
    #[error("the status list is not signed by who may sign it")]
    Proof,
    /// It is no credential that publishes a list.
    #[error("not a status list credential as it must be")]
    Malformed,
    /// It is the list of another URL.
    #[error("the status list is another one than the entry names")]
    OtherList,
    /// It is for another purpose.
    #[error("the status list is for another purpose than the entry")]
    OtherPurpose,
    /// Its entries have another size.
    #[error("the status list has entries of another size than the entry says")]
    OtherSize,
    /// It is not valid yet.
    #[error("the status list is not valid before {}", valid_from.rfc3339())]
    NotYetValid {
        /// From when on it is.
        valid_from: UnixTime,
    },
    /// It is not valid any more.
    #[error("the status list expired at {}", valid_until.rfc3339())]
    Expired {
        /// Since when it is not.
        valid_until: UnixTime,
    },
    /// The list itself cannot be read, or has no such entry.
    #[error(transparent)]
    List(#[from] BitstringError),
}

impl BitstringStatusError {
    /// The type of problem that this is told as (§3.5).
    #[must_use]
    pub const fn problem(self) -> ProblemType {
        match self {
            Self::Retrieval => ProblemType::StatusRetrievalError,
            Self::Malformed
            | Self::List(
                BitstringError::NotMultibase | BitstringError::Inflate(_) | BitstringError::DoesNotFit,
            ) => ProblemType::MalformedValueError,
            Self::List(BitstringError::TooShort) => ProblemType::StatusListLengthError,
            Self::List(BitstringError::OutOfRange) => ProblemType::RangeError,
            Self::Proof
            | Self::OtherList
            | Self::OtherPurpose
            | Self::OtherSize
            | Self::NotYetValid { .. }
            | Self::Expired { .. } => ProblemType::StatusVerificationError,
        }
    }
}

/// A published list. Whether its signature holds, and whether its signer has a say about the credential in question, the
/// caller has found out before: this type only reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedList {
    url: Option<String>,
    issuer: String,
    purposes: Vec<StatusPurpose>,
    valid_from: Option<UnixTime>,
    valid_until: Option<UnixTime>,
    time_to_live: Option<Duration>,
    encoded: String,
    size: StatusSize,
}

impl PublishedList {
    /// Reads the credential of a list. The list is not inflated yet.
    ///
    /// # Errors
    /// [`BitstringStatusError::Malformed`].
    pub fn read(credential: &VerifiableCredential) -> Result<Self, BitstringStatusError> {
        let malformed = BitstringStatusError::Malformed;
        let subject = credential.subject().ok_or(malformed)?;
        let subject_is_list = match subject.get("type") {
            Some(Value::Array(types)) => types.contains(&json!(BITSTRING_STATUS_LIST)),
            one => one == Some(&json!(BITSTRING_STATUS_LIST)),
        };
        if !credential.has_type(BITSTRING_STATUS_LIST_CREDENTIAL) || !subject_is_list {
            return Err(malformed);
        }
        let purposes = match subject.get("statusPurpose") {
            Some(Value::Array(purposes)) if !purposes.is_empty() => purposes.as_slice(),
            Some(one @ Value::String(_)) => core::slice::from_ref(one),
            _ => return Err(malformed),
        };
        let purposes = purposes
            .iter()
            .map(|purpose| purpose.as_str().map(StatusPurpose::from_name).ok_or(malformed))
            .collect::<Result<_, _>>()?;
        let time_to_live = match subject.get("ttl") {
            None => None,
            Some(ttl) => Some(Duration::from_millis(ttl.as_u64().ok_or(malformed)?)),
        };
        let size = match subject.get("statusSize") {
            None => StatusSize::ONE,
            Some(size) => size
                .as_u64()
                .and_then(|bits| StatusSize::from_bits(bits).ok())
                .ok_or(malformed)?,
        };
        let encoded = subject
            .get("encodedList")
            .and_then(Value::as_str)
            .ok_or(malformed)?;
        Ok(Self {
            url: credential.id().map(str::to_owned),
            issuer: credential.issuer().to_owned(),
            purposes,
            valid_from: credential.validity().not_before,
            valid_until: credential.validity().expires,
            time_to_live,
            encoded: encoded.to_owned(),
            size,
        })
    }

    /// What the list says about a credential with this entry, inflating to at most `max_bytes`.
    ///
    /// # Errors
    /// [`BitstringStatusError`]. Whoever meets one knows nothing about the credential.
    pub fn status(
        &self,
        entry: &BitstringStatusEntry,
        now: UnixTime,
        max_bytes: usize,
    ) -> Result<BitstringStatus, BitstringStatusError> {
        // A list that says where it belongs must belong there; the specification lets it say nothing.
        if self.url.as_ref().is_some_and(|url| *url != entry.list) {
            return Err(BitstringStatusError::OtherList);
        }
        if !self.purposes.contains(&entry.purpose) {
            return Err(BitstringStatusError::OtherPurpose);
        }
        if self.size != entry.size {
            return Err(BitstringStatusError::OtherSize);
        }
        if let Some(valid_from) = self.valid_from.filter(|from| now.plus(CLOCK_TOLERANCE) < *from) {
            return Err(BitstringStatusError::NotYetValid { valid_from });
        }
        if let Some(valid_until) = self.valid_until.filter(|until| *until <= now) {
            return Err(BitstringStatusError::Expired { valid_until });
        }
        let list = BitstringStatusList::decode(self.size, &self.encoded, max_bytes)?;
        let value = list.get(entry.index)?;
        let message = entry
            .messages
            .iter()
            .find(|message| message.status == u64::from(value))
            .map(|message| message.message.clone());
        Ok(BitstringStatus {
            purpose: entry.purpose.clone(),
            value,
            message,
        })
    }

    /// The list itself, inflated to at most `max_bytes`.
    ///
    /// # Errors
    /// [`BitstringError`].
    pub fn list(&self, max_bytes: usize) -> Result<BitstringStatusList, BitstringError> {
        BitstringStatusList::decode(self.size, &self.encoded, max_bytes)
    }

    /// What a set bit means.
    #[must_use]
    pub fn purposes(&self) -> &[StatusPurpose] {
        &self.purposes
    }

    /// How many bits an entry has.
    #[must_use]
    pub const fn size(&self) -> StatusSize {
        self.size
    }

    /// The URL that the list says it is published at.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Who published it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// When it was made: the "as of" of its answers.
    #[must_use]
    pub const fn valid_from(&self) -> Option<UnixTime> {
        self.valid_from
    }

    /// From when on it is worthless.
    #[must_use]
    pub const fn valid_until(&self) -> Option<UnixTime> {
        self.valid_until
    }

    /// How long it may be kept before asking again.
    #[must_use]
    pub const fn time_to_live(&self) -> Option<Duration> {
        self.time_to_live
    }
}
