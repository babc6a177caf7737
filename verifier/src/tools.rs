//! What a session computes with. Handed in.

use symbolon_credential::data_integrity::JsonLdProcessor;
use symbolon_crypto::CryptoProvider;

/// What a session computes with.
#[derive(Clone, Copy)]
pub struct Tools<'t> {
    /// Verifies signatures.
    pub crypto: &'t dyn CryptoProvider,
    /// Processes JSON-LD. Without it a credential whose proof is over JSON-LD is unknown, never valid.
    pub json_ld: Option<&'t dyn JsonLdProcessor>,
}

impl<'t> Tools<'t> {
    /// Signatures alone: for a verifier that links no JSON-LD processor.
    #[must_use]
    pub const fn without_json_ld(crypto: &'t dyn CryptoProvider) -> Self {
        Self {
            crypto,
            json_ld: None,
        }
    }

    /// Signatures and JSON-LD.
    #[must_use]
    pub const fn with_json_ld(crypto: &'t dyn CryptoProvider, json_ld: &'t dyn JsonLdProcessor) -> Self {
        Self {
            crypto,
            json_ld: Some(json_ld),
        }
    }
}
