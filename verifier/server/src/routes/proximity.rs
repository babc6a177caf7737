//! `…/presentation-requests/{id}/proximity`: asking face to face, for an app that only moves bytes (ISO/IEC 18013-5).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use symbolon_crypto::encoding::base64url;
use symbolon_http::openapi::ToSchema;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::proximity::ble::FrameSize;
use symbolon_protocol::proximity::{AskedFaceToFace, ReaderSession};
use symbolon_verifier::Binding;
use symbolon_verifier::device_response::presentations_by_query;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::store::RequestRecord;

use super::administration::{Brought, bad_request};
use super::answer::{Acknowledged, AnswerRefused, Answered, ReplyTo, decline, judge};
use super::caller::Caller;
use super::error::refuse_administration;
use super::form::is_json;
use super::request_object::{open_request_of, stored_query};
use crate::proximity::{Heard, Incoming, NotEngaged, ToSend};
use crate::request::MakeRequestError;
use crate::state::State;

/// What begins a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BeginProximity)]
pub(super) struct BeginBody {
    /// What the phone's QR code says, `mdoc:…`.
    engagement: String,
    /// The negotiated MTU of Bluetooth Low Energy; with it messages come as frames, too.
    #[serde(default)]
    mtu: Option<u16>,
}

/// A message for the phone.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageForPhone)]
pub(super) struct Sent {
    /// The message, base64url.
    message: String,
    /// The same as frames to be written or notified one after the other, each base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<Vec<String>>,
}

impl From<ToSend> for Sent {
    fn from(to_send: ToSend) -> Self {
        let frames = to_send.frames;
        Self {
            message: base64url::encode(&to_send.message),
            frames: frames.map(|frames| frames.iter().map(|frame| base64url::encode(frame)).collect()),
        }
    }
}

/// A session that began.
#[derive(Serialize, ToSchema)]
#[schema(as = ProximityBegun)]
pub(super) struct Begun {
    /// What the session is called.
    session: String,
    /// How the phone is reached.
    ble: Ways,
    /// What is sent first.
    #[serde(flatten)]
    sent: Sent,
}

/// How a phone is reached by Bluetooth Low Energy.
#[derive(Serialize, ToSchema)]
#[schema(as = BluetoothWays)]
pub(super) struct Ways {
    /// The service of the phone, a UUID; absent where the phone is no server.
    #[serde(skip_serializing_if = "Option::is_none")]
    peripheral_server: Option<String>,
    /// The service that the phone looks for, a UUID; absent where it looks for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    central_client: Option<String>,
    /// The value of the ident characteristic of an app that is the server, base64url.
    ident: String,
}

/// What the phone sent: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MessageOfPhone)]
pub(super) struct HeardBody {
    /// A whole message, base64url.
    #[serde(default)]
    message: Option<String>,
    /// Frames in the order in which they came, each base64url. They may be handed in one by one.
    #[serde(default)]
    frames: Option<Vec<String>>,
}

impl HeardBody {
    fn incoming(&self) -> Option<Incoming> {
        match (&self.message, &self.frames) {
            (Some(message), None) => base64url::decode(message).ok().map(Incoming::Message),
            (None, Some(frames)) => {
                let frames = frames.iter().map(|frame| base64url::decode(frame).ok());
                frames.collect::<Option<_>>().map(Incoming::Frames)
            }
            _ => None,
        }
    }
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = ProximityProgress)]
pub(super) struct Progress {
    /// How far the session is.
    state: Stage,
    /// With which status the phone ended the session (ISO/IEC 18013-5, table 20).
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u64>,
    /// What is still to be sent before the connection is closed, base64url; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The same as frames, each base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<Vec<String>>,
    /// The state of the request, with its result.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::shapes::PresentationState>)]
    presentation: Option<serde_json::Value>,
}

