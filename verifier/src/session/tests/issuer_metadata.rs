//! SD-JWT VCs without certificates: the keys of an issuer's metadata.

use serde_json::{Value, json};
use symbolon_credential::sd_jwt_vc::IssuerKeyReference;
use symbolon_trust::status_list::Status;

use super::world::{ISSUER, Network, Question, World, bound};
use crate::report::{Authentic, CheckName, Reason, Report, Verdict};
use crate::{Evidence, Policy, StatusEvidence, Tools, Want};

const METADATA: &str = "https://issuer.example/.well-known/jwt-vc-issuer";
const KEYS: &str = "https://issuer.example/keys";

fn key_set(world: &World, kid: &str) -> Value {
    let mut jwk = serde_json::to_value(world.issuer.credential_key.public_key().to_jwk()).unwrap();
    jwk["kid"] = json!(kid);
    json!({ "keys": [jwk] })
}

fn ask(world: &World, documents: &[(&str, Value)], kid: &str) -> (Report, Vec<Want>) {
    let reference = IssuerKeyReference::KeyId(kid.to_owned());
    let text = world.issue_with(&world.template(), &reference, &world.issuer.credential_key);
    let text = world.present(&text);
    let trust_list = world.trust_list();
    let network = Network {
        status_lists: [(world.uri(), StatusEvidence::Token(world.token(Status::Valid)))].into(),
        issuer_documents: documents
            .iter()
            .map(|(url, document)| ((*url).to_owned(), document.to_string().into_bytes()))
            .collect(),
        ..Network::default()
    };
    let question = Question {
        input: text.as_bytes(),
        expected: bound(),
        policy: Policy::RELYING_PARTY,
        tools: Tools::without_json_ld(&world.provider),
        now: symbolon_trust::testing::NOW,
    };
    let (mut reports, wanted) = question.ask(Evidence::online(&trust_list), &network);
    (reports.remove(0), wanted)
}

fn want(url: &str) -> Want {
    Want::IssuerDocument { url: url.to_owned() }
}

#[test]
fn a_key_of_the_issuers_metadata_is_asked_for_and_used() {
    let world = World::new();
    let metadata = json!({ "issuer": ISSUER, "jwks": key_set(&world, "key-1") });
    let (report, wanted) = ask(&world, &[(METADATA, metadata)], "key-1");
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    assert_eq!(wanted, [want(METADATA), Want::StatusList { uri: world.uri() }]);
    let first = &report.authentic.checks[0];
    assert_eq!(first.name, CheckName::IssuerKey);
    assert!(first.section.starts_with("SD-JWT VC"));
}

#[test]
fn the_keys_may_stand_at_an_address_of_their_own() {
    let world = World::new();
    let metadata = json!({ "issuer": ISSUER, "jwks_uri": KEYS });
    let documents = [(METADATA, metadata), (KEYS, key_set(&world, "key-1"))];
    let (report, wanted) = ask(&world, &documents, "key-1");
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(wanted[..2], [want(METADATA), want(KEYS)]);
}

#[test]
fn a_key_that_the_metadata_do_not_name_is_not_the_issuers() {
    let world = World::new();
    let metadata = json!({ "issuer": ISSUER, "jwks": key_set(&world, "key-1") });
    let (report, _) = ask(&world, &[(METADATA, metadata)], "key-2");
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::Missing));
}

#[test]
fn metadata_of_another_issuer_or_none_leave_the_credential_unknown() {
    let world = World::new();
    let other = json!({ "issuer": "https://other.example", "jwks": key_set(&world, "key-1") });
    let both = json!({ "issuer": ISSUER, "jwks": key_set(&world, "key-1"), "jwks_uri": KEYS });
    for (documents, reason) in [
        (vec![(METADATA, other)], Reason::EvidenceOfAnotherIssuer),
        (vec![(METADATA, both)], Reason::Malformed),
        (vec![(METADATA, json!({ "issuer": ISSUER }))], Reason::Malformed),
        (
            vec![(METADATA, json!({ "issuer": ISSUER, "jwks_uri": KEYS }))],
            Reason::EvidenceAbsent,
        ),
        (vec![], Reason::EvidenceAbsent),
    ] {
        let (report, _) = ask(&world, &documents, "key-1");
        assert_eq!(
            (report.verdict, report.authentic.state),
            (Verdict::Unknown, Authentic::Unknown),
            "{reason:?}"
        );
        let absent = report
            .authentic
            .checks
            .iter()
            .any(|check| check.outcome == crate::report::CheckOutcome::Absent { reason });
        assert!(absent, "{reason:?}");
        assert!(report.claims.is_empty());
    }
}
