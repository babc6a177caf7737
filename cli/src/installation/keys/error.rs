//! Why a key was not read or written.

use std::path::PathBuf;

use thiserror::Error;

use super::KeyPurpose;
use crate::installation::passphrase::PassphraseError;
use crate::installation::sealed::SealedFileError;

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
    /// Others can read a file that holds a secret key.
    #[error("{0} holds a secret key and must be readable by its owner alone: chmod 600")]
    Readable(PathBuf),
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
