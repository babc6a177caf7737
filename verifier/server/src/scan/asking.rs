//! Asking for a presentation by QR codes: the shop's screen shows the request, the person's screen the answer, and neither needs a network.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Form;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use symbolon_crypto::UnixTime;
use symbolon_http::openapi::ToSchema;
use symbolon_pages::answer::see_other;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::qr_transport::{FrameSize, MAX_REQUEST_LIFETIME, Message};
use symbolon_qr_picture::{ErrorCorrection, FrameTime, Symbol, Version, draw_animation};
use symbolon_verdict_page::{Conclusion, Shown};
use symbolon_verifier::by_qr::open_answer;
use symbolon_verifier::input::inputs_of_token;
use symbolon_verifier::name::PolicyName;
use symbolon_verifier::report::Report;
use symbolon_verifier::store::{NonceUse, RequestId, RequestRecord};

use super::judging::{Judged, Unjudged};
use super::page::{Asked, Counter};
use super::{Desk, ScanPageError};
use crate::judge::Judgement;
use crate::routes::stored_query;
use crate::state::State;

/// Pixels of a module: a code of version 12 is as wide as a cheap telephone's screen.
const MODULE_PIXELS: u32 = 5;

/// How many requests the page makes within [`MAX_REQUEST_LIFETIME`], at most: more than one a second. Each is kept until it expires, and
/// a page that is open to everybody has no other bound.
const MAX_OPEN_REQUESTS: usize = 1_000;

/// When the requests that may still be kept were made, the oldest first.
#[derive(Default)]
pub(super) struct OpenRequests(Mutex<VecDeque<UnixTime>>);

impl OpenRequests {
    /// Whether another one may be made, which then counts.
    fn admit(&self, now: UnixTime) -> bool {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while made
            .front()
            .is_some_and(|made| made.plus(MAX_REQUEST_LIFETIME) < now)
        {
            made.pop_front();
        }
        let has_place = made.len() < MAX_OPEN_REQUESTS;
        if has_place {
            made.push_back(now);
        }
        has_place
    }
}

/// Something that people can be asked for.
pub(super) struct Ask {
    /// The shop's words for it.
    pub(super) label: String,
    query: DcqlQuery,
    policy: Option<PolicyName>,
}

/// The asks of the configuration, each a named query or a policy.
pub(super) fn asks(state: &State, named: BTreeMap<String, String>) -> Result<Vec<Ask>, ScanPageError> {
    let ask = |(label, name): (String, String)| {
        if let Some(query) = state.queries.get(&name) {
            return Ok(Ask {
                label,
                query: query.clone(),
                policy: None,
            });
        }
        let policy = PolicyName::parse(&name).ok().and_then(|name| state.policy(&name));
        // A screen has room for no transaction to agree to.
        let policy = policy.filter(|policy| policy.transactions().is_empty());
        match policy
            .as_deref()
            .and_then(|policy| Some((policy, policy.query()?)))
        {
            Some((policy, query)) => Ok(Ask {
                label,
                query: query.clone(),
                policy: Some(policy.name().clone()),
            }),
            None => Err(ScanPageError::Ask(name)),
        }
    };
    named.into_iter().map(ask).collect()
}

/// What somebody is to be asked for.
#[derive(Deserialize, ToSchema)]
pub(super) struct Chosen {
    /// The words for it, as the page lists them.
    #[serde(default)]
    ask: String,
}

/// `POST /scan/requests`: makes a request and shows the page with it.
pub(super) async fn ask(
    Shared(desk): Shared<Arc<Desk>>,
    headers: HeaderMap,
    Form(chosen): Form<Chosen>,
) -> Response {
    let language = desk.language(&headers);
    if !desk.access.permits(&headers) {
        return desk.pages.enter(StatusCode::FORBIDDEN, language, None);
    }
    let refused = |status, problem| {
        desk.pages
            .scan(status, language, Some(problem), &desk.usual_counter())
    };
    let Some(ask) = desk.asks.iter().find(|ask| ask.label == chosen.ask) else {
        return refused(StatusCode::BAD_REQUEST, "problem-ask");
    };
    if !desk.open_requests.admit(desk.state.now()) {
        tracing::warn!("more is asked by QR codes than any counter asks");
        return refused(Unjudged::Busy.status(), Unjudged::Busy.text());
    }
    match desk
        .state
        .make_request_by_qr(&ask.query, ask.policy.as_ref())
        .await
    {
        Ok(record) => see_other(&format!("/scan?request={}", record.id)),
        Err(error) => {
            tracing::error!(%error, "a request by QR codes could not be made");
            refused(Unjudged::Failed.status(), Unjudged::Failed.text())
        }
    }
}

