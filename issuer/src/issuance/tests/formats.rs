//! Each format, issued and verified as its holder would.

use serde_json::{Value, json};
use symbolon_credential::data_integrity::{
    ExpectedProof, JsonLd, JsonLdBudget, ProofCheck, ProofPurpose, VerificationKey, verify,
};
use symbolon_credential::mdoc::{ElementValue, IssuerSigned, MdocBudget};
use symbolon_credential::status::CredentialStatus;
use symbolon_credential::w3c::jose::{IssuerKey, JwtCredential};
use symbolon_credential::w3c::{HolderBinding, VerifiableCredential, W3cBudget};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws;
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey};
use symbolon_did::{did_jwk, did_key};
use symbolon_protocol::openid4vci::credential::IssuedCredential;

use super::desk::{Desk, ISSUER, NOW, NoJsonLd, PLACE, record, text};
use crate::assertion::AssertionKeys;
use crate::credential_record::CredentialKind;
use crate::mapping::CredentialConfiguration;
use crate::policy::IssuerPolicy;
use crate::profile::IssuerProfile;
use crate::record::IdRecord;
use crate::signers::{CredentialSigners, CredentialSignersError};
use crate::store::IssuanceOutcome;

const CONTEXT: &str = "https://registry.example/contexts/national-identity";
/// The first bytes of a JPEG, as base64: enough for who looks no further.
const JPEG: &str = "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQ==";

fn full_record() -> IdRecord {
    record(json!({
        "fullName": [{ "language": "ara", "value": "حسن علي" }, { "language": "eng", "value": "Hassan Ali" }],
        "familyName": [{ "language": "ara", "value": "علي" }, { "language": "eng", "value": "Ali" }],
        "givenName": [{ "language": "ara", "value": "حسن" }, { "language": "eng", "value": "Hassan" }],
        "gender": [{ "language": "eng", "value": "MLE" }],
        "addressLine1": [{ "language": "ara", "value": "شارع الأرز" }, { "language": "eng", "value": "12 Cedar Street" }],
        "city": [{ "language": "eng", "value": "Kenitra" }],
        "postalCode": "14022",
        "email": "hassan.ali@example.org",
        "face": JPEG,
        "drivingLicenceNumber": "DL12345678",
        "drivingPrivileges": [{ "category": "B", "issueDate": "2015/03/01", "expiryDate": "2030/02/28" }],
    }))
}

fn object(credential: IssuedCredential) -> Value {
    match credential {
        IssuedCredential::Object(members) => Value::Object(members),
        IssuedCredential::Text(_) => panic!("an object was expected"),
    }
}

pub(super) fn document_signer(desk: &Desk, mdoc: &IssuerSigned<'_>) -> VerifiedChain {
    let chain: Vec<Certificate> = mdoc
        .certificate_chain()
        .iter()
        .map(|der| Certificate::parse(der).unwrap())
        .collect();
    verify_chain(
        &chain,
        core::slice::from_ref(&desk.iaca),
        ChainProfile::DocumentSigner,
        NOW,
        &RustCryptoProvider,
    )
    .unwrap()
}

/// The document of a proof over the whole as JSON, once the assertion key has proven it.
fn verified_document(desk: &Desk, secured: &Value, key: &str) -> VerifiableCredential {
    let keys = desk.signers.assertion();
    let key = keys
        .with_algorithm(desk.keys[key].public_key().algorithm())
        .unwrap();
    let known = |method: &str| {
        (method == key.multikey().to_string()).then(|| VerificationKey {
            public_key: key.public_key().clone(),
            controller: key.did().to_string(),
            purposes: vec![ProofPurpose::AssertionMethod],
        })
    };
    let check = ProofCheck {
        expected: ExpectedProof::Credential,
        now: NOW,
        skew: std::time::Duration::ZERO,
    };
    let json_ld = JsonLd {
        processor: &NoJsonLd,
        contexts: desk.profile.context_table(),
        budget: JsonLdBudget::DEFAULT,
    };
    let verified = verify(secured, check, &known, &json_ld, &RustCryptoProvider).unwrap();
    VerifiableCredential::from_value(verified.document.clone()).unwrap()
}

/// A desk that issues documents by this suite.
fn desk_with(suite: &str) -> Desk {
    let mut desk = Desk::new();
    let mapping = symbolon_schemas::NATIONAL_IDENTITY_LD
        .mapping
        .replace("eddsa-rdfc-2022", suite);
    desk.profile = IssuerProfile::new(
        desk.profile.identifier().clone(),
        "Registry".to_owned(),
        vec![CredentialConfiguration::parse(&mapping).unwrap()],
        IssuerPolicy::default(),
    )
    .unwrap();
    desk
}

