//! Where the real clock, the real randomness and the real environment are handed in. Nothing below the command
//! line and the servers reads them on its own.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime};

/// The randomness of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the operating system's randomness is handed in"
    )]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        getrandom::fill(bytes).map_err(|_| RandomnessUnavailable)
    }
}

/// The time of the operating system's clock, in whole seconds.
#[must_use]
pub fn system_time() -> UnixTime {
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is handed in")]
    let now = SystemTime::now();
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    UnixTime::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// The environment variables that may concern Symbolon.
#[must_use]
pub fn environment() -> BTreeMap<String, String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the environment is handed in, once"
    )]
    std::env::vars()
        .filter(|(name, _)| name.starts_with("SYMBOLON_"))
        .collect()
}
