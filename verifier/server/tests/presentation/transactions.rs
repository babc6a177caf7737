//! Transactions: asked for by request and by policy, authorised exactly or refused (OpenID4VP 1.0, sections 5.1 and 8.4).

use std::collections::BTreeMap;

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use symbolon_credential::mdoc::{ElementIdentifier, ElementValue, IssuerSigned, MdocBudget, NameSpace};
use symbolon_credential::sd_jwt::{DigestAlgorithm, TransactionDataHashes};
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, VpToken};
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier_server::ScanAccess;
use symbolon_verifier_server::configuration::VerifierConfiguration;

use crate::world::formats::{TRANSACTIONS, mdoc, mdoc_query, own_transcript};
use crate::world::{DOC_TYPE, TOKEN, World, json_of};

const PAYMENT: &str = "urn:example:payment:1";

pub(crate) fn types(configuration: &mut VerifierConfiguration) {
    let payment = json!({
        "type": PAYMENT, "title": {"en": "Payment"}, "hash_algorithms": ["sha-256", "sha-384"],
        "mdoc": {"name_space": TRANSACTIONS, "element": "hashes"},
        "fields": [{"name": "payee", "kind": "text"}, {"name": "amount", "kind": "decimal"}],
    });
    let terms = json!({
        "type": "urn:example:terms:1", "title": {"en": "Terms"}, "fields": [{"name": "text", "kind": "text"}],
    });
    for definition in [payment, terms] {
        let definition = serde_json::from_value(definition).unwrap();
        configuration.transaction_data_types.push(definition);
    }
}

pub(crate) fn payment(payee: &str, credential_ids: &[&str]) -> Value {
    json!({"type": PAYMENT, "credential_ids": credential_ids, "members": {"payee": payee, "amount": "12.50"}})
}

/// A request for the given name with two payments.
async fn two_payments(world: &World) -> (String, VerifiedRequest) {
    let body = json!({
        "dcql_query": world.query(),
        "transaction_data": [payment("Shop", &["identity"]), payment("Café", &["identity"])],
    });
    let (id, link) = world.make_request(&body).await;
    (id, world.open(&link).await)
}

fn texts(request: &VerifiedRequest) -> Vec<String> {
    let transactions = request.request().transaction_data.iter();
    transactions.map(|one| one.text().to_owned()).collect()
}

fn hashes(algorithm: DigestAlgorithm, texts: &[String]) -> TransactionDataHashes {
    TransactionDataHashes {
        algorithm,
        hashes: texts.iter().map(|text| algorithm.digest(text)).collect(),
    }
}

fn authorizing(
    world: &World,
    request: &VerifiedRequest,
    hashes: Option<TransactionDataHashes>,
) -> Presentation {
    let request = request.request();
    let bound = (request.client_id.as_str(), request.nonce.as_str());
    Presentation::Text(world.authorize(&world.credential(), bound, &["given_name"], hashes))
}

async fn answer(world: &World, request: &VerifiedRequest, presentations: Vec<(&str, Presentation)>) -> u16 {
    let entries = presentations
        .into_iter()
        .map(|(id, presentation)| (QueryId::parse(id).unwrap(), vec![presentation]));
    let answer = AuthorizationResponse {
        vp_token: VpToken(entries.collect()),
        state: request.request().state.clone(),
    };
    world.post(request, &world.encrypt(request, &answer)).await.status
}

async fn presented(world: &World, id: &str) -> Value {
    world.result(id).await["result"]["outcome"]["presented"].clone()
}

#[tokio::test]
async fn a_transaction_is_authorised_by_the_key_of_a_credential_and_told_with_its_hash() {
    let world = World::configured(types).await;
    let (id, request) = two_payments(&world).await;
    let texts = texts(&request);
    let asked: Value = serde_json::from_slice(&base64url::decode(&texts[0]).unwrap()).unwrap();
    assert_eq!(
        asked,
        json!({
            "type": PAYMENT, "credential_ids": ["identity"], "payee": "Shop", "amount": "12.50",
            "transaction_data_hashes_alg": ["sha-256", "sha-384"],
        })
    );
    let sha384 = DigestAlgorithm::Sha384;
    let shown = authorizing(&world, &request, Some(hashes(sha384, &texts)));
    assert_eq!(answer(&world, &request, vec![("identity", shown)]).await, 200);
    let result = presented(&world, &id).await;
    assert_eq!(result["answer"], "as_asked");
    assert_eq!(result["reports"][0]["report"]["verdict"], "valid");
    let told = |position: usize| {
        json!({
            "position": position, "type": PAYMENT, "query_id": "identity", "hash_algorithm": "sha-384",
            "hash": sha384.digest(&texts[position]),
        })
    };
    assert_eq!(result["transactions"], json!([told(0), told(1)]));
}

