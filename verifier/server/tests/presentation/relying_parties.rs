//! Several relying parties of one verifier, through its service interface.

mod callers;
mod evidence;
mod identity_assurance;
mod policies;
mod reliance;
mod requests;
mod verifications;
mod webhooks;

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use symbolon_http::fetch::Fetched;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier_server::configuration::VerifierConfiguration;
use symbolon_verifier_server::{Dependencies, ScanAccess};

use crate::world::{TOKEN, World, json_of};

const REQUESTS: &str = "/relying-party/v1/presentation-requests";
pub(crate) const VERIFICATIONS: &str = "/relying-party/v1/verifications";

/// A bank and a shop; the bank has the policy `name`, and the shop `name-kept`, which keeps what it is shown.
pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) bank: String,
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
        Self::depending(configure, |_| {}).await
    }

    pub(crate) async fn depending(
        configure: impl FnOnce(&mut VerifierConfiguration),
        depend: impl FnOnce(&mut Dependencies),
    ) -> Self {
        let configure = |configuration: &mut VerifierConfiguration, vct: &str| {
            policies(configuration, vct);
            let bank = json!({"name": "First Bank", "policies": ["name", "strict"], "posted_verification": "allowed"});
            party(configuration, "bank", bank);
            let shop = json!({"name": "Corner Shop", "policies": ["name-kept"], "own_queries": "allowed"});
            party(configuration, "shop", shop);
            configure(configuration);
        };
        let world = World::depending(configure, ScanAccess::Open, depend).await;
        let bank = make_key(&world, "bank").await;
        let shop = make_key(&world, "shop").await;
        Self { world, bank, shop }
    }

    pub(crate) async fn call(&self, key: &str, method: Method, path: &str, body: &Value) -> Fetched {
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
