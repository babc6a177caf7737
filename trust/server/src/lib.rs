//! Packs over the network.
//!
//! - [`pull`]: a reader gets the newest pack of a distributor, or what changed since the one it has, and keeps the last good
//!   one whatever happens on the way.
//!
//! The distributor is not believed: what is pulled is verified by whoever keeps it ([`pull::PackKeeper`]).

mod files;
pub mod pull;
