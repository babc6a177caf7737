//! What every implementation of [`RelyingPartyStore`](super::super::RelyingPartyStore) must do.

#![expect(
    clippy::cloned_ref_to_slice_refs,
    reason = "a list of one reads like the lists of several beside it"
)]

use core::time::Duration;

use symbolon_crypto::UnixTime;

use super::{answer, declined, identifier, request, tenant, time};
use crate::name::RelyingPartyName;
use crate::relying_party::{ApiKeyId, ApiKeyRecord};
use crate::store::{
    Cursor, DeclineCode, Delivery, DeliveryEvent, DeliveryId, DeliveryStage, Insertion, QuotaKind, Removal,
    Replacement, ResultRecording, VerifierStore, WithResult,
};

pub(super) async fn check(store: &dyn VerifierStore) {
    keeps_keys_until_they_are_revoked(store).await;
    counts_uses_in_their_window(store).await;
    lists_the_requests_of_each_relying_party(store).await;
    removes_a_request_with_everything(store).await;
    announces_a_result_with_its_first_recording(store).await;
    takes_the_announcement_of_an_expiry_back(store).await;
    replaces_deliveries_by_comparison(store).await;
    forgets_quotas_and_deliveries_in_time(store).await;
    keeps_results_as_long_as_the_request_says(store).await;
}

async fn keeps_keys_until_they_are_revoked(store: &dyn VerifierStore) {
    let (one, two) = (tenant("keys-1"), tenant("keys-2"));
    let record = api_key("AAAAAAAAAAAAAAAA", "bank");
    let other = api_key("BBBBBBBBBBBBBBBB", "shop");
    let inserted = answer(store.insert_api_key(&one, other.clone()).await);
    assert_eq!(inserted, Insertion::Inserted);
    let inserted = answer(store.insert_api_key(&one, record.clone()).await);
    assert_eq!(inserted, Insertion::Inserted);
    let mut again = record.clone();
    again.created_at = time(9);
    let inserted = answer(store.insert_api_key(&one, again).await);
    assert_eq!(inserted, Insertion::AlreadyPresent);
    assert_eq!(
        answer(store.api_key(&one, &record.id).await),
        Some(record.clone())
    );
    assert_eq!(answer(store.api_key(&two, &record.id).await), None);
    assert_eq!(answer(store.api_keys(&one).await), [record.clone(), other]);
    assert_eq!(answer(store.api_keys(&two).await), []);
    assert_eq!(
        answer(store.remove_api_key(&two, &record.id).await),
        Removal::Absent
    );
    assert_eq!(
        answer(store.remove_api_key(&one, &record.id).await),
        Removal::Removed
    );
    assert_eq!(answer(store.api_key(&one, &record.id).await), None);
    assert_eq!(
        answer(store.remove_api_key(&one, &record.id).await),
        Removal::Absent
    );
}

async fn counts_uses_in_their_window(store: &dyn VerifierStore) {
    let tenant = tenant("quota");
    let bank = party("bank");
    let window = QuotaKind::Minute.window(time(65));
    assert_eq!(window.starts_at, time(60));
    assert_eq!(answer(store.take_quota(&tenant, &bank, window, 3, 5).await), 3);
    assert_eq!(answer(store.take_quota(&tenant, &bank, window, 3, 5).await), 2);
    assert_eq!(answer(store.take_quota(&tenant, &bank, window, 3, 5).await), 0);
    let shop = party("shop");
    assert_eq!(answer(store.take_quota(&tenant, &shop, window, 1, 5).await), 1);
    let next = QuotaKind::Minute.window(time(120));
    assert_eq!(answer(store.take_quota(&tenant, &bank, next, 1, 5).await), 1);
    let day = QuotaKind::Day.window(time(65));
    assert_eq!(answer(store.take_quota(&tenant, &bank, day, 1, 5).await), 1);
}

