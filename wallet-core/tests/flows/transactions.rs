//! Transactions: shown in the words of their type, authorised by one credential, refused where they are not understood (row 24).

use serde_json::{Value, json};
use symbolon_credential::mdoc::{DeviceResponse, MdocBudget};
use symbolon_credential::sd_jwt::DigestAlgorithm;
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_wallet_core::WalletError;
use symbolon_wallet_core::present::{
    Answerable, Choice, ConsentRequest, Decision, Need, Opened, PresentOutcome, RequestProblem, ShownDetail,
};
use symbolon_wallet_core::record::HistoryEvent;
use symbolon_wallet_core::testing::block_on;

use crate::support::formats::{NAMESPACE, TRANSACTIONS};
use crate::support::issuer::TYPE;
use crate::support::verifier::credential_query;
use crate::support::world::french;
use crate::support::{Kind, World};

const PAYMENT: &str = "urn:example:payment:1";
/// A type for which the issuer of the mdoc does not let the device sign.
const LOAN: &str = "urn:example:loan:1";

fn types() -> TransactionTypes {
    let mut types = TransactionTypes::default();
    for definition in [
        json!({
            "type": PAYMENT, "title": {"en": "Payment", "fr": "Paiement"},
            "mdoc": {"name_space": TRANSACTIONS, "element": "hashes"},
            "fields": [
                {"name": "payee", "kind": "text", "label": {"en": "To", "fr": "À"}},
                {"name": "items", "kind": "group", "occurs": "list", "label": {"fr": "Article"}, "fields": [
                    {"name": "price", "kind": "decimal", "label": {"fr": "Prix"}},
                ]},
            ],
        }),
        json!({
            "type": LOAN, "title": {"en": "Loan"}, "mdoc": {"name_space": TRANSACTIONS, "element": "loans"},
            "fields": [{"name": "amount", "kind": "decimal"}],
        }),
    ] {
        types.insert(serde_json::from_value(definition).unwrap()).unwrap();
    }
    types
}

fn text(value: &Value) -> String {
    base64url::encode(value.to_string().as_bytes())
}

fn payment(credential_ids: &[&str], payee: &str) -> String {
    text(&json!({
        "type": PAYMENT, "credential_ids": credential_ids, "payee": payee,
        "items": [{"price": "3.20"}, {"price": "1.00"}],
    }))
}

fn world() -> World {
    let mut world = World::new();
    world.policy.relying_parties.transaction_types = types();
    world
}

fn ask(world: &World, query: &Value, transactions: &[String]) -> Opened {
    world.verifier.set_query(query.clone());
    if !transactions.is_empty() {
        world.verifier.overwrite("transaction_data", json!(transactions));
    }
    let link = world.verifier.request();
    block_on(world.wallet().open_request(&link, &french(), world.now)).unwrap()
}

fn shown(world: &World, query: &Value, transactions: &[String]) -> ConsentRequest {
    match ask(world, query, transactions) {
        Opened::AwaitingConsent(request) => *request,
        refused @ Opened::Refused { .. } => panic!("{refused:?}"),
    }
}

fn share(world: &World, request: &ConsentRequest, choice: Choice) -> Result<PresentOutcome, WalletError> {
    block_on(
        world
            .wallet()
            .answer_request(request.flow, Decision::Share(choice), world.now),
    )
}

fn identity() -> Value {
    credential_query("identity", TYPE, &[json!({"path": ["given_name"]})])
}

fn mdoc() -> Value {
    Kind::Mdoc.query("card", &[json!([NAMESPACE, "given_name"])])
}

