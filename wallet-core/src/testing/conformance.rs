//! What every store must do.

use std::sync::Arc;

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;

use crate::identifiers::{CredentialId, FlowId, HistoryId, RefusalId};
use crate::ports::{BoxFuture, Change, StoreError, WalletStore};
use crate::receive::{FinishedReceipt, ReceiveStage};
use crate::record::{
    CredentialDisplay, EntryState, Flow, HeldContent, HeldCredential, HistoryEntry, HistoryEvent, KnownEntry,
    KnownStatus, LocalizedDisplay, Refusal, RefusalRule, RefusedCredential, Reissue, ReissueReason, Stage,
    StatusListKind, StatusReference, VerifierEvidence, VerifierRecord,
};

/// A store that can be opened again and again. Each call closes what the one before opened, as a new process would.
pub trait StoreUnderTest {
    /// Opens the same storage.
    fn open(&mut self) -> BoxFuture<'_, Arc<dyn WalletStore>>;
}

/// Panics with the first rule of [`WalletStore`] that the store breaks. The storage must be empty at the start.
///
/// # Panics
/// When the store does not conform.
pub async fn store_conformance(under_test: &mut dyn StoreUnderTest) {
    it_stays_the_same_persons(under_test).await;
    an_empty_store_has_nothing(under_test).await;
    what_was_committed_is_found_after_reopening(under_test).await;
    a_flow_advances_by_one_revision_at_a_time(under_test).await;
    a_commit_happens_whole_or_not_at_all(under_test).await;
    an_identifier_of_a_credential_is_used_once(under_test).await;
    what_was_shown_makes_room_once(under_test).await;
    what_was_deleted_is_not_replaced(under_test).await;
    an_entry_of_the_history_is_replaced(under_test).await;
    what_is_known_of_a_credential_is_replaced(under_test).await;
    what_was_refused_is_replaced(under_test).await;
    what_was_deleted_is_gone(under_test).await;
}

async fn it_stays_the_same_persons(under_test: &mut dyn StoreUnderTest) {
    let person = under_test.open().await.person();
    assert_eq!(under_test.open().await.person(), person);
}

async fn an_empty_store_has_nothing(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    assert!(matches!(store.flow(flow_id(1)).await, Ok(None)));
    assert!(matches!(store.credential(credential_id(1)).await, Ok(None)));
    assert!(store.flows().await.is_ok_and(|found| found.is_empty()));
    assert_eq!(store.credentials().await, Ok(Vec::new()));
    assert_eq!(store.history().await, Ok(Vec::new()));
    assert_eq!(store.statuses().await, Ok(Vec::new()));
    assert_eq!(store.reissues().await, Ok(Vec::new()));
    assert_eq!(store.refusals().await, Ok(Vec::new()));
    assert_eq!(store.commit(Vec::new()).await, Ok(()));
}

async fn what_was_committed_is_found_after_reopening(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    let changes = vec![
        Change::PutFlow(Box::new(flow(1, 1))),
        Change::PutCredential(Box::new(credential(1))),
        Change::PutHistory(Box::new(entry(1, "https://issuer.example"))),
    ];
    assert_eq!(store.commit(changes).await, Ok(()));
    drop(store);

    let store = under_test.open().await;
    assert_eq!(store.credential(credential_id(1)).await, Ok(Some(credential(1))));
    assert_eq!(store.credentials().await, Ok(vec![credential(1)]));
    assert_eq!(
        store.history().await,
        Ok(vec![entry(1, "https://issuer.example")])
    );
    assert_eq!(revision(store.as_ref(), 1).await, Some(1));
}

async fn a_flow_advances_by_one_revision_at_a_time(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    for wrong in [0, 1, 3, u64::MAX] {
        let outcome = store
            .commit(vec![Change::PutFlow(Box::new(flow(1, wrong)))])
            .await;
        assert_eq!(outcome, Err(StoreError::Conflict), "revision {wrong} after 1");
    }
    assert_eq!(
        store.commit(vec![Change::PutFlow(Box::new(flow(1, 2)))]).await,
        Ok(())
    );
    assert_eq!(revision(store.as_ref(), 1).await, Some(2));
    let outcome = store.commit(vec![Change::PutFlow(Box::new(flow(9, 2)))]).await;
    assert_eq!(
        outcome,
        Err(StoreError::Conflict),
        "a new flow begins with revision 1"
    );
}

async fn a_commit_happens_whole_or_not_at_all(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    let changes = vec![
        Change::PutCredential(Box::new(credential(2))),
        Change::DeleteCredential(credential_id(1)),
        Change::PutHistory(Box::new(entry(2, "https://issuer.example"))),
        Change::PutFlow(Box::new(flow(1, 7))),
    ];
    assert_eq!(store.commit(changes).await, Err(StoreError::Conflict));
    drop(store);

    let store = under_test.open().await;
    assert_eq!(store.credentials().await, Ok(vec![credential(1)]));
    assert_eq!(store.history().await.map(|entries| entries.len()), Ok(1));
    assert_eq!(revision(store.as_ref(), 1).await, Some(2));
}

