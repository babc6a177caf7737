//! What is known of a credential's status, in the words that the person at a till acts on.

use super::{CheckOutcome, Reason, Report, Status};

/// What is known of a credential's status. It tells apart what [`Status::Unknown`] gathers: each is dealt with in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    InForce,
    /// It has no status, and lives by its expiry alone.
    WithoutStatus,
    /// Out of force for a while. Its holder asks the issuer, and it may be shown again later.
    Suspended,
    /// Out of force for good. It is not accepted again.
    Revoked,
    /// Its list has no such entry: it is not accepted.
    OutOfRange,
    /// The pack at hand does not cover its list: another pack, or a network, can tell.
    NotCovered,
    /// What is known is too old: a network or a newer pack can tell.
    TooOld,
    /// Nothing is known that can be believed.
    NotKnown,
}

impl Report {
    /// What is known of the credential's status.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.status.state {
            Status::Good => Standing::InForce,
            Status::WithoutStatus => Standing::WithoutStatus,
            Status::Suspended => Standing::Suspended,
            Status::Revoked => Standing::Revoked,
            Status::OutOfRange => Standing::OutOfRange,
            Status::Unknown => self.why_not_known(),
        }
    }

    /// Several entries may be unknown for several reasons: what one pack or one network could mend is told only where it mends all.
    fn why_not_known(&self) -> Standing {
        let mut reasons = self.status.checks.iter().filter_map(|check| match check.outcome {
            CheckOutcome::Passed => None,
            CheckOutcome::Failed { reason } | CheckOutcome::Absent { reason } => Some(reason),
        });
        let first = reasons.next();
        match first.map(Standing::because_of) {
            Some(standing) if reasons.all(|other| Some(other) == first) => standing,
            _ => Standing::NotKnown,
        }
    }
}

impl Standing {
    /// What follows for the status of a credential from a check of it that did not pass for this reason.
    #[must_use]
    pub const fn because_of(reason: Reason) -> Self {
        match reason {
            Reason::Revoked => Self::Revoked,
            Reason::Suspended => Self::Suspended,
            Reason::IndexOutOfRange => Self::OutOfRange,
            Reason::NotCovered => Self::NotCovered,
            Reason::EvidenceTooOld => Self::TooOld,
            _ => Self::NotKnown,
        }
    }

    /// What it is called, in English, for a terminal and a log.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::InForce => "in force",
            Self::WithoutStatus => "lives by its expiry alone",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::OutOfRange => "names an entry that its list does not have",
            Self::NotCovered => "not covered by the pack",
            Self::TooOld => "too old to tell",
            Self::NotKnown => "not known",
        }
    }

    /// What the person who checks should do about it, in English; nothing where it is in force.
    #[must_use]
    pub const fn advice(self) -> Option<&'static str> {
        match self {
            Self::InForce | Self::WithoutStatus => None,
            Self::Suspended => Some(
                "do not accept it now; its holder can ask the issuer, and show it again when it is in force",
            ),
            Self::Revoked => Some("do not accept it; its holder needs a new one from the issuer"),
            Self::OutOfRange => Some("do not accept it; its holder should ask the issuer"),
            Self::NotCovered => {
                Some("check it with a network, or with a pack that covers its issuer and region")
            }
            Self::TooOld => Some("check it again with a network, or with a newer pack"),
            Self::NotKnown => Some("check it again when there is a network, or ask for another document"),
        }
    }
}
