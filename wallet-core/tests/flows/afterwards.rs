//! After a presentation: asking for erasure, reporting, receipts.

use std::time::Duration;

use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_protocol::openid4vci::notification::NotificationEvent;
use symbolon_protocol::openid4vp::registration_certificate::RegistrationCertificate;
use symbolon_wallet_core::afterwards::Channel;
use symbolon_wallet_core::present::Decision;
use symbolon_wallet_core::receive::ReceiveStage;
use symbolon_wallet_core::record::{DataRequestKind, Stage};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{HistoryId, Languages, TransportError, WalletError, WalletStore as _};

use crate::support::World;
use crate::support::authorization::{Abilities, Grants};
use crate::support::certificates::{ORGANIZATION, certificates};
use crate::support::endpoint::Offered;
use crate::support::issuer::TYPE;
use crate::support::world::french;

/// A clinic whose registration says where it can be reached, and by whom it is watched over.
fn world() -> World {
    let mut world = World::new();
    world.receive();
    world.policy.relying_parties.registrars = vec![certificates().registrar.root.clone()];
    let registration = json!({
        "name": "Clinic AG", "sub": ORGANIZATION, "country": "DE", "registry_uri": "https://registrar.example",
        "entitlements": ["https://uri.etsi.org/19475/Entitlement/Service_Provider"],
        "purpose": [{"lang": "fr", "value": "Soigner"}, {"lang": "en", "value": "Treatment"}],
        "credentials": [{"format": "dc+sd-jwt", "meta": {"vct_values": [TYPE]}}],
        "support_uri": "privacy@clinic.example",
        "dpa": {"country": "DE", "email": ["reports@dpa.example"], "uri": ["https://dpa.example/report"], "phone": []},
        "iat": world.now, "exp": world.now.seconds() + 86_400,
    });
    let certificate: RegistrationCertificate = serde_json::from_value(registration).unwrap();
    let signer = &certificates().registrar;
    let prepared = certificate.prepare(
        core::slice::from_ref(&signer.certificate),
        SignatureAlgorithm::Es256,
    );
    let signature = signer.sign(prepared.signing_input().as_bytes());
    let info = json!([{"format": "registration_cert", "data": prepared.finish(&signature)}]);
    world.verifier.overwrite("verifier_info", info);
    world
}

/// Decides about a request, and gives the latest entry of the history.
fn after(world: &World, shares: bool) -> HistoryId {
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let decision = match request.smallest_choice() {
        Some(choice) if shares => Decision::Share(choice),
        _ => Decision::Decline,
    };
    block_on(wallet.answer_request(request.flow, decision, world.now)).unwrap();
    block_on(wallet.history()).unwrap()[0].id
}

fn english() -> Languages {
    Languages::new(["en"])
}

#[test]
fn messages_are_written_in_the_language_that_is_chosen_with_all_that_they_say() {
    let world = world();
    let (shown, declined) = (after(&world, true), after(&world, false));
    for (language, purpose, nothing) in [
        ("en", "Treatment", "Nothing was shown."),
        ("fr", "Soigner", "Rien n’a été montré."),
        ("ar", "Treatment", "لم يُعرض أي شيء."),
        ("hi", "Treatment", "कुछ भी नहीं दिखाया गया।"),
    ] {
        let languages = Languages::new([language]);
        let prepare = |entry, kind| {
            let wallet = world.wallet();
            block_on(wallet.prepare_data_request(entry, kind, &languages)).unwrap()
        };
        let deletion = prepare(shown, DataRequestKind::Deletion);
        let report = prepare(declined, DataRequestKind::Report);
        assert_eq!((deletion.language, report.language), (language, language));
        let (shown, declined) = (shown.to_string(), declined.to_string());
        let both = ["Clinic AG", ORGANIZATION, purpose];
        for part in both
            .iter()
            .chain(&[shown.as_str(), "age_over_18", "given_name", TYPE])
        {
            assert!(deletion.body.contains(part), "{part}: {}", deletion.body);
        }
        for part in both.iter().chain(&[declined.as_str(), nothing]) {
            assert!(report.body.contains(part), "{part}: {}", report.body);
        }
        assert!(report.subject.contains("Clinic AG"));
        assert!(!deletion.body.contains('{') && !report.body.contains('{'));
        // The message is in the link of the draft, too.
        let Channel::Email { link, .. } = &deletion.channels[0] else {
            panic!("{:?}", deletion.channels)
        };
        let link = url::Url::parse(link).unwrap();
        let body = link.query_pairs().find(|(name, _)| name == "body").unwrap().1;
        assert_eq!(body, deletion.body);
    }
}

