//! A fuzz target for every parser of untrusted bytes.
//!
//! A [`Target`] takes any bytes and must neither panic nor work without end nor allocate beyond [`ALLOCATION_LIMIT_BYTES`].
//! Where a parser has a writer, what was read is written and read again, and both readings must be the same.
//!
//! Two drivers call the same functions: the seeded runner of this package, on the stable compiler and in the checks, and
//! `cargo-fuzz/`, which needs a nightly and sees which code an input reaches.
//!
//! Where a signature stands before a parser, the targets accept every signature: a fuzzer cannot sign, and what lies behind a
//! signature is written by people who can.

#![expect(
    clippy::expect_used,
    reason = "a seed that cannot be made is a broken check, not an input"
)]

mod mutate;
mod reading;
mod seeds;
mod targets;

pub use mutate::Mutator;
pub use reading::Reading;
pub use targets::TARGETS;

/// More than any parser may hold for one input. The largest budgets of the suite are pictures of 25 million pixels, which
/// are decoded at up to eight bytes each and then looked at in several sizes.
pub const ALLOCATION_LIMIT_BYTES: usize = 512 << 20;

/// One parser, or a few that belong together.
#[derive(Clone, Copy)]
pub struct Target {
    /// What the run calls it.
    pub name: &'static str,
    /// Reads an input.
    pub run: fn(&[u8]) -> Reading,
    /// Inputs that are accepted, to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
