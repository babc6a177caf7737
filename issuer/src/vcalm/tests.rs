use std::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_credential::w3c::{
    BitstringStatusEntry, IssuerDescription, LanguageText, NotConforming, Property, RelatedResourceMismatch,
    StatusPurpose,
};
use symbolon_crypto::UnixTime;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_did::Did;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::vcalm::reference::CredentialReference;

use super::*;
use crate::secret::InstallationSecret;

const DID: &str = "did:web:issuer.example";
const LISTS: &str = "https://issuer.example/status/";
/// 2026-11-23T00:00:00Z.
const ISSUED: UnixTime = UnixTime::from_seconds(1_795_392_000);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

fn complete(document: Value) -> Result<CompletedCredential, CompletionRefused> {
    let issuer = IssuerDescription {
        id: Did::parse(DID).unwrap(),
        name: vec![LanguageText::new("Registry", "en")],
    };
    let types = ["VerifiableCredential".to_owned(), "IdentityCredential".to_owned()];
    let status = [StatusPurpose::Revocation, StatusPurpose::Suspension]
        .map(|purpose| BitstringStatusEntry::new(purpose, format!("{LISTS}0/w3c"), 17));
    let completion = Completion {
        issuer: &issuer,
        types: &types,
        status: &status,
        own_status_lists: LISTS,
        issued_at: ISSUED,
        validity: YEAR,
    };
    let Value::Object(document) = document else {
        panic!("a document is an object");
    };
    completion.complete(document)
}

fn document() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential", "IdentityCredential"],
        "credentialSubject": {"id": "did:example:alice", "name": "Alice"},
    })
}

#[test]
fn the_issuer_puts_in_itself_the_validity_and_the_status() {
    let completed = complete(document()).unwrap();
    let document: &Map<String, Value> = completed.credential.document();
    assert_eq!(
        document["issuer"],
        json!({"id": DID, "name": {"@value": "Registry", "@language": "en"}})
    );
    assert_eq!(document["validFrom"], json!("2026-11-23T00:00:00Z"));
    assert_eq!(document["validUntil"], json!("2027-11-23T00:00:00Z"));
    assert_eq!(completed.expires_at, ISSUED.plus(YEAR));
    let entries: Vec<_> = completed.credential.bitstring_status_entries().collect();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry.index == 17));
}

#[test]
fn what_the_caller_says_itself_stays_as_it_is() {
    let mut own = document();
    own["issuer"] = json!({"id": DID, "description": "of its own"});
    own["validFrom"] = json!("2023-02-25T19:10:39-06:00");
    own["validUntil"] = json!("2027-01-01T00:00:00.477Z");
    own["credentialStatus"] = json!({"id": "https://elsewhere.example/1", "type": "ElsewhereStatus"});
    let completed = complete(own.clone()).unwrap();
    let document = completed.credential.document();
    for member in ["issuer", "validFrom", "validUntil"] {
        assert_eq!(document[member], own[member]);
    }
    let entries = document["credentialStatus"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0], own["credentialStatus"]);
}

#[test]
fn what_is_not_this_instances_to_issue_is_refused() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut document = document();
        change(&mut document);
        complete(document).unwrap_err()
    };
    assert_eq!(
        refused(&|document| document["issuer"] = json!("did:web:elsewhere.example")),
        CompletionRefused::AnotherIssuer
    );
    assert_eq!(
        refused(&|document| document["type"] = json!(["VerifiableCredential"])),
        CompletionRefused::Types
    );
    assert_eq!(
        refused(&|document| document["validUntil"] = json!("2028-01-01T00:00:00Z")),
        CompletionRefused::ValidTooLong
    );
    let index = json!({
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "3",
        "statusListCredential": format!("{LISTS}0/w3c"),
    });
    assert_eq!(
        refused(&|document| document["credentialStatus"] = index.clone()),
        CompletionRefused::ForeignIndex
    );
}

#[test]
fn what_does_not_conform_is_refused_for_the_rule_that_it_breaks() {
    let refused = |member: &str, value: Value| {
        let mut document = document();
        document[member] = value;
        match complete(document).unwrap_err() {
            CompletionRefused::NotConforming(not_conforming) => not_conforming,
            other => panic!("{other}"),
        }
    };
    assert_eq!(
        refused("@context", json!(["https://www.w3.org/2018/credentials/v1"])),
        NotConforming::DateTime {
            of: Property::IssuanceDate
        }
    );
    assert_eq!(refused("issuer", Value::Null), NotConforming::Issuer);
    assert_eq!(refused("issuer", json!("no URL")), NotConforming::Issuer);
    assert_eq!(
        refused("credentialSubject", json!({})),
        NotConforming::CredentialSubject
    );
    assert_eq!(
        refused("validFrom", json!("2023-02-25T19:10:39")),
        NotConforming::DateTimeWithoutOffset {
            of: Property::ValidFrom
        }
    );
    assert_eq!(
        refused("credentialStatus", json!({"id": "urn:uuid:1"})),
        NotConforming::Type {
            of: Property::CredentialStatus
        }
    );
    assert_eq!(
        refused("validUntil", json!("2026-01-01T00:00:00Z")),
        NotConforming::ValidityReversed
    );
}

#[test]
fn a_digest_is_checked_where_the_resource_is_at_hand() {
    let mut document = document();
    // SHA-256 of "abc".
    document["relatedResource"] = json!({
        "id": "https://issuer.example/logo",
        "digestMultibase": "uEiC6eBa_jwHP6kFBQN5dria2IjsBoDYtepIUnz8gFf8VrQ",
    });
    let credential = complete(document).unwrap().credential;
    let holds = |bytes: &'static [u8]| {
        check_related_resources(&credential, &move |id: &str| {
            (id == "https://issuer.example/logo").then(|| bytes.to_vec())
        })
    };
    assert_eq!(holds(b"abd"), Err(RelatedResourceMismatch));
    assert_eq!(check_related_resources(&credential, &|_| None), Ok(()));
}

#[test]
fn one_name_is_one_credential_of_one_configuration_in_one_installation() {
    let secret = |seed| InstallationSecret::make(&SeededRandomness::new(seed)).unwrap();
    let id = |seed, configuration, reference| {
        credential_id(
            &secret(seed),
            &ConfigurationId::parse(configuration).unwrap(),
            &CredentialReference::parse(reference).unwrap(),
        )
        .unwrap()
    };
    let one = id(1, "Identity", "urn:uuid:1");
    assert_eq!(one, id(1, "Identity", "urn:uuid:1"));
    assert_ne!(one, id(1, "Identity", "urn:uuid:2"));
    assert_ne!(one, id(1, "Licence", "urn:uuid:1"));
    assert_ne!(one, id(2, "Identity", "urn:uuid:1"));
}
