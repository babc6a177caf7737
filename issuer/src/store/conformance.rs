//! What every issuer store must do. A backend's tests call [`run`] with a way to make empty stores; a failure panics with what is wrong.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test suite fails by panicking"
)]

mod authorization;
mod fixtures;
mod notifications;
mod offers;
mod sign_in;
mod status_lists;
mod transactions;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use super::{
    AuthorizationCommit, AuthorizationOutcome, Change, IssuanceOutcome, IssuerStore, NewOffer, RecordChange,
    StatusChange, StoreError, Swap,
};
use crate::credential_record::{CredentialKind, CredentialRecord, CredentialStatus, StatusAction};
use crate::grant::{Grant, GrantStage, NonceMark};
use crate::identifiers::OfferAddress;
use crate::index::{IndexAllocator, IndexWidth, ShardForm, ShardId, open_fresh_shard};
use fixtures::{
    NOW, Numbers, credential, digest, event, grant, issuance, new_offer, offer, record, spent, token_access,
    uin,
};
use symbolon_trust::status_list::BitsPerStatus;

/// Runs the whole suite. `make` gives an empty store each time; the stores must not share anything.
pub async fn run(make: impl Fn() -> Arc<dyn IssuerStore>) {
    records_are_kept_by_uin_whole_and_in_order(&*make()).await;
    nothing_is_committed_for_the_deceased(&*make()).await;
    a_grant_is_redeemed_by_one_of_two(&*make()).await;
    an_offer_is_stored_with_its_grant_and_once(&*make()).await;
    an_issuance_is_whole_and_each_part_has_its_own_refusal(&*make()).await;
    an_index_belongs_to_one_credential(&*make()).await;
    every_kind_of_credential_is_kept(&*make()).await;
    a_credential_of_no_record_is_kept_and_listed_under_none(&*make()).await;
    statuses_change_together_and_leave_marks(&*make()).await;
    shards_are_opened_once_and_leased_by_one_of_two(&*make()).await;
    allocation_crosses_shards_and_a_fresh_shard_is_empty(&*make()).await;
    status_lists::a_change_waits_until_it_was_published(&*make()).await;
    status_lists::the_list_of_a_time_is_the_last_that_was_made_before(&*make()).await;
    status_lists::kept_lists_are_forgotten_and_no_others(&*make()).await;
    status_lists::the_places_of_a_list_say_when_their_credentials_expire(&*make()).await;
    transactions::a_request_waits_with_what_it_spends_or_not_at_all(&*make()).await;
    transactions::a_transaction_is_decided_and_fetched_by_one_of_two(&*make()).await;
    transactions::transactions_are_listed_in_order_and_forgotten_when_they_expire(&*make()).await;
    offers::entries_are_listed_in_order_and_by_record(&*make()).await;
    offers::what_became_of_an_offer_is_noted_with_each_step(&*make()).await;
    offers::of_a_step_and_a_cancellation_one_wins(&*make()).await;
    offers::nothing_is_issued_or_deferred_on_an_offer_that_was_cancelled(&*make()).await;
    offers::a_cancelled_offer_takes_its_rights_with_it(&*make()).await;
    offers::an_entry_leaves_the_book_with_all_that_was_noted(&*make()).await;
    notifications::a_notification_is_stored_with_its_credentials_and_noted_with_their_records(&*make()).await;
    notifications::a_copy_without_a_status_takes_no_index(&*make()).await;
    authorization::a_value_is_replaced_by_one_of_two(&*make()).await;
    authorization::a_step_is_whole(&*make()).await;
    authorization::a_proof_is_used_once_until_its_mark_is_forgotten(&*make()).await;
    authorization::an_issuance_needs_its_family_as_it_was_and_a_fresh_proof(&*make()).await;
    authorization::what_expired_is_forgotten(&*make()).await;
    sign_in::a_record_is_found_by_the_virtual_identifiers_that_it_alone_has(&*make()).await;
    sign_in::a_step_of_a_sign_in_is_whole_and_taken_by_one_of_two(&*make()).await;
    sign_in::a_budget_that_was_counted_again_is_not_forgotten(&*make()).await;
    upkeep::single_values_are_made_once(&*make()).await;
    upkeep::the_audit_chain_grows_from_waiting_events(&*make()).await;
    upkeep::what_expired_is_forgotten_and_nothing_else(&*make()).await;
}

