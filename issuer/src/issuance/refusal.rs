//! Why no credential leaves.

use symbolon_credential::data_integrity::{ProofNotGenerated, ecdsa_sd_2023};
use symbolon_credential::mdoc::IssueMdocError;
use symbolon_credential::sd_jwt_vc::SdJwtVcIssueError;
use symbolon_credential::status::InvalidStatusUri;
use symbolon_credential::w3c::DocumentError;
use symbolon_credential::w3c::jose::PrepareJwtError;
use symbolon_crypto::RandomnessUnavailable;
use symbolon_did::InvalidDid;
use symbolon_protocol::oauth::access_token::ResourceErrorCode;
use symbolon_protocol::openid4vci::credential::CredentialRequestError;
use symbolon_protocol::openid4vci::deferred::DeferredRequestError;
use symbolon_protocol::openid4vci::error::CredentialErrorCode;
use symbolon_protocol::openid4vci::key_attestation::KeyAttestationError;
use symbolon_protocol::openid4vci::proof::ProofError;
use symbolon_protocol::openid4vci::proof_di_vp::DiVpProofError;
use thiserror::Error;

use crate::grant::{AccessRefusal, NonceRefused, SelectorRefusal};
use crate::mapping::MappingError;
use crate::transaction::TransactionRefusal;

