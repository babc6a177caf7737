//! Access tokens at the endpoints that they open ([RFC 6750], [RFC 9449 §7]).
//!
//! [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750
//! [RFC 9449 §7]: https://www.rfc-editor.org/rfc/rfc9449#section-7

use symbolon_crypto::UnixTime;
use symbolon_issuer::authorization::{DpopPolicy, proven_key};
use symbolon_issuer::issuance::PresentedAccess;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::StoreError;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::access_token::{
    AccessTokenError, AccessTokenScheme, PresentedAccessToken, ResourceChallenge, ResourceErrorCode,
};
use symbolon_protocol::oauth::dpop::{DpopError, ExpectedKey, HttpMethod, ProvenRequest};
use symbolon_protocol::secret::AccessToken;
use thiserror::Error;

use super::Issuer;

/// A request to an endpoint that access tokens open.
#[derive(Clone, Copy)]
pub struct ResourceRequest<'a> {
    /// The token and its scheme.
    pub token: &'a PresentedAccessToken,
    /// The values of the `DPoP` header fields.
    pub dpop: &'a [&'a str],
    /// The method.
    pub method: HttpMethod,
    /// The address of the endpoint.
    pub url: &'a HttpUrl,
}

impl Issuer {
    /// The access that a request presents: its token is known, in time and not revoked, and where it is bound to a key the request
    /// proves it.
    ///
    /// # Errors
    /// [`AccessFailure`].
    pub async fn present(&self, request: &ResourceRequest<'_>) -> Result<PresentedAccess, AccessFailure> {
        let scheme = request.token.scheme();
        let invalid = |scheme| {
            AccessFailure::Refused(ResourceChallenge {
                scheme,
                error: Some(ResourceErrorCode::InvalidToken),
            })
        };
        let token = request.token.token();
        let digest = SecretDigest::of(token.expose());
        let now = self.now();
        let access = self.store().access(&digest).await?;
        let access = access.ok_or_else(|| invalid(scheme))?;
        if now >= access.value.expires_at {
            return Err(invalid(scheme));
        }
        let family = match &access.value.family {
            None => None,
            Some(id) => {
                let family = self.store().token_family(id).await?;
                let live = family.filter(|family| family.value.is_live(now));
                Some(live.ok_or_else(|| invalid(scheme))?)
            }
        };
        let offer = self.standing(access.value.offer.as_ref()).await?;
        let offer = offer.or(invalid(scheme))?;
        let proof = match (&access.value.dpop, request.token) {
            (None, PresentedAccessToken::Bearer(_)) => None,
            // Whoever stole a bound token would strip the proof (§7.2).
            (Some(_), PresentedAccessToken::Bearer(_)) => return Err(invalid(AccessTokenScheme::Dpop)),
            (None, PresentedAccessToken::Dpop(_)) => return Err(invalid(AccessTokenScheme::Bearer)),
            (Some(bound), PresentedAccessToken::Dpop(token)) => {
                let expected = ExpectedKey::Bound(bound);
                let key = self.proof_of(request, token, expected, now)?;
                Some(key)
            }
        };
        Ok(PresentedAccess {
            token: digest,
            access,
            family,
            offer,
            proof,
        })
    }

    pub(super) fn proof_of(
        &self,
        request: &ResourceRequest<'_>,
        token: &AccessToken,
        expected: ExpectedKey<'_>,
        now: UnixTime,
    ) -> Result<symbolon_issuer::store::ReplayMark, DpopError> {
        let proven = ProvenRequest {
            method: request.method,
            url: request.url,
            access_token: Some(token),
        };
        let fields = request.dpop.iter().copied();
        let crypto = &*self.setup.crypto;
        let key = proven_key(fields, proven, expected, &self.secret, crypto, now)?;
        key.map(|key| key.mark).ok_or(DpopError::Missing)
    }

    /// The challenges of a request that presents no usable token: one for each scheme that this issuer's tokens have.
    #[must_use]
    pub fn access_challenges(&self, error: AccessTokenError) -> Vec<ResourceChallenge> {
        let schemes: &[AccessTokenScheme] = match self.profile().authorization().dpop {
            DpopPolicy::Required => &[AccessTokenScheme::Dpop],
            DpopPolicy::Optional => &[AccessTokenScheme::Bearer, AccessTokenScheme::Dpop],
        };
        schemes
            .iter()
            .map(|scheme| ResourceChallenge::answering(*scheme, error))
            .collect()
    }
}

/// Why a token opens nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AccessFailure {
    /// It is unknown, expired, revoked, or presented in the wrong way.
    #[error("the access token is not accepted")]
    Refused(ResourceChallenge),
    /// The proof of its key.
    #[error(transparent)]
    Dpop(#[from] DpopError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccessFailure {
    /// The challenge that answers it; `None` when the issuer failed.
    #[must_use]
    pub const fn challenge(&self) -> Option<ResourceChallenge> {
        match self {
            Self::Refused(challenge) => Some(*challenge),
            Self::Dpop(error) => Some(ResourceChallenge {
                scheme: AccessTokenScheme::Dpop,
                error: Some(error.resource_code()),
            }),
            Self::Store(_) => None,
        }
    }
}
