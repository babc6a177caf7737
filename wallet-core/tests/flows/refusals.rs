//! What is remembered of a refusal, who is told of it, and how it is forgotten.

use serde_json::json;
use symbolon_wallet_core::present::{
    AskedThen, ConsentRequest, Decision, Opened, PastRefusal, PresentOutcome, RequestProblem,
};
use symbolon_wallet_core::record::{HistoryEvent, REFUSAL_LIFETIME, RefusalRule};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{RefusalId, UnverifiedParties, WalletError};

use crate::support::World;
use crate::support::issuer::TYPE;
use crate::support::verifier::{Kind, VerifierTrick, credential_query, query};
use crate::support::world::french;

fn world() -> World {
    let world = World::new();
    world.receive();
    world
}

fn ask(world: &World) -> ConsentRequest {
    let wallet = world.wallet();
    block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap()
}

fn refuse(world: &World, decision: Decision) {
    let flow = ask(world).flow;
    let outcome = block_on(world.wallet().answer_request(flow, decision, world.now));
    assert_eq!(outcome, Ok(PresentOutcome::Declined));
}

fn open(world: &World, link: &str) -> Opened {
    block_on(world.wallet().open_request(link, &french(), world.now)).unwrap()
}

fn declined(world: &World) -> usize {
    let history = block_on(world.wallet().history()).unwrap();
    let declined = history
        .iter()
        .filter(|entry| matches!(entry.event, HistoryEvent::Declined { .. }));
    declined.count()
}

#[test]
fn who_asks_again_is_shown_with_what_was_refused_and_when() {
    let mut world = world();
    assert_eq!(ask(&world).refused_before, []);
    refuse(&world, Decision::Decline);
    let first = world.now;
    world.now = world.now.plus(std::time::Duration::from_secs(60));
    let past = |at, asked| PastRefusal { at, asked };
    assert_eq!(ask(&world).refused_before, [past(first, AskedThen::TheSame)]);
    // The same claims in another order are the same; others are something else.
    world
        .verifier
        .set_query(query(&json!([["age_over_18"], ["given_name"]])));
    assert_eq!(ask(&world).refused_before, [past(first, AskedThen::TheSame)]);
    world.verifier.set_query(query(&json!([["birth_date"]])));
    assert_eq!(
        ask(&world).refused_before,
        [past(first, AskedThen::SomethingElse)]
    );
    refuse(&world, Decision::Decline);
    let expected = [
        past(world.now, AskedThen::TheSame),
        past(first, AskedThen::SomethingElse),
    ];
    assert_eq!(ask(&world).refused_before, expected);
    // Refused again it is remembered once, and from then on.
    refuse(&world, Decision::Decline);
    let refusals = block_on(world.wallet().refusals(world.now)).unwrap();
    assert_eq!(refusals.len(), 2);
    assert_eq!(refusals[0].asked[0].credential_types, [TYPE]);
    assert_eq!(refusals[0].asked[0].claims, ["birth_date"]);
    assert!(!format!("{refusals:?}").contains("1990-04-05"), "no values");
    assert_eq!(declined(&world), 3);
    assert_eq!(world.verifier.errors(), ["access_denied"; 3]);
    // One that is shown something is none.
    let request = ask(&world);
    let decision = Decision::Share(request.smallest_choice().unwrap());
    block_on(world.wallet().answer_request(request.flow, decision, world.now)).unwrap();
    assert_eq!(block_on(world.wallet().refusals(world.now)).unwrap().len(), 2);
}

#[test]
fn one_that_is_refused_for_always_is_not_shown_and_hears_nothing_faster_than_a_person_answers() {
    let world = world();
    refuse(&world, Decision::DeclineAlways);
    let link = world.verifier.request();
    let signatures = world.keys.signatures();
    let refused = open(&world, &link);
    assert_eq!(
        refused,
        Opened::Refused {
            problem: RequestProblem::RefusedAlways,
            redirect_uri: None
        }
    );
    assert_eq!(world.verifier.errors(), ["access_denied"], "what the person said");
    let asked = world.requests();
    assert!(
        asked.last().unwrap().starts_with("GET"),
        "nothing is posted: {asked:?}"
    );
    assert_eq!(world.keys.signatures(), signatures);
    assert!(!world.verifier.answered());
    assert_eq!(declined(&world), 2, "the history says so");
    // Whatever it asks for, and by whatever way.
    let identity = credential_query("identity", TYPE, &[json!({ "path": ["family_name"] })]);
    world.verifier.set_query(json!({ "credentials": [identity] }));
    assert!(matches!(
        open(&world, &world.verifier.request()),
        Opened::Refused { .. }
    ));
    let by_qr = world.verifier.by_qr(VerifierTrick::None);
    let refused = block_on(world.wallet().present_by_qr(&by_qr, &french(), world.now));
    assert_eq!(
        refused,
        Err(WalletError::RequestRefused(RequestProblem::RefusedAlways))
    );

    // Forgotten, it is as before.
    let wallet = world.wallet();
    let refusals = block_on(wallet.refusals(world.now)).unwrap();
    assert_eq!((refusals.len(), refusals[0].rule), (1, RefusalRule::Always));
    block_on(wallet.forget_refusal(refusals[0].id)).unwrap();
    assert_eq!(
        block_on(wallet.forget_refusal(refusals[0].id)),
        Err(WalletError::NotFound)
    );
    assert_eq!(
        block_on(wallet.forget_refusal(RefusalId::from_bytes([9; 16]))),
        Err(WalletError::NotFound)
    );
    assert_eq!(ask(&world).refused_before, []);
}

