//! One test for each refusal of a chain.

use super::*;

struct Setting {
    root_party: Party,
    middle_party: Party,
    leaf_party: Party,
    root: Certificate,
}

impl Setting {
    fn new() -> Self {
        let root_party = Party::p256(1);
        let root = Draft::authority("root").self_signed(&root_party);
        Self {
            root_party,
            middle_party: Party::p256(2),
            leaf_party: Party::p256(3),
            root,
        }
    }

    fn under_root(&self, draft: Draft) -> Certificate {
        draft.signed_by(&self.root, &self.root_party, &self.leaf_party)
    }

    fn middle(&self, draft: Draft) -> Certificate {
        draft.signed_by(&self.root, &self.root_party, &self.middle_party)
    }

    fn under(&self, middle: &Certificate, draft: Draft) -> Certificate {
        draft.signed_by(middle, &self.middle_party, &self.leaf_party)
    }

    /// The outcome for a leaf directly under the root.
    fn outcome(&self, leaf: Draft) -> Result<VerifiedChain, ChainError> {
        verify(&[self.under_root(leaf)], std::slice::from_ref(&self.root))
    }

    /// The outcome for a leaf under an authority under the root.
    fn outcome_under(&self, middle: Draft, leaf: Draft) -> Result<VerifiedChain, ChainError> {
        let middle = self.middle(middle);
        verify(
            &[self.under(&middle, leaf), middle],
            std::slice::from_ref(&self.root),
        )
    }
}

#[test]
fn accepts_a_leaf_under_an_anchor() {
    let setting = Setting::new();
    let verified = setting.outcome(Draft::leaf("leaf")).unwrap();
    assert_eq!(verified.leaf().subject_common_name(), Some("leaf"));
    assert_eq!(*verified.anchor(), setting.root);
}

#[test]
fn accepts_an_authority_between_leaf_and_anchor() {
    let setting = Setting::new();
    assert!(
        setting
            .outcome_under(Draft::authority("middle"), Draft::leaf("leaf"))
            .is_ok()
    );
}

#[test]
fn accepts_chains_of_every_algorithm() {
    for algorithm in [
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::Es384,
        SignatureAlgorithm::EdDsa,
    ] {
        let root_party = Party::new(1, algorithm);
        let root = Draft::authority("root").self_signed(&root_party);
        let leaf = Draft::leaf("leaf").signed_by(&root, &root_party, &Party::new(2, algorithm));
        assert!(verify(&[leaf], &[root]).is_ok(), "{algorithm:?}");
    }
}

#[test]
fn accepts_either_anchor_of_an_authority_that_changed_its_key() {
    let setting = Setting::new();
    let new_root = Draft::authority("root").self_signed(&Party::p256(9));
    let leaf = setting.under_root(Draft::leaf("leaf"));
    let verified = verify(&[leaf], &[new_root, setting.root.clone()]).unwrap();
    assert_eq!(*verified.anchor(), setting.root);
}

#[test]
fn refuses_an_empty_chain() {
    assert_eq!(verify(&[], &[Setting::new().root]), Err(ChainError::Empty));
}

#[test]
fn refuses_more_certificates_than_the_budget() {
    let setting = Setting::new();
    let leaf = setting.under_root(Draft::leaf("leaf"));
    let chain = vec![leaf; MAX_CHAIN_CERTIFICATES + 1];
    assert_eq!(verify(&chain, &[setting.root]), Err(ChainError::TooLong));
}

#[test]
fn refuses_a_self_signed_leaf_even_when_it_is_an_anchor() {
    let setting = Setting::new();
    let leaf = Draft::leaf("leaf").self_signed(&setting.leaf_party);
    assert_eq!(
        verify(std::slice::from_ref(&leaf), &[setting.root]),
        Err(ChainError::SelfSignedLeaf)
    );
    assert_eq!(
        verify(std::slice::from_ref(&leaf), std::slice::from_ref(&leaf)),
        Err(ChainError::SelfSignedLeaf)
    );
}

#[test]
fn refuses_the_anchor_inside_the_chain() {
    let setting = Setting::new();
    let leaf = setting.under_root(Draft::leaf("leaf"));
    let chain = [leaf, setting.root.clone()];
    assert_eq!(verify(&chain, &[setting.root]), Err(ChainError::AnchorInChain));
}

