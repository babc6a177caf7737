//! A file, or the rest of it ([RFC 9110 §14]).
//!
//! [RFC 9110 §14]: https://www.rfc-editor.org/rfc/rfc9110#section-14

use std::io::SeekFrom;
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, IF_RANGE,
    RANGE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_trust::distribution::PublishedFile;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::{has, tag_of};

/// A file never changes under its name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The bytes that are read at once.
const PIECE_BYTES: u64 = 64 << 10;

/// An answer, and how many bytes of the file it has.
pub(super) struct Answered {
    pub(super) response: Response,
    pub(super) bytes: u64,
}

/// What is wanted of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part { first: u64, last: u64 },
    Nothing,
}

pub(super) async fn answer(path: &Path, file: &PublishedFile, headers: &HeaderMap) -> Answered {
    let tag = tag_of(&file.sha256);
    let (status, part) = if has(headers, &tag) {
        (StatusCode::NOT_MODIFIED, None)
    } else {
        match wanted(headers, file.bytes, &tag) {
            Wanted::Whole => (StatusCode::OK, Some((0, file.bytes))),
            Wanted::Part { first, last } => (StatusCode::PARTIAL_CONTENT, Some((first, last - first + 1))),
            Wanted::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, None),
        }
    };
    let body = match part {
        None => Body::empty(),
        Some((first, length)) => match read(path, first, length).await {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "a published file cannot be read");
                return Answered {
                    response: StatusCode::SERVICE_UNAVAILABLE.into_response(),
                    bytes: 0,
                };
            }
        },
    };
    let mut response = (status, body).into_response();
    let fields = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            fields.insert(name, value);
        }
    };
    set(CACHE_CONTROL, FOR_EVER);
    set(ETAG, &tag);
    set(ACCEPT_RANGES, "bytes");
    if let Some((first, length)) = part {
        set(CONTENT_TYPE, "application/octet-stream");
        set(CONTENT_LENGTH, &length.to_string());
        if status == StatusCode::PARTIAL_CONTENT {
            let last = first + length - 1;
            set(CONTENT_RANGE, &format!("bytes {first}-{last}/{}", file.bytes));
        }
    } else if status == StatusCode::RANGE_NOT_SATISFIABLE {
        set(CONTENT_RANGE, &format!("bytes */{}", file.bytes));
    }
    Answered {
        response,
        bytes: part.map_or(0, |(_, length)| length),
    }
}

/// One range is served. Several, other units, and one that does not read are answered with the whole file, as the standard allows.
fn wanted(headers: &HeaderMap, bytes: u64, tag: &str) -> Wanted {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let Some(range) = text(RANGE).and_then(|range| range.strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    // The rest of another file is of no use: the client gets this one whole.
    if text(IF_RANGE).is_some_and(|condition| condition != tag) {
        return Wanted::Whole;
    }
    let Some((first, last)) = range.split_once('-') else {
        return Wanted::Whole;
    };
    let end = bytes.saturating_sub(1);
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), _) if last.is_empty() && first < bytes => Wanted::Part { first, last: end },
        (Ok(first), Ok(last)) if first < bytes && first <= last => Wanted::Part {
            first,
            last: last.min(end),
        },
        (Err(_), Ok(length)) if first.is_empty() && length > 0 && bytes > 0 => Wanted::Part {
            first: bytes.saturating_sub(length),
            last: end,
        },
        (Ok(first), _) if first >= bytes => Wanted::Nothing,
        (Err(_), Ok(0)) if first.is_empty() => Wanted::Nothing,
        _ => Wanted::Whole,
    }
}

async fn read(path: &Path, first: u64, length: u64) -> std::io::Result<Body> {
    let mut file = File::open(path).await?;
    file.seek(SeekFrom::Start(first)).await?;
    let pieces = stream::try_unfold((file, length), |(mut file, left)| async move {
        let next = left.min(PIECE_BYTES);
        if next == 0 {
            return Ok::<_, std::io::Error>(None);
        }
        let mut piece = vec![0; usize::try_from(next).unwrap_or(0)];
        file.read_exact(&mut piece).await?;
        Ok(Some((Bytes::from(piece), (file, left - next))))
    });
    Ok(Body::from_stream(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str, condition: Option<&str>) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_str(range).unwrap());
        if let Some(condition) = condition {
            headers.insert(IF_RANGE, HeaderValue::from_str(condition).unwrap());
        }
        wanted(&headers, 100, "\"tag\"")
    }

    #[test]
    fn one_range_is_served_and_everything_else_is_the_whole_file() {
        let part = |first, last| Wanted::Part { first, last };
        for (range, expected) in [
            ("bytes=10-", part(10, 99)),
            ("bytes=0-0", part(0, 0)),
            ("bytes=10-19", part(10, 19)),
            ("bytes=10-1000", part(10, 99)),
            ("bytes=-5", part(95, 99)),
            ("bytes=-500", part(0, 99)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=20-10", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
        ] {
            assert_eq!(asked(range, None), expected, "{range}");
        }
        assert_eq!(asked("bytes=10-", Some("\"tag\"")), part(10, 99));
        assert_eq!(asked("bytes=10-", Some("\"other\"")), Wanted::Whole);
        assert_eq!(wanted(&HeaderMap::new(), 100, "\"tag\""), Wanted::Whole);
    }
}