#[test]
fn a_verifier_is_asked_to_erase_what_it_was_shown_by_the_ways_that_it_is_registered_with() {
    let world = world();
    let entry = after(&world, true);
    let wallet = world.wallet();
    let prepared =
        block_on(wallet.prepare_data_request(entry, DataRequestKind::Deletion, &english())).unwrap();
    assert_eq!(prepared.to, "Clinic AG");
    let Channel::Email { address, link } = &prepared.channels[0] else {
        panic!("{:?}", prepared.channels)
    };
    assert_eq!(address, "privacy@clinic.example");
    assert!(
        link.starts_with("mailto:privacy@clinic.example?subject="),
        "{link}"
    );
    for part in [
        "age_over_18, given_name",
        "For: Treatment",
        ORGANIZATION,
        &entry.to_string(),
    ] {
        assert!(prepared.body.contains(part), "{part}: {}", prepared.body);
    }
    assert!(!prepared.body.contains("Amina"), "names of claims, never values");
    let sent = prepared.channels.first();
    block_on(wallet.note_data_request(entry, DataRequestKind::Deletion, sent, world.now)).unwrap();

    let report = block_on(wallet.prepare_data_request(entry, DataRequestKind::Report, &english())).unwrap();
    let addresses: Vec<&str> = report.channels.iter().map(Channel::address).collect();
    assert_eq!(addresses, ["https://dpa.example/report", "reports@dpa.example"]);

    let receipts: Value = serde_json::from_str(&block_on(wallet.export_consent_receipts()).unwrap()).unwrap();
    let receipt = &receipts["consent_receipts"][0];
    assert_eq!(receipt["record_metadata"]["record_id"], entry.to_string());
    let information = &receipt["pii_processing"]["pii_information"][0];
    assert_eq!(
        information["pii_attributes"],
        json!(["age_over_18", "given_name"])
    );
    assert_eq!(receipt["party_identification"][0]["party_name"], "Clinic AG");
    assert_eq!(receipt["events"][0]["event_type"], "consent_given");
    assert_eq!(receipt["events"][1]["event_type"], "erasure_requested");
    assert!(!receipts.to_string().contains("Amina"));
    let history = block_on(wallet.history()).unwrap();
    assert_eq!(
        history[0].data_requests[0].sent_to.as_deref(),
        Some("privacy@clinic.example")
    );
}

#[test]
fn whoever_was_shown_nothing_is_reported_and_has_nothing_to_erase() {
    let world = world();
    let entry = after(&world, false);
    let wallet = world.wallet();
    let refused = block_on(wallet.prepare_data_request(entry, DataRequestKind::Deletion, &english()));
    assert_eq!(refused, Err(WalletError::NotFound));
    let report = block_on(wallet.prepare_data_request(entry, DataRequestKind::Report, &english())).unwrap();
    assert!(report.body.contains("Nothing was shown."), "{}", report.body);
    let receipts = block_on(wallet.export_consent_receipts()).unwrap();
    assert!(!receipts.contains("record_id"), "nobody consented");
}

#[test]
fn contacts_are_kept_of_a_registration_that_is_believed_alone() {
    let mut world = world();
    world.policy.relying_parties.registrars = vec![certificates().issuer.root.clone()];
    let entry = after(&world, true);
    let prepared = block_on(world.wallet().prepare_data_request(
        entry,
        DataRequestKind::Deletion,
        &english(),
    ))
    .unwrap();
    let addresses: Vec<&str> = prepared.channels.iter().map(Channel::address).collect();
    assert!(!addresses.contains(&"privacy@clinic.example"), "{addresses:?}");
    assert_ne!(prepared.to, "Clinic AG");
}

/// A wallet with two credentials of one issuer, which wants to hear what becomes of them.
fn notified() -> World {
    let world = World::with_sign_in(Abilities {
        grants: Grants::Datasets(2),
        ..Abilities::HIGH_ASSURANCE
    });
    world.issuer.server.give_refresh_tokens();
    answer_notifications(&world, None);
    world.receive_by_sign_in();
    world
}

fn answer_notifications(world: &World, notification_status: Option<u16>) {
    world.issuer.endpoint.set(Offered {
        notifications: true,
        notification_status,
        ..Offered::default()
    });
}

