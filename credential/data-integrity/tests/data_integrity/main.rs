//! Proofs over the real processor: the specifications' vectors with their intermediate values, and attacks.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something is not as it says"
)]

mod attacks;
mod canonicalization;
mod contexts;
mod mutations;
mod support;
mod vectors;
