//! The verifier of an installation.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use symbolon_crypto_josekit::JosekitJwe;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_http::serve::AdministrationToken;
use symbolon_protocol::digital_credentials::Origin;
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_store::Store;
use symbolon_verifier::Policy;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::policy::{FreshnessRules, RevocationRules};
use symbolon_verifier::relying_party::CertificateChoice;
use symbolon_verifier::request::MasterSecret;
use symbolon_verifier::store::TenantId;
use symbolon_verifier_server::configuration::VerifierConfiguration;
use symbolon_verifier_server::evidence_cache::EvidenceCache;
use symbolon_verifier_server::store::EmbeddedVerifierStore;
use symbolon_verifier_server::{
    BuilderCode, BuiltPage, CheckedPolicies, Dependencies, OfflineSetup, PublishedSigner, RequestSigner,
    Running, ScanAccess, ScanCode, ScanSetup, Server, StatusSource, WatchedTrust,
};
use url::Url;
use zeroize::Zeroizing;

use crate::commands::card::read_face_key;
use crate::configuration::{PageRoot, ScanAccessChoice, ScanSection, identifier_text};
use crate::edge::{self, SystemRandomness};
use crate::installation::keys::KeyPurpose;
use crate::installation::retired::RetiredKeys;
use crate::installation::{Installation, TENANT, TRUST, party_certificate, relying_parties};
use crate::services::{clock, encryption};
use crate::shop::Shop;
use crate::trust_sources::WatchedSources;

/// Requests, results, spent nonces.
pub(crate) const STORE: &str = "verifier.redb";
/// Fetched status lists and documents of issuers; whatever is lost here is fetched again.
const EVIDENCE_CACHE: &str = "verifier-evidence";
/// The folder beside the program that has the page that works without a network.
const OFFLINE_PAGE: &str = "offline-page";

/// Starts the verifier on a listener.
///
/// # Errors
/// Files that cannot be read, a store that another process has open, a configuration that is refused.
pub async fn start(installation: &Installation, listener: TcpListener) -> anyhow::Result<Running> {
    let section = &installation.loaded.configuration.verifier;
    let urls = urls(installation);
    let fetches = match urls {
        UrlPolicy::Development => FetchPolicy::Development,
        UrlPolicy::Public => FetchPolicy::Public,
    };
    let configuration = configuration(installation)?;

    let keys = &installation.keys;
    let signing = keys.read_key(KeyPurpose::RequestSigning, &installation.provider)?;
    let chain = keys.read_chain_of(KeyPurpose::RequestSigning, signing.public_key())?;
    let id_token_signer = id_token_signer(installation, &configuration)?;
    // Receipts and verified claims; the server says which policy misses it.
    let evidence = published_signer(installation, KeyPurpose::EvidenceSigning)?;
    let store = EmbeddedVerifierStore::new(Store::open(&installation.data_file(STORE))?);
    let pack = Arc::new(Shop::of_installation(&installation.loaded)?.beside_server());
    let (sources, root) = WatchedSources::begin(installation, Arc::clone(&pack))?;
    let every = installation.loaded.configuration.trust.reload();
    let (relying_party_signers, registration_certificates) = certificates(installation, &configuration)?;
    let mut dependencies = Dependencies {
        store: Arc::new(store.clone()),
        archive: Arc::new(store),
        evidence_cache: EvidenceCache::open(&installation.data_file(EVIDENCE_CACHE))?,
        fetcher: GuardedFetcher::new(fetches)?,
        urls,
        crypto: Arc::clone(&installation.provider),
        json_ld: Arc::new(SsiJsonLd::new()),
        jwe: Arc::new(JosekitJwe::new()),
        randomness: Arc::new(SystemRandomness),
        clock: clock(),
        master_secret: master_secret(installation)?,
        signer: RequestSigner {
            key: signing.handle().clone(),
            sign: Arc::new(signing),
            chain,
        },
        id_token_signer,
        evidence,
        relying_party_signers,
        registration_certificates,
        trust_list: Arc::new(root.trust_list),
        trust_sources: every.map(|every| WatchedTrust {
            sources: Arc::new(sources),
            every,
        }),
        pack: Some(pack),
        policy: with_rules(Policy::RELYING_PARTY, installation)?,
        holder_keys: section.holder_keys,
        tenant: TenantId::parse(TENANT)?,
        administration: AdministrationToken::new(&installation.administration_token()?),
        scan: None,
        offline_page: offline_page(installation)?,
    };
    if let Some(access) = scan_access(&section.scan, &dependencies.master_secret) {
        let face_keys = section.scan.face_keys.iter();
        let face_keys = face_keys.map(|path| read_face_key(&installation.loaded.resolve(path)));
        dependencies.scan = Some(ScanSetup {
            access,
            face_keys: face_keys.collect::<Result<_, _>>()?,
            asks: section.scan.ask.clone(),
        });
    }
    let encryption = encryption(
        installation,
        section.tls_certificate.as_ref(),
        section.tls_key.as_ref(),
    );
    Ok(Server::start(listener, encryption, configuration, dependencies).await?)
}

