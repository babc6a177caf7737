//! A provider that signs whatever it is told to.

mod id_token;
mod userinfo;

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_protocol::identifier::{HttpUrl, UrlPolicy};

use super::*;
use crate::secret::InstallationSecret;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const ISSUER: &str = "https://login.example/realms/nation";
const UIN: &str = "2345678901";

struct World {
    settings: ProviderSettings,
    metadata: ProviderMetadata,
    secret: InstallationSecret,
    randomness: SeededRandomness,
    key: SecretKey,
    keys: ProviderKeys,
}

fn settings() -> ProviderSettings {
    let kind = RecordClaimKind::Uin;
    ProviderSettings::new(
        ISSUER,
        "symbolon",
        "openid profile",
        "individual_id",
        kind,
        UrlPolicy::Public,
    )
    .unwrap()
}

fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://login.example/auth?theme=plain",
        "token_endpoint": "https://login.example/token",
        "jwks_uri": "https://login.example/keys",
        "userinfo_endpoint": "https://login.example/userinfo",
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": true,
    })
}

fn metadata(document: &Value) -> Result<ProviderMetadata, ProviderError> {
    ProviderMetadata::parse(document.to_string().as_bytes(), &settings())
}

fn back() -> HttpUrl {
    HttpUrl::parse("https://issuer.example/sign-in/provider/back").unwrap()
}

impl World {
    fn new() -> Self {
        let randomness = SeededRandomness::new(1);
        let key = RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &randomness)
            .unwrap();
        Self {
            settings: settings(),
            metadata: metadata(&document()).unwrap(),
            secret: InstallationSecret::make(&randomness).unwrap(),
            keys: key_set(&[("current", &key)]),
            key,
            randomness,
        }
    }

    fn begin(&self) -> (ProviderState, HashMap<String, String>) {
        let beginning = begin(
            &self.settings,
            &self.metadata,
            &back(),
            &["ar", "en"],
            &self.secret,
            &self.randomness,
        );
        let beginning = beginning.unwrap();
        let query = beginning.location.query_pairs().into_owned().collect();
        (beginning.state, query)
    }

    fn answer(&self, query: &str, state: &ProviderState) -> Result<ProviderAnswer, ProviderError> {
        ProviderAnswer::parse(query, state, &self.settings, &self.metadata)
    }

    fn verify(&self, token: &str) -> Result<IdToken, ProviderError> {
        verify_id_token(
            token,
            &self.settings,
            &self.keys,
            "nonce",
            NOW,
            &RustCryptoProvider,
        )
    }

    fn verify_claims(&self, claims: &Value) -> Result<IdToken, ProviderError> {
        self.verify(&signed(&self.key, &json!({ "kid": "current" }), claims))
    }
}

fn key_set(keys: &[(&str, &SecretKey)]) -> ProviderKeys {
    let keys: Vec<Value> = keys
        .iter()
        .map(|(name, key)| {
            let mut jwk = key.public_key().to_jwk();
            jwk.kid = Some((*name).to_owned());
            json!(jwk)
        })
        .collect();
    ProviderKeys::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn signed(key: &SecretKey, header: &Value, claims: &Value) -> String {
    let algorithm = key.public_key().algorithm();
    let prepared = jws::prepare(
        algorithm,
        header.as_object().unwrap(),
        claims.to_string().as_bytes(),
    );
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

fn claims() -> Map<String, Value> {
    let claims = json!({
        "iss": ISSUER, "aud": "symbolon", "sub": "pairwise", "nonce": "nonce",
        "iat": NOW, "exp": NOW.plus(Duration::from_secs(300)), "individual_id": UIN,
    });
    claims.as_object().unwrap().clone()
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims.insert(name.to_owned(), value);
    Value::Object(claims)
}

fn refused<T>(result: Result<T, ProviderError>) -> ProviderError {
    match result {
        Ok(_) => panic!("it was taken"),
        Err(error) => error,
    }
}

#[test]
fn the_browser_leaves_with_everything_that_the_answer_is_held_against() {
    let world = World::new();
    let (state, query) = world.begin();
    assert_eq!(query["theme"], "plain", "the endpoint keeps its own query");
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["redirect_uri"], back().as_str());
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["ui_locales"], "ar en");
    assert!(query["claims"].contains("individual_id"));
    let answer = format!(
        "code=abc&state={}&iss={}",
        query["state"], "https%3A%2F%2Flogin.example%2Frealms%2Fnation"
    );
    let answer = world.answer(&answer, &state).unwrap();
    assert_eq!(*answer.nonce(&world.secret), query["nonce"]);
    let challenge = base64url::encode(&Sha256::digest(answer.verifier(&world.secret).as_bytes()));
    assert_eq!(challenge, query["code_challenge"]);
    assert_ne!(query["nonce"], query["state"]);
    let stored = serde_json::to_string(&state).unwrap();
    assert!(!stored.contains(&query["state"]) && !stored.contains(&query["nonce"]));
}

