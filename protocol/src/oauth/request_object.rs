//! The signed authorization request ([RFC 9101]).
//!
//! The type `oauth-authz-req+jwt` is demanded, which RFC 9101 only recommends: the same key signs client assertions,
//! and the one must not stand in for the other.
//!
//! [RFC 9101]: https://www.rfc-editor.org/rfc/rfc9101

use core::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_crypto::jose::jws::{self, CompactJws, JwsError, PreparedJws};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use thiserror::Error;

use super::authorization_request::{AuthorizationRequest, AuthorizationRequestError};
use super::client::ClientIdentifier;
use super::error::AuthorizationErrorCode;
use super::jwt::{CLOCK_TOLERANCE, JwtId, time_claim};
use crate::identifier::IssuerIdentifier;
use crate::openid4vci::proof::is_audience;
use crate::wire::Form;

/// The `typ` of a request object.
pub const REQUEST_OBJECT_TYPE: &str = "oauth-authz-req+jwt";

/// The longest request object that is read, in bytes.
pub const MAX_REQUEST_OBJECT_BYTES: usize = 32 * 1024;

/// How long a request object of ours lives.
pub const REQUEST_OBJECT_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How far ahead the `exp` of a request object may lie.
pub const MAX_REQUEST_OBJECT_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The most keys of a client that are tried on one object. It bounds the signatures that a peer can make us check.
const MAX_KEYS: usize = 8;

/// Claims that belong to the JWT and not to the request.
const ENVELOPE: &[&str] = &["iss", "aud", "sub", "exp", "nbf", "iat", "jti"];

/// The text of a request object that was not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest(String);

impl SignedRequest {
    /// Takes an object; `None` when it is empty, over budget or has a character that no compact JWT has.
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let length = 1..=MAX_REQUEST_OBJECT_BYTES;
        (length.contains(&text.len()) && text.bytes().all(allowed)).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Prepares a request object, which the client then has signed by `key`.
#[must_use]
pub fn prepare(
    request: &AuthorizationRequest,
    key: &PublicKey,
    server: &IssuerIdentifier,
    jti: &JwtId,
    issued_at: UnixTime,
) -> PreparedJws {
    let mut header = Map::new();
    header.insert("typ".to_owned(), json!(REQUEST_OBJECT_TYPE));
    header.insert("kid".to_owned(), json!(key.thumbprint()));
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(request.client_id));
    claims.insert("aud".to_owned(), json!(server));
    claims.insert("jti".to_owned(), json!(jti));
    claims.insert("iat".to_owned(), json!(issued_at));
    claims.insert("exp".to_owned(), json!(issued_at.plus(REQUEST_OBJECT_LIFETIME)));
    for (name, value) in request.parameters() {
        // What has a structure has it here as well (RFC 9101 §4).
        match name {
            "authorization_details" => claims.insert(name.to_owned(), json!(request.authorization_details)),
            "resource" => claims.insert(name.to_owned(), json!(request.resource)),
            _ => claims.insert(name.to_owned(), json!(value)),
        };
    }
    jws::prepare(
        key.algorithm(),
        &header,
        Value::Object(claims).to_string().as_bytes(),
    )
}

