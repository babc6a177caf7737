//! Problem details: how errors are told to other software
//! ([VCDM 2.0 §7.2](https://www.w3.org/TR/vc-data-model-2.0/#problem-details),
//! [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).

use serde::Serialize;

/// A type of problem that a W3C specification gives a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemType {
    /// The input cannot be parsed (VCDM 2.0).
    ParsingError,
    /// The signature is wrong (VCDM 2.0).
    CryptographicSecurityError,
    /// A property has a value that it must not have (VCDM 2.0).
    MalformedValueError,
    /// A value is outside of its range (VCDM 2.0).
    RangeError,
    /// A Data Integrity proof could not be made.
    ProofGenerationError,
    /// A Data Integrity proof does not verify.
    ProofVerificationError,
    /// A document could not be brought into its canonical form.
    ProofTransformationError,
    /// A proof is for another domain.
    InvalidDomainError,
    /// A proof is for another challenge.
    InvalidChallengeError,
    /// The verification method is not what it must be (Controlled Identifiers).
    InvalidVerificationMethod,
    /// The verification method is not meant for this purpose (Controlled Identifiers).
    InvalidRelationshipForVerificationMethod,
    /// The status list could not be had (Bitstring Status List).
    StatusRetrievalError,
    /// The status list does not verify (Bitstring Status List).
    StatusVerificationError,
    /// The status list is too short to hide whom it is asked for (Bitstring Status List).
    StatusListLengthError,
}

impl ProblemType {
    /// The URL.
    #[must_use]
    pub const fn url(self) -> &'static str {
        match self {
            Self::ParsingError => "https://www.w3.org/TR/vc-data-model#PARSING_ERROR",
            Self::CryptographicSecurityError => {
                "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"
            }
            Self::MalformedValueError => "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR",
            Self::RangeError => "https://www.w3.org/TR/vc-data-model#RANGE_ERROR",
            Self::ProofGenerationError => "https://w3id.org/security#PROOF_GENERATION_ERROR",
            Self::ProofVerificationError => "https://w3id.org/security#PROOF_VERIFICATION_ERROR",
            Self::ProofTransformationError => "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR",
            Self::InvalidDomainError => "https://w3id.org/security#INVALID_DOMAIN_ERROR",
            Self::InvalidChallengeError => "https://w3id.org/security#INVALID_CHALLENGE_ERROR",
            Self::InvalidVerificationMethod => "https://w3id.org/security#INVALID_VERIFICATION_METHOD",
            Self::InvalidRelationshipForVerificationMethod => {
                "https://w3id.org/security#INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
            }
            Self::StatusRetrievalError => {
                "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"
            }
            Self::StatusVerificationError => {
                "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"
            }
            Self::StatusListLengthError => {
                "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"
            }
        }
    }

    /// A short sentence for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ParsingError => "The input cannot be parsed",
            Self::CryptographicSecurityError => "The document is not what was signed",
            Self::MalformedValueError => "A property has a malformed value",
            Self::RangeError => "A value is out of its range",
            Self::ProofGenerationError => "The proof could not be made",
            Self::ProofVerificationError => "The proof does not verify",
            Self::ProofTransformationError => "The document could not be transformed for its proof",
            Self::InvalidDomainError => "The proof is for another domain",
            Self::InvalidChallengeError => "The proof is for another challenge",
            Self::InvalidVerificationMethod => "The verification method is not valid",
            Self::InvalidRelationshipForVerificationMethod => {
                "The verification method is not meant for this purpose"
            }
            Self::StatusRetrievalError => "The status list could not be retrieved",
            Self::StatusVerificationError => "The status list does not verify",
            Self::StatusListLengthError => "The status list is too short",
        }
    }

    /// The object that tells of it. `detail` says more; it must hold neither personal data nor text of a peer.
    #[must_use]
    pub fn details(self, detail: impl Into<String>) -> ProblemDetails {
        ProblemDetails {
            problem: self.url(),
            title: self.title(),
            detail: detail.into(),
        }
    }
}

/// A `ProblemDetails` object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemDetails {
    /// What kind, as a URL.
    #[serde(rename = "type")]
    pub problem: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// This case in words.
    pub detail: String,
}
