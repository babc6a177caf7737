//! The issuer of an installation.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto_josekit::JosekitJwe;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::fetch::FetchPolicy;
use symbolon_http::serve::{AdministrationToken, Encryption};
use symbolon_issuer::card::CardKey;
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::profile::{IssuerProfile, ProofTrust, SigningKey};
use symbolon_issuer::record::RecordSchema;
use symbolon_issuer::signers::CredentialSignersError;
use symbolon_issuer_server::card::{FitWebp, FontSource};
use symbolon_issuer_server::sign_in::SignInWay;
use symbolon_issuer_server::{
    CardCodes, CodeCount, EmbeddedIssuerStore, EmbeddedKeyValue, FetchedAttestationStates, Issuer,
    IssuerKeys, Listening, MosipRepository, MosipSettings, OpenIssuerError, PlainKey, Records,
    RetiredPublicKeys, Retrieval, Running, ServedIssuer, Server, Setup, Signer,
};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_store::{OpenError, Store, Tenant};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::commands::card::read_face_key;
use crate::configuration::{RecordsRetrieval, RecordsSource, identifier_text};
use crate::edge::{self, SystemRandomness};
use crate::installation::Installation;
use crate::installation::keys::KeyPurpose;
use crate::installation::passphrase::check_private;
use crate::installation::retired::RetiredKeys;
use crate::installation::revocation::{ListFolder, renew};
use crate::installation::upgrade::ASSERTION_KEYS;
use crate::services::{authorization, clock, encryption, sign_in};

/// Records, grants, issued credentials, status.
pub const STORE: &str = "issuer.redb";
/// How often one offer yields its credential. A wallet that was killed before the answer reached it asks again, with the same
/// key.
const CREDENTIALS_PER_OFFER: u32 = 3;

/// What opening an issuer came to.
pub enum Opening {
    /// It is open, here.
    Opened(Arc<Issuer>),
    /// Another process has it.
    InUse,
}

/// What opening all issuers came to.
pub enum OpeningAll {
    /// They are open, here; that of `[issuer]` first.
    Opened(Vec<OpenedIssuer>),
    /// Another process has them.
    InUse,
}

/// An opened issuer and the installation as its commands see it.
pub struct OpenedIssuer {
    /// The installation with this issuer.
    pub installation: Installation,
    /// The issuer.
    pub issuer: Arc<Issuer>,
}

/// Opens the issuer of an installation, and no other of it. Nothing is listened on.
///
/// # Errors
/// Files that cannot be read, a configuration that is refused.
pub async fn open(installation: &Installation) -> anyhow::Result<Opening> {
    // What the configuration says is refused before a store is made.
    let profile = profile(installation)?;
    match open_store(installation)? {
        Some(store) => open_in(&store, profile, installation).await.map(Opening::Opened),
        None => Ok(Opening::InUse),
    }
}

/// Opens every issuer of an installation over its one store. The packs of the first carry the status lists of all: the registry
/// operator and the distributor are the installation's.
///
/// # Errors
/// As [`open`], and the name of the tenant that is refused.
pub async fn open_all(installation: &Installation) -> anyhow::Result<OpeningAll> {
    let mut described = Vec::new();
    for tenant in installation.loaded.configuration.tenants() {
        let installation = installation.of_tenant(&tenant)?;
        let profile = profile(&installation).with_context(|| format!("the issuer of the tenant {tenant}"))?;
        described.push((installation, profile));
    }
    let Some(store) = open_store(installation)? else {
        return Ok(OpeningAll::InUse);
    };
    let mut opened = Vec::with_capacity(described.len());
    for (installation, profile) in described {
        let issuer = open_in(&store, profile, &installation)
            .await
            .with_context(|| format!("the issuer of the tenant {}", installation.tenant()))?;
        opened.push(OpenedIssuer { installation, issuer });
    }
    if let Some((first, others)) = opened.split_first() {
        let others = others.iter().map(|other| Arc::clone(&other.issuer)).collect();
        first.issuer.carry(others);
    }
    Ok(OpeningAll::Opened(opened))
}