/// The page that works without a network, where it was built.
fn offline_page(installation: &Installation) -> anyhow::Result<Option<OfflineSetup>> {
    let loaded = &installation.loaded;
    let section = &loaded.configuration.verifier.offline_page;
    if !section.serve {
        return Ok(None);
    }
    let named = section.folder.as_ref().map(|folder| loaded.resolve(folder));
    let beside = || edge::beside_the_program(OFFLINE_PAGE).filter(|folder| BuiltPage::is_in(folder));
    let Some(folder) = named.or_else(beside) else {
        return Ok(None);
    };
    let trust = installation.data_file(TRUST);
    let distributor = section.distributor_url.as_ref();
    let distributor = distributor.or(loaded.configuration.packs.index_url.as_ref());
    let pack = match &section.pack {
        Some(pack) => Some(loaded.resolve(pack)),
        None if loaded.configuration.packs.source().is_some() => {
            Some(Shop::of_installation(loaded)?.in_force().path())
        }
        None => None,
    };
    Ok(Some(OfflineSetup {
        freshness: loaded.configuration.verifier.freshness.clone(),
        built: BuiltPage::read(&folder).context("verifier.offline_page.folder")?,
        root_of_trust: match section.root_of_trust {
            PageRoot::Served => {
                Some(std::fs::read(&trust).with_context(|| format!("cannot read {}", trust.display()))?)
            }
            PageRoot::Onboarding => None,
        },
        distributor: distributor
            .map(|url| origin_of(url, urls(installation)))
            .transpose()?,
        asks: loaded.configuration.verifier.scan.ask.clone(),
        pack,
    }))
}

/// The origin of an address, which a page may ask.
fn origin_of(url: &Url, urls: UrlPolicy) -> anyhow::Result<Origin> {
    let origin = url.origin().ascii_serialization();
    Origin::parse(&origin, urls).with_context(|| format!("{origin} is nothing that a page may ask"))
}

/// The key that signs ID tokens. An installation of an earlier version has none, and needs none as long as no relying party has a client.
fn id_token_signer(
    installation: &Installation,
    configuration: &VerifierConfiguration,
) -> anyhow::Result<Option<PublishedSigner>> {
    let signer = published_signer(installation, KeyPurpose::IdTokenSigning)?;
    let mut parties = configuration.relying_parties.values();
    if signer.is_none() && parties.any(|party| party.openid_client.is_some()) {
        bail!("there is no key that signs ID tokens: make it with symbolon init --upgrade");
    }
    Ok(signer)
}

/// A key that is published, and those that it has replaced; `None` in an installation that lacks it.
fn published_signer(
    installation: &Installation,
    purpose: KeyPurpose,
) -> anyhow::Result<Option<PublishedSigner>> {
    let keys = &installation.keys;
    if !keys.has_key(purpose)? {
        return Ok(None);
    }
    let key = keys.read_key(purpose, &installation.provider)?;
    let retired = RetiredKeys::read(keys.path())?.of(&[purpose], edge::system_time());
    Ok(Some(PublishedSigner {
        key: key.handle().clone(),
        public_key: key.public_key().clone(),
        sign: Arc::new(key),
        retired,
    }))
}

type Certificates = (
    BTreeMap<RelyingPartyName, RequestSigner>,
    BTreeMap<RelyingPartyName, String>,
);

/// The certificates of relying parties: their own, and those that say what they are registered for.
fn certificates(
    installation: &Installation,
    configuration: &VerifierConfiguration,
) -> anyhow::Result<Certificates> {
    let (mut signers, mut registrations) = Certificates::default();
    for (name, party) in &configuration.relying_parties {
        if party.certificate == CertificateChoice::Own {
            let signer = party_certificate::signer(installation, name);
            let signer = signer.with_context(|| format!("the certificate of the relying party {name}"))?;
            signers.insert(name.clone(), signer);
        }
        if let Some(path) = &party.registration_certificate {
            let path = installation.loaded.resolve(Path::new(path));
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("the relying party {name}: cannot read {}", path.display()))?;
            registrations.insert(name.clone(), text);
        }
    }
    Ok((signers, registrations))
}

/// Checks policies and relying parties as [`start`] does.
///
/// # Errors
/// Files that cannot be read, or a key that is refused.
pub fn check(installation: &Installation) -> anyhow::Result<CheckedPolicies> {
    let trust_list = installation.believed()?.trust_list;
    let configuration = configuration(installation)?;
    with_rules(Policy::RELYING_PARTY, installation)?;
    Ok(CheckedPolicies::of(
        &configuration,
        &trust_list,
        urls(installation),
    )?)
}

