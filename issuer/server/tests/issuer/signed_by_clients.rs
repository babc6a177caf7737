//! What a client signs, broken in one place at a time: proofs of keys, client assertions, attestations, request objects
//! ([RFC 9449 §4.3], [RFC 7523 §3], [RFC 9101 §6], the attestation-based client authentication).
//!
//! [RFC 9449 §4.3]: https://www.rfc-editor.org/rfc/rfc9449#section-4.3
//! [RFC 7523 §3]: https://www.rfc-editor.org/rfc/rfc7523#section-3
//! [RFC 9101 §6]: https://www.rfc-editor.org/rfc/rfc9101#section-6

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws;
use symbolon_crypto::{SecretKey, SignatureAlgorithm};
use symbolon_protocol::oauth::client_assertion::JWT_BEARER;

use crate::harness::error_of;
use crate::wallet::{
    ASSERTING, ASSERTION_KEY, ATTESTED, ATTESTER_KEY, BACK, CHALLENGE, DPOP_KEY, INSTANCE_KEY, NATIONAL,
    OTHER_KEY, PUBLIC, Tokens, Wallet, browser_key, key, parameter, policy, signed, world_of,
};

/// A JWT before it is signed.
#[derive(Clone)]
struct Jwt {
    header: Value,
    claims: Value,
}

impl Jwt {
    fn signed_by(&self, key: &SecretKey) -> String {
        let header = self.header.as_object().unwrap();
        let claims = self.claims.to_string();
        signed(
            key,
            jws::prepare(SignatureAlgorithm::Es256, header, claims.as_bytes()),
        )
    }

    /// The same with `alg` none and no signature.
    fn unsigned(&self) -> String {
        let mut header = self.header.clone();
        header["alg"] = json!("none");
        let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
        format!("{}.{}.", part(&header), part(&self.claims))
    }

    /// With another value in the header; without it where the value is null.
    fn header(&self, name: &str, value: Value) -> Self {
        let mut changed = self.clone();
        put(&mut changed.header, name, value);
        changed
    }

