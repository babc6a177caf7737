//! ISO mdocs: one test for each check.

use symbolon_credential::mdoc::{
    DocType, EMacKey, IssuerSigned, ItemsRequest, MdocBudget, SessionTranscript, write_device_request,
};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::issue::KeyPurpose;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm};
use symbolon_protocol::proximity::{
    EngagedHolder, HolderEvent, ReaderEvent, ReaderSession, ReaderTrust, ScannedReader,
};
use symbolon_trust::pack::Pack;
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority, TestKey};
use symbolon_trust::trust_list::CredentialTypeRule;

use super::mdoc_world::{DOC_TYPE, LICENCE_SPACE, MdocWorld, SPACE, jurisdiction_element, transcript};
use super::world::{
    AUDIENCE, ISSUER, NONCE, RESPONSE_URI, SECOND, all_is_good, binding, bound, is_unreadable,
};
use crate::report::{Authentic, CheckName, CredentialFormat, Holder, Reason, Report, Status, Verdict};
use crate::{Binding, Evidence, Expected, Policy, Want};

fn refused(report: &Report, reason: Reason) {
    assert_eq!(report.verdict, Verdict::Invalid, "{reason:?}");
    assert!(report.failed_because(reason), "{reason:?} {report:?}");
}

#[test]
fn four_good_answers_are_valid_and_say_by_which_sections() {
    let world = MdocWorld::new();
    let report = world.verify(&world.present(&world.authority.issue(&world.template())));
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(report.format, CredentialFormat::Mdoc);
    assert_eq!(report.credential_type.as_deref(), Some(DOC_TYPE));
    assert_eq!(report.issuer.as_ref().unwrap().identifier, ISSUER);
    all_is_good(&report);
    let names: Vec<CheckName> = report.checks().map(|check| check.name).collect();
    assert_eq!(
        names,
        [
            CheckName::IssuerCertificates,
            CheckName::DocumentType,
            CheckName::IssuerSignature,
            CheckName::Disclosures,
            CheckName::ValidityPeriod,
            CheckName::TrustList,
            CheckName::IssuerListed,
            CheckName::CredentialTypeAllowed,
            CheckName::StatusReference,
            CheckName::StatusListSignature,
            CheckName::CredentialStatus,
            CheckName::KeyBinding,
        ]
    );
    let signature = report
        .authentic
        .checks
        .iter()
        .find(|check| check.name == CheckName::IssuerSignature);
    assert!(signature.unwrap().section.starts_with("ISO/IEC 18013-5"));
}

#[test]
fn shows_exactly_the_elements_that_were_presented() {
    let world = MdocWorld::new();
    let issued = world.authority.issue(&world.template());
    for names in [vec![], vec!["age_over_18"], vec!["birth_date", "family_name"]] {
        let report = world.verify(&world.present_for(&issued, &names, &transcript(AUDIENCE, NONCE)));
        assert_eq!(report.verdict, Verdict::Valid, "{names:?}");
        let shown: Vec<String> = report
            .claims
            .get(SPACE)
            .and_then(|elements| elements.as_object())
            .map(|elements| elements.keys().cloned().collect())
            .unwrap_or_default();
        let mut shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        shown.sort_unstable();
        assert_eq!(shown, names);
    }
    let report = world.verify(&world.present_for(&issued, &["portrait"], &transcript(AUDIENCE, NONCE)));
    assert_eq!(report.photo.unwrap().media_type.as_str(), "image/jpeg");
}

#[test]
fn is_read_as_bytes_as_base64url_and_as_hexadecimal() {
    let world = MdocWorld::new();
    let response = world.present(&world.authority.issue(&world.template()));
    let hexadecimal: String = response.iter().map(|byte| format!("{byte:02x}")).collect();
    for input in [
        response.clone(),
        base64url::encode(&response).into_bytes(),
        format!("{hexadecimal}\n").into_bytes(),
    ] {
        assert_eq!(world.verify(&input).verdict, Verdict::Valid);
    }
}

#[test]
fn rejects_an_element_that_is_not_the_one_that_was_signed() {
    let world = MdocWorld::new();
    let mut response = world.present(&world.authority.issue(&world.template()));
    let at = response.windows(5).position(|part| part == b"Amina").unwrap();
    response[at] = b'E';
    let report = world.verify(&response);
    refused(&report, Reason::BrokenDisclosures);
    assert!(report.claims.is_empty(), "nothing of a forgery is shown");
}

