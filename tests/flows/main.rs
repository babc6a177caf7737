//! Flows through the real binary, over real HTTP on loopback and real pictures on disk.

#![expect(
    clippy::disallowed_methods,
    reason = "tests wait for processes and read their environment"
)]

mod harness;
