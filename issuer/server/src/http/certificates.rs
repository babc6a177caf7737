//! The revocation lists of the issuer's authorities ([RFC 5280 §5](https://www.rfc-editor.org/rfc/rfc5280#section-5)), where its
//! certificates say that they are.

use core::time::Duration;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use symbolon_crypto::encoding::base64url;
use symbolon_http::openapi::{Answer, DescribedRouter, Operation, get};
use symbolon_http::representation::{Compression, Representation, described};
use symbolon_issuer::metadata::paths;

use super::Served;
use super::answer::failure;
use super::tags::DOCUMENTS;
use crate::issuer::Issuer;
use crate::revocation_lists::CertificateAuthority;

/// The media type of a revocation list ([RFC 5280 §4.2.1.13](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.13),
/// [RFC 2585 §4.2](https://www.rfc-editor.org/rfc/rfc2585#section-4.2)).
const PKIX_CRL: &str = "application/pkix-crl";

/// How long a list may be kept without asking: whoever has lost a key wants it known before the next list is due.
const MAX_AGE: Duration = Duration::from_secs(600);

pub(super) fn router(base: &str) -> DescribedRouter<Served> {
    DescribedRouter::default().route(
        &format!("{base}{}/{{list}}", paths::CERTIFICATES),
        get(list_described(), list),
    )
}

fn list_described() -> Operation {
    let operation = Operation::new(
        "readCertificateRevocationList",
        DOCUMENTS,
        "Which certificates of its signers an authority of the issuer has revoked",
    )
    .specified(
        "RFC 5280, section 5",
        "https://www.rfc-editor.org/rfc/rfc5280#section-5",
    )
    .path("list", "`issuers.crl` or `documents.crl`.")
    .answers(Answer::empty(404, "The authority publishes no list.").not_cached())
    .answers(Answer::empty(503, "The list cannot be read now.").not_cached());
    let read = Answer::empty(200, "The list, DER.").file(PKIX_CRL);
    let part = Answer::empty(206, "A part of it.").file(PKIX_CRL);
    described(operation, read, part)
}

async fn list(State(issuer): State<Arc<Issuer>>, Path(list): Path<String>, headers: HeaderMap) -> Response {
    let lists = issuer.setup.revocation_lists.clone();
    let (Some(authority), Some(lists)) = (CertificateAuthority::of_file_name(&list), lists) else {
        return failure(StatusCode::NOT_FOUND);
    };
    match tokio::task::spawn_blocking(move || lists.newest(authority)).await {
        Ok(Ok(Some(list))) => {
            let validator = base64url::encode(&list.sha256());
            let (der, made) = (list.der().to_vec(), list.this_update());
            Representation::new(PKIX_CRL, der, &validator, made, MAX_AGE, Compression::None).answer(&headers)
        }
        Ok(Ok(None)) => failure(StatusCode::NOT_FOUND),
        Ok(Err(error)) => {
            tracing::error!(%error, "a revocation list is not served");
            failure(StatusCode::SERVICE_UNAVAILABLE)
        }
        // The server is ending.
        Err(_) => failure(StatusCode::SERVICE_UNAVAILABLE),
    }
}
