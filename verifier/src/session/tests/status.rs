use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use symbolon_credential::Input;
use symbolon_credential::status::StatusReference;
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestIssuer};
use symbolon_trust::trust_list::CredentialTypeRule;

use super::world::{Outcome, SECOND, World, bound, run};
use crate::policy::{FreshnessRule, FreshnessRules, WhenOlder};
use crate::report::{Reason, Report, Status, Verdict};
use crate::{
    Evidence, MAX_ROUNDS, Policy, StatusAge, StatusEvidence, StatusPolicy, Step, Tools, VerificationSession,
    Want,
};

fn outcome(world: &World, evidence: StatusEvidence, policy: Policy) -> Outcome {
    let trust_list = world.trust_list();
    let fetched = BTreeMap::from([(world.uri(), evidence)]);
    run(
        &world.presentation(),
        bound(),
        policy,
        Evidence::online(&trust_list),
        &fetched,
        &world.provider,
        NOW,
    )
}

fn report(world: &World, token: String) -> Report {
    outcome(world, StatusEvidence::Token(token), Policy::RELYING_PARTY).report
}

#[test]
fn asks_for_the_status_list_once_and_for_nothing_else() {
    let world = World::new();
    let token = StatusEvidence::Token(world.token(Listed::Valid));
    let outcome = outcome(&world, token, Policy::RELYING_PARTY);
    assert_eq!(outcome.wanted, [Want::StatusList { uri: world.uri() }]);
    // Issuer's chain, issuer, holder, status signer's chain, status list: five signatures, each once.
    assert_eq!(world.provider.verifications(), 5);
}

#[test]
fn revoked_and_suspended_are_invalid() {
    let world = World::new();
    let revoked = report(&world, world.token(Listed::Invalid));
    assert_eq!(
        (revoked.verdict, revoked.status.state),
        (Verdict::Invalid, Status::Revoked)
    );
    let suspended = report(&world, world.token(Listed::Suspended));
    assert_eq!(
        (suspended.verdict, suspended.status.state),
        (Verdict::Invalid, Status::Suspended)
    );
}

#[test]
fn a_list_that_cannot_be_had_is_unknown() {
    let world = World::new();
    let report = outcome(&world, StatusEvidence::Absent, Policy::RELYING_PARTY).report;
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
    assert_eq!(report.as_of, None);
}

#[test]
fn a_list_that_cannot_be_believed_is_unknown() {
    let world = World::new();
    let impostor = TestIssuer::new("https://issuer.example", 500);
    let list = world.list(Listed::Valid);
    let other_uri = world.issuer.status_uri(1);
    for (token, reason) in [
        (
            impostor.status_token(&world.uri(), &list, NOW),
            Reason::NoChainToAnchor,
        ),
        (
            world.issuer.status_token(&other_uri, &list, NOW),
            Reason::EvidenceOfAnotherIssuer,
        ),
        (
            world.issuer.status_token(&world.uri(), &list, NOW.minus(DAY)),
            Reason::EvidenceTooOld,
        ),
        (
            world.issuer.status_token(&world.uri(), &list, NOW.plus(DAY)),
            Reason::NotYetValid,
        ),
        (world.presentation(), Reason::Malformed),
        ("<html>".to_owned(), Reason::Malformed),
    ] {
        let report = report(&world, token);
        assert_eq!(
            (report.verdict, report.status.state),
            (Verdict::Unknown, Status::Unknown),
            "{reason:?}"
        );
        assert!(report.failed_because(reason), "{reason:?}");
    }
}

#[test]
fn a_value_without_a_meaning_is_unknown() {
    let world = World::new();
    let report = report(&world, world.token(Listed::ApplicationSpecific(3)));
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
    assert!(report.failed_because(Reason::UnknownStatusValue));
}

#[test]
fn an_index_behind_the_end_of_the_list_is_invalid() {
    let world = World::new();
    let mut credential = world.template();
    credential.status = Some(StatusReference::new(world.uri(), 1_000).unwrap());
    let report = world.verify(&world.present(&world.issue(&credential)));
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Invalid, Status::OutOfRange)
    );
}

#[test]
fn a_credential_without_status_lives_by_its_expiry_where_the_policy_lets_it() {
    let world = World::new();
    let mut credential = world.template();
    credential.status = None;
    let text = world.present(&world.issue(&credential));
    let report = world.verify(&text);
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Valid, Status::WithoutStatus)
    );
    let policy = Policy {
        status: StatusPolicy::Always,
        ..Policy::RELYING_PARTY
    };
    let report = world.verify_with(&text, bound(), policy, &world.trust_list(), NOW);
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
}

