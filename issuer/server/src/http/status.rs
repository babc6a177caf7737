//! Status lists ([Token Status List §8], [Bitstring Status List §3.3]).
//!
//! [Token Status List §8]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
//! [Bitstring Status List §3.3]: https://www.w3.org/TR/vc-bitstring-status-list/#status-list-credential-retrieval

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_credential::w3c::StatusPurpose;
use symbolon_http::openapi::{Answer, Operation, Presence, anything};
use symbolon_issuer::index::ShardId;

use super::answer::failure;
use super::tags::STATUS;
use crate::issuer::{Issuer, PublishedList, PublishedToken};

const JWT_MEDIA_TYPE: &str = "application/statuslist+jwt";
const CWT_MEDIA_TYPE: &str = "application/statuslist+cwt";
const BITSTRING_MEDIA_TYPE: &str = "application/vc+jwt";

pub(super) fn status_list_described() -> Operation {
    list("readStatusList", "A Token Status List")
        .specified(
            "Token Status List, section 8",
            "https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/",
        )
        .header(
            "Accept",
            "Which of the two forms is wanted; the JWT without it.",
            Presence::Sometimes,
        )
        .query(
            "time",
            "A moment in the past; this issuer keeps no history.",
            Presence::Sometimes,
        )
        .answers(
            published_list("The list, signed.")
                .file(JWT_MEDIA_TYPE)
                .body(CWT_MEDIA_TYPE, anything())
                .named(VARY, "The answer depends on `Accept`.", Presence::Always),
        )
        .answers(Answer::empty(406, "Neither form will do.").not_cached())
        .answers(Answer::empty(501, "A list of the past was asked for (section 8.4).").not_cached())
}

pub(super) fn bitstring_list_described() -> Operation {
    list("readBitstringStatusList", "A Bitstring Status List")
        .specified(
            "Bitstring Status List, section 3.3",
            "https://www.w3.org/TR/vc-bitstring-status-list/#status-list-credential-retrieval",
        )
        .path("purpose", "`revocation` or `suspension`.")
        .answers(published_list("The list, a credential that is signed.").file(BITSTRING_MEDIA_TYPE))
}

fn list(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, STATUS, summary)
        .path("shard", "The number of the list.")
        .header(
            "If-None-Match",
            "The `ETag` of what the client has.",
            Presence::Sometimes,
        )
        .answers(
            Answer::empty(304, "The client has the newest.")
                .cached("How long it may be kept.")
                .named(ETAG, "What `If-None-Match` names.", Presence::Always),
        )
        .answers(Answer::empty(404, "There is no such list.").not_cached())
        .answers(Answer::empty(503, "The list cannot be signed now.").not_cached())
}

fn published_list(description: &str) -> Answer {
    Answer::empty(200, description)
        .cached("How long it may be kept.")
        .named(ETAG, "What `If-None-Match` names.", Presence::Always)
}

pub(super) async fn status_list(
    State(issuer): State<Arc<Issuer>>,
    Path(shard): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(shard) = shard_of(&shard) else {
        return failure(StatusCode::NOT_FOUND);
    };
    if query.is_some_and(|query| {
        query
            .split('&')
            .any(|pair| pair == "time" || pair.starts_with("time="))
    }) {
        // §8.4: a provider that keeps no history says so.
        return failure(StatusCode::NOT_IMPLEMENTED);
    }
    let Some(form) = accepted(&headers) else {
        return failure(StatusCode::NOT_ACCEPTABLE);
    };
    let mut response = match (published(&issuer, shard).await, form) {
        (Ok(list), Form::Jwt) => answer(&list, &list.jwt, JWT_MEDIA_TYPE, &headers),
        (Ok(list), Form::Cwt) => answer(&list, &list.cwt, CWT_MEDIA_TYPE, &headers),
        (Err(status), _) => failure(status),
    };
    // A cache must not hand one form to whoever asks for the other.
    response
        .headers_mut()
        .append(VARY, HeaderValue::from_static("accept"));
    response
}

/// The list of a purpose. It has one form, a JWT, and whoever asks for another gets it too: a list that cannot be read and one
/// that is not there are the same to a verifier, but not to the person who looks for the fault.
pub(super) async fn bitstring_list(
    State(issuer): State<Arc<Issuer>>,
    Path((shard, purpose)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(shard) = shard_of(&shard) else {
        return failure(StatusCode::NOT_FOUND);
    };
    let purpose = StatusPurpose::from_name(&purpose);
    match published(&issuer, shard).await {
        Ok(list) => match list.bitstrings.iter().find(|(of, _)| *of == purpose) {
            Some((_, token)) => answer(&list, token, BITSTRING_MEDIA_TYPE, &headers),
            None => failure(StatusCode::NOT_FOUND),
        },
        Err(status) => failure(status),
    }
}

/// Only the one spelling of a number is a list: the URI in a credential is compared as text.
fn shard_of(text: &str) -> Option<ShardId> {
    text.parse::<u32>()
        .ok()
        .filter(|number| number.to_string() == text)
        .map(ShardId::new)
}

async fn published(issuer: &Issuer, shard: ShardId) -> Result<Arc<PublishedList>, StatusCode> {
    match issuer.published_list(shard).await {
        Ok(Some(list)) => Ok(list),
        Ok(None) => Err(StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::error!(%error, shard = shard.number(), "status list not published");
            Err(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

fn answer(
    list: &PublishedList,
    token: &PublishedToken,
    media_type: &'static str,
    headers: &HeaderMap,
) -> Response {
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged = known.is_some_and(|known| {
        known
            .split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag.trim_start_matches("W/") == token.etag)
    });
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, media_type)], token.body.clone()).into_response()
    };
    let max_age = format!("public, max-age={}", list.time_to_live.as_secs());
    for (name, value) in [(CACHE_CONTROL, max_age), (ETAG, token.etag.clone())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The form of a Token Status List.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Jwt,
    Cwt,
}

/// The form that is wanted: the JWT where anything goes, the CWT where it alone is asked for. `None` where neither will do.
fn accepted(headers: &HeaderMap) -> Option<Form> {
    let mut fields = headers.get_all(ACCEPT).iter().peekable();
    if fields.peek().is_none() {
        return Some(Form::Jwt);
    }
    let ranges: Vec<&str> = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .filter_map(|range| range.split(';').next())
        .map(str::trim)
        .collect();
    if ranges
        .iter()
        .any(|range| matches!(*range, JWT_MEDIA_TYPE | "application/*" | "*/*"))
    {
        return Some(Form::Jwt);
    }
    ranges.contains(&CWT_MEDIA_TYPE).then_some(Form::Cwt)
}