async fn lists_the_requests_of_each_relying_party(store: &dyn VerifierStore) {
    let tenant = tenant("lists");
    for (id, owner, created_at) in [
        ("c", Some("bank"), 1),
        ("a", Some("bank"), 2),
        ("b", Some("bank"), 2),
        ("d", Some("bank-2"), 1),
        ("e", None, 1),
    ] {
        let mut record = request(&tenant, id, 1_000);
        record.created_at = time(created_at);
        record.relying_party = owner.map(party);
        answer(store.insert_request(record).await);
    }
    let bank = party("bank");
    let mut found = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = answer(store.requests_of(&tenant, &bank, after.as_ref(), 2).await);
        let Some(last) = page.last() else {
            break;
        };
        after = Some(Cursor {
            created_at: last.created_at,
            id: last.id.clone(),
        });
        found.extend(page.into_iter().map(|record| record.id.as_str().to_owned()));
    }
    assert_eq!(found, ["c", "a", "b"]);
}

async fn removes_a_request_with_everything(store: &dyn VerifierStore) {
    let tenant = tenant("removal");
    let mut record = request(&tenant, "r", 1_000);
    record.relying_party = Some(party("bank"));
    answer(store.insert_request(record.clone()).await);
    let result = declined(DeclineCode::Other);
    answer(
        store
            .record_result(&tenant, &record.id, result.clone(), WithResult::default())
            .await,
    );
    assert_eq!(
        answer(store.remove_request(&tenant, &record.id).await),
        Removal::Removed
    );
    assert_eq!(answer(store.request(&tenant, &record.id).await), None);
    assert_eq!(answer(store.result(&tenant, &record.id).await), None);
    let bank = party("bank");
    assert_eq!(answer(store.requests_of(&tenant, &bank, None, 9).await), []);
    assert_eq!(
        answer(store.remove_request(&tenant, &record.id).await),
        Removal::Absent
    );
    let late = store
        .record_result(&tenant, &record.id, result, WithResult::default())
        .await;
    assert_eq!(answer(late), ResultRecording::NoSuchRequest);
    // What is gone is not swept again.
    assert_eq!(answer(store.remove_expired(time(0), 100).await), 0);
}

async fn announces_a_result_with_its_first_recording(store: &dyn VerifierStore) {
    let tenant = tenant("announce");
    let record = request(&tenant, "r", 1_000);
    let result = || declined(DeclineCode::Other);
    let first = delivery("d-1", 5);
    let unknown = store
        .record_result(&tenant, &record.id, result(), Some(first.clone()).into())
        .await;
    assert_eq!(answer(unknown), ResultRecording::NoSuchRequest);
    assert_eq!(answer(store.due_deliveries(&tenant, time(9), 9).await), []);
    answer(store.insert_request(record.clone()).await);
    for announcement in [first.clone(), delivery("d-2", 5)] {
        answer(
            store
                .record_result(&tenant, &record.id, result(), Some(announcement).into())
                .await,
        );
    }
    assert_eq!(answer(store.due_deliveries(&tenant, time(4), 9).await), []);
    assert_eq!(
        answer(store.due_deliveries(&tenant, time(5), 9).await),
        [first.clone()]
    );
    assert_eq!(answer(store.deliveries(&tenant, None, 9).await), [first.clone()]);
    assert_eq!(answer(store.deliveries(&tenant, Some(&first.id), 9).await), []);
    assert_eq!(answer(store.delivery(&tenant, &first.id).await), Some(first));
}

