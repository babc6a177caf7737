//! The token endpoint ([OpenID4VCI §6], [RFC 6749 §4.1.3, §5, §6]).
//!
//! [OpenID4VCI §6]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6
//! [RFC 6749 §4.1.3, §5, §6]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3

mod request;
mod response;

pub use request::{
    AUTHORIZATION_CODE_GRANT, MAX_TOKEN_REQUEST_BYTES, PRE_AUTHORIZED_CODE_GRANT, REFRESH_TOKEN_GRANT,
    TokenGrant, TokenRequest, TokenRequestError,
};
pub use response::{MAX_TOKEN_RESPONSE_BYTES, TokenResponse, TokenResponseError};
