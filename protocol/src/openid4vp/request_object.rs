//! Requests, signed and not: who asks, and how it is proven ([OpenID4VP §5.9, §5.10], [RFC 9101]).
//!
//! [OpenID4VP §5.9, §5.10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9
//! [RFC 9101]: https://www.rfc-editor.org/rfc/rfc9101

mod error;
mod signer;

use core::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_crypto::jose::jws::{self, CompactJws, PreparedJws};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_did::{Did, DidUrl, PublishedDocument};
use thiserror::Error;

pub(crate) use self::signer::proven_key;
use self::signer::{Authenticated, authenticate, authenticate_unsigned};
use super::client_id::ClientId;
use super::error::PresentationErrorCode;
use super::registered::RegisteredClient;
use super::request::{
    PresentationRequest, RequestDefect, RequestNonce, RequestReader, is_carried_by_browser,
};
use super::response::ErrorAnswer;
use super::scope::ScopeQueries;
use super::transaction_data::TransactionTypes;
use crate::identifier::{HttpUrl, UrlPolicy};
use crate::openid4vci::proof::is_audience;
use crate::qr_transport;

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
    let audience = if request.response_mode.is_by_qr() {
        qr_transport::REQUEST_AUDIENCE
    } else {
        STATIC_AUDIENCE
    };
    claims.insert("aud".to_owned(), json!(audience));
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
    /// What the wallet is called where verifiers can look it up: then it is an audience too ([OpenID4VP §5.8]).
    ///
    /// [OpenID4VP §5.8]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.8
    pub issuer: Option<&'a str>,
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
    /// The types of transaction data that the wallet can show.
    pub transaction_types: &'a TransactionTypes,
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
            transaction_types: TransactionTypes::NONE,
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
        let response_uri = self.request.response_uri.clone()?;
        self.proof.proves_address().then(|| ErrorTarget {
            response_uri,
            carrier: Carrier::of(self.request.response_mode.is_carried_by_browser()),
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
    /// Who brings it there.
    pub carrier: Carrier,
    /// What it is told.
    pub answer: ErrorAnswer,
}

/// Who brings an answer to its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The wallet posts it.
    Wallet,
    /// The browser, in the fragment of the address.
    Browser,
}

impl Carrier {
    const fn of(carried_by_browser: bool) -> Self {
        if carried_by_browser {
            Self::Browser
        } else {
            Self::Wallet
        }
    }
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
    verify_by(Channel::Network, object, expected, crypto)
}

/// Verifies a request object that came by QR code: as [`verify`], with the audience, the response mode and the short life that such
/// requests have. None of either kind passes as one of the other.
///
/// # Errors
/// [`RequestRefused`]; nobody is ever to be told, as there is no address.
pub fn verify_by_qr(
    object: &str,
    expected: &RequestExpectations<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedRequest, RequestRefused> {
    verify_by(Channel::QrCodes, object, expected, crypto)
}

/// What carries the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    Network,
    QrCodes,
}

fn verify_by(
    channel: Channel,
    object: &str,
    expected: &RequestExpectations<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedRequest, RequestRefused> {
    let client = authenticate(channel, object, expected, crypto).map_err(silent)?;
    let expires_at =
        check_envelope(channel, &client.claims, expected).map_err(|reason| client.refuse(reason))?;
    client.into_request(channel, expected, expires_at)
}

/// The client that a request object names, which nothing proves yet: whoever reads it from a link knows it beforehand, and whoever
/// reads it from QR codes does not.
///
/// # Errors
/// [`RequestObjectError`] when there is no request object, or it names no client.
pub fn unproven_client_id(object: &str) -> Result<ClientId, RequestObjectError> {
    let jws = CompactJws::parse(object.trim_end(), MAX_REQUEST_OBJECT_BYTES)
        .map_err(|_| RequestObjectError::Malformed)?;
    let claims: Map<String, Value> = jws.payload_json().map_err(|_| RequestObjectError::Malformed)?;
    let client_id = claims
        .get("client_id")
        .and_then(Value::as_str)
        .ok_or(RequestObjectError::Parameters(RequestDefect::NoClientId))?;
    ClientId::parse(client_id).map_err(|error| RequestObjectError::Parameters(error.into()))
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
    client.into_request(Channel::Network, expected, None)
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
        let address = self.response_uri.clone();
        let carrier = Carrier::of(is_carried_by_browser(&self.claims));
        RequestRefused {
            reason,
            tell: address
                .filter(|_| self.proof.proves_address())
                .map(|response_uri| {
                    Box::new(ErrorTarget {
                        response_uri,
                        carrier,
                        answer,
                    })
                }),
        }
    }

    fn into_request(
        self,
        channel: Channel,
        expected: &RequestExpectations<'_>,
        expires_at: Option<UnixTime>,
    ) -> Result<VerifiedRequest, RequestRefused> {
        let reader = RequestReader {
            urls: expected.urls,
            scopes: expected.clients.scopes,
            transaction_types: expected.clients.transaction_types,
            registered: expected
                .clients
                .registered(expected.client_id)
                .map(|client| &client.client_metadata),
        };
        match PresentationRequest::parse(&self.claims, &reader) {
            Ok(request) if request.response_mode.is_by_qr() != (channel == Channel::QrCodes) => {
                Err(self.refuse(RequestObjectError::Parameters(RequestDefect::ResponseMode)))
            }
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
    channel: Channel,
    claims: &Map<String, Value>,
    expected: &RequestExpectations<'_>,
) -> Result<Option<UnixTime>, RequestObjectError> {
    let audience = match channel {
        Channel::Network => STATIC_AUDIENCE,
        Channel::QrCodes => qr_transport::REQUEST_AUDIENCE,
    };
    let named = expected.issuer.filter(|_| channel == Channel::Network);
    let mut audiences = core::iter::once(audience).chain(named);
    if !audiences.any(|audience| is_audience(claims.get("aud"), audience)) {
        return Err(RequestObjectError::Audience);
    }
    let expires_at = check_times(claims, expected.now)?;
    if channel == Channel::QrCodes && !is_short_lived(claims, expires_at) {
        return Err(RequestObjectError::LongLived);
    }
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

/// A request that is shown as a picture could be shown for ever, and its nonce cannot be remembered for ever.
fn is_short_lived(claims: &Map<String, Value>, expires_at: Option<UnixTime>) -> bool {
    let issued_at = claims.get("iat").and_then(Value::as_i64);
    match (issued_at.map(UnixTime::from_seconds), expires_at) {
        (Some(from), Some(until)) => from <= until && until.since(from) <= qr_transport::MAX_REQUEST_LIFETIME,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
