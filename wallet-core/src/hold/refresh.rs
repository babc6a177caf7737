//! Reading status lists in the background.
//!
//! Whoever fetches a list tells its server that somebody at this address holds a credential of it. The wallet keeps that to the least:
//! lists are fetched whole, so that nobody learns which place is meant; by a schedule of its own with chance in it, so that nothing is
//! learnt from when; and **never because a credential is shown**, so that an issuer cannot see who was shown what.

use std::collections::BTreeMap;
use std::time::Duration;

use symbolon_crypto::{Randomness, UnixTime, random_bytes};

use super::status_list::{ListKind, ListToRead, NotRead, ReadList};
use crate::error::WalletError;
use crate::ports::Change;
use crate::record::{EntryState, HeldCredential, KnownEntry, KnownStatus, StatusListKind, StatusReference};
use crate::wallet::Wallet;

/// Which lists to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshScope {
    /// Those whose time has come: what a background job asks for.
    Due,
    /// All of them: what a person asks for.
    All,
}

/// What came of reading lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// The lists that were asked for.
    pub lists: Vec<RefreshedList>,
    /// When the next list is due, or an issuer that was told of a deletion in vain; absent when nothing is.
    pub due: Option<UnixTime>,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshedList {
    /// Where it is published.
    pub uri: String,
    /// What came of it.
    pub outcome: ListOutcome,
}

/// What came of reading a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOutcome {
    /// It was read.
    Read {
        /// When it was made; absent when it does not say.
        as_of: Option<UnixTime>,
    },
    /// It could not be had. What was known stays known.
    NotReachable,
    /// What came is not the issuer's list, or the issuer has no list there. What was known stays known.
    Refused,
}

/// The most lists of one call. What is left is read by the next.
const MAX_LISTS: usize = 16;
/// How long a list is good that does not say it.
const INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// A list is not read more often, whatever it says of itself.
const MIN_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// And not less often: what was taken back is to be noticed.
const MAX_INTERVAL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Wallet {
    /// Reads status lists of what is held, and keeps what they say for [`overview`](Wallet::overview). Call it from a background job, at
    /// [`Refreshed::due`] or by the platform's own rhythm, and never while something is being shown. It tells the
    /// issuers that are still to hear of a deletion, too: see [`Wallet::tell_deletions`].
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like. That a list could not be read is an outcome.
    pub async fn refresh(&self, scope: RefreshScope, now: UnixTime) -> Result<Refreshed, WalletError> {
        let credentials = self.ports.store.credentials().await?;
        let mut known: BTreeMap<_, _> = self
            .ports
            .store
            .statuses()
            .await?
            .into_iter()
            .map(|status| (status.credential, status))
            .collect();
        let due = due_of(&credentials, &known);
        let chosen = chosen(&due, scope, now);
        let mut answers = BTreeMap::new();
        let mut lists = Vec::new();
        for list in chosen {
            let answer = self.answer_of(list, now).await?;
            lists.push(RefreshedList {
                uri: list.uri.clone(),
                outcome: answer.outcome,
            });
            answers.insert(list.clone(), answer);
        }
        let mut changes = Vec::new();
        for credential in &credentials {
            let before = known.remove(&credential.id);
            let after = learnt(credential, before.as_ref(), &answers, now);
            if after.entries.is_empty() && before.is_some() {
                changes.push(Change::DeleteStatus(credential.id));
            } else if before.as_ref() != Some(&after) && !after.entries.is_empty() {
                changes.push(Change::PutStatus(Box::new(after.clone())));
            }
            known.insert(credential.id, after);
        }
        if !changes.is_empty() {
            self.ports.store.commit(changes).await?;
        }
        self.tell_deletions(now).await?;
        let due = due_of(&credentials, &known).into_values();
        let due = due.map(|due| due.unwrap_or(now));
        Ok(Refreshed {
            lists,
            due: due.chain(self.next_telling().await?).min(),
        })
    }

    async fn answer_of(&self, list: &ListToRead, now: UnixTime) -> Result<Answer, WalletError> {
        let read = self.read_list(list, now).await;
        let interval = match &read {
            Ok(read) => {
                let interval = read.time_to_live().unwrap_or(INTERVAL);
                interval.clamp(MIN_INTERVAL, MAX_INTERVAL)
            }
            Err(_) => MIN_INTERVAL,
        };
        let outcome = match &read {
            Ok(read) => ListOutcome::Read { as_of: read.as_of() },
            Err(NotRead::NotReachable) => ListOutcome::NotReachable,
            Err(NotRead::Refused) => ListOutcome::Refused,
        };
        Ok(Answer {
            list: read.ok(),
            outcome,
            due: now.plus(with_chance(interval, self.ports.randomness.as_ref())?),
        })
    }
}

struct Answer {
    list: Option<ReadList>,
    outcome: ListOutcome,
    due: UnixTime,
}