    /// With another claim; without it where the value is null.
    fn claim(&self, name: &str, value: Value) -> Self {
        let mut changed = self.clone();
        put(&mut changed.claims, name, value);
        changed
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
}

/// A name that no other JWT of the test has.
fn fresh(jwt: &Jwt, wallet: &Wallet<'_>) -> Jwt {
    match jwt.claims.get("jti") {
        Some(_) => jwt.claim("jti", json!(wallet.jti())),
        None => jwt.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dpop_proof_that_breaks_one_rule_gives_no_token() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let code = wallet.code().await;
    let holder = key(DPOP_KEY);
    let at = world.now().seconds();
    let good = Jwt {
        header: json!({ "typ": "dpop+jwt", "jwk": holder.public_key().to_jwk() }),
        claims: json!({
            "jti": "one", "htm": "POST", "htu": world.url("/token"), "iat": at, "nonce": wallet.nonce().await,
        }),
    };
    let mut with_private_part = json!(holder.public_key().to_jwk());
    with_private_part["d"] = json!(base64url::encode(&[7; 32]));
    let mut cases = vec![
        ("typ", good.header("typ", json!("JWT"))),
        ("no typ", good.header("typ", Value::Null)),
        ("no jwk", good.header("jwk", Value::Null)),
        ("a private jwk", good.header("jwk", with_private_part)),
        ("htm", good.claim("htm", json!("GET"))),
        ("no htm", good.claim("htm", Value::Null)),
        ("htu", good.claim("htu", json!(world.url("/par")))),
        (
            "another host",
            good.claim("htu", json!("https://other.example/token")),
        ),
        ("no htu", good.claim("htu", Value::Null)),
        ("no jti", good.claim("jti", Value::Null)),
        ("no iat", good.claim("iat", Value::Null)),
        ("old", good.claim("iat", json!(at - 301))),
        ("of the future", good.claim("iat", json!(at + 301))),
    ]
    .into_iter()
    .map(|(what, jwt)| (what, vec![fresh(&jwt, &wallet).signed_by(&holder)]))
    .collect::<Vec<_>>();
    let other = key(OTHER_KEY);
    cases.push(("another signer", vec![fresh(&good, &wallet).signed_by(&other)]));
    cases.push(("unsigned", vec![fresh(&good, &wallet).unsigned()]));
    let two = [fresh(&good, &wallet), fresh(&good, &wallet)];
    cases.push(("two proofs", two.map(|jwt| jwt.signed_by(&holder)).to_vec()));
    let redeem = async |proofs: &[String]| {
        let form = wallet.redemption(&code, &[]);
        let mut request = wallet.bare("/token").form(&form);
        for proof in proofs {
            request = request.header("DPoP", proof);
        }
        request.send().await.unwrap()
    };
    for (what, proofs) in cases {
        let response = redeem(&proofs).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{what}");
        assert!(response.headers().contains_key("dpop-nonce"), "{what}");
        assert_eq!(error_of(response).await, "invalid_dpop_proof", "{what}");
    }
    // None of it used the code up. A needless port and another case of the scheme name the same address.
    let loud = world.url("/token?a=b#c").replacen("http", "HTTP", 1);
    let equal = fresh(&good.claim("htu", json!(loud)), &wallet);
    let tokens = Tokens::of(redeem(&[equal.signed_by(&holder)]).await).await;
    assert_eq!(tokens.body["token_type"], "DPoP");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_assertion_that_breaks_one_rule_authenticates_nobody() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ASSERTING);
    let holder = key(ASSERTION_KEY);
    let at = world.now().seconds();
    let good = Jwt {
        header: json!({ "typ": "JWT", "kid": holder.public_key().thumbprint() }),
        claims: json!({
            "iss": ASSERTING, "sub": ASSERTING, "aud": world.base, "jti": "one", "iat": at, "exp": at + 60,
        }),
    };
    let push = async |assertion: &str, kind: &str| -> Response {
        let mut form = wallet.request(&[]);
        form.push(("client_assertion_type".to_owned(), kind.to_owned()));
        form.push(("client_assertion".to_owned(), assertion.to_owned()));
        wallet.bare("/par").form(&form).send().await.unwrap()
    };
    let mut cases: Vec<_> = [
        ("typ", good.header("typ", json!("dpop+jwt"))),
        ("iss", good.claim("iss", json!(PUBLIC))),
        ("no iss", good.claim("iss", Value::Null)),
        ("sub", good.claim("sub", json!(PUBLIC))),
        ("no sub", good.claim("sub", Value::Null)),
        ("aud", good.claim("aud", json!("https://other.example"))),
        (
            "aud of the endpoint",
            good.claim("aud", json!(world.url("/token"))),
        ),
        (
            "several audiences",
            good.claim("aud", json!([world.base, "https://other.example"])),
        ),
        ("no aud", good.claim("aud", Value::Null)),
        ("no exp", good.claim("exp", Value::Null)),
        ("expired", good.claim("exp", json!(at - 301))),
        ("eternal", good.claim("exp", json!(at + 3_901))),
        ("iat of the future", good.claim("iat", json!(at + 301))),
        ("nbf of the future", good.claim("nbf", json!(at + 301))),
        ("no jti", good.claim("jti", Value::Null)),
    ]
    .into_iter()
    .map(|(what, jwt)| (what, fresh(&jwt, &wallet).signed_by(&holder)))
    .collect();
    cases.push(("another signer", fresh(&good, &wallet).signed_by(&key(OTHER_KEY))));
    cases.push(("unsigned", fresh(&good, &wallet).unsigned()));
    for (what, assertion) in cases {
        let response = push(&assertion, JWT_BEARER).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(error_of(response).await, "invalid_client", "{what}");
    }
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let response = push(&fresh(&good, &wallet).signed_by(&holder), saml).await;
    assert_eq!(error_of(response).await, "invalid_client");
    let response = push(&fresh(&good, &wallet).signed_by(&holder), JWT_BEARER).await;
    assert_eq!(response.status(), StatusCode::CREATED);
}

/// An attestation and its proof.
struct Pair {
    attestation: Jwt,
    proof: Jwt,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_attestation_that_breaks_one_rule_authenticates_nobody() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ATTESTED);
    let (attester, instance) = (key(ATTESTER_KEY), key(INSTANCE_KEY));
    let at = world.now().seconds();
    // Without `iss` in either: earlier drafts wanted it, and nobody needs it.
    let good = Pair {
        attestation: Jwt {
            header: json!({ "typ": "oauth-client-attestation+jwt", "kid": "attester" }),
            claims: json!({
                "sub": ATTESTED, "iat": at, "exp": at + 3_600, "cnf": { "jwk": instance.public_key().to_jwk() },
            }),
        },
        proof: Jwt {
            header: json!({ "typ": "oauth-client-attestation-pop+jwt" }),
            claims: json!({
                "aud": world.base, "jti": "one", "iat": at, "challenge": wallet.challenge().await.as_str(),
            }),
        },
    };
    let push = async |attestation: &str, proofs: &[&str]| -> Response {
        let mut request = wallet
            .bare("/par")
            .header("OAuth-Client-Attestation", attestation);
        for proof in proofs {
            request = request.header("OAuth-Client-Attestation-PoP", *proof);
        }
        request.form(&wallet.request(&[])).send().await.unwrap()
    };
    let attestation = good.attestation.signed_by(&attester);
    let proof = || fresh(&good.proof, &wallet).signed_by(&instance);
    let refused = "invalid_client_attestation";
    let old = "use_fresh_attestation";
    let attestations = [
        ("typ", good.attestation.header("typ", json!("JWT")), refused),
        (
            "no attester",
            good.attestation.header("kid", Value::Null),
            refused,
        ),
        (
            "unknown attester",
            good.attestation.header("kid", json!("other")),
            refused,
        ),
        ("no sub", good.attestation.claim("sub", Value::Null), refused),
        ("no cnf", good.attestation.claim("cnf", Value::Null), refused),
        ("no exp", good.attestation.claim("exp", Value::Null), refused),
        ("expired", good.attestation.claim("exp", json!(at - 301)), old),
        (
            "iat of the future",
            good.attestation.claim("iat", json!(at + 301)),
            refused,
        ),
        (
            "nbf of the future",
            good.attestation.claim("nbf", json!(at + 301)),
            refused,
        ),
    ];
    let mut cases: Vec<_> = attestations
        .into_iter()
        .map(|(what, jwt, code)| (what, jwt.signed_by(&attester), proof(), code))
        .collect();
    let mut secret = json!(instance.public_key().to_jwk());
    secret["d"] = json!(base64url::encode(&[7; 32]));
    let with_secret = good.attestation.claim("cnf", json!({ "jwk": secret }));
    cases.push((
        "a private key",
        with_secret.signed_by(&attester),
        proof(),
        refused,
    ));
    cases.push(("unsigned", good.attestation.unsigned(), proof(), refused));
    cases.push((
        "another attester",
        good.attestation.signed_by(&key(OTHER_KEY)),
        proof(),
        refused,
    ));
    for (what, jwt) in [
        ("typ of the proof", good.proof.header("typ", json!("JWT"))),
        ("no aud", good.proof.claim("aud", Value::Null)),
        ("aud", good.proof.claim("aud", json!("https://other.example"))),
        ("no jti", good.proof.claim("jti", Value::Null)),
        ("no iat", good.proof.claim("iat", Value::Null)),
        ("an old proof", good.proof.claim("iat", json!(at - 301))),
        ("a proof of the future", good.proof.claim("iat", json!(at + 301))),
    ] {
        let proof = fresh(&jwt, &wallet).signed_by(&instance);
        cases.push((what, attestation.clone(), proof, refused));
    }
    cases.push((
        "another instance",
        attestation.clone(),
        fresh(&good.proof, &wallet).signed_by(&key(OTHER_KEY)),
        refused,
    ));
    let unsigned = fresh(&good.proof, &wallet).unsigned();
    cases.push(("an unsigned proof", attestation.clone(), unsigned, refused));
    for (what, attestation, proof, code) in cases {
        let response = push(&attestation, &[&proof]).await;
        let expected = match code {
            "use_fresh_attestation" => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNAUTHORIZED,
        };
        assert_eq!(response.status(), expected, "{what}");
        assert_eq!(error_of(response).await, code, "{what}");
    }
    let response = push(&attestation, &[&proof(), &proof()]).await;
    assert_eq!(error_of(response).await, "invalid_request");
    let twice = wallet
        .bare("/par")
        .header("OAuth-Client-Attestation", attestation.as_str())
        .header("OAuth-Client-Attestation", attestation.as_str())
        .header("OAuth-Client-Attestation-PoP", proof())
        .form(&wallet.request(&[]));
    assert_eq!(error_of(twice.send().await.unwrap()).await, "invalid_request");
    let alone = push(&attestation, &[]).await;
    assert_eq!(error_of(alone).await, "invalid_request");
    let response = push(&attestation, &[&proof()]).await;
    assert_eq!(response.status(), StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_object_that_breaks_one_rule_asks_for_nothing() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ASSERTING);
    let holder = key(ASSERTION_KEY);
    let at = world.now().seconds();
    let good = Jwt {
        header: json!({ "typ": "oauth-authz-req+jwt", "kid": holder.public_key().thumbprint() }),
        claims: json!({
            "iss": ASSERTING, "aud": world.base, "jti": "one", "iat": at, "exp": at + 60,
            "client_id": ASSERTING, "response_type": "code", "redirect_uri": BACK, "state": "of the object",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256", "scope": NATIONAL,
        }),
    };
    let push = async |object: String| {
        let form = [("client_id", ASSERTING.to_owned()), ("request", object)];
        let form = form.map(|(name, value)| (name.to_owned(), value));
        wallet.post("/par", form.to_vec()).await
    };
    let invalid = "invalid_request_object";
    for (what, jwt, code) in [
        ("typ", good.header("typ", json!("JWT")), invalid),
        ("no typ", good.header("typ", Value::Null), invalid),
        ("iss", good.claim("iss", json!(PUBLIC)), invalid),
        ("client_id", good.claim("client_id", json!(PUBLIC)), invalid),
        ("no client_id", good.claim("client_id", Value::Null), invalid),
        ("the client as sub", good.claim("sub", json!(ASSERTING)), invalid),
        ("aud", good.claim("aud", json!("https://other.example")), invalid),
        ("no aud", good.claim("aud", Value::Null), invalid),
        ("no exp", good.claim("exp", Value::Null), invalid),
        ("expired", good.claim("exp", json!(at - 301)), invalid),
        ("eternal", good.claim("exp", json!(at + 3_901)), invalid),
        ("iat of the future", good.claim("iat", json!(at + 301)), invalid),
        ("nbf of the future", good.claim("nbf", json!(at + 301)), invalid),
        ("an object in it", good.claim("request", json!("a.b.c")), invalid),
        (
            "a name in it",
            good.claim("request_uri", json!("urn:ietf:params:oauth:request_uri:a")),
            "invalid_request",
        ),
        (
            "no challenge",
            good.claim("code_challenge", Value::Null),
            "invalid_request",
        ),
        (
            "an unknown scope",
            good.claim("scope", json!("nothing")),
            "invalid_scope",
        ),
    ] {
        let response = push(jwt.signed_by(&holder)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{what}");
        assert_eq!(error_of(response).await, code, "{what}");
    }
    for (what, object) in [
        ("another signer", good.signed_by(&key(OTHER_KEY))),
        ("unsigned", good.unsigned()),
    ] {
        assert_eq!(error_of(push(object).await).await, invalid, "{what}");
    }
    let response = push(good.signed_by(&holder)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let body: Value = response.json().await.unwrap();
    let opened = wallet.open_pushed(body["request_uri"].as_str().unwrap()).await;
    let back = wallet.agree(&browser_key(&opened)).await;
    assert_eq!(parameter(&back, "state").unwrap(), "of the object");
}
