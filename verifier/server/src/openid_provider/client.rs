//! Who calls: a client, by an assertion that it signed ([RFC 7523], `private_key_jwt`). No client shares a secret with the provider.
//!
//! [RFC 7523]: https://www.rfc-editor.org/rfc/rfc7523

use core::time::Duration;
use std::sync::PoisonError;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use symbolon_crypto::{PublicKey, UnixTime};
use symbolon_http::fetch::Fetch;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::client::{ClientHeaders, ClientParameters, PresentedAuthentication};
use symbolon_protocol::oauth::client_assertion::{
    AssertionAudience, AssertionError, VerifiedAssertion, claimed_client, verify_for,
};
use symbolon_protocol::openid_connect::client_keys::{MAX_CLIENT_KEYS_BYTES, parse_client_keys};
use symbolon_verifier::openid_provider::{ClientKeys, OpenIdClient, UsedOnce};
use symbolon_verifier::store::{NonceUse, StoreError};
use tokio::sync::Mutex;

use super::Provider;
use super::error::ClientRefused;
use crate::relying_party::OpenedRelyingParty;
use crate::state::State;

/// How long published keys are used without looking again.
const KEYS_LIFETIME: Duration = Duration::from_secs(300);
/// How long after a look an assertion by an unknown key does not make us look again, nor any where the look brought nothing: anybody can
/// send one.
const KEYS_PATIENCE: Duration = Duration::from_secs(15);

/// A client that was checked, with the keys that it publishes.
pub(super) struct OpenedClient {
    rules: OpenIdClient,
    published: Published,
}

/// What a client publishes.
#[derive(Default)]
struct Published {
    /// Known keys are used while others are fetched: a slow answer holds up nobody who does not need it.
    known: std::sync::Mutex<Option<PublishedKeys>>,
    /// Held by the one who fetches: when a look last brought nothing.
    fetching: Mutex<Option<UnixTime>>,
}

#[derive(Clone)]
struct PublishedKeys {
    keys: Vec<PublicKey>,
    fetched_at: UnixTime,
}

/// A client that has proven who it is.
pub(super) struct AuthenticatedClient<'p> {
    pub(super) rules: &'p OpenIdClient,
    pub(super) party: &'p OpenedRelyingParty,
}

impl OpenedClient {
    pub(super) fn new(rules: OpenIdClient) -> Self {
        Self {
            rules,
            published: Published::default(),
        }
    }

    pub(super) const fn rules(&self) -> &OpenIdClient {
        &self.rules
    }

    /// The keys that the client publishes, no older than `lifetime`. One caller fetches, and the others wait for it.
    async fn published(
        &self,
        state: &State,
        uri: &HttpUrl,
        lifetime: Duration,
    ) -> Result<Vec<PublicKey>, ClientRefused> {
        if let Some(keys) = self.published.known(state.now(), lifetime) {
            return Ok(keys);
        }
        let mut failed_at = self.published.fetching.lock().await;
        // Whoever had to wait has what the one before has fetched.
        let now = state.now();
        if let Some(keys) = self.published.known(now, lifetime) {
            return Ok(keys);
        }
        if failed_at.is_some_and(|at| now.since(at) <= KEYS_PATIENCE) {
            return Err(ClientRefused::NoKeys);
        }
        let fetch = Fetch::document(uri.url().clone(), MAX_CLIENT_KEYS_BYTES);
        let fetched = state.dependencies.fetcher.fetch(fetch).await;
        let keys = fetched
            .ok()
            .filter(|fetched| fetched.is_success())
            .and_then(|fetched| parse_client_keys(&fetched.body).ok());
        // Not before the look is over: somebody who hangs up meanwhile must not cost the client its next try.
        *failed_at = keys.is_none().then_some(now);
        let keys = keys.ok_or(ClientRefused::NoKeys)?;
        self.published.keep(PublishedKeys {
            keys: keys.clone(),
            fetched_at: now,
        });
        Ok(keys)
    }
}

impl Published {
    /// The keys, no older than `lifetime`.
    fn known(&self, now: UnixTime, lifetime: Duration) -> Option<Vec<PublicKey>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let young = known
            .as_ref()
            .filter(|known| now.since(known.fetched_at) <= lifetime);
        young.map(|known| known.keys.clone())
    }

    fn keep(&self, keys: PublishedKeys) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys);
    }
}

impl Provider {
    /// Finds out which client calls. The assertion is spent with it.
    pub(super) async fn authenticate(
        &self,
        headers: &HeaderMap,
        parameters: &ClientParameters,
    ) -> Result<AuthenticatedClient<'_>, ClientRefused> {
        let authorization: Vec<&str> = headers
            .get_all(AUTHORIZATION)
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .collect();
        let presented = ClientHeaders {
            authorization: &authorization,
            ..ClientHeaders::default()
        };
        let PresentedAuthentication::Assertion(assertion) =
            PresentedAuthentication::find(presented, parameters)?
        else {
            return Err(ClientRefused::NoAssertion);
        };
        let claimed = claimed_client(assertion)?;
        if parameters
            .client_id
            .as_ref()
            .is_some_and(|named| *named != claimed)
        {
            return Err(AssertionError::WrongSubject.into());
        }
        let (client, party) = self.client(&claimed).ok_or(ClientRefused::UnknownClient)?;
        let endpoints = [self.addresses.token.clone(), self.addresses.pushed.clone()];
        let audience = AssertionAudience::IssuerOrEndpoints {
            issuer: &self.addresses.issuer,
            endpoints: &endpoints,
        };
        let crypto = &*self.state.dependencies.crypto;
        let verify = |keys: &[PublicKey]| verify_for(assertion, &claimed, keys, audience, self.now(), crypto);
        let verified = match client.rules.keys() {
            ClientKeys::Registered(keys) => verify(keys)?,
            ClientKeys::Published(uri) => {
                let keys = client.published(&self.state, uri, KEYS_LIFETIME).await?;
                match verify(&keys) {
                    // It may have new ones.
                    Err(AssertionError::Signature) => {
                        verify(&client.published(&self.state, uri, KEYS_PATIENCE).await?)?
                    }
                    verified => verified?,
                }
            }
        };
        self.spend_assertion(&client.rules, &verified).await?;
        Ok(AuthenticatedClient {
            rules: &client.rules,
            party,
        })
    }

    async fn spend_assertion(
        &self,
        client: &OpenIdClient,
        assertion: &VerifiedAssertion,
    ) -> Result<(), ClientRefused> {
        let used = UsedOnce::Assertion {
            client: client.client_id().as_str(),
            jti: assertion.jti().as_str(),
        };
        match self.spend(used, assertion.forget_after()).await? {
            NonceUse::First => Ok(()),
            NonceUse::Replayed => Err(ClientRefused::AssertionReplayed),
        }
    }

    /// Spends what may be used once.
    pub(super) async fn spend(
        &self,
        used: UsedOnce<'_>,
        keep_until: UnixTime,
    ) -> Result<NonceUse, StoreError> {
        let deps = &self.state.dependencies;
        let mark = used.mark().ok_or(StoreError::Unreadable)?;
        deps.store.consume_nonce(&deps.tenant, &mark, keep_until).await
    }
}
