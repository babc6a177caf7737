//! X.509 certificates ([RFC 5280](https://www.rfc-editor.org/rfc/rfc5280)): reading them, verifying chains of them,
//! issuing them, asking for them, and the lists of those that were taken back.

mod certificate;
mod chain;
pub mod issue;
mod name_constraints;
pub mod request;
mod revocation;
mod revocation_list;
pub(crate) mod signature;
#[cfg(test)]
mod tests;

pub use certificate::{Certificate, CertificateError, KeyUsages, MAX_CERTIFICATE_BYTES};
pub use chain::{
    ChainError, ChainProfile, DOCUMENT_SIGNER_KEY_PURPOSE, MAX_CHAIN_CERTIFICATES, READER_KEY_PURPOSE,
    STATUS_SIGNER_KEY_PURPOSE, VICAL_SIGNER_KEY_PURPOSE, VerifiedChain, verify_authority, verify_chain,
};
pub use revocation::{Revocation, RevocationGap, SignerChain, check_revocation};
pub use revocation_list::{
    MAX_REVOCATION_LIST_BYTES, MAX_REVOKED_CERTIFICATES, RevocationList, RevocationListError,
    RevocationListNumber, RevocationListRejected, RevocationReason, Revoked, RevokedCertificate,
    VerifiedRevocationList,
};
