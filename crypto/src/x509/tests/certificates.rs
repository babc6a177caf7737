//! Reading single certificates.

use super::*;

fn certificate() -> Certificate {
    Draft::leaf("Ministry of Examples")
        .named(vec![uri("https://issuer.example"), dns("issuer.example")])
        .sign(common_name("root").unwrap(), &Party::p256(1), &Party::p256(2))
}

#[test]
fn reads_what_was_written() {
    let certificate = certificate();
    assert_eq!(certificate.subject_common_name(), Some("Ministry of Examples"));
    assert_eq!(certificate.san_uris(), ["https://issuer.example"]);
    assert_eq!(certificate.san_dns(), ["issuer.example"]);
    assert_eq!(
        (certificate.not_before(), certificate.not_after()),
        (NOT_BEFORE, NOT_AFTER)
    );
    assert!(!certificate.is_ca());
    assert!(!certificate.is_self_signed());
    assert!(certificate.key_usage().unwrap().digital_signature());
    assert!(!certificate.key_usage().unwrap().key_cert_sign());
    assert_eq!(certificate.subject_key_identifier().map(<[u8]>::len), Some(20));
    assert_eq!(certificate.public_key(), Party::p256(2).key.public_key());
}

#[test]
fn reads_the_limits_of_an_authority() {
    let root = Draft::authority("root")
        .path_length(3)
        .self_signed(&Party::p256(1));
    assert!(root.is_ca() && root.is_self_signed());
    assert_eq!(root.path_length(), Some(3));
}

#[test]
fn tells_its_fingerprint_and_no_names_when_debugged() {
    let text = format!("{:?}", certificate());
    assert!(!text.contains("Ministry"));
    assert_eq!(text.len(), "Certificate ".len() + 64);
}

#[test]
fn refuses_what_is_not_exactly_one_certificate() {
    let der = certificate().der().to_vec();
    let with_trailing_byte = [der.as_slice(), &[0]].concat();
    assert_eq!(
        Certificate::parse(&with_trailing_byte),
        Err(CertificateError::Malformed)
    );
    for end in 0..der.len() {
        assert!(Certificate::parse(&der[..end]).is_err(), "cut at {end}");
    }
    assert_eq!(
        Certificate::parse(&vec![0; MAX_CERTIFICATE_BYTES + 1]),
        Err(CertificateError::TooLarge)
    );
}

#[test]
fn never_panics_and_never_believes_a_changed_byte() {
    let root_party = Party::p256(1);
    let root = Draft::authority("root").self_signed(&root_party);
    let der = Draft::leaf("leaf")
        .signed_by(&root, &root_party, &Party::p256(2))
        .der()
        .to_vec();
    for position in 0..der.len() {
        let mut changed = der.clone();
        changed[position] ^= 1;
        let believed = Certificate::parse(&changed)
            .is_ok_and(|leaf| verify(&[leaf], std::slice::from_ref(&root)).is_ok());
        assert!(!believed, "byte {position}");
    }
}

#[test]
fn refuses_an_extension_that_is_there_twice() {
    let san = || SubjectAltName(vec![dns("a.example")]).to_der().unwrap();
    assert_eq!(
        parse_with(vec![("2.5.29.17", san()), ("2.5.29.17", san())]),
        Err(CertificateError::Extension)
    );
}

#[test]
fn refuses_malformed_extensions() {
    let mut trailing = SubjectAltName(vec![dns("a.example")]).to_der().unwrap();
    trailing.push(0);
    assert_eq!(
        parse_with(vec![("2.5.29.17", trailing)]),
        Err(CertificateError::Extension)
    );
    // Name constraints whose permitted subtrees cannot be read are not the same as none.
    let constraints = vec![0x30, 0x06, 0xa0, 0x04, 0x30, 0x02, 0x9f, 0x00];
    assert_eq!(
        parse_with(vec![("2.5.29.30", constraints)]),
        Err(CertificateError::Extension)
    );
    assert_eq!(
        parse_with(vec![("2.5.29.37", vec![0x30, 0x00, 0x00])]),
        Err(CertificateError::Extension)
    );
}

fn parse_with(extensions: Vec<(&str, Vec<u8>)>) -> Result<Certificate, CertificateError> {
    let party = Party::p256(1);
    let draft = extensions
        .into_iter()
        .fold(Draft::leaf("leaf"), |draft, (oid, value)| {
            draft.with(oid, Criticality::Ordinary, value)
        });
    let name = common_name("leaf").unwrap();
    let template = Template {
        issuer: name.clone(),
        issuer_key_identifier: None,
        subject: name,
        public_key: party.key.public_key(),
        validity: VALIDITY,
        basic_constraints: draft.basic_constraints,
        key_usage: draft.key_usage,
        extensions: draft.extensions,
    };
    Certificate::parse(
        &template
            .issue(&party.description(), &party.key, &party.randomness)
            .unwrap(),
    )
}
