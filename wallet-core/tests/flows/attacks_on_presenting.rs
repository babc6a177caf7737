//! What a bad verifier, or somebody in its place, can try. Each test fails when its check is removed.

use serde_json::json;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::request_object::ResponseUriRule;
use symbolon_wallet_core::WalletError;
use symbolon_wallet_core::present::{Decision, RequestProblem};
use symbolon_wallet_core::testing::block_on;

use crate::support::certificates::certificates;
use crate::support::world::french;
use crate::support::{VerifierTrick, World};

/// Nothing is signed, stored or disclosed. Returns the errors that were posted.
fn refused(trick: VerifierTrick, method: &str, problem: RequestProblem) -> Vec<String> {
    let world = World::new();
    world.receive();
    world.verifier.set_trick(trick);
    let signatures = world.keys.signatures();
    let wallet = world.wallet();
    let outcome = block_on(wallet.present(&world.verifier.request_by(method), &french(), world.now));
    assert_eq!(outcome, Err(WalletError::RequestRefused(problem)), "{trick:?}");
    assert_eq!(world.keys.signatures(), signatures, "{trick:?}");
    assert!(!world.verifier.answered(), "{trick:?}");
    assert!(
        block_on(wallet.recover(world.now)).unwrap().unfinished.is_empty(),
        "{trick:?}"
    );
    world.verifier.errors()
}

#[test]
fn a_request_whose_sender_is_not_proven_is_refused_and_nobody_is_told() {
    use RequestProblem as Problem;
    use VerifierTrick as Trick;
    for (trick, problem) in [
        (Trick::WrongSignature, Problem::Signature),
        (Trick::SignedByOtherVerifier, Problem::Signature),
        (Trick::NoSignature, Problem::Signature),
        (Trick::FalseCertificate, Problem::UntrustedVerifier),
        (Trick::CertificateOfIssuers, Problem::UntrustedVerifier),
        (Trick::WrongType, Problem::NotARequestObject),
        (Trick::AnotherClientInside, Problem::AnotherClient),
        (Trick::ResponseOnAnotherHost, Problem::ResponseAddress),
        (Trick::HostNameWithResponseOnAnotherHost, Problem::ResponseAddress),
        (Trick::WrongMediaType, Problem::NotARequestObject),
        (Trick::NotFound, Problem::Gone),
    ] {
        let told = refused(trick, "get", problem);
        assert_eq!(told, Vec::<String>::new(), "{trick:?}");
    }
}

/// The certificate is the sender's own and good, and the identifier another's.
#[test]
fn a_request_under_the_hash_of_another_certificate_is_nobodys() {
    let world = World::new();
    world.receive();
    let own = ClientId::x509_hash(certificates().verifier.certificate.sha256());
    let others = ClientId::x509_hash(certificates().other_verifier.certificate.sha256());
    world.verifier.overwrite("client_id", json!(others));
    let encoded =
        |id: &ClientId| -> String { url::form_urlencoded::byte_serialize(id.as_str().as_bytes()).collect() };
    let link = world
        .verifier
        .request()
        .replace(&encoded(&own), &encoded(&others));
    let outcome = block_on(world.wallet().present(&link, &french(), world.now));
    let problem = RequestProblem::Signature;
    assert_eq!(outcome, Err(WalletError::RequestRefused(problem)));
    assert!(world.verifier.errors().is_empty());
}

#[test]
fn a_proven_verifier_is_told_what_is_wrong_with_its_request() {
    use RequestProblem as Problem;
    use VerifierTrick as Trick;
    for (trick, method, problem, code) in [
        (
            Trick::WrongAudience,
            "get",
            Problem::NotForThisWallet,
            "invalid_request",
        ),
        (
            Trick::PostWithoutWalletNonce,
            "post",
            Problem::NotForThisWallet,
            "invalid_request",
        ),
        (Trick::Expired, "get", Problem::Expired, "invalid_request"),
        (Trick::FromTheFuture, "get", Problem::Expired, "invalid_request"),
        (Trick::NoNonce, "get", Problem::Malformed, "invalid_request"),
        (
            Trick::TransactionData,
            "get",
            Problem::TransactionData,
            "invalid_transaction_data",
        ),
        (
            Trick::PlainResponse,
            "get",
            Problem::Unsupported,
            "invalid_request",
        ),
        (
            Trick::NoEncryptionKey,
            "get",
            Problem::EncryptionKey,
            "invalid_request",
        ),
    ] {
        let told = refused(trick, method, problem);
        assert_eq!(told, [code], "{trick:?}");
    }
}

