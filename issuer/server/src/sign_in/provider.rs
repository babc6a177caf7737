//! The OpenID Provider over HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use symbolon_crypto::signing::{KeyError, Sign, SignOutcome};
use symbolon_crypto::{CryptoProvider, Randomness, RandomnessUnavailable, UnixTime};
use symbolon_http::fetch::{Fetch, FetchError, FetchPolicy, Fetched, GuardedFetcher, Redirects};
use symbolon_issuer::secret::InstallationSecret;
use symbolon_issuer::sign_in::openid_provider::{
    IdToken, MAX_PROVIDER_DOCUMENT_BYTES, ProviderAnswer, ProviderError, ProviderKeys, ProviderMetadata,
    ProviderSettings, ProviderState, ProviderTokens, RecordName, TokenRequest, UserInfo, resident_of,
    verify_id_token,
};
use symbolon_protocol::identifier::HttpUrl;
use thiserror::Error;
use url::Url;

/// How long metadata and keys are believed without being asked for again.
const FRESH: Duration = Duration::from_secs(600);

/// How soon keys are asked for again because a token named an unknown one.
const KEYS_AGAIN: Duration = Duration::from_secs(30);

/// A provider that an operator has set up.
#[derive(Clone)]
pub struct ProviderSetup {
    settings: ProviderSettings,
    name: String,
    client_key: Option<Arc<dyn Sign>>,
    fetcher: GuardedFetcher,
    known: Arc<Mutex<Known>>,
}

/// What was last read of the provider.
#[derive(Default)]
struct Known {
    metadata: Option<(UnixTime, ProviderMetadata)>,
    keys: Option<(UnixTime, ProviderKeys)>,
}

