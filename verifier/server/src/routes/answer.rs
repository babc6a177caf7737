//! `POST /openid4vp/responses/{id}`: the answer of a wallet ([OpenID4VP §8.2, §8.3]).
//!
//! An answer that fits its request is judged and acknowledged, whatever the verdict: a negative verification is a
//! result, and it is for the relying party. What does not fit the request is refused and changes nothing.
//!
//! [OpenID4VP §8.2, §8.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.2

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Extracted};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::request::RequestNonce;
use symbolon_protocol::openid4vp::response::{
    AuthorizationResponse, DirectPost, DirectPostReply, ErrorAnswer, MAX_RESPONSE_BYTES,
};
use symbolon_verifier::request::make_nonce;
use symbolon_verifier::store::{
    DeclineCode, Nonce, NonceUse, PresentationResult, RequestRecord, ResultOutcome, ResultRecording,
    StoreError, StoredReport,
};
use symbolon_verifier::{Expected, VerificationSession};
use thiserror::Error;

use super::error::{refuse, store_failed};
use super::request_object::{open_request, stored_query};
use crate::judge::{Judgement, inputs};
use crate::state::State;

/// Why an answer was refused.
#[derive(Debug, Error)]
enum AnswerRefused {
    #[error("the answer is malformed")]
    Malformed,
    #[error("the answer must be encrypted to the key of the request")]
    NotEncrypted,
    #[error("the answer cannot be decrypted with the key of the request")]
    NotDecrypted,
    #[error("the answer belongs to another request")]
    WrongState,
    #[error("the request has been answered")]
    Replayed,
    #[error("a presentation has no known format")]
    UnreadablePresentation,
    #[error("the stored request cannot be read")]
    UnreadableRequest,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntoResponse for AnswerRefused {
    fn into_response(self) -> Response {
        let description = match &self {
            Self::Store(error) => return store_failed(error),
            Self::UnreadableRequest => return store_failed(&StoreError::Unreadable),
            Self::Malformed => "the answer is malformed",
            Self::NotEncrypted => "the answer must be encrypted to the key of the request",
            Self::NotDecrypted => "the answer cannot be decrypted with the key of the request",
            Self::WrongState => "the answer belongs to another request",
            Self::Replayed => "the request has been answered",
            Self::UnreadablePresentation => "a presentation has no known format",
        };
        tracing::info!(reason = description, "an answer was refused");
        refuse(
            StatusCode::BAD_REQUEST,
            PresentationErrorCode::InvalidRequest,
            description,
        )
    }
}

pub(super) async fn receive(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let record = match open_request(&state, &id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    match accept(&state, &record, &body).await {
        Ok(reply) => Json(reply).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn accept(
    state: &State,
    record: &RequestRecord,
    body: &[u8],
) -> Result<DirectPostReply, AnswerRefused> {
    let posted = match DirectPost::parse_form(body).map_err(|_| AnswerRefused::Malformed)? {
        DirectPost::Encrypted(jwe) => {
            let payload = decrypt(state, record, &jwe)?;
            DirectPost::parse_decrypted(&payload).map_err(|_| AnswerRefused::Malformed)?
        }
        // A wallet that cannot encrypt may still refuse in the clear ([OpenID4VP §8.3]).
        refusal @ DirectPost::Refusal(_) => refusal,
        DirectPost::Answer(_) => return Err(AnswerRefused::NotEncrypted),
    };
    match posted {
        DirectPost::Refusal(refusal) => {
            check_state(record, refusal.state.as_ref())?;
            decline(state, record, &refusal).await
        }
        DirectPost::Answer(answer) => {
            check_state(record, answer.state.as_ref())?;
            judge(state, record, answer).await
        }
        DirectPost::Encrypted(_) => Err(AnswerRefused::Malformed),
    }
}

fn decrypt(state: &State, record: &RequestRecord, jwe: &str) -> Result<Vec<u8>, AnswerRefused> {
    let deps = &state.dependencies;
    let derive = || {
        deps.master_secret
            .derive_response_key(&record.tenant, &record.id)
            .ok()
    };
    let key_id = derive().ok_or(AnswerRefused::NotDecrypted)?.kid();
    let lookup = |wanted: Option<&str>| {
        // Without a `kid` the answer may still be for this key: it is the only one of the request.
        wanted
            .is_none_or(|wanted| wanted == key_id)
            .then(derive)
            .flatten()
            .map(|key| key.into_secret_key())
    };
    deps.jwe
        .decrypt(jwe, &lookup, MAX_RESPONSE_BYTES)
        .map(|opened| opened.payload.to_vec())
        .map_err(|_| AnswerRefused::NotDecrypted)
}

/// The state ties the answer to this request; an answer that was made for another one is not accepted here.
fn check_state(record: &RequestRecord, state: Option<&RequestNonce>) -> Result<(), AnswerRefused> {
    if state.is_some_and(|state| state.as_str() == record.state.as_str()) {
        Ok(())
    } else {
        Err(AnswerRefused::WrongState)
    }
}

async fn decline(
    state: &State,
    record: &RequestRecord,
    refusal: &ErrorAnswer,
) -> Result<DirectPostReply, AnswerRefused> {
    let error = match refusal.error {
        PresentationErrorCode::AccessDenied => DeclineCode::AccessDenied,
        PresentationErrorCode::InvalidRequest => DeclineCode::InvalidRequest,
        PresentationErrorCode::InvalidClient => DeclineCode::InvalidClient,
        PresentationErrorCode::VpFormatsNotSupported => DeclineCode::VpFormatsNotSupported,
        PresentationErrorCode::WalletUnavailable => DeclineCode::WalletUnavailable,
        _ => DeclineCode::Other,
    };
    spend_nonce(state, record).await?;
    finish(state, record, ResultOutcome::Declined { error }).await
}

async fn judge(
    state: &State,
    record: &RequestRecord,
    answer: AuthorizationResponse,
) -> Result<DirectPostReply, AnswerRefused> {
    let query = stored_query(record).ok_or(AnswerRefused::UnreadableRequest)?;
    let unreadable = || AnswerRefused::UnreadablePresentation;
    let inputs = inputs(&answer.vp_token).map_err(|_| unreadable())?;
    let binding = state
        .binding(record)
        .map_err(|_| AnswerRefused::UnreadableRequest)?;
    let policy = state.dependencies.policy;
    let sessions = inputs
        .iter()
        .map(|(id, input)| {
            // What nobody asked for is judged like what is bound to its holder, and the answer refused for it.
            let expected = match query.credential(id) {
                Some(asked) => Expected::of_query(asked, binding.clone()),
                None => Expected::Bound(binding.clone()),
            };
            let session = VerificationSession::new(input, expected, policy);
            session.map(|session| (*id, session)).map_err(|_| unreadable())
        })
        .collect::<Result<Vec<_>, _>>()?;
    // Spent before anything is judged: of two copies of one answer only one is ever looked at.
    spend_nonce(state, record).await?;
    let Judgement {
        reports,
        answer: check,
    } = state.judge(&query, sessions).await;
    let token = serde_json::to_string(&answer.vp_token).map_err(|_| AnswerRefused::Malformed)?;
    state
        .dependencies
        .archive
        .keep_answer(&record.tenant, &record.id, token)
        .await?;
    let reports = reports
        .into_iter()
        .flat_map(|(id, reports)| {
            reports.into_iter().map(move |report| StoredReport {
                query_id: id.as_str().to_owned(),
                report,
            })
        })
        .collect();
    finish(
        state,
        record,
        ResultOutcome::Presented {
            reports,
            answer: check,
        },
    )
    .await
}

async fn spend_nonce(state: &State, record: &RequestRecord) -> Result<(), AnswerRefused> {
    let keep_until = record.expires_at.plus(state.configuration.result_retention());
    match state
        .dependencies
        .store
        .consume_nonce(&record.tenant, &record.nonce, keep_until)
        .await?
    {
        NonceUse::First => Ok(()),
        NonceUse::Replayed => Err(AnswerRefused::Replayed),
    }
}

async fn finish(
    state: &State,
    record: &RequestRecord,
    outcome: ResultOutcome,
) -> Result<DirectPostReply, AnswerRefused> {
    let reply = return_address(state, record)?;
    let (redirect_uri, response_code) = match reply {
        Some((url, code)) => (Some(url), Some(code)),
        None => (None, None),
    };
    let result = PresentationResult {
        received_at: state.now(),
        outcome,
        response_code,
    };
    match state
        .dependencies
        .store
        .record_result(&record.tenant, &record.id, result)
        .await?
    {
        ResultRecording::Recorded => {}
        ResultRecording::AlreadyAnswered | ResultRecording::NoSuchRequest => {
            return Err(AnswerRefused::Replayed);
        }
    }
    // Nobody may be waiting.
    let _ = state.answered.send(record.id.clone());
    Ok(DirectPostReply { redirect_uri })
}

/// Where the resident's browser goes on, with a fresh code: only the browser that comes back with it is shown the
/// result, so that whoever started the session cannot collect the answer of somebody else ([OpenID4VP §14.2]).
///
/// [OpenID4VP §14.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-14.2
fn return_address(state: &State, record: &RequestRecord) -> Result<Option<(HttpUrl, Nonce)>, AnswerRefused> {
    let Some(return_to) = &record.return_to else {
        return Ok(None);
    };
    let unreadable = AnswerRefused::UnreadableRequest;
    let Ok(mut url) = HttpUrl::parse(return_to).map(|url| url.url().clone()) else {
        return Err(unreadable);
    };
    let Ok(code) = make_nonce(&*state.dependencies.randomness) else {
        return Err(unreadable);
    };
    url.query_pairs_mut().append_pair("response_code", code.as_str());
    HttpUrl::parse(url.as_str())
        .map(|url| Some((url, code)))
        .map_err(|_| unreadable)
}
