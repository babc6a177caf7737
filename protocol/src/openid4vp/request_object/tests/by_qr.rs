//! Requests that travel by QR code, and that none of either kind passes as the other.

use super::*;
use crate::qr_transport::{MAX_REQUEST_LIFETIME, REQUEST_AUDIENCE, RESPONSE_MODE};

const UNCHANGED: (&str, Value) = ("none", Value::Null);

impl Verifier {
    fn request_by_qr(&self, client_id: &ClientId) -> PresentationRequest {
        PresentationRequest {
            response_mode: ResponseMode::SymbolonQrJwt,
            response_uri: None,
            ..self.request(client_id)
        }
    }

    /// A signed object with these claims changed, or removed when they are null.
    fn object_by_qr(&self, client_id: &ClientId, changes: &[(&str, Value)]) -> String {
        let validity = RequestValidity {
            issued_at: NOW,
            expires_at: NOW.plus(Duration::from_secs(300)),
        };
        let chain = [self.leaf.clone()];
        let prepared = prepare(
            &self.request_by_qr(client_id),
            SignerReference::Certificates(&chain),
            SignatureAlgorithm::Es256,
            validity,
            None,
        );
        let object = self.sign(prepared.unwrap());
        let jws = CompactJws::parse(&object, MAX_REQUEST_OBJECT_BYTES).unwrap();
        let mut claims: Map<String, Value> = jws.payload_json().unwrap();
        for (name, value) in changes {
            if value.is_null() {
                claims.remove(*name);
            } else {
                claims.insert((*name).to_owned(), value.clone());
            }
        }
        let payload = Value::Object(claims).to_string();
        self.sign(jws::prepare(
            SignatureAlgorithm::Es256,
            &jws.header.members,
            payload.as_bytes(),
        ))
    }

    fn verify_by_qr(&self, object: &str, now: UnixTime) -> Result<VerifiedRequest, RequestObjectError> {
        let anchors = [self.anchor.clone()];
        let client_id = unproven_client_id(object)?;
        let expected = RequestExpectations {
            client_id: &client_id,
            clients: KnownClients::anchored_by(&anchors, ResponseUriRule::NamedInCertificate),
            urls: UrlPolicy::Public,
            issuer: None,
            wallet_nonce: None,
            now,
        };
        verify_by_qr(object, &expected, &RustCryptoProvider).map_err(|refused| {
            assert_eq!(refused.tell, None, "there is nobody to tell");
            refused.reason
        })
    }
}

#[test]
fn a_request_by_qr_code_is_verified_and_names_no_address() {
    let verifier = verifier(60);
    let id = verifier.hash_id();
    let object = verifier.object_by_qr(&id, &[]);
    let claims: Map<String, Value> = CompactJws::parse(&object, MAX_REQUEST_OBJECT_BYTES)
        .unwrap()
        .payload_json()
        .unwrap();
    assert_eq!(claims["response_mode"], RESPONSE_MODE);
    assert_eq!(claims["aud"], REQUEST_AUDIENCE);
    assert!(!claims.contains_key("response_uri"));
    let verified = verifier.verify_by_qr(&object, NOW).unwrap();
    assert_eq!(verified.request(), &verifier.request_by_qr(&id));
    assert!(matches!(verified.proof(), ClientProof::Certificate { .. }));
    assert_eq!(verified.expires_at(), Some(NOW.plus(Duration::from_secs(300))));
    assert_eq!(verified.refuse(PresentationErrorCode::AccessDenied), None);
}

