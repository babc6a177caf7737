//! In one word, whether a credential can be used.

use std::time::Duration;

use symbolon_crypto::UnixTime;

use super::refresh::is_about_force;
use crate::record::{EntryState, HeldCredential, KnownEntry, KnownStatus, Reissue};

/// In one word, whether a credential can be used, as far as the wallet knows without asking anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge {
    /// The word.
    pub condition: Condition,
    /// When the oldest status list was made that the word rests on; absent when it rests on none.
    pub as_of: Option<UnixTime>,
}

/// The conditions of a credential, the worst first. One that is in several has the worst of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Its issuer took it back.
    Revoked,
    /// It expired.
    Expired {
        /// When.
        at: UnixTime,
    },
    /// Its issuer put it out of force for a while.
    Suspended,
    /// The platform ended its key: it is to be issued again before it can be shown.
    KeyEnded,
    /// It is not valid yet.
    NotYetValid {
        /// From when on it is.
        from: UnixTime,
    },
    /// Every copy of it was shown: it is to be issued again before it is shown to another verifier, or is recognised by it, as the policy
    /// says.
    CopiesSpent,
    /// Whether its issuer took it back was not read for long, or cannot be told.
    StatusUnknown,
    /// It expires soon.
    ExpiresSoon {
        /// When.
        at: UnixTime,
    },
    /// Few copies are left, each to be shown to one verifier.
    CopiesRunningOut {
        /// How many.
        left: usize,
    },
    /// None of these.
    Valid,
}

impl Badge {
    pub(crate) fn of(
        credential: &HeldCredential,
        known: Option<&KnownStatus>,
        again: Option<&Reissue>,
        now: UnixTime,
    ) -> Self {
        let status = Listed::of(credential, known, now);
        let by_time = by_time(credential, now);
        let condition = match (status.state, by_time) {
            (Some(EntryState::Revoked), _) => Condition::Revoked,
            (_, Some(expired @ Condition::Expired { .. })) => expired,
            (Some(EntryState::Suspended), _) => Condition::Suspended,
            _ if again.is_some() => Condition::KeyEnded,
            (_, Some(early @ Condition::NotYetValid { .. })) => early,
            _ if credential.spent.is_some() => Condition::CopiesSpent,
            (Some(EntryState::NotUnderstood), _) => Condition::StatusUnknown,
            (_, Some(soon)) => soon,
            _ => running_out(credential).unwrap_or(Condition::Valid),
        };
        Self {
            condition,
            as_of: status.as_of,
        }
    }
}

/// What the status lists say together.
struct Listed {
    /// The worst; `None` when the credential has no place in any.
    state: Option<EntryState>,
    as_of: Option<UnixTime>,
}

impl Listed {
    fn of(credential: &HeldCredential, known: Option<&KnownStatus>, now: UnixTime) -> Self {
        let mut listed = Self {
            state: None,
            as_of: None,
        };
        for reference in credential.status.iter().filter(|one| is_about_force(one)) {
            let entry = known.and_then(|known| {
                let mut entries = known.entries.iter();
                entries.find(|entry| entry.reference == *reference && was_read(entry))
            });
            let state = match entry {
                Some(entry) => {
                    listed.as_of = [listed.as_of, entry.as_of].into_iter().flatten().min();
                    let is_over = entry.good_until.is_some_and(|until| until <= now);
                    let is_old = entry.as_of.is_none_or(|as_of| as_of.plus(MAX_STATUS_AGE) < now);
                    match entry.state {
                        // What was valid may have changed since; what was taken back has not come back.
                        EntryState::Valid if is_over || is_old => EntryState::NotUnderstood,
                        state => state,
                    }
                }
                // It was in force when it was made, and has had no time to lose that.
                None if now < credential.received.plus(FRESH) => EntryState::Valid,
                None => EntryState::NotUnderstood,
            };
            listed.state = match listed.state {
                Some(worse) if severity(worse) >= severity(state) => Some(worse),
                _ => Some(state),
            };
        }
        listed
    }
}

