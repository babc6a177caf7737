//! The installation's own values, the audit log, and what expires.

use std::time::Duration;

use super::fixtures::{DIGITS, NOW, Numbers, digest, event, grant, new_offer, offer};
use crate::audit::{AuditHead, AuditVerification};
use crate::identifiers::OfferAddress;
use crate::secret::InstallationSecret;
use crate::store::{IssuerStore, NewOffer, Swap};

pub(super) async fn single_values_are_made_once(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let proposal = || InstallationSecret::make(&numbers).unwrap();
    let first = store.installation_secret(proposal()).await.unwrap();
    let second = store.installation_secret(proposal()).await.unwrap();
    let text = |secret: &InstallationSecret| serde_json::to_string(secret).unwrap();
    assert_eq!(text(&first), text(&second));
    assert_eq!(store.next_pack_sequence().await.unwrap(), 1);
    assert_eq!(store.next_pack_sequence().await.unwrap(), 2);
}

pub(super) async fn the_audit_chain_grows_from_waiting_events(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    for _ in 0..3 {
        store.put_event(event(&numbers)).await.unwrap();
    }
    let head = store.audit_head().await.unwrap();
    assert_eq!(head.value, AuditHead::EMPTY);
    let waiting = store.waiting_events(2).await.unwrap();
    assert_eq!(waiting.len(), 2);
    let (mut reached, mut entries) = (head.value, Vec::new());
    for event in &waiting {
        let (entry, next) = reached.append(serde_json::to_string(&event.event).unwrap());
        entries.push(entry);
        reached = next;
    }
    let keys: Vec<_> = waiting.iter().map(|event| event.key).collect();
    let append = || store.append_audit(&head.revision, &reached, &entries, &keys);
    assert_eq!(append().await.unwrap(), Swap::Done);
    assert_eq!(append().await.unwrap(), Swap::Changed);
    assert_eq!(store.waiting_events(9).await.unwrap().len(), 1);
    assert_eq!(store.audit_entries(0, 9).await.unwrap(), entries);
    assert_eq!(store.audit_entries(1, 9).await.unwrap(), entries[1..]);
    let mut verification = AuditVerification::default();
    verification.check(&entries).unwrap();
    assert_eq!(
        verification.finish(&store.audit_head().await.unwrap().value),
        Ok(2)
    );
}

pub(super) async fn what_expired_is_forgotten_and_nothing_else(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let ids: Vec<_> = DIGITS
        .iter()
        .map(|_| OfferAddress::make(&numbers).unwrap())
        .collect();
    for (at, id) in ids.iter().enumerate() {
        let expires_at = NOW.plus(Duration::from_secs(at as u64));
        let (mut offer, mut grant) = (offer(), grant());
        offer.expires_at = expires_at;
        grant.expires_at = expires_at;
        let code = digest(DIGITS[at]);
        let new = NewOffer {
            offer: Some((id.clone(), offer)),
            grant: Some((code, grant)),
            ..new_offer(&numbers, code)
        };
        store.put_offer(new).await.unwrap();
    }
    assert_eq!(store.remove_expired(NOW, 100).await.unwrap(), 0);
    let two_later = NOW.plus(Duration::from_secs(2));
    assert_eq!(
        store.remove_expired(two_later, 3).await.unwrap(),
        3,
        "no more than asked"
    );
    assert_eq!(store.remove_expired(two_later, 100).await.unwrap(), 1);
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(store.offer(id).await.unwrap().is_some(), at >= 2, "{at}");
        assert_eq!(
            store.grant(&digest(DIGITS[at])).await.unwrap().is_some(),
            at >= 2,
            "{at}"
        );
    }
}
