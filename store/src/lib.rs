#![doc = include_str!("../README.md")]

mod batch;
mod creation;
mod error;
mod key;
mod snapshot;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod writer;

pub use batch::{Batch, Requirement};
pub use error::{CommitError, OpenError, ReadError, TenantError};
pub use key::{Key, Space, Tenant};
pub use redb::StorageBackend;
pub use snapshot::{Entry, Snapshot};
pub use store::Store;
