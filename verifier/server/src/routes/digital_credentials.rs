//! The Digital Credentials API: what a page hands to the browser, and what it brings back ([OpenID4VP appendix A],
//! ISO/IEC 18013-7 Annex C).
//!
//! Which origin asks is the request's, never the caller's word. A page of the verifier's own brings the answer with the cookie of the
//! browser that began; a page of a relying party's brings it through the relying party's own server, by its key.
//!
//! [OpenID4VP appendix A]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::header::ORIGIN;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_protocol::digital_credentials::openid4vp::{OriginAnswer, OriginResponseMode};
use symbolon_protocol::digital_credentials::{
    AskedAtOrigin, DigitalCredentialMessage, ExchangeProtocol, Origin,
};
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::response::VpToken;
use symbolon_verifier::Binding;
use symbolon_verifier::digital_credentials::{DigitalCredentialsOffer, OfferWishes};
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::store::RequestRecord;

use super::administration::Brought;
use super::answer::{Acknowledged, AnswerRefused, Answered, ReplyTo, decline, decrypt, judge, refuted};
use super::caller::Caller;
use super::error::{refuse, refuse_administration};
use super::form::is_json;
use super::pages::began;
use super::request_object::{open_request, open_request_of, stored_query};
use crate::request::MakeRequestError;
use crate::state::State;

/// What is wished for of a new request.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WishesBody {
    /// The origin of the page that asks; the verifier's own without it.
    origin: Option<Origin>,
    /// The protocols; all that can ask the query without it.
    protocols: Option<Vec<ExchangeProtocol>>,
    /// How answers of OpenID4VP travel; encrypted without it.
    response_mode: Option<OriginResponseMode>,
}

impl From<WishesBody> for OfferWishes {
    fn from(body: WishesBody) -> Self {
        Self {
            origin: body.origin,
            protocols: body.protocols,
            response_mode: body.response_mode,
        }
    }
}

/// What a page is given.
#[derive(Serialize)]
pub(super) struct Offered {
    /// The origin of the page that may ask.
    origin: Origin,
    /// The argument of `navigator.credentials.get`.
    #[serde(flatten)]
    options: Value,
}

impl State {
    /// What a page of the offered origin is given.
    pub(super) fn offered(&self, record: &RequestRecord) -> Result<Option<Offered>, MakeRequestError> {
        let (Some(offer), Some(query)) = (&record.digital_credentials, stored_query(record)) else {
            return Ok(None);
        };
        let requests = self.digital_requests(record, offer, &query)?;
        Ok(Some(Offered {
            origin: offer.origin.clone(),
            options: DigitalCredentialMessage::to_options(&requests),
        }))
    }
}

impl Offered {
    /// The argument of `navigator.credentials.get`, as text.
    pub(super) fn options(&self) -> String {
        self.options.to_string()
    }
}

/// `GET /presentation-requests/{id}/digital-credentials` of the operator.
pub(super) async fn read(Extracted(state): Extracted<Arc<State>>, Path(id): Path<String>) -> Response {
    read_of(&state, None, &id).await
}

/// The same of a relying party.
pub(super) async fn read_own(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    read_of(&state, Some(&caller.name), &id).await
}

async fn read_of(state: &State, owner: Option<&RelyingPartyName>, id: &str) -> Response {
    let record = match open_request_of(state, owner, id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    match state.offered(&record) {
        Ok(Some(offered)) => Json(offered).into_response(),
        Ok(None) => not_offered(),
        Err(error) => {
            tracing::error!(%error, "a request for a browser could not be made");
            refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                PresentationErrorCode::ServerError,
                "the verifier cannot sign its request now",
            )
        }
    }
}

fn not_offered() -> Response {
    refuse_administration(
        StatusCode::NOT_FOUND,
        "not_found",
        "the request offers nothing to a browser".to_owned(),
    )
}

/// `POST /presentation-requests/{id}/digital-credentials` of the operator.
pub(super) async fn receive(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    receive_of(&state, None, &id, &headers, &body).await
}

/// The same of a relying party.
pub(super) async fn receive_own(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    receive_of(&state, Some(&caller.name), &id, &headers, &body).await
}

/// Whoever made a request brings its answer, and is answered with the result, whatever it is.
async fn receive_of(
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
    let Some(offer) = record
        .digital_credentials
        .as_ref()
        .filter(|_| record.page.is_none())
    else {
        return not_offered();
    };
    match accept(state, &record, offer, headers, body, ReplyTo::RelyingParty).await {
        Ok(Acknowledged::Accepted(_) | Acknowledged::Refuted(_)) => {
            match state.result_body(&record, &Brought::default()).await {
                Ok(body) => Json(body).into_response(),
                Err(refusal) => refusal,
            }
        }
        Err(refused) => refused.into_response(),
    }
}

/// `POST /presentations/{id}/digital-credentials`: the page of the verifier's own brings the answer.
pub(super) async fn receive_from_page(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let record = match open_request(&state, &id).await {
        Ok(record) if record.page.is_some() => record,
        Ok(_) => return super::request_object::missing(),
        Err(refusal) => return refusal,
    };
    let Some(offer) = &record.digital_credentials else {
        return super::request_object::missing();
    };
    if !is_from(&headers, &offer.origin) {
        return foreign("the answer comes from another origin");
    }
    if !began(&state, &headers, &record) {
        return foreign("the request belongs to another browser");
    }
    match accept(&state, &record, offer, &headers, &body, ReplyTo::Browser).await {
        Ok(Acknowledged::Accepted(reply)) => Json(reply).into_response(),
        Ok(Acknowledged::Refuted(reply)) => refuted(reply),
        Err(refused) => refused.into_response(),
    }
}

