//! Bitstring Status Lists: one test for each check.

use serde_json::json;
use symbolon_credential::w3c::{
    BitstringStatusEntry, StatusMessage, StatusPurpose, StatusSize, VerifiableCredential,
};
use symbolon_crypto::RustCryptoProvider;
use symbolon_trust::bitstring_status_list::{BitstringStatusList, ListToPublish};
use symbolon_trust::pack::{BitstringUris, Pack};
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW};

use super::w3c_world::{DID, Form, INDEX, REVOCATION, SUSPENSION, W3cWorld, did, entry};
use super::world::{Network, bound};
use crate::report::{Reason, Report, Status, Verdict};
use crate::{
    Evidence, Policy, StatusListCredentialEvidence, StatusPolicy, Step, Tools, VerificationSession, Want,
};

fn report(world: &W3cWorld, network: &Network) -> Report {
    let input = world.presentation(Form::Jwt);
    world
        .reports(
            &input,
            bound(),
            Policy::RELYING_PARTY,
            &world.trust_list(),
            network,
        )
        .remove(0)
}

fn unknown(report: &Report, reason: Reason) {
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Unknown, Status::Unknown),
        "{reason:?} {report:?}"
    );
    assert!(report.failed_because(reason), "{reason:?} {report:?}");
}

/// The network with another answer at the address of the list of revocations.
fn with_list(world: &W3cWorld, body: String) -> Network {
    let mut network = world.network(&[], &[]);
    network.status_list_credentials.insert(
        REVOCATION.to_owned(),
        StatusListCredentialEvidence::Credential(body),
    );
    network
}

#[test]
fn revoked_and_suspended_are_invalid_and_neither_is_good() {
    let world = W3cWorld::new();
    for (revoked, suspended, verdict, state) in [
        (vec![], vec![], Verdict::Valid, Status::Good),
        (vec![INDEX], vec![], Verdict::Invalid, Status::Revoked),
        (vec![], vec![INDEX], Verdict::Invalid, Status::Suspended),
        (vec![INDEX], vec![INDEX], Verdict::Invalid, Status::Revoked),
        (vec![INDEX - 1, INDEX + 1], vec![], Verdict::Valid, Status::Good),
    ] {
        let report = report(&world, &world.network(&revoked, &suspended));
        assert_eq!((report.verdict, report.status.state), (verdict, state));
    }
}

/// A list of messages, for those who develop readers.
const MESSAGES: &str = "https://issuer.example/status/bitstring/0/message";

fn list_of_messages(size: StatusSize, value: u8) -> VerifiableCredential {
    let mut list = BitstringStatusList::zeros(size, 1_000);
    list.set(INDEX, value).unwrap();
    ListToPublish {
        url: MESSAGES,
        issuer: &did(),
        purpose: StatusPurpose::Message,
        valid_from: NOW,
        valid_until: Some(NOW.plus(DAY)),
        time_to_live: None,
        list: &list.encoded(),
        messages: &[],
    }
    .document()
    .unwrap()
}

