//! A bank whose client signs customers in at the verifier, as a provider of OpenID Connect.

mod clients;
mod flow;
mod refusals;
mod subjects;
mod tokens;

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws::{self, CompactJws};
use symbolon_crypto::{PublicKey, RustCryptoProvider, SignatureAlgorithm};
use symbolon_http::fetch::Fetched;
use symbolon_protocol::openid4vp::response::AuthorizationResponse;
use symbolon_trust::testing::TestKey;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier_server::ScanAccess;
use symbolon_verifier_server::configuration::VerifierConfiguration;
use url::Url;
use url::form_urlencoded;

use crate::world::{World, json_of, token};

const CALLBACK: &str = "http://127.0.0.1/callback?bank=1";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const FORM: (http::HeaderName, &str) = (CONTENT_TYPE, "application/x-www-form-urlencoded");

/// A bank, a broker, and the verifier where both have people signed in.
struct Banks {
    world: World,
}

/// A browser: it keeps its cookies, and follows nothing.
#[derive(Default)]
struct Browser(Vec<String>);

impl Browser {
    async fn send(&mut self, world: &World, method: Method, url: &str, form: Option<&str>) -> Fetched {
        let cookies = self.0.join("; ");
        let mut headers = vec![(COOKIE, cookies.as_str())];
        headers.retain(|_| !self.0.is_empty());
        headers.extend(form.map(|_| FORM));
        let answered = world.send(method, url, &headers, form.unwrap_or_default()).await;
        for cookie in answered.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
            self.0.extend(cookie.split(';').next().map(str::to_owned));
        }
        answered
    }

    async fn open(&mut self, world: &World, url: &str) -> Fetched {
        self.send(world, Method::GET, url, None).await
    }
}

/// A page with a sign-in on it, as a browser shows it.
struct Page {
    url: String,
    html: String,
}

impl Page {
    /// The link for a wallet on the same device.
    fn link(&self) -> String {
        let (_, rest) = self.html.split_once("class=\"button\" href=\"").unwrap();
        let (link, _) = rest.split_once('"').unwrap();
        link.replace("&amp;", "&").replace("&#x2f;", "/")
    }
}

fn policy(vct: &str, more: Value) -> Value {
    let mut credential = json!({
        "id": "identity", "format": "dc+sd-jwt", "types": [vct], "binding": "key", "status": "always",
        "claims": [{"path": ["given_name"]}, {"path": ["family_name"]}, {"path": ["personal_number"]}],
        "keep_claims": [["given_name"], ["family_name"], ["personal_number"]],
        "verified_claims": {"type": "population_register", "country_code": "CHE", "claims": [
            {"claim": "given_name", "from": {"text": ["given_name"]}},
            {"claim": "family_name", "from": {"text": ["family_name"]}},
            {"claim": "name", "from": {"joined": {"paths": [["given_name"], ["family_name"]]}}},
        ]},
    });
    for (key, value) in more.as_object().unwrap() {
        credential[key] = value.clone();
    }
    json!({"purpose": "To open an account", "credentials": [credential]})
}

fn insert_policy(configuration: &mut VerifierConfiguration, name: &str, document: Value) {
    let document = serde_json::from_value(document).unwrap();
    let name = PolicyName::parse(name).unwrap();
    configuration.policies.insert(name, document);
}

fn insert_party(configuration: &mut VerifierConfiguration, name: &str, document: Value) {
    let document = serde_json::from_value(document).unwrap();
    let name = RelyingPartyName::parse(name).unwrap();
    configuration.relying_parties.insert(name, document);
}

/// The key of a bank's client.
fn client_key(name: &str) -> TestKey {
    let seed = if name == "bank" { 820 } else { 830 };
    TestKey::new(SignatureAlgorithm::Es256, seed)
}

fn party(name: &str, more: Value) -> Value {
    let jwk = client_key(name).public_key().to_jwk();
    let mut client = json!({
        "client_id": name, "redirect_uris": [CALLBACK], "jwks": {"keys": [jwk]},
        "scopes": [
            {"scope": "openid", "policy": "name", "subject": {"identity": ["personal_number"]}},
            {"scope": "kyc", "policy": "name", "subject": {"identity": ["personal_number"]},
             "claims": ["family_name"], "verified_claims": true},
        ],
    });
    for (key, value) in more.as_object().unwrap() {
        client[key] = value.clone();
    }
    if client["jwks"].is_null() {
        client.as_object_mut().unwrap().remove("jwks");
    }
    json!({"name": "First Bank", "policies": ["name"], "openid_client": client})
}

fn assure(configuration: &mut VerifierConfiguration, issuer: &str) {
    configuration.assurance = serde_json::from_value(json!({
        "trust_framework": "eidas", "levels": ["low", "high"], "issuers": [{"issuer": issuer, "level": "high"}]
    }))
    .unwrap();
}

impl Banks {
    async fn new() -> Self {
        Self::configured(json!({})).await
    }

    /// With more in the file of the bank's client.
    async fn configured(more: Value) -> Self {
        Self::with(|configuration, _| insert_party(configuration, "bank", party("bank", more))).await
    }

