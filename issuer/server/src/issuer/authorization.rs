//! The resident's side of an authorization: what the sign-in and consent pages call.
//!
//! A page has the browser's key from the cookie, and from the second step on the token of its own form. Neither alone moves
//! anything.

use symbolon_crypto::RandomnessUnavailable;
use symbolon_issuer::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use symbolon_issuer::authorization::{
    AuthorizationRefusal, AuthorizationSession, AuthorizationStage, BrowserKey, ClientDescription, CodeOffer,
    CodeOfferStage, FormToken, OfferReference,
};
use symbolon_issuer::grant::{Grant, GrantStage};
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer::mapping::DisplayEntry;
use symbolon_issuer::offer::OfferNote;
use symbolon_issuer::record::Uin;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{AuthorizationCommit, AuthorizationOutcome, Change, StoreError, Stored};
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use thiserror::Error;
use zeroize::Zeroizing;

use super::Issuer;
use super::offers::step_on;

/// An authorization as its pages show it.
pub struct AuthorizationView {
    /// Who asks, and what that rests on.
    pub client: ClientDescription,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// What is asked for.
    pub credentials: Vec<AskedCredential>,
    /// How far it has come.
    pub stage: AuthorizationStage,
    /// The languages that the wallet asks for, best first.
    pub ui_locales: Vec<String>,
    /// Whether an operator's offer is taken up, which only one resident can.
    pub offered: bool,
    /// What every form of this session carries.
    pub form_token: FormToken,
}

/// A credential that is asked for.
pub struct AskedCredential {
    /// Its configuration.
    pub configuration: ConfigurationId,
    /// Its name and its purpose, in each language that the issuer has.
    pub display: Vec<DisplayEntry>,
}

impl Issuer {
    /// The authorization of a browser.
    ///
    /// # Errors
    /// [`AuthorizationRefusal::Unknown`] when the key names none, [`AuthorizationRefusal::Expired`].
    pub async fn authorization(&self, browser: &str) -> Result<AuthorizationView, AuthorizationFailure> {
        let digest = SecretDigest::of(browser);
        let session = self.session(&digest).await?.value;
        let credentials = session
            .asked
            .configurations()
            .filter_map(|id| self.profile().configuration(id))
            .map(|configuration| AskedCredential {
                configuration: configuration.id().clone(),
                display: configuration.display().to_vec(),
            })
            .collect();
        Ok(AuthorizationView {
            client: session.client,
            redirect_uri: session.redirect_uri,
            credentials,
            stage: session.stage,
            ui_locales: session.ui_locales,
            offered: session.offer.is_some(),
            form_token: FormToken::derive(&self.secret, &digest),
        })
    }

    /// Notes that the resident of `record` signed in with this browser. The answer is the browser's new key, for its cookie: whoever
    /// knew the old one, and may have planted it, has nothing (session fixation).
    ///
    /// # Errors
    /// [`AuthorizationFailure`]; the session is as it was.
    pub async fn identify(
        &self,
        browser: &str,
        form_token: &str,
        record: Uin,
    ) -> Result<BrowserKey, AuthorizationFailure> {
        let digest = self.form_of(browser, form_token)?;
        let read = self.session(&digest).await?;
        let session = read.value.identified(record, self.now())?;
        let key = BrowserKey::make(&*self.setup.randomness)?;
        self.commit(AuthorizationCommit {
            left: Some((digest, read.revision)),
            session: Some(Change::new(key.digest(), session)),
            ..AuthorizationCommit::default()
        })
        .await?;
        Ok(key)
    }

