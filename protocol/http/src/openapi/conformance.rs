//! Holds what a running server answers against its description, for tests: [`Conformance::watch`] stands around the whole router, so
//! that every test that speaks HTTP with the server tests the description too.
//!
//! Of an answer are checked its status, its media type, its body against the schema, and the header fields that it must have. Of a
//! request that was carried out are checked the media type, the body and the parameters: a description that would have kept a client
//! from sending it is wrong. What was refused may have been anything.

mod exchange;
mod operations;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures_util::TryStreamExt as _;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use self::exchange::{Asked, check};
use self::operations::Operations;

/// Larger bodies than any limit of a server lets through.
const MAX_BODY_BYTES: usize = 256 << 20;

/// What was found wrong.
#[derive(Clone, Default)]
pub struct Conformance(Arc<Mutex<Vec<String>>>);

impl Conformance {
    /// Puts the check around every endpoint of `router`, which `document` describes.
    pub fn watch(&self, router: Router, document: &Value) -> Router {
        let watch = Watch {
            found: self.clone(),
            operations: Arc::new(Operations::read(document)),
        };
        // Around the router as a whole, so that what has no route is seen as well.
        Router::new()
            .fallback_service(router)
            .layer(from_fn_with_state(watch, hold_against))
    }

    /// What does not agree with a description, in sentences. Empty is good.
    #[must_use]
    pub fn found(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, wrong: Vec<String>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(wrong);
    }
}

#[derive(Clone)]
struct Watch {
    found: Conformance,
    operations: Arc<Operations>,
}

async fn hold_against(State(watch): State<Watch>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let asked = Asked::of(&head);
    // Heard while the server reads it: what a limit refuses is not read at all.
    let heard = Arc::clone(&asked.body);
    let body = body.into_data_stream().inspect_ok(move |chunk| {
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(chunk);
    });
    let response = next.run(Request::from_parts(head, Body::from_stream(body))).await;
    let (head, body) = response.into_parts();
    let is_stream = head
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    if is_stream {
        watch.found.note(check(&watch.operations, &asked, &head, None));
        return Response::from_parts(head, body);
    }
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    watch
        .found
        .note(check(&watch.operations, &asked, &head, Some(&body)));
    Response::from_parts(head, Body::from(body))
}
