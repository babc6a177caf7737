//! The wallet that the command line drives: its folder, its keys in software, its transport.

mod folder;
mod provider;

use std::sync::Arc;

use anyhow::Context as _;
use http::{HeaderName, HeaderValue};
use symbolon_crypto::jose::jwe::{
    DecryptedJwe, EncryptionParameters, JweBudget, JweCodec, JweError, KeyLookup, PureJwe, Recipient,
};
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
use symbolon_wallet_store::EncryptedStore;

use crate::edge::SystemRandomness;

pub use folder::{DOCUMENTS, WalletFolder};
pub use provider::DevelopmentProvider;

/// The wallet of whoever `store` belongs to. `complete` adds to the policy of the trust list.
///
/// # Errors
/// A trust list with an unusable issuer; and as `complete`.
pub fn open_wallet(
    store: EncryptedStore,
    root: &RootOfTrust,
    urls: UrlPolicy,
    complete: impl FnOnce(&mut RelyingPartyPolicy) -> anyhow::Result<()>,
    progress: Arc<dyn ObserveProgress>,
) -> anyhow::Result<Wallet> {
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
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
