//! A small file sealed under a passphrase: the secret keys of an installation, or of its offline roots. The format is
//! described in `docs/operations.md`; it is versioned, and a test holds it fast.

use serde::{Deserialize, Serialize};
use symbolon_crypto::Randomness;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::passphrase::{KeyDerivation, KeyDerivationError, Passphrase, SALT_BYTES};
use symbolon_crypto::symmetric::{SealError, SymmetricKey};
use thiserror::Error;
use zeroize::Zeroizing;

/// The name of the format.
const FORMAT: &str = "symbolon-sealed-file";
/// The version that this program writes and reads.
const VERSION: u32 = 1;
/// The only derivation and the only cipher of version 1.
const DERIVATION: &str = "argon2id";
const ENCRYPTION: &str = "A256GCM";
/// The largest file that is read: a hundred times what an installation has.
pub const MAX_SEALED_FILE_BYTES: usize = 1 << 20;

/// What a sealed file is for. A file of one purpose never opens as another, though the passphrase were the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealedPurpose {
    /// The secret keys of an installation.
    InstallationKeys,
    /// The secret keys of offline roots.
    RootKeys,
}

/// Why a sealed file was not opened or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealedFileError {
    /// Not a sealed file.
    #[error("not a sealed file of this suite")]
    Format,
    /// Of a version that this program does not know.
    #[error("a sealed file of version {found}; this program reads version {VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// For something else.
    #[error("a sealed file for something else")]
    Purpose,
    /// The derivation asks for too much or too little.
    #[error(transparent)]
    Derivation(#[from] KeyDerivationError),
    /// The passphrase does not open it.
    #[error("the passphrase is wrong, or the file was changed")]
    Refused,
    /// It cannot be made.
    #[error("cannot seal the file")]
    Seal,
}

