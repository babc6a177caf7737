//! The parts of the file, each sealed under a data key of its own: the list of people, and what each of them holds.

use symbolon_crypto::Randomness;
use symbolon_store::{Batch, Key, Space, Store, Tenant};
use symbolon_wallet_core::PersonId;

use crate::data_key::{DataKey, UnwrapOutcome, WrapDataKey};
use crate::error::OpenWalletError;
use crate::seal::{Kind, Sealer};

/// A part of the file with a data key and a lock of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Who has a wallet on this phone, and what they are called.
    People,
    /// What one person holds.
    Wallet(PersonId),
}

impl Part {
    /// Every key of the store begins with a tenant; each part is one.
    pub(crate) fn tenant(self) -> Result<Tenant, OpenWalletError> {
        match self {
            Self::People => Tenant::parse(PEOPLE),
            Self::Wallet(person) => Tenant::parse(&person.to_string()),
        }
        .map_err(|_| OpenWalletError::Damaged)
    }
}

/// A part whose data key is known.
pub(crate) struct OpenPart {
    pub(crate) tenant: Tenant,
    pub(crate) key: DataKey,
    pub(crate) sealer: Sealer,
    /// The data key as it is on disk.
    pub(crate) wrapped: Vec<u8>,
    /// The value that tells this data key from another one.
    pub(crate) check: Vec<u8>,
}

impl OpenPart {
    /// A part with a fresh data key, and the batch that writes it.
    pub(crate) fn create(
        part: Part,
        lock: &dyn WrapDataKey,
        randomness: &dyn Randomness,
        batch: Batch,
    ) -> Result<(Self, Batch), OpenWalletError> {
        let tenant = part.tenant()?;
        let (key, sealer, check) = fresh(randomness)?;
        let wrapped = lock.wrap(&key)?;
        let batch = batch
            .require_absent(tenant.key(HEADER, WRAPPED_KEY))
            .put(tenant.key(HEADER, WRAPPED_KEY), wrapped.clone())
            .put(tenant.key(HEADER, CHECK), check.clone());
        let created = Self {
            tenant,
            key,
            sealer,
            wrapped,
            check,
        };
        Ok((created, batch))
    }

    /// Opens a part; `None` when the file has none such.
    pub(crate) fn open(
        part: Part,
        store: &Store,
        lock: &dyn WrapDataKey,
    ) -> Result<Option<Self>, OpenWalletError> {
        let tenant = part.tenant()?;
        let snapshot = store.snapshot()?;
        let Some(wrapped) = snapshot.get(&tenant.key(HEADER, WRAPPED_KEY))? else {
            return Ok(None);
        };
        let check = snapshot
            .get(&tenant.key(HEADER, CHECK))?
            .ok_or(OpenWalletError::Damaged)?;
        let key = match lock.unwrap(&wrapped)? {
            UnwrapOutcome::Unwrapped(key) => key,
            UnwrapOutcome::Locked => return Err(OpenWalletError::Locked),
        };
        let sealer = Sealer::new(&key);
        // The port promises that it never unwraps to another key. If it does all the same, say so here, before every single
        // value looks damaged.
        sealer
            .open(&sealer.name(Kind::Check, b""), &check)
            .map_err(|_| OpenWalletError::WrongKey)?;
        Ok(Some(Self {
            tenant,
            key,
            sealer,
            wrapped,
            check,
        }))
    }
}

/// A fresh data key with its check.
pub(crate) fn fresh(randomness: &dyn Randomness) -> Result<(DataKey, Sealer, Vec<u8>), OpenWalletError> {
    let key = DataKey::make(randomness)?;
    let sealer = Sealer::new(&key);
    let check = sealer.seal(&sealer.name(Kind::Check, b""), b"", randomness)?;
    Ok((key, sealer, check))
}

/// The key of the schema's version, which is the file's and not one part's.
pub(crate) fn schema_key() -> Result<Key, OpenWalletError> {
    Ok(Part::People.tenant()?.key(HEADER, SCHEMA))
}

/// The tenant of the list of people; in the first layout that of the one person's wallet.
const PEOPLE: &str = "wallet";
/// What must be readable before the data key is known.
pub(crate) const HEADER: Space = Space::new("header");
/// Everything else, sealed.
pub(crate) const VALUES: Space = Space::new("values");
const SCHEMA: &str = "schema";
pub(crate) const WRAPPED_KEY: &str = "data key";
pub(crate) const CHECK: &str = "check";
