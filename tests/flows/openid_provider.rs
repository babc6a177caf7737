//! A bank signs a customer in, by the command line, the running servers and the wallet.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::{Value, json};
use symbolon_crypto::jose::jws::{self, CompactJws};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider as _, Jwk, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm,
};

use crate::harness::{Installation, Role};
use crate::relying_parties::with_policy;
use crate::story;

const CALLBACK: &str = "http://127.0.0.1:9/callback";
/// The verifier of RFC 7636, appendix B, and its challenge.
const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const POLICY: &str = r#"
purpose = "To open an account in your name"

[[credentials]]
id = "identity"
format = "dc+sd-jwt"
types = ["ISSUER/types/national-identity"]
issuers = ["ISSUER"]
assurance = "high"
binding = "key"
keep_claims = [["full_name"], ["birthdate"], ["personal_administrative_number"]]

[[credentials.claims]]
path = ["full_name"]
[[credentials.claims]]
path = ["birthdate"]
[[credentials.claims]]
path = ["personal_administrative_number"]

[credentials.verified_claims]
type = "population_register"

[[credentials.verified_claims.claims]]
claim = "name"
from = { text = ["full_name"] }
[[credentials.verified_claims.claims]]
claim = "birthdate"
from = { date = ["birthdate"] }
"#;

/// An installation with the policy `open-account` and a bank that may use it.
fn installation() -> Installation {
    let installation = with_policy("open-account", POLICY, "trust_framework = \"eidas\"\n");
    let add = [
        "relying-party",
        "add",
        "bank",
        "--name",
        "First Bank",
        "--policy",
        "open-account",
    ];
    installation.ok(&add);
    installation
}

fn bank_key() -> SecretKey {
    SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(1)).unwrap()
}

/// Gives the bank its client, by the command for it.
fn add_client(installation: &Installation, claim: &str) -> Result<String, String> {
    let keys = json!({"keys": [bank_key().public_key().to_jwk()]});
    fs::write(installation.path("bank.jwks"), keys.to_string()).unwrap();
    let subject = format!("identity={claim}");
    let arguments = [
        "relying-party",
        "openid-client",
        "bank",
        "--redirect-uri",
        CALLBACK,
        "--jwks",
        "bank.jwks",
        "--scope",
        "openid=open-account",
        "--subject",
        &subject,
        "--verified-claims",
    ];
    let output = installation.run(&arguments);
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(said(&output.stdout)),
        false => Err(said(&output.stderr)),
    }
}

