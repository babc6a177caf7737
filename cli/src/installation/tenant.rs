//! `symbolon tenant add`: a further issuer of an installation, with keys, a token and configurations of its own.

use std::fs;
use std::path::{Path, PathBuf};

use symbolon_crypto::encoding::base64url;
use symbolon_crypto::passphrase::Passphrase;
use symbolon_crypto::{Randomness, UnixTime, random_bytes};
use symbolon_schemas::CREDENTIALS;
use symbolon_trust::trust_list::IssuerIdentifier;
use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

use crate::configuration::days;
use crate::configuration::{ConfigurationError, LoadedConfiguration, TenantName, identifier_text};
use crate::edge;
use crate::installation::authority::Authority;
use crate::installation::files::{Readers, create_private_folder, write_atomically};
use crate::installation::init::{InitError, RootPlace, renewed};
use crate::installation::issuer_keys::NewIssuerKeys;
use crate::installation::keys::{KeyFileError, KeyFolder, KeyPurpose};
use crate::installation::passphrase::{PassphraseError, PassphraseSource};
use crate::installation::revocation::{CARRIED_LIST_DAYS, RENEWED_LIST_LIFETIME};
use crate::installation::sealed::SealedPurpose;
use crate::installation::{
    ADMINISTRATION_TOKEN, Installation, InstallationError, TRUST, key_passphrase, tenant_folder,
};

/// A further issuer.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// The name of its tenant.
    pub name: TenantName,
    /// Its URL.
    pub issuer: Url,
    /// What wallets call it.
    pub display_name: String,
    /// Where the secret keys of its roots are kept.
    pub roots: RootPlace,
}

/// Why no tenant was added. Nothing serves a tenant whose addition failed, and adding it again is refused where its folder is left behind.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AddTenantError {
    /// There is one of this name.
    #[error("there is a tenant {0} already, or its folder is left")]
    Exists(TenantName),
    /// The configuration would be refused with it.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The installation.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// Keys, certificates or files.
    #[error(transparent)]
    Init(#[from] InitError),
    /// Key files.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// A passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] symbolon_crypto::RandomnessUnavailable),
}

/// Adds an issuer: its keys and its token, its credential configurations, its entry in the trust list, and, when all that stands, its
/// section in the configuration file `configuration`.
///
/// # Errors
/// [`AddTenantError`].
pub fn add(
    new: &NewTenant,
    configuration: &Path,
    installation: &Installation,
    randomness: &dyn Randomness,
    now: UnixTime,
) -> Result<(), AddTenantError> {
    let folder = tenant_folder(&installation.loaded, &new.name);
    if installation.loaded.configuration.issuer_of(&new.name).is_some() || folder.exists() {
        return Err(AddTenantError::Exists(new.name.clone()));
    }
    if let RootPlace::Offline { folder, .. } = &new.roots
        && fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(InitError::Exists(folder.clone()).into());
    }
    let text = with_section(configuration, new)?;
    // Whatever would be refused at the next start is refused now.
    LoadedConfiguration::parse(&text, configuration, &edge::environment())?;
    let issuer = identifier_text(&new.issuer);
    let identifier =
        IssuerIdentifier::parse(&issuer).map_err(|_| InitError::Identifier("the issuer's URL"))?;
    let root_passphrase = match &new.roots {
        RootPlace::Installation => None,
        RootPlace::Offline { folder, passphrase } => Some((folder, passphrase, passphrase.read_new()?)),
    };
    let sealing = sealing(installation)?;
    let authority = Authority {
        provider: &installation.provider,
        randomness,
        now,
    };
    let keys = NewIssuerKeys::make(&authority, &issuer)?;
    let mut trust = installation.trust()?;
    keys.enter(&mut trust.trust_list, identifier, &new.display_name)?;
    renewed(&mut trust.trust_list, now);
    let trust = trust.to_json().map_err(|_| InitError::Unreadable)?;
    let token = Zeroizing::new(base64url::encode(&random_bytes::<32>(randomness)?));

    create_private_folder(&folder).map_err(file(&folder))?;
    let key_folder = keys_below(&folder, sealing, randomness)?;
    let offline = match &root_passphrase {
        None => None,
        Some((folder, source, passphrase)) => {
            create_private_folder(folder).map_err(file(folder))?;
            let (path, source) = ((*folder).clone(), (*source).clone());
            let purpose = SealedPurpose::RootKeys;
            Some(KeyFolder::sealed(path, purpose, source, passphrase, randomness)?)
        }
    };
    keys.write(&key_folder, offline.as_ref().unwrap_or(&key_folder))?;
    let lifetime = match offline {
        Some(_) => days(CARRIED_LIST_DAYS),
        None => RENEWED_LIST_LIFETIME,
    };
    let published = keys.publish_lists(&folder, lifetime, installation.provider.as_ref(), now);
    published.map_err(InitError::from)?;
    write(
        &folder.join(ADMINISTRATION_TOKEN),
        token.as_bytes(),
        Readers::Owner,
    )?;
    for template in CREDENTIALS {
        let path = installation
            .loaded
            .resolve(&configuration_path(&new.name, template.id));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file(folder))?;
        }
        if !path.exists() {
            write(&path, template.mapping.as_bytes(), Readers::Everyone)?;
        }
    }
    write(&installation.data_file(TRUST), &trust, Readers::Everyone)?;
    // The section comes last: where it stands, everything that it names stands too.
    write(configuration, text.as_bytes(), Readers::Everyone)?;
    Ok(())
}

