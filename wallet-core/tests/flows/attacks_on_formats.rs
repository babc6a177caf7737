//! What a bad issuer, or somebody in its place, can send in each format. Each test fails when its check is removed.

use serde_json::json;
use symbolon_credential::data_integrity::ContextTable;
use symbolon_wallet_core::receive::{CredentialProblem, ReceiptProblem, ReceiveOutcome};
use symbolon_wallet_core::record::HistoryEvent;
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{AllowedTypes, IssuerPolicy};

use crate::support::dids::dids;
use crate::support::{IssuerTrick, Kind, World};
use CredentialProblem as Problem;
use IssuerTrick as Trick;

fn refused(world: &World, kind: Kind) -> ReceiptProblem {
    let wallet = world.wallet();
    let link = world.issuer.offer_of(&[kind.configuration()]);
    let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let ReceiveOutcome::Refused { problem, stored } = outcome else {
        panic!("{kind:?}: {outcome:?}")
    };
    assert!(stored.is_empty());
    assert_eq!(world.held(), (0, 0), "{kind:?} leaves neither credential nor key");
    problem
}

fn check(kinds: &[Kind], expected: &[(Trick, Problem)]) {
    for kind in kinds {
        for (trick, problem) in expected {
            let world = World::new();
            world.issuer.set_trick(*trick);
            let found = refused(&world, *kind);
            assert_eq!(found, ReceiptProblem::Credential(*problem), "{kind:?} {trick:?}");
            let history = block_on(world.wallet().history()).unwrap();
            let [entry] = history.as_slice() else {
                panic!("one entry")
            };
            let HistoryEvent::Refused { reason, .. } = &entry.event else {
                panic!("{entry:?}")
            };
            assert_eq!(*reason, problem.to_string(), "{kind:?} {trick:?}");
        }
    }
}

const SUITES: [Kind; 5] = [
    Kind::EddsaRdfc,
    Kind::EcdsaRdfc,
    Kind::EddsaJcs,
    Kind::EcdsaJcs,
    Kind::EcdsaSd,
];

#[test]
fn no_format_is_taken_for_another_key_of_another_type_outside_of_its_validity_or_in_another_shape() {
    check(
        &Kind::ALL,
        &[
            (Trick::CredentialForAnotherKey, Problem::AnotherKey),
            (Trick::CredentialOfAnotherType, Problem::AnotherType),
            (Trick::CredentialExpired, Problem::OutsideValidity),
            (Trick::CredentialNotYetValid, Problem::OutsideValidity),
            (Trick::CredentialFlipped, Problem::Signature),
            (Trick::CredentialAsAnotherShape, Problem::Malformed),
        ],
    );
}

#[test]
fn an_mdoc_must_come_from_a_document_signer_under_the_issuers_own_root() {
    check(
        &[Kind::Mdoc],
        &[
            (Trick::CredentialSignedByStranger, Problem::UntrustedCertificate),
            (
                Trick::CredentialSignedByAnotherListedIssuer,
                Problem::UntrustedCertificate,
            ),
            (
                Trick::CredentialSignedByAnotherKind,
                Problem::UntrustedCertificate,
            ),
            (Trick::CredentialAltered, Problem::Altered),
        ],
    );
}

#[test]
fn a_w3c_credential_must_be_signed_by_the_did_that_it_names_and_that_did_must_be_the_issuers() {
    let kinds: Vec<Kind> = SUITES.into_iter().chain([Kind::Jwt]).collect();
    check(
        &kinds,
        &[
            (Trick::CredentialNamesAnotherIssuer, Problem::AnotherIssuer),
            (Trick::CredentialSignedByStranger, Problem::UnknownIssuerKey),
            (
                Trick::CredentialSignedByAnotherListedIssuer,
                Problem::UnknownIssuerKey,
            ),
            (Trick::CredentialWithoutKey, Problem::AnotherKey),
        ],
    );
    // A key of the issuer's DID, which the DID does not let sign credentials.
    let kinds = [Kind::EcdsaRdfc, Kind::EcdsaJcs, Kind::EcdsaSd, Kind::Jwt];
    check(
        &kinds,
        &[(Trick::CredentialSignedByAnotherKind, Problem::UnknownIssuerKey)],
    );
}

#[test]
fn a_document_cannot_be_signed_by_another_did_of_the_same_issuer_than_the_one_it_names() {
    for kind in [Kind::EcdsaRdfc, Kind::EcdsaSd, Kind::EcdsaJcs] {
        let mut world = World::new();
        let IssuerPolicy::AllowList(issuers) = &mut world.policy.issuers else {
            panic!("a policy with a list")
        };
        // Now both DIDs are the issuer's; the document still names one and is signed by the other.
        let stranger = symbolon_wallet_core::IssuerDid {
            did: dids().stranger.did().clone(),
            document: None,
        };
        issuers[0].dids.push(stranger);
        world.issuer.set_trick(Trick::CredentialSignedByStranger);
        let problem = ReceiptProblem::Credential(Problem::AnotherIssuer);
        assert_eq!(refused(&world, kind), problem, "{kind:?}");
    }
}

#[test]
fn a_did_without_its_document_signs_nothing_and_no_document_is_fetched() {
    for kind in SUITES.into_iter().chain([Kind::Jwt]) {
        let mut world = World::new();
        let IssuerPolicy::AllowList(issuers) = &mut world.policy.issuers else {
            panic!("a policy with a list")
        };
        issuers[0].dids[0].document = None;
        let problem = ReceiptProblem::Credential(Problem::UnknownIssuerKey);
        assert_eq!(refused(&world, kind), problem, "{kind:?}");
        assert!(!world.requests().iter().any(|line| line.contains("did.json")));
    }
}

