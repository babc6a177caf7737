//! What must verify, and what must not.

use core::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use symbolon_crypto::jose::jws;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime,
};
use symbolon_did::{DidUrl, did_jwk};

use super::*;
use crate::w3c::tests::to_issue;
use crate::w3c::{EnvelopeType, EnvelopedCredential, HolderBinding, NotConforming, W3cBudget};

const KID: &str = "did:web:issuer.example#key-1";

fn secret(seed: u64) -> SecretKey {
    RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
        .unwrap()
}

fn holder_key_id(key: &PublicKey) -> DidUrl {
    did_jwk(key).unwrap().with_fragment("0").unwrap()
}

fn finish(prepared: jws::PreparedJws, key: &SecretKey) -> String {
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

/// Signs whatever it is given.
fn sign(header: &Value, payload: &Value, key: &SecretKey) -> String {
    let header = header.as_object().unwrap();
    finish(
        jws::prepare(SignatureAlgorithm::Es256, header, payload.to_string().as_bytes()),
        key,
    )
}

fn issued(holder: &PublicKey) -> String {
    let mut document = to_issue();
    document.holder = Some(did_jwk(holder).unwrap());
    let credential = document.build().unwrap();
    let kid = DidUrl::parse(KID).unwrap();
    finish(
        prepare_credential(&credential, SignatureAlgorithm::Es256, &kid, &[]).unwrap(),
        &secret(1),
    )
}

fn payload_of(text: &str) -> Value {
    let jws = jws::CompactJws::parse(text, 1 << 20).unwrap();
    serde_json::from_slice(&jws.payload).unwrap()
}

fn parse(text: &str) -> Result<JwtCredential<'_>, JwtCredentialError> {
    JwtCredential::parse(text, W3cBudget::DEFAULT)
}

#[test]
fn what_was_issued_verifies_and_is_the_document_itself() {
    let holder = secret(2).public_key();
    let text = issued(&holder);
    let read = parse(&text).unwrap();
    assert_eq!(read.header().typ.as_deref(), Some("vc+jwt"));
    assert_eq!(read.header().cty.as_deref(), Some("vc"));
    assert_eq!(
        read.issuer_key(),
        IssuerKey::VerificationMethod(DidUrl::parse(KID).unwrap())
    );
    assert_eq!(*read.holder_binding(), HolderBinding::Key(holder));
    assert_eq!(read.validity().expires, Some(UnixTime::from_seconds(2_000)));
    assert!(!payload_of(&text).as_object().unwrap().contains_key("vc"));
    let verified = read
        .verify_issuer_signature(&secret(1).public_key(), &RustCryptoProvider)
        .unwrap();
    assert_eq!(
        Value::Object(verified.credential().document().clone()),
        payload_of(&text)
    );
    let again = parse(&text).unwrap();
    assert!(
        again
            .verify_issuer_signature(&secret(3).public_key(), &RustCryptoProvider)
            .is_err()
    );
}

#[test]
fn no_changed_character_verifies() {
    let text = issued(&secret(2).public_key());
    let key = secret(1).public_key();
    for position in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let verified =
            parse(&changed).is_ok_and(|read| read.verify_issuer_signature(&key, &RustCryptoProvider).is_ok());
        assert!(!verified, "{position}");
    }
}

