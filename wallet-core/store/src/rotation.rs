//! New keys for what is there: another data key, or another lock.
//!
//! Both are one commit, so that whoever dies in between finds the file as it was or as it is meant to be. What was written under an old key
//! is gone from the file's tables; what flash memory keeps of it is the platform's, and a copy of the file that somebody made before opens as
//! it did then.

use std::sync::Weak;

use symbolon_store::Batch;
use symbolon_wallet_core::record::{
    Flow, HeldCredential, HistoryEntry, KnownStatus, Refusal, Reissue, decode,
};
use symbolon_wallet_core::{Person, StoreError};

use crate::data_key::WrapDataKey;
use crate::error::{OpenWalletError, not_committed};
use crate::file::WalletFile;
use crate::keys::software_key_handle;
use crate::part::{CHECK, HEADER, OpenPart, Part, VALUES, WRAPPED_KEY, fresh};
use crate::seal::Kind;

impl WalletFile {
    /// Seals all that a part holds under a fresh data key, which `lock` wraps.
    ///
    /// # Errors
    /// [`OpenWalletError::InUse`] when the person's wallet is unlocked; [`OpenWalletError::Damaged`] when a value does not open. Nothing
    /// was changed then.
    pub fn rotate_data_key(&self, part: Part, lock: &dyn WrapDataKey) -> Result<(), OpenWalletError> {
        let mut state = self.state();
        if let Part::Wallet(person) = part
            && state.unlocked.get(&person).and_then(Weak::upgrade).is_some()
        {
            return Err(OpenWalletError::InUse);
        }
        let old = self.opened(part, lock)?;
        // Batches are written in their order: once this one is, so is every one that somebody handed over and did not wait for.
        let still = Batch::new().require_equals(old.tenant.key(HEADER, CHECK), old.check.clone());
        self.store().commit(still).map_err(not_committed)?;
        let (key, sealer, check) = fresh(self.randomness())?;
        let new = OpenPart {
            tenant: part.tenant()?,
            wrapped: lock.wrap(&key)?,
            key,
            sealer,
            check,
        };
        let batch = Batch::new()
            .require_equals(new.tenant.key(HEADER, WRAPPED_KEY), old.wrapped.clone())
            .put(new.tenant.key(HEADER, WRAPPED_KEY), new.wrapped.clone())
            .put(new.tenant.key(HEADER, CHECK), new.check.clone());
        let batch = self.sealed_anew(&old, &new, batch)?;
        self.store().commit(batch).map_err(not_committed)?;
        if part == Part::People {
            state.people = new;
        }
        Ok(())
    }

    /// Puts parts under another lock, all of them in one commit. The data keys stay, so wallets that are unlocked stay so.
    ///
    /// # Errors
    /// [`OpenWalletError::Wrap`] when one of them is not under `old`; nothing was changed then.
    pub fn change_lock(
        &self,
        parts: &[Part],
        old: &dyn WrapDataKey,
        new: &dyn WrapDataKey,
    ) -> Result<(), OpenWalletError> {
        let _state = self.state();
        let mut batch = Batch::new();
        for part in parts {
            let opened = self.opened(*part, old)?;
            let place = opened.tenant.key(HEADER, WRAPPED_KEY);
            let wrapped = new.wrap(&opened.key)?;
            batch = batch
                .require_equals(place.clone(), opened.wrapped)
                .put(place, wrapped);
        }
        self.store().commit(batch).map_err(not_committed)
    }

    fn opened(&self, part: Part, lock: &dyn WrapDataKey) -> Result<OpenPart, OpenWalletError> {
        OpenPart::open(part, self.store(), lock)?.ok_or(OpenWalletError::NoSuchPerson)
    }

    fn sealed_anew(
        &self,
        old: &OpenPart,
        new: &OpenPart,
        mut batch: Batch,
    ) -> Result<Batch, OpenWalletError> {
        let snapshot = self.store().snapshot()?;
        let all = snapshot.scan(&old.tenant, VALUES, b"", None, usize::MAX)?;
        let mut left = all.len();
        for kind in Kind::STORED {
            let prefix = old.sealer.prefix(kind);
            for entry in all.iter().filter(|entry| entry.suffix.starts_with(&prefix)) {
                let value = old.sealer.open(&entry.suffix, &entry.value)?;
                // A name is a keyed hash, so it is made anew of the identifier that the value repeats.
                let name = new.sealer.name(kind, &identifier(kind, &value)?);
                let sealed = new.sealer.seal(&name, &value, self.randomness())?;
                batch = batch
                    .delete(old.tenant.key(VALUES, &entry.suffix))
                    .put(new.tenant.key(VALUES, &name), sealed);
                left = left.saturating_sub(1);
            }
        }
        // What is of no kind would be lost with the key that it was sealed under.
        if left == 0 {
            Ok(batch)
        } else {
            Err(OpenWalletError::Damaged)
        }
    }
}

/// What the value of this kind is named by.
fn identifier(kind: Kind, value: &[u8]) -> Result<Vec<u8>, StoreError> {
    Ok(match kind {
        Kind::Flow => decode::<Flow>(value)?.id.as_bytes().to_vec(),
        Kind::Credential => decode::<HeldCredential>(value)?.id.as_bytes().to_vec(),
        Kind::History => decode::<HistoryEntry>(value)?.id.as_bytes().to_vec(),
        Kind::Person => decode::<Person>(value)?.id.as_bytes().to_vec(),
        Kind::Status => decode::<KnownStatus>(value)?.credential.as_bytes().to_vec(),
        Kind::Refusal => decode::<Refusal>(value)?.id.as_bytes().to_vec(),
        Kind::Reissue => decode::<Reissue>(value)?.id.as_bytes().to_vec(),
        Kind::SoftwareKey => software_key_handle(value).ok_or(StoreError::Damaged)?.to_vec(),
        Kind::Check => return Err(StoreError::Damaged),
    })
}
