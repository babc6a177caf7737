//! The authorization endpoint: from the browser's address to a session of this browser ([RFC 6749 §3.1], [OpenID4VCI §5]).
//!
//! [RFC 6749 §3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
//! [OpenID4VCI §5]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5

use symbolon_crypto::{RandomnessUnavailable, UnixTime};
use symbolon_issuer::authorization::{
    BrowserKey, ClientAssurance, ClientRefusal, ProvenClient, PushedRequest, PushedRequests, RequestRefusal,
};
use symbolon_issuer::offer::OfferNote;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{AuthorizationCommit, AuthorizationOutcome, Change, Revision, StoreError};
use symbolon_protocol::oauth::authorization_request::{
    AnswerAddress, AuthorizationEndpointRequest, AuthorizationRequest, AuthorizationRequestError, State,
};
use symbolon_protocol::oauth::authorization_response::{AuthorizationAnswer, AuthorizationResponse};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::error::{AuthorizationErrorCode, ErrorDescription};
use symbolon_protocol::oauth::pushed_request::RequestUri;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::oauth::request_object::RequestObjectError;
use thiserror::Error;
use zeroize::Zeroizing;

use super::Issuer;
use super::offers::step_on;

impl Issuer {
    /// Begins the authorization that a browser was sent for. The answer is the browser's key, for its cookie; the sign-in page follows.
    ///
    /// # Errors
    /// [`BeginFailure`], which says whether the wallet is told or the resident.
    pub async fn begin(&self, query: &[u8]) -> Result<BrowserKey, BeginFailure> {
        let now = self.now();
        match AuthorizationEndpointRequest::parse(query) {
            Ok(AuthorizationEndpointRequest::Pushed {
                client_id,
                request_uri,
            }) => self.begin_pushed(&client_id, &request_uri, now).await,
            Ok(AuthorizationEndpointRequest::Plain(request)) => {
                let client = self.clients(now).front_channel(&request.client_id)?;
                self.begin_in_the_open(&request, &client, now).await
            }
            Ok(AuthorizationEndpointRequest::Signed { client_id, request }) => {
                let client = self.clients(now).front_channel(&client_id)?;
                let request = self.opened(&request, &client, now)?;
                self.begin_in_the_open(&request, &client, now).await
            }
            Err(refused) => Err(match refused.tell {
                Some(address) => self.malformed(&address, refused.reason, now),
                None => BeginFailure::Malformed(refused.reason),
            }),
        }
    }

    async fn begin_pushed(
        &self,
        client: &ClientIdentifier,
        request_uri: &RequestUri,
        now: UnixTime,
    ) -> Result<BrowserKey, BeginFailure> {
        let digest = SecretDigest::of(request_uri.as_str());
        let found = self.store().pushed_request(&digest).await?;
        let found = found.ok_or(BeginFailure::RequestUri)?;
        if now >= found.value.expires_at || found.value.client.id != *client {
            return Err(BeginFailure::RequestUri);
        }
        self.start(found.value, Some((digest, found.revision)), now).await
    }

    /// A request that came through the browser, where anybody may have written or read it.
    async fn begin_in_the_open(
        &self,
        request: &AuthorizationRequest,
        client: &ProvenClient,
        now: UnixTime,
    ) -> Result<BrowserKey, BeginFailure> {
        let requests = self.requests(now);
        requests.address(client, &request.redirect_uri)?;
        let judged = match self.profile().authorization().pushed_requests {
            PushedRequests::Required => Err(RequestRefusal::NotPushed),
            PushedRequests::Optional => {
                let offer = self.found_offer(request.issuer_state.as_ref()).await?;
                requests.request(request, client, None, &offer)
            }
        };
        let judged = judged.map_err(|refusal| {
            let (to, state) = (&request.redirect_uri, request.state.as_ref());
            self.tell(client, to, state, refusal.into())
        })?;
        self.start(judged, None, now).await
    }

