//! What a bad issuer, a bad offer or somebody in between can try. Each test fails when its check is removed.

use symbolon_crypto::x509::Certificate;
use symbolon_wallet_core::receive::{CredentialProblem, ReceiptProblem, ReceiveOutcome};
use symbolon_wallet_core::record::HistoryEvent;
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{AllowedTypes, IssuerPolicy, SignedMetadata, WalletError};

use crate::support::issuer::link;
use crate::support::{IssuerTrick, World};

fn refused_with(trick: IssuerTrick) -> (World, ReceiptProblem) {
    let world = World::new();
    world.issuer.set_trick(trick);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let ReceiveOutcome::Refused { problem, stored } = outcome else {
        panic!("{trick:?}: {outcome:?}")
    };
    assert!(stored.is_empty());
    assert_eq!(
        world.held(),
        (0, 0),
        "{trick:?} leaves neither credential nor key"
    );
    (world, problem)
}

#[test]
fn a_credential_that_fails_a_check_is_refused_with_the_reason_and_leaves_nothing() {
    use CredentialProblem as Problem;
    use IssuerTrick as Trick;
    for (trick, problem) in [
        (Trick::CredentialForAnotherKey, Problem::AnotherKey),
        (Trick::CredentialWithoutKey, Problem::AnotherKey),
        (Trick::CredentialOfAnotherType, Problem::AnotherType),
        (Trick::CredentialNamesAnotherIssuer, Problem::AnotherIssuer),
        (Trick::CredentialWithKeyBinding, Problem::AlreadyPresented),
        (Trick::CredentialExpired, Problem::OutsideValidity),
        (Trick::CredentialNotYetValid, Problem::OutsideValidity),
        (Trick::CredentialWithoutChain, Problem::NoCertificate),
        (Trick::CredentialSignedByStranger, Problem::UntrustedCertificate),
        (
            Trick::CredentialSignedByAnotherListedIssuer,
            Problem::UntrustedCertificate,
        ),
        (Trick::CredentialFlipped, Problem::Signature),
        (Trick::CredentialWithForeignDisclosure, Problem::Malformed),
    ] {
        let (world, found) = refused_with(trick);
        assert_eq!(found, ReceiptProblem::Credential(problem), "{trick:?}");
        let history = block_on(world.wallet().history()).unwrap();
        assert!(
            matches!(&history[0].event, HistoryEvent::Refused { reason, .. } if *reason == problem.to_string())
        );
    }
}

#[test]
fn an_issuer_under_a_shared_root_cannot_sign_for_another() {
    let mut world = World::new();
    // Both issuers under both roots: only the name in the certificate keeps them apart.
    let IssuerPolicy::AllowList(issuers) = &mut world.policy.issuers else {
        panic!("a policy with a list")
    };
    let anchors: Vec<Certificate> = issuers.iter().flat_map(|issuer| issuer.anchors.clone()).collect();
    issuers
        .iter_mut()
        .for_each(|issuer| issuer.anchors.clone_from(&anchors));
    world
        .issuer
        .set_trick(IssuerTrick::CredentialSignedByAnotherListedIssuer);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::Credential(CredentialProblem::AnotherIssuer);
    assert_eq!(
        outcome,
        ReceiveOutcome::Refused {
            problem,
            stored: Vec::new()
        }
    );
    assert_eq!(world.held(), (0, 0));
}

#[test]
fn metadata_that_are_signed_are_believed_for_their_signature_alone() {
    for trick in [
        IssuerTrick::SignedMetadataChanged,
        IssuerTrick::MetadataSignedByStranger,
        IssuerTrick::MetadataSignedByNeighbour,
    ] {
        let (world, problem) = refused_with(trick);
        assert_eq!(problem, ReceiptProblem::IssuerMetadata, "{trick:?}");
        assert_eq!(
            world.requests(),
            ["GET https://issuer.example/.well-known/openid-credential-issuer"],
            "{trick:?}"
        );
    }
    // A wallet that must have them signed takes nothing else.
    for (trick, received) in [(IssuerTrick::SignsMetadata, true), (IssuerTrick::None, false)] {
        let mut world = World::new();
        world.signed_metadata = SignedMetadata::Required;
        world.issuer.set_trick(trick);
        let wallet = world.wallet();
        let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
        let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
        let stored = matches!(&outcome, ReceiveOutcome::Stored { credentials, .. } if credentials.len() == 1);
        assert_eq!(stored, received, "{trick:?}: {outcome:?}");
    }
}

#[test]
fn metadata_that_speaks_for_somebody_else_ends_the_receipt_before_the_code_is_spent() {
    for (trick, problem) in [
        (
            IssuerTrick::MetadataForAnotherIssuer,
            ReceiptProblem::IssuerMetadata,
        ),
        (IssuerTrick::MetadataAsHtml, ReceiptProblem::IssuerMetadata),
        (
            IssuerTrick::ServerMetadataForAnotherServer,
            ReceiptProblem::ServerMetadata,
        ),
        (
            IssuerTrick::MetadataTypeNotAllowed,
            ReceiptProblem::Credential(CredentialProblem::TypeNotAllowed),
        ),
    ] {
        let (world, found) = refused_with(trick);
        assert_eq!(found, problem, "{trick:?}");
        assert!(
            !world.requests().iter().any(|line| line.contains("/token")),
            "{trick:?}"
        );
    }
}

