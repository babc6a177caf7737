//! Codes and tokens: for whom, how often, how long, and by which proof.

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::base64url;
use symbolon_http::fetch::Fetched;
use symbolon_trust::testing::TestKey;

use super::{Banks, JWT_BEARER, error, form, sign, unique};
use crate::world::json_of;

const DPOP: HeaderName = HeaderName::from_static("dpop");

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

#[tokio::test]
async fn a_code_is_good_for_its_client_its_address_and_its_verifier() {
    let banks = Banks::new().await;
    let code = banks.code("bank", &[]).await;
    let with = |name: &'static str, value: &'static str| {
        let mut parameters = banks.token_form(&code);
        parameters.retain(|(own, _)| *own != name);
        if !value.is_empty() {
            parameters.push((name, value));
        }
        banks.asserted("bank", &parameters)
    };
    let other = "other-verifier-other-verifier-other-verifier";
    for (name, value, expected) in [
        ("redirect_uri", "http://127.0.0.1/callback", "invalid_grant"),
        ("redirect_uri", "", "invalid_grant"),
        ("code_verifier", other, "invalid_grant"),
        ("code_verifier", "short", "invalid_grant"),
        ("code_verifier", "", "invalid_request"),
        ("code", "made-up", "invalid_grant"),
        ("code", "", "invalid_request"),
        ("grant_type", "", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
    ] {
        let refused = banks.post("/token", &with(name, value), &[]).await;
        assert_eq!(error(&refused), (400, expected.to_owned()), "{name}={value}");
    }
    for grant in [
        [("grant_type", "refresh_token"), ("refresh_token", "x")],
        [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:pre-authorized_code",
            ),
            ("pre-authorized_code", "x"),
        ],
    ] {
        let refused = banks.post("/token", &banks.asserted("bank", &grant), &[]).await;
        assert_eq!(error(&refused), (400, "unsupported_grant_type".to_owned()));
    }
    let refused = banks.redeem("broker", &code).await;
    assert_eq!(error(&refused), invalid_grant());
    let headers = [(CONTENT_TYPE, "application/json")];
    let refused = banks
        .world
        .send(Method::POST, &format!("{}/token", banks.issuer()), &headers, "{}")
        .await;
    assert_eq!(error(&refused), (400, "invalid_request".to_owned()));
    // None of that has used the code up.
    banks.tokens("bank", &code).await;
}

#[tokio::test]
async fn a_code_that_comes_again_ends_what_was_made_of_it() {
    let banks = Banks::new().await;
    let code = banks.code("bank", &[]).await;
    let tokens = banks.tokens("bank", &code).await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(banks.user_info(token).await.status, 200);
    // Another client's try ends nothing.
    assert_eq!(error(&banks.redeem("broker", &code).await), invalid_grant());
    assert_eq!(banks.user_info(token).await.status, 200);
    assert_eq!(error(&banks.redeem("bank", &code).await), invalid_grant());
    let refused = banks.user_info(token).await;
    assert_eq!(refused.status, 401);
    assert_eq!(
        refused.headers["www-authenticate"],
        "Bearer error=\"invalid_token\""
    );
    assert_eq!(error(&banks.redeem("bank", &code).await), invalid_grant());
}

