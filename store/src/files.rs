//! Files beside the store: private ones readable by their owner alone, all of them written whole or not at all.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;

/// What ends the name of a neighbour that is being written.
const PARTIAL: &str = ".partial";

/// How much older than the one that was just written a neighbour is that nobody writes any more: no file of this suite takes
/// minutes to write.
const STALE_AFTER: Duration = Duration::from_secs(60 * 60);

/// How many names are tried for a neighbour. A name is taken only where another machine that shares the folder has a process of the same number.
const NAMES_TRIED: u32 = 64;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// The owner alone (mode 0600).
    Owner,
    /// Whoever the folder allows.
    Everyone,
}

/// Writes `bytes` to `path` through a neighbour that is synced and then renamed, so that a reader never sees half
/// a file and a power cut leaves the old or the new one. Each writer has a neighbour of its own: of two that write one file at once the
/// last one wins, and both files were whole. What an interrupted writer left behind is removed by a later one.
///
/// # Errors
/// What the system reports.
pub fn write_atomically(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
    let folder = folder_of(path);
    let (neighbour, file) = make_neighbour(folder, name, readers, &NEXT)?;
    let written = write_to(file, bytes).and_then(|()| {
        remove_stale_neighbours(folder, name, &neighbour);
        fs::rename(&neighbour, path)
    });
    if written.is_err() {
        // The error that matters is the first one; a leftover that cannot be removed now is removed by a later writer.
        let _ = fs::remove_file(&neighbour);
    }
    written?;
    sync_folder_of(path)
}

/// Makes an empty neighbour that nobody else writes. What lies in the way may be readable by others, or be a link of somebody else to
/// another file: it is never written into.
fn make_neighbour(
    folder: &Path,
    name: &OsStr,
    readers: Readers,
    next: &AtomicU64,
) -> io::Result<(PathBuf, File)> {
    let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..NAMES_TRIED {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let mut neighbour = name.to_owned();
        neighbour.push(format!(".{}-{number}{PARTIAL}", process::id()));
        let neighbour = folder.join(neighbour);
        match create_new(&neighbour, readers) {
            Ok(file) => return Ok((neighbour, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

/// Removes what interrupted writers of a file have left. Times are those of the file system, so that no clock of ours is asked. A leftover
/// that cannot be removed harms nobody.
fn remove_stale_neighbours(folder: &Path, name: &OsStr, own: &Path) {
    let modified = |path: &Path| fs::symlink_metadata(path).and_then(|about| about.modified());
    let (Ok(now), Ok(entries)) = (modified(own), fs::read_dir(folder)) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_stale =
            || modified(&path).is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > STALE_AFTER));
        if is_neighbour(&entry.file_name(), name) && is_stale() {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether a name is one that [`make_neighbour`] gives a neighbour of the file `of`, or that earlier versions gave.
fn is_neighbour(name: &OsString, of: &OsStr) -> bool {
    let rest = name
        .as_encoded_bytes()
        .strip_prefix(of.as_encoded_bytes())
        .and_then(|rest| rest.strip_suffix(PARTIAL.as_bytes()));
    match rest {
        Some([]) => true,
        Some([b'.', rest @ ..]) => rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-'),
        _ => false,
    }
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

fn create_new(path: &Path, readers: Readers) -> io::Result<File> {
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
    #[cfg(not(unix))]
    let _: Readers = readers;
    options.open(path)
}

fn write_to(mut file: File, bytes: &[u8]) -> io::Result<()> {
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
    fn writers_of_one_file_at_once_never_meet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("current.pack");
        std::thread::scope(|scope| {
            for writer in 0..8_u8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..40 {
                        write_atomically(path, &vec![writer; 20_000], Readers::Everyone).unwrap();
                    }
                });
            }
        });
        let written = fs::read(&path).unwrap();
        assert_eq!(written.len(), 20_000);
        assert!(written.iter().all(|byte| Some(byte) == written.first()), "whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_an_interrupted_writer_left_is_removed_when_nobody_writes_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let names = |path: &Path| {
            let mut names: Vec<_> = fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            names.sort();
            names
        };
        let make = |name: &str, age: Duration| {
            let file = File::create(folder.path().join(name)).unwrap();
            let now = file.metadata().unwrap().modified().unwrap();
            file.set_modified(now - age).unwrap();
        };
        let (old, young) = (STALE_AFTER * 2, STALE_AFTER / 2);
        make("list.1-7.partial", old);
        make("list.partial", old);
        make("list.1-8.partial", young);
        make("list.json.1-7.partial", old);
        make("list.backup.partial", old);
        write_atomically(&folder.path().join("list"), b"new", Readers::Everyone).unwrap();
        assert_eq!(
            names(folder.path()),
            [
                "list",
                "list.1-8.partial",
                "list.backup.partial",
                "list.json.1-7.partial"
            ]
        );
        // What cannot be put in its place leaves nothing behind.
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        write_atomically(&taken, b"new", Readers::Everyone).unwrap_err();
        assert_eq!(names(folder.path()).len(), 5);
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
        for number in 0..2 {
            let neighbour = format!("key.{}-{number}.partial", process::id());
            std::os::unix::fs::symlink(&elsewhere, folder.path().join(neighbour)).unwrap();
        }
        let key = folder.path().join("key");
        let next = AtomicU64::new(0);
        let made = make_neighbour(folder.path(), OsStr::new("key"), Readers::Owner, &next);
        let (neighbour, file) = made.unwrap();
        write_to(file, b"secret").unwrap();
        fs::rename(neighbour, &key).unwrap();
        assert_eq!(next.into_inner(), 3, "what lies there is passed over");
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
