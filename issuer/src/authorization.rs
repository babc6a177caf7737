//! The issuer's own authorization server, in pure steps ([OpenID4VCI §5], [RFC 6749 §4.1]).
//!
//! An authorization request becomes an [`AuthorizationSession`] that belongs to one browser. The resident signs in
//! ([`AuthorizationSession::identified`]) and decides ([`AuthorizationSession::granted`], [`AuthorizationSession::denied`]); the
//! browser then goes back to the wallet with a code or an error.
//!
//! [OpenID4VCI §5]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5
//! [RFC 6749 §4.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1

mod asked;
mod authenticate;
mod browser;
mod client;
mod code;
mod offer;
mod policy;
mod proof;
mod pushed;
mod redemption;
mod request;
mod session;
mod tokens;

pub use asked::{Asked, AskedBy};
pub use authenticate::{ClientJudgement, ClientRefusal, ProvenClient};
pub use browser::{BrowserKey, FormToken, cookie_name};
pub use client::{ClientAssurance, ClientDescription};
pub use code::{AUTHORIZATION_CODE_LIFETIME, AuthorizationCode, CodeStage};
pub use offer::{CodeOffer, CodeOfferStage};
pub use policy::{
    AuthorizationPolicy, AuthorizationPolicyError, ClientAuthentication, ClientGrant, ClientRegistry,
    ClientRegistryError, DpopPolicy, PreAuthorizedClients, PushedRequests, RefreshTokens, RegisteredClient,
    TrustedAttesters, UnknownClients,
};
pub use proof::{ProvenKey, make_dpop_nonce, proven_key};
pub use pushed::{PUSHED_REQUEST_LIFETIME, PushedRequest};
pub(crate) use redemption::dataset;
pub use redemption::{
    CodeRefusal, CodeRequest, NewAccess, NewRefresh, Presenter, RedeemedCode, RefreshRefusal, RefreshRequest,
    Refreshed, Rotation, TokenMaterial, TokenTerms,
};
pub use request::{FoundOffer, RequestJudgement, RequestRefusal};
pub use session::{
    AUTHORIZATION_SESSION_LIFETIME, AuthorizationRefusal, AuthorizationSession, AuthorizationStage,
    GrantedAuthorization, OfferReference,
};
pub use tokens::{FamilyStage, RefreshStage, RefreshToken, TokenFamily};

#[cfg(test)]
mod stored_forms;
#[cfg(test)]
mod tests;
