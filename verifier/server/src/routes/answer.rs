//! `POST /openid4vp/responses/{id}`: the answer of a wallet ([OpenID4VP §8.2, §8.3]); without a name, the answer to a request
//! under a registered client identifier, whose state says which.
//!
//! An answer that fits its request is judged. Whatever the verdict, it is a result for the relying party; a wallet whose
//! presentation is refuted is told so by an error. What does not fit the request is refused and changes nothing.
//!
//! [OpenID4VP §8.2, §8.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.2

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Extracted};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::openid4vp::client_id::ClientIdKind;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::request::{RequestNonce, ResponseMode};
use symbolon_protocol::openid4vp::response::{
    AuthorizationResponse, DirectPost, DirectPostReply, ErrorAnswer, VpToken,
};
use symbolon_protocol::presentation_receipt::PresentationReceipt;
use symbolon_verifier::Binding;
use symbolon_verifier::input::inputs_of_token;
use symbolon_verifier::policy::{PolicyDecision, PolicyOutcome, PresentationPolicy};
use symbolon_verifier::receipt::ReceiptOf;
use symbolon_verifier::reliance::Reliance;
use symbolon_verifier::report::Report;
use symbolon_verifier::request::{RequestSecrets, ResponseKey, decrypt_answer, make_nonce};
use symbolon_verifier::store::{
    DeclineCode, NonceUse, PresentationResult, RequestRecord, ResultOutcome, ResultRecording, StoreError,
    StoredReport, WithResult,
};
use symbolon_verifier::transaction::authorized_transactions;
use thiserror::Error;
use zeroize::Zeroizing;

use super::error::{refuse, refuse_and_return, store_failed};
use super::form::is_form;
use super::pages::{return_address, wallet_return};
use super::request_object::{missing, open_request, stored_query};
use crate::judge::Judgement;
use crate::state::State;