#[tokio::test]
async fn what_is_not_authorised_or_was_not_asked_for_is_refused() {
    let sha256 = DigestAlgorithm::Sha256;
    let other = "eyJ0eXBlIjoib3RoZXIifQ".to_owned();
    for (signed, check, holder) in [
        (None, "transaction_not_authorized", "proven_by_key"),
        (
            Some((sha256, vec![0])),
            "transaction_not_authorized",
            "proven_by_key",
        ),
        // A hash of another transaction, instead of one or beside all, of one twice, by an algorithm that was not offered: no proof
        // at all.
        (Some((sha256, vec![0, 9])), "holder_not_proven", "refuted"),
        (Some((sha256, vec![0, 1, 9])), "holder_not_proven", "refuted"),
        (Some((sha256, vec![0, 1, 1])), "holder_not_proven", "refuted"),
        (
            Some((DigestAlgorithm::Sha512, vec![0, 1])),
            "holder_not_proven",
            "refuted",
        ),
    ] {
        let world = World::configured(types).await;
        let (id, request) = two_payments(&world).await;
        let mut all = texts(&request);
        all.resize(10, other.clone());
        let signed = signed.map(|(algorithm, places)| {
            let texts: Vec<String> = places.iter().map(|place: &usize| all[*place].clone()).collect();
            hashes(algorithm, &texts)
        });
        let shown = authorizing(&world, &request, signed);
        assert_eq!(
            answer(&world, &request, vec![("identity", shown)]).await,
            400,
            "{check}"
        );
        let result = presented(&world, &id).await;
        assert_eq!(result["answer"], check);
        let report = &result["reports"][0]["report"];
        assert_eq!(report["holder"]["state"], holder, "{report}");
        if holder == "refuted" {
            let reason = &report["holder"]["checks"][0]["reason"];
            assert_eq!(reason, "wrong_transaction", "{report}");
        }
    }
    // Nobody asked for any.
    let world = World::configured(types).await;
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let request = world.open(&link).await;
    let shown = authorizing(&world, &request, Some(hashes(sha256, &[other])));
    assert_eq!(answer(&world, &request, vec![("identity", shown)]).await, 400);
    assert_eq!(
        presented(&world, &id).await["reports"][0]["report"]["holder"]["state"],
        "refuted"
    );
}

/// A device response for the session of the request, in which the device signs these hashes.
fn device_response(world: &World, request: &VerifiedRequest, hashes: &[Vec<u8>]) -> Presentation {
    let transcript = own_transcript(request);
    let issued = mdoc(world);
    let held = IssuerSigned::parse(&issued, MdocBudget::DEFAULT).unwrap();
    let value = ElementValue::Array(hashes.iter().cloned().map(ElementValue::Bytes).collect());
    let element = ElementIdentifier::parse("hashes").unwrap();
    let elements = BTreeMap::from([(NameSpace::parse(TRANSACTIONS).unwrap(), vec![(element, value)])]);
    let selected = held.present(&[(DOC_TYPE, "given_name")]).unwrap();
    let selected = if hashes.is_empty() {
        selected
    } else {
        selected.with_device_elements(&elements)
    };
    let prepared = selected.prepare(&transcript);
    let signature = world.holder.sign(&prepared.request(world.holder.handle()));
    Presentation::Text(prepared.finish_base64url(&signature).unwrap())
}

fn bytes(text: &str) -> Vec<u8> {
    base64url::decode(&DigestAlgorithm::Sha256.digest(text)).unwrap()
}

