//! What of a presentation stays beyond its result: a receipt, and what is watched for as long as it is relied on.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::{PolicyError, PolicyProblem, at};

/// The longest time that anything is kept for evidence, in days: twenty years.
pub const MAX_RETENTION_DAYS: u32 = 7_305;
/// The longest time between two looks at a status list, in hours.
const MAX_HOURS: u32 = 720;
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A receipt, as a policy's file says it. Without it there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptDocument {
    /// How long it is kept, in days.
    pub retention_days: u32,
    /// What it says of the claims that were shown.
    #[serde(default)]
    pub claims: ReceiptClaims,
}

/// What a receipt says of the claims that were shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptClaims {
    /// Their names.
    #[default]
    Names,
    /// Their names, and the values of those that the policy keeps.
    Values,
}

/// How long a presentation is relied on, and what happens meanwhile. Without it nothing does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelianceDocument {
    /// How long it is relied on, in days.
    pub days: u32,
    /// After how many days the person is to be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew_after_days: Option<u32>,
    /// How often the status of the credentials is looked at, in hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_status_every_hours: Option<u32>,
}

/// A receipt that is to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptTerms {
    /// How long it is kept.
    pub retention: Duration,
    /// What it says of the claims.
    pub claims: ReceiptClaims,
}

/// How long a presentation is relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelianceTerms {
    /// How long.
    pub duration: Duration,
    /// When the person is to be asked again.
    pub renew_after: Option<Duration>,
    /// How often the status is looked at.
    pub look_every: Option<Duration>,
}

impl ReceiptDocument {
    pub(super) fn compile(&self) -> Result<ReceiptTerms, PolicyError> {
        let days = within("receipt.retention_days", self.retention_days, MAX_RETENTION_DAYS)?;
        Ok(ReceiptTerms {
            retention: DAY.saturating_mul(days),
            claims: self.claims,
        })
    }
}

impl RelianceDocument {
    pub(super) fn compile(&self) -> Result<RelianceTerms, PolicyError> {
        let days = within("reliance.days", self.days, MAX_RETENTION_DAYS)?;
        let renew_after = self
            .renew_after_days
            .map(|renew| within("reliance.renew_after_days", renew, days));
        let look_every = self
            .watch_status_every_hours
            .map(|hours| within("reliance.watch_status_every_hours", hours, MAX_HOURS));
        if renew_after.is_none() && look_every.is_none() {
            return Err(at("reliance", PolicyProblem::NothingWatched));
        }
        Ok(RelianceTerms {
            duration: DAY.saturating_mul(days),
            renew_after: renew_after.transpose()?.map(|days| DAY.saturating_mul(days)),
            look_every: look_every.transpose()?.map(|hours| HOUR.saturating_mul(hours)),
        })
    }
}

fn within(key: &str, value: u32, most: u32) -> Result<u32, PolicyError> {
    if (1..=most).contains(&value) {
        Ok(value)
    } else {
        Err(at(key, PolicyProblem::OutOfBounds { least: 1, most }))
    }
}
