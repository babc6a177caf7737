//! Several relying parties of one verifier, through its service interface.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use symbolon_http::fetch::Fetched;
use symbolon_http::serve::{Encryption, Limits, Running, harden, listen, serve};
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::DAY;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier_server::ScanAccess;
use symbolon_verifier_server::configuration::VerifierConfiguration;

use crate::world::{TOKEN, World, json_of};

const REQUESTS: &str = "/relying-party/v1/presentation-requests";
const VERIFICATIONS: &str = "/relying-party/v1/verifications";

/// A bank and a shop; the bank has the policy `name`, and the shop `name-kept`, which keeps what it is shown.
struct Town {
    world: World,
    bank: String,
    shop: String,
}

fn policies(configuration: &mut VerifierConfiguration, vct: &str) {
    let policy = |more: Value| {
        let mut credential = json!({
            "id": "identity", "format": "dc+sd-jwt", "types": [vct], "binding": "key",
            "claims": [{"path": ["given_name"], "pattern": "[A-Z][a-z]+"}],
        });
        for (key, value) in more.as_object().unwrap() {
            credential[key] = value.clone();
        }
        json!({"purpose": "To know your name", "credentials": [credential]})
    };
    let mut kept = policy(json!({"keep_claims": [["given_name"]]}));
    kept["keep_evidence"] = json!(true);
    kept["webhook"] = json!("result");
    let strict = policy(json!({"claims": [{"path": ["given_name"], "values": ["Fatou"]}]}));
    for (name, document) in [
        ("name", policy(json!({}))),
        ("name-kept", kept),
        ("strict", strict),
    ] {
        let document = serde_json::from_value(document).unwrap();
        configuration
            .policies
            .insert(PolicyName::parse(name).unwrap(), document);
    }
}

fn party(configuration: &mut VerifierConfiguration, name: &str, document: Value) {
    let document = serde_json::from_value(document).unwrap();
    configuration
        .relying_parties
        .insert(RelyingPartyName::parse(name).unwrap(), document);
}

impl Town {
    async fn new() -> Self {
        Self::configured(|_| {}).await
    }

    async fn configured(configure: impl FnOnce(&mut VerifierConfiguration)) -> Self {
        let configure = |configuration: &mut VerifierConfiguration, vct: &str| {
            policies(configuration, vct);
            let bank = json!({"name": "First Bank", "policies": ["name", "strict"], "posted_verification": "allowed"});
            party(configuration, "bank", bank);
            let shop = json!({"name": "Corner Shop", "policies": ["name-kept"], "own_queries": "allowed"});
            party(configuration, "shop", shop);
            configure(configuration);
        };
        let world = World::of_issuer(configure, ScanAccess::Open).await;
        let bank = make_key(&world, "bank").await;
        let shop = make_key(&world, "shop").await;
        Self { world, bank, shop }
    }

    async fn call(&self, key: &str, method: Method, path: &str, body: &Value) -> Fetched {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let bearer = format!("Bearer {key}");
        self.world
            .send(method, path, &[(AUTHORIZATION, &bearer)], &body)
            .await
    }

    async fn ask(&self, key: &str, body: &Value) -> (String, String) {
        let made = self.call(key, Method::POST, REQUESTS, body).await;
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
        let made = json_of(&made);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("request_id"), text("authorization_request"))
    }

    async fn result(&self, key: &str, id: &str) -> Value {
        json_of(
            &self
                .call(key, Method::GET, &format!("{REQUESTS}/{id}"), &Value::Null)
                .await,
        )
    }

    /// Asks, and has the holder answer.
    async fn answered(&self, key: &str, body: &Value) -> String {
        let (id, link) = self.ask(key, body).await;
        let request = self.world.open(&link).await;
        let reply = self.world.present_to(&request).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        id
    }
}

async fn operate(world: &World, method: Method, path: &str) -> Fetched {
    let bearer = format!("Bearer {TOKEN}");
    world
        .send(
            method,
            &format!("/admin/v1/{path}"),
            &[(AUTHORIZATION, &bearer)],
            "",
        )
        .await
}

