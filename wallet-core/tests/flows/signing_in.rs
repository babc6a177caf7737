//! Receiving by signing in at the issuer.

use std::time::Duration;

use serde_json::json;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_wallet_core::receive::{NewOfferReason, ReceiveOutcome, Wanted};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{Resumed, WalletError, WalletStore as _, WantedAttestation};

use crate::support::World;
use crate::support::authorization::{Abilities, Answer, Clients, Grants, Pushing, Tokens};
use crate::support::issuer::metadata::configuration;
use crate::support::issuer::{CONFIGURATION, ISSUER, TYPE};
use crate::support::world::page;

/// The configuration of the tests, with a scope.
fn with_scope(world: &World) {
    let mut configuration = configuration(TYPE);
    configuration["scope"] = json!("identity");
    world
        .issuer
        .set_configurations(json!({ CONFIGURATION: configuration }));
}

#[test]
fn a_plain_client_comes_to_a_credential_by_way_of_the_issuers_page() {
    let world = World::with_sign_in(Abilities::LEAST);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
    assert_eq!(
        world.requests(),
        Vec::<String>::new(),
        "the issuer is shown before anything is fetched"
    );
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let page = page(&outcome);
    assert!(
        page.as_str()
            .starts_with("https://authorization.example/authorize?tenant=1&")
    );

    let redirect = world.issuer.server.open_page(&page, Answer::SignsIn);
    let outcome = block_on(wallet.complete_sign_in(offer.flow, &redirect, world.now)).unwrap();
    assert!(
        matches!(&outcome, ReceiveOutcome::Stored { credentials, .. } if credentials.len() == 1),
        "{outcome:?}"
    );
    assert_eq!(world.held(), (1, 1));
    assert_eq!(
        world.requests(),
        [
            "GET https://issuer.example/.well-known/openid-credential-issuer",
            "GET https://authorization.example/.well-known/oauth-authorization-server",
            "POST https://authorization.example/token",
            "POST https://issuer.example/nonce",
            "POST https://issuer.example/credential",
        ]
    );
    let [request] = world.issuer.server.requests().try_into().unwrap();
    assert_eq!(request.issuer_state.unwrap().as_str(), "from the offer");
    assert_eq!(request.dpop_jkt, None);
    // The configuration has no scope, so it is asked for by name, at this one of the server's issuers.
    assert_eq!(request.scope, None);
    let [details] = request.authorization_details.try_into().unwrap();
    assert_eq!(details.credential_configuration_id.as_str(), CONFIGURATION);
    assert_eq!(details.locations, [IssuerIdentifier::parse(ISSUER).unwrap()]);
}

#[test]
fn every_demand_of_the_high_assurance_profile_is_met() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    with_scope(&world);
    world.receive_by_sign_in();
    assert_eq!(
        world.held(),
        (1, 1),
        "the key of the token is gone with the token"
    );
    assert_eq!(
        world.requests(),
        [
            "GET https://issuer.example/.well-known/openid-credential-issuer",
            "GET https://authorization.example/.well-known/oauth-authorization-server",
            "POST https://authorization.example/challenge",
            "POST https://authorization.example/par",
            "POST https://authorization.example/challenge",
            // The server wants a nonce, and by then has seen the challenge.
            "POST https://authorization.example/token",
            "POST https://authorization.example/challenge",
            "POST https://authorization.example/token",
            "POST https://issuer.example/nonce",
            // So does the issuer, which stands on another host.
            "POST https://issuer.example/credential",
            "POST https://issuer.example/credential",
        ]
    );
    let [request] = world.issuer.server.requests().try_into().unwrap();
    assert_eq!(request.scope.unwrap().to_string(), "identity");
    assert_eq!(request.resource, [IssuerIdentifier::parse(ISSUER).unwrap()]);
    assert!(request.authorization_details.is_empty());
    assert!(
        request.dpop_jkt.is_some(),
        "the code is bound to the key of the token"
    );
    assert!(request.state.is_some());
    assert_eq!(request.ui_locales, ["fr", "en"]);
}

#[test]
fn a_nonce_that_is_known_is_used_at_once() {
    let world = World::with_sign_in(Abilities {
        clients: Clients::Public,
        ..Abilities::HIGH_ASSURANCE
    });
    let wallet = world.wallet();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let before = world.requests().len();
        let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
        let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
        let redirect = world.issuer.server.open_page(&page(&outcome), Answer::SignsIn);
        block_on(wallet.complete_sign_in(offer.flow, &redirect, world.now)).unwrap();
        let requests = world.requests().split_off(before);
        tokens.push(requests.iter().filter(|line| line.ends_with("/token")).count());
    }
    assert_eq!(tokens, [2, 1]);
}

