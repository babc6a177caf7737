//! How much strangers may have the wallet do: whoever reaches it could otherwise keep it busy, or have it fetch without end.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use symbolon_crypto::UnixTime;
use symbolon_http::openapi::{Answer, Operation};
use tokio::sync::Semaphore;

/// What everybody together may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestBudget {
    /// Requests in a minute.
    pub per_minute: u32,
    /// Requests at the same time.
    pub at_once: usize,
}

impl Default for RequestBudget {
    /// More than an organisation shows, and less than keeps a processor busy.
    fn default() -> Self {
        Self {
            per_minute: 240,
            at_once: 16,
        }
    }
}

/// Lets in what the budget allows.
pub(crate) struct Gate {
    budget: RequestBudget,
    places: Arc<Semaphore>,
    minute: Mutex<Minute>,
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
}

/// The minute that is counted.
#[derive(Default)]
struct Minute {
    /// Which, counted from the epoch.
    number: i64,
    requests: u32,
}

impl Gate {
    pub(crate) fn new(budget: RequestBudget, clock: Arc<dyn Fn() -> UnixTime + Send + Sync>) -> Self {
        Self {
            budget,
            places: Arc::new(Semaphore::new(budget.at_once)),
            minute: Mutex::default(),
            clock,
        }
    }

    /// Whether there is room for one more in this minute.
    fn takes(&self) -> bool {
        let number = (self.clock)().seconds().div_euclid(60);
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number {
            *minute = Minute { number, requests: 0 };
        }
        if minute.requests >= self.budget.per_minute {
            return false;
        }
        minute.requests += 1;
        true
    }
}

/// The layer.
pub(crate) async fn admit(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let full = || {
        let retry = [(RETRY_AFTER, HeaderValue::from_static("60"))];
        (StatusCode::TOO_MANY_REQUESTS, retry).into_response()
    };
    // What finds no place does not use up the minute of others.
    let Ok(place) = Arc::clone(&gate.places).try_acquire_owned() else {
        return full();
    };
    if !gate.takes() {
        return full();
    }
    // The place is taken for as long as the work lasts, also when the client hangs up before.
    let work = tokio::spawn(async move {
        let answer = next.run(request).await;
        drop(place);
        answer
    });
    work.await
        .unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

/// What the layer answers.
pub(crate) fn described(operation: Operation) -> Operation {
    operation.answers(Answer::empty(429, "More is asked for than the wallet does at once.").retry_after())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[test]
    fn every_minute_takes_as_many_as_the_budget_has() {
        let now = Arc::new(AtomicI64::new(1_795_435_200));
        let time = Arc::clone(&now);
        let budget = RequestBudget {
            per_minute: 6,
            at_once: 1,
        };
        let clock = move || UnixTime::from_seconds(time.load(Ordering::Relaxed));
        let gate = Gate::new(budget, Arc::new(clock));
        assert!((0..6).all(|_| gate.takes()));
        assert!(!gate.takes());
        now.fetch_add(59, Ordering::Relaxed);
        assert!(!gate.takes());
        now.fetch_add(1, Ordering::Relaxed);
        assert!((0..6).all(|_| gate.takes()));
        assert!(!gate.takes());
    }
}
