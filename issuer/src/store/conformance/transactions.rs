//! Requests that wait for an operator.

use std::time::Duration;

use super::fixtures::{NOW, Numbers, credential, digest, event, holder, issuance, spent, token_access, uin};
use crate::grant::NonceMark;
use crate::identifiers::{ConfigurationId, TransactionId};
use crate::mapping::Copies;
use crate::store::{
    AuthorizationCommit, AuthorizationOutcome, Deferral, FetchedTransaction, IssuanceOutcome, IssuerStore,
    Swap,
};
use crate::transaction::{Decision, Transaction, TransactionStage};

fn transaction(expires_in: u64) -> Transaction {
    Transaction {
        record: uin("1"),
        configuration: ConfigurationId::parse("NationalIdentity").unwrap(),
        keys: Vec::new(),
        copies: Copies::Lasting,
        holder: holder(),
        requested_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(expires_in)),
        stage: TransactionStage::Pending,
        offer: None,
    }
}

/// An access that can be spent.
pub(super) async fn with_access(store: &dyn IssuerStore) {
    let commit = AuthorizationCommit {
        access: Some((digest("token"), token_access())),
        ..AuthorizationCommit::default()
    };
    let outcome = store.commit_authorization(commit).await.unwrap();
    assert_eq!(outcome, AuthorizationOutcome::Committed);
}

pub(super) async fn deferral(
    store: &dyn IssuerStore,
    numbers: &Numbers,
    nonce: u8,
    expires_in: u64,
) -> Deferral {
    let access = store.access(&digest("token")).await.unwrap().unwrap();
    Deferral {
        id: TransactionId::make(numbers).unwrap(),
        transaction: transaction(expires_in),
        access: spent(&access),
        nonces: vec![NonceMark {
            expires_at: NOW,
            random: [nonce; 16],
        }],
        offer: None,
        event: event(numbers),
    }
}

pub(super) async fn a_request_waits_with_what_it_spends_or_not_at_all(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    with_access(store).await;
    let first = deferral(store, &numbers, 1, 600).await;
    let stale = deferral(store, &numbers, 2, 600).await;
    assert_eq!(
        store.commit_deferral(first.clone()).await.unwrap(),
        IssuanceOutcome::Committed
    );
    assert_eq!(
        store.commit_deferral(stale.clone()).await.unwrap(),
        IssuanceOutcome::AccessChanged
    );
    let replayed = deferral(store, &numbers, 1, 600).await;
    assert_eq!(
        store.commit_deferral(replayed.clone()).await.unwrap(),
        IssuanceOutcome::NonceSpent
    );
    let stored = store.transaction(&first.id).await.unwrap().unwrap();
    assert_eq!(stored.value, first.transaction);
    for refused in [stale, replayed] {
        assert!(store.transaction(&refused.id).await.unwrap().is_none());
    }
    let access = store.access(&digest("token")).await.unwrap().unwrap();
    assert_eq!(access.value, first.access.access, "one request was paid for");
}

pub(super) async fn a_transaction_is_decided_and_fetched_by_one_of_two(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    with_access(store).await;
    let waiting = deferral(store, &numbers, 1, 600).await;
    let outcome = store.commit_deferral(waiting.clone()).await.unwrap();
    assert_eq!(outcome, IssuanceOutcome::Committed);
    let stored = store.transaction(&waiting.id).await.unwrap().unwrap();
    let approved = stored.value.decided(Decision::Approve, NOW).unwrap().unwrap();
    for expected in [Swap::Done, Swap::Changed] {
        let swap = store.swap_transaction(&waiting.id, &stored.revision, &approved, event(&numbers));
        assert_eq!(swap.await.unwrap(), expected);
    }
    let fetched = store.transaction(&waiting.id).await.unwrap().unwrap();
    assert_eq!(fetched.value.stage, TransactionStage::Approved);
    for (at, expected) in [
        (1, IssuanceOutcome::Committed),
        (2, IssuanceOutcome::TransactionChanged),
    ] {
        let mut issued = issuance(&numbers, vec![credential(&numbers, "1", at)]);
        issued.transaction = Some(FetchedTransaction {
            id: waiting.id.clone(),
            expected: fetched.revision.clone(),
        });
        assert_eq!(store.commit_issuance(issued).await.unwrap(), expected);
    }
    assert!(store.transaction(&waiting.id).await.unwrap().is_none());
    assert_eq!(store.credentials_of(&uin("1"), None, 9).await.unwrap().len(), 1);
}

pub(super) async fn transactions_are_listed_in_order_and_forgotten_when_they_expire(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    with_access(store).await;
    for (nonce, expires_in) in [(1, 1), (2, 600), (3, 600)] {
        let waiting = deferral(store, &numbers, nonce, expires_in).await;
        let outcome = store.commit_deferral(waiting).await.unwrap();
        assert_eq!(outcome, IssuanceOutcome::Committed);
    }
    let all = store.transactions(None, 9).await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.is_sorted_by(|one, two| one.0 < two.0));
    let rest = store.transactions(Some(&all[0].0), 1).await.unwrap();
    assert_eq!(rest, all[1..2]);
    store
        .remove_expired(NOW.plus(Duration::from_secs(2)), 100)
        .await
        .unwrap();
    assert_eq!(store.transactions(None, 9).await.unwrap().len(), 2);
}
