//! Whose turn it is to tell issuers of deletions: one call's at a time, of all the wallets on one store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether somebody tells issuers of deletions, which one call does at a time: two at once would spend one refresh token twice, which ends
/// the access. Clones share it. A store has one, and everybody who has the store open has the same.
#[derive(Clone, Default)]
pub struct Telling(Arc<Mutex<State>>);

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Nobody,
    /// Somebody has their turn.
    Somebody,
    /// Another came meanwhile, with more to tell.
    SomebodyWithMore,
}

/// The turn of one call, until it is dropped: a call that is given up stands in nobody's way.
pub(crate) struct Turn<'a> {
    telling: &'a Telling,
    is_over: bool,
}

impl Telling {
    /// The turn; `None` when it is another call's, which goes round again then.
    pub(crate) fn begin(&self) -> Option<Turn<'_>> {
        let mut state = self.state();
        if *state == State::Nobody {
            *state = State::Somebody;
            return Some(Turn {
                telling: self,
                is_over: false,
            });
        }
        *state = State::SomebodyWithMore;
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Whether another call came meanwhile. If none did, the turn is over at once, so that nobody comes in between unheard.
    pub(crate) fn is_asked_again(&mut self) -> bool {
        let mut state = self.telling.state();
        let is_asked = *state == State::SomebodyWithMore;
        *state = if is_asked { State::Somebody } else { State::Nobody };
        self.is_over = !is_asked;
        is_asked
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // After its end the turn may be another's.
        if !self.is_over {
            *self.telling.state() = State::Nobody;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_turn_and_hears_of_another_and_leaves_it_to_nobody() {
        let telling = Telling::default();
        let mut turn = telling.begin().unwrap();
        assert!(telling.clone().begin().is_none());
        assert!(turn.is_asked_again());
        assert!(!turn.is_asked_again(), "it has gone round for that one");
        let other = telling.begin().unwrap();
        drop(turn);
        assert!(
            telling.begin().is_none(),
            "a turn that is over takes none from another"
        );
        drop(other);
        assert!(telling.begin().is_some(), "one that was given up is over");
    }
}
