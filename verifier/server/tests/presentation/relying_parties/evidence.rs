//! A bank that knows its customers: what it keeps of them, and what they keep of it.

use http::Method;
use serde_json::{Value, json};
use symbolon_crypto::RustCryptoProvider;
use symbolon_http::fetch::Fetched;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::AuthorizationResponse;
use symbolon_protocol::presentation_receipt::{ExpectedReceipt, PresentationReceipt, vp_token_digest};
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::DAY;
use symbolon_verifier_server::ScanAccess;

use super::{REQUESTS, make_key, operate, party};
use crate::world::{World, evidence_key, json_of};

/// A bank with the policy `customer`, which makes verified claims, gives receipts and watches what it relies on; `plain` does none of
/// it, and `valued` writes values into its receipts.
pub(super) struct Bank {
    pub(super) world: World,
    pub(super) key: String,
    pub(super) other: String,
}

impl Bank {
    pub(super) async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// With these members beside the usual ones of its file.
    pub(super) async fn with(more: Value) -> Self {
        let configure =
            |configuration: &mut symbolon_verifier_server::configuration::VerifierConfiguration,
             vct: &str| {
                let issuer = vct.strip_suffix("/types/national-identity").unwrap();
                configuration.assurance = serde_json::from_value(json!({
                    "trust_framework": "eidas", "levels": ["low", "high"],
                    "issuers": [{"issuer": issuer, "level": "high"}],
                }))
                .unwrap();
                let identity = json!({
                    "id": "identity", "format": "dc+sd-jwt", "types": [vct], "binding": "key",
                    "claims": [{"path": ["given_name"]}], "keep_claims": [["given_name"]],
                });
                let mut mapped = identity.clone();
                mapped["verified_claims"] = json!({
                    "type": "population_register", "country_code": "SEN",
                    "claims": [
                        {"claim": "given_name", "from": {"text": ["given_name"]}},
                        {"claim": "name", "from": {"joined": {"paths": [["given_name"]]}}},
                    ],
                });
                for (name, policy) in [
                    (
                        "customer",
                        json!({
                            "purpose": "Opening an account", "credentials": [mapped],
                            "receipt": {"retention_days": 20},
                            "reliance": {"days": 20, "renew_after_days": 5, "watch_status_every_hours": 1},
                        }),
                    ),
                    ("plain", json!({"credentials": [identity]})),
                    (
                        "valued",
                        json!({"credentials": [identity], "receipt": {"retention_days": 1, "claims": "values"}}),
                    ),
                ] {
                    let name = symbolon_verifier::name::PolicyName::parse(name).unwrap();
                    configuration
                        .policies
                        .insert(name, serde_json::from_value(policy).unwrap());
                }
                let mut bank = json!({"name": "First Bank", "policies": ["customer", "plain", "valued"]});
                for (key, value) in more.as_object().unwrap() {
                    bank[key] = value.clone();
                }
                party(configuration, "bank", bank);
                party(
                    configuration,
                    "other",
                    json!({"name": "Other Bank", "policies": ["customer"]}),
                );
            };
        let world = World::of_issuer(configure, ScanAccess::Open).await;
        let key = make_key(&world, "bank").await;
        let other = make_key(&world, "other").await;
        Self { world, key, other }
    }

    pub(super) async fn call(&self, key: &str, method: Method, path: &str, body: &Value) -> Fetched {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let bearer = format!("Bearer {key}");
        let headers = [(http::header::AUTHORIZATION, bearer.as_str())];
        self.world.send(method, path, &headers, &body).await
    }

    pub(super) async fn get(&self, path: &str) -> Fetched {
        self.call(&self.key, Method::GET, path, &Value::Null).await
    }

    pub(super) async fn ask(&self, body: &Value) -> (String, VerifiedRequest) {
        let made = self.call(&self.key, Method::POST, REQUESTS, body).await;
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
        let made = json_of(&made);
        let link = made["authorization_request"].as_str().unwrap();
        let id = made["request_id"].as_str().unwrap().to_owned();
        (id, self.world.open(link).await)
    }

    /// Asks by a policy, and has the holder answer.
    pub(super) async fn answered(&self, policy: &str) -> String {
        let (id, request) = self.ask(&json!({ "policy": policy })).await;
        let reply = self.world.present_to(&request).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        id
    }

    /// Answers honestly, and returns the answer with the reply.
    async fn answer(&self, request: &VerifiedRequest) -> (AuthorizationResponse, Fetched) {
        let answer = self.world.answer(request);
        let form = self.world.encrypt(request, &answer);
        let reply = self.world.post(request, &form).await;
        (answer, reply)
    }
}