fn check_document(desk: &Desk, credential: &VerifiableCredential) {
    credential.check_for_issuance().unwrap();
    assert_eq!(credential.issuer(), "did:web:registry.example");
    assert_eq!(credential.document()["issuer"]["name"], "Registry");
    assert!(credential.has_type("NationalIdentityCredential"));
    assert_eq!(
        credential.contexts(),
        [json!("https://www.w3.org/ns/credentials/v2"), json!(CONTEXT)]
    );
    assert_eq!(
        credential.holder_binding(),
        HolderBinding::Key(desk.wallet_key.public_key())
    );
    let lists: Vec<_> = credential
        .bitstring_status_entries()
        .map(|entry| (entry.purpose.name().to_owned(), entry.list.clone(), entry.index))
        .collect();
    let list = |purpose: &str| {
        let url = format!("{ISSUER}/status/bitstring/{}/{purpose}", PLACE.shard);
        (purpose.to_owned(), url, u64::from(PLACE.index))
    };
    assert_eq!(lists, [list("revocation"), list("suspension")]);
    let subject = credential.subject().unwrap();
    assert_eq!(
        subject["fullName"],
        json!([{ "@value": "حسن علي", "@language": "ar" }, { "@value": "Hassan Ali", "@language": "en" }])
    );
    assert_eq!(subject["birthDate"], "1987-11-25");
    assert_eq!(subject["ageOver18"], true);
    assert_eq!(subject["address"]["postalCode"], "14022");
    assert_eq!(subject["address"]["addressLine1"][1]["@value"], "12 Cedar Street");
    assert_eq!(subject.get("phoneNumber"), None);
}

#[test]
fn an_mdoc_is_bound_to_the_proven_key_and_holds_what_is_mapped() {
    let desk = Desk::new();
    let credential = desk.issue("NationalIdentityMdoc", &full_record());
    let bytes = base64url::decode(text(&credential)).unwrap();
    let mdoc = IssuerSigned::parse(&bytes, MdocBudget::DEFAULT).unwrap();
    let authorized = mdoc.key_authorizations();
    assert!(authorized.covers("org.symbolon.transaction.1", "transaction_data_hashes"));
    assert!(!authorized.covers("org.symbolon.national-id.1", "full_name"));
    let chain = document_signer(&desk, &mdoc);
    let mdoc = mdoc.verify(&chain, &RustCryptoProvider).unwrap();
    assert_eq!(mdoc.doc_type().as_str(), "org.symbolon.national-id.1");
    assert_eq!(mdoc.device_key(), &desk.wallet_key.public_key());
    let CredentialStatus::StatusList(status) = mdoc.status() else {
        panic!("an mdoc can be revoked");
    };
    assert_eq!(
        (status.uri(), status.index()),
        ("https://registry.example/status/3", 42)
    );
    let claims = Value::Object(mdoc.claims());
    let elements = &claims["org.symbolon.national-id.1"];
    assert_eq!(elements["full_name"], "حسن علي");
    assert_eq!(
        elements["full_name_localized"],
        json!([{ "language": "ara", "value": "حسن علي" }, { "language": "eng", "value": "Hassan Ali" }])
    );
    assert_eq!(elements["sex"], 1);
    assert_eq!(elements["issuing_country"], "XX");
    assert_eq!(elements["issue_date"], "2027-01-15");
    assert_eq!(elements["expiry_date"], "2028-01-15");
    let name_space = "org.symbolon.national-id.1";
    let value = |element| mdoc.element(name_space, element).unwrap().value();
    assert!(matches!(value("birth_date"), ElementValue::FullDate(_)));
    assert!(matches!(value("portrait"), ElementValue::Bytes(_)));
}

