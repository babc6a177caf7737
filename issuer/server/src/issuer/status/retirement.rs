//! Retiring status lists: one that is not filled any more, and in which everything has expired long ago, says nothing that anybody asks. It leaves the
//! aggregation and the packs, and its address answers that there is no such list. Lists of the past stay as long as the history does.

use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_issuer::audit::{Actor, AuditAction, WaitingEvent};
use symbolon_issuer::index::{Shard, ShardId};
use symbolon_issuer::store::{Stored, Swap};

use super::{Issuer, PublicationFailed};

/// How many places are looked at together.
const PLACES_AT_ONCE: usize = 1_000;

impl Issuer {
    /// Retires what is over. A list is looked at again when the last credential is over that was found to need it.
    pub(super) async fn retire_what_is_over(&self) -> Result<(), PublicationFailed> {
        let shards = self.store().shards().await?;
        self.publisher
            .note_shards(shards.iter().map(|shard| &shard.value));
        let Some(after) = self.profile().policy().status_retirement() else {
            return Ok(());
        };
        let now = self.now();
        // In ascending order: only the last one is being filled. A place of one before may be given out a little later, by a process that
        // leased it earlier; the time since the next was opened leaves room for that.
        for (shard, next) in shards.iter().zip(shards.iter().skip(1)) {
            let id = shard.value.id;
            // Beyond the last list of a backup a restore leaves a gap: what was issued after the backup is in none of the books, and may
            // be in that list.
            let is_known = id.next() == Some(next.value.id);
            let is_over = is_known
                && shard.value.is_published()
                && next.value.opened_at.plus(after) <= now
                && !self.publisher.is_needed(id, now);
            if !is_over {
                continue;
            }
            match self.needed_until(id, after, now).await? {
                Some(until) => self.publisher.note_needed(id, until),
                None => self.retire(shard, now).await?,
            }
        }
        Ok(())
    }

    /// Until when a credential in the list needs it; `None` where none does.
    async fn needed_until(
        &self,
        shard: ShardId,
        after: Duration,
        now: UnixTime,
    ) -> Result<Option<UnixTime>, PublicationFailed> {
        let mut last = None;
        loop {
            let places = self.store().expiries_in(shard, last, PLACES_AT_ONCE).await?;
            let until = places.iter().map(|place| place.expires_at.plus(after)).max();
            if let Some(until) = until.filter(|until| now < *until) {
                return Ok(Some(until));
            }
            last = places.last().map(|place| place.index);
            if places.len() < PLACES_AT_ONCE {
                return Ok(None);
            }
        }
    }

    async fn retire(&self, shard: &Stored<Shard>, now: UnixTime) -> Result<(), PublicationFailed> {
        let id = shard.value.id;
        let action = AuditAction::ShardRetired { shard: id };
        let event = WaitingEvent::make(now, Actor::Issuer, action, &*self.setup.randomness)?;
        let retired = shard.value.retired(now);
        let swapped = self
            .store()
            .swap_shard(Some(&shard.revision), &retired, Some(event))
            .await?;
        // Whoever changed it meanwhile leaves it for the next round.
        if swapped == Swap::Done {
            let _turn = self.publisher.turn().await;
            self.publisher.remove(id);
            tracing::info!(shard = id.number(), "status list retired");
        }
        Ok(())
    }
}
