//! The wallet that the command line drives: its folder, its keys in software, its transport.

mod provider;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use http::{HeaderName, HeaderValue};
use symbolon_crypto::jose::jwe::{
    DecryptedJwe, EncryptionParameters, JweBudget, JweCodec, JweError, KeyLookup, PureJwe, Recipient,
};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::{CryptoProvider, Randomness};
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::fetch::{Fetch, FetchError, FetchPolicy, GuardedFetcher, Redirects};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_wallet_core::{
    BoxFuture, HttpRequest, HttpResponse, Method, ObserveProgress, Ports, RelyingPartyPolicy, Transport,
    TransportError, Wallet, WalletPolicy,
};
use symbolon_wallet_store::{EncryptedStore, SoftwareWrappingKey};
use zeroize::Zeroizing;

use crate::edge::SystemRandomness;
use crate::installation::files::create_private_folder;
use crate::installation::keys::{read_secret, write_secret};

pub use provider::DevelopmentProvider;

const WRAPPING_KEY: &str = "wrapping-key.pem";
const WRAPPING_KEY_TAG: &str = "SYMBOLON WALLET KEY";
const STORE: &str = "wallet.redb";

/// Opens the wallet in `folder`, and makes it where there is none. `complete` adds to the policy of the trust list. Its data key is wrapped by a key in a file that the owner
/// alone may read; a phone has its platform's key store for that.
///
/// # Errors
/// Files that cannot be read or written, a store that is open elsewhere or damaged, a trust list with an unusable issuer; and as
/// `complete`.
pub fn open_wallet(
    folder: &Path,
    root: &RootOfTrust,
    urls: UrlPolicy,
    complete: impl FnOnce(&mut RelyingPartyPolicy) -> anyhow::Result<()>,
    progress: Arc<dyn ObserveProgress>,
) -> anyhow::Result<Wallet> {
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
    let (store, _) = open_store(folder, &randomness)?;
    let mut policy =
        WalletPolicy::from_trust_list(&root.trust_list, urls).context("the trust list cannot be used")?;
    complete(&mut policy.relying_parties)?;
    let fetches = match urls {
        UrlPolicy::Public => FetchPolicy::Public,
        UrlPolicy::Development => FetchPolicy::Development,
    };
    let ports = Ports {
        transport: Arc::new(FetcherTransport(GuardedFetcher::new(fetches)?)),
        keys: Arc::new(store.software_keys(Arc::clone(&provider))),
        store: Arc::new(store),
        encryption: Arc::new(SharedJwe(Arc::clone(&provider))),
        crypto: provider,
        randomness,
        json_ld: Some(Arc::new(SsiJsonLd::new())),
        progress,
    };
    Ok(Wallet::new(ports, policy))
}

/// Opens the store of the wallet in `folder`, and makes it where there is none. The key is the one that its data key is
/// wrapped with.
pub(crate) fn open_store(
    folder: &Path,
    randomness: &Arc<dyn Randomness>,
) -> anyhow::Result<(EncryptedStore, SymmetricKey)> {
    create_private_folder(folder)
        .with_context(|| format!("cannot make the wallet's folder {}", folder.display()))?;
    let key = wrapping_key(folder, randomness.as_ref())?;
    let wrapping_key = Zeroizing::new(*key.as_bytes());
    let wrap = SoftwareWrappingKey::new(&wrapping_key, randomness.as_ref());
    let store = EncryptedStore::open(&folder.join(STORE), &wrap, Arc::clone(randomness))
        .with_context(|| format!("cannot open the wallet in {}", folder.display()))?;
    Ok((store, key))
}

fn wrapping_key(folder: &Path, randomness: &dyn Randomness) -> anyhow::Result<SymmetricKey> {
    let path: PathBuf = folder.join(WRAPPING_KEY);
    if path.exists() {
        return Ok(read_secret(&path, WRAPPING_KEY_TAG)?);
    }
    if folder.join(STORE).exists() {
        bail!(
            "{} is missing, and without it the wallet beside it cannot be opened",
            path.display()
        );
    }
    let key = SymmetricKey::make(randomness)?;
    write_secret(&path, WRAPPING_KEY_TAG, &key)?;
    Ok(key)
}

/// JWE over a provider that is shared, as the wallet's port wants it.
struct SharedJwe(Arc<dyn CryptoProvider>);

impl JweCodec for SharedJwe {
    fn encrypt(
        &self,
        payload: &[u8],
        recipient: &Recipient,
        parameters: EncryptionParameters<'_>,
        randomness: &dyn Randomness,
    ) -> Result<String, JweError> {
        PureJwe::new(self.0.as_ref()).encrypt(payload, recipient, parameters, randomness)
    }

    fn decrypt_within(
        &self,
        text: &str,
        keys: &KeyLookup<'_>,
        budget: JweBudget,
    ) -> Result<DecryptedJwe, JweError> {
        PureJwe::new(self.0.as_ref()).decrypt_within(text, keys, budget)
    }
}

/// The wallet's transport, over the guarded fetcher.
struct FetcherTransport(GuardedFetcher);

impl Transport for FetcherTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let headers = request
                .headers
                .iter()
                .map(|(name, value)| {
                    // Names come from the wallet's code; a value that is no header value is refused, not sent.
                    let value = HeaderValue::from_str(value).map_err(|_| TransportError::Refused)?;
                    Ok((HeaderName::from_static(name), value))
                })
                .collect::<Result<Vec<_>, TransportError>>()?;
            let fetch = Fetch {
                method: match request.method {
                    Method::Get => http::Method::GET,
                    Method::Post => http::Method::POST,
                },
                url: request.url,
                headers,
                body: request.body,
                max_bytes: request.max_response_bytes,
                redirects: Redirects::Refuse,
            };
            let fetched = self.0.fetch(fetch).await.map_err(|error| match error {
                FetchError::Refused => TransportError::Refused,
                FetchError::Unreachable | FetchError::Client(_) => TransportError::Unreachable,
                FetchError::TooLarge { .. } => TransportError::TooLarge,
                _ => TransportError::Interrupted,
            })?;
            let headers = fetched
                .headers
                .iter()
                .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
                .collect();
            Ok(HttpResponse {
                status: fetched.status,
                headers,
                body: fetched.body,
            })
        })
    }
}
