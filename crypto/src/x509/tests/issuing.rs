//! The certificates of a development installation.

use super::super::issue::{self, IssueError, KeyPurpose, LeafRequest};
use super::*;
use crate::signing::{KeyError, Sign, SignOutcome, SignatureRequest};

fn root(party: &Party) -> Certificate {
    let der = issue::root(
        "Credential issuers",
        VALIDITY,
        &party.description(),
        &party.key,
        &party.randomness,
    );
    Certificate::parse(&der.unwrap()).unwrap()
}

fn request(party: &Party) -> LeafRequest {
    LeafRequest {
        subject_name: "Civil register".to_owned(),
        san_uris: vec!["http://127.0.0.1:8080".to_owned()],
        san_dns: vec!["localhost".to_owned()],
        validity: VALIDITY,
        extended_key_usage: None,
        public_key: party.key.public_key().clone(),
    }
}

fn leaf(request: &LeafRequest, root: &Certificate, party: &Party) -> Result<Certificate, IssueError> {
    issue::leaf(request, root, &party.description(), &party.key, &party.randomness)
        .map(|der| Certificate::parse(&der).unwrap())
}

#[test]
fn issued_leaves_verify_for_their_purpose() {
    let root_party = Party::p256(1);
    let root = root(&root_party);
    for algorithm in [SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa] {
        let leaf_party = Party::new(2, algorithm);
        let signer = leaf(&request(&leaf_party), &root, &root_party).unwrap();
        assert_eq!(
            verify(std::slice::from_ref(&signer), std::slice::from_ref(&root))
                .unwrap()
                .leaf,
            signer
        );
        assert_eq!(signer.public_key(), leaf_party.key.public_key());
        assert_eq!(signer.san_uris(), ["http://127.0.0.1:8080"]);
        assert_eq!(signer.san_dns(), ["localhost"]);
        assert_eq!(signer.authority_key_identifier(), root.subject_key_identifier());

        let status = LeafRequest {
            extended_key_usage: Some(KeyPurpose::StatusLists),
            ..request(&leaf_party)
        };
        let status = leaf(&status, &root, &root_party).unwrap();
        assert!(
            verify_chain(
                &[status],
                std::slice::from_ref(&root),
                ChainProfile::StatusSigner,
                NOW,
                &RustCryptoProvider
            )
            .is_ok()
        );
        let reader = LeafRequest {
            extended_key_usage: Some(KeyPurpose::Readers),
            ..request(&leaf_party)
        };
        let reader = leaf(&reader, &root, &root_party).unwrap();
        for profile in [ChainProfile::Reader, ChainProfile::RequestSigner] {
            let chain = std::slice::from_ref(&reader);
            let anchors = std::slice::from_ref(&root);
            assert!(verify_chain(chain, anchors, profile, NOW, &RustCryptoProvider).is_ok());
        }
        let chain = std::slice::from_ref(&signer);
        let refused = verify_chain(
            chain,
            std::slice::from_ref(&root),
            ChainProfile::Reader,
            NOW,
            &RustCryptoProvider,
        );
        assert_eq!(refused.unwrap_err(), ChainError::NotForReaders);
    }
}

#[test]
fn the_root_is_an_authority_for_leaves_only() {
    let root = root(&Party::p256(1));
    assert!(root.is_ca() && root.is_self_signed());
    assert_eq!(root.path_length(), Some(0));
    assert!(root.key_usage().unwrap().key_cert_sign());
    assert!(!root.key_usage().unwrap().digital_signature());
    assert_eq!(root.subject_key_identifier(), root.authority_key_identifier());
}

#[test]
fn no_two_certificates_are_the_same() {
    let party = Party::p256(1);
    assert_ne!(root(&party), root(&party));
}

#[test]
fn a_name_is_text_and_never_syntax() {
    let root_party = Party::p256(1);
    let name = "Office, O=Somebody else + CN=\u{0645}\\";
    let request = LeafRequest {
        subject_name: name.to_owned(),
        ..request(&Party::p256(2))
    };
    let leaf = leaf(&request, &root(&root_party), &root_party).unwrap();
    assert_eq!(leaf.subject_common_name(), Some(name));
}