#[test]
fn a_wallet_asks_an_issuer_without_an_offer() {
    for wanted in [
        Wanted::Configurations(vec![ConfigurationId::parse(CONFIGURATION).unwrap()]),
        Wanted::Scope("identity".to_owned()),
    ] {
        let world = World::with_sign_in(Abilities::LEAST);
        with_scope(&world);
        let wallet = world.wallet();
        let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
        let shown = block_on(wallet.ask_issuer(issuer, wanted, world.now)).unwrap();
        assert_eq!(shown.issuers[0].name.as_deref(), Some("Registre national"));
        assert_eq!(world.requests(), Vec::<String>::new());
        let outcome = block_on(wallet.accept_offer(shown.flow, None, world.now)).unwrap();
        let redirect = world.issuer.server.open_page(&page(&outcome), Answer::SignsIn);
        let outcome = block_on(wallet.complete_sign_in(shown.flow, &redirect, world.now)).unwrap();
        assert!(matches!(outcome, ReceiveOutcome::Stored { .. }), "{outcome:?}");
        let [request] = world.issuer.server.requests().try_into().unwrap();
        assert_eq!(request.issuer_state, None);
    }
}

#[test]
fn an_issuer_that_the_policy_does_not_name_is_not_asked() {
    let world = World::with_sign_in(Abilities::LEAST);
    let issuer = IssuerIdentifier::parse("https://stranger.example").unwrap();
    let wanted = Wanted::Scope("identity".to_owned());
    let asked = block_on(world.wallet().ask_issuer(issuer, wanted, world.now));
    assert_eq!(asked, Err(WalletError::UnknownIssuer));
    assert_eq!(world.requests(), Vec::<String>::new());
}