impl From<SealError> for SealedFileError {
    fn from(_: SealError) -> Self {
        Self::Seal
    }
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    version: u32,
    purpose: SealedPurpose,
    key_derivation: WireDerivation,
    encryption: String,
    sealed: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDerivation {
    algorithm: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

/// What version a file says it has, whatever else it holds.
#[derive(Deserialize)]
struct AnyVersion {
    format: String,
    version: u32,
}

/// The key that opens and seals one file, derived once.
pub struct SealingKey {
    key: SymmetricKey,
    derivation: KeyDerivation,
    purpose: SealedPurpose,
}

impl SealingKey {
    /// The key of a new file.
    ///
    /// # Errors
    /// [`SealedFileError`] when there is no randomness or the key cannot be derived.
    pub fn make(
        purpose: SealedPurpose,
        passphrase: &Passphrase,
        randomness: &dyn Randomness,
    ) -> Result<Self, SealedFileError> {
        let derivation = KeyDerivation::standard(randomness).map_err(|_| SealedFileError::Seal)?;
        Self::derive(purpose, passphrase, derivation)
    }

    /// The key of a file that exists. Whether the passphrase is right is known once something was opened.
    ///
    /// # Errors
    /// [`SealedFileError`].
    pub fn of_file(
        file: &[u8],
        purpose: SealedPurpose,
        passphrase: &Passphrase,
    ) -> Result<Self, SealedFileError> {
        let (_, derivation) = read(file, purpose)?;
        Self::derive(purpose, passphrase, derivation)
    }

    fn derive(
        purpose: SealedPurpose,
        passphrase: &Passphrase,
        derivation: KeyDerivation,
    ) -> Result<Self, SealedFileError> {
        Ok(Self {
            key: derivation.derive(passphrase)?,
            derivation,
            purpose,
        })
    }

    /// Whether this key is of the passphrase and salt of `file`; after a change of the passphrase it is not.
    ///
    /// # Errors
    /// [`SealedFileError`] when it is no such file.
    pub fn is_of(&self, file: &[u8]) -> Result<bool, SealedFileError> {
        Ok(read(file, self.purpose)?.1 == self.derivation)
    }

    /// Opens a file.
    ///
    /// # Errors
    /// [`SealedFileError`].
    pub fn open(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealedFileError> {
        let (sealed, derivation) = read(file, self.purpose)?;
        self.key
            .open(&sealed, &associated(self.purpose, &derivation))
            .map_err(|_| SealedFileError::Refused)
    }

    /// Makes a file.
    ///
    /// # Errors
    /// [`SealedFileError::Seal`].
    pub fn seal(&self, plaintext: &[u8], randomness: &dyn Randomness) -> Result<Vec<u8>, SealedFileError> {
        let associated = associated(self.purpose, &self.derivation);
        let sealed = self.key.seal(plaintext, &associated, randomness)?;
        let wire = Wire {
            format: FORMAT.to_owned(),
            version: VERSION,
            purpose: self.purpose,
            key_derivation: WireDerivation {
                algorithm: DERIVATION.to_owned(),
                memory_kib: self.derivation.memory_kib(),
                passes: self.derivation.passes(),
                lanes: self.derivation.lanes(),
                salt: base64url::encode(self.derivation.salt()),
            },
            encryption: ENCRYPTION.to_owned(),
            sealed: base64url::encode(&sealed),
        };
        let mut file = serde_json::to_vec_pretty(&wire).map_err(|_| SealedFileError::Seal)?;
        file.push(b'\n');
        Ok(file)
    }
}

fn read(file: &[u8], purpose: SealedPurpose) -> Result<(Vec<u8>, KeyDerivation), SealedFileError> {
    if file.len() > MAX_SEALED_FILE_BYTES {
        return Err(SealedFileError::Format);
    }
    // A later version may look otherwise, and is to be told from damage.
    let said: AnyVersion = serde_json::from_slice(file).map_err(|_| SealedFileError::Format)?;
    if said.format != FORMAT {
        return Err(SealedFileError::Format);
    }
    if said.version != VERSION {
        return Err(SealedFileError::Version { found: said.version });
    }
    let wire: Wire = serde_json::from_slice(file).map_err(|_| SealedFileError::Format)?;
    if wire.key_derivation.algorithm != DERIVATION || wire.encryption != ENCRYPTION {
        return Err(SealedFileError::Format);
    }
    if wire.purpose != purpose {
        return Err(SealedFileError::Purpose);
    }
    let salt = base64url::decode(&wire.key_derivation.salt).map_err(|_| SealedFileError::Format)?;
    let salt = <[u8; SALT_BYTES]>::try_from(salt).map_err(|_| SealedFileError::Format)?;
    let WireDerivation {
        memory_kib,
        passes,
        lanes,
        ..
    } = wire.key_derivation;
    let derivation = KeyDerivation::parse(memory_kib, passes, lanes, salt)?;
    let sealed = base64url::decode(&wire.sealed).map_err(|_| SealedFileError::Format)?;
    Ok((sealed, derivation))
}

/// What the ciphertext is bound to: format, version, purpose and everything that the key was derived by.
fn associated(purpose: SealedPurpose, derivation: &KeyDerivation) -> Vec<u8> {
    let purpose: &[u8] = match purpose {
        SealedPurpose::InstallationKeys => b"installation-keys",
        SealedPurpose::RootKeys => b"root-keys",
    };
    let mut bound = Vec::new();
    for part in [FORMAT.as_bytes(), &VERSION.to_be_bytes(), purpose] {
        bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bound.extend_from_slice(part);
    }
    for number in [derivation.memory_kib(), derivation.passes(), derivation.lanes()] {
        bound.extend_from_slice(&number.to_be_bytes());
    }
    bound.extend_from_slice(derivation.salt());
    bound
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    /// A key whose derivation costs next to nothing.
    fn key(purpose: SealedPurpose, text: &str) -> SealingKey {
        let derivation = KeyDerivation::parse(64, 1, 1, [7; SALT_BYTES]).unwrap();
        SealingKey::derive(purpose, &passphrase(text), derivation).unwrap()
    }

    fn file() -> Vec<u8> {
        key(SealedPurpose::InstallationKeys, "correct horse")
            .seal(b"secrets", &SeededRandomness::new(1))
            .unwrap()
    }

    fn open(file: &[u8], purpose: SealedPurpose, text: &str) -> Result<Vec<u8>, SealedFileError> {
        let key = SealingKey::of_file(file, purpose, &passphrase(text))?;
        key.open(file).map(|opened| opened.to_vec())
    }

    #[test]
    fn the_format_is_frozen() {
        // A change here makes every encrypted installation unreadable: write a new version, and read the old one.
        let frozen = FROZEN.as_bytes();
        assert_eq!(
            open(frozen, SealedPurpose::InstallationKeys, "correct horse").unwrap(),
            b"secrets"
        );
        assert_eq!(String::from_utf8(file()).unwrap(), FROZEN);
    }

    #[test]
    fn another_passphrase_or_purpose_does_not_open_it() {
        let file = file();
        let keys = SealedPurpose::InstallationKeys;
        assert_eq!(open(&file, keys, "correct horsf"), Err(SealedFileError::Refused));
        assert_eq!(
            open(&file, SealedPurpose::RootKeys, "correct horse"),
            Err(SealedFileError::Purpose)
        );
        // Also when the label in front is exchanged for the one that is wanted.
        let relabelled = String::from_utf8(file)
            .unwrap()
            .replace("installation-keys", "root-keys");
        assert_eq!(
            open(relabelled.as_bytes(), SealedPurpose::RootKeys, "correct horse"),
            Err(SealedFileError::Refused)
        );
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let file = file();
        for position in 0..file.len() {
            let mut changed = file.clone();
            changed[position] ^= 1;
            let opened = open(&changed, SealedPurpose::InstallationKeys, "correct horse");
            // White space between the members of the JSON carries nothing.
            let is_space = file[position].is_ascii_whitespace();
            assert!(
                is_space || opened.is_err(),
                "a change of byte {position} was not noticed"
            );
        }
        for length in 0..file.len() - 1 {
            assert!(open(&file[..length], SealedPurpose::InstallationKeys, "correct horse").is_err());
        }
    }

    #[test]
    fn another_version_is_told_from_damage() {
        let later = r#"{"format":"symbolon-sealed-file","version":2,"anything":"else"}"#;
        assert_eq!(
            open(later.as_bytes(), SealedPurpose::InstallationKeys, "correct horse"),
            Err(SealedFileError::Version { found: 2 })
        );
    }

    #[test]
    fn a_file_cannot_make_its_reader_spend_a_machine() {
        let greedy = String::from_utf8(file())
            .unwrap()
            .replace("\"memory_kib\": 64", "\"memory_kib\": 4000000000");
        assert_eq!(
            open(
                greedy.as_bytes(),
                SealedPurpose::InstallationKeys,
                "correct horse"
            ),
            Err(SealedFileError::Derivation(KeyDerivationError::OutOfRange))
        );
    }

    /// Made by another program: Python with `argon2-cffi` and `cryptography`.
    const FROZEN: &str = r#"{
  "format": "symbolon-sealed-file",
  "version": 1,
  "purpose": "installation-keys",
  "key_derivation": {
    "algorithm": "argon2id",
    "memory_kib": 64,
    "passes": 1,
    "lanes": 1,
    "salt": "BwcHBwcHBwcHBwcHBwcHBw"
  },
  "encryption": "A256GCM",
  "sealed": "eDglgipvnmLaIZDowNNsBZsHvkyuaTJEBSYsNMEEo8FkXxw"
}
"#;
}
