//! Packs over the network.
//!
//! - [`pull`]: a reader gets the newest pack of a distributor, or what changed since the one it has, and keeps the last good
//!   one whatever happens on the way.
//! - [`distributor`]: makes packs and deltas on a schedule and serves them as files that never change.
//!
//! Neither believes the other: what is pulled is verified by whoever keeps it ([`pull::PackKeeper`]), and what a distributor
//! collects is verified by whoever packs it ([`distributor::Packer`]). `docs/packs.md` is the guide.

pub mod distributor;
pub mod pull;
