//! Signed requests: with one signature ([OpenID4VP appendix A.3.2.1]), and with several ([OpenID4VP appendix A.3.2.2]), of which one
//! that the wallet can follow to somebody it trusts is enough.
//!
//! [OpenID4VP appendix A.3.2.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A.3.2.1
//! [OpenID4VP appendix A.3.2.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A.3.2.2

use serde_json::{Map, Value, json};
use symbolon_crypto::jose::jws::{self, CompactJws, JwsError, PreparedJws};
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};

use super::{OriginRequest, OriginRequestError, VerifiedOriginRequest, can_sign};
use crate::digital_credentials::{ExchangeProtocol, Origin};
use crate::identifier::UrlPolicy;
use crate::openid4vp::client_id::ClientId;
use crate::openid4vp::request::RequestDefect;
use crate::openid4vp::request_object::{
    KnownClients, MAX_REQUEST_OBJECT_BYTES, REQUEST_OBJECT_TYPE, RequestExpectations, RequestObjectError,
    RequestValidity, STATIC_AUDIENCE, SignerReference, check_times, header_of, proven_key,
};

/// The most signatures under one request.
pub const MAX_SIGNATURES: usize = 8;

/// The parameters that belong to one signature.
const OF_ONE_SIGNATURE: [&str; 2] = ["client_id", "verifier_info"];

/// The claims that all signatures of a request are over.
fn claims_of(
    request: &OriginRequest,
    origins: &[Origin],
    validity: RequestValidity,
) -> Result<Map<String, Value>, RequestDefect> {
    let mut claims = request.to_data()?;
    claims.insert("expected_origins".to_owned(), json!(origins));
    claims.insert("aud".to_owned(), json!(STATIC_AUDIENCE));
    claims.insert("iat".to_owned(), json!(validity.issued_at));
    claims.insert("exp".to_owned(), json!(validity.expires_at));
    Ok(claims)
}

/// Prepares a request with one signature, for pages of these origins; its `data` is `{"request": <the compact JWS>}`.
///
/// # Errors
/// [`RequestDefect`] when the request is not one that a wallet would accept.
pub fn prepare_signed(
    request: &OriginRequest,
    client_id: &ClientId,
    origins: &[Origin],
    signer: SignerReference<'_>,
    algorithm: SignatureAlgorithm,
    validity: RequestValidity,
) -> Result<PreparedJws, RequestDefect> {
    let mut claims = claims_of(request, origins, validity)?;
    claims.insert("client_id".to_owned(), json!(client_id));
    let payload = Value::Object(claims).to_string();
    Ok(jws::prepare(algorithm, &header_of(signer), payload.as_bytes()))
}