#[test]
fn a_refusal_is_over_after_a_year_and_one_for_always_is_not() {
    let mut world = world();
    refuse(&world, Decision::Decline);
    world.verifier.set_query(query(&json!([["birth_date"]])));
    refuse(&world, Decision::DeclineAlways);
    let start = world.now;
    world.now = start
        .plus(REFUSAL_LIFETIME)
        .minus(std::time::Duration::from_secs(1));
    assert_eq!(block_on(world.wallet().refusals(world.now)).unwrap().len(), 2);
    world.now = start.plus(REFUSAL_LIFETIME);
    let left = block_on(world.wallet().refusals(world.now)).unwrap();
    assert_eq!((left.len(), left[0].rule), (1, RefusalRule::Always));
    block_on(world.wallet().recover(world.now)).unwrap();
    let stored = block_on(symbolon_wallet_core::WalletStore::refusals(&world.store)).unwrap();
    assert_eq!(stored, left, "what is over is not kept");
}

#[test]
fn one_of_whom_nothing_is_known_is_remembered_by_its_address_and_told_nothing() {
    let mut world = world();
    world.policy.relying_parties.unverified = UnverifiedParties::Shown;
    let link = || world.verifier.unsigned(Kind::RedirectUri);
    let Opened::AwaitingConsent(request) = open(&world, &link()) else {
        panic!("it is shown")
    };
    let outcome = block_on(
        world
            .wallet()
            .answer_request(request.flow, Decision::DeclineAlways, world.now),
    );
    assert_eq!(outcome, Ok(PresentOutcome::Declined));
    let refused = open(&world, &link());
    assert!(
        matches!(
            refused,
            Opened::Refused {
                problem: RequestProblem::RefusedAlways,
                redirect_uri: None
            }
        ),
        "{refused:?}"
    );
    assert_eq!(world.verifier.errors(), Vec::<String>::new());
    // The same address under a certificate is another verifier: anybody could have written the unsigned request.
    let Opened::AwaitingConsent(request) = open(&world, &world.verifier.by_value(Kind::Hash)) else {
        panic!("it is shown")
    };
    assert_eq!(request.refused_before, []);
}

#[test]
fn no_more_refusals_are_remembered_than_a_person_makes() {
    let world = world();
    for number in 0..260 {
        world
            .verifier
            .set_query(query(&json!([[format!("claim_{number}")]])));
        refuse(&world, Decision::Decline);
    }
    let refusals = block_on(world.wallet().refusals(world.now)).unwrap();
    assert_eq!(refusals.len(), 256);
}

#[test]
fn a_host_that_was_refused_does_not_ask_again_without_its_signature() {
    let mut world = world();
    world.policy.relying_parties.unverified = UnverifiedParties::Shown;
    world.verifier.set_trick(VerifierTrick::HostName);
    refuse(&world, Decision::DeclineAlways);
    let told = world.verifier.errors().len();
    // Anybody can write the request; the answer would go to the one that was refused.
    world.verifier.set_trick(VerifierTrick::None);
    let refused = open(&world, &world.verifier.unsigned(Kind::RedirectUri));
    assert!(
        matches!(
            refused,
            Opened::Refused {
                problem: RequestProblem::RefusedAlways,
                redirect_uri: None
            }
        ),
        "{refused:?}"
    );
    assert_eq!(world.verifier.errors().len(), told);
    let refusals = block_on(world.wallet().refusals(world.now)).unwrap();
    assert_eq!(refusals.len(), 1);
}

#[test]
fn what_was_refused_for_always_meanwhile_stays_so_when_it_is_refused_once_more() {
    let world = world();
    let (first, second) = (ask(&world).flow, ask(&world).flow);
    let wallet = world.wallet();
    block_on(wallet.answer_request(first, Decision::DeclineAlways, world.now)).unwrap();
    block_on(wallet.answer_request(second, Decision::Decline, world.now)).unwrap();
    let refusals = block_on(wallet.refusals(world.now)).unwrap();
    assert_eq!((refusals.len(), refusals[0].rule), (1, RefusalRule::Always));
}

/// Every refusal of such a wallet comes from a machine, so one that is remembered is like the others.
#[test]
fn a_wallet_that_answers_strangers_by_a_policy_refuses_for_always_as_it_refuses_everything() {
    let mut world = world();
    world.verifier.overwrite("aud", json!("https://wallet.example"));
    world.policy.relying_parties.wallet_issuer =
        Some(symbolon_protocol::identifier::IssuerIdentifier::parse("https://wallet.example").unwrap());
    refuse(&world, Decision::DeclineAlways);
    let refused = open(&world, &world.verifier.request());
    assert!(
        matches!(
            refused,
            Opened::Refused {
                problem: RequestProblem::RefusedAlways,
                ..
            }
        ),
        "{refused:?}"
    );
    assert_eq!(world.verifier.errors(), ["access_denied"; 2]);
}
