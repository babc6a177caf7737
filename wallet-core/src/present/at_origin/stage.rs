//! Where such a presentation stands, as it is stored.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_protocol::digital_credentials::{DigitalCredentialMessage, Origin};

use crate::language::Languages;
use crate::present::{Choice, Presentation};

/// A request as the platform handed it over; verified again whenever the flow goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OriginAsk {
    /// The origin of the page, as the platform says it.
    pub origin: Origin,
    /// What the page asks.
    pub request: DigitalCredentialMessage,
    /// The languages to show it in.
    pub languages: Languages,
}

/// The stages.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginStage {
    /// The request was verified; the person has not decided.
    AwaitingConsent(Box<OriginAsk>),
    /// The person agreed. Signing comes next.
    Consented {
        /// The request.
        ask: Box<OriginAsk>,
        /// What to show.
        choice: Choice,
        /// When the person agreed.
        agreed: UnixTime,
    },
    /// It is over.
    Finished(Box<FinishedAtOrigin>),
}

/// How it ended. Kept for a while, so that resuming it tells the same again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishedAtOrigin {
    /// The answer was made.
    Answered {
        /// The answer.
        answer: DigitalCredentialMessage,
        /// What it shows.
        presentation: Presentation,
    },
    /// The person declined.
    Declined {
        /// The refusal.
        answer: Option<DigitalCredentialMessage>,
    },
}
