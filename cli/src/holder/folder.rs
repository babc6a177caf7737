//! The folder of a wallet: the file with the people's wallets, and the key beside it that locks the first one's.
//!
//! A phone has its platform's key store for that key. Here it is in a file that the owner alone may read. Other people's wallets are locked
//! with passphrases.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use symbolon_crypto::Randomness;
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_wallet_core::{Person, PersonId, PersonName};
use symbolon_wallet_store::{
    EncryptedStore, OpenWalletError, Part, PassphraseLock, SoftwareWrappingKey, WalletFile, WrapError,
};
use zeroize::Zeroizing;

use crate::edge::{self, SystemRandomness};
use crate::installation::files::create_private_folder;
use crate::installation::keys::{read_secret, write_secret};
use crate::installation::passphrase::PassphraseSource;

const WRAPPING_KEY: &str = "wrapping-key.pem";
/// The key that takes the place of the other one, as long as it is not known which of the two the file is under.
const NEXT_WRAPPING_KEY: &str = "wrapping-key.next.pem";
const WRAPPING_KEY_TAG: &str = "SYMBOLON WALLET KEY";
const STORE: &str = "wallet.redb";
/// What the headless wallet keeps, sealed under the key of this folder.
pub const DOCUMENTS: &str = "documents.redb";

/// An open folder.
pub struct WalletFolder {
    path: PathBuf,
    file: WalletFile,
    key: SymmetricKey,
}

