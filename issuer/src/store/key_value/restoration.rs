//! What is done to the books of a backup before anybody works with them.
//!
//! A backup is older than the last thing that happened. What was handed out in between is not in it, and must neither be handed out
//! once more nor be accepted once more:
//!
//! - **Status indices.** Every shard is closed, and a fresh one is opened. Its number lies as many beyond the last as seconds have
//!   passed since the backup: shards that were opened in between, by this installation or by an earlier restore of the same
//!   backup, had lower numbers, because none fills within a second.
//! - **Pack sequences** rise in the same way: a verifier refuses a number that it has seen.
//! - **Offers** that could still have been taken up are cancelled in the book: what would redeem them is not in it.
//! - **Codes, tokens, nonces** are not in the books ([`super::Durability::Transient`]), and what they were derived from is made anew.

use symbolon_crypto::{Randomness, UnixTime};

use super::envelope::{read, shard_key, write};
use super::operations::{PACK_SEQUENCE_KEY, SECRET, SECRET_KEY, SEQUENCE};
use super::{Applied, KeyValue, KeyValueIssuerStore, Space, WriteBatch};
use crate::audit::{Actor, AuditAction, WaitingEvent};
use crate::index::{PermutationKey, Shard, ShardForm, ShardId};
use crate::secret::InstallationSecret;
use crate::store::{Revision, StoreError};

/// A restore from a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restoration {
    /// When the backup was taken.
    pub backup_of: UnixTime,
    /// The time of the restore; later than that of the backup.
    pub now: UnixTime,
    /// The form of the new status list.
    pub form: ShardForm,
}

/// What the restore did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The status list that new credentials are entered in.
    pub shard: ShardId,
    /// How many status lists are closed.
    pub closed: usize,
}

