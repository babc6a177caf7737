//! How much text a QR code of the suite carries.
//!
//! A code on a screen is read by cheap phones at arm's length up to about version 20; above it they fail in dim
//! light. What does not fit travels by reference: a link to fetch the offer or the request from.

use thiserror::Error;

/// The longest link in a QR code, in bytes: what version 20 holds in byte mode at error correction level M
/// (ISO/IEC 18004, table 7).
pub const MAX_LINK_BYTES: usize = 666;

/// The link does not fit a code that phones read well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the link has {length} bytes and a QR code carries {MAX_LINK_BYTES}")]
pub struct LinkTooLong {
    /// The length of the link, in bytes.
    pub length: usize,
}

/// Checks that `link` fits a code.
///
/// # Errors
/// [`LinkTooLong`].
pub fn check_link(link: &str) -> Result<(), LinkTooLong> {
    if link.len() > MAX_LINK_BYTES {
        Err(LinkTooLong { length: link.len() })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_by_reference_fits_and_an_offer_by_value_may_not() {
        assert_eq!(check_link(&"a".repeat(MAX_LINK_BYTES)), Ok(()));
        assert_eq!(
            check_link(&"a".repeat(MAX_LINK_BYTES + 1)),
            Err(LinkTooLong {
                length: MAX_LINK_BYTES + 1
            })
        );
    }
}
