//! The issuer over real loopback HTTP, with a fixed clock and seed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod administration;
mod audit;
mod authorize;
mod cards;
mod client_authentication;
mod code_tokens;
mod concurrency;
mod credential_refusals;
mod dpop;
mod flow;
mod formats;
mod harness;
mod packs;
mod pages;
mod par;
mod power_cut;
mod properties;
mod records;
mod refresh;
mod resident;
mod status;
mod stores;
mod tenants;
mod token_refusals;
mod vcalm;
mod wallet;