/// The books of an issuer, without anything that it works with; `None` where another process has them.
///
/// # Errors
/// A store that cannot be opened.
pub fn open_books(installation: &Installation) -> anyhow::Result<Option<(EmbeddedIssuerStore, Store)>> {
    let tenant = Tenant::parse(installation.tenant().as_str())?;
    let store = open_store(installation)?;
    Ok(store.map(|store| {
        let entries = EmbeddedKeyValue::new(store.clone(), tenant);
        (EmbeddedIssuerStore::new(entries), store)
    }))
}

fn open_store(installation: &Installation) -> anyhow::Result<Option<Store>> {
    let path = installation.data_file(STORE);
    match Store::open(&path) {
        Ok(store) => Ok(Some(store)),
        Err(OpenError::AlreadyOpen) => Ok(None),
        Err(error) => Err(anyhow!(error).context(format!("cannot open {}", path.display()))),
    }
}

/// What the issuer is, by its section of the configuration.
///
/// # Errors
/// Files that cannot be read, a configuration that is refused.
pub fn profile(installation: &Installation) -> anyhow::Result<IssuerProfile> {
    let section = installation.issuer();
    let mut configurations = Vec::new();
    for path in &section.credential_configurations {
        let path = installation.loaded.resolve(path);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let configuration = CredentialConfiguration::parse_for(section.profile, &text)
            .with_context(|| format!("{} is refused", path.display()))?;
        configurations.push(configuration);
    }
    let identifier = IssuerIdentifier::parse(&identifier_text(&section.identifier))?;
    let policy = IssuerPolicy {
        credentials_per_offer: CREDENTIALS_PER_OFFER,
        ..section.status_lists.apply(section.credentials.policy())
    };
    let profile = IssuerProfile::new(identifier, section.name.clone(), configurations, policy)?
        .with_authorization(authorization::policy(section, &installation.loaded)?)
        .context("[issuer.authorization] is refused")?;
    let profile = profile.with_profile(section.profile);
    Ok(profile.with_proof_trust(proof_trust(installation)?))
}

async fn open_in(
    store: &Store,
    profile: IssuerProfile,
    installation: &Installation,
) -> anyhow::Result<Arc<Issuer>> {
    let tenant = Tenant::parse(installation.tenant().as_str())?;
    let entries = EmbeddedKeyValue::new(store.clone(), tenant);
    let sign_in = sign_in::setup(installation).context("[issuer.sign_in] is refused")?;
    if profile.authorization().has_authorization_endpoint() && matches!(sign_in.way, SignInWay::Closed) {
        bail!(
            "wallets may send residents to this issuer, and nothing says how those sign in: add [issuer.sign_in] (docs/sign-in.md)"
        );
    }
    let record_schema = Arc::new(RecordSchema::shipped()?);
    let setup = Setup {
        profile,
        records: records(installation, &record_schema)?,
        record_schema,
        keys: keys(installation)?,
        store: Arc::new(EmbeddedIssuerStore::new(entries)),
        // A backup holds the books of all tenants, so it is for the operator of the installation alone.
        embedded: installation.tenant().is_main().then(|| store.clone()),
        trust_list: Some(installation.believed()?.trust_list),
        revocation_lists: Some(Arc::new(ListFolder::below(&installation.issuer_folder()))),
        crypto: Arc::clone(&installation.provider),
        json_ld: Arc::new(SsiJsonLd::new()),
        jwe: Arc::new(JosekitJwe::new()),
        randomness: Arc::new(SystemRandomness),
        clock: clock(),
        pictures: Arc::new(FitWebp),
        fonts: match &installation.loaded.configuration.card.fonts {
            Some(folder) => FontSource::Folder(installation.loaded.resolve(folder)),
            None => FontSource::System,
        },
        card_codes: card_codes(installation)?,
        sign_in,
        attestation_states: Arc::new(FetchedAttestationStates::new(
            fetches(installation),
            Arc::clone(&installation.provider),
        )?),
    };
    match Issuer::open(setup).await {
        Ok(issuer) => Ok(issuer),
        // Keys are never made in passing: what they sign must be in the trust list that verifiers have.
        Err(error @ OpenIssuerError::Signers(CredentialSignersError::Missing { .. })) => Err(anyhow!(error)
            .context("an installation of an earlier version lacks keys; add them with: symbolon init --upgrade --dir DIR")),
        Err(error) => Err(error.into()),
    }
}

