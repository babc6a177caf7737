//! Sets as their maximal runs, in memory. A set of a few bytes may have 2^48 members and never more runs than bits, so what
//! compares and changes sets that others made does so by runs.

use super::{CompactSet, LookupError};

/// Members that follow one another: from `start` up to `end`, which is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// Runs that rise and do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Runs(Vec<Run>);

impl Runs {
    /// The runs of a set.
    pub(crate) fn of_set(set: &CompactSet<'_>) -> Result<Self, LookupError> {
        let mut runs = Self::default();
        for run in set.runs() {
            let (start, length) = run?;
            runs.push(Run {
                start,
                end: start + length,
            });
        }
        Ok(runs)
    }

    /// The runs of numbers that rise strictly; `None` where they do not.
    pub(crate) fn of_members(members: &[u64]) -> Option<Self> {
        let mut runs = Self::default();
        let mut least = 0;
        for member in members {
            if *member < least {
                return None;
            }
            least = member.checked_add(1)?;
            runs.push(Run {
                start: *member,
                end: least,
            });
        }
        Some(runs)
    }

    /// Adds a run behind all others, which it may touch.
    pub(crate) fn push(&mut self, run: Run) {
        match self.0.last_mut() {
            Some(last) if last.end == run.start => last.end = run.end,
            _ => self.0.push(run),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[Run] {
        &self.0
    }

    /// The first value behind all of them.
    pub(crate) fn end(&self) -> u64 {
        self.0.last().map_or(0, |run| run.end)
    }

    /// How many members they have.
    pub(crate) fn members(&self) -> u64 {
        self.0.iter().map(|run| run.end - run.start).sum()
    }

    /// What these have and `other` has not.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let mut left = Self::default();
        let mut taken = other.0.iter().peekable();
        for run in &self.0 {
            let mut start = run.start;
            while taken.next_if(|gone| gone.end <= start).is_some() {}
            while let Some(gone) = taken.peek().filter(|gone| gone.start < run.end) {
                if start < gone.start {
                    left.push(Run {
                        start,
                        end: gone.start,
                    });
                }
                start = gone.end.min(run.end);
                if gone.end > run.end {
                    break;
                }
                taken.next();
            }
            if start < run.end {
                left.push(Run { start, end: run.end });
            }
        }
        left
    }

    /// These and `other`; `None` where a number is in both.
    pub(crate) fn with(&self, other: &Self) -> Option<Self> {
        let mut all = Self::default();
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        loop {
            let next = match (one.peek(), two.peek()) {
                (Some(first), Some(second)) if second.start < first.start => two.next(),
                (Some(_), _) => one.next(),
                (None, _) => two.next(),
            };
            let Some(next) = next else {
                return Some(all);
            };
            if next.start < all.end() {
                return None;
            }
            all.push(*next);
        }
    }
}

/// Runs that are taken piece by piece, from the front.
pub(crate) struct RunStream {
    /// In reverse, so that the next one is the last.
    waiting: Vec<Run>,
}

impl RunStream {
    pub(crate) fn new(runs: Runs) -> Self {
        let mut waiting = runs.0;
        waiting.reverse();
        Self { waiting }
    }

    /// Takes what lies below `end`, counted from `offset`, which nothing that waits lies below.
    pub(crate) fn take_below(&mut self, end: u64, offset: u64) -> Runs {
        let mut taken = Runs::default();
        while let Some(run) = self.waiting.pop_if(|run| run.start < end) {
            taken.push(Run {
                start: run.start - offset,
                end: run.end.min(end) - offset,
            });
            if run.end > end {
                self.waiting.push(Run {
                    start: end,
                    end: run.end,
                });
            }
        }
        taken
    }
}
