//! Presenting as it should be.

use std::time::Duration;

use serde_json::json;
use symbolon_crypto::signing::DeleteKeys as _;
use symbolon_wallet_core::present::{
    Answerable, Choice, Decision, Need, Opened, PresentOutcome, RequestProblem,
};
use symbolon_wallet_core::record::{Delivery, HistoryEvent, ReceiptRecord, VerifierEvidence};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{
    CredentialId, FlowId, Languages, Resumed, TransportError, WalletError, WalletStore as _,
};

use crate::support::issuer::metadata::configuration;
use crate::support::issuer::{CONFIGURATION, TYPE};
use crate::support::verifier::{Receipts, credential_query, query};
use crate::support::world::french;
use crate::support::{VerifierTrick, World};

#[test]
fn who_asks_for_what_is_shown_before_anything_is_signed_and_then_sent_encrypted() {
    let world = World::new();
    let credential = world.receive();
    let signatures = world.keys.signatures();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();

    assert_eq!(request.verifier.name.as_deref(), Some("Clinic"));
    assert_eq!(request.verifier.response_origin, "https://verifier.example");
    let authority = Some("Relying parties".to_owned());
    assert_eq!(
        request.verifier.evidence,
        VerifierEvidence::CertificateHash { authority }
    );
    let [asked] = &request.asked[..] else {
        panic!("{:?}", request.asked)
    };
    assert_eq!((asked.query.as_str(), asked.need), ("identity", Need::Required));
    let [candidate] = &asked.candidates[..] else {
        panic!("{:?}", asked.candidates)
    };
    assert_eq!(
        (candidate.credential.id, candidate.credential.name.as_str()),
        (credential, "Identité nationale")
    );
    let shown: Vec<_> = candidate
        .discloses
        .iter()
        .map(|claim| (claim.name.as_str(), claim.value.clone()))
        .collect();
    assert_eq!(
        shown,
        [
            ("Prénom", json!("Amina")),
            ("age_over_18", json!(true)),
            ("document_number", json!("D-123456789"))
        ]
    );
    assert_eq!(
        world.keys.signatures(),
        signatures,
        "nothing is signed before consent"
    );
    assert!(!world.verifier.answered());

    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    let PresentOutcome::Presented {
        presentation,
        redirect_uri,
    } = outcome.clone()
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        redirect_uri.unwrap().as_str(),
        "https://verifier.example/done?code=1"
    );
    assert_eq!(
        presentation.vp_token,
        serde_json::to_string(&world.verifier.tokens()[0]).unwrap()
    );
    assert!(presentation.request_object.starts_with("ey"));
    assert_eq!(
        block_on(wallet.resume(request.flow, world.now)),
        Ok(Resumed::Presenting(outcome))
    );

    let history = block_on(wallet.history()).unwrap();
    let HistoryEvent::Presented {
        verifier,
        disclosed,
        delivery,
        receipt,
        ..
    } = &history[0].event
    else {
        panic!("{:?}", history[0])
    };
    assert_eq!(
        (verifier.name.as_deref(), *delivery),
        (Some("Clinic"), Delivery::Accepted)
    );
    assert_eq!(*receipt, None, "none was announced");
    assert_eq!(disclosed[0].claims, ["age_over_18", "given_name"]);
    let export = block_on(wallet.export_history()).unwrap();
    assert!(
        export.contains("given_name") && !export.contains("Amina"),
        "names, never values"
    );
}

#[test]
fn a_declined_request_tells_the_verifier_and_discloses_nothing() {
    let world = World::new();
    world.receive();
    let signatures = world.keys.signatures();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::Declined);
    assert_eq!(world.verifier.errors(), ["access_denied"]);
    assert!(!world.verifier.answered());
    assert_eq!(world.keys.signatures(), signatures);
    let history = block_on(wallet.history()).unwrap();
    assert!(matches!(history[0].event, HistoryEvent::Declined { .. }));
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now));
    assert_eq!(outcome, Err(WalletError::WrongStage), "a refusal is final");
}

#[test]
fn a_refusal_stands_also_when_the_verifier_cannot_be_reached() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    world.set_down(Some(("/response", TransportError::Unreachable)));
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::Declined);
}

