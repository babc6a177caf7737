//! What every implementation of [`VerifierStore`] must do. A backend's own test calls [`check`] with an empty store.

mod evidence;
mod openid_provider;
mod relying_party;

use core::time::Duration;
use std::collections::BTreeMap;

use symbolon_crypto::UnixTime;
use symbolon_trust::pack::{LastSeen, SeenRevocationList};

use crate::choices::RequestChoices;

use super::{
    DeclineCode, Insertion, Nonce, NonceUse, PresentationResult, Replacement, RequestRecord, ResultOutcome,
    ResultRecording, TenantId, VerifierStore, WithResult,
};

/// Runs the whole suite against an empty store.
///
/// # Panics
/// At the first rule that the store breaks: this is a test.
pub async fn check(store: &dyn VerifierStore) {
    keeps_requests_apart_by_tenant(store).await;
    never_replaces_a_request(store).await;
    spends_a_nonce_once(store).await;
    keeps_the_first_result(store).await;
    remembers_packs_by_comparison(store).await;
    removes_what_expired_and_nothing_else(store).await;
    relying_party::check(store).await;
    openid_provider::check(store).await;
    evidence::check(store).await;
}

async fn keeps_requests_apart_by_tenant(store: &dyn VerifierStore) {
    let (one, two) = (tenant("apart-1"), tenant("apart-2"));
    let record = request(&one, "same", 1_000);
    assert_eq!(
        answer(store.insert_request(record.clone()).await),
        Insertion::Inserted
    );
    assert_eq!(
        answer(store.request(&one, &record.id).await),
        Some(record.clone())
    );
    assert_eq!(
        answer(store.request(&two, &record.id).await),
        None,
        "another tenant sees the request"
    );
    let nonce = identifier::<Nonce>("shared-nonce");
    assert_eq!(
        answer(store.consume_nonce(&one, &nonce, time(9_000)).await),
        NonceUse::First
    );
    assert_eq!(
        answer(store.consume_nonce(&two, &nonce, time(9_000)).await),
        NonceUse::First
    );
}

async fn never_replaces_a_request(store: &dyn VerifierStore) {
    let tenant = tenant("replace");
    let first = request(&tenant, "id", 1_000);
    let mut second = first.clone();
    second.client_id = "x509_hash:other".to_owned();
    assert_eq!(
        answer(store.insert_request(first.clone()).await),
        Insertion::Inserted
    );
    assert_eq!(
        answer(store.insert_request(second).await),
        Insertion::AlreadyPresent
    );
    assert_eq!(answer(store.request(&tenant, &first.id).await), Some(first));
}

async fn spends_a_nonce_once(store: &dyn VerifierStore) {
    let tenant = tenant("nonce");
    let nonce = identifier::<Nonce>("n-once");
    assert_eq!(
        answer(store.consume_nonce(&tenant, &nonce, time(9_000)).await),
        NonceUse::First
    );
    assert_eq!(
        answer(store.consume_nonce(&tenant, &nonce, time(9_000)).await),
        NonceUse::Replayed
    );
    assert_eq!(
        answer(store.consume_nonce(&tenant, &nonce, time(1)).await),
        NonceUse::Replayed
    );
    answer(store.remove_expired(time(5), 100).await);
    let after = answer(store.consume_nonce(&tenant, &nonce, time(9_000)).await);
    assert_eq!(
        after,
        NonceUse::Replayed,
        "a replay shortened the memory of the first use"
    );
}

async fn keeps_the_first_result(store: &dyn VerifierStore) {
    let tenant = tenant("result");
    let record = request(&tenant, "answered", 1_000);
    let first = declined(DeclineCode::AccessDenied);
    let unknown = store
        .record_result(&tenant, &record.id, first.clone(), WithResult::default())
        .await;
    assert_eq!(answer(unknown), ResultRecording::NoSuchRequest);
    answer(store.insert_request(record.clone()).await);
    assert_eq!(answer(store.result(&tenant, &record.id).await), None);
    assert_eq!(
        answer(
            store
                .record_result(&tenant, &record.id, first.clone(), WithResult::default())
                .await
        ),
        ResultRecording::Recorded
    );
    let second = store
        .record_result(
            &tenant,
            &record.id,
            declined(DeclineCode::Other),
            WithResult::default(),
        )
        .await;
    assert_eq!(answer(second), ResultRecording::AlreadyAnswered);
    assert_eq!(answer(store.result(&tenant, &record.id).await), Some(first));
}

