//! What comes of it, for the app to hand to the platform.

use symbolon_protocol::digital_credentials::DigitalCredentialMessage;
use thiserror::Error;

use crate::error::WalletError;
use crate::present::{ConsentRequest, Presentation};

/// What comes of a step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OriginOutcome {
    /// Show who asks for what, then [`answer_at_origin`](crate::Wallet::answer_at_origin).
    AwaitingConsent(Box<ConsentRequest>),
    /// The key store waits for the person (screen lock, biometry). Ask, then [`resume`](crate::Wallet::resume).
    KeyLocked,
    /// Hand this to the platform. Whether it arrives is not known.
    Answered {
        /// The answer, as the platform takes it.
        answer: DigitalCredentialMessage,
        /// What was shown, for the person to keep.
        presentation: Presentation,
    },
    /// The person declined. Nothing was disclosed.
    Declined {
        /// The refusal to hand to the platform; `None` where the protocol has none, and the call is cancelled.
        answer: Option<DigitalCredentialMessage>,
    },
}

/// A request was refused. Nothing was disclosed.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{error}")]
pub struct RefusedAtOrigin {
    /// Why.
    #[source]
    pub error: WalletError,
    /// What may be handed to the platform: the code of the specification. It tells the page that this wallet was chosen
    /// ([OpenID4VP §15.6]), so ask the person first, or cancel the call. `None` also where the person refused whoever asks for always:
    /// cancel the call when the person leaves, since one that ends faster than a person acts would tell the page of it.
    ///
    /// [OpenID4VP §15.6]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-15.6
    pub answer: Option<DigitalCredentialMessage>,
}

impl From<WalletError> for RefusedAtOrigin {
    fn from(error: WalletError) -> Self {
        Self { error, answer: None }
    }
}
