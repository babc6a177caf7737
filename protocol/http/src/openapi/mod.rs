//! Descriptions of interfaces ([OpenAPI 3.1]), made from the tables that the routers themselves are made from.
//!
//! A server has one table of endpoints, a [`DescribedRouter`]: each entry is a path, a handler and an [`Operation`] that stands
//! beside the handler. There is no other way to add an endpoint, so nothing is served that is not described, and nothing is
//! described that is not served. What a layer answers (a missing token, a body that is too large) the layer's own method adds to
//! every operation below it.
//!
//! With the feature `testing`, [`conformance`] holds every request and answer of a running server against its description.
//!
//! [OpenAPI 3.1]: https://spec.openapis.org/oas/v3.1.1.html

mod answer;
#[cfg(feature = "testing")]
pub mod conformance;
mod document;
mod operation;
mod problem;
mod router;
mod schemas;
mod security;
pub mod served;

pub use answer::{Answer, Presence};
pub use document::{About, Audience, describe};
pub use operation::{Operation, Tag};
pub use problem::{ProblemShape, problem, request_refused};
pub use router::{DescribedRouter, Endpoint, Endpoints, Methods, delete, get, post};
pub use schemas::{BINARY, Schemas, TEXT, any_of, anything, list_of, named, object, one_of, text};
pub use security::Security;
pub use served::Descriptions;
pub use utoipa::ToSchema;
pub use utoipa::openapi::OpenApi;
