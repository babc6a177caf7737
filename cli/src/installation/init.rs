//! `symbolon init`: configuration, keys, certificates, trust root and administration token of a new installation.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use symbolon_crypto::encoding::base64url;
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::x509::issue::IssueError;
use symbolon_crypto::{CryptoProvider, Randomness, SignatureAlgorithm, UnixTime, random_bytes};
use symbolon_issuer::haip::Profile;
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_schemas::{CREDENTIALS, CredentialTemplate, NATIONAL_IDENTITY, QUERIES};
use symbolon_trust::trust_list::{
    IssuerIdentifier, RelyingParties, RootOfTrust, TRUST_LIST_VERSION, TrustList,
};
use thiserror::Error;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::configuration::days;
use crate::configuration::{
    self, AuthorizationSection, Configuration, IssuerSection, RecordsSection, VerifierSection,
    identifier_text,
};
use crate::installation::authority::Authority;
use crate::installation::files::{Readers, create_private_folder, write_atomically};
use crate::installation::issuer_keys::NewIssuerKeys;
use crate::installation::keys::{KeyFileError, KeyFolder, KeyPurpose};
use crate::installation::passphrase::{PassphraseError, PassphraseSource};
use crate::installation::revocation::{CARRIED_LIST_DAYS, RENEWED_LIST_LIFETIME, RevocationError};
use crate::installation::sealed::SealedPurpose;
use crate::installation::wallet_provider::{self, NewWalletProvider};
use crate::installation::{ADMINISTRATION_TOKEN, TRUST};

/// How long the trust list is valid, and its grace.
const TRUST_LIST_VALIDITY: Duration = Duration::from_secs(90 * 86_400);
const TRUST_LIST_GRACE: Duration = Duration::from_secs(14 * 86_400);

/// What a new installation is called and where it is reached.
#[derive(Debug, Clone)]
pub struct NewInstallation {
    /// Its folder.
    pub folder: PathBuf,
    /// The issuer's URL.
    pub issuer: Url,
    /// The verifier's URL.
    pub verifier: Url,
    /// Which profile its issuer keeps to.
    pub profile: Profile,
}

/// How the secret keys of a new installation are kept.
#[derive(Debug, Clone, Default)]
pub struct Safekeeping {
    /// The keys that sign day by day.
    pub keys: KeyProtection,
    /// The keys of the roots.
    pub roots: RootPlace,
}

/// How keys are kept on the disk.
#[derive(Debug, Clone, Default)]
pub enum KeyProtection {
    /// In files that their owner alone may read.
    #[default]
    Plain,
    /// In one file sealed under this passphrase.
    Sealed(PassphraseSource),
}

/// Where the secret keys of the roots are kept.
#[derive(Debug, Clone, Default)]
pub enum RootPlace {
    /// Beside the other keys: for development, and for whoever moves them away by hand.
    #[default]
    Installation,
    /// In another folder, on a medium that is taken away, sealed under a passphrase of its own.
    Offline {
        /// The folder; empty, or not there yet.
        folder: PathBuf,
        /// Its passphrase.
        passphrase: PassphraseSource,
    },
}

/// Why no installation was made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InitError {
    /// There is one already; nothing was changed.
    #[error("{0} exists already; an installation is never overwritten")]
    Exists(PathBuf),
    /// The revocation lists cannot be made.
    #[error(transparent)]
    Revocation(#[from] RevocationError),
    /// A file could not be written.
    #[error("cannot write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A key file could not be written.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// There is no passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] IssueError),
    /// A certificate that was just made does not read back.
    #[error("a certificate does not read back")]
    Unreadable,
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] symbolon_crypto::RandomnessUnavailable),
    /// The high-assurance profile for others than the wallet of this machine.
    #[error(
        "profile haip needs the roots of wallet providers, and only an installation for development, at http URLs, has one of \
         its own: make a standard one, and name yours as docs/haip.md says"
    )]
    NoWalletProvider,
    /// A URL that cannot be an identifier.
    #[error(
        "{0} must be an http or https URL with a host and without query, fragment, user or trailing slash"
    )]
    Identifier(&'static str),
}

/// Makes an installation whose keys are in plain files, as development has them. Whatever can be refused is refused before
/// anything is written.
///
/// # Errors
/// [`InitError`].
pub fn init(
    new: &NewInstallation,
    provider: &Arc<dyn CryptoProvider>,
    randomness: &dyn Randomness,
    now: UnixTime,
) -> Result<(), InitError> {
    init_with(new, &Safekeeping::default(), provider, randomness, now)
}

