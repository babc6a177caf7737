//! What is issued and what a holder shows of it.

use super::{expected, verified};
use crate::support::{
    PROVIDER, credential, holder_key, issue, issuer_key, key_binding_claims, path, present, sign,
};
use serde_json::{Map, Value, json};
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, SelectError, select};
use symbolon_credential::sd_jwt_vc::{HolderBinding, IssuerHeader, IssuerKeyReference, SdJwtVcIssueError};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::testing::SeededRandomness;

#[test]
fn what_is_issued_says_what_was_put_in_and_hides_what_may_be_withheld() {
    let issued = issue(&credential(), &issuer_key());
    let sd_jwt = SdJwt::parse_received(&issued, SdJwtBudget::DEFAULT).unwrap();
    assert_eq!(sd_jwt.disclosures().len(), 6);
    let payload = sd_jwt.payload();
    for hidden in ["given_name", "family_name", "address"] {
        assert!(!payload.contains_key(hidden));
    }
    let digests: Vec<&str> = payload["_sd"]
        .as_array()
        .unwrap()
        .iter()
        .map(|digest| digest.as_str().unwrap())
        .collect();
    assert_eq!(digests.len(), 3 + 2, "three claims and two decoys");
    assert!(digests.is_sorted(), "the order of digests says nothing");
    assert!(
        sd_jwt
            .disclosures()
            .iter()
            .all(|disclosure| base64url::decode(disclosure.salt()).unwrap().len() == 16)
    );

    let credential = verified(&issued);
    assert_eq!(credential.issuer(), Some("https://issuer.example"));
    assert_eq!(
        credential.vct().as_str(),
        "https://issuer.example/types/national-identity"
    );
    assert_eq!(credential.certificate_chain(), [vec![0x30, 0x00]]);
    assert_eq!(
        credential.holder(),
        &HolderBinding::Key(holder_key().public_key())
    );
    let status = credential.status().reference().unwrap();
    assert_eq!(
        (status.uri(), status.index()),
        ("https://issuer.example/status/1", 4711)
    );
    assert_eq!(
        credential.claims()["address"],
        json!({"region": "Karnataka", "locality": "Mysuru"})
    );
    assert_eq!(credential.claims()["nationalities"], json!(["IN", "FR"]));
}

#[test]
fn a_presentation_shows_what_was_asked_with_its_parents_and_nothing_else() {
    let issued = issue(&credential(), &issuer_key());
    let paths = [
        path(json!(["address", "locality"])),
        path(json!(["nationalities", 1])),
    ];
    let presented = present(&issued, &paths, &key_binding_claims(), &holder_key());
    let credential = verified(&presented);
    let shown: Vec<String> = credential
        .processed()
        .disclosed
        .iter()
        .map(|disclosed| disclosed.path.to_string())
        .collect();
    assert_eq!(shown, ["nationalities[0]", "address", "address.locality"]);
    assert_eq!(credential.claims()["nationalities"], json!(["FR"]));
    assert!(!credential.claims().contains_key("given_name"));
    credential.verify_key_binding(&expected(), &PROVIDER).unwrap();
    // What travels are the issuer's own characters.
    assert!(
        presented
            .split('~')
            .filter(|part| !part.contains('.'))
            .all(|part| issued.contains(part))
    );
}

#[test]
fn a_path_to_nothing_and_a_bound_credential_cannot_be_presented() {
    let issued = issue(&credential(), &issuer_key());
    let sd_jwt = SdJwt::parse(&issued, SdJwtBudget::DEFAULT).unwrap();
    let paths = [path(json!(["given_name"])), path(json!(["shoe_size"]))];
    assert!(matches!(
        select(&sd_jwt, &paths),
        Err(SelectError::NothingSelected { position: 1, .. })
    ));
    let presented = present(&issued, &[], &key_binding_claims(), &holder_key());
    let bound = SdJwt::parse(&presented, SdJwtBudget::DEFAULT).unwrap();
    assert!(matches!(select(&bound, &[]), Err(SelectError::AlreadyBound)));
}

#[test]
fn an_issuer_cannot_hide_or_overwrite_registered_claims() {
    let prepare = |credential: &symbolon_credential::sd_jwt_vc::CredentialToIssue,
                   key: &IssuerKeyReference| {
        credential
            .prepare(SignatureAlgorithm::Es256, key, &SeededRandomness::new(1))
            .map(|_| ())
            .unwrap_err()
    };
    let kid = IssuerKeyReference::KeyId("1".to_owned());
    let mut hides = credential();
    hides.selectable.push(path(json!(["status", "status_list"])));
    assert!(matches!(
        prepare(&hides, &kid),
        SdJwtVcIssueError::NeverSelective { claim: "status" }
    ));
    for claim in ["iss", "exp", "cnf", "vct", "status", "iat"] {
        let mut overwrites = credential();
        overwrites.claims.insert(claim.to_owned(), Value::from("x"));
        assert!(matches!(
            prepare(&overwrites, &kid),
            SdJwtVcIssueError::RegisteredClaim { .. }
        ));
    }
    for (name, value) in [
        ("_sd", json!([])),
        ("...", json!("x")),
        ("_sd_alg", json!("x")),
        ("a", json!([{"...": 1}])),
    ] {
        let mut reserved = credential();
        reserved.claims.insert(name.to_owned(), value);
        assert!(
            matches!(prepare(&reserved, &kid), SdJwtVcIssueError::Issue(_)),
            "{name}"
        );
    }
    let mut nothing = credential();
    nothing.selectable.push(path(json!(["shoe_size"])));
    assert!(matches!(prepare(&nothing, &kid), SdJwtVcIssueError::Issue(_)));
    let empty = IssuerKeyReference::CertificateChain(Vec::new());
    assert!(matches!(
        prepare(&credential(), &empty),
        SdJwtVcIssueError::NoCertificate
    ));
}

#[test]
fn a_credential_without_selectable_claims_has_no_trace_of_the_mechanism() {
    let mut plain = credential();
    plain.selectable.clear();
    let issued = issue(&plain, &issuer_key());
    let sd_jwt = SdJwt::parse(&issued, SdJwtBudget::DEFAULT).unwrap();
    assert!(!sd_jwt.payload().contains_key("_sd") && !sd_jwt.payload().contains_key("_sd_alg"));
    assert!(sd_jwt.disclosures().is_empty());
}

#[test]
fn a_header_that_the_issuer_keeps_gives_the_same_credential() {
    let chain = IssuerKeyReference::CertificateChain(vec![vec![0x30, 0x00]]);
    let header = IssuerHeader::new(SignatureAlgorithm::Es256, &chain).unwrap();
    let prepared = credential()
        .prepare_under(&header, &SeededRandomness::new(7))
        .unwrap();
    let signature = sign(&issuer_key(), prepared.signing_input().as_bytes());
    assert_eq!(prepared.finish(&signature), issue(&credential(), &issuer_key()));
}

#[test]
fn nothing_personal_is_in_debug_output_or_errors() {
    let issued = issue(&credential(), &issuer_key());
    let credential = verified(&issued);
    let text = format!(
        "{credential:?} {:?} {:?}",
        credential.sd_jwt().disclosures(),
        credential.processed()
    );
    assert!(!text.contains("Asha") && !text.contains("Mysuru"));
    let _: &Map<String, Value> = credential.claims();
}
