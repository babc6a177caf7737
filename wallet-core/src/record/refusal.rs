//! What the person refused to whom.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::history::VerifierRecord;
use crate::identifiers::RefusalId;

/// What the person refused to a verifier. It holds no claim values, and nobody but the person is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The wallet's name for it.
    pub id: RefusalId,
    /// Who asked.
    pub verifier: VerifierRecord,
    /// For what, in the verifier's order.
    pub asked: Vec<RefusedCredential>,
    /// When it was refused last.
    pub at: UnixTime,
    /// What becomes of the next request.
    pub rule: RefusalRule,
}

/// What was asked of one credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedCredential {
    /// The types that would have done.
    pub credential_types: Vec<String>,
    /// The claims, as claims paths in words: `address.locality`. Sorted.
    pub claims: Vec<String>,
}

/// What becomes of the next request of a verifier that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalRule {
    /// The person is asked, and told of the refusal.
    AskAgain,
    /// It is refused, whatever it asks for, until the person forgets this.
    Always,
}

/// How long a refusal is remembered that was for one time: whoever asks again after a year is judged anew.
pub const REFUSAL_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Refusal {
    /// Whether it is remembered no longer. One that is for always is remembered until it is forgotten on wish.
    #[must_use]
    pub fn is_over(&self, now: UnixTime) -> bool {
        self.rule == RefusalRule::AskAgain && self.at.plus(REFUSAL_LIFETIME) <= now
    }
}
