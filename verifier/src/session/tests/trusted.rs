use symbolon_trust::testing::{DAY, NOW, TestIssuer};
use symbolon_trust::trust_list::CredentialTypeRule;

use super::world::{SECOND, World, bound, run};
use crate::report::{Authentic, Reason, Trusted, Verdict, Warning};
use crate::{Evidence, Policy};

#[test]
fn an_issuer_outside_the_trust_list_is_invalid_and_nothing_is_fetched_for_it() {
    let world = World::new();
    let other = TestIssuer::new("https://other.example", 300);
    let trust_list = world
        .registry
        .trust_list(vec![other.entry(vec![CredentialTypeRule::Any])], NOW);
    let outcome = run(
        &world.presentation(),
        bound(),
        Policy::RELYING_PARTY,
        Evidence::online(&trust_list),
        &Default::default(),
        &world.provider,
        NOW,
    );
    assert_eq!(outcome.report.verdict, Verdict::Invalid);
    assert!(outcome.report.failed_because(Reason::UnknownIssuer));
    assert!(outcome.report.claims.is_empty());
    assert_eq!(
        outcome.wanted,
        [],
        "an address in a stranger's text is never fetched"
    );
    assert_eq!(
        world.provider.verifications(),
        0,
        "a stranger's signature is not worth checking"
    );
}

#[test]
fn a_listed_issuer_may_not_make_a_type_it_is_not_listed_for() {
    let world = World::new();
    let rules = vec![CredentialTypeRule::Exactly(
        "https://issuer.example/types/driving-licence".to_owned(),
    )];
    let trust_list = world.registry.trust_list(vec![world.issuer.entry(rules)], NOW);
    let report = world.verify_with(
        &world.presentation(),
        bound(),
        Policy::RELYING_PARTY,
        &trust_list,
        NOW,
    );
    assert_eq!(
        (report.verdict, report.trusted.state),
        (Verdict::Invalid, Trusted::NotTrusted)
    );
    assert!(report.failed_because(Reason::TypeNotAllowed));

    let mut credential = world.template();
    let picture = serde_json::json!("data:image/webp;base64,AAEC");
    credential.claims.insert("picture".to_owned(), picture);
    let text = world.present(&world.issue(&credential));
    assert!(world.verify(&text).photo.is_some());
    let report = world.verify_with(&text, bound(), Policy::RELYING_PARTY, &trust_list, NOW);
    assert!(
        report.claims.is_empty() && report.photo.is_none(),
        "nothing of it is shown"
    );
}

#[test]
fn an_issuer_that_names_another_listed_one_is_not_that_one() {
    // Both are trusted; the second signs in the first one's name.
    let world = World::new();
    let other = TestIssuer::new("https://other.example", 300);
    let any = || vec![CredentialTypeRule::Any];
    let trust_list = world
        .registry
        .trust_list(vec![world.issuer.entry(any()), other.entry(any())], NOW);
    let chain = vec![other.credential_certificate.der().to_vec()];
    let reference = symbolon_credential::sd_jwt_vc::IssuerKeyReference::CertificateChain(chain);
    let forged = world.issue_with(&world.template(), &reference, &other.credential_key);
    let report = world.verify_with(
        &world.present(&forged),
        bound(),
        Policy::RELYING_PARTY,
        &trust_list,
        NOW,
    );
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::NoChainToAnchor));
}

#[test]
fn a_credential_without_issuer_is_the_one_of_its_certificate() {
    let world = World::new();
    let mut credential = world.template();
    credential.issuer = None;
    assert_eq!(
        world.verify(&world.present(&world.issue(&credential))).verdict,
        Verdict::Valid
    );
}

#[test]
fn a_trust_list_in_grace_is_used_with_a_warning() {
    let world = World::new();
    let now = NOW.plus(DAY + SECOND);
    let mut trust_list = world.trust_list();
    trust_list.grace = DAY;
    let text = world.present_with(&world.issue(&world.template()), &[], |claims| {
        claims.issued_at = now
    });
    let report = world.verify_with(&text, bound(), Policy::RELYING_PARTY, &trust_list, now);
    assert_eq!(report.trusted.state, Trusted::Trusted);
    assert!(report.warnings.contains(&Warning::TrustListInGrace {
        expired_at: NOW.plus(DAY)
    }));
}

#[test]
fn a_trust_list_beyond_its_grace_makes_everything_unknown() {
    let world = World::new();
    let now = NOW.plus(DAY * 2 + SECOND);
    let report = world.verify_with(
        &world.presentation(),
        bound(),
        Policy::RELYING_PARTY,
        &world.trust_list(),
        now,
    );
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(
        (report.authentic.state, report.trusted.state),
        (Authentic::Unknown, Trusted::Unknown)
    );
    assert!(report.failed_because(Reason::EvidenceTooOld));
    assert!(report.claims.is_empty());
}
