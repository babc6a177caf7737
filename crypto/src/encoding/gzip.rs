//! gzip ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952)) with a limit: nothing untrusted is ever inflated without one.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::zlib::InflateError;

/// Of a sparse list of a million bits, which is what is compressed most often, the highest level makes 3 % less and takes more than twice
/// as long, while whoever revoked something waits.
const LEVEL: Compression = Compression::new(8);

/// Inflates one whole member into at most `limit` bytes.
///
/// # Errors
/// [`InflateError`]; a second member is trailing bytes.
pub fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut decoder = GzDecoder::new(bytes);
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

/// Compresses `bytes` into one member, without a time or a name in it, so that the same bytes give the same text.
#[must_use]
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), LEVEL);
    // Writing to memory does not fail; if it did, the stream would be cut and no reader would take it.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_over_its_limit_is_an_error_and_one_at_it_is_not() {
        let bomb = deflate(&vec![0; 1 << 20]);
        assert!(bomb.len() < 2000);
        assert_eq!(
            inflate(&bomb, (1 << 20) - 1),
            Err(InflateError::OverLimit { limit: (1 << 20) - 1 })
        );
        assert_eq!(inflate(&bomb, 1 << 20).map(|bytes| bytes.len()), Ok(1 << 20));
    }

    #[test]
    fn a_cut_damaged_or_extended_member_is_an_error() {
        let member = deflate(b"a whole member");
        assert_eq!(inflate(&member, 100).unwrap(), b"a whole member");
        for length in 0..member.len() {
            assert_eq!(
                inflate(&member[..length], 100),
                Err(InflateError::Malformed),
                "{length}"
            );
        }
        let mut damaged = member.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(inflate(&damaged, 100), Err(InflateError::Malformed));
        let twice = [member.as_slice(), &member].concat();
        assert_eq!(inflate(&twice, 100), Err(InflateError::TrailingBytes));
    }
}