#[test]
fn a_status_of_another_mechanism_is_not_the_absence_of_one() {
    let world = World::new();
    let text = world.issue(&world.template());
    // What an issuer with another mechanism would sign.
    let payload: serde_json::Value = {
        let part = text.split('.').nth(1).unwrap();
        serde_json::from_slice(&symbolon_crypto::encoding::base64url::decode(part).unwrap()).unwrap()
    };
    let mut payload = payload;
    payload["status"] = json!({ "identifier_list": { "id": "x", "uri": "https://issuer.example/ids" } });
    let header = json!({
        "typ": "dc+sd-jwt",
        "x5c": symbolon_crypto::jose::jws::x5c_value([world.issuer.credential_certificate.der()]),
    });
    let prepared = symbolon_crypto::jose::jws::prepare(
        symbolon_crypto::SignatureAlgorithm::Es256,
        header.as_object().unwrap(),
        payload.to_string().as_bytes(),
    );
    let key = &world.issuer.credential_key;
    let jwt = prepared.request(key.handle());
    let jwt = prepared.finish(&key.sign(&jwt));
    let report = world.verify(&world.present_with(&format!("{jwt}~"), &[], |_| {}));
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
}

#[test]
fn old_good_news_is_no_news_and_old_bad_news_stays_bad() {
    let world = World::new();
    let policy = Policy {
        freshness: FreshnessRules::of_every_type(FreshnessRule {
            oldest: StatusAge::AtMost(SECOND * 3_600),
            when_older: WhenOlder::Unknown,
        }),
        ..Policy::RELYING_PARTY
    };
    let token = |status, age| {
        let list = world.list(status);
        StatusEvidence::Token(world.issuer.status_token(&world.uri(), &list, NOW.minus(age)))
    };
    let fresh = outcome(&world, token(Listed::Valid, SECOND * 3_600), policy.clone()).report;
    assert_eq!(fresh.verdict, Verdict::Valid);
    let old = outcome(&world, token(Listed::Valid, SECOND * 3_601), policy.clone()).report;
    assert_eq!(
        (old.verdict, old.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
    assert!(old.failed_because(Reason::EvidenceTooOld));
    let old = outcome(&world, token(Listed::Invalid, SECOND * 3_601), policy.clone()).report;
    assert_eq!(
        (old.verdict, old.status.state),
        (Verdict::Invalid, Status::Revoked)
    );
}

#[test]
fn a_list_verified_before_is_used_without_checking_its_signature_again() {
    let world = World::new();
    let trust_list = world.trust_list();
    let text = world.presentation();
    let input = Input::of_text(&text).unwrap();
    let mut first = VerificationSession::new(&input, bound(), Policy::RELYING_PARTY).unwrap();
    let mut evidence = Evidence::online(&trust_list);
    evidence.add_status_list(world.uri(), StatusEvidence::Token(world.token(Listed::Valid)));
    assert!(matches!(
        first.step(&evidence, Tools::without_json_ld(&world.provider), NOW),
        Step::Done(_)
    ));
    let list: Vec<_> = first.verified_status_lists().map(Arc::clone).collect();
    assert_eq!(list.len(), 1);

    let before = world.provider.verifications();
    let outcome = outcome(
        &world,
        StatusEvidence::Verified(list[0].clone()),
        Policy::RELYING_PARTY,
    );
    assert_eq!(outcome.report.verdict, Verdict::Valid);
    assert_eq!(
        world.provider.verifications() - before,
        3,
        "chain, issuer, holder"
    );
}

#[test]
fn a_verified_list_of_another_place_or_issuer_or_time_does_not_count() {
    let world = World::new();
    let other = TestIssuer::new("https://other.example", 300);
    let entry = other.entry(vec![CredentialTypeRule::Any]);
    let verified = |issuer: &TestIssuer, entry, uri: &str, at| {
        let token = issuer.status_token(uri, &world.list(Listed::Valid), at);
        let budget = Policy::RELYING_PARTY.status_list_budget;
        let parsed = symbolon_trust::status_list::StatusListToken::parse(&token, budget).unwrap();
        Arc::new(parsed.verify(uri, entry, &world.provider, at).unwrap())
    };
    let own = world.issuer.entry(Vec::new());
    for (list, reason) in [
        (
            verified(&other, &entry, "https://other.example/status/0", NOW),
            Reason::EvidenceOfAnotherIssuer,
        ),
        (
            verified(&world.issuer, &own, &world.issuer.status_uri(1), NOW),
            Reason::EvidenceOfAnotherIssuer,
        ),
        (
            verified(&world.issuer, &own, &world.uri(), NOW.minus(DAY)),
            Reason::EvidenceTooOld,
        ),
    ] {
        let report = outcome(&world, StatusEvidence::Verified(list), Policy::RELYING_PARTY).report;
        assert_eq!(report.status.state, Status::Unknown);
        assert!(report.failed_because(reason), "{reason:?}");
    }
}

#[test]
fn a_driver_that_never_answers_gets_a_report_all_the_same() {
    let world = World::new();
    let trust_list = world.trust_list();
    let text = world.presentation();
    let input = Input::of_text(&text).unwrap();
    let mut session = VerificationSession::new(&input, bound(), Policy::RELYING_PARTY).unwrap();
    let evidence = Evidence::online(&trust_list);
    let tools = Tools::without_json_ld(&world.provider);
    for _ in 0..MAX_ROUNDS {
        assert!(matches!(session.step(&evidence, tools, NOW), Step::Wants(_)));
    }
    let Step::Done(reports) = session.step(&evidence, tools, NOW) else {
        panic!("it ends")
    };
    assert_eq!(reports[0].verdict, Verdict::Unknown);
    assert_eq!(
        world.provider.verifications(),
        3,
        "asking again checks nothing again"
    );
}

#[test]
fn a_list_under_a_foreign_address_is_not_the_issuers_word() {
    let world = World::new();
    let mut credential = world.template();
    let uri = "https://elsewhere.example/status/0";
    credential.status = Some(StatusReference::new(uri, 1).unwrap());
    let trust_list = world.trust_list();
    let token = world.issuer.status_token(uri, &world.list(Listed::Valid), NOW);
    let fetched = BTreeMap::from([(uri.to_owned(), StatusEvidence::Token(token))]);
    let text = world.present(&world.issue(&credential));
    let evidence = Evidence::online(&trust_list);
    let report = run(
        &text,
        bound(),
        Policy::RELYING_PARTY,
        evidence,
        &fetched,
        &world.provider,
        NOW,
    )
    .report;
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
    assert!(report.failed_because(Reason::EvidenceOfAnotherIssuer));
}

#[test]
fn nothing_is_fetched_for_a_credential_that_is_not_believed() {
    let world = World::new();
    let trust_list = world.trust_list();
    let mut credential = world.template();
    credential.expires = Some(NOW.minus(DAY));
    let text = world.present(&world.issue(&credential));
    let evidence = Evidence::online(&trust_list);
    let outcome = run(
        &text,
        bound(),
        Policy::RELYING_PARTY,
        evidence,
        &BTreeMap::new(),
        &world.provider,
        NOW,
    );
    assert_eq!(outcome.report.verdict, Verdict::Invalid);
    assert_eq!(outcome.wanted, []);
}

#[test]
fn a_list_that_comes_as_a_cwt_says_the_same() {
    let world = World::new();
    let report = |listed, issued_at| {
        let cwt = world
            .issuer
            .status_cwt(&world.uri(), &world.list(listed), issued_at);
        outcome(&world, StatusEvidence::of_body(cwt), Policy::RELYING_PARTY).report
    };
    assert_eq!(report(Listed::Valid, NOW).verdict, Verdict::Valid);
    assert_eq!(report(Listed::Invalid, NOW).status.state, Status::Revoked);
    let old = report(Listed::Valid, NOW.minus(DAY));
    assert_eq!(old.status.state, Status::Unknown);
    assert!(old.failed_because(Reason::EvidenceTooOld));
    let impostor = TestIssuer::new("https://issuer.example", 500);
    let forged = impostor.status_cwt(&world.uri(), &world.list(Listed::Valid), NOW);
    let forged = outcome(&world, StatusEvidence::of_body(forged), Policy::RELYING_PARTY).report;
    assert_eq!(forged.status.state, Status::Unknown);
    assert!(forged.failed_because(Reason::NoChainToAnchor));
}

#[test]
fn of_the_past_only_a_list_of_that_time_tells() {
    let world = World::new();
    let trust_list = world.trust_list();
    let judged = |issued_at, evidence: Evidence<'_>| {
        let token = world
            .issuer
            .status_token(&world.uri(), &world.list(Listed::Valid), issued_at);
        let fetched = BTreeMap::from([(world.uri(), StatusEvidence::Token(token))]);
        let policy = Policy::RELYING_PARTY;
        run(
            &world.presentation(),
            bound(),
            policy,
            evidence,
            &fetched,
            &world.provider,
            NOW,
        )
        .report
    };
    // By a clock that is a little behind, a list was made in the future.
    let later = NOW.plus(60 * SECOND);
    assert_eq!(
        judged(later, Evidence::online(&trust_list)).status.state,
        Status::Good
    );
    // Who asks about the past and gets a list made after it was not told about the past.
    let refused = judged(later, Evidence::online(&trust_list).of_the_past());
    assert_eq!(refused.status.state, Status::Unknown);
    assert!(refused.failed_because(Reason::NotYetValid));
    for issued_at in [NOW, NOW.minus(DAY).plus(SECOND)] {
        let report = judged(issued_at, Evidence::online(&trust_list).of_the_past());
        assert_eq!(report.status.state, Status::Good, "{issued_at:?}");
    }
    let expired = judged(NOW.minus(DAY), Evidence::online(&trust_list).of_the_past());
    assert!(expired.failed_because(Reason::EvidenceTooOld));
}
