//! Status list credentials that a pack carries, and who signs them.

use serde_json::json;
use symbolon_credential::w3c::StatusPurpose;
use symbolon_crypto::jose::jws;
use symbolon_crypto::x509::RevocationList;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_trust::pack::{
    Pack, PackBuilder, PackError, PackStatus, PackTimes, PackTools, VerbatimForm, VerbatimSection, apply,
};
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority};
use symbolon_trust::trust_list::RootOfTrust;

use super::w3c_world::{DID, Form, INDEX, REVOCATION, SUSPENSION, W3cWorld};
use super::world::{ISSUER, Network, Question, SECOND, bound};
use crate::report::{CheckOutcome, Reason, Report, Status, Verdict};
use crate::{Evidence, PackCredentials, Policy, StatusListCredentialEvidence, Tools};

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
