//! What every implementation of [`OpenIdProviderStore`](super::super::OpenIdProviderStore) must do.

use serde_json::{Value, json};

use super::{answer, identifier, tenant, time};
use crate::openid_provider::{GrantId, GrantRecord, GrantStage, PushedRequestRecord, SignInRecord};
use crate::store::{Insertion, Replacement, TenantId, VerifierStore};

pub(super) async fn check(store: &dyn VerifierStore) {
    gives_a_pushed_request_to_one_who_asks(store).await;
    ends_a_sign_in_once_and_with_its_grant(store).await;
    replaces_grants_by_comparison(store).await;
    forgets_sign_ins_in_time(store).await;
}

async fn gives_a_pushed_request_to_one_who_asks(store: &dyn VerifierStore) {
    let (one, two) = (tenant("pushed-1"), tenant("pushed-2"));
    let record = pushed(&one, "p", 1_000);
    let inserted = answer(store.insert_pushed_request(record.clone()).await);
    assert_eq!(inserted, Insertion::Inserted);
    let mut again = record.clone();
    again.request = "other".to_owned();
    let inserted = answer(store.insert_pushed_request(again).await);
    assert_eq!(inserted, Insertion::AlreadyPresent);
    let id = &record.id;
    assert_eq!(answer(store.take_pushed_request(&two, id).await), None);
    assert_eq!(
        answer(store.take_pushed_request(&one, id).await),
        Some(record.clone())
    );
    assert_eq!(answer(store.take_pushed_request(&one, id).await), None);
}

async fn ends_a_sign_in_once_and_with_its_grant(store: &dyn VerifierStore) {
    let (one, two) = (tenant("sign-in-1"), tenant("sign-in-2"));
    let record = sign_in(&one, "s", 1_000);
    let inserted = answer(store.insert_sign_in(record.clone()).await);
    assert_eq!(inserted, Insertion::Inserted);
    let inserted = answer(store.insert_sign_in(record.clone()).await);
    assert_eq!(inserted, Insertion::AlreadyPresent);
    let id = &record.id;
    assert_eq!(answer(store.sign_in(&two, id).await), None);
    assert_eq!(answer(store.sign_in(&one, id).await), Some(record.clone()));
    let given = grant(&one, "g", 1_000);
    let ended = store.end_sign_in(&two, id, Some(grant(&two, "g", 1_000)));
    assert_eq!(answer(ended.await), Replacement::Changed);
    assert_eq!(answer(store.grant(&two, &given.id).await), None);
    let ended = store.end_sign_in(&one, id, Some(given.clone()));
    assert_eq!(answer(ended.await), Replacement::Replaced);
    assert_eq!(answer(store.sign_in(&one, id).await), None);
    assert_eq!(answer(store.grant(&one, &given.id).await), Some(given));
    // Whoever comes second brings nothing.
    let second = grant(&one, "second", 1_000);
    let ended = store.end_sign_in(&one, id, Some(second.clone()));
    assert_eq!(answer(ended.await), Replacement::Changed);
    assert_eq!(answer(store.grant(&one, &second.id).await), None);
    let inserted = answer(store.insert_sign_in(sign_in(&one, "refused", 1_000)).await);
    assert_eq!(inserted, Insertion::Inserted);
    let ended = store.end_sign_in(&one, &identifier("refused"), None).await;
    assert_eq!(answer(ended), Replacement::Replaced);
}

async fn replaces_grants_by_comparison(store: &dyn VerifierStore) {
    let tenant = tenant("grants");
    let issued = granted(store, &tenant, "g", 50).await;
    let redeemed = redeemed(&issued, 500);
    let replaced = store.replace_grant(&tenant, issued.clone(), redeemed.clone());
    assert_eq!(answer(replaced.await), Replacement::Replaced);
    let replaced = store.replace_grant(&tenant, issued.clone(), redeemed.clone());
    assert_eq!(
        answer(replaced.await),
        Replacement::Changed,
        "a code became two tokens"
    );
    assert_eq!(answer(store.grant(&tenant, &issued.id).await), Some(redeemed));
    let absent = grant(&tenant, "absent", 50);
    let replaced = store.replace_grant(&tenant, absent.clone(), absent);
    assert_eq!(answer(replaced.await), Replacement::Changed);
}

async fn forgets_sign_ins_in_time(store: &dyn VerifierStore) {
    let tenant = tenant("forgets");
    // Whatever the checks before have left behind.
    while answer(store.remove_expired(time(5_000), 100).await) > 0 {}
    let _ = answer(store.insert_pushed_request(pushed(&tenant, "p", 5_010)).await);
    let _ = answer(store.insert_sign_in(sign_in(&tenant, "s", 5_020)).await);
    let issued = granted(store, &tenant, "g", 5_030).await;
    // A token outlives its code, and so does what it opens.
    let next = redeemed(&issued, 5_040);
    let _ = answer(store.replace_grant(&tenant, issued.clone(), next).await);
    for (now, removed) in [
        (5_010, 0),
        (5_011, 1),
        (5_021, 1),
        (5_031, 0),
        (5_040, 0),
        (5_041, 1),
        (6_000, 0),
    ] {
        assert_eq!(
            answer(store.remove_expired(time(now), 100).await),
            removed,
            "at {now}"
        );
    }
    assert_eq!(answer(store.grant(&tenant, &issued.id).await), None);
    assert_eq!(answer(store.sign_in(&tenant, &identifier("s")).await), None);
}

async fn granted(store: &dyn VerifierStore, tenant: &TenantId, id: &str, until: i64) -> GrantRecord {
    let beginning = format!("begin-{id}");
    let _ = answer(store.insert_sign_in(sign_in(tenant, &beginning, 9_000)).await);
    let issued = grant(tenant, id, until);
    let ended = store
        .end_sign_in(tenant, &identifier(&beginning), Some(issued.clone()))
        .await;
    assert_eq!(answer(ended), Replacement::Replaced);
    issued
}

fn redeemed(grant: &GrantRecord, until: i64) -> GrantRecord {
    GrantRecord {
        stage: GrantStage::Redeemed {
            token_digest: "digest".to_owned(),
            token_jkt: None,
            token_expires_at: time(until),
        },
        ..grant.clone()
    }
}

fn pushed(tenant: &TenantId, id: &str, expires_at: i64) -> PushedRequestRecord {
    read(json!({
        "tenant": tenant, "id": id, "client_id": "bank", "request": "client_id=bank", "expires_at": expires_at
    }))
}

fn sign_in(tenant: &TenantId, id: &str, expires_at: i64) -> SignInRecord {
    read(json!({
        "tenant": tenant, "id": id, "relying_party": "bank", "request": "client_id=bank", "scope": "openid",
        "same_device": {"id": "r-1", "link": "openid4vp://?a"}, "cross_device": null, "created_at": 0,
        "expires_at": expires_at
    }))
}

fn grant(tenant: &TenantId, id: &str, expires_at: i64) -> GrantRecord {
    let id: GrantId = identifier(id);
    read(json!({
        "tenant": tenant, "id": id, "relying_party": "bank", "client_id": "bank",
        "redirect_uri": "https://bank.example/cb", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "scope": "openid", "subject": "sub", "authenticated_at": 1, "id_token_claims": {},
        "user_info_claims": {"given_name": "Amina"}, "code_expires_at": expires_at, "stage": {"stage": "issued"}
    }))
}

/// The stored forms are frozen: what one version writes, the next one reads.
#[expect(clippy::panic, reason = "a conformance suite fails by panicking")]
fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap_or_else(|error| panic!("the record reads: {error}"))
}
