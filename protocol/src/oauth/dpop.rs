//! Proof that a client holds the key that its tokens are bound to ([RFC 9449]).
//!
//! A proof is made for one request: its method, its address, its moment and, at a protected resource, its token.
//! Whether its `jti` was seen before and whether its nonce is one of ours is for the server's stores, which see the
//! values that [`verify`] returns.
//!
//! [RFC 9449]: https://www.rfc-editor.org/rfc/rfc9449

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws::{self, CompactJws, JwsError, PreparedJws};
use symbolon_crypto::{CryptoProvider, PublicKey, SignatureAlgorithm, Thumbprint, UnixTime};
use thiserror::Error;
use url::Url;

use super::access_token::ResourceErrorCode;
use super::error::TokenErrorCode;
use super::jwt::{Freshness, FreshnessDefect, JwtId};
use crate::identifier::HttpUrl;
use crate::secret::AccessToken;

/// The header field that carries a proof.
pub const PROOF_HEADER: &str = "DPoP";

/// The header field in which a server gives its nonce.
pub const NONCE_HEADER: &str = "DPoP-Nonce";

/// The `typ` of a proof.
pub const PROOF_TYPE: &str = "dpop+jwt";

/// The longest proof that is read, in bytes.
pub const MAX_PROOF_BYTES: usize = 8 * 1024;

/// The longest nonce that is read, in bytes.
pub const MAX_NONCE_BYTES: usize = 512;

/// The algorithms of proofs.
pub const PROOF_ALGORITHMS: &[SignatureAlgorithm] = &[
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::EdDsa,
];

/// A nonce of a server ([RFC 9449 §8.1]): no secret, and without a meaning for the client.
///
/// [RFC 9449 §8.1]: https://www.rfc-editor.org/rfc/rfc9449#section-8.1
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DpopNonce(String);

impl DpopNonce {
    /// Takes a nonce; `None` when it is empty, too long, or a character is not of `NQCHAR`.
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let sound = !text.is_empty() && text.len() <= MAX_NONCE_BYTES && text.bytes().all(allowed);
        sound.then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for DpopNonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("not a nonce"))
    }
}

/// The method of a request: those of the endpoints that take a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl HttpMethod {
    /// The method as `htm` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// The request that a proof is made for.
#[derive(Debug, Clone, Copy)]
pub struct ProvenRequest<'a> {
    /// The method.
    pub method: HttpMethod,
    /// The address. Its query is left out of the proof.
    pub url: &'a HttpUrl,
    /// The token that the request presents; `None` at the endpoints of an authorization server.
    pub access_token: Option<&'a AccessToken>,
}

/// Prepares a proof by `key`, which the client then has sign it ([RFC 9449 §4.2]).
///
/// [RFC 9449 §4.2]: https://www.rfc-editor.org/rfc/rfc9449#section-4.2
#[must_use]
pub fn prepare(
    key: &PublicKey,
    request: ProvenRequest<'_>,
    jti: &JwtId,
    nonce: Option<&DpopNonce>,
    issued_at: UnixTime,
) -> PreparedJws {
    let mut header = Map::new();
    header.insert("typ".to_owned(), json!(PROOF_TYPE));
    header.insert("jwk".to_owned(), json!(key.to_jwk()));
    let mut target = request.url.url().clone();
    target.set_query(None);
    let mut claims = Map::new();
    claims.insert("jti".to_owned(), json!(jti));
    claims.insert("htm".to_owned(), json!(request.method.as_str()));
    claims.insert("htu".to_owned(), json!(target.as_str()));
    claims.insert("iat".to_owned(), json!(issued_at));
    if let Some(token) = request.access_token {
        claims.insert("ath".to_owned(), json!(access_token_hash(token)));
    }
    if let Some(nonce) = nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    jws::prepare(
        key.algorithm(),
        &header,
        Value::Object(claims).to_string().as_bytes(),
    )
}

/// Which key a proof must be by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedKey<'a> {
    /// Any: the token that is asked for will be bound to it.
    Any,
    /// The key that the token, the code or the request is bound to.
    Bound(&'a Thumbprint),
}