/// The deletions that the issuer heard of.
fn deleted(world: &World) -> Vec<String> {
    let told = world.issuer.endpoint.told();
    let deleted = told
        .into_iter()
        .filter(|(_, event)| *event == NotificationEvent::CredentialDeleted);
    deleted.map(|(id, _)| id).collect()
}

fn notifications(world: &World) -> usize {
    let requests = world.requests();
    requests
        .iter()
        .filter(|line| line.contains("/notification"))
        .count()
}

#[test]
fn an_issuer_hears_of_a_deletion_which_waits_for_nobody() {
    let mut world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 1);

    // Nothing is lost where the issuer cannot be reached, and nothing is told twice.
    world.set_down(Some(("notification", TransportError::Unreachable)));
    block_on(world.wallet().delete(held[1].id, world.now)).unwrap();
    assert_eq!(world.held().0, 0, "it is gone all the same");
    assert_eq!(deleted(&world).len(), 1);
    world.set_down(None);
    world.now = world.now.plus(Duration::from_secs(60));
    for _ in 0..2 {
        block_on(world.wallet().tell_deletions(world.now)).unwrap();
        assert_eq!(deleted(&world).len(), 2);
    }
    assert_ne!(deleted(&world)[0], deleted(&world)[1]);
}

#[test]
fn an_issuer_that_fails_is_tried_again_ever_more_rarely_and_for_a_day() {
    let mut world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    answer_notifications(&world, Some(503));
    let before = notifications(&world);
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    let mut attempts = Vec::new();
    // Much more often than it is to be tried.
    for round in 0..2 * 86_400 / 30 {
        let now = world.now.plus(Duration::from_secs(round * 30));
        block_on(world.wallet().tell_deletions(now)).unwrap();
        if notifications(&world) > before + 1 + attempts.len() {
            attempts.push(round * 30 / 60);
        }
    }
    // A minute after the deletion, then each time after twice the time, to four hours at most.
    assert_eq!(
        attempts,
        [1, 3, 7, 15, 31, 63, 127, 255, 495, 735, 975, 1215, 1455]
    );
    answer_notifications(&world, None);
    world.now = world.now.plus(Duration::from_secs(3 * 86_400));
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(
        deleted(&world),
        Vec::<String>::new(),
        "it was given up after a day"
    );
    // The next deletion is told at once.
    block_on(world.wallet().delete(held[1].id, world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 1);
}

#[test]
fn a_deletion_behind_another_in_vain_is_told_at_once_and_takes_that_one_with_it() {
    let world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    answer_notifications(&world, Some(500));
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    answer_notifications(&world, None);
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 0, "it is too early");
    block_on(world.wallet().delete(held[1].id, world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 2);
    // Nothing is left of what was in vain.
    for flow in block_on(world.store.flows()).unwrap() {
        if let Stage::Receive(ReceiveStage::Renewable(issuing)) = flow.stage {
            assert_eq!((issuing.to_delete.len(), issuing.untold), (0, None));
        }
    }
}

#[test]
fn an_issuer_that_does_not_want_to_hear_is_asked_once() {
    for status in [400, 401, 403, 404, 410] {
        let world = notified();
        let held: Vec<_> = block_on(world.store.credentials()).unwrap();
        answer_notifications(&world, Some(status));
        let before = notifications(&world);
        block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
        let later = world.now.plus(Duration::from_secs(3600));
        block_on(world.wallet().tell_deletions(later)).unwrap();
        assert_eq!(notifications(&world), before + 1, "{status}");
    }
}

#[test]
fn an_answer_that_is_too_large_is_one_and_a_locked_key_is_no_attempt() {
    let world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    world.set_down(Some(("notification", TransportError::TooLarge)));
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    world.set_down(None);
    let later = world.now.plus(Duration::from_secs(3600));
    let before = notifications(&world);
    block_on(world.wallet().tell_deletions(later)).unwrap();
    assert_eq!(notifications(&world), before, "it has heard");

    world.keys.lock();
    block_on(world.wallet().delete(held[1].id, world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 0);
    world.keys.unlock();
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 1, "at once");
}

#[test]
fn without_the_key_of_the_access_nobody_is_told() {
    let world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    for flow in block_on(world.store.flows()).unwrap() {
        for key in flow.stage.keys() {
            world.keys.end(key);
        }
    }
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    for flow in block_on(world.store.flows()).unwrap() {
        if let Stage::Receive(ReceiveStage::Renewable(issuing)) = flow.stage {
            assert_eq!((issuing.to_delete.len(), issuing.untold), (0, None));
        }
    }
}
