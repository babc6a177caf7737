//! The token endpoint ([OpenID Connect Core 1.0 §3.1.3], [RFC 7523 §2.2]).
//!
//! [OpenID Connect Core 1.0 §3.1.3]: https://openid.net/specs/openid-connect-core-1_0.html#TokenEndpoint
//! [RFC 7523 §2.2]: https://www.rfc-editor.org/rfc/rfc7523#section-2.2

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws::{self, PreparedJws};
use symbolon_crypto::signing::SignatureRequest;
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime, random_bytes};
use symbolon_protocol::identifier::HttpUrl;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::discovery::object;
use super::{ProviderAnswer, ProviderClientKey, ProviderError, ProviderMetadata, ProviderSettings};
use crate::secret::InstallationSecret;

/// How long a client assertion is good: it is used at once.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is asked of the token endpoint.
pub enum TokenRequest {
    /// Send it as it is.
    Ready(Zeroizing<String>),
    /// Have it signed first.
    ToSign(Box<PreparedTokenRequest>),
}

/// A token request that lacks the signature of its client assertion.
pub struct PreparedTokenRequest {
    form: Zeroizing<String>,
    assertion: PreparedJws,
    key: ProviderClientKey,
}

impl TokenRequest {
    /// The request that redeems the code of `answer`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(
        answer: &ProviderAnswer,
        settings: &ProviderSettings,
        metadata: &ProviderMetadata,
        redirect_uri: &HttpUrl,
        secret: &InstallationSecret,
        now: UnixTime,
        randomness: &dyn Randomness,
    ) -> Result<Self, RandomnessUnavailable> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", &answer.code)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .append_pair("client_id", &settings.client_id)
            .append_pair("code_verifier", &answer.verifier(secret));
        let form = Zeroizing::new(form.finish());
        let Some(key) = &settings.client_key else {
            return Ok(Self::Ready(form));
        };
        let assertion = assertion(settings, metadata, key, now, randomness)?;
        Ok(Self::ToSign(Box::new(PreparedTokenRequest {
            form,
            assertion,
            key: key.clone(),
        })))
    }
}

impl PreparedTokenRequest {
    /// What is to be signed.
    #[must_use]
    pub fn request(&self) -> SignatureRequest {
        self.assertion.request(self.key.handle.clone())
    }

    /// The form with its assertion.
    #[must_use]
    pub fn finish(self, signature: &[u8]) -> Zeroizing<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_assertion_type", JWT_BEARER)
            .append_pair("client_assertion", &self.assertion.finish(signature));
        Zeroizing::new(format!("{}&{}", self.form.as_str(), form.finish()))
    }
}

/// `private_key_jwt` ([OpenID Connect Core 1.0 §9]): the audience is the token endpoint.
///
/// [OpenID Connect Core 1.0 §9]: https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
fn assertion(
    settings: &ProviderSettings,
    metadata: &ProviderMetadata,
    key: &ProviderClientKey,
    now: UnixTime,
    randomness: &dyn Randomness,
) -> Result<PreparedJws, RandomnessUnavailable> {
    let mut header = Map::new();
    header.insert("typ".to_owned(), Value::from("JWT"));
    if let Some(key_id) = &key.key_id {
        header.insert("kid".to_owned(), Value::from(key_id.as_str()));
    }
    let claims = json!({
        "iss": settings.client_id,
        "sub": settings.client_id,
        "aud": metadata.token_endpoint.as_str(),
        "jti": base64url::encode(&random_bytes::<16>(randomness)?),
        "iat": now,
        "exp": now.plus(ASSERTION_LIFETIME),
    });
    Ok(jws::prepare(
        key.algorithm,
        &header,
        claims.to_string().as_bytes(),
    ))
}

/// What the token endpoint answered. It has no `Debug`: it holds tokens.
pub struct ProviderTokens {
    /// The ID token, not verified.
    pub id_token: Zeroizing<String>,
    /// The access token, for the userinfo endpoint.
    pub access_token: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Wire {
    id_token: String,
    access_token: String,
    token_type: String,
}

impl ProviderTokens {
    /// Reads a successful answer of the token endpoint.
    ///
    /// # Errors
    /// [`ProviderError::Malformed`].
    pub fn parse(body: &[u8]) -> Result<Self, ProviderError> {
        const WHAT: &str = "token response";
        let wire: Wire = object(body, WHAT)?;
        let id_token = Zeroizing::new(wire.id_token);
        let access_token = Zeroizing::new(wire.access_token);
        let visible = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !wire.token_type.eq_ignore_ascii_case("Bearer") || !visible(&access_token) {
            return Err(ProviderError::Malformed(WHAT));
        }
        Ok(Self {
            id_token,
            access_token,
        })
    }
}
