//! Opening, committing, reading, closing.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, StorageBackend};

use crate::batch::Batch;
use crate::creation::restart_unfinished;
use crate::error::{CommitError, OpenError, ReadError};
use crate::files::sync_folder_of;
use crate::key::{Key, Space, Tenant};
use crate::snapshot::{Entry, Snapshot};
use crate::writer::{self, Waiting};

/// The embedded store of one process. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

impl Store {
    /// Opens the store at `path`, creating it (mode 0600) when absent. The folder must exist.
    ///
    /// # Errors
    /// [`OpenError::AlreadyOpen`] when another process has it; [`OpenError::Io`] when the file cannot be opened;
    /// [`OpenError::Database`] when it is not a store or is damaged.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_file(path, &mut Database::builder())
    }

    /// Like [`Store::open`], and verifies the checksum of every page first, so that a file that something else has changed is an
    /// error here. [`Store::open`] trusts the pages of a store that was closed properly, and reading a changed one may panic.
    /// Takes as long as reading the whole file: for small stores, such as a wallet's.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_checked(path: &Path) -> Result<Self, OpenError> {
        Self::open_file(path, Database::builder().set_check_integrity_on_open(true))
    }

    fn open_file(path: &Path, builder: &mut Builder) -> Result<Self, OpenError> {
        let existed = path.exists();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(path)?;
        let backend = FileBackend::new(file).map_err(opened)?;
        restart_unfinished(&backend)?;
        let store = Self::start(builder.create_with_backend(backend).map_err(opened)?)?;
        if !existed {
            sync_folder_of(path)?;
        }
        Ok(store)
    }

    /// Opens a store on a storage of the caller's own: in memory, or one that injects faults.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        Self::start(created(backend)?)
    }

    /// Like [`Store::open_with_backend`], and verifies every page first, as [`Store::open_checked`] does.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_checked_with_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        restart_unfinished(&backend)?;
        let mut builder = Database::builder();
        builder.set_check_integrity_on_open(true);
        Self::start(builder.create_with_backend(backend).map_err(opened)?)
    }

    /// Opens an empty store in memory, for tests and throw-away demonstrations. Nothing survives the process.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_in_memory() -> Result<Self, OpenError> {
        Self::open_with_backend(redb::backends::InMemoryBackend::new())
    }

    fn start(database: Database) -> Result<Self, OpenError> {
        let database = Arc::new(database);
        let (sender, receiver) = sync_channel(MAX_WAITING_BATCHES);
        let writer = std::thread::Builder::new()
            .name("symbolon-store".to_owned())
            .spawn({
                let database = Arc::clone(&database);
                move || writer::run(&database, &receiver)
            })
            .map_err(OpenError::Thread)?;
        Ok(Self {
            shared: Arc::new(Shared {
                open: Mutex::new(Some(Open {
                    database,
                    sender,
                    writer,
                })),
            }),
        })
    }

    /// Applies `batch` and returns once it is durable. Blocks the calling thread; asynchronous callers use [`Store::submit`].
    ///
    /// # Errors
    /// [`CommitError::RequirementFailed`] and [`CommitError::Closed`]: nothing was written. [`CommitError::NotDurable`]: unknown.
    pub fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let (answer, answered) = sync_channel(1);
        let waiting = Waiting::new(batch, move |result| drop(answer.send(result)));
        self.sender()?.send(waiting).map_err(|_| CommitError::Closed)?;
        // The writer drops what it did not take up only when it ends.
        answered.recv().unwrap_or(Err(CommitError::Closed))
    }

    /// Applies `batch` and calls `done` once it is durable or rejected, on the writer's thread: `done` must be short and must not
    /// call [`Store::commit`]. Never blocks on the disk.
    pub fn submit(&self, batch: Batch, done: impl FnOnce(Result<(), CommitError>) + Send + 'static) {
        let sender = match self.sender() {
            Ok(sender) => sender,
            Err(error) => return done(Err(error)),
        };
        match sender.try_send(Waiting::new(batch, done)) {
            Ok(()) => {}
            Err(TrySendError::Full(waiting)) => waiting.answer(Err(CommitError::Overloaded)),
            Err(TrySendError::Disconnected(waiting)) => waiting.answer(Err(CommitError::Closed)),
        }
    }

    /// The store at this moment, for several reads that must agree.
    ///
    /// # Errors
    /// [`ReadError::Closed`] after [`Store::close`]; [`ReadError::Storage`] when the disk refuses.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        let database = match &*self.shared.lock() {
            Some(open) => Arc::clone(&open.database),
            None => return Err(ReadError::Closed),
        };
        Snapshot::begin(&database)
    }

    /// The value at `key`, or `None`.
    ///
    /// # Errors
    /// As [`Store::snapshot`].
    pub fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, ReadError> {
        self.snapshot()?.get(key)
    }

    /// See [`Snapshot::scan`].
    ///
    /// # Errors
    /// As [`Store::snapshot`].
    pub fn scan(
        &self,
        tenant: &Tenant,
        space: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, ReadError> {
        self.snapshot()?.scan(tenant, space, prefix, after, limit)
    }

    /// Finishes every batch that already waits, then closes the file. Later calls on any clone answer `Closed`. Calling it again
    /// does nothing.
    pub fn close(&self) {
        let open = self.shared.lock().take();
        if let Some(open) = open {
            open.finish();
        }
    }

    fn sender(&self) -> Result<SyncSender<Waiting>, CommitError> {
        match &*self.shared.lock() {
            Some(open) => Ok(open.sender.clone()),
            None => Err(CommitError::Closed),
        }
    }
}

struct Shared {
    open: Mutex<Option<Open>>,
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        // Nothing panics while holding the lock, and its content is replaced whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let open = self.lock().take();
        if let Some(open) = open {
            open.finish();
        }
    }
}

struct Open {
    database: Arc<Database>,
    sender: SyncSender<Waiting>,
    writer: JoinHandle<()>,
}

impl Open {
    fn finish(self) {
        drop(self.sender);
        // The last clone may be dropped by a callback, which runs on the writer's own thread.
        if self.writer.thread().id() != std::thread::current().id() {
            drop(self.writer.join());
        }
        drop(self.database);
    }
}

/// A database on a storage, made where there is none.
pub(crate) fn created(backend: impl StorageBackend) -> Result<Database, OpenError> {
    restart_unfinished(&backend)?;
    Database::builder().create_with_backend(backend).map_err(opened)
}

pub(crate) fn opened(error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::AlreadyOpen,
        other => OpenError::Database(Box::new(other)),
    }
}

/// Memory bound of the queue; at the measured 30,000 batches a second this is half a second of work.
const MAX_WAITING_BATCHES: usize = 16_384;
