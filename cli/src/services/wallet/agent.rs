//! The part of the headless wallet that answers verifiers and issuers by itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::secret::TransactionCode;
use symbolon_wallet_core::consent_policy::{ConsentPolicy, ConsentPolicyDocument, Otherwise};
use symbolon_wallet_core::{
    BrowserAnswers, Languages, OverAsking, PersonId, RelyingPartyPolicy, Silent, Wallet, WalletClient,
};
use symbolon_wallet_server::{Agent, AgentSetup, CALLBACK_PATH};
use symbolon_wallet_store::EncryptedStore;
use zeroize::Zeroizing;

use crate::commands::wallet::CLIENT;
use crate::configuration::identifier_text;
use crate::edge::SystemRandomness;
use crate::holder::{DevelopmentProvider, WalletFolder, open_wallet};
use crate::installation::passphrase::{PassphraseSource, WALLET_LOCK_PASSPHRASE};
use crate::installation::{Installation, relying_parties};
use crate::services::clock;

/// The largest file with a transaction code, in bytes.
const MAX_CODE_BYTES: u64 = 256;

/// The agent of an installation, over the first person's store; `None` where the configuration has no consent policy.
///
/// # Errors
/// A policy that cannot be used, with its key; a person or a file that is not there; an identifier that is missing.
pub fn open(
    installation: &Installation,
    folder: &WalletFolder,
    first: EncryptedStore,
) -> anyhow::Result<Option<Agent>> {
    let loaded = &installation.loaded;
    let Some(path) = &loaded.configuration.wallet.consent_policy else {
        return Ok(None);
    };
    let path = loaded.resolve(path);
    let document: ConsentPolicyDocument = relying_parties::read(&path).context("wallet.consent_policy")?;
    let policy = ConsentPolicy::check(document)
        .with_context(|| format!("wallet.consent_policy: {} cannot be used", path.display()))?;
    let identifier = identifier(installation)?;
    let first = wallet(installation, folder, PersonId::FIRST, first, &identifier, &policy)?;
    let mut others = BTreeMap::new();
    for served in policy.people() {
        let person = folder
            .person(Some(&served.person))
            .with_context(|| format!("wallet.consent_policy: people: {}", served.address))?;
        if person == PersonId::FIRST {
            bail!(
                "wallet.consent_policy: people: {} is the first person, who is reached without an address",
                served.address
            );
        }
        let passphrase = loaded.resolve(Path::new(&served.passphrase_file));
        let source = PassphraseSource::new(Some(passphrase), WALLET_LOCK_PASSPHRASE, "person's wallet");
        let store = folder.unlock(person, &source)?;
        let wallet = wallet(installation, folder, person, store, &identifier, &policy)?;
        others.insert(served.address.clone(), wallet);
    }
    let transaction_codes = policy
        .transaction_code_files()
        .map(|file| Ok((file.to_owned(), code(&loaded.resolve(Path::new(file)))?)))
        .collect::<anyhow::Result<_>>()?;
    Ok(Some(Agent::new(AgentSetup {
        metadata: first.verifier_metadata(),
        identifier,
        first,
        others,
        policy,
        transaction_codes,
        languages: Languages::new(["en"]),
        clock: clock(),
        randomness: Arc::new(SystemRandomness),
    })))
}

/// What the wallet is called, where it is reached.
fn identifier(installation: &Installation) -> anyhow::Result<IssuerIdentifier> {
    let configuration = &installation.loaded.configuration;
    let text = match &configuration.wallet.identifier {
        Some(url) => identifier_text(url),
        None if configuration.development => format!("http://{}", configuration.wallet.listen),
        None => {
            bail!("wallet.identifier is missing: with wallet.consent_policy others have to reach the wallet")
        }
    };
    IssuerIdentifier::parse(&text).context("wallet.identifier cannot be used")
}

fn wallet(
    installation: &Installation,
    folder: &WalletFolder,
    person: PersonId,
    store: EncryptedStore,
    identifier: &IssuerIdentifier,
    policy: &ConsentPolicy,
) -> anyhow::Result<Wallet> {
    let loaded = &installation.loaded;
    let configuration = &loaded.configuration;
    let urls = if configuration.development {
        UrlPolicy::Development
    } else {
        UrlPolicy::Public
    };
    let complete = |parties: &mut RelyingPartyPolicy| -> anyhow::Result<()> {
        configuration
            .wallet
            .complete(parties, |path| loaded.resolve(path))?;
        // Who asks for more than is registered is refused before anything is looked up, unless somebody may be asked.
        if policy.over_asking() == Otherwise::Refuse {
            parties.over_asking = OverAsking::Refused;
        }
        // Whoever reaches the endpoint may have written the request, and would carry the answer away in its address.
        parties.browsers = BrowserAnswers::Refused;
        parties.wallet_issuer = Some(identifier.clone());
        Ok(())
    };
    let wallet = open_wallet(store, &installation.believed()?, urls, complete, Arc::new(Silent))?;
    let base = identifier.as_str().trim_end_matches('/');
    let mut client = WalletClient {
        identifier: ClientIdentifier::parse(CLIENT).context("the name of this wallet cannot be used")?,
        redirect_uri: RedirectUri::parse(&format!("{base}{CALLBACK_PATH}"))?,
        attester: None,
        languages: Languages::default(),
    };
    let provider = DevelopmentProvider::of(installation, &folder.path_of(person), client.identifier.clone());
    let wallet = match provider {
        None => wallet,
        Some(provider) => {
            let provider = Arc::new(provider);
            client.attester = Some(Arc::clone(&provider) as _);
            wallet.with_key_attester(provider)
        }
    };
    Ok(wallet
        .with_client(client)
        .with_signed_metadata(configuration.wallet.signed_metadata))
}

/// The transaction code in a file.
fn code(path: &Path) -> anyhow::Result<TransactionCode> {
    let refused = || {
        anyhow!(
            "wallet.consent_policy: {} holds no transaction code",
            path.display()
        )
    };
    let length = std::fs::metadata(path)
        .with_context(|| format!("wallet.consent_policy: cannot read {}", path.display()))?
        .len();
    if length > MAX_CODE_BYTES {
        return Err(refused());
    }
    let text = Zeroizing::new(std::fs::read_to_string(path)?);
    TransactionCode::parse(text.trim()).ok_or_else(refused)
}
