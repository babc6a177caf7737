//! The two providers, and their bare primitives.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider, PublicKey, Randomness, RandomnessUnavailable, RustCryptoProvider, SecretKey,
    SignatureAlgorithm,
};
use symbolon_crypto_aws_lc::AwsLcProvider;

/// A provider that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Of servers and command line.
    AwsLc,
    /// Of phones and browsers.
    RustCrypto,
}

/// Signs bytes with a key that was prepared before.
pub type Signer = Box<dyn Fn(&[u8]) -> Vec<u8>>;
/// Verifies a signature over bytes with a key that was parsed before.
pub type Verifier = Box<dyn Fn(&[u8], &[u8])>;

impl Provider {
    /// Both.
    pub const ALL: [Self; 2] = [Self::AwsLc, Self::RustCrypto];

    /// Its name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsLc => "aws-lc",
            Self::RustCrypto => "pure Rust",
        }
    }

    /// What the formats are handed.
    #[must_use]
    pub fn crypto(self) -> &'static dyn CryptoProvider {
        match self {
            Self::AwsLc => &AwsLcProvider,
            Self::RustCrypto => &RustCryptoProvider,
        }
    }

    /// A key of this seed.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
    pub fn key(self, algorithm: SignatureAlgorithm, seed: u64) -> SecretKey {
        SecretKey::generate(algorithm, &SeededRandomness::new(seed)).unwrap()
    }

    /// The bare signature of a key, which servers keep prepared.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
    pub fn signer(self, algorithm: SignatureAlgorithm, seed: u64) -> Signer {
        let key = self.key(algorithm, seed);
        match self.crypto().prepare(&key) {
            Some(prepared) => Box::new(move |message| prepared.sign(message).unwrap()),
            None => Box::new(move |message| self.crypto().sign(&key, message).unwrap()),
        }
    }

    /// The bare verification with a key. For Ed25519 it is the one of ed25519-dalek with both providers, because it is the
    /// faster one.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
    pub fn verifier(self, key: &PublicKey) -> Verifier {
        match (self, key) {
            (Self::AwsLc, PublicKey::P256(_)) => {
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.to_sec1_bytes()).unwrap();
                Box::new(move |message, signature| key.verify_sig(message, signature).unwrap())
            }
            (_, key) => {
                let key = key.clone();
                Box::new(move |message, signature| {
                    RustCryptoProvider
                        .verify(&key, key.algorithm(), message, signature)
                        .unwrap();
                })
            }
        }
    }

    /// How many times its limit a verification may cost with this provider, where `servers` is what servers should reach.
    #[must_use]
    pub const fn verification_target(self, servers: f64) -> f64 {
        match self {
            Self::AwsLc => servers,
            Self::RustCrypto => 1.15,
        }
    }
}

/// The randomness of the operating system, as servers have it: what it costs belongs to issuing.
#[derive(Debug, Clone, Copy)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(
        clippy::disallowed_methods,
        reason = "the outermost place, where the real source is handed in"
    )]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        getrandom::fill(bytes).map_err(|_| RandomnessUnavailable)
    }
}