#[test]
fn refuses_what_a_certificate_cannot_say() {
    let party = Party::p256(1);
    let root = root(&party);
    let outcome = |change: &dyn Fn(&mut LeafRequest)| {
        let mut request = request(&Party::p256(2));
        change(&mut request);
        leaf(&request, &root, &party)
    };
    assert!(matches!(
        outcome(&|request| request.subject_name.clear()),
        Err(IssueError::SubjectName)
    ));
    assert!(matches!(
        outcome(&|request| request.subject_name = "a".repeat(65)),
        Err(IssueError::SubjectName)
    ));
    assert!(matches!(
        outcome(&|request| request.san_dns.push("b\u{fc}ro.example".to_owned())),
        Err(IssueError::AlternativeName)
    ));
    for validity in [
        Validity {
            not_before: NOT_AFTER,
            not_after: NOT_BEFORE,
        },
        Validity {
            not_before: UnixTime::from_seconds(-1),
            not_after: NOT_AFTER,
        },
        Validity {
            not_before: NOT_BEFORE,
            not_after: UnixTime::from_seconds(i64::MAX),
        },
    ] {
        assert!(matches!(
            outcome(&|request| request.validity = validity),
            Err(IssueError::Validity)
        ));
    }
}

#[test]
fn refuses_an_issuer_that_is_no_authority_or_has_another_key() {
    let party = Party::p256(1);
    let signer = leaf(&request(&party), &root(&party), &party).unwrap();
    let request = request(&Party::p256(2));
    assert!(matches!(leaf(&request, &signer, &party), Err(IssueError::Issuer)));
    assert!(matches!(
        leaf(&request, &root(&party), &Party::p256(5)),
        Err(IssueError::Issuer)
    ));
}

#[test]
fn a_locked_key_issues_nothing() {
    struct Locked;
    impl Sign for Locked {
        fn sign(&self, _request: &SignatureRequest) -> Result<SignOutcome, KeyError> {
            Ok(SignOutcome::Locked)
        }
    }
    let party = Party::p256(1);
    let issued = issue::root("root", VALIDITY, &party.description(), &Locked, &party.randomness);
    assert!(matches!(issued, Err(IssueError::Locked)));
}

#[test]
fn dates_after_2049_survive() {
    let late = UnixTime::parse_rfc3339("2061-05-01T00:00:00Z").unwrap();
    let party = Party::p256(1);
    let validity = Validity {
        not_before: NOT_BEFORE,
        not_after: late,
    };
    let der = issue::root(
        "root",
        validity,
        &party.description(),
        &party.key,
        &party.randomness,
    )
    .unwrap();
    assert_eq!(Certificate::parse(&der).unwrap().not_after(), late);
}

mod mdoc {
    use super::super::super::issue::{
        CountryCode, DocumentSignerRequest, IacaRequest, InvalidCountryCode, document_signer, iaca_root,
    };
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn iaca(party: &Party) -> Certificate {
        let request = IacaRequest {
            subject_name: "Mobile documents".to_owned(),
            country: CountryCode::parse("UT").unwrap(),
            contact_uri: "https://issuer.example".to_owned(),
            validity: VALIDITY,
            revocation_list_uri: None,
        };
        let der = iaca_root(&request, &party.description(), &party.key, &party.randomness).unwrap();
        Certificate::parse(&der).unwrap()
    }

    fn signer_request(party: &Party) -> DocumentSignerRequest {
        DocumentSignerRequest {
            subject_name: "Document signer".to_owned(),
            contact_uri: "https://issuer.example".to_owned(),
            validity: Validity {
                not_before: NOT_BEFORE,
                not_after: UnixTime::from_seconds(NOT_BEFORE.seconds() + 457 * DAY),
            },
            public_key: party.key.public_key().clone(),
        }
    }

    fn signer(request: &DocumentSignerRequest, root: &Certificate, party: &Party) -> Certificate {
        let der = document_signer(request, root, &party.description(), &party.key, &party.randomness);
        Certificate::parse(&der.unwrap()).unwrap()
    }

    fn verify_as(
        leaf: &Certificate,
        root: &Certificate,
        profile: ChainProfile,
    ) -> Result<VerifiedChain, ChainError> {
        let now = UnixTime::from_seconds(NOT_BEFORE.seconds() + DAY);
        let (leaf, root) = (std::slice::from_ref(leaf), std::slice::from_ref(root));
        verify_chain(leaf, root, profile, now, &RustCryptoProvider)
    }

    #[test]
    fn a_document_signer_signs_mdocs_and_nothing_else() {
        let (root_party, party) = (Party::p256(1), Party::p256(2));
        let root = iaca(&root_party);
        let leaf = signer(&signer_request(&party), &root, &root_party);
        assert_eq!(leaf.subject_country(), Some("UT"));
        let verified = verify_as(&leaf, &root, ChainProfile::DocumentSigner).unwrap();
        assert_eq!(verified.profile(), ChainProfile::DocumentSigner);
        for profile in [
            ChainProfile::CredentialSigner,
            ChainProfile::StatusSigner,
            ChainProfile::RequestSigner,
            ChainProfile::TrustListSigner,
            ChainProfile::WalletProvider,
            ChainProfile::Reader,
        ] {
            let expected = match profile {
                ChainProfile::StatusSigner => ChainError::NotForStatusLists,
                _ => ChainError::ForMdocsOnly,
            };
            assert_eq!(verify_as(&leaf, &root, profile), Err(expected), "{profile:?}");
        }
    }