/// Why a credential request is refused: the wallet's fault, or the issuer's will.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CredentialRefusal {
    /// The request itself.
    #[error(transparent)]
    Request(#[from] CredentialRequestError),
    /// A dataset where the token response named none, or a configuration where it named datasets.
    #[error(transparent)]
    Selector(#[from] SelectorRefusal),
    /// A configuration that this issuer does not have.
    #[error("no credential configuration has this name")]
    UnknownConfiguration,
    /// The token is unknown, or does not entitle to this.
    #[error(transparent)]
    Access(#[from] AccessRefusal),
    /// Credentials are bound to keys, and no proof of one came.
    #[error("a key proof is required")]
    ProofMissing,
    /// A kind of proof that the configuration does not list.
    #[error("the credential configuration does not take this kind of proof")]
    ProofTypeNotTaken,
    /// More proofs than this issuer takes.
    #[error("the request carries more proofs than this issuer takes")]
    TooManyProofs,
    /// A proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A `di_vp` proof.
    #[error(transparent)]
    DiVpProof(#[from] DiVpProofError),
    /// An `attestation` proof.
    #[error(transparent)]
    KeyAttestation(#[from] KeyAttestationError),
    /// A deferred credential request itself.
    #[error(transparent)]
    Deferred(#[from] DeferredRequestError),
    /// A request that is not, or not readably, encrypted.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
    /// This issuer encrypts every response, and the request does not say how.
    #[error("the credential response must be encrypted, and credential_response_encryption is missing")]
    ResponseEncryptionMissing,
    /// A deferred credential.
    #[error(transparent)]
    Transaction(#[from] TransactionRefusal),
    /// One key twice: a batch must not bind two credentials to one key, or presentations of them can be linked.
    #[error("two proofs are for one key")]
    RepeatedKey,
    /// A nonce that is stale or another issuer's.
    #[error(transparent)]
    Nonce(#[from] NonceRefused),
    /// A nonce that was used before.
    #[error("the nonce was used before")]
    NonceSpent,
    /// The register does not know the resident any more.
    #[error("there is no record to issue from")]
    RecordMissing,
    /// The register knows the resident as deceased.
    #[error("no credential is issued from this record")]
    Deceased,
    /// The record lacks what the credential must hold.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// Why a request was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotOpened {
    /// This issuer takes encrypted requests alone.
    #[error("the request must be encrypted")]
    Plain,
    /// For a key that this issuer does not have, or no longer.
    #[error("the request is encrypted to a key that is not in the issuer's metadata")]
    UnknownKey,
    /// By means that this issuer does not offer.
    #[error("the request is encrypted with an algorithm that is not supported")]
    Algorithm,
    /// More than a request may have.
    #[error("the request is too large")]
    TooLarge,
    /// No JWE, or one that does not decrypt.
    #[error("the request cannot be decrypted")]
    Malformed,
}

impl NotOpened {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> CredentialErrorCode {
        match self {
            Self::Plain | Self::UnknownKey | Self::Algorithm => {
                CredentialErrorCode::InvalidEncryptionParameters
            }
            Self::TooLarge | Self::Malformed => CredentialErrorCode::InvalidCredentialRequest,
        }
    }
}

/// How a refusal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
    /// HTTP 400 with an error document ([OpenID4VCI §8.3.1.2]).
    ///
    /// [OpenID4VCI §8.3.1.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8.3.1.2
    Credential(CredentialErrorCode),
    /// A challenge about the access token ([RFC 6750 §3.1]).
    ///
    /// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    AccessToken(ResourceErrorCode),
}

impl CredentialRefusal {
    /// The code on the wire.
    #[must_use]
    pub fn code(&self) -> RefusalCode {
        use CredentialErrorCode as Code;
        match self {
            Self::Request(error) => RefusalCode::Credential(error.code()),
            Self::Selector(SelectorRefusal::UnknownIdentifier) => {
                RefusalCode::Credential(Code::UnknownCredentialIdentifier)
            }
            // §8.2: naming a configuration is not allowed then.
            Self::Selector(SelectorRefusal::IdentifierRequired) => {
                RefusalCode::Credential(Code::InvalidCredentialRequest)
            }
            Self::UnknownConfiguration => RefusalCode::Credential(Code::UnknownCredentialConfiguration),
            Self::Access(AccessRefusal::Expired) => RefusalCode::AccessToken(ResourceErrorCode::InvalidToken),
            // §8.3.1.1: a token that does not enable the issuance of this credential is RFC 6750's business.
            Self::Access(AccessRefusal::OtherConfiguration) => {
                RefusalCode::AccessToken(ResourceErrorCode::InsufficientScope)
            }
            Self::ProofMissing | Self::ProofTypeNotTaken | Self::TooManyProofs | Self::RepeatedKey => {
                RefusalCode::Credential(Code::InvalidProof)
            }
            Self::DiVpProof(error) => RefusalCode::Credential(error.code()),
            Self::KeyAttestation(error) => RefusalCode::Credential(error.code()),
            Self::Deferred(error) => RefusalCode::Credential(error.code()),
            Self::NotOpened(error) => RefusalCode::Credential(error.code()),
            Self::ResponseEncryptionMissing => RefusalCode::Credential(Code::InvalidEncryptionParameters),
            Self::Transaction(TransactionRefusal::Denied) => {
                RefusalCode::Credential(Code::CredentialRequestDenied)
            }
            Self::Transaction(_) => RefusalCode::Credential(Code::InvalidTransactionId),
            Self::Proof(error) => RefusalCode::Credential(error.code()),
            Self::Nonce(_) | Self::NonceSpent => RefusalCode::Credential(Code::InvalidNonce),
            // Trying again will not help, and why is between the resident and the register.
            Self::Access(AccessRefusal::Exhausted)
            | Self::RecordMissing
            | Self::Deceased
            | Self::Mapping(_) => RefusalCode::Credential(Code::CredentialRequestDenied),
        }
    }
}

/// Why an accepted request cannot be served: the issuer's fault.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssuanceFailure {
    /// The register or the wallet is at fault after all.
    #[error(transparent)]
    Refused(#[from] CredentialRefusal),
    /// Fewer indices or signatures than keys.
    #[error("an issuance needs one status index and one signature for each key")]
    CountMismatch,
    /// A request that nothing pays for is to wait.
    #[error("a credential request without an access token cannot wait")]
    NotPaid,
    /// The configuration is not one of this issuer's profile.
    #[error("the credential configuration is not one of this issuer")]
    NotOfThisIssuer,
    /// No key signs this format, which is found out at start.
    #[error("no key of the issuer signs credentials of this format")]
    NoKey,
    /// The SD-JWT VC cannot be written.
    #[error("the credential cannot be written")]
    SdJwtVc(#[from] SdJwtVcIssueError),
    /// The mdoc cannot be written.
    #[error("the mdoc cannot be written")]
    Mdoc(#[from] IssueMdocError),
    /// The document of the W3C credential cannot be built.
    #[error("the document of the credential cannot be built")]
    Document(#[from] DocumentError),
    /// The document cannot be secured as a JWT.
    #[error("the credential cannot be written as a JWT")]
    Jwt(#[from] PrepareJwtError),
    /// The document gets no proof.
    #[error("the credential cannot be secured")]
    Proof(#[from] ProofNotGenerated),
    /// The document gets no proof of which parts can be shown.
    #[error("the credential cannot be secured for selective disclosure")]
    SelectiveProof(#[from] ecdsa_sd_2023::IssueError),
    /// The secured document is no JSON object.
    #[error("the secured document is not an object")]
    NotAnObject,
    /// The holder's key cannot be written as a DID.
    #[error("the holder's key cannot be written as a DID")]
    HolderDid(#[from] InvalidDid),
    /// The status list's address cannot be written.
    #[error(transparent)]
    StatusUri(#[from] InvalidStatusUri),
    /// A claim's path cannot be written.
    #[error("a claim's path cannot be written")]
    ClaimPath,
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}
