//! The encrypted store: conformance, secrecy on disk, damage, people, rotation of keys, earlier layouts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod encrypted;
mod layouts;
mod people;
mod rotation;
mod world;