async fn an_identifier_of_a_credential_is_used_once(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    let outcome = store
        .commit(vec![Change::PutCredential(Box::new(credential(1)))])
        .await;
    assert_eq!(outcome, Err(StoreError::Conflict));
}

async fn what_was_deleted_is_not_replaced(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    let replace = |replaced, new| {
        vec![Change::ReplaceCredential {
            replaced: credential_id(replaced),
            credential: Box::new(credential(new)),
        }]
    };
    let gone = store.commit(replace(9, 3)).await;
    assert_eq!(
        gone,
        Err(StoreError::Conflict),
        "what is not held is not replaced"
    );
    assert_eq!(store.commit(replace(1, 3)).await, Ok(()));
    assert_eq!(store.credentials().await, Ok(vec![credential(3)]));
    let again = store.commit(replace(1, 4)).await;
    assert_eq!(again, Err(StoreError::Conflict), "it was replaced already");
    let other = vec![Change::PutCredential(Box::new(credential(4)))];
    assert_eq!(store.commit(other).await, Ok(()));
    let taken = store.commit(replace(3, 4)).await;
    assert_eq!(taken, Err(StoreError::Conflict), "the identifier is taken");
    drop(store);
    let store = under_test.open().await;
    let left = [
        store.credential(credential_id(3)).await,
        store.credential(credential_id(4)).await,
    ];
    assert_eq!(left, [Ok(Some(credential(3))), Ok(Some(credential(4)))]);
    // What follows goes on with the first one.
    for change in [
        Change::DeleteCredential(credential_id(3)),
        Change::DeleteCredential(credential_id(4)),
        Change::PutCredential(Box::new(credential(1))),
    ] {
        assert_eq!(store.commit(vec![change]).await, Ok(()));
    }
}

async fn what_was_shown_makes_room_once(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    let after = |number, shown: &str, next: &str| {
        vec![Change::AfterShowing {
            shown: KeyHandle::new(shown),
            credential: Box::new(HeldCredential {
                key: KeyHandle::new(next),
                ..credential(number)
            }),
        }]
    };
    assert_eq!(store.commit(after(1, "key-1", "key-2")).await, Ok(()));
    let again = store.commit(after(1, "key-1", "key-3")).await;
    assert_eq!(again, Err(StoreError::Conflict), "the copy was shown already");
    let unknown = store.commit(after(9, "key-1", "key-2")).await;
    assert_eq!(unknown, Err(StoreError::Conflict), "there is nothing to show");
    let held = store.credential(credential_id(1)).await;
    assert!(held.is_ok_and(|held| held.is_some_and(|held| held.key == KeyHandle::new("key-2"))));
    assert_eq!(store.commit(after(1, "key-2", "key-1")).await, Ok(()));
    let last = || {
        vec![Change::AfterShowing {
            shown: KeyHandle::new("key-1"),
            credential: Box::new(HeldCredential {
                spent: Some(credential(1).received),
                ..credential(1)
            }),
        }]
    };
    assert_eq!(store.commit(last()).await, Ok(()));
    let again = store.commit(last()).await;
    assert_eq!(
        again,
        Err(StoreError::Conflict),
        "the last copy was shown already"
    );
    // What follows goes on with a credential that was not shown.
    for change in [
        Change::DeleteCredential(credential_id(1)),
        Change::PutCredential(Box::new(credential(1))),
    ] {
        assert_eq!(store.commit(vec![change]).await, Ok(()));
    }
}

async fn an_entry_of_the_history_is_replaced(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    let outcome = store
        .commit(vec![Change::PutHistory(Box::new(entry(
            1,
            "https://other.example",
        )))])
        .await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(store.history().await, Ok(vec![entry(1, "https://other.example")]));
}

async fn what_is_known_of_a_credential_is_replaced(under_test: &mut dyn StoreUnderTest) {
    let known = |state| KnownStatus {
        credential: credential_id(1),
        entries: vec![KnownEntry {
            reference: StatusReference {
                uri: "https://issuer.example/status/1".to_owned(),
                index: 7,
                list: StatusListKind::Token,
            },
            state,
            as_of: Some(UnixTime::from_seconds(1_700_000_000)),
            good_until: None,
            due: UnixTime::from_seconds(1_700_003_600),
        }],
    };
    let again = |reason| Reissue::of(&credential(1), reason, UnixTime::from_seconds(1_700_000_000));
    let store = under_test.open().await;
    for (state, reason) in [
        (EntryState::Valid, ReissueReason::Restored),
        (EntryState::Revoked, ReissueReason::KeyEnded),
    ] {
        let changes = vec![
            Change::PutStatus(Box::new(known(state))),
            Change::PutReissue(Box::new(again(reason))),
        ];
        assert_eq!(store.commit(changes).await, Ok(()));
    }
    drop(store);
    let store = under_test.open().await;
    assert_eq!(store.statuses().await, Ok(vec![known(EntryState::Revoked)]));
    assert_eq!(store.reissues().await, Ok(vec![again(ReissueReason::KeyEnded)]));
}

