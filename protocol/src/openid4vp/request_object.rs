//! Requests, signed and not: who asks, and how it is proven ([OpenID4VP §5.9, §5.10], [RFC 9101]).
//!
//! [OpenID4VP §5.9, §5.10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9
//! [RFC 9101]: https://www.rfc-editor.org/rfc/rfc9101

mod error;
mod signer;

use core::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_crypto::jose::jws::{self, PreparedJws};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_did::{Did, DidUrl, PublishedDocument};
use thiserror::Error;

pub(crate) use self::signer::proven_key;
use self::signer::{Authenticated, authenticate, authenticate_unsigned};
use super::client_id::ClientId;
use super::error::PresentationErrorCode;
use super::registered::RegisteredClient;
use super::request::{PresentationRequest, RequestDefect, RequestNonce, RequestReader};
use super::response::ErrorAnswer;
use super::scope::ScopeQueries;
use crate::identifier::{HttpUrl, UrlPolicy};
use crate::openid4vci::proof::is_audience;

pub use self::error::RequestObjectError;

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

/// How a request object says which key signs it.
#[derive(Debug, Clone, Copy)]
pub enum SignerReference<'a> {
    /// `x5c`: the certificates, leaf first and without the anchor.
    Certificates(&'a [Certificate]),
    /// `kid`: a verification method of the client's DID.
    VerificationMethod(&'a DidUrl),
    /// `kid`: the name of a key of a registered client.
    KeyId(&'a str),
}

/// Prepares a request object, which the verifier then has signed by the key of `signer`.
///
/// `wallet_nonce` is what the wallet sent with a POST.
///
/// # Errors
/// [`RequestDefect`] when the request is not one that a wallet would accept.
pub fn prepare(
    request: &PresentationRequest,
    signer: SignerReference<'_>,
    algorithm: SignatureAlgorithm,
    validity: RequestValidity,
    wallet_nonce: Option<&RequestNonce>,
) -> Result<PreparedJws, RequestDefect> {
    request.check()?;
    let header = header_of(signer);
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

/// The protected header of a request object, without its algorithm.
pub(crate) fn header_of(signer: SignerReference<'_>) -> Map<String, Value> {
    let mut header = Map::new();
    header.insert("typ".to_owned(), json!(REQUEST_OBJECT_TYPE));
    match signer {
        SignerReference::Certificates(chain) => header.insert(
            "x5c".to_owned(),
            jws::x5c_value(chain.iter().map(Certificate::der)),
        ),
        SignerReference::VerificationMethod(method) => header.insert("kid".to_owned(), json!(method)),
        SignerReference::KeyId(key_id) => header.insert("kid".to_owned(), json!(key_id)),
    };
    header
}

/// What the wallet knows before it opens a request object.
#[derive(Debug, Clone, Copy)]
pub struct RequestExpectations<'a> {
    /// The client identifier of the link.
    pub client_id: &'a ClientId,
    /// What it knows of verifiers.
    pub clients: KnownClients<'a>,
    /// Which URLs are allowed at all.
    pub urls: UrlPolicy,
    /// The nonce that the wallet sent when it fetched the object by POST.
    pub wallet_nonce: Option<&'a RequestNonce>,
    /// The time.
    pub now: UnixTime,
}

/// What a wallet knows of verifiers. Whom it then deals with is its own decision.
#[derive(Debug, Clone, Copy)]
pub struct KnownClients<'a> {
    /// The anchors of relying parties.
    pub anchors: &'a [Certificate],
    /// What binds the address of the answer to a verifier with a certificate.
    pub response_uri_rule: ResponseUriRule,
    /// The document of the client's DID, where the DID does not hold its key itself.
    pub did_document: Option<&'a PublishedDocument>,
    /// The clients that were registered.
    pub registered: &'a [RegisteredClient],
    /// The queries that scopes stand for.
    pub scopes: &'a ScopeQueries,
}

impl<'a> KnownClients<'a> {
    /// Verifiers with certificates alone.
    #[must_use]
    pub const fn anchored_by(anchors: &'a [Certificate], response_uri_rule: ResponseUriRule) -> Self {
        Self {
            anchors,
            response_uri_rule,
            did_document: None,
            registered: &[],
            scopes: ScopeQueries::NONE,
        }
    }

    pub(crate) fn registered(&self, client_id: &ClientId) -> Option<&'a RegisteredClient> {
        self.registered
            .iter()
            .find(|client| client.client_id == *client_id)
    }
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

/// How it is known who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientProof {
    /// A certificate signed the request.
    Certificate {
        /// The certificate of the verifier.
        certificate: Box<Certificate>,
        /// The anchor that vouches for it.
        anchor: Box<Certificate>,
    },
    /// A key of this DID signed the request. That says nothing of who has the DID.
    DecentralizedIdentifier(Did),
    /// The client was registered.
    Registered {
        /// What it was registered as.
        name: String,
        /// Whether its request proves that it is its own.
        request: RegisteredRequest,
    },
    /// Nothing but that the answer goes to the address that the client is called by.
    Nothing,
}

