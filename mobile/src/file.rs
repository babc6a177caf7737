//! The file with the wallets of the people of one phone.

use std::path::Path;
use std::sync::Arc;

use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::passphrase::Passphrase;
use symbolon_crypto::{CryptoProvider, RustCryptoProvider};
use symbolon_store::Store;
use symbolon_wallet_core as core;
use symbolon_wallet_core::{ObserveProgress, PersonId, PersonName, Silent};
use symbolon_wallet_store::{
    EncryptedStore, OpenWalletError, Part, PassphraseLock, SoftwareWrappingKey, WrapDataKey,
};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{Argument, WalletError};
use crate::ports::{
    DeviceLock, Observer, PlatformAttester, PlatformKeyAttester, PlatformKeys, PlatformLock, PlatformStorage,
    PlatformTransport, RandomSource, Randomness, Time, WalletClock, WalletStorage,
};
use crate::settings::{WalletPorts, WalletSettings};
use crate::wallet::Wallet;

/// One of the people whose credentials a phone keeps.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Person {
    /// The wallet's name for them: 32 hexadecimal digits.
    pub id: String,
    /// What to call them on this phone; absent for the person whose phone it is until they are given a name.
    pub name: Option<String>,
}

/// A part of the file, with a key and a lock of its own.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum WalletPart {
    /// The list of people.
    People,
    /// What one person holds.
    Wallet {
        /// Who.
        person: String,
    },
}

impl WalletPart {
    fn parse(self) -> Result<Part, WalletError> {
        match self {
            Self::People => Ok(Part::People),
            Self::Wallet { person } => Ok(Part::Wallet(person.parse()?)),
        }
    }
}

/// What opens a wallet.
#[derive(Clone, uniffi::Enum)]
pub enum PersonLock {
    /// A key of the platform.
    Device {
        /// It.
        lock: Arc<dyn DeviceLock>,
    },
    /// What a person knows, of 8 characters or more: for people whose wallet must not open with the phone's own key. Opening takes a good
    /// part of a second, so call from a thread that may wait.
    Passphrase {
        /// It.
        passphrase: String,
    },
    /// A key in software that the app keeps elsewhere: for back ends and tests. It protects a copied file, not a copied device.
    Software {
        /// Its 32 random bytes.
        key: Vec<u8>,
    },
}

/// The file with the wallets of one phone, each person's under a lock of their own. One process has it open at a time; it is closed when it
/// and every wallet that it opened are closed.
#[derive(uniffi::Object)]
pub struct WalletFile {
    file: symbolon_wallet_store::WalletFile,
    randomness: Arc<dyn symbolon_crypto::Randomness>,
}

#[uniffi::export]
impl WalletFile {
    /// Opens the file at `path`, and makes it with the wallet of the first person when absent; its folder must exist. `device` guards the list
    /// of people, and in a new file the first person's wallet too. Without `randomness` the operating system's is used.
    #[uniffi::constructor]
    pub fn open(
        path: String,
        device: PersonLock,
        randomness: Option<Arc<dyn RandomSource>>,
    ) -> Result<Arc<Self>, WalletError> {
        let randomness: Arc<dyn symbolon_crypto::Randomness> = Arc::new(Randomness(randomness));
        let file = device.with(randomness.as_ref(), |device| {
            Ok(symbolon_wallet_store::WalletFile::open(
                Path::new(&path),
                device,
                Arc::clone(&randomness),
            )?)
        })?;
        Ok(Arc::new(Self { file, randomness }))
    }

    /// The same in storage of the app's own. Opening reads all of it, so that what was damaged is found now.
    #[uniffi::constructor]
    pub fn open_in(
        storage: Arc<dyn WalletStorage>,
        device: PersonLock,
        randomness: Option<Arc<dyn RandomSource>>,
    ) -> Result<Arc<Self>, WalletError> {
        let randomness: Arc<dyn symbolon_crypto::Randomness> = Arc::new(Randomness(randomness));
        let store =
            Store::open_checked_with_backend(PlatformStorage(storage)).map_err(OpenWalletError::from)?;
        let file = device.with(randomness.as_ref(), |device| {
            let randomness = Arc::clone(&randomness);
            Ok(symbolon_wallet_store::WalletFile::open_in(
                store, device, randomness,
            )?)
        })?;
        Ok(Arc::new(Self { file, randomness }))
    }

    /// The people whose wallets are in the file, the first one first. It says nothing of what they hold.
    pub fn people(&self) -> Result<Vec<Person>, WalletError> {
        let people = self.file.people()?.into_iter();
        Ok(people.map(Person::from).collect())
    }

    /// The person whose wallet was there first: whoever the phone belongs to.
    #[must_use]
    pub fn first_person(&self) -> String {
        PersonId::FIRST.to_string()
    }

    /// Makes a wallet for another person under a lock of its own, and tells its identifier.
    pub fn add_person(
        &self,
        name: String,
        lock: PersonLock,
        clock: Option<Arc<dyn WalletClock>>,
    ) -> Result<String, WalletError> {
        let name = parse_name(&name)?;
        let now = Time(clock).for_wallet()?;
        lock.with(self.randomness.as_ref(), |lock| {
            Ok(self.file.add_person(name, lock, now)?.to_string())
        })
    }

