//! The book of offers: entries, the index by record, and notes.

use symbolon_crypto::UnixTime;

use super::envelope::{of_record_key, read, read_stored, record_prefix, write};
use super::{KeyValue, KeyValueIssuerStore, Keyed, Space, WriteBatch};
use crate::credential_record::CredentialRecord;
use crate::identifiers::{CredentialId, OfferId};
use crate::offer::{OfferEntry, OfferHistory, OfferNote};
use crate::record::Uin;
use crate::store::{
    CancelledOffer, OfferStanding, OfferStep, OfferStore, StoreError, StoreFuture, Stored, Swap,
};

const ENTRY: &str = "entry of the book of offers";
const NOTE: &str = "note on an offer";

/// Notes of one offer that are read: the few of its steps, and a credential each of the rest.
const MAX_NOTES: usize = 1_000;

// The kinds of notes, which are part of the stored format. Those of the steps sort before those of credentials.
const FETCHED: u8 = 1;
const AUTHORIZATION_BEGUN: u8 = 2;
const TRANSACTION_CODE_EXHAUSTED: u8 = 3;
const TAKEN_UP: u8 = 4;
const ISSUED: u8 = 16;

impl<K: KeyValue> OfferStore for KeyValueIssuerStore<K> {
    fn offer_entry<'a>(&'a self, id: &'a OfferId) -> StoreFuture<'a, Option<Stored<OfferEntry>>> {
        Box::pin(async move {
            let found = self.entries.get(Space::OfferBook, key(id)).await?;
            found.map(|bytes| read_stored(ENTRY, bytes)).transpose()
        })
    }

    fn offer_history<'a>(&'a self, id: &'a OfferId) -> StoreFuture<'a, OfferHistory> {
        Box::pin(async move {
            let found = self
                .entries
                .scan(Space::OfferNotes, key(id), None, MAX_NOTES)
                .await?;
            let mut history = OfferHistory::default();
            for note in &found {
                read_note(&mut history, note)?;
            }
            Ok(history)
        })
    }

    fn offer_entries<'a>(
        &'a self,
        record: Option<&'a Uin>,
        after: Option<&'a OfferId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<(OfferId, OfferEntry)>> {
        Box::pin(async move {
            match record {
                Some(record) => self.entries_of(record, after, limit).await,
                None => {
                    let found = self
                        .entries
                        .scan(Space::OfferBook, Vec::new(), after.map(key), limit)
                        .await?;
                    let entry = |entry: &Keyed| Ok((identifier(&entry.key)?, read(ENTRY, &entry.value)?));
                    found.iter().map(entry).collect()
                }
            }
        })
    }

    fn cancel_offer(&self, cancelled: CancelledOffer) -> StoreFuture<'_, Swap> {
        Box::pin(async move {
            let CancelledOffer {
                standing,
                entry,
                event,
            } = cancelled;
            let mut batch = WriteBatch::default()
                .standing(&standing)
                .put(Space::OfferBook, key(&standing.offer), write(ENTRY, &entry)?)
                .put_event(&event)?;
            if let Some(code) = &entry.grant {
                batch = batch.delete(Space::Grants, *code.as_bytes());
            }
            if let Some(state) = &entry.code_offer {
                batch = batch.delete(Space::CodeOffers, *state.as_bytes());
            }
            if let Some(address) = &entry.address {
                batch = batch.delete(Space::Offers, address.as_str());
            }
            self.swap(batch).await
        })
    }
}

impl<K: KeyValue> KeyValueIssuerStore<K> {
    async fn entries_of(
        &self,
        record: &Uin,
        after: Option<&OfferId>,
        limit: usize,
    ) -> Result<Vec<(OfferId, OfferEntry)>, StoreError> {
        let prefix = record_prefix(record);
        let after = after.map(|id| of_record_key(record, id.as_str()));
        let found = self
            .entries
            .scan(Space::OffersByRecord, prefix.clone(), after, limit)
            .await?;
        let mut entries = Vec::with_capacity(found.len());
        for indexed in found {
            let id = identifier(indexed.key.get(prefix.len()..).unwrap_or_default())?;
            // It may have left the book since the index was read.
            if let Some(bytes) = self.entries.get(Space::OfferBook, key(&id)).await? {
                entries.push((id, read(ENTRY, &bytes)?));
            }
        }
        Ok(entries)
    }

    /// Removes what stands in the store beside an entry that leaves the book. No step can note anything any more: each needs the entry.
    pub(super) async fn forget_entry(
        &self,
        mut batch: WriteBatch,
        id: &[u8],
    ) -> Result<WriteBatch, StoreError> {
        if let Some(bytes) = self.entries.get(Space::OfferBook, id.to_vec()).await? {
            let entry: OfferEntry = read(ENTRY, &bytes)?;
            let indexed = of_record_key(&entry.record, identifier(id)?.as_str());
            batch = batch.delete(Space::OffersByRecord, indexed);
        }
        let notes = self
            .entries
            .scan(Space::OfferNotes, id.to_vec(), None, usize::MAX)
            .await?;
        for note in notes {
            batch = batch.delete(Space::OfferNotes, note.key);
        }
        Ok(batch)
    }