#[test]
fn refuses_another_certificate_of_the_anchor_inside_the_chain() {
    let setting = Setting::new();
    let leaf = setting.under_root(Draft::leaf("leaf"));
    let renewed = Draft::authority("root").self_signed(&setting.root_party);
    assert_ne!(renewed, setting.root);
    assert_eq!(
        verify(&[leaf, renewed], &[setting.root]),
        Err(ChainError::AnchorInChain)
    );
}

#[test]
fn refuses_a_root_that_the_peer_brought_along() {
    let setting = Setting::new();
    let foreign_party = Party::p256(7);
    let foreign = Draft::authority("foreign").self_signed(&foreign_party);
    let leaf = Draft::leaf("leaf").signed_by(&foreign, &foreign_party, &setting.leaf_party);
    assert_eq!(
        verify(&[leaf, foreign], &[setting.root]),
        Err(ChainError::UnknownAnchor)
    );
}

#[test]
fn refuses_a_chain_without_anchors() {
    let setting = Setting::new();
    assert_eq!(
        verify(&[setting.under_root(Draft::leaf("leaf"))], &[]),
        Err(ChainError::UnknownAnchor)
    );
}

#[test]
fn refuses_certificates_in_the_wrong_order() {
    let setting = Setting::new();
    let middle = setting.middle(Draft::authority("middle"));
    let other = setting.middle(Draft::authority("other"));
    let leaf = setting.under(&middle, Draft::leaf("leaf"));
    assert_eq!(
        verify(&[leaf, other, middle], &[setting.root]),
        Err(ChainError::IssuerMismatch { position: 0 })
    );
}

#[test]
fn refuses_a_leaf_that_only_claims_the_anchors_name() {
    let setting = Setting::new();
    let forger = Party::p256(8);
    let leaf = Draft::leaf("leaf").signed_by(&setting.root, &forger, &setting.leaf_party);
    assert_eq!(
        verify(&[leaf], &[setting.root]),
        Err(ChainError::Signature { position: 0 })
    );
}

#[test]
fn refuses_a_leaf_that_only_claims_an_authoritys_name() {
    let setting = Setting::new();
    let middle = setting.middle(Draft::authority("middle"));
    let leaf = Draft::leaf("leaf").signed_by(&middle, &Party::p256(8), &setting.leaf_party);
    assert_eq!(
        verify(&[leaf, middle], &[setting.root]),
        Err(ChainError::Signature { position: 0 })
    );
}

#[test]
fn refuses_a_certificate_changed_after_signing() {
    let setting = Setting::new();
    let leaf = setting.under_root(Draft::leaf("alice"));
    let mut der = leaf.der().to_vec();
    let name = der.windows(5).position(|window| window == b"alice").unwrap();
    der[name..name + 5].copy_from_slice(b"mallo");
    let changed = Certificate::parse(&der).unwrap();
    assert_eq!(
        verify(&[changed], &[setting.root]),
        Err(ChainError::Signature { position: 0 })
    );
}

#[test]
fn refuses_certificates_outside_their_validity() {
    let setting = Setting::new();
    let now = NOW.seconds();
    let expired = |position| Err(ChainError::Expired { position });
    let early = |position| Err(ChainError::NotYetValid { position });
    assert!(setting.outcome(Draft::leaf("leaf").valid(now, now)).is_ok());
    assert_eq!(
        setting.outcome(Draft::leaf("leaf").valid(now - 9, now - 1)),
        expired(0)
    );
    assert_eq!(
        setting.outcome(Draft::leaf("leaf").valid(now + 1, now + 9)),
        early(0)
    );
    let middle = |from, to| Draft::authority("middle").valid(from, to);
    assert_eq!(
        setting.outcome_under(middle(now - 9, now - 1), Draft::leaf("leaf")),
        expired(1)
    );
    assert_eq!(
        setting.outcome_under(middle(now + 1, now + 9), Draft::leaf("leaf")),
        early(1)
    );
    let old_root = Draft::authority("root")
        .valid(now - 9, now - 1)
        .self_signed(&setting.root_party);
    assert_eq!(
        verify(&[setting.under_root(Draft::leaf("leaf"))], &[old_root]),
        expired(1)
    );
}