/// Makes an installation whose keys are kept as `safekeeping` says.
///
/// # Errors
/// As [`init`], and when a passphrase is missing or the folder of the roots is not empty.
pub fn init_with(
    new: &NewInstallation,
    safekeeping: &Safekeeping,
    provider: &Arc<dyn CryptoProvider>,
    randomness: &dyn Randomness,
    now: UnixTime,
) -> Result<(), InitError> {
    let configuration_path = new.folder.join(configuration::FILE_NAME);
    let mut configuration = configuration(new)?;
    if let KeyProtection::Sealed(source) = &safekeeping.keys {
        // Relative paths in the file are relative to it, and this one came from the command line.
        let absolute = source.file().map(std::path::absolute).transpose();
        configuration.key_passphrase_file = absolute.map_err(|source| InitError::File {
            path: configuration_path.clone(),
            source,
        })?;
    }
    let data = new.folder.join(&configuration.data_directory);
    for path in [&configuration_path, &data] {
        if path.exists() {
            return Err(InitError::Exists(path.clone()));
        }
    }
    if let RootPlace::Offline { folder, .. } = &safekeeping.roots
        && fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(InitError::Exists(folder.clone()));
    }
    let key_passphrase = match &safekeeping.keys {
        KeyProtection::Plain => None,
        KeyProtection::Sealed(source) => Some((source, source.read_new()?)),
    };
    let root_passphrase = match &safekeeping.roots {
        RootPlace::Installation => None,
        RootPlace::Offline { folder, passphrase } => Some((folder, passphrase, passphrase.read_new()?)),
    };
    let issuer = identifier_text(&new.issuer);
    let verifier = identifier_text(&new.verifier);
    let identifier =
        IssuerIdentifier::parse(&issuer).map_err(|_| InitError::Identifier("the issuer's URL"))?;

    let authority = Authority {
        provider,
        randomness,
        now,
    };
    let issuer_keys = NewIssuerKeys::make(&authority, &issuer)?;
    let parties_root = authority.root(
        KeyPurpose::RelyingPartiesRoot,
        "Development root of relying parties",
    )?;
    let request = authority.leaf(
        KeyPurpose::RequestSigning,
        &configuration.verifier.name,
        &parties_root,
        &verifier,
    )?;
    let wallet_provider = match new.profile {
        Profile::Standard => None,
        Profile::Haip => Some(NewWalletProvider::make(&authority)?),
    };
    let registry = authority.key(KeyPurpose::Registry, SignatureAlgorithm::Es256)?;
    let pack = authority.key(KeyPurpose::Pack, SignatureAlgorithm::Es256)?;
    let id_tokens = authority.key(KeyPurpose::IdTokenSigning, SignatureAlgorithm::Es256)?;
    let evidence = authority.key(KeyPurpose::EvidenceSigning, SignatureAlgorithm::Es256)?;

    let mut trust = RootOfTrust {
        registry_keys: vec![registry.public_key().to_jwk()],
        pack_keys: vec![pack.public_key().to_jwk()],
        trust_list: TrustList {
            version: TRUST_LIST_VERSION,
            sequence: 0,
            issued_at: now,
            valid_until: now.plus(TRUST_LIST_VALIDITY),
            grace: TRUST_LIST_GRACE,
            issuers: Vec::new(),
            relying_parties: RelyingParties {
                anchors: vec![parties_root.certificate.clone()],
                registered: Vec::new(),
            },
            type_metadata: BTreeMap::new(),
            did_documents: BTreeMap::new(),
            contexts: BTreeMap::new(),
            etsi_trusted_lists: Vec::new(),
            pack_keys: Vec::new(),
            scopes: std::collections::BTreeMap::new(),
            sources: std::collections::BTreeMap::new(),
        },
    };
    issuer_keys.enter(&mut trust.trust_list, identifier, &configuration.issuer.name)?;
    let trust = trust.to_json().map_err(|_| InitError::Unreadable)?;
    let token = Zeroizing::new(base64url::encode(&random_bytes::<32>(randomness)?));
    let verifier_secret = SymmetricKey::make(randomness)?;

    let plain = KeyFolder::below(&data);
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| InitError::File { path, source }
    };
    fs::create_dir_all(&new.folder).map_err(file(&new.folder))?;
    create_private_folder(&data).map_err(file(&data))?;
    create_private_folder(plain.path()).map_err(file(plain.path()))?;
    let keys = match &key_passphrase {
        None => plain,
        Some((source, passphrase)) => KeyFolder::sealed(
            plain.path().to_owned(),
            SealedPurpose::InstallationKeys,
            (*source).clone(),
            passphrase,
            randomness,
        )?,
    };
    let offline = match &root_passphrase {
        None => None,
        Some((folder, source, passphrase)) => {
            create_private_folder(folder).map_err(file(folder))?;
            Some(KeyFolder::sealed(
                (*folder).clone(),
                SealedPurpose::RootKeys,
                (*source).clone(),
                passphrase,
                randomness,
            )?)
        }
    };
    let roots = offline.as_ref().unwrap_or(&keys);
    issuer_keys.write(&keys, roots)?;
    let lifetime = match offline {
        Some(_) => days(CARRIED_LIST_DAYS),
        None => RENEWED_LIST_LIFETIME,
    };
    issuer_keys.publish_lists(&data, lifetime, provider.as_ref(), now)?;
    if let Some(wallet_provider) = &wallet_provider {
        wallet_provider.write(&keys, roots)?;
    }
    let chain = [parties_root.certificate.der().to_vec()];
    roots.write_key(KeyPurpose::RelyingPartiesRoot, parties_root.key.secret_key())?;
    roots.write_chain(KeyPurpose::RelyingPartiesRoot, &chain)?;
    keys.write_chain(KeyPurpose::RelyingPartiesRoot, &chain)?;
    keys.write_key(KeyPurpose::RequestSigning, request.key.secret_key())?;
    keys.write_chain(KeyPurpose::RequestSigning, &[request.certificate.der().to_vec()])?;
    for (purpose, key) in [
        (KeyPurpose::Registry, &registry),
        (KeyPurpose::Pack, &pack),
        (KeyPurpose::IdTokenSigning, &id_tokens),
        (KeyPurpose::EvidenceSigning, &evidence),
    ] {
        keys.write_key(purpose, key.secret_key())?;
    }
    keys.write_verifier_secret(&verifier_secret)?;
    let token_path = data.join(ADMINISTRATION_TOKEN);
    write_atomically(&token_path, token.as_bytes(), Readers::Owner).map_err(file(&token_path))?;
    let trust_path = data.join(TRUST);
    write_atomically(&trust_path, &trust, Readers::Everyone).map_err(file(&trust_path))?;
    for template in CREDENTIALS {
        let path = new.folder.join(mapping_file(template));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file(folder))?;
        }
        write_atomically(&path, template.mapping.as_bytes(), Readers::Everyone).map_err(file(&path))?;
    }
    let credential_type = CredentialConfiguration::parse(NATIONAL_IDENTITY.mapping)
        .ok()
        .and_then(|read| read.vct(&issuer))
        .ok_or(InitError::Unreadable)?;
    for query in QUERIES {
        let Some(path) = configuration.verifier.queries.get(query.name) else {
            continue;
        };
        let path = new.folder.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file(folder))?;
        }
        let text = query.for_issuer(&issuer, &credential_type);
        write_atomically(&path, text.as_bytes(), Readers::Everyone).map_err(file(&path))?;
    }
    // The configuration comes last: where it stands, everything that it names stands too.
    let text = configuration_text(&configuration);
    write_atomically(&configuration_path, text.as_bytes(), Readers::Everyone)
        .map_err(file(&configuration_path))
}

