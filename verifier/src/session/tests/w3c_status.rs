//! Bitstring Status Lists: one test for each check.

use serde_json::json;
use symbolon_credential::w3c::{
    BitstringStatusEntry, StatusMessage, StatusPurpose, StatusSize, VerifiableCredential,
};
use symbolon_crypto::jose::jws;
use symbolon_crypto::x509::RevocationList;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_trust::bitstring_status_list::{BitstringStatusList, ListToPublish};
use symbolon_trust::pack::{
    BitstringUris, Pack, PackBuilder, PackError, PackStatus, PackTimes, PackTools, VerbatimForm,
    VerbatimSection, apply,
};
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority};
use symbolon_trust::trust_list::RootOfTrust;

use super::w3c_world::{DID, Form, INDEX, REVOCATION, SUSPENSION, W3cWorld, did, entry};
use super::world::{ISSUER, Network, Question, SECOND, bound};
use crate::report::{CheckOutcome, Reason, Report, Status, Verdict};
use crate::{
    Evidence, PackCredentials, Policy, StatusListCredentialEvidence, StatusPolicy, Step, Tools,
    VerificationSession, Want,
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

/// Lists that a pack carries as they are served are verified when it is opened, by the rules for lists that are fetched.
#[test]
fn a_pack_carries_status_list_credentials_and_refuses_those_that_are_not_the_issuers() {
    let world = W3cWorld::new();
    let trust = world.trust_list();
    let root = world.world.registry.root_of_trust(trust.clone());
    let pack_of = |lists: &[(&str, String)]| {
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY),
            grace: DAY,
        };
        let builder = PackBuilder::new(1, times, world.world.registry.trust_section(&trust));
        let lists = lists.iter().map(|(url, body)| {
            VerbatimSection::new(url, VerbatimForm::recognise(body.as_bytes()), body.as_bytes()).unwrap()
        });
        world
            .world
            .registry
            .sign_pack(lists.fold(builder, PackBuilder::with_verbatim))
    };
    let credentials = PackCredentials::new(Tools::without_json_ld(&RustCryptoProvider));
    let tools = PackTools::new(&RustCryptoProvider).with_credentials(&credentials);
    let list = |url, purpose, set: &[u64]| world.jwt(&world.list(url, purpose, set));
    for (revoked, suspended, verdict, state) in [
        (vec![], vec![], Verdict::Valid, Status::Good),
        (vec![INDEX], vec![], Verdict::Invalid, Status::Revoked),
        (vec![], vec![INDEX], Verdict::Invalid, Status::Suspended),
        (vec![INDEX - 1, INDEX + 1], vec![], Verdict::Valid, Status::Good),
    ] {
        let bytes = pack_of(&[
            (REVOCATION, list(REVOCATION, StatusPurpose::Revocation, &revoked)),
            (
                SUSPENSION,
                list(SUSPENSION, StatusPurpose::Suspension, &suspended),
            ),
        ]);
        let pack = Pack::open_with(&bytes, &root, tools, NOW, None).unwrap();
        let input = world.presentation(Form::Jwt);
        let (reports, wanted) = world
            .question(&input, bound(), Policy::RELYING_PARTY)
            .ask(Evidence::offline(&pack), &Network::default());
        assert_eq!((reports[0].verdict, reports[0].status.state), (verdict, state));
        assert_eq!(wanted, []);
    }

    let good = world.list(REVOCATION, StatusPurpose::Revocation, &[]);
    for body in [
        world.jwt_with(&good, &world.login, &format!("{DID}#login")),
        world.jwt_with(&good, &world.login, &format!("{DID}#es256")),
        world.jwt(&world.template().build().unwrap()),
        list(SUSPENSION, StatusPurpose::Suspension, &[]),
        list(REVOCATION, StatusPurpose::Message, &[]),
        "<html>".to_owned(),
    ] {
        let bytes = pack_of(&[(REVOCATION, body)]);
        let refused = Pack::open_with(&bytes, &root, tools, NOW, None).map(drop);
        assert!(
            matches!(refused, Err(PackError::StatusListCredential)),
            "{refused:?}"
        );
    }
}