#[tokio::test]
async fn an_mdoc_authorises_by_what_its_device_signs() {
    for (signs, status, check) in [
        (&[0, 1][..], 200, "as_asked"),
        (&[], 400, "transaction_not_authorized"),
        (&[1], 400, "transaction_not_authorized"),
        (&[0, 2], 400, "holder_not_proven"),
        (&[0, 1, 2], 400, "holder_not_proven"),
        (&[0, 0], 400, "holder_not_proven"),
    ] {
        let world = World::configured(types).await;
        let body = json!({
            "dcql_query": mdoc_query(),
            "transaction_data": [payment("Shop", &["identity"]), payment("Café", &["identity"])],
        });
        let (id, link) = world.make_request(&body).await;
        let request = world.open(&link).await;
        let texts = texts(&request);
        let all = [bytes(&texts[0]), bytes(&texts[1]), bytes("other")];
        let signed: Vec<Vec<u8>> = signs.iter().map(|place: &usize| all[*place].clone()).collect();
        let shown = device_response(&world, &request, &signed);
        assert_eq!(
            answer(&world, &request, vec![("identity", shown)]).await,
            status,
            "{signs:?}"
        );
        let result = presented(&world, &id).await;
        assert_eq!(result["answer"], check, "{signs:?}: {result}");
        if status == 200 {
            assert_eq!(
                result["transactions"][1]["hash"],
                DigestAlgorithm::Sha256.digest(&texts[1])
            );
        }
    }
    // Nor does it sign for a transaction where none is asked for.
    let world = World::configured(types).await;
    let (_, link) = world.make_request(&json!({"dcql_query": mdoc_query()})).await;
    let request = world.open(&link).await;
    let shown = device_response(&world, &request, &[bytes("other")]);
    assert_eq!(answer(&world, &request, vec![("identity", shown)]).await, 400);
}

#[tokio::test]
async fn of_several_credentials_one_alone_authorises() {
    for (twice, status) in [(false, 200), (true, 400)] {
        let world = World::configured(types).await;
        let mut query = world.query();
        let mut card = mdoc_query()["credentials"][0].clone();
        card["id"] = json!("card");
        query["credentials"].as_array_mut().unwrap().push(card);
        let body = json!({
            "dcql_query": query, "transaction_data": [payment("Shop", &["card", "identity"])],
        });
        let (id, link) = world.make_request(&body).await;
        let request = world.open(&link).await;
        let texts = texts(&request);
        let identity = authorizing(&world, &request, Some(hashes(DigestAlgorithm::Sha256, &texts)));
        let signed = if twice { vec![bytes(&texts[0])] } else { Vec::new() };
        let card = device_response(&world, &request, &signed);
        let shown = vec![("identity", identity), ("card", card)];
        assert_eq!(answer(&world, &request, shown).await, status);
        let result = presented(&world, &id).await;
        if twice {
            assert_eq!(result["answer"], "transaction_authorized_twice");
        } else {
            assert_eq!(result["transactions"][0]["query_id"], "identity");
        }
    }
}