#[test]
fn refuses_other_kinds_of_token_and_algorithms() {
    let payload = payload_of(&issued(&secret(2).public_key()));
    let with = |typ: Value| sign(&json!({ "typ": typ, "kid": KID }), &payload, &secret(1));
    assert!(parse(&with(json!("application/vc+jwt"))).is_ok());
    for typ in [
        "vp+jwt",
        "statuslist+jwt",
        "kb+jwt",
        "dc+sd-jwt",
        "vc+sd-jwt",
        "openid4vci-proof+jwt",
        "vc+ld+jwt",
    ] {
        assert_eq!(
            parse(&with(json!(typ))).unwrap_err(),
            JwtCredentialError::WrongType,
            "{typ}"
        );
    }
    // A JWT of no type has to have the document in a claim.
    assert_eq!(
        parse(&with(json!("JWT"))).unwrap_err(),
        JwtCredentialError::DocumentClaim
    );
    let cty = sign(
        &json!({ "typ": "vc+jwt", "cty": "vp", "kid": KID }),
        &payload,
        &secret(1),
    );
    assert_eq!(parse(&cty).unwrap_err(), JwtCredentialError::WrongType);
    let text = issued(&secret(2).public_key());
    let (_, rest) = text.split_once('.').unwrap();
    for alg in ["none", "HS256", "RS256"] {
        let header = json!({ "alg": alg, "typ": "vc+jwt", "kid": KID }).to_string();
        let header = symbolon_crypto::encoding::base64url::encode(header.as_bytes());
        assert_eq!(
            parse(&format!("{header}.{rest}")).unwrap_err(),
            JwtCredentialError::Jws(jws::JwsError::Algorithm)
        );
    }
}

#[test]
fn the_key_is_the_issuers_and_the_claims_say_what_the_document_says() {
    let payload = payload_of(&issued(&secret(2).public_key()));
    let header = |kid: Value| json!({ "typ": "vc+jwt", "kid": kid });
    let not_the_issuers = JwtCredentialError::NotTheIssuersKey;
    for kid in [
        json!("did:web:other.example#key-1"),
        json!("did:web:issuer.example"),
        json!("key-1"),
        json!("#key-1"),
    ] {
        assert_eq!(
            parse(&sign(&header(kid), &payload, &secret(1))).unwrap_err(),
            not_the_issuers
        );
    }
    let no_kid = json!({ "typ": "vc+jwt" });
    assert_eq!(
        parse(&sign(&no_kid, &payload, &secret(1))).unwrap_err(),
        not_the_issuers
    );
    let relative = json!({ "typ": "vc+jwt", "kid": "#key-1", "iss": "did:web:issuer.example" });
    assert!(parse(&sign(&relative, &payload, &secret(1))).is_ok());

    for (claim, value) in [
        ("iss", json!("did:web:other.example")),
        ("sub", json!("did:example:other")),
    ] {
        let mut payload = payload.clone();
        payload[claim] = value;
        assert_eq!(
            parse(&sign(&header(json!(KID)), &payload, &secret(1))).unwrap_err(),
            JwtCredentialError::Contradiction { claim }
        );
    }
    let iss = json!({ "typ": "vc+jwt", "kid": KID, "iss": "did:web:other.example" });
    assert!(parse(&sign(&iss, &payload, &secret(1))).is_err());
    for claim in ["vc", "vp"] {
        let mut payload = payload.clone();
        payload[claim] = json!({});
        assert_eq!(
            parse(&sign(&header(json!(KID)), &payload, &secret(1))).unwrap_err(),
            JwtCredentialError::DocumentClaim
        );
    }
    let mut expiring = payload.clone();
    expiring["exp"] = json!(1_500);
    let text = sign(&header(json!(KID)), &expiring, &secret(1));
    assert_eq!(
        parse(&text).unwrap().validity().expires,
        Some(UnixTime::from_seconds(1_500))
    );
    expiring["exp"] = json!("1500");
    let text = sign(&header(json!(KID)), &expiring, &secret(1));
    assert_eq!(
        parse(&text).unwrap_err(),
        JwtCredentialError::MalformedClaim { claim: "exp" }
    );
}

#[test]
fn a_key_of_a_did_never_speaks_for_a_url_and_a_url_only_for_itself() {
    let mut payload = payload_of(&issued(&secret(2).public_key()));
    payload["issuer"] = json!("https://issuer.example");
    let text = |kid: &str| sign(&json!({ "typ": "vc+jwt", "kid": kid }), &payload, &secret(1));
    assert!(parse(&text("did:web:issuer.example#key-1")).is_err());
    assert!(parse(&text("https://issuer.example.evil.example/#1")).is_err());
    let below = text("https://issuer.example/keys#1");
    assert_eq!(
        parse(&below).unwrap().issuer_key(),
        IssuerKey::Metadata(Some("https://issuer.example/keys#1"))
    );
    let named = text("key-1");
    assert_eq!(
        parse(&named).unwrap().issuer_key(),
        IssuerKey::Metadata(Some("key-1"))
    );
}

