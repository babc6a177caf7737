#![doc = include_str!("../README.md")]

mod answer;
mod data_key;
mod error;
mod file;
mod keys;
mod layout;
mod lock;
mod part;
mod rotation;
mod seal;
mod store;

pub use data_key::{DATA_KEY_BYTES, DataKey, SoftwareWrappingKey, UnwrapOutcome, WrapDataKey, WrapError};
pub use error::OpenWalletError;
pub use file::WalletFile;
pub use keys::SoftwareKeys;
pub use layout::SCHEMA_VERSION;
pub use lock::PassphraseLock;
pub use part::Part;
pub use store::EncryptedStore;