/// Verifies a request object of `client`, who registered `keys`, and reads the request in it ([RFC 9101 §6]). Whatever
/// stood beside the object does not count.
///
/// # Errors
/// [`RequestObjectError`].
///
/// [RFC 9101 §6]: https://www.rfc-editor.org/rfc/rfc9101#section-6
pub fn verify(
    object: &SignedRequest,
    client: &ClientIdentifier,
    keys: &[PublicKey],
    server: &IssuerIdentifier,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<AuthorizationRequest, RequestObjectError> {
    let jws = CompactJws::parse(object.as_str(), MAX_REQUEST_OBJECT_BYTES).map_err(|error| match error {
        JwsError::Algorithm => RequestObjectError::Algorithm,
        _ => RequestObjectError::Malformed,
    })?;
    jws.expect_type(REQUEST_OBJECT_TYPE)
        .map_err(|_| RequestObjectError::WrongType)?;
    keys.iter()
        .take(MAX_KEYS)
        .filter(|key| key.algorithm() == jws.header.algorithm)
        .find(|key| jws.verify(crypto, key).is_ok())
        .ok_or(RequestObjectError::Signature)?;
    let claims: Map<String, Value> = jws.payload_json().map_err(|_| RequestObjectError::Malformed)?;
    check_envelope(&claims, client, server, now)?;
    let mut form = to_form(claims)?;
    AuthorizationRequest::take_from(&mut form)
        .map_err(|refused| RequestObjectError::Parameters(refused.reason))
}

fn check_envelope(
    claims: &Map<String, Value>,
    client: &ClientIdentifier,
    server: &IssuerIdentifier,
    now: UnixTime,
) -> Result<(), RequestObjectError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client.as_str()) || text("client_id") != Some(client.as_str()) {
        return Err(RequestObjectError::WrongClient);
    }
    // RFC 9101 §10.8: with the client as its subject, the object would do as a client assertion.
    if text("sub") == Some(client.as_str()) {
        return Err(RequestObjectError::Subject);
    }
    if !is_audience(claims.get("aud"), server.as_str()) {
        return Err(RequestObjectError::WrongAudience);
    }
    let time = |name: &str| time_claim(claims, name).map_err(|_| RequestObjectError::Malformed);
    let expires_at = time("exp")?.ok_or(RequestObjectError::NoExpiry)?;
    if expires_at.plus(CLOCK_TOLERANCE) < now {
        return Err(RequestObjectError::Expired);
    }
    if expires_at > now.plus(MAX_REQUEST_OBJECT_LIFETIME).plus(CLOCK_TOLERANCE) {
        return Err(RequestObjectError::LivesTooLong);
    }
    let latest = now.plus(CLOCK_TOLERANCE);
    if time("iat")?.is_some_and(|at| at > latest) || time("nbf")?.is_some_and(|at| at > latest) {
        return Err(RequestObjectError::FromTheFuture);
    }
    Ok(())
}

/// The parameters among the claims, as if they had come in a form.
fn to_form(claims: Map<String, Value>) -> Result<Form, RequestObjectError> {
    let mut form = Form::empty();
    for (name, value) in claims {
        if ENVELOPE.contains(&name.as_str()) {
            continue;
        }
        match (name.as_str(), value) {
            ("request", _) => return Err(AuthorizationRequestError::NestedRequestObject.into()),
            ("request_uri", _) => return Err(AuthorizationRequestError::NestedRequestUri.into()),
            ("authorization_details", value @ Value::Array(_)) => form.put(&name, value.to_string()),
            ("resource", Value::Array(values)) => {
                for value in values {
                    let Value::String(value) = value else {
                        return Err(RequestObjectError::Malformed);
                    };
                    form.put(&name, value);
                }
            }
            (_, Value::String(value)) => form.put(&name, value),
            // Parameters of extensions, such as numbers and claims requests, are ignored like any unknown one.
            _ => {}
        }
    }
    Ok(form)
}

/// Why a request object was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestObjectError {
    /// No compact JWS, or claims that are not those of the specification.
    #[error("the request object is malformed")]
    Malformed,
    /// Not signed, or with an algorithm that is not supported.
    #[error("the request object is not signed with a supported algorithm")]
    Algorithm,
    /// `typ` is not [`REQUEST_OBJECT_TYPE`].
    #[error("the request object has not the type {REQUEST_OBJECT_TYPE}")]
    WrongType,
    /// No key of the client made the signature.
    #[error("the signature of the request object is wrong")]
    Signature,
    /// `iss` or `client_id` is not the client.
    #[error("the request object is not of this client")]
    WrongClient,
    /// `sub` is the client: the object could be used to authenticate it.
    #[error("the subject of the request object must not be the client")]
    Subject,
    /// `aud` is another server.
    #[error("the request object is for another audience")]
    WrongAudience,
    /// No `exp`.
    #[error("the request object has no exp")]
    NoExpiry,
    /// Too late.
    #[error("the request object has expired")]
    Expired,
    /// `exp` lies ahead by more than [`MAX_REQUEST_OBJECT_LIFETIME`].
    #[error("the request object lives too long")]
    LivesTooLong,
    /// `iat` or `nbf` lies ahead.
    #[error("the request object is from the future")]
    FromTheFuture,
    /// A parameter in it.
    #[error(transparent)]
    Parameters(#[from] AuthorizationRequestError),
}

