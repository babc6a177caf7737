//! What a credential endpoint answers instead of a credential ([OpenID4VCI §8.3.1.2]).
//!
//! [OpenID4VCI §8.3.1.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8.3.1.2

use crate::oauth::error::ErrorResponse;
use crate::wire::error_codes;

error_codes! {
    /// The codes of the credential endpoint, all sent with HTTP 400. What is wrong with an access token is said
    /// by a [challenge](crate::oauth::access_token::ResourceChallenge) instead.
    pub enum CredentialErrorCode {
        /// Malformed, or both or neither of the two identifiers.
        InvalidCredentialRequest = "invalid_credential_request",
        /// No configuration of that name.
        UnknownCredentialConfiguration = "unknown_credential_configuration",
        /// No dataset of that name.
        UnknownCredentialIdentifier = "unknown_credential_identifier",
        /// The proof is missing or wrong, or carries no nonce.
        InvalidProof = "invalid_proof",
        /// The nonce of the proof is unknown, used or stale: fetch a new one and try again.
        InvalidNonce = "invalid_nonce",
        /// The encryption that the wallet asks for is missing or not offered.
        InvalidEncryptionParameters = "invalid_encryption_parameters",
        /// The issuer will not issue, and trying again will not help.
        CredentialRequestDenied = "credential_request_denied",
    }
}

/// The error document of the credential endpoint.
pub type CredentialErrorResponse = ErrorResponse<CredentialErrorCode>;