/// Verifies a proof by every rule of [RFC 9449 §4.3] but those that need a store: the `jti` is new, the nonce is ours.
///
/// # Errors
/// [`DpopError`].
///
/// [RFC 9449 §4.3]: https://www.rfc-editor.org/rfc/rfc9449#section-4.3
pub fn verify(
    proof: &str,
    request: ProvenRequest<'_>,
    expected: ExpectedKey<'_>,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedDpopProof, DpopError> {
    let jws = CompactJws::parse(proof, MAX_PROOF_BYTES).map_err(|error| match error {
        JwsError::Algorithm => DpopError::Algorithm,
        _ => DpopError::Malformed,
    })?;
    jws.expect_type(PROOF_TYPE).map_err(|_| DpopError::WrongType)?;
    if !PROOF_ALGORITHMS.contains(&jws.header.algorithm) {
        return Err(DpopError::Algorithm);
    }
    let jwk = jws.header.jwk.as_ref().ok_or(DpopError::Key)?;
    let key = PublicKey::from_jwk(jwk).map_err(|_| DpopError::Key)?;
    jws.verify(crypto, &key).map_err(|_| DpopError::Signature)?;

    let claims: Map<String, Value> = jws.payload_json().map_err(|_| DpopError::Malformed)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("htm") != Some(request.method.as_str()) {
        return Err(DpopError::WrongMethod);
    }
    if !text("htu").is_some_and(|target| is_same_target(target, request.url)) {
        return Err(DpopError::WrongTarget);
    }
    let freshness = Freshness::of_claims(&claims, now).map_err(|defect| match defect {
        FreshnessDefect::NoIdentifier => DpopError::NoIdentifier,
        FreshnessDefect::NoIssuedAt => DpopError::NoIssuedAt,
        FreshnessDefect::Stale => DpopError::Stale,
    })?;
    if let Some(token) = request.access_token {
        let hash = access_token_hash(token);
        let matches = text("ath").is_some_and(|ath| ath.as_bytes().ct_eq(hash.as_bytes()).into());
        if !matches {
            return Err(DpopError::WrongAccessToken);
        }
    }
    let nonce = match claims.get("nonce") {
        None => None,
        Some(nonce) => Some(
            nonce
                .as_str()
                .and_then(DpopNonce::parse)
                .ok_or(DpopError::Nonce)?,
        ),
    };
    let thumbprint = key.thumbprint();
    match expected {
        ExpectedKey::Bound(bound) if *bound != thumbprint => return Err(DpopError::WrongKey),
        ExpectedKey::Bound(_) | ExpectedKey::Any => {}
    }
    Ok(VerifiedDpopProof {
        thumbprint,
        freshness,
        nonce,
    })
}

/// A proof whose signature, key, method, address, time and token were checked. Only [`verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedDpopProof {
    thumbprint: Thumbprint,
    freshness: Freshness,
    nonce: Option<DpopNonce>,
}

impl VerifiedDpopProof {
    /// The key: `cnf.jkt` of what is bound to it ([RFC 9449 §6.1]).
    ///
    /// [RFC 9449 §6.1]: https://www.rfc-editor.org/rfc/rfc9449#section-6.1
    #[must_use]
    pub const fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// The `jti`, which must not come again, and until when it is remembered.
    #[must_use]
    pub const fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    /// The nonce. Missing or not one of ours: answer [`DpopError::NonceRequired`].
    #[must_use]
    pub const fn nonce(&self) -> Option<&DpopNonce> {
        self.nonce.as_ref()
    }
}

/// The one proof among the values of the header fields named [`PROOF_HEADER`]; `None` when there is no such field.
///
/// # Errors
/// [`DpopError::RepeatedHeader`].
pub fn the_one_proof<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Option<&'a str>, DpopError> {
    let mut values = values.into_iter();
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(DpopError::RepeatedHeader),
    }
}

fn access_token_hash(token: &AccessToken) -> String {
    base64url::encode(&Sha256::digest(token.expose().as_bytes()))
}

/// Compares `htu` with the address of the request, without query and fragment and after the normalization of
/// [RFC 3986 §6.2.2 and §6.2.3]: case, default ports, dot segments, and needless percent-encoding.
///
/// [RFC 3986 §6.2.2 and §6.2.3]: https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
fn is_same_target(htu: &str, expected: &HttpUrl) -> bool {
    let expected = expected.url();
    Url::parse(htu).is_ok_and(|url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.scheme() == expected.scheme()
            && url.host() == expected.host()
            && url.port_or_known_default() == expected.port_or_known_default()
            && normal_path(url.path()) == normal_path(expected.path())
    })
}

