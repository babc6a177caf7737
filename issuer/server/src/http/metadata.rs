//! The well-known documents ([OpenID4VCI §12.2.2], [RFC 8414 §3], [SD-JWT VC §3.5]), the issuer's DID document ([did:web §2.5.2]),
//! the type metadata of SD-JWT VCs ([SD-JWT VC §4]) and the JSON-LD contexts of W3C credentials.
//!
//! [OpenID4VCI §12.2.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.2
//! [RFC 8414 §3]: https://www.rfc-editor.org/rfc/rfc8414#section-3
//! [SD-JWT VC §3.5]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
//! [did:web §2.5.2]: https://w3c-ccg.github.io/did-method-web/#read-resolve
//! [SD-JWT VC §4]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use symbolon_protocol::identifier::UrlError;
use symbolon_protocol::oauth::metadata::AuthorizationServerMetadata;

use super::accept::accepted_metadata;
use crate::issuer::{Issuer, MetadataForm, ServedMetadata};

/// The documents, which do not change while the process runs.
pub(super) struct Documents {
    authorization_server: AuthorizationServerMetadata,
    jwt_vc_issuer: Value,
    did_document: Option<Value>,
}

impl Documents {
    pub(super) fn build(issuer: &Issuer) -> Result<Self, UrlError> {
        let key = &issuer.setup.keys.credentials.key;
        let profile = issuer.profile();
        let mut authorization_server = profile.authorization_server_metadata()?;
        if authorization_server.authorization_endpoint.is_some() {
            authorization_server.ui_locales_supported = issuer.setup.sign_in.translations.tags();
        }
        Ok(Self {
            authorization_server,
            jwt_vc_issuer: profile.jwt_vc_issuer_metadata(
                key.chain
                    .first()
                    .map(|leaf| leaf.public_key())
                    .into_iter()
                    .chain(&issuer.setup.keys.retired.credentials),
            ),
            did_document: issuer.signers.assertion().did_document(),
        })
    }
}

/// Plain or signed, as the wallet accepts; in the language that it prefers.
pub(super) async fn credential_issuer(State(issuer): State<Arc<Issuer>>, headers: HeaderMap) -> Response {
    let header = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let offered: &[MetadataForm] = if issuer.signs_metadata() {
        &[MetadataForm::Json, MetadataForm::Signed]
    } else {
        &[MetadataForm::Json]
    };
    let mut response = match accepted_metadata(header(ACCEPT), offered) {
        None => StatusCode::NOT_ACCEPTABLE.into_response(),
        Some(form) => match issuer.served_metadata(form, header(ACCEPT_LANGUAGE)) {
            Ok(served) => served_metadata(form, served),
            Err(error) => {
                tracing::error!(%error, "issuer metadata not served");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        },
    };
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("Accept, Accept-Language"));
    response
}

fn served_metadata(form: MetadataForm, served: ServedMetadata) -> Response {
    let media_type = match form {
        MetadataForm::Json => "application/json",
        MetadataForm::Signed => JWT,
    };
    let mut response = typed(media_type, served.body.to_vec());
    let language = served.language.and_then(|tag| HeaderValue::from_str(&tag).ok());
    if let Some(language) = language {
        response.headers_mut().insert(CONTENT_LANGUAGE, language);
    }
    response
}

pub(super) async fn jwt_vc_issuer(State(documents): State<Arc<Documents>>) -> Response {
    cacheable(Json(&documents.jwt_vc_issuer).into_response())
}

pub(super) async fn did_document(State(documents): State<Arc<Documents>>) -> Response {
    match &documents.did_document {
        Some(document) => typed(DID_DOCUMENT, document.to_string().into_bytes()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) async fn authorization_server(State(documents): State<Arc<Documents>>) -> Response {
    cacheable(Json(&documents.authorization_server).into_response())
}

/// The bytes that `vct#integrity` is the digest of.
pub(super) async fn type_metadata(State(issuer): State<Arc<Issuer>>, Path(name): Path<String>) -> Response {
    match issuer.profile().type_at(&format!("types/{name}")) {
        Some(published) => typed("application/json", published.metadata.clone()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) async fn context(State(issuer): State<Arc<Issuer>>, Path(name): Path<String>) -> Response {
    match issuer.profile().contexts().get(&name) {
        Some(context) => typed(JSON_LD, context.document.to_string().into_bytes()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn typed(media_type: &'static str, body: Vec<u8>) -> Response {
    cacheable(([(CONTENT_TYPE, media_type)], body).into_response())
}

/// Five minutes: an operator who changes a configuration restarts the issuer and waits that long.
fn cacheable(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

const JWT: &str = "application/jwt";
const DID_DOCUMENT: &str = "application/did+json";
const JSON_LD: &str = "application/ld+json";
