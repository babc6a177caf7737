//! The issuer over real loopback HTTP, with a fixed clock and seed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod administration;
mod audit;
mod cards;
mod concurrency;
mod credential_refusals;
mod flow;
mod formats;
mod harness;
mod mosip;
mod packs;
mod power_cut;
mod properties;
mod records;
mod status;
mod stores;
mod token_refusals;
mod vcalm;