#[test]
fn with_host_names_the_answer_goes_to_that_host_whatever_the_policy_allows() {
    for (trick, allowed) in [
        (VerifierTrick::ResponseOnAnotherHost, true),
        (VerifierTrick::HostNameWithResponseOnAnotherHost, false),
    ] {
        let mut world = World::new();
        world.receive();
        world.policy.relying_parties.addresses = ResponseUriRule::AnyOfTrustedVerifier;
        world.verifier.set_trick(trick);
        let outcome = block_on(
            world
                .wallet()
                .present(&world.verifier.request(), &french(), world.now),
        );
        assert_eq!(outcome.is_ok(), allowed, "{trick:?}: {outcome:?}");
    }
}

#[test]
fn clients_that_prove_nothing_are_refused_before_anything_is_fetched() {
    let world = World::new();
    world.receive();
    let requests = world.requests().len();
    let request_uri = "request_uri=https%3A%2F%2Fverifier.example%2Frequest%2F1";
    for client in [
        "verifier.example",
        "https://verifier.example",
        "redirect_uri:https://verifier.example/response/1",
        "origin:https://verifier.example",
        "decentralized_identifier:did:example:1",
        "verifier_attestation:clinic",
        "openid_federation:https://verifier.example",
        "x509_hash:AAAA",
        "x509_hash",
        "",
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(client.as_bytes()).collect();
        let link = format!("openid4vp://?client_id={encoded}&{request_uri}");
        let outcome = block_on(world.wallet().present(&link, &french(), world.now));
        assert!(
            matches!(outcome, Err(WalletError::RequestRefused(_))),
            "{client}: {outcome:?}"
        );
    }
    let unsigned = "openid4vp://?client_id=x509_san_dns%3Averifier.example&response_type=vp_token&nonce=1";
    let outcome = block_on(world.wallet().present(unsigned, &french(), world.now));
    assert_eq!(
        outcome,
        Err(WalletError::RequestRefused(RequestProblem::SigningRule))
    );
    let plain =
        "openid4vp://?client_id=x509_san_dns%3Averifier.example&request_uri=http%3A%2F%2Fverifier.example%2F";
    let outcome = block_on(world.wallet().present(plain, &french(), world.now));
    assert_eq!(outcome, Err(WalletError::RequestRefused(RequestProblem::Link)));
    for text in [
        "",
        "hello",
        "openid-credential-offer://?credential_offer=x",
        "mdoc:abc",
    ] {
        let outcome = block_on(world.wallet().present(text, &french(), world.now));
        assert_eq!(outcome, Err(WalletError::UnreadableLink), "{text}");
    }
    assert_eq!(world.requests().len(), requests);
}

#[test]
fn old_drafts_are_refused() {
    for (name, value) in [
        ("presentation_definition", json!({})),
        ("client_id_scheme", json!("x509_san_dns")),
        ("scope", json!("x")),
    ] {
        let world = World::new();
        world.receive();
        world.verifier.overwrite(name, value);
        let outcome = block_on(
            world
                .wallet()
                .present(&world.verifier.request(), &french(), world.now),
        );
        assert!(
            matches!(outcome, Err(WalletError::RequestRefused(_))),
            "{name}: {outcome:?}"
        );
    }
}

#[test]
fn a_request_that_expired_while_it_was_shown_is_not_answered() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let choice = request.smallest_choice().unwrap();
    let later = world.now.plus(std::time::Duration::from_secs(2 * 3_600));
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), later));
    assert_eq!(outcome, Err(WalletError::RequestRefused(RequestProblem::Expired)));
    assert!(!world.verifier.answered());
}

#[test]
fn a_relying_party_whose_root_was_withdrawn_while_it_was_shown_gets_nothing() {
    let mut world = World::new();
    world.receive();
    let request = block_on(
        world
            .wallet()
            .present(&world.verifier.request(), &french(), world.now),
    )
    .unwrap();
    world.policy.relying_parties.anchors.clear();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(
        world
            .wallet()
            .answer_request(request.flow, Decision::Share(choice), world.now),
    );
    assert_eq!(
        outcome,
        Err(WalletError::RequestRefused(RequestProblem::UntrustedVerifier))
    );
    assert!(!world.verifier.answered());
}