/// A path in which only reserved characters are percent-encoded, with upper-case digits.
fn normal_path(path: &str) -> Vec<u8> {
    let mut normal = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let decoded = match (byte, after) {
            (b'%', [high, low, ..]) => hexadecimal(*high).zip(hexadecimal(*low)),
            _ => None,
        };
        let Some((high, low)) = decoded else {
            normal.push(byte);
            continue;
        };
        rest = rest.get(2..).unwrap_or_default();
        let value = (high << 4) | low;
        if value.is_ascii_alphanumeric() || b"-._~".contains(&value) {
            normal.push(value);
        } else {
            normal.extend(format!("%{value:02X}").bytes());
        }
    }
    normal
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Why a proof was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DpopError {
    /// No proof where one is needed.
    #[error("a DPoP proof is required")]
    Missing,
    /// More than one header field.
    #[error("more than one DPoP proof")]
    RepeatedHeader,
    /// Over budget, no compact JWS, a private key in its header, or claims that are no JSON object.
    #[error("the DPoP proof is malformed")]
    Malformed,
    /// `typ` is not [`PROOF_TYPE`]: some other JWT.
    #[error("the DPoP proof has not the type {PROOF_TYPE}")]
    WrongType,
    /// Not one of [`PROOF_ALGORITHMS`].
    #[error("the DPoP proof is signed with an algorithm that is not supported")]
    Algorithm,
    /// No `jwk` in the header, or no valid one.
    #[error("the DPoP proof names no valid key")]
    Key,
    /// The signature is wrong.
    #[error("the signature of the DPoP proof is wrong")]
    Signature,
    /// `htm` is another method.
    #[error("the DPoP proof is for another method")]
    WrongMethod,
    /// `htu` is another address.
    #[error("the DPoP proof is for another address")]
    WrongTarget,
    /// No `jti`.
    #[error("the DPoP proof has no jti")]
    NoIdentifier,
    /// No `iat`, or no number.
    #[error("the DPoP proof has no iat")]
    NoIssuedAt,
    /// Older, or further in the future, than [`CLOCK_TOLERANCE`](super::jwt::CLOCK_TOLERANCE).
    #[error("the DPoP proof is too old or from the future")]
    Stale,
    /// `ath` is missing or the hash of another token.
    #[error("the DPoP proof is for another access token")]
    WrongAccessToken,
    /// `nonce` is no nonce.
    #[error("the nonce of the DPoP proof is malformed")]
    Nonce,
    /// No nonce, or none of this server's that is still good. The answer carries a new one.
    #[error("the DPoP proof needs a nonce of this server")]
    NonceRequired,
    /// The `jti` was seen before.
    #[error("the DPoP proof was used before")]
    Replayed,
    /// The key is not the one that the token or the code is bound to.
    #[error("the DPoP proof is by another key")]
    WrongKey,
}

impl DpopError {
    /// What an authorization server answers, with HTTP 400 ([RFC 9449 §5, §8]).
    ///
    /// [RFC 9449 §5, §8]: https://www.rfc-editor.org/rfc/rfc9449#section-5
    #[must_use]
    pub const fn token_code(self) -> TokenErrorCode {
        match self {
            Self::NonceRequired => TokenErrorCode::UseDpopNonce,
            _ => TokenErrorCode::InvalidDpopProof,
        }
    }

    /// What a protected resource answers, with HTTP 401 ([RFC 9449 §7.1, §9]). A good proof by another key says that
    /// the token is not this client's.
    ///
    /// [RFC 9449 §7.1, §9]: https://www.rfc-editor.org/rfc/rfc9449#section-7.1
    #[must_use]
    pub const fn resource_code(self) -> ResourceErrorCode {
        match self {
            Self::NonceRequired => ResourceErrorCode::UseDpopNonce,
            Self::WrongKey => ResourceErrorCode::InvalidToken,
            _ => ResourceErrorCode::InvalidDpopProof,
        }
    }
}

#[cfg(test)]
mod tests;
