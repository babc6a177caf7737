//! The answer of the store's writer thread as a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A promise and the future that it completes.
pub(crate) fn pair<T>() -> (Promise<T>, Answer<T>) {
    let slot = Arc::new(Mutex::new(Slot::Waiting(None)));
    (Promise(Arc::clone(&slot)), Answer(slot))
}

enum Slot<T> {
    Waiting(Option<Waker>),
    Answered(T),
    Abandoned,
}

/// Gives the answer, once. Dropped without an answer, it completes the future with `None`.
pub(crate) struct Promise<T>(Arc<Mutex<Slot<T>>>);

impl<T> Promise<T> {
    pub(crate) fn keep(self, answer: T) {
        settle(&self.0, Slot::Answered(answer));
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if matches!(*lock(&self.0), Slot::Waiting(_)) {
            settle(&self.0, Slot::Abandoned);
        }
    }
}

/// Completes with the answer.
pub(crate) struct Answer<T>(Arc<Mutex<Slot<T>>>);

impl<T> Future for Answer<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = lock(&self.0);
        match std::mem::replace(&mut *slot, Slot::Abandoned) {
            Slot::Answered(answer) => Poll::Ready(Some(answer)),
            Slot::Abandoned => Poll::Ready(None),
            Slot::Waiting(_) => {
                *slot = Slot::Waiting(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

fn settle<T>(slot: &Mutex<Slot<T>>, settled: Slot<T>) {
    let before = std::mem::replace(&mut *lock(slot), settled);
    if let Slot::Waiting(Some(waker)) = before {
        waker.wake();
    }
}

fn lock<T>(slot: &Mutex<Slot<T>>) -> MutexGuard<'_, Slot<T>> {
    // The slot is always replaced whole, so a panic of another holder leaves it usable.
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
