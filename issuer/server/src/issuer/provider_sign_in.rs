//! A resident's sign-in by an OpenID Provider.

use symbolon_issuer::authorization::{BrowserKey, FormToken};
use symbolon_issuer::record::{IdRecord, VitalStatus};
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::sign_in::SignInMethod;
use symbolon_issuer::sign_in::openid_provider::{ProviderError, RecordName};
use symbolon_issuer::store::{Change, StoreError, Swap};
use symbolon_protocol::identifier::HttpUrl;
use url::Url;

use super::Issuer;
use super::sign_in::SignInFailure;
use crate::pages::paths;
use crate::sign_in::{Provider, ProviderFailure, ProviderSetup, SignInWay};

impl Issuer {
    /// Where a browser goes to sign in at the provider.
    ///
    /// # Errors
    /// [`SignInFailure`]; the sign-in is as it was.
    pub(crate) async fn to_provider(&self, browser: &str, languages: &[&str]) -> Result<Url, SignInFailure> {
        let setup = self.provider_way()?;
        self.nobody_signed_in(browser).await?;
        let digest = SecretDigest::of(browser);
        let back = self.provider_back()?;
        let (state, location) = self.provider(setup, &back).begin(languages).await?;
        let stored = self.sign_in(&digest).await?;
        let change = Change::of(digest, &stored, stored.value.at_provider(state));
        match self.commit_sign_in(change, None, Vec::new()).await? {
            Swap::Done => Ok(location),
            Swap::Changed => Err(StoreError::Contended { what: "sign-in" }.into()),
        }
    }

    /// Takes the browser back with the provider's answer. The answer is the browser's new key, for its cookie.
    ///
    /// # Errors
    /// [`SignInFailure`].
    pub(crate) async fn back_from_provider(
        &self,
        browser: &str,
        query: &str,
    ) -> Result<BrowserKey, SignInFailure> {
        let setup = self.provider_way()?;
        self.nobody_signed_in(browser).await?;
        let digest = SecretDigest::of(browser);
        let stored = self.sign_in(&digest).await?;
        let kept = stored.value.provider_state().cloned();
        let kept = kept.ok_or(ProviderFailure::Answer(ProviderError::ForeignAnswer))?;
        // An answer is for one try: whatever comes of it, the state is spent before the code is redeemed.
        let spent = Change::of(digest, &stored, stored.value.start_over());
        if self.commit_sign_in(spent, None, Vec::new()).await? == Swap::Changed {
            return Err(ProviderFailure::Answer(ProviderError::ForeignAnswer).into());
        }
        let back = self.provider_back()?;
        let name = self.provider(setup, &back).finish(query, &kept).await?;
        let record = self.record_named(&name).await?;
        let record = record.filter(|record| record.vital_status() == VitalStatus::Living);
        let record = record.ok_or(SignInFailure::NoRecord)?.uin().clone();

        let stored = self.sign_in(&digest).await?;
        let method = SignInMethod::OpenIdProvider;
        let change = Change::of(digest, &stored, stored.value.identified(record.clone(), method));
        let event = self.signed_in_event(&record, method)?;
        if self.commit_sign_in(change, None, vec![event]).await? == Swap::Changed {
            return Err(StoreError::Contended { what: "sign-in" }.into());
        }
        let token = FormToken::derive(&self.secret, &digest);
        Ok(self.identify(browser, token.expose(), record).await?)
    }

    async fn record_named(&self, name: &RecordName) -> Result<Option<IdRecord>, StoreError> {
        match name {
            RecordName::Uin(uin) => self.store().record(uin).await,
            RecordName::Vid(vid) => self.store().record_by_vid(vid).await,
        }
    }

    fn provider<'a>(&'a self, setup: &'a ProviderSetup, redirect_uri: &'a HttpUrl) -> Provider<'a> {
        Provider {
            setup,
            secret: &self.secret,
            crypto: &*self.setup.crypto,
            randomness: &*self.setup.randomness,
            redirect_uri,
            now: self.now(),
        }
    }

    fn provider_back(&self) -> Result<HttpUrl, SignInFailure> {
        let endpoint = self.profile().identifier().endpoint(paths::PROVIDER_BACK);
        endpoint.map_err(|_| SignInFailure::NotSetUp)
    }

    fn provider_way(&self) -> Result<&ProviderSetup, SignInFailure> {
        match &self.setup.sign_in.way {
            SignInWay::OpenIdProvider(setup) => Ok(setup),
            SignInWay::Closed | SignInWay::OneTimeCode { .. } => Err(SignInFailure::NotSetUp),
        }
    }
}
