//! Changes that wait for their publication, and lists of the past.

use std::time::Duration;

use super::fixtures::{NOW, Numbers, credential, event, issuance, uin};
use crate::credential_record::{CredentialRecord, StatusAction};
use crate::index::{ShardId, StatusIndex};
use crate::store::{IssuanceOutcome, IssuerStore, KeptStatusList, PlaceExpiry, StatusChange, Swap};
use symbolon_crypto::UnixTime;

pub(super) async fn a_change_waits_until_it_was_published(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let issued = issuance(
        &numbers,
        vec![credential(&numbers, "1", 7), credential(&numbers, "1", 8)],
    );
    assert_eq!(
        store.commit_issuance(issued).await.unwrap(),
        IssuanceOutcome::Committed
    );
    assert!(store.unpublished_changes(None, 9).await.unwrap().is_empty());
    let found = store.credentials_of(&uin("1"), None, 9).await.unwrap();
    let event_of = |at: UnixTime| {
        let mut event = event(&numbers);
        event.event.at = at;
        event
    };
    let changes: Vec<StatusChange> = found
        .into_iter()
        .map(|read| {
            let record = read.value.after(StatusAction::Revoke, NOW).unwrap().unwrap();
            StatusChange {
                expected: read.revision,
                event: event_of(record.status_changed_at),
                record,
            }
        })
        .collect();
    assert_eq!(store.change_statuses(changes).await.unwrap(), Swap::Done);
    let waiting = store.unpublished_changes(None, 9).await.unwrap();
    assert_eq!(waiting.len(), 2);
    let page = store.unpublished_changes(None, 1).await.unwrap();
    assert_eq!(page, waiting[..1]);
    let next = store.unpublished_changes(page.first(), 9).await.unwrap();
    assert_eq!(next, waiting[1..]);
    let of_shard = store.unpublished_changes_of(ShardId::FIRST, 9).await.unwrap();
    assert_eq!(of_shard, waiting);
    let of_other = store.unpublished_changes_of(ShardId::new(1), 9).await.unwrap();
    assert!(of_other.is_empty());
    store.forget_changes(&waiting[..1]).await.unwrap();
    assert_eq!(store.unpublished_changes(None, 9).await.unwrap(), waiting[1..]);

    // What a wallet reports of a credential is no change of its status.
    let read = store.credentials_of(&uin("1"), None, 1).await.unwrap().remove(0);
    let report = StatusChange {
        expected: read.revision,
        event: event_of(NOW.plus(Duration::from_secs(60))),
        record: read.value,
    };
    assert_eq!(store.change_statuses(vec![report]).await.unwrap(), Swap::Done);
    assert_eq!(store.unpublished_changes(None, 9).await.unwrap(), waiting[1..]);
}

fn kept(seconds: u64) -> KeptStatusList {
    let issued_at = NOW.plus(Duration::from_secs(seconds));
    KeptStatusList {
        issued_at,
        expires_at: issued_at.plus(Duration::from_secs(100)),
        kept_until: issued_at.plus(Duration::from_secs(1_000)),
        jwt: format!("a.b.{seconds}"),
        cwt: "AQID".to_owned(),
        bitstrings: [("revocation".to_owned(), "a.b.c".to_owned())].into(),
    }
}

pub(super) async fn the_list_of_a_time_is_the_last_that_was_made_before(store: &dyn IssuerStore) {
    let (one, other) = (ShardId::FIRST, ShardId::new(256));
    for seconds in [10, 20, 300] {
        store.keep_status_list(one, &kept(seconds)).await.unwrap();
    }
    store.keep_status_list(other, &kept(15)).await.unwrap();
    let at = async |shard, seconds| {
        let time = NOW.plus(Duration::from_secs(seconds));
        let found = store.status_list_at(shard, time).await.unwrap();
        found.map(|list| list.jwt)
    };
    assert_eq!(at(one, 9).await, None);
    assert_eq!(at(one, 10).await.as_deref(), Some("a.b.10"));
    assert_eq!(at(one, 19).await.as_deref(), Some("a.b.10"));
    assert_eq!(at(one, 20).await.as_deref(), Some("a.b.20"));
    assert_eq!(at(one, 10_000).await.as_deref(), Some("a.b.300"));
    assert_eq!(at(other, 14).await, None);
    assert_eq!(at(other, 15).await.as_deref(), Some("a.b.15"));
    assert_eq!(at(ShardId::new(255), 10_000).await, None);
    let end = UnixTime::from_seconds(i64::MAX);
    assert_eq!(store.status_list_at(one, end).await.unwrap(), Some(kept(300)));
    let start = UnixTime::from_seconds(-1);
    assert_eq!(store.status_list_at(one, start).await.unwrap(), None);
}

pub(super) async fn kept_lists_are_forgotten_and_no_others(store: &dyn IssuerStore) {
    for seconds in [0, 50] {
        store
            .keep_status_list(ShardId::FIRST, &kept(seconds))
            .await
            .unwrap();
    }
    let later = NOW.plus(Duration::from_secs(1_001));
    assert_eq!(store.remove_expired(later, 9).await.unwrap(), 1);
    let at = |seconds| store.status_list_at(ShardId::FIRST, NOW.plus(Duration::from_secs(seconds)));
    assert_eq!(at(49).await.unwrap(), None);
    assert_eq!(at(50).await.unwrap(), Some(kept(50)));
}

pub(super) async fn the_places_of_a_list_say_when_their_credentials_expire(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let other = ShardId::new(1);
    let at = |seconds| NOW.plus(Duration::from_secs(seconds));
    let placed = |shard, index, seconds| CredentialRecord {
        status_index: Some(StatusIndex { shard, index }),
        expires_at: at(seconds),
        ..credential(&numbers, "1", index)
    };
    let first = ShardId::FIRST;
    let all = vec![
        placed(first, 300, 30),
        placed(first, 2, 20),
        placed(other, 3, 9),
        placed(first, 70_000, 7),
    ];
    let committed = store.commit_issuance(issuance(&numbers, all)).await.unwrap();
    assert_eq!(committed, IssuanceOutcome::Committed);
    let expiry = |index, seconds| PlaceExpiry {
        index,
        expires_at: at(seconds),
    };
    let found = store.expiries_in(first, None, 9).await.unwrap();
    assert_eq!(found, [expiry(2, 20), expiry(300, 30), expiry(70_000, 7)]);
    assert_eq!(store.expiries_in(first, None, 1).await.unwrap(), found[..1]);
    assert_eq!(store.expiries_in(first, Some(2), 9).await.unwrap(), found[1..]);
    assert!(
        store
            .expiries_in(first, Some(70_000), 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.expiries_in(other, None, 9).await.unwrap(), [expiry(3, 9)]);
}