#[test]
fn rejects_another_signer_under_the_certificate_of_the_right_one() {
    let world = MdocWorld::new();
    let impostor = TestIssuingAuthority::new(800);
    let forged = impostor.issue_under(&world.template(), world.authority.certificate());
    refused(&world.verify(&world.present(&forged)), Reason::WrongSignature);
}

#[test]
fn rejects_a_signer_of_another_authority() {
    let world = MdocWorld::new();
    // An authority of the same name: only its key tells it from the right one.
    let impostor = TestIssuingAuthority::new(800);
    let report = world.verify(&world.present(&impostor.issue(&world.template())));
    refused(&report, Reason::NoChainToAnchor);
}

#[test]
fn rejects_a_signer_of_no_listed_authority_without_looking_at_its_signature() {
    let world = MdocWorld::new();
    let issued = world.authority.issue(&world.template());
    let mut list = world.trust_list();
    list.issuers[0].anchors.pop();
    let response = world.present(&issued);
    let report = world.verify_against(&response, bound(), Policy::RELYING_PARTY, NOW, &list);
    refused(&report, Reason::UnknownIssuer);
    assert_eq!(world.world.provider.verifications(), 0);
}

#[test]
fn rejects_the_signer_of_other_credentials_and_a_signer_that_vouches_for_itself() {
    let world = MdocWorld::new();
    let issuer = &world.world.issuer;
    let forger = TestIssuingAuthority::new(800);
    for certificate in [
        issuer.authority.issue(forger.signer().public_key(), ISSUER, None),
        issuer.authority.issue(
            forger.signer().public_key(),
            ISSUER,
            Some(KeyPurpose::StatusLists),
        ),
        world.authority.root().clone(),
    ] {
        let forged = forger.issue_under(&world.template(), certificate.der());
        refused(&world.verify(&world.present(&forged)), Reason::NoChainToAnchor);
    }
}

#[test]
fn rejects_an_mdoc_before_and_after_its_time() {
    let world = MdocWorld::new();
    let tolerance = Policy::RELYING_PARTY.clock_tolerance;
    let mut expired = world.template();
    expired.validity.valid_until = NOW.minus(tolerance);
    refused(
        &world.verify(&world.present(&world.authority.issue(&expired))),
        Reason::Expired,
    );
    let mut early = world.template();
    early.validity.valid_from = NOW.plus(tolerance + SECOND);
    refused(
        &world.verify(&world.present(&world.authority.issue(&early))),
        Reason::NotYetValid,
    );
    let mut long_ago = world.template();
    long_ago.validity.signed = NOW.minus(DAY * 60);
    refused(
        &world.verify(&world.present(&world.authority.issue(&long_ago))),
        Reason::SignedOutsideCertificate,
    );
}

#[test]
fn rejects_another_document_type_than_the_one_that_was_signed() {
    let world = MdocWorld::new();
    let mut response = world.present(&world.authority.issue(&world.template()));
    // The device states the type first; what the issuer signed comes later.
    let name = DOC_TYPE.as_bytes();
    let at = response
        .windows(name.len())
        .position(|part| part == name)
        .unwrap();
    response[at + name.len() - 1] = b'2';
    refused(&world.verify(&response), Reason::WrongDocumentType);
}

#[test]
fn rejects_a_type_that_the_trust_list_does_not_let_the_issuer_make() {
    let world = MdocWorld::new();
    let mut list = world.trust_list();
    list.issuers[0].credential_types = vec![CredentialTypeRule::Exactly("another".to_owned())];
    let response = world.present(&world.authority.issue(&world.template()));
    let report = world.verify_against(&response, bound(), Policy::RELYING_PARTY, NOW, &list);
    refused(&report, Reason::TypeNotAllowed);
    assert!(report.claims.is_empty());
}

#[test]
fn of_issuers_with_one_authority_it_is_the_one_that_may_make_the_type() {
    let world = MdocWorld::new();
    let mut list = world.trust_list();
    let mut other = list.issuers[0].clone();
    other.identifier = symbolon_trust::trust_list::IssuerIdentifier::parse("https://other.example").unwrap();
    other.credential_types = vec![CredentialTypeRule::Exactly("another".to_owned())];
    list.issuers.insert(0, other);
    let response = world.present(&world.authority.issue(&world.template()));
    let report = world.verify_against(&response, bound(), Policy::RELYING_PARTY, NOW, &list);
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(report.issuer.unwrap().identifier, ISSUER);
}

