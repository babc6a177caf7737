//! Clients that sign an assertion with their own key: `private_key_jwt` ([RFC 7521], [RFC 7523]).
//!
//! The audience is the issuer identifier of the authorization server, as one string and nothing else. RFC 7523 also
//! allowed the address of the token endpoint; an assertion with such an audience can be meant for another server that
//! names the same address in its metadata, which is why FAPI 2.0 and the revision of RFC 7523 narrow it. What we sign has
//! that audience alone. A server whose clients were written for OpenID Connect Core 1.0, whose section 9 has them name the
//! token endpoint, takes that address too ([`AssertionAudience::IssuerOrEndpoints`]): the danger is a client's, which signs
//! for a server that it does not know, and not the server's.
//!
//! [RFC 7521]: https://www.rfc-editor.org/rfc/rfc7521
//! [RFC 7523]: https://www.rfc-editor.org/rfc/rfc7523

use core::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_crypto::jose::jws::{self, CompactJws, JwsError, PreparedJws};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::client::ClientIdentifier;
use super::error::TokenErrorCode;
use super::jwt::{CLOCK_TOLERANCE, JwtId, time_claim};
use crate::identifier::{HttpUrl, IssuerIdentifier};

/// The one `client_assertion_type`.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest assertion that is read, in bytes.
pub const MAX_ASSERTION_BYTES: usize = 8 * 1024;

/// How long an assertion of ours lives. It is made for one request.
pub const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);

/// How far ahead the `exp` of an assertion may lie. A server remembers its `jti` until then.
pub const MAX_ASSERTION_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The text of an assertion, which authenticates whoever sends it while it lives.
#[derive(PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ClientAssertion(String);

impl ClientAssertion {
    /// Takes an assertion; `None` when it is empty, over budget or has a character that no compact JWT has.
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let assertion = Self(text.into());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let length = 1..=MAX_ASSERTION_BYTES;
        (length.contains(&assertion.0.len()) && assertion.0.bytes().all(allowed)).then_some(assertion)
    }

    /// The assertion itself, for the one place that sends or verifies it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ClientAssertion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientAssertion(..)")
    }
}

/// Prepares an assertion by `key`, which the client then has sign it.
#[must_use]
pub fn prepare(
    client: &ClientIdentifier,
    key: &PublicKey,
    server: &IssuerIdentifier,
    jti: &JwtId,
    issued_at: UnixTime,
) -> PreparedJws {
    let mut header = Map::new();
    header.insert("typ".to_owned(), json!("JWT"));
    header.insert("kid".to_owned(), json!(key.thumbprint()));
    let claims = json!({
        "iss": client,
        "sub": client,
        "aud": server,
        "jti": jti,
        "iat": issued_at,
        "exp": issued_at.plus(ASSERTION_LIFETIME),
    });
    jws::prepare(key.algorithm(), &header, claims.to_string().as_bytes())
}

/// Whose assertion this says it is, before anything is verified: to look up the keys that the client registered. The
/// request may leave `client_id` out ([RFC 7521 §4.2]).
///
/// # Errors
/// [`AssertionError::Malformed`] or [`AssertionError::WrongSubject`].
///
/// [RFC 7521 §4.2]: https://www.rfc-editor.org/rfc/rfc7521#section-4.2
pub fn claimed_client(assertion: &ClientAssertion) -> Result<ClientIdentifier, AssertionError> {
    let jws = parse(assertion)?;
    let claims: Map<String, Value> = jws.payload_json().map_err(|_| AssertionError::Malformed)?;
    claims
        .get("sub")
        .and_then(Value::as_str)
        .and_then(ClientIdentifier::parse)
        .ok_or(AssertionError::WrongSubject)
}

/// Which audiences of an assertion name the server.
#[derive(Debug, Clone, Copy)]
pub enum AssertionAudience<'a> {
    /// The issuer identifier, as one string.
    Issuer(&'a IssuerIdentifier),
    /// The issuer identifier, or the address of an endpoint that clients of OpenID Connect Core 1.0 §9 and [RFC 9126 §2] name; as one
    /// string, or a list of nothing else.
    ///
    /// [RFC 9126 §2]: https://www.rfc-editor.org/rfc/rfc9126#section-2
    IssuerOrEndpoints {
        /// The server.
        issuer: &'a IssuerIdentifier,
        /// Its endpoints.
        endpoints: &'a [HttpUrl],
    },
}

