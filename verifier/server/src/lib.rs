#![doc = include_str!("../README.md")]

pub mod configuration;
pub mod evidence_cache;
mod identities;
mod judge;
mod request;
mod routes;
mod scan;
mod server;
mod state;
pub mod store;

pub use routes::DamagedPages;
pub use scan::{ScanAccess, ScanCode, ScanSetup};
pub use server::{Running, Server, StartError};
pub use state::{Clock, Dependencies, RequestSigner};