#[test]
fn refuses_an_issuer_that_is_no_authority() {
    let setting = Setting::new();
    let middle = Draft::leaf("middle").with_key_usage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign);
    assert_eq!(
        setting.outcome_under(middle, Draft::leaf("leaf")),
        Err(ChainError::NotAnAuthority { position: 1 })
    );
}

#[test]
fn refuses_an_anchor_that_is_no_authority() {
    let setting = Setting::new();
    let root = Draft::leaf("root").self_signed(&setting.root_party);
    let leaf = setting.under_root(Draft::leaf("leaf"));
    assert_eq!(
        verify(&[leaf], &[root]),
        Err(ChainError::NotAnAuthority { position: 1 })
    );
}

#[test]
fn refuses_an_issuer_that_may_not_sign_certificates() {
    let setting = Setting::new();
    let middle = Draft::authority("middle").with_key_usage(KeyUsages::DigitalSignature);
    assert_eq!(
        setting.outcome_under(middle, Draft::leaf("leaf")),
        Err(ChainError::MayNotSignCertificates { position: 1 })
    );
}

#[test]
fn refuses_more_authorities_than_the_path_length_allows() {
    let root_party = Party::p256(1);
    let root = Draft::authority("root").path_length(0).self_signed(&root_party);
    let setting = Setting {
        root_party,
        root,
        ..Setting::new()
    };
    assert!(setting.outcome(Draft::leaf("leaf")).is_ok());
    assert_eq!(
        setting.outcome_under(Draft::authority("middle"), Draft::leaf("leaf")),
        Err(ChainError::PathLength { position: 2 })
    );
}

#[test]
fn refuses_unknown_critical_extensions_and_ignores_ordinary_ones() {
    let setting = Setting::new();
    let strange = |draft: Draft, criticality| draft.with("1.3.6.1.4.1.32473.1", criticality, vec![5, 0]);
    assert!(
        setting
            .outcome(strange(Draft::leaf("leaf"), Criticality::Ordinary))
            .is_ok()
    );
    assert_eq!(
        setting.outcome(strange(Draft::leaf("leaf"), Criticality::Critical)),
        Err(ChainError::UnknownCriticalExtension { position: 0 })
    );
    assert_eq!(
        setting.outcome_under(
            strange(Draft::authority("middle"), Criticality::Critical),
            Draft::leaf("leaf")
        ),
        Err(ChainError::UnknownCriticalExtension { position: 1 })
    );
}

#[test]
fn holds_names_against_permitted_and_excluded_ones() {
    let setting = Setting::new();
    let outcome = |permitted: Vec<GeneralName>, excluded: Vec<GeneralName>, names: Vec<GeneralName>| {
        let middle = Draft::authority("middle").constrained(permitted, excluded);
        setting
            .outcome_under(middle, Draft::leaf("leaf").named(names))
            .map(|_| ())
    };
    let violated = Err(ChainError::NameConstraints { position: 1 });
    assert_eq!(
        outcome(vec![dns("example.org")], vec![], vec![dns("Issuer.Example.org")]),
        Ok(())
    );
    assert_eq!(
        outcome(vec![dns("example.org")], vec![], vec![dns("example.net")]),
        violated
    );
    assert_eq!(
        outcome(vec![], vec![dns("example.org")], vec![dns("issuer.example.org")]),
        violated
    );
    assert_eq!(
        outcome(
            vec![uri("example.org")],
            vec![],
            vec![uri("https://example.org/issuer")]
        ),
        Ok(())
    );
    assert_eq!(
        outcome(
            vec![uri("example.org")],
            vec![],
            vec![uri("https://example.net/issuer")]
        ),
        violated
    );
    assert_eq!(
        outcome(vec![uri("example.org")], vec![], vec![uri("https://127.0.0.1/")]),
        violated
    );
    assert_eq!(
        outcome(
            vec![],
            vec![uri(".example.org")],
            vec![uri("https://a.example.org/")]
        ),
        violated
    );
    // Other spellings of an excluded host.
    for name in [
        "issuer.example.org.",
        "issuer..example.org",
        "issuer.example.org\0",
    ] {
        assert_eq!(
            outcome(vec![], vec![dns("example.org")], vec![dns(name)]),
            violated
        );
    }
    assert_eq!(
        outcome(vec![], vec![dns("example.org")], vec![dns("*.example.net")]),
        Ok(())
    );
    // A constraint on one kind of names says nothing about the other.
    assert_eq!(
        outcome(
            vec![dns("example.org")],
            vec![],
            vec![uri("https://example.net/")]
        ),
        Ok(())
    );
}

