//! The file with the wallets of several people.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use symbolon_crypto::{Randomness, UnixTime};
use symbolon_store::{Batch, Store};
use symbolon_wallet_core::record::{decode, encode};
use symbolon_wallet_core::{Person, PersonId, PersonName};

use crate::data_key::WrapDataKey;
use crate::error::{MAX_PEOPLE, OpenWalletError, not_committed, unreadable};
use crate::layout::{SCHEMA_VERSION, Schema, from_first_layout, read_schema};
use crate::part::{CHECK, HEADER, OpenPart, Part, VALUES, WRAPPED_KEY, schema_key};
use crate::seal::Kind;
use crate::store::{EncryptedStore, SealedStore};

/// One file with the wallets of several people, each under a lock of its own. Clones share it; the last one, of it and of the stores
/// that it opened, closes it.
#[derive(Clone)]
pub struct WalletFile {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    randomness: Arc<dyn Randomness>,
    state: Mutex<State>,
}

/// What changes while the file is open.
pub(crate) struct State {
    /// The list of people.
    pub(crate) people: OpenPart,
    /// The wallets that are unlocked, as long as somebody uses them.
    pub(crate) unlocked: BTreeMap<PersonId, Weak<SealedStore>>,
}

impl WalletFile {
    /// Opens the file at `path`, creating it (mode 0600) with the wallet of the first person when absent. The folder must exist.
    /// `device` guards the list of people, and in a new file the first person's wallet too.
    ///
    /// A file of an earlier layout becomes one of this layout, in one commit.
    ///
    /// # Errors
    /// [`OpenWalletError`]. Nothing is changed then; [`OpenWalletError::Locked`] asks for the person, and another try.
    pub fn open(
        path: &Path,
        device: &dyn WrapDataKey,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, OpenWalletError> {
        // A wallet is small, and a phone's flash is old: what is damaged is found now, as an error.
        Self::open_in(Store::open_checked(path)?, device, randomness)
    }

    /// Opens the file in a store that is already open, for storage of the caller's own.
    ///
    /// # Errors
    /// As [`WalletFile::open`].
    pub fn open_in(
        store: Store,
        device: &dyn WrapDataKey,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, OpenWalletError> {
        let people = match read_schema(&store)? {
            Schema::Current => {
                OpenPart::open(Part::People, &store, device)?.ok_or(OpenWalletError::Damaged)?
            }
            Schema::First => from_first_layout(&store, device, randomness.as_ref())?,
            Schema::Absent => created(&store, device, randomness.as_ref())?,
        };
        let state = State {
            people,
            unlocked: BTreeMap::new(),
        };
        Ok(Self {
            shared: Arc::new(Shared {
                store,
                randomness,
                state: Mutex::new(state),
            }),
        })
    }

    /// The people whose wallets are in the file, the first one first. It says nothing of what they hold.
    ///
    /// # Errors
    /// [`OpenWalletError`] when the list is damaged.
    pub fn people(&self) -> Result<Vec<Person>, OpenWalletError> {
        self.listed(&self.state())
    }

    /// Makes a wallet for another person, under a lock of its own.
    ///
    /// # Errors
    /// [`OpenWalletError::NameTaken`], [`OpenWalletError::TooManyPeople`]; and when the lock cannot be used.
    pub fn add_person(
        &self,
        name: PersonName,
        lock: &dyn WrapDataKey,
        now: UnixTime,
    ) -> Result<PersonId, OpenWalletError> {
        let state = self.state();
        let people = self.listed(&state)?;
        if people.len() >= MAX_PEOPLE {
            return Err(OpenWalletError::TooManyPeople);
        }
        is_free(&people, &name, None)?;
        let id = PersonId::make(self.randomness())
            .map_err(|_| OpenWalletError::Wrap(crate::data_key::WrapError::Unavailable))?;
        let person = Person {
            id,
            name: Some(name),
            added: Some(now),
        };
        let (_, batch) = OpenPart::create(Part::Wallet(id), lock, self.randomness(), Batch::new())?;
        let batch = put_person(batch, &state.people, &person, self.randomness())?;
        self.shared.store.commit(batch).map_err(not_committed)?;
        Ok(id)
    }

    /// Gives a person another name.
    ///
    /// # Errors
    /// [`OpenWalletError::NoSuchPerson`], [`OpenWalletError::NameTaken`].
    pub fn name_person(&self, id: PersonId, name: PersonName) -> Result<(), OpenWalletError> {
        let state = self.state();
        let people = self.listed(&state)?;
        is_free(&people, &name, Some(id))?;
        let found = people.into_iter().find(|person| person.id == id);
        let person = Person {
            name: Some(name),
            ..found.ok_or(OpenWalletError::NoSuchPerson)?
        };
        let batch = put_person(Batch::new(), &state.people, &person, self.randomness())?;
        self.shared.store.commit(batch).map_err(not_committed)
    }

    /// Removes a person with all that is theirs: credentials, keys in software, history. Nobody needs their lock for it, because one
    /// that was forgotten must not keep what it locks; an app asks whoever holds the phone before it does so. Keys of the platform's
    /// key store are the app's to delete, and what flash memory keeps is the platform's.
    ///
    /// # Errors
    /// [`OpenWalletError::FirstPerson`], who stays as long as the file; [`OpenWalletError::NoSuchPerson`]; and
    /// [`OpenWalletError::InUse`] when the person's wallet is unlocked.
    pub fn remove_person(&self, id: PersonId) -> Result<(), OpenWalletError> {
        if id == PersonId::FIRST {
            return Err(OpenWalletError::FirstPerson);
        }
        let mut state = self.state();
        if !self.listed(&state)?.iter().any(|person| person.id == id) {
            return Err(OpenWalletError::NoSuchPerson);
        }
        if state.unlocked.get(&id).and_then(Weak::upgrade).is_some() {
            return Err(OpenWalletError::InUse);
        }
        let tenant = Part::Wallet(id).tenant()?;
        let header = tenant.key(HEADER, WRAPPED_KEY);
        let wrapped = self.shared.store.get(&header).map_err(unreadable)?;
        // Batches are written in their order: once this one is, so is every one that somebody handed over and did not wait for.
        let still = Batch::new().require_equals(header, wrapped.ok_or(OpenWalletError::Damaged)?);
        self.shared.store.commit(still).map_err(not_committed)?;
        let name = state.people.sealer.name(Kind::Person, id.as_bytes());
        let mut batch = Batch::new()
            .delete(state.people.tenant.key(VALUES, &name))
            .delete(tenant.key(HEADER, WRAPPED_KEY))
            .delete(tenant.key(HEADER, CHECK));
        let values = self.shared.store.scan(&tenant, VALUES, b"", None, usize::MAX);
        for entry in values.map_err(unreadable)? {
            batch = batch.delete(tenant.key(VALUES, &entry.suffix));
        }
        self.shared.store.commit(batch).map_err(not_committed)?;
        state.unlocked.remove(&id);
        Ok(())
    }

    /// Opens one person's wallet. It is locked again when the last clone of the store is dropped.
    ///
    /// # Errors
    /// [`OpenWalletError::NoSuchPerson`]; [`OpenWalletError::Locked`] and [`OpenWalletError::Wrap`] as the lock says.
    pub fn unlock(&self, id: PersonId, lock: &dyn WrapDataKey) -> Result<EncryptedStore, OpenWalletError> {
        let mut state = self.state();
        // The lock is asked also where the wallet is open: that somebody else opened it opens it for nobody.
        let opened = OpenPart::open(Part::Wallet(id), &self.shared.store, lock)?
            .ok_or(OpenWalletError::NoSuchPerson)?;
        if let Some(sealed) = state.unlocked.get(&id).and_then(Weak::upgrade) {
            return Ok(EncryptedStore { sealed });
        }
        let sealed = Arc::new(SealedStore::new(
            self.shared.store.clone(),
            id,
            opened,
            Arc::clone(&self.shared.randomness),
        ));
        state.unlocked.insert(id, Arc::downgrade(&sealed));
        Ok(EncryptedStore { sealed })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // What is in it is replaced whole, so a panic elsewhere leaves it usable.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    pub(crate) fn randomness(&self) -> &dyn Randomness {
        self.shared.randomness.as_ref()
    }

    fn listed(&self, state: &State) -> Result<Vec<Person>, OpenWalletError> {
        let part = &state.people;
        let prefix = part.sealer.prefix(Kind::Person);
        // One more than there can be, so that a list that somebody made longer is noticed and not read to its end.
        let entries = self
            .shared
            .store
            .scan(&part.tenant, VALUES, &prefix, None, MAX_PEOPLE + 1)
            .map_err(unreadable)?;
        if entries.len() > MAX_PEOPLE {
            return Err(OpenWalletError::Damaged);
        }
        let mut people = entries
            .iter()
            .map(|entry| {
                let written = part.sealer.open(&entry.suffix, &entry.value)?;
                Ok(decode::<Person>(&written).map_err(symbolon_wallet_core::StoreError::from)?)
            })
            .collect::<Result<Vec<_>, OpenWalletError>>()?;
        people.sort_by_key(|person| (person.added, person.id));
        Ok(people)
    }
}

/// A new file: the list of people, and the wallet of the first.
fn created(
    store: &Store,
    device: &dyn WrapDataKey,
    randomness: &dyn Randomness,
) -> Result<OpenPart, OpenWalletError> {
    let batch = Batch::new()
        .require_absent(schema_key()?)
        .put(schema_key()?, SCHEMA_VERSION.to_be_bytes().to_vec());
    let (people, batch) = OpenPart::create(Part::People, device, randomness, batch)?;
    let (_, batch) = OpenPart::create(Part::Wallet(PersonId::FIRST), device, randomness, batch)?;
    let batch = put_person(batch, &people, &Person::first(), randomness)?;
    store.commit(batch).map_err(not_committed)?;
    Ok(people)
}

pub(crate) fn put_person(
    batch: Batch,
    people: &OpenPart,
    person: &Person,
    randomness: &dyn Randomness,
) -> Result<Batch, OpenWalletError> {
    let name = people.sealer.name(Kind::Person, person.id.as_bytes());
    let written = encode(person).map_err(symbolon_wallet_core::StoreError::from)?;
    let sealed = people.sealer.seal(&name, &written, randomness)?;
    Ok(batch.put(people.tenant.key(VALUES, &name), sealed))
}

fn is_free(people: &[Person], name: &PersonName, except: Option<PersonId>) -> Result<(), OpenWalletError> {
    let is_taken = people
        .iter()
        .any(|person| Some(person.id) != except && person.name.as_ref() == Some(name));
    if is_taken {
        Err(OpenWalletError::NameTaken)
    } else {
        Ok(())
    }
}
