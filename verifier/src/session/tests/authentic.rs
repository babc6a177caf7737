use symbolon_credential::sd_jwt_vc::IssuerKeyReference;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::x509::issue::KeyPurpose;
use symbolon_trust::testing::{NOW, TestIssuer};

use super::world::{ISSUER, SECOND, VCT, World, all_is_good, is_unreadable, names};
use crate::Policy;
use crate::report::{Reason, Verdict};

#[test]
fn four_good_answers_are_valid_and_say_what_they_rest_on() {
    let world = World::new();
    let report = world.verify(&world.presentation());
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(report.as_of, Some(NOW));
    assert_eq!(report.credential_type.as_deref(), Some(VCT));
    assert_eq!(report.issuer.as_ref().unwrap().identifier, ISSUER);
    all_is_good(&report);
    assert!(report.checks().count() >= 10);
    assert!(report.warnings.is_empty());
}

#[test]
fn shows_what_was_disclosed_and_nothing_that_links_copies() {
    let world = World::new();
    let report = world.verify(&world.presentation());
    let mut shown = names(&report.claims);
    shown.sort_unstable();
    assert_eq!(
        shown,
        ["exp", "family_name", "given_name", "iat", "iss", "nbf", "vct"]
    );
}

#[test]
fn rejects_an_issuer_signature_by_another_key() {
    let world = World::new();
    let chain =
        IssuerKeyReference::CertificateChain(vec![world.issuer.credential_certificate.der().to_vec()]);
    let impostor = TestIssuer::new(ISSUER, 500);
    let forged = world.issue_with(&world.template(), &chain, &impostor.credential_key);
    let report = world.verify(&world.present(&forged));
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::WrongSignature));
    assert!(
        report.claims.is_empty() && report.photo.is_none(),
        "nothing of a forgery is shown"
    );
}

#[test]
fn rejects_a_certificate_of_another_authority() {
    let world = World::new();
    let impostor = TestIssuer::new(ISSUER, 500);
    let chain = IssuerKeyReference::CertificateChain(vec![impostor.credential_certificate.der().to_vec()]);
    let forged = world.issue_with(&world.template(), &chain, &impostor.credential_key);
    let report = world.verify(&world.present(&forged));
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::NoChainToAnchor));
}

#[test]
fn rejects_a_signer_of_the_same_authority_that_is_not_the_issuer() {
    let world = World::new();
    let key = &world.issuer.credential_key;
    let other = world
        .issuer
        .authority
        .issue(key.public_key(), "https://other.example", None);
    let chain = IssuerKeyReference::CertificateChain(vec![other.der().to_vec()]);
    let report = world.verify(&world.present(&world.issue_with(&world.template(), &chain, key)));
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::SignerIsNotIssuer));
}

#[test]
fn rejects_the_status_key_as_signer_of_a_credential() {
    let world = World::new();
    let key = &world.issuer.status_key;
    let leaf = world
        .issuer
        .authority
        .issue(key.public_key(), ISSUER, Some(KeyPurpose::StatusLists));
    let chain = IssuerKeyReference::CertificateChain(vec![leaf.der().to_vec()]);
    let report = world.verify(&world.present(&world.issue_with(&world.template(), &chain, key)));
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::NoChainToAnchor));
}

#[test]
fn rejects_a_changed_disclosure() {
    let world = World::new();
    let text = world.presentation();
    let mut parts: Vec<String> = text.split('~').map(str::to_owned).collect();
    parts[1] = base64url::encode(br#"["c2FsdHNhbHRzYWx0c2FsdA","given_name","Mallory"]"#);
    let report = world.verify(&parts.join("~"));
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::BrokenDisclosures));
}

#[test]
fn rejects_another_kind_of_token_and_the_algorithm_none() {
    let world = World::new();
    let text = world.presentation();
    let (jwt, rest) = text.split_once('~').unwrap();
    let mut parts = jwt.split('.');
    let (_, payload, signature) = (parts.next(), parts.next().unwrap(), parts.next().unwrap());
    for (header, reason) in [
        (r#"{"alg":"none","typ":"dc+sd-jwt"}"#, Reason::Malformed),
        (r#"{"alg":"HS256","typ":"dc+sd-jwt"}"#, Reason::Malformed),
        (r#"{"alg":"ES256","typ":"kb+jwt"}"#, Reason::WrongType),
        (r#"{"alg":"ES256","typ":"statuslist+jwt"}"#, Reason::WrongType),
        (r#"{"alg":"ES256","typ":"vc+sd-jwt"}"#, Reason::WrongType),
        (r#"{"alg":"ES256"}"#, Reason::WrongType),
    ] {
        let forged = format!(
            "{}.{payload}.{signature}~{rest}",
            base64url::encode(header.as_bytes())
        );
        let report = world.verify(&forged);
        assert_eq!(report.verdict, Verdict::Invalid, "{header}");
        assert!(report.failed_because(reason), "{header}");
    }
}

#[test]
fn rejects_a_credential_before_and_after_its_time() {
    let world = World::new();
    let mut credential = world.template();
    credential.expires = Some(NOW.minus(Policy::RELYING_PARTY.clock_tolerance));
    let report = world.verify(&world.present(&world.issue(&credential)));
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::Expired));
    credential.expires = Some(NOW.minus(Policy::RELYING_PARTY.clock_tolerance).plus(SECOND));
    assert_eq!(
        world.verify(&world.present(&world.issue(&credential))).verdict,
        Verdict::Valid
    );

    let mut early = world.template();
    early.not_before = Some(NOW.plus(Policy::RELYING_PARTY.clock_tolerance).plus(SECOND));
    let report = world.verify(&world.present(&world.issue(&early)));
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::NotYetValid));
}

#[test]
fn a_text_of_no_known_format_is_no_report() {
    for text in [
        "",
        "hello",
        "hello ~ world",
        "openid4vp://?request_uri=x",
        "eyJhbGciOiJFUzI1NiJ9.e30.AA",
        "NOT A CARD",
    ] {
        assert!(is_unreadable(text.as_bytes()), "{text}");
    }
}

#[test]
fn no_changed_character_makes_a_presentation_valid() {
    let world = World::new();
    let text = world.presentation();
    for index in (0..text.len()).step_by(23) {
        let mut bytes = text.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        if !is_unreadable(changed.as_bytes()) {
            assert_ne!(
                world.verify(&changed).verdict,
                Verdict::Valid,
                "character {index}"
            );
        }
    }
}