#[test]
fn rejects_a_licence_of_another_country_than_its_signer() {
    let world = MdocWorld::new();
    let verify = |country: &str| {
        let issued = world.authority.issue(&world.licence(country));
        let names = ["family_name", "issuing_country"];
        world.verify(&world.present_for(&issued, &names, &transcript(AUDIENCE, NONCE)))
    };
    let report = verify("SN");
    assert_eq!(report.verdict, Verdict::Valid);
    assert!(report.claims.contains_key(LICENCE_SPACE));
    refused(&verify("ML"), Reason::SignerIsNotIssuer);
}

/// A jurisdiction begins with its country, so a licence whose holder shows that alone is held to the same.
#[test]
fn a_licence_without_its_country_is_held_to_its_jurisdiction() {
    let world = MdocWorld::new();
    let verify = |country: &str, jurisdiction: &str, shown: &[&str]| {
        let mut licence = world.licence(country);
        licence.elements[0].1.push(jurisdiction_element(jurisdiction));
        let issued = world.authority.issue(&licence);
        world.verify(&world.present_for(&issued, shown, &transcript(AUDIENCE, NONCE)))
    };
    let alone = ["family_name", "issuing_jurisdiction"];
    let both = ["family_name", "issuing_country", "issuing_jurisdiction"];
    for shown in [alone.as_slice(), &both] {
        assert_eq!(verify("SN", "SN-DK", shown).verdict, Verdict::Valid);
        refused(&verify("SN", "ML-7", shown), Reason::SignerIsNotIssuer);
        refused(&verify("SN", "SNDK", shown), Reason::SignerIsNotIssuer);
    }
    // Where neither was shown, nothing says another country than the authority that is named.
    let report = verify("ML", "ML-7", &["family_name"]);
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(report.issuer.unwrap().identifier, ISSUER);
}

#[test]
fn rejects_the_signature_of_a_device_over_another_session() {
    let world = MdocWorld::new();
    let issued = world.authority.issue(&world.template());
    let thumbprint = world.world.holder.public_key().thumbprint();
    for other in [
        transcript(AUDIENCE, "n-other"),
        transcript("x509_hash:other", NONCE),
        SessionTranscript::openid4vp(AUDIENCE, NONCE, None, "https://other.example/responses/1"),
        SessionTranscript::openid4vp(AUDIENCE, NONCE, Some(&thumbprint), RESPONSE_URI),
        SessionTranscript::openid4vp_dc_api("https://verifier.example", NONCE, None),
    ] {
        let report = world.verify(&world.present_for(&issued, &["given_name"], &other));
        refused(&report, Reason::WrongSignature);
        assert_eq!(report.holder.state, Holder::Refuted);
        assert_eq!(report.holder_key, None);
    }
}

#[test]
fn rejects_the_signature_of_another_device() {
    let mut world = MdocWorld::new();
    let issued = world.authority.issue(&world.template());
    world.world.holder = TestKey::new(SignatureAlgorithm::Es256, 901);
    let report = world.verify(&world.present(&issued));
    refused(&report, Reason::WrongSignature);
    assert_eq!(report.holder.state, Holder::Refuted);
}

#[test]
fn a_stored_presentation_without_its_session_is_unknown() {
    let world = MdocWorld::new();
    let response = world.present(&world.authority.issue(&world.template()));
    let mut without_session = binding();
    without_session.session = None;
    for expected in [
        Expected::Unchecked,
        Expected::NotApplicable,
        Expected::Bound(without_session),
    ] {
        let report = world.verify_with(&response, expected, Policy::CHECKPOINT, NOW);
        assert_eq!(
            (report.verdict, report.holder.state),
            (Verdict::Unknown, Holder::NotChecked)
        );
    }
}

