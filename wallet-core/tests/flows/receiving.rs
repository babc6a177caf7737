//! Receiving as it should be.

use serde_json::json;
use symbolon_crypto::signing::DescribeKeys as _;
use symbolon_protocol::openid4vci::offer::TxCodeInputMode;
use symbolon_wallet_core::receive::{
    NewOfferReason, ReceiptProblem, ReceiveOutcome, TransactionCodeAttempt, TransactionCodePrompt,
};
use symbolon_wallet_core::record::HistoryEvent;
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{FlowId, Resumed, TransportError, WalletError, WalletStore as _};

use crate::support::issuer::metadata::configuration;
use crate::support::issuer::{CONFIGURATION, ISSUER, TX_CODE, TYPE};
use crate::support::world::{code, french};
use crate::support::{IssuerTrick, World};

#[test]
fn a_credential_is_received_verified_and_kept_with_its_history() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    assert_eq!(offer.issuers[0].name.as_deref(), Some("Registre national"));
    assert_eq!(offer.issuers[0].identifier.as_str(), ISSUER);
    assert_eq!(offer.transaction_code, TransactionCodePrompt::NotNeeded);
    assert_eq!(
        world.requests(),
        Vec::<String>::new(),
        "nothing is fetched before the issuer was shown"
    );

    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let ReceiveOutcome::Stored {
        credentials,
        not_supported,
    } = outcome.clone()
    else {
        panic!("{outcome:?}")
    };
    assert!(not_supported.is_empty());
    assert_eq!(world.held(), (1, 1));

    let held = block_on(world.store.credential(credentials[0])).unwrap().unwrap();
    assert_eq!(held.credential_type, TYPE);
    assert_eq!(
        world.issuer.issued(),
        vec![world.keys.describe(&held.key).unwrap().public_key]
    );
    assert!(!held.status.is_empty() && held.expires.is_some());
    let history = block_on(wallet.history()).unwrap();
    assert!(matches!(
        &history[..],
        [entry] if matches!(&entry.event, HistoryEvent::Received { credential, .. } if *credential == credentials[0])
    ));
    let again = block_on(wallet.resume(offer.flow, world.now)).unwrap();
    assert_eq!(
        again,
        Resumed::Receiving(outcome),
        "a finished flow tells its outcome again"
    );
    assert_eq!(
        world.requests(),
        [
            "GET https://issuer.example/.well-known/openid-credential-issuer",
            "GET https://issuer.example/.well-known/oauth-authorization-server",
            "POST https://issuer.example/token",
            "POST https://issuer.example/nonce",
            "POST https://issuer.example/credential",
        ]
    );
}

#[test]
fn an_offer_by_reference_shows_who_is_at_that_address_before_it_is_fetched() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_by_reference(), world.now)).unwrap();
    assert_eq!(offer.issuers.len(), 1);
    assert_eq!(offer.transaction_code, TransactionCodePrompt::KnownLater);
    assert_eq!(world.requests(), Vec::<String>::new());
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    assert!(matches!(outcome, ReceiveOutcome::Stored { .. }), "{outcome:?}");
}

#[test]
fn a_transaction_code_is_asked_for_and_a_wrong_one_can_be_corrected() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(Some(TX_CODE)), world.now)).unwrap();
    assert!(matches!(offer.transaction_code, TransactionCodePrompt::Needed(_)));

    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let ReceiveOutcome::TransactionCodeNeeded { prompt, attempt } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (prompt.length, prompt.input_mode),
        (Some(6), TxCodeInputMode::Numeric)
    );
    assert_eq!(attempt, TransactionCodeAttempt::First);

    let outcome = block_on(wallet.enter_transaction_code(offer.flow, code("000000"), world.now)).unwrap();
    let ReceiveOutcome::TransactionCodeNeeded { attempt, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(attempt, TransactionCodeAttempt::AfterRefusal { refused: 1 });
    assert_eq!(
        world.held(),
        (0, 0),
        "no key is created before access was granted"
    );

    let outcome = block_on(wallet.enter_transaction_code(offer.flow, code(TX_CODE), world.now)).unwrap();
    assert!(matches!(outcome, ReceiveOutcome::Stored { .. }), "{outcome:?}");
}

#[test]
fn a_transaction_code_that_was_not_asked_for_is_not_sent() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, Some(code("123456")), world.now)).unwrap();
    assert!(matches!(outcome, ReceiveOutcome::Stored { .. }), "{outcome:?}");
}

