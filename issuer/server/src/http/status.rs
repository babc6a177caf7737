//! Status lists ([Token Status List §8, §9], [Bitstring Status List §3.3]).
//!
//! [Token Status List §8, §9]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
//! [Bitstring Status List §3.3]: https://www.w3.org/TR/vc-bitstring-status-list/#status-list-credential-retrieval

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::header::{
    ACCEPT, ACCEPT_RANGES, CONTENT_RANGE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED,
    RANGE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use sha2::{Digest as _, Sha256};
use symbolon_credential::w3c::StatusPurpose;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;
use symbolon_http::openapi::{Answer, DescribedRouter, Operation, Presence, anything, get};
use symbolon_http::representation::{Compression, Representation, described};
use symbolon_issuer::index::ShardId;
use symbolon_issuer::metadata::paths;
use symbolon_trust::status_list::StatusListAggregation;
use tower_http::cors::{Any, CorsLayer};

use super::Served;
use super::accept::quality;
use super::answer::failure;
use super::messages::documents;
use super::tags::STATUS;
use crate::issuer::{
    BITSTRING_STATUS_LIST, Issuer, ListAt, PastList, PublicationFailed, PublishedList, STATUS_LIST_CWT,
    STATUS_LIST_JWT,
};

/// The lists and what names them all. They bring their own compressed forms along, so no layer compresses them for each request, and
/// pages of other origins may read them in every way that they are served.
pub(super) fn router(base: &str) -> DescribedRouter<Served> {
    DescribedRouter::default()
        .route(
            &format!("{base}{}", paths::STATUS),
            get(aggregation_described(), aggregation),
        )
        .route(
            &format!("{base}{}/{{shard}}", paths::STATUS),
            get(status_list_described(), status_list),
        )
        .route(
            &format!("{base}{}/{{shard}}/{{purpose}}", paths::BITSTRING_STATUS),
            get(bitstring_list_described(), bitstring_list),
        )
        .layer(
            CorsLayer::new()
                .allow_origin(Any)
                .allow_methods([Method::GET, Method::HEAD])
                .allow_headers([ACCEPT, IF_NONE_MATCH, IF_MODIFIED_SINCE, RANGE, IF_RANGE])
                .expose_headers([ETAG, LAST_MODIFIED, ACCEPT_RANGES, CONTENT_RANGE]),
        )
}

fn aggregation_described() -> Operation {
    let operation = Operation::new("listStatusLists", STATUS, "The URIs of all Token Status Lists")
        .specified("Token Status List, section 9", SPECIFICATION)
        .answers(Answer::empty(503, "The books cannot be read now.").not_cached());
    let part = Answer::empty(206, "A part of it.").body(JSON, anything());
    let read = Answer::json::<documents::StatusListAggregation>(200, "The URIs.");
    described(operation, read, part)
}

fn status_list_described() -> Operation {
    let operation = list("readStatusList", "A Token Status List")
        .specified("Token Status List, section 8", SPECIFICATION)
        .header(
            "Accept",
            "Which of the two forms is wanted; the JWT without it.",
            Presence::Sometimes,
        )
        .query(
            "time",
            "A moment of the past, in seconds since 1970: the list that held then (section 8.4).",
            Presence::Sometimes,
        )
        .answers(Answer::empty(406, "Neither form will do.").not_cached());
    let either = |answer: Answer| {
        answer
            .file(STATUS_LIST_JWT)
            .body(STATUS_LIST_CWT, anything())
            .named(VARY, "The answer depends on `Accept`.", Presence::Always)
    };
    let read = either(Answer::empty(200, "The list, signed."));
    described(operation, read, either(Answer::empty(206, "A part of it.")))
}

fn bitstring_list_described() -> Operation {
    let operation = list("readBitstringStatusList", "A Bitstring Status List")
        .specified(
            "Bitstring Status List, section 3.3",
            "https://www.w3.org/TR/vc-bitstring-status-list/#status-list-credential-retrieval",
        )
        .path(
            "purpose",
            "`revocation`, `suspension`, or `message` where credentials have one.",
        )
        .query(
            "timestamp",
            "A moment of the past, as a `dateTimeStamp`: the list that held then (section 3.2).",
            Presence::Sometimes,
        );
    let read = Answer::empty(200, "The list, a credential that is signed.").file(BITSTRING_STATUS_LIST);
    let part = Answer::empty(206, "A part of it.").file(BITSTRING_STATUS_LIST);
    described(operation, read, part)
}

fn list(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, STATUS, summary)
        .path("shard", "The number of the list.")
        .answers(Answer::empty(400, "The time that was asked for is none.").not_cached())
        .answers(
            Answer::empty(
                404,
                "There is no such list, none of that time, or everything in it has expired.",
            )
            .not_cached(),
        )
        .answers(Answer::empty(501, "This issuer keeps no lists of the past.").not_cached())
        .answers(Answer::empty(503, "The list cannot be signed now.").not_cached())
}

