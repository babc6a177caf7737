//! Where the secret halves are: each in a file of its own, or all of them in one sealed file.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use pem::Pem;
use symbolon_crypto::Randomness;
use symbolon_crypto::passphrase::Passphrase;
use zeroize::Zeroizing;

use super::{KeyFileError, encode, read, write};
use crate::installation::files::Readers;
use crate::installation::passphrase::PassphraseSource;
use crate::installation::sealed::{SealedPurpose, SealingKey};

/// The sealed file, in the folder of the keys.
pub const SEALED_KEYS: &str = "keys.sealed.json";

/// A secret by the name of what it is for: PKCS#8 DER of a key, or the bytes of a symmetric secret.
pub(super) type Secrets = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// How one plain secret is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainForm {
    /// What the name of its file ends with.
    pub(super) suffix: &'static str,
    /// The label of its PEM.
    pub(super) tag: &'static str,
    /// What it is called in errors.
    pub(super) expected: &'static str,
}

/// Keys that are signed with.
pub(super) const KEY_FORM: PlainForm = PlainForm {
    suffix: ".key.pem",
    tag: "PRIVATE KEY",
    expected: "private key",
};

/// Secrets that things are derived from.
pub(super) const SECRET_FORM: PlainForm = PlainForm {
    suffix: ".secret.pem",
    tag: "SYMBOLON VERIFIER SECRET",
    expected: "256-bit secret",
};

/// All forms that are moved into a sealed file.
const FORMS: [PlainForm; 2] = [KEY_FORM, SECRET_FORM];

/// One sealed file, opened when it is first needed.
pub(super) struct Vault {
    file: PathBuf,
    purpose: SealedPurpose,
    source: PassphraseSource,
    key: Mutex<Option<SealingKey>>,
}

impl Vault {
    /// The vault of a folder whose passphrase is asked for when it is needed.
    pub(super) fn new(folder: &Path, purpose: SealedPurpose, source: PassphraseSource) -> Self {
        Self {
            file: folder.join(SEALED_KEYS),
            purpose,
            source,
            key: Mutex::new(None),
        }
    }

    /// Makes a sealed file of these secrets, whole at once.
    pub(super) fn create(
        folder: &Path,
        purpose: SealedPurpose,
        source: PassphraseSource,
        passphrase: &Passphrase,
        secrets: &Secrets,
        randomness: &dyn Randomness,
    ) -> Result<Self, KeyFileError> {
        let vault = Self::new(folder, purpose, source);
        let key = SealingKey::make(purpose, passphrase, randomness).map_err(|error| vault.sealed(error))?;
        vault.write(&key, secrets, randomness)?;
        *vault.lock() = Some(key);
        Ok(vault)
    }

    pub(super) fn exists(folder: &Path) -> bool {
        folder.join(SEALED_KEYS).exists()
    }

    /// All secrets.
    pub(super) fn secrets(&self) -> Result<Secrets, KeyFileError> {
        let file = read(&self.file)?;
        let mut key = self.lock();
        let known = match key.as_ref() {
            Some(key) => key.is_of(&file).map_err(|error| self.sealed(error))?,
            None => false,
        };
        if !known {
            let passphrase = self.source.read()?;
            let made = SealingKey::of_file(&file, self.purpose, &passphrase);
            *key = Some(made.map_err(|error| self.sealed(error))?);
        }
        let opened = match key.as_ref() {
            Some(key) => key.open(&file),
            None => return Err(self.content()),
        };
        let opened = opened.map_err(|error| {
            // The next call asks again: a person may have mistyped.
            *key = None;
            self.sealed(error)
        })?;
        decode(&opened).ok_or_else(|| self.content())
    }

    /// Whether a passphrase is this file's.
    pub(super) fn check_passphrase(&self, passphrase: &Passphrase) -> Result<(), KeyFileError> {
        let file = read(&self.file)?;
        let key = SealingKey::of_file(&file, self.purpose, passphrase);
        let opened = key.and_then(|key| key.open(&file));
        opened.map(drop).map_err(|error| self.sealed(error))
    }

    /// Replaces secrets, all at once.
    pub(super) fn change(
        &self,
        randomness: &dyn Randomness,
        change: impl FnOnce(&mut Secrets),
    ) -> Result<(), KeyFileError> {
        // Read again, so that what another command wrote meanwhile is kept.
        let mut secrets = self.secrets()?;
        change(&mut secrets);
        match self.lock().as_ref() {
            Some(key) => self.write(key, &secrets, randomness),
            None => Err(self.content()),
        }
    }

