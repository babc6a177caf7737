//! Announcing results by webhook, until the receiver has them or the schedule is over.
//!
//! What is to be announced stands in the store since the commit of its result. Each try is stored before it is made, so a process that
//! ends in between makes it again; the receiver knows a repetition by its identifier. No order is promised.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use serde::Serialize;
use symbolon_http::fetch::{Fetch, FetchError, Redirects};
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::policy::{PolicyOutcome, WebhookContents};
use symbolon_verifier::reliance::StatusChange;
use symbolon_verifier::relying_party::{ExpiredNotice, Webhook};
use symbolon_verifier::store::{
    Delivery, DeliveryEvent, DeliveryId, GivenUp, PresentationResult, Replacement, RequestId, StoreError,
};
use symbolon_verifier::webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use tokio::task::JoinSet;

use crate::state::State;

/// How often the store is asked for what is due.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many are looked at, and how many are on their way at once, in all and to one relying party: a slow receiver holds up nobody
/// else.
const LOOKED_AT: usize = 500;
const AT_ONCE: usize = 64;
const AT_ONCE_PER_RELYING_PARTY: usize = 4;
/// The largest answer that is read, in bytes. Its content is of no interest.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// The body of an announcement.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    event: DeliveryEvent,
    /// When it happened, RFC 3339.
    timestamp: String,
    data: Notice<'a>,
}

#[derive(Serialize)]
struct Notice<'a> {
    request_id: &'a RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a PolicyName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<PolicyOutcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_change: Option<&'a StatusChange>,
    /// Only where the policy says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<PresentationResult>,
}

/// What became of a try.
enum Tried {
    Delivered,
    Failed,
    GivenUp(GivenUp),
}

