//! Files beside the store: private ones readable by their owner alone, all of them written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// The owner alone (mode 0600).
    Owner,
    /// Whoever the folder allows.
    Everyone,
}

/// Writes `bytes` to `path` through a neighbour that is synced and then renamed, so that a reader never sees half
/// a file and a power cut leaves the old or the new one.
///
/// # Errors
/// What the system reports.
pub fn write_atomically(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
    let mut neighbour = name.to_owned();
    neighbour.push(".partial");
    let neighbour = folder_of(path).join(neighbour);
    let written = write_new(&neighbour, bytes, readers).and_then(|()| fs::rename(&neighbour, path));
    if written.is_err() {
        // The error that matters is the first one; a leftover that cannot be removed now is removed next time.
        let _ = fs::remove_file(&neighbour);
    }
    written?;
    sync_folder_of(path)
}

/// Has the names in the folder of a file on the disk: a file that was made, renamed or removed is so for good only then.
///
/// # Errors
/// What the system reports.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    // Elsewhere a folder is no file that can be opened, and names are durable by themselves.
    #[cfg(unix)]
    File::open(folder_of(path))?.sync_all()?;
    #[cfg(not(unix))]
    let _: &Path = path;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    // What lies there may be readable by others, or be a link of somebody else to another file: it is never written into.
    remove_if_there(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(match readers {
            Readers::Owner => 0o600,
            Readers::Everyone => 0o644,
        });
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Removes a file; that there is none is what was wanted.
///
/// # Errors
/// What the system reports.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The content of a file; `None` where there is none.
///
/// # Errors
/// What the system reports, and `FileTooLarge` above `limit` bytes.
pub fn read_if_there(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    match File::open(path) {
        Ok(file) => read_up_to(file, limit).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads to the end of a file or a stream.
///
/// # Errors
/// What the system reports, and `FileTooLarge` above `limit` bytes.
pub fn read_up_to(source: impl io::Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the file is too large",
        ));
    }
    Ok(bytes)
}

/// Opens a file for writing that its owner alone may read, emptied. For output too long to be kept in memory.
///
/// # Errors
/// What the system reports.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The mode above is for a new file alone. A terminal or a pipe keeps what it has.
        if file.metadata()?.is_file() {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(file)
}

/// Makes a folder that its owner alone may enter.
///
/// # Errors
/// What the system reports.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        write_atomically(&path, b"secret", Readers::Owner).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"secret");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no neighbour is left behind"
        );
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        assert_eq!(read_if_there(&path, 5).unwrap(), None);
        remove_if_there(&path).unwrap();
        write_atomically(&path, b"12345", Readers::Everyone).unwrap();
        assert_eq!(read_if_there(&path, 5).unwrap().as_deref(), Some(&b"12345"[..]));
        let refused = read_if_there(&path, 4).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
        remove_if_there(&path).unwrap();
        assert_eq!(read_if_there(&path, 5).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn what_lies_in_the_way_is_neither_followed_nor_lends_its_permissions() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, b"of another").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.path().join("key.partial")).unwrap();
        let key = folder.path().join("key");
        write_atomically(&key, b"secret", Readers::Owner).unwrap();
        assert_eq!(fs::read(&elsewhere).unwrap(), b"of another");
        assert_eq!(
            (fs::read(&key).unwrap().as_slice(), mode(&key)),
            (&b"secret"[..], 0o600)
        );

        fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o666)).unwrap();
        drop(create_private(&elsewhere).unwrap());
        assert_eq!(
            (fs::read(&elsewhere).unwrap().len(), mode(&elsewhere)),
            (0, 0o600)
        );
    }
}
