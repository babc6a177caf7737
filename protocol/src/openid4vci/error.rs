//! What a credential endpoint answers instead of a credential ([OpenID4VCI §8.3.1.2]).
//!
//! [OpenID4VCI §8.3.1.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8.3.1.2

use crate::oauth::error::ErrorResponse;
use crate::wire::error_codes;

error_codes! {
    /// The codes of the credential endpoint and the deferred credential endpoint, all sent with HTTP 400. What is wrong with an access
    /// token is said by a [challenge](crate::oauth::access_token::ResourceChallenge) instead.
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
        /// The transaction of a deferred credential is unknown, over, or of another grant.
        InvalidTransactionId = "invalid_transaction_id",
        /// The issuer will not issue, and trying again will not help.
        CredentialRequestDenied = "credential_request_denied",
    }
}

error_codes! {
    /// The codes of the notification endpoint, sent with HTTP 400 ([OpenID4VCI §11.3]).
    ///
    /// [OpenID4VCI §11.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11.3
    pub enum NotificationErrorCode {
        /// The `notification_id` is unknown, or of another grant.
        InvalidNotificationId = "invalid_notification_id",
        /// The request is malformed.
        InvalidNotificationRequest = "invalid_notification_request",
    }
}

/// The error document of the notification endpoint.
pub type NotificationErrorResponse = ErrorResponse<NotificationErrorCode>;

/// The error document of the credential endpoint.
pub type CredentialErrorResponse = ErrorResponse<CredentialErrorCode>;