#[test]
fn nothing_that_was_not_signed_stays_in_a_document() {
    check(
        &[Kind::EddsaRdfc, Kind::EcdsaRdfc],
        &[
            (Trick::CredentialAltered, Problem::Signature),
            (Trick::CredentialWithForeignTerm, Problem::Altered),
        ],
    );
    check(
        &[Kind::EddsaJcs, Kind::EcdsaJcs],
        &[
            (Trick::CredentialAltered, Problem::Signature),
            (Trick::CredentialWithForeignTerm, Problem::Signature),
        ],
    );
    check(
        &[Kind::EcdsaSd],
        &[
            (Trick::CredentialAltered, Problem::Signature),
            (Trick::CredentialWithForeignTerm, Problem::Altered),
        ],
    );
    check(&SUITES, &[(Trick::CredentialWithoutProof, Problem::Malformed)]);
}

#[test]
fn a_document_can_neither_bring_a_context_nor_name_one_that_the_policy_does_not_carry() {
    check(
        &[Kind::EddsaRdfc, Kind::EcdsaRdfc, Kind::EcdsaSd],
        &[
            (Trick::CredentialWithOwnContext, Problem::UnknownContext),
            (Trick::CredentialWithUnknownContext, Problem::UnknownContext),
        ],
    );
    for kind in SUITES {
        let mut world = World::new();
        world.policy.contexts = ContextTable::default();
        let problem = ReceiptProblem::Credential(Problem::UnknownContext);
        assert_eq!(refused(&world, kind), problem, "{kind:?}");
        assert!(!world.requests().iter().any(|line| line.contains("/contexts/")));
    }
}

#[test]
fn a_proof_of_another_purpose_does_not_make_a_credential() {
    check(
        &SUITES,
        &[(Trick::ProofOfAnotherPurpose, Problem::UnknownIssuerKey)],
    );
}

#[test]
fn an_issuer_issues_only_the_types_that_the_policy_lists_for_it_in_every_format() {
    for kind in Kind::ALL {
        let mut world = World::new();
        let IssuerPolicy::AllowList(issuers) = &mut world.policy.issuers else {
            panic!("a policy with a list")
        };
        issuers[0].types = AllowedTypes::Only(vec!["https://issuer.example/types/library-card".to_owned()]);
        let problem = ReceiptProblem::Credential(Problem::TypeNotAllowed);
        assert_eq!(refused(&world, kind), problem, "{kind:?}");
        assert!(!world.requests().iter().any(|line| line.contains("/token")));
    }
}

#[test]
fn anchors_alone_vouch_for_mdocs_and_never_for_dids() {
    let mut world = World::new();
    let IssuerPolicy::AllowList(issuers) = &world.policy.issuers else {
        panic!("a policy with a list")
    };
    world.policy.issuers = IssuerPolicy::AnyAnchoredBy(issuers[0].anchors.clone());
    for kind in SUITES.into_iter().chain([Kind::Jwt]) {
        let problem = ReceiptProblem::Credential(Problem::AnotherIssuer);
        assert_eq!(refused(&world, kind), problem, "{kind:?}");
    }
    world.receive_kind(Kind::Mdoc);
    assert_eq!(world.held(), (1, 1));
}

#[test]
fn a_store_in_which_somebody_changed_a_credential_is_damaged_and_shows_nothing() {
    use symbolon_wallet_core::record::HeldContent;
    use symbolon_wallet_core::{Change, CredentialId, WalletError, WalletStore as _};

    for kind in Kind::ALL {
        let world = World::new();
        let id = world.receive_kind(kind);
        let mut held = block_on(world.store.credential(id)).unwrap().unwrap();
        match &mut held.content {
            HeldContent::MsoMdoc { issuer_signed } => issuer_signed.truncate(100),
            HeldContent::LdpVc { document, .. } => document.truncate(100),
            HeldContent::JwtVcJson { jwt, .. } => jwt.truncate(100),
            HeldContent::SdJwtVc { sd_jwt } => sd_jwt.truncate(100),
        }
        held.id = CredentialId::from_bytes([9; 16]);
        let id = held.id;
        block_on(world.store.commit(vec![Change::PutCredential(Box::new(held))])).unwrap();
        let shown = block_on(
            world
                .wallet()
                .show(id, &crate::support::world::french(), world.now),
        );
        assert_eq!(shown.err(), Some(WalletError::StoreDamaged), "{kind:?}");
    }
}

#[test]
fn a_query_for_a_part_that_cannot_be_shown_alone_is_refused_or_answered_with_the_smallest_whole() {
    let world = World::new();
    world.receive_kind(Kind::EcdsaSd);
    let query = Kind::EcdsaSd.query(
        "identity",
        &[json!(["credentialSubject", "full_name", 0, "@value"])],
    );
    world.verifier.set_query(json!({ "credentials": [query] }));
    let languages = crate::support::world::french();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &languages, world.now)).unwrap();
    let shown = &request.asked[0].candidates[0].discloses;
    let name = shown
        .iter()
        .find(|claim| claim.path.to_string() == "credentialSubject.full_name")
        .unwrap();
    let tags: Vec<Option<&str>> = name.languages.iter().map(|one| one.language.as_deref()).collect();
    assert_eq!(
        tags,
        [Some("fr")],
        "one language, with its tag, and not the other"
    );
}