    async fn with(more: impl FnOnce(&mut VerifierConfiguration, &str)) -> Self {
        let configure = |configuration: &mut VerifierConfiguration, vct: &str| {
            let issuer = vct.strip_suffix("/types/national-identity").unwrap();
            assure(configuration, issuer);
            insert_policy(configuration, "name", policy(vct, json!({})));
            insert_party(configuration, "broker", party("broker", json!({})));
            more(configuration, vct);
        };
        Self {
            world: World::of_issuer(configure, ScanAccess::Open).await,
        }
    }

    fn issuer(&self) -> String {
        format!("{}/openid", self.world.base)
    }

    /// The parameters of a request of a client, with some in place of the usual ones; an empty one is left out.
    fn request(&self, client: &str, changed: &[(&str, &str)]) -> String {
        let challenge = base64url::encode(&Sha256::digest(VERIFIER));
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", "state of the bank"),
            ("nonce", "nonce-of-the-bank"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changed {
            parameters.retain(|(own, _)| own != name);
            parameters.push((name, value));
        }
        parameters.retain(|(_, value)| !value.is_empty());
        form(&parameters)
    }

    /// Sends a browser, and returns where it goes.
    async fn authorize(&self, browser: &mut Browser, query: &str) -> Fetched {
        let url = format!("{}/authorize?{query}", self.issuer());
        browser.open(&self.world, &url).await
    }

    /// Sends a browser to the page of a sign-in.
    async fn begin(&self, browser: &mut Browser, query: &str) -> Page {
        let sent = self.authorize(browser, query).await;
        assert_eq!(sent.status, 303, "{}", String::from_utf8_lossy(&sent.body));
        let url = location(&sent);
        assert!(url.starts_with(&format!("{}/sign-in/", self.issuer())), "{url}");
        self.page(browser, &url).await
    }

    async fn page(&self, browser: &mut Browser, url: &str) -> Page {
        let shown = browser.open(&self.world, url).await;
        Page {
            html: html(&shown, 200),
            url: url.to_owned(),
        }
    }

    /// The requests of a sign-in: for a wallet on the same device, and for one elsewhere. The second stands in the drawing of a code,
    /// so it is found in the list of the relying party.
    async fn cross_device_link(&self, page: &Page, party: &str) -> String {
        let own = page.link();
        let found = self.links_of(party).await;
        found.into_iter().find(|link| *link != own).unwrap()
    }

    async fn links_of(&self, party: &str) -> Vec<String> {
        let tenant = symbolon_store::Tenant::parse("default").unwrap();
        let space = symbolon_store::Space::new("verifier-openid-sign-ins");
        let entries = self.world.store.scan(&tenant, space, &[], None, 99).unwrap();
        let mut links = Vec::new();
        for entry in entries {
            let stored: Value = serde_json::from_slice(&entry.value).unwrap();
            let record = &stored["value"];
            if record["relying_party"] == party {
                for device in ["same_device", "cross_device"] {
                    links.extend(record[device]["link"].as_str().map(str::to_owned));
                }
            }
        }
        links
    }

    /// The credential of a person with this number.
    fn credential(&self, number: &str, salts: u64) -> String {
        let claims = json!({"given_name": "Amina", "family_name": "Diallo", "personal_number": number});
        self.world.credential_saying(claims, salts)
    }

    /// A wallet answers a request with a credential.
    async fn present(&self, link: &str, credential: &str) -> Fetched {
        let request = self.world.open(link).await;
        let asked = request.request();
        let text = self.world.present_credential(
            credential,
            asked.client_id.as_str(),
            asked.nonce.as_str(),
            &["given_name", "family_name", "personal_number"],
        );
        let answer = AuthorizationResponse {
            vp_token: token("identity", vec![text]),
            state: asked.state.clone(),
        };
        self.world
            .post(&request, &self.world.encrypt(&request, &answer))
            .await
    }

    /// Signs a person in on one device, and returns where the browser goes.
    async fn sign_in_with(&self, query: &str, credential: &str) -> String {
        let mut browser = Browser::default();
        let page = self.begin(&mut browser, query).await;
        let reply = self.present(&page.link(), credential).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let back = json_of(&reply)["redirect_uri"].as_str().unwrap().to_owned();
        let sent_on = browser.open(&self.world, &back).await;
        assert_eq!(sent_on.status, 303, "{}", String::from_utf8_lossy(&sent_on.body));
        location(&sent_on)
    }

    /// Signs the usual person in at a client, and returns the code.
    async fn code(&self, client: &str, changed: &[(&str, &str)]) -> String {
        let credential = self.credential("784-1", 5);
        let sent_to = self
            .sign_in_with(&self.request(client, changed), &credential)
            .await;
        parameter(&sent_to, "code").unwrap_or_else(|| panic!("{sent_to}"))
    }

    /// The assertion of a client, with claims in place of the usual ones; `null` leaves one out.
    fn assertion(&self, client: &str, changed: &Value) -> String {
        let now = self.world.now();
        let mut claims = json!({
            "iss": client, "sub": client, "aud": self.issuer(), "jti": unique(), "iat": now, "exp": now.seconds() + 60
        });
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        sign(&client_key(client), json!({"typ": "JWT"}), &claims)
    }

    /// A form of a client, with its assertion.
    fn asserted(&self, client: &str, parameters: &[(&str, &str)]) -> String {
        let assertion = self.assertion(client, &json!({}));
        let own = [
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ];
        form(&[parameters, &own].concat())
    }

    async fn post(&self, path: &str, form: &str, more: &[(http::HeaderName, &str)]) -> Fetched {
        let url = format!("{}{path}", self.issuer());
        let headers = [&[FORM], more].concat();
        self.world.send(Method::POST, &url, &headers, form).await
    }

    fn token_form<'f>(&self, code: &'f str) -> Vec<(&'static str, &'f str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]
    }

    async fn redeem(&self, client: &str, code: &str) -> Fetched {
        let form = self.asserted(client, &self.token_form(code));
        self.post("/token", &form, &[]).await
    }

    /// The tokens of a code that is good.
    async fn tokens(&self, client: &str, code: &str) -> Value {
        let answered = self.redeem(client, code).await;
        assert_eq!(
            answered.status,
            200,
            "{}",
            String::from_utf8_lossy(&answered.body)
        );
        assert_eq!(answered.headers["cache-control"], "no-store");
        assert_eq!(answered.headers["pragma"], "no-cache");
        json_of(&answered)
    }

    async fn user_info(&self, token: &str) -> Fetched {
        let bearer = format!("Bearer {token}");
        let url = format!("{}/userinfo", self.issuer());
        self.world
            .send(Method::GET, &url, &[(AUTHORIZATION, &bearer)], "")
            .await
    }

    /// The claims of an ID token, whose signature is verified by a published key.
    async fn id_token(&self, tokens: &Value) -> Map<String, Value> {
        self.verified(tokens["id_token"].as_str().unwrap()).await
    }

    async fn verified(&self, text: &str) -> Map<String, Value> {
        let keys = self
            .world
            .send(Method::GET, &format!("{}/jwks", self.issuer()), &[], "")
            .await;
        let keys = json_of(&keys);
        let jws = CompactJws::parse(text, 1 << 20).unwrap();
        let key = keys["keys"].as_array().unwrap().iter();
        let key = key.map(|key| serde_json::from_value::<symbolon_crypto::Jwk>(key.clone()).unwrap());
        let key = key.into_iter().find(|key| key.kid == jws.header.kid).unwrap();
        assert_eq!(key.alg.as_deref(), Some("ES256"));
        let key = PublicKey::from_jwk(&key).unwrap();
        jws.verify(&RustCryptoProvider, &key).unwrap();
        jws.payload_json().unwrap()
    }
}

