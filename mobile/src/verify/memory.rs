//! Which packs were accepted, in a file that survives a power cut.

use std::path::Path;

use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_store::{Batch, Key, Space, Store, Tenant};
use symbolon_trust::pack::{LastSeen, Pack, PackError};
use symbolon_trust::trust_list::RootOfTrust;

use super::VerifierError;

/// What is remembered of the packs that were accepted.
pub(super) struct PackMemory {
    store: Store,
    key: Key,
}

impl PackMemory {
    pub(super) fn open(path: &Path) -> Result<Self, VerifierError> {
        let tenant = Tenant::parse(TENANT).map_err(|_| VerifierError::Memory)?;
        Ok(Self {
            store: Store::open(path).map_err(|_| VerifierError::Memory)?,
            key: tenant.key(LAST_SEEN, LAST_SEEN_KEY),
        })
    }

    /// Opens a pack against what is remembered, and remembers it.
    pub(super) fn accept<'a>(
        &self,
        bytes: &'a [u8],
        root: &RootOfTrust,
        now: UnixTime,
    ) -> Result<Pack<'a>, VerifierError> {
        let remembered = self.store.get(&self.key).map_err(|_| VerifierError::Memory)?;
        let last: Option<LastSeen> = match &remembered {
            None => None,
            Some(bytes) => Some(serde_json::from_slice(bytes).map_err(|_| VerifierError::Memory)?),
        };
        let pack = Pack::open(bytes, root, &RustCryptoProvider, now, last.as_ref())?;
        let seen = pack.last_seen(last.as_ref());
        if last.as_ref() != Some(&seen) {
            let value = serde_json::to_vec(&seen).map_err(|_| VerifierError::Memory)?;
            let batch = Batch::new().put(self.key.clone(), value);
            self.store.commit(batch).map_err(|_| VerifierError::Memory)?;
        }
        Ok(pack)
    }

    /// Opens a pack that was accepted before: it may have expired since.
    pub(super) fn open_again<'a>(
        &self,
        bytes: &'a [u8],
        root: &RootOfTrust,
        now: UnixTime,
    ) -> Result<Pack<'a>, PackError> {
        Pack::open(bytes, root, &RustCryptoProvider, now, None)
    }
}

const TENANT: &str = "verifier";
const LAST_SEEN: Space = Space::new("last-pack");
const LAST_SEEN_KEY: &str = "accepted";