/// Browsers say where a page that posts is from, and no page can say otherwise.
fn is_from(headers: &HeaderMap, origin: &Origin) -> bool {
    let mut said = headers.get_all(ORIGIN).iter();
    let first = said.next().and_then(|value| value.to_str().ok());
    first == Some(origin.as_str()) && said.next().is_none()
}

fn foreign(description: &'static str) -> Response {
    tracing::info!(reason = description, "an answer was refused");
    refuse(
        StatusCode::FORBIDDEN,
        PresentationErrorCode::InvalidRequest,
        description,
    )
}

async fn accept(
    state: &State,
    record: &RequestRecord,
    offer: &DigitalCredentialsOffer,
    headers: &HeaderMap,
    body: &[u8],
    reply_to: ReplyTo,
) -> Result<Acknowledged, AnswerRefused> {
    if !is_json(headers) {
        return Err(AnswerRefused::Malformed);
    }
    let message = DigitalCredentialMessage::parse_answer(body).map_err(|_| AnswerRefused::Malformed)?;
    let protocol = message.protocol;
    if !offer.offers(protocol) {
        return Err(AnswerRefused::NotOffered);
    }
    let said = match protocol {
        ExchangeProtocol::IsoMdoc => open_iso_mdoc(state, record, offer, &message)?,
        ExchangeProtocol::OpenId4VpUnsigned
        | ExchangeProtocol::OpenId4VpSigned
        | ExchangeProtocol::OpenId4VpMultisigned => open_origin_answer(state, record, offer, &message)?,
    };
    match said {
        Said::Presented(vp_token, binding) => {
            let answered = Answered {
                vp_token,
                binding: *binding,
                request: Some(asked(state, record, offer, protocol)?),
                reply_to,
            };
            judge(state, record, answered).await
        }
        Said::Refused(error) => decline(state, record, error, reply_to).await,
    }
}

enum Said {
    Presented(VpToken, Box<Binding>),
    Refused(PresentationErrorCode),
}

fn open_iso_mdoc(
    state: &State,
    record: &RequestRecord,
    offer: &DigitalCredentialsOffer,
    message: &DigitalCredentialMessage,
) -> Result<Said, AnswerRefused> {
    let query = stored_query(record).ok_or(AnswerRefused::UnreadableRequest)?;
    let exchange = state
        .exchange(record, message.protocol)
        .map_err(|_| AnswerRefused::UnreadableRequest)?;
    let (token, binding) = state
        .open_iso_mdoc(&exchange, offer, &query, &message.data)
        .ok_or(AnswerRefused::NotDecrypted)?;
    Ok(if token.0.is_empty() {
        // A device that shows nothing says so by a response without documents.
        Said::Refused(PresentationErrorCode::AccessDenied)
    } else {
        Said::Presented(token, Box::new(binding))
    })
}

fn open_origin_answer(
    state: &State,
    record: &RequestRecord,
    offer: &DigitalCredentialsOffer,
    message: &DigitalCredentialMessage,
) -> Result<Said, AnswerRefused> {
    let exchange = || state.exchange(record, message.protocol);
    let answer = OriginAnswer::parse(&message.data).map_err(|_| AnswerRefused::Malformed)?;
    let (answer, travelled) = match answer {
        OriginAnswer::Encrypted(jwe) => {
            let key = || exchange().ok().map(|exchange| exchange.key);
            let payload = decrypt(state, &jwe, &key)?;
            let answer = OriginAnswer::parse_decrypted(&payload).map_err(|_| AnswerRefused::Malformed)?;
            (answer, OriginResponseMode::DcApiJwt)
        }
        answer => (answer, OriginResponseMode::DcApi),
    };
    match (answer, travelled, offer.response_mode) {
        // A wallet that cannot encrypt may still refuse in the clear.
        (OriginAnswer::Refused(error), _, _) => Ok(Said::Refused(error)),
        (OriginAnswer::Presented(_), OriginResponseMode::DcApi, OriginResponseMode::DcApiJwt) => {
            Err(AnswerRefused::NotEncrypted)
        }
        (OriginAnswer::Presented(_), OriginResponseMode::DcApiJwt, OriginResponseMode::DcApi) => {
            Err(AnswerRefused::Encrypted)
        }
        (OriginAnswer::Presented(token), _, _) => {
            let exchange = exchange().map_err(|_| AnswerRefused::UnreadableRequest)?;
            let binding = state.origin_binding(offer, exchange);
            Ok(Said::Presented(token, Box::new(binding)))
        }
        (OriginAnswer::Encrypted(_), _, _) => Err(AnswerRefused::Malformed),
    }
}

/// The request that was answered, as evidence: with its origin, without which nobody can check the answer.
fn asked(
    state: &State,
    record: &RequestRecord,
    offer: &DigitalCredentialsOffer,
    protocol: ExchangeProtocol,
) -> Result<String, AnswerRefused> {
    let query = stored_query(record).ok_or(AnswerRefused::UnreadableRequest)?;
    let request = state
        .digital_request(record, offer, &query, protocol)
        .map_err(|_| AnswerRefused::UnreadableRequest)?;
    let asked = AskedAtOrigin {
        origin: offer.origin.clone(),
        request,
    };
    serde_json::to_string(&asked).map_err(|_| AnswerRefused::UnreadableRequest)
}
