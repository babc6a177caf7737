//! What wallets tell of their credentials, and copies that carry no status.

use std::time::Duration;

use symbolon_protocol::openid4vci::notification::NotificationEvent;

use super::fixtures::{NOW, Numbers, credential, event, holder, issuance};
use crate::credential_record::{CredentialRecord, WalletReport};
use crate::identifiers::NotificationId;
use crate::notification::Notification;
use crate::store::{IssuanceOutcome, IssuerStore, NewNotification, NotedNotification, StatusChange, Swap};

pub(super) async fn a_notification_is_stored_with_its_credentials_and_noted_with_their_records(
    store: &dyn IssuerStore,
) {
    let numbers = Numbers::default();
    let issued = credential(&numbers, "1", 1);
    let new = NewNotification {
        id: NotificationId::make(&numbers).unwrap(),
        notification: Notification {
            credentials: vec![issued.id.clone()],
            holder: holder(),
            event: None,
            told: 0,
            expires_at: NOW.plus(Duration::from_secs(60)),
        },
    };
    let mut first = issuance(&numbers, vec![issued.clone()]);
    first.notification = Some(new.clone());
    assert_eq!(
        store.commit_issuance(first).await.unwrap(),
        IssuanceOutcome::Committed
    );
    // An identifier that is there already is never given to another response.
    let mut second = issuance(&numbers, vec![credential(&numbers, "1", 2)]);
    second.notification = Some(new.clone());
    assert_eq!(
        store.commit_issuance(second).await.unwrap(),
        IssuanceOutcome::IndexTaken
    );
    let stored = store.notification(&new.id).await.unwrap().unwrap();
    assert_eq!(stored.value, new.notification);
    let record = store.credential(&issued.id).await.unwrap().unwrap();
    let noted = || NotedNotification {
        id: new.id.clone(),
        expected: stored.revision.clone(),
        notification: Notification {
            event: Some(NotificationEvent::CredentialAccepted),
            ..stored.value.clone()
        },
        changes: vec![StatusChange {
            expected: record.revision.clone(),
            record: CredentialRecord {
                wallet_report: Some(WalletReport {
                    event: NotificationEvent::CredentialAccepted,
                    at: NOW,
                }),
                ..record.value.clone()
            },
            event: event(&numbers),
        }],
    };
    assert_eq!(store.note_notification(noted()).await.unwrap(), Swap::Done);
    assert_eq!(store.note_notification(noted()).await.unwrap(), Swap::Changed);
    let after = store.credential(&issued.id).await.unwrap().unwrap().value;
    assert_eq!(
        after.wallet_report.map(|report| report.event),
        Some(NotificationEvent::CredentialAccepted)
    );
    let later = NOW.plus(Duration::from_secs(61));
    store.remove_expired(later, 100).await.unwrap();
    assert!(store.notification(&new.id).await.unwrap().is_none());
}

pub(super) async fn a_copy_without_a_status_takes_no_index(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let copies: Vec<CredentialRecord> = (0..3)
        .map(|index| CredentialRecord {
            status_index: None,
            ..credential(&numbers, "1", index)
        })
        .collect();
    let committed = store.commit_issuance(issuance(&numbers, copies.clone())).await;
    assert_eq!(committed.unwrap(), IssuanceOutcome::Committed);
    for copy in copies {
        let kept = store.credential(&copy.id).await.unwrap().unwrap();
        assert_eq!(kept.value, copy);
    }
}
