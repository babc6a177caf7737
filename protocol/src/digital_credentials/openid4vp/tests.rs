use core::time::Duration;
use std::sync::Arc;

use symbolon_crypto::jose::jwe::{JweCodec as _, PureJwe};
use symbolon_crypto::jose::jws::{self, PreparedJws};
use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{self, LeafRequest, Validity};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm};

use super::*;
use crate::dcql::QueryId;
use crate::digital_credentials::{ExchangeProtocol, Origin};
use crate::identifier::UrlPolicy;
use crate::openid4vp::request_object::{KnownClients, RequestValidity, ResponseUriRule, SignerReference};
use crate::openid4vp::response::{Presentation, ResponseError, VpToken};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

struct Verifier {
    anchor: Certificate,
    chain: [Certificate; 1],
    key: SoftwareKey,
}

fn software_key(seed: u64) -> SoftwareKey {
    let secret = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
        .unwrap();
    let handle = KeyHandle::new(format!("key-{seed}"));
    SoftwareKey::new(handle, secret, Arc::new(RustCryptoProvider))
}

fn verifier(seed: u64) -> Verifier {
    let validity = Validity {
        not_before: NOW.minus(Duration::from_secs(1000)),
        not_after: NOW.plus(Duration::from_secs(1_000_000)),
    };
    let randomness = SeededRandomness::new(seed);
    let (root_key, key) = (software_key(seed), software_key(seed + 1));
    let description = root_key.describe(root_key.handle()).unwrap();
    let root = issue::root("Parties", validity, &description, &root_key, &randomness).unwrap();
    let anchor = Certificate::parse(&root).unwrap();
    let request = LeafRequest {
        subject_name: "Shop".to_owned(),
        san_uris: Vec::new(),
        san_dns: vec!["shop.example".to_owned()],
        validity,
        extended_key_usage: Some(issue::KeyPurpose::Readers),
        public_key: key.public_key().clone(),
    };
    let leaf = issue::leaf(&request, &anchor, &description, &root_key, &randomness).unwrap();
    Verifier {
        anchor,
        chain: [Certificate::parse(&leaf).unwrap()],
        key,
    }
}

fn origin(text: &str) -> Origin {
    Origin::parse(text, UrlPolicy::Public).unwrap()
}

fn shop() -> Origin {
    origin("https://shop.example")
}

fn request() -> OriginRequest {
    let query = json!({"credentials": [
        {"id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]}}
    ]});
    OriginRequest {
        response_mode: OriginResponseMode::DcApiJwt,
        nonce: RequestNonce::parse("fresh").unwrap(),
        dcql_query: DcqlQuery::parse(query.to_string().as_bytes()).unwrap(),
        client_metadata: ClientMetadata::for_encrypted_response(software_key(77).public_key(), None),
    }
}

fn validity() -> RequestValidity {
    RequestValidity {
        issued_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(300)),
    }
}

impl Verifier {
    fn hash_id(&self) -> ClientId {
        ClientId::x509_hash(self.chain[0].sha256())
    }

    fn host_id() -> ClientId {
        ClientId::parse("x509_san_dns:shop.example").unwrap()
    }

    fn sign(&self, prepared: &PreparedJws) -> Vec<u8> {
        let input = prepared.signing_input().as_bytes();
        RustCryptoProvider.sign(self.key.secret_key(), input).unwrap()
    }

    fn signed(&self, client_id: &ClientId, origins: &[Origin]) -> Map<String, Value> {
        let signer = SignerReference::Certificates(&self.chain);
        let algorithm = SignatureAlgorithm::Es256;
        let prepared = prepare_signed(&request(), client_id, origins, signer, algorithm, validity()).unwrap();
        let signature = self.sign(&prepared);
        data(json!(prepared.finish(&signature)))
    }

    /// The request with a claim changed, or removed when the value is null; and another type.
    fn changed(&self, typ: Option<&str>, claim: &str, value: Value) -> Map<String, Value> {
        let mut claims = request().to_data().unwrap();
        claims.insert("client_id".to_owned(), json!(self.hash_id()));
        claims.insert("expected_origins".to_owned(), json!([shop()]));
        if value.is_null() {
            claims.remove(claim);
        } else {
            claims.insert(claim.to_owned(), value);
        }
        let mut header = Map::new();
        if let Some(typ) = typ {
            header.insert("typ".to_owned(), json!(typ));
        }
        header.insert("x5c".to_owned(), jws::x5c_value([self.chain[0].der()]));
        let payload = Value::Object(claims).to_string();
        let prepared = jws::prepare(SignatureAlgorithm::Es256, &header, payload.as_bytes());
        let signature = self.sign(&prepared);
        data(json!(prepared.finish(&signature)))
    }
}

