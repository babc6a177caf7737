//! X.509 certificates ([RFC 5280](https://www.rfc-editor.org/rfc/rfc5280)): reading them, verifying chains of them,
//! issuing them, and asking for them.

mod certificate;
mod chain;
pub mod issue;
mod name_constraints;
pub mod request;
mod signature;
#[cfg(test)]
mod tests;

pub use certificate::{Certificate, CertificateError, KeyUsages, MAX_CERTIFICATE_BYTES};
pub use chain::{
    ChainError, ChainProfile, DOCUMENT_SIGNER_KEY_PURPOSE, MAX_CHAIN_CERTIFICATES, READER_KEY_PURPOSE,
    STATUS_SIGNER_KEY_PURPOSE, VICAL_SIGNER_KEY_PURPOSE, VerifiedChain, verify_chain,
};
