use std::sync::Arc;

use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::issue::{self, LeafRequest, Validity};
use symbolon_crypto::{SecretKey, SignatureAlgorithm};

use super::*;

const NOW: UnixTime = UnixTime::from_seconds(1_795_000_000);
const DAY: Duration = Duration::from_secs(86_400);
const SUB: &str = "VATDE-123456789";

fn key(seed: u64) -> SoftwareKey {
    let secret = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap();
    SoftwareKey::new(KeyHandle::new("key"), secret, Arc::new(RustCryptoProvider))
}

/// A root, and a leaf under it for an organisation.
fn authority(seed: u64, organization: &str) -> (Certificate, SoftwareKey, Certificate) {
    let (root_key, leaf_key) = (key(seed), key(seed + 1));
    let randomness = SeededRandomness::new(seed + 2);
    let validity = Validity {
        not_before: NOW.minus(DAY),
        not_after: NOW.plus(DAY * 500),
    };
    let description = root_key.describe(root_key.handle()).unwrap();
    let root = issue::root("Registrars", validity, &description, &root_key, &randomness).unwrap();
    let root = Certificate::parse(&root).unwrap();
    let request = LeafRequest {
        subject_name: "Registrar".to_owned(),
        san_uris: vec!["https://registrar.example".to_owned()],
        san_dns: Vec::new(),
        validity,
        extended_key_usage: None,
        public_key: leaf_key.public_key().clone(),
    };
    let leaf = issue::organization_leaf(
        &request,
        organization,
        &root,
        &description,
        &root_key,
        &randomness,
    )
    .unwrap();
    (root, leaf_key, Certificate::parse(&leaf).unwrap())
}

fn registration() -> Value {
    json!({
        "name": "Example Bank", "sub": SUB, "sub_ln": "Example Bank AG", "country": "DE",
        "registry_uri": "https://registrar.example/api", "entitlements": [SERVICE_PROVIDER],
        "purpose": [{"lang": "en", "value": "Opening an account"}],
        "credentials": [
            {"format": "dc+sd-jwt", "meta": {"vct_values": ["urn:id", "urn:residence"]},
             "claim": [{"path": ["given_name"]}, {"path": ["address"]}, {"path": ["nationalities", null]}]},
            {"format": "mso_mdoc", "meta": {"doctype_value": "org.iso.18013.5.1.mDL"}},
        ],
        "iat": NOW.minus(DAY), "exp": NOW.plus(DAY * 100),
    })
}

