//! An OpenID Provider on loopback that says whatever it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm};

use crate::harness::{HASSAN, START};

/// What the provider calls the issuer.
pub(crate) const CLIENT: &str = "symbolon";

/// How the provider's ID token differs from a good one.
pub(crate) type Lie = Arc<dyn Fn(&mut Map<String, Value>, &mut Map<String, Value>) + Send + Sync>;

/// The provider on loopback.
pub(crate) struct Provider {
    pub(crate) base: String,
    pub(crate) key: SecretKey,
    pub(crate) said: Mutex<Said>,
}

/// What it says, and what it heard.
pub(crate) struct Said {
    /// Claims of the ID token beside the usual ones.
    pub(crate) claims: Value,
    pub(crate) user_info: Option<Value>,
    pub(crate) signed_user_info: bool,
    pub(crate) lie: Option<Lie>,
    /// The whole ID token, instead.
    pub(crate) token: Option<String>,
    pub(crate) token_status: StatusCode,
    pub(crate) published: Vec<&'static str>,
    pub(crate) metadata: Value,
    /// The code challenge and nonce of the last authorization request.
    pub(crate) asked: BTreeMap<String, String>,
    /// The form of the last token request.
    pub(crate) form: BTreeMap<String, String>,
}

impl Provider {
    pub(crate) async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let key = RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(77))
            .unwrap();
        let said = Said {
            claims: json!({ "individual_id": HASSAN }),
            user_info: None,
            signed_user_info: false,
            lie: None,
            token: None,
            token_status: StatusCode::OK,
            published: vec!["current"],
            metadata: json!({}),
            asked: BTreeMap::new(),
            form: BTreeMap::new(),
        };
        let provider = Arc::new(Self {
            base,
            key,
            said: Mutex::new(said),
        });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(user_info))
            .with_state(Arc::clone(&provider));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        provider
    }

    pub(crate) fn say(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.said.lock().unwrap());
    }

    fn signed(&self, header: &Map<String, Value>, claims: &Value) -> String {
        let prepared = jws::prepare(SignatureAlgorithm::Es256, header, claims.to_string().as_bytes());
        let signature = RustCryptoProvider
            .sign(&self.key, prepared.signing_input().as_bytes())
            .unwrap();
        prepared.finish(&signature)
    }

    pub(crate) fn id_token(&self, said: &Said) -> String {
        let nonce = said.asked.get("nonce").cloned().unwrap_or_default();
        let good = json!({ "iss": self.base, "aud": CLIENT, "sub": "pairwise", "nonce": nonce, "iat": START, "exp": START + 300 });
        let mut claims = good.as_object().unwrap().clone();
        claims.extend(said.claims.as_object().unwrap().clone());
        let mut header = Map::from_iter([("kid".to_owned(), json!("current"))]);
        if let Some(lie) = &said.lie {
            lie(&mut header, &mut claims);
        }
        self.signed(&header, &Value::Object(claims))
    }
}

async fn metadata(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let base = &provider.base;
    let mut metadata = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/keys"),
        "userinfo_endpoint": format!("{base}/userinfo"),
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": true,
    });
    let changes = provider.said.lock().unwrap().metadata.clone();
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    Json(metadata)
}

async fn keys(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let names = provider.said.lock().unwrap().published.clone();
    let keys: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut jwk = provider.key.public_key().to_jwk();
            jwk.kid = Some((*name).to_owned());
            json!(jwk)
        })
        .collect();
    Json(json!({ "keys": keys }))
}

async fn token(
    State(provider): State<Arc<Provider>>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let mut said = provider.said.lock().unwrap();
    let challenge = base64url::encode(&Sha256::digest(form["code_verifier"].as_bytes()));
    let fits = form["code"] == "the code" && said.asked.get("code_challenge") == Some(&challenge);
    said.form = form;
    if !fits {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    }
    let id_token = said.token.clone().unwrap_or_else(|| provider.id_token(&said));
    let body = json!({ "id_token": id_token, "access_token": "the-access-token", "token_type": "Bearer" });
    (said.token_status, Json(body)).into_response()
}

async fn user_info(State(provider): State<Arc<Provider>>, headers: http::HeaderMap) -> Response {
    let said = provider.said.lock().unwrap();
    if headers
        .get("authorization")
        .is_none_or(|value| value != "Bearer the-access-token")
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match &said.user_info {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(info) if said.signed_user_info => {
            let header = Map::from_iter([("kid".to_owned(), json!("current"))]);
            (
                [("content-type", "application/jwt")],
                provider.signed(&header, info),
            )
                .into_response()
        }
        Some(info) => Json(info).into_response(),
    }
}
