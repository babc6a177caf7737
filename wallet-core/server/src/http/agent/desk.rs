//! The desk of the wallet's owner: what waits and what becomes of it, and what the owner's own programs bring.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use serde::Deserialize;
use symbolon_http::openapi::ToSchema;
use symbolon_protocol::secret::TransactionCode;
use symbolon_wallet_core::FlowId;
use symbolon_wallet_core::consent_policy::BroughtBy;

use super::Reception;
use super::answer::{self, Asked};
use crate::agent::{Brought, Decision, WaitingEntry};

pub(super) async fn waiting(State(reception): State<Reception>) -> Response {
    match reception.agent.waiting().await {
        Ok(entries) => Json(WaitingList { entries }).into_response(),
        Err(error) => answer::failed(&error),
    }
}

pub(super) async fn decide(State(reception): State<Reception>, headers: HeaderMap, body: Bytes) -> Response {
    let order: Option<DecisionOrder> = serde_json::from_slice(&body).ok();
    let decision = order.and_then(|order| Some((order.flow.parse::<FlowId>().ok()?, order.decision()?)));
    let Some((flow, decision)) = decision else {
        return answer::malformed();
    };
    let agent = Arc::clone(&reception.agent);
    let asked = Asked::program(&headers);
    reception
        .run(asked, async move { agent.decide(flow, decision).await })
        .await
}

/// A presentation request of the owner's own: whoever has the token acts for the wallet, so that a rule that shares answers at once.
pub(super) async fn bring_request(
    State(reception): State<Reception>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(Brought { person, parameters }) = brought(&reception, &body) else {
        return answer::malformed();
    };
    let agent = Arc::clone(&reception.agent);
    let done = async move {
        agent
            .authorize(person.as_ref(), &parameters, BroughtBy::Owner)
            .await
    };
    reception.run(Asked::owner(&headers), done).await
}

/// A credential offer of the owner's own.
pub(super) async fn bring_offer(
    State(reception): State<Reception>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(Brought { person, parameters }) = brought(&reception, &body) else {
        return answer::malformed();
    };
    let agent = Arc::clone(&reception.agent);
    let done = async move {
        agent
            .receive(person.as_ref(), &parameters, BroughtBy::Owner)
            .await
    };
    reception.run(Asked::owner(&headers), done).await
}

/// The link in a body, and whose wallet it is for.
fn brought(reception: &Reception, body: &[u8]) -> Option<Brought> {
    let brought: BroughtLink = serde_json::from_slice(body).ok()?;
    let person = brought.person.map(|person| person.parse()).transpose().ok()?;
    reception.agent.brought(&brought.link, person)
}

/// A request or an offer that the owner brings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BroughtLink {
    /// The link as it was shown: of any scheme, or at this wallet's own endpoint.
    pub link: String,
    /// Whose wallet it is for, by its address; without, the one whose endpoint the link leads to, else the first person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Deserialize, ToSchema)]
pub struct WaitingList {
    /// The oldest first.
    pub entries: Vec<WaitingEntry>,
}

/// What somebody decides.
#[derive(Clone, serde::Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionOrder {
    /// The name of what waits.
    pub flow: String,
    /// What becomes of it.
    pub decision: Ordered,
    /// The transaction code, where the issuer asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_code: Option<String>,
}

/// What becomes of what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ordered {
    /// It is shown or received.
    Allow,
    /// It is not.
    Refuse,
}

impl DecisionOrder {
    fn decision(self) -> Option<Decision> {
        let code = match self.transaction_code {
            None => None,
            Some(text) => Some(TransactionCode::parse(text.trim())?),
        };
        Some(match self.decision {
            Ordered::Allow => Decision::Allow(code),
            Ordered::Refuse => Decision::Refuse,
        })
    }
}