/// A policy with the rules of the installation: how old what is known of a status may be, and whether certificates are looked up.
///
/// # Errors
/// An age or a type that cannot be.
pub fn with_rules(policy: Policy, installation: &Installation) -> anyhow::Result<Policy> {
    let section = &installation.loaded.configuration.verifier;
    let freshness = FreshnessRules::new(&section.freshness).context("verifier.freshness")?;
    let revocation = RevocationRules::new(&section.certificate_revocation);
    Ok(policy.with_freshness(freshness).with_revocation(revocation))
}

/// Which URLs the installation uses at all.
#[must_use]
pub const fn urls(installation: &Installation) -> UrlPolicy {
    if installation.loaded.configuration.development {
        UrlPolicy::Development
    } else {
        UrlPolicy::Public
    }
}

fn configuration(installation: &Installation) -> anyhow::Result<VerifierConfiguration> {
    let section = &installation.loaded.configuration.verifier;
    let identifier = IssuerIdentifier::parse(&identifier_text(&section.identifier))?;
    let mut configuration = VerifierConfiguration::new(identifier, section.name.clone());
    configuration.queries = queries(installation)?;
    configuration.profile = section.profile;
    configuration.choices = section.choices();
    configuration.status = status_source(installation);
    configuration.client_id.clone_from(&section.client_id);
    configuration.scopes.clone_from(&section.scopes);
    configuration.transaction_data_types = section
        .transaction_data_types
        .iter()
        .map(|path| relying_parties::read(&installation.loaded.resolve(path)))
        .collect::<Result<_, _>>()
        .context("verifier.transaction_data_types")?;
    configuration.origins.clone_from(&section.origins);
    configuration.assurance = section.assurance.clone();
    configuration.policies = relying_parties::policies(installation)?;
    configuration.relying_parties = relying_parties::relying_parties(installation)?;
    Ok(configuration)
}

/// An installation that pulls packs judges by them where the network does not answer, unless it says otherwise.
fn status_source(installation: &Installation) -> StatusSource {
    let configuration = &installation.loaded.configuration;
    let pulls = configuration.packs.source().is_some();
    configuration.verifier.status.unwrap_or(if pulls {
        StatusSource::OnlineThenPack
    } else {
        StatusSource::Online
    })
}

fn scan_access(section: &ScanSection, secret: &MasterSecret) -> Option<ScanAccess> {
    match section.access {
        ScanAccessChoice::Off => None,
        ScanAccessChoice::Open => Some(ScanAccess::Open),
        ScanAccessChoice::Code => Some(ScanAccess::Code(ScanCode::derive(
            secret,
            section.code_generation,
        ))),
    }
}

/// The address of the page that scans, with the code that lets a device in behind its `#`, where it asks for one; nothing when the page is
/// not served. Whoever opens it once may use the page from then on.
///
/// # Errors
/// Keys that cannot be read.
pub fn scan_link(installation: &Installation) -> anyhow::Result<Option<Zeroizing<String>>> {
    let section = &installation.loaded.configuration.verifier;
    let secret = master_secret(installation)?;
    let page = format!("{}/scan", identifier_text(&section.identifier));
    Ok(scan_access(&section.scan, &secret).map(|access| match access {
        ScanAccess::Open => Zeroizing::new(page),
        ScanAccess::Code(code) => Zeroizing::new(format!("{page}#{}", *code.grouped())),
    }))
}

/// The queries of the configuration, by name.
///
/// # Errors
/// A file that cannot be read, or is no JSON.
pub fn queries(installation: &Installation) -> anyhow::Result<BTreeMap<String, serde_json::Value>> {
    let mut queries = BTreeMap::new();
    for (name, path) in &installation.loaded.configuration.verifier.queries {
        let path = installation.loaded.resolve(path);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read the query {}", path.display()))?;
        let query = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
        queries.insert(name.clone(), query);
    }
    Ok(queries)
}

/// The address of the request builder that signs in for a relying party, by the code behind its `#`.
///
/// # Errors
/// Keys that cannot be read.
pub fn builder_link(
    installation: &Installation,
    party: &RelyingPartyName,
    generation: u32,
) -> anyhow::Result<Zeroizing<String>> {
    let section = &installation.loaded.configuration.verifier;
    let secret = master_secret(installation)?;
    let code = BuilderCode::derive(&secret, &TenantId::parse(TENANT)?, party, generation);
    Ok(Zeroizing::new(format!(
        "{}/request-builder#{}",
        identifier_text(&section.identifier),
        *code.entry(party)
    )))
}

/// The secret that everything of the verifier is derived from.
///
/// # Errors
/// Keys that cannot be read.
pub fn master_secret(installation: &Installation) -> anyhow::Result<MasterSecret> {
    let secret = installation.keys.read_verifier_secret()?;
    Ok(MasterSecret::new(Zeroizing::new(*secret.as_bytes())))
}
