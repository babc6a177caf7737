//! How many messages one record gets, whoever asks (`docs/adr/0008-sign-in-codes.md`).
//!
//! A bucket leaks over time and each code that is sent fills it, the more the fewer of the last ones were entered. While it
//! has room a sign-in gets a code of its own. When it is full, one longer code is sent that every sign-in of the record may
//! use, and none until that one is used or has expired. So messages are bounded without anybody being turned away: whoever
//! holds the telephone has, in the last message, a code that works.
//!
//! Numbers that nobody has are counted in the same way, so that counting tells nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::code::CodeTag;

/// How full the bucket of a record may be for one more code of a sign-in's own. With the costs below that is three codes
/// within some minutes: a resident who errs twice never sees the difference.
const FULL: Duration = Duration::from_secs(35 * 60);

/// What the first code costs; each that follows without one having been entered costs twice as much.
const FIRST_COST: Duration = Duration::from_secs(10 * 60);

/// Doublings of the cost at most: 160 minutes.
const MAX_DOUBLINGS: u8 = 4;

/// Codes after which shared codes begin to last longer.
const PATIENCE: u8 = 3;

/// How long a code for all sign-ins of a record is good: longer the more of them were sent and not used, because one that is
/// asked for all day is asked for by a stranger.
pub const SHARED_CODE_LIFETIMES: [Duration; 4] = [
    Duration::from_secs(15 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(120 * 60),
];

/// How long an empty bucket is remembered, and with it how often codes were not entered.
pub const BUDGET_MEMORY: Duration = Duration::from_secs(4 * 60 * 60);

/// What is kept of the codes of one record, under its reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendBudget {
    /// When the bucket will have leaked empty.
    empty_at: UnixTime,
    /// Codes since one was last entered.
    unanswered: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared: Option<SharedCode>,
}

/// A code for all sign-ins of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedCode {
    tag: CodeTag,
    expires_at: UnixTime,
}

/// What asking for a code leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// A message with a short code for the sign-in that asked.
    Own,
    /// A message with a long code for every sign-in of the record.
    Shared {
        /// How long it is good.
        lifetime: Duration,
    },
    /// No message: the long code of the last one is good.
    AlreadySent {
        /// Until then.
        expires_at: UnixTime,
    },
}

impl SendBudget {
    /// Of a record for which nobody has asked lately.
    pub const FRESH: Self = Self {
        empty_at: UnixTime::from_seconds(0),
        unanswered: 0,
        shared: None,
    };

    /// What asking at `now` leads to.
    #[must_use]
    pub fn ask(&self, now: UnixTime) -> Sending {
        if let Some(shared) = self.shared_at(now) {
            return Sending::AlreadySent {
                expires_at: shared.expires_at,
            };
        }
        if self.empty_at.since(now) < FULL {
            return Sending::Own;
        }
        let step = usize::from(self.unanswered.saturating_sub(PATIENCE));
        let lifetime = SHARED_CODE_LIFETIMES
            .get(step)
            .or(SHARED_CODE_LIFETIMES.last())
            .copied()
            .unwrap_or_default();
        Sending::Shared { lifetime }
    }

    /// After a code of a sign-in's own was sent.
    pub(super) fn after_own(&self, now: UnixTime) -> Self {
        let cost = FIRST_COST * (1 << self.unanswered.min(MAX_DOUBLINGS));
        Self {
            empty_at: self.empty_at.max(now).plus(cost),
            unanswered: self.unanswered.saturating_add(1),
            shared: None,
        }
    }

    /// After a code for all was sent.
    pub(super) fn after_shared(&self, tag: CodeTag, lifetime: Duration, now: UnixTime) -> Self {
        Self {
            unanswered: self.unanswered.saturating_add(1),
            shared: Some(SharedCode {
                tag,
                expires_at: now.plus(lifetime),
            }),
            ..self.clone()
        }
        .kept_full(now)
    }

    /// After nothing was sent, because the code for all is still good.
    pub(super) fn after_nothing(&self, now: UnixTime) -> Self {
        self.clone().kept_full(now)
    }

    /// After a code was entered rightly: whoever has the telephone has used it, so nothing that was asked before counts.
    pub(super) fn after_success(&self) -> Self {
        Self::FRESH
    }

    /// The tag of the code for all, while that is good.
    pub(super) fn shared_tag(&self, now: UnixTime) -> Option<&CodeTag> {
        self.shared_at(now).map(|shared| &shared.tag)
    }

    /// From here on the budget is as good as a fresh one.
    #[must_use]
    pub fn forget_at(&self) -> UnixTime {
        let shared = self.shared.as_ref().map(|shared| shared.expires_at);
        shared
            .map_or(self.empty_at, |at| at.max(self.empty_at))
            .plus(BUDGET_MEMORY)
    }

    fn shared_at(&self, now: UnixTime) -> Option<&SharedCode> {
        self.shared.as_ref().filter(|shared| now < shared.expires_at)
    }

    /// Whoever goes on asking keeps the bucket full, so that no short codes are sent to a resident who is being pestered.
    fn kept_full(mut self, now: UnixTime) -> Self {
        self.empty_at = self.empty_at.max(now.plus(FULL * 2));
        self
    }
}
