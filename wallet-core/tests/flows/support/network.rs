//! A network and a store that can die before or after every call.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use symbolon_wallet_core::record::{Flow, HeldCredential, HistoryEntry, KnownStatus, Refusal, Reissue};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{
    BoxFuture, Change, CredentialId, FlowId, HttpRequest, HttpResponse, MemoryStore, PersonId, StoreError,
    Telling, Transport, TransportError, WalletStore,
};

use super::issuer::TestIssuer;
use super::verifier::TestVerifier;

/// Whether the process dies before a call takes effect or after, before its answer is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
    /// It does not die: it waits before the call, while somebody else does something.
    PausedBefore,
    /// The same, after the call.
    PausedAfter,
    /// It lives on, and the call fails.
    Fails,
}

/// Runs something to where it is paused, has something else happen there, and runs it to its end.
pub(crate) fn meanwhile<T>(running: impl Future<Output = T>, other: impl FnOnce()) -> T {
    let mut running = pin!(running);
    let paused = running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    if let Poll::Ready(output) = paused {
        return output;
    }
    other();
    block_on(running)
}

/// Waits until it is polled again.
async fn pause() {
    let mut is_first = true;
    std::future::poll_fn(move |_| match std::mem::take(&mut is_first) {
        true => Poll::Pending,
        false => Poll::Ready(()),
    })
    .await;
}

/// What becomes of a process after a call.
async fn after(killed: Option<Side>) {
    match killed {
        Some(Side::After) => std::future::pending::<()>().await,
        Some(Side::PausedAfter) => pause().await,
        Some(Side::Before | Side::PausedBefore | Side::Fails) | None => {}
    }
}

/// What becomes of a process before a call.
async fn before(killed: Option<Side>) {
    match killed {
        Some(Side::Before) => std::future::pending::<()>().await,
        Some(Side::PausedBefore) => pause().await,
        Some(Side::After | Side::PausedAfter | Side::Fails) | None => {}
    }
}

/// Counts the calls of network and store, and stops the world at one of them.
#[derive(Default)]
pub(crate) struct Faults {
    calls: AtomicUsize,
    kill: Mutex<Option<(usize, Side)>>,
}

impl Faults {
    /// Dies at the call with this number, counted from the last `kill_at`.
    pub(crate) fn kill_at(&self, kill: Option<(usize, Side)>) {
        self.calls.store(0, Ordering::SeqCst);
        *self.kill.lock().unwrap_or_else(PoisonError::into_inner) = kill;
    }

    /// How many calls there were since the last `kill_at`.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn count(&self) -> Option<Side> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let kill = *self.kill.lock().unwrap_or_else(PoisonError::into_inner);
        kill.filter(|(at, _)| *at == number).map(|(_, side)| side)
    }
}

/// Leads requests to the issuer or the verifier.
pub(crate) struct Network {
    pub(crate) issuer: Arc<TestIssuer>,
    pub(crate) verifier: Arc<TestVerifier>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    pub(crate) down: Arc<Mutex<Option<(String, TransportError)>>>,
}

impl Transport for Network {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let line = format!("{} {}", request.method.name(), request.url);
            let killed = self.faults.count();
            before(killed).await;
            if killed == Some(Side::Fails) {
                return Err(TransportError::Unreachable);
            }
            let down = self.down.lock().unwrap().clone();
            if let Some((part, error)) = down
                && line.contains(&part)
            {
                if error == TransportError::Interrupted {
                    self.answer(&request);
                }
                return Err(error);
            }
            self.log.lock().unwrap().push(line);
            let response = self.answer(&request);
            after(killed).await;
            Ok(response)
        })
    }
}

impl Network {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        match request.url.host_str() {
            Some("issuer.example") => self.issuer.answer(request),
            Some("authorization.example") => self.issuer.server.answer(request),
            Some("verifier.example") => self.verifier.answer(request),
            other => panic!("nobody is at {other:?}"),
        }
    }
}

/// A store that can die with the network.
pub(crate) struct MortalStore {
    pub(crate) inner: MemoryStore,
    pub(crate) faults: Arc<Faults>,
    /// Its own, unlike what it holds: a process that died has nobody's turn.
    pub(crate) telling: Telling,
}

impl WalletStore for MortalStore {
    fn person(&self) -> PersonId {
        self.inner.person()
    }

    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn flow(&self, id: FlowId) -> BoxFuture<'_, Result<Option<Flow>, StoreError>> {
        self.inner.flow(id)
    }

    fn flows(&self) -> BoxFuture<'_, Result<Vec<Flow>, StoreError>> {
        self.inner.flows()
    }

    fn credential(&self, id: CredentialId) -> BoxFuture<'_, Result<Option<HeldCredential>, StoreError>> {
        self.inner.credential(id)
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Vec<HeldCredential>, StoreError>> {
        self.inner.credentials()
    }

    fn history(&self) -> BoxFuture<'_, Result<Vec<HistoryEntry>, StoreError>> {
        self.inner.history()
    }

    fn statuses(&self) -> BoxFuture<'_, Result<Vec<KnownStatus>, StoreError>> {
        self.inner.statuses()
    }

    fn reissues(&self) -> BoxFuture<'_, Result<Vec<Reissue>, StoreError>> {
        self.inner.reissues()
    }

    fn refusals(&self) -> BoxFuture<'_, Result<Vec<Refusal>, StoreError>> {
        self.inner.refusals()
    }

    fn commit(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let killed = self.faults.count();
            before(killed).await;
            if killed == Some(Side::Fails) {
                return Err(StoreError::Unavailable);
            }
            let outcome = self.inner.commit(changes).await;
            after(killed).await;
            outcome
        })
    }
}
