//! How often a relying party may ask.
//!
//! The count stands in the store, so that a restart gives nobody a new day and several processes agree. A commit for each request
//! would be dear: a process takes a block of uses at once, and spends it from memory. What it has not spent when it ends is lost to the
//! relying party, a sixteenth of its quota at most.

use symbolon_crypto::UnixTime;
use symbolon_verifier::store::{QuotaKind, QuotaWindow, StoreError};
use tokio::sync::Mutex;

use crate::relying_party::OpenedRelyingParty;
use crate::state::State;

/// A block is this part of the quota.
const PARTS: u32 = 16;
/// The largest block.
const MAX_BLOCK: u32 = 64;

/// The blocks that a process holds of a relying party's quotas.
#[derive(Default)]
pub(crate) struct Quota(Mutex<Blocks>);

#[derive(Default)]
struct Blocks {
    day: Option<Block>,
    minute: Option<Block>,
}

#[derive(Clone, Copy)]
struct Block {
    window: QuotaWindow,
    left: u32,
}

/// What became of a request.
pub(crate) enum QuotaUse {
    Permitted,
    /// Nothing is left before then.
    Exhausted {
        until: UnixTime,
    },
}

impl State {
    /// Counts one request of a relying party.
    pub(crate) async fn use_quota(&self, party: &OpenedRelyingParty) -> Result<QuotaUse, StoreError> {
        let mut blocks = party.quota.0.lock().await;
        let Blocks { day, minute } = &mut *blocks;
        let limits = [
            (QuotaKind::Day, day, party.document.requests_per_day),
            (QuotaKind::Minute, minute, party.document.requests_per_minute),
        ];
        let mut filled = Vec::with_capacity(limits.len());
        for (kind, block, limit) in limits {
            let window = kind.window(self.now());
            let left = block
                .filter(|block| block.window == window)
                .map_or(0, |block| block.left);
            let left = if left > 0 {
                left
            } else {
                let amount = (limit / PARTS).clamp(1, MAX_BLOCK);
                let deps = &self.dependencies;
                deps.store
                    .take_quota(&deps.tenant, &party.name, window, amount, limit)
                    .await?
            };
            let block = block.insert(Block { window, left });
            if left == 0 {
                return Ok(QuotaUse::Exhausted {
                    until: window.ends_at(),
                });
            }
            filled.push(block);
        }
        // Only what both permit is spent.
        for block in filled {
            block.left = block.left.saturating_sub(1);
        }
        Ok(QuotaUse::Permitted)
    }
}
