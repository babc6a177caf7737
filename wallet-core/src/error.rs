//! The one error of the facade.

use symbolon_crypto::RandomnessUnavailable;
use symbolon_crypto::signing::KeyError;
use symbolon_protocol::oauth::authorization_response::AuthorizationResponseError;
use symbolon_protocol::openid4vci::offer::OfferError;
use thiserror::Error;

use crate::ports::{AttestationUnavailable, StoreError, TransportError};
use crate::present::RequestProblem;
use crate::record::RecordError;

/// Why a call did not do what it was asked to. Every variant is something that an app can act on; nothing in it comes from a
/// peer's text or from a credential. What a person or a peer decided is an outcome, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The link is neither an offer nor a request that this wallet reads: scan again, or another code.
    #[error("this is not a link that the wallet can read")]
    UnreadableLink,
    /// The link is an offer and breaks a rule of the specification.
    #[error("the offer is not acceptable")]
    UnacceptableOffer(#[source] OfferError),
    /// The offer comes from an issuer that the wallet's policy does not name. Nothing was fetched.
    #[error("the issuer of the offer is not known to this wallet")]
    UnknownIssuer,
    /// Who asks for a presentation could not be established, or asks in a way that is not allowed. Nothing was sent.
    #[error("the request for a presentation was refused")]
    RequestRefused(#[source] RequestProblem),
    /// The network failed; the flow is kept. Try [`resume`](crate::Wallet::resume) later.
    #[error("the network failed")]
    Network(#[source] TransportError),
    /// The peer is overloaded or fails; the flow is kept. Try [`resume`](crate::Wallet::resume) later.
    #[error("the peer answered with HTTP status {status}")]
    PeerUnavailable {
        /// The HTTP status.
        status: u16,
    },
    /// The address is not the answer that the flow waits for: another server's, or to another request. The flow still waits
    /// for its own.
    #[error("this is not the answer that the wallet waits for")]
    ForeignAnswer(#[source] AuthorizationResponseError),
    /// There is no such flow or credential (any more).
    #[error("there is no such flow or credential")]
    NotFound,
    /// The flow is at another point: resume it to learn where.
    #[error("the flow is at another point")]
    WrongStage,
    /// The choice names a credential that does not answer the request.
    #[error("the choice does not answer the request")]
    InvalidChoice,
    /// Another call changed the same flow at the same time: resume it to learn where it is.
    #[error("the flow was changed by another call")]
    Conflict,
    /// The wallet waits for the person (screen lock, biometry).
    #[error("the wallet is locked")]
    Locked,
    /// The key of the credential is gone, or the platform ended it: have the credential issued again. See
    /// [`to_reissue`](crate::Wallet::to_reissue).
    #[error("the key is gone")]
    KeyGone,
    /// The store is damaged: restore, or have the credentials issued again.
    #[error("the wallet's store is damaged")]
    StoreDamaged,
    /// The store was written by a newer version: update the app.
    #[error("the wallet's store was written by a newer version")]
    UpdateNeeded,
    /// Storage, key store or randomness of the device failed.
    #[error("the device failed")]
    DeviceFailed(#[source] DeviceFault),
}

/// What of the device failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceFault {
    /// The store.
    #[error("the wallet's store cannot be used")]
    Store,
    /// The key store.
    #[error("the key store cannot be used")]
    Keys,
    /// The provider of the wallet, which attests it.
    #[error("the wallet cannot be attested")]
    Attestation,
    /// The source of randomness.
    #[error("randomness is unavailable")]
    Randomness,
    /// A value of the wallet's own could not be built, which is a defect of this crate.
    #[error("the wallet could not build a message")]
    Internal,
}

impl From<StoreError> for WalletError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict,
            StoreError::Locked => Self::Locked,
            StoreError::Damaged => Self::StoreDamaged,
            StoreError::NewerVersion { .. } => Self::UpdateNeeded,
            StoreError::Unavailable => Self::DeviceFailed(DeviceFault::Store),
        }
    }
}

impl From<RecordError> for WalletError {
    fn from(error: RecordError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<TransportError> for WalletError {
    fn from(error: TransportError) -> Self {
        Self::Network(error)
    }
}

impl From<RandomnessUnavailable> for WalletError {
    fn from(_: RandomnessUnavailable) -> Self {
        Self::DeviceFailed(DeviceFault::Randomness)
    }
}

impl From<AttestationUnavailable> for WalletError {
    fn from(_: AttestationUnavailable) -> Self {
        Self::DeviceFailed(DeviceFault::Attestation)
    }
}

impl From<KeyError> for WalletError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unknown | KeyError::Invalidated => Self::KeyGone,
            _ => Self::DeviceFailed(DeviceFault::Keys),
        }
    }
}