async fn takes_the_announcement_of_an_expiry_back(store: &dyn VerifierStore) {
    let tenant = tenant("expiry");
    let (due, none) = (time(i64::from(u32::MAX)), || declined(DeclineCode::Other));
    let expiry = async |id: &str| {
        let mut record = request(&tenant, id, 900);
        record.relying_party = Some(party("bank"));
        answer(store.insert_request(record.clone()).await);
        let Some(delivery) = Delivery::of_expiry(&record) else {
            return record;
        };
        let inserted = answer(store.insert_delivery(&tenant, delivery.clone()).await);
        assert_eq!(inserted, Insertion::Inserted);
        let again = answer(store.insert_delivery(&tenant, delivery.clone()).await);
        assert_eq!(again, Insertion::AlreadyPresent);
        assert_eq!(
            answer(store.due_deliveries(&tenant, record.expires_at, 9).await),
            []
        );
        assert_eq!(answer(store.due_deliveries(&tenant, due, 9).await), [delivery]);
        record
    };
    let answered = expiry("answered").await;
    let announced = delivery("of-the-result", 5);
    let recorded = store.record_result(&tenant, &answered.id, none(), Some(announced.clone()).into());
    assert_eq!(answer(recorded.await), ResultRecording::Recorded);
    assert_eq!(
        answer(store.deliveries(&tenant, None, 9).await),
        [announced.clone()]
    );
    assert_eq!(
        answer(store.due_deliveries(&tenant, due, 9).await),
        [announced.clone()]
    );
    let done = announced.clone().delivered(time(5));
    answer(store.replace_delivery(&tenant, announced, done.clone()).await);
    let removed = expiry("removed").await;
    answer(store.remove_request(&tenant, &removed.id).await);
    assert_eq!(answer(store.due_deliveries(&tenant, due, 9).await), []);
    assert_eq!(answer(store.deliveries(&tenant, None, 9).await), [done]);
    // Its announcement outlives a request that is kept no longer than it can be answered.
    let expired = expiry("expired").await;
    sweep(store, expired.kept_until().plus(Duration::from_secs(1))).await;
    assert_eq!(answer(store.request(&tenant, &expired.id).await), None);
    let left = answer(store.due_deliveries(&tenant, due, 9).await);
    assert_eq!(left.len(), 1);
    assert!(left.iter().all(|delivery| delivery.request == expired.id));
}

async fn replaces_deliveries_by_comparison(store: &dyn VerifierStore) {
    let tenant = tenant("replace-delivery");
    for (id, due) in [("one", 30), ("two", 20)] {
        let record = request(&tenant, id, 1_000);
        answer(store.insert_request(record.clone()).await);
        let result = declined(DeclineCode::Other);
        answer(
            store
                .record_result(&tenant, &record.id, result, Some(delivery(id, due)).into())
                .await,
        );
    }
    let (one, two) = (delivery("one", 30), delivery("two", 20));
    assert_eq!(
        answer(store.due_deliveries(&tenant, time(30), 9).await),
        [two.clone(), one.clone()]
    );
    assert_eq!(
        answer(store.due_deliveries(&tenant, time(30), 1).await),
        [two.clone()]
    );
    let later = two.clone().tried(time(100));
    assert_eq!(
        answer(store.replace_delivery(&tenant, two.clone(), later.clone()).await),
        Replacement::Replaced
    );
    assert_eq!(
        answer(
            store
                .replace_delivery(&tenant, two.clone(), two.clone().delivered(time(101)))
                .await
        ),
        Replacement::Changed,
        "a delivery that another process has changed is not changed back"
    );
    assert_eq!(
        answer(store.due_deliveries(&tenant, time(104), 9).await),
        [one.clone()]
    );
    assert_eq!(
        answer(store.due_deliveries(&tenant, time(105), 9).await),
        [one.clone(), later.clone()]
    );
    let done = later.clone().delivered(time(105));
    answer(store.replace_delivery(&tenant, later, done.clone()).await);
    assert_eq!(answer(store.due_deliveries(&tenant, time(999), 9).await), [one]);
    assert_eq!(
        answer(store.delivery(&tenant, &done.id).await),
        Some(done.clone())
    );
    let again = done.clone().again(time(1));
    answer(store.replace_delivery(&tenant, done, again.clone()).await);
    assert_eq!(answer(store.due_deliveries(&tenant, time(1), 9).await), [again]);
}