    /// The resident's yes. The answer is where the browser goes, with a code.
    ///
    /// # Errors
    /// [`AuthorizationFailure`]; no code was made.
    pub async fn approve(
        &self,
        browser: &str,
        form_token: &str,
    ) -> Result<Zeroizing<String>, AuthorizationFailure> {
        let digest = self.form_of(browser, form_token)?;
        let read = self.session(&digest).await?;
        let now = self.now();
        let granted = read
            .value
            .granted(self.profile().identifier(), now, &*self.setup.randomness)?;
        let (standing, offer, grant) = match &granted.session.offer {
            Some(reference) => {
                let standing = self.standing(reference.offer.as_ref()).await?;
                let standing = standing.or(AuthorizationRefusal::OfferGone)?;
                let offer = self.taken_up(reference).await?;
                let grant = self.redeemed_otherwise(&offer.value).await?;
                (standing, Some(offer), grant)
            }
            None => (None, None, None),
        };
        let action = AuditAction::AuthorizationGranted {
            record: RecordReference::derive(&self.secret, &granted.code.record),
            client: granted.code.client.clone(),
            configurations: granted.code.asked.configurations().cloned().collect(),
        };
        let event = WaitingEvent::make(now, Actor::Resident, action, &*self.setup.randomness)?;
        self.commit(AuthorizationCommit {
            session: Some(Change::of(digest, &read, granted.session)),
            offer,
            grant,
            code: Some(Change::new(granted.code_digest, granted.code)),
            step: step_on(standing, Some(OfferNote::TakenUp), now),
            events: vec![event],
            ..AuthorizationCommit::default()
        })
        .await?;
        self.events.notify_one();
        Ok(granted.redirect)
    }

    /// The resident's no. The answer is where the browser goes, with `access_denied`.
    ///
    /// # Errors
    /// [`AuthorizationFailure`].
    pub async fn refuse(
        &self,
        browser: &str,
        form_token: &str,
    ) -> Result<Zeroizing<String>, AuthorizationFailure> {
        let digest = self.form_of(browser, form_token)?;
        let read = self.session(&digest).await?;
        let (session, redirect) = read.value.denied(self.profile().identifier(), self.now())?;
        self.commit(AuthorizationCommit {
            session: Some(Change::of(digest, &read, session)),
            ..AuthorizationCommit::default()
        })
        .await?;
        Ok(redirect)
    }

    fn form_of(&self, browser: &str, form_token: &str) -> Result<SecretDigest, AuthorizationRefusal> {
        let digest = SecretDigest::of(browser);
        if FormToken::derive(&self.secret, &digest).is(form_token) {
            Ok(digest)
        } else {
            Err(AuthorizationRefusal::ForeignForm)
        }
    }

    async fn session(
        &self,
        browser: &SecretDigest,
    ) -> Result<Stored<AuthorizationSession>, AuthorizationFailure> {
        let read = self.store().authorization(browser).await?;
        let read = read.ok_or(AuthorizationRefusal::Unknown)?;
        if self.now() >= read.value.expires_at {
            return Err(AuthorizationRefusal::Expired.into());
        }
        Ok(read)
    }

    async fn taken_up(
        &self,
        reference: &OfferReference,
    ) -> Result<Change<SecretDigest, CodeOffer>, AuthorizationFailure> {
        let read = self.store().code_offer(&reference.state).await?;
        let read = read.ok_or(AuthorizationRefusal::OfferGone)?;
        let offer = &read.value;
        if offer.stage != CodeOfferStage::Offered || self.now() >= offer.expires_at {
            return Err(AuthorizationRefusal::OfferGone.into());
        }
        let taken_up = offer.taken_up();
        Ok(Change::of(reference.state, &read, taken_up))
    }

    /// The other way to the same offer, closed with this one. Were it taken first, it would have closed this one.
    async fn redeemed_otherwise(
        &self,
        offer: &CodeOffer,
    ) -> Result<Option<Change<SecretDigest, Grant>>, StoreError> {
        let Some(code) = offer.grant else {
            return Ok(None);
        };
        let found = self.store().grant(&code).await?;
        Ok(found.map(|found| {
            let redeemed = Grant {
                stage: GrantStage::Redeemed,
                ..found.value.clone()
            };
            Change::of(code, &found, redeemed)
        }))
    }

    async fn commit(&self, commit: AuthorizationCommit) -> Result<(), AuthorizationFailure> {
        match self.store().commit_authorization(commit).await? {
            AuthorizationOutcome::Committed => Ok(()),
            // A second click of the same button, or somebody who took the offer up meanwhile: the page is loaded again.
            _ => Err(AuthorizationRefusal::Decided.into()),
        }
    }
}

/// Why a page cannot do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuthorizationFailure {
    /// The browser's or the resident's.
    #[error(transparent)]
    Refused(#[from] AuthorizationRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}