/// Whether a place says if the credential is in force. Others are advice: that a newer credential is to be had, a message.
pub(super) fn is_about_force(reference: &StatusReference) -> bool {
    match &reference.list {
        StatusListKind::Token => true,
        StatusListKind::Bitstring { purpose } => !matches!(purpose.as_str(), "refresh" | "message"),
    }
}

fn list_of(credential: &HeldCredential, reference: &StatusReference) -> ListToRead {
    let kind = ListKind::of(reference);
    ListToRead {
        uri: reference.uri.clone(),
        issuer: credential.issuer.clone(),
        kind,
        // Whose token it is does not depend on the type. Fetched once for each type, a list would tell its server how many are held.
        credential_type: match kind {
            ListKind::Token => String::new(),
            ListKind::Bitstring => credential.credential_type.clone(),
        },
    }
}

/// Every list with the time at which it is due; `None` when it was never read.
fn due_of(
    credentials: &[HeldCredential],
    known: &BTreeMap<crate::identifiers::CredentialId, KnownStatus>,
) -> BTreeMap<ListToRead, Option<UnixTime>> {
    let mut lists = BTreeMap::new();
    for credential in credentials {
        for reference in credential.status_references().filter(|one| is_about_force(one)) {
            let entry = known
                .get(&credential.id)
                .and_then(|status| entry_of(status, reference));
            let due = entry.map(|entry| entry.due);
            lists
                .entry(list_of(credential, reference))
                .and_modify(|earliest: &mut Option<UnixTime>| *earliest = (*earliest).min(due))
                .or_insert(due);
        }
    }
    lists
}

/// The lists to read now, those first that have waited longest.
fn chosen(
    due: &BTreeMap<ListToRead, Option<UnixTime>>,
    scope: RefreshScope,
    now: UnixTime,
) -> Vec<&ListToRead> {
    let mut chosen: Vec<_> = due
        .iter()
        .filter(|(_, due)| scope == RefreshScope::All || due.is_none_or(|due| due <= now))
        .collect();
    chosen.sort_by_key(|(_, due)| **due);
    chosen.into_iter().take(MAX_LISTS).map(|(list, _)| list).collect()
}

fn entry_of<'k>(known: &'k KnownStatus, reference: &StatusReference) -> Option<&'k KnownEntry> {
    known.entries.iter().find(|entry| entry.reference == *reference)
}

/// What is known of a credential after lists were read. Places that it no longer has, with copies that were shown, are forgotten.
fn learnt(
    credential: &HeldCredential,
    before: Option<&KnownStatus>,
    answers: &BTreeMap<ListToRead, Answer>,
    now: UnixTime,
) -> KnownStatus {
    let mut entries: Vec<KnownEntry> = Vec::new();
    for reference in credential.status_references().filter(|one| is_about_force(one)) {
        if entries.iter().any(|entry| entry.reference == *reference) {
            continue;
        }
        let before = before.and_then(|known| entry_of(known, reference));
        let answer = answers.get(&list_of(credential, reference));
        entries.extend(entry_after(reference, before, answer, now));
    }
    KnownStatus {
        credential: credential.id,
        entries,
    }
}

fn entry_after(
    reference: &StatusReference,
    before: Option<&KnownEntry>,
    answer: Option<&Answer>,
    now: UnixTime,
) -> Option<KnownEntry> {
    let Some(answer) = answer else {
        return before.cloned();
    };
    // A list that is older than one that was read says what has been: played back, it would bring back what was taken.
    let is_older = |list: &ReadList| before.is_some_and(|before| list.as_of() < before.as_of);
    match &answer.list {
        Some(list) if !is_older(list) => Some(KnownEntry {
            reference: reference.clone(),
            state: list.state(reference, now),
            as_of: list.as_of(),
            good_until: list.good_until(),
            due: answer.due,
        }),
        _ => match before {
            Some(before) => Some(KnownEntry {
                due: answer.due,
                ..before.clone()
            }),
            // Nothing is known, but that it was asked for: the next try has its time too.
            None => Some(KnownEntry {
                reference: reference.clone(),
                state: EntryState::NotUnderstood,
                as_of: None,
                good_until: None,
                due: answer.due,
            }),
        },
    }
}

/// The interval, longer by up to half of it.
fn with_chance(interval: Duration, randomness: &dyn Randomness) -> Result<Duration, WalletError> {
    let chance = u64::from(u32::from_be_bytes(random_bytes(randomness)?));
    let half = interval.as_secs() / 2;
    let more = u128::from(half) * u128::from(chance) / u128::from(u32::MAX);
    Ok(interval + Duration::from_secs(u64::try_from(more).unwrap_or(half)))
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    #[test]
    fn the_time_of_the_next_reading_is_left_to_chance_within_bounds() {
        let day = INTERVAL;
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..64 {
            let wait = with_chance(day, &SeededRandomness::new(seed)).unwrap();
            assert!((day..=day * 3 / 2).contains(&wait), "{wait:?}");
            seen.insert(wait);
        }
        assert!(seen.len() > 60);
    }
}
