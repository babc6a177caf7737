//! The administration interface under `/admin/v1`. Without the token every path answers 401, also those that do not exist; all but the
//! one at which the server proves that it has the token.

mod operations;

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use symbolon_crypto::encoding::base64;
use symbolon_http::openapi::{DescribedRouter, ToSchema, get, post, served};
use symbolon_http::serve::{AdministrationToken, Limits};
use symbolon_issuer::credential_record::StatusActionRefused;
use symbolon_issuer::grant::RenewalRefused;
use symbolon_issuer::record::{RowFormat, Uin};
use symbolon_issuer::record_source::RecordSourceError;

use super::Served;
use super::answer::{has_media_type, retry_after};
use super::tags::ADMINISTRATION;
use crate::administration::{Administration, AdministrationError, BuiltPack, LEFT_OUT, encode_entries};

/// An import of some thousand records with portraits.
const LIMITS: Limits = Limits {
    body_bytes: 64 << 20,
    time: Duration::from_secs(120),
};

/// The media type of NDJSON.
pub(crate) const NDJSON: &str = "application/x-ndjson";
/// The media type of metrics as Prometheus reads them.
pub(crate) const METRICS: &str = "text/plain; version=0.0.4";
/// The media type of CSV.
pub(crate) const CSV: &str = "text/csv";

pub(super) fn router(token: AdministrationToken) -> DescribedRouter<Served> {
    DescribedRouter::default()
        .route("/records/import", post(operations::import(), import))
        .route("/records/show", post(operations::show(), show))
        .route("/records/export", post(operations::export(), export))
        .route("/offers", post(operations::create_offer(), create_offer))
        .route("/offers/list", post(operations::list_offers(), offers))
        .route("/offers/show", post(operations::show_offer(), show_offer))
        .route("/offers/cancel", post(operations::cancel_offer(), cancel_offer))
        .route(
            "/offers/transaction-code",
            post(operations::renew_transaction_code(), renew_transaction_code),
        )
        .route(
            "/credentials/list",
            post(operations::list_credentials(), credentials),
        )
        .route(
            "/credentials/status",
            post(operations::change_status(), change_status),
        )
        .route(
            "/credentials/requests/list",
            post(operations::list_requests(), transactions),
        )
        .route("/credentials/requests/decide", post(operations::decide(), decide))
        .route("/cards", post(operations::issue_card(), issue_card))
        .route(
            "/status-sections",
            get(operations::status_sections(), status_sections),
        )
        .route(
            "/status-lists",
            post(operations::open_fresh_shard(), open_fresh_shard),
        )
        .route("/metrics", get(operations::metrics(), metrics))
        .route("/packs", post(operations::build_pack(), build_pack))
        .route(
            "/keys/changes",
            post(operations::note_key_changes(), note_key_changes),
        )
        .route("/backups", post(operations::begin_backup(), begin_backup))
        .route("/backups/pages", post(operations::backup_page(), backup_page))
        .route("/backups/end", post(operations::end_backup(), end_backup))
        .route("/sign-in-codes", post(operations::sign_in_codes(), sign_in_codes))
        .route("/audit", get(operations::audit(), audit))
        .route("/audit/verify", post(operations::verify_audit(), verify_audit))
        .route(
            served::DESCRIPTION,
            get(served::whole_described(ADMINISTRATION), served::whole),
        )
        .fallback(async || StatusCode::NOT_FOUND)
        .administration(token, ADMINISTRATION)
        .harden(LIMITS)
}

async fn import(State(administration): State<Administration>, headers: HeaderMap, body: Bytes) -> Response {
    let format = if has_media_type(&headers, NDJSON) {
        RowFormat::Ndjson
    } else if has_media_type(&headers, CSV) {
        RowFormat::Csv
    } else {
        return refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send NDJSON or CSV",
        );
    };
    to_its_end(async move { answer(administration.import(format, body.into()).await) }).await
}

/// Which record.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShowOrder {
    /// The UIN.
    #[schema(value_type = String)]
    record: Uin,
}

async fn show(State(administration): State<Administration>, body: Bytes) -> Result<Response, NotUnderstood> {
    let order: ShowOrder = order(&body)?;
    Ok(answer(administration.record(&order.record).await))
}

