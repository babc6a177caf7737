//! The part of the sign-in of residents.

use std::time::Duration;

use serde_json::json;
use symbolon_crypto::UnixTime;

use super::fixtures::{NOW, Numbers, digest, event, record, uin};
use crate::audit::RecordReference;
use crate::record::{IdRecord, Vid};
use crate::secret::{InstallationSecret, SecretDigest};
use crate::sign_in::{Ask, Channel, ResidentNumber, SendBudget, SignIn};
use crate::store::{Change, IssuerStore, SignInCommit, Swap};

const ONE: &str = "9876543210123456";
const OTHER: &str = "9876543210123457";

async fn number_of(store: &dyn IssuerStore, vid: &str) -> Option<String> {
    let found = store.record_by_vid(&Vid::parse(vid).unwrap()).await.unwrap();
    found.map(|record| record.uin().as_str().to_owned())
}

pub(super) async fn a_record_is_found_by_the_virtual_identifiers_that_it_alone_has(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let put = async |records: &[IdRecord]| store.put_records(records, event(&numbers)).await.unwrap();
    put(&[
        record("1", "a").with_field("VID", json!([ONE, OTHER])),
        record("12", "b"),
    ])
    .await;
    assert_eq!(number_of(store, ONE).await.as_deref(), Some("1"));
    assert_eq!(number_of(store, OTHER).await.as_deref(), Some("1"));
    assert_eq!(number_of(store, "9876543210123458").await, None);
    // Withdrawn, and given to somebody else.
    put(&[
        record("1", "a").with_field("VID", json!(ONE)),
        record("12", "b").with_field("VID", json!(OTHER)),
    ])
    .await;
    assert_eq!(number_of(store, ONE).await.as_deref(), Some("1"));
    assert_eq!(number_of(store, OTHER).await.as_deref(), Some("12"));
    // Two rows of one batch: the later one counts.
    put(&[
        record("1", "a").with_field("VID", json!("1111111111111111")),
        record("1", "a"),
    ])
    .await;
    assert_eq!(number_of(store, "1111111111111111").await, None);
    // A mistake of the register signs nobody in as somebody else.
    put(&[record("1", "a").with_field("VID", json!(OTHER))]).await;
    assert_eq!(number_of(store, OTHER).await, None);
}

fn asked(from: &SignIn, budget: &SendBudget, browser: &SecretDigest, at: UnixTime) -> (SignIn, SendBudget) {
    let numbers = Numbers::default();
    let secret = InstallationSecret::make(&numbers).unwrap();
    let typed = ResidentNumber::parse("1234567890").unwrap();
    let ask = Ask {
        session: browser,
        typed: &typed,
        record: None,
        budget,
        channel: Channel::Phone,
    };
    let asked = from.ask(&ask, &secret, at, &numbers).unwrap();
    (asked.sign_in, asked.budget)
}

pub(super) async fn a_step_of_a_sign_in_is_whole_and_taken_by_one_of_two(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let secret = InstallationSecret::make(&numbers).unwrap();
    let reference = RecordReference::derive(&secret, &uin("1"));
    let browser = digest("browser");
    assert!(store.sign_in(&browser).await.unwrap().is_none());
    let fresh = store.send_budget(&reference).await.unwrap();
    assert_eq!(fresh.value, SendBudget::FRESH);

    let (first, counted) = asked(&SignIn::start(NOW), &fresh.value, &browser, NOW);
    let step = |browser: &str| SignInCommit {
        sign_in: Change::new(digest(browser), first.clone()),
        budget: Some(Change::of(reference.clone(), &fresh, counted.clone())),
        events: vec![event(&numbers)],
    };
    assert_eq!(store.commit_sign_in(step("browser")).await.unwrap(), Swap::Done);
    // Another browser that judged the same budget has to judge again, and nothing of it is kept.
    assert_eq!(
        store.commit_sign_in(step("another")).await.unwrap(),
        Swap::Changed
    );
    assert!(store.sign_in(&digest("another")).await.unwrap().is_none());
    let kept = store.sign_in(&browser).await.unwrap().unwrap();
    assert_eq!(kept.value, first);
    assert_eq!(store.send_budget(&reference).await.unwrap().value, counted);
    assert_eq!(store.waiting_events(9).await.unwrap().len(), 1);

    let again = SignInCommit {
        sign_in: Change::of(browser, &kept, kept.value.start_over()),
        budget: None,
        events: Vec::new(),
    };
    assert_eq!(store.commit_sign_in(again.clone()).await.unwrap(), Swap::Done);
    assert_eq!(store.commit_sign_in(again).await.unwrap(), Swap::Changed);
}

pub(super) async fn a_budget_that_was_counted_again_is_not_forgotten(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let secret = InstallationSecret::make(&numbers).unwrap();
    let reference = RecordReference::derive(&secret, &uin("1"));
    let later = NOW.plus(Duration::from_secs(3_600));
    let mut first_due = None;
    for (browser, at) in [("one", NOW), ("two", later)] {
        let read = store.send_budget(&reference).await.unwrap();
        let (sign_in, budget) = asked(&SignIn::start(at), &read.value, &digest(browser), at);
        first_due = first_due.or(Some(budget.forget_at()));
        let commit = SignInCommit {
            sign_in: Change::new(digest(browser), sign_in),
            budget: Some(Change::of(reference.clone(), &read, budget)),
            events: Vec::new(),
        };
        assert_eq!(store.commit_sign_in(commit).await.unwrap(), Swap::Done);
    }
    let due = first_due.unwrap().plus(Duration::from_secs(1));
    store.remove_expired(due, 100).await.unwrap();
    assert_ne!(
        store.send_budget(&reference).await.unwrap().value,
        SendBudget::FRESH
    );
    assert!(store.sign_in(&digest("two")).await.unwrap().is_none());
    store
        .remove_expired(due.plus(Duration::from_secs(86_400)), 100)
        .await
        .unwrap();
    assert_eq!(
        store.send_budget(&reference).await.unwrap().value,
        SendBudget::FRESH
    );
}
