//! What a wallet answers instead of a presentation ([OpenID4VP §8.5]).
//!
//! [OpenID4VP §8.5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.5

use crate::wire::error_codes;

error_codes! {
    /// The codes of the authorization error response.
    pub enum PresentationErrorCode {
        /// Malformed, contradictory, or not signed as its client identifier demands.
        InvalidRequest = "invalid_request",
        /// The verifier's metadata contradicts what the wallet knows of it.
        InvalidClient = "invalid_client",
        /// A scope that stands for no query.
        InvalidScope = "invalid_scope",
        /// `response_type` is not `vp_token`.
        UnsupportedResponseType = "unsupported_response_type",
        /// The resident declined, or no credential answers the query.
        AccessDenied = "access_denied",
        /// The verifier reads none of the formats in which the wallet holds the credential.
        VpFormatsNotSupported = "vp_formats_not_supported",
        /// `request_uri_method` is neither `get` nor `post`.
        InvalidRequestUriMethod = "invalid_request_uri_method",
        /// Transaction data that the wallet does not understand.
        InvalidTransactionData = "invalid_transaction_data",
        /// No wallet answered.
        WalletUnavailable = "wallet_unavailable",
        /// The wallet failed.
        ServerError = "server_error",
    }
}
