//! `#integrity` claims: [Subresource Integrity](https://www.w3.org/TR/SRI/) strings.

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use symbolon_crypto::encoding::base64;
use thiserror::Error;

/// Hashes one string may hold.
const MAX_HASHES: usize = 8;

/// The digests that a referenced document must have one of: those of the strongest algorithm named, as SRI says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity {
    strength: Strength,
    digests: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Sha256,
    Sha384,
    Sha512,
}

/// No hash of a known algorithm is in the string. SRI would let any document pass; a credential must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no usable hash in the integrity string")]
pub struct InvalidIntegrity;

impl Integrity {
    /// Reads an integrity string.
    ///
    /// # Errors
    /// [`InvalidIntegrity`].
    pub fn parse(text: &str) -> Result<Self, InvalidIntegrity> {
        let mut best: Option<Self> = None;
        for hash in text.split_ascii_whitespace().take(MAX_HASHES) {
            let Some((algorithm, digest)) = hash.split_once('-') else {
                continue;
            };
            let digest = digest.split('?').next().unwrap_or_default();
            let (strength, length) = match algorithm {
                "sha256" => (Strength::Sha256, 32),
                "sha384" => (Strength::Sha384, 48),
                "sha512" => (Strength::Sha512, 64),
                _ => continue,
            };
            let digest = base64::decode(digest).map_err(|_| InvalidIntegrity)?;
            if digest.len() != length {
                return Err(InvalidIntegrity);
            }
            match &mut best {
                Some(best) if best.strength > strength => {}
                Some(best) if best.strength == strength => best.digests.push(digest),
                _ => {
                    best = Some(Self {
                        strength,
                        digests: vec![digest],
                    })
                }
            }
        }
        best.ok_or(InvalidIntegrity)
    }

    /// Whether `document` is one that is meant.
    #[must_use]
    pub fn matches(&self, document: &[u8]) -> bool {
        let digest = match self.strength {
            Strength::Sha256 => Sha256::digest(document).to_vec(),
            Strength::Sha384 => Sha384::digest(document).to_vec(),
            Strength::Sha512 => Sha512::digest(document).to_vec(),
        };
        self.digests.contains(&digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(name: &str, digest: &[u8]) -> String {
        format!("{name}-{}", base64::encode(digest))
    }

    #[test]
    fn only_the_strongest_hash_counts() {
        let weak = hash("sha256", &Sha256::digest(b"document"));
        let strong = hash("sha384", &Sha384::digest(b"another"));
        assert!(Integrity::parse(&weak).unwrap().matches(b"document"));
        let both = Integrity::parse(&format!("{weak} {strong}")).unwrap();
        assert!(!both.matches(b"document"));
        assert!(both.matches(b"another"));
    }

    #[test]
    fn a_string_without_a_usable_hash_is_no_licence() {
        for text in ["", "md5-AAAA", "sha256-AAAA", "sha256-****", "sha256"] {
            assert_eq!(Integrity::parse(text), Err(InvalidIntegrity), "{text}");
        }
    }
}