async fn make_key(world: &World, name: &str) -> String {
    let made = operate(world, Method::POST, &format!("relying-parties/{name}/keys")).await;
    assert_eq!(made.status, 201);
    json_of(&made)["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_policy_decides_and_nothing_is_kept_that_it_does_not_name() {
    let town = Town::new().await;
    let (id, link) = town.ask(&town.bank, &json!({"policy": "name"})).await;
    let request = town.world.open(&link).await;
    let metadata = &request.request().client_metadata;
    assert_eq!(metadata.client_name.as_deref(), Some("First Bank"));
    assert_eq!(town.result(&town.bank, &id).await["state"], "pending");
    town.world.present_to(&request).await;
    let answered = town.result(&town.bank, &id).await;
    assert_eq!(answered["state"], "answered");
    assert_eq!(answered["policy"], "name");
    let presented = &answered["result"]["outcome"]["presented"];
    assert_eq!(presented["decision"]["outcome"], "satisfied", "{presented}");
    assert_eq!(presented["reports"][0]["report"]["verdict"], "valid");
    let text = answered.to_string();
    assert!(!text.contains("Amina"), "{text}");
    assert!(presented["reports"][0]["report"]["holder_key"].is_null());
    let evidence = town
        .call(
            &town.bank,
            Method::GET,
            &format!("{REQUESTS}/{id}/evidence"),
            &Value::Null,
        )
        .await;
    assert_eq!(evidence.status, 404);
    let kept = town.world.store.scan(
        &symbolon_store::Tenant::parse("default").unwrap(),
        symbolon_store::Space::new("verifier-answers"),
        &[],
        None,
        9,
    );
    assert!(kept.unwrap().is_empty(), "the raw answer is kept");
}

#[tokio::test]
async fn what_a_policy_names_is_kept_until_its_time() {
    let town = Town::new().await;
    let id = town.answered(&town.shop, &json!({"policy": "name-kept"})).await;
    let answered = town.result(&town.shop, &id).await;
    let report = &answered["result"]["outcome"]["presented"]["reports"][0]["report"];
    assert_eq!(report["claims"], json!({"given_name": "Amina"}));
    let evidence = format!("{REQUESTS}/{id}/evidence");
    let found = json_of(&town.call(&town.shop, Method::GET, &evidence, &Value::Null).await);
    assert!(found["vp_token"]["identity"][0].is_string());
    // Ten minutes for the answer, an hour for the result; not yet swept, and gone all the same.
    town.world.advance(600 + 3_600);
    assert_eq!(town.result(&town.shop, &id).await["state"], "answered");
    town.world.advance(1);
    for path in [
        format!("{REQUESTS}/{id}"),
        evidence,
        format!("{REQUESTS}/{id}/events"),
    ] {
        assert_eq!(
            town.call(&town.shop, Method::GET, &path, &Value::Null)
                .await
                .status,
            404,
            "{path}"
        );
    }
    let listed = json_of(&town.call(&town.shop, Method::GET, REQUESTS, &Value::Null).await);
    assert_eq!(listed["requests"], json!([]));
}

#[tokio::test]
async fn a_retention_is_the_relying_partys_and_the_policys_is_shorter() {
    let town = Town::configured(|configuration| {
        let long =
            json!({"name": "Archive", "policies": ["short", "name"], "result_retention_seconds": 86_400});
        party(configuration, "archive", long);
        let mut short = configuration.policies[&PolicyName::parse("name").unwrap()].clone();
        short.result_retention_seconds = Some(60);
        configuration
            .policies
            .insert(PolicyName::parse("short").unwrap(), short);
    })
    .await;
    let archive = make_key(&town.world, "archive").await;
    let long = town.answered(&archive, &json!({"policy": "name"})).await;
    let short = town.answered(&archive, &json!({"policy": "short"})).await;
    town.world.advance(600 + 60);
    assert_eq!(town.result(&archive, &short).await["state"], "answered");
    town.world.advance(1);
    assert_eq!(town.result(&archive, &short).await["error"], "not_found");
    town.world.advance(86_400 - 61);
    assert_eq!(town.result(&archive, &long).await["state"], "answered");
    town.world.advance(1);
    assert_eq!(town.result(&archive, &long).await["error"], "not_found");
}

#[tokio::test]
async fn a_broken_rule_is_named_and_the_verdict_stays() {
    let town = Town::new().await;
    let (id, link) = town.ask(&town.bank, &json!({"policy": "strict"})).await;
    let request = town.world.open(&link).await;
    town.world.present_to(&request).await;
    let answered = town.result(&town.bank, &id).await;
    let presented = &answered["result"]["outcome"]["presented"];
    assert_eq!(presented["reports"][0]["report"]["verdict"], "valid");
    assert_eq!(presented["decision"]["outcome"], "not_satisfied");
    let rules = presented["decision"]["rules"].as_array().unwrap();
    let broken: Vec<_> = rules.iter().filter(|rule| rule["outcome"] == "failed").collect();
    assert!(
        broken.contains(&&json!({
            "rule": "values", "credential": "identity", "claim": ["given_name"],
            "outcome": "failed", "reason": "other_value",
        })),
        "{broken:?}"
    );
    town.world.publish(Status::Invalid);
    town.world.advance(600);
    let (revoked, link) = town.ask(&town.bank, &json!({"policy": "name"})).await;
    let request = town.world.open(&link).await;
    assert_eq!(town.world.present_to(&request).await.status, 400);
    let answered = town.result(&town.bank, &revoked).await;
    let decision = &answered["result"]["outcome"]["presented"]["decision"];
    assert_eq!(decision["outcome"], "not_satisfied");
    assert!(decision.to_string().contains(r#""reason":"revoked""#));
}

#[tokio::test]
async fn a_wallet_is_told_that_a_policy_is_not_satisfied() {
    let town = Town::configured(|configuration| {
        let mut digits = configuration.policies[&PolicyName::parse("name").unwrap()].clone();
        digits.credentials[0].claims[0].pattern = Some("[0-9]+".to_owned());
        configuration
            .policies
            .insert(PolicyName::parse("digits").unwrap(), digits);
        let party_of_digits = json!({"name": "Digits", "policies": ["digits"]});
        party(configuration, "digits", party_of_digits);
    })
    .await;
    let key = make_key(&town.world, "digits").await;
    let (id, link) = town.ask(&key, &json!({"policy": "digits"})).await;
    let request = town.world.open(&link).await;
    assert_eq!(town.world.present_to(&request).await.status, 400);
    let answered = town.result(&key, &id).await;
    let presented = &answered["result"]["outcome"]["presented"];
    assert_eq!(presented["answer"], "as_asked");
    assert_eq!(presented["decision"]["outcome"], "not_satisfied");
}

/// Whoever has a key of one sees nothing of another, not even that it is there.
#[tokio::test]
async fn nobody_sees_what_another_has_asked() {
    let town = Town::new().await;
    let shops = town.answered(&town.shop, &json!({"policy": "name-kept"})).await;
    let (operators, _) = town
        .world
        .make_request(&json!({"dcql_query": town.world.query()}))
        .await;
    for id in [&shops, &operators] {
        for (method, suffix) in [
            (Method::GET, ""),
            (Method::GET, "/events"),
            (Method::GET, "/evidence"),
            (Method::DELETE, ""),
        ] {
            let path = format!("{REQUESTS}/{id}{suffix}");
            let theirs = town.call(&town.bank, method.clone(), &path, &Value::Null).await;
            let none = town
                .call(
                    &town.bank,
                    method,
                    &format!("{REQUESTS}/none{suffix}"),
                    &Value::Null,
                )
                .await;
            assert_eq!(theirs.status, 404, "{path}");
            assert_eq!(theirs.body, none.body, "{path}");
        }
    }
    let listed = json_of(&town.call(&town.bank, Method::GET, REQUESTS, &Value::Null).await);
    assert_eq!(listed["requests"], json!([]));
    // The operator runs the verifier and does not read what others were shown.
    for suffix in ["", "/events", "/evidence"] {
        let read = town
            .world
            .administer(Method::GET, &format!("/{shops}{suffix}"), "")
            .await;
        assert_eq!(read.status, 404, "{suffix}");
    }
    assert_eq!(town.result(&town.shop, &shops).await["state"], "answered");
}

#[tokio::test]
async fn a_key_opens_its_own_door_alone() {
    let town = Town::new().await;
    let other = format!("{}A", &town.bank[..town.bank.len() - 1]);
    let other = if other == town.bank {
        format!("{}B", &town.bank[..town.bank.len() - 1])
    } else {
        other
    };
    for key in ["", "wrong", TOKEN, &other] {
        let refused = town.call(key, Method::GET, REQUESTS, &Value::Null).await;
        assert_eq!(refused.status, 401, "{key}");
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.starts_with(r#"Bearer realm="relying-party""#),
            "{challenge}"
        );
        assert!(refused.body.is_empty());
    }
    for path in ["presentation-requests/x", "relying-party-keys", "deliveries"] {
        let bearer = format!("Bearer {}", town.bank);
        let path = format!("/admin/v1/{path}");
        let refused = town
            .world
            .send(Method::GET, &path, &[(AUTHORIZATION, &bearer)], "")
            .await;
        assert_eq!(refused.status, 401, "{path}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_nobodys_at_once() {
    let town = Town::new().await;
    let second = make_key(&town.world, "bank").await;
    let listed = json_of(&operate(&town.world, Method::GET, "relying-party-keys").await);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 3);
    assert!(
        !listed.to_string().contains(&town.bank[28..]),
        "a key is told twice"
    );
    let id = &town.bank["symbolon_rp_".len()..][..16];
    // Under another's name it is not found.
    let path = |owner: &str| format!("relying-parties/{owner}/keys/{id}");
    assert_eq!(
        operate(&town.world, Method::DELETE, &path("shop")).await.status,
        404
    );
    assert_eq!(
        town.call(&town.bank, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(
        operate(&town.world, Method::DELETE, &path("bank")).await.status,
        204
    );
    assert_eq!(
        town.call(&town.bank, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        401
    );
    assert_eq!(
        town.call(&second, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(
        operate(&town.world, Method::DELETE, &path("bank")).await.status,
        404
    );
    // A key of somebody whom the configuration does not have opens nothing.
    let stranger = make_key(&town.world, "stranger").await;
    assert_eq!(
        town.call(&stranger, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn with_a_relying_party_goes_everything_of_it() {
    let town = Town::new().await;
    let shops = town.answered(&town.shop, &json!({"policy": "name-kept"})).await;
    let banks = town.answered(&town.bank, &json!({"policy": "name"})).await;
    let removed = operate(&town.world, Method::DELETE, "relying-parties/shop").await;
    assert_eq!(json_of(&removed), json!({"keys": 1, "requests": 1}));
    assert_eq!(town.result(&town.bank, &banks).await["state"], "answered");
    assert_eq!(
        town.call(&town.shop, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        401
    );
    let again = make_key(&town.world, "shop").await;
    assert_eq!(town.result(&again, &shops).await["error"], "not_found");
}

#[tokio::test]
async fn only_what_is_permitted_is_asked() {
    let town = Town::new().await;
    let query = town.world.query();
    let ask = async |key: &str, body: Value| {
        let refused = town.call(key, Method::POST, REQUESTS, &body).await;
        (
            refused.status,
            json_of(&refused)["error"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let denied = (403, "access_denied".to_owned());
    let invalid = (400, "invalid_request".to_owned());
    // Another's policy and one that does not exist look the same.
    assert_eq!(ask(&town.bank, json!({"policy": "name-kept"})).await, denied);
    assert_eq!(ask(&town.bank, json!({"policy": "none"})).await, denied);
    assert_eq!(ask(&town.bank, json!({ "dcql_query": query })).await, denied);
    assert_eq!(ask(&town.bank, json!({})).await, invalid);
    assert_eq!(
        ask(&town.bank, json!({"policy": "name", "nonce": "mine"})).await,
        invalid
    );
    assert_eq!(ask(&town.bank, json!({"policy": "../name"})).await, invalid);
    assert_eq!(ask(&town.bank, json!(["name"])).await, invalid);
    let both = json!({"policy": "name-kept", "dcql_query": query});
    assert_eq!(ask(&town.shop, both).await, invalid);
    let plain = json!({"policy": "name-kept", "return_to": "http://shop.example/"});
    assert_eq!(ask(&town.shop, plain).await, invalid);
    // Who may ask by queries of its own has what they ask for.
    let id = town.answered(&town.shop, &json!({ "dcql_query": query })).await;
    let answered = town.result(&town.shop, &id).await;
    let presented = &answered["result"]["outcome"]["presented"];
    assert_eq!(presented["reports"][0]["report"]["claims"]["given_name"], "Amina");
    assert!(presented.get("decision").is_none());
    let listed = json_of(
        &town
            .call(
                &town.bank,
                Method::GET,
                "/relying-party/v1/policies",
                &Value::Null,
            )
            .await,
    );
    let names: Vec<_> = listed["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| &policy["name"])
        .collect();
    assert_eq!(names, ["name", "strict"]);
    assert_eq!(listed["policies"][0]["purpose"], "To know your name");
}

#[tokio::test]
async fn requests_are_listed_page_by_page_and_taken_back() {
    let town = Town::new().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(town.ask(&town.bank, &json!({"policy": "name"})).await);
        town.world.advance(1);
    }
    let mut found = Vec::new();
    let mut path = format!("{REQUESTS}?limit=2");
    loop {
        let page = json_of(&town.call(&town.bank, Method::GET, &path, &Value::Null).await);
        let requests = page["requests"].as_array().unwrap().clone();
        found.extend(
            requests
                .iter()
                .map(|entry| entry["request_id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("{REQUESTS}?limit=2&after={next}"),
            None => break,
        }
    }
    let ids: Vec<_> = made.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(found, ids);
    for wrong in ["?limit=0", "?limit=101", "?after=x", "?befor=x"] {
        let path = format!("{REQUESTS}{wrong}");
        assert_eq!(
            town.call(&town.bank, Method::GET, &path, &Value::Null)
                .await
                .status,
            400,
            "{wrong}"
        );
    }
    // One that was opened before it was taken back is answered in vain.
    let (id, link) = &made[0];
    let request = town.world.open(link).await;
    let path = format!("{REQUESTS}/{id}");
    assert_eq!(
        town.call(&town.bank, Method::DELETE, &path, &Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(town.world.present_to(&request).await.status, 404);
    assert_eq!(
        town.call(&town.bank, Method::GET, &path, &Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(
        town.call(&town.bank, Method::DELETE, &path, &Value::Null)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_quota_ends_and_begins_anew() {
    let town = Town::configured(|configuration| {
        for (name, minute, day) in [("few", 3, 5), ("many", 100, 1_000)] {
            let document = json!({
                "name": name, "policies": ["name"], "requests_per_minute": minute, "requests_per_day": day,
            });
            party(configuration, name, document);
        }
    })
    .await;
    let few = make_key(&town.world, "few").await;
    let second = make_key(&town.world, "few").await;
    // The clock of the test stands in the middle of a minute and a day; go to the beginning of the next minute.
    let now = town.world.now().seconds();
    town.world.advance(60 - now.rem_euclid(60));
    let status = async |key: &str| town.call(key, Method::GET, REQUESTS, &Value::Null).await;
    for key in [&few, &second, &few] {
        assert_eq!(status(key).await.status, 200);
    }
    let refused = status(&second).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "60");
    assert_eq!(json_of(&refused)["error"], "quota_exhausted");
    assert_eq!(status(&town.bank).await.status, 200, "another's quota");
    town.world.advance(60);
    assert_eq!(status(&few).await.status, 200);
    assert_eq!(status(&few).await.status, 200);
    let refused = status(&few).await;
    assert_eq!(refused.status, 429, "five in a day");
    let seconds: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    let now = town.world.now().seconds();
    assert_eq!(seconds, 86_400 - now.rem_euclid(86_400));
    town.world.advance(seconds);
    assert_eq!(status(&few).await.status, 200);
    let many = make_key(&town.world, "many").await;
    let uses = (0..120).map(|_| status(&many));
    let uses = futures_util::future::join_all(uses).await;
    let permitted = uses.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(permitted, 100);
}

#[tokio::test]
async fn a_credential_that_is_held_already_is_verified_by_a_policy() {
    let town = Town::new().await;
    let presentation = town
        .world
        .present("https://bank.example", "nonce-of-the-bank", &["given_name"]);
    let body = |expected: Value| {
        let mut body = json!({"policy": "name", "presentations": [presentation]});
        if !expected.is_null() {
            body["expected"] = expected;
        }
        body
    };
    let verify =
        async |body: Value| json_of(&town.call(&town.bank, Method::POST, VERIFICATIONS, &body).await);
    let good = verify(body(
        json!({"nonce": "nonce-of-the-bank", "audience": "https://bank.example"}),
    ))
    .await;
    assert_eq!(good["decision"]["outcome"], "satisfied", "{good}");
    assert_eq!(good["reports"][0]["credential"], "identity");
    assert_eq!(good["reports"][0]["report"]["claims"]["given_name"], "Amina");
    let other = verify(body(
        json!({"nonce": "another", "audience": "https://bank.example"}),
    ))
    .await;
    assert_eq!(other["decision"]["outcome"], "not_satisfied");
    let unchecked = verify(body(Value::Null)).await;
    assert_eq!(unchecked["decision"]["outcome"], "unknown");
    for (wrong, status) in [
        (json!({"policy": "name", "presentations": []}), 400),
        (json!({"policy": "name", "presentations": [7]}), 400),
        (json!({"policy": "name", "presentations": ["?"]}), 400),
        (
            json!({"policy": "name-kept", "presentations": [presentation]}),
            403,
        ),
        (
            json!({"policy": "name", "presentations": [presentation], "more": 1}),
            400,
        ),
    ] {
        let refused = town.call(&town.bank, Method::POST, VERIFICATIONS, &wrong).await;
        assert_eq!(refused.status, status, "{wrong}");
    }
    let mut shops = body(Value::Null);
    shops["policy"] = json!("name-kept");
    let refused = town.call(&town.shop, Method::POST, VERIFICATIONS, &shops).await;
    assert_eq!(refused.status, 403, "the shop may not");
}

#[tokio::test]
async fn vcalm_opens_to_the_operator_and_to_whom_it_is_permitted() {
    let town = Town::new().await;
    let body = json!({});
    let challenge = async |key: &str| {
        town.call(key, Method::POST, "/vcalm/challenges", &body)
            .await
            .status
    };
    assert_eq!(challenge(TOKEN).await, 200);
    assert_eq!(challenge(&town.bank).await, 200);
    assert_eq!(challenge(&town.shop).await, 403);
    assert_eq!(challenge("wrong").await, 401);
}

/// What a receiver got: header fields and bodies, and what it answers next.
#[derive(Default)]
struct Inbox {
    got: Mutex<Vec<(HeaderMap, Bytes)>>,
    answers: Mutex<Vec<StatusCode>>,
}

async fn take(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inbox.got.lock().unwrap().push((headers, body));
    inbox
        .answers
        .lock()
        .unwrap()
        .pop()
        .unwrap_or(StatusCode::NO_CONTENT)
}

async fn receiver() -> (Arc<Inbox>, Running, String) {
    let inbox = Arc::new(Inbox::default());
    let router = Router::new()
        .route("/hook", post(take))
        .with_state(Arc::clone(&inbox));
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let running = serve(listener, Encryption::Plain, harden(router, Limits::PROTOCOL))
        .await
        .unwrap();
    (inbox, running, url)
}

/// Waits for what the verifier does by itself, for a minute at most.
async fn until<T>(mut found: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(found) = found().await {
            return found;
        }
        tokio::time::sleep(core::time::Duration::from_millis(20)).await;
    }
    panic!("it does not happen");
}

async fn with_webhook(url: &str, policy: &str) -> (Town, String) {
    let document =
        json!({"name": "Hooked", "policies": [policy], "webhook": {"url": url, "secret_version": 3}});
    let town = Town::configured(|configuration| party(configuration, "hooked", document)).await;
    let key = make_key(&town.world, "hooked").await;
    (town, key)
}

async fn deliveries(world: &World) -> Vec<Value> {
    let listed = json_of(&operate(world, Method::GET, "deliveries").await);
    listed["deliveries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_result_is_announced_with_a_signature_and_without_personal_data() {
    let (inbox, _running, url) = receiver().await;
    let (town, key) = with_webhook(&url, "name").await;
    let id = town.answered(&key, &json!({"policy": "name"})).await;
    let (headers, body) = until(async || inbox.got.lock().unwrap().first().cloned()).await;
    assert_eq!(headers["content-type"], "application/json");
    let message = headers["webhook-id"].to_str().unwrap();
    let time = headers["webhook-timestamp"].to_str().unwrap();
    assert_eq!(time, town.world.now().seconds().to_string());
    // As any receiver checks it: the secret that it was told, base64 behind the prefix.
    let secret = town.world.webhook_secret("hooked", 3);
    let key_bytes =
        symbolon_crypto::encoding::base64::decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = [format!("{message}.{time}.").as_bytes(), &body].concat();
    let mac = symbolon_crypto::symmetric::hmac_sha256(&key_bytes, &signed);
    let wanted = format!("v1,{}", symbolon_crypto::encoding::base64::encode(&mac));
    assert_eq!(headers["webhook-signature"], wanted.as_str());
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body,
        json!({
            "type": "presentation_request.answered", "timestamp": town.world.now().rfc3339(),
            "data": {"request_id": id, "policy": "name", "outcome": "satisfied"},
        })
    );
    let delivered = until(async || {
        let listed = deliveries(&town.world).await;
        (listed[0]["stage"]["stage"] == "delivered").then_some(listed)
    })
    .await;
    assert_eq!(delivered.len(), 1);
    assert_eq!(
        (&delivered[0]["id"], &delivered[0]["attempts"]),
        (&json!(message), &json!(1))
    );
}

#[tokio::test]
async fn a_result_goes_along_only_where_the_policy_says_so() {
    let (inbox, _running, url) = receiver().await;
    let (town, key) = with_webhook(&url, "name-kept").await;
    town.answered(&key, &json!({"policy": "name-kept"})).await;
    let (_, body) = until(async || inbox.got.lock().unwrap().first().cloned()).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let reports = &body["data"]["result"]["outcome"]["presented"]["reports"];
    assert_eq!(reports[0]["report"]["claims"], json!({"given_name": "Amina"}));
}

/// A result that waits for the browser's code waits here too, and the code is told to nobody.
#[tokio::test]
async fn a_result_that_is_withheld_is_not_announced_with_its_contents() {
    let (inbox, _running, url) = receiver().await;
    let (town, key) = with_webhook(&url, "name-kept").await;
    let return_to = format!("{}/back", town.world.base);
    let id = town
        .answered(&key, &json!({"policy": "name-kept", "return_to": return_to}))
        .await;
    let (_, body) = until(async || inbox.got.lock().unwrap().first().cloned()).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["data"]["request_id"], id.as_str());
    assert!(body["data"].get("result").is_none(), "{body}");
    let polled = town.result(&key, &id).await;
    assert_eq!(polled["withheld"], "until_response_code");
    assert!(!polled.to_string().contains("Amina"));
}

#[tokio::test]
async fn an_announcement_is_tried_again_with_its_identifier_until_it_arrives() {
    let (inbox, _running, url) = receiver().await;
    *inbox.answers.lock().unwrap() = vec![StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND];
    let (town, key) = with_webhook(&url, "name").await;
    town.answered(&key, &json!({"policy": "name"})).await;
    for (tries, wait) in [(1, 5), (2, 300)] {
        until(async || (inbox.got.lock().unwrap().len() == tries).then_some(())).await;
        let waiting = deliveries(&town.world).await;
        let next = town.world.now().seconds() + wait;
        assert_eq!(
            waiting[0]["stage"],
            json!({"stage": "waiting", "next_attempt_at": next})
        );
        town.world.advance(wait);
    }
    until(async || (deliveries(&town.world).await[0]["stage"]["stage"] == "delivered").then_some(())).await;
    let got = inbox.got.lock().unwrap();
    assert_eq!(got.len(), 3);
    assert!(
        got.iter()
            .all(|(headers, _)| headers["webhook-id"] == got[0].0["webhook-id"])
    );
    assert_ne!(got[0].0["webhook-timestamp"], got[1].0["webhook-timestamp"]);
}

#[tokio::test]
async fn a_receiver_that_wants_no_more_is_left_alone_until_the_operator_says_otherwise() {
    let (inbox, _running, url) = receiver().await;
    inbox.answers.lock().unwrap().push(StatusCode::GONE);
    let (town, key) = with_webhook(&url, "name").await;
    town.answered(&key, &json!({"policy": "name"})).await;
    let gone = until(async || {
        let listed = deliveries(&town.world).await;
        (listed[0]["stage"]["stage"] == "given_up").then(|| listed[0].clone())
    })
    .await;
    assert_eq!(gone["stage"]["reason"], "gone");
    let path = format!("deliveries/{}/retry", gone["id"].as_str().unwrap());
    assert_eq!(operate(&town.world, Method::POST, &path).await.status, 200);
    until(async || (inbox.got.lock().unwrap().len() == 2).then_some(())).await;
    assert_eq!(
        operate(&town.world, Method::POST, "deliveries/none/retry")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_address_inside_is_not_sent_to() {
    let (town, key) = with_webhook("https://10.0.0.1/hook", "name").await;
    town.answered(&key, &json!({"policy": "name"})).await;
    let refused = until(async || {
        let listed = deliveries(&town.world).await;
        (listed[0]["stage"]["stage"] == "given_up").then(|| listed[0].clone())
    })
    .await;
    assert_eq!(refused["stage"]["reason"], "address_refused");
}

#[tokio::test]
async fn an_event_stream_ends_when_its_request_is_taken_back() {
    let town = Town::new().await;
    let (id, _) = town.ask(&town.bank, &json!({"policy": "name"})).await;
    let events = format!("{REQUESTS}/{id}/events");
    let stream = town.call(&town.bank, Method::GET, &events, &Value::Null);
    let remove = async {
        let path = format!("{REQUESTS}/{id}");
        town.call(&town.bank, Method::DELETE, &path, &Value::Null).await
    };
    let (stream, removed) = tokio::join!(stream, remove);
    assert_eq!(removed.status, 204);
    assert!(stream.status == 404 || !String::from_utf8_lossy(&stream.body).contains("event:"));
    // And one that is answered tells how the policy decided.
    let id = town.answered(&town.bank, &json!({"policy": "name"})).await;
    let events = format!("{REQUESTS}/{id}/events");
    let stream = town.call(&town.bank, Method::GET, &events, &Value::Null).await;
    let text = String::from_utf8(stream.body).unwrap();
    assert!(
        text.starts_with("event: answered\ndata: ") && text.contains("satisfied"),
        "{text}"
    );
}

/// A name that is used in its time is not what the sweep is about: what is due is removed, and nothing stays behind.
#[tokio::test]
async fn nothing_is_left_of_what_was_kept_long_enough() {
    let town = Town::new().await;
    town.answered(&town.shop, &json!({"policy": "name-kept"})).await;
    let kept = symbolon_verifier_server::store::EmbeddedVerifierStore::new(town.world.store.clone());
    let later = town.world.now().plus(DAY * 30);
    use symbolon_verifier::store::VerifierStore as _;
    while kept.remove_expired(later, 100).await.unwrap() > 0 {}
    let tenant = symbolon_store::Tenant::parse("default").unwrap();
    for space in [
        "requests",
        "results",
        "nonces",
        "request-objects",
        "answers",
        "expiries",
        "quotas",
        "requests-of",
        "deliveries",
        "due-deliveries",
    ] {
        let name: &'static str = Box::leak(format!("verifier-{space}").into_boxed_str());
        let left = town
            .world
            .store
            .scan(&tenant, symbolon_store::Space::new(name), &[], None, 9)
            .unwrap();
        assert!(left.is_empty(), "{space}: {left:?}");
    }
}