#[test]
fn a_driving_licence_has_what_the_standard_makes_mandatory() {
    let desk = Desk::new();
    let credential = desk.issue("MobileDrivingLicence", &full_record());
    let bytes = base64url::decode(text(&credential)).unwrap();
    let mdoc = IssuerSigned::parse(&bytes, MdocBudget::DEFAULT).unwrap();
    let chain = document_signer(&desk, &mdoc);
    let mdoc = mdoc.verify(&chain, &RustCryptoProvider).unwrap();
    assert_eq!(mdoc.doc_type().as_str(), "org.iso.18013.5.1.mDL");
    let claims = Value::Object(mdoc.claims());
    let elements = &claims["org.iso.18013.5.1"];
    for element in [
        "family_name",
        "given_name",
        "birth_date",
        "issue_date",
        "expiry_date",
        "issuing_country",
        "issuing_authority",
        "document_number",
        "portrait",
        "driving_privileges",
        "un_distinguishing_sign",
    ] {
        assert!(elements.get(element).is_some(), "{element}");
    }
    assert_eq!(elements["family_name"], "Ali");
    assert_eq!(elements["family_name_national_character"], "علي");
    assert_eq!(
        elements["driving_privileges"],
        json!([{ "vehicle_category_code": "B", "issue_date": "2015-03-01", "expiry_date": "2030-02-28" }])
    );
    assert_eq!(
        claims["org.symbolon.driving-licence.1"]["address_localized"],
        json!([
            { "language": "ara", "value": "شارع الأرز\n14022" },
            { "language": "eng", "value": "12 Cedar Street\nKenitra\n14022" },
        ])
    );

    let without = record(json!({ "face": JPEG }));
    let refused = desk.prepare_for("MobileDrivingLicence", &without).err().unwrap();
    let message = refused.to_string();
    assert!(message.contains("org.iso.18013.5.1.family_name"), "{message}");
}

#[test]
fn a_jwt_credential_is_signed_by_a_method_of_the_issuers_did() {
    let desk = Desk::new();
    let credential = desk.issue("NationalIdentityJwt", &full_record());
    let jwt = JwtCredential::parse(text(&credential), W3cBudget::DEFAULT).unwrap();
    let key = desk
        .signers
        .assertion()
        .with_algorithm(symbolon_crypto::SignatureAlgorithm::Es256)
        .unwrap();
    assert_eq!(
        jwt.issuer_key(),
        IssuerKey::VerificationMethod(key.json_web_key().clone())
    );
    let jwt = jwt
        .verify_issuer_signature(key.public_key(), &RustCryptoProvider)
        .unwrap();
    check_document(&desk, jwt.credential());
}

#[test]
fn a_document_is_secured_whole_by_the_key_of_its_suite() {
    for (suite, key) in [("eddsa-jcs-2022", "ed25519"), ("ecdsa-jcs-2019", "p256")] {
        let desk = desk_with(suite);
        let secured = object(desk.issue("NationalIdentityLd", &full_record()));
        assert_eq!(secured["proof"]["cryptosuite"], suite);
        // A finer time than the credential's would tell holders apart.
        assert_eq!(secured["proof"]["created"], secured["validFrom"]);
        check_document(&desk, &verified_document(&desk, &secured, key));
    }
}

#[test]
fn nothing_is_issued_that_could_not_be_canonicalized() {
    let desk = Desk::new();
    for configuration in ["NationalIdentityLd", "NationalIdentitySelective"] {
        let failure = desk.prepare_for(configuration, &full_record()).err().unwrap();
        let message = failure.to_string();
        assert!(
            message.starts_with("the credential cannot be secured"),
            "{message}"
        );
    }
}

#[test]
fn each_credential_is_booked_with_its_kind() {
    let desk = Desk::new();
    for (configuration, kind) in [
        ("NationalIdentity", CredentialKind::SdJwtVc),
        ("NationalIdentityMdoc", CredentialKind::Mdoc),
        ("NationalIdentityJwt", CredentialKind::JwtVc),
    ] {
        let signed = desk.sign(desk.prepare_for(configuration, &full_record()).unwrap());
        assert_eq!(signed.issuance().credentials[0].kind, kind);
        assert!(signed.release(IssuanceOutcome::NonceSpent).is_err());
    }
}

