use symbolon_crypto::RustCryptoProvider;

use super::*;
use crate::testing::{TestAuthority, TestIssuingAuthority};

#[test]
fn certificates_are_read_as_they_are_written() {
    let roots = [710, 720].map(TestIssuingAuthority::new);
    let certificates: Vec<&Certificate> = roots.iter().map(TestIssuingAuthority::root).collect();
    let text = write_certificates(certificates.iter().copied());
    assert!(text.starts_with("Test issuing authority\n-----BEGIN CERTIFICATE-----\n"));
    assert!(text.lines().all(|line| line.len() <= PEM_COLUMNS));
    let read = parse_certificates(text.as_bytes()).unwrap();
    assert_eq!(read.iter().collect::<Vec<_>>(), certificates);
    assert_eq!(
        parse_certificates(certificates[0].der()).unwrap(),
        [certificates[0].clone()]
    );
    let windows = text.replace('\n', "\r\n");
    assert_eq!(parse_certificates(windows.as_bytes()).unwrap(), read);
}

#[test]
fn what_is_no_file_of_certificates_is_refused() {
    let root = TestIssuingAuthority::new(710);
    let text = write_certificates([root.root()]);
    let refused = |text: &str| parse_certificates(text.as_bytes()).unwrap_err();
    assert_eq!(refused(""), CertificateFileError::Empty);
    assert_eq!(refused("MIIB"), CertificateFileError::Empty);
    assert_eq!(
        parse_certificates(&[0xff, 0xfe]).unwrap_err(),
        CertificateFileError::Empty
    );
    let private = text.replace("CERTIFICATE-----", "PRIVATE KEY-----");
    assert_eq!(refused(&private), CertificateFileError::Pem { position: 1 });
    // What a block begins as counts, whatever it ends as.
    let of_another_kind = text.replace(PEM_BEGIN, "-----BEGIN TRUSTED CERTIFICATE-----");
    assert_eq!(
        refused(&of_another_kind),
        CertificateFileError::Pem { position: 1 }
    );
    let cut = text.replace(PEM_END, "");
    assert_eq!(refused(&cut), CertificateFileError::Pem { position: 1 });
    let second = format!("{text}{PEM_BEGIN}\nMI==I\n{PEM_END}\n");
    assert_eq!(refused(&second), CertificateFileError::Pem { position: 2 });
    let second = format!("{text}{PEM_BEGIN}\nMIIB\n{PEM_END}\n");
    let unreadable = CertificateFileError::Certificate {
        position: 2,
        source: CertificateError::Malformed,
    };
    assert_eq!(refused(&second), unreadable);
    let long = vec![b' '; MAX_CERTIFICATE_FILE_BYTES + 1];
    assert_eq!(
        parse_certificates(&long).unwrap_err(),
        CertificateFileError::OverBudget
    );
}

#[test]
fn an_authority_has_the_profile_of_the_standard() {
    let root = TestIssuingAuthority::new(710);
    assert_eq!(check_authority(root.root(), &RustCryptoProvider), Ok(()));
    let leaf = Certificate::parse(root.certificate()).unwrap();
    assert_eq!(
        check_authority(&leaf, &RustCryptoProvider),
        Err(NotAnAuthority::PathLength)
    );
    let other = TestAuthority::new(900);
    assert_eq!(
        check_authority(other.certificate(), &RustCryptoProvider),
        Err(NotAnAuthority::Country)
    );
    // The signature is the last part of a certificate.
    let mut forged = root.root().der().to_vec();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let forged = Certificate::parse(&forged).unwrap();
    assert_eq!(
        check_authority(&forged, &RustCryptoProvider),
        Err(NotAnAuthority::NotARoot)
    );
}

#[test]
fn a_file_of_roots_makes_authorities_of_those_that_are_some() {
    let root = TestIssuingAuthority::new(710);
    let other = TestAuthority::new(900);
    let text = write_certificates([root.root(), other.certificate(), root.root()]);
    let types = [CredentialTypeRule::Exactly("org.iso.18013.5.1.mDL".to_owned())];
    let (issuers, refused) = authorities_of_file(text.as_bytes(), &types, &RustCryptoProvider).unwrap();
    assert_eq!(issuers.len(), 1, "one certificate is one authority");
    assert_eq!(issuers[0].credential_types, types);
    assert_eq!(issuers[0].formats, [AnchoredFormat::Mdoc]);
    assert_eq!(refused, [(other.certificate().clone(), NotAnAuthority::Country)]);
}