impl RequestObjectError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> AuthorizationErrorCode {
        match self {
            Self::Parameters(error) => error.code(),
            _ => AuthorizationErrorCode::InvalidRequestObject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::authorization_request::tests::request;
    use super::*;
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{RustCryptoProvider, SecretKey, SignatureAlgorithm};

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

    fn key(seed: u64) -> SecretKey {
        RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
            .unwrap()
    }

    fn server() -> IssuerIdentifier {
        IssuerIdentifier::parse("https://as.example").unwrap()
    }

    fn finish(prepared: PreparedJws) -> SignedRequest {
        let signature = RustCryptoProvider
            .sign(&key(1), prepared.signing_input().as_bytes())
            .unwrap();
        SignedRequest::parse(prepared.finish(&signature)).unwrap()
    }

    fn check(object: &SignedRequest) -> Result<AuthorizationRequest, RequestObjectError> {
        let keys = [key(1).public_key()];
        let client = request().client_id;
        verify(object, &client, &keys, &server(), NOW, &RustCryptoProvider)
    }

    fn claims() -> Map<String, Value> {
        let jti = JwtId::parse("one").unwrap();
        let object = finish(prepare(&request(), &key(1).public_key(), &server(), &jti, NOW));
        CompactJws::parse(object.as_str(), MAX_REQUEST_OBJECT_BYTES)
            .unwrap()
            .payload_json()
            .unwrap()
    }

    fn signed(typ: &str, claims: &Map<String, Value>) -> SignedRequest {
        let header = json!({ "typ": typ });
        finish(jws::prepare(
            SignatureAlgorithm::Es256,
            header.as_object().unwrap(),
            json!(claims).to_string().as_bytes(),
        ))
    }

    #[test]
    fn a_signed_request_reads_back() {
        let jti = JwtId::parse("one").unwrap();
        let object = finish(prepare(&request(), &key(1).public_key(), &server(), &jti, NOW));
        assert_eq!(check(&object), Ok(request()));
        // What has a structure is no text in a text.
        assert!(claims()["authorization_details"].is_array());
        assert!(claims()["resource"].is_array());
    }

    #[test]
    fn each_broken_object_is_refused_for_its_own_reason() {
        let at = NOW.seconds();
        let client = request().client_id;
        for (name, value, error) in [
            ("iss", json!("other"), RequestObjectError::WrongClient),
            ("client_id", json!("other"), RequestObjectError::WrongClient),
            ("sub", json!(client), RequestObjectError::Subject),
            (
                "aud",
                json!("https://other.example"),
                RequestObjectError::WrongAudience,
            ),
            (
                "aud",
                json!(["https://as.example", "https://other.example"]),
                RequestObjectError::WrongAudience,
            ),
            ("exp", json!(at - 301), RequestObjectError::Expired),
            ("exp", json!(at + 3901), RequestObjectError::LivesTooLong),
            ("iat", json!(at + 301), RequestObjectError::FromTheFuture),
            ("nbf", json!(at + 301), RequestObjectError::FromTheFuture),
            ("exp", json!("soon"), RequestObjectError::Malformed),
            (
                "request",
                json!("a.b.c"),
                RequestObjectError::Parameters(AuthorizationRequestError::NestedRequestObject),
            ),
            (
                "request_uri",
                json!("urn:a"),
                RequestObjectError::Parameters(AuthorizationRequestError::NestedRequestUri),
            ),
            ("resource", json!([7]), RequestObjectError::Malformed),
            (
                "redirect_uri",
                json!("javascript:1"),
                RequestObjectError::Parameters(AuthorizationRequestError::RedirectUri),
            ),
        ] {
            let mut claims = claims();
            claims.insert(name.to_owned(), value);
            assert_eq!(check(&signed(REQUEST_OBJECT_TYPE, &claims)), Err(error), "{name}");
        }
        let mut eternal = claims();
        eternal.remove("exp");
        let object = signed(REQUEST_OBJECT_TYPE, &eternal);
        assert_eq!(check(&object), Err(RequestObjectError::NoExpiry));
        for typ in ["JWT", "dpop+jwt"] {
            assert_eq!(check(&signed(typ, &claims())), Err(RequestObjectError::WrongType));
        }
    }

    #[test]
    fn only_a_key_of_the_client_signs() {
        let jti = JwtId::parse("one").unwrap();
        let object = finish(prepare(&request(), &key(1).public_key(), &server(), &jti, NOW));
        let keys = [key(2).public_key()];
        let refused = verify(
            &object,
            &request().client_id,
            &keys,
            &server(),
            NOW,
            &RustCryptoProvider,
        );
        assert_eq!(refused, Err(RequestObjectError::Signature));
    }
}