impl<K: KeyValue> KeyValueIssuerStore<K> {
    /// Makes the books of a backup fit to work with. Nothing else may have the store open, and until it has returned nothing may be issued:
    /// the book of offers is gone through page by page, and everything else is one commit at the end.
    ///
    /// # Errors
    /// [`StoreError`]; at most some offers are cancelled, and it may be called again.
    pub async fn after_restore(
        &self,
        restoration: Restoration,
        randomness: &dyn Randomness,
    ) -> Result<Restored, StoreError> {
        let no_randomness = |error: symbolon_crypto::RandomnessUnavailable| {
            StoreError::Unavailable(std::sync::Arc::new(error))
        };
        let Restoration { backup_of, now, form } = restoration;
        let elapsed = now.since(backup_of).as_secs().saturating_add(1);
        self.restore_offers(now).await?;

        let mut batch = WriteBatch::default();
        let shards = self.shards_now().await?;
        for shard in &shards {
            let key = shard_key(shard.value.id);
            batch = batch.unchanged(Space::Shards, key.clone(), &shard.revision).put(
                Space::Shards,
                key,
                write("shard", &shard.value.closed())?,
            );
        }
        let last = shards.last().map_or(0, |shard| shard.value.id.number());
        let number = u64::from(last).saturating_add(elapsed);
        let id = ShardId::new(u32::try_from(number).map_err(|_| StoreError::Exists { what: "shard" })?);
        let fresh = Shard::open(
            id,
            form,
            PermutationKey::make(randomness).map_err(no_randomness)?,
            now,
        );
        batch = batch.absent(Space::Shards, shard_key(id)).put(
            Space::Shards,
            shard_key(id),
            write("shard", &fresh)?,
        );

        if let Some(bytes) = self.entries.get(Space::Installation, SECRET_KEY.to_vec()).await? {
            let secret: InstallationSecret = read(SECRET, &bytes)?;
            let secret = secret.with_fresh_sessions(randomness).map_err(no_randomness)?;
            batch = batch
                .unchanged(Space::Installation, SECRET_KEY, &Revision(Some(bytes)))
                .put(Space::Installation, SECRET_KEY, write(SECRET, &secret)?);
        }
        let stored = self
            .entries
            .get(Space::Installation, PACK_SEQUENCE_KEY.to_vec())
            .await?;
        let sequence: u64 = stored.as_ref().map_or(Ok(0), |bytes| read(SEQUENCE, bytes))?;
        batch = batch
            .unchanged(Space::Installation, PACK_SEQUENCE_KEY, &Revision(stored))
            .put(
                Space::Installation,
                PACK_SEQUENCE_KEY,
                write(SEQUENCE, &sequence.saturating_add(elapsed))?,
            );
        for action in [
            AuditAction::Restored { backup_of },
            AuditAction::ShardOpened { shard: id },
        ] {
            let event =
                WaitingEvent::make(now, Actor::Operator, action, randomness).map_err(no_randomness)?;
            batch = batch.put_event(&event)?;
        }
        match self.entries.apply(batch).await? {
            Applied::Done => Ok(Restored {
                shard: id,
                closed: shards.len(),
            }),
            Applied::Rejected { .. } => Err(StoreError::Contended { what: "installation" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use symbolon_crypto::testing::SeededRandomness;

    use super::*;
    use crate::grant::{TxCodePolicy, check_nonce, make_nonce};
    use crate::identifiers::{ConfigurationId, OfferId};
    use symbolon_trust::status_list::BitsPerStatus;

    use crate::index::{IndexAllocator, IndexWidth};
    use crate::offer::{Cancellation, CancellationCause, OfferDelivery, OfferDevice, OfferEntry};
    use crate::record::Uin;
    use crate::store::{IssuerStore as _, MemoryIssuerStore, NewOffer, OfferStore as _};

    const BACKUP: UnixTime = UnixTime::from_seconds(1_800_000_000);

    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("the store in memory answers at once"),
        }
    }

    fn form() -> ShardForm {
        ShardForm {
            width: IndexWidth::from_bits(6).unwrap(),
            bits: BitsPerStatus::Two,
        }
    }

    fn restoration(seconds: u64) -> Restoration {
        Restoration {
            backup_of: BACKUP,
            now: BACKUP.plus(std::time::Duration::from_secs(seconds)),
            form: form(),
        }
    }

    /// Books as they were when the backup was taken: some indices given, a pack built.
    fn books() -> MemoryIssuerStore {
        let (store, randomness) = (MemoryIssuerStore::default(), SeededRandomness::new(1));
        let allocator = IndexAllocator::new(form(), 8);
        for _ in 0..70 {
            now(allocator.allocate(&store, BACKUP, &randomness)).unwrap();
        }
        now(store.next_pack_sequence()).unwrap();
        now(store.installation_secret(InstallationSecret::make(&randomness).unwrap())).unwrap();
        store
    }

    /// Shards that are given from after a restore, by so many issuances.
    fn used_after(seconds: u64, issuances: u32) -> BTreeSet<ShardId> {
        let (store, randomness) = (books(), SeededRandomness::new(2));
        now(store.after_restore(restoration(seconds), &randomness)).unwrap();
        let allocator = IndexAllocator::new(form(), 8);
        (0..issuances)
            .map(|_| {
                now(allocator.allocate(&store, BACKUP, &randomness))
                    .unwrap()
                    .shard
            })
            .collect()
    }

    #[test]
    fn no_shard_that_was_or_may_have_been_given_from_is_given_from_again() {
        // What went on after the backup, had nothing been lost: two shards in the backup, and a third.
        let lost = BTreeSet::from([ShardId::new(0), ShardId::new(1), ShardId::new(2)]);
        let first = used_after(60, 200);
        assert!(first.is_disjoint(&lost), "{first:?}");
        // The same backup once more, a minute later: also what the first restore gave is not given again.
        let second = used_after(120, 200);
        assert!(
            second.is_disjoint(&lost) && second.is_disjoint(&first),
            "{second:?}"
        );
    }

    #[test]
    fn every_old_shard_is_closed_and_the_books_say_so() {
        let store = books();
        let restored = now(store.after_restore(restoration(60), &SeededRandomness::new(2))).unwrap();
        let shards = now(store.shards()).unwrap();
        assert_eq!((restored.closed, shards.len()), (2, 3));
        for shard in &shards[..2] {
            assert!(shard.value.lease(1).is_none());
        }
        assert_eq!(shards[2].value.id, restored.shard);
        let told: Vec<AuditAction> = now(store.waiting_events(100))
            .unwrap()
            .into_iter()
            .map(|event| event.event.action)
            .collect();
        assert!(told.contains(&AuditAction::Restored { backup_of: BACKUP }));
    }

    #[test]
    fn pack_sequences_rise_beyond_every_one_that_may_have_been_given() {
        let store = books();
        now(store.after_restore(restoration(60), &SeededRandomness::new(2))).unwrap();
        assert!(now(store.next_pack_sequence()).unwrap() > 60);
    }

    #[test]
    fn a_nonce_that_was_made_before_is_another_issuers_after() {
        let (store, randomness) = (books(), SeededRandomness::new(3));
        let secret =
            || now(store.installation_secret(InstallationSecret::make(&randomness).unwrap())).unwrap();
        let nonce = make_nonce(&secret(), BACKUP, &randomness).unwrap();
        assert!(check_nonce(nonce.as_str(), &secret(), BACKUP).is_ok());
        now(store.after_restore(restoration(60), &randomness)).unwrap();
        assert!(check_nonce(nonce.as_str(), &secret(), BACKUP).is_err());
    }

    #[test]
    fn offers_come_back_as_what_they_were_and_nothing_takes_them_up() {
        let (store, randomness) = (books(), SeededRandomness::new(4));
        let configuration = ConfigurationId::parse("A").unwrap();
        let entry = OfferEntry {
            record: Uin::parse("1").unwrap(),
            configurations: vec![configuration],
            delivery: OfferDelivery::ByValue,
            device: OfferDevice::SameDevice,
            tx_code: TxCodePolicy::NotRequired,
            grant: None,
            code_offer: None,
            address: None,
            made_at: BACKUP,
            expires_at: BACKUP.plus(Duration::from_secs(3_600)),
            forgotten_at: BACKUP.plus(Duration::from_secs(7_200)),
            cancelled: None,
        };
        let expired = OfferEntry {
            expires_at: BACKUP,
            ..entry.clone()
        };
        let made = [entry, expired].map(|entry| {
            let id = OfferId::make(&randomness).unwrap();
            let event =
                WaitingEvent::make(BACKUP, Actor::Operator, AuditAction::RecordsExported, &randomness);
            let new = NewOffer {
                entry: (id.clone(), entry),
                offer: None,
                grant: None,
                code_offer: None,
                event: event.unwrap(),
            };
            now(store.put_offer(new)).unwrap();
            id
        });
        // What expires and when is no part of a backup.
        let expiries = now(store.entries.scan(Space::Expiries, Vec::new(), None, usize::MAX)).unwrap();
        let forget = expiries.into_iter().fold(WriteBatch::default(), |batch, entry| {
            batch.delete(Space::Expiries, entry.key)
        });
        assert_eq!(now(store.entries.apply(forget)).unwrap(), Applied::Done);
        // A restore that was interrupted is done again.
        for _ in 0..2 {
            now(store.restore_offers(restoration(60).now)).unwrap();
        }
        let restored = now(store.after_restore(restoration(60), &randomness));
        assert!(restored.is_ok());
        let [open, expired] = made;
        let read = |id: &OfferId| now(store.offer_entry(id)).unwrap();
        let ended = read(&open).unwrap().value.cancelled.unwrap();
        let expected = Cancellation {
            at: restoration(60).now,
            cause: CancellationCause::Restore,
        };
        assert_eq!(ended, expected);
        assert_eq!(read(&expired).unwrap().value.cancelled, None);
        now(store.remove_expired(BACKUP.plus(Duration::from_secs(7_201)), 100)).unwrap();
        assert!(
            read(&open).is_none() && read(&expired).is_none(),
            "they leave the book in their time"
        );
    }

    #[test]
    fn rights_that_are_used_once_are_no_part_of_a_backup() {
        let names = Space::names_of_books();
        for space in [Space::Offers, Space::Grants, Space::Access, Space::SpentNonces] {
            assert!(!names.contains(&space.name()));
        }
        assert_eq!(names.len(), 13);
    }

    #[test]
    fn no_space_is_forgotten_by_the_list_that_backups_go_by() {
        // The compiler asks for a name and a durability of a new space, and not for its place in the list.
        let named = include_str!("../key_value.rs").matches(" => \"issuer-").count();
        assert_eq!(Space::ALL.len(), named);
        let names: BTreeSet<&str> = Space::ALL.iter().map(|space| space.name()).collect();
        assert_eq!(names.len(), named);
    }
}