#[tokio::test]
async fn a_request_whose_transactions_nobody_could_authorise_is_not_made() {
    let world = World::configured(types).await;
    let mut unbound = world.query();
    unbound["credentials"][0]["require_cryptographic_holder_binding"] = json!(false);
    let w3c = json!({"credentials": [{
        "id": "identity", "format": "jwt_vc_json", "meta": {"type_values": [["https://a.example/T"]]},
    }]});
    let ids = &["identity"][..];
    let with = |change: Value| {
        let mut payment = payment("Shop", ids);
        payment["members"] = change;
        payment
    };
    for (query, transaction, said) in [
        (world.query(), payment("Shop", &["other"]), "not asked for"),
        (world.query(), payment("Shop", &[]), "does not allow"),
        (unbound, payment("Shop", ids), "cannot authorise"),
        (w3c, payment("Shop", ids), "cannot authorise"),
        (
            mdoc_query(),
            json!({"type": "urn:example:terms:1", "credential_ids": ids, "members": {"text": "x"}}),
            "cannot authorise",
        ),
        (
            world.query(),
            json!({"type": "urn:example:none", "credential_ids": ids}),
            "not known here",
        ),
        (world.query(), with(json!({"payee": "Shop"})), "lacks a member"),
        (
            world.query(),
            with(json!({"payee": "Shop", "amount": 1})),
            "does not allow",
        ),
        (
            world.query(),
            with(json!({"payee": "Shop", "amount": "1", "more": "x"})),
            "does not have",
        ),
        (
            world.query(),
            with(json!({"payee": "Shop", "amount": "1", "type": "x"})),
            "does not have",
        ),
    ] {
        let body = json!({"dcql_query": query, "transaction_data": [transaction]});
        let refused = world.administer(Method::POST, "", &body.to_string()).await;
        assert_eq!(refused.status, 400, "{body}");
        let description = json_of(&refused)["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(description.starts_with("transaction_data[0]: "), "{description}");
        assert!(description.contains(said), "{description}");
    }
}

#[tokio::test]
async fn a_policy_says_what_is_authorised_and_leaves_the_rest_to_the_request() {
    let configure = |configuration: &mut VerifierConfiguration, vct: &str| {
        types(configuration);
        let policy = json!({
            "credentials": [{"id": "identity", "format": "dc+sd-jwt", "types": [vct], "binding": "key",
                "claims": [{"path": ["given_name"]}]}],
            "transactions": [
                {"type": "urn:example:terms:1", "credential_ids": ["identity"], "members": {"text": "Our terms"}},
                {"type": PAYMENT, "credential_ids": ["identity"]},
            ],
        });
        let name = PolicyName::parse("pay").unwrap();
        configuration
            .policies
            .insert(name, serde_json::from_value(policy).unwrap());
        let bank = json!({"name": "Bank", "policies": ["pay"]});
        let name = RelyingPartyName::parse("bank").unwrap();
        configuration
            .relying_parties
            .insert(name, serde_json::from_value(bank).unwrap());
    };
    let world = World::of_issuer(configure, ScanAccess::Open).await;
    let made = world
        .send(
            Method::POST,
            "/admin/v1/relying-parties/bank/keys",
            &[(AUTHORIZATION, &format!("Bearer {TOKEN}"))],
            "",
        )
        .await;
    let key = json_of(&made)["key"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {key}");
    let call = async |method: Method, path: &str, body: &Value| {
        let path = format!("/relying-party/v1/presentation-requests{path}");
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        world
            .send(method, &path, &[(AUTHORIZATION, &bearer)], &body)
            .await
    };
    let brought = |payee: &str| json!({"type": PAYMENT, "members": {"payee": payee, "amount": "1"}});
    for (transactions, said) in [
        (json!([]), "that the policy leaves"),
        (json!([brought("a"), brought("b")]), "that the policy leaves"),
        (
            json!([{"type": "urn:example:terms:1", "members": {"text": "Others"}}]),
            "that the policy leaves",
        ),
        (json!([payment("a", &["identity"])]), "is said by the policy"),
        (json!([{"type": PAYMENT, "members": {}}]), "lacks a member"),
    ] {
        let body = json!({"policy": "pay", "transaction_data": transactions});
        let refused = call(Method::POST, "", &body).await;
        assert_eq!(refused.status, 400, "{body}");
        let description = json_of(&refused)["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(description.contains(said), "{description}");
    }
    let body = json!({"policy": "pay", "transaction_data": [brought("Shop")]});
    let made = json_of(&call(Method::POST, "", &body).await);
    let request = world.open(made["authorization_request"].as_str().unwrap()).await;
    let asked: Vec<Value> = texts(&request)
        .iter()
        .map(|text| serde_json::from_slice(&base64url::decode(text).unwrap()).unwrap())
        .collect();
    assert_eq!(asked[0]["text"], "Our terms");
    assert_eq!(asked[1]["payee"], "Shop");
    let sha256 = DigestAlgorithm::Sha256;
    let shown = authorizing(&world, &request, Some(hashes(sha256, &texts(&request)[..1])));
    assert_eq!(answer(&world, &request, vec![("identity", shown)]).await, 400);
    let path = format!("/{}", made["request_id"].as_str().unwrap());
    let result = json_of(&call(Method::GET, &path, &Value::Null).await);
    let presented = &result["result"]["outcome"]["presented"];
    assert_eq!(presented["decision"]["outcome"], "not_satisfied");
    assert_eq!(
        presented["decision"]["rules"][0]["outcome"], "failed",
        "{presented}"
    );
    assert_eq!(presented["transactions"].as_array().map(Vec::len), Some(1));
}