#[test]
fn constraints_of_an_authority_that_nobody_vouches_for_are_not_worked_through() {
    let setting = Setting::new();
    let middle = setting.middle(Draft::authority("middle").constrained(vec![dns("example.org")], vec![]));
    let leaf = setting.under(&middle, Draft::leaf("leaf").named(vec![dns("example.net")]));
    let other = Draft::authority("other").self_signed(&Party::p256(77));
    assert_eq!(
        verify(&[leaf, middle], &[other]).map(|_| ()),
        Err(ChainError::UnknownAnchor)
    );
}

#[test]
fn an_anchors_name_constraints_bind_too() {
    let root_party = Party::p256(1);
    let root = Draft::authority("root")
        .constrained(vec![dns("example.org")], vec![])
        .self_signed(&root_party);
    let setting = Setting {
        root_party,
        root,
        ..Setting::new()
    };
    assert!(
        setting
            .outcome(Draft::leaf("leaf").named(vec![dns("example.org")]))
            .is_ok()
    );
    assert_eq!(
        setting.outcome(Draft::leaf("leaf").named(vec![dns("example.net")])),
        Err(ChainError::NameConstraints { position: 1 })
    );
}

#[test]
fn refuses_a_constraint_that_is_no_name() {
    let setting = Setting::new();
    let middle = Draft::authority("middle").constrained(vec![], vec![dns("example.org.")]);
    let leaf = Draft::leaf("leaf").named(vec![dns("issuer.example.org")]);
    assert_eq!(
        setting.outcome_under(middle, leaf).map(|_| ()),
        Err(ChainError::UnsupportedNameConstraints { position: 1 })
    );
}

#[test]
fn refuses_name_constraints_of_a_kind_that_is_not_enforced() {
    let setting = Setting::new();
    let address = GeneralName::Rfc822Name(Ia5String::new("example.org").unwrap());
    let middle = Draft::authority("middle").constrained(vec![address], vec![]);
    assert_eq!(
        setting.outcome_under(middle, Draft::leaf("leaf")),
        Err(ChainError::UnsupportedNameConstraints { position: 1 })
    );
}

#[test]
fn refuses_an_authority_as_the_leaf() {
    let setting = Setting::new();
    let leaf = Draft::authority("leaf").with_key_usage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign);
    assert_eq!(setting.outcome(leaf), Err(ChainError::LeafIsAuthority));
}

#[test]
fn refuses_a_leaf_without_digital_signature() {
    let setting = Setting::new();
    let leaf = Draft::leaf("leaf").with_key_usage(KeyUsages::KeyAgreement);
    assert_eq!(setting.outcome(leaf), Err(ChainError::MayNotSignData));
}

#[test]
fn status_signers_and_other_signers_do_not_stand_in_for_each_other() {
    let setting = Setting::new();
    let anchors = [setting.root.clone()];
    let leaf = setting.under_root(Draft::leaf("leaf"));
    let any_purpose = setting.under_root(Draft::leaf("leaf").for_purposes(&["2.5.29.37.0"]));
    let status = setting.under_root(Draft::leaf("leaf").for_purposes(&[STATUS_SIGNER_KEY_PURPOSE]));
    let outcome = |leaf: &Certificate, profile| {
        verify_chain(
            std::slice::from_ref(leaf),
            &anchors,
            profile,
            NOW,
            &RustCryptoProvider,
        )
        .map(|_| ())
    };
    assert_eq!(outcome(&status, ChainProfile::StatusSigner), Ok(()));
    assert_eq!(
        outcome(&leaf, ChainProfile::StatusSigner),
        Err(ChainError::NotForStatusLists)
    );
    assert_eq!(
        outcome(&any_purpose, ChainProfile::StatusSigner),
        Err(ChainError::NotForStatusLists)
    );
    for profile in [
        ChainProfile::CredentialSigner,
        ChainProfile::RequestSigner,
        ChainProfile::TrustListSigner,
        ChainProfile::WalletProvider,
    ] {
        assert_eq!(outcome(&leaf, profile), Ok(()));
        assert_eq!(outcome(&any_purpose, profile), Ok(()));
        assert_eq!(outcome(&status, profile), Err(ChainError::ForStatusListsOnly));
    }
}
