//! After a presentation: asking for erasure, reporting, receipts.

use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_protocol::openid4vci::notification::NotificationEvent;
use symbolon_protocol::openid4vp::registration_certificate::RegistrationCertificate;
use symbolon_wallet_core::afterwards::Channel;
use symbolon_wallet_core::present::Decision;
use symbolon_wallet_core::record::DataRequestKind;
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{HistoryId, TransportError, WalletError, WalletStore as _};

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

#[test]
fn a_verifier_is_asked_to_erase_what_it_was_shown_by_the_ways_that_it_is_registered_with() {
    let world = world();
    let entry = after(&world, true);
    let wallet = world.wallet();
    let prepared = block_on(wallet.prepare_data_request(entry, DataRequestKind::Deletion)).unwrap();
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

    let report = block_on(wallet.prepare_data_request(entry, DataRequestKind::Report)).unwrap();
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
    let refused = block_on(wallet.prepare_data_request(entry, DataRequestKind::Deletion));
    assert_eq!(refused, Err(WalletError::NotFound));
    let report = block_on(wallet.prepare_data_request(entry, DataRequestKind::Report)).unwrap();
    assert!(report.body.contains("Nothing was shown."), "{}", report.body);
    let receipts = block_on(wallet.export_consent_receipts()).unwrap();
    assert!(!receipts.contains("record_id"), "nobody consented");
}

#[test]
fn contacts_are_kept_of_a_registration_that_is_believed_alone() {
    let mut world = world();
    world.policy.relying_parties.registrars = vec![certificates().issuer.root.clone()];
    let entry = after(&world, true);
    let prepared = block_on(
        world
            .wallet()
            .prepare_data_request(entry, DataRequestKind::Deletion),
    )
    .unwrap();
    let addresses: Vec<&str> = prepared.channels.iter().map(Channel::address).collect();
    assert!(!addresses.contains(&"privacy@clinic.example"), "{addresses:?}");
    assert_ne!(prepared.to, "Clinic AG");
}

#[test]
fn an_issuer_hears_of_a_deletion_which_waits_for_nobody() {
    let world = World::with_sign_in(Abilities {
        grants: Grants::Datasets(2),
        ..Abilities::HIGH_ASSURANCE
    });
    world.issuer.server.give_refresh_tokens();
    world.issuer.endpoint.set(Offered {
        notifications: true,
        ..Offered::default()
    });
    world.receive_by_sign_in();
    let deleted = |world: &World| {
        let told = world.issuer.endpoint.told();
        let deleted = told
            .into_iter()
            .filter(|(_, event)| *event == NotificationEvent::CredentialDeleted);
        deleted.map(|(id, _)| id).collect::<Vec<_>>()
    };
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    let wallet = world.wallet();
    block_on(wallet.delete(held[0].id, world.now)).unwrap();
    let first = deleted(&world);
    assert_eq!(first.len(), 1);

    // Nothing is lost where the issuer cannot be reached, and nothing is told twice.
    world.set_down(Some(("notification", TransportError::Unreachable)));
    block_on(wallet.delete(held[1].id, world.now)).unwrap();
    assert_eq!(world.held().0, 0, "it is gone all the same");
    assert_eq!(deleted(&world).len(), 1);
    world.set_down(None);
    for _ in 0..2 {
        block_on(world.wallet().tell_deletions(world.now)).unwrap();
        assert_eq!(deleted(&world).len(), 2);
    }
    assert_ne!(deleted(&world)[0], deleted(&world)[1]);
}