impl WalletFolder {
    /// Opens the folder, and makes it where there is none.
    ///
    /// # Errors
    /// Files that cannot be read or written, a wallet that is open elsewhere or damaged.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        create_private_folder(path)
            .with_context(|| format!("cannot make the wallet's folder {}", path.display()))?;
        let key = wrapping_key(path)?;
        let opened = open_under(path, &key);
        let next = path.join(NEXT_WRAPPING_KEY);
        let (file, key) = match opened {
            // Whoever replaced the key died: the file says which of the two it is under.
            Err(OpenWalletError::Wrap(WrapError::NotOurs)) if next.exists() => {
                let key = read_secret(&next, WRAPPING_KEY_TAG)?;
                let file = open_under(path, &key).with_context(|| cannot_open(path))?;
                fs::rename(&next, path.join(WRAPPING_KEY)).context("cannot put the new key in its place")?;
                (file, key)
            }
            opened => {
                let file = opened.with_context(|| cannot_open(path))?;
                if next.exists() {
                    fs::remove_file(&next).context("cannot remove a key that is under nothing")?;
                }
                (file, key)
            }
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            key,
        })
    }

    /// The key of the folder.
    #[must_use]
    pub const fn key(&self) -> &SymmetricKey {
        &self.key
    }

    /// Who is in the folder.
    ///
    /// # Errors
    /// A list that is damaged.
    pub fn people(&self) -> anyhow::Result<Vec<Person>> {
        Ok(self.file.people()?)
    }

    /// The person of this name or identifier; the first one where none is given.
    ///
    /// # Errors
    /// When nobody is called so.
    pub fn person(&self, named: Option<&str>) -> anyhow::Result<PersonId> {
        let Some(named) = named else {
            return Ok(PersonId::FIRST);
        };
        let people = self.file.people()?;
        let found = people.iter().find(|person| {
            person.id.to_string() == named || person.name.as_ref().is_some_and(|name| name.as_str() == named)
        });
        found
            .map(|person| person.id)
            .ok_or_else(|| anyhow!("nobody in this wallet is called so; see `symbolon wallet person list`"))
    }

    /// Opens a person's wallet: the first one's with the key of the folder, any other's with their passphrase.
    ///
    /// # Errors
    /// A passphrase that is missing or wrong, a wallet that is damaged.
    pub fn unlock(&self, person: PersonId, passphrase: &PassphraseSource) -> anyhow::Result<EncryptedStore> {
        let store = if person == PersonId::FIRST {
            self.file.unlock(person, &locked_with(&self.key))
        } else {
            let passphrase = passphrase.read()?;
            let lock = PassphraseLock::new(&passphrase, &SystemRandomness);
            self.file.unlock(person, &lock)
        };
        store.map_err(|error| match error {
            OpenWalletError::Wrap(WrapError::NotOurs) => {
                anyhow!("the passphrase of this person's wallet is wrong")
            }
            other => other.into(),
        })
    }

    /// Opens the wallet of the first person.
    ///
    /// # Errors
    /// As [`WalletFolder::unlock`].
    pub fn first(&self) -> anyhow::Result<EncryptedStore> {
        Ok(self.file.unlock(PersonId::FIRST, &locked_with(&self.key))?)
    }

    /// Where what belongs to a person stands beside the store.
    #[must_use]
    pub fn path_of(&self, person: PersonId) -> PathBuf {
        if person == PersonId::FIRST {
            self.path.clone()
        } else {
            self.path.join("people").join(person.to_string())
        }
    }

    /// Makes a wallet for another person.
    ///
    /// # Errors
    /// A name that is taken, a passphrase that is missing.
    pub fn add(&self, name: PersonName, passphrase: &PassphraseSource) -> anyhow::Result<PersonId> {
        let passphrase = passphrase.read_new()?;
        let lock = PassphraseLock::new(&passphrase, &SystemRandomness);
        Ok(self.file.add_person(name, &lock, edge::system_time())?)
    }

    /// Calls a person otherwise.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn rename(&self, person: PersonId, name: PersonName) -> anyhow::Result<()> {
        Ok(self.file.name_person(person, name)?)
    }

    /// Locks a person's wallet with another passphrase.
    ///
    /// # Errors
    /// The first person, whose wallet is under the key of the folder; a passphrase that is missing or wrong.
    pub fn change_passphrase(
        &self,
        person: PersonId,
        old: &PassphraseSource,
        new: &PassphraseSource,
    ) -> anyhow::Result<()> {
        if person == PersonId::FIRST {
            bail!(
                "the first person's wallet opens with the key of the folder; see `symbolon wallet rotate --wrapping-key`"
            );
        }
        // Before anybody is asked for a new one.
        drop(self.unlock(person, old)?);
        let (old, new) = (old.read()?, new.read_new()?);
        let old = PassphraseLock::new(&old, &SystemRandomness);
        let new = PassphraseLock::new(&new, &SystemRandomness);
        Ok(self.file.change_lock(&[Part::Wallet(person)], &old, &new)?)
    }

    /// Removes a person with all that is theirs.
    ///
    /// # Errors
    /// The first person; files that cannot be removed.
    pub fn remove(&self, person: PersonId) -> anyhow::Result<()> {
        self.file.remove_person(person)?;
        match fs::remove_dir_all(self.path_of(person)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).context("cannot remove what stands beside the store")
            }
            _ => Ok(()),
        }
    }

    /// Seals what a person holds under a new data key, and with the first person's the list of people.
    ///
    /// # Errors
    /// A passphrase that is missing or wrong, a wallet that is damaged.
    pub fn rotate(&self, person: PersonId, passphrase: &PassphraseSource) -> anyhow::Result<()> {
        if person == PersonId::FIRST {
            let lock = locked_with(&self.key);
            self.file.rotate_data_key(Part::Wallet(person), &lock)?;
            return Ok(self.file.rotate_data_key(Part::People, &lock)?);
        }
        let passphrase = passphrase.read()?;
        let lock = PassphraseLock::new(&passphrase, &SystemRandomness);
        Ok(self.file.rotate_data_key(Part::Wallet(person), &lock)?)
    }

    /// Replaces the key of the folder. Whoever dies in between finds both keys, and the file under one of them.
    ///
    /// # Errors
    /// Files that cannot be written; and where the headless wallet keeps something under the key.
    pub fn replace_key(self) -> anyhow::Result<Self> {
        if self.path.join(DOCUMENTS).exists() {
            bail!(
                "the headless wallet keeps documents in this folder that are sealed under the key: export and remove {DOCUMENTS} first"
            );
        }
        let new = SymmetricKey::make(&SystemRandomness)?;
        let next = self.path.join(NEXT_WRAPPING_KEY);
        write_secret(&next, WRAPPING_KEY_TAG, &new)?;
        let parts = [Part::People, Part::Wallet(PersonId::FIRST)];
        self.file
            .change_lock(&parts, &locked_with(&self.key), &locked_with(&new))?;
        fs::rename(&next, self.path.join(WRAPPING_KEY)).context("cannot put the new key in its place")?;
        Ok(Self { key: new, ..self })
    }
}

fn cannot_open(path: &Path) -> String {
    format!("cannot open the wallet in {}", path.display())
}

fn open_under(path: &Path, key: &SymmetricKey) -> Result<WalletFile, OpenWalletError> {
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    WalletFile::open(&path.join(STORE), &locked_with(key), randomness)
}

fn locked_with(key: &SymmetricKey) -> SoftwareWrappingKey<'static> {
    SoftwareWrappingKey::new(&Zeroizing::new(*key.as_bytes()), &SystemRandomness)
}

