//! Backups: an installation in one encrypted file, and back.
//!
//! A file is a [`container`] of sealed chunks, which hold a sequence of records: what the backup is, the files of the
//! installation, the entries of the issuer's books, and an end that says how many there were. `docs/operations.md` describes it.

pub mod container;
pub mod files;
pub mod restore;

use std::io::{Read, Write};

use serde::{Deserialize, Serialize};
use symbolon_issuer_server::administration::decode_entries;
use symbolon_store::StoredEntry;

use self::container::{BackupError, BackupReader, BackupWriter};
use self::files::SavedFile;

/// The version of the records that this program writes and reads.
pub const BACKUP_VERSION: u32 = 1;

/// What a backup is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`BACKUP_VERSION`].
    pub version: u32,
    /// When the books were read, in seconds since the epoch.
    pub taken_at: i64,
    /// The identifier of the issuer.
    pub issuer: String,
    /// Files that the configuration names and that are not in the backup.
    pub not_included: Vec<String>,
}

/// One record.
pub enum Record {
    /// The first.
    Manifest(Manifest),
    /// A file.
    File(SavedFile),
    /// Entries of the books.
    Entries(Vec<StoredEntry>),
    /// The last.
    End(End),
}

/// How many there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct End {
    /// Files.
    pub files: u64,
    /// Entries.
    pub entries: u64,
}

const MANIFEST: u8 = 1;
const FILE: u8 = 2;
const ENTRIES: u8 = 3;
const END: u8 = 9;

/// The largest record, in bytes: a page of the books whose one entry is as large as the store takes.
const MAX_RECORD_BYTES: usize = 64 << 20;

/// Writes records.
pub struct RecordWriter<W: Write> {
    container: BackupWriter<W>,
    end: End,
}

impl<W: Write> RecordWriter<W> {
    /// Begins with what the backup is of.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn begin(container: BackupWriter<W>, manifest: &Manifest) -> Result<Self, BackupError> {
        let mut writer = Self {
            container,
            end: End::default(),
        };
        let manifest = serde_json::to_vec(manifest).map_err(|_| BackupError::Malformed)?;
        writer.write(MANIFEST, &manifest)?;
        Ok(writer)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn file(&mut self, file: &SavedFile) -> Result<(), BackupError> {
        self.write(FILE, &file.encode())?;
        self.end.files += 1;
        Ok(())
    }

    /// Writes a page of entries, as the administration gave it, and returns them.
    ///
    /// # Errors
    /// [`BackupError::Malformed`] when it is none.
    pub fn entries(&mut self, page: &[u8]) -> Result<Vec<StoredEntry>, BackupError> {
        let entries = decode_entries(page).ok_or(BackupError::Malformed)?;
        self.write(ENTRIES, page)?;
        self.end.entries += entries.len() as u64;
        Ok(entries)
    }

    /// Ends the backup. Without this nobody will read it.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn finish(mut self) -> Result<(W, End), BackupError> {
        let end = self.end;
        let counts = [end.files.to_be_bytes(), end.entries.to_be_bytes()].concat();
        self.write(END, &counts)?;
        Ok((self.container.finish()?, end))
    }

    fn write(&mut self, kind: u8, body: &[u8]) -> Result<(), BackupError> {
        let length = u32::try_from(body.len()).map_err(|_| BackupError::Malformed)?;
        if body.len() > MAX_RECORD_BYTES {
            return Err(BackupError::Malformed);
        }
        self.container.write(&[kind])?;
        self.container.write(&length.to_be_bytes())?;
        self.container.write(body)
    }
}

/// Reads records.
pub struct RecordReader<R: Read> {
    container: BackupReader<R>,
    seen: End,
    ended: bool,
}

impl<R: Read> RecordReader<R> {
    /// Reads what the backup is of.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn begin(container: BackupReader<R>) -> Result<(Self, Manifest), BackupError> {
        let mut reader = Self {
            container,
            seen: End::default(),
            ended: false,
        };
        match reader.next()? {
            Some(Record::Manifest(manifest)) => Ok((reader, manifest)),
            _ => Err(BackupError::Malformed),
        }
    }

    /// The next record; `None` behind the last, once nothing follows.
    ///
    /// # Errors
    /// [`BackupError`].
    #[expect(
        clippy::should_implement_trait,
        reason = "an error ends it, and an iterator's does not"
    )]
    pub fn next(&mut self) -> Result<Option<Record>, BackupError> {
        if self.ended {
            return Ok(None);
        }
        let [kind] = self.container.take::<1>()?;
        let length = u32::from_be_bytes(self.container.take::<4>()?);
        let length = usize::try_from(length).map_err(|_| BackupError::Malformed)?;
        if length > MAX_RECORD_BYTES {
            return Err(BackupError::Malformed);
        }
        let body = self.container.read(length)?;
        let record = match kind {
            MANIFEST => {
                let manifest: Manifest = serde_json::from_slice(&body).map_err(|_| BackupError::Malformed)?;
                if manifest.version != BACKUP_VERSION {
                    return Err(BackupError::Version {
                        found: manifest.version,
                    });
                }
                Record::Manifest(manifest)
            }
            FILE => {
                self.seen.files += 1;
                Record::File(SavedFile::decode(&body).ok_or(BackupError::Malformed)?)
            }
            ENTRIES => {
                let entries = decode_entries(&body).ok_or(BackupError::Malformed)?;
                self.seen.entries += entries.len() as u64;
                Record::Entries(entries)
            }
            END => {
                let (files, entries) = body.split_at_checked(8).ok_or(BackupError::Malformed)?;
                let number = |bytes: &[u8]| {
                    bytes
                        .try_into()
                        .map(u64::from_be_bytes)
                        .map_err(|_| BackupError::Malformed)
                };
                let end = End {
                    files: number(files)?,
                    entries: number(entries)?,
                };
                if end != self.seen {
                    return Err(BackupError::Malformed);
                }
                self.container.end()?;
                self.ended = true;
                Record::End(end)
            }
            _ => return Err(BackupError::Malformed),
        };
        Ok(Some(record))
    }
}