/// Prepares a request with several signatures, one for each client identifier. Signed, they are put together by
/// [`MultisignedRequest::finish`].
///
/// # Errors
/// [`RequestDefect`] when the request is not one that a wallet would accept.
pub fn prepare_multisigned(
    request: &OriginRequest,
    origins: &[Origin],
    signers: &[(ClientId, SignerReference<'_>)],
    algorithm: SignatureAlgorithm,
    validity: RequestValidity,
) -> Result<MultisignedRequest, RequestDefect> {
    let payload = Value::Object(claims_of(request, origins, validity)?).to_string();
    let signatures = signers.iter().take(MAX_SIGNATURES).map(|(client_id, signer)| {
        let mut header = header_of(*signer);
        header.insert("client_id".to_owned(), json!(client_id));
        jws::prepare(algorithm, &header, payload.as_bytes())
    });
    Ok(MultisignedRequest(signatures.collect()))
}

/// A request that lacks its signatures.
#[derive(Debug, Clone)]
pub struct MultisignedRequest(Vec<PreparedJws>);

impl MultisignedRequest {
    /// What has to be signed, one after the other.
    #[must_use]
    pub fn parts(&self) -> &[PreparedJws] {
        &self.0
    }

    /// The JWS in JSON serialization ([RFC 7515 §7.2.1]), with the signatures of [`Self::parts`] in their order; its `data` is
    /// `{"request": <this>}`. `None` with another number of signatures.
    ///
    /// [RFC 7515 §7.2.1]: https://www.rfc-editor.org/rfc/rfc7515#section-7.2.1
    #[must_use]
    pub fn finish(self, signatures: &[Vec<u8>]) -> Option<Value> {
        if signatures.len() != self.0.len() {
            return None;
        }
        let mut payload = None;
        let mut signed = Vec::with_capacity(signatures.len());
        for (prepared, signature) in self.0.into_iter().zip(signatures) {
            let text = prepared.finish(signature);
            let mut parts = text.splitn(3, '.').map(str::to_owned);
            let (protected, shared, signature) = (parts.next()?, parts.next()?, parts.next()?);
            payload = Some(shared);
            signed.push(json!({ "protected": protected, "signature": signature }));
        }
        Some(json!({ "payload": payload?, "signatures": signed }))
    }
}

/// One signature of a request, with the claims that it is over; nothing of it has been verified.
#[derive(Debug, Clone)]
pub struct SignedOriginRequest {
    client_id: ClientId,
    /// The compact form of the signature.
    object: String,
    serialization: Serialization,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serialization {
    Compact,
    Json,
}

/// The signatures of a request, in its order: of which one must be verified.
///
/// # Errors
/// [`OriginRequestError`]. Signatures whose client identifier is of no kind that is known are left out, as long as one is left.
pub fn signed_requests(
    protocol: ExchangeProtocol,
    data: &Map<String, Value>,
) -> Result<Vec<SignedOriginRequest>, OriginRequestError> {
    match (protocol, data.get("request")) {
        (ExchangeProtocol::OpenId4VpSigned, Some(Value::String(object))) => {
            SignedOriginRequest::compact(object).map(|one| vec![one])
        }
        (ExchangeProtocol::OpenId4VpMultisigned, Some(Value::Object(jws))) => multisigned(jws),
        _ => Err(OriginRequestError::Malformed),
    }
}

fn multisigned(jws: &Map<String, Value>) -> Result<Vec<SignedOriginRequest>, OriginRequestError> {
    let payload = jws.get("payload").and_then(Value::as_str);
    let payload = payload.ok_or(OriginRequestError::Malformed)?;
    let signatures = match jws.get("signatures") {
        Some(Value::Array(signatures)) if (1..=MAX_SIGNATURES).contains(&signatures.len()) => signatures,
        _ => return Err(OriginRequestError::Malformed),
    };
    let mut requests = Vec::with_capacity(signatures.len());
    let mut refused = OriginRequestError::Malformed;
    for signature in signatures {
        match SignedOriginRequest::one_of_several(payload, signature) {
            Ok(request) => requests.push(request),
            // Another trust framework's, which this suite does not know.
            Err(error @ OriginRequestError::Object(_)) => refused = error,
            Err(error) => return Err(error),
        }
    }
    if requests.is_empty() {
        return Err(refused);
    }
    Ok(requests)
}

impl SignedOriginRequest {
    fn compact(object: &str) -> Result<Self, OriginRequestError> {
        let jws = parse(object)?;
        let claims: Map<String, Value> = jws.payload_json().map_err(|_| RequestObjectError::Malformed)?;
        Ok(Self {
            client_id: client_id(claims.get("client_id"))?,
            object: object.to_owned(),
            serialization: Serialization::Compact,
        })
    }

    fn one_of_several(payload: &str, signature: &Value) -> Result<Self, OriginRequestError> {
        let text = |name: &str| {
            signature
                .get(name)
                .and_then(Value::as_str)
                .ok_or(OriginRequestError::Malformed)
        };
        if let Some(unprotected) = signature.get("header") {
            for parameter in OF_ONE_SIGNATURE {
                if unprotected.get(parameter).is_some() {
                    return Err(OriginRequestError::OutsideProtectedHeader { parameter });
                }
            }
        }
        let object = format!("{}.{payload}.{}", text("protected")?, text("signature")?);
        let jws = parse(&object)?;
        let claims: Map<String, Value> = jws.payload_json().map_err(|_| RequestObjectError::Malformed)?;
        for parameter in OF_ONE_SIGNATURE {
            if claims.contains_key(parameter) {
                return Err(OriginRequestError::OutsideProtectedHeader { parameter });
            }
        }
        let client_id = client_id(jws.header.members.get("client_id"))?;
        Ok(Self {
            client_id,
            object,
            serialization: Serialization::Json,
        })
    }

    /// Who says that it signed.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// When it says that it was made; nothing of that is believed before it was verified with it.
    #[must_use]
    pub fn issued_at(&self) -> Option<UnixTime> {
        let claims: Map<String, Value> = parse(&self.object).ok()?.payload_json().ok()?;
        claims.get("iat")?.as_i64().map(UnixTime::from_seconds)
    }

    /// Verifies the request as one that a page of `origin` sent: type, signature, client identifier, origin, time, and then every
    /// parameter.
    ///
    /// # Errors
    /// [`OriginRequestError`].
    pub fn verify(
        &self,
        origin: &Origin,
        clients: KnownClients<'_>,
        urls: UrlPolicy,
        now: UnixTime,
        crypto: &dyn CryptoProvider,
    ) -> Result<VerifiedOriginRequest, OriginRequestError> {
        if !can_sign(&self.client_id) {
            return Err(RequestObjectError::Signed.into());
        }
        let jws = parse(&self.object)?;
        match (self.serialization, &jws.header.typ) {
            // The specification's own example of several signatures has no type.
            (Serialization::Json, None) => {}
            _ => jws
                .expect_type(REQUEST_OBJECT_TYPE)
                .map_err(|_| RequestObjectError::WrongType)?,
        }
        let claims: Map<String, Value> = jws.payload_json().map_err(|_| RequestObjectError::Malformed)?;
        let expected = RequestExpectations {
            client_id: &self.client_id,
            clients,
            urls,
            issuer: None,
            wallet_nonce: None,
            now,
        };
        let (key, proof) = proven_key(&jws.header, &expected, crypto)?;
        jws.verify(crypto, &key)
            .map_err(|_| RequestObjectError::Signature)?;
        check_origin(&claims, origin)?;
        if claims
            .get("aud")
            .is_some_and(|audience| audience.as_str() != Some(STATIC_AUDIENCE))
        {
            return Err(RequestObjectError::Audience.into());
        }
        let expires_at = check_times(&claims, now)?;
        let registered = clients
            .registered(&self.client_id)
            .map(|client| &client.client_metadata);
        Ok(VerifiedOriginRequest {
            request: OriginRequest::parse(&claims, registered)?,
            client_id: Some(self.client_id.clone()),
            proof,
            expires_at,
        })
    }
}

fn parse(object: &str) -> Result<CompactJws<'_>, RequestObjectError> {
    CompactJws::parse(object, MAX_REQUEST_OBJECT_BYTES).map_err(|error| match error {
        JwsError::Algorithm => RequestObjectError::Algorithm,
        _ => RequestObjectError::Malformed,
    })
}

fn client_id(value: Option<&Value>) -> Result<ClientId, OriginRequestError> {
    let text = value.and_then(Value::as_str).ok_or(RequestDefect::NoClientId)?;
    Ok(ClientId::parse(text).map_err(RequestDefect::ClientId)?)
}

/// The texts are compared as they are ([OpenID4VP appendix A.2]).
///
/// [OpenID4VP appendix A.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A.2
fn check_origin(claims: &Map<String, Value>, origin: &Origin) -> Result<(), OriginRequestError> {
    let expected = match claims.get("expected_origins") {
        Some(Value::Array(origins)) if !origins.is_empty() => origins,
        _ => return Err(OriginRequestError::NoExpectedOrigins),
    };
    if expected.iter().any(|expected| !expected.is_string()) {
        return Err(OriginRequestError::NoExpectedOrigins);
    }
    if expected
        .iter()
        .any(|expected| expected.as_str() == Some(origin.as_str()))
    {
        Ok(())
    } else {
        Err(OriginRequestError::ForeignOrigin)
    }
}
