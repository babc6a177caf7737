//! The nonce endpoint ([OpenID4VCI §7]): POST without a body, answered with `Cache-Control: no-store`.
//!
//! [OpenID4VCI §7]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7

use serde::{Deserialize, Serialize};

use super::identifiers::CNonce;
use crate::wire::parse_json;

/// The largest nonce response that is read, in bytes.
pub const MAX_NONCE_RESPONSE_BYTES: usize = 4 * 1024;

/// A fresh nonce for key proofs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceResponse {
    /// The nonce.
    pub c_nonce: CNonce,
}

impl NonceResponse {
    /// Reads the response of a nonce endpoint; `None` when it is none.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        parse_json(body, MAX_NONCE_RESPONSE_BYTES).ok()
    }
}
