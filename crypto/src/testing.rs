//! What tests of this and other crates need: randomness that repeats, a provider that counts, and what every provider must do.

mod provider;
pub mod provider_conformance;
pub mod revocation;
pub mod rsa_conformance;
pub mod rsa_figures;

use std::sync::Mutex;

use sha2::{Digest as _, Sha256};

pub use provider::TestProvider;

use crate::randomness::{Randomness, RandomnessUnavailable};

/// Randomness that is the same for the same seed: SHA-256 in counter mode. Never for keys of real people.
#[derive(Debug)]
pub struct SeededRandomness {
    seed: u64,
    counter: Mutex<u64>,
}

impl SeededRandomness {
    /// Randomness of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: Mutex::new(0),
        }
    }
}

impl Randomness for SeededRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        let mut counter = self.counter.lock().map_err(|_| RandomnessUnavailable)?;
        for chunk in bytes.chunks_mut(32) {
            let block = Sha256::new_with_prefix(self.seed.to_be_bytes())
                .chain_update(counter.to_be_bytes())
                .finalize();
            *counter = counter.wrapping_add(1);
            for (target, source) in chunk.iter_mut().zip(block.iter()) {
                *target = *source;
            }
        }
        Ok(())
    }
}