fn legacy() -> Value {
    json!({
        "iss": "did:web:issuer.example",
        "jti": "urn:uuid:1",
        "sub": "did:example:subject",
        "nbf": 1_000,
        "exp": 2_000,
        "vc": {
            "@context": ["https://www.w3.org/2018/credentials/v1"],
            "type": ["VerifiableCredential", "PersonCredential"],
            "credentialSubject": { "givenName": "Asha" },
        },
    })
}

fn legacy_token(payload: &Value) -> String {
    sign(&json!({ "typ": "JWT", "kid": KID }), payload, &secret(1))
}

#[test]
fn reads_a_jwt_of_version_1_1_with_its_claims_in_place() {
    let text = legacy_token(&legacy());
    let read = parse(&text).unwrap();
    let document = read.credential().document();
    assert_eq!(document["issuer"], "did:web:issuer.example");
    assert_eq!(document["id"], "urn:uuid:1");
    assert_eq!(document["credentialSubject"]["id"], "did:example:subject");
    assert_eq!(document["issuanceDate"], "1970-01-01T00:16:40Z");
    assert_eq!(document["expirationDate"], "1970-01-01T00:33:20Z");
    assert!(
        read.verify_issuer_signature(&secret(1).public_key(), &RustCryptoProvider)
            .is_ok()
    );
}

#[test]
fn refuses_a_jwt_of_version_1_1_that_says_two_things() {
    for (member, value, claim) in [
        ("issuer", json!("did:web:other.example"), "iss"),
        ("id", json!("urn:uuid:2"), "jti"),
        ("issuanceDate", json!("1970-01-01T00:16:41Z"), "nbf"),
        ("expirationDate", json!("1970-01-01T00:33:21Z"), "exp"),
        ("credentialSubject", json!({ "id": "did:example:other" }), "sub"),
    ] {
        let mut payload = legacy();
        payload["vc"][member] = value;
        assert_eq!(
            parse(&legacy_token(&payload)).unwrap_err(),
            JwtCredentialError::Contradiction { claim },
            "{member}"
        );
    }
    let mut new = legacy();
    new["vc"]["@context"] = json!(["https://www.w3.org/ns/credentials/v2"]);
    assert_eq!(
        parse(&legacy_token(&new)).unwrap_err(),
        NotConforming::BaseContext.into()
    );
}

const NOW: UnixTime = UnixTime::from_seconds(1_600);

fn expected() -> ExpectedPresentation<'static> {
    ExpectedPresentation {
        audience: "x509_san_dns:verifier.example",
        nonce: "n-1",
        now: NOW,
        max_age: Duration::from_secs(300),
        max_clock_skew: Duration::from_secs(60),
    }
}

fn presented(key: &SecretKey, issued_at: UnixTime) -> String {
    let key_id = holder_key_id(&key.public_key());
    let credentials = [
        EnvelopedCredential::from_text(EnvelopeType::VcJwt, &issued(&key.public_key())).unwrap(),
        EnvelopedCredential::from_text(EnvelopeType::DcSdJwt, "eyJh.e30.AA~").unwrap(),
    ];
    let presentation = PresentationToSign {
        credentials: &credentials,
        key_id: &key_id,
        audience: "x509_san_dns:verifier.example",
        nonce: "n-1",
        issued_at,
    };
    finish(presentation.prepare(SignatureAlgorithm::Es256).unwrap(), key)
}