fn sign(key: &TestKey, header: Value, claims: &Value) -> String {
    let header = header.as_object().unwrap();
    let prepared = jws::prepare(SignatureAlgorithm::Es256, header, claims.to_string().as_bytes());
    let signature = key.sign(&prepared.request(key.handle()));
    prepared.finish(&signature)
}

fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("jti/{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn form(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

fn location(fetched: &Fetched) -> String {
    fetched.headers["location"].to_str().unwrap().to_owned()
}

/// A parameter that the browser brings to the client.
fn parameter(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).unwrap();
    let mut found = url.query_pairs().filter(|(own, _)| own == name);
    let value = found.next().map(|(_, value)| value.into_owned());
    assert!(found.next().is_none(), "{address}");
    value
}

/// That the browser is sent to the client with an error, and the error.
fn told(banks: &Banks, sent: &Fetched) -> String {
    assert_eq!(sent.status, 303, "{}", String::from_utf8_lossy(&sent.body));
    told_at(banks, &location(sent))
}

fn told_at(banks: &Banks, address: &str) -> String {
    assert!(address.starts_with(&format!("{CALLBACK}&")), "{address}");
    assert_eq!(parameter(address, "iss").unwrap(), banks.issuer());
    assert_eq!(parameter(address, "state").as_deref(), Some("state of the bank"));
    assert_eq!(parameter(address, "code"), None);
    parameter(address, "error").unwrap()
}

fn html(fetched: &Fetched, status: u16) -> String {
    assert_eq!(
        fetched.status,
        status,
        "{}",
        String::from_utf8_lossy(&fetched.body)
    );
    assert_eq!(fetched.media_type(), "text/html");
    assert_eq!(fetched.headers["cache-control"], "no-store");
    assert_eq!(fetched.headers["referrer-policy"], "no-referrer");
    let policy = fetched.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    String::from_utf8(fetched.body.clone()).unwrap()
}

/// The error of an answer to a client.
fn error(fetched: &Fetched) -> (u16, String) {
    assert_eq!(fetched.headers["cache-control"], "no-store");
    let body = json_of(fetched);
    (fetched.status, body["error"].as_str().unwrap().to_owned())
}
