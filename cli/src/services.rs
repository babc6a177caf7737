//! Issuer, verifier and headless wallet, put together from an installation.

pub mod authorization;
pub mod distributor;
pub mod issuer;
pub mod pulling;
pub mod sign_in;
pub mod verifier;
pub mod wallet;

use std::path::PathBuf;
use std::sync::Arc;

use symbolon_crypto::UnixTime;
use symbolon_http::serve::{Encryption, TlsFiles};

use crate::edge;
use crate::installation::Installation;

/// The clock that servers are handed.
#[must_use]
pub fn clock() -> Arc<dyn Fn() -> UnixTime + Send + Sync> {
    Arc::new(edge::system_time)
}

/// How a listener is encrypted, from its section of the configuration.
#[must_use]
pub fn encryption(
    installation: &Installation,
    certificate: Option<&PathBuf>,
    key: Option<&PathBuf>,
) -> Encryption {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Encryption::Tls(TlsFiles {
            certificate: installation.loaded.resolve(certificate),
            key: installation.loaded.resolve(key),
        }),
        _ => Encryption::Plain,
    }
}
