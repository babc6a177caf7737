//! What the application hands in: how to reach the network, where to keep things, and what holds the keys.
//!
//! Every port is a small object-safe trait. Clock and randomness are no ports of this crate: the time is an argument of
//! every call that needs it, randomness is [`symbolon_crypto::Randomness`].

mod attestation;
mod keys;
mod store;
mod telling;
mod transport;

use std::future::Future;
use std::pin::Pin;

pub use attestation::{
    AttestKeys, AttestWallet, AttestationUnavailable, ClientAttestation, WantedAttestation,
};
pub(crate) use keys::KEY_ALGORITHM;
pub use keys::{ListKeys, WalletKeys};
pub use store::{Change, StoreError, WalletStore};
pub use telling::Telling;
pub use transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};

/// The future that a port's asynchronous operation returns. Boxed, so that ports stay object safe and foreign
/// languages can implement them.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
