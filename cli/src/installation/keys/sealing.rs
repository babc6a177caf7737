//! Moving plain keys into a sealed file, so that a crash at any moment loses none.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use symbolon_crypto::Randomness;

use super::vault::{self, PlainSecret, Secrets, Vault};
use super::{KeyFileError, KeyFolder};
use crate::installation::passphrase::PassphraseSource;
use crate::installation::sealed::SealedPurpose;

impl KeyFolder {
    /// Moves every plain secret into a sealed file, and returns their names. The plain files go once the sealed file is
    /// durable and was read back; whoever was interrupted in between does it again. The passphrase of a new sealed file must open those
    /// of `others`, which an installation has one passphrase for.
    ///
    /// # Errors
    /// [`KeyFileError`]. No secret is lost: each is in its plain file, in the sealed file, or in both.
    pub fn seal(
        &self,
        source: &PassphraseSource,
        others: &[Self],
        randomness: &dyn Randomness,
    ) -> Result<Vec<String>, KeyFileError> {
        let plain = vault::plain_secrets(&self.path)?;
        let mut secrets = Secrets::new();
        for PlainSecret { name, secret, .. } in &plain {
            secrets.insert(name.clone(), secret.clone());
        }
        let vault = match &self.vault {
            Some(vault) => {
                let known = vault.secrets()?;
                for PlainSecret { name, path, secret } in &plain {
                    if known.get(name).is_some_and(|sealed| sealed != secret) {
                        return Err(KeyFileError::Contradiction(path.clone()));
                    }
                }
                vault.change(randomness, |sealed| sealed.append(&mut secrets))?;
                Arc::clone(vault)
            }
            None => {
                let passphrase = source.read_new()?;
                for other in others.iter().filter_map(|other| other.vault.as_ref()) {
                    other.check_passphrase(&passphrase)?;
                }
                let (purpose, source) = (SealedPurpose::InstallationKeys, source.clone());
                // In one write: were it empty for a moment, a crash would leave an installation without keys until this is run again.
                let vault = Vault::create(&self.path, purpose, source, &passphrase, &secrets, randomness)?;
                Arc::new(vault)
            }
        };
        let sealed = vault.secrets()?;
        for PlainSecret { name, path, secret } in &plain {
            if sealed.get(name) != Some(secret) {
                return Err(KeyFileError::Contradiction(path.clone()));
            }
        }
        for PlainSecret { path, .. } in &plain {
            vault::remove(path)?;
        }
        sync_folder(&self.path)?;
        Ok(plain.into_iter().map(|plain| plain.name).collect())
    }

    /// The names of plain secrets that stand beside a sealed file, where sealing was interrupted.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn left_in_the_clear(&self) -> Result<Vec<String>, KeyFileError> {
        if self.vault.is_none() {
            return Ok(Vec::new());
        }
        Ok(vault::plain_secrets(&self.path)?
            .into_iter()
            .map(|plain| plain.name)
            .collect())
    }
}

fn sync_folder(path: &Path) -> Result<(), KeyFileError> {
    fs::File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| KeyFileError::File {
            path: path.to_owned(),
            source,
        })
}
