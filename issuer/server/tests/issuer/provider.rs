//! Sign-in by an OpenID Provider, and what becomes of its lies.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws;
use symbolon_crypto::signing::{KeyHandle, SoftwareKey};
use symbolon_crypto::symmetric::hmac_sha256;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm};
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_http::fetch::FetchPolicy;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::sign_in::openid_provider::{
    ProviderClientKey, ProviderError, ProviderKeys, ProviderSettings, RecordClaimKind, verify_id_token,
};
use symbolon_issuer_server::shipped_translations;
use symbolon_issuer_server::sign_in::{ProviderSetup, SignInSetup, SignInWay};
use symbolon_protocol::identifier::UrlPolicy;

use crate::harness::{FATIMA, HASSAN, START, World, record};
use crate::provider_on_loopback::{CLIENT, Provider};
use crate::resident::{Browser, Shown};
use crate::wallet::policy;

const VID: &str = "9876543210123456";

struct Scene {
    world: World,
    provider: Arc<Provider>,
}

impl Scene {
    async fn open() -> Self {
        Self::open_with(RecordClaimKind::Uin, |settings| (settings, None)).await
    }

    async fn open_with(
        kind: RecordClaimKind,
        change: impl FnOnce(
            ProviderSettings,
        ) -> (ProviderSettings, Option<Arc<dyn symbolon_crypto::signing::Sign>>),
    ) -> Self {
        let provider = Provider::start().await;
        let settings = ProviderSettings::new(
            &provider.base,
            CLIENT,
            "openid",
            "individual_id",
            kind,
            UrlPolicy::Development,
        );
        let (settings, key) = change(settings.unwrap());
        let setup = ProviderSetup::new(
            settings,
            "National login".to_owned(),
            key,
            FetchPolicy::Development,
        )
        .unwrap();
        let sign_in = SignInSetup {
            way: SignInWay::OpenIdProvider(Box::new(setup)),
            ..SignInSetup::closed(Arc::new(shipped_translations().unwrap()))
        };
        let world = World::start_signing_in(IssuerPolicy::default(), policy(), sign_in).await;
        let mut fatima = record(FATIMA, "Fatima Zahra");
        fatima["VID"] = json!(VID);
        world.import(&[record(HASSAN, "Hassan Ali"), fatima]).await;
        Self { world, provider }
    }

    /// Sends a browser to the provider, and returns the query with which it comes back.
    async fn leave(&self, browser: &mut Browser<'_>) -> String {
        let page = browser.get("/sign-in").await;
        assert!(page.html.contains("National login"), "{}", page.html);
        let left = browser.get("/sign-in/provider").await;
        assert_eq!(left.status, StatusCode::SEE_OTHER);
        let back = self.provider.back(left.location());
        let redirect_uri = self.provider.said.lock().unwrap().asked["redirect_uri"].clone();
        assert_eq!(redirect_uri, self.world.url("/sign-in/provider/back"));
        back
    }

    /// A new browser, there and back.
    async fn there_and_back(&self) -> Shown {
        let mut browser = Browser::sent(&self.world).await;
        let query = self.leave(&mut browser).await;
        browser.get(&format!("/sign-in/provider/back?{query}")).await
    }

    /// There and back, and what the page says went wrong.
    async fn refused(&self) -> String {
        let shown = self.there_and_back().await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{:?}", shown.headers);
        shown.problem().to_owned()
    }
}

