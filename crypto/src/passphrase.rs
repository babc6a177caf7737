//! Keys from passphrases: Argon2id ([RFC 9106](https://www.rfc-editor.org/rfc/rfc9106)).
//!
//! A passphrase that a person chose is guessed, not computed. So each guess is made to cost memory and time, by parameters
//! that stand in the file beside the salt: a later version may raise them without making older files unreadable.

use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::randomness::{Randomness, RandomnessUnavailable, random_bytes};
use crate::symmetric::SymmetricKey;

/// Length of a salt, in bytes ([RFC 9106 §3.1](https://www.rfc-editor.org/rfc/rfc9106#section-3.1) recommends 16).
pub const SALT_BYTES: usize = 16;

/// The most memory that a file may ask for, in KiB: 1 GiB. A file is read before anybody vouched for it.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
/// The most passes that a file may ask for.
const MAX_PASSES: u32 = 16;
/// The most lanes that a file may ask for.
const MAX_LANES: u32 = 16;
/// The least memory for each lane, in KiB (RFC 9106 §3.1).
const MIN_MEMORY_KIB_PER_LANE: u32 = 8;

/// A passphrase. It zeroizes when dropped, and can be neither printed nor cloned by accident.
pub struct Passphrase(Zeroizing<String>);

/// Why a text is no passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a passphrase has {MIN_PASSPHRASE_BYTES} to {MAX_PASSPHRASE_BYTES} bytes")]
pub struct InvalidPassphrase;

/// The shortest passphrase, in bytes: what is shorter falls to guessing whatever each guess costs.
pub const MIN_PASSPHRASE_BYTES: usize = 8;
/// The longest passphrase, in bytes.
pub const MAX_PASSPHRASE_BYTES: usize = 1024;

impl Passphrase {
    /// Takes a text as a passphrase, as it is: whatever white space it has is part of it.
    ///
    /// # Errors
    /// [`InvalidPassphrase`] when it is too short or too long.
    pub fn new(text: Zeroizing<String>) -> Result<Self, InvalidPassphrase> {
        if (MIN_PASSPHRASE_BYTES..=MAX_PASSPHRASE_BYTES).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(InvalidPassphrase)
        }
    }
}

/// What each guess at a passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyDerivation {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; SALT_BYTES],
}

/// Parameters that no file of ours has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyDerivationError {
    /// Less than Argon2 works with, or more than this suite spends on a file that nobody vouched for.
    #[error("the parameters of the key derivation are out of range")]
    OutOfRange,
    /// The memory cannot be had.
    #[error("the key cannot be derived")]
    Failed,
}

impl KeyDerivation {
    /// 64 MiB, three passes, four lanes: the second recommended option of
    /// [RFC 9106 §4](https://www.rfc-editor.org/rfc/rfc9106#section-4), with a fresh salt.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn standard(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        Ok(Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 4,
            salt: random_bytes(randomness)?,
        })
    }

    /// The parameters that a file names.
    ///
    /// # Errors
    /// [`KeyDerivationError::OutOfRange`].
    pub const fn parse(
        memory_kib: u32,
        passes: u32,
        lanes: u32,
        salt: [u8; SALT_BYTES],
    ) -> Result<Self, KeyDerivationError> {
        let in_range = lanes >= 1
            && lanes <= MAX_LANES
            && passes >= 1
            && passes <= MAX_PASSES
            && memory_kib >= MIN_MEMORY_KIB_PER_LANE * lanes
            && memory_kib <= MAX_MEMORY_KIB;
        if in_range {
            Ok(Self {
                memory_kib,
                passes,
                lanes,
                salt,
            })
        } else {
            Err(KeyDerivationError::OutOfRange)
        }
    }

    /// The memory, in KiB.
    #[must_use]
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// The passes over it.
    #[must_use]
    pub const fn passes(&self) -> u32 {
        self.passes
    }

    /// The lanes.
    #[must_use]
    pub const fn lanes(&self) -> u32 {
        self.lanes
    }

    /// The salt.
    #[must_use]
    pub const fn salt(&self) -> &[u8; SALT_BYTES] {
        &self.salt
    }

    /// Derives the key. Takes a good part of a second.
    ///
    /// # Errors
    /// [`KeyDerivationError::Failed`] when the memory cannot be had.
    pub fn derive(&self, passphrase: &Passphrase) -> Result<SymmetricKey, KeyDerivationError> {
        let mut key = Zeroizing::new([0; 32]);
        let parameters = Params::new(self.memory_kib, self.passes, self.lanes, Some(key.len()))
            .map_err(|_| KeyDerivationError::OutOfRange)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(passphrase.0.as_bytes(), &self.salt, key.as_mut_slice())
            .map_err(|_| KeyDerivationError::Failed)?;
        Ok(SymmetricKey::new(*key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    #[test]
    fn the_derivation_is_frozen() {
        // A change of this value locks every operator out of every file. The value is that of the reference `argon2`
        // command: `printf 'a long passphrase' | argon2 0123456789abcdef -id -t 2 -k 256 -p 2 -l 32`.
        let derivation = KeyDerivation::parse(256, 2, 2, *b"0123456789abcdef").unwrap();
        let key = derivation.derive(&passphrase("a long passphrase")).unwrap();
        assert_eq!(crate::encoding::base64url::encode(key.as_bytes()), FROZEN);
    }

    const FROZEN: &str = "WuYq_0bxjYLySLuIKKpqmt4w0auU9_JesmbgwcTkzAQ";

    #[test]
    fn another_passphrase_salt_or_cost_gives_another_key() {
        let derive = |memory, passes, salt: &[u8; 16], text: &str| {
            let derivation = KeyDerivation::parse(memory, passes, 1, *salt).unwrap();
            *derivation.derive(&passphrase(text)).unwrap().as_bytes()
        };
        let key = derive(64, 1, b"0123456789abcdef", "a long passphrase");
        assert_eq!(key, derive(64, 1, b"0123456789abcdef", "a long passphrase"));
        assert_ne!(key, derive(64, 1, b"0123456789abcdef", "a long passphrasf"));
        assert_ne!(key, derive(64, 1, b"0123456789abcdeF", "a long passphrase"));
        assert_ne!(key, derive(64, 2, b"0123456789abcdef", "a long passphrase"));
        assert_ne!(key, derive(72, 1, b"0123456789abcdef", "a long passphrase"));
    }

    #[test]
    fn a_file_cannot_ask_for_more_than_a_machine_has_or_for_nothing() {
        let salt = [0; SALT_BYTES];
        for (memory, passes, lanes) in [
            (MAX_MEMORY_KIB + 1, 1, 1),
            (64, 0, 1),
            (64, MAX_PASSES + 1, 1),
            (64, 1, 0),
            (MAX_MEMORY_KIB, 1, MAX_LANES + 1),
            (15, 1, 2),
        ] {
            assert_eq!(
                KeyDerivation::parse(memory, passes, lanes, salt),
                Err(KeyDerivationError::OutOfRange),
                "{memory} {passes} {lanes}"
            );
        }
    }

    #[test]
    fn a_short_passphrase_is_refused() {
        assert!(Passphrase::new(Zeroizing::new("1234567".to_owned())).is_err());
        assert!(Passphrase::new(Zeroizing::new("x".repeat(MAX_PASSPHRASE_BYTES + 1))).is_err());
    }
}
