//! Keys that were rotated: their public halves, and until when they stay published. What a key signed is verified with it
//! until it expires, however long ago the key was replaced (ATTACKS.md row 31).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Jwk, PublicKey, UnixTime};

use crate::installation::files::Readers;
use crate::installation::keys::{KeyFileError, KeyPurpose, read, write};

/// The file, in the folder of the keys. It holds no secret.
const FILE: &str = "retired.json";
/// The version of its form.
const VERSION: u32 = 1;

/// Every retired key of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredKeys {
    version: u32,
    keys: Vec<RetiredKey>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredKey {
    /// The name of its purpose.
    pub purpose: String,
    /// Its public half.
    pub public_key: Jwk,
    /// When it was replaced.
    pub retired_at: UnixTime,
    /// The last second in which a credential that it signed is in force.
    pub published_until: UnixTime,
}

impl RetiredKeys {
    /// The retired keys of a folder of keys.
    ///
    /// # Errors
    /// [`KeyFileError`] when there is a file that does not read.
    pub fn read(folder: &Path) -> Result<Self, KeyFileError> {
        let path = file(folder);
        if !path.exists() {
            return Ok(Self {
                version: VERSION,
                keys: Vec::new(),
            });
        }
        let wrong = || KeyFileError::Content {
            path: path.clone(),
            expected: "list of retired keys",
        };
        let keys: Self = serde_json::from_slice(&read(&path)?).map_err(|_| wrong())?;
        let readable = keys
            .keys
            .iter()
            .all(|key| PublicKey::from_jwk(&key.public_key).is_ok());
        if keys.version == VERSION && readable {
            Ok(keys)
        } else {
            Err(wrong())
        }
    }

    /// Adds a key, and forgets those whose last credential has expired.
    ///
    /// # Errors
    /// [`KeyFileError`] when the file cannot be written.
    pub fn add(&mut self, folder: &Path, key: RetiredKey) -> Result<(), KeyFileError> {
        let now = key.retired_at;
        self.keys
            .retain(|known| known.published_until >= now && known.public_key != key.public_key);
        self.keys.push(key);
        let path = file(folder);
        let text = serde_json::to_vec_pretty(self).map_err(|_| KeyFileError::Content {
            path: path.clone(),
            expected: "list of retired keys",
        })?;
        write(&path, &text, Readers::Everyone)
    }

    /// The public halves that are to be published for these purposes.
    #[must_use]
    pub fn of(&self, purposes: &[KeyPurpose], now: UnixTime) -> Vec<PublicKey> {
        self.published(now)
            .filter(|key| purposes.iter().any(|purpose| purpose.name() == key.purpose))
            .filter_map(|key| PublicKey::from_jwk(&key.public_key).ok())
            .collect()
    }

    /// Those that are still published.
    pub fn published(&self, now: UnixTime) -> impl Iterator<Item = &RetiredKey> {
        self.keys.iter().filter(move |key| now <= key.published_until)
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{SecretKey, SignatureAlgorithm};

    use super::*;

    fn key(seed: u64, until: i64) -> RetiredKey {
        let secret = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap();
        RetiredKey {
            purpose: KeyPurpose::AssertionP256.name().to_owned(),
            public_key: secret.public_key().to_jwk(),
            retired_at: UnixTime::from_seconds(100),
            published_until: UnixTime::from_seconds(until),
        }
    }

    #[test]
    fn a_key_is_published_until_its_last_credential_expires_and_then_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = RetiredKeys::read(folder.path()).unwrap();
        keys.add(folder.path(), key(1, 200)).unwrap();
        keys.add(folder.path(), key(2, 300)).unwrap();
        let read = RetiredKeys::read(folder.path()).unwrap();
        assert_eq!(read, keys);
        let count = |now| {
            read.of(&[KeyPurpose::AssertionP256], UnixTime::from_seconds(now))
                .len()
        };
        assert_eq!([count(200), count(201), count(300), count(301)], [2, 1, 1, 0]);
        assert!(
            read.of(&[KeyPurpose::CardSigning], UnixTime::from_seconds(150))
                .is_empty()
        );
        // Added once more it stands there once, and what has expired is gone.
        let mut later = key(2, 400);
        later.retired_at = UnixTime::from_seconds(250);
        keys.add(folder.path(), later).unwrap();
        assert_eq!(keys.keys.len(), 1);
    }
}
