//! The type of a credential, claim `vct`.

use core::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest type that is read, in bytes.
const MAX_TYPE_BYTES: usize = 1024;

/// The type of an SD-JWT VC: a URI or another collision-resistant name, compared character by character.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VerifiableCredentialType(String);

/// A type is empty, too long, or has white space or control characters in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a credential type is 1 to {MAX_TYPE_BYTES} bytes without white space")]
pub struct InvalidCredentialType;

impl VerifiableCredentialType {
    /// Reads a type.
    ///
    /// # Errors
    /// [`InvalidCredentialType`].
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidCredentialType> {
        let text = text.into();
        let blank = |character: char| character.is_whitespace() || character.is_control();
        if text.is_empty() || text.len() > MAX_TYPE_BYTES || text.contains(blank) {
            return Err(InvalidCredentialType);
        }
        Ok(Self(text))
    }

    /// The type as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VerifiableCredentialType {
    type Error = InvalidCredentialType;

    fn try_from(text: String) -> Result<Self, InvalidCredentialType> {
        Self::parse(text)
    }
}

impl From<VerifiableCredentialType> for String {
    fn from(vct: VerifiableCredentialType) -> Self {
        vct.0
    }
}

impl fmt::Display for VerifiableCredentialType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