async fn remembers_packs_by_comparison(store: &dyn VerifierStore) {
    let tenant = tenant("pack");
    assert_eq!(answer(store.last_pack(&tenant).await), None);
    let (one, two) = (last_seen(1), last_seen(2));
    assert_eq!(
        answer(store.replace_last_pack(&tenant, None, one.clone()).await),
        Replacement::Replaced
    );
    assert_eq!(
        answer(store.replace_last_pack(&tenant, None, two.clone()).await),
        Replacement::Changed
    );
    assert_eq!(answer(store.last_pack(&tenant).await), Some(one.clone()));
    assert_eq!(
        answer(
            store
                .replace_last_pack(&tenant, Some(one.clone()), two.clone())
                .await
        ),
        Replacement::Replaced
    );
    assert_eq!(
        answer(store.replace_last_pack(&tenant, Some(one), last_seen(3)).await),
        Replacement::Changed
    );
    assert_eq!(answer(store.last_pack(&tenant).await), Some(two));
}

async fn removes_what_expired_and_nothing_else(store: &dyn VerifierStore) {
    let tenant = tenant("expiry");
    let (old, young) = (request(&tenant, "old", 10), request(&tenant, "young", 500));
    let nonce = identifier::<Nonce>("n-expiring");
    answer(store.insert_request(old.clone()).await);
    answer(store.insert_request(young.clone()).await);
    answer(
        store
            .record_result(
                &tenant,
                &old.id,
                declined(DeclineCode::Other),
                WithResult::default(),
            )
            .await,
    );
    answer(store.consume_nonce(&tenant, &nonce, time(10)).await);
    assert_eq!(
        answer(store.remove_expired(time(10), 100).await),
        0,
        "the last second still counts"
    );
    let mut removed = 0;
    for _ in 0..10 {
        removed += answer(store.remove_expired(time(11), 1).await);
    }
    assert_eq!(removed, 2, "one request and one nonce mark");
    assert_eq!(answer(store.request(&tenant, &old.id).await), None);
    assert_eq!(answer(store.result(&tenant, &old.id).await), None);
    assert_eq!(answer(store.request(&tenant, &young.id).await), Some(young));
    assert_eq!(
        answer(store.consume_nonce(&tenant, &nonce, time(99)).await),
        NonceUse::First
    );
}

fn request(tenant: &TenantId, id: &str, expires_at: i64) -> RequestRecord {
    RequestRecord {
        tenant: tenant.clone(),
        id: identifier(id),
        nonce: identifier("n-of-request"),
        state: identifier("s-of-request"),
        client_id: "x509_hash:abc".to_owned(),
        dcql_query: serde_json::json!({ "credentials": [] }),
        created_at: time(0),
        expires_at: time(expires_at),
        return_to: None,
        relying_party: None,
        policy: None,
        kept_until: None,
        choices: RequestChoices::default(),
        scope: None,
        page: None,
        transaction_data: Vec::new(),
        digital_credentials: None,
    }
}

fn declined(error: DeclineCode) -> PresentationResult {
    PresentationResult {
        received_at: time(5),
        outcome: ResultOutcome::Declined { error },
        response_code: None,
    }
}

fn last_seen(sequence: u64) -> LastSeen {
    LastSeen {
        sequence,
        created: time(0).plus(Duration::from_secs(sequence)),
        root: [7; 32],
        trust_list_issued_at: time(0),
        status_lists: BTreeMap::from([("https://issuer.example/status/0".to_owned(), time(3))]),
        revocation_lists: BTreeMap::from([(
            "a-series".to_owned(),
            SeenRevocationList {
                uri: "http://lists.example/iaca.crl".to_owned(),
                anchor: "an-anchor".to_owned(),
                authority: "an-authority".to_owned(),
                root: "a-root".to_owned(),
                this_update: time(2),
                number: "Bw".to_owned(),
                missing: true,
            },
        )]),
        seal: Some([9; 32]),
    }
}

fn time(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

fn tenant(name: &str) -> TenantId {
    identifier(name)
}

#[expect(clippy::panic, reason = "a conformance suite fails by panicking")]
fn identifier<T: TryFrom<String>>(text: &str) -> T {
    T::try_from(text.to_owned()).unwrap_or_else(|_| panic!("{text} is an identifier"))
}

#[expect(clippy::panic, reason = "a conformance suite fails by panicking")]
fn answer<T>(result: Result<T, super::StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store answers: {error}"))
}
