//! What changes with a file, so that it need not be read to see whether it has.

use std::io;
use std::path::Path;
use std::time::SystemTime;

/// What changes with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Which file it is: one that is put in another's place is another one, whatever its times say.
    identity: u64,
}

impl Stamp {
    /// Of a file as it is now; `None` where there is none.
    ///
    /// # Errors
    /// What the system reports.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        let about = match std::fs::metadata(path) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        #[cfg(unix)]
        let identity = std::os::unix::fs::MetadataExt::ino(&about);
        #[cfg(not(unix))]
        let identity = 0;
        Ok(Some(Self {
            modified: about.modified().ok(),
            length: about.len(),
            identity,
        }))
    }
}