/// Says that a list is as of now.
pub(super) fn renewed(list: &mut TrustList, now: UnixTime) {
    list.issued_at = now;
    list.valid_until = now.plus(TRUST_LIST_VALIDITY);
}

/// Why an issuer is not found in the installation's own trust list.
pub(super) const MISSING_ISSUER: &str = "the issuer's URL, which the installation's trust list must name,";

fn configuration(new: &NewInstallation) -> Result<Configuration, InitError> {
    // Where nothing else is said, the servers listen on loopback: a proxy or a change of `listen` opens them.
    let listen = |url: &Url, fallback: u16, name| {
        let port = match url.host() {
            Some(Host::Ipv4(address)) if address.is_loopback() => url.port_or_known_default(),
            Some(Host::Domain("localhost")) => url.port_or_known_default(),
            Some(_) => Some(fallback),
            None => return Err(InitError::Identifier(name)),
        };
        Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(fallback))))
    };
    let development = new.issuer.scheme() == "http" || new.verifier.scheme() == "http";
    if new.profile == Profile::Haip && !development {
        return Err(InitError::NoWalletProvider);
    }
    let mut configuration = Configuration {
        development,
        data_directory: PathBuf::from("data"),
        key_passphrase_file: None,
        issuer: IssuerSection {
            identifier: new.issuer.clone(),
            listen: listen(&new.issuer, 8080, "the issuer's URL")?,
            name: "National register".to_owned(),
            credential_configurations: CREDENTIALS.iter().map(mapping_file).collect(),
            tls_certificate: None,
            tls_key: None,
            status_lists: configuration::StatusListsSection::default(),
            credentials: configuration::CredentialsSection::default(),
            profile: Profile::Standard,
            authorization: AuthorizationSection::default(),
            sign_in: development.then(configuration::SignInSection::demo),
            clients: Vec::new(),
            records: RecordsSection::default(),
        },
        issuers: BTreeMap::new(),
        verifier: VerifierSection {
            queries: QUERIES
                .iter()
                .map(|query| {
                    (
                        query.name.to_owned(),
                        PathBuf::from(format!("queries/{}.json", query.name)),
                    )
                })
                .collect(),
            ..VerifierSection::new(
                new.verifier.clone(),
                listen(&new.verifier, 8081, "the verifier's URL")?,
                "Verifier".to_owned(),
            )
        },
        wallet: configuration::WalletSection::default(),
        card: configuration::CardSection::default(),
        trust: configuration::TrustSection::default(),
        packs: configuration::PacksSection::default(),
        distributor: configuration::DistributorSection::default(),
    };
    if new.profile == Profile::Haip {
        wallet_provider::configure(&mut configuration.issuer, &configuration.data_directory);
    }
    configuration
        .check()
        .map_err(|_| InitError::Identifier("each URL"))?;
    Ok(configuration)
}

