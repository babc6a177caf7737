//! What the client has already ([RFC 9110 §13](https://www.rfc-editor.org/rfc/rfc9110#section-13)).

use std::time::UNIX_EPOCH;

use http::header::{HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE};
use http::{HeaderMap, HeaderValue};
use symbolon_crypto::UnixTime;

/// The most elements of a list that are read.
const MAX_ELEMENTS: usize = 64;

/// Whether the client has the selected bytes. A date is looked at only where there is no validator (§13.1.3): it counts whole seconds.
pub(super) fn is_unchanged(asked: &HeaderMap, etag: &str, last_modified: UnixTime) -> bool {
    if asked.contains_key(IF_NONE_MATCH) {
        return elements(asked, &IF_NONE_MATCH)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag);
    }
    let since = asked.get(IF_MODIFIED_SINCE).and_then(date);
    since.is_some_and(|since| last_modified <= since)
}

/// Whether a range that is asked for is one of the selected bytes (§13.1.5): a part of other bytes cannot be completed with it.
pub(super) fn range_applies(asked: &HeaderMap, etag: &str, last_modified: UnixTime) -> bool {
    let Some(condition) = asked.get(IF_RANGE) else {
        return true;
    };
    match condition.to_str() {
        Ok(tag) if tag.starts_with('"') => tag == etag,
        Ok(_) => date(condition) == Some(last_modified),
        Err(_) => false,
    }
}

/// The elements of a list field, over all its lines.
pub(super) fn elements<'h>(asked: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    asked
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .take(MAX_ELEMENTS)
}

fn date(value: &HeaderValue) -> Option<UnixTime> {
    let time = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    i64::try_from(seconds).ok().map(UnixTime::from_seconds)
}
