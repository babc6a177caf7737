//! From a document that was handed in to a credential that this issuer can answer for.

use std::time::Duration;

use serde_json::{Map, Value};
use symbolon_credential::w3c::{
    BitstringStatusEntry, IssuerDescription, LanguageText, NotConforming, ProblemType,
    RelatedResourceMismatch, StatusEntry, VerifiableCredential,
};
use symbolon_crypto::UnixTime;
use thiserror::Error;

/// What an issuer adds to a document, and what it demands of it.
#[derive(Debug, Clone, Copy)]
pub struct Completion<'a> {
    /// The issuer, as its credentials show it.
    pub issuer: &'a IssuerDescription,
    /// The types that every credential of the configuration has.
    pub types: &'a [String],
    /// Where the status of this credential will be kept.
    pub status: &'a [BitstringStatusEntry],
    /// The beginning of the URLs of the issuer's own status lists.
    pub own_status_lists: &'a str,
    /// The time of issuance as credentials show it, rounded down so that it links nobody.
    pub issued_at: UnixTime,
    /// The longest time for which a credential of the configuration is valid, from its issuance on.
    pub validity: Duration,
}

/// A credential to be secured.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletedCredential {
    /// The whole document. It conforms to VCDM 2.0.
    pub credential: VerifiableCredential,
    /// The end of its validity.
    pub expires_at: UnixTime,
}

/// Why a document is not issued. Each is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompletionRefused {
    /// It does not conform to VCDM 2.0.
    #[error(transparent)]
    NotConforming(#[from] NotConforming),
    /// It names another issuer.
    #[error("the issuer of the credential is not the one of this instance")]
    AnotherIssuer,
    /// It is not of the types that this instance issues, or also of one that is issued from the register alone.
    #[error("the credential lacks a type that this instance issues, or has one that it does not")]
    Types,
    /// It would be valid for longer than this instance issues for.
    #[error("the credential would be valid for longer than this instance allows")]
    ValidTooLong,
    /// It claims a place in a status list of this issuer.
    #[error("the credential names a place in a status list of this issuer")]
    ForeignIndex,
    /// A resource that it vouches for has another digest.
    #[error(transparent)]
    RelatedResource(#[from] RelatedResourceMismatch),
}

impl CompletionRefused {
    /// The type of problem that this is told as.
    #[must_use]
    pub const fn problem(self) -> ProblemType {
        match self {
            Self::NotConforming(not_conforming) => not_conforming.problem(),
            Self::ValidTooLong => ProblemType::RangeError,
            Self::RelatedResource(_) => ProblemType::CryptographicSecurityError,
            Self::AnotherIssuer | Self::Types | Self::ForeignIndex => ProblemType::MalformedValueError,
        }
    }
}

impl Completion<'_> {
    /// Completes and checks a document.
    ///
    /// # Errors
    /// [`CompletionRefused`].
    pub fn complete(
        &self,
        mut document: Map<String, Value>,
    ) -> Result<CompletedCredential, CompletionRefused> {
        let latest = self.issued_at.plus(self.validity);
        set_unless_there(&mut document, "issuer", || self.issuer_value());
        set_unless_there(&mut document, "validFrom", || {
            Value::from(self.issued_at.rfc3339())
        });
        set_unless_there(&mut document, "validUntil", || Value::from(latest.rfc3339()));
        // What the caller hands in is read first: a place in our lists is ours to give.
        let handed_in = VerifiableCredential::from_value(Value::Object(document))?;
        handed_in.check_for_issuance()?;
        if handed_in.issuer() != self.issuer.id.as_str() {
            return Err(CompletionRefused::AnotherIssuer);
        }
        if !self.types.iter().all(|name| handed_in.has_type(name)) {
            return Err(CompletionRefused::Types);
        }
        let claims_our_list = |entry: &StatusEntry| matches!(entry, StatusEntry::Bitstring(entry) if entry.list.starts_with(self.own_status_lists));
        if handed_in.status_entries().iter().any(claims_our_list) {
            return Err(CompletionRefused::ForeignIndex);
        }
        let validity = *handed_in.validity();
        let expires_at = validity.expires.unwrap_or(latest);
        if expires_at > latest || validity.not_before.is_some_and(|from| from > latest) {
            return Err(CompletionRefused::ValidTooLong);
        }
        let mut document = handed_in.into_document();
        self.add_status(&mut document);
        let credential = VerifiableCredential::from_value(Value::Object(document))?;
        Ok(CompletedCredential {
            credential,
            expires_at,
        })
    }

    fn issuer_value(&self) -> Value {
        match LanguageText::to_values(&self.issuer.name) {
            None => Value::from(self.issuer.id.as_str()),
            Some(name) => Value::Object(Map::from_iter([
                ("id".to_owned(), Value::from(self.issuer.id.as_str())),
                ("name".to_owned(), name),
            ])),
        }
    }

    /// Adds our status entries behind those that the caller brought, which another service keeps.
    fn add_status(&self, document: &mut Map<String, Value>) {
        let mut entries = match document.shift_remove("credentialStatus") {
            None => Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(one) => vec![one],
        };
        entries.extend(self.status.iter().map(BitstringStatusEntry::to_value));
        let entries = match entries.len() {
            0 => return,
            1 => entries.pop().unwrap_or_default(),
            _ => Value::Array(entries),
        };
        document.insert("credentialStatus".to_owned(), entries);
    }
}

fn set_unless_there(document: &mut Map<String, Value>, member: &str, value: impl FnOnce() -> Value) {
    if !document.contains_key(member) {
        document.insert(member.to_owned(), value());
    }
}

/// Checks the digests that a credential vouches for, where the resource is at hand. One that is not is the coordinator's
/// word, as everything else in the document is: an issuer that fetched whatever it is told to could be pointed anywhere.
///
/// # Errors
/// [`RelatedResourceMismatch`].
pub fn check_related_resources(
    credential: &VerifiableCredential,
    at_hand: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<(), RelatedResourceMismatch> {
    for resource in credential.related_resources() {
        if let Some(bytes) = at_hand(&resource.id) {
            resource.check(&bytes)?;
        }
    }
    Ok(())
}
