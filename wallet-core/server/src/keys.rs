//! The keys that presentations are signed with: the wallet's own, and those that its credentials are bound to.

use std::sync::Arc;

use symbolon_crypto::PublicKey;
use symbolon_crypto::signing::{KeyDescription, KeyError, KeyHandle, Sign};
use symbolon_did::{Did, DidUrl, InvalidDid, did_key};
use symbolon_wallet_core::WalletKeys;
use thiserror::Error;

/// A key as a holder shows it: the one method of its `did:key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderKey {
    handle: KeyHandle,
    public_key: PublicKey,
    method: DidUrl,
}

/// Why a holder's key cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HolderKeyError {
    /// The key has no DID.
    #[error("the key cannot be written as a DID")]
    Did(#[from] InvalidDid),
    /// The key store failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl HolderKey {
    /// A key of some key store.
    ///
    /// # Errors
    /// [`InvalidDid`], which no key of a supported type makes happen.
    pub fn new(key: KeyDescription) -> Result<Self, InvalidDid> {
        let did = did_key(&key.public_key)?;
        let method = did.with_fragment(did.method_specific_identifier())?;
        Ok(Self {
            handle: key.handle,
            public_key: key.public_key,
            method,
        })
    }

    /// Its handle in its key store.
    #[must_use]
    pub const fn handle(&self) -> &KeyHandle {
        &self.handle
    }

    /// Its public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The holder that it makes.
    #[must_use]
    pub const fn did(&self) -> &Did {
        self.method.did()
    }

    /// What a proof names.
    #[must_use]
    pub const fn method(&self) -> &DidUrl {
        &self.method
    }
}

/// The wallet's own key and the keys of its credentials, with who signs by them.
#[derive(Clone)]
pub(crate) struct Keyring {
    pub(crate) own: HolderKey,
    pub(crate) own_sign: Arc<dyn Sign>,
    pub(crate) bound: Arc<dyn WalletKeys>,
}

/// A key and who signs by it.
pub(crate) struct Signer {
    pub(crate) key: HolderKey,
    pub(crate) sign: SignBy,
}

/// Whose port signs.
pub(crate) enum SignBy {
    Own(Arc<dyn Sign>),
    Bound(Arc<dyn WalletKeys>),
}

impl Keyring {
    /// The wallet's own key.
    pub(crate) fn own(&self) -> Signer {
        Signer {
            key: self.own.clone(),
            sign: SignBy::Own(Arc::clone(&self.own_sign)),
        }
    }

    /// The key of a DID, if it is one of this wallet's.
    pub(crate) fn of(&self, did: &Did) -> Result<Option<Signer>, HolderKeyError> {
        if self.own.did() == did {
            return Ok(Some(self.own()));
        }
        for handle in self.bound.list()? {
            let key = HolderKey::new(self.bound.describe(&handle)?)?;
            if key.did() == did {
                return Ok(Some(Signer {
                    key,
                    sign: SignBy::Bound(Arc::clone(&self.bound)),
                }));
            }
        }
        Ok(None)
    }
}
