#![doc = include_str!("../README.md")]

mod batch;
mod creation;
mod dump;
mod error;
pub mod files;
mod key;
mod snapshot;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod writer;

pub use batch::{Batch, Requirement};
pub use dump::{Loader, StoredEntry};
pub use error::{CommitError, LoadError, OpenError, ReadError, TenantError};
pub use key::{Key, Space, Tenant};
pub use redb::StorageBackend;
pub use snapshot::{Entry, Snapshot};
pub use store::Store;
