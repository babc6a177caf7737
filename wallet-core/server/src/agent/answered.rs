//! What comes of a request or an offer, for whoever brought it.

use symbolon_wallet_core::FlowId;
use symbolon_wallet_core::present::{PresentOutcome, RequestProblem};
use symbolon_wallet_core::receive::{ReceiptProblem, ReceiveOutcome};
use url::Url;

use super::browser::ComparisonCode;

/// What comes of a request or an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// The browser goes on elsewhere. The address may carry an answer: no log may have it.
    GoOn(Url),
    /// The browser goes to the issuer's page, and comes back for this flow.
    SignIn {
        /// The flow.
        flow: FlowId,
        /// The page.
        at: Url,
    },
    /// It is not decided, or not over.
    Waiting(FlowId),
    /// The same, for the browser that brought it, whose page shows what whoever allows it compares.
    Held {
        /// The flow.
        flow: FlowId,
        /// What is compared.
        code: ComparisonCode,
    },
    /// It is over.
    Ended(Ended),
}

/// How it ended, where the browser goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The verifier has an answer, and the browser that brought the request goes on.
    Answered,
    /// The verifier accepted what was shown.
    Shown,
    /// It was sent, and nobody knows whether it arrived.
    Unconfirmed,
    /// The verifier did not accept it.
    Rejected,
    /// Nothing was shown or received.
    Declined,
    /// Credentials were received.
    Received,
    /// The request breaks a rule, or is of somebody with whom the wallet does not deal.
    Refused(RequestProblem),
    /// The offer could not be taken.
    NotReceived(ReceiptProblem),
    /// The offer is used up.
    OfferSpent,
}

impl Answered {
    /// The same for another browser than the one that brought it: where that one goes on is its own.
    pub(super) fn for_others(self) -> Self {
        match self {
            Self::GoOn(_) => Self::Ended(Ended::Answered),
            answered => answered,
        }
    }

    pub(super) fn of_presentation(flow: FlowId, outcome: PresentOutcome) -> Self {
        match outcome {
            PresentOutcome::Presented {
                redirect_uri: Some(at),
                ..
            }
            | PresentOutcome::Carry { redirect_uri: at, .. }
            | PresentOutcome::RejectedAndReturned { redirect_uri: at }
            | PresentOutcome::DeclinedAndReturned { redirect_uri: at } => Self::GoOn(at),
            PresentOutcome::Presented {
                redirect_uri: None, ..
            } => Self::Ended(Ended::Shown),
            PresentOutcome::Unconfirmed { .. } => Self::Ended(Ended::Unconfirmed),
            PresentOutcome::Rejected => Self::Ended(Ended::Rejected),
            PresentOutcome::Declined => Self::Ended(Ended::Declined),
            _ => Self::Waiting(flow),
        }
    }

    pub(super) fn of_receipt(flow: FlowId, outcome: ReceiveOutcome) -> Self {
        match outcome {
            ReceiveOutcome::SignInNeeded { url: at } => Self::SignIn { flow, at },
            ReceiveOutcome::Stored { .. } => Self::Ended(Ended::Received),
            ReceiveOutcome::Declined => Self::Ended(Ended::Declined),
            ReceiveOutcome::NewOfferNeeded(_) => Self::Ended(Ended::OfferSpent),
            ReceiveOutcome::Refused { problem, .. } => Self::Ended(Ended::NotReceived(problem)),
            _ => Self::Waiting(flow),
        }
    }
}
