//! Credentials against the rules of their type.

use super::verified;
use crate::support::{credential, holder_key, issue, issuer_key, key_binding_claims, present};
use serde_json::{Value, json};
use symbolon_credential::sd_jwt_vc::{CredentialView, TypeMetadata, TypeMetadataError, TypeMetadataRejected};

#[test]
fn a_credential_is_checked_against_its_type() {
    let issued = issue(&credential(), &issuer_key());
    let presented = present(&issued, &[], &key_binding_claims(), &holder_key());
    let metadata = |claims: Value| {
        let document = json!({"vct": "https://issuer.example/types/national-identity", "claims": claims});
        TypeMetadata::parse(document.to_string().as_bytes()).unwrap()
    };
    let check = |claims: Value, text: &str, view| metadata(claims).check(&verified(text), view);
    let good = json!([
        {"path": ["given_name"], "mandatory": true, "sd": "always", "display": [{"locale": "en", "label": "Given name"}]},
        {"path": ["nationalities", null], "sd": "always"},
        {"path": ["source"], "mandatory": true, "sd": "never"},
        {"path": ["middle_name"]}
    ]);
    assert_eq!(check(good.clone(), &issued, CredentialView::Issued), Ok(()));
    assert_eq!(check(good.clone(), &presented, CredentialView::Presented), Ok(()));
    assert_eq!(
        check(good, &presented, CredentialView::Issued),
        Err(TypeMetadataRejected::MandatoryClaimMissing { position: 0 })
    );
    assert_eq!(
        check(
            json!([{"path": ["shoe_size"], "mandatory": true}]),
            &issued,
            CredentialView::Issued
        ),
        Err(TypeMetadataRejected::MandatoryClaimMissing { position: 0 })
    );
    assert_eq!(
        check(
            json!([{"path": ["source"], "sd": "always"}]),
            &issued,
            CredentialView::Issued
        ),
        Err(TypeMetadataRejected::NotSelective { position: 0 })
    );
    assert_eq!(
        check(
            json!([{"path": ["given_name"], "sd": "never"}]),
            &issued,
            CredentialView::Issued
        ),
        Err(TypeMetadataRejected::Selective { position: 0 })
    );
    let other = TypeMetadata::from_value(json!({"vct": "another"})).unwrap();
    assert_eq!(
        other.check(&verified(&issued), CredentialView::Issued),
        Err(TypeMetadataRejected::OtherType)
    );
}

#[test]
fn type_metadata_that_extends_another_type_is_refused_and_not_half_used() {
    let document = json!({"vct": "x", "extends": "y"}).to_string();
    assert_eq!(
        TypeMetadata::parse(document.as_bytes()),
        Err(TypeMetadataError::Extends)
    );
    for document in [
        "",
        "[]",
        "{}",
        r#"{"vct":"x","vct":"y"}"#,
        r#"{"vct":"x","claims":[{"path":[]}]}"#,
        r#"{"vct":"x","claims":[{"path":["a"],"sd":"maybe"}]}"#,
        r#"{"vct":"x","claims":[{"path":["a"],"svg_id":"1a"}]}"#,
        r#"{"vct":"x","claims":[{"path":["a"],"svg_id":""}]}"#,
        r#"{"vct":"x","claims":[{"path":["a"],"svg_id":"a-b"}]}"#,
        r#"{"vct":"x","claims":[{"path":["a"],"svg_id":"a"},{"path":["b"],"svg_id":"a"}]}"#,
    ] {
        assert_eq!(
            TypeMetadata::parse(document.as_bytes()),
            Err(TypeMetadataError::Malformed),
            "{document}"
        );
    }
}