#[test]
fn the_holder_of_the_credentials_key_presents_it() {
    let key = secret(2);
    let text = presented(&key, NOW);
    let presentation = JwtPresentation::parse(&text, W3cBudget::DEFAULT).unwrap();
    let crate::w3c::PresentedCredential::Enveloped(envelope) = &presentation.credentials()[0] else {
        panic!("enveloped")
    };
    let credential = parse(envelope.text().unwrap()).unwrap();
    let HolderBinding::Key(bound) = credential.holder_binding() else {
        panic!("bound")
    };
    let proof = presentation
        .verify_holder(bound, &expected(), &RustCryptoProvider)
        .unwrap();
    assert_eq!(proof.issued_at, NOW);
    assert_eq!(
        presentation.verify_holder(&secret(3).public_key(), &expected(), &RustCryptoProvider),
        Err(PresentationRejected::Signature)
    );
}

#[test]
fn a_presentation_is_for_one_verifier_one_request_and_a_short_time() {
    let key = secret(2);
    let public = key.public_key();
    let verify = |text: &str, expected: &ExpectedPresentation<'_>| {
        JwtPresentation::parse(text, W3cBudget::DEFAULT)
            .unwrap()
            .verify_holder(&public, expected, &RustCryptoProvider)
            .map(|proof| proof.issued_at)
    };
    let text = presented(&key, NOW);
    let other = |change: &dyn Fn(&mut ExpectedPresentation<'static>)| {
        let mut expected = expected();
        change(&mut expected);
        verify(&text, &expected)
    };
    assert_eq!(
        other(&|e| e.audience = "other"),
        Err(PresentationRejected::Audience)
    );
    assert_eq!(other(&|e| e.nonce = "n-2"), Err(PresentationRejected::Nonce));
    assert_eq!(other(&|e| e.now = UnixTime::from_seconds(1_960)), Ok(NOW));
    assert_eq!(
        other(&|e| e.now = UnixTime::from_seconds(1_961)),
        Err(PresentationRejected::TooOld)
    );
    assert_eq!(other(&|e| e.now = UnixTime::from_seconds(1_540)), Ok(NOW));
    assert_eq!(
        other(&|e| e.now = UnixTime::from_seconds(1_539)),
        Err(PresentationRejected::FromTheFuture)
    );

    let kid = holder_key_id(&public).to_string();
    let header = json!({ "typ": "vp+jwt", "kid": kid });
    for (claim, value, rejected) in [
        ("nonce", Value::Null, PresentationRejected::Malformed),
        ("aud", Value::Null, PresentationRejected::Malformed),
        (
            "aud",
            json!(["x509_san_dns:verifier.example", "other"]),
            PresentationRejected::Audience,
        ),
        ("iat", Value::Null, PresentationRejected::Malformed),
        ("exp", json!(1_000), PresentationRejected::TooOld),
        ("nbf", json!(9_000), PresentationRejected::FromTheFuture),
    ] {
        let mut payload = payload_of(&text);
        payload[claim] = value;
        if payload[claim].is_null() {
            payload.as_object_mut().unwrap().remove(claim);
        }
        assert_eq!(
            verify(&sign(&header, &payload, &key), &expected()),
            Err(rejected),
            "{claim}"
        );
    }
    let mut careless = payload_of(&text);
    careless["nonce"] = json!("");
    let empty = ExpectedPresentation {
        nonce: "",
        ..expected()
    };
    assert_eq!(
        verify(&sign(&header, &careless, &key), &empty),
        Err(PresentationRejected::Nonce)
    );
}