/// A status list credential under certificates is worth what its signer is: nothing once that was revoked, and nothing after its certificates have ended.
#[test]
fn a_status_list_credential_of_a_revoked_signer_says_nothing() {
    let world = W3cWorld::new();
    let issuer = &world.world.issuer;
    let authority = TestIssuingAuthority::new(720);
    let mut trust = world.trust_list();
    let entry = trust.issuers.first_mut().unwrap();
    entry.anchors.push(authority.root().clone());
    trust.valid_until = NOW.plus(DAY * 900);
    let root = world.world.registry.root_of_trust(trust.clone());
    let leaf = authority.issue_credential_signer(issuer.credential_key.public_key(), ISSUER);
    let under_certificates = |url: &str, purpose| {
        let list = world.list_until(url, purpose, &[], NOW.plus(DAY * 900));
        let mut document = list.document().clone();
        document.insert("issuer".to_owned(), json!(ISSUER));
        let header = json!({ "typ": "vc+jwt", "cty": "vc", "x5c": jws::x5c_value([leaf.der()]) });
        let payload = serde_json::to_vec(&document).unwrap();
        let prepared = jws::prepare(SignatureAlgorithm::Es256, header.as_object().unwrap(), &payload);
        let signature = issuer
            .credential_key
            .sign(&prepared.request(issuer.credential_key.handle()));
        prepared.finish(&signature)
    };
    let lists = [
        (REVOCATION, StatusPurpose::Revocation),
        (SUSPENSION, StatusPurpose::Suspension),
    ]
    .map(|(url, purpose)| (url, under_certificates(url, purpose)));
    let revoking = authority
        .revocation_list(NOW)
        .revoking(&leaf, NOW.minus(DAY), None);
    let der = authority.sign_revocation_list(&revoking);
    let known = [RevocationList::parse(&der).unwrap()];
    let input = world.presentation(Form::Jwt);
    let at = |now| Question {
        now,
        ..world.question(&input, bound(), Policy::RELYING_PARTY)
    };
    let is_revoked = |report: &Report| {
        report.status.state == Status::Unknown && report.failed_because(Reason::StatusSignerRevoked)
    };

    let mut network = world.network(&[], &[]);
    for (url, body) in &lists {
        let list = StatusListCredentialEvidence::Credential(body.clone());
        network.status_list_credentials.insert((*url).to_owned(), list);
    }
    let online = at(NOW).ask(Evidence::online(&trust), &network).0.remove(0);
    assert_eq!(online.status.state, Status::Good);
    let evidence = Evidence::online(&trust).with_revocation_lists(&known);
    assert!(is_revoked(&at(NOW).ask(evidence, &network).0.remove(0)));

    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY * 900),
        grace: DAY,
    };
    let builder = PackBuilder::new(1, times, world.world.registry.trust_section(&trust));
    let verbatim = lists
        .iter()
        .map(|(url, body)| VerbatimSection::new(url, VerbatimForm::Credential, body.as_bytes()).unwrap());
    let bytes = world
        .world
        .registry
        .sign_pack(verbatim.fold(builder, PackBuilder::with_verbatim));
    let credentials = PackCredentials::new(Tools::without_json_ld(&RustCryptoProvider));
    let tools = PackTools::new(&RustCryptoProvider).with_credentials(&credentials);
    let held = apply(&bytes, None, &root, tools, NOW, None).unwrap();
    let sealed = |now| Pack::open_applied(&held.pack, &held.form, &root, tools, now, &held.memory).unwrap();
    for pack in [open(&bytes, &root, &credentials).unwrap(), sealed(NOW)] {
        let report = at(NOW).ask(Evidence::offline(&pack), &network).0.remove(0);
        assert_eq!(report.status.state, Status::Good);
        let evidence = Evidence::offline(&pack).with_revocation_lists(&known);
        assert!(is_revoked(&at(NOW).ask(evidence, &network).0.remove(0)));
    }
    let ended = leaf.not_after().plus(SECOND);
    let pack = sealed(ended);
    assert!(pack.is_sealed());
    assert!(matches!(
        pack.status(REVOCATION, INDEX),
        PackStatus::Outdated { .. }
    ));
    assert!(matches!(
        sealed(leaf.not_after()).status(REVOCATION, INDEX),
        PackStatus::Listed { .. }
    ));
}

