//! The userinfo response ([OpenID Connect Core 1.0 §5.3]).
//!
//! [OpenID Connect Core 1.0 §5.3]: https://openid.net/specs/openid-connect-core-1_0.html#UserInfo

use serde_json::{Map, Value};
use symbolon_crypto::CryptoProvider;

use super::discovery::object;
use super::id_token::check_audience;
use super::{IdToken, ProviderError, ProviderKeys, ProviderSettings};

/// More about the person of an ID token. It has no `Debug`.
pub struct UserInfo {
    pub(super) claims: Map<String, Value>,
}

impl UserInfo {
    /// Reads a successful answer of the userinfo endpoint: JSON, or a JWT that the provider signed.
    ///
    /// # Errors
    /// [`ProviderError`]; [`ProviderError::Claim`] with `sub` when it is about somebody else than the ID token.
    pub fn parse(
        body: &[u8],
        media_type: &str,
        id_token: &IdToken,
        settings: &ProviderSettings,
        keys: &ProviderKeys,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, ProviderError> {
        const WHAT: &str = "userinfo response";
        let claims = match media_type {
            "application/json" => object(body, WHAT)?,
            "application/jwt" => {
                let text = core::str::from_utf8(body).map_err(|_| ProviderError::Malformed(WHAT))?;
                let claims = keys.verified(text.trim(), WHAT, crypto)?;
                // §5.3.2: signed claims should say whose and for whom they are. Where they do, it must be so.
                if claims
                    .get("iss")
                    .is_some_and(|issuer| *issuer != settings.issuer.as_str())
                {
                    return Err(ProviderError::Claim("iss"));
                }
                if claims.contains_key("aud") {
                    check_audience(&claims, &settings.client_id)?;
                }
                claims
            }
            _ => return Err(ProviderError::Malformed(WHAT)),
        };
        if claims.get("sub").and_then(Value::as_str) != Some(id_token.subject.as_str()) {
            return Err(ProviderError::Claim("sub"));
        }
        Ok(Self { claims })
    }
}
