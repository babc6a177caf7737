//! Sign-ins, the budgets of messages, and records by virtual identifier.

use super::envelope::{read, read_stored, write};
use super::{KeyValue, KeyValueIssuerStore, Keyed, Space, WriteBatch};
use crate::audit::RecordReference;
use crate::record::{IdRecord, MAX_VIDS, Uin, Vid};
use crate::secret::SecretDigest;
use crate::sign_in::{SendBudget, SignIn};
use crate::store::{Revision, SignInCommit, SignInStore, StoreError, StoreFuture, Stored, Swap};

const SIGN_IN: &str = "sign-in";
const BUDGET: &str = "budget of messages";
const VID: &str = "virtual identifier";

/// Entries of the index that are looked at: more than one is a mistake of the register, or what an import left behind.
const MAX_ENTRIES_OF_A_VID: usize = 4 * MAX_VIDS;

impl<K: KeyValue> SignInStore for KeyValueIssuerStore<K> {
    fn record_by_vid<'a>(&'a self, vid: &'a Vid) -> StoreFuture<'a, Option<IdRecord>> {
        Box::pin(async move {
            let prefix = vid_prefix(vid);
            let entries = self
                .entries
                .scan(Space::RecordsByVid, prefix.clone(), None, MAX_ENTRIES_OF_A_VID)
                .await?;
            let mut holders = Vec::new();
            for entry in &entries {
                // An entry may outlive what it was made of, so the record has the word.
                let holder = self.record_now(&holder(&prefix, entry)?).await?;
                holders.extend(holder.filter(|record| record.vids().any(|own| own == *vid)));
            }
            let only = holders.pop();
            Ok(only.filter(|_| holders.is_empty()))
        })
    }

    fn sign_in<'a>(&'a self, browser: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<SignIn>>> {
        Box::pin(async move {
            let found = self
                .entries
                .get(Space::SignIns, browser.as_bytes().to_vec())
                .await?;
            found.map(|bytes| read_stored(SIGN_IN, bytes)).transpose()
        })
    }

    fn send_budget<'a>(&'a self, record: &'a RecordReference) -> StoreFuture<'a, Stored<SendBudget>> {
        Box::pin(async move {
            let found = self.entries.get(Space::SendBudgets, budget_key(record)).await?;
            match found {
                Some(bytes) => read_stored(BUDGET, bytes),
                None => Ok(Stored {
                    value: SendBudget::FRESH,
                    revision: Revision::absent(),
                }),
            }
        })
    }

    fn commit_sign_in(&self, commit: SignInCommit) -> StoreFuture<'_, Swap> {
        Box::pin(async move {
            let change = &commit.sign_in;
            let key = change.key.as_bytes();
            let mut batch = WriteBatch::default()
                .unchanged(Space::SignIns, *key, &change.expected)
                .put(Space::SignIns, *key, write(SIGN_IN, &change.value)?)
                .put_expiry(change.value.expires_at, Space::SignIns, key);
            if let Some(change) = &commit.budget {
                let key = budget_key(&change.key);
                batch = batch
                    .unchanged(Space::SendBudgets, key.clone(), &change.expected)
                    .put(Space::SendBudgets, key.clone(), write(BUDGET, &change.value)?)
                    .put_expiry(change.value.forget_at(), Space::SendBudgets, &key);
            }
            for event in &commit.events {
                batch = batch.put_event(event)?;
            }
            self.swap(batch).await
        })
    }
}

/// Whether a budget that fell due is due still: it may have been written again since.
pub(super) fn budget_is_due(bytes: &[u8], now: u64) -> Result<bool, StoreError> {
    let budget: SendBudget = read(BUDGET, bytes)?;
    Ok(u64::try_from(budget.forget_at().seconds()).unwrap_or(0) < now)
}

impl WriteBatch {
    /// Puts a record's virtual identifiers into the index, and takes out those that it had `before` and has no more.
    pub(super) fn index_vids(mut self, record: &IdRecord, before: Option<&IdRecord>) -> Self {
        let kept: Vec<Vid> = record.vids().collect();
        for gone in before.into_iter().flat_map(IdRecord::vids) {
            if !kept.contains(&gone) {
                self = self.delete(Space::RecordsByVid, vid_key(&gone, record.uin()));
            }
        }
        for vid in &kept {
            self = self.put(Space::RecordsByVid, vid_key(vid, record.uin()), Vec::new());
        }
        self
    }
}

fn budget_key(record: &RecordReference) -> Vec<u8> {
    record.as_str().as_bytes().to_vec()
}

/// The separator cannot occur in a number, so no identifier is a prefix of another.
fn vid_prefix(vid: &Vid) -> Vec<u8> {
    let mut key = vid.as_str().as_bytes().to_vec();
    key.push(0);
    key
}

fn vid_key(vid: &Vid, record: &Uin) -> Vec<u8> {
    let mut key = vid_prefix(vid);
    key.extend_from_slice(record.as_str().as_bytes());
    key
}

fn holder(prefix: &[u8], entry: &Keyed) -> Result<Uin, StoreError> {
    entry
        .key
        .get(prefix.len()..)
        .and_then(|bytes| core::str::from_utf8(bytes).ok())
        .and_then(|text| Uin::parse(text).ok())
        .ok_or(StoreError::Unreadable { what: VID })
}
