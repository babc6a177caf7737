//! The version of the file's layout, and the way from an earlier one to this.

use symbolon_crypto::Randomness;
use symbolon_store::{Batch, Store};
use symbolon_wallet_core::{Person, PersonId};

use crate::data_key::WrapDataKey;
use crate::error::{OpenWalletError, not_committed};
use crate::file::put_person;
use crate::part::{CHECK, HEADER, OpenPart, Part, VALUES, WRAPPED_KEY, schema_key};

/// The version of the layout described in this crate's documentation.
pub const SCHEMA_VERSION: u32 = 2;

/// What layout a file has.
pub(crate) enum Schema {
    /// None: it is new.
    Absent,
    /// The first, which had one person.
    First,
    /// This version's.
    Current,
}

pub(crate) fn read_schema(store: &Store) -> Result<Schema, OpenWalletError> {
    let Some(written) = store.get(&schema_key()?)? else {
        return Ok(Schema::Absent);
    };
    let written = written.as_slice();
    match u32::from_be_bytes(written.try_into().map_err(|_| OpenWalletError::Damaged)?) {
        1 => Ok(Schema::First),
        SCHEMA_VERSION => Ok(Schema::Current),
        found if found > SCHEMA_VERSION => Err(OpenWalletError::NewerVersion {
            found,
            supported: SCHEMA_VERSION,
        }),
        _ => Err(OpenWalletError::Damaged),
    }
}

/// Makes a file of the first layout one of this: what it holds becomes the first person's, under the same data key and the same lock,
/// and the list of people begins with them. All in one commit; returns the list.
pub(crate) fn from_first_layout(
    store: &Store,
    device: &dyn WrapDataKey,
    randomness: &dyn Randomness,
) -> Result<OpenPart, OpenWalletError> {
    // Where the list of people stands now, the first layout had the one person's wallet. It is opened before anything is written: under
    // a wrong key, the new list would be one that nobody can open.
    let only = OpenPart::open(Part::People, store, device)?.ok_or(OpenWalletError::Damaged)?;
    let first = Part::Wallet(PersonId::FIRST).tenant()?;
    let mut batch = Batch::new()
        .require_equals(schema_key()?, 1_u32.to_be_bytes().to_vec())
        .require_equals(only.tenant.key(HEADER, WRAPPED_KEY), only.wrapped.clone())
        .require_absent(first.key(HEADER, WRAPPED_KEY))
        .put(first.key(HEADER, WRAPPED_KEY), only.wrapped)
        .put(first.key(HEADER, CHECK), only.check);
    for entry in store.scan(&only.tenant, VALUES, b"", None, usize::MAX)? {
        batch = batch
            .delete(only.tenant.key(VALUES, &entry.suffix))
            .put(first.key(VALUES, &entry.suffix), entry.value);
    }
    let (key, sealer, check) = crate::part::fresh(randomness)?;
    let wrapped = device.wrap(&key)?;
    let people = OpenPart {
        tenant: only.tenant,
        key,
        sealer,
        wrapped,
        check,
    };
    let batch = batch
        .put(people.tenant.key(HEADER, WRAPPED_KEY), people.wrapped.clone())
        .put(people.tenant.key(HEADER, CHECK), people.check.clone())
        .put(schema_key()?, SCHEMA_VERSION.to_be_bytes().to_vec());
    let batch = put_person(batch, &people, &Person::first(), randomness)?;
    store.commit(batch).map_err(not_committed)?;
    Ok(people)
}
