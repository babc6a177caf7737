//! What a bank relies on for years: renewals, and credentials that are revoked meanwhile, with a real status list that changes.

use http::Method;
use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_trust::status_list::Status;

use super::evidence::{Bank, path};
use super::webhooks::{Inbox, receiver, until};
use crate::world::json_of;

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// What was announced of one kind, in its order.
fn announced(inbox: &Inbox, kind: &str) -> Vec<Value> {
    let got = inbox.got.lock().unwrap();
    let bodies = got
        .iter()
        .map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap());
    bodies
        .filter(|body| body["type"] == format!("presentation_request.{kind}"))
        .collect()
}

impl Bank {
    async fn relied(&self, id: &str) -> Value {
        json_of(&self.get(&path(id, "reliance")).await)
    }

    /// Lets an hour pass, at the end of which the list says this, and waits until it has been looked at.
    async fn look(&self, id: &str, status: Option<Status>) -> Value {
        let before = self.relied(id).await;
        if let Some(status) = status {
            let then = UnixTime::from_seconds(self.world.now().seconds() + HOUR);
            self.world.publish_at(status, then);
        }
        self.world.advance(HOUR);
        until(async || {
            let now = self.relied(id).await;
            (now["next_look_at"] != before["next_look_at"]).then_some(now)
        })
        .await
    }
}

#[tokio::test]
async fn a_revocation_is_announced_once_with_a_signature() {
    let (inbox, _running, url) = receiver().await;
    let bank = Bank::with(json!({"webhook": {"url": url, "secret_version": 1}})).await;
    let id = bank.answered("customer").await;
    let began = bank.world.now();
    let relied = bank.relied(&id).await;
    assert_eq!(relied["credentials"][0]["status"], "good");
    assert_eq!(
        relied["renewal_due_at"],
        began.plus(5 * symbolon_trust::testing::DAY).rfc3339()
    );
    // Nothing that leads to the person leaves the verifier.
    assert!(!relied.to_string().contains("status/0"), "{relied}");

    bank.look(&id, Some(Status::Valid)).await;
    assert!(announced(&inbox, "credential_status_changed").is_empty());
    let revoked = bank.look(&id, Some(Status::Invalid)).await;
    let published = bank.world.now().seconds();
    assert_eq!(revoked["credentials"][0]["status"], "revoked");
    assert_eq!(revoked.get("next_look_at"), None, "what is revoked stays so");
    let told = until(async || announced(&inbox, "credential_status_changed").pop()).await;
    assert_eq!(
        told["data"],
        json!({
            "request_id": id, "policy": "customer",
            "status_change": {"query_id": "identity", "status": "revoked", "as_of": published},
        })
    );
    assert!(!told.to_string().contains("Amina"));
    bank.world.advance(DAY);
    tokio::time::sleep(core::time::Duration::from_millis(2_500)).await;
    assert_eq!(announced(&inbox, "credential_status_changed").len(), 1);
    let (headers, _) = inbox.got.lock().unwrap().last().cloned().unwrap();
    assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
}

#[tokio::test]
async fn a_suspension_and_its_end_are_announced_and_a_list_that_cannot_be_read_is_not() {
    let (inbox, _running, url) = receiver().await;
    let bank = Bank::with(json!({"webhook": {"url": url, "secret_version": 1}})).await;
    let id = bank.answered("customer").await;
    let statuses = |inbox: &Inbox| -> Vec<Value> {
        let told = announced(inbox, "credential_status_changed");
        told.iter()
            .map(|body| body["data"]["status_change"]["status"].clone())
            .collect()
    };
    bank.world.publish_text("no token at all");
    let silent = bank.look(&id, None).await;
    assert_eq!(silent["credentials"][0]["status"], "good");
    assert_eq!(silent["credentials"][0].get("looked_at"), None);
    // A list by somebody else says nothing either.
    bank.world.publish_by_another(Status::Invalid);
    let forged = bank.look(&id, None).await;
    assert_eq!(forged["credentials"][0]["status"], "good");
    let suspended = bank.look(&id, Some(Status::Suspended)).await;
    assert_eq!(suspended["credentials"][0]["status"], "suspended");
    until(async || (statuses(&inbox) == ["suspended"]).then_some(())).await;
    let again = bank.look(&id, Some(Status::Valid)).await;
    assert_eq!(again["credentials"][0]["status"], "good");
    until(async || (statuses(&inbox) == ["suspended", "good"]).then_some(())).await;
}

/// However many rely on credentials of one list, it is fetched once in an interval.
#[tokio::test]
async fn one_look_fetches_a_list_once_for_everybody() {
    let bank = Bank::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(bank.answered("customer").await);
    }
    let looks = json!([
        bank.relied(&ids[0]).await["next_look_at"],
        bank.relied(&ids[1]).await["next_look_at"],
        bank.relied(&ids[2]).await["next_look_at"],
    ]);
    assert_eq!(looks[0], looks[1]);
    assert_eq!(looks[1], looks[2]);
    let before = bank.world.status_fetches();
    bank.look(&ids[0], Some(Status::Valid)).await;
    for id in &ids {
        until(async || (bank.relied(id).await["next_look_at"] != looks[0]).then_some(())).await;
    }
    assert_eq!(bank.world.status_fetches() - before, 1);
}

#[tokio::test]
async fn a_renewal_is_announced_once_and_everything_ends_with_its_time() {
    let (inbox, _running, url) = receiver().await;
    let bank = Bank::with(json!({"webhook": {"url": url, "secret_version": 1}})).await;
    let id = bank.answered("customer").await;
    bank.world.advance(5 * DAY - 1);
    tokio::time::sleep(core::time::Duration::from_millis(2_500)).await;
    assert!(announced(&inbox, "renewal_due").is_empty());
    bank.world.advance(1);
    let told = until(async || announced(&inbox, "renewal_due").pop()).await;
    assert_eq!(told["data"], json!({"request_id": id, "policy": "customer"}));
    bank.world.advance(DAY);
    tokio::time::sleep(core::time::Duration::from_millis(2_500)).await;
    assert_eq!(announced(&inbox, "renewal_due").len(), 1);
    bank.world.advance(14 * DAY + 1);
    assert_eq!(bank.get(&path(&id, "reliance")).await.status, 404);
}

#[tokio::test]
async fn who_relies_no_longer_is_told_nothing_more() {
    let (inbox, _running, url) = receiver().await;
    let bank = Bank::with(json!({"webhook": {"url": url, "secret_version": 1}})).await;
    // Where no policy asks for it, nothing is kept.
    let valued = bank.answered("valued").await;
    assert_eq!(bank.get(&path(&valued, "reliance")).await.status, 404);
    let id = bank.answered("customer").await;
    let others = bank
        .call(&bank.other, Method::DELETE, &path(&id, "reliance"), &Value::Null)
        .await;
    assert_eq!(others.status, 404);
    let gone = bank
        .call(&bank.key, Method::DELETE, &path(&id, "reliance"), &Value::Null)
        .await;
    assert_eq!(gone.status, 204);
    assert_eq!(bank.get(&path(&id, "reliance")).await.status, 404);
    bank.world.publish_at(
        Status::Invalid,
        UnixTime::from_seconds(bank.world.now().seconds() + 6 * DAY),
    );
    bank.world.advance(6 * DAY);
    tokio::time::sleep(core::time::Duration::from_millis(2_500)).await;
    assert!(announced(&inbox, "credential_status_changed").is_empty());
    assert!(announced(&inbox, "renewal_due").is_empty());
}
