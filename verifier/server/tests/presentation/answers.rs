//! Answers that do not fit their request are refused and change nothing.

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use symbolon_http::fetch::Fetched;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::request::RequestNonce;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, VpToken};

use crate::world::{World, json_of, token};

fn assert_refused(fetched: &Fetched, status: u16, description: &str) {
    let body = json_of(fetched);
    assert_eq!(
        (fetched.status, &body["error_description"]),
        (status, &json!(description)),
        "{body}"
    );
    assert_eq!(body["error"], "invalid_request");
}

async fn made(
    world: &World,
) -> (
    String,
    symbolon_protocol::openid4vp::request_object::VerifiedRequest,
) {
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let request = world.open(&link).await;
    (id, request)
}

#[tokio::test]
async fn an_answer_is_accepted_once() {
    let world = World::new().await;
    let (id, request) = made(&world).await;
    let form = world.encrypt(&request, &world.answer(&request));
    assert_eq!(world.post(&request, &form).await.status, 200);
    let first = world.result(&id).await;
    assert_refused(
        &world.post(&request, &form).await,
        410,
        "the request has been answered",
    );
    assert_eq!(world.result(&id).await, first);
}

#[tokio::test]
async fn of_many_copies_at_the_same_time_one_is_accepted() {
    let world = World::new().await;
    let (_, request) = made(&world).await;
    let form = world.encrypt(&request, &world.answer(&request));
    let posts = futures_util::future::join_all((0..8).map(|_| world.post(&request, &form))).await;
    assert_eq!(posts.iter().filter(|posted| posted.status == 200).count(), 1);
}

#[tokio::test]
async fn what_does_not_fit_the_request_is_refused_and_leaves_it_open() {
    let world = World::new().await;
    let (id, request) = made(&world).await;
    let (_, other) = made(&world).await;
    let good = world.answer(&request);
    let without_state = AuthorizationResponse {
        state: None,
        ..good.clone()
    };
    let foreign_state = AuthorizationResponse {
        state: other.request().state.clone(),
        ..good.clone()
    };
    let empty = AuthorizationResponse {
        vp_token: VpToken::default(),
        ..good.clone()
    };
    let nonsense = AuthorizationResponse {
        vp_token: token("identity", vec!["nonsense".to_owned()]),
        ..good.clone()
    };
    for (form, description) in [
        (String::new(), "the answer is malformed"),
        (
            "response=nonsense".to_owned(),
            "the answer cannot be decrypted with the key of the request",
        ),
        (
            good.to_form().unwrap(),
            "the answer must be encrypted to the key of the request",
        ),
        (
            world.encrypt(&other, &world.answer(&request)),
            "the answer cannot be decrypted with the key of the request",
        ),
        (
            world.encrypt(&request, &without_state),
            "the answer belongs to another request",
        ),
        (
            world.encrypt(&request, &foreign_state),
            "the answer belongs to another request",
        ),
        (world.encrypt(&request, &empty), "the answer is malformed"),
        (
            world.encrypt(&request, &nonsense),
            "a presentation has no known format",
        ),
        (
            "error=access_denied".to_owned(),
            "the answer belongs to another request",
        ),
        (
            "error=access_denied&state=guessed".to_owned(),
            "the answer belongs to another request",
        ),
    ] {
        assert_refused(&world.post(&request, &form).await, 400, description);
        assert_eq!(world.result(&id).await["state"], "pending", "{description}");
    }
    assert_eq!(world.present_to(&request).await.status, 200);
}

#[tokio::test]
async fn a_proof_for_another_request_or_verifier_is_judged_invalid() {
    let world = World::new().await;
    let mut verdicts = Vec::new();
    for (audience, nonce) in [(None, Some("another-nonce")), (Some("x509_hash:another"), None)] {
        let (id, request) = made(&world).await;
        let asked = request.request();
        let text = world.present(
            audience.unwrap_or(asked.client_id.as_str()),
            nonce.unwrap_or(asked.nonce.as_str()),
            &["given_name"],
        );
        let answer = AuthorizationResponse {
            vp_token: token("identity", vec![text]),
            state: asked.state.clone(),
        };
        assert_eq!(
            world
                .post(&request, &world.encrypt(&request, &answer))
                .await
                .status,
            400
        );
        let outcome = world.result(&id).await["result"]["outcome"]["presented"].clone();
        assert_ne!(outcome["answer"], "as_asked");
        verdicts.push(outcome["reports"][0]["report"]["verdict"].clone());
    }
    assert_eq!(verdicts, ["invalid", "invalid"]);
}

