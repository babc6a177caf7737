//! One range of bytes ([RFC 9110 §14](https://www.rfc-editor.org/rfc/rfc9110#section-14)).

use http::HeaderMap;
use http::header::RANGE;

/// Which bytes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of them.
    Whole,
    /// These.
    Part(ByteRange),
    /// None that there are.
    Beyond,
}

/// From the first byte to the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteRange {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl ByteRange {
    /// `Content-Range` of a part.
    pub(super) fn of(self, length: usize) -> String {
        format!("bytes {}-{}/{length}", self.start, self.end.saturating_sub(1))
    }

    /// `Content-Range` where no such part is.
    pub(super) fn beyond(length: usize) -> String {
        format!("bytes */{length}")
    }
}

/// What is asked for of `length` bytes. What cannot be read, and more than one range, is answered with the whole, as the specification
/// allows: many small ranges of one document are an attack more often than a wish.
pub(super) fn wanted(asked: &HeaderMap, length: usize) -> Wanted {
    let mut lines = asked.get_all(RANGE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Wanted::Whole;
    };
    let range = line
        .to_str()
        .ok()
        .and_then(|text| text.trim().strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.trim().split_once('-')) else {
        return Wanted::Whole;
    };
    let (start, end) = match (number(first), number(last)) {
        (Some(start), None) if last.trim().is_empty() => (start, length),
        (Some(start), Some(last)) if start <= last => (start, last.saturating_add(1).min(length)),
        (None, Some(suffix)) if first.trim().is_empty() => (length.saturating_sub(suffix), length),
        _ => return Wanted::Whole,
    };
    if start >= end {
        Wanted::Beyond
    } else {
        Wanted::Part(ByteRange { start, end })
    }
}

/// A number in digits alone; one that no document is long enough for is as large as can be.
fn number(text: &str) -> Option<usize> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(usize::MAX))
}
