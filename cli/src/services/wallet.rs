//! The headless wallet of an installation.

pub mod agent;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use symbolon_credential::data_integrity::ContextTable;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::signing::{DescribeKeys as _, SoftwareKey};
use symbolon_crypto::{CryptoProvider, Randomness, SecretKey, SignatureAlgorithm, random_bytes};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::serve::AdministrationToken;
use symbolon_store::Store;
use symbolon_wallet_server::{
    Attending, HeldDocuments, Holder, HolderKey, Listening, RequestBudget, Running, Server, Setup,
};
use zeroize::Zeroizing;

use crate::edge::SystemRandomness;
use crate::holder::{DOCUMENTS, WalletFolder};
use crate::installation::Installation;
use crate::installation::files::{Readers, create_private_folder, write_atomically};
use crate::installation::keys::{KeyFolder, KeyPurpose};
use crate::register::{AdministrationClient, Server as ReachedAs};
use crate::services::{clock, encryption};

/// The file of the wallet's token, in the wallet's folder.
pub const WALLET_TOKEN: &str = "wallet-token";

/// Starts the headless wallet on a listener. The wallet, its own key and its token are made where there are none.
///
/// # Errors
/// Files that cannot be read or written, a store that another process has open.
pub async fn start(installation: &Installation, listener: TcpListener) -> anyhow::Result<Running> {
    let section = &installation.loaded.configuration.wallet;
    let folder = installation.loaded.resolve(&section.directory);
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    let opened = WalletFolder::open(&folder)?;
    let store = opened.first()?;
    let bound_keys = Arc::new(store.software_keys(Arc::clone(&installation.provider)));
    let attending = match agent::open(installation, &opened, store)? {
        None => None,
        Some(agent) => {
            agent.begin().await?;
            Some(Attending {
                agent: Arc::new(agent),
                budget: RequestBudget {
                    per_minute: section.requests_per_minute,
                    at_once: section.requests_at_once,
                },
            })
        }
    };
    let path = folder.join(DOCUMENTS);
    let documents = Store::open_checked(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let own = own_key(&folder, &installation.provider, &*randomness)?;
    let trust = installation.trust()?;
    let setup = Setup {
        own_key: HolderKey::new(own.describe(own.handle())?)?,
        own_sign: Arc::new(own),
        bound_keys,
        documents: HeldDocuments::new(documents, opened.key(), Arc::clone(&randomness))?,
        json_ld: Arc::new(SsiJsonLd::new()),
        contexts: ContextTable::from_documents(trust.trust_list.contexts)
            .context("a context of the trust list cannot be used")?,
        clock: clock(),
    };
    let listening = Listening {
        listener,
        encryption: encryption(
            installation,
            section.tls_certificate.as_ref(),
            section.tls_key.as_ref(),
        ),
        token: AdministrationToken::new(&token(&folder, &*randomness)?),
    };
    Ok(Server::start(Arc::new(Holder::new(setup)), attending, listening).await?)
}

/// The administration interface of the headless wallet that runs.
///
/// # Errors
/// No token, or one that does not read.
pub fn running(installation: &Installation) -> anyhow::Result<AdministrationClient> {
    let section = &installation.loaded.configuration.wallet;
    let path = installation.loaded.resolve(&section.directory).join(WALLET_TOKEN);
    let token = fs::read_to_string(&path).map(Zeroizing::new).with_context(|| {
        format!(
            "cannot read {}: was the headless wallet ever started?",
            path.display()
        )
    })?;
    let server = match (&section.tls_certificate, &section.identifier) {
        (Some(_), Some(identifier)) => ReachedAs::Tls(identifier),
        _ => ReachedAs::Plain(section.listen),
    };
    AdministrationClient::new(server, token)
}

/// The key that presentations are signed with where no credential's own key is. It stands beside the wallet's store and
/// not in it: there, a key that no credential names is taken for a leftover.
fn own_key(
    folder: &Path,
    provider: &Arc<dyn CryptoProvider>,
    randomness: &dyn Randomness,
) -> anyhow::Result<SoftwareKey> {
    let keys = KeyFolder::below(folder);
    if !keys.has_key(KeyPurpose::HolderAuthentication)? {
        create_private_folder(keys.path())
            .with_context(|| format!("cannot make {}", keys.path().display()))?;
        let secret = SecretKey::generate(SignatureAlgorithm::Es256, randomness)?;
        keys.write_key(KeyPurpose::HolderAuthentication, &secret)?;
    }
    Ok(keys.read_key(KeyPurpose::HolderAuthentication, provider)?)
}

/// The wallet's token, which is nobody else's: whoever administers an issuer must not sign in a holder's name.
fn token(folder: &Path, randomness: &dyn Randomness) -> anyhow::Result<Zeroizing<String>> {
    let path = folder.join(WALLET_TOKEN);
    if !path.exists() {
        let token = Zeroizing::new(base64url::encode(&random_bytes::<32>(randomness)?));
        write_atomically(&path, token.as_bytes(), Readers::Owner)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    fs::read_to_string(&path)
        .map(Zeroizing::new)
        .with_context(|| format!("cannot read {}", path.display()))
}