#[test]
fn a_message_is_told_and_decides_nothing() {
    let world = W3cWorld::new();
    let mut template = world.template();
    let messages = (0..).zip(["valid", "revoked", "called back", "reserved"]);
    template.status.push(BitstringStatusEntry {
        size: StatusSize::TWO,
        messages: messages
            .map(|(status, message)| StatusMessage {
                status,
                message: message.to_owned(),
            })
            .collect(),
        ..entry(StatusPurpose::Message, MESSAGES)
    });
    let input = world.present(&template.build().unwrap(), Form::Jwt);
    let told = |revoked: &[u64], evidence| {
        let mut network = world.network(revoked, &[]);
        network
            .status_list_credentials
            .insert(MESSAGES.to_owned(), evidence);
        let list = world.trust_list();
        let report = world
            .reports(&input, bound(), Policy::RELYING_PARTY, &list, &network)
            .remove(0);
        let told = report.status_messages.iter();
        let told: Vec<_> = told.map(|said| (said.value, said.message.clone())).collect();
        (report.verdict, told)
    };
    let signed = StatusListCredentialEvidence::Credential;
    let list = |value| signed(world.jwt(&list_of_messages(StatusSize::TWO, value)));
    let said = |value, message: &str| vec![(value, message.to_owned())];
    assert_eq!(told(&[], list(2)), (Verdict::Valid, said(2, "called back")));
    assert_eq!(told(&[INDEX], list(0)), (Verdict::Invalid, said(0, "valid")));
    // What cannot be had, or cannot be believed, says nothing and takes nothing away.
    let other = world.jwt_with(
        &list_of_messages(StatusSize::TWO, 2),
        &world.login,
        &format!("{DID}#es256"),
    );
    let narrow = world.jwt(&list_of_messages(StatusSize::ONE, 1));
    for evidence in [
        StatusListCredentialEvidence::Absent,
        signed(other),
        signed(narrow),
    ] {
        assert_eq!(told(&[], evidence), (Verdict::Valid, vec![]));
    }
}

#[test]
fn a_list_with_a_proof_within_counts_as_much_as_a_token() {
    let world = W3cWorld::new();
    for (set, verdict) in [(vec![], Verdict::Valid), (vec![INDEX], Verdict::Invalid)] {
        let list = world.list(REVOCATION, StatusPurpose::Revocation, &set);
        let network = with_list(&world, world.embedded(&list, Form::Eddsa).to_string());
        assert_eq!(report(&world, &network).verdict, verdict);
    }
}

#[test]
fn asks_for_each_list_once_and_checks_each_signature_once() {
    let world = W3cWorld::new();
    let input = world.presentation(Form::Jwt);
    let (_, wanted) = world
        .question(&input, bound(), Policy::RELYING_PARTY)
        .ask(Evidence::online(&world.trust_list()), &world.network(&[], &[]));
    let want = |url: &str| Want::StatusListCredential { url: url.to_owned() };
    assert_eq!(wanted, [want(REVOCATION), want(SUSPENSION)]);
    assert_eq!(
        world.world.provider.verifications(),
        4,
        "issuer, holder, two lists"
    );
}

#[test]
fn one_list_that_cannot_be_had_is_unknown_unless_the_other_says_worse() {
    let world = W3cWorld::new();
    for (revoked, verdict) in [(vec![], Verdict::Unknown), (vec![INDEX], Verdict::Invalid)] {
        let mut network = world.network(&revoked, &[]);
        network
            .status_list_credentials
            .insert(SUSPENSION.to_owned(), StatusListCredentialEvidence::Absent);
        assert_eq!(report(&world, &network).verdict, verdict);
    }
    assert_eq!(report(&world, &Network::default()).verdict, Verdict::Unknown);
}

#[test]
fn a_list_that_cannot_be_believed_is_unknown() {
    let world = W3cWorld::new();
    let list = world.list(REVOCATION, StatusPurpose::Revocation, &[]);
    let list_of = |purpose| world.jwt(&world.list(REVOCATION, purpose, &[]));
    let elsewhere = "https://issuer.example/status/bitstring/1/revocation";
    let signed_by_login = world.jwt_with(&list, &world.login, &format!("{DID}#login"));
    let signed_by_another = world.jwt_with(&list, &world.login, &format!("{DID}#es256"));
    for (body, reason) in [
        (signed_by_login, Reason::WrongPurpose),
        (signed_by_another, Reason::WrongSignature),
        (list_of(StatusPurpose::Suspension), Reason::WrongType),
        (
            world.jwt(&world.list(elsewhere, StatusPurpose::Revocation, &[])),
            Reason::EvidenceOfAnotherIssuer,
        ),
        (world.jwt(&world.template().build().unwrap()), Reason::WrongType),
        ("<html>".to_owned(), Reason::Malformed),
    ] {
        unknown(&report(&world, &with_list(&world, body)), reason);
    }
}

