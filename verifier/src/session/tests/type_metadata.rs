use serde_json::json;
use symbolon_trust::testing::NOW;
use symbolon_trust::trust_list::TrustList;

use super::world::{VCT, World, bound, run};
use crate::report::{Authentic, Reason, Report, Verdict};
use crate::{Evidence, Policy, StatusEvidence, TypeMetadataPolicy, Want};

const ENFORCED: Policy = Policy {
    type_metadata: TypeMetadataPolicy::Enforced,
    ..Policy::RELYING_PARTY
};

fn listed(world: &World, metadata: serde_json::Value) -> TrustList {
    let mut list = world.trust_list();
    list.type_metadata.insert(VCT.to_owned(), metadata);
    list
}

fn verify(world: &World, list: &TrustList) -> Report {
    world.verify_with(&world.presentation(), bound(), ENFORCED, list, NOW)
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
        ENFORCED,
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