impl AssertionAudience<'_> {
    fn is_named_by(self, audience: Option<&Value>) -> bool {
        match (self, audience) {
            (Self::Issuer(issuer), Some(Value::String(audience))) => audience == issuer.as_str(),
            (Self::IssuerOrEndpoints { .. }, Some(Value::String(audience))) => self.takes(audience),
            (Self::IssuerOrEndpoints { .. }, Some(Value::Array(audiences))) => {
                !audiences.is_empty()
                    && audiences
                        .iter()
                        .all(|audience| audience.as_str().is_some_and(|audience| self.takes(audience)))
            }
            _ => false,
        }
    }

    fn takes(self, audience: &str) -> bool {
        match self {
            Self::Issuer(issuer) => audience == issuer.as_str(),
            Self::IssuerOrEndpoints { issuer, endpoints } => {
                audience == issuer.as_str() || endpoints.iter().any(|endpoint| endpoint.as_str() == audience)
            }
        }
    }
}

/// Verifies an assertion of `client`, who registered `keys`, for the server of this identifier. As [`verify_for`] with
/// [`AssertionAudience::Issuer`].
///
/// # Errors
/// [`AssertionError`].
pub fn verify(
    assertion: &ClientAssertion,
    client: &ClientIdentifier,
    keys: &[PublicKey],
    server: &IssuerIdentifier,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedAssertion, AssertionError> {
    let audience = AssertionAudience::Issuer(server);
    verify_for(assertion, client, keys, audience, now, crypto)
}

/// Verifies an assertion of `client`, who registered `keys` ([RFC 7523 §3]). Whether its `jti` was seen before is for
/// the server's store.
///
/// # Errors
/// [`AssertionError`].
///
/// [RFC 7523 §3]: https://www.rfc-editor.org/rfc/rfc7523#section-3
pub fn verify_for(
    assertion: &ClientAssertion,
    client: &ClientIdentifier,
    keys: &[PublicKey],
    audience: AssertionAudience<'_>,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedAssertion, AssertionError> {
    let jws = parse(assertion)?;
    // Other JWTs that the same key signs have types of their own; an assertion has none, or the plain one.
    if !matches!(
        jws.header.typ.as_deref(),
        None | Some("JWT" | "jwt" | "client-authentication+jwt")
    ) {
        return Err(AssertionError::WrongType);
    }
    let is_signer = |key: &&PublicKey| match &jws.header.kid {
        // A client may name its keys otherwise than by thumbprint; then each that fits is tried.
        Some(kid) if keys.iter().any(|key| key.thumbprint().to_string() == *kid) => {
            key.thumbprint().to_string() == *kid
        }
        _ => key.algorithm() == jws.header.algorithm,
    };
    keys.iter()
        .take(MAX_KEYS)
        .filter(is_signer)
        .find(|key| jws.verify(crypto, key).is_ok())
        .ok_or(AssertionError::Signature)?;

    let claims: Map<String, Value> = jws.payload_json().map_err(|_| AssertionError::Malformed)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client.as_str()) || text("sub") != Some(client.as_str()) {
        return Err(AssertionError::WrongSubject);
    }
    if !audience.is_named_by(claims.get("aud")) {
        return Err(AssertionError::WrongAudience);
    }
    let time = |name: &str| time_claim(&claims, name).map_err(|_| AssertionError::Malformed);
    let expires_at = time("exp")?.ok_or(AssertionError::NoExpiry)?;
    if expires_at.plus(CLOCK_TOLERANCE) < now {
        return Err(AssertionError::Expired);
    }
    if expires_at > now.plus(MAX_ASSERTION_LIFETIME).plus(CLOCK_TOLERANCE) {
        return Err(AssertionError::LivesTooLong);
    }
    let latest = now.plus(CLOCK_TOLERANCE);
    if time("iat")?.is_some_and(|at| at > latest) || time("nbf")?.is_some_and(|at| at > latest) {
        return Err(AssertionError::FromTheFuture);
    }
    let jti = text("jti")
        .and_then(JwtId::parse)
        .ok_or(AssertionError::NoIdentifier)?;
    Ok(VerifiedAssertion { jti, expires_at })
}