fn sign(value: &Value, key: &SoftwareKey, chain: &[Certificate]) -> String {
    let certificate: RegistrationCertificate = serde_json::from_value(value.clone()).unwrap();
    let prepared = certificate.prepare(chain, SignatureAlgorithm::Es256);
    let signature = RustCryptoProvider
        .sign(key.secret_key(), prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

fn verify(value: &Value) -> Result<VerifiedRegistration, RegistrationRefused> {
    let (root, key, leaf) = authority(1, "VATDE-1");
    let (_, _, access) = authority(50, SUB);
    let text = sign(value, &key, &[leaf]);
    RegistrationCertificate::verify(&text, &[root], &access, NOW, &RustCryptoProvider)
}

#[test]
fn a_certificate_of_a_trusted_registrar_about_the_verifier_is_believed() {
    let verified = verify(&registration()).unwrap();
    assert_eq!(verified.certificate().name, "Example Bank");
    assert_eq!(verified.certificate().asks_as(), SUB);
    assert_eq!(verified.anchor().subject_common_name(), Some("Registrars"));
    // An intermediary asks with a certificate of its own.
    let mut through = registration();
    through["sub"] = json!("LEIXG-529900T8BM49AURSDO55");
    through["intermediary"] = json!({"sub": SUB, "sname": "Verifier"});
    assert!(verify(&through).is_ok());
    // The member is called `claim` in the specification, and `claims` by those who expect its correction.
    let mut corrected = registration();
    let claims = corrected["credentials"][0]["claim"].take();
    corrected["credentials"][0]
        .as_object_mut()
        .unwrap()
        .remove("claim");
    corrected["credentials"][0]["claims"] = claims;
    assert!(verify(&corrected).is_ok());
}

#[test]
fn each_certificate_that_is_not_to_be_believed_is_refused_for_its_own_reason() {
    use RegistrationRefused::{Malformed, NotTheVerifiers, Time};
    let change = |name: &str, value: Value| {
        let mut changed = registration();
        changed[name] = value;
        changed
    };
    for (value, refused) in [
        (change("sub", json!("VATDE-987654321")), NotTheVerifiers),
        (change("intermediary", json!({"sub": "VATDE-1"})), NotTheVerifiers),
        (change("sub", json!("123456789")), Malformed),
        (change("sub", json!("vatde-123456789")), Malformed),
        (change("name", json!("")), Malformed),
        (change("name", json!("two\nlines")), Malformed),
        (change("entitlements", json!([])), Malformed),
        (
            change(
                "credentials",
                json!([{"format": "dc+sd-jwt", "meta": {"vct_values": []}}]),
            ),
            Malformed,
        ),
        (change("exp", json!(NOW.minus(DAY))), Time),
        (change("iat", json!(NOW.plus(DAY))), Time),
        (change("exp", json!(NOW.plus(DAY * 366))), Time),
        (change("iat", json!(NOW.minus(DAY * 400))), Time),
    ] {
        assert_eq!(verify(&value).map(|_| ()), Err(refused), "{value}");
    }
    let mut endless = registration();
    endless.as_object_mut().unwrap().remove("exp");
    assert!(verify(&endless).is_ok());
    endless["iat"] = json!(NOW.minus(DAY * 400));
    assert_eq!(verify(&endless).map(|_| ()), Err(Time));

    let (root, signer, leaf) = authority(1, "VATDE-1");
    let (other_root, other_key, other_leaf) = authority(20, "VATDE-1");
    let (_, _, access) = authority(50, SUB);
    let check = |text: &str, anchors: &[Certificate], access: &Certificate| {
        RegistrationCertificate::verify(text, anchors, access, NOW, &RustCryptoProvider).map(|_| ())
    };
    let good = sign(&registration(), &signer, std::slice::from_ref(&leaf));
    let anchors = std::slice::from_ref(&root);
    assert_eq!(check(&good, anchors, &access), Ok(()));
    assert_eq!(
        check(&sign(&registration(), &other_key, &[leaf]), anchors, &access),
        Err(RegistrationRefused::Signature)
    );
    // Another authority of the same name.
    assert_eq!(
        check(&good, &[other_root], &access),
        Err(RegistrationRefused::Chain(ChainError::Signature { position: 0 }))
    );
    assert_eq!(
        check(&good, &[], &access),
        Err(RegistrationRefused::Chain(ChainError::UnknownAnchor))
    );
    // A certificate without an identifier of its owner is bound to nothing.
    let nameless = issue::leaf(
        &LeafRequest {
            subject_name: "Verifier".to_owned(),
            san_uris: Vec::new(),
            san_dns: vec!["verifier.example".to_owned()],
            validity: Validity {
                not_before: NOW.minus(DAY),
                not_after: NOW.plus(DAY),
            },
            extended_key_usage: None,
            public_key: other_leaf.public_key().clone(),
        },
        &root,
        &key(1).describe(key(1).handle()).unwrap(),
        &key(1),
        &SeededRandomness::new(9),
    );
    let nameless = Certificate::parse(&nameless.unwrap()).unwrap();
    assert_eq!(
        check(&good, anchors, &nameless),
        Err(RegistrationRefused::NotTheVerifiers)
    );
    assert_eq!(check("a.b.c", anchors, &access), Err(Malformed));
    let header = Map::from_iter([("typ".to_owned(), json!("JWT"))]);
    let other = jws::prepare(SignatureAlgorithm::Es256, &header, b"{}").finish(&[0; 64]);
    assert_eq!(
        check(&other, anchors, &access),
        Err(RegistrationRefused::WrongType)
    );
}

#[test]
fn what_is_asked_beyond_the_registration_is_found() {
    let certificate: RegistrationCertificate = serde_json::from_value(registration()).unwrap();
    let path = |value: Value| serde_json::from_value::<ClaimsPath>(value).unwrap();
    let beyond = |value: Value| Some(OverAsked::Claims(vec![path(value)]));
    let sd_jwt = |vcts: Value, claims: Value| {
        let mut query = json!({"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": vcts}});
        if !claims.is_null() {
            query["claims"] = claims;
        }
        query
    };
    let mdoc = |doctype: &str| {
        json!({"id": "a", "format": "mso_mdoc", "meta": {"doctype_value": doctype},
            "claims": [{"path": ["org.iso.18013.5.1", "portrait"]}]})
    };
    for (asked, found) in [
        (sd_jwt(json!(["urn:id"]), json!([{"path": ["given_name"]}])), None),
        (sd_jwt(json!(["urn:id", "urn:residence"]), Value::Null), None),
        (
            sd_jwt(json!(["urn:id", "urn:tax"]), Value::Null),
            Some(OverAsked::Credential),
        ),
        (
            sd_jwt(json!(["urn:id"]), json!([{"path": ["address", "locality"]}])),
            None,
        ),
        (
            sd_jwt(json!(["urn:id"]), json!([{"path": ["nationalities", 0]}])),
            None,
        ),
        (
            sd_jwt(json!(["urn:id"]), json!([{"path": ["nationalities"]}])),
            beyond(json!(["nationalities"])),
        ),
        (
            sd_jwt(
                json!(["urn:id"]),
                json!([{"path": ["given_name"]}, {"path": ["birthdate"]}]),
            ),
            beyond(json!(["birthdate"])),
        ),
        (mdoc("org.iso.18013.5.1.mDL"), None),
        (mdoc("org.other"), Some(OverAsked::Credential)),
        (
            json!({"id": "a", "format": "ldp_vc", "meta": {"type_values": [["https://a.example/T"]]}}),
            Some(OverAsked::Credential),
        ),
    ] {
        let query = json!({"credentials": [asked]}).to_string();
        let query = DcqlQuery::parse(query.as_bytes()).unwrap();
        let asked = &query.credentials()[0];
        assert_eq!(over_asked(asked, &[&certificate]), found, "{query:?}");
        assert_eq!(over_asked(asked, &[]), Some(OverAsked::Credential));
        // What is registered of a query is the query.
        let registered = RegisteredCredential::of_query(asked).unwrap();
        let own = RegistrationCertificate {
            credentials: vec![registered],
            ..certificate.clone()
        };
        assert_eq!(over_asked(asked, &[&own]), None);
    }
}

#[test]
fn a_more_specific_w3c_type_is_covered_by_the_registered_one() {
    let mut value = registration();
    value["credentials"] = json!([
        {"format": "jwt_vc_json", "meta": {"type_values": [["https://a.example/Id"]]},
         "claim": [{"path": ["credentialSubject", "givenName"]}]},
    ]);
    let certificate: RegistrationCertificate = serde_json::from_value(value).unwrap();
    for (format, types, covered) in [
        ("jwt_vc_json", json!([["https://a.example/Id"]]), true),
        (
            "jwt_vc_json",
            json!([["https://a.example/Id", "https://a.example/National"]]),
            true,
        ),
        ("jwt_vc_json", json!([["https://a.example/Other"]]), false),
        ("ldp_vc", json!([["https://a.example/Id"]]), false),
    ] {
        let query = json!({"credentials": [{"id": "a", "format": format, "meta": {"type_values": types},
            "claims": [{"path": ["credentialSubject", "givenName"]}]}]});
        let query = DcqlQuery::parse(query.to_string().as_bytes()).unwrap();
        let found = over_asked(&query.credentials()[0], &[&certificate]);
        assert_eq!(found.is_none(), covered, "{format} {types}");
    }
}
