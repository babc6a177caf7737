//! The keys of an installation: all of them in one sealed file, or each as PKCS#8 in a PEM file that its owner alone may
//! read. Certificate chains stand beside them.

mod vault;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pem::{EncodeConfig, LineEnding, Pem};
use symbolon_crypto::passphrase::Passphrase;
use symbolon_crypto::signing::{KeyHandle, SoftwareKey};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, PublicKey, Randomness, SecretKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::edge::SystemRandomness;
use crate::installation::files::{Readers, write_atomically};
use crate::installation::passphrase::{PassphraseError, PassphraseSource};
use crate::installation::sealed::{SealedFileError, SealedPurpose};
pub use vault::SEALED_KEYS;
use vault::{KEY_FORM, SECRET_FORM, Vault};

/// Every key of an installation. One key signs one kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyPurpose {
    /// The root of the credential issuers' certificates.
    IssuersRoot,
    /// The root of the relying parties' certificates.
    RelyingPartiesRoot,
    /// The root of the document signers' certificates (IACA).
    DocumentsRoot,
    /// Signs SD-JWT VCs.
    CredentialSigning,
    /// Signs mdocs.
    DocumentSigning,
    /// Signs W3C credentials with Ed25519.
    AssertionEd25519,
    /// Signs W3C credentials, and their Bitstring Status Lists, with P-256.
    AssertionP256,
    /// Signs status lists and the status sections of packs.
    StatusSigning,
    /// Signs the issuer's metadata.
    MetadataSigning,
    /// Signs Claim 169 cards.
    CardSigning,
    /// Signs presentation requests.
    RequestSigning,
    /// The registry operator's: signs trust sections.
    Registry,
    /// The distributor's: signs the manifests of packs.
    Pack,
    /// The headless wallet's own: signs presentations where no credential's key does.
    HolderAuthentication,
}

impl KeyPurpose {
    /// Every purpose.
    pub const ALL: [Self; 14] = [
        Self::IssuersRoot,
        Self::RelyingPartiesRoot,
        Self::DocumentsRoot,
        Self::CredentialSigning,
        Self::DocumentSigning,
        Self::AssertionEd25519,
        Self::AssertionP256,
        Self::StatusSigning,
        Self::MetadataSigning,
        Self::CardSigning,
        Self::RequestSigning,
        Self::Registry,
        Self::Pack,
        Self::HolderAuthentication,
    ];

    /// The name of its files and of its key handle.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IssuersRoot => "issuers-root",
            Self::RelyingPartiesRoot => "relying-parties-root",
            Self::DocumentsRoot => "documents-root",
            Self::CredentialSigning => "credential-signing",
            Self::DocumentSigning => "document-signing",
            Self::AssertionEd25519 => "assertion-ed25519",
            Self::AssertionP256 => "assertion-p256",
            Self::StatusSigning => "status-signing",
            Self::MetadataSigning => "metadata-signing",
            Self::CardSigning => "card-signing",
            Self::RequestSigning => "request-signing",
            Self::Registry => "registry",
            Self::Pack => "pack",
            Self::HolderAuthentication => "holder-authentication",
        }
    }

    /// The purpose of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// Its handle.
    #[must_use]
    pub fn handle(self) -> KeyHandle {
        KeyHandle::new(self.name())
    }
}

/// Why a key file was not read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The system refused.
    #[error("cannot read or write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file does not hold what it should.
    #[error("{path} does not hold a {expected} in PEM")]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// The sealed file does not open.
    #[error("{path}: {source}")]
    Sealed {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: SealedFileError,
    },
    /// There is no passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// No key of this purpose is here.
    #[error("there is no key {} here", .0.name())]
    Missing(KeyPurpose),
    /// The certificate is another key's.
    #[error("the certificate of the key {} is another key's; import it again", .0.name())]
    ForeignCertificate(KeyPurpose),
    /// A key that is in both places, and not the same in both.
    #[error("{0} is not the key of that name in the sealed file; nothing was removed")]
    Contradiction(PathBuf),
}

/// Which key of a purpose: the one that signs, or one that is to sign once its certificate has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySlot {
    /// The one that signs.
    Current,
    /// The one that waits for its certificate.
    Next,
}

/// The folder of the keys of an installation, or of its offline roots.
#[derive(Clone)]
pub struct KeyFolder {
    path: PathBuf,
    vault: Option<Arc<Vault>>,
}

impl KeyFolder {
    /// The keys below a data folder, each in a file of its own.
    #[must_use]
    pub fn below(data: &Path) -> Self {
        Self {
            path: folder_below(data),
            vault: None,
        }
    }

    /// The keys below a data folder, in a sealed file where there is one. Its passphrase is asked for when a key is needed.
    #[must_use]
    pub fn of_installation(data: &Path, passphrase: PassphraseSource) -> Self {
        Self::at(folder_below(data), SealedPurpose::InstallationKeys, passphrase)
    }

