//! Keys: public ones parsed once, secret ones that cannot leak by accident, and their JWK form.

mod cose_key;
mod jwk;
mod public;
mod rsa;
mod secret;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use jwk::Jwk;
pub use public::{PublicKey, Thumbprint};
pub use rsa::{RsaJwk, RsaPublicKey};
pub(crate) use secret::Secret;
pub use secret::SecretKey;

/// Bytes or text that are no key of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a key of a supported type")]
pub struct InvalidKey;
