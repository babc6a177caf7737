//! Why attested clients are refused ([OAuth 2.0 Attestation-Based Client Authentication]).
//!
//! [OAuth 2.0 Attestation-Based Client Authentication]: https://datatracker.ietf.org/doc/draft-ietf-oauth-attestation-based-client-auth/

use symbolon_crypto::x509::ChainError;
use thiserror::Error;

use crate::oauth::error::TokenErrorCode;

/// Why an attested client was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AttestationError {
    /// Over budget, no compact JWS, or claims that are not those of the specification.
    #[error("the client attestation or its proof of possession is malformed")]
    Malformed,
    /// The wrong `typ`: some other JWT, or the two exchanged.
    #[error("the client attestation or its proof of possession has the wrong type")]
    WrongType,
    /// Not signed, or with an algorithm that is not supported.
    #[error("the client attestation is signed with an algorithm that is not supported")]
    Algorithm,
    /// A certificate that cannot be read.
    #[error("a certificate of the client attestation is malformed")]
    Certificate,
    /// The chain leads to no anchor of wallet providers, or is broken.
    #[error("the wallet provider's certificate is not trusted")]
    Chain(#[source] ChainError),
    /// Neither certificates nor the name of a key that is known.
    #[error("the wallet provider is not known")]
    UnknownAttester,
    /// The provider did not sign this.
    #[error("the signature of the client attestation is wrong")]
    Signature,
    /// No `sub`.
    #[error("the client attestation names no client")]
    NoSubject,
    /// `sub` is not the `client_id` of the request.
    #[error("the client attestation is for another client")]
    WrongClient,
    /// No `cnf.jwk`, or no valid public key.
    #[error("the client attestation holds no valid key")]
    Key,
    /// No `exp`.
    #[error("the client attestation has no exp")]
    NoExpiry,
    /// Too late.
    #[error("the client attestation has expired")]
    Expired,
    /// Older than the server's policy allows.
    #[error("the client attestation is too old")]
    NotFresh,
    /// `iat` or `nbf` lies ahead.
    #[error("the client attestation is from the future")]
    FromTheFuture,
    /// The provider revoked it, or its status cannot be known.
    #[error("the client attestation is not in force")]
    NotInForce,
    /// The attested key did not sign the proof.
    #[error("the proof of possession is not by the attested key")]
    ProofSignature,
    /// Made for another server.
    #[error("the proof of possession is for another server")]
    WrongAudience,
    /// No `jti`.
    #[error("the proof of possession has no jti")]
    NoIdentifier,
    /// No `iat`, or no number.
    #[error("the proof of possession has no iat")]
    NoIssuedAt,
    /// Older, or further in the future, than [`CLOCK_TOLERANCE`](crate::oauth::jwt::CLOCK_TOLERANCE).
    #[error("the proof of possession is too old or from the future")]
    Stale,
    /// The `jti` was seen before.
    #[error("the proof of possession was used before")]
    Replayed,
    /// No challenge, or none of this server's that is still good. The answer carries a new one in
    /// [`CHALLENGE_HEADER`](super::CHALLENGE_HEADER).
    #[error("the proof of possession needs a challenge of this server")]
    ChallengeRequired,
}

impl AttestationError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> TokenErrorCode {
        match self {
            Self::ChallengeRequired => TokenErrorCode::UseAttestationChallenge,
            Self::Expired | Self::NotFresh => TokenErrorCode::UseFreshAttestation,
            _ => TokenErrorCode::InvalidClientAttestation,
        }
    }
}