/// The most keys of a client that are tried on one assertion. It bounds the signatures that a peer can make us check.
const MAX_KEYS: usize = 8;

fn parse(assertion: &ClientAssertion) -> Result<CompactJws<'_>, AssertionError> {
    CompactJws::parse(assertion.expose(), MAX_ASSERTION_BYTES).map_err(|error| match error {
        JwsError::Algorithm => AssertionError::Algorithm,
        _ => AssertionError::Malformed,
    })
}

/// An assertion whose signature, subject, audience and time were checked. Only [`verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAssertion {
    jti: JwtId,
    expires_at: UnixTime,
}

impl VerifiedAssertion {
    /// Its name, which must not come again.
    #[must_use]
    pub const fn jti(&self) -> &JwtId {
        &self.jti
    }

    /// Until when a server has to remember the `jti`.
    #[must_use]
    pub fn forget_after(&self) -> UnixTime {
        self.expires_at.plus(CLOCK_TOLERANCE)
    }
}

/// Why an assertion was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AssertionError {
    /// No compact JWS, or claims that are no JSON object.
    #[error("the client assertion is malformed")]
    Malformed,
    /// Not signed, or with an algorithm that is not supported.
    #[error("the client assertion is signed with an algorithm that is not supported")]
    Algorithm,
    /// Another kind of JWT.
    #[error("the client assertion has the type of another JWT")]
    WrongType,
    /// No key of the client made the signature.
    #[error("the signature of the client assertion is wrong")]
    Signature,
    /// `iss` or `sub` is not the client.
    #[error("the client assertion is not of this client")]
    WrongSubject,
    /// `aud` names something else than the server, or something beside it.
    #[error("the client assertion is for another audience")]
    WrongAudience,
    /// No `exp`.
    #[error("the client assertion has no exp")]
    NoExpiry,
    /// Too late.
    #[error("the client assertion has expired")]
    Expired,
    /// `exp` lies ahead by more than [`MAX_ASSERTION_LIFETIME`].
    #[error("the client assertion lives too long")]
    LivesTooLong,
    /// `iat` or `nbf` lies ahead.
    #[error("the client assertion is from the future")]
    FromTheFuture,
    /// No `jti`.
    #[error("the client assertion has no jti")]
    NoIdentifier,
    /// The `jti` was seen before.
    #[error("the client assertion was used before")]
    Replayed,
}

