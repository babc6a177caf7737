//! `POST /verifications`: credentials and presentations that the caller holds already, by a policy. Nothing of them is kept.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Extracted;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_credential::Input;
use symbolon_http::openapi::{ToSchema, anything, list_of};
use symbolon_protocol::dcql::QueryId;
use symbolon_verifier::card::judge_together;
use symbolon_verifier::name::PolicyName;
use symbolon_verifier::policy::PolicyDecision;
use symbolon_verifier::relying_party::Permission;
use symbolon_verifier::report::Report;
use symbolon_verifier::{Binding, Expected, VerificationSession};
use utoipa::openapi::{RefOr, Schema};

use super::super::administration::bad_request;
use super::super::caller::{Caller, not_permitted};
use super::super::shapes;
use super::requests::{allowed_of, read};
use crate::state::State;

/// The most presentations of one call: as many as cards that are judged together.
const MAX_PRESENTATIONS: usize = symbolon_verifier::card::MAX_CODES_TOGETHER;

/// What is to be verified, and by which policy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyByPolicy)]
pub(super) struct VerifyBody {
    /// The policy.
    #[schema(value_type = String)]
    policy: PolicyName,
    /// Texts and JSON documents in any format that is read: an mdoc in base64url, the text of a QR code.
    #[schema(schema_with = presentations)]
    presentations: Vec<Value>,
    /// What the holder's proof must repeat and name. Without both the holder is not checked.
    #[serde(default)]
    expected: Option<ExpectedProof>,
}

/// What the holder's proof must repeat and name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExpectedProof {
    /// The nonce that the holder was given.
    nonce: String,
    /// Whom the proof is for.
    audience: String,
}

/// What was found about what was handed in.
#[derive(Serialize, ToSchema)]
#[schema(as = VerifiedByPolicy)]
pub(super) struct VerifiedBody {
    /// How the policy decided.
    #[schema(value_type = shapes::PolicyDecision)]
    decision: PolicyDecision,
    /// What was found about each credential.
    reports: Vec<VerifiedReport>,
}

/// What was found about a credential.
#[derive(Serialize, ToSchema)]
struct VerifiedReport {
    /// The credential of the policy that it was taken for; none for what the policy does not ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    credential: Option<QueryId>,
    /// The report.
    #[schema(value_type = shapes::Report)]
    report: Report,
}

pub(super) async fn verify(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Response {
    if caller.document.posted_verification == Permission::Refused {
        return not_permitted("this relying party may not have posted documents verified");
    }
    let Some(body) = read::<VerifyBody>(&body) else {
        return bad_request("the body is not {\"policy\": \"name\", \"presentations\": [...]}");
    };
    // One moment for the policy and for whom to believe.
    let believed = state.believed.now();
    let policy = match allowed_of(&believed, &caller, &body.policy) {
        Ok(policy) => policy,
        Err(refusal) => return *refusal,
    };
    if body.presentations.is_empty() || body.presentations.len() > MAX_PRESENTATIONS {
        return bad_request("presentations has from 1 to 16 elements");
    }
    let inputs: Option<Vec<Input<'_>>> = body.presentations.iter().map(input).collect();
    let Some(inputs) = inputs else {
        return bad_request("a presentation has no known format");
    };
    let expected = match body.expected {
        Some(proof) => Expected::Bound(Binding {
            nonce: proof.nonce,
            audience: proof.audience,
            session: None,
            transactions: Arc::default(),
        }),
        None => Expected::Unchecked,
    };
    let demanded = policy.verification_of_posted(state.dependencies.policy.clone());
    let opened = state.pack_believing(&believed).await;
    let mut evidence = state.evidence(&opened);
    let mut codes = Vec::with_capacity(inputs.len());
    for input in &inputs {
        let Ok(session) = VerificationSession::new(input, expected.clone(), demanded.clone()) else {
            return bad_request("a presentation has no known format");
        };
        codes.extend(state.judge_codes(session, &mut evidence).await);
    }
    let sorted = policy.sort(judge_together(codes));
    let decision = policy.decide_sorted(&sorted, state.now());
    let mut reports = Vec::new();
    for (id, found) in sorted.reports {
        reports.extend(found.into_iter().map(|report| VerifiedReport {
            credential: Some(id.clone()),
            report,
        }));
    }
    reports.extend(sorted.unasked.into_iter().map(|report| VerifiedReport {
        credential: None,
        report,
    }));
    Json(VerifiedBody { decision, reports }).into_response()
}

fn presentations() -> RefOr<Schema> {
    list_of(anything())
}

fn input(presentation: &Value) -> Option<Input<'_>> {
    match presentation {
        Value::String(text) => Input::of_text(text).ok(),
        Value::Object(document) => Input::of_document(document.clone()).ok(),
        _ => None,
    }
}
