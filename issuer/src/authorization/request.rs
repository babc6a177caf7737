//! Judging an authorization request ([RFC 6749 §4.1.1], [OpenID4VCI §5.1]).
//!
//! [RFC 6749 §4.1.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
//! [OpenID4VCI §5.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5.1

use symbolon_crypto::{Thumbprint, UnixTime};
use symbolon_protocol::oauth::authorization_request::AuthorizationRequest;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::error::AuthorizationErrorCode;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid4vci::authorization_details::RequestedCredential;
use thiserror::Error;

use super::asked::Asked;
use super::authenticate::ProvenClient;
use super::client::ClientAssurance;
use super::offer::{CodeOffer, CodeOfferStage};
use super::policy::ClientGrant;
use super::pushed::{PUSHED_REQUEST_LIFETIME, PushedRequest};
use super::session::OfferReference;
use crate::identifiers::ConfigurationId;
use crate::profile::IssuerProfile;
use crate::secret::SecretDigest;

/// What an `issuer_state` led to.
#[derive(Debug, Clone)]
pub enum FoundOffer {
    /// The request has none.
    NotNamed,
    /// None that this issuer knows.
    Unknown,
    /// This offer.
    Known {
        /// The digest of the `issuer_state`.
        state: SecretDigest,
        /// The offer.
        offer: Box<CodeOffer>,
    },
}

/// What requests are judged with.
#[derive(Clone, Copy)]
pub struct RequestJudgement<'a> {
    /// The issuer and its policy.
    pub profile: &'a IssuerProfile,
    /// The time.
    pub now: UnixTime,
}

impl RequestJudgement<'_> {
    /// Whether an answer to this client may go to this address at all. Before that is known, an error stays in the browser: an open
    /// redirector lends the issuer's name to whoever wants it ([RFC 9700 §4.11]).
    ///
    /// # Errors
    /// [`RequestRefusal::RedirectUri`].
    ///
    /// [RFC 9700 §4.11]: https://www.rfc-editor.org/rfc/rfc9700#section-4.11
    pub fn address(&self, client: &ProvenClient, redirect_uri: &RedirectUri) -> Result<(), RequestRefusal> {
        let registered = self.profile.authorization().clients.client(client.id());
        let allowed = match (registered, client.description.assurance) {
            (Some(registered), _) => registered
                .redirect_uris
                .iter()
                .any(|known| redirect_uri.is_allowed_by(known)),
            // The attester vouches for the wallet, which says over an authenticated channel where it listens (RFC 9126 §2.4).
            (None, ClientAssurance::Attested) => true,
            (None, _) => is_named_after_a_domain(redirect_uri),
        };
        if allowed {
            Ok(())
        } else {
            Err(RequestRefusal::RedirectUri)
        }
    }

    /// Judges a request. `proven` is the key of a DPoP proof that came with it.
    ///
    /// # Errors
    /// [`RequestRefusal`].
    pub fn request(
        &self,
        request: &AuthorizationRequest,
        client: &ProvenClient,
        proven: Option<Thumbprint>,
        offer: &FoundOffer,
    ) -> Result<PushedRequest, RequestRefusal> {
        if request.client_id != *client.id() {
            return Err(RequestRefusal::OtherClient);
        }
        self.address(client, &request.redirect_uri)?;
        self.may_ask(client.id())?;
        let issuer = self.profile.identifier();
        if request.resource.iter().any(|resource| resource != issuer) {
            return Err(RequestRefusal::Resource);
        }
        if let (Some(named), Some(proven)) = (request.dpop_jkt, proven)
            && named != proven
        {
            return Err(RequestRefusal::DpopKey);
        }
        Ok(PushedRequest {
            client: client.description.clone(),
            redirect_uri: request.redirect_uri.clone(),
            state: request.state.clone(),
            asked: self.asked(request.scope.as_ref(), &request.authorization_details)?,
            code_challenge: request.code_challenge,
            dpop: request.dpop_jkt.or(proven),
            instance: client.instance,
            offer: self.offer(offer)?,
            ui_locales: request.ui_locales.clone(),
            expires_at: self.now.plus(PUSHED_REQUEST_LIFETIME),
        })
    }

    fn may_ask(&self, client: &ClientIdentifier) -> Result<(), RequestRefusal> {
        match self.profile.authorization().clients.client(client) {
            Some(registered) if !registered.grants.contains(&ClientGrant::AuthorizationCode) => {
                Err(RequestRefusal::GrantNotAllowed)
            }
            _ => Ok(()),
        }
    }

    fn asked(&self, scope: Option<&Scope>, details: &[RequestedCredential]) -> Result<Asked, RequestRefusal> {
        let issuer = self.profile.identifier();
        for detail in details {
            let known = self
                .profile
                .configuration(&detail.credential_configuration_id)
                .is_some();
            let here = detail.locations.is_empty() || detail.locations.contains(issuer);
            if !known || !here {
                return Err(RequestRefusal::Details);
            }
        }
        let by_details = details
            .iter()
            .map(|detail| detail.credential_configuration_id.clone());
        let by_scope = scope.map(|scope| self.profile.configurations_of(scope));
        Asked::new(by_scope.unwrap_or_default(), by_details).ok_or(RequestRefusal::NothingKnown)
    }

    fn offer(&self, offer: &FoundOffer) -> Result<Option<OfferReference>, RequestRefusal> {
        match offer {
            FoundOffer::NotNamed => Ok(None),
            FoundOffer::Known { state, offer }
                if offer.stage == CodeOfferStage::Offered && self.now < offer.expires_at =>
            {
                Ok(Some(OfferReference {
                    state: *state,
                    record: offer.record.clone(),
                    offer: Some(offer.offer.clone()),
                }))
            }
            FoundOffer::Known { .. } | FoundOffer::Unknown => Err(RequestRefusal::Offer),
        }
    }
}