/// Whether the request of a registered client is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisteredRequest {
    /// One of its keys signed it.
    Signed,
    /// Anybody may have made it; the answer goes to an address that was registered all the same.
    Unsigned,
}

/// A request whose client is established and whose parameters are sound. It is only made by [`verify`] and
/// [`verify_unsigned`].
#[derive(Debug, Clone)]
pub struct VerifiedRequest {
    request: PresentationRequest,
    proof: ClientProof,
    expires_at: Option<UnixTime>,
}

impl VerifiedRequest {
    /// The parameters.
    #[must_use]
    pub fn request(&self) -> &PresentationRequest {
        &self.request
    }

    /// How it is known who asks.
    #[must_use]
    pub fn proof(&self) -> &ClientProof {
        &self.proof
    }

    /// Until when an answer is welcome.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    /// The refusal of this request, and where it goes; `None` where nothing proves that the address is the verifier's own:
    /// anybody could otherwise have wallets post to an address of his choice.
    #[must_use]
    pub fn refuse(&self, error: PresentationErrorCode) -> Option<ErrorTarget> {
        self.proof.proves_address().then(|| ErrorTarget {
            response_uri: self.request.response_uri.clone(),
            answer: ErrorAnswer {
                error,
                state: self.request.state.clone(),
            },
        })
    }
}

impl ClientProof {
    const fn proves_address(&self) -> bool {
        !matches!(self, Self::Nothing)
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

/// Verifies a request object: type, signature, client identifier with what it demands, address of the answer, audience,
/// time, and then every parameter.
///
/// # Errors
/// [`RequestRefused`].
pub fn verify(
    object: &str,
    expected: &RequestExpectations<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedRequest, RequestRefused> {
    let client = authenticate(object, expected, crypto).map_err(silent)?;
    let expires_at = check_envelope(&client.claims, expected).map_err(|reason| client.refuse(reason))?;
    client.into_request(expected, expires_at)
}

/// Verifies the parameters of a request that is not signed: that its client need not sign, that the answer goes where this
/// client's may go, and every parameter.
///
/// # Errors
/// [`RequestRefused`].
pub fn verify_unsigned(
    parameters: &Map<String, Value>,
    expected: &RequestExpectations<'_>,
) -> Result<VerifiedRequest, RequestRefused> {
    let client = authenticate_unsigned(parameters, expected).map_err(silent)?;
    client.into_request(expected, None)
}

fn silent(reason: RequestObjectError) -> RequestRefused {
    RequestRefused { reason, tell: None }
}

impl Authenticated {
    fn refuse(&self, reason: RequestObjectError) -> RequestRefused {
        let state = self
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
            tell: self.proof.proves_address().then(|| {
                Box::new(ErrorTarget {
                    response_uri: self.response_uri.clone(),
                    answer,
                })
            }),
        }
    }

    fn into_request(
        self,
        expected: &RequestExpectations<'_>,
        expires_at: Option<UnixTime>,
    ) -> Result<VerifiedRequest, RequestRefused> {
        let reader = RequestReader {
            urls: expected.urls,
            scopes: expected.clients.scopes,
            registered: expected
                .clients
                .registered(expected.client_id)
                .map(|client| &client.client_metadata),
        };
        match PresentationRequest::parse(&self.claims, &reader) {
            Ok(request) => Ok(VerifiedRequest {
                request,
                proof: self.proof,
                expires_at,
            }),
            Err(defect) => Err(self.refuse(RequestObjectError::Parameters(defect))),
        }
    }
}

fn check_envelope(
    claims: &Map<String, Value>,
    expected: &RequestExpectations<'_>,
) -> Result<Option<UnixTime>, RequestObjectError> {
    if !is_audience(claims.get("aud"), STATIC_AUDIENCE) {
        return Err(RequestObjectError::Audience);
    }
    let expires_at = check_times(claims, expected.now)?;
    if let Some(nonce) = expected.wallet_nonce
        && claims.get("wallet_nonce").and_then(Value::as_str) != Some(nonce.as_str())
    {
        return Err(RequestObjectError::WalletNonce);
    }
    Ok(expires_at)
}

/// When the object was made, and until when an answer is welcome.
pub(crate) fn check_times(
    claims: &Map<String, Value>,
    now: UnixTime,
) -> Result<Option<UnixTime>, RequestObjectError> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(UnixTime::from_seconds)
            .map(Some)
            .ok_or(RequestObjectError::Malformed),
    };
    let expires_at = time("exp")?;
    if expires_at.is_some_and(|at| at.plus(CLOCK_TOLERANCE) < now) {
        return Err(RequestObjectError::Expired);
    }
    let latest = now.plus(CLOCK_TOLERANCE);
    if time("iat")?.is_some_and(|at| at > latest) || time("nbf")?.is_some_and(|at| at > latest) {
        return Err(RequestObjectError::FromTheFuture);
    }
    Ok(expires_at)
}

#[cfg(test)]
mod tests;