    /// The keys of the offline roots in `folder`.
    #[must_use]
    pub fn of_roots(folder: &Path, passphrase: PassphraseSource) -> Self {
        Self::at(folder.to_owned(), SealedPurpose::RootKeys, passphrase)
    }

    fn at(path: PathBuf, purpose: SealedPurpose, passphrase: PassphraseSource) -> Self {
        let vault = Vault::exists(&path).then(|| Arc::new(Vault::new(&path, purpose, passphrase)));
        Self { path, vault }
    }

    /// A folder with a new sealed file that holds nothing. The folder must exist.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn sealed(
        path: PathBuf,
        purpose: SealedPurpose,
        source: PassphraseSource,
        passphrase: &Passphrase,
        randomness: &dyn Randomness,
    ) -> Result<Self, KeyFileError> {
        let vault = Vault::create(&path, purpose, source, passphrase, randomness)?;
        Ok(Self {
            path,
            vault: Some(Arc::new(vault)),
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the secret keys are in a sealed file.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        self.vault.is_some()
    }

    /// Whether there is a key for a purpose; an installation of an earlier version may lack some.
    ///
    /// # Errors
    /// [`KeyFileError`] when a sealed file does not open.
    pub fn has_key(&self, purpose: KeyPurpose) -> Result<bool, KeyFileError> {
        self.has_key_in(purpose, KeySlot::Current)
    }

    /// Whether there is a key in a slot.
    ///
    /// # Errors
    /// [`KeyFileError`] when a sealed file does not open.
    pub fn has_key_in(&self, purpose: KeyPurpose, slot: KeySlot) -> Result<bool, KeyFileError> {
        let name = slot_name(purpose, slot);
        match &self.vault {
            Some(vault) => Ok(vault.secrets()?.contains_key(&name)),
            None => Ok(vault::plain_path(&self.path, &name, KEY_FORM).exists()),
        }
    }

    /// Whether there is a certificate for a purpose. An offline root has one here, and its key elsewhere.
    #[must_use]
    pub fn has_chain(&self, purpose: KeyPurpose) -> bool {
        self.chain_path(purpose, KeySlot::Current).exists()
    }

    /// Writes a secret key.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write_key(&self, purpose: KeyPurpose, key: &SecretKey) -> Result<(), KeyFileError> {
        self.write_key_in(purpose, KeySlot::Current, key)
    }

    /// Writes a secret key to a slot.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write_key_in(
        &self,
        purpose: KeyPurpose,
        slot: KeySlot,
        key: &SecretKey,
    ) -> Result<(), KeyFileError> {
        let name = slot_name(purpose, slot);
        let der = key.to_pkcs8_der().map_err(|_| KeyFileError::Content {
            path: self.path.clone(),
            expected: KEY_FORM.expected,
        })?;
        match &self.vault {
            Some(vault) => vault.change(&SystemRandomness, |secrets| {
                secrets.insert(name, der);
            }),
            None => vault::write_plain(&self.path, &name, KEY_FORM, &der),
        }
    }

    /// Reads a secret key.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read_key(
        &self,
        purpose: KeyPurpose,
        provider: &Arc<dyn CryptoProvider>,
    ) -> Result<SoftwareKey, KeyFileError> {
        self.read_key_in(purpose, KeySlot::Current, provider)
    }

    /// Reads the secret key of a slot.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read_key_in(
        &self,
        purpose: KeyPurpose,
        slot: KeySlot,
        provider: &Arc<dyn CryptoProvider>,
    ) -> Result<SoftwareKey, KeyFileError> {
        let name = slot_name(purpose, slot);
        let der = match &self.vault {
            Some(vault) => vault
                .secrets()?
                .remove(&name)
                .ok_or(KeyFileError::Missing(purpose))?,
            None => vault::read_plain(&self.path, &name, KEY_FORM)?,
        };
        let key = SecretKey::from_pkcs8_der(&der).map_err(|_| KeyFileError::Content {
            path: vault::plain_path(&self.path, &name, KEY_FORM),
            expected: KEY_FORM.expected,
        })?;
        Ok(SoftwareKey::new(purpose.handle(), key, Arc::clone(provider)))
    }

    /// Lets the next key of a purpose sign from here on, with its certificates. In this order a crash in between leaves a key
    /// whose certificates are found: [`Self::read_chain_of`] looks in both places.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn promote(&self, purpose: KeyPurpose, chain: &[Vec<u8>]) -> Result<(), KeyFileError> {
        let (next, current) = (
            slot_name(purpose, KeySlot::Next),
            slot_name(purpose, KeySlot::Current),
        );
        write(
            &self.chain_path(purpose, KeySlot::Next),
            &chain_text(chain),
            Readers::Everyone,
        )?;
        match &self.vault {
            Some(vault) => vault.change(&SystemRandomness, |secrets| {
                if let Some(key) = secrets.remove(&next) {
                    secrets.insert(current, key);
                }
            })?,
            None => {
                let (from, to) = (
                    vault::plain_path(&self.path, &next, KEY_FORM),
                    vault::plain_path(&self.path, &current, KEY_FORM),
                );
                let text = Zeroizing::new(read(&from)?);
                write(&to, &text, Readers::Owner)?;
                vault::remove(&from)?;
            }
        }
        self.write_chain(purpose, chain)?;
        vault::remove(&self.chain_path(purpose, KeySlot::Next))
    }

    /// Writes a certificate chain, leaf first.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write_chain(&self, purpose: KeyPurpose, chain: &[Vec<u8>]) -> Result<(), KeyFileError> {
        write(
            &self.chain_path(purpose, KeySlot::Current),
            &chain_text(chain),
            Readers::Everyone,
        )
    }

    /// Reads a certificate chain, leaf first, as DER.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read_chain(&self, purpose: KeyPurpose) -> Result<Vec<Vec<u8>>, KeyFileError> {
        read_chain_file(&self.chain_path(purpose, KeySlot::Current))
    }

    /// Reads the certificate chain of a key: the one whose leaf is for it.
    ///
    /// # Errors
    /// [`KeyFileError::ForeignCertificate`] when the certificates are another key's.
    pub fn read_chain_of(
        &self,
        purpose: KeyPurpose,
        key: &PublicKey,
    ) -> Result<Vec<Certificate>, KeyFileError> {
        let current = self.chain_path(purpose, KeySlot::Current);
        let next = self.chain_path(purpose, KeySlot::Next);
        for path in [&current, &next] {
            if path == &next && !next.exists() {
                continue;
            }
            let chain: Vec<Certificate> = read_chain_file(path)?
                .iter()
                .map(|der| Certificate::parse(der))
                .collect::<Result<_, _>>()
                .map_err(|_| KeyFileError::Content {
                    path: path.clone(),
                    expected: "certificate chain",
                })?;
            if chain.first().is_some_and(|leaf| leaf.public_key() == key) {
                return Ok(chain);
            }
        }
        Err(KeyFileError::ForeignCertificate(purpose))
    }

    fn chain_path(&self, purpose: KeyPurpose, slot: KeySlot) -> PathBuf {
        self.path.join(format!("{}.chain.pem", slot_name(purpose, slot)))
    }

    /// Writes the verifier's master secret, from which it derives a key for every request.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write_verifier_secret(&self, secret: &SymmetricKey) -> Result<(), KeyFileError> {
        match &self.vault {
            Some(vault) => vault.change(&SystemRandomness, |secrets| {
                let bytes = Zeroizing::new(secret.as_bytes().to_vec());
                secrets.insert(VERIFIER_SECRET.to_owned(), bytes);
            }),
            None => vault::write_plain(&self.path, VERIFIER_SECRET, SECRET_FORM, secret.as_bytes()),
        }
    }

    /// Reads the verifier's master secret.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read_verifier_secret(&self) -> Result<SymmetricKey, KeyFileError> {
        let wrong = || KeyFileError::Content {
            path: vault::plain_path(&self.path, VERIFIER_SECRET, SECRET_FORM),
            expected: SECRET_FORM.expected,
        };
        let bytes = match &self.vault {
            Some(vault) => vault.secrets()?.remove(VERIFIER_SECRET).ok_or_else(wrong)?,
            None => vault::read_plain(&self.path, VERIFIER_SECRET, SECRET_FORM)?,
        };
        <[u8; 32]>::try_from(bytes.as_slice())
            .map(SymmetricKey::new)
            .map_err(|_| wrong())
    }

    /// Moves every plain secret into a sealed file, and returns their names. The plain files go once the sealed file is
    /// durable and was read back; whoever was interrupted in between does it again.
    ///
    /// # Errors
    /// [`KeyFileError`]. No secret is lost: each is in its plain file, in the sealed file, or in both.
    pub fn seal(
        &self,
        source: &PassphraseSource,
        randomness: &dyn Randomness,
    ) -> Result<Vec<String>, KeyFileError> {
        let plain = vault::plain_secrets(&self.path)?;
        let vault = match &self.vault {
            Some(vault) => Arc::clone(vault),
            None => {
                let passphrase = source.read_new()?;
                let purpose = SealedPurpose::InstallationKeys;
                Arc::new(Vault::create(
                    &self.path,
                    purpose,
                    source.clone(),
                    &passphrase,
                    randomness,
                )?)
            }
        };
        let known = vault.secrets()?;
        for (name, path, secret) in &plain {
            if known.get(name).is_some_and(|sealed| sealed != secret) {
                return Err(KeyFileError::Contradiction(path.clone()));
            }
        }
        vault.change(randomness, |secrets| {
            for (name, _, secret) in &plain {
                secrets.insert(name.clone(), secret.clone());
            }
        })?;
        let sealed = vault.secrets()?;
        for (name, path, secret) in &plain {
            if sealed.get(name) != Some(secret) {
                return Err(KeyFileError::Contradiction(path.clone()));
            }
        }
        for (_, path, _) in &plain {
            vault::remove(path)?;
        }
        sync_folder(&self.path)?;
        Ok(plain.into_iter().map(|(name, _, _)| name).collect())
    }

    /// The names of plain secrets that stand beside a sealed file, where sealing was interrupted.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn left_in_the_clear(&self) -> Result<Vec<String>, KeyFileError> {
        if self.vault.is_none() {
            return Ok(Vec::new());
        }
        Ok(vault::plain_secrets(&self.path)?
            .into_iter()
            .map(|(name, _, _)| name)
            .collect())
    }
}