/// Where the mapping of a shipped credential is written.
pub(super) fn mapping_file(template: &CredentialTemplate) -> PathBuf {
    PathBuf::from(format!("credentials/{}.toml", template.id))
}

fn configuration_text(configuration: &Configuration) -> String {
    let body = toml::to_string(configuration).unwrap_or_default();
    format!(
        "# Symbolon. Every key is also an environment variable: issuer.listen is SYMBOLON_ISSUER_LISTEN.\n\
         # Paths are relative to this file. Unknown keys are errors.\n\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::RustCryptoProvider;
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};

    use std::collections::BTreeMap;

    use super::*;
    use crate::configuration::LoadedConfiguration;
    use crate::installation::read_trust;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_000_000);

    fn new(folder: &Path) -> NewInstallation {
        NewInstallation {
            folder: folder.to_owned(),
            issuer: Url::parse("http://127.0.0.1:8080").unwrap(),
            verifier: Url::parse("http://127.0.0.1:8081").unwrap(),
            profile: Profile::Standard,
        }
    }

    fn make(folder: &Path) -> Result<(), InitError> {
        let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
        init(&new(folder), &provider, &SeededRandomness::new(1), NOW)
    }

    #[test]
    fn everything_it_makes_reads_back_and_fits_together() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path()).unwrap();
        let loaded =
            LoadedConfiguration::load(&folder.path().join(configuration::FILE_NAME), &BTreeMap::new())
                .unwrap();
        assert!(loaded.configuration.development);
        let trust = read_trust(&loaded.data_directory().join(TRUST)).unwrap();
        let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
        let keys = KeyFolder::below(&loaded.data_directory());
        for (purpose, profile, anchors) in [
            (
                KeyPurpose::CredentialSigning,
                ChainProfile::CredentialSigner,
                &trust.trust_list.issuers[0].anchors,
            ),
            (
                KeyPurpose::DocumentSigning,
                ChainProfile::DocumentSigner,
                &trust.trust_list.issuers[0].anchors,
            ),
            (
                KeyPurpose::StatusSigning,
                ChainProfile::StatusSigner,
                &trust.trust_list.issuers[0].anchors,
            ),
            (
                KeyPurpose::MetadataSigning,
                ChainProfile::CredentialSigner,
                &trust.trust_list.issuers[0].anchors,
            ),
            (
                KeyPurpose::RequestSigning,
                ChainProfile::RequestSigner,
                &trust.trust_list.relying_parties.anchors,
            ),
        ] {
            let chain: Vec<Certificate> = keys
                .read_chain(purpose)
                .unwrap()
                .iter()
                .map(|der| Certificate::parse(der).unwrap())
                .collect();
            let verified = verify_chain(&chain, anchors, profile, NOW, &RustCryptoProvider).unwrap();
            let key = keys.read_key(purpose, &provider).unwrap();
            assert_eq!(verified.leaf.public_key(), key.public_key(), "{purpose:?}");
        }
        let issuers: Vec<Certificate> = keys
            .read_chain(KeyPurpose::RequestSigning)
            .unwrap()
            .iter()
            .map(|der| Certificate::parse(der).unwrap())
            .collect();
        let anchors = &trust.trust_list.issuers[0].anchors;
        assert!(
            verify_chain(
                &issuers,
                anchors,
                ChainProfile::CredentialSigner,
                NOW,
                &RustCryptoProvider
            )
            .is_err()
        );
    }

    #[test]
    fn never_overwrites_an_installation() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path()).unwrap();
        let before = fs::read(folder.path().join("data").join(TRUST)).unwrap();
        assert!(matches!(make(folder.path()), Err(InitError::Exists(_))));
        assert_eq!(fs::read(folder.path().join("data").join(TRUST)).unwrap(), before);
    }
}