/// Which page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExportOrder {
    /// The last UIN of the page before.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    after: Option<Uin>,
}

async fn export(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order: ExportOrder = order(&body)?;
    Ok(answer(administration.records(order.after.as_ref()).await))
}

async fn create_offer(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(answer(administration.create_offer(order).await))
}

async fn offers(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let list = order(&body)?;
    Ok(answer(administration.offers(&list).await))
}

async fn show_offer(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(answer(administration.offer(&order).await))
}

async fn cancel_offer(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(answer(administration.cancel_offer(&order).await))
}

async fn renew_transaction_code(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(answer(administration.renew_transaction_code(&order).await))
}

async fn credentials(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let list = order(&body)?;
    Ok(answer(administration.credentials(&list).await))
}

async fn change_status(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(to_its_end(async move { answer(administration.change_status(&order).await) }).await)
}

async fn transactions(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let list = order(&body)?;
    Ok(answer(administration.transactions(&list).await))
}

async fn decide(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(answer(administration.decide(&order).await))
}

async fn issue_card(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(to_its_end(async move { answer(administration.issue_card(&order).await) }).await)
}

/// The signed sections, each in base64.
#[derive(Serialize, ToSchema)]
struct Sections {
    /// The one of all status lists; none before the first list.
    sections: Vec<String>,
}

async fn status_sections(State(administration): State<Administration>) -> Response {
    let sections = administration.status_section().await;
    answer(sections.map(|sections| {
        Sections {
            sections: sections
                .iter()
                .map(|section| base64::encode(section.as_bytes()))
                .collect(),
        }
    }))
}

async fn open_fresh_shard(State(administration): State<Administration>) -> Response {
    answer(administration.open_fresh_shard().await)
}

async fn metrics(State(administration): State<Administration>) -> Response {
    ([(CONTENT_TYPE, METRICS)], administration.metrics()).into_response()
}

