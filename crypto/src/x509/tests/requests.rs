//! Certificate signing requests.

use super::super::issue::IssueError;
use super::super::request::{
    CertificateRequest, CertificateRequestError, RequestedNames, organization_request, request,
};
use super::*;
use crate::signing::{KeyError, Sign, SignOutcome, SignatureRequest};

fn names() -> RequestedNames {
    RequestedNames {
        subject_name: "Status list signer".to_owned(),
        san_uris: vec!["https://registry.example".to_owned()],
        san_dns: vec!["registry.example".to_owned()],
        extended_key_usage: Some(STATUS_SIGNER_KEY_PURPOSE.to_owned()),
    }
}

fn made(party: &Party) -> Vec<u8> {
    request(&names(), &party.description(), &party.key).unwrap()
}

#[test]
fn a_request_reads_back_for_every_algorithm() {
    for algorithm in [
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::Es384,
        SignatureAlgorithm::EdDsa,
    ] {
        let party = Party::new(1, algorithm);
        let read = CertificateRequest::parse(&made(&party), &RustCryptoProvider).unwrap();
        assert_eq!(read.public_key, *party.key.public_key());
        assert_eq!(read.subject_name.as_deref(), Some("Status list signer"));
        assert_eq!(read.san_uris, ["https://registry.example"]);
        assert_eq!(read.san_dns, ["registry.example"]);
        assert_eq!(read.extended_key_usage, [STATUS_SIGNER_KEY_PURPOSE]);
    }
}

#[test]
fn a_request_of_somebody_who_does_not_hold_the_key_is_refused() {
    /// Signs with a key of its own, whatever key is asked for.
    struct Other(Party);
    impl Sign for Other {
        fn sign(&self, request: &SignatureRequest) -> Result<SignOutcome, KeyError> {
            self.0.key.sign(&SignatureRequest {
                key: self.0.key.handle().clone(),
                ..request.clone()
            })
        }
    }
    let der = request(&names(), &Party::p256(1).description(), &Other(Party::p256(2))).unwrap();
    assert_eq!(
        CertificateRequest::parse(&der, &RustCryptoProvider),
        Err(CertificateRequestError::Signature)
    );
}

#[test]
fn a_request_with_a_flipped_bit_anywhere_is_refused() {
    let der = made(&Party::p256(1));
    for position in 0..der.len() {
        let mut changed = der.clone();
        changed[position] ^= 1;
        assert!(
            CertificateRequest::parse(&changed, &RustCryptoProvider).is_err(),
            "a change of byte {position} was not noticed"
        );
    }
}

#[test]
fn a_request_that_is_cut_short_or_too_long_is_refused() {
    let der = made(&Party::p256(1));
    for length in 0..der.len() {
        assert!(CertificateRequest::parse(&der[..length], &RustCryptoProvider).is_err());
    }
    let longer = [der.as_slice(), &[0]].concat();
    assert_eq!(
        CertificateRequest::parse(&longer, &RustCryptoProvider),
        Err(CertificateRequestError::Malformed)
    );
    assert_eq!(
        CertificateRequest::parse(&vec![0x30; 20_000], &RustCryptoProvider),
        Err(CertificateRequestError::TooLarge)
    );
}

#[test]
fn a_name_that_cannot_be_expressed_is_refused() {
    let party = Party::p256(1);
    let nameless = RequestedNames {
        subject_name: String::new(),
        ..names()
    };
    assert!(matches!(
        request(&nameless, &party.description(), &party.key),
        Err(IssueError::SubjectName)
    ));
    let beyond_ascii = RequestedNames {
        san_dns: vec!["régistre.example".to_owned()],
        ..names()
    };
    assert!(matches!(
        request(&beyond_ascii, &party.description(), &party.key),
        Err(IssueError::AlternativeName)
    ));
}

#[test]
fn only_an_authority_that_signed_itself_is_a_root() {
    let (root_party, leaf_party) = (Party::p256(1), Party::p256(2));
    let root = super::super::issue::root(
        "Root",
        VALIDITY,
        &root_party.description(),
        &root_party.key,
        &root_party.randomness,
    );
    let root = Certificate::parse(&root.unwrap()).unwrap();
    assert!(root.is_root(&RustCryptoProvider));
    let leaf = super::super::issue::LeafRequest {
        subject_name: "Leaf".to_owned(),
        san_uris: Vec::new(),
        san_dns: Vec::new(),
        validity: VALIDITY,
        extended_key_usage: None,
        public_key: leaf_party.key.public_key().clone(),
    };
    let leaf = super::super::issue::leaf(
        &leaf,
        &root,
        &root_party.description(),
        &root_party.key,
        &root_party.randomness,
    );
    assert!(
        !Certificate::parse(&leaf.unwrap())
            .unwrap()
            .is_root(&RustCryptoProvider)
    );
}

#[test]
fn a_request_of_an_organisation_has_its_identifier() {
    let party = Party::p256(1);
    let der = organization_request(&names(), "VATDE-123456789", &party.description(), &party.key).unwrap();
    let read = CertificateRequest::parse(&der, &RustCryptoProvider).unwrap();
    assert_eq!(read.organization_identifier.as_deref(), Some("VATDE-123456789"));
    assert_eq!(read.subject_name.as_deref(), Some("Status list signer"));
    let without = CertificateRequest::parse(&made(&party), &RustCryptoProvider).unwrap();
    assert_eq!(without.organization_identifier, None);
}
