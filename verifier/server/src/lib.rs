#![doc = include_str!("../README.md")]

mod access_code;
pub mod administration;
mod believed;
mod certificates;
pub mod configuration;
mod deliver;
mod digital_credentials;
mod evidence;
pub mod evidence_cache;
mod identities;
mod judge;
mod offline;
mod open_packs;
mod openid_provider;
mod pack_in_force;
mod proximity;
mod quota;
mod reliance;
mod relying_party;
mod request;
mod routes;
mod scan;
mod server;
mod state;
pub mod store;
mod unreachable;

pub use believed::{TrustSources, TrustUnusable};
pub use offline::{BuiltPage, OfflinePageError, OfflineSetup, UnreadablePage};
pub use pack_in_force::{AcceptedPack, PackInForce, PackUnusable, StatusSource};
pub use relying_party::{CheckedPolicies, webhook_urls};
pub use routes::BuilderCode;
pub use routes::description::description;
pub use scan::{ScanAccess, ScanCode, ScanPageError, ScanSetup};
pub use server::{Running, Server, StartError};
pub use state::{Clock, Dependencies, PublishedSigner, RequestSigner, WatchedTrust};