async fn build_pack(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(match administration.build_pack(&order).await {
        Ok(BuiltPack { pack, left_out }) => {
            let fields = [
                (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
                (LEFT_OUT, HeaderValue::from(left_out)),
            ];
            (fields, pack).into_response()
        }
        Err(error) => error.into_response(),
    })
}

async fn note_key_changes(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(answer(administration.note_key_changes(&order).await))
}

async fn begin_backup(State(administration): State<Administration>) -> Response {
    answer(administration.begin_backup().await)
}

async fn backup_page(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    let order = order(&body)?;
    Ok(match administration.backup_page(&order).await {
        Ok(entries) => (
            [(CONTENT_TYPE, "application/octet-stream")],
            encode_entries(&entries),
        )
            .into_response(),
        Err(error) => error.into_response(),
    })
}

async fn end_backup(
    State(administration): State<Administration>,
    body: Bytes,
) -> Result<Response, NotUnderstood> {
    administration.end_backup(&order(&body)?);
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn sign_in_codes(State(administration): State<Administration>) -> Response {
    answer(administration.sign_in_codes())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    #[serde(default)]
    from: u64,
}

async fn audit(State(administration): State<Administration>, Query(query): Query<AuditQuery>) -> Response {
    answer(administration.audit_entries(query.from).await)
}

async fn verify_audit(State(administration): State<Administration>) -> Response {
    answer(administration.verify_audit().await)
}

/// An order that is not the expected JSON. The answer says where it went wrong, not what stood there.
struct NotUnderstood {
    line: usize,
    column: usize,
}

fn order<T: DeserializeOwned>(body: &[u8]) -> Result<T, NotUnderstood> {
    serde_json::from_slice(body).map_err(|error| NotUnderstood {
        line: error.line(),
        column: error.column(),
    })
}

impl axum::response::IntoResponse for NotUnderstood {
    fn into_response(self) -> Response {
        let Self { line, column } = self;
        let description = format!("the order is not the expected JSON (line {line}, column {column})");
        refused(StatusCode::BAD_REQUEST, "invalid_order", &description)
    }
}

/// Carries out an order of several steps also when the client goes away between them: a revocation that is durable is published,
/// and an import that declares a death revokes.
async fn to_its_end(order: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(order).await {
        Ok(response) => response,
        Err(_) => AdministrationError::Interrupted.into_response(),
    }
}

fn answer<T: Serialize>(outcome: Result<T, AdministrationError>) -> Response {
    match outcome {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => error.into_response(),
    }
}

#[derive(Serialize)]
struct Refused<'a> {
    error: &'a str,
    error_description: &'a str,
}

fn refused(status: StatusCode, error: &str, error_description: &str) -> Response {
    (
        status,
        Json(Refused {
            error,
            error_description,
        }),
    )
        .into_response()
}

impl axum::response::IntoResponse for AdministrationError {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::UnknownRecord => (StatusCode::NOT_FOUND, "unknown_record"),
            Self::UnknownCredential => (StatusCode::NOT_FOUND, "unknown_credential"),
            Self::UnknownBackup => (StatusCode::NOT_FOUND, "unknown_backup"),
            Self::BackupUnderWay => (StatusCode::CONFLICT, "backup_under_way"),
            Self::UnknownTransaction => (StatusCode::NOT_FOUND, "unknown_request"),
            Self::UnknownOffer => (StatusCode::NOT_FOUND, "unknown_offer"),
            Self::OfferCancelled => (StatusCode::CONFLICT, "offer_cancelled"),
            Self::Renewal(RenewalRefused::NotRequired) => (StatusCode::CONFLICT, "no_transaction_code"),
            Self::Renewal(RenewalRefused::Redeemed) => (StatusCode::CONFLICT, "offer_taken_up"),
            Self::Renewal(RenewalRefused::Expired) => (StatusCode::CONFLICT, "offer_expired"),
            Self::Decision(_) => (StatusCode::CONFLICT, "already_decided"),
            Self::UnknownConfiguration => (StatusCode::NOT_FOUND, "unknown_credential_configuration"),
            Self::Configurations | Self::TransactionCodeWithoutCode => {
                (StatusCode::BAD_REQUEST, "invalid_order")
            }
            Self::Rows(_) | Self::TooManyRows { .. } => (StatusCode::BAD_REQUEST, "invalid_rows"),
            Self::FaceKey(_) => (StatusCode::BAD_REQUEST, "invalid_face_key"),
            Self::PackOrder(_) => (StatusCode::BAD_REQUEST, "invalid_pack_order"),
            Self::Deceased => (StatusCode::CONFLICT, "deceased"),
            Self::RecordIncomplete { .. } => (StatusCode::CONFLICT, "record_incomplete"),
            Self::StatusAction(StatusActionRefused::NoStatus) => (StatusCode::CONFLICT, "no_status"),
            Self::StatusAction(StatusActionRefused::NoSuspension) => (StatusCode::CONFLICT, "no_suspension"),
            Self::RecordBarred(_) => (StatusCode::CONFLICT, "record_barred"),
            Self::KeptElsewhere => (StatusCode::CONFLICT, "records_kept_elsewhere"),
            Self::StatusAction(_) => (StatusCode::CONFLICT, "already_revoked"),
            Self::Card(_) | Self::CardTooLarge | Self::Print(_) | Self::Fonts(_) => {
                (StatusCode::CONFLICT, "card_refused")
            }
            Self::NotConfigured { .. } | Self::NoAuthorizationEndpoint => {
                (StatusCode::CONFLICT, "not_configured")
            }
            // Done, but not yet visible: the caller must not take it for undone.
            Self::NotPublished(_) => (StatusCode::ACCEPTED, "not_published_yet"),
            Self::Audit(crate::issuer::VerifyAuditError::Broken(_)) => (StatusCode::CONFLICT, "audit_broken"),
            Self::Store(_)
            | Self::Records(_)
            | Self::Signing(_)
            | Self::Allocation(_)
            | Self::Audit(_)
            | Self::Interrupted => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        };
        if status.is_server_error() || status == StatusCode::ACCEPTED {
            tracing::error!(error = %self, "order not carried out");
        }
        let response = refused(status, code, &self.to_string());
        match self {
            Self::Records(RecordSourceError::Unavailable { retry_after: wait }) => {
                retry_after(response, wait)
            }
            _ => response,
        }
    }
}
