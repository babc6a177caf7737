//! Attestations of wallets and of keys that their provider revokes ([OpenID4VCI appendices D, E]).
//!
//! [OpenID4VCI appendices D, E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode as Answer;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::jose::jws;
use symbolon_issuer::attestation_status::UnknownAttestationStatus;

use crate::endpoint::{Attester, sign};
use crate::haip_wallet::{Instance, Named, world_with};
use crate::harness::{World, error_of};
use crate::wallet::Tokens;

/// Where a provider has its list.
struct Lists {
    uri: String,
    asked: AtomicUsize,
    /// What it answers; nothing for an error.
    answer: Mutex<Option<String>>,
}

impl Lists {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lists = Arc::new(Self {
            uri: format!("http://{}/lists/1", listener.local_addr().unwrap()),
            asked: AtomicUsize::new(0),
            answer: Mutex::default(),
        });
        let router = Router::new()
            .route("/lists/1", get(Self::list))
            .with_state(Arc::clone(&lists));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        lists
    }

    async fn list(State(lists): State<Arc<Self>>) -> Response {
        lists.asked.fetch_add(1, Ordering::SeqCst);
        match lists.answer.lock().unwrap().clone() {
            Some(token) => ([("content-type", "application/statuslist+jwt")], token).into_response(),
            None => Answer::SERVICE_UNAVAILABLE.into_response(),
        }
    }

    fn publish(&self, provider: &Attester, revoked: &[u64], world: &World) {
        let list = provider.status_list(&self.uri, revoked, world.now());
        *self.answer.lock().unwrap() = Some(list);
    }

    fn entry(&self, index: u64) -> StatusReference {
        StatusReference::new(self.uri.clone(), index).unwrap()
    }
}

async fn pushed(world: &World, attester: &Attester, status: StatusReference) -> (StatusCode, Option<String>) {
    let instance = Instance {
        status: Some(status),
        ..Instance::new(world, attester)
    };
    let leaf = [attester.leaf.clone()];
    let response = instance.push(&Named::Chain(&leaf)).await;
    let status = response.status();
    if status == StatusCode::CREATED {
        return (status, None);
    }
    assert_eq!(response.headers()["cache-control"], "no-store");
    (status, Some(error_of(response).await))
}

fn refused() -> (StatusCode, Option<String>) {
    (
        StatusCode::UNAUTHORIZED,
        Some("invalid_client_attestation".to_owned()),
    )
}

const TAKEN: (StatusCode, Option<String>) = (StatusCode::CREATED, None);

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_whose_attestation_is_revoked_gets_in_nowhere() {
    let attester = Attester::new(81);
    let world = world_with(&attester, UnknownAttestationStatus::Refused).await;
    let lists = Lists::start().await;
    lists.publish(&attester, &[7], &world);
    assert_eq!(pushed(&world, &attester, lists.entry(6)).await, TAKEN);
    assert_eq!(pushed(&world, &attester, lists.entry(7)).await, refused());
    // Behind the end of the list there is nothing that could be in force.
    assert_eq!(pushed(&world, &attester, lists.entry(5_000)).await, refused());
    assert_eq!(lists.asked.load(Ordering::SeqCst), 1, "the list is kept");

    // Revoked between the request and the token, and heard of when the list has had its time.
    let instance = Instance {
        status: Some(lists.entry(6)),
        ..Instance::new(&world, &attester)
    };
    let code = instance.code().await;
    lists.publish(&attester, &[6, 7], &world);
    let form = instance.wallet.redemption(&code, &[]);
    world.wait(59);
    let tokens = Tokens::of(instance.redeem(&form, true).await).await;
    world.wait(1);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", instance.wallet.client_id),
        ("refresh_token", tokens.refresh.as_deref().unwrap()),
    ];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let again = instance.redeem(&form, true).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(error_of(again).await, "invalid_client_attestation");
    assert_eq!(lists.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_had_or_is_anothers_says_nothing_and_the_policy_decides() {
    let attester = Attester::new(81);
    let stranger = Attester::new(82);
    for (unknown, expected) in [
        (UnknownAttestationStatus::Refused, refused()),
        (UnknownAttestationStatus::Accepted, TAKEN),
    ] {
        let world = world_with(&attester, unknown).await;
        let lists = Lists::start().await;
        assert_eq!(pushed(&world, &attester, lists.entry(1)).await, expected);
        // Whoever cannot answer is left alone for a while.
        assert_eq!(pushed(&world, &attester, lists.entry(1)).await, expected);
        assert_eq!(lists.asked.load(Ordering::SeqCst), 1);
        let nowhere = StatusReference::new("http://127.0.0.1:9/lists/1", 1).unwrap();
        assert_eq!(pushed(&world, &attester, nowhere).await, expected);
        // Another signs it, or it is another list.
        world.wait(10);
        lists.publish(&stranger, &[], &world);
        assert_eq!(pushed(&world, &attester, lists.entry(1)).await, expected);
        world.wait(10);
        let other = attester.status_list("https://other.example/lists/1", &[], world.now());
        *lists.answer.lock().unwrap() = Some(other);
        assert_eq!(pushed(&world, &attester, lists.entry(1)).await, expected);
        world.wait(10);
        lists.publish(&attester, &[], &world);
        assert_eq!(pushed(&world, &attester, lists.entry(1)).await, TAKEN);
        assert_eq!(lists.asked.load(Ordering::SeqCst), 4);
        // What is known to be revoked is refused, whatever the policy is.
        world.wait(60);
        lists.publish(&attester, &[1], &world);
        assert_eq!(pushed(&world, &attester, lists.entry(1)).await, refused());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_whose_attestation_is_revoked_get_no_credential() {
    let attester = Attester::new(81);
    let world = world_with(&attester, UnknownAttestationStatus::Refused).await;
    let lists = Lists::start().await;
    lists.publish(&attester, &[7], &world);
    let instance = Instance::new(&world, &attester);
    let code = instance.code().await;
    let form = instance.wallet.redemption(&code, &[]);
    let token = Tokens::of(instance.redeem(&form, true).await).await.access;
    let key = world.wallet_key();
    let nonce = world.nonce().await;
    let attested = |status: Value| {
        let header = json!({ "typ": "key-attestation+jwt", "x5c": [base64(attester.leaf.der())] });
        let at = world.now().seconds();
        let claims = json!({
            "iat": at, "exp": at + 60, "nonce": nonce, "attested_keys": [key.public_key().to_jwk()],
            "status": status,
        });
        let header = header.as_object().unwrap();
        let prepared = jws::prepare(SignatureAlgorithm::Es256, header, claims.to_string().as_bytes());
        json!({ "attestation": [sign(attester.secret_key(), prepared)] })
    };
    for status in [
        lists.entry(7).to_json(),
        json!({ "another_mechanism": {} }),
        json!({ "status_list": { "idx": 1 } }),
    ] {
        let response = instance.credential(&token, attested(status.clone())).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{status}");
        assert_eq!(error_of(response).await, "invalid_proof", "{status}");
    }
    // The nonce and the token were not used up.
    let response = instance
        .credential(&token, attested(lists.entry(6).to_json()))
        .await;
    assert_eq!(response.status(), StatusCode::OK);
}

/// As `x5c` has it.
fn base64(bytes: &[u8]) -> String {
    let value = jws::x5c_value([bytes]);
    value[0].as_str().unwrap().to_owned()
}