#[test]
fn a_list_of_another_issuer_does_not_count() {
    let world = W3cWorld::new();
    let mut list = serde_json::Value::Object(
        world
            .list(REVOCATION, StatusPurpose::Revocation, &[])
            .document()
            .clone(),
    );
    list["issuer"] = json!("did:web:other.example");
    let list = symbolon_credential::w3c::VerifiableCredential::from_value(list).unwrap();
    let body = world.jwt_with(&list, &world.es256, "did:web:other.example#es256");
    unknown(
        &report(&world, &with_list(&world, body)),
        Reason::EvidenceOfAnotherIssuer,
    );
}

#[test]
fn an_expired_list_and_one_from_the_future_are_unknown() {
    let world = W3cWorld::new();
    let dated = |from, until| {
        let mut list = serde_json::Value::Object(
            world
                .list(REVOCATION, StatusPurpose::Revocation, &[])
                .document()
                .clone(),
        );
        list["validFrom"] = json!(symbolon_crypto::UnixTime::rfc3339(from));
        list["validUntil"] = json!(symbolon_crypto::UnixTime::rfc3339(until));
        let list = symbolon_credential::w3c::VerifiableCredential::from_value(list).unwrap();
        with_list(&world, world.jwt(&list))
    };
    unknown(
        &report(&world, &dated(NOW.minus(DAY * 2), NOW.minus(DAY))),
        Reason::EvidenceTooOld,
    );
    unknown(
        &report(&world, &dated(NOW.plus(DAY), NOW.plus(DAY * 2))),
        Reason::NotYetValid,
    );
}

#[test]
fn a_truncated_list_says_nothing_and_an_index_behind_its_end_is_refused() {
    let world = W3cWorld::new();
    let mut list = serde_json::Value::Object(
        world
            .list(REVOCATION, StatusPurpose::Revocation, &[])
            .document()
            .clone(),
    );
    list["credentialSubject"]["encodedList"] = json!("uH4sIAAAAAAAAA2NgAAAAAgAB");
    let short = symbolon_credential::w3c::VerifiableCredential::from_value(list).unwrap();
    unknown(
        &report(&world, &with_list(&world, world.jwt(&short))),
        Reason::Malformed,
    );

    let mut template = world.template();
    template.status = vec![symbolon_credential::w3c::BitstringStatusEntry {
        index: 1 << 30,
        ..entry(StatusPurpose::Revocation, REVOCATION)
    }];
    let report = world.verify(&world.present(&template.build().unwrap(), Form::Jwt));
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Invalid, Status::OutOfRange)
    );
}

#[test]
fn a_list_under_a_foreign_address_is_not_the_issuers_word() {
    let world = W3cWorld::new();
    let foreign = "https://elsewhere.example/lists/1";
    let mut template = world.template();
    template.status = vec![entry(StatusPurpose::Revocation, foreign)];
    let mut network = world.network(&[], &[]);
    let list = world.jwt(&world.list(foreign, StatusPurpose::Revocation, &[]));
    network
        .status_list_credentials
        .insert(foreign.to_owned(), StatusListCredentialEvidence::Credential(list));
    let input = world.present(&template.build().unwrap(), Form::Jwt);
    let report = world
        .reports(
            &input,
            bound(),
            Policy::RELYING_PARTY,
            &world.trust_list(),
            &network,
        )
        .remove(0);
    unknown(&report, Reason::EvidenceOfAnotherIssuer);
}

