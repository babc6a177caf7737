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
use symbolon_http::openapi::{Answer, Operation, Presence, object};
use symbolon_protocol::identifier::UrlError;
use symbolon_protocol::oauth::metadata;

use super::accept::accepted_metadata;
use super::messages::documents::{
    AuthorizationServerMetadata, CredentialIssuerMetadata, JwtVcIssuerMetadata,
};
use super::tags::DOCUMENTS;
use crate::issuer::{Issuer, MetadataForm, ServedMetadata};

/// The documents, which do not change while the process runs.
pub(super) struct Documents {
    authorization_server: metadata::AuthorizationServerMetadata,
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

pub(super) fn credential_issuer_described() -> Operation {
    Operation::new(
        "readCredentialIssuerMetadata",
        DOCUMENTS,
        "What this issuer offers, and where",
    )
    .specified(
        "OpenID4VCI 1.0, section 12.2",
        "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2",
    )
    .header(
        "Accept",
        "`application/jwt` for signed metadata; JSON without it.",
        Presence::Sometimes,
    )
    .header(
        "Accept-Language",
        "The languages of what is shown to people.",
        Presence::Sometimes,
    )
    .answers(
        public(Answer::json::<CredentialIssuerMetadata>(200, "The metadata."))
            .file(JWT)
            .named(
                VARY,
                "The answer depends on both header fields.",
                Presence::Always,
            )
            .named(
                CONTENT_LANGUAGE,
                "The language, where there is one.",
                Presence::Sometimes,
            ),
    )
    .answers(Answer::empty(406, "Neither form will do."))
    .answers(Answer::empty(500, "The metadata cannot be signed."))
}

pub(super) fn authorization_server_described() -> Operation {
    Operation::new(
        "readAuthorizationServerMetadata",
        DOCUMENTS,
        "What the authorization server can do",
    )
    .specified(
        "RFC 8414, section 3",
        "https://www.rfc-editor.org/rfc/rfc8414#section-3",
    )
    .answers(public(Answer::json::<AuthorizationServerMetadata>(
        200,
        "The metadata.",
    )))
}

pub(super) fn jwt_vc_issuer_described() -> Operation {
    Operation::new(
        "readJwtVcIssuerMetadata",
        DOCUMENTS,
        "The keys that sign SD-JWT VCs",
    )
    .specified(
        "SD-JWT VC, section 3.5",
        "https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/",
    )
    .answers(public(Answer::json::<JwtVcIssuerMetadata>(200, "The keys.")))
}

pub(super) fn did_document_described() -> Operation {
    Operation::new("readDidDocument", DOCUMENTS, "The keys of the issuer's DID")
        .specified(
            "did:web, section 2.5.2",
            "https://w3c-ccg.github.io/did-method-web/#read-resolve",
        )
        .answers(public(
            Answer::empty(200, "The document.").body(DID_DOCUMENT, object()),
        ))
        .answers(Answer::empty(404, "The issuer has no DID."))
}

pub(super) fn type_metadata_described() -> Operation {
    Operation::new(
        "readTypeMetadata",
        DOCUMENTS,
        "What an SD-JWT VC of a type says, and how it is shown",
    )
    .specified(
        "SD-JWT VC, section 4",
        "https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/",
    )
    .path("name", "The name of the type.")
    .answers(public(
        Answer::empty(200, "The bytes that `vct#integrity` is the digest of.")
            .body("application/json", object()),
    ))
    .answers(Answer::empty(404, "There is no such type."))
}

pub(super) fn context_described() -> Operation {
    Operation::new(
        "readContext",
        DOCUMENTS,
        "The JSON-LD context of a W3C credential",
    )
    .specified(
        "JSON-LD 1.1, section 4.1",
        "https://www.w3.org/TR/json-ld11/#the-context",
    )
    .path("name", "The name of the context.")
    .answers(public(Answer::empty(200, "The context.").body(JSON_LD, object())))
    .answers(Answer::empty(404, "There is no such context."))
}

fn public(answer: Answer) -> Answer {
    answer.cached("Five minutes.")
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
