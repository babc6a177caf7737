//! The holder's keys.

use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::signing::{CreateKeys, DeleteKeys, DescribeKeys, KeyError, KeyHandle, Sign};

/// Lists the keys that exist.
///
/// A process can die between the creation of a key and the record of its handle. The list is how such a key is found and
/// deleted when the wallet is opened again. **List only keys that were created through the same port**: every listed key
/// that no credential and no unfinished flow names is deleted. Where a phone keeps several people's credentials, each has a port of their own.
pub trait ListKeys: Send + Sync {
    /// The handles of all keys created through this port.
    ///
    /// # Errors
    /// [`KeyError`] when the key store cannot be read.
    fn list(&self) -> Result<Vec<KeyHandle>, KeyError>;
}

/// Everything a wallet does with keys. Implemented by whatever implements the five small ports.
pub trait WalletKeys: CreateKeys + Sign + DescribeKeys + DeleteKeys + ListKeys {}

impl<T: CreateKeys + Sign + DescribeKeys + DeleteKeys + ListKeys> WalletKeys for T {}

/// What the holder's keys sign with. Every phone's key store has it, and every profile demands it ([HAIP §7]).
///
/// [HAIP §7]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-7
pub(crate) const KEY_ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::Es256;
