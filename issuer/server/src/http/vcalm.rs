//! VCALM ([W3C draft of 2026](https://www.w3.org/TR/vcalm/), section Issuing): a coordinator hands in a credential, and later
//! changes its status. Whole behind the administration token.
//!
//! Each credential configuration that allows it is an instance, with a base URL of its own below `/vcalm`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use symbolon_http::openapi::{
    Answer, DescribedRouter, Operation, ToSchema, delete, get, post, problem, request_refused,
};
use symbolon_http::serve::{AdministrationToken, Limits};
use symbolon_http::vcalm::{answer, failed, problem as problem_answer, refused, require_json};
use symbolon_issuer::vcalm::DocumentRefused;
use symbolon_protocol::vcalm::issue::{IssueCredentialRequest, VerifiableCredentialResponse};
use symbolon_protocol::vcalm::reference::CredentialReference;
use symbolon_protocol::vcalm::status::UpdateStatusRequest;
use symbolon_protocol::vcalm::{MAX_REQUEST_BYTES, paths};

use super::Served;
use super::tags::VCALM;
use crate::issuer::{DocumentFailure, Issuer, StatusUpdate};

/// A credential with portraits, canonicalized.
const LIMITS: Limits = Limits {
    body_bytes: MAX_REQUEST_BYTES,
    time: std::time::Duration::from_secs(60),
};

pub(super) fn router(token: AdministrationToken) -> DescribedRouter<Served> {
    let below = |path: &str| format!("/{{configuration}}{path}");
    DescribedRouter::default()
        .route(&below(paths::ISSUE), post(issue_described(), issue))
        .route(
            &below(paths::STATUS),
            post(update_status_described(), update_status),
        )
        .route(
            &below(&format!("{}/{{id}}", paths::CREDENTIALS)),
            get(
                kept_described("readIssuedCredential", "A credential that was issued"),
                kept,
            )
            .and(delete(
                kept_described("deleteIssuedCredential", "Forgets a credential that was issued"),
                kept,
            )),
        )
        .fallback(async || failed(StatusCode::NOT_FOUND, "there is no such endpoint"))
        .behind_administration(token)
        .harden(LIMITS)
}

fn issue_described() -> Operation {
    instance("issueCredential", "Signs a credential that the coordinator made")
        .json::<IssueRequest>()
        .example(
            "application/json",
            json!({
                "credential": {
                    "@context": ["https://www.w3.org/ns/credentials/v2"],
                    "type": ["VerifiableCredential"],
                    "credentialSubject": { "id": "did:example:subject" },
                },
                "options": { "credentialId": "urn:uuid:5f4a3c5e-0000-4000-8000-000000000000" },
            }),
        )
        .answers(Answer::json::<IssueAnswer>(201, "The credential, signed.").not_cached())
        .answers(problem(409, "A credential of this name was issued before."))
        .answers(problem(500, "The issuer failed."))
}

fn update_status_described() -> Operation {
    instance(
        "updateCredentialStatus",
        "Revokes or suspends a credential, or ends its suspension",
    )
    .json::<StatusRequest>()
    .answers(Answer::empty(200, "The status is changed and published."))
    .answers(Answer::empty(
        202,
        "The status is changed, and not yet published.",
    ))
}

fn kept_described(id: &'static str, summary: &'static str) -> Operation {
    in_instance(id, summary)
        .about("What a credential says is not kept here, only that it was issued.")
        .path("id", "The name of the credential.")
        .answers(problem(
            410,
            "The credential was issued; what it says is not kept.",
        ))
}

fn instance(id: &'static str, summary: &'static str) -> Operation {
    request_refused()
        .into_iter()
        .fold(in_instance(id, summary), Operation::answers)
}

fn in_instance(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, VCALM, summary)
        .specified("VCALM, section Issuing", "https://www.w3.org/TR/vcalm/")
        .path("configuration", "The credential configuration.")
        .answers(problem(404, "There is no such instance, or no such credential."))
        .answers(problem(503, "The issuer cannot answer now."))
}

/// What is to be signed.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
struct IssueRequest {
    /// The credential, without a proof.
    #[schema(value_type = Object)]
    credential: Value,
    /// How.
    options: Option<IssueOptions>,
}

/// How it is signed.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
#[schema(rename_all = "camelCase")]
struct IssueOptions {
    /// What a holder cannot withhold, as JSON pointers.
    mandatory_pointers: Option<Vec<String>>,
    /// The name of a credential that has no `id`.
    credential_id: Option<String>,
}

