//! Showing credentials over the Digital Credentials API: the platform hands over what a page asks and the origin of that page, which it
//! vouches for, and takes the answer back.

use symbolon_protocol::digital_credentials::{DigitalCredentialMessage, Origin};
use symbolon_wallet_core as wallet_core;
use symbolon_wallet_core::present as core;

use super::{ConsentRequest, Decision, Presentation};
use crate::error::{Argument, DeviceFault, RequestProblem, WalletError};
use crate::wallet::Wallet;

/// What came of what a page asks.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[expect(
    clippy::large_enum_variant,
    reason = "what crosses the boundary is copied into a buffer, and one such value lives at a time"
)]
pub enum OriginAsked {
    /// Show who asks for what, then `answer_at_origin`.
    AwaitingConsent {
        /// What to show.
        request: ConsentRequest,
    },
    /// The request is not answered, and nothing was disclosed.
    Refused {
        /// Why.
        problem: RequestProblem,
        /// What may be handed to the platform, as JSON. It tells the page that this wallet was chosen, so ask the person first, or cancel
        /// the call. Absent where the protocol has no such answer.
        answer: Option<String>,
    },
}

/// What comes of a step.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[expect(
    clippy::large_enum_variant,
    reason = "what crosses the boundary is copied into a buffer, and one such value lives at a time"
)]
pub enum OriginOutcome {
    /// Show who asks for what, then `answer_at_origin`.
    AwaitingConsent {
        /// What to show.
        request: ConsentRequest,
    },
    /// The key store waits for the person (screen lock, biometry). Ask, then `resume`.
    KeyLocked,
    /// Hand the answer to the platform. Whether it arrives is not known.
    Answered {
        /// The answer, as JSON: `{"protocol": …, "data": {…}}`.
        answer: String,
        /// What was shown, for the person to keep.
        presentation: Presentation,
    },
    /// The person declined. Nothing was disclosed.
    Declined {
        /// The refusal to hand to the platform, as JSON; absent where the protocol has none, and the call is cancelled.
        answer: Option<String>,
    },
}

#[uniffi::export]
impl Wallet {
    /// Verifies what a page asks: `requests` is the JSON that the platform hands over, `{"digital": {"requests": […]}}` or one request
    /// alone. `origin` is what the platform says of the page, never what the page says. Of several requests the first is answered that
    /// this wallet can follow.
    pub async fn present_at_origin(
        &self,
        requests: String,
        origin: String,
    ) -> Result<OriginAsked, WalletError> {
        let unusable = || WalletError::argument(Argument::OriginRequest);
        let requests =
            DigitalCredentialMessage::parse_requests(requests.as_bytes()).map_err(|_| unusable())?;
        let origin = Origin::parse(&origin, self.urls).map_err(|_| unusable())?;
        let now = self.time.for_wallet()?;
        let asked = self
            .core
            .present_at_origin(&requests, &origin, &self.languages, now);
        match asked.await {
            Ok(request) => Ok(OriginAsked::AwaitingConsent {
                request: request.into(),
            }),
            Err(core::RefusedAtOrigin {
                error: wallet_core::WalletError::RequestRefused(problem),
                answer,
            }) => Ok(OriginAsked::Refused {
                problem: problem.into(),
                answer: answer.as_ref().map(json).transpose()?,
            }),
            Err(refused) => Err(refused.error.into()),
        }
    }

    /// The person decides. Signs and encrypts exactly what the consent request showed, for the platform to hand on; or makes the refusal.
    pub async fn answer_at_origin(
        &self,
        flow: String,
        decision: Decision,
    ) -> Result<OriginOutcome, WalletError> {
        let decision = decision.parse()?;
        let now = self.time.for_wallet()?;
        let outcome = self.core.answer_at_origin(flow.parse()?, decision, now);
        outcome.await?.try_into()
    }
}

fn json(message: &DigitalCredentialMessage) -> Result<String, WalletError> {
    serde_json::to_string(message).map_err(|_| WalletError::device(DeviceFault::Internal))
}

impl TryFrom<core::OriginOutcome> for OriginOutcome {
    type Error = WalletError;

    fn try_from(outcome: core::OriginOutcome) -> Result<Self, WalletError> {
        use core::OriginOutcome as Core;
        Ok(match outcome {
            Core::AwaitingConsent(request) => Self::AwaitingConsent {
                request: (*request).into(),
            },
            Core::KeyLocked => Self::KeyLocked,
            Core::Answered { answer, presentation } => Self::Answered {
                answer: json(&answer)?,
                presentation: presentation.into(),
            },
            Core::Declined { answer } => Self::Declined {
                answer: answer.as_ref().map(json).transpose()?,
            },
            _ => return Err(WalletError::device(DeviceFault::Internal)),
        })
    }
}