#[test]
fn what_the_issuer_made_is_nobodys_presentation() {
    let world = MdocWorld::new();
    let issued = world.authority.issue(&world.template());
    let report = world.verify(&issued);
    refused(&report, Reason::ProofMissing);
    assert_eq!(report.authentic.state, Authentic::Authentic);
    let report = world.verify_with(&issued, Expected::Unchecked, Policy::CHECKPOINT, NOW);
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Unknown, Holder::NotChecked)
    );
    assert!(report.claims.contains_key(SPACE));
}

#[test]
fn a_device_mac_proves_the_holder_to_the_reader_of_the_session_alone() {
    let world = MdocWorld::new();
    let generate = |seed| {
        RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
            .unwrap()
    };
    let (holder, reader, other): (SecretKey, SecretKey, SecretKey) = (generate(1), generate(2), generate(3));
    let mut mdoc = world.template();
    mdoc.device_key = holder.public_key();
    let response = world.present_with_mac(&world.authority.issue(&mdoc), &holder, &reader);

    let verify = |expected| world.verify_with(&response, expected, Policy::RELYING_PARTY, NOW);
    let report = verify(Expected::Bound(binding().with_reader_key(reader)));
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Valid, Holder::ProvenByKey)
    );
    refused(
        &verify(Expected::Bound(binding().with_reader_key(other))),
        Reason::WrongSignature,
    );
    let report = verify(bound());
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Unknown, Holder::NotChecked)
    );
}

#[test]
fn what_is_shown_face_to_face_is_judged_by_its_session() {
    let world = MdocWorld::new();
    let holder = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(1))
        .unwrap();
    let mut mdoc = world.template();
    mdoc.device_key = holder.public_key();
    let issued = world.authority.issue(&mdoc);
    let meet = |seed| {
        let randomness = SeededRandomness::new(seed);
        let engaged = EngagedHolder::engage(Vec::new(), &RustCryptoProvider, &randomness).unwrap();
        let text = engaged.engagement().to_qr_text();
        let reader = ScannedReader::scan(&text, &RustCryptoProvider, &randomness).unwrap();
        (engaged, reader)
    };
    let (engaged, reader) = meet(20);
    let session = reader.session();
    let items = ItemsRequest {
        doc_type: DocType::parse(DOC_TYPE).unwrap(),
        elements: Vec::new(),
    };
    let request = write_device_request(&[items.without_reader_auth()]);
    let (message, reader) = reader.establish(&request).unwrap();
    let trust = ReaderTrust {
        anchors: &[],
        now: NOW,
    };
    let HolderEvent::Requested(asked) = engaged.receive(&message, trust, &RustCryptoProvider).unwrap() else {
        panic!("the reader asks")
    };
    let held = IssuerSigned::parse(&issued, MdocBudget::DEFAULT).unwrap();
    let transcript = asked.transcript().clone();
    let key = EMacKey::derive(&RustCryptoProvider, &holder, asked.reader_key(), &transcript).unwrap();
    let response = held
        .present(&[(SPACE, "given_name")])
        .unwrap()
        .with_mac(&key, &transcript);
    let message = asked.answer_and_end(&response).unwrap();
    let ReaderEvent::LastResponse { device_response } = reader.receive(&message).unwrap() else {
        panic!("the holder answers")
    };

    let verify = |session: &ReaderSession| {
        let expected = Expected::Bound(Binding::proximity(session));
        world.verify_with(&device_response, expected, Policy::RELYING_PARTY, NOW)
    };
    let report = verify(&session);
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Valid, Holder::ProvenByKey)
    );
    // In another session it proves nothing.
    refused(&verify(&meet(21).1.session()), Reason::WrongSignature);
}

#[test]
fn the_status_in_the_security_object_is_looked_up() {
    let world = MdocWorld::new();
    let response = world.present(&world.authority.issue(&world.template()));
    for (listed, verdict, state) in [
        (Listed::Valid, Verdict::Valid, Status::Good),
        (Listed::Invalid, Verdict::Invalid, Status::Revoked),
        (Listed::Suspended, Verdict::Invalid, Status::Suspended),
    ] {
        let question = world.question(&response, bound(), Policy::RELYING_PARTY, NOW);
        let list = world.trust_list();
        let (reports, wanted) = question.ask(Evidence::online(&list), &world.network(listed));
        assert_eq!((reports[0].verdict, reports[0].status.state), (verdict, state));
        assert_eq!(
            wanted,
            [Want::StatusList {
                uri: world.world.uri()
            }]
        );
    }
    let question = world.question(&response, bound(), Policy::RELYING_PARTY, NOW);
    let list = world.trust_list();
    let (reports, _) = question.ask(Evidence::online(&list), &super::world::Network::default());
    assert_eq!(reports[0].verdict, Verdict::Unknown);
    let mut untracked = world.template();
    untracked.status = None;
    let response = world.present(&world.authority.issue(&untracked));
    assert_eq!(world.verify(&response).status.state, Status::WithoutStatus);
    let report = world.verify_with(&response, bound(), Policy::CHECKPOINT, NOW);
    assert_eq!(report.verdict, Verdict::Unknown);
}

