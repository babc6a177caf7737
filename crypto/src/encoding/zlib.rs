//! zlib ([RFC 1950](https://www.rfc-editor.org/rfc/rfc1950)), and DEFLATE without its frame
//! ([RFC 1951](https://www.rfc-editor.org/rfc/rfc1951)), with a limit: nothing untrusted is ever inflated without one.

use std::io::Write as _;

use flate2::write::{DeflateEncoder, ZlibEncoder};
use flate2::{Compression, Decompress, FlushDecompress, Status};
use thiserror::Error;

/// How many times longer than its stream text usually is.
const USUAL_RATIO: usize = 4;
/// Room for what is inflated, however short the stream is.
const MIN_ROOM_BYTES: usize = 512;

/// Why bytes were not inflated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InflateError {
    /// More than the caller allows.
    #[error("inflates to more than {limit} bytes")]
    OverLimit {
        /// The limit.
        limit: usize,
    },
    /// Not such a stream, or one that is cut off or damaged.
    #[error("not a whole compressed stream")]
    Malformed,
    /// A whole stream with something behind it.
    #[error("bytes behind the end of the compressed stream")]
    TrailingBytes,
}

/// Inflates one whole stream into at most `limit` bytes.
///
/// # Errors
/// [`InflateError`].
pub fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    inflate_by(Decompress::new(true), bytes, limit)
}

/// Inflates one whole stream without a frame, such as the `DEF` of a JWE, into at most `limit` bytes. Nothing in it says whether
/// it is damaged: what it comes in must be authenticated.
///
/// # Errors
/// [`InflateError`].
pub fn inflate_unframed(bytes: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    inflate_by(Decompress::new(false), bytes, limit)
}

fn inflate_by(mut decompress: Decompress, bytes: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    // One byte beyond the limit tells "exactly the limit" from "more".
    let most = limit.saturating_add(1);
    let mut inflated = Vec::new();
    let mut rest = bytes;
    loop {
        // At first as much as usual text inflates to; then twice as much each time.
        let room = inflated
            .len()
            .max(bytes.len().saturating_mul(USUAL_RATIO))
            .max(MIN_ROOM_BYTES);
        inflated.reserve_exact(room.min(most.saturating_sub(inflated.len())));
        let (before, written) = (decompress.total_in(), inflated.len());
        let status = decompress
            .decompress_vec(rest, &mut inflated, FlushDecompress::Finish)
            .map_err(|_| InflateError::Malformed)?;
        if inflated.len() > limit {
            return Err(InflateError::OverLimit { limit });
        }
        let read = usize::try_from(decompress.total_in().saturating_sub(before))
            .map_err(|_| InflateError::Malformed)?;
        rest = rest.get(read..).ok_or(InflateError::Malformed)?;
        match status {
            Status::StreamEnd if rest.is_empty() => return Ok(inflated),
            Status::StreamEnd => return Err(InflateError::TrailingBytes),
            // With room to spare it wants more input, and there is none.
            Status::Ok | Status::BufError if inflated.len() < inflated.capacity() => {
                return Err(InflateError::Malformed);
            }
            Status::Ok | Status::BufError if read == 0 && inflated.len() == written => {
                return Err(InflateError::Malformed);
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

/// How hard to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// The smallest output.
    Best,
    /// Stored, for bytes that are compressed already.
    Stored,
}

/// Deflates `bytes` into one zlib stream.
#[must_use]
pub fn deflate(bytes: &[u8], effort: Effort) -> Vec<u8> {
    let level = match effort {
        Effort::Best => Compression::best(),
        Effort::Stored => Compression::none(),
    };
    let mut encoder = ZlibEncoder::new(Vec::new(), level);
    // Writing to memory does not fail; if it did, the stream would be cut and no reader would take it.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Deflates `bytes` into one stream without a frame.
#[must_use]
pub fn deflate_unframed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    // As above: writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_stream_over_its_limit_is_an_error_and_one_at_it_is_not() {
        let bomb = deflate(&vec![0; 1 << 20], Effort::Best);
        assert!(bomb.len() < 2000);
        assert_eq!(
            inflate(&bomb, (1 << 20) - 1),
            Err(InflateError::OverLimit { limit: (1 << 20) - 1 })
        );
        assert_eq!(inflate(&bomb, 1 << 20).map(|bytes| bytes.len()), Ok(1 << 20));
    }

    proptest! {
        #[test]
        fn whatever_was_deflated_inflates_within_its_own_length_and_no_less(
            bytes in proptest::collection::vec(0_u8..3, 0..4000),
            repeated in 1_usize..40,
        ) {
            let bytes = bytes.repeat(repeated);
            for effort in [Effort::Best, Effort::Stored] {
                let stream = deflate(&bytes, effort);
                prop_assert_eq!(inflate(&stream, bytes.len()), Ok(bytes.clone()));
                if let Some(limit) = bytes.len().checked_sub(1) {
                    prop_assert_eq!(inflate(&stream, limit), Err(InflateError::OverLimit { limit }));
                }
            }
        }

        #[test]
        fn a_stream_without_a_frame_has_the_same_limits(
            bytes in proptest::collection::vec(0_u8..3, 0..4000),
            repeated in 1_usize..40,
        ) {
            let bytes = bytes.repeat(repeated);
            let stream = deflate_unframed(&bytes);
            prop_assert_eq!(inflate_unframed(&stream, bytes.len()), Ok(bytes.clone()));
            if let Some(limit) = bytes.len().checked_sub(1) {
                prop_assert_eq!(inflate_unframed(&stream, limit), Err(InflateError::OverLimit { limit }));
            }
            let extended = [stream.as_slice(), b"x"].concat();
            prop_assert_eq!(inflate_unframed(&extended, bytes.len()), Err(InflateError::TrailingBytes));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = inflate(&bytes, 1000);
            let _ = inflate_unframed(&bytes, 1000);
            let _ = inflate(&[&[0x78, 0xda], bytes.as_slice()].concat(), 1000);
        }
    }

    #[test]
    fn a_cut_damaged_or_extended_stream_is_an_error() {
        let stream = deflate(b"a whole stream", Effort::Best);
        for effort in [Effort::Best, Effort::Stored] {
            let stream = deflate(b"a whole stream", effort);
            for length in 0..stream.len() {
                assert_eq!(
                    inflate(&stream[..length], 100),
                    Err(InflateError::Malformed),
                    "{length}"
                );
            }
        }
        let mut damaged = stream.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(inflate(&damaged, 100), Err(InflateError::Malformed));
        let extended = [stream.as_slice(), b"x"].concat();
        assert_eq!(inflate(&extended, 100), Err(InflateError::TrailingBytes));
        assert_eq!(
            inflate(&deflate(b"stored", Effort::Stored), 6).unwrap(),
            b"stored"
        );
    }
}