/// Announces until the task is ended.
pub(crate) async fn deliver(state: Arc<State>) {
    let mut under_way: JoinSet<DeliveryId> = JoinSet::new();
    let mut busy: BTreeMap<DeliveryId, RelyingPartyName> = BTreeMap::new();
    loop {
        if let Err(error) = begin(&state, &mut under_way, &mut busy).await {
            tracing::warn!(%error, "what is to be announced could not be read");
        }
        tokio::select! {
            Some(ended) = under_way.join_next() => match ended {
                Ok(id) => drop(busy.remove(&id)),
                // One that ended otherwise is tried again in its time.
                Err(_) => busy.clear(),
            },
            () = state.announced.notified() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Begins the tries that are due.
async fn begin(
    state: &Arc<State>,
    under_way: &mut JoinSet<DeliveryId>,
    busy: &mut BTreeMap<DeliveryId, RelyingPartyName>,
) -> Result<(), StoreError> {
    let deps = &state.dependencies;
    let due = deps
        .store
        .due_deliveries(&deps.tenant, state.now(), LOOKED_AT)
        .await?;
    let mut full: BTreeSet<RelyingPartyName> = BTreeSet::new();
    for delivery in due {
        if busy.len() >= AT_ONCE {
            break;
        }
        let party = &delivery.relying_party;
        if busy.contains_key(&delivery.id) || full.contains(party) {
            continue;
        }
        if busy.values().filter(|other| *other == party).count() >= AT_ONCE_PER_RELYING_PARTY {
            full.insert(party.clone());
            continue;
        }
        let claimed = delivery.clone().tried(state.now());
        let claim = deps
            .store
            .replace_delivery(&deps.tenant, delivery, claimed.clone());
        if claim.await? == Replacement::Changed {
            continue;
        }
        busy.insert(claimed.id.clone(), claimed.relying_party.clone());
        let state = Arc::clone(state);
        under_way.spawn(async move {
            let id = claimed.id.clone();
            if let Err(error) = attempt(&state, claimed).await {
                tracing::warn!(%error, "what became of an announcement could not be stored");
            }
            id
        });
    }
    Ok(())
}

/// Makes a try that is stored already, and stores what became of it.
async fn attempt(state: &State, claimed: Delivery) -> Result<(), StoreError> {
    let tried = send(state, &claimed).await?;
    let now = state.now();
    let next = match tried {
        Tried::Delivered => claimed.clone().delivered(now),
        Tried::GivenUp(reason) => claimed.clone().given_up(now, reason),
        Tried::Failed => {
            tracing::info!(relying_party = %claimed.relying_party, attempts = claimed.attempts, "a webhook failed");
            return Ok(());
        }
    };
    let deps = &state.dependencies;
    // Where it has changed in between, an operator has asked for another try, which stands.
    let _ = deps.store.replace_delivery(&deps.tenant, claimed, next).await?;
    Ok(())
}

async fn send(state: &State, delivery: &Delivery) -> Result<Tried, StoreError> {
    let party = state.relying_parties.get(&delivery.relying_party);
    let Some(webhook) = party.and_then(|party| party.document.webhook.as_ref()) else {
        return Ok(Tried::GivenUp(GivenUp::NoWebhook));
    };
    if delivery.event == DeliveryEvent::Expired && webhook.expired == ExpiredNotice::Silent {
        return Ok(Tried::GivenUp(GivenUp::NoWebhook));
    }
    let body = state.body(delivery).await?;
    let Some(fetch) = state.signed(webhook, delivery, body) else {
        return Ok(Tried::Failed);
    };
    Ok(match state.dependencies.fetcher.fetch(fetch).await {
        Ok(answer) if answer.is_success() => Tried::Delivered,
        // Standard Webhooks: the receiver wants no more.
        Ok(answer) if answer.status == 410 => Tried::GivenUp(GivenUp::Gone),
        Err(FetchError::Refused) => Tried::GivenUp(GivenUp::AddressRefused),
        Ok(_) | Err(_) => Tried::Failed,
    })
}

impl State {
    async fn body(&self, delivery: &Delivery) -> Result<Vec<u8>, StoreError> {
        let contents = delivery
            .policy
            .as_ref()
            .and_then(|name| self.policy(name))
            .map_or(WebhookContents::Notice, |policy| policy.webhook());
        let about_the_result = matches!(delivery.event, DeliveryEvent::Answered | DeliveryEvent::Declined);
        let result = match contents {
            WebhookContents::Notice => None,
            WebhookContents::Result if !about_the_result => None,
            // Read when it is sent: what is kept no longer is not sent either.
            WebhookContents::Result => {
                let result = self.kept_result(&delivery.request).await?;
                // One that is withheld until the browser brings its code is withheld here too.
                result.filter(|result| result.response_code.is_none())
            }
        };
        let body = Body {
            event: delivery.event,
            timestamp: delivery.created_at.rfc3339(),
            data: Notice {
                request_id: &delivery.request,
                policy: delivery.policy.as_ref(),
                outcome: delivery.outcome,
                status_change: delivery.status_change.as_ref(),
                result,
            },
        };
        serde_json::to_vec(&body).map_err(|_| StoreError::Unreadable)
    }

    /// The signed request. The time is that of the try, which a receiver compares with its clock.
    fn signed(&self, webhook: &Webhook, delivery: &Delivery, body: Vec<u8>) -> Option<Fetch> {
        let deps = &self.dependencies;
        let secret = deps.master_secret.derive_webhook_secret(
            &deps.tenant,
            &delivery.relying_party,
            webhook.secret_version,
        );
        let now = self.now();
        let header = |name: &'static str, value: String| {
            let value = HeaderValue::from_str(&value).ok()?;
            Some((HeaderName::from_static(name), value))
        };
        Some(Fetch {
            method: Method::POST,
            url: webhook.url.clone(),
            headers: vec![
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                header(ID_HEADER, delivery.id.as_str().to_owned())?,
                header(TIMESTAMP_HEADER, now.seconds().to_string())?,
                header(SIGNATURE_HEADER, secret.sign(&delivery.id, now, &body))?,
            ],
            body,
            max_bytes: MAX_ANSWER_BYTES,
            redirects: Redirects::Refuse,
        })
    }
}
