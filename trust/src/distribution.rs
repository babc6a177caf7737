//! How packs are handed out: the index document of a distributor, and what a reader takes of it.
//!
//! A distributor publishes immutable files and one small document, [`PackIndex`], that names the newest of them. The document
//! is a signpost and carries no signature: whatever it says, a reader believes a pack for its own signatures alone, refuses a
//! file that is not the one announced, and never takes an address from it ([`FileName`] has no room for one). A false index can
//! therefore withhold a pack and nothing else (`docs/packs.md`).

mod index;
mod plan;
#[cfg(test)]
mod tests;

pub use self::index::{
    Digest, FileName, INDEX_FILE, INDEX_VERSION, IndexError, MAX_DELTAS, MAX_INDEX_BYTES,
    MAX_PUBLISHED_PACKS, NotAFileName, PackIndex, PublishedDelta, PublishedFile, PublishedPack,
};
pub use self::plan::{EARLIER_FOLDER, HeldPack, MAX_PACK_BYTES, Plan, PlanError, is_worthwhile};
