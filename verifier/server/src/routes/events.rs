//! `GET /admin/v1/presentation-requests/{id}/events`: the result as a server-sent event.
//!
//! The stream has one event, `answered` or `expired`, with the body of the polling endpoint as its data, and ends.

use core::convert::Infallible;
use core::time::Duration;
use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::store::{RequestId, RequestRecord};
use tokio::sync::broadcast::Receiver;

use super::administration::{Brought, RequestState, ResultBody};
use crate::state::State;

/// How often the store is asked: another process may have received the answer, and requests expire by themselves.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

pub(super) async fn stream(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
) -> Response {
    stream_of(state, None, &id, brought).await
}

/// The stream of a request that `owner` made.
pub(super) async fn stream_of(
    state: Arc<State>,
    owner: Option<&RelyingPartyName>,
    id: &str,
    brought: Brought,
) -> Response {
    // Subscribed before the first look at the store, so that no answer falls between the two.
    let announcements = state.answered.subscribe();
    let record = match state.known_request(owner, id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    let waiting = Some(Waiting {
        state,
        record,
        brought,
        announcements,
    });
    let events = stream::unfold(waiting, |waiting| async move {
        let event = waiting?.event().await?;
        Some((Ok::<_, Infallible>(event), None))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

struct Waiting {
    state: Arc<State>,
    record: RequestRecord,
    brought: Brought,
    announcements: Receiver<RequestId>,
}

impl Waiting {
    /// The one event; `None` when the store fails or the request is gone, which ends the stream: the browser connects again.
    async fn event(mut self) -> Option<Event> {
        loop {
            // It may have been removed meanwhile, by whoever asked or because its time was over.
            self.state.kept_request(&self.record.id).await.ok()??;
            let body = self.state.result_body(&self.record, &self.brought).await.ok()?;
            match body.state {
                RequestState::Pending => self.announced().await,
                RequestState::Answered => return event("answered", &body),
                RequestState::Expired => return event("expired", &body),
            }
        }
    }

    /// Returns when this request was answered, when announcements were missed, or when it is time to look again.
    async fn announced(&mut self) {
        let heard = async {
            while let Ok(id) = self.announcements.recv().await {
                if id == self.record.id {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(POLL_INTERVAL, heard).await;
    }
}

fn event(name: &'static str, body: &ResultBody) -> Option<Event> {
    Event::default().event(name).json_data(body).ok()
}
