//! Rows 14, 15 and 21 to 26 of the list of attacks, as a stranger tries them at the endpoints.

use serde_json::{Value, json};
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_wallet_core::Languages;
use symbolon_wallet_core::present::Decision;

use crate::support::Kind as Format;
use crate::support::formats::{DOCTYPE, NAMESPACE, TRANSACTIONS};
use crate::support::issuer::{ISSUER, TYPE, link};
use crate::support::verifier::{Kind, credential_query, query};
use crate::support::{IssuerTrick, VerifierTrick, World};
use crate::world::{Headless, for_anybody, policy};

/// A wallet that answers for anybody, with a credential.
async fn wallet() -> Headless {
    let world = World::new();
    world.receive();
    Headless::start(world, for_anybody()).await
}

/// Nothing is signed, kept or shown. Returns what the verifier was told.
async fn refused(trick: VerifierTrick, method: &str, error: &str) -> Vec<String> {
    let wallet = wallet().await;
    wallet.world.verifier.set_trick(trick);
    let (signatures, before) = (wallet.world.keys.signatures(), wallet.stored().await);
    let link = wallet.world.verifier.request_by(method);
    let (status, told) = wallet.authorize(&link).await;
    assert_eq!(
        (status, &told["error"]),
        (400, &json!(error)),
        "{trick:?}: {told}"
    );
    assert_eq!(wallet.world.keys.signatures(), signatures, "{trick:?}");
    assert!(!wallet.world.verifier.answered(), "{trick:?}");
    assert_eq!(wallet.stored().await, before, "{trick:?}");
    wallet.world.verifier.errors()
}

/// Rows 21 and 26.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_proven_is_refused_and_told_nothing() {
    use VerifierTrick as Trick;
    for trick in [
        Trick::WrongSignature,
        Trick::SignedByOtherVerifier,
        Trick::NoSignature,
        Trick::FalseCertificate,
        Trick::CertificateOfIssuers,
        Trick::WrongType,
        Trick::AnotherClientInside,
        Trick::ResponseOnAnotherHost,
        Trick::HostNameWithResponseOnAnotherHost,
        Trick::WrongMediaType,
        Trick::RedirectsFetch,
        Trick::NotFound,
    ] {
        let told = refused(trick, "get", "invalid_request").await;
        assert_eq!(told, Vec::<String>::new(), "{trick:?}");
    }
}

/// Rows 21, 23 and 24: a request that breaks a rule, of somebody who has proven the address.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_proven_is_told_what_is_wrong() {
    use VerifierTrick as Trick;
    for (trick, method, error) in [
        (Trick::WrongAudience, "get", "invalid_request"),
        (Trick::PostWithoutWalletNonce, "post", "invalid_request"),
        (Trick::Expired, "get", "invalid_request"),
        (Trick::FromTheFuture, "get", "invalid_request"),
        (Trick::NoNonce, "get", "invalid_request"),
        (Trick::TransactionData, "get", "invalid_transaction_data"),
        (Trick::PlainResponse, "get", "invalid_request"),
        (Trick::NoEncryptionKey, "get", "invalid_request"),
    ] {
        assert_eq!(refused(trick, method, error).await, [error], "{trick:?}");
    }
}

/// Who is refused for always is the owner's matter: it is told what every verifier is told that the policy refuses.
#[tokio::test(flavor = "multi_thread")]
async fn that_a_verifier_is_refused_for_always_is_not_told() {
    let mut heard = Vec::new();
    for is_remembered in [true, false] {
        let world = World::new();
        world.receive();
        let rule = if is_remembered {
            let wallet = world.wallet();
            let (link, languages) = (world.verifier.request(), Languages::new(["en"]));
            let asked = wallet.present(&link, &languages, world.now).await.unwrap();
            let always = wallet.answer_request(asked.flow, Decision::DeclineAlways, world.now);
            always.await.unwrap();
            json!({"answers_for_anybody": true})
        } else {
            json!({"decision": "refuse"})
        };
        let wallet = Headless::start(world, policy(&rule, &json!({}))).await;
        let before = wallet.world.verifier.errors().len();
        let (status, told) = wallet.authorize(&wallet.world.verifier.request()).await;
        assert!(!wallet.world.verifier.answered());
        let errors = wallet.world.verifier.errors().split_off(before);
        heard.push((status, told, errors));
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0].1["outcome"], "declined");
    assert_eq!(heard[0].2, ["access_denied"]);
}