    /// Gives a person another name.
    pub fn name_person(&self, person: String, name: String) -> Result<(), WalletError> {
        Ok(self.file.name_person(person.parse()?, parse_name(&name)?)?)
    }

    /// Removes a person with all that is theirs; the first person stays as long as the file. Nobody needs their lock for it, because one that
    /// was forgotten must not keep what it locks: ask whoever holds the phone first. Their wallet must be closed, and keys of the platform's
    /// key store are the app's to delete.
    pub fn remove_person(&self, person: String) -> Result<(), WalletError> {
        Ok(self.file.remove_person(person.parse()?)?)
    }

    /// Seals all that a part of the file holds under a fresh key, which `lock` guards: the lock that the part is under. A person's wallet
    /// must be closed. In one step: whoever dies in between finds the file as it was, or as it is meant to be.
    pub fn rotate_key(&self, part: WalletPart, lock: PersonLock) -> Result<(), WalletError> {
        let part = part.parse()?;
        lock.with(self.randomness.as_ref(), |lock| {
            Ok(self.file.rotate_data_key(part, lock)?)
        })
    }

    /// Puts parts of the file under another lock, all of them in one step. Wallets that are open stay open.
    pub fn change_lock(
        &self,
        parts: Vec<WalletPart>,
        old: PersonLock,
        new: PersonLock,
    ) -> Result<(), WalletError> {
        let parts = parts
            .into_iter()
            .map(WalletPart::parse)
            .collect::<Result<Vec<_>, _>>()?;
        let randomness = self.randomness.as_ref();
        old.with(randomness, |old| {
            new.with(randomness, |new| Ok(self.file.change_lock(&parts, old, new)?))
        })
    }

    /// Opens one person's wallet. It is locked again when it is closed. Call its `recover` before anything else.
    pub fn unlock(
        &self,
        person: String,
        lock: PersonLock,
        ports: WalletPorts,
        settings: WalletSettings,
    ) -> Result<Arc<Wallet>, WalletError> {
        let person: PersonId = person.parse()?;
        let setup = settings.parse()?;
        let store = lock.with(self.randomness.as_ref(), |lock| {
            Ok(self.file.unlock(person, lock)?)
        })?;
        let time = Time(ports.clock.clone());
        let attester = ports.attester.clone().map(PlatformAttester);
        let key_attester = ports.key_attester.clone().map(PlatformKeyAttester);
        let mut wallet = core::Wallet::new(self.core_ports(store, ports), setup.policy)
            .with_copies(setup.copies)
            .with_signed_metadata(setup.issuer_metadata);
        if let Some(client) = setup.client {
            wallet = wallet.with_client(core::WalletClient {
                attester: attester.map(|attester| Arc::new(attester) as _),
                ..client
            });
        }
        if let Some(key_attester) = key_attester {
            wallet = wallet.with_key_attester(Arc::new(key_attester));
        }
        Ok(Arc::new(Wallet::new(wallet, setup.languages, time, setup.urls)))
    }
}

impl WalletFile {
    fn core_ports(&self, store: EncryptedStore, ports: WalletPorts) -> core::Ports {
        let crypto: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
        let keys: Arc<dyn core::WalletKeys> = match ports.keys {
            Some(keys) => Arc::new(PlatformKeys(keys)),
            None => Arc::new(store.software_keys(Arc::clone(&crypto))),
        };
        let progress: Arc<dyn ObserveProgress> = match ports.progress {
            Some(observer) => Arc::new(Observer(observer)),
            None => Arc::new(Silent),
        };
        core::Ports {
            transport: Arc::new(PlatformTransport(ports.transport)),
            store: Arc::new(store),
            keys,
            crypto,
            encryption: Arc::new(PureJwe::new(&RustCryptoProvider)),
            randomness: Arc::clone(&self.randomness),
            // It would bring the whole of ssi into every app; credentials with Data Integrity proofs are not received without it.
            json_ld: None,
            progress,
        }
    }
}

impl PersonLock {
    /// Does something with the lock, and wipes what of it is secret.
    fn with<T>(
        self,
        randomness: &dyn symbolon_crypto::Randomness,
        act: impl FnOnce(&dyn WrapDataKey) -> Result<T, WalletError>,
    ) -> Result<T, WalletError> {
        match self {
            Self::Device { lock } => act(&PlatformLock(lock)),
            Self::Passphrase { passphrase } => {
                let passphrase = Passphrase::new(Zeroizing::new(passphrase))?;
                act(&PassphraseLock::new(&passphrase, randomness))
            }
            Self::Software { mut key } => {
                let bytes = <[u8; 32]>::try_from(key.as_slice()).map(Zeroizing::new);
                key.zeroize();
                let bytes = bytes.map_err(|_| WalletError::argument(Argument::LockKey))?;
                act(&SoftwareWrappingKey::new(&bytes, randomness))
            }
        }
    }
}

impl From<core::Person> for Person {
    fn from(person: core::Person) -> Self {
        Self {
            id: person.id.to_string(),
            name: person.name.map(String::from),
        }
    }
}

fn parse_name(name: &str) -> Result<PersonName, WalletError> {
    name.parse()
        .map_err(|_| WalletError::argument(Argument::PersonName))
}