#[tokio::test]
async fn of_two_who_redeem_a_code_at_once_one_gets_a_token_and_none_keeps_it() {
    let banks = Banks::new().await;
    let code = banks.code("bank", &[]).await;
    let (one, two) = tokio::join!(banks.redeem("bank", &code), banks.redeem("bank", &code));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    let tokens = json_of(if one.status == 200 { &one } else { &two });
    assert_eq!(
        banks
            .user_info(tokens["access_token"].as_str().unwrap())
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn codes_and_tokens_live_minutes_and_nothing_is_kept_of_them() {
    let banks = Banks::new().await;
    let late = banks.code("bank", &[]).await;
    banks.world.advance(61);
    assert_eq!(error(&banks.redeem("bank", &late).await), invalid_grant());
    banks.world.publish(symbolon_trust::status_list::Status::Valid);
    let code = banks.code("bank", &[]).await;
    let tokens = banks.tokens("bank", &code).await;
    let token = tokens["access_token"].as_str().unwrap();
    banks.world.advance(300);
    assert_eq!(banks.user_info(token).await.status, 200);
    banks.world.advance(1);
    assert_eq!(banks.user_info(token).await.status, 401);
}

#[tokio::test]
async fn a_client_is_known_by_an_assertion_alone() {
    let banks = Banks::new().await;
    let code = banks.code("bank", &[]).await;
    let at = banks.world.now().seconds();
    let token_endpoint = format!("{}/token", banks.issuer());
    for (claims, expected) in [
        (json!({"aud": "https://other.example"}), "invalid_client"),
        (
            json!({"aud": [banks.issuer(), "https://other.example"]}),
            "invalid_client",
        ),
        (json!({"aud": null}), "invalid_client"),
        (json!({"iss": "broker"}), "invalid_client"),
        (json!({"sub": "broker", "iss": "broker"}), "invalid_client"),
        (json!({"sub": "nobody", "iss": "nobody"}), "invalid_client"),
        (json!({"exp": at - 301}), "invalid_client"),
        (json!({"exp": null}), "invalid_client"),
        (json!({"exp": at + 86_400}), "invalid_client"),
        (json!({"iat": at + 301}), "invalid_client"),
        (json!({"jti": null}), "invalid_client"),
    ] {
        let assertion = banks.assertion("bank", &claims);
        let refused = banks
            .post("/token", &with_assertion(&banks, &code, &assertion), &[])
            .await;
        assert_eq!(error(&refused), (401, expected.to_owned()), "{claims}");
    }
    let stranger = TestKey::new(SignatureAlgorithm::Es256, 899);
    let claims =
        json!({"iss": "bank", "sub": "bank", "aud": banks.issuer(), "jti": unique(), "exp": at + 60});
    for (header, key) in [
        (json!({}), &stranger),
        (json!({"typ": "dpop+jwt"}), &super::client_key("bank")),
    ] {
        let assertion = sign(key, header, &claims);
        let refused = banks
            .post("/token", &with_assertion(&banks, &code, &assertion), &[])
            .await;
        assert_eq!(error(&refused), (401, "invalid_client".to_owned()));
    }
    let unsigned = format!(
        "{}.{}.",
        base64url::encode(b"{\"alg\":\"none\"}"),
        base64url::encode(claims.to_string().as_bytes())
    );
    let refused = banks
        .post("/token", &with_assertion(&banks, &code, &unsigned), &[])
        .await;
    assert_eq!(error(&refused), (401, "invalid_client".to_owned()));

    let bare = form(&banks.token_form(&code));
    assert_eq!(
        error(&banks.post("/token", &bare, &[]).await),
        (401, "invalid_client".to_owned())
    );
    let secret = format!("{bare}&client_id=bank&client_secret=x");
    assert_eq!(
        error(&banks.post("/token", &secret, &[]).await),
        (401, "invalid_client".to_owned())
    );
    let basic = [(AUTHORIZATION, "Basic YmFuazp4")];
    let refused = banks
        .post(
            "/token",
            &banks.asserted("bank", &banks.token_form(&code)),
            &basic,
        )
        .await;
    assert_eq!(error(&refused), (401, "invalid_client".to_owned()));
    assert_eq!(refused.headers["www-authenticate"], "Basic");
    let named = format!(
        "{}&client_id=broker",
        banks.asserted("bank", &banks.token_form(&code))
    );
    assert_eq!(
        error(&banks.post("/token", &named, &[]).await),
        (401, "invalid_client".to_owned())
    );

    // Clients of OpenID Connect Core 1.0 §9 name the token endpoint. Once is enough of each assertion.
    let assertion = banks.assertion("bank", &json!({"aud": [token_endpoint]}));
    let good = with_assertion(&banks, &code, &assertion);
    assert_eq!(banks.post("/token", &good, &[]).await.status, 200);
    let fresh = banks.code("bank", &[]).await;
    let replayed = with_assertion(&banks, &fresh, &assertion);
    assert_eq!(
        error(&banks.post("/token", &replayed, &[]).await),
        (401, "invalid_client".to_owned())
    );
    banks.tokens("bank", &fresh).await;
}

fn with_assertion(banks: &Banks, code: &str, assertion: &str) -> String {
    let own = [
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
    ];
    form(&[&banks.token_form(code)[..], &own].concat())
}

#[tokio::test]
async fn an_access_token_is_shown_in_its_header_and_as_it_was_given() {
    let banks = Banks::new().await;
    let code = banks.code("bank", &[]).await;
    let tokens = banks.tokens("bank", &code).await;
    let token = tokens["access_token"].as_str().unwrap();
    let url = format!("{}/userinfo", banks.issuer());
    let none = banks.world.send(Method::GET, &url, &[], "").await;
    assert_eq!(none.status, 401);
    let challenges: Vec<&str> = none
        .headers
        .get_all("www-authenticate")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(challenges, ["Bearer", "DPoP algs=\"ES256 ES384 EdDSA\""]);
    let in_query = banks
        .world
        .send(Method::GET, &format!("{url}?access_token={token}"), &[], "")
        .await;
    assert_eq!(in_query.status, 400);
    for wrong in [
        format!("Bearer {token}x"),
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer {}", token.split('.').next().unwrap()),
        "Bearer made.up".to_owned(),
        format!("DPoP {token}"),
    ] {
        let refused = banks
            .world
            .send(Method::GET, &url, &[(AUTHORIZATION, &wrong)], "")
            .await;
        assert_eq!(refused.status, 401, "{wrong}");
    }
    let bearer = format!("Bearer {token}");
    let posted = banks
        .world
        .send(Method::POST, &url, &[(AUTHORIZATION, &bearer)], "")
        .await;
    assert_eq!(posted.status, 200);
    assert_eq!(json_of(&posted)["sub"], banks.id_token(&tokens).await["sub"]);
}

#[tokio::test]
async fn the_answer_of_the_userinfo_endpoint_is_signed_where_the_client_has_registered_that() {
    let banks = Banks::configured(json!({"userinfo_signed_response_alg": "ES256"})).await;
    let claims = json!({"userinfo": {"given_name": null}}).to_string();
    let code = banks.code("bank", &[("claims", &claims)]).await;
    let tokens = banks.tokens("bank", &code).await;
    let answered = banks.user_info(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answered.media_type(), "application/jwt");
    let claims = banks.verified(&String::from_utf8(answered.body).unwrap()).await;
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!(banks.issuer()), &json!("bank"))
    );
    assert_eq!(claims["given_name"], "Amina");
    assert_eq!(claims["sub"], banks.id_token(&tokens).await["sub"]);
}

