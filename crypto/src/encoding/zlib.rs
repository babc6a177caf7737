//! zlib ([RFC 1950](https://www.rfc-editor.org/rfc/rfc1950)) with a limit: nothing untrusted is ever inflated without one.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::ZlibDecoder;
use flate2::write::ZlibEncoder;
use thiserror::Error;

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
    /// Not a zlib stream, or one that is cut off or damaged.
    #[error("not a whole zlib stream")]
    Malformed,
    /// A whole stream with something behind it.
    #[error("bytes behind the end of the zlib stream")]
    TrailingBytes,
}

/// Inflates one whole stream into at most `limit` bytes.
///
/// # Errors
/// [`InflateError`].
pub fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut decoder = ZlibDecoder::new(bytes);
    let mut inflated = Vec::new();
    // One byte beyond the limit tells "exactly the limit" from "more".
    let allowed = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder
        .by_ref()
        .take(allowed)
        .read_to_end(&mut inflated)
        .map_err(|_| InflateError::Malformed)?;
    if inflated.len() > limit {
        return Err(InflateError::OverLimit { limit });
    }
    if decoder.into_inner().is_empty() {
        Ok(inflated)
    } else {
        Err(InflateError::TrailingBytes)
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

#[cfg(test)]
mod tests {
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
