//! The well-known documents ([OpenID4VCI §12.2.2], [RFC 8414 §3]) and the type metadata of credentials ([SD-JWT VC §4]).
//!
//! [OpenID4VCI §12.2.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.2
//! [RFC 8414 §3]: https://www.rfc-editor.org/rfc/rfc8414#section-3
//! [SD-JWT VC §4]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde_json::Value;
use symbolon_protocol::identifier::UrlError;
use symbolon_protocol::oauth::metadata::AuthorizationServerMetadata;
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;

use crate::issuer::Issuer;

/// The documents, which do not change while the process runs.
pub(super) struct Documents {
    credential_issuer: IssuerMetadata,
    authorization_server: AuthorizationServerMetadata,
}

impl Documents {
    pub(super) fn build(issuer: &Issuer) -> Result<Self, UrlError> {
        let algorithm = issuer.setup.keys.credentials.key.algorithm;
        Ok(Self {
            credential_issuer: issuer.profile().issuer_metadata(algorithm)?,
            authorization_server: issuer.profile().authorization_server_metadata()?,
        })
    }
}

pub(super) async fn credential_issuer(State(documents): State<Arc<Documents>>) -> Response {
    cacheable(Json(&documents.credential_issuer).into_response())
}

pub(super) async fn authorization_server(State(documents): State<Arc<Documents>>) -> Response {
    cacheable(Json(&documents.authorization_server).into_response())
}

pub(super) async fn type_metadata(State(issuer): State<Arc<Issuer>>, Path(name): Path<String>) -> Response {
    let identifier = issuer.profile().identifier().as_str();
    match issuer.profile().configuration_of_type(&format!("types/{name}")) {
        Some(configuration) => {
            cacheable(Json::<Value>(configuration.type_metadata(identifier)).into_response())
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Five minutes: an operator who changes a configuration restarts the issuer and waits that long.
fn cacheable(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