#[test]
fn an_answer_of_another_session_or_provider_is_foreign() {
    let world = World::new();
    let (state, query) = world.begin();
    let (_, other) = world.begin();
    let iss = "https%3A%2F%2Flogin.example%2Frealms%2Fnation";
    let (mine, foreign) = (&query["state"], &other["state"]);
    for (query, error) in [
        (
            format!("code=abc&state={foreign}&iss={iss}"),
            ProviderError::ForeignAnswer,
        ),
        (format!("code=abc&iss={iss}"), ProviderError::ForeignAnswer),
        (format!("code=abc&state={mine}"), ProviderError::ForeignAnswer),
        (
            format!("code=abc&state={mine}&iss=https%3A%2F%2Fother.example"),
            ProviderError::ForeignAnswer,
        ),
        (
            format!("error=access_denied&state={foreign}&iss={iss}"),
            ProviderError::ForeignAnswer,
        ),
        (
            format!("error=access_denied&state={mine}&iss={iss}"),
            ProviderError::Denied,
        ),
        (
            format!("error=server_error&state={mine}&iss={iss}"),
            ProviderError::Refused,
        ),
        (
            format!("state={mine}&iss={iss}"),
            ProviderError::Malformed("answer"),
        ),
        (
            format!("code=&state={mine}&iss={iss}"),
            ProviderError::Malformed("answer"),
        ),
        (
            format!("code=a&code=b&state={mine}&iss={iss}"),
            ProviderError::Malformed("answer"),
        ),
        (
            format!("code=a&error=b&state={mine}&iss={iss}"),
            ProviderError::Malformed("answer"),
        ),
        (
            format!("code={}&state={mine}&iss={iss}", "a".repeat(9_000)),
            ProviderError::Malformed("answer"),
        ),
    ] {
        assert_eq!(refused(world.answer(&query, &state)), error, "{query}");
    }
}

#[test]
fn metadata_of_another_issuer_or_without_what_is_needed_are_refused() {
    let changed = |name: &str, value: Value| {
        let mut document = document();
        document[name] = value;
        metadata(&document)
    };
    assert_eq!(
        changed("issuer", json!("https://login.example")),
        Err(ProviderError::IssuerMismatch)
    );
    assert_eq!(
        changed("token_endpoint", json!("http://login.example/token")),
        Err(ProviderError::EndpointNotPermitted)
    );
    assert_eq!(
        changed("userinfo_endpoint", json!("http://login.example/userinfo")),
        Err(ProviderError::EndpointNotPermitted)
    );
    for (list, value) in [
        ("response_types_supported", json!(["id_token"])),
        ("code_challenge_methods_supported", json!(["plain"])),
    ] {
        assert!(
            matches!(changed(list, value), Err(ProviderError::Unsupported(_))),
            "{list}"
        );
    }
    for gone in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        assert_eq!(
            changed(gone, Value::Null),
            Err(ProviderError::Malformed("metadata")),
            "{gone}"
        );
    }
    let twice = document()
        .to_string()
        .replacen('{', r#"{"issuer":"https://other.example","#, 1);
    assert!(ProviderMetadata::parse(twice.as_bytes(), &settings()).is_err());
}