/// Row 21: before anything is fetched.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_prove_nothing_have_nothing_fetched() {
    let wallet = wallet().await;
    let before = wallet.world.requests().len();
    for client in [
        "verifier.example",
        "redirect_uri:https://verifier.example/response/1",
        "origin:https://verifier.example",
        "decentralized_identifier:did:example:1",
        "verifier_attestation:clinic",
        "openid_federation:https://verifier.example",
        "x509_hash:AAAA",
        "",
    ] {
        let client: String = url::form_urlencoded::byte_serialize(client.as_bytes()).collect();
        let uri = "request_uri=https%3A%2F%2Fverifier.example%2Frequest%2F1";
        let (status, told) = wallet.authorize(&format!("?client_id={client}&{uri}")).await;
        assert_eq!(status, 400, "{client}: {told}");
    }
    assert_eq!(wallet.world.requests().len(), before);
}

/// Row 23: an answer is made for one request, and the verifier's page in one browser goes on by what it gave for that alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_answered_is_answered_with_the_same_nonce_to_nobody_twice() {
    let wallet = wallet().await;
    let link = wallet.world.verifier.by_value(Kind::Hash);
    let response = wallet.bring("/authorize", &link).send().await.unwrap();
    assert_eq!(response.status(), 302);
    // The verifier takes a nonce once. What a second bringer gets is its refusal, and no address to go on at.
    let (status, told) = wallet.authorize(&link).await;
    assert_eq!((status, &told["outcome"]), (502, &json!("rejected")), "{told}");
    assert_eq!(told.get("continue_at"), None);
    assert_eq!(wallet.world.verifier.answers().len(), 1);
}

/// Row 25: more than the rule permits, and an alternative that would tell what is held.
#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_rule_permits_is_not_shown() {
    let world = World::new();
    world.receive();
    let rule = json!({
        "answers_for_anybody": true,
        "credentials": [{"type": TYPE, "claims": [["given_name"], ["document_number"], ["age_over_18"]]}],
    });
    let wallet = Headless::start(world, policy(&rule, &json!({}))).await;
    for paths in [
        json!([["given_name"], ["address"]]),
        json!([["birth_date"]]),
        json!([]),
    ] {
        wallet.world.verifier.set_query(query(&paths));
        let (status, told) = wallet.authorize(&wallet.world.verifier.request()).await;
        let all_is_seen = paths.as_array().is_some_and(Vec::is_empty);
        assert_eq!(status, if all_is_seen { 302 } else { 403 }, "{paths}: {told}");
    }
    wallet.world.verifier.set_query(query(&json!([["given_name"]])));
    let (status, _) = wallet.authorize(&wallet.world.verifier.request()).await;
    assert_eq!(status, 302);
}

const PAYMENT: &str = "urn:example:payment:1";
/// A type for which the issuer of the mdoc does not let the device sign.
const LOAN: &str = "urn:example:loan:1";

/// A world whose wallet knows payments and loans, and a request for one of this type that the answer to this query authorises.
fn with_transaction(world: &mut World, transaction_type: &str, query: &str) {
    let mut types = TransactionTypes::default();
    for definition in [
        json!({
            "type": PAYMENT, "title": {"en": "Payment"},
            "fields": [{"name": "payee", "kind": "text", "label": {"en": "To"}}],
        }),
        json!({
            "type": LOAN, "title": {"en": "Loan"}, "mdoc": {"name_space": TRANSACTIONS, "element": "loans"},
            "fields": [{"name": "payee", "kind": "text", "label": {"en": "To"}}],
        }),
    ] {
        types.insert(serde_json::from_value(definition).unwrap()).unwrap();
    }
    world.policy.relying_parties.transaction_types = types;
    let transaction = json!({"type": transaction_type, "credential_ids": [query], "payee": "Shop"});
    let text = base64url::encode(transaction.to_string().as_bytes());
    world.verifier.overwrite("transaction_data", json!([text]));
}