async fn nothing_is_committed_for_the_deceased(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let deceased = record("7", "e").with_field("declaredAsDeceased", "Y".into());
    store.put_records(&[deceased], event(&numbers)).await.unwrap();
    let late = issuance(&numbers, vec![credential(&numbers, "7", 7)]);
    assert_eq!(
        store.commit_issuance(late.clone()).await.unwrap(),
        IssuanceOutcome::CredentialChanged
    );
    assert!(store.credential(&late.credentials[0].id).await.unwrap().is_none());
}

async fn records_are_kept_by_uin_whole_and_in_order(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let first = [record("3", "a"), record("1", "b")];
    let changes = store.put_records(&first, event(&numbers)).await.unwrap();
    assert_eq!(changes, [RecordChange::Inserted, RecordChange::Inserted]);
    let second = [
        record("1", "b"),
        record("3", "changed"),
        record("2", "c"),
        record("2", "d"),
    ];
    let changes = store.put_records(&second, event(&numbers)).await.unwrap();
    use RecordChange::{Inserted, Unchanged, Updated};
    assert_eq!(changes, [Unchanged, Updated, Inserted, Updated]);
    assert_eq!(
        store.record(&uin("3")).await.unwrap().unwrap(),
        record("3", "changed")
    );
    assert_eq!(store.record(&uin("2")).await.unwrap().unwrap(), record("2", "d"));
    assert!(store.record(&uin("4")).await.unwrap().is_none());
    let page = store.records(None, 2).await.unwrap();
    assert_eq!(
        page.iter()
            .map(|record| record.uin().as_str())
            .collect::<Vec<_>>(),
        ["1", "2"]
    );
    let rest = store.records(Some(page[1].uin()), 9).await.unwrap();
    assert_eq!(
        rest.iter()
            .map(|record| record.uin().as_str())
            .collect::<Vec<_>>(),
        ["3"]
    );
}

async fn a_grant_is_redeemed_by_one_of_two(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let code = digest("code");
    store.put_offer(new_offer(&numbers, code)).await.unwrap();
    let one = store.grant(&code).await.unwrap().unwrap();
    let two = store.grant(&code).await.unwrap().unwrap();
    let mut redeemed = one.value.clone();
    redeemed.stage = GrantStage::Redeemed;
    let redeem = |read: &super::Stored<Grant>, token: &str| AuthorizationCommit {
        grant: Some(Change::of(code, read, redeemed.clone())),
        access: Some((digest(token), token_access())),
        ..AuthorizationCommit::default()
    };
    let first = store.commit_authorization(redeem(&one, "first")).await;
    assert_eq!(first.unwrap(), AuthorizationOutcome::Committed);
    let second = store.commit_authorization(redeem(&two, "second")).await;
    assert_eq!(second.unwrap(), AuthorizationOutcome::Changed);
    assert!(
        store.access(&digest("second")).await.unwrap().is_none(),
        "a lost race leaves no token"
    );
    assert_eq!(
        store.access(&digest("first")).await.unwrap().unwrap().value,
        token_access()
    );
    assert_eq!(
        store.grant(&code).await.unwrap().unwrap().value.stage,
        GrantStage::Redeemed
    );
    let failure = AuthorizationCommit {
        grant: Some(Change::of(code, &two, grant())),
        ..AuthorizationCommit::default()
    };
    assert_eq!(
        store.commit_authorization(failure).await.unwrap(),
        AuthorizationOutcome::Changed,
        "a failure counted late must not revive a redeemed grant"
    );
}

async fn an_offer_is_stored_with_its_grant_and_once(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let address = OfferAddress::make(&numbers).unwrap();
    let new = |code: &str| NewOffer {
        offer: Some((address.clone(), offer())),
        ..new_offer(&numbers, digest(code))
    };
    store.put_offer(new("a")).await.unwrap();
    assert_eq!(store.offer(&address).await.unwrap().unwrap(), offer());
    let clashing = new("b");
    assert!(matches!(
        store.put_offer(clashing.clone()).await,
        Err(StoreError::Exists { .. })
    ));
    assert!(
        store.grant(&digest("b")).await.unwrap().is_none(),
        "an offer that clashes leaves no grant"
    );
    assert!(store.offer_entry(&clashing.entry.0).await.unwrap().is_none());
    assert!(
        store
            .offer(&OfferAddress::make(&numbers).unwrap())
            .await
            .unwrap()
            .is_none()
    );
}