    fn write(
        &self,
        key: &SealingKey,
        secrets: &Secrets,
        randomness: &dyn Randomness,
    ) -> Result<(), KeyFileError> {
        let file = key
            .seal(&encode_secrets(secrets), randomness)
            .map_err(|error| self.sealed(error))?;
        write(&self.file, &file, Readers::Owner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SealingKey>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sealed(&self, source: crate::installation::sealed::SealedFileError) -> KeyFileError {
        KeyFileError::Sealed {
            path: self.file.clone(),
            source,
        }
    }

    fn content(&self) -> KeyFileError {
        KeyFileError::Content {
            path: self.file.clone(),
            expected: "set of secret keys",
        }
    }
}

/// Reads a plain secret.
pub(super) fn read_plain(
    folder: &Path,
    name: &str,
    form: PlainForm,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    read_plain_file(&plain_path(folder, name, form), form)
}

/// Reads a plain secret from wherever it is.
pub(super) fn read_plain_file(path: &Path, form: PlainForm) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let wrong = || KeyFileError::Content {
        path: path.to_owned(),
        expected: form.expected,
    };
    let text = Zeroizing::new(read(path)?);
    let pem = pem::parse(text.as_slice()).map_err(|_| wrong())?;
    if pem.tag() != form.tag {
        return Err(wrong());
    }
    Ok(Zeroizing::new(pem.into_contents()))
}

/// Writes a plain secret.
pub(super) fn write_plain(
    folder: &Path,
    name: &str,
    form: PlainForm,
    secret: &[u8],
) -> Result<(), KeyFileError> {
    write_plain_file(&plain_path(folder, name, form), form, secret)
}

/// Writes a plain secret to wherever it is to be.
pub(super) fn write_plain_file(path: &Path, form: PlainForm, secret: &[u8]) -> Result<(), KeyFileError> {
    let text = Zeroizing::new(encode(form.tag, secret));
    write(path, text.as_bytes(), Readers::Owner)
}

pub(super) fn plain_path(folder: &Path, name: &str, form: PlainForm) -> PathBuf {
    folder.join(format!("{name}{}", form.suffix))
}

/// A secret in a file of its own.
pub(super) struct PlainSecret {
    /// What it is for.
    pub(super) name: String,
    /// The file.
    pub(super) path: PathBuf,
    /// What it holds.
    pub(super) secret: Zeroizing<Vec<u8>>,
}

/// Every plain secret of a folder.
pub(super) fn plain_secrets(folder: &Path) -> Result<Vec<PlainSecret>, KeyFileError> {
    let failed = |source| KeyFileError::File {
        path: folder.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        for form in FORMS {
            if let Some(name) = file.strip_suffix(form.suffix) {
                found.push(PlainSecret {
                    name: name.to_owned(),
                    path: path.clone(),
                    secret: read_plain(folder, name, form)?,
                });
            }
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(found)
}

/// Removes a file; one that is not there is removed.
pub(super) fn remove(path: &Path) -> Result<(), KeyFileError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(KeyFileError::File {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Names and secrets, each with its length in front.
fn encode_secrets(secrets: &Secrets) -> Zeroizing<Vec<u8>> {
    let length = secrets
        .iter()
        .map(|(name, secret)| 1 + name.len() + 2 + secret.len())
        .sum();
    // Sized beforehand, so that no part is left behind where a buffer grew.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    for (name, secret) in secrets {
        let (Ok(name_length), Ok(length)) = (u8::try_from(name.len()), u16::try_from(secret.len())) else {
            continue;
        };
        bytes.push(name_length);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(secret);
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<Secrets> {
    let mut secrets = Secrets::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first() {
        let (name, after) = after.split_at_checked(usize::from(*length))?;
        let (length, after) = after.split_first_chunk::<2>()?;
        let (secret, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let name = std::str::from_utf8(name).ok()?.to_owned();
        if secrets.insert(name, Zeroizing::new(secret.to_vec())).is_some() {
            return None;
        }
        rest = after;
    }
    Some(secrets)
}

/// Whether a PEM text of a certificate chain holds nothing else.
pub(super) fn is_chain(chain: &[Pem]) -> bool {
    !chain.is_empty() && chain.iter().all(|pem| pem.tag() == "CERTIFICATE")
}