#[test]
fn several_credentials_of_one_offer_get_a_key_each() {
    let world = World::new();
    let residence = configuration("https://issuer.example/types/residence");
    world.issuer.set_configurations(json!({
        CONFIGURATION: configuration(TYPE),
        "Residence": residence,
        "DrivingLicence": { "format": "mso_mdoc", "doctype": "org.iso.18013.5.1.mDL" },
    }));
    let wallet = world.wallet();
    let link = world
        .issuer
        .offer_of(&[CONFIGURATION, "DrivingLicence", "Residence"]);
    let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let ReceiveOutcome::Stored {
        credentials,
        not_supported,
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(credentials.len(), 2);
    assert_eq!(
        not_supported.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        ["DrivingLicence"]
    );
    assert_eq!(world.held(), (2, 2));
    let keys = world.issuer.issued();
    assert_ne!(keys[0], keys[1], "one key would let verifiers link the two");
}

#[test]
fn a_stale_nonce_is_replaced_and_the_key_stays() {
    let world = World::new();
    world.issuer.set_trick(IssuerTrick::StaleNonceOnce);
    world.receive();
    assert_eq!(world.held(), (1, 1));

    let world = World::new();
    world.issuer.set_trick(IssuerTrick::StaleNonceAlways);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::ProofRefused;
    assert_eq!(
        outcome,
        ReceiveOutcome::Refused {
            problem,
            stored: Vec::new()
        }
    );
    assert_eq!(world.held(), (0, 0));
}

#[test]
fn a_locked_key_waits_for_the_person() {
    let world = World::new();
    let wallet = world.wallet();
    world.keys.lock();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    assert_eq!(outcome, ReceiveOutcome::KeyLocked);
    world.keys.unlock();
    let outcome = block_on(wallet.resume(offer.flow, world.now)).unwrap();
    assert!(
        matches!(outcome, Resumed::Receiving(ReceiveOutcome::Stored { .. })),
        "{outcome:?}"
    );
    assert_eq!(world.held(), (1, 1));
}

#[test]
fn a_network_that_fails_is_an_error_and_the_flow_goes_on_later() {
    for part in [
        "openid-credential-issuer",
        "oauth-authorization-server",
        "/token",
        "/nonce",
        "/credential",
    ] {
        let world = World::new();
        let wallet = world.wallet();
        let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
        world.set_down(Some((part, TransportError::Unreachable)));
        let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now));
        assert_eq!(
            outcome,
            Err(WalletError::Network(TransportError::Unreachable)),
            "{part}"
        );
        world.set_down(None);
        let outcome = block_on(wallet.resume(offer.flow, world.now)).unwrap();
        assert!(
            matches!(outcome, Resumed::Receiving(ReceiveOutcome::Stored { .. })),
            "{part}: {outcome:?}"
        );
        assert_eq!(world.held(), (1, 1), "{part}");
    }
}

#[test]
fn a_wrong_code_after_an_unreachable_issuer_can_still_be_corrected() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(Some(TX_CODE)), world.now)).unwrap();
    world.set_down(Some(("/token", TransportError::Unreachable)));
    let outcome = block_on(wallet.accept_offer(offer.flow, Some(code("000000")), world.now));
    assert_eq!(outcome, Err(WalletError::Network(TransportError::Unreachable)));
    world.set_down(None);
    let outcome = block_on(wallet.resume(offer.flow, world.now)).unwrap();
    let Resumed::Receiving(ReceiveOutcome::TransactionCodeNeeded { .. }) = outcome else {
        panic!("{outcome:?}")
    };
}

#[test]
fn a_lost_answer_to_the_code_needs_a_new_offer() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    world.set_down(Some(("/token", TransportError::Interrupted)));
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now));
    assert_eq!(outcome, Err(WalletError::Network(TransportError::Interrupted)));
    world.set_down(None);
    let outcome = block_on(wallet.resume(offer.flow, world.now)).unwrap();
    let needed = ReceiveOutcome::NewOfferNeeded(NewOfferReason::AnswerLost);
    assert_eq!(outcome, Resumed::Receiving(needed));
    assert_eq!(world.held(), (0, 0));
}

#[test]
fn a_lost_credential_is_requested_again_for_the_same_key() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    world.set_down(Some(("/credential", TransportError::Interrupted)));
    assert!(block_on(wallet.accept_offer(offer.flow, None, world.now)).is_err());
    world.set_down(None);
    let outcome = block_on(wallet.resume(offer.flow, world.now)).unwrap();
    assert!(
        matches!(outcome, Resumed::Receiving(ReceiveOutcome::Stored { .. })),
        "{outcome:?}"
    );
    let keys = world.issuer.issued();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
    assert_eq!(world.held(), (1, 1));
}

#[test]
fn access_that_expired_needs_a_new_offer_and_leaves_no_key() {
    let world = World::new();
    world.issuer.set_trick(IssuerTrick::ForgetsTokens);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    assert_eq!(
        outcome,
        ReceiveOutcome::NewOfferNeeded(NewOfferReason::AccessExpired)
    );
    assert_eq!(world.held(), (0, 0));
}

#[test]
fn an_offer_works_once() {
    let world = World::new();
    let link = world.issuer.offer(None);
    world.receive_link(&link);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    assert_eq!(
        outcome,
        ReceiveOutcome::NewOfferNeeded(NewOfferReason::CodeRefused)
    );
    assert_eq!(world.held(), (1, 1));
}

#[test]
fn a_declined_offer_sends_nothing_and_cannot_be_accepted_any_more() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    block_on(wallet.decline_offer(offer.flow, world.now)).unwrap();
    assert_eq!(world.requests(), Vec::<String>::new());
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now));
    assert_eq!(outcome, Err(WalletError::WrongStage));
    let outcome = block_on(wallet.resume(offer.flow, world.now)).unwrap();
    assert_eq!(outcome, Resumed::Receiving(ReceiveOutcome::Declined));
}

#[test]
fn a_flow_that_is_given_up_leaves_no_key() {
    let world = World::new();
    let wallet = world.wallet();
    world.keys.lock();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    assert_eq!(world.held(), (0, 1));
    block_on(wallet.abandon(offer.flow)).unwrap();
    assert_eq!(world.held(), (0, 0));
    assert_eq!(
        block_on(wallet.resume(offer.flow, world.now)),
        Err(WalletError::NotFound)
    );
}

#[test]
fn an_unknown_flow_is_not_found() {
    let world = World::new();
    let outcome = block_on(world.wallet().resume(FlowId::from_bytes([9; 16]), world.now));
    assert_eq!(outcome, Err(WalletError::NotFound));
    let shown = block_on(world.wallet().list(&french(), world.now)).unwrap();
    assert!(shown.is_empty());
}
