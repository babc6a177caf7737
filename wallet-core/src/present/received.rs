//! A request as it came, kept until it is answered and with what answered it.

use serde::{Deserialize, Serialize};

/// A request as it came.
///
/// Written down, a signed request is the text that versions before knew alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ReceivedRequest {
    /// A signed request object.
    Signed(String),
    /// A signed request object that was read from QR codes.
    ByQr {
        /// The object.
        by_qr: String,
    },
    /// A request that nobody signed.
    Unsigned {
        /// Its parameters, as a query.
        parameters: String,
    },
}

impl ReceivedRequest {
    /// The request object, or the parameters as a query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Signed(text) | Self::ByQr { by_qr: text } | Self::Unsigned { parameters: text } => text,
        }
    }
}
