//! Announcements by webhook, on their way.

use core::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::{DeliveryId, RequestId, RequestRecord};
use crate::name::{PolicyName, RelyingPartyName};
use crate::policy::PolicyOutcome;
use crate::reliance::StatusChange;

/// How long after each failed try the next one is made: the schedule that Standard Webhooks recommends, two days in all.
const WAITS: [Duration; 8] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
    Duration::from_secs(14 * 60 * 60),
    Duration::from_secs(20 * 60 * 60),
];

/// How often an announcement is tried at most.
pub const MAX_ATTEMPTS: u32 = 1 + WAITS.len() as u32;

/// An answer that came in the last second may be judged for a minute. Until then a request is not said to have expired.
const LAST_ANSWER: Duration = Duration::from_secs(61);

/// How long the operator can see what became of an announcement.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// An announcement. It says that there is a result and how the policy decided, or what has become of a credential, and names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Its identifier, by which the receiver knows a repetition.
    pub id: DeliveryId,
    /// Who is told.
    pub relying_party: RelyingPartyName,
    /// The request.
    pub request: RequestId,
    /// What happened.
    pub event: DeliveryEvent,
    /// The policy of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// How it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<PolicyOutcome>,
    /// What has become of a credential, where that is what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_change: Option<StatusChange>,
    /// When it happened.
    pub created_at: UnixTime,
    /// How often it was tried.
    pub attempts: u32,
    /// Where it stands.
    pub stage: DeliveryStage,
}

/// What is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryEvent {
    /// A presentation came.
    #[serde(rename = "presentation_request.answered")]
    Answered,
    /// The wallet declined.
    #[serde(rename = "presentation_request.declined")]
    Declined,
    /// The person is to be asked again.
    #[serde(rename = "presentation_request.renewal_due")]
    RenewalDue,
    /// A credential that is relied on was revoked, suspended, or is in force again.
    #[serde(rename = "presentation_request.credential_status_changed")]
    CredentialStatusChanged,
    /// Nobody answered in time.
    #[serde(rename = "presentation_request.expired")]
    Expired,
}

/// Where an announcement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryStage {
    /// To be tried.
    Waiting {
        /// Not before this.
        next_attempt_at: UnixTime,
    },
    /// The receiver has it.
    Delivered {
        /// Since when.
        at: UnixTime,
    },
    /// It is not tried again.
    GivenUp {
        /// Since when.
        at: UnixTime,
        /// Why.
        reason: GivenUp,
    },
}

/// Why an announcement is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenUp {
    /// Every try failed.
    Exhausted,
    /// The receiver said that it wants no more (410).
    Gone,
    /// The address is one that is not sent to.
    AddressRefused,
    /// The relying party has no webhook any more.
    NoWebhook,
}

impl Delivery {
    /// What is announced of a request that nobody answers, once its time is over; `None` for one of nobody who could be told. It is
    /// stored with the request, and taken back with its result.
    #[must_use]
    pub fn of_expiry(record: &RequestRecord) -> Option<Self> {
        Some(Self {
            id: DeliveryId::of_expiry(&record.id)?,
            relying_party: record.relying_party.clone()?,
            request: record.id.clone(),
            event: DeliveryEvent::Expired,
            policy: record.policy.clone(),
            outcome: None,
            status_change: None,
            created_at: record.expires_at,
            attempts: 0,
            stage: DeliveryStage::Waiting {
                next_attempt_at: record.expires_at.plus(LAST_ANSWER),
            },
        })
    }

    /// When it is to be tried; `None` once it is not.
    #[must_use]
    pub const fn due_at(&self) -> Option<UnixTime> {
        match self.stage {
            DeliveryStage::Waiting { next_attempt_at } => Some(next_attempt_at),
            DeliveryStage::Delivered { .. } | DeliveryStage::GivenUp { .. } => None,
        }
    }

    /// The last second in which it is kept: long enough for every try.
    #[must_use]
    pub fn kept_until(&self) -> UnixTime {
        self.created_at.plus(KEPT)
    }

    /// The same once a try has reached the receiver.
    #[must_use]
    pub fn delivered(mut self, now: UnixTime) -> Self {
        self.stage = DeliveryStage::Delivered { at: now };
        self
    }

    /// The same with one more try, which counts as failed until it is known to have reached the receiver: then it waits for the
    /// next, or is given up. It is stored before the try is made, so that a process which ends in between does not try for ever.
    #[must_use]
    pub fn tried(mut self, now: UnixTime) -> Self {
        let wait = usize::try_from(self.attempts)
            .ok()
            .and_then(|made| WAITS.get(made));
        self.attempts = self.attempts.saturating_add(1);
        self.stage = match wait {
            Some(wait) => DeliveryStage::Waiting {
                next_attempt_at: now.plus(*wait),
            },
            None => DeliveryStage::GivenUp {
                at: now,
                reason: GivenUp::Exhausted,
            },
        };
        self
    }

    /// The same, not to be tried again.
    #[must_use]
    pub fn given_up(mut self, now: UnixTime, reason: GivenUp) -> Self {
        self.stage = DeliveryStage::GivenUp { at: now, reason };
        self
    }

    /// The same, to be tried again at once, as an operator asks for it.
    #[must_use]
    pub fn again(mut self, now: UnixTime) -> Self {
        self.attempts = 0;
        self.stage = DeliveryStage::Waiting { next_attempt_at: now };
        self
    }
}