async fn an_issuance_is_whole_and_each_part_has_its_own_refusal(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let code = digest("code");
    store.put_offer(new_offer(&numbers, code)).await.unwrap();
    let read = store.grant(&code).await.unwrap().unwrap();
    let redeemed = AuthorizationCommit {
        grant: Some(Change::of(code, &read, read.value.clone())),
        access: Some((digest("token"), token_access())),
        ..AuthorizationCommit::default()
    };
    let outcome = store.commit_authorization(redeemed).await;
    assert_eq!(outcome.unwrap(), AuthorizationOutcome::Committed);
    let access = store.access(&digest("token")).await.unwrap().unwrap();
    let nonce = NonceMark {
        expires_at: NOW.plus(Duration::from_secs(300)),
        random: [1; 16],
    };

    let mut first = issuance(&numbers, vec![credential(&numbers, "1", 0)]);
    first.access = Some(spent(&access));
    first.nonces = vec![nonce];
    assert_eq!(
        store.commit_issuance(first.clone()).await.unwrap(),
        IssuanceOutcome::Committed
    );
    let id = &first.credentials[0].id;
    assert_eq!(
        store.credential(id).await.unwrap().unwrap().value,
        first.credentials[0]
    );

    let mut stale = issuance(&numbers, vec![credential(&numbers, "1", 1)]);
    stale.access = Some(spent(&access));
    assert_eq!(
        store.commit_issuance(stale.clone()).await.unwrap(),
        IssuanceOutcome::AccessChanged
    );

    let access = store.access(&digest("token")).await.unwrap().unwrap();
    let mut replay = issuance(&numbers, vec![credential(&numbers, "1", 1)]);
    replay.access = Some(spent(&access));
    replay.nonces = vec![nonce];
    assert_eq!(
        store.commit_issuance(replay.clone()).await.unwrap(),
        IssuanceOutcome::NonceSpent
    );

    for refused in [&stale, &replay] {
        assert!(
            store
                .credential(&refused.credentials[0].id)
                .await
                .unwrap()
                .is_none(),
            "a refusal leaves nothing"
        );
    }
    assert_eq!(store.credentials_of(&uin("1"), None, 9).await.unwrap().len(), 1);
    let unchanged = store.access(&digest("token")).await.unwrap().unwrap();
    assert_eq!(unchanged.revision, access.revision);
}

async fn every_kind_of_credential_is_kept(store: &dyn IssuerStore) {
    use CredentialKind::{Card, JwtVc, LdpVc, Mdoc, SdJwtVc};
    let numbers = Numbers::default();
    for (index, kind) in (100..).zip([SdJwtVc, Mdoc, LdpVc, JwtVc, Card]) {
        let issued = CredentialRecord {
            kind,
            ..credential(&numbers, "1", index)
        };
        let committed = store
            .commit_issuance(issuance(&numbers, vec![issued.clone()]))
            .await;
        assert_eq!(committed.unwrap(), IssuanceOutcome::Committed);
        let kept = store.credential(&issued.id).await.unwrap().unwrap();
        assert_eq!(kept.value, issued);
    }
}

async fn a_credential_of_no_record_is_kept_and_listed_under_none(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let issued = CredentialRecord {
        record: None,
        ..credential(&numbers, "1", 120)
    };
    let committed = store
        .commit_issuance(issuance(&numbers, vec![issued.clone()]))
        .await;
    assert_eq!(committed.unwrap(), IssuanceOutcome::Committed);
    let kept = store.credential(&issued.id).await.unwrap().unwrap();
    assert_eq!(kept.value, issued);
    let all = store.credentials(None, usize::MAX).await.unwrap();
    assert!(all.contains(&issued));
    let of_record = store.credentials_of(&uin("1"), None, usize::MAX).await.unwrap();
    assert!(of_record.iter().all(|stored| stored.value.id != issued.id));
}

async fn an_index_belongs_to_one_credential(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let first = issuance(&numbers, vec![credential(&numbers, "1", 7)]);
    let second = issuance(
        &numbers,
        vec![credential(&numbers, "2", 8), credential(&numbers, "2", 7)],
    );
    assert_eq!(
        store.commit_issuance(first).await.unwrap(),
        IssuanceOutcome::Committed
    );
    assert_eq!(
        store.commit_issuance(second.clone()).await.unwrap(),
        IssuanceOutcome::IndexTaken
    );
    assert!(
        store
            .credential(&second.credentials[0].id)
            .await
            .unwrap()
            .is_none()
    );
    assert!(store.credentials_of(&uin("2"), None, 9).await.unwrap().is_empty());
}

