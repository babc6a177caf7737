//! Verifiers without certificates: what is shown of them, what is answered, and whom an error reaches.

use serde_json::json;
use symbolon_did::Did;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_wallet_core::present::{Decision, PresentOutcome, RequestProblem};
use symbolon_wallet_core::record::{HistoryEvent, Knowledge, VerifierEvidence};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{AnswerProtection, UnverifiedParties, WalletError};

use crate::support::World;
use crate::support::verifier::{DID, Kind};
use crate::support::world::french;

fn world() -> World {
    let mut world = World::new();
    world.receive();
    let parties = &mut world.policy.relying_parties;
    parties.answers = AnswerProtection::AsAsked;
    world
}

fn refused(world: &World, link: &str) -> RequestProblem {
    match block_on(world.wallet().present(link, &french(), world.now)) {
        Err(WalletError::RequestRefused(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

/// Shows the request, answers it, and says how the wallet knew who asked.
fn answered(world: &World, link: &str) -> VerifierEvidence {
    let wallet = world.wallet();
    let request = block_on(wallet.present(link, &french(), world.now)).unwrap();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{outcome:?}");
    request.verifier.evidence
}

#[test]
fn whoever_is_not_listed_is_refused_before_anything_is_fetched() {
    let world = world();
    let before = world.requests().len();
    for kind in [Kind::RedirectUri, Kind::Did, Kind::Registered] {
        for link in [world.verifier.unsigned(kind), world.verifier.by_value(kind)] {
            let problem = refused(&world, &link);
            assert!(
                matches!(
                    problem,
                    RequestProblem::ClientIdentifier | RequestProblem::SigningRule
                ),
                "{kind:?}: {problem:?}"
            );
        }
    }
    assert_eq!(world.requests().len(), before);
    assert_eq!(world.verifier.errors(), Vec::<String>::new());
}

#[test]
fn a_verifier_of_whom_nothing_is_known_is_shown_as_unverified_and_told_nothing_but_the_answer() {
    let mut world = world();
    world.policy.relying_parties.unverified = UnverifiedParties::Shown;
    let evidence = answered(&world, &world.verifier.unsigned(Kind::RedirectUri));
    assert_eq!(evidence, VerifierEvidence::Unverified);
    assert!(evidence.is_unverified());
    assert_eq!(world.verifier.tokens().len(), 1);

    // Signed, it is a contradiction: whose key would it be?
    assert_eq!(
        refused(&world, &world.verifier.by_value(Kind::RedirectUri)),
        RequestProblem::SigningRule
    );
    // Neither a defect nor a refusal is posted to an address that nothing proves (row 26).
    world.verifier.overwrite("nonce", json!("a b"));
    assert_eq!(
        refused(&world, &world.verifier.unsigned(Kind::RedirectUri)),
        RequestProblem::Malformed
    );
    world.verifier.overwrite("nonce", json!("good-again"));
    let wallet = world.wallet();
    let link = world.verifier.unsigned(Kind::RedirectUri);
    let request = block_on(wallet.present(&link, &french(), world.now)).unwrap();
    assert_eq!(request.verifier.name, None);
    let before = world.requests().len();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::Declined);
    assert_eq!(world.requests().len(), before, "nobody is told");
    let history = block_on(wallet.history()).unwrap();
    assert!(matches!(history[0].event, HistoryEvent::Declined { .. }));
}

#[test]
fn a_did_is_resolved_whenever_its_request_is_verified() {
    let mut world = world();
    world
        .policy
        .relying_parties
        .dids
        .insert(Did::parse(DID).unwrap(), "The clinic".to_owned());
    let evidence = answered(&world, &world.verifier.by_value(Kind::Did));
    assert_eq!(
        evidence,
        VerifierEvidence::DecentralizedIdentifier {
            did: DID.to_owned(),
            known: Knowledge::Listed
        }
    );
    let fetched = |world: &World| {
        let lines = world.requests();
        lines.iter().filter(|line| line.ends_with("/did.json")).count()
    };
    assert!(fetched(&world) >= 2, "for consent, and for the answer");

    let wallet = world.wallet();
    let link = world.verifier.by_value(Kind::Did);
    let request = block_on(wallet.present(&link, &french(), world.now)).unwrap();
    assert_eq!(request.verifier.name.as_deref(), Some("The clinic"));
    // The key is taken back between consent and answer.
    world.verifier.withdraw_key();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now));
    assert_eq!(
        outcome,
        Err(WalletError::RequestRefused(RequestProblem::Signature))
    );
    assert_eq!(world.verifier.tokens().len(), 1);
}

#[test]
fn a_did_on_no_list_is_shown_as_unverified() {
    let mut world = world();
    world.policy.relying_parties.unverified = UnverifiedParties::Shown;
    let evidence = answered(&world, &world.verifier.by_value(Kind::Did));
    assert!(evidence.is_unverified(), "{evidence:?}");
}

#[test]
fn a_registered_verifier_signs_as_it_was_registered_and_brings_no_metadata() {
    let mut world = world();
    world.policy.relying_parties.registered = vec![world.verifier.registration()];
    assert_eq!(
        answered(&world, &world.verifier.by_value(Kind::Registered)),
        VerifierEvidence::Registered
    );
    assert_eq!(
        refused(&world, &world.verifier.unsigned(Kind::Registered)),
        RequestProblem::SigningRule
    );
    world
        .verifier
        .overwrite("client_metadata", json!({"vp_formats_supported": {}}));
    assert_eq!(
        refused(&world, &world.verifier.by_value(Kind::Registered)),
        RequestProblem::Malformed
    );
    assert_eq!(world.verifier.errors(), ["invalid_client"]);
}

#[test]
fn a_client_that_was_not_registered_is_nobody() {
    let mut world = world();
    let mut client = world.verifier.registration();
    client.request_object_keys.keys.clear();
    world.policy.relying_parties.registered = vec![client];
    let link = world.verifier.unsigned(Kind::Registered);
    answered(&world, &link);
    let link = world.verifier.unsigned(Kind::Registered);
    let other = link.replace("client_id=clinic", "client_id=bank");
    assert_ne!(link, other);
    assert_eq!(refused(&world, &other), RequestProblem::ClientIdentifier);
    assert_eq!(world.verifier.tokens().len(), 1);
}

#[test]
fn a_scope_stands_for_the_query_of_the_wallets_own_list() {
    let mut world = world();
    let query = world.verifier.query();
    let query = symbolon_protocol::dcql::DcqlQuery::parse(query.to_string().as_bytes()).unwrap();
    world.verifier.ask_by_scope("com.example.identity");
    let problem = refused(&world, &world.verifier.request());
    assert_eq!(problem, RequestProblem::Unsupported);
    assert_eq!(world.verifier.errors(), ["invalid_scope"]);
    world
        .policy
        .relying_parties
        .scopes
        .insert("com.example.identity", query)
        .unwrap();
    answered(&world, &world.verifier.request());
}

#[test]
fn an_answer_in_the_clear_is_sent_where_the_policy_allows_it() {
    let mut world = world();
    world
        .verifier
        .set_trick(crate::support::VerifierTrick::PlainResponse);
    answered(&world, &world.verifier.request());
    assert_eq!(world.verifier.tokens().len(), 1);
    world.policy.relying_parties.answers = AnswerProtection::Encrypted;
    assert_eq!(
        refused(&world, &world.verifier.request()),
        RequestProblem::Unsupported
    );
}

#[test]
fn a_verifier_that_asks_for_no_format_of_the_wallet_is_told_so() {
    let world = world();
    world.verifier.set_query(json!({"credentials": [
        {"id": "a", "format": "ac_vp", "meta": {}}
    ]}));
    assert_eq!(
        refused(&world, &world.verifier.request()),
        RequestProblem::Unsupported
    );
    assert_eq!(world.verifier.errors(), ["vp_formats_not_supported"]);
}

#[test]
fn a_redirect_is_no_request_and_is_not_followed() {
    let world = world();
    world
        .verifier
        .set_trick(crate::support::VerifierTrick::RedirectsFetch);
    assert_eq!(refused(&world, &world.verifier.request()), RequestProblem::Gone);
    assert!(!world.requests().iter().any(|line| line.contains("/elsewhere")));
}

#[test]
fn under_the_profile_only_signed_requests_by_reference_under_a_hash_are_answered() {
    let mut world = world();
    let parties = &mut world.policy.relying_parties;
    parties.answers = AnswerProtection::Encrypted;
    parties.profile = PresentationProfile::Haip;
    assert_eq!(parties.check(), Ok(()));
    let link = world.verifier.request().replace("openid4vp://", "haip-vp://");
    answered(&world, &link);
    assert_eq!(
        refused(&world, &world.verifier.by_value(Kind::Hash)),
        RequestProblem::Unsupported
    );
    world.verifier.set_trick(crate::support::VerifierTrick::HostName);
    assert_eq!(
        refused(&world, &world.verifier.request()),
        RequestProblem::ClientIdentifier
    );
}

#[test]
fn under_the_profile_a_proof_is_made_also_where_none_is_asked_for() {
    for (profile, is_proven) in [
        (PresentationProfile::Standard, false),
        (PresentationProfile::Haip, true),
    ] {
        let mut world = world();
        world.policy.relying_parties.answers = AnswerProtection::Encrypted;
        world.policy.relying_parties.profile = profile;
        let mut query = world.verifier.query();
        query["credentials"][0]["require_cryptographic_holder_binding"] = json!(false);
        world.verifier.set_query(query);
        answered(&world, &world.verifier.request());
        let token = serde_json::to_value(world.verifier.tokens().last().unwrap()).unwrap();
        let presentation = token["identity"][0].as_str().unwrap();
        assert_eq!(!presentation.ends_with('~'), is_proven, "{profile:?}");
    }
}

#[test]
fn a_wallet_tells_its_abilities_to_whoever_asks_by_post() {
    let world = world();
    let wallet = world.wallet();
    block_on(wallet.present(&world.verifier.request_by("post"), &french(), world.now)).unwrap();
    let metadata = world.verifier.wallet_metadata().unwrap();
    assert_eq!(
        metadata["client_id_prefixes_supported"],
        json!(["x509_hash", "x509_san_dns"])
    );
    assert_eq!(
        metadata["response_modes_supported"],
        json!(["direct_post.jwt", "direct_post"])
    );
    assert!(metadata["vp_formats_supported"]["dc+sd-jwt"].is_object());
}
