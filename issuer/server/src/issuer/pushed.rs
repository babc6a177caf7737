//! Pushed authorization requests ([RFC 9126]).
//!
//! [RFC 9126]: https://www.rfc-editor.org/rfc/rfc9126

use symbolon_crypto::RandomnessUnavailable;
use symbolon_crypto::UnixTime;
use symbolon_issuer::authorization::{
    ClientRefusal, FoundOffer, PUSHED_REQUEST_LIFETIME, ProvenClient, RequestJudgement, RequestRefusal,
};
use symbolon_issuer::metadata::paths;
use symbolon_issuer::offer::OfferNote;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{AuthorizationCommit, AuthorizationOutcome, Change, StoreError};
use symbolon_protocol::identifier::UrlError;
use symbolon_protocol::oauth::authorization_request::{AuthorizationRequest, IssuerState};
use symbolon_protocol::oauth::dpop::DpopError;
use symbolon_protocol::oauth::error::AuthorizationErrorCode;
use symbolon_protocol::oauth::pushed_request::{
    PushedAuthorizationResponse, PushedContents, PushedRequest, PushedRequestError, RequestUri,
};
use symbolon_protocol::oauth::request_object::{self, RequestObjectError, SignedRequest};
use thiserror::Error;

use super::Issuer;
use super::back_channel::BackChannelRequest;
use super::offers::step_on;

impl Issuer {
    /// Takes an authorization request over the back channel, and names it for the browser.
    ///
    /// # Errors
    /// [`PushFailure`]; nothing was kept.
    pub async fn push(
        &self,
        request: &BackChannelRequest<'_>,
    ) -> Result<PushedAuthorizationResponse, PushFailure> {
        let now = self.now();
        let pushed = PushedRequest::parse_form(request.form)?;
        let client = self
            .clients(now)
            .client(request.client, &pushed.client)?
            .ok_or(ClientRefusal::Missing)?;
        self.check_instance(&client, now).await?;
        let url = self.profile().identifier().endpoint(paths::PUSHED_REQUESTS)?;
        let key = self.proven_key(request.dpop, &url, now)?;
        let asked = match pushed.contents {
            PushedContents::Plain(asked) => *asked,
            PushedContents::Signed(object) => self.opened(&object, &client, now)?,
        };
        let offer = self.found_offer(asked.issuer_state.as_ref()).await?;
        let judged = self
            .requests(now)
            .request(&asked, &client, key.map(|key| key.thumbprint), &offer)?;
        let request_uri = RequestUri::make(&*self.setup.randomness)?;
        let standing = self.standing(judged.offer.as_ref().and_then(|offer| offer.offer.as_ref()));
        let standing = standing.await?.or(RequestRefusal::Offer)?;
        let commit = AuthorizationCommit {
            step: step_on(standing, Some(OfferNote::AuthorizationBegun), now),
            pushed: Some(Change::new(SecretDigest::of(request_uri.as_str()), judged)),
            replays: client.proof.into_iter().chain(key.map(|key| key.mark)).collect(),
            ..AuthorizationCommit::default()
        };
        match self.store().commit_authorization(commit).await? {
            AuthorizationOutcome::Committed => Ok(PushedAuthorizationResponse {
                request_uri,
                expires_in: PUSHED_REQUEST_LIFETIME.as_secs(),
            }),
            AuthorizationOutcome::Replayed(mark) if client.proof == Some(mark) => {
                Err(client.replayed().into())
            }
            AuthorizationOutcome::Replayed(_) => Err(DpopError::Replayed.into()),
            AuthorizationOutcome::Changed => Err(StoreError::Contended { what: "request_uri" }.into()),
        }
    }

    pub(super) const fn requests(&self, now: UnixTime) -> RequestJudgement<'_> {
        RequestJudgement {
            profile: &self.setup.profile,
            now,
        }
    }

    /// The request in an object that the client signed.
    pub(super) fn opened(
        &self,
        object: &SignedRequest,
        client: &ProvenClient,
        now: UnixTime,
    ) -> Result<AuthorizationRequest, RequestObjectError> {
        let clients = self.clients(now);
        let keys = clients.request_object_keys(client.id());
        let server = self.profile().identifier();
        request_object::verify(object, client.id(), keys, server, now, &*self.setup.crypto)
    }

    pub(super) async fn found_offer(&self, state: Option<&IssuerState>) -> Result<FoundOffer, StoreError> {
        let Some(state) = state else {
            return Ok(FoundOffer::NotNamed);
        };
        let state = SecretDigest::of(state.as_str());
        Ok(match self.store().code_offer(&state).await? {
            Some(found) => FoundOffer::Known {
                state,
                offer: Box::new(found.value),
            },
            None => FoundOffer::Unknown,
        })
    }
}

impl PushFailure {
    /// The protocol's code; `None` when the issuer failed.
    #[must_use]
    pub fn code(&self) -> Option<AuthorizationErrorCode> {
        match self {
            Self::Form(error) => Some(error.code()),
            Self::Client(refusal) => Some(refusal.code().into()),
            Self::Dpop(error) => Some(error.token_code().into()),
            Self::Object(error) => Some(error.code()),
            Self::Refused(refusal) => Some(refusal.code()),
            Self::Store(_) | Self::Randomness(_) | Self::Address(_) => None,
        }
    }
}

/// Why a request is not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PushFailure {
    /// The form.
    #[error(transparent)]
    Form(#[from] PushedRequestError),
    /// The client.
    #[error(transparent)]
    Client(#[from] ClientRefusal),
    /// The proof of its key.
    #[error(transparent)]
    Dpop(#[from] DpopError),
    /// The request object.
    #[error(transparent)]
    Object(#[from] RequestObjectError),
    /// What it asks for.
    #[error(transparent)]
    Refused(#[from] RequestRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The endpoint's address cannot be written, which is found out at start.
    #[error(transparent)]
    Address(#[from] UrlError),
}
