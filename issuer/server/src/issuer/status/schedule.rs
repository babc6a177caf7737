//! The schedule: lists are signed again before they grow old, off the path of those who ask for them, and changes that a crash or a
//! failure left unpublished are found in the store. Lists that nobody needs any more are retired.

use std::time::Duration;

use symbolon_issuer::index::ShardId;
use symbolon_issuer::store::UnpublishedChange;
use tokio::sync::Notify;

use super::{CHANGES_PER_ROUND, Issuer, PublicationFailed, StatusFigures};

/// Rounds come eight times in the life of a list, so that one is late for nobody.
const ROUNDS_PER_LIFE: u32 = 8;
const SHORTEST_ROUND: Duration = Duration::from_secs(1);
const LONGEST_ROUND: Duration = Duration::from_secs(30);

impl Issuer {
    /// Keeps the published lists fresh until `stop`.
    pub(crate) async fn keep_status_lists(&self, stop: &Notify) {
        let time_to_live = Duration::from_secs(self.profile().policy().status_time_to_live_seconds);
        let round = (time_to_live / ROUNDS_PER_LIFE).clamp(SHORTEST_ROUND, LONGEST_ROUND);
        loop {
            if let Err(error) = self.publish_what_is_due().await {
                tracing::error!(%error, "status lists not published");
            }
            tokio::select! {
                () = stop.notified() => return,
                () = tokio::time::sleep(round) => {}
            }
        }
    }

    /// How the publication of status lists goes.
    pub(crate) fn status_figures(&self) -> StatusFigures {
        self.publisher.figures()
    }

    /// One round. A list that fails keeps no other from being published, nor does one that could not be retired.
    async fn publish_what_is_due(&self) -> Result<(), PublicationFailed> {
        if let Err(error) = self.retire_what_is_over().await {
            tracing::error!(%error, "status lists not retired");
        }
        self.forget_published_changes().await?;
        self.mark_unpublished_changes().await?;
        let mut outcome = Ok(());
        for shard in self.publisher.marked() {
            let _turn = self.publisher.turn().await;
            if self.publisher.is_marked(shard) {
                outcome = outcome.and(self.publish(shard).await.map(drop));
            }
        }
        for shard in self.store().shards().await? {
            if !shard.value.is_published() {
                continue;
            }
            let shard = shard.value.id;
            let _turn = self.publisher.turn().await;
            if self.grows_old(shard) {
                outcome = outcome.and(self.publish(shard).await.map(drop));
            }
        }
        outcome
    }

    /// Whether three quarters of a list's time are over, or it is not in memory, where there is room for it.
    fn grows_old(&self, shard: ShardId) -> bool {
        let Some(signed_at) = self.publisher.signed_at(shard) else {
            return self.publisher.has_room(self.memory_limit());
        };
        let now = self.now();
        let time_to_live = Duration::from_secs(self.profile().policy().status_time_to_live_seconds);
        now < signed_at || now.since(signed_at) >= time_to_live * 3 / 4
    }

    async fn forget_published_changes(&self) -> Result<(), PublicationFailed> {
        let published = self.publisher.published_changes();
        for some in published.chunks(CHANGES_PER_ROUND) {
            self.store().forget_changes(some).await?;
            self.publisher.forget(some);
        }
        Ok(())
    }

    /// Marks the shards of changes that were committed and never published: by a process that died, or where the publication failed.
    async fn mark_unpublished_changes(&self) -> Result<(), PublicationFailed> {
        let mut last: Option<UnpublishedChange> = None;
        loop {
            let page = self
                .store()
                .unpublished_changes(last.as_ref(), CHANGES_PER_ROUND)
                .await?;
            last = page.last().copied();
            let is_full = page.len() == CHANGES_PER_ROUND;
            let shards = self.publisher.unpublished(page);
            let shards = shards.into_iter().map(|change| change.shard).collect();
            self.publisher.mark(&shards);
            if !is_full {
                return Ok(());
            }
        }
    }
}
