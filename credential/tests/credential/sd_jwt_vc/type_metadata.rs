//! Credentials against the rules of their type.

use super::verified;
use crate::support::{credential, holder_key, issue, issuer_key, key_binding_claims, path, present};
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::Decoys;
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
fn type_metadata_that_extends_another_type_is_not_read_as_if_it_stood_alone() {
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
        r#"{"vct":"x","claims":[{"path":["a"]},{"path":["a"],"mandatory":true}]}"#,
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

fn rejected(claims: Value, text: &str, view: CredentialView) -> Option<TypeMetadataRejected> {
    let document = json!({"vct": "https://issuer.example/types/national-identity", "claims": claims});
    let metadata = TypeMetadata::parse(document.to_string().as_bytes()).unwrap();
    metadata.check(&verified(text), view).err()
}

#[test]
fn a_claim_within_a_withheld_one_is_not_missing_and_one_that_nothing_hides_is() {
    let issued = issue(&credential(), &issuer_key());
    let present = |shown: &[Value]| {
        let paths: Vec<_> = shown.iter().cloned().map(path).collect();
        present(&issued, &paths, &key_binding_claims(), &holder_key())
    };
    // `address` is selectable, and `region` in it is in the clear once it is shown.
    let region = json!([{"path": ["address", "region"], "mandatory": true, "sd": "never"}]);
    assert_eq!(
        rejected(region.clone(), &present(&[]), CredentialView::Presented),
        None
    );
    assert_eq!(
        rejected(region, &present(&[json!(["address"])]), CredentialView::Presented),
        None
    );
    // Nothing that is in the clear can hide behind the digests of a presentation.
    let clear = json!([{"path": ["shoe_size"], "mandatory": true, "sd": "never"}]);
    let missing = Some(TypeMetadataRejected::MandatoryClaimMissing { position: 0 });
    assert_eq!(rejected(clear, &present(&[]), CredentialView::Presented), missing);
    let in_clear_parent = json!([{"path": ["address", "shoe_size"], "mandatory": true, "sd": "never"}]);
    assert_eq!(
        rejected(
            in_clear_parent,
            &present(&[json!(["address"])]),
            CredentialView::Presented
        ),
        missing
    );
    // Behind some digest it may be; not so where every digest is disclosed and no decoy stands among them.
    let some = json!([{"path": ["shoe_size"], "mandatory": true}]);
    assert_eq!(
        rejected(some.clone(), &present(&[]), CredentialView::Presented),
        None
    );
    let mut plain = credential();
    plain.decoys = Decoys::None;
    plain.selectable = vec![path(json!(["given_name"]))];
    let all_shown = issue(&plain, &issuer_key());
    assert_eq!(rejected(some, &all_shown, CredentialView::Presented), missing);
}

#[test]
fn places_in_an_array_are_those_of_the_array_as_issued() {
    let mut mixed = credential();
    mixed
        .claims
        .insert("nationalities".to_owned(), json!(["IN", "FR", "TD"]));
    mixed.selectable = vec![
        path(json!(["nationalities", 0])),
        path(json!(["nationalities", 2])),
    ];
    let issued = issue(&mixed, &issuer_key());
    let shown = present(
        &issued,
        &[path(json!(["nationalities", 2]))],
        &key_binding_claims(),
        &holder_key(),
    );
    let rule =
        |place: Value, sd: &str| json!([{"path": ["nationalities", place], "sd": sd, "mandatory": true}]);
    for (place, sd, expected) in [
        // Withheld, and so selectable.
        (json!(0), "always", None),
        (
            json!(0),
            "never",
            Some(TypeMetadataRejected::Selective { position: 0 }),
        ),
        (json!(1), "never", None),
        (
            json!(1),
            "always",
            Some(TypeMetadataRejected::NotSelective { position: 0 }),
        ),
        (json!(2), "always", None),
        (
            json!(3),
            "always",
            Some(TypeMetadataRejected::MandatoryClaimMissing { position: 0 }),
        ),
        (Value::Null, "allowed", None),
        (
            Value::Null,
            "always",
            Some(TypeMetadataRejected::NotSelective { position: 0 }),
        ),
    ] {
        for (text, view) in [
            (&issued, CredentialView::Issued),
            (&shown, CredentialView::Presented),
        ] {
            assert_eq!(
                rejected(rule(place.clone(), sd), text, view),
                expected,
                "{place} {sd} {view:?}"
            );
        }
    }
}

#[test]
fn a_path_that_leads_through_what_is_no_object_or_array_is_refused() {
    let issued = issue(&credential(), &issuer_key());
    for wrong in [
        json!(["given_name", "first"]),
        json!(["address", 0]),
        json!(["address", null]),
        json!([null]),
        json!([0]),
    ] {
        assert_eq!(
            rejected(json!([{"path": wrong}]), &issued, CredentialView::Issued),
            Some(TypeMetadataRejected::PathDoesNotFit { position: 0 })
        );
    }
}
