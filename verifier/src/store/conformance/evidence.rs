//! What every implementation of [`EvidenceStore`](super::super::EvidenceStore) must do.

use super::relying_party::{delivery, party};
use super::{answer, declined, identifier, request, tenant, time};
use crate::name::PolicyName;
use crate::reliance::Reliance;
use crate::store::{
    Cursor, DeclineCode, ReceiptRecord, Removal, Replacement, RequestId, ResultRecording, TenantId,
    VerifierStore, WithResult,
};

pub(super) async fn check(store: &dyn VerifierStore) {
    keeps_receipts_beyond_their_requests(store).await;
    lists_the_receipts_of_each_relying_party(store).await;
    stores_evidence_with_the_first_result_alone(store).await;
    replaces_what_is_relied_on_by_comparison(store).await;
    forgets_evidence_in_time(store).await;
}

async fn keeps_receipts_beyond_their_requests(store: &dyn VerifierStore) {
    let (one, two) = (tenant("evidence-1"), tenant("evidence-2"));
    let kept = record(store, &one, "r-kept", receipt("r-kept", "bank", 1, 9_000), None).await;
    let id = identifier::<RequestId>("r-kept");
    assert_eq!(answer(store.receipt(&one, &id).await), Some(kept.clone()));
    assert_eq!(answer(store.receipt(&two, &id).await), None);
    answer(store.remove_request(&one, &id).await);
    assert_eq!(
        answer(store.receipt(&one, &id).await),
        Some(kept),
        "the receipt went with its request"
    );
    assert_eq!(answer(store.remove_receipt(&two, &id).await), Removal::Absent);
    assert_eq!(answer(store.remove_receipt(&one, &id).await), Removal::Removed);
    assert_eq!(answer(store.remove_receipt(&one, &id).await), Removal::Absent);
    assert_eq!(answer(store.receipt(&one, &id).await), None);
    assert_eq!(answer(store.receipts_of(&one, &party("bank"), None, 9).await), []);
}

async fn lists_the_receipts_of_each_relying_party(store: &dyn VerifierStore) {
    let tenant = tenant("receipts-of");
    let mut banks = Vec::new();
    for (id, whose, at) in [
        ("r-3", "bank", 30),
        ("r-1", "bank", 10),
        ("r-2", "shop", 20),
        ("r-4", "bank", 30),
    ] {
        let receipt = record(store, &tenant, id, receipt(id, whose, at, 9_000), None).await;
        if whose == "bank" {
            banks.push(receipt);
        }
    }
    banks.sort_by_key(ReceiptRecord::cursor);
    let listed = |after: Option<Cursor>, limit: usize| {
        let tenant = tenant.clone();
        async move {
            answer(
                store
                    .receipts_of(&tenant, &party("bank"), after.as_ref(), limit)
                    .await,
            )
        }
    };
    assert_eq!(listed(None, 9).await, banks);
    assert_eq!(listed(None, 2).await, banks.get(..2).unwrap_or_default());
    let second = banks.get(1).map(ReceiptRecord::cursor);
    assert_eq!(listed(second, 9).await, banks.get(2..).unwrap_or_default());
}

async fn stores_evidence_with_the_first_result_alone(store: &dyn VerifierStore) {
    let tenant = tenant("first-evidence");
    let first = record(store, &tenant, "r", receipt("r", "bank", 1, 9_000), None).await;
    let with = WithResult {
        announcement: None,
        receipt: Some(receipt("r", "shop", 2, 9_000)),
        reliance: Some(reliance("r", 5, 9_000)),
    };
    let id = identifier::<RequestId>("r");
    let again = store
        .record_result(&tenant, &id, declined(DeclineCode::Other), with)
        .await;
    assert_eq!(answer(again), ResultRecording::AlreadyAnswered);
    assert_eq!(answer(store.receipt(&tenant, &id).await), Some(first));
    assert_eq!(answer(store.reliance(&tenant, &id).await), None);
    assert_eq!(answer(store.due_reliances(&tenant, time(99), 9).await), []);
}