/// What the installation's keys are sealed under, where they are; it is tried on them, so that one passphrase opens all.
fn sealing(installation: &Installation) -> Result<Option<(PassphraseSource, Passphrase)>, AddTenantError> {
    if !installation.keys.is_sealed() {
        return Ok(None);
    }
    installation.keys.has_key(KeyPurpose::Pack)?;
    let configured = installation.loaded.configuration.key_passphrase_file.as_ref();
    let source = key_passphrase(configured.map(|path| installation.loaded.resolve(path)));
    let passphrase = source.read()?;
    Ok(Some((source, passphrase)))
}

/// The folder of its keys: sealed where the installation's own are.
fn keys_below(
    folder: &Path,
    sealing: Option<(PassphraseSource, Passphrase)>,
    randomness: &dyn Randomness,
) -> Result<KeyFolder, AddTenantError> {
    let plain = KeyFolder::below(folder);
    create_private_folder(plain.path()).map_err(file(plain.path()))?;
    let Some((source, passphrase)) = sealing else {
        return Ok(plain);
    };
    let (path, purpose) = (plain.path().to_owned(), SealedPurpose::InstallationKeys);
    Ok(KeyFolder::sealed(path, purpose, source, &passphrase, randomness)?)
}

/// The configuration file with a section for the tenant at its end. What stands in it stays as it is, comments included.
fn with_section(configuration: &Path, new: &NewTenant) -> Result<String, AddTenantError> {
    let mut text = fs::read_to_string(configuration).map_err(|source| InstallationError::File {
        path: configuration.to_owned(),
        source,
    })?;
    let paths = CREDENTIALS.iter().map(|template| {
        configuration_path(&new.name, template.id)
            .to_string_lossy()
            .into_owned()
    });
    let mut section = toml::Table::new();
    // As it was given: a slash at the end of a path is refused, not taken away.
    section.insert("identifier".to_owned(), new.issuer.as_str().into());
    section.insert("name".to_owned(), new.display_name.clone().into());
    section.insert(
        "credential_configurations".to_owned(),
        paths.map(toml::Value::from).collect::<Vec<_>>().into(),
    );
    let section = toml::to_string(&section).map_err(|_| InitError::Unreadable)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&format!("\n[issuers.{}]\n{section}", new.name));
    Ok(text)
}

/// Where a credential configuration of a further issuer is, relative to the installation.
pub(super) fn configuration_path(tenant: &TenantName, id: &str) -> PathBuf {
    PathBuf::from(format!("credentials/{tenant}/{id}.toml"))
}

fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), InitError> {
    write_atomically(path, bytes, readers).map_err(file(path))
}

fn file(path: &Path) -> impl FnOnce(std::io::Error) -> InitError {
    let path = path.to_owned();
    move |source| InitError::File { path, source }
}