#[test]
fn a_request_for_something_not_held_shows_what_is_missing_and_can_only_be_declined() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    world.verifier.set_query(json!({ "credentials": [
        credential_query("identity", TYPE, &[json!({ "path": ["given_name"] })]),
        credential_query("licence", "https://roads.example/types/licence", &[json!({ "path": ["class"] })]),
    ]}));
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let Answerable::No { missing } = &request.answerable else {
        panic!("{:?}", request.answerable)
    };
    assert_eq!(
        missing.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        ["licence"]
    );
    assert_eq!(request.asked[1].claims[0].path.to_string(), "class");
    assert!(request.asked[1].candidates.is_empty());
    let only_half: Choice = [(
        request.asked[0].query.clone(),
        request.asked[0].candidates[0].credential.id,
    )]
    .into_iter()
    .collect();
    for choice in [Choice::default(), only_half] {
        let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now));
        assert_eq!(outcome, Err(WalletError::InvalidChoice));
    }
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::Declined);
}

#[test]
fn where_several_credentials_fit_the_person_chooses() {
    let world = World::new();
    let first = world.receive();
    let second = world.receive();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let candidates: Vec<CredentialId> = request.asked[0]
        .candidates
        .iter()
        .map(|candidate| candidate.credential.id)
        .collect();
    assert_eq!(candidates.len(), 2);
    assert!(candidates.contains(&first) && candidates.contains(&second));
    let other = candidates[1];
    let choice = request
        .smallest_choice()
        .unwrap()
        .with(request.asked[0].query.clone(), other);
    block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    let history = block_on(wallet.history()).unwrap();
    let HistoryEvent::Presented { disclosed, .. } = &history[0].event else {
        panic!("{:?}", history[0])
    };
    assert_eq!(disclosed[0].credential, other);
}

#[test]
fn a_choice_of_a_credential_that_does_not_fit_is_refused() {
    let world = World::new();
    world.issuer.set_configurations(json!({
        CONFIGURATION: configuration(TYPE),
        "Residence": configuration("https://issuer.example/types/residence"),
    }));
    world.receive();
    let residence = world.receive_link(&world.issuer.offer_of(&["Residence"]));
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    for credential in [residence, CredentialId::from_bytes([1; 16])] {
        let choice = Choice::default().with(request.asked[0].query.clone(), credential);
        let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now));
        assert_eq!(outcome, Err(WalletError::InvalidChoice));
    }
    assert!(!world.verifier.answered());
}

#[test]
fn optional_credentials_are_sent_only_when_the_person_adds_them() {
    let world = World::new();
    world.receive();
    world.verifier.set_query(json!({
        "credentials": [
            credential_query("name", TYPE, &[json!({ "path": ["given_name"] })]),
            credential_query("age", TYPE, &[json!({ "path": ["age_over_18"] })]),
        ],
        "credential_sets": [{ "options": [["name"]] }, { "options": [["age"]], "required": false }],
    }));
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    assert_eq!(
        request.asked.iter().map(|asked| asked.need).collect::<Vec<_>>(),
        [Need::Required, Need::Optional]
    );
    let choice = request.smallest_choice().unwrap();
    assert_eq!(choice.iter().count(), 1);
    let with_age = choice.clone().with(
        request.asked[1].query.clone(),
        request.asked[1].candidates[0].credential.id,
    );
    block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert_eq!(world.verifier.tokens()[0].0.len(), 1);

    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    block_on(wallet.answer_request(request.flow, Decision::Share(with_age), world.now)).unwrap();
    assert_eq!(world.verifier.tokens()[1].0.len(), 2);
}

#[test]
fn a_request_may_name_its_verifier_by_host_and_be_fetched_by_post() {
    let world = World::new();
    world.receive();
    world.verifier.set_trick(VerifierTrick::HostName);
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request_by("post"), &french(), world.now)).unwrap();
    assert!(
        matches!(&request.verifier.evidence, VerifierEvidence::CertificateHost { host, .. } if host == "verifier.example")
    );
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{outcome:?}");
}

