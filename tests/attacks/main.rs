//! Attacks on running servers, over real HTTP: what a crate's own tests cannot show from end to end. Each test names its
//! row of the project's list of attacks.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests wait for processes and read their environment, and their helpers fail by panicking"
)]

mod administration;
mod formats;
#[path = "../flows/harness.rs"]
#[expect(dead_code, reason = "the flows use the rest of it")]
mod harness;
mod impostor;
mod issuance;
mod logs;
mod oversized;
mod presentation;
mod recorder;
#[path = "../flows/story.rs"]
mod story;
mod transaction_code;
mod wallet;