/// The URIs of all Token Status Lists, also of those that are full: their credentials are in force. Not of those that were retired.
async fn aggregation(State(issuer): State<Arc<Issuer>>, headers: HeaderMap) -> Response {
    let mut shards = match issuer.store().shards().await {
        Ok(shards) => shards,
        Err(error) => {
            tracing::error!(%error, "status lists not listed");
            return failure(StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    let profile = issuer.profile();
    // It changed when the youngest was opened, or one was retired.
    let changes = shards
        .iter()
        .map(|shard| shard.value.retired_at.unwrap_or(shard.value.opened_at));
    let changed = changes.max();
    shards.retain(|shard| shard.value.is_published());
    let aggregation = StatusListAggregation {
        status_lists: shards
            .iter()
            .map(|shard| profile.status_list_uri(shard.value.id))
            .collect(),
    };
    let Ok(body) = serde_json::to_vec(&aggregation) else {
        return failure(StatusCode::SERVICE_UNAVAILABLE);
    };
    let validator = base64url::encode(&Sha256::digest(&body));
    let max_age = Duration::from_secs(profile.policy().status_time_to_live_seconds);
    let changed = changed.unwrap_or(UnixTime::from_seconds(0));
    Representation::new(JSON, body, &validator, changed, max_age, Compression::None).answer(&headers)
}

async fn status_list(
    State(issuer): State<Arc<Issuer>>,
    Path(shard): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(shard) = shard_of(&shard) else {
        return failure(StatusCode::NOT_FOUND);
    };
    let Some(form) = accepted(&headers) else {
        return failure(StatusCode::NOT_ACCEPTABLE);
    };
    let asked = asked_time(query.as_deref().unwrap_or_default(), "time", seconds);
    let mut response = match found(&issuer, shard, asked).await {
        Ok(Found::Current(list)) => form.current(&list).answer(&headers),
        Ok(Found::Past(list)) => form.past(&list).answer(&headers),
        Err(status) => failure(status),
    };
    // A cache must not hand one form to whoever asks for the other.
    response
        .headers_mut()
        .append(VARY, HeaderValue::from_static("accept"));
    response
}

/// The list of a purpose. It has one form, a JWT, and whoever asks for another gets it too: a list that cannot be read and one
/// that is not there are the same to a verifier, but not to the person who looks for the fault.
async fn bitstring_list(
    State(issuer): State<Arc<Issuer>>,
    Path((shard, purpose)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(shard) = shard_of(&shard) else {
        return failure(StatusCode::NOT_FOUND);
    };
    let purpose = StatusPurpose::from_name(&purpose);
    let asked = asked_time(query.as_deref().unwrap_or_default(), "timestamp", date_time_stamp);
    let found = found(&issuer, shard, asked).await;
    let lists = match &found {
        Ok(Found::Current(list)) => &list.bitstrings,
        Ok(Found::Past(list)) => &list.bitstrings,
        Err(status) => return failure(*status),
    };
    match lists.iter().find(|(of, _)| *of == purpose) {
        Some((_, list)) => list.answer(&headers),
        None => failure(StatusCode::NOT_FOUND),
    }
}

/// The lists of a shard, of today or of the past.
enum Found {
    Current(Arc<PublishedList>),
    Past(Box<PastList>),
}

async fn found(issuer: &Issuer, shard: ShardId, asked: AskedTime) -> Result<Found, StatusCode> {
    let list = match asked {
        AskedTime::Now => issuer
            .published_list(shard)
            .await
            .map(|list| list.map_or(ListAt::NotFound, ListAt::Current)),
        AskedTime::At(time) => issuer.list_at(shard, time).await,
        AskedTime::NotUnderstood => return Err(StatusCode::BAD_REQUEST),
    };
    match list {
        Ok(ListAt::Current(list)) => Ok(Found::Current(list)),
        Ok(ListAt::Past(list)) => Ok(Found::Past(list)),
        Ok(ListAt::NotFound) => Err(StatusCode::NOT_FOUND),
        Ok(ListAt::NotSupported) => Err(StatusCode::NOT_IMPLEMENTED),
        Err(error) => Err(unavailable(&error, shard)),
    }
}

/// Only the one spelling of a number is a list: the URI in a credential is compared as text.
fn shard_of(text: &str) -> Option<ShardId> {
    text.parse::<u32>()
        .ok()
        .filter(|number| number.to_string() == text)
        .map(ShardId::new)
}

fn unavailable(error: &PublicationFailed, shard: ShardId) -> StatusCode {
    tracing::error!(%error, shard = shard.number(), "status list not published");
    StatusCode::SERVICE_UNAVAILABLE
}

/// Which time a query asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AskedTime {
    Now,
    At(UnixTime),
    NotUnderstood,
}

/// The time of a query, asked for once. Whoever asks for the past and is not understood must not be told the present.
fn asked_time(query: &str, name: &str, read: fn(&str) -> Option<UnixTime>) -> AskedTime {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut times = pairs.filter(|(found, _)| found == name).map(|(_, value)| value);
    match (times.next(), times.next()) {
        (None, _) => AskedTime::Now,
        (Some(text), None) => read(&text).map_or(AskedTime::NotUnderstood, AskedTime::At),
        (Some(_), Some(_)) => AskedTime::NotUnderstood,
    }
}

/// Seconds since 1970, in digits alone.
fn seconds(text: &str) -> Option<UnixTime> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text)?;
    digits.parse().ok().map(UnixTime::from_seconds)
}

/// A `dateTimeStamp` of XML Schema.
fn date_time_stamp(text: &str) -> Option<UnixTime> {
    UnixTime::parse_rfc3339(text).ok()
}

/// The form of a Token Status List.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Jwt,
    Cwt,
}