    async fn start(
        &self,
        request: PushedRequest,
        taken: Option<(SecretDigest, Revision)>,
        now: UnixTime,
    ) -> Result<BrowserKey, BeginFailure> {
        let key = BrowserKey::make(&*self.setup.randomness)?;
        let standing = self.standing(request.offer.as_ref().and_then(|offer| offer.offer.as_ref()));
        let standing = standing.await?.or(RequestRefusal::Offer)?;
        let commit = AuthorizationCommit {
            taken,
            step: step_on(standing, Some(OfferNote::AuthorizationBegun), now),
            session: Some(Change::new(key.digest(), request.into_session(now))),
            ..AuthorizationCommit::default()
        };
        match self.store().commit_authorization(commit).await? {
            AuthorizationOutcome::Committed => Ok(key),
            // Another browser was quicker with the same request_uri.
            _ => Err(BeginFailure::RequestUri),
        }
    }

    fn malformed(
        &self,
        address: &AnswerAddress,
        reason: AuthorizationRequestError,
        now: UnixTime,
    ) -> BeginFailure {
        let client = match self.clients(now).front_channel(&address.client_id) {
            Ok(client) => client,
            Err(refusal) => return refusal.into(),
        };
        match self.requests(now).address(&client, &address.redirect_uri) {
            Ok(()) => {
                let (to, state) = (&address.redirect_uri, address.state.as_ref());
                self.tell(&client, to, state, BeginFailure::Malformed(reason))
            }
            Err(refusal) => refusal.into(),
        }
    }

    /// Tells the wallet what `failure` is, where the operator or an attester chose its address. A wallet that nobody knows chose its
    /// own: a link to this issuer must not lead to it before a resident has seen where it goes ([RFC 9700 §4.11.2]).
    ///
    /// [RFC 9700 §4.11.2]: https://www.rfc-editor.org/rfc/rfc9700#section-4.11.2
    fn tell(
        &self,
        client: &ProvenClient,
        to: &RedirectUri,
        state: Option<&State>,
        failure: BeginFailure,
    ) -> BeginFailure {
        let Some(error) = failure.code() else {
            return failure;
        };
        if client.description.assurance == ClientAssurance::Unregistered {
            return failure;
        }
        let response = AuthorizationResponse {
            issuer: self.profile().identifier(),
            state,
            answer: AuthorizationAnswer::Refused {
                error,
                description: ErrorDescription::parse(&failure.to_string()),
            },
        };
        BeginFailure::Tell(response.redirect(to))
    }
}

/// Why no authorization begins.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BeginFailure {
    /// The wallet is told, at this address, which is allowed for it.
    #[error("the authorization request is refused, and the wallet is told")]
    Tell(Zeroizing<String>),
    /// It does not say who asks or where the answer goes: the resident is told.
    #[error(transparent)]
    Malformed(AuthorizationRequestError),
    /// The `request_uri` is unknown, used, expired or another client's.
    #[error("request_uri is unknown, used or expired")]
    RequestUri,
    /// The client is not one that may send residents here.
    #[error(transparent)]
    Client(#[from] ClientRefusal),
    /// Whatever its object says, nobody knows who wrote it.
    #[error(transparent)]
    Object(#[from] RequestObjectError),
    /// The answer may not go where it should.
    #[error(transparent)]
    Refused(#[from] RequestRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

impl BeginFailure {
    /// The protocol's code, for whoever reads the page in the browser; `None` when the issuer failed or the wallet is told.
    #[must_use]
    pub fn code(&self) -> Option<AuthorizationErrorCode> {
        match self {
            Self::Malformed(error) => Some(error.code()),
            Self::RequestUri => Some(AuthorizationErrorCode::InvalidRequestUri),
            Self::Client(refusal) => Some(refusal.code().into()),
            Self::Object(error) => Some(error.code()),
            Self::Refused(refusal) => Some(refusal.code()),
            Self::Tell(_) | Self::Store(_) | Self::Randomness(_) => None,
        }
    }
}
