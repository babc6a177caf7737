//! After a presentation: asking for erasure, reporting, receipts.

use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_protocol::openid4vp::registration_certificate::RegistrationCertificate;
use symbolon_wallet_core::afterwards::Channel;
use symbolon_wallet_core::present::Decision;
use symbolon_wallet_core::record::DataRequestKind;
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{HistoryId, Languages, WalletError};

use crate::support::World;
use crate::support::certificates::{ORGANIZATION, certificates};
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
