//! What a bad server, a bad page or somebody in between can try while a person signs in. Each test fails when its check is
//! removed.

use serde_json::json;
use symbolon_protocol::oauth::authorization_response::AuthorizationResponseError;
use symbolon_wallet_core::receive::{NewOfferReason, ReceiptProblem, ReceiveOutcome};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{WalletError, WantedAttestation};

use crate::support::World;
use crate::support::authorization::{Abilities, Answer, Grants, Pushing, ServerTrick, Tokens};
use crate::support::world::page;

fn count(world: &World, end: &str) -> usize {
    world.requests().iter().filter(|line| line.ends_with(end)).count()
}

/// Runs a sign-in that has to be refused and leaves nothing.
fn refused(world: &World, answer: Answer) -> ReceiptProblem {
    let outcome = world.sign_in(answer).1.unwrap();
    let ReceiveOutcome::Refused { problem, stored } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(stored.is_empty());
    assert_eq!(world.held(), (0, 0), "neither credential nor key is left");
    problem
}

#[test]
fn the_answer_of_another_server_or_to_another_request_is_not_looked_at() {
    use AuthorizationResponseError as Error;
    for (answer, error) in [
        (Answer::WithAnotherState, Error::WrongState),
        (Answer::OfAnotherServer, Error::WrongIssuer),
        (Answer::OfNobody, Error::NoIssuer),
    ] {
        let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
        let (flow, outcome) = world.sign_in(answer);
        assert_eq!(outcome, Err(WalletError::ForeignAnswer(error)), "{answer:?}");
        assert_eq!(count(&world, "/token"), 0, "{answer:?}: the code goes nowhere");

        // The flow still waits for its own answer.
        let wallet = world.wallet();
        let again = match block_on(wallet.resume(flow, world.now)).unwrap() {
            symbolon_wallet_core::Resumed::Receiving(outcome) => page(&outcome),
            other => panic!("{other:?}"),
        };
        assert_eq!(again.path(), "/authorize");
    }
}

#[test]
fn an_answer_at_another_address_or_a_second_one_is_refused() {
    let world = World::with_sign_in(Abilities::LEAST);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let answer = world.issuer.server.open_page(&page(&outcome), Answer::SignsIn);
    let elsewhere = answer.replace("org.example.wallet:/signed-in", "org.example.other:/signed-in");
    let outcome = block_on(wallet.complete_sign_in(offer.flow, &elsewhere, world.now));
    let error = AuthorizationResponseError::WrongAddress;
    assert_eq!(outcome, Err(WalletError::ForeignAnswer(error)));

    let outcome = block_on(wallet.complete_sign_in(offer.flow, &answer, world.now)).unwrap();
    assert!(matches!(outcome, ReceiveOutcome::Stored { .. }), "{outcome:?}");
    let outcome = block_on(wallet.complete_sign_in(offer.flow, &answer, world.now));
    assert_eq!(outcome, Err(WalletError::WrongStage));
}

#[test]
fn a_refusal_on_the_page_ends_the_receipt() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    assert_eq!(
        refused(&world, Answer::SaysNo),
        ReceiptProblem::AuthorizationDenied
    );
    assert_eq!(count(&world, "/token"), 0);
}

#[test]
fn a_token_of_another_kind_than_was_asked_for_is_refused() {
    for (tokens, trick) in [
        (Tokens::Dpop, ServerTrick::BearerForDpop),
        (Tokens::Bearer, ServerTrick::DpopForBearer),
    ] {
        let world = World::with_sign_in(Abilities {
            tokens,
            ..Abilities::LEAST
        });
        world.issuer.server.set_trick(trick);
        assert_eq!(
            refused(&world, Answer::SignsIn),
            ReceiptProblem::TokenNotBound,
            "{trick:?}"
        );
        assert_eq!(count(&world, "/credential"), 0, "{trick:?}");
    }
}