/// A credential that was signed.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
#[schema(rename_all = "camelCase")]
struct IssueAnswer {
    /// The credential, with its proof or in an envelope.
    #[schema(value_type = Object)]
    verifiable_credential: Value,
}

/// A change of status.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
#[schema(rename_all = "camelCase")]
struct StatusRequest {
    /// The credential.
    credential_id: String,
    /// Which of its statuses.
    credential_status: StatusEntry,
    /// Whether it is set.
    status: bool,
}

/// A status of a credential.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
#[schema(rename_all = "camelCase")]
struct StatusEntry {
    /// `BitstringStatusListEntry`.
    #[schema(rename = "type")]
    kind: String,
    /// `revocation` or `suspension`.
    status_purpose: String,
    /// The name of the entry.
    id: Option<String>,
    /// Where it lies in its list.
    status_list_index: Option<String>,
    /// Its list.
    status_list_credential: Option<String>,
}

async fn issue(
    State(issuer): State<Arc<Issuer>>,
    Path(configuration): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = require_json(&headers) {
        return *refusal;
    }
    let request = match IssueCredentialRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return refused(error),
    };
    // Carried out to its end also when the client goes away: what is booked is signed, and what is signed is booked.
    let issued = tokio::spawn(async move { issuer.issue_document(&configuration, request).await });
    match issued.await {
        Ok(Ok(verifiable_credential)) => answer(
            StatusCode::CREATED,
            VerifiableCredentialResponse {
                verifiable_credential,
            },
        ),
        Ok(Err(failure)) => failure.into_response(),
        Err(_) => unavailable(),
    }
}

async fn update_status(
    State(issuer): State<Arc<Issuer>>,
    Path(configuration): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = require_json(&headers) {
        return *refusal;
    }
    let request = match UpdateStatusRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return refused(error),
    };
    let updated = tokio::spawn(async move { issuer.update_status(&configuration, &request).await });
    match updated.await {
        Ok(Ok(StatusUpdate::Published)) => StatusCode::OK.into_response(),
        // Durable, and not yet visible: the caller must not take it for undone.
        Ok(Ok(StatusUpdate::NotYetPublished)) => StatusCode::ACCEPTED.into_response(),
        Ok(Err(failure)) => failure.into_response(),
        Err(_) => unavailable(),
    }
}

/// What a credential says is not kept here, only that it was issued.
async fn kept(
    State(issuer): State<Arc<Issuer>>,
    Path((configuration, id)): Path<(String, String)>,
) -> Response {
    let unknown = || failed(StatusCode::NOT_FOUND, "no such credential was issued here");
    let Ok(reference) = CredentialReference::parse(&id) else {
        return unknown();
    };
    match issuer.has_issued(&configuration, &reference).await {
        Ok(true) => failed(StatusCode::GONE, "this issuer does not keep what credentials say"),
        Ok(false) => unknown(),
        Err(failure) => failure.into_response(),
    }
}

fn unavailable() -> Response {
    failed(StatusCode::SERVICE_UNAVAILABLE, "the issuer cannot answer now")
}

impl axum::response::IntoResponse for DocumentFailure {
    fn into_response(self) -> Response {
        match &self {
            Self::UnknownInstance | Self::Refused(DocumentRefused::NotAllowed) => {
                failed(StatusCode::NOT_FOUND, "no instance issues documents here")
            }
            Self::UnknownCredential => failed(StatusCode::NOT_FOUND, "no such credential was issued here"),
            Self::Refused(DocumentRefused::Duplicate) => failed(
                StatusCode::CONFLICT,
                "a credential of this name was issued before",
            ),
            Self::Status(refused) => problem_answer(
                StatusCode::BAD_REQUEST,
                refused.problem().details(refused.to_string()),
            ),
            Self::Refused(refused) => match refused.details() {
                Some(details) => problem_answer(StatusCode::BAD_REQUEST, details),
                None => {
                    tracing::error!(error = %self, "document not issued");
                    failed(StatusCode::INTERNAL_SERVER_ERROR, "the issuer could not do this")
                }
            },
            Self::Store(_)
            | Self::Allocation(_)
            | Self::Signing(_)
            | Self::Outcome(_)
            | Self::Administration(_)
            | Self::Interrupted => {
                tracing::error!(error = %self, "document order not carried out");
                unavailable()
            }
        }
    }
}