#[test]
fn a_status_that_is_not_understood_is_not_the_absence_of_one() {
    let world = W3cWorld::new();
    let mut template = world.template();
    template.status = vec![entry(StatusPurpose::Other("quarantine".to_owned()), REVOCATION)];
    let report = world.verify(&world.present(&template.build().unwrap(), Form::Jwt));
    unknown(&report, Reason::Unsupported);

    let mut without = world.template();
    without.status.clear();
    let input = world.present(&without.build().unwrap(), Form::Jwt);
    assert_eq!(world.verify(&input).status.state, Status::WithoutStatus);
    let always = Policy {
        status: StatusPolicy::Always,
        ..Policy::RELYING_PARTY
    };
    assert_eq!(
        world.verify_with(&input, bound(), always).verdict,
        Verdict::Unknown
    );
}

#[test]
fn a_list_verified_before_is_used_without_checking_its_proof_again() {
    let world = W3cWorld::new();
    let trust_list = world.trust_list();
    let input = world.presentation(Form::Jwt);
    let opened = symbolon_credential::Input::open(&input).unwrap();
    let mut session = VerificationSession::new(&opened, bound(), Policy::RELYING_PARTY).unwrap();
    let mut evidence = Evidence::online(&trust_list);
    for (url, list) in world.network(&[], &[]).status_list_credentials {
        evidence.add_status_list_credential(url, list);
    }
    let tools = Tools::with_json_ld(&world.world.provider, &world.json_ld);
    assert!(matches!(session.step(&evidence, tools, NOW), Step::Done(_)));
    let lists = session.verified_status_list_credentials();
    let network = Network {
        status_list_credentials: lists
            .map(|list| {
                let verified = StatusListCredentialEvidence::Verified(list.clone());
                (list.url().to_owned(), verified)
            })
            .collect(),
        ..Network::default()
    };
    assert_eq!(network.status_list_credentials.len(), 2);
    let before = world.world.provider.verifications();
    assert_eq!(report(&world, &network).verdict, Verdict::Valid);
    assert_eq!(
        world.world.provider.verifications() - before,
        2,
        "issuer and holder"
    );

    // At another address it is another list.
    let mut moved = network;
    let list = moved.status_list_credentials.remove(SUSPENSION).unwrap();
    moved.status_list_credentials.insert(REVOCATION.to_owned(), list);
    assert_eq!(report(&world, &moved).verdict, Verdict::Unknown);
}

#[test]
fn a_pack_answers_for_bitstring_lists() {
    let world = W3cWorld::new();
    let issuer = &world.world.issuer;
    let list = world.trust_list();
    for (status, verdict, state) in [
        (Listed::Valid, Verdict::Valid, Status::Good),
        (Listed::Invalid, Verdict::Invalid, Status::Revoked),
        (Listed::Suspended, Verdict::Invalid, Status::Suspended),
    ] {
        let uris = BitstringUris {
            revocation: REVOCATION,
            suspension: SUSPENSION,
        };
        let section =
            issuer.status_section_with(&world.world.uri(), Some(uris), &world.world.list(status), NOW);
        let bytes = world.world.registry.pack(1, &list, vec![section], NOW);
        let root = world.world.registry.root_of_trust(list.clone());
        let pack = Pack::open(&bytes, &root, &RustCryptoProvider, NOW, None).unwrap();
        for form in [Form::Jwt, Form::Ecdsa, Form::Selective] {
            let input = world.presentation(form);
            let (reports, wanted) = world
                .question(&input, bound(), Policy::RELYING_PARTY)
                .ask(Evidence::offline(&pack), &Network::default());
            assert_eq!((reports[0].verdict, reports[0].status.state), (verdict, state));
            assert_eq!(wanted, []);
        }
    }
    // A pack without the lists leaves the status open.
    let bytes = world.world.registry.pack(1, &list, Vec::new(), NOW);
    let root = world.world.registry.root_of_trust(list.clone());
    let pack = Pack::open(&bytes, &root, &RustCryptoProvider, NOW, None).unwrap();
    let input = world.presentation(Form::Jwt);
    let (reports, _) = world
        .question(&input, bound(), Policy::RELYING_PARTY)
        .ask(Evidence::offline(&pack), &Network::default());
    assert_eq!(reports[0].verdict, Verdict::Unknown);
}
