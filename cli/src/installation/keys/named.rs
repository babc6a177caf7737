//! Keys that the configuration names by their file, and that are none of the installation's own purposes.

use std::path::Path;
use std::sync::Arc;

use symbolon_crypto::signing::{KeyHandle, SoftwareKey};
use symbolon_crypto::{CryptoProvider, SecretKey};

use super::vault::{self, KEY_FORM};
use super::{KeyFileError, KeyFolder};
use crate::installation::passphrase::check_private;

impl KeyFolder {
    /// Reads the secret key of a file, which its owner alone may read. A file of this folder whose key was moved into the sealed file
    /// is found there.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read_key_file(
        &self,
        path: &Path,
        handle: KeyHandle,
        provider: &Arc<dyn CryptoProvider>,
    ) -> Result<SoftwareKey, KeyFileError> {
        let wrong = || KeyFileError::Content {
            path: path.to_owned(),
            expected: KEY_FORM.expected,
        };
        let der = match (&self.vault, self.name_of(path)) {
            (Some(vault), Some(name)) if !path.exists() => vault.secrets()?.remove(name).ok_or_else(wrong)?,
            _ => {
                let private = check_private(path).map_err(|source| KeyFileError::File {
                    path: path.to_owned(),
                    source,
                })?;
                if !private {
                    return Err(KeyFileError::Readable(path.to_owned()));
                }
                vault::read_plain_file(path, KEY_FORM)?
            }
        };
        let key = SecretKey::from_pkcs8_der(&der).map_err(|_| wrong())?;
        Ok(SoftwareKey::new(handle, key, Arc::clone(provider)))
    }

    /// Writes a secret key to a file that its owner alone may read.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write_key_file(&self, path: &Path, key: &SecretKey) -> Result<(), KeyFileError> {
        let der = key.to_pkcs8_der().map_err(|_| KeyFileError::Content {
            path: path.to_owned(),
            expected: KEY_FORM.expected,
        })?;
        vault::write_plain_file(path, KEY_FORM, &der)
    }

    /// Under which name a file of this folder is in the sealed file.
    fn name_of<'a>(&self, path: &'a Path) -> Option<&'a str> {
        let folder = path.parent()?.canonicalize().ok()?;
        if folder != self.path.canonicalize().ok()? {
            return None;
        }
        path.file_name()?.to_str()?.strip_suffix(KEY_FORM.suffix)
    }
}