/// `GET /scan/requests/{id}`: the request as an animation, which every browser shows without a script.
pub(super) async fn picture(
    Shared(desk): Shared<Arc<Desk>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !desk.access.permits(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let record = match desk.asked(&id).await {
        Ok(record) => record,
        Err(Unjudged::Failed) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(_) => return StatusCode::NOT_FOUND.into_response(),
    };
    let message = stored_query(&record).and_then(|query| desk.state.message_of(&record, &query).ok());
    let drawn = match message {
        Some(message) => desk.in_its_place(move || draw(&message)).await.ok().flatten(),
        None => None,
    };
    match drawn {
        Some(gif) => ([(CONTENT_TYPE, "image/gif"), (CACHE_CONTROL, "no-store")], gif).into_response(),
        None => {
            tracing::error!("a request by QR codes could not be drawn");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn draw(message: &Message) -> Option<Vec<u8>> {
    let frames = message.frames(FrameSize::PHONE).ok()?;
    let count = frames.in_a_loop();
    let symbols: Option<Vec<Symbol>> = frames
        .take(count)
        .map(|frame| Symbol::draw(frame.as_bytes(), ErrorCorrection::Low, Version::LARGEST).ok())
        .collect();
    draw_animation(&symbols?, MODULE_PIXELS, FrameTime::CAMERA).ok()
}

impl Desk {
    /// The request of this name that was made here, as long as it may be answered.
    pub(super) async fn asked(&self, id: &str) -> Result<RequestRecord, Unjudged> {
        let deps = &self.state.dependencies;
        let id = RequestId::parse(id).map_err(|_| Unjudged::Expired)?;
        let found = deps.store.request(&deps.tenant, &id).await;
        let record = found.map_err(|_| Unjudged::Failed)?;
        record
            .filter(|record| record.choices.response_mode.is_by_qr())
            .filter(|record| self.state.now() <= record.expires_at)
            .ok_or(Unjudged::Expired)
    }

    /// The page without anything on it but what can be asked for.
    pub(super) fn usual_counter(&self) -> Counter<'_> {
        Counter {
            asks: self.asks.iter().map(|ask| ask.label.as_str()).collect(),
            has_offline_page: self.has_offline_page,
            ..Counter::default()
        }
    }

    /// The page with the request of this name on it.
    pub(super) async fn counter(&self, request: Option<&str>) -> Result<Counter<'_>, Unjudged> {
        let asked = match request {
            None => None,
            Some(id) => {
                let record = self.asked(id).await?;
                Some(Asked {
                    id: record.id.as_str().to_owned(),
                    until: record.expires_at,
                })
            }
        };
        Ok(Counter {
            asked,
            ..self.usual_counter()
        })
    }

    /// Judges an answer as the one to this request: decrypted with its key, its nonce spent once, everything that was asked for checked again.
    pub(super) async fn judge_answer(&self, jwe: &str, request: &str) -> Result<Judged, Unjudged> {
        let state = &self.state;
        let deps = &state.dependencies;
        let record = self.asked(request).await?;
        let query = stored_query(&record).ok_or(Unjudged::Failed)?;
        let binding = state.binding(&record).map_err(|_| Unjudged::Failed)?;
        // One moment for the policy and for whom to believe.
        let believed = state.believed.now();
        let policy = match &record.policy {
            None => None,
            Some(name) => Some(believed.policy(name).ok_or(Unjudged::Failed)?),
        };
        let key = || state.response_key(&record).ok();
        let token = open_answer(jwe, &key, &record.state, &*deps.jwe).map_err(|_| Unjudged::OtherRequest)?;
        let inputs = inputs_of_token(&token).map_err(|_| Unjudged::NotACredential)?;
        let sessions = state.sessions(&query, &inputs, &binding, &[], policy.as_deref());
        let sessions = sessions.map_err(|_| Unjudged::NotACredential)?;
        // Spent before anything is judged: of two copies of one answer only one is ever looked at.
        match deps
            .store
            .consume_nonce(&record.tenant, &record.nonce, record.kept_until())
            .await
        {
            Ok(NonceUse::First) => {}
            Ok(NonceUse::Replayed) => return Err(Unjudged::Replayed),
            Err(_) => return Err(Unjudged::Failed),
        }
        let Judgement {
            reports,
            answer: check,
        } = state
            .judge(&believed, &query, sessions, state.holder_keys(policy.as_deref()))
            .await;
        let decision = policy.map(|policy| policy.decide(&reports, check, state.now()));
        let all: Vec<&Report> = reports.values().flatten().collect();
        let conclusion = Conclusion::of(check, decision.as_ref(), &all);
        let shown = reports
            .into_values()
            .flatten()
            .map(|report| Shown::of(report, state.now()))
            .collect();
        Ok(Judged::Whole { shown, conclusion })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_requests_are_made_as_are_kept_and_no_more() {
        let open = OpenRequests::default();
        let now = UnixTime::from_seconds(1_800_000_000);
        for _ in 0..MAX_OPEN_REQUESTS {
            assert!(open.admit(now));
        }
        assert!(!open.admit(now));
        assert!(!open.admit(now.plus(MAX_REQUEST_LIFETIME)));
        let later = now.plus(MAX_REQUEST_LIFETIME + core::time::Duration::from_secs(1));
        assert!(open.admit(later));
        assert_eq!(open.0.lock().unwrap().len(), 1);
    }
}