/// One that was asked for in vain is as one that was never read.
fn was_read(entry: &KnownEntry) -> bool {
    entry.as_of.is_some() || entry.state != EntryState::NotUnderstood
}

const fn severity(state: EntryState) -> u8 {
    match state {
        EntryState::Valid => 0,
        EntryState::NotUnderstood => 1,
        EntryState::Suspended => 2,
        EntryState::Revoked => 3,
    }
}

fn by_time(credential: &HeldCredential, now: UnixTime) -> Option<Condition> {
    if let Some(at) = credential.expires.filter(|at| *at <= now) {
        return Some(Condition::Expired { at });
    }
    if let Some(from) = credential.not_before.filter(|from| now < *from) {
        return Some(Condition::NotYetValid { from });
    }
    let at = credential.expires?;
    let lifetime = at.since(credential.received);
    let soon = EXPIRES_SOON.min(lifetime / SHARE_THAT_IS_SOON);
    (at <= now.plus(soon)).then_some(Condition::ExpiresSoon { at })
}

fn running_out(credential: &HeldCredential) -> Option<Condition> {
    let left = credential.copies_left()?;
    let arrived = credential.arrived.unwrap_or(credential.batch);
    // Of an issuer that hands out one at a time nobody asks for others before that one was shown: it would be asked for ever.
    let is_few = left <= arrived.div_ceil(SHARE_THAT_IS_FEW) && left < arrived;
    is_few.then_some(Condition::CopiesRunningOut { left })
}

/// Whether fresh copies are to be asked for: of several few are left, or they expire soon.
pub(crate) fn wants_copies(credential: &HeldCredential, now: UnixTime) -> bool {
    let ends = matches!(
        by_time(credential, now),
        Some(Condition::Expired { .. } | Condition::ExpiresSoon { .. })
    );
    credential.copies_left().is_some() && (ends || running_out(credential).is_some())
}