#[test]
fn answers_that_are_no_single_credential_are_refused() {
    for (trick, problem) in [
        (IssuerTrick::TwoCredentials, ReceiptProblem::CredentialResponse),
        (IssuerTrick::Deferred, ReceiptProblem::Deferred),
        (IssuerTrick::Denies, ReceiptProblem::Denied),
    ] {
        let (_, found) = refused_with(trick);
        assert_eq!(found, problem, "{trick:?}");
    }
}

#[test]
fn an_offer_of_an_unknown_issuer_is_refused_before_anything_is_fetched_or_stored() {
    let world = World::new();
    let wallet = world.wallet();
    let grant = r#"{"urn:ietf:params:oauth:grant-type:pre-authorized_code":{"pre-authorized_code":"x"}}"#;
    for issuer in [
        "https://unknown.example",
        "https://issuer.example.unknown.example",
        "https://issuer.example/",
        "https://ISSUER.example",
        "https://issuer.example:444",
    ] {
        let offer = format!(
            r#"{{"credential_issuer":"{issuer}","credential_configuration_ids":["NationalIdentity"],"grants":{grant}}}"#
        );
        let outcome = block_on(wallet.receive_offer(&link("credential_offer", &offer), world.now));
        assert_eq!(outcome, Err(WalletError::UnknownIssuer), "{issuer}");
    }
    for reference in [
        "https://unknown.example/offers/1",
        "https://issuer.example:444/offers/1",
    ] {
        let outcome = block_on(wallet.receive_offer(&link("credential_offer_uri", reference), world.now));
        assert_eq!(outcome, Err(WalletError::UnknownIssuer), "{reference}");
    }
    assert_eq!(world.requests(), Vec::<String>::new());
    assert!(block_on(wallet.recover(world.now)).unwrap().unfinished.is_empty());
}

#[test]
fn an_offer_behind_a_link_cannot_come_from_another_issuer_than_the_one_shown() {
    let world = World::new();
    world.issuer.set_trick(IssuerTrick::OfferOfAnotherIssuer);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer_by_reference(), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::AnotherIssuer;
    assert_eq!(
        outcome,
        ReceiveOutcome::Refused {
            problem,
            stored: Vec::new()
        }
    );
    assert_eq!(world.requests(), ["GET https://issuer.example/offers/1"]);
}

#[test]
fn an_issuer_that_was_taken_off_the_list_meanwhile_is_refused() {
    let mut world = World::new();
    let offer = block_on(world.wallet().receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let IssuerPolicy::AllowList(issuers) = &mut world.policy.issuers else {
        panic!("a policy with a list")
    };
    issuers.remove(0);
    let wallet = world.wallet();
    assert_eq!(
        block_on(wallet.resume(offer.flow, world.now)),
        Err(WalletError::UnknownIssuer)
    );
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::AnotherIssuer;
    assert_eq!(
        outcome,
        ReceiveOutcome::Refused {
            problem,
            stored: Vec::new()
        }
    );
    assert_eq!(world.requests(), Vec::<String>::new());
}

#[test]
fn an_issuer_issues_only_what_the_policy_lists_for_it() {
    let mut world = World::new();
    let IssuerPolicy::AllowList(issuers) = &mut world.policy.issuers else {
        panic!("a policy with a list")
    };
    issuers[0].types = AllowedTypes::Only(vec!["https://issuer.example/types/library-card".to_owned()]);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::Credential(CredentialProblem::TypeNotAllowed);
    assert_eq!(
        outcome,
        ReceiveOutcome::Refused {
            problem,
            stored: Vec::new()
        }
    );
}

#[test]
fn text_that_is_no_offer_is_unreadable_and_an_offer_over_plain_http_unacceptable() {
    let world = World::new();
    let wallet = world.wallet();
    for text in [
        "",
        "hello",
        "openid4vp://?client_id=x",
        "https://",
        "mdoc:abc",
        "javascript:alert(1)",
    ] {
        let outcome = block_on(wallet.receive_offer(text, world.now));
        assert_eq!(outcome, Err(WalletError::UnreadableLink), "{text}");
    }
    for link in [
        link("credential_offer_uri", "http://issuer.example/offers/1"),
        link("credential_offer", "{}"),
        link("credential_offer", "not json"),
        "openid-credential-offer://?".to_owned(),
    ] {
        let outcome = block_on(wallet.receive_offer(&link, world.now));
        assert!(
            matches!(outcome, Err(WalletError::UnacceptableOffer(_))),
            "{link}"
        );
    }
}

#[test]
fn a_policy_of_anchors_alone_still_verifies_and_shows_only_the_address() {
    let mut world = World::new();
    let IssuerPolicy::AllowList(issuers) = &world.policy.issuers else {
        panic!("a policy with a list")
    };
    world.policy.issuers = IssuerPolicy::AnyAnchoredBy(issuers[0].anchors.clone());
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    assert_eq!(offer.issuers[0].name, None);
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    assert!(matches!(outcome, ReceiveOutcome::Stored { .. }), "{outcome:?}");

    world.issuer.set_trick(IssuerTrick::CredentialSignedByStranger);
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let problem = ReceiptProblem::Credential(CredentialProblem::UntrustedCertificate);
    assert_eq!(
        outcome,
        ReceiveOutcome::Refused {
            problem,
            stored: Vec::new()
        }
    );
    assert_eq!(world.held(), (1, 1));
}