#[test]
fn the_token_request_proves_the_client_by_its_key() {
    let mut world = World::new();
    let (state, query) = world.begin();
    let answer = format!(
        "code=a%26b&state={}&iss=https%3A%2F%2Flogin.example%2Frealms%2Fnation",
        query["state"]
    );
    let answer = world.answer(&answer, &state).unwrap();
    let request = |world: &World| {
        let (settings, metadata) = (&world.settings, &world.metadata);
        TokenRequest::new(
            &answer,
            settings,
            metadata,
            &back(),
            &world.secret,
            NOW,
            &world.randomness,
        )
        .unwrap()
    };
    let TokenRequest::Ready(form) = request(&world) else {
        panic!("a public client signs nothing");
    };
    let form: HashMap<String, String> = url::form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    assert_eq!(form["code"], "a&b");
    assert_eq!(form["redirect_uri"], back().as_str());
    assert_eq!(
        base64url::encode(&Sha256::digest(form["code_verifier"].as_bytes())),
        query["code_challenge"]
    );

    world.settings = world.settings.with_client_key(ProviderClientKey {
        handle: KeyHandle::new("client"),
        algorithm: SignatureAlgorithm::Es256,
        key_id: Some("client-key".to_owned()),
    });
    let TokenRequest::ToSign(prepared) = request(&world) else {
        panic!("the assertion must be signed");
    };
    let signature = RustCryptoProvider
        .sign(&world.key, &prepared.request().bytes)
        .unwrap();
    let form = prepared.finish(&signature);
    let form: HashMap<String, String> = url::form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let assertion = jws::CompactJws::parse(&form["client_assertion"], 4096).unwrap();
    assertion
        .verify(&RustCryptoProvider, &world.key.public_key())
        .unwrap();
    assert_eq!(assertion.header.kid.as_deref(), Some("client-key"));
    let claims: Value = assertion.payload_json().unwrap();
    assert_eq!(claims["aud"], "https://login.example/token");
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("symbolon"), &json!("symbolon"))
    );
}

#[test]
fn a_token_response_without_an_id_token_or_with_another_kind_of_token_is_refused() {
    let parse = |value: Value| ProviderTokens::parse(value.to_string().as_bytes());
    assert!(parse(json!({ "id_token": "a", "access_token": "b", "token_type": "bearer" })).is_ok());
    for wrong in [
        json!({ "access_token": "b", "token_type": "Bearer" }),
        json!({ "id_token": "a", "access_token": "b", "token_type": "DPoP" }),
        json!({ "id_token": "a", "access_token": "b\r\nHost: x", "token_type": "Bearer" }),
        json!([]),
    ] {
        assert!(parse(wrong).is_err());
    }
}

#[test]
fn settings_name_the_key_that_is_wrong() {
    let new = |issuer, client, scope, claim| {
        ProviderSettings::new(
            issuer,
            client,
            scope,
            claim,
            RecordClaimKind::Vid,
            UrlPolicy::Public,
        )
    };
    for (issuer, client, scope, claim, key) in [
        ("http://login.example", "c", "openid", "sub", "issuer"),
        ("https://login.example?x", "c", "openid", "sub", "issuer"),
        ("login", "c", "openid", "sub", "issuer"),
        ("https://login.example", "", "openid", "sub", "client_id"),
        ("https://login.example", "c", "profile", "sub", "scope"),
        ("https://login.example", "c", "openid", "", "record_claim"),
    ] {
        assert_eq!(new(issuer, client, scope, claim).unwrap_err().key, key);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever a provider or a browser sends, it is refused and nothing worse.
    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..600, at in 0_usize..600) {
        let world = World::new();
        let (state, _) = world.begin();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let good = document().to_string().into_bytes();
        let mut damaged = good.get(..cut.min(good.len())).unwrap_or_default().to_vec();
        damaged.extend(&bytes);
        for input in [&bytes, &damaged] {
            let _ = ProviderMetadata::parse(input, &world.settings);
            let _ = ProviderKeys::parse(input);
            let _ = ProviderTokens::parse(input);
        }
        prop_assert!(world.answer(&text, &state).is_err());
        prop_assert!(world.verify(&text).is_err());
        let mut token = signed(&world.key, &json!({ "kid": "current" }), &Value::Object(claims())).into_bytes();
        let at = at % token.len();
        token[at] ^= 1;
        prop_assert!(world.verify(&String::from_utf8_lossy(&token)).is_err(), "a token is signed whole");
    }
}
