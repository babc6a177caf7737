//! Where passphrases come from: a file that the configuration names, an environment variable, or whoever sits at the
//! terminal. Never from the command line, which every process of the machine can read.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use symbolon_crypto::passphrase::{InvalidPassphrase, MAX_PASSPHRASE_BYTES, Passphrase};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::edge;

/// The environment variable with the passphrase of an installation's keys.
pub const KEY_PASSPHRASE: &str = "SYMBOLON_KEY_PASSPHRASE";
/// The environment variable with the passphrase of offline roots.
pub const ROOT_PASSPHRASE: &str = "SYMBOLON_ROOT_PASSPHRASE";
/// The environment variable with the passphrase of a backup.
pub const BACKUP_PASSPHRASE: &str = "SYMBOLON_BACKUP_PASSPHRASE";
/// The environment variable with the passphrase that a person's wallet is locked with.
pub const WALLET_LOCK_PASSPHRASE: &str = "SYMBOLON_WALLET_LOCK_PASSPHRASE";
/// The passphrase that a person's wallet is locked with from now on.
pub const WALLET_NEW_LOCK_PASSPHRASE: &str = "SYMBOLON_WALLET_NEW_LOCK_PASSPHRASE";
/// The environment variable with the passphrase of a wallet's backup.
pub const WALLET_BACKUP_PASSPHRASE: &str = "SYMBOLON_WALLET_BACKUP_PASSPHRASE";

/// Where one passphrase comes from: the first of the three that is there.
#[derive(Debug, Clone)]
pub struct PassphraseSource {
    file: Option<PathBuf>,
    variable: &'static str,
    what: &'static str,
}

/// Why there is no passphrase.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// The file cannot be read.
    #[error("cannot read the passphrase file {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Others can read the file.
    #[error("{path} holds a passphrase and must be readable by its owner alone: chmod 600 {path}")]
    Readable {
        /// The file.
        path: PathBuf,
    },
    /// More than one line, or not text.
    #[error("{path} must hold the passphrase and nothing else, on one line")]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// Too short or too long.
    #[error(transparent)]
    Invalid(#[from] InvalidPassphrase),
    /// Nothing names one, and nobody sits at a terminal.
    #[error(
        "a passphrase is needed for the {what}: name a passphrase file, set {variable}, or run this on a terminal"
    )]
    Missing {
        /// For what.
        what: &'static str,
        /// The variable that would hold it.
        variable: &'static str,
    },
    /// The terminal failed.
    #[error("the passphrase cannot be read from the terminal")]
    Terminal(#[source] io::Error),
    /// The two do not agree.
    #[error("the two passphrases differ; nothing was changed")]
    Differ,
}

impl PassphraseSource {
    /// A passphrase for `what`, in `file` if one is named, else in `variable`, else typed.
    #[must_use]
    pub const fn new(file: Option<PathBuf>, variable: &'static str, what: &'static str) -> Self {
        Self { file, variable, what }
    }

    /// The file that is named.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The passphrase of something that exists.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn read(&self) -> Result<Passphrase, PassphraseError> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => self.ask("passphrase"),
        }
    }

    /// The passphrase of something new. On a terminal it is asked for twice: a slip of a finger would lock everybody out.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn read_new(&self) -> Result<Passphrase, PassphraseError> {
        if let Some(passphrase) = self.given()? {
            return Ok(passphrase);
        }
        let first = self.type_in("new passphrase")?;
        let second = self.type_in("the same again")?;
        if first.as_str() != second.as_str() {
            return Err(PassphraseError::Differ);
        }
        Ok(Passphrase::new(first)?)
    }

    fn given(&self) -> Result<Option<Passphrase>, PassphraseError> {
        if let Some(path) = &self.file {
            return read_file(path).map(Some);
        }
        match edge::secret_variable(self.variable) {
            Some(text) => Ok(Some(Passphrase::new(text)?)),
            None => Ok(None),
        }
    }

    fn ask(&self, prompt: &str) -> Result<Passphrase, PassphraseError> {
        Ok(Passphrase::new(self.type_in(prompt)?)?)
    }

    fn type_in(&self, prompt: &str) -> Result<Zeroizing<String>, PassphraseError> {
        if !io::stdin().is_terminal() {
            return Err(PassphraseError::Missing {
                what: self.what,
                variable: self.variable,
            });
        }
        rpassword::prompt_password(format!("{}, {prompt}: ", self.what))
            .map(Zeroizing::new)
            .map_err(PassphraseError::Terminal)
    }
}

/// Reads a passphrase from a file that its owner alone may read. A line break at the end is not part of it.
fn read_file(path: &Path) -> Result<Passphrase, PassphraseError> {
    let file = |source| PassphraseError::File {
        path: path.to_owned(),
        source,
    };
    let content = || PassphraseError::Content {
        path: path.to_owned(),
    };
    check_private(path)
        .map_err(file)?
        .then_some(())
        .ok_or_else(|| PassphraseError::Readable {
            path: path.to_owned(),
        })?;
    let bytes = Zeroizing::new(fs::read(path).map_err(file)?);
    if bytes.len() > MAX_PASSPHRASE_BYTES + 2 {
        return Err(content());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| content())?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains(['\n', '\r', '\0']) {
        return Err(content());
    }
    Ok(Passphrase::new(Zeroizing::new(line.to_owned()))?)
}

/// Whether a file of a secret is one that its owner alone may read.
///
/// # Errors
/// What the system reports.
pub fn check_private(path: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A pipe that a secret manager hands in has no mode that matters.
        Ok(!metadata.is_file() || metadata.permissions().mode() & 0o077 == 0)
    }
    #[cfg(not(unix))]
    Ok(metadata.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::installation::files::{Readers, write_atomically};

    fn source(path: PathBuf) -> PassphraseSource {
        PassphraseSource::new(Some(path), "SYMBOLON_NO_SUCH_VARIABLE", "keys")
    }

    #[test]
    fn a_file_is_read_without_its_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        for text in ["correct horse", "correct horse\n", "correct horse\r\n"] {
            write_atomically(&path, text.as_bytes(), Readers::Owner).unwrap();
            assert!(source(path.clone()).read().is_ok());
        }
        for wrong in ["short\n", "one line long\nand another", "", "nul\0 in the middle"] {
            write_atomically(&path, wrong.as_bytes(), Readers::Owner).unwrap();
            assert!(source(path.clone()).read().is_err(), "{wrong:?}");
        }
        assert!(matches!(
            source(folder.path().join("none")).read(),
            Err(PassphraseError::File { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        write_atomically(&path, b"correct horse", Readers::Everyone).unwrap();
        assert!(matches!(
            source(path).read(),
            Err(PassphraseError::Readable { .. })
        ));
    }
}