impl Form {
    const fn current(self, list: &PublishedList) -> &Representation {
        match self {
            Self::Jwt => &list.jwt,
            Self::Cwt => &list.cwt,
        }
    }

    const fn past(self, list: &PastList) -> &Representation {
        match self {
            Self::Jwt => &list.jwt,
            Self::Cwt => &list.cwt,
        }
    }
}

/// The form that is wanted: the JWT where both are wanted as much, the CWT where it is wanted more, or by its name where the JWT is not.
/// `None` where neither will do.
fn accepted(headers: &HeaderMap) -> Option<Form> {
    let mut fields = headers.get_all(ACCEPT).iter().peekable();
    if fields.peek().is_none() {
        return Some(Form::Jwt);
    }
    let fields: Vec<&str> = fields.filter_map(|field| field.to_str().ok()).collect();
    let accept = fields.join(",");
    let (jwt, cwt) = (
        quality(&accept, STATUS_LIST_JWT),
        quality(&accept, STATUS_LIST_CWT),
    );
    match (jwt.quality, cwt.quality) {
        (0, 0) => None,
        (jwt, cwt) if cwt > jwt => Some(Form::Cwt),
        (one, other) if one == other && cwt.by_name && !jwt.by_name => Some(Form::Cwt),
        _ => Some(Form::Jwt),
    }
}

const JSON: &str = "application/json";
const SPECIFICATION: &str = "https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_digits_and_asked_for_once() {
        let at = |seconds| AskedTime::At(UnixTime::from_seconds(seconds));
        for (query, expected) in [
            ("", AskedTime::Now),
            ("x=1&times=2", AskedTime::Now),
            ("time=1686925000", at(1_686_925_000)),
            ("x=1&time=0", at(0)),
            ("time", AskedTime::NotUnderstood),
            ("time=", AskedTime::NotUnderstood),
            ("time=-1", AskedTime::NotUnderstood),
            ("time=+1", AskedTime::NotUnderstood),
            ("time=1.5", AskedTime::NotUnderstood),
            ("time=9223372036854775808", AskedTime::NotUnderstood),
            ("time=1&time=2", AskedTime::NotUnderstood),
        ] {
            assert_eq!(asked_time(query, "time", seconds), expected, "{query}");
        }
        for (query, expected) in [
            ("time=1", AskedTime::Now),
            ("timestamp=2023-06-16T14:03:20Z", at(1_686_924_200)),
            ("timestamp=2023-06-16T16%3A03%3A20%2B02%3A00", at(1_686_924_200)),
            ("timestamp=1686924200", AskedTime::NotUnderstood),
        ] {
            assert_eq!(
                asked_time(query, "timestamp", date_time_stamp),
                expected,
                "{query}"
            );
        }
    }

    #[test]
    fn the_form_is_what_is_wanted_most() {
        for (accept, expected) in [
            (None, Some(Form::Jwt)),
            (Some("*/*"), Some(Form::Jwt)),
            (Some("application/*"), Some(Form::Jwt)),
            (Some(STATUS_LIST_JWT), Some(Form::Jwt)),
            (Some(STATUS_LIST_CWT), Some(Form::Cwt)),
            (
                Some("application/statuslist+jwt, application/statuslist+cwt;q=0.9"),
                Some(Form::Jwt),
            ),
            (
                Some("application/statuslist+jwt;q=0.8, application/statuslist+cwt;q=0.9"),
                Some(Form::Cwt),
            ),
            (Some("application/statuslist+cwt, */*;q=0.1"), Some(Form::Cwt)),
            (Some("application/statuslist+cwt, */*"), Some(Form::Cwt)),
            (
                Some("application/statuslist+cwt, application/statuslist+jwt"),
                Some(Form::Jwt),
            ),
            (Some("application/statuslist+jwt;q=0"), None),
            (Some("text/html"), None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(accepted(&headers), expected, "{accept:?}");
        }
    }
}