#[test]
fn a_request_of_one_channel_is_refused_on_the_other() {
    let verifier = verifier(62);
    let id = verifier.hash_id();
    let by_qr = verifier.object_by_qr(&id, &[]);
    assert!(verifier.verify(&by_qr, &id).is_err());
    // Whatever of it is made to look like the other.
    let audience = ("aud", json!(STATIC_AUDIENCE));
    let address = ("response_uri", json!("https://clinic.example/responses/1"));
    let mode = ("response_mode", json!("direct_post.jwt"));
    let refused = |object: &str| verifier.verify(object, &id).unwrap_err().reason;
    let masked = verifier.object_by_qr(&id, &[audience.clone(), address.clone()]);
    assert_eq!(
        refused(&masked),
        RequestObjectError::Parameters(RequestDefect::AddressByQr)
    );
    assert_eq!(
        refused(&verifier.object_by_qr(&id, &[address, mode.clone()])),
        RequestObjectError::Audience
    );

    let online = verifier.object(&id);
    assert_eq!(
        verifier.verify_by_qr(&online, NOW).unwrap_err(),
        RequestObjectError::Audience
    );
    let masked = verifier.changed(&id, UNCHANGED, ("aud", json!(REQUEST_AUDIENCE)));
    assert_eq!(
        verifier.verify_by_qr(&masked, NOW).unwrap_err(),
        RequestObjectError::Parameters(RequestDefect::ResponseMode)
    );
}

#[test]
fn each_broken_request_by_qr_code_is_refused_for_its_own_reason() {
    let verifier = verifier(64);
    let id = verifier.hash_id();
    let seconds = |seconds: u64| json!(NOW.plus(Duration::from_secs(seconds)));
    let longest = MAX_REQUEST_LIFETIME.as_secs();
    let parameters = RequestObjectError::Parameters;
    for (name, value, reason) in [
        ("exp", Value::Null, RequestObjectError::LongLived),
        ("iat", Value::Null, RequestObjectError::LongLived),
        ("exp", seconds(longest + 1), RequestObjectError::LongLived),
        (
            "exp",
            json!(NOW.minus(Duration::from_secs(1))),
            RequestObjectError::LongLived,
        ),
        (
            "aud",
            json!("https://self-issued.me/v2"),
            RequestObjectError::Audience,
        ),
        ("state", Value::Null, parameters(RequestDefect::NoState)),
        ("nonce", Value::Null, parameters(RequestDefect::Nonce)),
        ("client_id", Value::Null, parameters(RequestDefect::NoClientId)),
        (
            "response_uri",
            json!("https://clinic.example/"),
            parameters(RequestDefect::AddressByQr),
        ),
        (
            "redirect_uri",
            json!("https://clinic.example/"),
            parameters(RequestDefect::AddressByQr),
        ),
    ] {
        let object = verifier.object_by_qr(&id, &[(name, value)]);
        assert_eq!(verifier.verify_by_qr(&object, NOW).unwrap_err(), reason, "{name}");
    }
    let no_key = json!({"vp_formats_supported": {"dc+sd-jwt": {}}});
    let object = verifier.object_by_qr(&id, &[("client_metadata", no_key)]);
    assert_eq!(
        verifier.verify_by_qr(&object, NOW).unwrap_err(),
        parameters(RequestDefect::NoEncryptionKey)
    );
    let good = verifier.object_by_qr(&id, &[("exp", seconds(longest))]);
    let late = NOW.plus(Duration::from_secs(longest) + CLOCK_TOLERANCE);
    assert!(verifier.verify_by_qr(&good, late).is_ok());
    let later = late.plus(Duration::from_secs(1));
    assert_eq!(
        verifier.verify_by_qr(&good, later).unwrap_err(),
        RequestObjectError::Expired
    );
    let early = NOW.minus(CLOCK_TOLERANCE + Duration::from_secs(1));
    assert_eq!(
        verifier.verify_by_qr(&good, early).unwrap_err(),
        RequestObjectError::FromTheFuture
    );
    let foreign = super::verifier(66).object_by_qr(&super::verifier(66).hash_id(), &[]);
    assert!(matches!(
        verifier.verify_by_qr(&foreign, NOW).unwrap_err(),
        RequestObjectError::Chain(_)
    ));
    assert_eq!(
        unproven_client_id("no object"),
        Err(RequestObjectError::Malformed)
    );
}