/// A query for a claim with this value, of an SD-JWT VC or an mdoc.
fn guess(kind: Option<Format>, value: &str) -> Value {
    let mut query = match kind {
        None => credential_query("identity", TYPE, &[json!({"path": ["given_name"]})]),
        Some(kind) => kind.query("card", &[json!([NAMESPACE, "given_name"])]),
    };
    query["claims"][0]["values"] = json!([value]);
    json!({"credentials": [query]})
}

/// Row 24: whether a transaction can be authorised depends on what is held, and a query may name values. What a stranger and the verifier
/// see is the same whether the guess is right or wrong, and whether anything is held.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_tells_nobody_what_is_held() {
    let name = crate::support::issuer::person()["given_name"]
        .as_str()
        .unwrap()
        .to_owned();
    let rule = json!({"transaction_types": [PAYMENT], "answers_for_anybody": true});
    let mut seen = Vec::new();
    for (holds, value) in [
        (true, name.as_str()),
        (true, "somebody else's"),
        (false, name.as_str()),
    ] {
        let mut world = World::new();
        with_transaction(&mut world, PAYMENT, "identity");
        if holds {
            world.receive();
        }
        world.verifier.set_query(guess(None, value));
        let wallet = Headless::start(world, policy(&rule, &json!({}))).await;
        let (status, told) = wallet.authorize(&wallet.world.verifier.request()).await;
        seen.push((
            status,
            told["outcome"].clone(),
            told["error"].clone(),
            wallet.world.verifier.errors(),
        ));
        // The owner sees which it is.
        let entries = wallet.waiting().await;
        assert_eq!(entries[0]["answerable"], holds && value == name);
        assert_eq!(entries[0]["transactions"][0]["transaction_type"], PAYMENT);
    }
    assert_eq!(seen[0], (202, json!("waiting"), Value::Null, Vec::new()));
    assert!(seen.iter().all(|each| *each == seen[0]), "{seen:?}");
}

/// The same where the guess is right and what is held cannot authorise it: a wallet with one reader says so to its person at once.
#[tokio::test(flavor = "multi_thread")]
async fn that_what_is_held_cannot_authorise_it_is_told_nobody() {
    let name = crate::support::issuer::person()["given_name"]
        .as_str()
        .unwrap()
        .to_owned();
    let rule = json!({
        "credentials": [{"type": DOCTYPE, "all_claims": true}],
        "transaction_types": [LOAN], "answers_for_anybody": true,
    });
    let mut seen = Vec::new();
    for value in [name.as_str(), "somebody else's"] {
        let mut world = World::new();
        with_transaction(&mut world, LOAN, "card");
        world.receive_kind(Format::Mdoc);
        world.verifier.set_query(guess(Some(Format::Mdoc), value));
        let wallet = Headless::start(world, policy(&rule, &json!({}))).await;
        let (status, told) = wallet.authorize(&wallet.world.verifier.request()).await;
        let errors = wallet.world.verifier.errors();
        seen.push((status, told["outcome"].clone(), told["error"].clone(), errors));
    }
    assert_eq!(seen[0], (202, json!("waiting"), Value::Null, Vec::new()));
    assert_eq!(seen[0], seen[1]);
}

/// Row 24: a stranger's transaction waits unless the rule authorises for anybody, and one of another type is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_authorised_for_whom_the_rule_says() {
    let both = json!({
        "transaction_types": [PAYMENT], "answers_for_anybody": true, "authorises_for_anybody": true,
    });
    let mut other = both.clone();
    other["transaction_types"] = json!(["urn:example:other"]);
    let answers = json!({"transaction_types": [PAYMENT], "answers_for_anybody": true});
    for (rule, strangers, owners) in [
        (both, 302, "answered"),
        (answers, 202, "answered"),
        (other, 403, "declined"),
    ] {
        let mut world = World::new();
        with_transaction(&mut world, PAYMENT, "identity");
        world.receive();
        let wallet = Headless::start(world, policy(&rule, &json!({}))).await;
        let link = wallet.world.verifier.request();
        let response = wallet.bring("/authorize", &link).send().await.unwrap();
        assert_eq!(response.status(), strangers, "{rule}");
        let link = wallet.world.verifier.request();
        let (_, told) = wallet.bring_as_owner("requests", &link).await;
        assert_eq!(told["outcome"], owners, "{rule}");
    }
}

