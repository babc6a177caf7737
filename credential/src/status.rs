//! Where a credential's status is kept ([Token Status List](https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/)).

use serde_json::{Map, Value};
use thiserror::Error;
use url::Url;

/// Longest status list URI that is read or written, in bytes. It is printed into QR codes, so real ones are short.
const MAX_URI_BYTES: usize = 2048;

/// One entry of one status list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatusReference {
    uri: String,
    index: u64,
}

/// A status list URI is no absolute URI, or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a status list is named by an absolute URI of at most {MAX_URI_BYTES} bytes")]
pub struct InvalidStatusUri;

impl StatusReference {
    /// The entry at `index` of the list at `uri`.
    ///
    /// # Errors
    /// [`InvalidStatusUri`].
    pub fn new(uri: impl Into<String>, index: u64) -> Result<Self, InvalidStatusUri> {
        let uri = uri.into();
        if uri.len() > MAX_URI_BYTES || Url::parse(&uri).is_err() {
            return Err(InvalidStatusUri);
        }
        Ok(Self { uri, index })
    }

    /// The list, exactly as the credential writes it: it must equal the `sub` of the list's token.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The place in the list, from zero.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The `status` claim of a JWT.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let list = Map::from_iter([
            ("idx".to_owned(), Value::from(self.index)),
            ("uri".to_owned(), Value::from(self.uri.as_str())),
        ]);
        Value::Object(Map::from_iter([("status_list".to_owned(), Value::Object(list))]))
    }
}

/// What a credential says about its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialStatus {
    /// Nothing: it cannot be revoked before it expires.
    NotTracked,
    /// It has an entry in a Token Status List.
    StatusList(StatusReference),
    /// It has a status of a mechanism that is not known here. It is not to be taken for [`CredentialStatus::NotTracked`].
    OtherMechanism,
}

/// A `status_list` member that lacks its index or URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a status list entry has an index and the URI of its list")]
pub struct MalformedStatus;

impl CredentialStatus {
    /// Reads the `status` claim of a JWT.
    ///
    /// # Errors
    /// [`MalformedStatus`] when it is no object, or its `status_list` lacks the index or the URI.
    pub fn from_json(status: Option<&Value>) -> Result<Self, MalformedStatus> {
        let Some(status) = status else {
            return Ok(Self::NotTracked);
        };
        let status = status.as_object().ok_or(MalformedStatus)?;
        let Some(list) = status.get("status_list") else {
            return Ok(Self::OtherMechanism);
        };
        let index = list.get("idx").and_then(Value::as_u64).ok_or(MalformedStatus)?;
        let uri = list.get("uri").and_then(Value::as_str).ok_or(MalformedStatus)?;
        StatusReference::new(uri, index)
            .map(Self::StatusList)
            .map_err(|_| MalformedStatus)
    }

    /// The entry, if there is one.
    #[must_use]
    pub const fn reference(&self) -> Option<&StatusReference> {
        match self {
            Self::StatusList(reference) => Some(reference),
            Self::NotTracked | Self::OtherMechanism => None,
        }
    }
}
