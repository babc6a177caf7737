//! `GET /openid/sign-in/{id}/events`: tells the page that there is something new. The stream has one event and ends.

use core::convert::Infallible;
use core::time::Duration;
use std::sync::Arc;

use axum::extract::{Path, State as Extracted};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::HeaderMap;
use symbolon_verifier::openid_provider::SignInRecord;
use symbolon_verifier::store::RequestId;
use tokio::sync::broadcast::Receiver;

use super::Provider;
use super::sign_in::Visit;

/// How often the store is asked: another process may have received the answer, and sign-ins expire by themselves.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

pub(super) async fn stream(
    Extracted(provider): Extracted<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    // Subscribed before the first look at the store, so that no answer falls between the two.
    let announcements = provider.state.answered.subscribe();
    let record = match Visit::of(&provider, &headers, &id).await {
        Ok(visit) => visit.record,
        Err(refusal) => return *refusal,
    };
    let waiting = Some(Waiting {
        provider: Arc::clone(&provider),
        record,
        announcements,
    });
    let events = stream::unfold(waiting, |waiting| async move {
        waiting?.changed().await;
        Some((
            Ok::<_, Infallible>(Event::default().event("changed").data("")),
            None,
        ))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

struct Waiting {
    provider: Arc<Provider>,
    record: SignInRecord,
    announcements: Receiver<RequestId>,
}

impl Waiting {
    /// Returns once a wallet has answered, the time is over, or the sign-in is: the page says which. A store that fails ends the waiting too.
    async fn changed(mut self) {
        while self.is_pending().await {
            let requests: Vec<RequestId> = self.record.requests().map(|asked| asked.id.clone()).collect();
            let heard = async {
                while let Ok(id) = self.announcements.recv().await {
                    if requests.contains(&id) {
                        break;
                    }
                }
            };
            let _ = tokio::time::timeout(POLL_INTERVAL, heard).await;
        }
    }

    async fn is_pending(&self) -> bool {
        if self.provider.now() > self.record.expires_at {
            return false;
        }
        let deps = &self.provider.state.dependencies;
        let under_way = deps.store.sign_in(&deps.tenant, &self.record.id).await;
        if !matches!(under_way, Ok(Some(_))) {
            return false;
        }
        for asked in self.record.requests() {
            if !matches!(self.provider.result(asked).await, Ok(None)) {
                return false;
            }
        }
        true
    }
}
