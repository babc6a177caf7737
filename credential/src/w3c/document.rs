//! Building a credential to be issued (VCDM 2.0 only).

use serde_json::{Map, Value};
use symbolon_crypto::UnixTime;
use symbolon_did::Did;
use thiserror::Error;

use super::context::BASE_CONTEXT_V2;
use super::credential::{CredentialSchema, VERIFIABLE_CREDENTIAL, VerifiableCredential};
use super::language::LanguageText;
use super::not_conforming::NotConforming;
use super::status::BitstringStatusEntry;

/// Members that have a field of their own, and the proof, which comes later.
const RESERVED: [&str; 12] = [
    "@context",
    "id",
    "type",
    "issuer",
    "name",
    "description",
    "validFrom",
    "validUntil",
    "credentialSubject",
    "credentialStatus",
    "credentialSchema",
    "proof",
];

/// The issuer, as the credential shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerDescription {
    /// Its DID.
    pub id: Did,
    /// Its names, one for each language; none is fine.
    pub name: Vec<LanguageText>,
}

/// A credential to be issued. Its parts are the caller's; [`CredentialDocument::build`] checks the whole.
#[derive(Clone)]
pub struct CredentialDocument {
    /// Contexts behind the base context, in order.
    pub contexts: Vec<String>,
    /// Types beside `VerifiableCredential`.
    pub types: Vec<String>,
    /// A URL of its own; it lets everybody who sees the credential recognise it.
    pub id: Option<String>,
    /// Who issues it.
    pub issuer: IssuerDescription,
    /// What it is called.
    pub name: Vec<LanguageText>,
    /// What it is.
    pub description: Vec<LanguageText>,
    /// Valid from this second on.
    pub valid_from: Option<UnixTime>,
    /// No longer valid from this second on.
    pub valid_until: Option<UnixTime>,
    /// The holder, by a DID that holds the holder's key.
    pub holder: Option<Did>,
    /// What is claimed about the holder, without `id`.
    pub claims: Map<String, Value>,
    /// Where its status will be kept.
    pub status: Vec<BitstringStatusEntry>,
    /// Schemas it follows.
    pub schemas: Vec<CredentialSchema>,
    /// Further members, such as `evidence`. None of those above may be among them.
    pub further: Map<String, Value>,
}

/// Why a credential cannot be built. Each is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// A claim or a further member that has a field of its own.
    #[error("a member must be set through its own field")]
    ReservedMember,
    /// A time that RFC 3339 cannot express.
    #[error("a time cannot be written")]
    Time,
    /// Built, it does not conform.
    #[error(transparent)]
    NotConforming(#[from] NotConforming),
}

impl CredentialDocument {
    /// Builds the document, without a proof.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn build(&self) -> Result<VerifiableCredential, DocumentError> {
        if self.claims.contains_key("id") {
            return Err(DocumentError::ReservedMember);
        }
        let mut document = Map::new();
        let list = |first: &str, others: &[String]| -> Value {
            core::iter::once(first)
                .chain(others.iter().map(String::as_str))
                .map(Value::from)
                .collect()
        };
        document.insert("@context".to_owned(), list(BASE_CONTEXT_V2, &self.contexts));
        if let Some(id) = &self.id {
            document.insert("id".to_owned(), Value::from(id.as_str()));
        }
        document.insert("type".to_owned(), list(VERIFIABLE_CREDENTIAL, &self.types));
        document.insert("issuer".to_owned(), self.issuer.to_value());
        let texts = [
            ("name", LanguageText::to_values(&self.name)),
            ("description", LanguageText::to_values(&self.description)),
            ("validFrom", self.valid_from.map(write_time).transpose()?),
            ("validUntil", self.valid_until.map(write_time).transpose()?),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                document.insert(name.to_owned(), value);
            }
        }
        let mut subject = Map::new();
        if let Some(holder) = &self.holder {
            subject.insert("id".to_owned(), Value::from(holder.as_str()));
        }
        subject.extend(self.claims.clone());
        document.insert("credentialSubject".to_owned(), Value::Object(subject));
        let status: Vec<Value> = self.status.iter().map(BitstringStatusEntry::to_value).collect();
        if let Some(status) = one_or_list(status) {
            document.insert("credentialStatus".to_owned(), status);
        }
        let schemas: Vec<Value> = self.schemas.iter().map(CredentialSchema::to_value).collect();
        if let Some(schemas) = one_or_list(schemas) {
            document.insert("credentialSchema".to_owned(), schemas);
        }
        if self.further.keys().any(|name| RESERVED.contains(&name.as_str())) {
            return Err(DocumentError::ReservedMember);
        }
        document.extend(self.further.clone());
        let credential = VerifiableCredential::from_value(Value::Object(document))?;
        credential.check_for_issuance()?;
        Ok(credential)
    }
}

impl IssuerDescription {
    fn to_value(&self) -> Value {
        match LanguageText::to_values(&self.name) {
            None => Value::from(self.id.as_str()),
            Some(name) => Value::Object(Map::from_iter([
                ("id".to_owned(), Value::from(self.id.as_str())),
                ("name".to_owned(), name),
            ])),
        }
    }
}

impl CredentialSchema {
    fn to_value(&self) -> Value {
        let types = self.types.iter().map(|name| Value::from(name.as_str())).collect();
        Value::Object(Map::from_iter([
            ("id".to_owned(), Value::from(self.id.as_str())),
            ("type".to_owned(), one_or_list(types).unwrap_or_default()),
        ]))
    }
}

fn write_time(time: UnixTime) -> Result<Value, DocumentError> {
    let text = time.rfc3339();
    if text.is_empty() {
        Err(DocumentError::Time)
    } else {
        Ok(Value::from(text))
    }
}

fn one_or_list(mut values: Vec<Value>) -> Option<Value> {
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(Value::Array(values)),
    }
}