async fn replaces_what_is_relied_on_by_comparison(store: &dyn VerifierStore) {
    let tenant = tenant("reliance");
    for (id, due) in [("r-a", 30), ("r-b", 20)] {
        let relied = Some(reliance(id, due, 9_000));
        record(store, &tenant, id, receipt(id, "bank", 1, 9_000), relied).await;
    }
    let (one, two) = (reliance("r-a", 30, 9_000), reliance("r-b", 20, 9_000));
    assert_eq!(answer(store.due_reliances(&tenant, time(19), 9).await), []);
    assert_eq!(
        answer(store.due_reliances(&tenant, time(30), 9).await),
        [two.clone(), one.clone()]
    );
    assert_eq!(
        answer(store.due_reliances(&tenant, time(30), 1).await),
        core::slice::from_ref(&two)
    );
    let bank = party("bank");
    let of = store.reliances_of(&tenant, &bank, None, 9).await;
    assert_eq!(answer(of), [one.clone(), two.clone()]);
    let behind = store.reliances_of(&tenant, &bank, Some(&one.request), 9).await;
    assert_eq!(answer(behind), core::slice::from_ref(&two));
    assert_eq!(
        answer(store.reliances_of(&tenant, &party("shop"), None, 9).await),
        []
    );

    let mut later = two.clone();
    later.next_look_at = Some(time(50));
    let told = vec![delivery("told-1", 5), delivery("told-2", 6)];
    let replaced = store.replace_reliance(&tenant, two.clone(), later.clone(), told.clone());
    assert_eq!(answer(replaced.await), Replacement::Replaced);
    let stale = store.replace_reliance(&tenant, two.clone(), one.clone(), vec![delivery("never", 5)]);
    assert_eq!(answer(stale.await), Replacement::Changed);
    assert_eq!(answer(store.due_deliveries(&tenant, time(9), 9).await), told);
    assert_eq!(answer(store.due_reliances(&tenant, time(30), 9).await), [one]);
    assert_eq!(
        answer(store.reliance(&tenant, &later.request).await),
        Some(later.clone())
    );
    // It outlives its request, and goes when nobody relies on it any more.
    answer(store.remove_request(&tenant, &later.request).await);
    assert_eq!(
        answer(store.reliance(&tenant, &later.request).await),
        Some(later.clone())
    );
    let removed = store.remove_reliance(&tenant, &later.request).await;
    assert_eq!(answer(removed), Removal::Removed);
    let removed = store.remove_reliance(&tenant, &later.request).await;
    assert_eq!(answer(removed), Removal::Absent);
    let gone = store.replace_reliance(&tenant, later.clone(), later, Vec::new());
    assert_eq!(answer(gone.await), Replacement::Changed);
}

async fn forgets_evidence_in_time(store: &dyn VerifierStore) {
    let tenant = tenant("forgotten-evidence");
    let id = identifier::<RequestId>("r-forgotten");
    // Later than whatever the tests before left, but for what lasts longer.
    let relied = Some(reliance("r-forgotten", 10, 20_000));
    record(
        store,
        &tenant,
        "r-forgotten",
        receipt("r-forgotten", "bank", 1, 19_000),
        relied,
    )
    .await;
    answer(store.remove_expired(time(19_000), 1_000).await);
    assert!(
        answer(store.receipt(&tenant, &id).await).is_some(),
        "the last second still counts"
    );
    answer(store.remove_expired(time(19_001), 1_000).await);
    assert_eq!(answer(store.receipt(&tenant, &id).await), None);
    assert_eq!(
        answer(store.receipts_of(&tenant, &party("bank"), None, 9).await),
        []
    );
    assert!(answer(store.reliance(&tenant, &id).await).is_some());
    answer(store.remove_expired(time(20_001), 1_000).await);
    assert_eq!(answer(store.reliance(&tenant, &id).await), None);
    assert_eq!(answer(store.due_reliances(&tenant, time(30_000), 9).await), []);
}

/// Stores a request and its result with a receipt, and what is relied on.
async fn record(
    store: &dyn VerifierStore,
    tenant: &TenantId,
    id: &str,
    receipt: ReceiptRecord,
    reliance: Option<Reliance>,
) -> ReceiptRecord {
    let asked = request(tenant, id, 1_000);
    answer(store.insert_request(asked.clone()).await);
    let with = WithResult {
        announcement: None,
        receipt: Some(receipt.clone()),
        reliance,
    };
    let result = declined(DeclineCode::Other);
    let recorded = store.record_result(tenant, &asked.id, result, with).await;
    assert_eq!(answer(recorded), ResultRecording::Recorded);
    receipt
}

fn receipt(id: &str, relying_party: &str, created_at: i64, kept_until: i64) -> ReceiptRecord {
    ReceiptRecord {
        request: identifier(id),
        relying_party: party(relying_party),
        policy: identifier::<PolicyName>("customer"),
        created_at: time(created_at),
        kept_until: time(kept_until),
        response_code: None,
        receipt: format!("receipt of {id}"),
    }
}

fn reliance(id: &str, due: i64, kept_until: i64) -> Reliance {
    Reliance {
        request: identifier(id),
        relying_party: party("bank"),
        policy: identifier::<PolicyName>("customer"),
        began_at: time(0),
        renewal_due_at: None,
        renewal_announced: false,
        next_look_at: Some(time(due)),
        credentials: Vec::new(),
        kept_until: time(kept_until),
    }
}
