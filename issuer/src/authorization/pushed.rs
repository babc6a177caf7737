//! Authorization requests that wait for their browser ([RFC 9126 §2.2]).
//!
//! [RFC 9126 §2.2]: https://www.rfc-editor.org/rfc/rfc9126#section-2.2

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Thumbprint, UnixTime};
use symbolon_protocol::oauth::authorization_request::State;
use symbolon_protocol::oauth::pkce::CodeChallenge;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use super::asked::Asked;
use super::client::ClientDescription;
use super::session::{AuthorizationSession, AuthorizationStage, OfferReference};

/// How long a `request_uri` may be used. The wallet opens the browser at once ([RFC 9126 §2.2]: 5 to 600 seconds).
///
/// [RFC 9126 §2.2]: https://www.rfc-editor.org/rfc/rfc9126#section-2.2
pub const PUSHED_REQUEST_LIFETIME: Duration = Duration::from_secs(90);

/// An authorization request that was judged: what the wallet asks, and for whom the answer is. Stored under the digest of its
/// `request_uri` until the browser comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushedRequest {
    /// Who asks.
    pub client: ClientDescription,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// The client's own value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Which credentials.
    pub asked: Asked,
    /// The challenge that the redeemer of the code must answer.
    pub code_challenge: CodeChallenge,
    /// The key that the code will be bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop: Option<Thumbprint>,
    /// The attested key of the wallet's instance ([OpenID4VCI appendix E]).
    ///
    /// [OpenID4VCI appendix E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-E
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Thumbprint>,
    /// The offer that is taken up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferReference>,
    /// The languages of the pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    /// The `request_uri` is refused from here on.
    pub expires_at: UnixTime,
}

impl PushedRequest {
    /// The session of the browser that brought the request at `now`.
    #[must_use]
    pub fn into_session(self, now: UnixTime) -> AuthorizationSession {
        AuthorizationSession {
            client: self.client,
            redirect_uri: self.redirect_uri,
            state: self.state,
            asked: self.asked,
            code_challenge: self.code_challenge,
            dpop: self.dpop,
            instance: self.instance,
            offer: self.offer,
            ui_locales: self.ui_locales,
            stage: AuthorizationStage::Requested,
            expires_at: now.plus(super::AUTHORIZATION_SESSION_LIFETIME),
        }
    }
}