/// The payload of the key binding JWT of the answer to a query.
fn key_binding(world: &World, query: &str) -> Value {
    let tokens = world.verifier.tokens();
    let token = serde_json::to_value(tokens.last().unwrap()).unwrap();
    let text = token[query][0].as_str().unwrap();
    let jwt = text.rsplit('~').next().unwrap();
    let payload = base64url::decode(jwt.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[test]
fn a_transaction_is_shown_signed_and_kept() {
    let world = world();
    let credential = world.receive();
    let transaction = payment(&["identity"], "Coffee shop");
    let query = json!({"credentials": [identity()]});
    let request = shown(&world, &query, std::slice::from_ref(&transaction));
    let [payment] = request.transactions.as_slice() else {
        panic!("one transaction")
    };
    assert_eq!(
        (payment.title.as_str(), payment.transaction_type.as_str()),
        ("Paiement", PAYMENT)
    );
    let detail = |label: &[&str], value: &str| ShownDetail {
        label: label.iter().map(|part| (*part).to_owned()).collect(),
        value: value.to_owned(),
    };
    assert_eq!(
        payment.details,
        [
            detail(&["À"], "Coffee shop"),
            detail(&["Article", "Prix"], "3.20"),
            detail(&["Article", "Prix"], "1.00"),
        ]
    );
    let choice = request.smallest_choice().unwrap();
    let outcome = share(&world, &request, choice).unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{outcome:?}");
    let proof = key_binding(&world, "identity");
    let hash = DigestAlgorithm::Sha256.digest(&transaction);
    assert_eq!(proof["transaction_data_hashes"], json!([hash]));
    assert_eq!(proof["transaction_data_hashes_alg"], "sha-256");
    let history = block_on(world.wallet().history()).unwrap();
    let HistoryEvent::Presented { transactions, .. } = &history[0].event else {
        panic!("shown")
    };
    let [kept] = transactions.as_slice() else {
        panic!("one transaction")
    };
    assert_eq!(
        (kept.transaction_type.as_str(), &kept.transaction_data),
        (PAYMENT, &transaction)
    );
    assert_eq!(kept.credential, credential);
}

#[test]
fn a_hash_has_an_algorithm_of_the_verifiers_choice() {
    let world = world();
    world.receive();
    let with = |algorithms: Value| {
        let mut payment: Value =
            serde_json::from_slice(&base64url::decode(&payment(&["identity"], "Shop")).unwrap()).unwrap();
        payment["transaction_data_hashes_alg"] = algorithms;
        text(&payment)
    };
    let query = json!({"credentials": [identity()]});
    // The test's verifier takes SHA-256 alone, which is enough to read what was signed.
    let transactions = [
        with(json!(["md5", "sha-256", "sha-512"])),
        payment(&["identity"], "Other"),
    ];
    let request = shown(&world, &query, &transactions);
    let choice = request.smallest_choice().unwrap();
    share(&world, &request, choice).unwrap();
    let proof = key_binding(&world, "identity");
    let hashes: Vec<String> = transactions
        .iter()
        .map(|text| DigestAlgorithm::Sha256.digest(text))
        .collect();
    assert_eq!(proof["transaction_data_hashes"], json!(hashes));
    // One key binding has one algorithm: two transactions that share none need two credentials.
    let apart = [with(json!(["sha-512"])), payment(&["identity"], "Other")];
    let request = shown(&world, &query, &apart);
    let choice = request.smallest_choice().unwrap();
    assert_eq!(share(&world, &request, choice), Err(WalletError::InvalidChoice));
}

#[test]
fn an_mdoc_authorises_by_what_its_device_signs() {
    let world = world();
    world.receive_kind(Kind::Mdoc);
    let transactions = [payment(&["card"], "Shop"), payment(&["card"], "Other")];
    let request = shown(&world, &json!({"credentials": [mdoc()]}), &transactions);
    let choice = request.smallest_choice().unwrap();
    let outcome = share(&world, &request, choice).unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{outcome:?}");
    let token = serde_json::to_value(world.verifier.tokens().last().unwrap()).unwrap();
    let bytes = base64url::decode(token["card"][0].as_str().unwrap()).unwrap();
    let document = DeviceResponse::parse(&bytes, MdocBudget::DEFAULT).unwrap();
    let document = document.only_document().unwrap();
    let [element] = document.device_elements() else {
        panic!("one element")
    };
    assert_eq!(
        (element.name_space(), element.identifier()),
        (TRANSACTIONS, "hashes")
    );
    let hashes: Vec<String> = transactions
        .iter()
        .map(|text| DigestAlgorithm::Sha256.digest(text))
        .collect();
    assert_eq!(element.value().to_json(), json!(hashes));
}

#[test]
fn one_credential_alone_authorises_a_transaction() {
    let world = world();
    world.receive();
    world.receive_kind(Kind::Mdoc);
    let query = json!({"credentials": [identity(), mdoc()]});
    let request = shown(&world, &query, &[payment(&["identity", "card"], "Shop")]);
    let choice = request.smallest_choice().unwrap();
    share(&world, &request, choice).unwrap();
    let hashes = &key_binding(&world, "identity")["transaction_data_hashes"];
    assert_eq!(hashes.as_array().map(Vec::len), Some(1));
    let token = serde_json::to_value(world.verifier.tokens().last().unwrap()).unwrap();
    let bytes = base64url::decode(token["card"][0].as_str().unwrap()).unwrap();
    let document = DeviceResponse::parse(&bytes, MdocBudget::DEFAULT).unwrap();
    assert!(document.only_document().unwrap().device_elements().is_empty());
}

#[test]
fn what_is_not_understood_is_refused_before_anybody_is_asked() {
    let world = world();
    world.receive();
    let query = json!({"credentials": [identity()]});
    for transaction in [
        text(&json!({"type": "urn:example:unknown", "credential_ids": ["identity"]})),
        text(&json!({"type": PAYMENT, "credential_ids": ["identity"], "payee": "Shop"})),
        payment(&["other"], "Shop"),
        "no base64url of JSON".to_owned(),
    ] {
        let before = world.verifier.errors().len();
        let good = payment(&["identity"], "Shop");
        let refused = ask(&world, &query, &[good, transaction.clone()]);
        assert!(
            matches!(
                refused,
                Opened::Refused {
                    problem: RequestProblem::TransactionData,
                    ..
                }
            ),
            "{transaction}: {refused:?}"
        );
        assert_eq!(world.verifier.errors()[before..], ["invalid_transaction_data"]);
    }
    // Without a proof of the holder nothing is authorised (appendix B.3.3), and a W3C credential has no place for it.
    let mut unbound = identity();
    unbound["require_cryptographic_holder_binding"] = json!(false);
    let w3c = Kind::Jwt.query("identity", &[]);
    for query in [unbound, w3c] {
        let refused = ask(
            &world,
            &json!({"credentials": [query]}),
            &[payment(&["identity"], "Shop")],
        );
        assert!(
            matches!(
                refused,
                Opened::Refused {
                    problem: RequestProblem::TransactionData,
                    ..
                }
            ),
            "{refused:?}"
        );
    }
    assert!(world.verifier.tokens().is_empty());
    assert_eq!(block_on(world.wallet().history()).unwrap().len(), 1);
}

#[test]
fn an_mdoc_whose_device_may_not_sign_for_it_refuses_a_transaction() {
    let world = world();
    world.receive_kind(Kind::Mdoc);
    let loan = text(&json!({"type": LOAN, "credential_ids": ["card"], "amount": "100"}));
    let query = json!({"credentials": [mdoc()]});
    let refused = ask(&world, &query, std::slice::from_ref(&loan));
    assert!(
        matches!(
            refused,
            Opened::Refused {
                problem: RequestProblem::TransactionData,
                ..
            }
        ),
        "{refused:?}"
    );
    // The verifier hears nothing: it would learn that the document is held, before anybody agreed.
    assert_eq!(world.verifier.errors(), [""; 0]);
    // What is not held at all is for the person to know first.
    let world = self::world();
    world.receive();
    let request = shown(&world, &query, &[loan]);
    assert!(matches!(request.answerable, Answerable::No { .. }));
}

#[test]
fn what_a_transaction_needs_is_part_of_the_smallest_answer() {
    let world = world();
    world.receive();
    world.receive_kind(Kind::Mdoc);
    let query = json!({
        "credentials": [identity(), mdoc()],
        "credential_sets": [{"options": [["card"]]}, {"options": [["identity"]], "required": false}],
    });
    let needs =
        |request: &ConsentRequest| -> Vec<Need> { request.asked.iter().map(|one| one.need).collect() };
    let request = shown(&world, &query, &[]);
    assert_eq!(needs(&request), [Need::Optional, Need::Required]);
    let request = shown(&world, &query, &[payment(&["identity"], "Shop")]);
    assert_eq!(needs(&request), [Need::Required, Need::Required]);
    let choice = request.smallest_choice().unwrap();
    let identity = &request.asked[0].query;
    assert_eq!(choice.credentials(identity).len(), 1);
    // A choice without it authorises nothing.
    let without = choice.without(identity);
    assert_eq!(share(&world, &request, without), Err(WalletError::InvalidChoice));
}
