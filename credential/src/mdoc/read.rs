//! Why bytes are no mdoc, and what reading one may cost.

use symbolon_crypto::cose::CoseError;
use symbolon_crypto::encoding::cbor::{CborBudget, CborError};
use thiserror::Error;

/// What reading an mdoc may cost. Every part that is CBOR within a byte string is held to the same budget again; together they
/// cannot be longer than the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MdocBudget {
    /// Bytes, depth and items of the CBOR.
    pub cbor: CborBudget,
}

impl MdocBudget {
    /// Enough for documents with portraits.
    pub const DEFAULT: Self = Self {
        cbor: CborBudget::DEFAULT,
    };
}

/// Which rule of ISO/IEC 18013-5 is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MdocError {
    /// Not CBOR of definite lengths within the budget.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// `docType` and `issuerSigned` around what should be `nameSpaces` and `issuerAuth`, as some issuers wrote before 2026.
    #[error("the issuer-signed data is wrapped in a map with docType, which it must not be")]
    Wrapped,
    /// `issuerAuth` with a CBOR tag, as some issuers wrote before 2026.
    #[error("issuerAuth must be a COSE_Sign1 without a tag")]
    TaggedIssuerAuth,
    /// A member that must be there.
    #[error("{member} is missing")]
    Missing {
        /// Its name.
        member: &'static str,
    },
    /// A member of another type or form than it must have.
    #[error("{member} is malformed")]
    Malformed {
        /// Its name.
        member: &'static str,
    },
    /// A time that is not a tagged date-time string (tag 0 around RFC 3339 text).
    #[error("{member} is not a tdate (tag 0)")]
    NotTdate {
        /// Its name.
        member: &'static str,
    },
    /// `signed`, `validFrom` and `validUntil` in another order.
    #[error("the times of validityInfo are not in order")]
    ValidityOrder,
    /// A version other than 1.
    #[error("the version of {structure} is not supported")]
    Version {
        /// Of which structure.
        structure: &'static str,
    },
    /// A digest algorithm other than SHA-256, SHA-384 and SHA-512.
    #[error("digestAlgorithm is not supported")]
    DigestAlgorithm,
    /// A digest of another length than its algorithm's.
    #[error("a digest in valueDigests has the wrong length")]
    DigestLength,
    /// A `random` of less than 16 bytes, from which an element that was withheld might be guessed.
    #[error("the random of an element is shorter than 16 bytes")]
    ShortRandom,
    /// One element twice in a namespace.
    #[error("an element is there twice")]
    RepeatedElement,
    /// One digest identifier for two elements of a namespace.
    #[error("two elements have one digestID")]
    RepeatedDigestId,
    /// A key that is no COSE_Key of a supported type.
    #[error("deviceKey is not a supported public key")]
    DeviceKey,
    /// `issuerAuth` is no COSE_Sign1 of the suite.
    #[error("issuerAuth: {0}")]
    IssuerAuth(CoseError),
    /// `issuerAuth` has no certificate chain.
    #[error("issuerAuth has no x5chain")]
    NoCertificate,
    /// `deviceSignature` or `deviceMac` is no COSE structure of the suite.
    #[error("deviceAuth: {0}")]
    DeviceAuth(CoseError),
    /// A response with none or several documents where one is expected (HAIP 1.0: one response per document).
    #[error("the response does not hold exactly one document")]
    NotOneDocument,
}

/// The member `member` is malformed.
pub(super) const fn malformed(member: &'static str) -> MdocError {
    MdocError::Malformed { member }
}

/// The member `member` is missing.
pub(super) const fn missing(member: &'static str) -> MdocError {
    MdocError::Missing { member }
}