fn assertion(issuer: &str, jti: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims =
        json!({"iss": "bank", "sub": "bank", "aud": issuer, "jti": jti, "iat": now, "exp": now + 60});
    let header = json!({"typ": "JWT"});
    let prepared = jws::prepare(
        SignatureAlgorithm::Es256,
        header.as_object().unwrap(),
        claims.to_string().as_bytes(),
    );
    let signature = RustCryptoProvider
        .sign(&bank_key(), prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

fn client() -> Client {
    Client::builder()
        .redirect(Policy::none())
        .timeout(Duration::from_secs(60))
        .no_proxy()
        .build()
        .unwrap()
}

fn location(response: &Response) -> Url {
    assert_eq!(response.status(), 303);
    Url::parse(response.headers()["location"].to_str().unwrap()).unwrap()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.into_owned())
}

/// A browser that the bank sends, which goes on where the wallet leads it.
async fn sign_in(installation: &Installation, browser: &Client, issuer: &str, more: &[(&str, &str)]) -> Url {
    let request = [
        ("response_type", "code"),
        ("client_id", "bank"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CODE_CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let url = Url::parse_with_params(&format!("{issuer}/authorize"), request.iter().chain(more)).unwrap();
    let sent = browser.get(url).send().await.unwrap();
    let cookie = sent.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let open = |url: Url| browser.get(url).header("cookie", cookie.clone()).send();
    let page = open(location(&sent)).await.unwrap().text().await.unwrap();
    let (_, link) = page.split_once("class=\"button\" href=\"").unwrap();
    let (link, _) = link.split_once('"').unwrap();
    let link = link.replace("&amp;", "&").replace("&#x2f;", "/");
    let shown = installation.ok(&["wallet", "present", &link, "--yes"]);
    let back = shown
        .lines()
        .find_map(|line| line.strip_prefix("go on at "))
        .unwrap();
    location(&open(Url::parse(back).unwrap()).await.unwrap())
}

async fn redeem(browser: &Client, issuer: &str, code: &str, jti: &str) -> Value {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", CODE_VERIFIER),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", &assertion(issuer, jti)),
    ];
    let answered = browser
        .post(format!("{issuer}/token"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answered.status(), 200);
    answered.json().await.unwrap()
}

/// The claims of an ID token, verified by a key that the provider publishes now.
async fn verified(browser: &Client, issuer: &str, text: &str) -> Option<Value> {
    let keys: Value = browser
        .get(format!("{issuer}/jwks"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let jws = CompactJws::parse(text, 1 << 20).unwrap();
    let keys = keys["keys"].as_array().unwrap().iter();
    let key = keys
        .map(|key| serde_json::from_value::<Jwk>(key.clone()).unwrap())
        .find(|key| key.kid == jws.header.kid)?;
    let key = PublicKey::from_jwk(&key).unwrap();
    jws.verify(&RustCryptoProvider, &key).unwrap();
    jws.payload_json().ok()
}

#[test]
fn a_bank_signs_a_customer_in_and_knows_them_again() {
    let installation = installation();
    let refused = add_client(&installation, "email").unwrap_err();
    assert!(
        refused.contains("openid_client.scopes[0].subject.identity"),
        "{refused}"
    );
    let before = fs::read_to_string(installation.path("relying-parties/bank.toml")).unwrap();
    assert!(
        !before.contains("openid_client"),
        "what was refused is not left behind"
    );
    let said = add_client(&installation, "personal_administrative_number").unwrap();
    let issuer = format!("{}/openid", installation.verifier);
    assert!(
        said.contains(&format!("{issuer}/.well-known/openid-configuration")),
        "{said}"
    );
    assert!(
        add_client(&installation, "personal_administrative_number").is_err(),
        "one client each"
    );

    let _issuer = installation.serve(Role::Issuer);
    let verifier = installation.serve(Role::Verifier);
    let uin = story::import_people(&installation);
    story::receive(&installation, &uin);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let browser = client();
    let (token, customer) = runtime.block_on(async {
        let sent_to = sign_in(&installation, &browser, &issuer, &[]).await;
        assert_eq!(parameter(&sent_to, "iss").as_deref(), Some(issuer.as_str()));
        let code = parameter(&sent_to, "code").unwrap();
        let tokens = redeem(&browser, &issuer, &code, "1").await;
        let id_token = tokens["id_token"].as_str().unwrap().to_owned();
        let claims = verified(&browser, &issuer, &id_token).await.unwrap();
        assert_eq!((&claims["aud"], &claims["acr"]), (&json!("bank"), &json!("high")));
        let bearer = tokens["access_token"].as_str().unwrap();
        let told = browser
            .get(format!("{issuer}/userinfo"))
            .bearer_auth(bearer)
            .send()
            .await
            .unwrap();
        let told: Value = told.json().await.unwrap();
        assert_eq!(told["sub"], claims["sub"]);
        let verified = &told["verified_claims"];
        assert_eq!(verified["verification"]["trust_framework"], "eidas");
        assert!(
            verified["claims"]["name"].is_string() && verified["claims"]["birthdate"].is_string(),
            "{told}"
        );
        (id_token, claims["sub"].clone())
    });
    // What somebody signed in with is nowhere in the log.
    let log = installation.log("verifier");
    assert!(!log.contains(customer.as_str().unwrap()), "{log}");
    drop(verifier);

    // Another key signs from the next start on, and what the old one signed is still verified.
    installation.ok(&["keys", "rotate", "id-token-signing"]);
    let _verifier = installation.serve(Role::Verifier);
    // The connections to the server that is gone are too.
    let browser = client();
    runtime.block_on(async {
        let claims = verified(&browser, &issuer, &token).await.unwrap();
        assert_eq!(claims["sub"], customer);
        let sent_to = sign_in(&installation, &browser, &issuer, &[("max_age", "0")]).await;
        let tokens = redeem(&browser, &issuer, &parameter(&sent_to, "code").unwrap(), "2").await;
        let again = tokens["id_token"].as_str().unwrap();
        let kid = |text: &str| CompactJws::parse(text, 1 << 20).unwrap().header.kid.clone();
        assert_ne!(kid(again), kid(&token));
        let claims = verified(&browser, &issuer, again).await.unwrap();
        assert_eq!(claims["sub"], customer, "the same customer");
    });
}
