//! How callers name credentials and presentations.

use core::fmt;

use thiserror::Error;

/// The longest reference, in bytes.
pub const MAX_REFERENCE_BYTES: usize = 2048;

/// The name of a credential towards an instance: its `id`, or the `credentialId` that it was issued or kept with, which
/// need not stand in the credential. It may tell whose the credential is, so it is never logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CredentialReference(String);

/// A text that is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a credential reference of 1 to {MAX_REFERENCE_BYTES} characters without spaces")]
pub struct InvalidReference;

impl CredentialReference {
    /// Takes a reference: 1 to [`MAX_REFERENCE_BYTES`] bytes, without white space and control characters. The
    /// specification calls it a URI, and its own examples are none; only the text is compared.
    ///
    /// # Errors
    /// [`InvalidReference`].
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let fits = (1..=MAX_REFERENCE_BYTES).contains(&text.len());
        if fits && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidReference)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without the text, which may be personal data.
impl fmt::Debug for CredentialReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialReference").finish_non_exhaustive()
    }
}