/// What may be fetched from addresses that somebody else chose.
fn fetches(installation: &Installation) -> FetchPolicy {
    if installation.loaded.configuration.development {
        FetchPolicy::Development
    } else {
        FetchPolicy::Public
    }
}

/// Whom the issuer believes about the keys of wallets, as the configuration says.
fn proof_trust(installation: &Installation) -> anyhow::Result<ProofTrust> {
    let section = &installation.issuer().credentials;
    let read = |paths: &[PathBuf], key| -> anyhow::Result<Vec<Certificate>> {
        let mut anchors = Vec::new();
        for path in paths {
            let path = installation.loaded.resolve(path);
            let read = authorization::read_certificates(&path);
            anchors.extend(read.with_context(|| format!("issuer.credentials.{key} is refused"))?);
        }
        Ok(anchors)
    };
    Ok(ProofTrust {
        attesters: read(&section.key_attester_certificates, "key_attester_certificates")?,
        certificates: read(&section.proof_certificates, "proof_certificates")?,
    })
}

/// Where ID records are, as the configuration says.
fn records(installation: &Installation, schema: &Arc<RecordSchema>) -> anyhow::Result<Records> {
    let section = &installation.issuer().records;
    let named = |value: &Option<String>| value.clone().unwrap_or_default();
    let (RecordsSource::Mosip, Some(url), Some(secret)) =
        (section.source, &section.url, &section.client_secret_file)
    else {
        return Ok(Records::Register);
    };
    let path = installation.loaded.resolve(secret);
    let context = || format!("cannot use {}", path.display());
    if !check_private(&path).with_context(context)? {
        bail!(
            "{} holds a secret and must be readable by its owner alone: chmod 600",
            path.display()
        );
    }
    let secret = Zeroizing::new(std::fs::read_to_string(&path).with_context(context)?);
    let settings = MosipSettings {
        url: url.clone(),
        app_id: named(&section.app_id),
        client_id: named(&section.client_id),
        client_secret: Zeroizing::new(secret.trim_end_matches(['\r', '\n']).to_owned()),
        retrieval: match section.retrieval {
            RecordsRetrieval::Body => Retrieval::Body,
            RecordsRetrieval::Path => Retrieval::Path,
        },
        // The operator named the address, and most deployments have it in a private network.
        addresses: FetchPolicy::Configured,
    };
    let repository = MosipRepository::new(settings, Arc::clone(schema), clock())?;
    Ok(Records::Repository(Arc::new(repository)))
}

/// Which codes cards have, as the configuration says.
fn card_codes(installation: &Installation) -> anyhow::Result<CardCodes> {
    let section = &installation.loaded.configuration.card;
    let face_key = section
        .face_key
        .as_ref()
        .map(|path| read_face_key(&installation.loaded.resolve(path)).context("card.face_key is refused"));
    Ok(CardCodes {
        count: if section.face_qr {
            CodeCount::Two
        } else {
            CodeCount::One
        },
        face_key: face_key.transpose()?.map(Arc::new),
    })
}

/// Starts an opened issuer on a listener.
///
/// # Errors
/// A listener or certificate that cannot be used.
pub async fn start(
    installation: &Installation,
    issuer: Arc<Issuer>,
    listener: TcpListener,
) -> anyhow::Result<Running> {
    let listening = Listening {
        listener,
        encryption: listener_encryption(installation),
        administration_token: AdministrationToken::new(&installation.administration_token()?),
    };
    Ok(Server::start(issuer, listening).await?)
}

