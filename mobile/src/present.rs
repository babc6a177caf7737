//! Showing credentials (OpenID4VP).

mod at_origin;
mod consent;
mod proximity;
mod refusals;

use symbolon_wallet_core::present as core;

use crate::codes::CodeMessage;
use crate::error::{DeviceFault, RequestProblem, WalletError};
use crate::wallet::Wallet;

pub use at_origin::{OriginAsked, OriginOutcome};
pub use consent::{
    AskedClaim, AskedCredential, CandidateCredential, Chosen, ConsentRequest, Decision, Lack, Need,
    OverAskedCredential, PastRefusal, Registration, Retention, ShownTransaction, TransactionDetail,
};
pub use proximity::{
    AfterAnswer, NfcEngagement, NfcHandover, ProximityAnswer, ProximityEvent, ProximityHolder, SessionProblem,
};
pub use refusals::{Refusal, RefusedCredential};

/// What comes of a link to a request.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[expect(
    clippy::large_enum_variant,
    reason = "what crosses the boundary is copied into a buffer, and one such value lives at a time"
)]
pub enum OpenedRequest {
    /// Show who asks for what, then `answer_request`.
    AwaitingConsent {
        /// What to show.
        request: ConsentRequest,
    },
    /// The request is not answered. The verifier was told why where its request proved that its address belongs to it.
    Refused {
        /// Why.
        problem: RequestProblem,
        /// Where the verifier wants the person to go on: open it in the browser.
        redirect_uri: Option<String>,
    },
}

/// What comes of a step of presenting.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[expect(
    clippy::large_enum_variant,
    reason = "what crosses the boundary is copied into a buffer, and one such value lives at a time"
)]
pub enum PresentOutcome {
    /// Show who asks for what, then `answer_request`.
    AwaitingConsent {
        /// What to show.
        request: ConsentRequest,
    },
    /// The key store waits for the person (screen lock, biometry). Ask, then `resume`.
    KeyLocked,
    /// The verifier accepted the presentation.
    Presented {
        /// What was sent, for the person to keep.
        presentation: Presentation,
        /// Where the verifier wants the person to go on: open it in the browser.
        redirect_uri: Option<String>,
    },
    /// The presentation may have arrived; the verifier's answer is not known. The history tells of it.
    Unconfirmed {
        /// What was sent.
        presentation: Presentation,
    },
    /// Show the answer by `CodeFrames` until the verifier's device has it. Nobody confirms it; the history tells of it. Resuming the flow
    /// gives the same answer again.
    Show {
        /// What is shown, for the person to keep.
        presentation: Presentation,
        /// The same, encrypted to the verifier.
        message: CodeMessage,
    },
    /// The verifier answered with an error. It may have read what was sent; the history tells of it.
    Rejected {
        /// Where the verifier wants the person to go on: open it in the browser.
        redirect_uri: Option<String>,
    },
    /// The person declined. Nothing was disclosed.
    Declined {
        /// Where the verifier wants the person to go on: open it in the browser.
        redirect_uri: Option<String>,
    },
}

/// What was sent, in the clear: personal data. Together the two parts let anybody who has the issuer's anchors check it later.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Presentation {
    /// `vp_token`: a JSON object from query to presentations.
    pub vp_token: String,
    /// The request that it answers.
    pub request_object: String,
}

#[uniffi::export]
impl Wallet {
    /// Fetches and verifies the request behind a link, from a QR code or a deep link alike. Nothing is signed and nothing sent: show what comes
    /// back, then `answer_request`. After `Network`, call again with the same link.
    pub async fn present(&self, link: String) -> Result<ConsentRequest, WalletError> {
        let now = self.time.for_wallet()?;
        Ok(self.core.present(&link, &self.languages, now).await?.into())
    }

    /// The same, for an app that leads the person back to the verifier also where the request is refused.
    pub async fn open_request(&self, link: String) -> Result<OpenedRequest, WalletError> {
        let now = self.time.for_wallet()?;
        Ok(match self.core.open_request(&link, &self.languages, now).await? {
            core::Opened::AwaitingConsent(request) => OpenedRequest::AwaitingConsent {
                request: (*request).into(),
            },
            core::Opened::Refused {
                problem,
                redirect_uri,
            } => OpenedRequest::Refused {
                problem: problem.into(),
                redirect_uri: redirect_uri.map(String::from),
            },
        })
    }

    /// Verifies the request that a `CodeReader` put together. Nothing goes over a network. Show what comes back, then `answer_request`,
    /// whose outcome is an answer to show as codes.
    pub async fn present_by_codes(&self, request: CodeMessage) -> Result<ConsentRequest, WalletError> {
        let CodeMessage::Request { object } = request else {
            return Err(WalletError::RequestRefused {
                problem: RequestProblem::NotARequest,
            });
        };
        let now = self.time.for_wallet()?;
        let consent = self.core.present_by_qr(&object, &self.languages, now).await?;
        Ok(consent.into())
    }

    /// The person decides. Signs, encrypts and sends exactly what the consent request showed; or tells the verifier that access was denied.
    pub async fn answer_request(
        &self,
        flow: String,
        decision: Decision,
    ) -> Result<PresentOutcome, WalletError> {
        let decision = decision.parse()?;
        let now = self.time.for_wallet()?;
        let outcome = self.core.answer_request(flow.parse()?, decision, now);
        outcome.await?.try_into()
    }
}

impl From<core::Presentation> for Presentation {
    fn from(presentation: core::Presentation) -> Self {
        Self {
            vp_token: presentation.vp_token,
            request_object: presentation.request_object,
        }
    }
}

impl TryFrom<core::PresentOutcome> for PresentOutcome {
    type Error = WalletError;

    fn try_from(outcome: core::PresentOutcome) -> Result<Self, WalletError> {
        use core::PresentOutcome as Core;
        Ok(match outcome {
            Core::AwaitingConsent(request) => Self::AwaitingConsent {
                request: (*request).into(),
            },
            Core::KeyLocked => Self::KeyLocked,
            Core::Presented {
                presentation,
                redirect_uri,
            } => Self::Presented {
                presentation: presentation.into(),
                redirect_uri: redirect_uri.map(String::from),
            },
            Core::Unconfirmed { presentation } => Self::Unconfirmed {
                presentation: presentation.into(),
            },
            Core::Rejected => Self::Rejected { redirect_uri: None },
            Core::RejectedAndReturned { redirect_uri } => Self::Rejected {
                redirect_uri: Some(redirect_uri.into()),
            },
            Core::Declined => Self::Declined { redirect_uri: None },
            Core::DeclinedAndReturned { redirect_uri } => Self::Declined {
                redirect_uri: Some(redirect_uri.into()),
            },
            Core::Show { presentation, answer } => Self::Show {
                presentation: presentation.into(),
                message: CodeMessage::try_from(answer)
                    .map_err(|_| WalletError::device(DeviceFault::Internal))?,
            },
            _ => return Err(WalletError::device(DeviceFault::Internal)),
        })
    }
}
