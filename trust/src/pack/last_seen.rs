//! What a verifier remembers of the packs it accepted, so that none can be taken back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

/// The state that guards against rollback. It belongs in storage that survives a power cut, and is replaced only
/// after [`Pack::open`](super::Pack::open) has accepted a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastSeen {
    /// The sequence of the pack.
    pub sequence: u64,
    /// When it was created.
    pub created: UnixTime,
    /// The root of its section table.
    pub root: [u8; 32],
    /// When its trust list was issued.
    pub trust_list_issued_at: UnixTime,
    /// The newest production time seen for each status list, by its URI.
    pub status_lists: BTreeMap<String, UnixTime>,
}