fn data(request: Value) -> Map<String, Value> {
    Map::from_iter([("request".to_owned(), request)])
}

fn verify_at(
    data: &Map<String, Value>,
    protocol: ExchangeProtocol,
    origin: &Origin,
    anchor: &Certificate,
) -> Result<VerifiedOriginRequest, OriginRequestError> {
    let anchors = core::slice::from_ref(anchor);
    let clients = KnownClients::anchored_by(anchors, ResponseUriRule::NamedInCertificate);
    let mut last = OriginRequestError::Malformed;
    for candidate in signed_requests(protocol, data)? {
        match candidate.verify(origin, clients, UrlPolicy::Public, NOW, &RustCryptoProvider) {
            Ok(verified) => return Ok(verified),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn verify(
    data: &Map<String, Value>,
    verifier: &Verifier,
) -> Result<VerifiedOriginRequest, OriginRequestError> {
    verify_at(data, ExchangeProtocol::OpenId4VpSigned, &shop(), &verifier.anchor)
}

#[test]
fn a_signed_request_is_verified_and_reads_back() {
    let verifier = verifier(1);
    for client_id in [verifier.hash_id(), Verifier::host_id()] {
        let data = verifier.signed(&client_id, &[origin("https://www.shop.example"), shop()]);
        let verified = verify(&data, &verifier).unwrap();
        assert_eq!(verified.request(), &request());
        assert_eq!(verified.client_id(), Some(&client_id));
        assert!(matches!(verified.proof(), ClientProof::Certificate { .. }));
        assert_eq!(verified.expires_at(), Some(NOW.plus(Duration::from_secs(300))));
    }
}

#[test]
fn a_request_of_another_origin_is_refused() {
    let verifier = verifier(1);
    let data = verifier.signed(&verifier.hash_id(), &[shop()]);
    for other in ["https://shop.example:8443", "https://evil.example"] {
        let protocol = ExchangeProtocol::OpenId4VpSigned;
        let refused = verify_at(&data, protocol, &origin(other), &verifier.anchor).unwrap_err();
        assert_eq!(refused, OriginRequestError::ForeignOrigin);
        assert_eq!(refused.code(), PresentationErrorCode::InvalidRequest);
    }
    // Nothing is normalised before the comparison.
    let spelled = verifier.changed(
        Some("oauth-authz-req+jwt"),
        "expected_origins",
        json!(["https://shop.example/", "https://SHOP.example"]),
    );
    assert_eq!(
        verify(&spelled, &verifier).unwrap_err(),
        OriginRequestError::ForeignOrigin
    );
}

#[test]
fn each_thing_that_a_signed_request_must_have_is_looked_for() {
    let verifier = verifier(1);
    let typ = Some("oauth-authz-req+jwt");
    let refused = |typ: Option<&str>, claim: &str, value: Value| {
        verify(&verifier.changed(typ, claim, value), &verifier).unwrap_err()
    };
    assert!(verify(&verifier.changed(typ, "unknown", json!(1)), &verifier).is_ok());
    for origins in [json!(null), json!([]), json!("https://shop.example"), json!([1])] {
        assert_eq!(
            refused(typ, "expected_origins", origins),
            OriginRequestError::NoExpectedOrigins
        );
    }
    for mode in [json!(null), json!("direct_post"), json!("direct_post.jwt")] {
        assert_eq!(
            refused(typ, "response_mode", mode),
            OriginRequestError::ResponseMode
        );
    }
    let object = OriginRequestError::Object;
    for other in [None, Some("JWT"), Some("kb+jwt")] {
        assert_eq!(
            refused(other, "unknown", json!(1)),
            object(RequestObjectError::WrongType)
        );
    }
    assert_eq!(
        refused(typ, "aud", json!("https://wallet.example")),
        object(RequestObjectError::Audience)
    );
    let late = NOW.seconds() - 301;
    assert_eq!(
        refused(typ, "exp", json!(late)),
        object(RequestObjectError::Expired)
    );
    let defect = |defect| object(RequestObjectError::Parameters(defect));
    assert_eq!(
        refused(typ, "transaction_data", json!(["e30"])).code(),
        PresentationErrorCode::InvalidTransactionData
    );
    assert_eq!(refused(typ, "nonce", json!(null)), defect(RequestDefect::Nonce));
    assert_eq!(
        refused(typ, "dcql_query", json!(null)),
        defect(RequestDefect::NoQuery)
    );
    assert_eq!(
        refused(typ, "client_metadata", json!(null)),
        defect(RequestDefect::ClientMetadata)
    );
    assert_eq!(
        refused(typ, "client_id", json!(null)),
        defect(RequestDefect::NoClientId)
    );
    assert_eq!(
        refused(typ, "client_id", json!("origin:https://shop.example")).code(),
        PresentationErrorCode::InvalidRequest
    );
    assert_eq!(
        refused(typ, "client_id", json!("redirect_uri:https://shop.example/cb")),
        object(RequestObjectError::Signed)
    );
}

#[test]
fn a_strangers_signature_proves_nothing() {
    let (own, stranger) = (verifier(1), verifier(10));
    let data = stranger.signed(&stranger.hash_id(), &[shop()]);
    assert!(matches!(
        verify(&data, &own).unwrap_err(),
        OriginRequestError::Object(RequestObjectError::Chain(_))
    ));
    // The certificate of another, with a key of one's own.
    let thief = Verifier {
        key: software_key(99),
        ..verifier(1)
    };
    let data = thief.signed(&thief.hash_id(), &[shop()]);
    assert_eq!(
        verify(&data, &own).unwrap_err(),
        OriginRequestError::Object(RequestObjectError::Signature)
    );
}

fn multisigned(signers: &[(&Verifier, ClientId)]) -> Value {
    let references: Vec<_> = signers
        .iter()
        .map(|(verifier, id)| (id.clone(), SignerReference::Certificates(&verifier.chain)))
        .collect();
    let algorithm = SignatureAlgorithm::Es256;
    let prepared = prepare_multisigned(&request(), &[shop()], &references, algorithm, validity()).unwrap();
    let signatures: Vec<Vec<u8>> = prepared
        .parts()
        .iter()
        .zip(signers)
        .map(|(part, (verifier, _))| verifier.sign(part))
        .collect();
    prepared.finish(&signatures).unwrap()
}

fn verify_several(
    request: &Value,
    anchor: &Certificate,
) -> Result<VerifiedOriginRequest, OriginRequestError> {
    let protocol = ExchangeProtocol::OpenId4VpMultisigned;
    verify_at(&data(request.clone()), protocol, &shop(), anchor)
}

#[test]
fn any_signature_of_somebody_trusted_is_enough() {
    let (one, other) = (verifier(1), verifier(10));
    let request = multisigned(&[(&one, one.hash_id()), (&other, other.hash_id())]);
    assert_eq!(request["signatures"].as_array().unwrap().len(), 2);
    for verifier in [&one, &other] {
        let verified = verify_several(&request, &verifier.anchor).unwrap();
        assert_eq!(verified.client_id(), Some(&verifier.hash_id()));
    }
    assert!(verify_several(&request, &verifier(20).anchor).is_err());

    // A signature that is wrong counts for nothing, whoever else signed.
    let mut broken = request.clone();
    broken["signatures"][0]["signature"] = request["signatures"][1]["signature"].clone();
    assert!(verify_several(&broken, &one.anchor).is_err());
    assert!(verify_several(&broken, &other.anchor).is_ok());
    let mut alone = broken.clone();
    alone["signatures"].as_array_mut().unwrap().truncate(1);
    assert_eq!(
        verify_several(&alone, &one.anchor).unwrap_err(),
        OriginRequestError::Object(RequestObjectError::Signature)
    );
}

#[test]
fn what_belongs_to_one_signature_stands_in_its_protected_header_alone() {
    let verifier = verifier(1);
    let good = multisigned(&[(&verifier, verifier.hash_id())]);
    let decode = |text: &str| -> Map<String, Value> {
        let bytes = symbolon_crypto::encoding::base64url::decode(text).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let header = decode(good["signatures"][0]["protected"].as_str().unwrap());
    assert_eq!(header["client_id"], json!(verifier.hash_id()));
    let claims = decode(good["payload"].as_str().unwrap());
    assert!(claims.get("client_id").is_none());

    for parameter in OF_ONE {
        let mut claims = claims.clone();
        claims.insert(parameter.to_owned(), json!(verifier.hash_id()));
        let payload = Value::Object(claims).to_string();
        let prepared = jws::prepare(SignatureAlgorithm::Es256, &header, payload.as_bytes());
        let signature = verifier.sign(&prepared);
        let text = prepared.finish(&signature);
        let parts: Vec<&str> = text.split('.').collect();
        let request = json!({ "payload": parts[1],
            "signatures": [{ "protected": parts[0], "signature": parts[2] }] });
        assert_eq!(
            verify_several(&request, &verifier.anchor).unwrap_err(),
            OriginRequestError::OutsideProtectedHeader { parameter }
        );
        let mut unprotected = good.clone();
        unprotected["signatures"][0]["header"] = json!({ parameter: "x" });
        assert_eq!(
            verify_several(&unprotected, &verifier.anchor).unwrap_err(),
            OriginRequestError::OutsideProtectedHeader { parameter }
        );
    }
}

const OF_ONE: [&str; 2] = ["client_id", "verifier_info"];

#[test]
fn a_request_has_the_form_of_its_protocol() {
    let verifier = verifier(1);
    let one = verifier.signed(&verifier.hash_id(), &[shop()]);
    let several = data(multisigned(&[(&verifier, verifier.hash_id())]));
    let form = |protocol, data: &Map<String, Value>| signed_requests(protocol, data).unwrap_err();
    for (protocol, data) in [
        (ExchangeProtocol::OpenId4VpSigned, &several),
        (ExchangeProtocol::OpenId4VpMultisigned, &one),
        (ExchangeProtocol::OpenId4VpUnsigned, &one),
        (ExchangeProtocol::IsoMdoc, &one),
    ] {
        assert_eq!(form(protocol, data), OriginRequestError::Malformed);
    }
    let many: Vec<Value> = vec![several["request"]["signatures"][0].clone(); MAX_SIGNATURES + 1];
    for signatures in [json!([]), json!({}), json!(many)] {
        let request = json!({ "payload": several["request"]["payload"], "signatures": signatures });
        assert_eq!(
            form(ExchangeProtocol::OpenId4VpMultisigned, &data(request)),
            OriginRequestError::Malformed
        );
    }
}

#[test]
fn an_unsigned_request_is_nobodys_but_the_origins() {
    let mut parameters = request().to_data().unwrap();
    assert!(parameters.get("client_id").is_none() && parameters.get("state").is_none());
    parameters.insert("client_id".to_owned(), json!("x509_san_dns:bank.example"));
    parameters.insert("expected_origins".to_owned(), json!(["https://bank.example"]));
    parameters.insert("state".to_owned(), json!("s"));
    let verified = VerifiedOriginRequest::unsigned(&parameters).unwrap();
    assert_eq!(verified.client_id(), None);
    assert_eq!(verified.proof(), &ClientProof::Nothing);
    assert_eq!(verified.request(), &request());
}

#[test]
fn answers_read_back() {
    let token = VpToken(
        [(
            QueryId::parse("id").unwrap(),
            vec![Presentation::Text("a~b".to_owned())],
        )]
        .into(),
    );
    let codec = PureJwe::new(&RustCryptoProvider);
    let randomness = SeededRandomness::new(5);
    let plain = answer_data(token.clone(), None, &codec, &randomness).unwrap();
    assert_eq!(
        OriginAnswer::parse(&plain),
        Ok(OriginAnswer::Presented(token.clone()))
    );
    let encryption = request().response_encryption().unwrap();
    let sealed = answer_data(token.clone(), encryption.as_ref(), &codec, &randomness).unwrap();
    let OriginAnswer::Encrypted(jwe) = OriginAnswer::parse(&sealed).unwrap() else {
        panic!("encrypted")
    };
    let key = |_: Option<&str>| {
        RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(77))
            .ok()
    };
    let opened = codec.decrypt(&jwe, &key, 1 << 16).unwrap();
    assert_eq!(
        OriginAnswer::parse_decrypted(&opened.payload),
        Ok(OriginAnswer::Presented(token))
    );
    assert!(
        serde_json::from_slice::<Value>(&opened.payload)
            .unwrap()
            .get("state")
            .is_none()
    );

    let error = PresentationErrorCode::AccessDenied;
    assert_eq!(
        OriginAnswer::parse(&refusal_data(error)),
        Ok(OriginAnswer::Refused(error))
    );
    for broken in [
        json!({}),
        json!({ "response": "a", "error": "b" }),
        json!({ "response": 1 }),
        json!({ "error": 1 }),
    ] {
        let broken = broken.as_object().unwrap();
        assert_eq!(OriginAnswer::parse(broken), Err(ResponseError::NotOneAnswer));
    }
    for token in [json!({}), json!({ "id": [] }), json!({ "id": "a" }), json!("{}")] {
        let broken = Map::from_iter([("vp_token".to_owned(), token)]);
        assert_eq!(OriginAnswer::parse(&broken), Err(ResponseError::VpToken));
    }
}