#[test]
fn a_locked_key_waits_and_consent_is_not_asked_for_twice() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    world.keys.lock();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::KeyLocked);
    world.keys.unlock();
    let outcome = block_on(wallet.resume(request.flow, world.now)).unwrap();
    assert!(
        matches!(outcome, Resumed::Presenting(PresentOutcome::Presented { .. })),
        "{outcome:?}"
    );
}

#[test]
fn a_person_can_still_decline_while_the_key_is_locked() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    world.keys.lock();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::KeyLocked);
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::Declined);
    world.keys.unlock();
    let outcome = block_on(wallet.resume(request.flow, world.now));
    assert_eq!(outcome, Ok(Resumed::Presenting(PresentOutcome::Declined)));
    assert!(!world.verifier.answered());
}

#[test]
fn every_call_can_move_between_threads() {
    fn sendable<T: Send>(_: T) {}
    let world = World::new();
    let (wallet, flow, languages) = (world.wallet(), FlowId::from_bytes([1; 16]), french());
    sendable(wallet.recover(world.now));
    sendable(wallet.receive_offer("", world.now));
    sendable(wallet.accept_offer(flow, None, world.now));
    sendable(wallet.present("", &languages, world.now));
    sendable(wallet.answer_request(flow, Decision::Decline, world.now));
    sendable(wallet.resume(flow, world.now));
    sendable(wallet.abandon(flow));
    sendable(wallet.list(&languages, world.now));
    sendable(wallet.export_history());
}

#[test]
fn consent_does_not_hold_for_ever() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    world.keys.lock();
    let choice = request.smallest_choice().unwrap();
    block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    world.keys.unlock();
    let later = world.now.plus(Duration::from_secs(11 * 60));
    let outcome = block_on(wallet.resume(request.flow, later)).unwrap();
    assert!(
        matches!(outcome, Resumed::Presenting(PresentOutcome::AwaitingConsent(_))),
        "{outcome:?}"
    );
    assert!(!world.verifier.answered());
}

#[test]
fn an_answer_is_not_sent_again_the_next_day() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    world.set_down(Some(("/response", TransportError::Unreachable)));
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now));
    assert_eq!(outcome, Err(WalletError::Network(TransportError::Unreachable)));
    world.set_down(None);
    let outcome = block_on(wallet.resume(request.flow, world.now.plus(Duration::from_secs(86_400)))).unwrap();
    assert!(
        matches!(outcome, Resumed::Presenting(PresentOutcome::Unconfirmed { .. })),
        "{outcome:?}"
    );
    assert!(!world.verifier.answered());
}

#[test]
fn a_verifier_that_refuses_is_an_outcome_and_in_the_history() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    world.verifier.set_trick(VerifierTrick::RefusesAnswers);
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::Rejected);
    let history = block_on(wallet.history()).unwrap();
    assert!(matches!(
        history[0].event,
        HistoryEvent::Presented {
            delivery: Delivery::Rejected,
            ..
        }
    ));
}

#[test]
fn a_redirect_is_followed_by_the_browser_alone_and_left_out_where_it_breaks_a_rule() {
    for (address, kept) in [
        ("https://verifier.example/done#code=1", true),
        ("https://verifier.example/done?code=1", true),
        ("http://verifier.example/done", false),
        ("https://somebody@verifier.example/done", false),
        ("javascript:alert(1)", false),
    ] {
        let world = World::new();
        world.receive();
        let wallet = world.wallet();
        world.verifier.set_return(address);
        let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
        let choice = request.smallest_choice().unwrap();
        let outcome =
            block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
        let PresentOutcome::Presented { redirect_uri, .. } = outcome else {
            panic!("{outcome:?}")
        };
        let expected = kept.then(|| address.to_owned());
        assert_eq!(redirect_uri.map(|url| url.to_string()), expected, "{address}");
        assert!(
            !world.requests().iter().any(|line| line.contains("/done")),
            "the wallet fetches nothing itself"
        );
    }
}

#[test]
fn a_person_who_declines_goes_on_where_the_verifier_says() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    world.verifier.set_return("https://verifier.example/done?code=1");
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    let PresentOutcome::DeclinedAndReturned { redirect_uri } = &outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(redirect_uri.as_str(), "https://verifier.example/done?code=1");
    let again = block_on(wallet.resume(request.flow, world.now));
    assert_eq!(again, Ok(Resumed::Presenting(outcome)));
}