#[test]
fn an_offer_without_grants_lets_the_person_sign_in_and_one_with_a_code_does_not_need_to() {
    let world = World::with_sign_in(Abilities::LEAST);
    let wallet = world.wallet();
    let offer = world.issuer.offer_with_grants(json!({}));
    let offer = block_on(wallet.receive_offer(&offer, world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    page(&outcome);

    let both = world.issuer.offer_with_grants(json!({
        "authorization_code": {},
        "urn:ietf:params:oauth:grant-type:pre-authorized_code": { "pre-authorized_code": "code" },
    }));
    let offer = block_on(wallet.receive_offer(&both, world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    assert!(matches!(outcome, ReceiveOutcome::Stored { .. }), "{outcome:?}");
}

#[test]
fn the_token_of_a_pre_authorized_code_is_bound_as_well() {
    let world = World::with_sign_in(Abilities {
        tokens: Tokens::DpopWithNonces,
        ..Abilities::LEAST
    });
    world.receive();
    assert_eq!(world.held(), (1, 1));
    let credential_requests = world
        .requests()
        .iter()
        .filter(|line| line.ends_with("/credential"))
        .count();
    assert_eq!(credential_requests, 2);
}

#[test]
fn every_dataset_that_was_granted_is_asked_for_by_name() {
    let world = World::with_sign_in(Abilities {
        grants: Grants::Datasets(2),
        ..Abilities::LEAST
    });
    let outcome = world.sign_in(Answer::SignsIn).1.unwrap();
    assert!(
        matches!(&outcome, ReceiveOutcome::Stored { credentials, .. } if credentials.len() == 2),
        "{outcome:?}"
    );
    assert_eq!(
        world.issuer.datasets(),
        ["NationalIdentity#0", "NationalIdentity#1"]
    );
}

#[test]
fn a_page_that_the_server_has_forgotten_is_prepared_again() {
    let world = World::with_sign_in(Abilities {
        pushing: Pushing::Offered,
        ..Abilities::LEAST
    });
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
    let first = page(&block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap());
    let again = |later: u64| {
        let now = world.now.plus(Duration::from_secs(later));
        match block_on(world.wallet().resume(offer.flow, now)).unwrap() {
            Resumed::Receiving(outcome) => page(&outcome),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(again(30), first);
    let second = again(58);
    assert_ne!(second, first);
    let redirect = world.issuer.server.open_page(&second, Answer::SignsIn);
    let outcome = block_on(world.wallet().complete_sign_in(offer.flow, &redirect, world.now)).unwrap();
    assert!(matches!(outcome, ReceiveOutcome::Stored { .. }), "{outcome:?}");
}

#[test]
fn whoever_does_not_sign_in_leaves_no_key() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    let wallet = world.wallet();
    for _ in 0..2 {
        let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
        block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
        assert_eq!(world.held(), (0, 1));
        block_on(wallet.decline_offer(offer.flow, world.now)).unwrap();
        assert_eq!(world.held(), (0, 0));
        let resumed = block_on(wallet.resume(offer.flow, world.now)).unwrap();
        assert_eq!(resumed, Resumed::Receiving(ReceiveOutcome::Declined));
    }
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_to_sign_in(), world.now)).unwrap();
    block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let recovered = block_on(wallet.recover(world.now)).unwrap();
    assert_eq!((recovered.unfinished.len(), recovered.deleted_keys), (1, 0));
    // Nobody comes back after two days.
    let later = world.now.plus(Duration::from_secs(2 * 24 * 60 * 60));
    let recovered = block_on(wallet.recover(later)).unwrap();
    assert_eq!((recovered.unfinished.len(), recovered.deleted_keys), (0, 1));
    assert_eq!(
        block_on(wallet.resume(offer.flow, later)),
        Err(WalletError::NotFound)
    );
}

#[test]
fn credentials_are_issued_again_with_the_access_that_was_granted_once() {
    let world = World::with_sign_in(Abilities {
        grants: Grants::Datasets(2),
        ..Abilities::HIGH_ASSURANCE
    });
    world.issuer.server.give_refresh_tokens();
    let outcome = world.sign_in(Answer::SignsIn).1.unwrap();
    let ReceiveOutcome::Stored {
        credentials: first, ..
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(world.held(), (2, 3), "the key of the token is kept");
    let wallet = world.wallet();
    let recovered = block_on(wallet.recover(world.now)).unwrap();
    assert_eq!((recovered.unfinished.len(), recovered.deleted_keys), (0, 0));

    // Twice, because the server gives another refresh token each time.
    let mut held = first.clone();
    for _ in 0..2 {
        let later = world.now.plus(Duration::from_secs(30));
        let outcome = block_on(wallet.renew(held[0], later)).unwrap();
        let ReceiveOutcome::Stored { credentials, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(credentials.len(), 2);
        assert!(credentials.iter().all(|id| !held.contains(id)));
        assert_eq!(world.held(), (2, 3), "the old ones are gone, and their keys");
        held = credentials;
    }
    assert_eq!(
        world.issuer.server.requests().len(),
        1,
        "the person signed in once"
    );
    assert_eq!(world.issuer.datasets().len(), 6);

    // What the person has deleted is not issued again.
    block_on(wallet.delete(held[0], world.now)).unwrap();
    let outcome = block_on(wallet.renew(held[1], world.now)).unwrap();
    assert!(
        matches!(&outcome, ReceiveOutcome::Stored { credentials, .. } if credentials.len() == 1),
        "{outcome:?}"
    );
    assert_eq!(world.issuer.datasets().last().unwrap(), "NationalIdentity#1");
    assert_eq!(
        block_on(wallet.renew(first[0], world.now)),
        Err(WalletError::NotFound)
    );
}

#[test]
fn an_issuer_that_does_not_renew_leaves_the_credential_that_is_held() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.give_refresh_tokens();
    let credential = world.receive_by_sign_in();
    world.issuer.server.forget_refresh_tokens();
    let wallet = world.wallet();
    let outcome = block_on(wallet.renew(credential, world.now)).unwrap();
    assert_eq!(
        outcome,
        ReceiveOutcome::NewOfferNeeded(NewOfferReason::AccessExpired)
    );
    assert_eq!(world.held(), (1, 1));
    assert!(block_on(world.store.credential(credential)).unwrap().is_some());
    assert_eq!(
        block_on(wallet.renew(credential, world.now)),
        Err(WalletError::NotFound)
    );
}

#[test]
fn access_without_a_credential_left_is_forgotten() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.give_refresh_tokens();
    let credential = world.receive_by_sign_in();
    let wallet = world.wallet();
    let later = world.now.plus(Duration::from_secs(2 * 24 * 60 * 60));
    let recovered = block_on(wallet.recover(later)).unwrap();
    assert_eq!(recovered.deleted_keys, 0);
    block_on(wallet.delete(credential, world.now)).unwrap();
    let recovered = block_on(wallet.recover(later)).unwrap();
    assert_eq!(recovered.deleted_keys, 1);
    assert!(block_on(world.store.flows()).unwrap().is_empty());

    // Also by a wallet that stays open.
    let credential = world.receive_by_sign_in();
    assert_eq!(block_on(wallet.forget_finished(later)).unwrap(), 0);
    block_on(wallet.delete(credential, world.now)).unwrap();
    assert_eq!(block_on(wallet.forget_finished(world.now)).unwrap(), 0);
    assert_eq!(block_on(wallet.forget_finished(later)).unwrap(), 1);
    assert!(block_on(world.store.flows()).unwrap().is_empty());
    assert_eq!(world.held(), (0, 0));
}

#[test]
fn access_that_expires_on_the_way_is_renewed_once() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.give_refresh_tokens();
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
    world.issuer.server.forget_access_tokens();
    let outcome = block_on(wallet.resume(offer.flow, world.now)).unwrap();
    assert!(
        matches!(&outcome, Resumed::Receiving(ReceiveOutcome::Stored { .. })),
        "{outcome:?}"
    );
    assert_eq!(world.held(), (1, 2));
}

#[test]
fn a_server_gets_one_attestation_of_its_own() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.receive_by_sign_in();
    assert!(
        world
            .attester
            .asked()
            .iter()
            .all(|wanted| *wanted == WantedAttestation::Valid)
    );
    // A wallet without a provider is a public client, where the server takes those.
    let mut world = World::with_sign_in(Abilities {
        clients: Clients::Public,
        ..Abilities::HIGH_ASSURANCE
    });
    world.client.as_mut().unwrap().attester = None;
    world.receive_by_sign_in();
    assert!(world.attester.asked().is_empty());
}
