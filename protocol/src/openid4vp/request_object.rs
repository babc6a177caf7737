//! The signed request object ([OpenID4VP §5.9, §5.10], [RFC 9101]).
//!
//! [OpenID4VP §5.9, §5.10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9
//! [RFC 9101]: https://www.rfc-editor.org/rfc/rfc9101

use core::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_crypto::jose::jws::{self, CompactJws, JwsError, PreparedJws};
use symbolon_crypto::x509::{Certificate, ChainError, ChainProfile, verify_chain};
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};
use thiserror::Error;
use url::Url;

use super::client_id::{ClientId, ClientIdPrefix};
use super::error::PresentationErrorCode;
use super::request::{PresentationRequest, RequestDefect, RequestNonce, response_uri};
use super::response::ErrorAnswer;
use crate::identifier::{HttpUrl, UrlPolicy};
use crate::openid4vci::proof::is_audience;

/// The `typ` of a request object.
pub const REQUEST_OBJECT_TYPE: &str = "oauth-authz-req+jwt";

/// The audience of a request to a wallet that the verifier does not know ([OpenID4VP §5.8]).
///
/// [OpenID4VP §5.8]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.8
pub const STATIC_AUDIENCE: &str = "https://self-issued.me/v2";

/// The longest request object that is read, in bytes.
pub const MAX_REQUEST_OBJECT_BYTES: usize = 128 * 1024;

/// How far the clocks of wallet and verifier may be apart.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// When a request object is made and how long it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestValidity {
    /// `iat`.
    pub issued_at: UnixTime,
    /// `exp`: the last moment at which an answer is welcome.
    pub expires_at: UnixTime,
}

/// Prepares a request object, which the verifier then has signed by the key of the leaf of `chain`.
///
/// `chain` is the leaf first and without the anchor. `wallet_nonce` is what the wallet sent with a POST.
///
/// # Errors
/// [`RequestDefect`] when the request is not one that a wallet would accept.
pub fn prepare(
    request: &PresentationRequest,
    chain: &[Certificate],
    algorithm: SignatureAlgorithm,
    validity: RequestValidity,
    wallet_nonce: Option<&RequestNonce>,
) -> Result<PreparedJws, RequestDefect> {
    request.check()?;
    let mut header = Map::new();
    header.insert("typ".to_owned(), json!(REQUEST_OBJECT_TYPE));
    header.insert(
        "x5c".to_owned(),
        jws::x5c_value(chain.iter().map(Certificate::der)),
    );
    let mut claims = request.to_claims()?;
    claims.insert("aud".to_owned(), json!(STATIC_AUDIENCE));
    claims.insert("iat".to_owned(), json!(validity.issued_at));
    claims.insert("exp".to_owned(), json!(validity.expires_at));
    if let Some(nonce) = wallet_nonce {
        claims.insert("wallet_nonce".to_owned(), json!(nonce.as_str()));
    }
    Ok(jws::prepare(
        algorithm,
        &header,
        Value::Object(claims).to_string().as_bytes(),
    ))
}

/// What the wallet knows before it opens a request object.
#[derive(Debug, Clone, Copy)]
pub struct RequestExpectations<'a> {
    /// The client identifier of the link.
    pub client_id: &'a ClientId,
    /// The anchors of relying parties.
    pub anchors: &'a [Certificate],
    /// What binds the address of the answer to the verifier.
    pub response_uri_rule: ResponseUriRule,
    /// Which URLs are allowed at all.
    pub urls: UrlPolicy,
    /// The nonce that the wallet sent when it fetched the object by POST.
    pub wallet_nonce: Option<&'a RequestNonce>,
    /// The time.
    pub now: UnixTime,
}

/// What binds the address of the answer to a verifier with the prefix `x509_hash`. With `x509_san_dns` the host of
/// the address is always the name that the certificate proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseUriRule {
    /// The certificate names the host (DNS) or the origin (URI) of the address.
    NamedInCertificate,
    /// The anchors vouch for their verifiers, who may have the answer sent anywhere.
    AnyOfTrustedVerifier,
}

/// A request whose signer is proven and whose parameters are sound. It is only made by [`verify`].
#[derive(Debug, Clone)]
pub struct VerifiedRequest {
    request: PresentationRequest,
    certificate: Certificate,
    anchor: Certificate,
    expires_at: Option<UnixTime>,
}

impl VerifiedRequest {
    /// The parameters.
    #[must_use]
    pub fn request(&self) -> &PresentationRequest {
        &self.request
    }