impl AssertionError {
    /// The protocol's code for this refusal ([RFC 7521 §4.2.1]).
    ///
    /// [RFC 7521 §4.2.1]: https://www.rfc-editor.org/rfc/rfc7521#section-4.2.1
    #[must_use]
    pub const fn code(self) -> TokenErrorCode {
        TokenErrorCode::InvalidClient
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{RustCryptoProvider, SecretKey, SignatureAlgorithm};

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

    fn key(seed: u64) -> SecretKey {
        RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
            .unwrap()
    }

    fn client() -> ClientIdentifier {
        ClientIdentifier::parse("wallet").unwrap()
    }

    fn server() -> IssuerIdentifier {
        IssuerIdentifier::parse("https://as.example").unwrap()
    }

    fn finish(key: &SecretKey, prepared: PreparedJws) -> ClientAssertion {
        let signature = RustCryptoProvider
            .sign(key, prepared.signing_input().as_bytes())
            .unwrap();
        ClientAssertion::parse(prepared.finish(&signature)).unwrap()
    }

    fn signed(header: Value, claims: &Value) -> ClientAssertion {
        let header = header.as_object().unwrap();
        let prepared = jws::prepare(SignatureAlgorithm::Es256, header, claims.to_string().as_bytes());
        finish(&key(1), prepared)
    }

    fn check(assertion: &ClientAssertion) -> Result<VerifiedAssertion, AssertionError> {
        let keys = [key(9).public_key(), key(1).public_key()];
        verify(assertion, &client(), &keys, &server(), NOW, &RustCryptoProvider)
    }

    #[test]
    fn an_assertion_verifies_and_names_its_client() {
        let jti = JwtId::parse("one").unwrap();
        let prepared = prepare(&client(), &key(1).public_key(), &server(), &jti, NOW);
        let assertion = finish(&key(1), prepared);
        assert_eq!(claimed_client(&assertion), Ok(client()));
        let verified = check(&assertion).unwrap();
        assert_eq!(*verified.jti(), jti);
        assert_eq!(
            verified.forget_after(),
            NOW.plus(ASSERTION_LIFETIME).plus(CLOCK_TOLERANCE)
        );
        assert_eq!(format!("{assertion:?}"), "ClientAssertion(..)");
    }

    #[test]
    fn clients_of_openid_connect_may_name_an_endpoint_and_nothing_beside_it() {
        let endpoint = |text: &str| HttpUrl::parse(text).unwrap();
        let (issuer, endpoints) = (
            server(),
            [
                endpoint("https://as.example/token"),
                endpoint("https://as.example/par"),
            ],
        );
        let audience = AssertionAudience::IssuerOrEndpoints {
            issuer: &issuer,
            endpoints: &endpoints,
        };
        let at = NOW.seconds();
        for (aud, taken) in [
            (json!("https://as.example"), true),
            (json!("https://as.example/token"), true),
            (json!(["https://as.example", "https://as.example/par"]), true),
            (json!([]), false),
            (json!(["https://as.example", "https://other.example"]), false),
            (json!(["https://as.example", 7]), false),
            (json!("https://as.example/token/"), false),
            (json!("https://other.example"), false),
            (Value::Null, false),
        ] {
            let claims = json!({ "iss": "wallet", "sub": "wallet", "aud": aud, "jti": "a", "exp": at + 60 });
            let assertion = signed(json!({}), &claims);
            let keys = [key(1).public_key()];
            let verified = verify_for(&assertion, &client(), &keys, audience, NOW, &RustCryptoProvider);
            let expected = if taken {
                Ok(())
            } else {
                Err(AssertionError::WrongAudience)
            };
            assert_eq!(verified.map(|_| ()), expected, "{aud}");
        }
    }

    #[test]
    fn each_broken_assertion_is_refused_for_its_own_reason() {
        let at = NOW.seconds();
        let good = json!({ "iss": "wallet", "sub": "wallet", "aud": "https://as.example", "jti": "a", "exp": at + 60 });
        assert!(check(&signed(json!({}), &good)).is_ok());
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            claims
        };
        for (claims, error) in [
            (with("iss", json!("other")), AssertionError::WrongSubject),
            (with("sub", json!("other")), AssertionError::WrongSubject),
            (
                with("aud", json!("https://as.example/token")),
                AssertionError::WrongAudience,
            ),
            (
                with("aud", json!(["https://as.example"])),
                AssertionError::WrongAudience,
            ),
            (
                with("aud", json!("https://other.example")),
                AssertionError::WrongAudience,
            ),
            (with("exp", Value::Null), AssertionError::Malformed),
            (with("exp", json!(at - 301)), AssertionError::Expired),
            (with("exp", json!(at + 3901)), AssertionError::LivesTooLong),
            (with("iat", json!(at + 301)), AssertionError::FromTheFuture),
            (with("nbf", json!(at + 301)), AssertionError::FromTheFuture),
            (with("jti", json!("")), AssertionError::NoIdentifier),
        ] {
            assert_eq!(check(&signed(json!({}), &claims)), Err(error), "{claims}");
        }
        let mut eternal = good.clone();
        eternal.as_object_mut().unwrap().remove("exp");
        assert_eq!(check(&signed(json!({}), &eternal)), Err(AssertionError::NoExpiry));
        let typed = signed(json!({ "typ": "dpop+jwt" }), &good);
        assert_eq!(check(&typed), Err(AssertionError::WrongType));
    }

    #[test]
    fn only_a_registered_key_signs() {
        let jti = JwtId::parse("one").unwrap();
        let stranger = key(2);
        let prepared = prepare(&client(), &stranger.public_key(), &server(), &jti, NOW);
        assert_eq!(
            check(&finish(&stranger, prepared)),
            Err(AssertionError::Signature)
        );
    }
}
