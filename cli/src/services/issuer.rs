//! The issuer of an installation.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::serve::AdministrationToken;
use symbolon_issuer::card::CardKey;
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::profile::{IssuerProfile, SigningKey};
use symbolon_issuer::record::RecordSchema;
use symbolon_issuer::signers::CredentialSignersError;
use symbolon_issuer_server::card::{FitWebp, FontSource};
use symbolon_issuer_server::{
    CardCodes, CodeCount, Issuer, IssuerKeys, Listening, OpenIssuerError, PlainKey, RetiredPublicKeys,
    Running, Server, Setup, Signer, open_embedded,
};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_store::{OpenError, Tenant};

use crate::commands::card::read_face_key;
use crate::configuration::identifier_text;
use crate::edge::{self, SystemRandomness};
use crate::installation::keys::KeyPurpose;
use crate::installation::retired::RetiredKeys;
use crate::installation::upgrade::ASSERTION_KEYS;
use crate::installation::{Installation, TENANT};
use crate::services::{authorization, certificates, clock, encryption};

/// Records, grants, issued credentials, status.
pub const STORE: &str = "issuer.redb";
/// How often one offer yields its credential. A wallet that was killed before the answer reached it asks again, with the same
/// key.
const CREDENTIALS_PER_OFFER: u32 = 3;

/// What opening the issuer came to.
pub enum Opening {
    /// It is open, here.
    Opened(Arc<Issuer>),
    /// Another process has it.
    InUse,
}

/// Opens the issuer of an installation. Nothing is listened on.
///
/// # Errors
/// Files that cannot be read, a configuration that is refused.
pub async fn open(installation: &Installation) -> anyhow::Result<Opening> {
    let section = &installation.loaded.configuration.issuer;
    let mut configurations = Vec::new();
    for path in &section.credential_configurations {
        let path = installation.loaded.resolve(path);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let configuration = CredentialConfiguration::parse(&text)
            .with_context(|| format!("{} is refused", path.display()))?;
        configurations.push(configuration);
    }
    let identifier = IssuerIdentifier::parse(&identifier_text(&section.identifier))?;
    let policy = IssuerPolicy {
        credentials_per_offer: CREDENTIALS_PER_OFFER,
        ..IssuerPolicy::default()
    };
    let profile = IssuerProfile::new(identifier, section.name.clone(), configurations, policy)?
        .with_authorization(authorization::policy(&installation.loaded)?)
        .context("[issuer.authorization] is refused")?;

    let tenant = Tenant::parse(TENANT)?;
    let path = installation.data_file(STORE);
    let (store, embedded) = match open_embedded(&path, tenant) {
        Ok(opened) => opened,
        Err(OpenError::AlreadyOpen) => return Ok(Opening::InUse),
        Err(error) => return Err(anyhow!(error).context(format!("cannot open {}", path.display()))),
    };
    let setup = Setup {
        profile,
        record_schema: Arc::new(RecordSchema::shipped()?),
        keys: keys(installation)?,
        store,
        embedded: Some(embedded),
        trust_list: Some(installation.trust()?.trust_list),
        crypto: Arc::clone(&installation.provider),
        json_ld: Arc::new(SsiJsonLd::new()),
        randomness: Arc::new(SystemRandomness),
        clock: clock(),
        pictures: Arc::new(FitWebp),
        fonts: match &installation.loaded.configuration.card.fonts {
            Some(folder) => FontSource::Folder(installation.loaded.resolve(folder)),
            None => FontSource::System,
        },
        card_codes: card_codes(installation)?,
    };
    match Issuer::open(setup).await {
        Ok(issuer) => Ok(Opening::Opened(issuer)),
        // Keys are never made in passing: what they sign must be in the trust list that verifiers have.
        Err(error @ OpenIssuerError::Signers(CredentialSignersError::Missing { .. })) => Err(anyhow!(error)
            .context("an installation of an earlier version lacks keys; add them with: symbolon init --upgrade --dir DIR")),
        Err(error) => Err(error.into()),
    }
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
    let section = &installation.loaded.configuration.issuer;
    let listening = Listening {
        listener,
        encryption: encryption(
            installation,
            section.tls_certificate.as_ref(),
            section.tls_key.as_ref(),
        ),
        administration_token: AdministrationToken::new(&installation.administration_token()?),
    };
    Ok(Server::start(issuer, listening).await?)
}

fn keys(installation: &Installation) -> anyhow::Result<IssuerKeys> {
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
        cards: Some(Signer {
            key: card_key,
            sign: Arc::new(card),
        }),
        registry: Some(plain(KeyPurpose::Registry)?),
        packs: Some(plain(KeyPurpose::Pack)?),
        retired: RetiredPublicKeys {
            credentials: retired.of(&[KeyPurpose::CredentialSigning], now),
            assertion: retired.of(&ASSERTION_KEYS.map(|(purpose, _)| purpose), now),
        },
    })
}