/// A client with a key of its own for proofs.
struct Prover(TestKey);

impl Prover {
    fn new(seed: u64) -> Self {
        Self(TestKey::new(SignatureAlgorithm::Es256, seed))
    }

    fn proof(&self, banks: &Banks, method: &str, path: &str, more: &Value) -> String {
        let mut claims = json!({
            "jti": unique(), "htm": method, "htu": format!("{}{path}", banks.issuer()), "iat": banks.world.now()
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = json!({"typ": "dpop+jwt", "jwk": self.0.public_key().to_jwk()});
        sign(&self.0, header, &claims)
    }

    fn thumbprint(&self) -> String {
        self.0.public_key().thumbprint().to_string()
    }

    async fn redeem(&self, banks: &Banks, code: &str) -> Fetched {
        let proof = self.proof(banks, "POST", "/token", &json!({}));
        let form = banks.asserted("bank", &banks.token_form(code));
        banks.post("/token", &form, &[(DPOP, &proof)]).await
    }
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_opens_nothing_without_it() {
    let banks = Banks::new().await;
    let (owner, thief) = (Prover::new(840), Prover::new(841));
    let code = banks.code("bank", &[]).await;
    let tokens = json_of(&owner.redeem(&banks, &code).await);
    assert_eq!(tokens["token_type"], "DPoP");
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        banks.user_info(token).await.status,
        401,
        "as if it were not bound"
    );
    let ath = json!({"ath": base64url::encode(&Sha256::digest(token))});
    let url = format!("{}/userinfo", banks.issuer());
    let shown = format!("DPoP {token}");
    let by = |proof: String| {
        let (banks, url, shown) = (&banks, &url, &shown);
        async move {
            let headers = [(AUTHORIZATION, shown.as_str()), (DPOP, proof.as_str())];
            banks.world.send(Method::GET, url, &headers, "").await
        }
    };
    let good = owner.proof(&banks, "GET", "/userinfo", &ath);
    assert_eq!(by(good.clone()).await.status, 200);
    for proof in [
        good,
        thief.proof(&banks, "GET", "/userinfo", &ath),
        owner.proof(&banks, "POST", "/userinfo", &ath),
        owner.proof(&banks, "GET", "/token", &ath),
        owner.proof(&banks, "GET", "/userinfo", &json!({})),
        "made.up.proof".to_owned(),
    ] {
        let refused = by(proof.clone()).await;
        assert_eq!(refused.status, 401, "{proof}");
        assert!(
            refused.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("DPoP error=")
        );
    }
    let headers = [(AUTHORIZATION, shown.as_str())];
    assert_eq!(
        banks.world.send(Method::GET, &url, &headers, "").await.status,
        401
    );
}

#[tokio::test]
async fn a_request_that_was_bound_to_a_key_is_redeemed_by_it_alone() {
    let banks = Banks::new().await;
    let (owner, thief) = (Prover::new(840), Prover::new(841));
    let code = banks.code("bank", &[("dpop_jkt", &owner.thumbprint())]).await;
    let refused = |fetched: &Fetched| error(fetched);
    assert_eq!(
        refused(&banks.redeem("bank", &code).await),
        (400, "invalid_dpop_proof".to_owned())
    );
    assert_eq!(
        refused(&thief.redeem(&banks, &code).await),
        (400, "invalid_dpop_proof".to_owned())
    );
    let proof = owner.proof(&banks, "POST", "/userinfo", &json!({}));
    let form = banks.asserted("bank", &banks.token_form(&code));
    let wrong = banks.post("/token", &form, &[(DPOP, &proof)]).await;
    assert_eq!(refused(&wrong), (400, "invalid_dpop_proof".to_owned()));
    assert_eq!(owner.redeem(&banks, &code).await.status, 200);
}

/// RFC 9449 §10.1: a proof beside a pushed request binds the code, and must be by the key that the request names.
#[tokio::test]
async fn a_proof_beside_a_pushed_request_binds_its_code() {
    let banks = Banks::new().await;
    let (owner, thief) = (Prover::new(840), Prover::new(841));
    let push = async |prover: &Prover, path: &str, changed: &[(&str, &str)]| {
        let form = format!(
            "{}&{}",
            banks.request("bank", changed),
            banks.asserted("bank", &[])
        );
        let proof = prover.proof(&banks, "POST", path, &json!({}));
        banks.post("/par", &form, &[(DPOP, &proof)]).await
    };
    let jkt = owner.thumbprint();
    for refused in [
        push(&thief, "/par", &[("dpop_jkt", &jkt)]).await,
        push(&owner, "/token", &[]).await,
    ] {
        assert_eq!(error(&refused), (400, "invalid_dpop_proof".to_owned()));
    }
    assert_eq!(push(&owner, "/par", &[("dpop_jkt", &jkt)]).await.status, 201);
    let pushed = json_of(&push(&owner, "/par", &[]).await);
    let uri = pushed["request_uri"].as_str().unwrap();
    let query = form(&[("client_id", "bank"), ("request_uri", uri)]);
    let sent_to = banks.sign_in_with(&query, &banks.credential("784-1", 5)).await;
    let code = super::parameter(&sent_to, "code").unwrap();
    for refused in [
        banks.redeem("bank", &code).await,
        thief.redeem(&banks, &code).await,
    ] {
        assert_eq!(error(&refused), (400, "invalid_dpop_proof".to_owned()));
    }
    assert_eq!(owner.redeem(&banks, &code).await.status, 200);
}

#[tokio::test]
async fn a_client_that_takes_bound_tokens_alone_is_given_no_other() {
    let banks = Banks::configured(json!({"dpop_bound_access_tokens": true})).await;
    let code = banks.code("bank", &[]).await;
    assert_eq!(
        error(&banks.redeem("bank", &code).await),
        (400, "invalid_dpop_proof".to_owned())
    );
    assert_eq!(Prover::new(840).redeem(&banks, &code).await.status, 200);
}
