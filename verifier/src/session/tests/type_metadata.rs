use serde_json::json;
use symbolon_trust::testing::NOW;
use symbolon_trust::trust_list::TrustList;

use super::world::{Network, Question, VCT, World, bound, run};
use crate::report::{Authentic, Reason, Report, Verdict};
use crate::{Evidence, Policy, StatusEvidence, Tools, TypeMetadataPolicy, Want};

fn enforced() -> Policy {
    Policy {
        type_metadata: TypeMetadataPolicy::Enforced,
        ..Policy::RELYING_PARTY
    }
}

fn listed(world: &World, metadata: serde_json::Value) -> TrustList {
    let mut list = world.trust_list();
    list.type_metadata.insert(VCT.to_owned(), metadata);
    list
}

fn verify(world: &World, list: &TrustList) -> Report {
    world.verify_with(&world.presentation(), bound(), enforced(), list, NOW)
}

#[test]
fn a_credential_that_follows_its_type_is_valid() {
    let world = World::new();
    let metadata = json!({ "vct": VCT, "claims": [
        { "path": ["given_name"], "mandatory": true, "sd": "always" },
        { "path": ["birthdate"], "mandatory": true, "sd": "always" },
    ]});
    assert_eq!(
        verify(&world, &listed(&world, metadata)).verdict,
        Verdict::Valid,
        "a withheld claim is not missing"
    );
}

#[test]
fn a_credential_that_breaks_its_type_is_invalid() {
    let world = World::new();
    let metadata = json!({ "vct": VCT, "claims": [{ "path": ["given_name"], "sd": "never" }] });
    let report = verify(&world, &listed(&world, metadata));
    assert_eq!(
        (report.verdict, report.authentic.state),
        (Verdict::Invalid, Authentic::NotAuthentic)
    );
    assert!(report.failed_because(Reason::MetadataViolated));
}

#[test]
fn without_the_metadata_that_policy_demands_the_verdict_is_unknown() {
    let world = World::new();
    let list = world.trust_list();
    let fetched = [(
        world.uri(),
        StatusEvidence::Token(world.token(symbolon_trust::status_list::Status::Valid)),
    )];
    let outcome = run(
        &world.presentation(),
        bound(),
        enforced(),
        Evidence::online(&list),
        &fetched.into(),
        &world.provider,
        NOW,
    );
    assert_eq!(outcome.report.verdict, Verdict::Unknown);
    assert!(
        outcome
            .wanted
            .contains(&Want::TypeMetadata { vct: VCT.to_owned() })
    );
    assert_eq!(
        world.verify(&world.presentation()).verdict,
        Verdict::Valid,
        "where policy does not demand them"
    );
}

#[test]
fn the_rules_of_an_extended_type_hold_and_are_asked_for_one_after_the_other() {
    let world = World::new();
    let list = world.trust_list();
    let base = "https://registry.example/types/person";
    let own = json!({ "vct": VCT, "extends": base }).to_string();
    let text = world.presentation();
    for (rule, verdict) in [("allowed", Verdict::Valid), ("never", Verdict::Invalid)] {
        let extended = json!({ "vct": base, "claims": [{ "path": ["given_name"], "sd": rule }] });
        let network = Network {
            status_lists: [(
                world.uri(),
                StatusEvidence::Token(world.token(symbolon_trust::status_list::Status::Valid)),
            )]
            .into(),
            type_metadata: [
                (VCT.to_owned(), own.clone().into_bytes()),
                (base.to_owned(), extended.to_string().into_bytes()),
            ]
            .into(),
            ..Network::default()
        };
        let question = Question {
            input: text.as_bytes(),
            expected: bound(),
            policy: enforced(),
            tools: Tools::without_json_ld(&world.provider),
            now: NOW,
        };
        let (reports, wanted) = question.ask(Evidence::online(&list), &network);
        assert_eq!(reports[0].verdict, verdict, "{rule}");
        let types: Vec<&Want> = wanted
            .iter()
            .filter(|want| matches!(want, Want::TypeMetadata { .. }))
            .collect();
        let want = |vct: &str| Want::TypeMetadata { vct: vct.to_owned() };
        assert_eq!(types, [&want(VCT), &want(base)]);
    }
}
