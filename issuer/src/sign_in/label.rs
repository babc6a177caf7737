//! What a request is called.

use core::fmt;

use crate::secret::{InstallationSecret, Purpose, SecretDigest};

/// What page and message call a sign-in: three characters that are not mistaken for one another. It tells messages apart and
/// protects nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLabel(String);

impl RequestLabel {
    /// The label of a sign-in.
    #[must_use]
    pub fn derive(secret: &InstallationSecret, session: &SecretDigest) -> Self {
        let tag = secret.derive_tag(Purpose::RequestLabel, &[session.as_bytes()]);
        let character = |byte: &u8| {
            let at = usize::from(*byte) % LABEL_CHARACTERS.len();
            LABEL_CHARACTERS.get(at).map(|byte| char::from(*byte))
        };
        Self(tag.iter().take(3).filter_map(character).collect())
    }
}

/// Without vowels, which make words, and without what looks like a digit.
const LABEL_CHARACTERS: &[u8] = b"BCDFGHJKMNPQRTVWXY346789";

impl fmt::Display for RequestLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