pub(super) fn path(id: &str, what: &str) -> String {
    format!("{REQUESTS}/{id}/{what}")
}

/// What a wallet knows of the presentation that it made.
fn expected(request: &VerifiedRequest, answer: &AuthorizationResponse) -> ExpectedReceipt {
    let request = request.request();
    ExpectedReceipt {
        keys: request.client_metadata.presentation_receipt_jwks.clone().unwrap(),
        client_id: request.client_id.as_str().to_owned(),
        nonce: request.nonce.as_str().to_owned(),
        vp_token_digest: vp_token_digest(&answer.vp_token).unwrap(),
        transaction_data_hashes: Vec::new(),
    }
}

#[tokio::test]
async fn both_sides_get_one_receipt_of_what_was_shown() {
    let bank = Bank::new().await;
    let asked_at = bank.world.now();
    let (id, request) = bank.ask(&json!({"policy": "customer"})).await;
    bank.world.advance(3);
    let (answer, reply) = bank.answer(&request).await;
    let given = json_of(&reply)["presentation_receipt"]
        .as_str()
        .unwrap()
        .to_owned();
    let receipt =
        PresentationReceipt::verify(&given, &expected(&request, &answer), &RustCryptoProvider).unwrap();
    let fetched = bank.get(&path(&id, "receipt")).await;
    assert_eq!(fetched.media_type(), "application/presentation-receipt+jwt");
    assert_eq!(String::from_utf8(fetched.body).unwrap(), given);
    let vct = crate::world::vct(&bank.world.issuer);
    let now = bank.world.now();
    assert_eq!(
        serde_json::to_value(&receipt).unwrap(),
        json!({
            "version": 1, "iss": bank.world.base, "jti": id, "iat": now.seconds(),
            "relying_party": {"id": "bank", "name": "First Bank"},
            "client_id": request.request().client_id.as_str(), "nonce": request.request().nonce.as_str(),
            "requested_at": asked_at.seconds(), "purpose": "Opening an account", "policy": "customer",
            "outcome": "satisfied", "vp_token_digest": vp_token_digest(&answer.vp_token).unwrap(),
            "credentials": [{
                "query_id": "identity", "format": "dc+sd-jwt", "type": vct,
                "issuer": bank.world.issuer.identifier.as_str(), "claims": [["given_name"]],
            }],
            "kept_until": now.plus(DAY * 20).seconds(),
        })
    );
    // Neither values nor anything of the holder's key.
    let text = serde_json::to_string(&receipt).unwrap();
    let thumbprint = bank.world.holder.public_key().thumbprint().to_string();
    assert!(!text.contains("Amina") && !text.contains(&thumbprint), "{text}");
}

#[tokio::test]
async fn values_stand_in_a_receipt_only_where_the_policy_says_so() {
    let bank = Bank::new().await;
    let (_, request) = bank.ask(&json!({"policy": "valued"})).await;
    let (answer, reply) = bank.answer(&request).await;
    let given = json_of(&reply)["presentation_receipt"]
        .as_str()
        .unwrap()
        .to_owned();
    let receipt =
        PresentationReceipt::verify(&given, &expected(&request, &answer), &RustCryptoProvider).unwrap();
    let values = receipt.credentials[0].values.clone().unwrap();
    assert_eq!(Value::Object(values), json!({"given_name": "Amina"}));
}

#[tokio::test]
async fn no_receipt_is_given_without_a_policy_for_it_or_for_what_was_refused() {
    let bank = Bank::new().await;
    let (id, request) = bank.ask(&json!({"policy": "plain"})).await;
    assert_eq!(request.request().client_metadata.presentation_receipt_jwks, None);
    let (_, reply) = bank.answer(&request).await;
    assert_eq!(json_of(&reply), json!({}));
    assert_eq!(bank.get(&path(&id, "receipt")).await.status, 404);

    bank.world.publish(Status::Invalid);
    bank.world.advance(301);
    let (id, request) = bank.ask(&json!({"policy": "customer"})).await;
    let (_, reply) = bank.answer(&request).await;
    assert_eq!(reply.status, 400);
    assert!(!String::from_utf8_lossy(&reply.body).contains("receipt"));
    assert_eq!(bank.get(&path(&id, "receipt")).await.status, 404);
    let listed = json_of(&bank.get("/relying-party/v1/receipts").await);
    assert_eq!(listed, json!({"receipts": []}));
}