async fn what_was_refused_is_replaced(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    for rule in [RefusalRule::AskAgain, RefusalRule::Always] {
        let changes = vec![Change::PutRefusal(Box::new(refusal(rule)))];
        assert_eq!(store.commit(changes).await, Ok(()));
    }
    drop(store);
    let store = under_test.open().await;
    assert_eq!(store.refusals().await, Ok(vec![refusal(RefusalRule::Always)]));
}

async fn what_was_deleted_is_gone(under_test: &mut dyn StoreUnderTest) {
    let store = under_test.open().await;
    let deletions = || {
        vec![
            Change::DeleteFlow(flow_id(1)),
            Change::DeleteCredential(credential_id(1)),
            Change::DeleteHistory(history_id(1)),
            Change::DeleteStatus(credential_id(1)),
            Change::DeleteReissue(credential_id(1)),
            Change::DeleteRefusal(refusal_id(1)),
        ]
    };
    assert_eq!(store.commit(deletions()).await, Ok(()));
    assert_eq!(
        store.commit(deletions()).await,
        Ok(()),
        "deleting what is not there changes nothing"
    );
    drop(store);
    an_empty_store_has_nothing(under_test).await;
}

async fn revision(store: &dyn WalletStore, number: u8) -> Option<u64> {
    store
        .flow(flow_id(number))
        .await
        .ok()
        .flatten()
        .map(|flow| flow.revision)
}

fn flow_id(number: u8) -> FlowId {
    FlowId::from_bytes([number; 16])
}

fn credential_id(number: u8) -> CredentialId {
    CredentialId::from_bytes([number; 16])
}

fn history_id(number: u8) -> HistoryId {
    HistoryId::from_bytes([number; 16])
}

fn refusal_id(number: u8) -> RefusalId {
    RefusalId::from_bytes([number; 16])
}

fn refusal(rule: RefusalRule) -> Refusal {
    Refusal {
        id: refusal_id(1),
        verifier: VerifierRecord {
            client_id: "x509_hash:abc".to_owned(),
            name: Some("Clinic".to_owned()),
            response_origin: "https://clinic.example".to_owned(),
            evidence: VerifierEvidence::Registered,
            contact: None,
        },
        asked: vec![RefusedCredential {
            credential_types: vec!["urn:t".to_owned()],
            claims: vec!["given_name".to_owned()],
        }],
        at: UnixTime::from_seconds(1_700_000_000),
        rule,
    }
}

fn flow(number: u8, revision: u64) -> Flow {
    Flow {
        id: flow_id(number),
        revision,
        started: UnixTime::from_seconds(1_700_000_000),
        updated: UnixTime::from_seconds(1_700_000_001),
        bound_to: None,
        stage: Stage::Receive(ReceiveStage::Finished(FinishedReceipt::Declined)),
    }
}

fn credential(number: u8) -> HeldCredential {
    HeldCredential {
        id: credential_id(number),
        issuer: "https://issuer.example".to_owned(),
        issuer_name: Some("Registre national".to_owned()),
        configuration: "NationalIdentity".to_owned(),
        credential_type: "https://issuer.example/types/national-identity".to_owned(),
        content: HeldContent::SdJwtVc {
            sd_jwt: "e30.e30.c2ln~".to_owned(),
        },
        key: KeyHandle::new("key-1"),
        received: UnixTime::from_seconds(1_700_000_000),
        not_before: None,
        expires: Some(UnixTime::from_seconds(1_800_000_000)),
        status: vec![StatusReference {
            uri: "https://issuer.example/status/1".to_owned(),
            index: 7,
            list: StatusListKind::Token,
        }],
        display: CredentialDisplay {
            credential: vec![LocalizedDisplay {
                locale: Some("fr".to_owned()),
                name: "Identité".to_owned(),
                description: None,
                background_color: Some("#123456".to_owned()),
                text_color: None,
            }],
            claims: Vec::new(),
        },
        copies: Vec::new(),
        batch: 1,
        arrived: None,
        spent: None,
    }
}

fn entry(number: u8, issuer: &str) -> HistoryEntry {
    HistoryEntry {
        id: history_id(number),
        at: UnixTime::from_seconds(1_700_000_000),
        event: HistoryEvent::Received {
            credential: credential_id(number),
            issuer: issuer.to_owned(),
            credential_type: "https://issuer.example/types/national-identity".to_owned(),
        },
        data_requests: Vec::new(),
    }
}
