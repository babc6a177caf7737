#![doc = include_str!("../README.md")]

mod answer;
mod data_key;
mod keys;
mod seal;
mod store;

pub use data_key::{DATA_KEY_BYTES, DataKey, SoftwareWrappingKey, UnwrapOutcome, WrapDataKey, WrapError};
pub use keys::SoftwareKeys;
pub use store::{EncryptedStore, OpenWalletError, SCHEMA_VERSION};