#[tokio::test]
async fn half_an_answer_and_an_unasked_credential_are_noticed() {
    let world = World::new().await;
    let outcome = |result: Value| result["result"]["outcome"]["presented"]["answer"].clone();

    let (id, request) = made(&world).await;
    let asked = request.request();
    let withheld = world.present(asked.client_id.as_str(), asked.nonce.as_str(), &[]);
    let answer = AuthorizationResponse {
        vp_token: token("identity", vec![withheld]),
        state: asked.state.clone(),
    };
    world.post(&request, &world.encrypt(&request, &answer)).await;
    assert_eq!(outcome(world.result(&id).await), "wrong_claims");

    let (id, request) = made(&world).await;
    let mut answer = world.answer(&request);
    let presentations = answer.vp_token.0.values().next().unwrap();
    let presentations = presentations.iter().map(|it| it.to_text().into_owned()).collect();
    let extra = token("unasked", presentations);
    answer.vp_token.0.extend(extra.0);
    world.post(&request, &world.encrypt(&request, &answer)).await;
    assert_eq!(outcome(world.result(&id).await), "unasked_credential");
}

#[tokio::test]
async fn a_wallet_may_decline_in_the_clear_with_the_state_of_the_request() {
    let world = World::new().await;
    let (id, request) = made(&world).await;
    let refusal = request.refuse(PresentationErrorCode::AccessDenied);
    assert_eq!(
        world
            .post(&request, &refusal.unwrap().answer.to_form())
            .await
            .status,
        200
    );
    let result = world.result(&id).await;
    assert_eq!(
        result["result"]["outcome"],
        json!({"declined": {"error": "access_denied"}})
    );
    assert_refused(
        &world.present_to(&request).await,
        410,
        "the request has been answered",
    );
}

#[tokio::test]
async fn every_code_of_the_specification_is_recorded_as_it_is() {
    for code in [
        "access_denied",
        "invalid_request",
        "invalid_client",
        "invalid_scope",
        "unsupported_response_type",
        "vp_formats_not_supported",
        "invalid_request_uri_method",
        "invalid_transaction_data",
        "wallet_unavailable",
        "server_error",
    ] {
        let world = World::new().await;
        let (id, request) = made(&world).await;
        let state = request.request().state.as_ref().unwrap().as_str();
        let form = format!("error={code}&error_description=because&state={state}");
        assert_eq!(world.post(&request, &form).await.status, 200, "{code}");
        let result = world.result(&id).await;
        assert_eq!(result["result"]["outcome"]["declined"]["error"], code, "{result}");
    }
}

#[tokio::test]
async fn what_is_no_form_is_no_answer() {
    let world = World::new().await;
    let (id, request) = made(&world).await;
    let form = world.encrypt(&request, &world.answer(&request));
    let address = request.request().response_uri.as_ref().unwrap().as_str();
    for media_type in ["application/json", "text/plain"] {
        let headers = [(CONTENT_TYPE, media_type)];
        let refused = world.send(Method::POST, address, &headers, &form).await;
        assert_refused(&refused, 400, "the answer is malformed");
    }
    let headers = [(CONTENT_TYPE, "Application/X-WWW-Form-URLEncoded; charset=UTF-8")];
    let taken = world.send(Method::POST, address, &headers, &form).await;
    assert_eq!(taken.status, 200);
    assert_eq!(world.result(&id).await["state"], "answered");
}

#[tokio::test]
async fn an_unknown_code_of_a_wallet_is_not_stored_as_its_text() {
    let world = World::new().await;
    let (id, request) = made(&world).await;
    let state = request
        .request()
        .state
        .as_ref()
        .map(RequestNonce::as_str)
        .unwrap()
        .to_owned();
    let form = format!("error=%3Cscript%3E&error_description=x&state={state}");
    assert_eq!(world.post(&request, &form).await.status, 200);
    assert_eq!(
        world.result(&id).await["result"]["outcome"]["declined"]["error"],
        "other"
    );
}

#[tokio::test]
async fn an_expired_or_unknown_request_takes_no_answer() {
    let world = World::new().await;
    let (id, request) = made(&world).await;
    let form = world.encrypt(&request, &world.answer(&request));
    world.advance(601);
    assert_refused(&world.post(&request, &form).await, 410, "the request has expired");
    assert_eq!(world.result(&id).await["state"], "expired");
    for path in [
        "/openid4vp/responses/unknown",
        "/openid4vp/responses/%2e%2e%2fadmin",
    ] {
        let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
        let answered = world.send(Method::POST, path, &headers, &form).await;
        assert_refused(&answered, 404, "there is no such request");
    }
}