impl Progress {
    const fn at(state: Stage) -> Self {
        Self {
            state,
            status: None,
            message: None,
            frames: None,
            presentation: None,
        }
    }

    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// How far a session is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProximityStage)]
pub(super) enum Stage {
    /// More frames are needed.
    Assembling,
    /// The phone has answered, and the answer was judged.
    Answered,
    /// The phone ended the session without an answer. The request is still open.
    Ended,
}

/// A refusal of what was brought.
#[derive(Serialize, ToSchema)]
#[schema(as = ProximityRefusal)]
pub(super) struct Refusal {
    /// `session_ended` where the session is over, `invalid_request` where nothing has changed.
    error: &'static str,
    /// Why.
    error_description: String,
    /// What is still to be sent before the connection is closed, base64url; absent where the session goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The same as frames, each base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<Vec<String>>,
}

/// `POST /presentation-requests/{id}/proximity` of the operator.
pub(super) async fn begin(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    begin_of(&state, None, &id, &headers, &body).await
}

/// The same of a relying party.
pub(super) async fn begin_own(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    begin_of(&state, Some(&caller.name), &id, &headers, &body).await
}

async fn begin_of(
    state: &State,
    owner: Option<&RelyingPartyName>,
    id: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let record = match open_request_of(state, owner, id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    // A request with a page of the verifier's own belongs to the browser that opened it.
    if record.page.is_some() {
        return not_expressible("the request belongs to the browser that opens its page");
    }
    let body: BeginBody = match serde_json::from_slice(body) {
        Ok(body) if is_json(headers) => body,
        _ => return bad_request("the body has engagement, and mtu where it is known"),
    };
    let Some(query) = stored_query(&record) else {
        return AnswerRefused::UnreadableRequest.into_response();
    };
    // A device signs no transaction of this protocol.
    match state.transactions(&record) {
        Ok(transactions) if transactions.is_empty() => {}
        Ok(_) => return not_expressible("transactions cannot be authorised face to face"),
        Err(_) => return AnswerRefused::UnreadableRequest.into_response(),
    }
    let size = body.mtu.map(FrameSize::of_mtu);
    match state.engage(&record, &query, body.engagement.trim(), size) {
        Ok(engaged) => {
            let begun = Begun {
                session: engaged.name,
                ble: Ways {
                    peripheral_server: engaged.ways.peripheral_server,
                    central_client: engaged.ways.central_client,
                    ident: base64url::encode(&engaged.ways.ident),
                },
                sent: engaged.message.into(),
            };
            (StatusCode::CREATED, Json(begun)).into_response()
        }
        Err(error) => not_begun(&error),
    }
}

fn not_begun(error: &NotEngaged) -> Response {
    match error {
        NotEngaged::Engagement(_) => refuse_administration(
            StatusCode::BAD_REQUEST,
            "invalid_engagement",
            "the engagement of the phone cannot be used".to_owned(),
        ),
        NotEngaged::Request(MakeRequestError::Offer(_)) => {
            not_expressible("the request says more than a reader can ask face to face")
        }
        NotEngaged::Full | NotEngaged::Session(_) | NotEngaged::Request(_) | NotEngaged::Randomness(_) => {
            tracing::error!(%error, "a session face to face could not begin");
            refuse_administration(
                StatusCode::SERVICE_UNAVAILABLE,
                "server_error",
                "no session can begin now".to_owned(),
            )
        }
    }
}

fn not_expressible(description: &'static str) -> Response {
    refuse_administration(StatusCode::CONFLICT, "not_expressible", description.to_owned())
}

/// `POST /presentation-requests/{id}/proximity/{session}` of the operator.
pub(super) async fn receive(
    Extracted(state): Extracted<Arc<State>>,
    Path((id, session)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    receive_of(&state, None, (&id, &session), &headers, &body).await
}

/// The same of a relying party.
pub(super) async fn receive_own(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path((id, session)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    receive_of(&state, Some(&caller.name), (&id, &session), &headers, &body).await
}

async fn receive_of(
    state: &State,
    owner: Option<&RelyingPartyName>,
    (id, session): (&str, &str),
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let record = match open_request_of(state, owner, id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    let body = serde_json::from_slice::<HeardBody>(body).ok();
    let incoming = body.filter(|_| is_json(headers)).and_then(|body| body.incoming());
    let Some(incoming) = incoming else {
        return bad_request("the body has either message or frames, base64url");
    };
    match state.hear(&record.id, session, incoming) {
        Heard::Unknown => no_session(),
        Heard::Assembling => Progress::at(Stage::Assembling).into_response(),
        Heard::Ended(status) => Progress {
            status: Some(status.code()),
            ..Progress::at(Stage::Ended)
        }
        .into_response(),
        Heard::Broken { why, farewell } => {
            tracing::info!(%why, "a session face to face has ended");
            session_ended(why.to_string(), Some(farewell))
        }
        Heard::Response {
            device_response,
            session,
            asked,
            farewell,
        } => match conclude(state, &record, &device_response, &session, &asked).await {
            Ok(presentation) => {
                let (message, frames) = farewell
                    .map(Sent::from)
                    .map_or((None, None), |sent| (Some(sent.message), sent.frames));
                Progress {
                    message,
                    frames,
                    presentation: Some(presentation),
                    ..Progress::at(Stage::Answered)
                }
                .into_response()
            }
            Err(NotConcluded::Refused(refused)) => {
                tracing::info!(%refused, "an answer face to face was refused");
                session_ended(refused.to_string(), farewell)
            }
            Err(NotConcluded::Failed(response)) => *response,
        },
    }
}

/// The session is over by what the phone sent, which is told what is still to be sent.
fn session_ended(why: String, farewell: Option<ToSend>) -> Response {
    let (message, frames) = farewell
        .map(Sent::from)
        .map_or((None, None), |sent| (Some(sent.message), sent.frames));
    let refusal = Refusal {
        error: "session_ended",
        error_description: why,
        message,
        frames,
    };
    (StatusCode::BAD_REQUEST, Json(refusal)).into_response()
}

/// Why an answer came to nothing.
enum NotConcluded {
    /// It is wrong.
    Refused(AnswerRefused),
    /// This server cannot judge it, or say what came of it.
    Failed(Box<Response>),
}

impl From<AnswerRefused> for NotConcluded {
    fn from(refused: AnswerRefused) -> Self {
        if refused.is_of_the_answer() {
            Self::Refused(refused)
        } else {
            Self::Failed(Box::new(refused.into_response()))
        }
    }
}

/// Judges what the phone answered, like every other answer to the request.
async fn conclude(
    state: &State,
    record: &RequestRecord,
    device_response: &[u8],
    session: &ReaderSession,
    asked: &AskedFaceToFace,
) -> Result<serde_json::Value, NotConcluded> {
    let query = stored_query(record).ok_or(AnswerRefused::UnreadableRequest)?;
    let vp_token = presentations_by_query(&query, device_response).ok_or(AnswerRefused::Malformed)?;
    let reply_to = ReplyTo::RelyingParty;
    let acknowledged = if vp_token.0.is_empty() {
        // A device that shows nothing says so by a response without documents.
        decline(state, record, PresentationErrorCode::AccessDenied, reply_to).await?
    } else {
        let answered = Answered {
            vp_token,
            binding: Binding::proximity(session),
            // Without the session nobody could check the device's signature again.
            request: Some(serde_json::to_string(asked).map_err(|_| AnswerRefused::UnreadableRequest)?),
            reply_to,
        };
        judge(state, record, answered).await?
    };
    // What was refuted stands in the result.
    let (Acknowledged::Accepted(_) | Acknowledged::Refuted(_)) = acknowledged;
    let body = state.result_body(record, &Brought::default()).await;
    let body = body.map_err(|refusal| NotConcluded::Failed(Box::new(refusal)))?;
    Ok(serde_json::to_value(body).map_err(|_| AnswerRefused::UnreadableRequest)?)
}

/// `DELETE /presentation-requests/{id}/proximity/{session}` of the operator.
pub(super) async fn end(
    Extracted(state): Extracted<Arc<State>>,
    Path((id, session)): Path<(String, String)>,
) -> Response {
    end_of(&state, None, &id, &session).await
}

/// The same of a relying party.
pub(super) async fn end_own(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path((id, session)): Path<(String, String)>,
) -> Response {
    end_of(&state, Some(&caller.name), &id, &session).await
}

async fn end_of(state: &State, owner: Option<&RelyingPartyName>, id: &str, session: &str) -> Response {
    let record = match state.known_request(owner, id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    match state.end_nearby(&record.id, session) {
        Some(farewell) => Json(Sent::from(farewell)).into_response(),
        None => no_session(),
    }
}

fn no_session() -> Response {
    refuse_administration(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such session, or it is over".to_owned(),
    )
}
