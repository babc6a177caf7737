#![doc = include_str!("../README.md")]

mod asking;
#[cfg(target_arch = "wasm32")]
mod browser;
mod counter;
mod memory;
mod onboarding;
mod pack;
mod told;

pub use asking::{AskProblem, PosedRequest, RANDOM_BYTES, identifier_of};
#[cfg(target_arch = "wasm32")]
pub use browser::{OfflineCounter, device_identifier, interface_number};
pub use counter::{Counter, CounterError, MAX_FRAME_PIXELS};
pub use onboarding::{OfferedRoot, OnboardingProblem};
pub use pack::{Believed, Fetching, KnownPack, MAX_PACK_BYTES, PackProblem, PackState, Standing};
pub use told::{Brought, Part, Told};
