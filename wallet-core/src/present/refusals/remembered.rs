//! What is written down of refusals, each once and not too many.

use crate::ports::Change;
use crate::record::{Refusal, RefusalRule};

/// The most that are remembered for one time; the oldest make room. A person answers each by hand.
const MAX_REMEMBERED: usize = 256;

/// What changes when `fresh` refusals are remembered beside those that are `known`. The same one is remembered once, under its first
/// name and as it was refused last; one that was for always stays so. Of those for one time the oldest make room.
pub(crate) fn remembered(known: Vec<Refusal>, fresh: Vec<Refusal>) -> Vec<Change> {
    let mut refusals: Vec<(Refusal, Origin)> = known
        .into_iter()
        .map(|refusal| (refusal, Origin::Stored))
        .collect();
    for refusal in fresh {
        let same = refusals
            .iter_mut()
            .find(|(known, _)| known.id == refusal.id || known.is_of_same(&refusal));
        match same {
            None => refusals.push((refusal, Origin::Fresh)),
            Some((known, origin)) => {
                let merged = known.merged_with(refusal);
                if merged != *known {
                    *known = merged;
                    *origin = match origin {
                        Origin::Fresh => Origin::Fresh,
                        Origin::Stored | Origin::Changed => Origin::Changed,
                    };
                }
            }
        }
    }
    refusals.sort_by_key(|(refusal, _)| (refusal.at, refusal.id));
    let for_once = refusals
        .iter()
        .filter(|(refusal, _)| refusal.rule == RefusalRule::AskAgain);
    let mut too_many = for_once.count().saturating_sub(MAX_REMEMBERED);
    let mut changes = Vec::new();
    for (refusal, origin) in refusals {
        let goes = too_many > 0 && refusal.rule == RefusalRule::AskAgain;
        if goes {
            too_many -= 1;
        }
        match (origin, goes) {
            (Origin::Stored | Origin::Changed, true) => changes.push(Change::DeleteRefusal(refusal.id)),
            (Origin::Changed | Origin::Fresh, false) => changes.push(Change::PutRefusal(Box::new(refusal))),
            (Origin::Stored, false) | (Origin::Fresh, true) => {}
        }
    }
    changes
}

/// Where a refusal that is remembered comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// It is stored as it is.
    Stored,
    /// It is stored otherwise.
    Changed,
    /// It is not stored.
    Fresh,
}

impl Refusal {
    /// Whether both are of one request of one verifier.
    fn is_of_same(&self, other: &Self) -> bool {
        self.asked == other.asked && self.verifier.is_same_party(&other.verifier)
    }

    fn merged_with(&self, other: Self) -> Self {
        let rule = match (self.rule, other.rule) {
            (RefusalRule::AskAgain, RefusalRule::AskAgain) => RefusalRule::AskAgain,
            _ => RefusalRule::Always,
        };
        let is_later = other.at >= self.at;
        // The certificate of the last time is the one to show; but what is refused for always is refused to whom that was said of: another
        // name or address of the same party may be weaker, and cover less.
        let takes_other = match (self.rule, other.rule) {
            (RefusalRule::Always, RefusalRule::AskAgain) => false,
            (RefusalRule::AskAgain, RefusalRule::Always) => true,
            _ => is_later,
        };
        Self {
            id: self.id,
            at: if is_later { other.at } else { self.at },
            verifier: if takes_other {
                other.verifier
            } else {
                self.verifier.clone()
            },
            asked: self.asked.clone(),
            rule,
        }
    }
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::UnixTime;

    use super::*;
    use crate::identifiers::RefusalId;
    use crate::record::{VerifierEvidence, VerifierRecord};

    fn verifier(evidence: VerifierEvidence) -> VerifierRecord {
        VerifierRecord {
            client_id: "clinic".to_owned(),
            name: None,
            response_origin: "https://clinic.example".to_owned(),
            evidence,
            contact: None,
        }
    }

    fn refusal(number: u8, verifier: VerifierRecord, at: i64, rule: RefusalRule) -> Refusal {
        Refusal {
            id: RefusalId::from_bytes([number; 16]),
            verifier,
            asked: Vec::new(),
            at: UnixTime::from_seconds(at),
            rule,
        }
    }

    fn put(changes: &[Change]) -> Vec<&Refusal> {
        let put = changes.iter().map(|change| match change {
            Change::PutRefusal(refusal) => &**refusal,
            _ => panic!("something else"),
        });
        put.collect()
    }

    /// What a backup says of the same party for one time takes nothing from what was refused for always.
    #[test]
    fn what_is_for_always_stays_with_whom_it_was_said_of() {
        let (again, always) = (RefusalRule::AskAgain, RefusalRule::Always);
        let at_host = |host: &str| VerifierRecord {
            response_origin: format!("https://{host}"),
            ..verifier(VerifierEvidence::Registered)
        };
        let own = || refusal(1, at_host("own.example"), 10, always);
        let changes = remembered(vec![own()], vec![refusal(2, at_host("other.example"), 20, again)]);
        let kept = refusal(1, at_host("own.example"), 20, always);
        assert_eq!(put(&changes), [&kept], "the verifier stays");
        let changes = remembered(vec![refusal(1, at_host("other.example"), 20, again)], vec![own()]);
        assert_eq!(put(&changes), [&kept], "whichever came first");
        let changes = remembered(
            vec![own()],
            vec![refusal(2, at_host("other.example"), 20, always)],
        );
        assert_eq!(put(&changes), [&refusal(1, at_host("other.example"), 20, always)]);
    }

    #[test]
    fn the_same_is_remembered_once_and_what_is_for_always_stays_so() {
        let (again, always) = (RefusalRule::AskAgain, RefusalRule::Always);
        let clinic = || verifier(VerifierEvidence::Registered);
        let changes = remembered(
            vec![refusal(1, clinic(), 10, always)],
            vec![refusal(2, clinic(), 20, again)],
        );
        assert_eq!(put(&changes), [&refusal(1, clinic(), 20, always)]);
        let changes = remembered(
            vec![refusal(1, clinic(), 20, again)],
            vec![refusal(2, clinic(), 10, always)],
        );
        assert_eq!(
            put(&changes),
            [&refusal(1, clinic(), 20, always)],
            "the later date stays"
        );
        let known = || vec![refusal(1, clinic(), 20, always)];
        assert!(
            remembered(known(), known()).is_empty(),
            "nothing is written that is known"
        );
        assert!(remembered(known(), vec![refusal(1, clinic(), 10, again)]).is_empty());
        // One that asks with less proof is another: it would otherwise take the place of the one that has signed.
        let written = verifier(VerifierEvidence::RegisteredUnsigned);
        let changes = remembered(known(), vec![refusal(2, written.clone(), 30, again)]);
        assert_eq!(put(&changes), [&refusal(2, written, 30, again)]);
    }
}
