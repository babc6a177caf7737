//! Where a server serves its own description.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use utoipa::openapi::OpenApi;

use super::answer::Answer;
use super::document::Audience;
use super::operation::{Operation, Tag};
use super::schemas::object;

/// The path of a description below the path of what it describes.
pub const DESCRIPTION: &str = "/openapi.json";

/// The descriptions of a server. Its router hands them to [`public`] and [`whole`] by the layer [`Descriptions::layer`].
pub struct Descriptions {
    public: OpenApi,
    whole: OpenApi,
}

impl Descriptions {
    /// Both of them.
    #[must_use]
    pub fn new(describe: impl Fn(Audience) -> OpenApi) -> Self {
        Self {
            public: describe(Audience::Public),
            whole: describe(Audience::Operator),
        }
    }

    /// The layer.
    pub fn layer(self) -> Extension<Arc<Self>> {
        Extension(Arc::new(self))
    }
}

/// The description of [`public`].
#[must_use]
pub fn public_described(tag: Tag) -> Operation {
    let answer = described().cached("Five minutes.");
    Operation::new("readDescription", tag, "The public part of this description")
        .specified("OpenAPI 3.1", SPECIFICATION)
        .answers(answer)
        .answers(failed())
}

/// The public part, for everybody.
pub async fn public(Extension(descriptions): Extension<Arc<Descriptions>>) -> Response {
    let mut response = Json(&descriptions.public).into_response();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

/// The description of [`whole`].
#[must_use]
pub fn whole_described(tag: Tag) -> Operation {
    Operation::new("readWholeDescription", tag, "This description")
        .specified("OpenAPI 3.1", SPECIFICATION)
        .answers(described().not_cached())
        .answers(failed())
}

/// The whole, for the operator.
pub async fn whole(Extension(descriptions): Extension<Arc<Descriptions>>) -> Response {
    Json(&descriptions.whole).into_response()
}

fn described() -> Answer {
    Answer::empty(200, "The description.").body("application/json", object())
}

fn failed() -> Answer {
    Answer::empty(500, "The description cannot be written.").file(super::TEXT)
}

const SPECIFICATION: &str = "https://spec.openapis.org/oas/v3.1.1.html";
