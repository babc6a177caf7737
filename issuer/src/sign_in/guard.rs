//! Tries at a code, counted where they are made.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::code::CodeTag;

/// How long a code of one sign-in may be entered: time for a message to arrive and to be typed.
pub const CODE_LIFETIME: Duration = Duration::from_secs(300);

/// Wrong tries after which a code of one sign-in is dead.
pub const MAX_CODE_FAILURES: u8 = 5;

/// How often a code was tried in one sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tries {
    failures: u8,
    not_before: UnixTime,
}

/// What a try came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Try {
    Right,
    Wrong(Tries),
    Exhausted,
    TooEarly { wait: Duration },
}

impl Tries {
    pub(super) const NONE: Self = Self {
        failures: 0,
        not_before: UnixTime::from_seconds(0),
    };

    /// Compares `presented` with `expected` in constant time, unless it is too early for another try. `claim` says whether a
    /// right code may count at all; the comparison happens in either case.
    pub(super) fn judge(
        &self,
        expected: &CodeTag,
        presented: &CodeTag,
        claim: Claimable,
        now: UnixTime,
    ) -> Try {
        if now < self.not_before {
            // Not counted and not compared: guessing faster gains nothing, and a hasty resident loses no try.
            return Try::TooEarly {
                wait: self.not_before.since(now),
            };
        }
        let equal = expected.is(presented);
        if equal & matches!(claim, Claimable::ByARecord) {
            return Try::Right;
        }
        let failures = self.failures.saturating_add(1);
        if failures >= MAX_CODE_FAILURES {
            return Try::Exhausted;
        }
        // 1, 2, 4, 8 seconds.
        let delay = Duration::from_secs(1 << (failures - 1));
        Try::Wrong(Self {
            failures,
            not_before: now.plus(delay),
        })
    }
}

/// Whether there is anybody whom a right code would sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claimable {
    /// There is.
    ByARecord,
    /// The number belongs to nobody whom a message could reach.
    ByNobody,
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;
    use crate::secret::InstallationSecret;
    use crate::sign_in::code::{CodeUse, OneTimeCode};

    fn tag(code: &str) -> CodeTag {
        let secret = InstallationSecret::make(&SeededRandomness::new(1)).unwrap();
        OneTimeCode::typed(code).tag(&secret, &CodeUse::Record("somebody"))
    }

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

    #[test]
    fn waits_grow_and_the_fifth_failure_is_the_last() {
        let (right, wrong) = (tag("123456"), tag("654321"));
        let mut tries = Tries::NONE;
        let mut now = NOW;
        for delay in [1, 2, 4, 8] {
            let Try::Wrong(after) = tries.judge(&right, &wrong, Claimable::ByARecord, now) else {
                panic!("a wrong code is wrong");
            };
            let wait = Duration::from_secs(delay);
            assert_eq!(
                after.judge(&right, &right, Claimable::ByARecord, now),
                Try::TooEarly { wait }
            );
            now = now.plus(wait);
            tries = after;
        }
        assert_eq!(tries.judge(&right, &right, Claimable::ByARecord, now), Try::Right);
        assert_eq!(
            tries.judge(&right, &wrong, Claimable::ByARecord, now),
            Try::Exhausted
        );
    }

    #[test]
    fn the_right_code_of_nobody_is_wrong() {
        let right = tag("123456");
        assert!(matches!(
            Tries::NONE.judge(&right, &right, Claimable::ByNobody, NOW),
            Try::Wrong(_)
        ));
    }
}
