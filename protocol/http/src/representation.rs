//! Documents that many read and few change ([RFC 9110 §8, §13, §14](https://www.rfc-editor.org/rfc/rfc9110)): compressed once and not for
//! each request, told apart by strong validators, and served in ranges to whoever lost the connection half-way.

mod conditions;
mod range;
#[cfg(test)]
mod tests;

use core::time::Duration;
use std::time::UNIX_EPOCH;

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED, RANGE, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::gzip;

use self::range::{ByteRange, Wanted};
use crate::openapi::{Answer, Operation, Presence};

/// The fewest bytes of a document that is compressed: of less nothing is won.
const MIN_COMPRESSED_BYTES: usize = 512;

/// A document as it is served.
#[derive(Debug, Clone)]
pub struct Representation {
    media_type: &'static str,
    last_modified: UnixTime,
    max_age: Duration,
    identity: Encoded,
    gzip: Option<Encoded>,
}

/// Its bytes in one encoding.
#[derive(Debug, Clone)]
struct Encoded {
    bytes: Bytes,
    /// A strong validator of exactly these bytes, with its quotation marks.
    etag: String,
}

/// Whether a document is worth compressing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// It is made of text.
    Gzip,
    /// It is compressed already, or small.
    None,
}

impl Representation {
    /// A document of `media_type`. `validator` names exactly these bytes among all that are ever served at an address: a digest of them,
    /// without quotation marks. `last_modified` is when it was made, `max_age` for how long caches may keep it.
    #[must_use]
    pub fn new(
        media_type: &'static str,
        bytes: Vec<u8>,
        validator: &str,
        last_modified: UnixTime,
        max_age: Duration,
        compression: Compression,
    ) -> Self {
        let gzip = (compression == Compression::Gzip && bytes.len() >= MIN_COMPRESSED_BYTES)
            .then(|| gzip::deflate(&bytes))
            .filter(|compressed| compressed.len() < bytes.len())
            .map(|compressed| Encoded {
                bytes: compressed.into(),
                etag: format!("\"{validator}.gzip\""),
            });
        Self {
            media_type,
            last_modified,
            max_age,
            identity: Encoded {
                bytes: bytes.into(),
                etag: format!("\"{validator}\""),
            },
            gzip,
        }
    }

    /// The document, without any encoding.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.identity.bytes
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let gzip = self.gzip.as_ref().map_or(0, |gzip| gzip.bytes.len());
        gzip.saturating_add(self.identity.bytes.len())
    }

    /// The answer to a GET or HEAD with these header fields: the document, a part of it, or that the client has it.
    #[must_use]
    pub fn answer(&self, asked: &HeaderMap) -> Response {
        // A range is one of the bytes that the client will put together, so it gets no other ones than before.
        let selected = match &self.gzip {
            Some(gzip) if !asked.contains_key(RANGE) && takes_gzip(asked) => gzip,
            _ => &self.identity,
        };
        if conditions::is_unchanged(asked, &selected.etag, self.last_modified) {
            return self.respond(StatusCode::NOT_MODIFIED, selected, Bytes::new(), None);
        }
        let whole = &selected.bytes;
        let wanted = if conditions::range_applies(asked, &selected.etag, self.last_modified) {
            range::wanted(asked, whole.len())
        } else {
            Wanted::Whole
        };
        match wanted {
            Wanted::Whole => self.respond(StatusCode::OK, selected, whole.clone(), None),
            Wanted::Part(part) => {
                let bytes = whole.slice(part.start..part.end);
                self.respond(
                    StatusCode::PARTIAL_CONTENT,
                    selected,
                    bytes,
                    Some(part.of(whole.len())),
                )
            }
            Wanted::Beyond => {
                let length = ByteRange::beyond(whole.len());
                self.respond(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    selected,
                    Bytes::new(),
                    Some(length),
                )
            }
        }
    }

    fn respond(
        &self,
        status: StatusCode,
        selected: &Encoded,
        body: Bytes,
        content_range: Option<String>,
    ) -> Response {
        let length = body.len();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let mut put = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().append(name, value);
            }
        };
        put(ETAG, &selected.etag);
        put(LAST_MODIFIED, &http_date(self.last_modified));
        put(
            CACHE_CONTROL,
            &format!("public, max-age={}", self.max_age.as_secs()),
        );
        if self.gzip.is_some() {
            // A cache must not hand what is compressed to whoever cannot read it.
            put(VARY, "accept-encoding");
        }
        if let Some(content_range) = content_range {
            put(CONTENT_RANGE, &content_range);
        }
        if matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
            put(CONTENT_TYPE, self.media_type);
            put(CONTENT_LENGTH, &length.to_string());
            put(ACCEPT_RANGES, "bytes");
            if !core::ptr::eq(selected, &self.identity) {
                put(CONTENT_ENCODING, "gzip");
            }
        }
        response
    }
}

/// Describes what [`Representation::answer`] answers to and with: `read` says what a client gets, as an answer with 200 that has its
/// bodies.
#[must_use]
pub fn described(operation: Operation, read: Answer, part: Answer) -> Operation {
    operation
        .header(
            "If-None-Match",
            "The `ETag` of what the client has.",
            Presence::Sometimes,
        )
        .header(
            "If-Modified-Since",
            "The `Last-Modified` of what the client has; looked at without `If-None-Match` alone.",
            Presence::Sometimes,
        )
        .header(
            "Range",
            "One range of bytes, for whoever has the rest. Several are answered with the whole.",
            Presence::Sometimes,
        )
        .header(
            "If-Range",
            "The `ETag` or `Last-Modified` of what the client has a part of; of anything else it gets the whole.",
            Presence::Sometimes,
        )
        .answers(validated(read).named(ACCEPT_RANGES, "`bytes`.", Presence::Always))
        .answers(validated(part).named(CONTENT_RANGE, "Which bytes.", Presence::Always))
        .answers(validated(Answer::empty(304, "The client has the newest.")))
        .answers(
            validated(Answer::empty(416, "The range lies beyond the end."))
                .named(CONTENT_RANGE, "How many bytes there are.", Presence::Always),
        )
}

fn validated(answer: Answer) -> Answer {
    answer
        .cached("How long it may be kept.")
        .named(ETAG, "What `If-None-Match` names.", Presence::Always)
        .named(LAST_MODIFIED, "When it was made.", Presence::Always)
}

/// A moment in the form of [RFC 9110 §5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7).
fn http_date(time: UnixTime) -> String {
    let seconds = u64::try_from(time.seconds()).unwrap_or(0).min(LAST_HTTP_DATE);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The last second of the year 9999, which has the last date in that form.
const LAST_HTTP_DATE: u64 = 253_402_300_799;

/// Whether the client reads gzip ([RFC 9110 §12.5.3](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3)). Who does not say so gets
/// what everybody reads.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let mut any = None;
    for coding in conditions::elements(asked, &ACCEPT_ENCODING) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(is_zero_quality);
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return !refused;
        }
        if name == "*" {
            any = Some(!refused);
        }
    }
    any.unwrap_or(false)
}

fn is_zero_quality(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return false;
    };
    let digits = value.trim();
    name.trim().eq_ignore_ascii_case("q")
        && digits.starts_with('0')
        && digits.chars().all(|character| matches!(character, '0' | '.'))
}
