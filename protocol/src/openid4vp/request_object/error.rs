//! Why a request object is refused.

use symbolon_crypto::x509::ChainError;
use thiserror::Error;

use super::REQUEST_OBJECT_TYPE;
use crate::openid4vp::error::PresentationErrorCode;
use crate::openid4vp::request::RequestDefect;

/// Why a request object was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestObjectError {
    /// Over budget, no compact JWS, or claims that are no JSON object.
    #[error("the request object is malformed")]
    Malformed,
    /// Not signed, or with an algorithm that is not supported.
    #[error("the request object is not signed with a supported algorithm")]
    Algorithm,
    /// `typ` is not [`REQUEST_OBJECT_TYPE`].
    #[error("the request object has not the type {REQUEST_OBJECT_TYPE}")]
    WrongType,
    /// The object names another client than the link.
    #[error("the request object names another client than the link")]
    ClientIdMismatch,
    /// No certificate.
    #[error("the request object has no certificate")]
    NoCertificate,
    /// A certificate that cannot be read.
    #[error("a certificate of the request object is malformed")]
    Certificate,
    /// The certificate is not the one, or has not the name, that the client identifier says.
    #[error("the certificate of the request object is not that of the client identifier")]
    CertificateMismatch,
    /// A client that cannot sign, or was registered without a key.
    #[error("the client cannot sign its request, and it is signed")]
    Signed,
    /// A client that must sign.
    #[error("the client must sign its request, and it is not signed")]
    Unsigned,
    /// A client without a prefix that nobody registered.
    #[error("the verifier is not registered with this wallet")]
    NotRegistered,
    /// `kid` names no key of the DID, or none that may sign for it.
    #[error("the request object names no key of the client that may sign")]
    NoKey,
    /// The chain leads to no anchor of relying parties, or is broken.
    #[error("the verifier's certificate is not trusted")]
    Chain(#[source] ChainError),
    /// The signature is wrong.
    #[error("the signature of the request object is wrong")]
    Signature,
    /// The answer would go to an address that is not the verifier's.
    #[error("response_uri does not belong to the verifier")]
    ForeignResponseUri,
    /// The object is for another audience.
    #[error("the request object is for another audience")]
    Audience,
    /// Too late.
    #[error("the request has expired")]
    Expired,
    /// It came by QR code and does not say when it was made and until when it is good, or is good for longer than
    /// [`MAX_REQUEST_LIFETIME`](crate::qr_transport::MAX_REQUEST_LIFETIME).
    #[error("a request by QR code must expire soon after it was made")]
    LongLived,
    /// `iat` or `nbf` lies ahead by more than [`CLOCK_TOLERANCE`](super::CLOCK_TOLERANCE).
    #[error("the request object is from the future")]
    FromTheFuture,
    /// The nonce of the wallet is not repeated: the object was not made for this fetch.
    #[error("the request object does not repeat the nonce of the wallet")]
    WalletNonce,
    /// A parameter is refused.
    #[error(transparent)]
    Parameters(#[from] RequestDefect),
}

impl RequestObjectError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(&self) -> PresentationErrorCode {
        match self {
            Self::Parameters(defect) => defect.code(),
            _ => PresentationErrorCode::InvalidRequest,
        }
    }
}