/// What a person is told in time to see an office about.
const EXPIRES_SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Of a credential that lives for a week, the last day is soon and not the whole of it.
const SHARE_THAT_IS_SOON: u32 = 5;
/// A fifth of the copies are few.
const SHARE_THAT_IS_FEW: usize = 5;
/// A fresh credential is in force: nobody issues a revoked one.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// The oldest list that says that a credential is in force, where the list itself sets no end.
const MAX_STATUS_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use symbolon_crypto::signing::KeyHandle;

    use super::*;
    use crate::identifiers::CredentialId;
    use crate::record::{
        CredentialDisplay, HeldContent, HeldCopy, ReissueReason, StatusListKind, StatusReference,
    };

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const RECEIVED: UnixTime = UnixTime::from_seconds(1_800_000_000);

    fn reference(list: StatusListKind) -> StatusReference {
        StatusReference {
            uri: "https://issuer.example/status/1".to_owned(),
            index: 7,
            list,
        }
    }

    fn credential() -> HeldCredential {
        HeldCredential {
            id: CredentialId::from_bytes([1; 16]),
            issuer: "https://issuer.example".to_owned(),
            issuer_name: None,
            configuration: "NationalIdentity".to_owned(),
            credential_type: "urn:t".to_owned(),
            content: HeldContent::MsoMdoc {
                issuer_signed: Vec::new(),
            },
            key: KeyHandle::new("k"),
            received: RECEIVED,
            not_before: None,
            expires: Some(RECEIVED.plus(DAY * 365)),
            status: vec![reference(StatusListKind::Token)],
            display: CredentialDisplay::default(),
            copies: Vec::new(),
            batch: 1,
            arrived: None,
            spent: None,
        }
    }

    fn known(state: EntryState, as_of: UnixTime) -> KnownStatus {
        KnownStatus {
            credential: credential().id,
            entries: vec![KnownEntry {
                reference: reference(StatusListKind::Token),
                state,
                as_of: Some(as_of),
                good_until: None,
                due: as_of,
            }],
        }
    }

    fn condition(credential: &HeldCredential, known: Option<&KnownStatus>, now: UnixTime) -> Condition {
        Badge::of(credential, known, None, now).condition
    }

    #[test]
    fn the_dates_of_a_credential_have_words() {
        let held = credential();
        let at = held.expires.unwrap();
        let valid = |now| known(EntryState::Valid, now);
        for (now, expected) in [
            (RECEIVED, Condition::Valid),
            (at.minus(DAY * 31), Condition::Valid),
            (at.minus(DAY * 30), Condition::ExpiresSoon { at }),
            (at.minus(Duration::from_secs(1)), Condition::ExpiresSoon { at }),
            (at, Condition::Expired { at }),
        ] {
            assert_eq!(
                condition(&held, Some(&valid(now)), now),
                expected,
                "{}",
                now.rfc3339()
            );
        }
        let from = RECEIVED.plus(DAY);
        let early = HeldCredential {
            not_before: Some(from),
            ..credential()
        };
        assert_eq!(condition(&early, None, RECEIVED), Condition::NotYetValid { from });
        assert_eq!(condition(&early, Some(&valid(from)), from), Condition::Valid);
        // A week's credential is not about to expire all its life.
        let at = RECEIVED.plus(DAY * 7);
        let short = HeldCredential {
            expires: Some(at),
            status: Vec::new(),
            ..credential()
        };
        assert_eq!(condition(&short, None, RECEIVED.plus(DAY * 5)), Condition::Valid);
        assert_eq!(
            condition(&short, None, RECEIVED.plus(DAY * 6)),
            Condition::ExpiresSoon { at }
        );
    }

    #[test]
    fn what_the_lists_say_outweighs_the_dates_and_grows_old() {
        let held = credential();
        let now = RECEIVED.plus(DAY * 40);
        for (state, expected) in [
            (EntryState::Valid, Condition::Valid),
            (EntryState::Suspended, Condition::Suspended),
            (EntryState::Revoked, Condition::Revoked),
            (EntryState::NotUnderstood, Condition::StatusUnknown),
        ] {
            let badge = Badge::of(&held, Some(&known(state, now)), None, now);
            assert_eq!((badge.condition, badge.as_of), (expected, Some(now)));
        }
        let old = RECEIVED.plus(DAY * 9);
        assert_eq!(
            condition(&held, Some(&known(EntryState::Valid, old)), now),
            Condition::StatusUnknown
        );
        assert_eq!(
            condition(&held, Some(&known(EntryState::Revoked, old)), now),
            Condition::Revoked
        );
        let mut ended = known(EntryState::Valid, now);
        ended
            .entries
            .iter_mut()
            .for_each(|entry| entry.good_until = Some(now));
        assert_eq!(condition(&held, Some(&ended), now), Condition::StatusUnknown);
        // Never read: fine on the first day, unknown after it. Of another place than the credential's: as if never read.
        assert_eq!(condition(&held, None, RECEIVED), Condition::Valid);
        assert_eq!(
            condition(&held, None, RECEIVED.plus(DAY)),
            Condition::StatusUnknown
        );
        let mut other = known(EntryState::Valid, now);
        other
            .entries
            .iter_mut()
            .for_each(|entry| entry.reference.index = 8);
        assert_eq!(condition(&held, Some(&other), now), Condition::StatusUnknown);
        // Two lists: the worse word, and the older date.
        let suspension = reference(StatusListKind::Bitstring {
            purpose: "suspension".to_owned(),
        });
        let two = HeldCredential {
            status: vec![reference(StatusListKind::Token), suspension.clone()],
            ..credential()
        };
        let mut both = known(EntryState::Valid, now);
        both.entries.push(KnownEntry {
            reference: suspension,
            state: EntryState::Suspended,
            as_of: Some(now.minus(DAY)),
            good_until: None,
            due: now,
        });
        let badge = Badge::of(&two, Some(&both), None, now);
        assert_eq!(
            (badge.condition, badge.as_of),
            (Condition::Suspended, Some(now.minus(DAY)))
        );
        // Advice is no state.
        let advised = HeldCredential {
            status: vec![reference(StatusListKind::Bitstring {
                purpose: "refresh".to_owned(),
            })],
            ..credential()
        };
        assert_eq!(condition(&advised, None, now), Condition::Valid);
    }

    #[test]
    fn copies_run_out_where_there_were_several() {
        let copy = HeldCopy {
            content: HeldContent::MsoMdoc {
                issuer_signed: Vec::new(),
            },
            key: KeyHandle::new("k2"),
            not_before: None,
            expires: None,
            status: Vec::new(),
        };
        let of = |batch, left: usize| {
            let held = HeldCredential {
                batch,
                status: Vec::new(),
                copies: vec![copy.clone(); left - 1],
                ..credential()
            };
            condition(&held, None, RECEIVED)
        };
        assert_eq!(of(1, 1), Condition::Valid);
        assert_eq!(of(0, 1), Condition::Valid, "an earlier version did not count");
        assert_eq!(of(5, 2), Condition::Valid);
        assert_eq!(of(5, 1), Condition::CopiesRunningOut { left: 1 });
        assert_eq!(of(20, 5), Condition::Valid);
        assert_eq!(of(20, 4), Condition::CopiesRunningOut { left: 4 });
        let last = HeldCredential {
            batch: 5,
            status: Vec::new(),
            ..credential()
        };
        let spent = last.after_showing(RECEIVED).unwrap();
        assert_eq!((last.copies_left(), spent.copies_left()), (Some(1), Some(0)));
        assert_eq!(condition(&spent, None, RECEIVED), Condition::CopiesSpent);
        assert_eq!(spent.after_showing(RECEIVED), None);
        assert_eq!(credential().after_showing(RECEIVED), None, "it came alone");
    }

    #[test]
    fn copies_are_asked_for_when_few_are_left_or_they_end_soon() {
        let held = |left: usize, batch| HeldCredential {
            batch,
            copies: vec![
                HeldCopy {
                    content: credential().content,
                    key: KeyHandle::new("k2"),
                    not_before: None,
                    expires: None,
                    status: Vec::new(),
                };
                left - 1
            ],
            ..credential()
        };
        assert!(wants_copies(&held(1, 5), RECEIVED));
        assert!(!wants_copies(&held(2, 5), RECEIVED));
        assert!(wants_copies(
            &held(1, 5).after_showing(RECEIVED).unwrap(),
            RECEIVED
        ));
        let one_of_five = HeldCredential {
            arrived: Some(1),
            ..held(1, 5)
        };
        assert!(
            !wants_copies(&one_of_five, RECEIVED),
            "its issuer would be asked for ever"
        );
        let shown = one_of_five.after_showing(RECEIVED).unwrap();
        assert_eq!(
            (shown.copies_left(), wants_copies(&shown, RECEIVED)),
            (Some(0), true)
        );
        let at = held(5, 5).expires.unwrap();
        assert!(wants_copies(&held(5, 5), at));
        assert!(wants_copies(&held(5, 5), at.minus(DAY)));
        assert!(
            !wants_copies(&held(1, 1), at),
            "of one that came alone there are no copies"
        );
        assert!(!wants_copies(&held(1, 0), RECEIVED));
    }

    #[test]
    fn a_key_that_ended_is_said_unless_nothing_would_repair_it() {
        let held = credential();
        let again = Reissue::of(&held, ReissueReason::KeyEnded, RECEIVED);
        let word = |known: Option<&KnownStatus>, now| Badge::of(&held, known, Some(&again), now).condition;
        assert_eq!(word(None, RECEIVED), Condition::KeyEnded);
        let revoked = known(EntryState::Revoked, RECEIVED);
        assert_eq!(word(Some(&revoked), RECEIVED), Condition::Revoked);
    }
}