/// Row 14: whose the offer is, is decided before anything is fetched or kept.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_a_stranger_is_refused_before_anything_is_fetched() {
    let wallet = wallet().await;
    let before = (wallet.stored().await, wallet.world.requests().len());
    let foreign = json!({
        "credential_issuer": "https://stranger.example", "credential_configuration_ids": ["NationalIdentity"],
    });
    for offer in [
        link("credential_offer", &foreign.to_string()),
        link("credential_offer_uri", "https://stranger.example/offers/1"),
        link("credential_offer_uri", "http://issuer.example/offers/1"),
        link(
            "credential_offer_uri",
            &format!("{ISSUER}@stranger.example/offers/1"),
        ),
        link("credential_offer", "{}"),
        "openid-credential-offer://?x=y".to_owned(),
    ] {
        let (status, told) = wallet.offer(&offer).await;
        assert_eq!((status, &told["outcome"]), (400, &json!("refused")), "{offer}");
        let (status, told) = wallet.bring_as_owner("offers", &offer).await;
        assert_eq!((status, &told["outcome"]), (400, &json!("refused")), "{offer}");
    }
    assert_eq!((wallet.stored().await, wallet.world.requests().len()), before);
    // A neighbour that the wallet knows, and no rule takes.
    let mut neighbours = foreign;
    neighbours["credential_issuer"] = json!("https://neighbour.example");
    let (status, told) = wallet
        .offer(&link("credential_offer", &neighbours.to_string()))
        .await;
    assert_eq!((status, &told["outcome"]), (403, &json!("declined")));
    assert_eq!((wallet.stored().await, wallet.world.requests().len()), before);
}

/// Rows 14 and 15: what comes is somebody else's, or bound to another key.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_it_was_offered_is_not_kept() {
    use IssuerTrick as Trick;
    for trick in [
        Trick::MetadataForAnotherIssuer,
        Trick::CredentialForAnotherKey,
        Trick::CredentialOfAnotherType,
        Trick::CredentialNamesAnotherIssuer,
        Trick::CredentialSignedByStranger,
        Trick::CredentialSignedByAnotherListedIssuer,
        Trick::CredentialFlipped,
    ] {
        let wallet = Headless::start(World::new(), for_anybody()).await;
        wallet.world.issuer.set_trick(trick);
        let (status, told) = wallet.offer(&wallet.world.issuer.offer(None)).await;
        assert_eq!(
            (status, &told["error"]),
            (400, &json!("invalid_credential_offer")),
            "{trick:?}"
        );
        assert_eq!(wallet.world.held(), (0, 0), "{trick:?}");
        assert_eq!(wallet.stored().await.0, 0, "{trick:?}");
    }
    let wallet = Headless::start(World::new(), for_anybody()).await;
    wallet.world.issuer.set_trick(Trick::OfferOfAnotherIssuer);
    let (status, _) = wallet.offer(&wallet.world.issuer.offer_by_reference()).await;
    assert_eq!(status, 400);
    assert_eq!(wallet.world.held(), (0, 0));
}

/// Row 23: nobody who guesses names of flows learns whether they exist, and nothing but a name is one.
#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_at_names_that_nobody_was_given() {
    let wallet = wallet().await;
    for name in ["0", &"0".repeat(32), "..%2fadmin", "%00", &"f".repeat(4_000)] {
        let response = wallet.at(&format!("/pending/{name}")).send().await.unwrap();
        assert_eq!(response.status(), 404, "{name}");
    }
}
