//! An installation made of a backup. It is read whole and believed before anything is written, made in a folder aside, and only
//! then put in its place, the configuration last: an installation is there whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use symbolon_crypto::passphrase::Passphrase;
use symbolon_crypto::{Randomness, UnixTime};
use symbolon_issuer::audit::AuditVerification;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::store::{IssuerStore, Restoration, Restored, Space, StoreError};
use symbolon_issuer_server::open_embedded;
use symbolon_store::{LoadError, Loader, OpenError, Store, StoredEntry, Tenant};
use thiserror::Error;

use super::container::{BackupError, BackupReader};
use super::files::{Place, SavedFile, SavedPath};
use super::{End, Manifest, Record, RecordReader};
use crate::configuration::{Configuration, ConfigurationError, FILE_NAME, LoadedConfiguration};
use crate::edge;
use crate::installation::files::{Readers, create_private_folder, write_atomically};
use crate::installation::revocation::restored_mark;
use crate::installation::{InstallationError, TRUST, read_trust};
use crate::services::issuer::STORE;

/// The folder in which an installation is made before it is put in its place.
const ASIDE: &str = ".restoring";
/// Audit entries that are checked at a time.
const ENTRIES_PER_ROUND: usize = 1_000;

/// Why nothing was restored.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// There is something.
    #[error("{0} is not empty; a backup is restored into an empty folder, and never over an installation")]
    NotEmpty(PathBuf),
    /// The backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A file cannot be read or written.
    #[error("cannot read or write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The books cannot be written.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The new books do not open.
    #[error("the restored books do not open")]
    Open(#[from] OpenError),
    /// The new books do not work.
    #[error("the restored books cannot be made fit to work with")]
    Store(#[from] StoreError),
    /// The audit log in the backup was changed.
    #[error("the audit log in the backup is not whole")]
    Audit(#[from] symbolon_issuer::audit::AuditBroken),
    /// The configuration in the backup is refused.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The trust list in the backup does not read.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// The clock says that the backup is of the future: what was given since cannot be told from what was not.
    #[error("the backup is of {taken_at}, which is later than this machine's clock; set the clock first")]
    OfTheFuture {
        /// When it was taken.
        taken_at: String,
    },
    /// The data folder of the configuration is not below it.
    #[error("the configuration in the backup keeps its data elsewhere ({0}), where nothing is restored to")]
    DataElsewhere(PathBuf),
    /// It holds no configuration.
    #[error("the backup holds no configuration")]
    NoConfiguration,
}

/// What was restored.
#[derive(Debug)]
pub struct RestoreReport {
    /// What the backup is of.
    pub manifest: Manifest,
    /// How much it held.
    pub end: End,
    /// What was done to the books of each tenant.
    pub tenants: Vec<(String, Restored)>,
}

/// Makes an installation of a backup in `folder`, which must be empty or not there. `progress` is told how many bytes were read.
///
/// # Errors
/// [`RestoreError`]; the folder is as it was.
pub async fn restore(
    backup: &Path,
    folder: &Path,
    passphrase: &Passphrase,
    randomness: &dyn Randomness,
    now: UnixTime,
    progress: &dyn Fn(u64),
) -> Result<RestoreReport, RestoreError> {
    let existed = folder.exists();
    if existed && fs::read_dir(folder).map_err(file(folder))?.next().is_some() {
        return Err(RestoreError::NotEmpty(folder.to_owned()));
    }
    // First to its end, so that not a byte is written of a backup that is changed or cut.
    let (manifest, end) = verify(backup, passphrase, now)?;
    let aside = folder.join(ASIDE);
    let made = async {
        create_private_folder(&aside).map_err(file(&aside))?;
        let tenants = make(backup, &aside, passphrase, randomness, &manifest, now, progress).await?;
        put_in_place(&aside, folder)?;
        Ok(tenants)
    };
    let made: Result<_, RestoreError> = made.await;
    match made {
        Ok(tenants) => Ok(RestoreReport {
            manifest,
            end,
            tenants,
        }),
        Err(error) => {
            // The error that matters is the first one.
            let _ = fs::remove_dir_all(&aside);
            if !existed {
                let _ = fs::remove_dir(folder);
            }
            Err(error)
        }
    }
}

fn reader(
    backup: &Path,
    passphrase: &Passphrase,
) -> Result<(RecordReader<BufReader<File>>, Manifest), RestoreError> {
    let input = BufReader::new(File::open(backup).map_err(file(backup))?);
    Ok(RecordReader::begin(BackupReader::begin(input, passphrase)?)?)
}

/// Reads a backup to its end.
fn verify(backup: &Path, passphrase: &Passphrase, now: UnixTime) -> Result<(Manifest, End), RestoreError> {
    let (mut reader, manifest) = reader(backup, passphrase)?;
    let taken_at = UnixTime::from_seconds(manifest.taken_at);
    if taken_at > now {
        return Err(RestoreError::OfTheFuture {
            taken_at: taken_at.rfc3339(),
        });
    }
    let mut configured = false;
    loop {
        match reader.next()? {
            Some(Record::File(saved)) => configured |= is_configuration(&saved),
            Some(Record::End(end)) if configured => return Ok((manifest, end)),
            Some(Record::End(_)) => return Err(RestoreError::NoConfiguration),
            Some(_) => {}
            None => return Err(BackupError::CutShort.into()),
        }
    }
}

fn is_configuration(saved: &SavedFile) -> bool {
    saved.place == Place::Installation && saved.path.as_path() == Path::new(FILE_NAME)
}

async fn make(
    backup: &Path,
    aside: &Path,
    passphrase: &Passphrase,
    randomness: &dyn Randomness,
    manifest: &Manifest,
    now: UnixTime,
    progress: &dyn Fn(u64),
) -> Result<Vec<(String, Restored)>, RestoreError> {
    let (mut reader, _) = reader(backup, passphrase)?;
    // The first file is the configuration, which says where the others go.
    let Some(Record::File(configuration)) = reader.next()? else {
        return Err(RestoreError::NoConfiguration);
    };
    if !is_configuration(&configuration) {
        return Err(RestoreError::NoConfiguration);
    }
    let text = String::from_utf8_lossy(&configuration.bytes).into_owned();
    let read = Configuration::parse(&text, Path::new(FILE_NAME), &edge::environment())?;
    let data = SavedPath::parse(&read.data_directory)
        .ok_or_else(|| RestoreError::DataElsewhere(read.data_directory.clone()))?;
    let data = aside.join(data.as_path());
    create_private_folder(&data).map_err(file(&data))?;
    write_saved(aside, &data, &configuration)?;

    let books = Space::names_of_books();
    let store = data.join(STORE);
    let loader = Loader::create(&store)?;
    let mut tenants = BTreeSet::new();
    let mut read = 0;
    while let Some(record) = reader.next()? {
        match record {
            Record::File(saved) => write_saved(aside, &data, &saved)?,
            Record::Entries(mut entries) => {
                // Whoever wrote the backup may know fewer rights that are used once; what is left out is decided here.
                entries.retain(|entry| books.contains(&entry.space.as_str()));
                tenants.extend(entries.iter().filter_map(StoredEntry::tenant).map(str::to_owned));
                loader.load(&entries)?;
                read += entries.iter().map(|entry| entry.value.len() as u64).sum::<u64>();
                progress(read);
            }
            Record::Manifest(_) => return Err(BackupError::Malformed.into()),
            Record::End(_) => break,
        }
    }
    drop(loader);

    let mut restored = Vec::new();
    for name in tenants {
        let tenant = Tenant::parse(&name).map_err(|_| BackupError::Malformed)?;
        let (books, embedded) = open_embedded(&store, tenant)?;
        check_audit(&*books).await?;
        let restoration = Restoration {
            backup_of: UnixTime::from_seconds(manifest.taken_at),
            now,
            form: IssuerPolicy::default().shard_form(),
        };
        restored.push((name, books.after_restore(restoration, randomness).await?));
        close(books, &embedded);
    }
    // What was written is what will be read: configuration and trust list as the commands read them.
    let loaded = LoadedConfiguration::load(&aside.join(FILE_NAME), &edge::environment())?;
    read_trust(&loaded.data_directory().join(TRUST))?;
    Ok(restored)
}

fn close<T>(books: T, embedded: &Store) {
    drop(books);
    embedded.close();
}

async fn check_audit(books: &dyn IssuerStore) -> Result<(), RestoreError> {
    let head = books.audit_head().await?.value;
    let mut verification = AuditVerification::default();
    let mut from = 0;
    loop {
        let entries = books.audit_entries(from, ENTRIES_PER_ROUND).await?;
        let Some(last) = entries.last() else { break };
        from = last.sequence.saturating_add(1);
        verification.check(&entries)?;
    }
    verification.finish(&head)?;
    Ok(())
}

fn write_saved(aside: &Path, data: &Path, saved: &SavedFile) -> Result<(), RestoreError> {
    let path = match saved.place {
        Place::Installation => aside,
        Place::Data => data,
    }
    .join(saved.path.as_path());
    if let Some(folder) = path.parent() {
        match saved.place {
            Place::Installation => fs::create_dir_all(folder).map_err(file(folder))?,
            Place::Data => create_private_folder(folder).map_err(file(folder))?,
        }
    }
    write_atomically(&path, &saved.bytes, saved.readers).map_err(file(&path))?;
    // What was revoked since the backup is not in its list.
    match restored_mark(&path).filter(|_| saved.place == Place::Data) {
        Some(mark) => write_atomically(&mark, &[], Readers::Everyone).map_err(file(&mark)),
        None => Ok(()),
    }
}

/// Moves what was made to where it belongs; the configuration last, because where it stands there is an installation.
fn put_in_place(aside: &Path, folder: &Path) -> Result<(), RestoreError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(aside).map_err(file(aside))? {
        names.push(entry.map_err(file(aside))?.file_name());
    }
    names.sort_by_key(|name| name == FILE_NAME);
    for name in names {
        fs::rename(aside.join(&name), folder.join(&name)).map_err(file(folder))?;
    }
    fs::remove_dir(aside).map_err(file(aside))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(file(folder))
}

fn file(path: &Path) -> impl Fn(std::io::Error) -> RestoreError {
    let path = path.to_owned();
    move |source| RestoreError::File {
        path: path.clone(),
        source,
    }
}
