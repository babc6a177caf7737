//! What the JWTs that clients sign have in common: identifiers, times, audiences ([RFC 7519 §4.1]).
//!
//! [RFC 7519 §4.1]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1

use core::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime, random_bytes};

/// How far the clocks of client and server may be apart, and how old a JWT may be that was made for one request.
///
/// A server keeps the `jti` of such a JWT for as long, on either side of its `iat`: see [`Freshness::forget_after`].
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// The longest `jti` accepted from a peer, in bytes. Servers store them.
pub const MAX_JWT_ID_BYTES: usize = 256;

/// `jti`: the name of one JWT, never used again by the same signer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct JwtId(String);

impl JwtId {
    /// A fresh one, of 16 random bytes.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`].
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        Ok(Self(base64url::encode(&random_bytes::<16>(randomness)?)))
    }

    /// Takes an identifier; `None` when it is empty, longer than [`MAX_JWT_ID_BYTES`] or has a control character.
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let allowed =
            !text.is_empty() && text.len() <= MAX_JWT_ID_BYTES && !text.chars().any(char::is_control);
        allowed.then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for JwtId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("not a non-empty identifier"))
    }
}

/// That a JWT was made for one request, just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// Its name. A server refuses one that it has seen.
    pub jti: JwtId,
    /// When it was made, by the clock of its signer.
    pub issued_at: UnixTime,
}

impl Freshness {
    /// Reads `jti` and `iat`.
    pub(crate) fn of_claims(claims: &Map<String, Value>, now: UnixTime) -> Result<Self, FreshnessDefect> {
        let jti = claims
            .get("jti")
            .and_then(Value::as_str)
            .and_then(JwtId::parse)
            .ok_or(FreshnessDefect::NoIdentifier)?;
        let issued_at = time_claim(claims, "iat")
            .ok()
            .flatten()
            .ok_or(FreshnessDefect::NoIssuedAt)?;
        if issued_at < now.minus(CLOCK_TOLERANCE) || issued_at > now.plus(CLOCK_TOLERANCE) {
            return Err(FreshnessDefect::Stale);
        }
        Ok(Self { jti, issued_at })
    }

    /// Until when a server has to remember the `jti`: later, the JWT is refused for its age.
    #[must_use]
    pub fn forget_after(&self) -> UnixTime {
        self.issued_at.plus(CLOCK_TOLERANCE)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FreshnessDefect {
    NoIdentifier,
    NoIssuedAt,
    Stale,
}

/// A claim that is a `NumericDate`; fractions of a second are dropped. `Err` when it is there and no number.
pub(crate) fn time_claim(claims: &Map<String, Value>, name: &str) -> Result<Option<UnixTime>, NotATime> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    if let Some(seconds) = value.as_i64() {
        return Ok(Some(UnixTime::from_seconds(seconds)));
    }
    value
        .as_f64()
        .filter(|seconds| seconds.is_finite())
        .map(|seconds| Some(UnixTime::from_seconds(seconds as i64)))
        .ok_or(NotATime)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotATime;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use symbolon_crypto::testing::SeededRandomness;

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

    fn freshness(claims: &Value) -> Result<Freshness, FreshnessDefect> {
        Freshness::of_claims(claims.as_object().unwrap(), NOW)
    }

    #[test]
    fn a_jwt_is_fresh_within_the_tolerance_on_either_side() {
        for (offset, fresh) in [(-300, true), (-301, false), (300, true), (301, false)] {
            let read = freshness(&json!({ "jti": "a", "iat": NOW.seconds() + offset }));
            assert_eq!(read.is_ok(), fresh, "{offset}");
        }
        let read = freshness(&json!({ "jti": "a", "iat": 1_799_999_999.75 })).unwrap();
        assert_eq!(read.issued_at.seconds(), 1_799_999_999);
        assert_eq!(read.forget_after(), read.issued_at.plus(CLOCK_TOLERANCE));
    }

    #[test]
    fn a_jwt_without_name_or_time_is_not_fresh() {
        let iat = NOW.seconds();
        for (claims, defect) in [
            (json!({ "iat": iat }), FreshnessDefect::NoIdentifier),
            (json!({ "jti": "", "iat": iat }), FreshnessDefect::NoIdentifier),
            (json!({ "jti": 7, "iat": iat }), FreshnessDefect::NoIdentifier),
            (
                json!({ "jti": "a".repeat(257), "iat": iat }),
                FreshnessDefect::NoIdentifier,
            ),
            (json!({ "jti": "a" }), FreshnessDefect::NoIssuedAt),
            (
                json!({ "jti": "a", "iat": iat.to_string() }),
                FreshnessDefect::NoIssuedAt,
            ),
            (json!({ "jti": "a", "iat": 1e300 }), FreshnessDefect::Stale),
        ] {
            assert_eq!(freshness(&claims), Err(defect), "{claims}");
        }
    }

    #[test]
    fn fresh_identifiers_differ() {
        let randomness = SeededRandomness::new(1);
        let one = JwtId::make(&randomness).unwrap();
        assert_ne!(one, JwtId::make(&randomness).unwrap());
        assert_eq!(one.as_str().len(), 22);
    }
}