    #[test]
    fn signers_of_other_things_sign_no_mdocs() {
        let (root_party, party) = (Party::p256(1), Party::p256(2));
        let root = iaca(&root_party);
        let refused = |draft: Draft| {
            let leaf = draft.signed_by(&root, &root_party, &party);
            verify_as(&leaf, &root, ChainProfile::DocumentSigner).unwrap_err()
        };
        assert_eq!(refused(Draft::leaf("signer")), ChainError::NotForMdocs);
        let purposes = [DOCUMENT_SIGNER_KEY_PURPOSE, STATUS_SIGNER_KEY_PURPOSE];
        assert_eq!(
            refused(Draft::leaf("signer").for_purposes(&purposes)),
            ChainError::ForStatusListsOnly
        );
        // The purpose must be critical.
        assert_eq!(
            refused(Draft::leaf("signer").for_purposes(&purposes[..1])),
            ChainError::NotForMdocs
        );
    }

    #[test]
    fn a_document_signer_without_its_roots_country_is_refused() {
        use x509_cert::der::Encode as _;

        let (root_party, party) = (Party::p256(1), Party::p256(2));
        let root = iaca(&root_party);
        let purposes = vec![ObjectIdentifier::new(DOCUMENT_SIGNER_KEY_PURPOSE).unwrap()];
        let leaf = Draft::leaf("signer")
            .with("2.5.29.37", Criticality::Critical, purposes.to_der().unwrap())
            .signed_by(&root, &root_party, &party);
        assert_eq!(
            verify_as(&leaf, &root, ChainProfile::DocumentSigner),
            Err(ChainError::Country)
        );
    }

    #[test]
    fn a_document_signer_stays_within_its_roots_validity_and_its_own_limit() {
        let (root_party, party) = (Party::p256(1), Party::p256(2));
        let root = iaca(&root_party);
        let issue = |not_before: i64, not_after: i64| {
            let request = DocumentSignerRequest {
                validity: Validity {
                    not_before: UnixTime::from_seconds(not_before),
                    not_after: UnixTime::from_seconds(not_after),
                },
                ..signer_request(&party)
            };
            let description = root_party.description();
            document_signer(
                &request,
                &root,
                &description,
                &root_party.key,
                &root_party.randomness,
            )
        };
        let (first, last) = (NOT_BEFORE.seconds(), NOT_AFTER.seconds());
        assert!(issue(first, first + 457 * DAY).is_ok());
        assert!(matches!(
            issue(first, first + 457 * DAY + 1),
            Err(IssueError::Validity)
        ));
        assert!(matches!(
            issue(first - 1, first + DAY),
            Err(IssueError::OutsideIssuer)
        ));
        assert!(matches!(
            issue(last - DAY, last + 1),
            Err(IssueError::OutsideIssuer)
        ));
    }

    #[test]
    fn a_root_is_for_document_signers_only() {
        let root = iaca(&Party::p256(1));
        assert!(root.is_ca() && root.is_self_signed());
        assert_eq!(root.path_length(), Some(0));
        let usage = root.key_usage().unwrap();
        assert!(usage.key_cert_sign() && !usage.digital_signature());
        for text in ["ut", "U", "UTO", "Ü"] {
            assert_eq!(CountryCode::parse(text), Err(InvalidCountryCode), "{text}");
        }
    }
}

#[test]
fn an_organisation_has_its_identifier_in_its_name() {
    let root_party = Party::p256(1);
    let root = root(&root_party);
    let request = request(&Party::p256(2));
    let issue = |identifier: &str| {
        issue::organization_leaf(
            &request,
            identifier,
            &root,
            &root_party.description(),
            &root_party.key,
            &root_party.randomness,
        )
        .map(|der| Certificate::parse(&der).unwrap())
    };
    let leaf = issue("VATDE-123456789").unwrap();
    assert_eq!(leaf.subject_organization_identifier(), Some("VATDE-123456789"));
    assert_eq!(leaf.subject_common_name(), Some("Civil register"));
    assert!(verify(&[leaf], std::slice::from_ref(&root)).is_ok());
    assert_eq!(root.subject_organization_identifier(), None);
    for broken in ["", "two words", &"A".repeat(65)] {
        assert!(matches!(issue(broken), Err(IssueError::SubjectName)), "{broken}");
    }
}