const FAILED: &str = "The sign-in service did not answer as it should.";
const NO_RECORD: &str = "You are signed in, but";
const DOWN: &str = "The sign-in service does not answer.";

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_is_who_the_provider_says() {
    let scene = Scene::open().await;
    let mut browser = Browser::sent_with(&scene.world, &[("ui_locales", "ar")]).await;
    assert!(browser.get("/sign-in").await.html.contains(r#"dir="rtl""#));
    let left = browser.get("/sign-in/provider").await;
    assert!(left.location().contains("ui_locales=ar"));
    let mut browser = Browser::sent(&scene.world).await;
    let before = browser.key().to_owned();
    let query = scene.leave(&mut browser).await;
    let back = browser.get(&format!("/sign-in/provider/back?{query}")).await;
    assert_eq!(back.location(), "/consent");
    assert_ne!(browser.key(), before);
    assert!(browser.get("/consent").await.html.contains("••••••8901"));
    let form = scene.provider.said.lock().unwrap().form.clone();
    assert_eq!(form["client_id"], CLIENT);
    assert!(!form.contains_key("client_assertion"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claim_may_be_in_userinfo_alone_and_name_a_virtual_identifier() {
    for signed in [false, true] {
        let scene = Scene::open_with(RecordClaimKind::Vid, |settings| (settings, None)).await;
        scene.provider.say(|said| {
            said.claims = json!({});
            said.user_info = Some(json!({ "sub": "pairwise", "individual_id": VID, "aud": CLIENT }));
            said.signed_user_info = signed;
        });
        let mut browser = Browser::sent(&scene.world).await;
        let query = scene.leave(&mut browser).await;
        assert_eq!(
            browser
                .get(&format!("/sign-in/provider/back?{query}"))
                .await
                .location(),
            "/consent"
        );
        assert!(browser.get("/consent").await.html.contains("••••••8902"));
        // Of somebody else it is nobody's.
        scene
            .provider
            .say(|said| said.user_info = Some(json!({ "sub": "another", "individual_id": VID })));
        assert!(scene.refused().await.starts_with(FAILED));
        scene.provider.say(|said| said.user_info = None);
        assert!(scene.refused().await.starts_with(FAILED));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_proves_itself_by_its_key() {
    let secret = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(5))
        .unwrap();
    let public = secret.public_key();
    let handle = KeyHandle::new("provider-client");
    let key = SoftwareKey::new(handle.clone(), secret, Arc::new(RustCryptoProvider));
    let scene = Scene::open_with(RecordClaimKind::Uin, |settings| {
        let described = ProviderClientKey {
            handle,
            algorithm: SignatureAlgorithm::Es256,
            key_id: Some("client".to_owned()),
        };
        (settings.with_client_key(described), Some(Arc::new(key) as _))
    })
    .await;
    assert_eq!(scene.there_and_back().await.location(), "/consent");
    let form = scene.provider.said.lock().unwrap().form.clone();
    let assertion = jws::CompactJws::parse(&form["client_assertion"], 4096).unwrap();
    assertion.verify(&RustCryptoProvider, &public).unwrap();
    let claims: Value = assertion.payload_json().unwrap();
    assert_eq!(claims["aud"], format!("{}/token", scene.provider.base));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lie_in_an_id_token_signs_anybody_in() {
    let scene = Scene::open().await;
    let lies: [(&str, Value); 10] = [
        ("iss", json!("https://other.example")),
        ("aud", json!("another-client")),
        ("aud", json!(["symbolon", "another-client"])),
        ("azp", json!("another-client")),
        ("nonce", json!("another")),
        ("exp", json!(START - 61)),
        ("iat", json!(START - 3_600)),
        ("iat", json!(START + 3_600)),
        ("nbf", json!(START + 3_600)),
        ("sub", json!("")),
    ];
    for (claim, lie) in lies {
        let name = claim.to_owned();
        scene.provider.say(|said| {
            said.lie = Some(Arc::new(move |_, claims| {
                claims.insert(name.clone(), lie.clone());
            }));
        });
        assert!(scene.refused().await.starts_with(FAILED), "{claim}");
    }
    scene.provider.say(|said| {
        said.lie = Some(Arc::new(|header, _| {
            header.insert("kid".to_owned(), json!("unknown"));
        }));
    });
    assert!(scene.refused().await.starts_with(FAILED));
    scene.provider.say(|said| said.lie = None);
    assert_eq!(
        scene.there_and_back().await.location(),
        "/consent",
        "and the truth does"
    );
}

/// Another token, made of the parts of a good one.
type Forgery<'a> = dyn Fn(&[&str]) -> String + 'a;

#[tokio::test(flavor = "multi_thread")]
async fn no_token_without_a_signature_of_the_provider_signs_anybody_in() {
    let scene = Scene::open().await;
    // What a good token of this very sign-in holds, with another head or tail.
    let part = |value: Value| base64url::encode(value.to_string().as_bytes());
    let by_public_key = |claims: &str, secret: &[u8]| {
        let input = format!("{}.{claims}", part(json!({ "alg": "HS256", "kid": "current" })));
        format!(
            "{input}.{}",
            base64url::encode(&hmac_sha256(secret, input.as_bytes()))
        )
    };
    let key = scene.provider.key.public_key();
    let forgeries: [&Forgery<'_>; 5] = [
        &|good| format!("{}.{}.", part(json!({ "alg": "none" })), good[1]),
        &|good| format!("{}.{}.", good[0], good[1]),
        &|good| by_public_key(good[1], &serde_json::to_vec(&key.to_jwk()).unwrap()),
        &|good| by_public_key(good[1], &key.to_subject_public_key_info().unwrap()),
        &|good| {
            let claims = String::from_utf8(base64url::decode(good[1]).unwrap()).unwrap();
            let claims = base64url::encode(claims.replace(HASSAN, FATIMA).as_bytes());
            format!("{}.{claims}.{}", good[0], good[2])
        },
    ];
    for (number, forge) in forgeries.iter().enumerate() {
        let mut browser = Browser::sent(&scene.world).await;
        let query = scene.leave(&mut browser).await;
        scene.provider.say(|said| {
            let good = scene.provider.id_token(said);
            let parts: Vec<&str> = good.split('.').collect();
            said.token = Some(forge(&parts));
        });
        let shown = browser.get(&format!("/sign-in/provider/back?{query}")).await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{number}");
        assert!(shown.problem().starts_with(FAILED));
        // Whatever came of it, that answer is used up.
        scene.provider.say(|said| said.token = None);
        let replay = browser.get(&format!("/sign-in/provider/back?{query}")).await;
        assert!(replay.problem().starts_with(FAILED));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_for_one_browser_one_sign_in_and_one_time() {
    let scene = Scene::open().await;
    let mut browser = Browser::sent(&scene.world).await;
    let mut other = Browser::sent(&scene.world).await;
    let query = scene.leave(&mut browser).await;
    let path = format!("/sign-in/provider/back?{query}");
    // Another browser's answer, or one that nobody asked for.
    assert!(other.get(&path).await.problem().starts_with(FAILED));
    let other_query = scene.leave(&mut other).await;
    assert!(other.get(&path).await.problem().starts_with(FAILED));
    let mut nobody = Browser::new(&scene.world);
    assert!(
        nobody
            .get(&path)
            .await
            .html
            .contains("There is no request of this browser")
    );
    // The right one, once. The other's leaving has changed what the provider expects.
    let query = scene.leave(&mut browser).await;
    let path = format!("/sign-in/provider/back?{query}");
    let mut twin = browser.stolen();
    let look = scene.world.client.head(scene.world.url(&path));
    let look = look.header("cookie", format!("symbolon-authorization={}", browser.key()));
    assert_eq!(
        look.send().await.unwrap().status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(browser.get(&path).await.location(), "/consent");
    assert_ne!(twin.get(&path).await.status, StatusCode::SEE_OTHER);
    assert_ne!(browser.get(&path).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/consent").await.html.contains("••••••8901"));
    let issuer_changed = other_query.replace("iss=", "iss=x");
    assert!(
        other
            .get(&format!("/sign-in/provider/back?{issuer_changed}"))
            .await
            .problem()
            .starts_with(FAILED)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_fails_or_is_down_leads_to_a_page() {
    let scene = Scene::open().await;
    let mut browser = Browser::sent(&scene.world).await;
    let query = scene.leave(&mut browser).await;
    let denied = query.replace("code=the+code", "error=access_denied");
    let shown = browser.get(&format!("/sign-in/provider/back?{denied}")).await;
    assert!(shown.problem().contains("did not sign you in"));
    for (status, said) in [(StatusCode::BAD_GATEWAY, DOWN), (StatusCode::FORBIDDEN, FAILED)] {
        scene.provider.say(|says| says.token_status = status);
        assert!(scene.refused().await.starts_with(said), "{status}");
    }
    scene.provider.say(|says| says.token_status = StatusCode::OK);
    // Somebody whom the register does not know, or who has died, or who is named by no number.
    for claim in [
        json!("9999999999"),
        json!("not a number"),
        json!(2_345_678_901_u64),
    ] {
        scene
            .provider
            .say(|says| says.claims = json!({ "individual_id": claim }));
        assert!(scene.refused().await.starts_with(NO_RECORD));
    }
    let mut deceased = record("2345678903", "Aisha");
    deceased["declaredAsDeceased"] = json!("Y");
    scene.world.import(&[deceased]).await;
    scene
        .provider
        .say(|says| says.claims = json!({ "individual_id": "2345678903" }));
    assert!(scene.refused().await.starts_with(NO_RECORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_lie_or_cannot_be_had_lead_to_a_page() {
    for (change, said) in [
        (json!({ "issuer": "https://other.example" }), FAILED),
        (json!({ "token_endpoint": "http://10.0.0.1/token" }), FAILED),
        (json!({ "code_challenge_methods_supported": ["plain"] }), FAILED),
    ] {
        let scene = Scene::open().await;
        scene.provider.say(|says| says.metadata = change.clone());
        let mut browser = Browser::sent(&scene.world).await;
        let shown = browser.get("/sign-in/provider").await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST);
        assert!(shown.problem().starts_with(said), "{change}");
    }
    // Nobody listens there.
    let settings = ProviderSettings::new(
        "http://127.0.0.1:9",
        CLIENT,
        "openid",
        "sub",
        RecordClaimKind::Uin,
        UrlPolicy::Development,
    );
    let setup = ProviderSetup::new(
        settings.unwrap(),
        "Login".to_owned(),
        None,
        FetchPolicy::Development,
    )
    .unwrap();
    let sign_in = SignInSetup {
        way: SignInWay::OpenIdProvider(Box::new(setup)),
        ..SignInSetup::closed(Arc::new(shipped_translations().unwrap()))
    };
    let world = World::start_signing_in(IssuerPolicy::default(), policy(), sign_in).await;
    let mut browser = Browser::sent(&world).await;
    assert!(browser.get("/sign-in/provider").await.problem().starts_with(DOWN));
    // The forms of codes are not there for a provider's residents.
    let form = Browser::sent(&world).await.get("/sign-in/cancel").await.form();
    assert_eq!(
        browser
            .post("/sign-in/number", &[("form", &form), ("number", HASSAN)])
            .await
            .status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_may_change_its_keys() {
    let scene = Scene::open().await;
    assert_eq!(scene.there_and_back().await.location(), "/consent");
    scene.provider.say(|said| {
        said.published = vec!["next"];
        said.lie = Some(Arc::new(|header, _| {
            header.insert("kid".to_owned(), json!("next"));
        }));
    });
    // Not at once, so that tokens with made-up names cannot make this server ask and ask.
    assert!(scene.refused().await.starts_with(FAILED));
    scene.world.wait(30);
    assert_eq!(scene.there_and_back().await.location(), "/consent");
}

#[test]
fn rs256_is_verified_with_the_key_that_its_token_names() {
    use symbolon_crypto::testing::rsa_figures::{MODULUS, RS256_JWS};
    let keys = json!({ "keys": [{ "kty": "RSA", "kid": "1", "n": MODULUS, "e": "AQAB", "use": "sig" }] });
    let keys = ProviderKeys::parse(keys.to_string().as_bytes()).unwrap();
    let kind = RecordClaimKind::Uin;
    let settings = ProviderSettings::new(
        "https://provider.example",
        CLIENT,
        "openid",
        "sub",
        kind,
        UrlPolicy::Public,
    )
    .unwrap();
    let now = symbolon_crypto::UnixTime::from_seconds(START);
    let judge = |token: &str| verify_id_token(token, &settings, &keys, "nonce", now, &AwsLcProvider).err();
    // It is signed by this key and by this issuer, and says nothing of an audience.
    assert_eq!(judge(RS256_JWS), Some(ProviderError::Claim("aud")));
    let (signed, _) = RS256_JWS.rsplit_once('.').unwrap();
    let another = format!("{signed}.{}", base64url::encode(&[1; 256]));
    assert_eq!(judge(&another), Some(ProviderError::Signature("ID token")));
}