fn wrapping_key(folder: &Path) -> anyhow::Result<SymmetricKey> {
    let path = folder.join(WRAPPING_KEY);
    if path.exists() {
        return Ok(read_secret(&path, WRAPPING_KEY_TAG)?);
    }
    if folder.join(STORE).exists() {
        bail!(
            "{} is missing, and without it the wallet beside it cannot be opened",
            path.display()
        );
    }
    let key = SymmetricKey::make(&SystemRandomness)?;
    write_secret(&path, WRAPPING_KEY_TAG, &key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::installation::files::{Readers, write_atomically};

    fn passphrase(folder: &Path, text: &str) -> PassphraseSource {
        let path = folder.join("passphrase");
        write_atomically(&path, text.as_bytes(), Readers::Owner).unwrap();
        PassphraseSource::new(Some(path), "SYMBOLON_NO_SUCH_VARIABLE", "wallet")
    }

    #[test]
    fn people_have_wallets_of_their_own_and_the_first_ones_opens_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet");
        let opened = WalletFolder::open(&path).unwrap();
        let right = passphrase(folder.path(), "correct horse");
        let binta = opened.add("Binta".parse().unwrap(), &right).unwrap();
        assert_eq!(opened.person(None).unwrap(), PersonId::FIRST);
        assert_eq!(opened.person(Some("Binta")).unwrap(), binta);
        assert_eq!(opened.person(Some(&binta.to_string())).unwrap(), binta);
        assert!(opened.person(Some("Amina")).is_err());
        assert!(opened.unlock(binta, &right).is_ok());
        opened.rotate(binta, &right).unwrap();
        let wrong = passphrase(folder.path(), "incorrect horse");
        assert!(opened.unlock(binta, &wrong).is_err());
        assert!(opened.rotate(binta, &wrong).is_err());
        assert!(opened.first().is_ok());
        assert_eq!(opened.people().unwrap().len(), 2);
    }

    #[test]
    fn a_lock_is_changed_by_whoever_has_it_and_a_person_is_removed_with_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let opened = WalletFolder::open(&folder.path().join("wallet")).unwrap();
        let old = passphrase(folder.path(), "correct horse");
        let binta = opened.add("Binta".parse().unwrap(), &old).unwrap();
        let next = folder.path().join("next");
        create_private_folder(&next).unwrap();
        let new = passphrase(&next, "battery staple");
        assert!(opened.change_passphrase(binta, &new, &new).is_err());
        assert!(opened.change_passphrase(PersonId::FIRST, &old, &new).is_err());
        opened.change_passphrase(binta, &old, &new).unwrap();
        assert!(opened.unlock(binta, &old).is_err());
        assert!(opened.unlock(binta, &new).is_ok());
        let beside = opened.path_of(binta);
        fs::create_dir_all(&beside).unwrap();
        assert!(opened.remove(PersonId::FIRST).is_err());
        opened.remove(binta).unwrap();
        assert!(!beside.exists());
        assert_eq!(opened.people().unwrap().len(), 1);
    }

    #[test]
    fn a_key_that_is_replaced_leaves_the_wallet_open_wherever_it_stops() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let old = fs::read({
            drop(WalletFolder::open(path).unwrap());
            path.join(WRAPPING_KEY)
        })
        .unwrap();
        // Before the file is changed: the new key is under nothing.
        write_secret(
            &path.join(NEXT_WRAPPING_KEY),
            WRAPPING_KEY_TAG,
            &SymmetricKey::make(&SystemRandomness).unwrap(),
        )
        .unwrap();
        drop(WalletFolder::open(path).unwrap());
        assert!(!path.join(NEXT_WRAPPING_KEY).exists());
        assert_eq!(fs::read(path.join(WRAPPING_KEY)).unwrap(), old);
        // After it: the old key opens nothing.
        drop(WalletFolder::open(path).unwrap().replace_key().unwrap());
        let new = fs::read(path.join(WRAPPING_KEY)).unwrap();
        assert_ne!(new, old);
        fs::rename(path.join(WRAPPING_KEY), path.join(NEXT_WRAPPING_KEY)).unwrap();
        write_atomically(&path.join(WRAPPING_KEY), &old, Readers::Owner).unwrap();
        let opened = WalletFolder::open(path).unwrap();
        assert!(opened.first().is_ok());
        assert_eq!(fs::read(path.join(WRAPPING_KEY)).unwrap(), new);
        assert!(!path.join(NEXT_WRAPPING_KEY).exists());
    }

    #[test]
    fn the_key_is_not_replaced_under_documents_of_the_headless_wallet() {
        let folder = tempfile::tempdir().unwrap();
        let opened = WalletFolder::open(folder.path()).unwrap();
        fs::write(folder.path().join(DOCUMENTS), b"").unwrap();
        let old = fs::read(folder.path().join(WRAPPING_KEY)).unwrap();
        assert!(opened.replace_key().is_err());
        assert_eq!(fs::read(folder.path().join(WRAPPING_KEY)).unwrap(), old);
    }
}
