//! What a W3C document may cost to read.

use symbolon_crypto::encoding::json::JsonBudget;

/// Limits for documents and the tokens that hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct W3cBudget {
    /// Longest token (JWT or COSE message), in bytes.
    pub token_bytes: usize,
    /// The document within, or the document itself.
    pub json: JsonBudget,
    /// Credentials in one presentation.
    pub credentials: usize,
}

impl W3cBudget {
    /// Enough for a credential with a photo, and for a presentation of several of them.
    pub const DEFAULT: Self = Self {
        token_bytes: 2 << 20,
        json: JsonBudget::DEFAULT,
        credentials: 16,
    };
}