fn open<'a>(
    bytes: &'a [u8],
    root: &RootOfTrust,
    credentials: &PackCredentials<'_>,
) -> Result<Pack<'a>, PackError> {
    let tools = PackTools::new(&RustCryptoProvider).with_credentials(credentials);
    Pack::open_with(bytes, root, tools, NOW, None)
}

/// A reader that has no JSON-LD, as the page without a network and the app, cannot prove a list whose proof is over JSON-LD: it does without the list, and
/// not without the pack. Who can prove it refuses a forged one.
#[test]
fn a_list_whose_proof_needs_json_ld_is_left_out_where_there_is_none() {
    let world = W3cWorld::new();
    let trust = world.trust_list();
    let registry = &world.world.registry;
    let root = registry.root_of_trust(trust.clone());
    let pack_of = |revocation: &str| {
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY),
            grace: DAY,
        };
        let suspension = world.jwt(&world.list(SUSPENSION, StatusPurpose::Suspension, &[]));
        let lists = [(REVOCATION, revocation), (SUSPENSION, suspension.as_str())];
        let lists = lists
            .map(|(url, body)| VerbatimSection::new(url, VerbatimForm::Credential, body.as_bytes()).unwrap());
        let builder = PackBuilder::new(1, times, registry.trust_section(&trust));
        registry.sign_pack(lists.into_iter().fold(builder, PackBuilder::with_verbatim))
    };
    let plain = PackCredentials::new(Tools::without_json_ld(&RustCryptoProvider));
    let whole = PackCredentials::new(Tools::with_json_ld(&RustCryptoProvider, &world.json_ld));
    let judge = |pack: &Pack<'_>| {
        let input = world.presentation(Form::Jwt);
        let (mut reports, wanted) = world
            .question(&input, bound(), Policy::RELYING_PARTY)
            .ask(Evidence::offline(pack), &Network::default());
        assert_eq!(wanted, []);
        reports.remove(0)
    };
    for form in [Form::Ecdsa, Form::Eddsa] {
        for (revoked, verdict) in [(vec![], Verdict::Valid), (vec![INDEX], Verdict::Invalid)] {
            let list = world.list(REVOCATION, StatusPurpose::Revocation, &revoked);
            let bytes = pack_of(&world.embedded(&list, form).to_string());
            assert_eq!(judge(&open(&bytes, &root, &whole).unwrap()).verdict, verdict);
            let pack = open(&bytes, &root, &plain).unwrap();
            let report = judge(&pack);
            assert_eq!(
                (report.verdict, report.status.state),
                (Verdict::Unknown, Status::Unknown)
            );
            let reason = Reason::NotProvableHere;
            assert!(
                report
                    .checks()
                    .any(|check| check.outcome == CheckOutcome::Absent { reason })
            );
            // The other list of the pack answers.
            assert_eq!(pack.status_lists().count(), 1);
            assert_eq!(pack.unproven_status_lists().collect::<Vec<_>>(), [REVOCATION]);
        }
        let good = world.list(REVOCATION, StatusPurpose::Revocation, &[]);
        let mut forged = world.embedded(&good, form);
        forged["validUntil"] = json!("2039-01-01T00:00:00Z");
        let bytes = pack_of(&forged.to_string());
        assert!(matches!(
            open(&bytes, &root, &whole),
            Err(PackError::StatusListCredential)
        ));
        assert_eq!(open(&bytes, &root, &plain).unwrap().status_lists().count(), 1);
    }
    // What needs no proof to be seen as wrong is refused by everybody: another's list, and none at all.
    let mut foreign = world.embedded(
        &world.list(REVOCATION, StatusPurpose::Revocation, &[]),
        Form::Ecdsa,
    );
    foreign["issuer"] = json!("did:web:other.example");
    for body in [foreign.to_string(), "{}".to_owned()] {
        assert!(matches!(
            open(&pack_of(&body), &root, &plain),
            Err(PackError::StatusListCredential)
        ));
    }
}