/// A proof that names its key by a DID URL.
fn did_proof(desk: &Desk, key: &SecretKey, key_id: &str) -> String {
    let mut header = serde_json::Map::new();
    header.insert(
        "typ".to_owned(),
        json!(symbolon_protocol::openid4vci::proof::PROOF_TYPE),
    );
    header.insert("kid".to_owned(), json!(key_id));
    let claims = json!({ "aud": ISSUER, "iat": NOW.seconds(), "nonce": desk.nonce() });
    let prepared = jws::prepare(
        key.public_key().algorithm(),
        &header,
        claims.to_string().as_bytes(),
    );
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

#[test]
fn a_proof_names_its_key_by_a_did_where_the_metadata_says_so_and_nowhere_else() {
    let desk = Desk::new();
    let public_key = desk.wallet_key.public_key();
    let own = did_key(&public_key).unwrap();
    let by_key = format!("{own}#{}", own.method_specific_identifier());
    let by_jwk = format!("{}#0", did_jwk(&public_key).unwrap());
    let metadata = serde_json::to_value(
        desk.profile
            .issuer_metadata(&desk.signers, &[desk.wallet_key.public_key()])
            .unwrap(),
    )
    .unwrap();
    for configuration in [
        "NationalIdentity",
        "NationalIdentityMdoc",
        "NationalIdentityJwt",
        "NationalIdentityLd",
        "NationalIdentitySelective",
    ] {
        let methods = &metadata["credential_configurations_supported"][configuration]["cryptographic_binding_methods_supported"];
        for (kid, method) in [(&by_key, "did:key"), (&by_jwk, "did:jwk")] {
            let proof = did_proof(&desk, &desk.wallet_key, kid);
            let request = desk.request_for(configuration, vec![proof]);
            let listed = methods.as_array().unwrap().contains(&json!(method));
            assert_eq!(desk.judge(&request).is_ok(), listed, "{configuration} {method}");
        }
    }
    // Whichever way the key was named, the credential names it by did:key.
    let desk = desk_with("eddsa-jcs-2022");
    let request = desk.request_for(
        "NationalIdentityLd",
        vec![did_proof(&desk, &desk.wallet_key, &by_jwk)],
    );
    let prepared = desk
        .prepare_accepted(desk.judge(&request).unwrap(), &full_record(), &[PLACE])
        .unwrap();
    let mut credentials = desk.sign(prepared).release(IssuanceOutcome::Committed).unwrap();
    let secured = object(credentials.pop().unwrap());
    assert_eq!(secured["credentialSubject"]["id"], own.as_str());
}

#[test]
fn the_metadata_lists_every_format_with_its_own_members() {
    let desk = Desk::new();
    let metadata = desk
        .profile
        .issuer_metadata(&desk.signers, &[desk.wallet_key.public_key()])
        .unwrap();
    metadata
        .check(symbolon_protocol::identifier::UrlPolicy::Public)
        .unwrap();
    let json = serde_json::to_value(&metadata).unwrap();
    let configuration = |id: &str| json["credential_configurations_supported"][id].clone();
    let mdoc = configuration("MobileDrivingLicence");
    assert_eq!(mdoc["format"], "mso_mdoc");
    assert_eq!(mdoc["doctype"], "org.iso.18013.5.1.mDL");
    assert_eq!(mdoc["credential_signing_alg_values_supported"], json!([-7]));
    assert_eq!(
        mdoc["cryptographic_binding_methods_supported"],
        json!(["cose_key"])
    );
    assert_eq!(
        mdoc["credential_metadata"]["claims"][0]["path"],
        json!(["org.iso.18013.5.1", "family_name"])
    );
    let selective = configuration("NationalIdentitySelective");
    assert_eq!(selective["format"], "ldp_vc");
    assert_eq!(
        selective["credential_signing_alg_values_supported"],
        json!(["ecdsa-sd-2023"])
    );
    assert_eq!(
        selective["credential_definition"],
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2", CONTEXT],
            "type": ["VerifiableCredential", "NationalIdentityCredential"],
        })
    );
    let jwt = configuration("NationalIdentityJwt");
    assert_eq!(jwt["format"], "jwt_vc_json");
    assert_eq!(jwt["credential_signing_alg_values_supported"], json!(["ES256"]));
    assert_eq!(
        jwt["credential_definition"],
        json!({ "type": ["VerifiableCredential", "NationalIdentityCredential"] })
    );
    assert_eq!(
        jwt["credential_metadata"]["claims"][0]["path"],
        json!(["credentialSubject", "personalAdministrativeNumber"])
    );
}

#[test]
fn an_issuer_without_a_key_for_a_configuration_does_not_start_and_names_both() {
    let desk = Desk::new();
    let credentials = crate::profile::SigningKey {
        handle: symbolon_crypto::signing::KeyHandle::new("credentials"),
        algorithm: symbolon_crypto::SignatureAlgorithm::Es256,
        chain: vec![desk.iaca.clone()],
    };
    let missing = CredentialSigners::new(&desk.profile, &credentials, None, AssertionKeys::default());
    let error = missing.unwrap_err();
    assert!(matches!(error, CredentialSignersError::Missing { .. }));
    assert_eq!(
        error.to_string(),
        "the credential configuration MobileDrivingLicence needs a document signer key and certificate, which this issuer does not have"
    );
}
