//! The ID token ([OpenID Connect Core 1.0 §2, §3.1.3.7]).
//!
//! [OpenID Connect Core 1.0 §2, §3.1.3.7]: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation

use std::time::Duration;

use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;
use symbolon_crypto::{CryptoProvider, UnixTime};

use super::{ProviderError, ProviderKeys, ProviderSettings};

/// How far the provider's clock may be off.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// How old an ID token may be: it was made while the token endpoint was answering.
const MAX_AGE: Duration = Duration::from_secs(600);

/// The longest `sub` ([OpenID Connect Core 1.0 §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)).
const MAX_SUBJECT_CHARACTERS: usize = 255;

/// A verified ID token. It has no `Debug`: it is about a person.
pub struct IdToken {
    pub(super) subject: String,
    pub(super) claims: Map<String, Value>,
}

/// Verifies the ID token of a sign-in whose nonce is `nonce`.
///
/// # Errors
/// [`ProviderError`], naming the claim that is wrong.
pub fn verify_id_token(
    token: &str,
    settings: &ProviderSettings,
    keys: &ProviderKeys,
    nonce: &str,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<IdToken, ProviderError> {
    let claims = keys.verified(token, "ID token", crypto)?;
    let text = |name: &'static str| {
        claims
            .get(name)
            .and_then(Value::as_str)
            .ok_or(ProviderError::Claim(name))
    };
    if text("iss")? != settings.issuer.as_str() {
        return Err(ProviderError::Claim("iss"));
    }
    check_audience(&claims, &settings.client_id)?;
    let expires_at = time(&claims, "exp")?;
    if now >= expires_at.plus(CLOCK_TOLERANCE) {
        return Err(ProviderError::Claim("exp"));
    }
    let issued_at = time(&claims, "iat")?;
    if issued_at > now.plus(CLOCK_TOLERANCE) || now.since(issued_at) > MAX_AGE {
        return Err(ProviderError::Claim("iat"));
    }
    if claims.contains_key("nbf") && time(&claims, "nbf")? > now.plus(CLOCK_TOLERANCE) {
        return Err(ProviderError::Claim("nbf"));
    }
    if !bool::from(text("nonce")?.as_bytes().ct_eq(nonce.as_bytes())) {
        return Err(ProviderError::Claim("nonce"));
    }
    let subject = text("sub")?.to_owned();
    if subject.is_empty() || subject.chars().count() > MAX_SUBJECT_CHARACTERS {
        return Err(ProviderError::Claim("sub"));
    }
    Ok(IdToken { subject, claims })
}

/// The client is the audience, and whoever the token was handed to beside it is not somebody else.
pub(super) fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), ProviderError> {
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Err(ProviderError::Claim("aud")),
    };
    if !audiences.contains(&client_id) {
        return Err(ProviderError::Claim("aud"));
    }
    match claims.get("azp") {
        None if audiences.len() == 1 => Ok(()),
        Some(Value::String(party)) if party == client_id => Ok(()),
        _ => Err(ProviderError::Claim("azp")),
    }
}

/// A `NumericDate`; fractions are dropped.
fn time(claims: &Map<String, Value>, name: &'static str) -> Result<UnixTime, ProviderError> {
    let value = claims.get(name).ok_or(ProviderError::Claim(name))?;
    let whole = value.as_i64().or_else(|| {
        let seconds = value.as_f64().filter(|seconds| seconds.abs() < MAX_SECONDS)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded above, and the fraction is meant to go"
        )]
        Some(seconds as i64)
    });
    whole
        .map(UnixTime::from_seconds)
        .ok_or(ProviderError::Claim(name))
}

/// Some thirty thousand years.
const MAX_SECONDS: f64 = 1e12;