/// Why an answer was refused.
#[derive(Debug, Error)]
pub(super) enum AnswerRefused {
    #[error("the answer is malformed")]
    Malformed,
    #[error("the answer must be encrypted to the key of the request")]
    NotEncrypted,
    #[error("the answer must not be encrypted")]
    Encrypted,
    #[error("the answer cannot be decrypted with the key of the request")]
    NotDecrypted,
    #[error("the answer belongs to another request")]
    WrongState,
    #[error("the request has been answered")]
    Replayed,
    #[error("the request does not offer this protocol")]
    NotOffered,
    #[error("a presentation has no known format")]
    UnreadablePresentation,
    #[error("the stored request cannot be read")]
    UnreadableRequest,
    #[error("there is no randomness")]
    NoRandomness,
    #[error("the receipt cannot be signed")]
    NoReceipt,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AnswerRefused {
    /// Whether the answer is at fault, and not this server.
    pub(super) const fn is_of_the_answer(&self) -> bool {
        match self {
            Self::UnreadableRequest | Self::NoRandomness | Self::NoReceipt | Self::Store(_) => false,
            Self::Malformed
            | Self::NotEncrypted
            | Self::Encrypted
            | Self::NotDecrypted
            | Self::WrongState
            | Self::Replayed
            | Self::NotOffered
            | Self::UnreadablePresentation => true,
        }
    }
}

impl IntoResponse for AnswerRefused {
    fn into_response(self) -> Response {
        let description = match &self {
            Self::Store(error) => return store_failed(error),
            Self::UnreadableRequest | Self::NoRandomness | Self::NoReceipt => {
                return store_failed(&StoreError::Unreadable);
            }
            Self::Malformed => "the answer is malformed",
            Self::NotEncrypted => "the answer must be encrypted to the key of the request",
            Self::Encrypted => "the answer must not be encrypted",
            Self::NotDecrypted => "the answer cannot be decrypted with the key of the request",
            Self::WrongState => "the answer belongs to another request",
            Self::Replayed => "the request has been answered",
            Self::NotOffered => "the request does not offer this protocol",
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
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let record = match open_request(&state, &id).await {
        // What was asked by QR codes is answered by QR codes.
        Ok(record) if !is_registered(&record) && !record.choices.response_mode.is_by_qr() => record,
        Ok(_) => return missing(),
        Err(refusal) => return refusal,
    };
    let content = posted(&headers, &body).and_then(|posted| {
        let key = || state.response_key(&record).ok();
        open(&state, posted, &key)
    });
    reply(&state, &record, content).await
}

/// A verifier that is registered with wallets has one address and one key for all answers.
pub(super) async fn receive_registered(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let deps = &state.dependencies;
    let content = posted(&headers, &body).and_then(|posted| {
        let key = || {
            deps.master_secret
                .derive_registered_response_key(&deps.tenant)
                .ok()
        };
        open(&state, posted, &key)
    });
    let content = match content {
        Ok(content) => content,
        Err(refused) => return refused.into_response(),
    };
    let id = content
        .state()
        .and_then(|state| RequestSecrets::request_of_state(state.as_str()));
    let Some(id) = id else {
        return AnswerRefused::WrongState.into_response();
    };
    match open_request(&state, id.as_str()).await {
        Ok(record) if is_registered(&record) => reply(&state, &record, Ok(content)).await,
        Ok(_) => AnswerRefused::WrongState.into_response(),
        Err(refusal) => refusal,
    }
}

fn is_registered(record: &RequestRecord) -> bool {
    record.choices.client_id_prefix == ClientIdKind::PreRegistered
}

fn posted(headers: &HeaderMap, body: &[u8]) -> Result<DirectPost, AnswerRefused> {
    if !is_form(headers) {
        return Err(AnswerRefused::Malformed);
    }
    DirectPost::parse_form(body).map_err(|_| AnswerRefused::Malformed)
}

/// What a wallet says, and whether it said so within an encryption.
struct Content {
    said: Said,
    travelled: ResponseMode,
}

enum Said {
    Answer(AuthorizationResponse),
    Refusal(ErrorAnswer),
}

impl Content {
    fn state(&self) -> Option<&RequestNonce> {
        match &self.said {
            Said::Answer(answer) => answer.state.as_ref(),
            Said::Refusal(refusal) => refusal.state.as_ref(),
        }
    }
}

fn open(
    state: &State,
    posted: DirectPost,
    key: &dyn Fn() -> Option<ResponseKey>,
) -> Result<Content, AnswerRefused> {
    let (posted, travelled) = match posted {
        DirectPost::Encrypted(jwe) => {
            let payload = decrypt(state, &jwe, key)?;
            let posted = DirectPost::parse_decrypted(&payload).map_err(|_| AnswerRefused::Malformed)?;
            (posted, ResponseMode::DirectPostJwt)
        }
        posted => (posted, ResponseMode::DirectPost),
    };
    let said = match posted {
        DirectPost::Answer(answer) => Said::Answer(answer),
        DirectPost::Refusal(refusal) => Said::Refusal(refusal),
        DirectPost::Encrypted(_) => return Err(AnswerRefused::Malformed),
    };
    Ok(Content { said, travelled })
}

pub(super) fn decrypt(
    state: &State,
    jwe: &str,
    key: &dyn Fn() -> Option<ResponseKey>,
) -> Result<Zeroizing<Vec<u8>>, AnswerRefused> {
    decrypt_answer(jwe, key, &*state.dependencies.jwe).ok_or(AnswerRefused::NotDecrypted)
}

async fn reply(state: &State, record: &RequestRecord, content: Result<Content, AnswerRefused>) -> Response {
    let accepted = match content {
        Ok(content) => accept(state, record, content).await,
        Err(refused) => Err(refused),
    };
    match accepted {
        Ok(Acknowledged::Accepted(reply)) => Json(reply).into_response(),
        Ok(Acknowledged::Refuted(reply)) => refuted(reply),
        Err(refused) => refused.into_response(),
    }
}

/// What is said of a presentation that failed a check.
pub(super) fn refuted(reply: DirectPostReply) -> Response {
    tracing::info!("a presentation was refuted");
    refuse_and_return(
        PresentationErrorCode::InvalidRequest,
        "what was shown was not accepted: it is not valid, or not what was asked for",
        reply,
    )
}

/// What the wallet is told of a result.
pub(super) enum Acknowledged {
    Accepted(DirectPostReply),
    /// A check was failed. The report is for the relying party; the wallet hears that it was not accepted, and no more than where
    /// the person goes on: on one device the report is released with the code that the browser brings back.
    Refuted(DirectPostReply),
}

async fn accept(
    state: &State,
    record: &RequestRecord,
    content: Content,
) -> Result<Acknowledged, AnswerRefused> {
    check_state(record, content.state())?;
    match (content.said, content.travelled, record.choices.response_mode) {
        // A wallet that cannot encrypt may still refuse in the clear ([OpenID4VP §8.3.1]).
        (Said::Refusal(refusal), _, _) => decline(state, record, refusal.error, ReplyTo::Wallet).await,
        (Said::Answer(_), ResponseMode::DirectPost, ResponseMode::DirectPostJwt) => {
            Err(AnswerRefused::NotEncrypted)
        }
        (Said::Answer(_), ResponseMode::DirectPostJwt, ResponseMode::DirectPost) => {
            Err(AnswerRefused::Encrypted)
        }
        (Said::Answer(answer), _, _) => {
            let binding = state
                .binding(record)
                .map_err(|_| AnswerRefused::UnreadableRequest)?;
            let answered = Answered {
                vp_token: answer.vp_token,
                binding,
                request: None,
                reply_to: ReplyTo::Wallet,
            };
            judge(state, record, answered).await
        }
    }
}

/// An answer that fits its request, whichever way it came.
pub(super) struct Answered {
    pub(super) vp_token: VpToken,
    /// What its proofs must be about.
    pub(super) binding: Binding,
    /// The request that it answers, where that is another one than was kept.
    pub(super) request: Option<String>,
    pub(super) reply_to: ReplyTo,
}

/// Who hears of the result first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyTo {
    /// The wallet, which leads the person's browser back with a code.
    Wallet,
    /// The browser that began, which goes on with the code.
    Browser,
    /// The relying party itself, by its key: there is nobody to be bound to.
    RelyingParty,
}

/// The state ties the answer to this request; an answer that was made for another one is not accepted here.
fn check_state(record: &RequestRecord, state: Option<&RequestNonce>) -> Result<(), AnswerRefused> {
    if state.is_some_and(|state| state.as_str() == record.state.as_str()) {
        Ok(())
    } else {
        Err(AnswerRefused::WrongState)
    }
}

pub(super) async fn decline(
    state: &State,
    record: &RequestRecord,
    error: PresentationErrorCode,
    reply_to: ReplyTo,
) -> Result<Acknowledged, AnswerRefused> {
    let error = match error {
        PresentationErrorCode::AccessDenied => DeclineCode::AccessDenied,
        PresentationErrorCode::InvalidRequest => DeclineCode::InvalidRequest,
        PresentationErrorCode::InvalidClient => DeclineCode::InvalidClient,
        PresentationErrorCode::VpFormatsNotSupported => DeclineCode::VpFormatsNotSupported,
        PresentationErrorCode::WalletUnavailable => DeclineCode::WalletUnavailable,
        PresentationErrorCode::InvalidScope => DeclineCode::InvalidScope,
        PresentationErrorCode::InvalidRequestUriMethod => DeclineCode::InvalidRequestUriMethod,
        PresentationErrorCode::InvalidTransactionData => DeclineCode::InvalidTransactionData,
        PresentationErrorCode::UnsupportedResponseType => DeclineCode::UnsupportedResponseType,
        PresentationErrorCode::ServerError => DeclineCode::ServerError,
        _ => DeclineCode::Other,
    };
    spend_nonce(state, record).await?;
    let outcome = ResultOutcome::Declined { error };
    let reply = finish(state, record, outcome, Lasting::default(), reply_to).await;
    reply.map(Acknowledged::Accepted)
}

pub(super) async fn judge(
    state: &State,
    record: &RequestRecord,
    answered: Answered,
) -> Result<Acknowledged, AnswerRefused> {
    let query = stored_query(record).ok_or(AnswerRefused::UnreadableRequest)?;
    let unreadable = || AnswerRefused::UnreadablePresentation;
    let inputs = inputs_of_token(&answered.vp_token).map_err(|_| unreadable())?;
    let transactions = state
        .transactions(record)
        .map_err(|_| AnswerRefused::UnreadableRequest)?;
    // One moment for the policy and for whom to believe.
    let believed = state.believed.now();
    let policy = match &record.policy {
        // A policy that the operator has taken away since decides about nothing.
        Some(name) => Some(believed.policy(name).ok_or(AnswerRefused::UnreadableRequest)?),
        None => None,
    };
    let policy = policy.as_deref();
    let sessions = state
        .sessions(&query, &inputs, &answered.binding, &transactions, policy)
        .map_err(|_| unreadable())?;
    // Spent before anything is judged: of two copies of one answer only one is ever looked at.
    spend_nonce(state, record).await?;
    let Judgement {
        reports,
        answer: check,
    } = state
        .judge(&believed, &query, sessions, state.holder_keys(policy))
        .await;
    let authorized = authorized_transactions(&transactions, &reports);
    let check = if check.is_as_asked() {
        authorized.answer
    } else {
        check
    };
    if state.keeps_evidence(record, policy) {
        let archive = &state.dependencies.archive;
        if let Some(request) = answered.request {
            archive.keep_request(record, request).await?;
        }
        let token = serde_json::to_string(&answered.vp_token).map_err(|_| AnswerRefused::Malformed)?;
        archive.keep_answer(&record.tenant, &record.id, token).await?;
    }
    let decision = policy.map(|policy| policy.decide(&reports, check, state.now()));
    let refuted = ResultOutcome::refutes(decision.as_ref(), check, reports.values().flatten());
    let lasting = match (policy, &decision) {
        // What was refused is no evidence of anything that anybody could rely on.
        (Some(policy), Some(decision)) if !refuted => {
            lasting(state, record, policy, &answered.vp_token, &reports, decision)?
        }
        _ => Lasting::default(),
    };
    let outcome = ResultOutcome::Presented {
        reports: kept(record, policy, reports),
        answer: check,
        decision,
        transactions: authorized.transactions,
    };
    let reply = finish(state, record, outcome, lasting, answered.reply_to).await?;
    Ok(if refuted {
        Acknowledged::Refuted(reply)
    } else {
        Acknowledged::Accepted(reply)
    })
}

/// What stays beyond the result.
#[derive(Default)]
struct Lasting {
    receipt: Option<PresentationReceipt>,
    reliance: Option<Reliance>,
}

fn lasting(
    state: &State,
    record: &RequestRecord,
    policy: &PresentationPolicy,
    vp_token: &VpToken,
    reports: &BTreeMap<QueryId, Vec<Report>>,
    decision: &PolicyDecision,
) -> Result<Lasting, AnswerRefused> {
    let Some(party) = state.party_of(record) else {
        return Ok(Lasting::default());
    };
    let receipt = policy.receipt().map(|terms| {
        let of = ReceiptOf {
            verifier: state.configuration.identifier.as_str(),
            relying_party: (party.name.as_str(), &party.document.name),
            purpose: policy.purpose().or(party.document.purpose.as_deref()),
            request: record,
            vp_token,
            reports,
            decision,
            now: state.now(),
        };
        policy.make_receipt(terms, of)
    });
    let decided = matches!(
        decision.outcome,
        PolicyOutcome::Satisfied | PolicyOutcome::FaceToCompare
    );
    let reliance = policy.reliance().filter(|_| decided).and_then(|terms| {
        let names = (record.id.clone(), party.name.clone(), policy.name().clone());
        Reliance::begin(terms, names, reports, state.now())
    });
    Ok(Lasting {
        receipt: receipt.transpose().map_err(|_| AnswerRefused::Malformed)?,
        reliance,
    })
}

/// What of the reports is kept: what the policy names. A query without a policy is one of somebody who may have what it asks for.
fn kept(
    record: &RequestRecord,
    policy: Option<&PresentationPolicy>,
    reports: BTreeMap<QueryId, Vec<Report>>,
) -> Vec<StoredReport> {
    if let Some(policy) = policy {
        return policy.keep(reports);
    }
    let mut kept = Vec::new();
    for (id, reports) in reports {
        for mut report in reports {
            if record.relying_party.is_some() {
                report.holder_key = None;
            }
            kept.push(StoredReport {
                query_id: id.as_str().to_owned(),
                validity: None,
                report,
            });
        }
    }
    kept
}

async fn spend_nonce(state: &State, record: &RequestRecord) -> Result<(), AnswerRefused> {
    let keep_until = record.kept_until();
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
    lasting: Lasting,
    reply_to: ReplyTo,
) -> Result<DirectPostReply, AnswerRefused> {
    let response_code = match (&record.return_to, reply_to) {
        (None, _) | (_, ReplyTo::RelyingParty) => None,
        (Some(_), ReplyTo::Wallet | ReplyTo::Browser) => {
            Some(make_nonce(&*state.dependencies.randomness).map_err(|_| AnswerRefused::NoRandomness)?)
        }
    };
    let redirect_uri = match &response_code {
        None => None,
        Some(code) => {
            let address = match reply_to {
                ReplyTo::Wallet => wallet_return(state, record, code),
                ReplyTo::Browser | ReplyTo::RelyingParty => return_address(record, code),
            };
            address.map_err(|_| AnswerRefused::UnreadableRequest)?
        }
    };
    let announcement = state
        .announcement(record, &outcome)
        .map_err(|_| AnswerRefused::NoRandomness)?;
    let receipt = match lasting.receipt {
        None => None,
        Some(receipt) => state
            .sign_receipt(record, receipt, response_code.clone())
            .map_err(|error| {
                tracing::error!(%error, "a receipt could not be signed");
                AnswerRefused::NoReceipt
            })?,
    };
    let presentation_receipt = receipt.as_ref().map(|receipt| receipt.receipt.clone());
    let with = WithResult {
        announcement,
        receipt,
        reliance: lasting.reliance,
    };
    let result = PresentationResult {
        received_at: state.now(),
        outcome,
        response_code,
    };
    match state
        .dependencies
        .store
        .record_result(&record.tenant, &record.id, result, with)
        .await?
    {
        ResultRecording::Recorded => {}
        ResultRecording::AlreadyAnswered | ResultRecording::NoSuchRequest => {
            return Err(AnswerRefused::Replayed);
        }
    }
    // Nobody may be waiting.
    let _ = state.answered.send(record.id.clone());
    state.announced.notify_one();
    Ok(DirectPostReply {
        redirect_uri,
        presentation_receipt,
    })
}
