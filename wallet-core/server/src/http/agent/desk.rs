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
use crate::agent::{AgentError, Brought, Decision, Permission, WaitingEntry};

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
    bring(&reception, Link::Request, &headers, &body).await
}

/// A credential offer of the owner's own.
pub(super) async fn bring_offer(
    State(reception): State<Reception>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    bring(&reception, Link::Offer, &headers, &body).await
}

/// What the owner brings.
enum Link {
    Request,
    Offer,
}

async fn bring(reception: &Reception, link: Link, headers: &HeaderMap, body: &[u8]) -> Response {
    let Ok(order) = serde_json::from_slice::<BroughtLink>(body) else {
        return answer::malformed();
    };
    let asked = Asked::owner(headers);
    let Brought { person, parameters } = match brought(reception, &order) {
        Ok(Some(brought)) => brought,
        Ok(None) => return answer::malformed(),
        Err(error) => return answer::refusal(&error, reception, &asked),
    };
    let agent = Arc::clone(&reception.agent);
    let done = async move {
        let person = person.as_ref();
        match link {
            Link::Request => agent.authorize(person, &parameters, BroughtBy::Owner).await,
            Link::Offer => agent.receive(person, &parameters, BroughtBy::Owner).await,
        }
    };
    reception.run(asked, done).await
}

/// The link of an order, and whose wallet it is for. What can be nobody's address is reached by nobody.
fn brought(reception: &Reception, order: &BroughtLink) -> Result<Option<Brought>, AgentError> {
    let person = order.person.as_deref().map(str::parse).transpose();
    let person = person.map_err(|_| AgentError::NoSuchPerson)?;
    reception.agent.brought(&order.link, person)
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
    /// What the page of the browser shows that brought the request, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison_code: Option<String>,
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
    /// The decision; `None` where the transaction code can be none.
    #[must_use]
    pub fn decision(self) -> Option<Decision> {
        let code = match self.transaction_code {
            None => None,
            Some(text) => Some(TransactionCode::parse(text.trim())?),
        };
        Some(match self.decision {
            Ordered::Allow => Decision::Allow(Permission {
                transaction_code: code,
                comparison_code: self.comparison_code,
            }),
            Ordered::Refuse => Decision::Refuse,
        })
    }
}
