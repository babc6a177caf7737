//! What stands in the folder of an installation, and how it gets there.

pub mod authority;
pub mod backup;
pub mod certification;
pub mod files;
pub mod init;
pub mod keys;
pub mod passphrase;
pub mod publication;
pub mod retired;
pub mod rotation;
pub mod sealed;
pub mod upgrade;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symbolon_crypto::CryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_trust::trust_list::RootOfTrust;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::configuration::{ConfigurationError, FILE_NAME, LoadedConfiguration};
use crate::edge;
use crate::installation::keys::KeyFolder;
use crate::installation::passphrase::{BACKUP_PASSPHRASE, KEY_PASSPHRASE, PassphraseSource, ROOT_PASSPHRASE};

/// The file of the administration token, below the data folder.
pub const ADMINISTRATION_TOKEN: &str = "administration-token";
/// The file of the pinned root of trust, below the data folder.
pub const TRUST: &str = "trust.json";
/// The tenant of an installation that has one.
pub const TENANT: &str = "default";

/// An installation as its commands see it.
pub struct Installation {
    /// The configuration, and the folder its paths are relative to.
    pub loaded: LoadedConfiguration,
    /// Its keys.
    pub keys: KeyFolder,
    /// Who computes signatures.
    pub provider: Arc<dyn CryptoProvider>,
}

/// Why an installation cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InstallationError {
    /// The configuration was refused.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// A file of the installation cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The root of trust does not read.
    #[error("{path} is no root of trust")]
    Trust {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: symbolon_trust::trust_list::ParseTrustListError,
    },
}

impl Installation {
    /// Loads the installation of a configuration file, or of the current folder.
    ///
    /// # Errors
    /// [`InstallationError`].
    pub fn load(configuration: Option<&Path>) -> Result<Self, InstallationError> {
        let path = configuration.unwrap_or(Path::new(FILE_NAME));
        let loaded = LoadedConfiguration::load(path, &edge::environment())?;
        let file = loaded.configuration.key_passphrase_file.as_ref();
        let passphrase = key_passphrase(file.map(|file| loaded.resolve(file)));
        let keys = KeyFolder::of_installation(&loaded.data_directory(), passphrase);
        Ok(Self {
            loaded,
            keys,
            provider: Arc::new(AwsLcProvider),
        })
    }

    /// A file of the data folder.
    #[must_use]
    pub fn data_file(&self, name: &str) -> PathBuf {
        self.loaded.data_directory().join(name)
    }

    /// The administration token.
    ///
    /// # Errors
    /// [`InstallationError::File`].
    pub fn administration_token(&self) -> Result<Zeroizing<String>, InstallationError> {
        let path = self.data_file(ADMINISTRATION_TOKEN);
        fs::read_to_string(&path)
            .map(Zeroizing::new)
            .map_err(|source| InstallationError::File { path, source })
    }

    /// The pinned root of trust.
    ///
    /// # Errors
    /// [`InstallationError`].
    pub fn trust(&self) -> Result<RootOfTrust, InstallationError> {
        read_trust(&self.data_file(TRUST))
    }
}

/// Where the passphrase of an installation's keys comes from.
#[must_use]
pub const fn key_passphrase(file: Option<PathBuf>) -> PassphraseSource {
    PassphraseSource::new(file, KEY_PASSPHRASE, "keys of the installation")
}

/// Where the passphrase of offline roots comes from.
#[must_use]
pub const fn root_passphrase(file: Option<PathBuf>) -> PassphraseSource {
    PassphraseSource::new(file, ROOT_PASSPHRASE, "offline roots")
}

/// Where the passphrase of a backup comes from.
#[must_use]
pub const fn backup_passphrase(file: Option<PathBuf>) -> PassphraseSource {
    PassphraseSource::new(file, BACKUP_PASSPHRASE, "backup")
}

/// Reads a root of trust.
///
/// # Errors
/// [`InstallationError`].
pub fn read_trust(path: &Path) -> Result<RootOfTrust, InstallationError> {
    let bytes = fs::read(path).map_err(|source| InstallationError::File {
        path: path.to_owned(),
        source,
    })?;
    RootOfTrust::parse(&bytes).map_err(|source| InstallationError::Trust {
        path: path.to_owned(),
        source,
    })
}