/// Why a provider cannot be set up.
#[derive(Debug, Error)]
#[error("the HTTP client cannot be made")]
pub struct ProviderUnusable(#[source] FetchError);

impl ProviderSetup {
    /// A provider that pages call `name`. `client_key` signs what `settings` has to be signed.
    ///
    /// # Errors
    /// [`ProviderUnusable`].
    pub fn new(
        settings: ProviderSettings,
        name: String,
        client_key: Option<Arc<dyn Sign>>,
        policy: FetchPolicy,
    ) -> Result<Self, ProviderUnusable> {
        Ok(Self {
            settings,
            name,
            client_key,
            fetcher: GuardedFetcher::new(policy).map_err(ProviderUnusable)?,
            known: Arc::default(),
        })
    }

    /// What pages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A provider with what its steps are made with.
pub(crate) struct Provider<'a> {
    pub(crate) setup: &'a ProviderSetup,
    pub(crate) secret: &'a InstallationSecret,
    pub(crate) crypto: &'a dyn CryptoProvider,
    pub(crate) randomness: &'a dyn Randomness,
    pub(crate) redirect_uri: &'a HttpUrl,
    pub(crate) now: UnixTime,
}

impl Provider<'_> {
    /// Where the browser goes, and what to keep of it.
    pub(crate) async fn begin(&self, languages: &[&str]) -> Result<(ProviderState, Url), ProviderFailure> {
        use symbolon_issuer::sign_in::openid_provider::begin;
        let metadata = self.metadata().await?;
        let settings = &self.setup.settings;
        let beginning = begin(
            settings,
            &metadata,
            self.redirect_uri,
            languages,
            self.secret,
            self.randomness,
        )?;
        Ok((beginning.state, beginning.location))
    }

    /// The record that the provider names once the browser is back.
    pub(crate) async fn finish(
        &self,
        query: &str,
        kept: &ProviderState,
    ) -> Result<RecordName, ProviderFailure> {
        let metadata = self.metadata().await?;
        let settings = &self.setup.settings;
        let answer = ProviderAnswer::parse(query, kept, settings, &metadata)?;
        let tokens = self.tokens(&answer, &metadata).await?;
        let nonce = answer.nonce(self.secret);
        let mut keys = self.keys(&metadata, FRESH).await?;
        let verify = |keys: &ProviderKeys| {
            verify_id_token(&tokens.id_token, settings, keys, &nonce, self.now, self.crypto)
        };
        let id_token = match verify(&keys) {
            // A provider that has changed its keys since they were read.
            Err(ProviderError::UnknownKey) => {
                keys = self.keys(&metadata, KEYS_AGAIN).await?;
                verify(&keys)?
            }
            judged => judged?,
        };
        let user_info = match metadata.user_info_endpoint() {
            Some(endpoint) if !id_token.names_a_record(settings) => {
                Some(self.user_info(endpoint, &tokens, &id_token, &keys).await?)
            }
            _ => None,
        };
        Ok(resident_of(&id_token, user_info.as_ref(), settings)?)
    }

    async fn tokens(
        &self,
        answer: &ProviderAnswer,
        metadata: &ProviderMetadata,
    ) -> Result<ProviderTokens, ProviderFailure> {
        let settings = &self.setup.settings;
        let request = TokenRequest::new(
            answer,
            settings,
            metadata,
            self.redirect_uri,
            self.secret,
            self.now,
            self.randomness,
        )?;
        let form = match request {
            TokenRequest::Ready(form) => form,
            TokenRequest::ToSign(prepared) => {
                let key = self.setup.client_key.as_ref().ok_or(ProviderFailure::Locked)?;
                match key.sign(&prepared.request())? {
                    SignOutcome::Signed(signature) => prepared.finish(&signature),
                    SignOutcome::Locked => return Err(ProviderFailure::Locked),
                }
            }
        };
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let fetched = self
            .fetch(Fetch {
                method: Method::POST,
                url: metadata.token_endpoint().url().clone(),
                headers: vec![
                    (CONTENT_TYPE, form_type),
                    (ACCEPT, HeaderValue::from_static("application/json")),
                ],
                body: form.as_bytes().to_vec(),
                max_bytes: MAX_PROVIDER_DOCUMENT_BYTES,
                redirects: Redirects::Refuse,
            })
            .await?;
        match fetched.status {
            200 => Ok(ProviderTokens::parse(&fetched.body)?),
            status if status >= 500 => Err(ProviderFailure::Unreachable),
            _ => Err(ProviderError::Refused.into()),
        }
    }

    async fn user_info(
        &self,
        endpoint: &HttpUrl,
        tokens: &ProviderTokens,
        id_token: &IdToken,
        keys: &ProviderKeys,
    ) -> Result<UserInfo, ProviderFailure> {
        let bearer = format!("Bearer {}", tokens.access_token.as_str());
        let mut bearer =
            HeaderValue::from_str(&bearer).map_err(|_| ProviderError::Malformed("token response"))?;
        bearer.set_sensitive(true);
        let accepted = HeaderValue::from_static("application/json, application/jwt");
        let fetched = self
            .fetch(Fetch {
                method: Method::GET,
                url: endpoint.url().clone(),
                headers: vec![(AUTHORIZATION, bearer), (ACCEPT, accepted)],
                body: Vec::new(),
                max_bytes: MAX_PROVIDER_DOCUMENT_BYTES,
                redirects: Redirects::Refuse,
            })
            .await?;
        if fetched.status != 200 {
            return Err(ProviderError::Refused.into());
        }
        let (settings, media_type) = (&self.setup.settings, fetched.media_type());
        Ok(UserInfo::parse(
            &fetched.body,
            &media_type,
            id_token,
            settings,
            keys,
            self.crypto,
        )?)
    }

    async fn metadata(&self) -> Result<ProviderMetadata, ProviderFailure> {
        if let Some((at, metadata)) = &self.known().metadata
            && self.now.since(*at) < FRESH
        {
            return Ok(metadata.clone());
        }
        let location =
            Url::parse(&self.setup.settings.metadata_location()).map_err(|_| ProviderFailure::Unreachable)?;
        let body = self.document(location).await?;
        let metadata = ProviderMetadata::parse(&body, &self.setup.settings)?;
        self.known().metadata = Some((self.now, metadata.clone()));
        Ok(metadata)
    }

    /// The provider's keys, asked for again when those that are known are as old as `fresh`.
    async fn keys(
        &self,
        metadata: &ProviderMetadata,
        fresh: Duration,
    ) -> Result<ProviderKeys, ProviderFailure> {
        if let Some((at, keys)) = &self.known().keys
            && self.now.since(*at) < fresh
        {
            return Ok(keys.clone());
        }
        let body = self.document(metadata.jwks_uri().url().clone()).await?;
        let keys = ProviderKeys::parse(&body)?;
        self.known().keys = Some((self.now, keys.clone()));
        Ok(keys)
    }

    /// Never held while a fetch is under way: a provider that answers slowly must not make residents queue.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.setup.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn document(&self, url: Url) -> Result<Vec<u8>, ProviderFailure> {
        let fetched = self
            .fetch(Fetch::document(url, MAX_PROVIDER_DOCUMENT_BYTES))
            .await?;
        if fetched.status == 200 {
            Ok(fetched.body)
        } else {
            Err(ProviderFailure::Unreachable)
        }
    }

    async fn fetch(&self, fetch: Fetch) -> Result<Fetched, ProviderFailure> {
        self.setup
            .fetcher
            .fetch(fetch)
            .await
            .map_err(|_| ProviderFailure::Unreachable)
    }
}

/// Why the provider signed nobody in.
#[derive(Debug, Error)]
pub(crate) enum ProviderFailure {
    /// It does not answer, or answers that it cannot.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// What it answered does not do.
    #[error(transparent)]
    Answer(#[from] ProviderError),
    /// The key of this client is locked, or not there.
    #[error("the key that proves this client cannot be used now")]
    Locked,
    /// The key of this client failed.
    #[error("the key that proves this client cannot be used")]
    Key(#[from] KeyError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}