#[test]
fn endless_nonces_challenges_and_stale_attestations_come_to_an_end() {
    for (trick, problem, requests) in [
        (ServerTrick::EndlessNonces, ReceiptProblem::TokenRequestRefused, 4),
        (
            ServerTrick::EndlessChallenges,
            ReceiptProblem::AuthorizationRefused,
            4,
        ),
        (
            ServerTrick::StaleAttestationAlways,
            ReceiptProblem::AuthorizationRefused,
            2,
        ),
    ] {
        let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
        world.issuer.server.set_trick(trick);
        if trick == ServerTrick::EndlessNonces {
            assert_eq!(refused(&world, Answer::SignsIn), problem);
            assert_eq!(count(&world, "/token"), requests);
            continue;
        }
        let wallet = world.wallet();
        let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
        let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
        let stored = Vec::new();
        assert_eq!(outcome, ReceiveOutcome::Refused { problem, stored }, "{trick:?}");
        assert_eq!(count(&world, "/par"), requests, "{trick:?}");
        assert_eq!(world.held(), (0, 0));
    }
}

#[test]
fn endless_nonces_of_the_issuer_come_to_an_end() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let redirect = world.issuer.server.open_page(&page(&outcome), Answer::SignsIn);
    world.set_down(Some((
        "/nonce",
        symbolon_wallet_core::TransportError::Unreachable,
    )));
    block_on(wallet.complete_sign_in(offer.flow, &redirect, world.now)).unwrap_err();
    world.set_down(None);
    world.issuer.server.set_trick(ServerTrick::EndlessNonces);
    let outcome = block_on(wallet.resume(offer.flow, world.now)).unwrap();
    let ended = ReceiveOutcome::NewOfferNeeded(NewOfferReason::AccessExpired);
    assert_eq!(outcome, symbolon_wallet_core::Resumed::Receiving(ended));
    assert_eq!(count(&world, "/credential"), 3);
    assert_eq!(world.held(), (0, 0));
}

#[test]
fn a_stale_attestation_is_replaced_by_a_fresh_one() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.set_trick(ServerTrick::StaleAttestationOnce);
    world.receive_by_sign_in();
    let asked = world.attester.asked();
    assert_eq!(asked[..2], [WantedAttestation::Valid, WantedAttestation::Fresh]);
    assert!(
        asked[2..]
            .iter()
            .all(|wanted| *wanted == WantedAttestation::Valid)
    );
}

#[test]
fn what_was_not_asked_for_is_not_requested() {
    let world = World::with_sign_in(Abilities {
        grants: Grants::SomethingElse,
        ..Abilities::HIGH_ASSURANCE
    });
    assert_eq!(refused(&world, Answer::SignsIn), ReceiptProblem::NothingGranted);
    assert_eq!(count(&world, "/credential"), 0);
}

#[test]
fn a_server_that_the_issuer_does_not_name_is_not_spoken_to() {
    let world = World::with_sign_in(Abilities::LEAST);
    let wallet = world.wallet();
    let link = world.issuer.offer_with_grants(json!({
        "authorization_code": { "authorization_server": "https://evil.example" }
    }));
    let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::IssuerMetadata;
    let stored = Vec::new();
    assert_eq!(outcome, ReceiveOutcome::Refused { problem, stored });
    assert_eq!(world.requests().len(), 1);
}

#[test]
fn a_refused_push_and_a_refused_code_say_so() {
    let world = World::with_sign_in(Abilities {
        pushing: Pushing::Required,
        ..Abilities::LEAST
    });
    world.issuer.server.set_trick(ServerTrick::RefusesPushedRequests);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::AuthorizationRefused;
    let stored = Vec::new();
    assert_eq!(outcome, ReceiveOutcome::Refused { problem, stored });

    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.set_trick(ServerTrick::RefusesCodes);
    let outcome = world.sign_in(Answer::SignsIn).1.unwrap();
    assert_eq!(
        outcome,
        ReceiveOutcome::NewOfferNeeded(NewOfferReason::CodeRefused)
    );
    assert_eq!(world.held(), (0, 0));
}

#[test]
fn a_wallet_that_cannot_say_who_it_is_does_not_begin() {
    let mut world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.client.as_mut().unwrap().attester = None;
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::ClientAuthenticationRequired;
    let stored = Vec::new();
    assert_eq!(outcome, ReceiveOutcome::Refused { problem, stored });
    assert_eq!(count(&world, "/par"), 0);

    let mut world = World::with_sign_in(Abilities::LEAST);
    world.client = None;
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::GrantNotSupported;
    let stored = Vec::new();
    assert_eq!(outcome, ReceiveOutcome::Refused { problem, stored });
    assert_eq!(world.requests(), Vec::<String>::new());
}
