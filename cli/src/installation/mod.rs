//! What stands in the folder of an installation, and how it gets there.

pub mod authority;
pub mod backup;
pub mod certification;
pub mod init;
pub mod issuer_keys;
pub mod keys;
pub mod party_certificate;
pub mod passphrase;
pub mod publication;
pub mod relying_parties;
pub mod retired;
pub mod revocation;
pub mod rotation;
pub mod sealed;
pub mod tenant;
pub mod upgrade;
pub mod wallet_provider;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symbolon_crypto::CryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;
pub use symbolon_store::files;
use symbolon_trust::trust_list::RootOfTrust;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::configuration::{ConfigurationError, FILE_NAME, IssuerSection, LoadedConfiguration, TenantName};
use crate::edge;
use crate::installation::keys::KeyFolder;
use crate::installation::passphrase::{BACKUP_PASSPHRASE, KEY_PASSPHRASE, PassphraseSource, ROOT_PASSPHRASE};
use crate::trust_sources::{self, UnusableSource};

/// The file of the administration token, below the data folder.
pub const ADMINISTRATION_TOKEN: &str = "administration-token";
/// The file of the pinned root of trust, below the data folder.
pub const TRUST: &str = "trust.json";
/// The tenant of `[issuer]`, and of the verifier.
pub const TENANT: &str = TenantName::MAIN;
/// The folder of the further issuers, below the data folder; each has one of its own in it.
const TENANTS: &str = "tenants";

/// An installation as its commands see it, with one issuer of it.
pub struct Installation {
    /// The configuration, and the folder its paths are relative to.
    pub loaded: LoadedConfiguration,
    /// The keys of the issuer; those of `[issuer]` stand beside the installation's own.
    pub keys: KeyFolder,
    /// Who computes signatures.
    pub provider: Arc<dyn CryptoProvider>,
    tenant: TenantName,
    section: IssuerSection,
}

/// Which issuer of which installation a command is for.
#[derive(Debug, Clone, Copy, Default)]
pub struct IssuerChoice<'a> {
    /// The configuration file; that of the current folder without it.
    pub configuration: Option<&'a Path>,
    /// The tenant; it may be left out where there is one issuer.
    pub tenant: Option<&'a TenantName>,
}

impl IssuerChoice<'_> {
    /// Loads the installation for its issuer.
    ///
    /// # Errors
    /// As [`Installation::load`], and when nothing says which of several issuers is meant, or there is none of that name.
    pub fn load(self) -> Result<Installation, InstallationError> {
        let installation = Installation::load(self.configuration)?;
        match self.tenant {
            Some(tenant) => installation.of_tenant(tenant),
            None if installation.loaded.configuration.issuers.is_empty() => Ok(installation),
            None => Err(InstallationError::SeveralIssuers(installation.tenant_names())),
        }
    }
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
    /// Nothing says which issuer is meant.
    #[error("there are several issuers: choose one with --tenant ({0})")]
    SeveralIssuers(String),
    /// No issuer has this name.
    #[error("there is no tenant {tenant}; there are {known}")]
    UnknownTenant {
        /// The name.
        tenant: TenantName,
        /// The names that there are.
        known: String,
    },
    /// A source of the configuration cannot be used.
    #[error(transparent)]
    TrustSource(#[from] UnusableSource),
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
    /// Loads the installation of a configuration file, or of the current folder, with its first issuer, `[issuer]`.
    ///
    /// # Errors
    /// [`InstallationError`].
    pub fn load(configuration: Option<&Path>) -> Result<Self, InstallationError> {
        let path = configuration.unwrap_or(Path::new(FILE_NAME));
        let loaded = LoadedConfiguration::load(path, &edge::environment())?;
        Ok(Self::with(loaded, Arc::new(AwsLcProvider)))
    }

    /// The installation of a loaded configuration, with its first issuer.
    #[must_use]
    pub fn with(loaded: LoadedConfiguration, provider: Arc<dyn CryptoProvider>) -> Self {
        let section = loaded.configuration.issuer.clone();
        let keys = key_folder(&loaded, &loaded.data_directory());
        Self {
            loaded,
            keys,
            provider,
            tenant: TenantName::main(),
            section,
        }
    }

    /// The same installation with another issuer.
    ///
    /// # Errors
    /// [`InstallationError::UnknownTenant`].
    pub fn of_tenant(&self, tenant: &TenantName) -> Result<Self, InstallationError> {
        let section = self.loaded.configuration.issuer_of(tenant);
        let section = section.ok_or_else(|| InstallationError::UnknownTenant {
            tenant: tenant.clone(),
            known: self.tenant_names(),
        })?;
        Ok(Self {
            loaded: self.loaded.clone(),
            keys: key_folder(&self.loaded, &tenant_folder(&self.loaded, tenant)),
            provider: Arc::clone(&self.provider),
            tenant: tenant.clone(),
            section: section.clone(),
        })
    }

    /// The tenant of the issuer.
    #[must_use]
    pub const fn tenant(&self) -> &TenantName {
        &self.tenant
    }

    /// What the configuration says of the issuer.
    #[must_use]
    pub const fn issuer(&self) -> &IssuerSection {
        &self.section
    }

    /// The folder of what the issuer has for itself.
    #[must_use]
    pub fn issuer_folder(&self) -> PathBuf {
        tenant_folder(&self.loaded, &self.tenant)
    }

    /// A file that each issuer has for itself.
    #[must_use]
    pub fn issuer_file(&self, name: &str) -> PathBuf {
        self.issuer_folder().join(name)
    }

    fn tenant_names(&self) -> String {
        let names: Vec<String> = self.loaded.configuration.tenants().map(String::from).collect();
        names.join(", ")
    }

    /// A file of the data folder.
    #[must_use]
    pub fn data_file(&self, name: &str) -> PathBuf {
        self.loaded.data_directory().join(name)
    }

    /// The administration token of the issuer; that of `[issuer]` opens the verifier's administration too.
    ///
    /// # Errors
    /// [`InstallationError::File`].
    pub fn administration_token(&self) -> Result<Zeroizing<String>, InstallationError> {
        let path = self.issuer_file(ADMINISTRATION_TOKEN);
        fs::read_to_string(&path)
            .map(Zeroizing::new)
            .map_err(|source| InstallationError::File { path, source })
    }

    /// The pinned root of trust, with the sources that the configuration names in its trust list: whom the installation believes.
    ///
    /// # Errors
    /// [`InstallationError`]; a source that cannot be used.
    pub fn believed(&self) -> Result<RootOfTrust, InstallationError> {
        let mut root = self.trust()?;
        let now = edge::system_time();
        trust_sources::add_sources(&mut root, &self.loaded, self.provider.as_ref(), now)?;
        Ok(root)
    }

    /// The pinned root of trust, as it stands in its file.
    ///
    /// # Errors
    /// [`InstallationError`].
    pub fn trust(&self) -> Result<RootOfTrust, InstallationError> {
        read_trust(&self.data_file(TRUST))
    }
}

/// The folder of what an issuer has for itself: the data folder, or one below it.
fn tenant_folder(loaded: &LoadedConfiguration, tenant: &TenantName) -> PathBuf {
    let data = loaded.data_directory();
    if tenant.is_main() {
        return data;
    }
    data.join(TENANTS).join(tenant.as_str())
}

fn key_folder(loaded: &LoadedConfiguration, data: &Path) -> KeyFolder {
    let file = loaded.configuration.key_passphrase_file.as_ref();
    let passphrase = key_passphrase(file.map(|file| loaded.resolve(file)));
    KeyFolder::of_installation(data, passphrase)
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