/// Starts all opened issuers on one listener.
///
/// # Errors
/// A listener or certificate that cannot be used, and issuers that cannot be told apart.
pub async fn start_all(opened: Vec<OpenedIssuer>, listener: TcpListener) -> anyhow::Result<Running> {
    let encryption = match opened.as_slice() {
        [] => Encryption::Plain,
        // Who is alone is asked under any name, as behind proxies that do not tell theirs.
        [only] => return start(&only.installation, Arc::clone(&only.issuer), listener).await,
        [first, ..] => listener_encryption(&first.installation),
    };
    let served = opened
        .into_iter()
        .map(|opened| {
            Ok(ServedIssuer {
                administration_token: AdministrationToken::new(&opened.installation.administration_token()?),
                issuer: opened.issuer,
            })
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(Server::start_tenants(served, listener, encryption).await?)
}

/// How often the issuer looks whether its authorities' revocation lists are to be made anew.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Makes the revocation lists of the authorities anew, each day, whose keys are in the installation.
#[must_use]
pub fn keep_revocation_lists(installations: Vec<Installation>) -> JoinHandle<()> {
    let installations = Arc::new(installations);
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(RENEWAL_INTERVAL);
        loop {
            interval.tick().await;
            let installations = Arc::clone(&installations);
            let renewed = tokio::task::spawn_blocking(move || {
                for installation in installations.iter() {
                    if let Err(error) = renew(installation, edge::system_time()) {
                        tracing::error!(%error, tenant = %installation.tenant(), "a revocation list is not made anew");
                    }
                }
            });
            // The server is ending.
            if renewed.await.is_err() {
                return;
            }
        }
    })
}

fn listener_encryption(installation: &Installation) -> Encryption {
    let section = installation.issuer();
    encryption(
        installation,
        section.tls_certificate.as_ref(),
        section.tls_key.as_ref(),
    )
}

/// What the issuer signs with.
///
/// # Errors
/// Keys or certificates that cannot be read.
pub fn keys(installation: &Installation) -> anyhow::Result<IssuerKeys> {
    // An installation of an earlier version, which issues none of what these sign, has none of them.
    let there = |purpose| -> anyhow::Result<_> { Ok(installation.keys.has_key(purpose)?.then_some(purpose)) };
    let read = |purpose| installation.keys.read_key(purpose, &installation.provider);
    let certified = |purpose| -> anyhow::Result<Signer<SigningKey>> {
        let key = read(purpose)?;
        let chain = installation.keys.read_chain_of(purpose, key.public_key())?;
        let description = SigningKey {
            handle: key.handle().clone(),
            algorithm: key.public_key().algorithm(),
            chain,
        };
        Ok(Signer {
            key: description,
            sign: Arc::new(key),
        })
    };
    let plain = |purpose| -> anyhow::Result<Signer<PlainKey>> {
        let key = read(purpose)?;
        let description = PlainKey {
            handle: key.handle().clone(),
            public_key: key.public_key().clone(),
        };
        Ok(Signer {
            key: description,
            sign: Arc::new(key),
        })
    };
    let now = edge::system_time();
    let retired = RetiredKeys::read(installation.keys.path())?;
    let card = read(KeyPurpose::CardSigning)?;
    let card_key = CardKey {
        handle: card.handle().clone(),
        algorithm: card.public_key().algorithm(),
        key_id: card.public_key().thumbprint().as_bytes().to_vec(),
    };
    Ok(IssuerKeys {
        credentials: certified(KeyPurpose::CredentialSigning)?,
        documents: there(KeyPurpose::DocumentSigning)?.map(certified).transpose()?,
        assertion: ASSERTION_KEYS
            .iter()
            .filter_map(|(purpose, _)| there(*purpose).transpose())
            .map(|purpose| purpose.and_then(plain))
            .collect::<Result<_, _>>()?,
        status: certified(KeyPurpose::StatusSigning)?,
        metadata: there(KeyPurpose::MetadataSigning)?.map(certified).transpose()?,
        cards: Some(Signer {
            key: card_key,
            sign: Arc::new(card),
        }),
        // The installation's, so further issuers have none.
        registry: there(KeyPurpose::Registry)?.map(plain).transpose()?,
        packs: there(KeyPurpose::Pack)?.map(plain).transpose()?,
        retired: RetiredPublicKeys {
            credentials: retired.of(&[KeyPurpose::CredentialSigning], now),
            assertion: retired.of(&ASSERTION_KEYS.map(|(purpose, _)| purpose), now),
        },
    })
}