#[tokio::test]
async fn a_receipt_outlives_request_and_result_and_ends_when_the_policy_says() {
    let bank = Bank::new().await;
    let first = bank.answered("customer").await;
    bank.world.advance(1);
    let second = bank.answered("customer").await;
    let removed = bank
        .call(
            &bank.key,
            Method::DELETE,
            &format!("{REQUESTS}/{first}"),
            &Value::Null,
        )
        .await;
    assert_eq!(removed.status, 204);
    bank.world.advance(19 * 24 * 60 * 60);
    for id in [&first, &second] {
        assert_eq!(bank.get(&format!("{REQUESTS}/{id}")).await.status, 404);
        assert_eq!(bank.get(&path(id, "receipt")).await.status, 200);
    }
    let listed = |query: &'static str| {
        let bank = &bank;
        async move { json_of(&bank.get(&format!("/relying-party/v1/receipts{query}")).await) }
    };
    let page = listed("?limit=1").await;
    assert_eq!(page["receipts"][0]["request_id"], first.as_str());
    assert_eq!(page["receipts"][0]["policy"], "customer");
    let after = format!(
        "/relying-party/v1/receipts?after={}",
        page["next"].as_str().unwrap()
    );
    let rest = json_of(&bank.get(&after).await);
    assert_eq!(rest["receipts"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest["receipts"][0]["request_id"], second.as_str());
    for wrong in ["?limit=0", "?limit=101", "?after=x", "?unknown=1"] {
        let refused = bank.get(&format!("/relying-party/v1/receipts{wrong}")).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
    // The other bank sees neither.
    let others = bank
        .call(
            &bank.other,
            Method::GET,
            "/relying-party/v1/receipts",
            &Value::Null,
        )
        .await;
    assert_eq!(json_of(&others), json!({"receipts": []}));
    let others = bank
        .call(&bank.other, Method::GET, &path(&second, "receipt"), &Value::Null)
        .await;
    assert_eq!(others.status, 404);
    // What is due is not shown, whether it is removed yet or not.
    bank.world.advance(24 * 60 * 60 + 1);
    assert_eq!(bank.get(&path(&first, "receipt")).await.status, 404);
    assert_eq!(bank.get(&path(&second, "receipt")).await.status, 404);
    assert_eq!(listed("").await, json!({"receipts": []}));
}

/// What waits for the browser's code waits here too (OpenID4VP, section 14.2).
#[tokio::test]
async fn on_one_device_evidence_is_released_with_the_code_of_the_answer() {
    let bank = Bank::new().await;
    let return_to = format!("{}/back", bank.world.base);
    let (id, request) = bank
        .ask(&json!({"policy": "customer", "return_to": return_to}))
        .await;
    let (_, reply) = bank.answer(&request).await;
    let redirect = json_of(&reply)["redirect_uri"].as_str().unwrap().to_owned();
    let code = redirect.split_once("response_code=").unwrap().1;
    for (what, held) in [("receipt", 403), ("verified-claims", 404)] {
        assert_eq!(bank.get(&path(&id, what)).await.status, held, "{what}");
        let wrong = format!("{}?response_code=wrong", path(&id, what));
        assert_eq!(bank.get(&wrong).await.status, 403, "{what}");
        let right = format!("{}?response_code={code}", path(&id, what));
        assert_eq!(bank.get(&right).await.status, 200, "{what}");
    }
}

#[tokio::test]
async fn the_keys_of_evidence_are_published() {
    let bank = Bank::new().await;
    let published = bank.world.send(Method::GET, "/evidence/jwks", &[], "").await;
    assert_eq!(published.media_type(), "application/jwk-set+json");
    let keys = json_of(&published)["keys"].clone();
    assert_eq!(keys.as_array().map(Vec::len), Some(1));
    let kid = evidence_key().public_key().thumbprint().to_string();
    assert_eq!((&keys[0]["kid"], &keys[0]["use"]), (&json!(kid), &json!("sig")));
    assert_eq!(keys[0]["alg"], "ES256");
    assert_eq!(keys[0].get("d"), None);
}

/// Nobody could read it, and nobody would be told.
#[tokio::test]
async fn evidence_goes_with_its_relying_party() {
    let bank = Bank::new().await;
    let id = bank.answered("customer").await;
    let removed = operate(&bank.world, Method::DELETE, "relying-parties/bank").await;
    assert_eq!(removed.status, 200);
    // A new key of the same name finds nothing.
    let key = make_key(&bank.world, "bank").await;
    for what in ["receipt", "reliance"] {
        let found = bank.call(&key, Method::GET, &path(&id, what), &Value::Null).await;
        assert_eq!(found.status, 404, "{what}");
    }
}
