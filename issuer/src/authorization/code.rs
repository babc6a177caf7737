//! The authorization code ([RFC 6749 §4.1.2]).
//!
//! [RFC 6749 §4.1.2]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Thumbprint, UnixTime};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::pkce::CodeChallenge;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use super::asked::Asked;
use crate::identifiers::{FamilyId, OfferId};
use crate::record::Uin;

/// How long a code may be redeemed. A wallet does so at once; FAPI 2.0 allows 60 seconds ([FAPI 2.0 Security Profile §5.3.2.1]).
///
/// [FAPI 2.0 Security Profile §5.3.2.1]: https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.3.2.1
pub const AUTHORIZATION_CODE_LIFETIME: Duration = Duration::from_secs(60);

/// How long a redeemed code is remembered, so that its second use is noticed and ends what the first one gave.
pub(super) const AUTHORIZATION_CODE_MEMORY: Duration = Duration::from_secs(86_400);

/// What is stored under the digest of an authorization code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationCode {
    /// Who may redeem it.
    pub client: ClientIdentifier,
    /// Where it was sent.
    pub redirect_uri: RedirectUri,
    /// The challenge that the redeemer answers ([RFC 7636 §4.6]).
    ///
    /// [RFC 7636 §4.6]: https://www.rfc-editor.org/rfc/rfc7636#section-4.6
    pub code_challenge: CodeChallenge,
    /// The key that must sign the DPoP proof of the token request, if the authorization request named one ([RFC 9449 §10]).
    ///
    /// [RFC 9449 §10]: https://www.rfc-editor.org/rfc/rfc9449#section-10
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop: Option<Thumbprint>,
    /// The attested key of the instance that asked, if it was attested: another instance of the same wallet does not redeem the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Thumbprint>,
    /// Whose credentials.
    pub record: Uin,
    /// Which credentials.
    pub asked: Asked,
    /// It is refused from here on.
    pub expires_at: UnixTime,
    /// It is forgotten from here on.
    pub forgotten_at: UnixTime,
    /// Whether it was used.
    pub stage: CodeStage,
    /// The offer that it came of, which must stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
}

/// Whether a code was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeStage {
    /// Not yet.
    Made,
    /// Once; these tokens came of it.
    Redeemed(FamilyId),
}