#[test]
fn a_pack_answers_for_an_mdoc() {
    let world = MdocWorld::new();
    let issuer = &world.world.issuer;
    let list = world.trust_list();
    for (status, verdict) in [
        (Listed::Valid, Verdict::Valid),
        (Listed::Invalid, Verdict::Invalid),
    ] {
        let section = issuer.status_section(&world.world.uri(), &world.world.list(status), NOW);
        let bytes = world.world.registry.pack(1, &list, vec![section], NOW);
        let root = world.world.registry.root_of_trust(list.clone());
        let pack = Pack::open(&bytes, &root, &RustCryptoProvider, NOW, None).unwrap();
        let response = world.present(&world.authority.issue(&world.template()));
        let question = world.question(&response, bound(), Policy::RELYING_PARTY, NOW);
        let (reports, wanted) = question.ask(Evidence::offline(&pack), &super::world::Network::default());
        assert_eq!(reports[0].verdict, verdict);
        assert_eq!(wanted, []);
    }
}

#[test]
fn the_documents_of_one_response_are_judged_one_by_one() {
    let world = MdocWorld::new();
    let one = world.present(&world.authority.issue(&world.template()));
    // `documents` has one element; the second is put behind it.
    let start = one.windows(10).position(|part| part == b"documents\x81").unwrap() + 10;
    let end = one.len() - b"fstatus\0".len();
    let mut two = one[..end].to_vec();
    two[start - 1] = 0x82;
    two.extend_from_slice(&one[start..end]);
    two.extend_from_slice(&one[end..]);
    let question = world.question(&two, bound(), Policy::RELYING_PARTY, NOW);
    let list = world.trust_list();
    let (reports, _) = question.ask(Evidence::online(&list), &world.network(Listed::Valid));
    assert_eq!(reports.len(), 2);
    assert!(reports.iter().all(|report| report.verdict == Verdict::Valid));
}

#[test]
fn an_mdoc_that_breaks_a_rule_of_its_structure_is_no_report() {
    let world = MdocWorld::new();
    let issued = world.authority.issue(&world.template());
    assert!(IssuerSigned::parse(&issued, MdocBudget::DEFAULT).is_ok());
    for broken in [
        &issued[..issued.len() - 1],
        &issued[..200],
        b"\xa0",
        b"\xa1aa\x01",
    ] {
        assert!(is_unreadable(broken));
    }
}

/// Whatever bit is flipped: what was signed is noticed, and what was not signed adds nothing to what is shown.
#[test]
fn every_bit_that_is_signed_counts() {
    let world = MdocWorld::new();
    let response = world.present(&world.authority.issue(&world.template()));
    let good = world.verify(&response);
    // What nobody signs: the minor version of the response, and the name under which elements are presented, without
    // which there are none, as when all were withheld.
    let version = response.windows(3).position(|part| part == b"1.0").unwrap() + 2;
    let name = response
        .windows(10)
        .position(|part| part == b"nameSpaces")
        .unwrap();
    for bit in (0..response.len() * 8).step_by(29) {
        let mut changed = response.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if is_unreadable(&changed) {
            continue;
        }
        let question = world.question(&changed, bound(), Policy::RELYING_PARTY, NOW);
        let list = world.trust_list();
        let (reports, _) = question.ask(Evidence::online(&list), &world.network(Listed::Valid));
        for report in reports.iter().filter(|report| report.verdict == Verdict::Valid) {
            if report.claims.is_empty() {
                assert!((name..name + 10).contains(&(bit / 8)), "bit {bit}");
            } else {
                assert_eq!((&report.claims, bit / 8), (&good.claims, version), "bit {bit}");
            }
        }
    }
}