    /// Ends in the book what a backup does not hold, and notes anew when each entry leaves it. Doing it twice changes nothing more.
    pub(super) async fn restore_offers(&self, now: UnixTime) -> Result<(), StoreError> {
        let mut after: Option<OfferId> = None;
        loop {
            let page = self
                .offer_entries(None, after.as_ref(), ENTRIES_PER_COMMIT)
                .await?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(last.clone());
            let mut batch = WriteBatch::default();
            for (id, entry) in &page {
                let history = self.offer_history(id).await?;
                if let Some(ended) = entry.restored(&history, now) {
                    batch = batch.put(Space::OfferBook, key(id), write(ENTRY, &ended)?);
                }
                batch = batch.put_expiry(entry.forgotten_at, Space::OfferBook, &key(id));
            }
            // Nothing is required, so nothing is rejected.
            let _: Swap = self.swap(batch).await?;
        }
    }
}

/// Entries that a restore rewrites in one commit.
const ENTRIES_PER_COMMIT: usize = 500;

impl WriteBatch {
    /// Requires that the offer's entry is as it was read.
    pub(super) fn standing(self, standing: &OfferStanding) -> Self {
        self.unchanged(Space::OfferBook, key(&standing.offer), &standing.expected)
    }

    pub(super) fn put_entry(self, id: &OfferId, entry: &OfferEntry) -> Result<Self, StoreError> {
        let indexed = of_record_key(&entry.record, id.as_str());
        Ok(self
            .absent(Space::OfferBook, key(id))
            .put(Space::OfferBook, key(id), write(ENTRY, entry)?)
            .put(Space::OffersByRecord, indexed, Vec::new())
            .put_expiry(entry.forgotten_at, Space::OfferBook, &key(id)))
    }

    pub(super) fn put_step(self, step: &OfferStep) -> Result<Self, StoreError> {
        let id = &step.standing.offer;
        let batch = self.standing(&step.standing);
        let Some((note, at)) = step.note else {
            return Ok(batch);
        };
        let kind = match note {
            OfferNote::Fetched => FETCHED,
            OfferNote::AuthorizationBegun => AUTHORIZATION_BEGUN,
            OfferNote::TakenUp => TAKEN_UP,
            OfferNote::TransactionCodeExhausted => TRANSACTION_CODE_EXHAUSTED,
            OfferNote::TransactionCodeRenewed => {
                return Ok(batch.delete(Space::OfferNotes, note_key(id, TRANSACTION_CODE_EXHAUSTED)));
            }
        };
        Ok(batch.put(Space::OfferNotes, note_key(id, kind), write(NOTE, &at)?))
    }

    pub(super) fn put_issued(self, id: &OfferId, credential: &CredentialRecord) -> Result<Self, StoreError> {
        let mut key = note_key(id, ISSUED);
        key.extend_from_slice(credential.id.as_str().as_bytes());
        Ok(self.put(Space::OfferNotes, key, write(NOTE, &credential.configuration)?))
    }
}

fn key(id: &OfferId) -> Vec<u8> {
    id.as_str().as_bytes().to_vec()
}

fn identifier(key: &[u8]) -> Result<OfferId, StoreError> {
    let id = core::str::from_utf8(key).ok().and_then(|id| id.parse().ok());
    id.ok_or(StoreError::Unreadable { what: ENTRY })
}

/// Identifiers are of one length, so no offer's notes are a prefix of another's.
fn note_key(id: &OfferId, kind: u8) -> Vec<u8> {
    let mut key = key(id);
    key.push(kind);
    key
}

fn read_note(history: &mut OfferHistory, note: &Keyed) -> Result<(), StoreError> {
    let unreadable = || StoreError::Unreadable { what: NOTE };
    let kind = note.key.get(OfferId::LENGTH..).and_then(<[u8]>::split_first);
    let (kind, rest) = kind.ok_or_else(unreadable)?;
    if *kind == ISSUED {
        let id = core::str::from_utf8(rest)
            .ok()
            .and_then(|id| id.parse::<CredentialId>().ok());
        let configuration = read(NOTE, &note.value)?;
        history.issued.push((id.ok_or_else(unreadable)?, configuration));
        return Ok(());
    }
    let at: UnixTime = read(NOTE, &note.value)?;
    *match *kind {
        FETCHED => &mut history.fetched_at,
        AUTHORIZATION_BEGUN => &mut history.begun_at,
        TRANSACTION_CODE_EXHAUSTED => &mut history.refused_at,
        TAKEN_UP => &mut history.taken_up_at,
        _ => return Err(unreadable()),
    } = Some(at);
    Ok(())
}