#[test]
fn a_person_whose_answer_or_whose_request_is_refused_goes_on_where_the_verifier_says() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    world.verifier.set_return("https://verifier.example/done?code=1");
    world.verifier.set_trick(VerifierTrick::RefusesAnswers);
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    let PresentOutcome::RejectedAndReturned { redirect_uri } = &outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(redirect_uri.as_str(), "https://verifier.example/done?code=1");
    let again = block_on(wallet.resume(request.flow, world.now));
    assert_eq!(again, Ok(Resumed::Presenting(outcome)));

    world.verifier.set_trick(VerifierTrick::PlainResponse);
    let refused = block_on(wallet.open_request(&world.verifier.request(), &french(), world.now)).unwrap();
    let Opened::Refused {
        problem: RequestProblem::Unsupported,
        redirect_uri: Some(address),
    } = &refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(address.as_str(), "https://verifier.example/done?code=1");
    // Nobody is led anywhere by a request that does not prove whose its address is.
    world.verifier.set_trick(VerifierTrick::WrongSignature);
    let refused = block_on(wallet.open_request(&world.verifier.request(), &french(), world.now)).unwrap();
    assert!(
        matches!(
            &refused,
            Opened::Refused {
                redirect_uri: None,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[test]
fn a_key_that_the_platform_lost_says_so() {
    let world = World::new();
    let credential = world.receive();
    let key = block_on(world.store.credential(credential)).unwrap().unwrap().key;
    world.keys.delete(&key).unwrap();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now));
    assert_eq!(outcome, Err(WalletError::KeyGone));
}

#[test]
fn an_expired_credential_is_not_offered() {
    let world = World::new();
    world.receive();
    world
        .verifier
        .overwrite("exp", json!(world.now.seconds() + 3_600 * 24 * 600));
    let later = world.now.plus(Duration::from_secs(3_600 * 24 * 366));
    world.verifier.set_query(query(&json!([["given_name"]])));
    // The verifier's own certificate has expired by then as well, so the request is refused before the matching.
    let outcome = block_on(
        world
            .wallet()
            .present(&world.verifier.request(), &Languages::default(), later),
    );
    assert!(
        matches!(outcome, Err(WalletError::RequestRefused(_))),
        "{outcome:?}"
    );
    // One second before the certificate ends, the credential has already ended.
    let ending = world.now.plus(Duration::from_secs(3_600 * 24 * 365));
    let request = block_on(
        world
            .wallet()
            .present(&world.verifier.request(), &Languages::default(), ending),
    )
    .unwrap();
    assert!(
        matches!(request.answerable, Answerable::No { .. }),
        "{:?}",
        request.answerable
    );
}

/// What became of the receipt of a presentation to a verifier that gives this.
fn receipt_of(receipts: Receipts) -> Option<ReceiptRecord> {
    let world = World::new();
    world.receive();
    world.verifier.give_receipts(receipts);
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{outcome:?}");
    let export = block_on(wallet.export_history()).unwrap();
    let HistoryEvent::Presented { receipt, .. } = block_on(wallet.history()).unwrap().remove(0).event else {
        panic!("{export}")
    };
    // What the person keeps is what they hand to an authority.
    if let Some(ReceiptRecord::Verified { receipt }) = &receipt {
        assert!(export.contains(receipt), "{export}");
    }
    receipt
}

#[test]
fn a_receipt_is_kept_that_is_signed_for_what_was_sent() {
    assert_eq!(receipt_of(Receipts::Silent), None);
    assert!(matches!(
        receipt_of(Receipts::Given),
        Some(ReceiptRecord::Verified { .. })
    ));
    assert_eq!(receipt_of(Receipts::Withheld), Some(ReceiptRecord::Missing));
    let refused = |reason: &str| {
        Some(ReceiptRecord::Refused {
            reason: reason.to_owned(),
        })
    };
    assert_eq!(
        receipt_of(Receipts::OfAnotherAnswer),
        refused("the receipt is for another answer")
    );
    assert_eq!(
        receipt_of(Receipts::ByAnother),
        refused("the receipt is not signed by a key of the request")
    );
}
