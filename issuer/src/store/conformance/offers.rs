//! The book of offers.

use std::time::Duration;

use super::fixtures::{
    NOW, Numbers, configuration, credential, digest, entry, event, grant, issuance, new_offer, offer, uin,
};
use super::transactions::{deferral, with_access};
use crate::authorization::{CodeOffer, CodeOfferStage};
use crate::identifiers::{OfferAddress, OfferId};
use crate::offer::{CancellationCause, OfferEntry, OfferHistory, OfferNote};
use crate::store::{
    AuthorizationCommit, AuthorizationOutcome, CancelledOffer, IssuanceOutcome, IssuerStore, NewOffer,
    OfferStanding, OfferStep, Stored, Swap,
};

async fn made(store: &dyn IssuerStore, numbers: &Numbers, digits: &str) -> OfferId {
    let new = NewOffer {
        entry: entry(numbers, digits),
        grant: None,
        ..new_offer(numbers, digest("code"))
    };
    let id = new.entry.0.clone();
    store.put_offer(new).await.unwrap();
    id
}

async fn read(store: &dyn IssuerStore, id: &OfferId) -> Stored<OfferEntry> {
    store.offer_entry(id).await.unwrap().unwrap()
}

async fn standing(store: &dyn IssuerStore, id: &OfferId) -> OfferStanding {
    OfferStanding {
        offer: id.clone(),
        expected: read(store, id).await.revision,
    }
}

async fn cancellation(store: &dyn IssuerStore, numbers: &Numbers, id: &OfferId) -> CancelledOffer {
    let stored = read(store, id).await;
    CancelledOffer {
        standing: standing(store, id).await,
        entry: stored.value.cancelled(CancellationCause::Operator, NOW).unwrap(),
        event: event(numbers),
    }
}

fn step(standing: &OfferStanding, note: OfferNote) -> AuthorizationCommit {
    AuthorizationCommit {
        step: Some(OfferStep {
            standing: standing.clone(),
            note: Some((note, NOW)),
        }),
        ..AuthorizationCommit::default()
    }
}

