//! How Symbolon signs: keys, signatures, JOSE, COSE and X.509, in pure Rust.
//!
//! - [`SignatureAlgorithm`], [`PublicKey`], [`SecretKey`], [`Jwk`]: a closed set of keys, parsed once.
//! - [`RsaPublicKey`], [`RsaAlgorithm`]: for verifying alone, and only where a caller names them.
//! - [`CryptoProvider`]: who computes; [`RustCryptoProvider`] is the pure-Rust implementation.
//! - [`signing`]: signing as a request, and the ports of key stores.
//! - [`encoding`]: strict, bounded codecs.
//! - [`hpke`]: encryption to a key, for answers of ISO/IEC 18013-7.
//! - [`passphrase`]: keys from what a person knows.
//!
//! Nothing here reads a clock, randomness, a file or the network: [`UnixTime`] and [`Randomness`] come in as
//! arguments.

mod algorithm;
pub mod cose;
pub mod encoding;
pub mod hpke;
pub mod jose;
mod key;
pub mod passphrase;
mod provider;
mod randomness;
pub mod signing;
pub mod symmetric;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod time;
pub mod x509;

pub use algorithm::{RsaAlgorithm, SignatureAlgorithm};
pub use key::{InvalidKey, Jwk, PublicKey, RsaJwk, RsaPublicKey, SecretKey, Thumbprint};
pub use provider::{
    CryptoProvider, PreparedKey, RsaNotVerified, RustCryptoProvider, SharedSecret, SignatureRejected,
    SigningFailed,
};
pub use randomness::{Randomness, RandomnessUnavailable, random_bytes};
pub use time::{InvalidTime, UnixTime};