impl core::fmt::Debug for KeyFolder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyFolder")
            .field("path", &self.path)
            .field("sealed", &self.is_sealed())
            .finish()
    }
}

fn folder_below(data: &Path) -> PathBuf {
    data.join("keys")
}

fn slot_name(purpose: KeyPurpose, slot: KeySlot) -> String {
    match slot {
        KeySlot::Current => purpose.name().to_owned(),
        KeySlot::Next => format!("{}.next", purpose.name()),
    }
}

fn chain_text(chain: &[Vec<u8>]) -> Vec<u8> {
    let text: String = chain.iter().map(|der| encode("CERTIFICATE", der)).collect();
    text.into_bytes()
}

/// Reads a PEM file of certificates, leaf first, as DER.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_chain_file(path: &Path) -> Result<Vec<Vec<u8>>, KeyFileError> {
    let chain = pem::parse_many(read(path)?).unwrap_or_default();
    if !vault::is_chain(&chain) {
        return Err(KeyFileError::Content {
            path: path.to_owned(),
            expected: "certificate chain",
        });
    }
    Ok(chain.into_iter().map(Pem::into_contents).collect())
}

/// Reads a secret key from a file of its own.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_key_file(
    path: &Path,
    handle: KeyHandle,
    provider: &Arc<dyn CryptoProvider>,
) -> Result<SoftwareKey, KeyFileError> {
    let wrong = || KeyFileError::Content {
        path: path.to_owned(),
        expected: "private key",
    };
    let text = Zeroizing::new(read(path)?);
    let pem = pem::parse(text.as_slice()).map_err(|_| wrong())?;
    if pem.tag() != "PRIVATE KEY" {
        return Err(wrong());
    }
    let der = Zeroizing::new(pem.into_contents());
    let key = SecretKey::from_pkcs8_der(&der).map_err(|_| wrong())?;
    Ok(SoftwareKey::new(handle, key, Arc::clone(provider)))
}

