//! Who calls: a client, by an assertion that it signed ([RFC 7523], `private_key_jwt`). No client shares a secret with the provider.
//!
//! [RFC 7523]: https://www.rfc-editor.org/rfc/rfc7523

use core::time::Duration;

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
/// How long after a look an assertion by an unknown key does not make us look again: anybody can send one.
const KEYS_PATIENCE: Duration = Duration::from_secs(15);

/// A client that was checked, with the keys that it publishes.
pub(super) struct OpenedClient {
    rules: OpenIdClient,
    published: Mutex<Option<PublishedKeys>>,
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
            published: Mutex::new(None),
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
        let mut published = self.published.lock().await;
        let now = state.now();
        if let Some(known) = published.as_ref()
            && now.since(known.fetched_at) <= lifetime
        {
            return Ok(known.keys.clone());
        }
        let fetch = Fetch::document(uri.url().clone(), MAX_CLIENT_KEYS_BYTES);
        let fetched = state.dependencies.fetcher.fetch(fetch).await;
        let keys = fetched
            .ok()
            .filter(|fetched| fetched.is_success())
            .and_then(|fetched| parse_client_keys(&fetched.body).ok())
            .ok_or(ClientRefused::NoKeys)?;
        *published = Some(PublishedKeys {
            keys: keys.clone(),
            fetched_at: now,
        });
        Ok(keys)
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
