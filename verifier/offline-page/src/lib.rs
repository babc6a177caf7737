#![doc = include_str!("../README.md")]

#[cfg(target_arch = "wasm32")]
mod browser;
mod counter;
mod pack;
mod told;

#[cfg(target_arch = "wasm32")]
pub use browser::{OfflineCounter, interface_number};
pub use counter::{Counter, CounterError, MAX_FRAME_PIXELS};
pub use pack::{AcceptedPack, KnownPack, MAX_PACK_BYTES, PackProblem, PackState};
pub use told::{Brought, Part, Told};