async fn forgets_quotas_and_deliveries_in_time(store: &dyn VerifierStore) {
    let tenant = tenant("forget");
    let record = request(&tenant, "r", 1 << 40);
    answer(store.insert_request(record.clone()).await);
    let mut announcement = delivery("d-forgotten", 0);
    // Later than those of the tests before.
    announcement.created_at = time(1_000);
    let result = declined(DeclineCode::Other);
    answer(
        store
            .record_result(&tenant, &record.id, result, Some(announcement.clone()).into())
            .await,
    );
    let end = announcement.kept_until();
    // Whatever the tests before left is swept first.
    sweep(store, end).await;
    let window = QuotaKind::Minute.window(end);
    let bank = party("bank");
    assert_eq!(answer(store.take_quota(&tenant, &bank, window, 5, 5).await), 5);
    assert_eq!(answer(store.remove_expired(end, 100).await), 0);
    assert_eq!(
        answer(store.delivery(&tenant, &announcement.id).await),
        Some(announcement.clone())
    );
    let after = end.plus(Duration::from_secs(1));
    assert_eq!(answer(store.remove_expired(after, 100).await), 1);
    assert_eq!(answer(store.delivery(&tenant, &announcement.id).await), None);
    assert_eq!(answer(store.due_deliveries(&tenant, after, 9).await), []);
    let later = window.ends_at().plus(Duration::from_secs(1));
    assert_eq!(answer(store.remove_expired(later, 100).await), 1);
    assert_eq!(answer(store.take_quota(&tenant, &bank, window, 5, 5).await), 5);
}

async fn keeps_results_as_long_as_the_request_says(store: &dyn VerifierStore) {
    let tenant = tenant("kept");
    let start = time(1 << 30);
    sweep(store, start).await;
    let mut record = request(&tenant, "r", (1 << 30) + 10);
    record.kept_until = Some(start.plus(Duration::from_secs(50)));
    record.relying_party = Some(party("bank"));
    answer(store.insert_request(record.clone()).await);
    let result = declined(DeclineCode::Other);
    answer(
        store
            .record_result(&tenant, &record.id, result.clone(), WithResult::default())
            .await,
    );
    let end = record.kept_until();
    assert_eq!(answer(store.remove_expired(end, 100).await), 0);
    assert_eq!(answer(store.result(&tenant, &record.id).await), Some(result));
    let after = end.plus(Duration::from_secs(1));
    assert_eq!(answer(store.remove_expired(after, 100).await), 1);
    assert_eq!(answer(store.request(&tenant, &record.id).await), None);
    assert_eq!(answer(store.result(&tenant, &record.id).await), None);
    let bank = party("bank");
    assert_eq!(answer(store.requests_of(&tenant, &bank, None, 9).await), []);
}

async fn sweep(store: &dyn VerifierStore, now: UnixTime) {
    while answer(store.remove_expired(now, 100).await) > 0 {}
}

#[expect(clippy::panic, reason = "a conformance suite fails by panicking")]
fn api_key(id: &str, owner: &str) -> ApiKeyRecord {
    let value = serde_json::json!({"id": id, "relying_party": owner, "digest": "d", "created_at": 1});
    let record: ApiKeyRecord =
        serde_json::from_value(value).unwrap_or_else(|error| panic!("a key of the suite reads: {error}"));
    assert_eq!(ApiKeyId::parse(id).as_ref(), Ok(&record.id));
    record
}

pub(super) fn delivery(id: &str, due: i64) -> Delivery {
    Delivery {
        id: identifier::<DeliveryId>(id),
        relying_party: party("bank"),
        request: identifier("r"),
        event: DeliveryEvent::Declined,
        policy: None,
        outcome: None,
        status_change: None,
        created_at: time(0),
        attempts: 0,
        stage: DeliveryStage::Waiting {
            next_attempt_at: time(due),
        },
    }
}

pub(super) fn party(name: &str) -> RelyingPartyName {
    identifier(name)
}