async fn statuses_change_together_and_leave_marks(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let new = vec![
        credential(&numbers, "1", 300),
        credential(&numbers, "1", 2),
        credential(&numbers, "12", 9),
    ];
    assert_eq!(
        store.commit_issuance(issuance(&numbers, new)).await.unwrap(),
        IssuanceOutcome::Committed
    );
    // A record's credentials are its own, also where its number begins another's.
    let mine = store.credentials_of(&uin("1"), None, 9).await.unwrap();
    assert_eq!(mine.len(), 2);
    assert_eq!(
        store
            .credentials_of(&uin("1"), Some(&mine[0].value.id), 9)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(store.credentials(None, 2).await.unwrap().len(), 2);

    let change = |stored: &super::Stored<_>, action| StatusChange {
        expected: stored.revision.clone(),
        record: crate::credential_record::CredentialRecord::after(&stored.value, action, NOW)
            .unwrap()
            .unwrap(),
        event: event(&numbers),
    };
    let both = vec![
        change(&mine[0], StatusAction::Revoke),
        change(&mine[1], StatusAction::Suspend),
    ];
    assert_eq!(store.change_statuses(both.clone()).await.unwrap(), Swap::Done);
    assert_eq!(store.change_statuses(both).await.unwrap(), Swap::Changed);
    let mut marks = vec![
        (index_of(&mine[0].value), CredentialStatus::Revoked),
        (index_of(&mine[1].value), CredentialStatus::Suspended),
    ];
    marks.sort_by_key(|(index, _)| *index);
    assert_eq!(store.status_marks(ShardId::FIRST, None, 9).await.unwrap(), marks);
    assert_eq!(
        store.status_marks(ShardId::FIRST, Some(2), 9).await.unwrap(),
        marks[1..]
    );
    assert!(
        store
            .status_marks(ShardId::new(1), None, 9)
            .await
            .unwrap()
            .is_empty()
    );

    let suspended = store.credential(&mine[1].value.id).await.unwrap().unwrap();
    let back = vec![change(&suspended, StatusAction::Reinstate)];
    assert_eq!(store.change_statuses(back).await.unwrap(), Swap::Done);
    assert_eq!(
        store.status_marks(ShardId::FIRST, None, 9).await.unwrap().len(),
        1
    );
}

async fn shards_are_opened_once_and_leased_by_one_of_two(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    assert!(store.newest_shard().await.unwrap().is_none());
    open_fresh_shard(store, form(IndexWidth::DEFAULT), NOW, &numbers)
        .await
        .unwrap();
    let one = store.newest_shard().await.unwrap().unwrap();
    assert_eq!(
        store.swap_shard(None, &one.value, None).await.unwrap(),
        Swap::Changed
    );
    let (leased, _) = one.value.lease(10).unwrap();
    assert_eq!(
        store
            .swap_shard(Some(&one.revision), &leased, None)
            .await
            .unwrap(),
        Swap::Done
    );
    assert_eq!(
        store
            .swap_shard(Some(&one.revision), &leased, None)
            .await
            .unwrap(),
        Swap::Changed
    );
    assert_eq!(store.newest_shard().await.unwrap().unwrap().value.leased, 10);
    assert_eq!(
        store.shard(ShardId::FIRST).await.unwrap().unwrap().value.leased,
        10
    );
    assert!(store.shard(ShardId::new(1)).await.unwrap().is_none());
}

async fn allocation_crosses_shards_and_a_fresh_shard_is_empty(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let width = form(IndexWidth::from_bits(6).unwrap());
    let (here, there) = (IndexAllocator::new(width, 5), IndexAllocator::new(width, 7));
    let mut places = Vec::new();
    for _ in 0..50 {
        places.push(here.allocate(store, NOW, &numbers).await.unwrap());
        places.push(there.allocate(store, NOW, &numbers).await.unwrap());
    }
    let count = places.len();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), count, "an index was given twice");
    assert_eq!(store.shards().await.unwrap().len(), 2);
    let fresh = open_fresh_shard(store, width, NOW, &numbers).await.unwrap();
    assert_eq!(fresh, ShardId::new(2));
    let after_restore = IndexAllocator::new(width, 5);
    assert_eq!(
        after_restore.allocate(store, NOW, &numbers).await.unwrap().shard,
        fresh
    );
}

const fn form(width: IndexWidth) -> ShardForm {
    ShardForm {
        width,
        bits: BitsPerStatus::Two,
    }
}

fn index_of(credential: &CredentialRecord) -> u32 {
    credential.status_index.unwrap().index
}