pub(super) async fn entries_are_listed_in_order_and_by_record(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let mut all = Vec::new();
    // A record's offers are its own, also where its number begins another's.
    for digits in ["1", "1", "1", "12"] {
        all.push(made(store, &numbers, digits).await);
    }
    let (mut mine, other) = (all[..3].to_vec(), all[3].clone());
    mine.sort();
    all.sort();
    let listed = store.offer_entries(None, None, 9).await.unwrap();
    assert_eq!(
        listed.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        all.iter().collect::<Vec<_>>()
    );
    let rest = store.offer_entries(None, Some(&all[1]), 1).await.unwrap();
    assert_eq!(rest[..], listed[2..3]);
    let of = async |digits: &str, after: Option<&OfferId>, limit| {
        let found = store
            .offer_entries(Some(&uin(digits)), after, limit)
            .await
            .unwrap();
        found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(of("1", None, 9).await, mine);
    assert_eq!(of("1", Some(&mine[0]), 1).await, mine[1..2]);
    assert_eq!(of("12", None, 9).await, [other]);
    assert!(of("2", None, 9).await.is_empty());
}

pub(super) async fn what_became_of_an_offer_is_noted_with_each_step(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let (id, other) = (made(store, &numbers, "1").await, made(store, &numbers, "1").await);
    assert_eq!(store.offer_history(&id).await.unwrap(), OfferHistory::default());
    let standing = standing(store, &id).await;
    let mut expected = OfferHistory::default();
    for note in [
        OfferNote::Fetched,
        OfferNote::AuthorizationBegun,
        OfferNote::TransactionCodeExhausted,
        OfferNote::TransactionCodeRenewed,
        OfferNote::TakenUp,
    ] {
        let outcome = store.commit_authorization(step(&standing, note)).await.unwrap();
        assert_eq!(
            outcome,
            AuthorizationOutcome::Committed,
            "steps do not wait for one another"
        );
        match note {
            OfferNote::Fetched => expected.fetched_at = Some(NOW),
            OfferNote::AuthorizationBegun => expected.begun_at = Some(NOW),
            OfferNote::TransactionCodeExhausted => expected.refused_at = Some(NOW),
            OfferNote::TransactionCodeRenewed => expected.refused_at = None,
            OfferNote::TakenUp => expected.taken_up_at = Some(NOW),
        }
        assert_eq!(store.offer_history(&id).await.unwrap(), expected, "{note:?}");
    }
    let mut issued = issuance(
        &numbers,
        vec![credential(&numbers, "1", 1), credential(&numbers, "1", 2)],
    );
    issued.offer = Some(standing);
    let ids: Vec<_> = issued
        .credentials
        .iter()
        .map(|credential| credential.id.clone())
        .collect();
    assert_eq!(
        store.commit_issuance(issued).await.unwrap(),
        IssuanceOutcome::Committed
    );
    let history = store.offer_history(&id).await.unwrap();
    assert_eq!(history.issued.len(), 2);
    for id in ids {
        assert!(history.issued.contains(&(id, configuration())));
    }
    assert_eq!(
        store.offer_history(&other).await.unwrap(),
        OfferHistory::default()
    );
}

pub(super) async fn of_a_step_and_a_cancellation_one_wins(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let id = made(store, &numbers, "1").await;
    let read = standing(store, &id).await;
    let cancelled = cancellation(store, &numbers, &id).await;
    assert_eq!(store.cancel_offer(cancelled.clone()).await.unwrap(), Swap::Done);
    assert_eq!(
        store.cancel_offer(cancelled.clone()).await.unwrap(),
        Swap::Changed
    );
    let events = store.waiting_events(100).await.unwrap().len();
    let late = store.commit_authorization(step(&read, OfferNote::TakenUp)).await;
    assert_eq!(late.unwrap(), AuthorizationOutcome::Changed);
    assert_eq!(store.offer_history(&id).await.unwrap(), OfferHistory::default());
    assert_eq!(
        store.offer_entry(&id).await.unwrap().unwrap().value,
        cancelled.entry
    );
    assert_eq!(store.waiting_events(100).await.unwrap().len(), events);
}

pub(super) async fn nothing_is_issued_or_deferred_on_an_offer_that_was_cancelled(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    with_access(store).await;
    let id = made(store, &numbers, "1").await;
    let read = standing(store, &id).await;
    let cancelled = cancellation(store, &numbers, &id).await;
    assert_eq!(store.cancel_offer(cancelled).await.unwrap(), Swap::Done);
    let mut issued = issuance(&numbers, vec![credential(&numbers, "1", 1)]);
    issued.offer = Some(read.clone());
    let outcome = store.commit_issuance(issued.clone()).await.unwrap();
    assert_eq!(outcome, IssuanceOutcome::CredentialChanged, "it is judged again");
    assert!(
        store
            .credential(&issued.credentials[0].id)
            .await
            .unwrap()
            .is_none()
    );
    let mut waiting = deferral(store, &numbers, 1, 600).await;
    waiting.offer = Some(read);
    let outcome = store.commit_deferral(waiting.clone()).await.unwrap();
    assert_eq!(outcome, IssuanceOutcome::AccessChanged);
    assert!(store.transaction(&waiting.id).await.unwrap().is_none());
    assert_eq!(store.offer_history(&id).await.unwrap(), OfferHistory::default());
}

pub(super) async fn a_cancelled_offer_takes_its_rights_with_it(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let (code, state) = (digest("code"), digest("state"));
    let address = OfferAddress::make(&numbers).unwrap();
    let (id, booked) = entry(&numbers, "1");
    let new = NewOffer {
        entry: (
            id.clone(),
            OfferEntry {
                grant: Some(code),
                code_offer: Some(state),
                address: Some(address.clone()),
                ..booked.clone()
            },
        ),
        offer: Some((address.clone(), offer())),
        grant: Some((code, grant())),
        code_offer: Some((
            state,
            CodeOffer {
                offer: id.clone(),
                record: booked.record,
                configurations: booked.configurations,
                expires_at: booked.expires_at,
                stage: CodeOfferStage::Offered,
                grant: Some(code),
            },
        )),
        event: event(&numbers),
    };
    store.put_offer(new).await.unwrap();
    let there = async || {
        [
            store.offer(&address).await.unwrap().is_some(),
            store.grant(&code).await.unwrap().is_some(),
            store.code_offer(&state).await.unwrap().is_some(),
        ]
    };
    assert_eq!(there().await, [true; 3]);
    let cancelled = cancellation(store, &numbers, &id).await;
    assert_eq!(store.cancel_offer(cancelled).await.unwrap(), Swap::Done);
    assert_eq!(there().await, [false; 3]);
}

pub(super) async fn an_entry_leaves_the_book_with_all_that_was_noted(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let id = made(store, &numbers, "1").await;
    let read = standing(store, &id).await;
    for note in [OfferNote::Fetched, OfferNote::TakenUp] {
        let outcome = store.commit_authorization(step(&read, note)).await.unwrap();
        assert_eq!(outcome, AuthorizationOutcome::Committed);
    }
    let late = |seconds| NOW.plus(Duration::from_secs(seconds));
    store.remove_expired(late(600), 100).await.unwrap();
    assert!(
        store.offer_entry(&id).await.unwrap().is_some(),
        "its time has not come"
    );
    store.remove_expired(late(601), 100).await.unwrap();
    assert!(store.offer_entry(&id).await.unwrap().is_none());
    assert_eq!(store.offer_history(&id).await.unwrap(), OfferHistory::default());
    assert!(store.offer_entries(None, None, 9).await.unwrap().is_empty());
    assert!(
        store
            .offer_entries(Some(&uin("1")), None, 9)
            .await
            .unwrap()
            .is_empty()
    );
    let late = store.commit_authorization(step(&read, OfferNote::TakenUp)).await;
    assert_eq!(
        late.unwrap(),
        AuthorizationOutcome::Changed,
        "nobody remembers that it stood"
    );
}
