//! Revocation lists of certificates (RFC 5280 §5): in memory alone, as they were fetched and as a session has verified them.

use core::time::Duration;
use std::sync::Arc;

use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::RevocationList;
use symbolon_verifier::RevocationListEvidence;

use super::{EvidenceCache, Memory};

/// The largest number of revocation lists in memory; each is up to six megabytes, and most have a few kilobytes.
const MAX_REVOCATION_LISTS_IN_MEMORY: usize = 16;

/// How long a revocation list is used that nobody has verified, and how long one that could not be had is not asked for again.
const UNVERIFIED_REVOCATION_LIST_LIFETIME: Duration = Duration::from_secs(60);

/// How long a verified revocation list is used, at most.
const REVOCATION_LIST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct KeptRevocationList {
    /// What was found last.
    newest: RevocationListEvidence,
    /// The last one that a session has verified. It stays until a newer one is verified.
    verified: Option<RevocationList>,
    fresh_until: UnixTime,
}

/// What is known of the revocation list at an address.
#[derive(Debug)]
pub(crate) struct KnownRevocationList {
    /// What was found last.
    pub(crate) newest: RevocationListEvidence,
    /// The one that was verified before, where it is another one.
    pub(crate) before: Option<RevocationList>,
}

impl KeptRevocationList {
    /// Whether a session has verified what was found last. Its time is set once: keeping it anew would let it live for ever.
    fn is_verified(&self) -> bool {
        match (&self.newest, &self.verified) {
            (RevocationListEvidence::List(newest), Some(verified)) => newest.sha256() == verified.sha256(),
            _ => false,
        }
    }

    fn known(&self) -> KnownRevocationList {
        KnownRevocationList {
            newest: self.newest.clone(),
            before: self.verified.clone().filter(|_| !self.is_verified()),
        }
    }

    /// Takes what was fetched, unless what is verified is better: an answer that is none, and an older list, change nothing.
    fn take(&mut self, fetched: RevocationListEvidence, now: UnixTime) {
        self.fresh_until = now.plus(UNVERIFIED_REVOCATION_LIST_LIFETIME);
        self.newest = match (fetched, &self.verified) {
            (RevocationListEvidence::List(list), Some(verified))
                if list.this_update() < verified.this_update() =>
            {
                RevocationListEvidence::List(verified.clone())
            }
            (RevocationListEvidence::List(list), Some(verified)) if list.sha256() == verified.sha256() => {
                // The authority says the same again. The copy that is kept is the one whose signature need not be verified any more.
                self.fresh_until = self.fresh_until.max(verified_until(verified, now));
                RevocationListEvidence::List(verified.clone())
            }
            (RevocationListEvidence::Absent, Some(verified)) => {
                RevocationListEvidence::List(verified.clone())
            }
            (fetched, _) => fetched,
        };
    }
}

/// Until when a verified list is used that was fetched at `now`.
fn verified_until(list: &RevocationList, now: UnixTime) -> UnixTime {
    list.next_update().min(now.plus(REVOCATION_LIST_LIFETIME))
}

impl Memory {
    /// Makes room for a revocation list: one that nobody has verified goes first, then the one that is stale first.
    fn forget_one_revocation_list(&mut self) {
        let lists = self.revocation_lists.iter();
        let first = lists.min_by_key(|(_, kept)| (kept.verified.is_some(), kept.fresh_until));
        if let Some(url) = first.map(|(url, _)| url.clone()) {
            self.revocation_lists.remove(&url);
        }
    }
}

impl EvidenceCache {
    /// What is known of the revocation list at `url`, or that it was asked for in vain a moment ago.
    pub(crate) fn revocation_list(&self, url: &str, now: UnixTime) -> Option<KnownRevocationList> {
        let memory = self.memory();
        let kept = memory.revocation_lists.get(url);
        kept.filter(|kept| now < kept.fresh_until)
            .map(KeptRevocationList::known)
    }

    /// Keeps what was found at the URL of a revocation list for a moment: so that one that cannot be had does not hold up every verification, and
    /// until a session has verified it. What is known of the list then.
    ///
    /// A verified list gives way to no answer and to no older list, and stands beside what nobody has verified: whoever stands at the address of a
    /// list, or keeps it away, gives nothing back that was taken back.
    pub(crate) fn keep_revocation_list(
        &self,
        url: &str,
        fetched: RevocationListEvidence,
        now: UnixTime,
    ) -> KnownRevocationList {
        let mut memory = self.memory();
        if memory.revocation_lists.len() >= MAX_REVOCATION_LISTS_IN_MEMORY
            && !memory.revocation_lists.contains_key(url)
        {
            memory.forget_one_revocation_list();
        }
        let kept = memory
            .revocation_lists
            .entry(url.to_owned())
            .or_insert_with(|| KeptRevocationList {
                newest: RevocationListEvidence::Absent,
                verified: None,
                fresh_until: now,
            });
        kept.take(fetched, now);
        kept.known()
    }