#[test]
fn a_presentation_that_names_another_holder_is_refused() {
    let key = secret(2);
    let text = presented(&key, NOW);
    let other = holder_key_id(&secret(3).public_key());
    let kid = holder_key_id(&key.public_key()).to_string();
    let header = json!({ "typ": "vp+jwt", "kid": kid });
    for claim in ["holder", "iss"] {
        let mut payload = payload_of(&text);
        payload[claim] = json!(other.did().as_str());
        let text = sign(&header, &payload, &key);
        assert_eq!(
            JwtPresentation::parse(&text, W3cBudget::DEFAULT).unwrap_err(),
            JwtPresentationError::OtherHolder
        );
    }
    let mut payload = payload_of(&text);
    payload["holder"] = json!(other.did().as_str());
    payload["iss"] = json!(other.did().as_str());
    let text = sign(&json!({ "typ": "vp+jwt" }), &payload, &key);
    let presentation = JwtPresentation::parse(&text, W3cBudget::DEFAULT).unwrap();
    assert_eq!(
        presentation.verify_holder(&key.public_key(), &expected(), &RustCryptoProvider),
        Err(PresentationRejected::OtherHolder)
    );
    let credential = issued(&key.public_key());
    assert_eq!(
        JwtPresentation::parse(&credential, W3cBudget::DEFAULT).unwrap_err(),
        JwtPresentationError::WrongType
    );
}

#[test]
fn reads_a_presentation_of_version_1_1() {
    let key = secret(2);
    let holder = did_jwk(&key.public_key()).unwrap();
    let payload = json!({
        "iss": holder, "aud": "x509_san_dns:verifier.example", "nonce": "n-1", "iat": 1_600,
        "vp": {
            "@context": ["https://www.w3.org/2018/credentials/v1"],
            "type": ["VerifiablePresentation"],
            "verifiableCredential": [legacy_token(&legacy())],
        },
    });
    let text = sign(
        &json!({ "typ": "JWT", "kid": format!("{holder}#0") }),
        &payload,
        &key,
    );
    let presentation = JwtPresentation::parse(&text, W3cBudget::DEFAULT).unwrap();
    assert_eq!(presentation.presentation().holder(), Some(holder.as_str()));
    assert!(
        presentation
            .verify_holder(&key.public_key(), &expected(), &RustCryptoProvider)
            .is_ok()
    );
}

#[test]
fn an_issuer_signs_its_own_documents_once() {
    let credential = to_issue().build().unwrap();
    let algorithm = SignatureAlgorithm::Es256;
    for kid in ["did:web:other.example#key-1", "did:web:issuer.example"] {
        let kid = DidUrl::parse(kid).unwrap();
        assert!(matches!(
            prepare_credential(&credential, algorithm, &kid, &[]),
            Err(PrepareJwtError::OtherKey)
        ));
    }
}

#[test]
fn cose_carries_the_same_document_and_no_flipped_bit_verifies() {
    use crate::w3c::cose::{CoseCredential, prepare_credential};
    use symbolon_crypto::cose::Tagging;
    use symbolon_crypto::signing::KeyHandle;

    let credential = to_issue().build().unwrap();
    let prepared = prepare_credential(
        &credential,
        SignatureAlgorithm::Es256,
        &DidUrl::parse(KID).unwrap(),
    )
    .unwrap();
    let request = prepared.request(KeyHandle::new("k"));
    let signature = RustCryptoProvider.sign(&secret(1), &request.bytes).unwrap();
    let message = prepared.finish(signature, Tagging::Tagged).unwrap();
    let key = secret(1).public_key();
    let verify = |bytes: &[u8]| {
        CoseCredential::parse(bytes, W3cBudget::DEFAULT)
            .ok()
            .and_then(|read| read.verify_issuer_signature(&key, &RustCryptoProvider).ok())
    };
    assert_eq!(verify(&message).unwrap().credential(), &credential);
    for bit in 0..message.len() * 8 {
        let mut changed = message.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&changed).is_none(), "{bit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_makes_the_readers_panic(payload in "\\PC{0,60}", typ in "(vc|vp)\\+jwt|JWT") {
        let header = json!({ "typ": typ });
        let text = finish(
            jws::prepare(SignatureAlgorithm::Es256, header.as_object().unwrap(), payload.as_bytes()),
            &secret(1),
        );
        let _ = parse(&text);
        let _ = JwtPresentation::parse(&text, W3cBudget::DEFAULT);
    }
}
