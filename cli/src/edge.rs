//! Where the real clock, the real randomness and the real environment are handed in. Nothing below the command
//! line and the servers reads them on its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime};
use zeroize::Zeroizing;

use crate::installation::passphrase::{
    BACKUP_PASSPHRASE, KEY_PASSPHRASE, ROOT_PASSPHRASE, WALLET_BACKUP_PASSPHRASE, WALLET_LOCK_PASSPHRASE,
};

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

/// A file or folder of this name beside the program that runs.
#[must_use]
pub fn beside_the_program(name: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    Some(program.parent()?.join(name))
}

/// The environment variables that may concern Symbolon.
#[must_use]
pub fn environment() -> BTreeMap<String, String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the environment is handed in, once"
    )]
    std::env::vars()
        .filter(|(name, _)| name.starts_with("SYMBOLON_") && !SECRET_VARIABLES.contains(&name.as_str()))
        .collect()
}

/// Variables that hold secrets. They are read one by one, when they are needed.
const SECRET_VARIABLES: [&str; 5] = [
    KEY_PASSPHRASE,
    ROOT_PASSPHRASE,
    BACKUP_PASSPHRASE,
    WALLET_LOCK_PASSPHRASE,
    WALLET_BACKUP_PASSPHRASE,
];

/// The secret that an environment variable holds, if it is set to something.
#[must_use]
pub fn secret_variable(name: &str) -> Option<Zeroizing<String>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "secrets do not go through the map of all variables, which is not wiped"
    )]
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .map(Zeroizing::new)
}
