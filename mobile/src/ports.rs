//! What the app hands in, in its own language: network, keys, lock, clock, randomness, and who is told of progress.

mod attestation;
mod keys;
mod lock;
mod platform;
mod progress;
mod storage;
mod transport;

pub use attestation::{AttestationAge, AttestationFailure, KeyAttester, WalletAttestation, WalletAttester};
pub use keys::{CreatedKey, KeyFailure, KeyStore, SigningOutcome};
pub use lock::{DeviceLock, LockFailure, UnwrappingOutcome};
pub use platform::{PlatformFailure, RandomSource, WalletClock};
pub use progress::{ProgressObserver, ProgressStep};
pub use storage::{StorageFailure, WalletStorage};
pub use transport::{Header, HttpMethod, HttpRequest, HttpResponse, Transport, TransportFailure};

pub(crate) use attestation::{PlatformAttester, PlatformKeyAttester};
pub(crate) use keys::{PlatformKeys, signed};
pub(crate) use lock::PlatformLock;
pub(crate) use platform::{Randomness, Time};
pub(crate) use progress::Observer;
pub(crate) use storage::PlatformStorage;
pub(crate) use transport::PlatformTransport;