    /// Keeps a revocation list that a session has verified until the next one is due, and for a day at most: authorities publish one early when
    /// a certificate is revoked. One whose successor was due already is not asked for again with every verification.
    pub(crate) fn keep_verified_revocation_list(&self, list: &RevocationList, now: UnixTime) {
        for kept in self.memory().revocation_lists.values_mut() {
            let RevocationListEvidence::List(known) = &kept.newest else {
                continue;
            };
            if known.sha256() == list.sha256() && !kept.is_verified() {
                kept.verified = Some(list.clone());
                kept.fresh_until = kept.fresh_until.max(verified_until(list, now));
            }
        }
    }

    /// The right to fetch a revocation list: whoever waits for it finds what another one has fetched meanwhile.
    pub(crate) fn revocation_fetch(&self, url: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut memory = self.memory();
        if memory.revocation_fetches.len() >= MAX_REVOCATION_LISTS_IN_MEMORY {
            memory.revocation_fetches.clear();
        }
        Arc::clone(memory.revocation_fetches.entry(url.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority};

    use super::*;

    const URI: &str = "https://registry.example/status/0";

    fn revocation_list(authority: &TestIssuingAuthority, made: UnixTime) -> RevocationList {
        let list = authority.sign_revocation_list(&authority.revocation_list(made));
        RevocationList::parse(&list).unwrap()
    }

    fn is(known: &KnownRevocationList, list: &RevocationList) -> bool {
        matches!(&known.newest, RevocationListEvidence::List(newest) if newest.sha256() == list.sha256())
    }

    #[test]
    fn a_verified_revocation_list_outlives_silence_older_lists_and_strangers() {
        let cache = EvidenceCache::in_memory();
        let authority = TestIssuingAuthority::new(700);
        let stranger = revocation_list(&TestIssuingAuthority::new(701), NOW.plus(2 * DAY));
        let older = revocation_list(&authority, UnixTime::from_seconds(NOW.seconds() - 100));
        let list = revocation_list(&authority, NOW);
        let newer = revocation_list(&authority, NOW.plus(DAY));

        cache.keep_revocation_list(URI, RevocationListEvidence::List(list.clone()), NOW);
        cache.keep_verified_revocation_list(&list, NOW);
        let stale = NOW.plus(DAY);
        assert!(is(
            &cache
                .revocation_list(URI, UnixTime::from_seconds(stale.seconds() - 1))
                .unwrap(),
            &list
        ));
        assert!(cache.revocation_list(URI, stale).is_none());

        for fetched in [
            RevocationListEvidence::Absent,
            RevocationListEvidence::List(older),
        ] {
            let known = cache.keep_revocation_list(URI, fetched, stale);
            assert!(is(&known, &list) && known.before.is_none());
        }
        let known = cache.keep_revocation_list(URI, RevocationListEvidence::List(stranger.clone()), stale);
        assert!(is(&known, &stranger));
        assert_eq!(known.before.map(|before| before.sha256()), Some(list.sha256()));

        cache.keep_revocation_list(URI, RevocationListEvidence::List(newer.clone()), stale);
        cache.keep_verified_revocation_list(&newer, stale);
        let known = cache.revocation_list(URI, stale).unwrap();
        assert!(is(&known, &newer) && known.before.is_none());
    }

    #[test]
    fn an_outdated_revocation_list_is_asked_for_once_a_minute() {
        let cache = EvidenceCache::in_memory();
        let list = revocation_list(&TestIssuingAuthority::new(700), NOW);
        let late = NOW.plus(3 * DAY);
        cache.keep_revocation_list(URI, RevocationListEvidence::List(list.clone()), late);
        cache.keep_verified_revocation_list(&list, late);
        assert!(is(&cache.revocation_list(URI, late).unwrap(), &list));
        let minute = late.plus(UNVERIFIED_REVOCATION_LIST_LIFETIME);
        assert!(cache.revocation_list(URI, minute).is_none());
    }

    #[test]
    fn one_revocation_list_makes_room_for_another_and_verified_ones_stay_longest() {
        let cache = EvidenceCache::in_memory();
        let list = revocation_list(&TestIssuingAuthority::new(700), NOW);
        cache.keep_revocation_list(URI, RevocationListEvidence::List(list.clone()), NOW);
        cache.keep_verified_revocation_list(&list, NOW);
        for number in 0..3 * MAX_REVOCATION_LISTS_IN_MEMORY {
            let url = format!("http://lists.example/{number}");
            cache.keep_revocation_list(&url, RevocationListEvidence::Absent, NOW);
        }
        assert_eq!(
            cache.memory().revocation_lists.len(),
            MAX_REVOCATION_LISTS_IN_MEMORY
        );
        assert!(is(&cache.revocation_list(URI, NOW).unwrap(), &list));
    }
}
