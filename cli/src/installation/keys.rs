//! The keys of an installation: PKCS#8 in PEM files that their owner alone may read, certificate chains beside them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pem::{EncodeConfig, LineEnding, Pem};
use symbolon_crypto::signing::{KeyHandle, SoftwareKey};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::{CryptoProvider, SecretKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::installation::files::{Readers, write_atomically};

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
}

/// The folder of the keys of an installation.
#[derive(Debug, Clone)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The keys below a data folder.
    #[must_use]
    pub fn below(data: &Path) -> Self {
        Self(data.join("keys"))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether there is a key for a purpose; an installation of an earlier version may lack some.
    #[must_use]
    pub fn has_key(&self, purpose: KeyPurpose) -> bool {
        self.key_path(purpose).exists()
    }

    fn key_path(&self, purpose: KeyPurpose) -> PathBuf {
        self.0.join(format!("{}.key.pem", purpose.name()))
    }

    /// Writes a secret key.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write_key(&self, purpose: KeyPurpose, key: &SecretKey) -> Result<(), KeyFileError> {
        let path = self.key_path(purpose);
        let der = key.to_pkcs8_der().map_err(|_| KeyFileError::Content {
            path: path.clone(),
            expected: "private key",
        })?;
        let text = Zeroizing::new(encode("PRIVATE KEY", &der));
        write(&path, text.as_bytes(), Readers::Owner)
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
        read_key_file(&self.key_path(purpose), purpose.handle(), provider)
    }

    /// Writes a certificate chain, leaf first.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write_chain(&self, purpose: KeyPurpose, chain: &[Vec<u8>]) -> Result<(), KeyFileError> {
        let path = self.0.join(format!("{}.chain.pem", purpose.name()));
        let text: String = chain.iter().map(|der| encode("CERTIFICATE", der)).collect();
        write(&path, text.as_bytes(), Readers::Everyone)
    }

    /// Reads a certificate chain, leaf first, as DER.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read_chain(&self, purpose: KeyPurpose) -> Result<Vec<Vec<u8>>, KeyFileError> {
        let path = self.0.join(format!("{}.chain.pem", purpose.name()));
        let chain = pem::parse_many(read(&path)?).unwrap_or_default();
        if chain.is_empty() || chain.iter().any(|pem| pem.tag() != "CERTIFICATE") {
            return Err(KeyFileError::Content {
                path,
                expected: "certificate chain",
            });
        }
        Ok(chain.into_iter().map(Pem::into_contents).collect())
    }

    /// Writes the verifier's master secret, from which it derives a key for every request.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write_verifier_secret(&self, secret: &SymmetricKey) -> Result<(), KeyFileError> {
        write_secret(&self.0.join(VERIFIER_SECRET), VERIFIER_SECRET_TAG, secret)
    }

    /// Reads the verifier's master secret.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read_verifier_secret(&self) -> Result<SymmetricKey, KeyFileError> {
        read_secret(&self.0.join(VERIFIER_SECRET), VERIFIER_SECRET_TAG)
    }
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

const VERIFIER_SECRET: &str = "verifier-requests.secret.pem";
const VERIFIER_SECRET_TAG: &str = "SYMBOLON VERIFIER SECRET";

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

fn encode(tag: &str, contents: &[u8]) -> String {
    pem::encode_config(
        &Pem::new(tag, contents),
        EncodeConfig::new().set_line_ending(LineEnding::LF),
    )
}

fn read(path: &Path) -> Result<Vec<u8>, KeyFileError> {
    fs::read(path).map_err(|source| KeyFileError::File {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), KeyFileError> {
    write_atomically(path, bytes, readers).map_err(|source| KeyFileError::File {
        path: path.to_owned(),
        source,
    })
}