const VERIFIER_SECRET: &str = "verifier-requests";

/// Reads a 256-bit secret from a PEM file.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_secret(path: &Path, tag: &str) -> Result<SymmetricKey, KeyFileError> {
    let wrong = || KeyFileError::Content {
        path: path.to_owned(),
        expected: "256-bit secret",
    };
    let text = Zeroizing::new(read(path)?);
    let pem = pem::parse(text.as_slice()).map_err(|_| wrong())?;
    if pem.tag() != tag {
        return Err(wrong());
    }
    let bytes = Zeroizing::new(pem.into_contents());
    <[u8; 32]>::try_from(bytes.as_slice())
        .map(SymmetricKey::new)
        .map_err(|_| wrong())
}

/// Writes a 256-bit secret to a PEM file that its owner alone may read.
///
/// # Errors
/// [`KeyFileError`].
pub fn write_secret(path: &Path, tag: &str, secret: &SymmetricKey) -> Result<(), KeyFileError> {
    let text = Zeroizing::new(encode(tag, secret.as_bytes()));
    write(path, text.as_bytes(), Readers::Owner)
}

/// PEM with Unix line ends.
pub fn encode(tag: &str, contents: &[u8]) -> String {
    pem::encode_config(
        &Pem::new(tag, contents),
        EncodeConfig::new().set_line_ending(LineEnding::LF),
    )
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, KeyFileError> {
    fs::read(path).map_err(|source| KeyFileError::File {
        path: path.to_owned(),
        source,
    })
}

pub(crate) fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), KeyFileError> {
    write_atomically(path, bytes, readers).map_err(|source| KeyFileError::File {
        path: path.to_owned(),
        source,
    })
}

fn sync_folder(path: &Path) -> Result<(), KeyFileError> {
    fs::File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| KeyFileError::File {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests;