    /// The certificate of the verifier: who it is.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The anchor that vouches for the verifier.
    #[must_use]
    pub fn anchor(&self) -> &Certificate {
        &self.anchor
    }

    /// Until when an answer is welcome.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    /// The refusal of this request, and where it goes.
    #[must_use]
    pub fn refuse(&self, error: PresentationErrorCode) -> ErrorTarget {
        ErrorTarget {
            response_uri: self.request.response_uri.clone(),
            answer: ErrorAnswer {
                error,
                state: self.request.state.clone(),
            },
        }
    }
}

/// Where a refusal goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorTarget {
    /// The address, which the verifier signed for and may use.
    pub response_uri: HttpUrl,
    /// What is posted.
    pub answer: ErrorAnswer,
}

/// A request object was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct RequestRefused {
    /// Why.
    #[source]
    pub reason: RequestObjectError,
    /// Whom to tell; `None` unless the signer and its address are proven. Anybody could otherwise have wallets post
    /// to an address of his choice.
    pub tell: Option<Box<ErrorTarget>>,
}

/// Verifies a request object: type, signature, chain, client identifier, address of the answer, audience, time,
/// and then every parameter.
///
/// # Errors
/// [`RequestRefused`].
pub fn verify(
    object: &str,
    expected: &RequestExpectations<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedRequest, RequestRefused> {
    let silent = |reason| RequestRefused { reason, tell: None };
    let signer = authenticate(object, expected, crypto).map_err(silent)?;
    let tell = |reason: RequestObjectError| {
        let state = signer
            .claims
            .get("state")
            .and_then(Value::as_str)
            .and_then(RequestNonce::parse);
        let answer = ErrorAnswer {
            error: reason.code(),
            state,
        };
        RequestRefused {
            reason,
            tell: Some(Box::new(ErrorTarget {
                response_uri: signer.response_uri.clone(),
                answer,
            })),
        }
    };
    let expires_at = check_envelope(&signer.claims, expected).map_err(tell)?;
    let request = PresentationRequest::parse(&signer.claims, expected.urls)
        .map_err(|defect| tell(RequestObjectError::Parameters(defect)))?;
    Ok(VerifiedRequest {
        request,
        certificate: signer.certificate,
        anchor: signer.anchor,
        expires_at,
    })
}

/// A proven signer, the claims it signed, and the address it may have the answer sent to.
struct Signer {
    claims: Map<String, Value>,
    certificate: Certificate,
    anchor: Certificate,
    response_uri: HttpUrl,
}

fn authenticate(
    object: &str,
    expected: &RequestExpectations<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<Signer, RequestObjectError> {
    let jws =
        CompactJws::parse(object.trim_end(), MAX_REQUEST_OBJECT_BYTES).map_err(|error| match error {
            JwsError::Algorithm => RequestObjectError::Algorithm,
            _ => RequestObjectError::Malformed,
        })?;
    jws.expect_type(REQUEST_OBJECT_TYPE)
        .map_err(|_| RequestObjectError::WrongType)?;
    let claims: Map<String, Value> = jws.payload_json().map_err(|_| RequestObjectError::Malformed)?;
    if claims.get("client_id").and_then(Value::as_str) != Some(expected.client_id.as_str()) {
        return Err(RequestObjectError::ClientIdMismatch);
    }

    let ders = jws.header.x5c.as_ref().ok_or(RequestObjectError::NoCertificate)?;
    let chain: Vec<Certificate> = ders
        .iter()
        .map(|der| Certificate::parse(der))
        .collect::<Result<_, _>>()
        .map_err(|_| RequestObjectError::Certificate)?;
    let leaf = chain.first().ok_or(RequestObjectError::NoCertificate)?;
    match expected.client_id.prefix() {
        ClientIdPrefix::X509Hash(hash) => {
            if leaf.sha256() != *hash {
                return Err(RequestObjectError::CertificateMismatch);
            }
        }
        ClientIdPrefix::X509SanDns(name) => {
            if !leaf.san_dns().iter().any(|dns| dns.eq_ignore_ascii_case(name)) {
                return Err(RequestObjectError::CertificateMismatch);
            }
        }
        ClientIdPrefix::RedirectUri(_) => return Err(RequestObjectError::SignedRedirectUri),
    }
    let verified = verify_chain(
        &chain,
        expected.anchors,
        ChainProfile::RequestSigner,
        expected.now,
        crypto,
    )
    .map_err(RequestObjectError::Chain)?;
    jws.verify(crypto, verified.leaf.public_key())
        .map_err(|_| RequestObjectError::Signature)?;

    let response_uri = response_uri(&claims, expected.urls).map_err(RequestObjectError::Parameters)?;
    let owned = match (expected.client_id.prefix(), expected.response_uri_rule) {
        (ClientIdPrefix::X509SanDns(name), _) => response_uri.host().eq_ignore_ascii_case(name),
        (_, ResponseUriRule::NamedInCertificate) => names_address(leaf, &response_uri),
        (_, ResponseUriRule::AnyOfTrustedVerifier) => true,
    };
    if !owned {
        return Err(RequestObjectError::ForeignResponseUri);
    }
    Ok(Signer {
        claims,
        certificate: leaf.clone(),
        anchor: verified.anchor,
        response_uri,
    })
}

fn names_address(leaf: &Certificate, address: &HttpUrl) -> bool {
    let same_origin = |uri: &String| Url::parse(uri).is_ok_and(|uri| uri.origin() == address.url().origin());
    leaf.san_dns()
        .iter()
        .any(|dns| dns.eq_ignore_ascii_case(address.host()))
        || leaf.san_uris().iter().any(same_origin)
}

fn check_envelope(
    claims: &Map<String, Value>,
    expected: &RequestExpectations<'_>,
) -> Result<Option<UnixTime>, RequestObjectError> {
    if !is_audience(claims.get("aud"), STATIC_AUDIENCE) {
        return Err(RequestObjectError::Audience);
    }
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(UnixTime::from_seconds)
            .map(Some)
            .ok_or(RequestObjectError::Malformed),
    };
    let expires_at = time("exp")?;
    if expires_at.is_some_and(|at| at.plus(CLOCK_TOLERANCE) < expected.now) {
        return Err(RequestObjectError::Expired);
    }
    let latest = expected.now.plus(CLOCK_TOLERANCE);
    if time("iat")?.is_some_and(|at| at > latest) || time("nbf")?.is_some_and(|at| at > latest) {
        return Err(RequestObjectError::FromTheFuture);
    }
    if let Some(nonce) = expected.wallet_nonce
        && claims.get("wallet_nonce").and_then(Value::as_str) != Some(nonce.as_str())
    {
        return Err(RequestObjectError::WalletNonce);
    }
    Ok(expires_at)
}

/// Why a request object was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestObjectError {
    /// Over budget, no compact JWS, or claims that are no JSON object.
    #[error("the request object is malformed")]
    Malformed,
    /// Not signed, or with an algorithm that is not supported.
    #[error("the request object is not signed with a supported algorithm")]
    Algorithm,
    /// `typ` is not [`REQUEST_OBJECT_TYPE`].
    #[error("the request object has not the type {REQUEST_OBJECT_TYPE}")]
    WrongType,
    /// The object names another client than the link.
    #[error("the request object names another client than the link")]
    ClientIdMismatch,
    /// No certificate.
    #[error("the request object has no certificate")]
    NoCertificate,
    /// A certificate that cannot be read.
    #[error("a certificate of the request object is malformed")]
    Certificate,
    /// The certificate is not the one, or has not the name, that the client identifier says.
    #[error("the certificate of the request object is not that of the client identifier")]
    CertificateMismatch,
    /// A client with the prefix `redirect_uri`, which cannot sign.
    #[error("a client identified by redirect_uri cannot sign its request")]
    SignedRedirectUri,
    /// The chain leads to no anchor of relying parties, or is broken.
    #[error("the verifier's certificate is not trusted")]
    Chain(#[source] ChainError),
    /// The signature is wrong.
    #[error("the signature of the request object is wrong")]
    Signature,
    /// The answer would go to an address that is not the verifier's.
    #[error("response_uri does not belong to the verifier")]
    ForeignResponseUri,
    /// The object is for another audience.
    #[error("the request object is for another audience")]
    Audience,
    /// Too late.
    #[error("the request has expired")]
    Expired,
    /// `iat` or `nbf` lies ahead by more than [`CLOCK_TOLERANCE`].
    #[error("the request object is from the future")]
    FromTheFuture,
    /// The nonce of the wallet is not repeated: the object was not made for this fetch.
    #[error("the request object does not repeat the nonce of the wallet")]
    WalletNonce,
    /// A parameter is refused.
    #[error(transparent)]
    Parameters(#[from] RequestDefect),
}

impl RequestObjectError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(&self) -> PresentationErrorCode {
        match self {
            Self::Parameters(defect) => defect.code(),
            _ => PresentationErrorCode::InvalidRequest,
        }
    }
}

#[cfg(test)]
mod tests;