impl IssuerProfile {
    /// The configurations that a scope names. Values that nobody here knows are ignored ([OpenID4VCI §5.1.2]).
    ///
    /// [OpenID4VCI §5.1.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5.1.2
    #[must_use]
    pub fn configurations_of(&self, scope: &Scope) -> Vec<ConfigurationId> {
        scope
            .values()
            .filter_map(ConfigurationId::parse)
            .filter(|id| self.configuration(id).is_some())
            .collect()
    }
}

/// For wallets that nobody vouches for: an address that only the owner of a domain should have, or a program on the same machine. Any
/// app can take a short scheme of its own, and some belong to programs that do more than receive an answer.
fn is_named_after_a_domain(redirect_uri: &RedirectUri) -> bool {
    match redirect_uri.as_str().split_once(':') {
        Some((scheme, _)) => matches!(scheme, "https" | "http") || scheme.contains('.'),
        None => false,
    }
}

/// Why an authorization request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestRefusal {
    /// `invalid_request`: the parameters name another client than the one that sent them.
    #[error("client_id is not the client that sent the request")]
    OtherClient,
    /// `invalid_request`, and never sent anywhere.
    #[error("redirect_uri is not one of this client")]
    RedirectUri,
    /// `invalid_request`: it came in the browser's address, and the policy wants it over the back channel.
    #[error("the authorization request must be pushed")]
    NotPushed,
    /// `unauthorized_client`.
    #[error("the client may not send residents here")]
    GrantNotAllowed,
    /// `invalid_target`.
    #[error("resource is not this issuer")]
    Resource,
    /// `invalid_authorization_details`.
    #[error("authorization_details names a credential that this issuer does not have")]
    Details,
    /// `invalid_scope`.
    #[error("the request names no credential that this issuer has")]
    NothingKnown,
    /// `invalid_dpop_proof` ([RFC 9449 §10.1]).
    ///
    /// [RFC 9449 §10.1]: https://www.rfc-editor.org/rfc/rfc9449#section-10.1
    #[error("dpop_jkt is not the key of the DPoP proof")]
    DpopKey,
    /// `invalid_request`.
    #[error("issuer_state belongs to no offer that can be taken up")]
    Offer,
}

impl RequestRefusal {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> AuthorizationErrorCode {
        match self {
            Self::OtherClient | Self::RedirectUri | Self::NotPushed | Self::Offer => {
                AuthorizationErrorCode::InvalidRequest
            }
            Self::GrantNotAllowed => AuthorizationErrorCode::UnauthorizedClient,
            Self::Resource => AuthorizationErrorCode::InvalidTarget,
            Self::Details => AuthorizationErrorCode::InvalidAuthorizationDetails,
            Self::NothingKnown => AuthorizationErrorCode::InvalidScope,
            Self::DpopKey => AuthorizationErrorCode::InvalidDpopProof,
        }
    }
}
