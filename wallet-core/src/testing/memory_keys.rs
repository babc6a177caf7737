//! A key store in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use symbolon_crypto::signing::{
    Agree, AgreeOutcome, CreateKeys, DeleteKeys, DescribeKeys, KeyDescription, KeyError, KeyHandle, Sign,
    SignOutcome, SignatureRequest, SoftwareKey,
};
use symbolon_crypto::{CryptoProvider, PublicKey, Randomness, SignatureAlgorithm};

use crate::ports::ListKeys;

/// Software keys in memory that can be locked and ended. Clones share the keys.
#[derive(Clone)]
pub struct MemoryKeys {
    shared: Arc<Mutex<Shared>>,
    provider: Arc<dyn CryptoProvider>,
    randomness: Arc<dyn Randomness>,
}

#[derive(Default)]
struct Shared {
    keys: BTreeMap<KeyHandle, SoftwareKey>,
    ended: BTreeSet<KeyHandle>,
    lock: Lock,
    signatures: usize,
}

#[derive(Default, PartialEq)]
enum Lock {
    #[default]
    Open,
    Locked,
}

impl MemoryKeys {
    /// An empty key store.
    #[must_use]
    pub fn new(provider: Arc<dyn CryptoProvider>, randomness: Arc<dyn Randomness>) -> Self {
        Self {
            shared: Arc::default(),
            provider,
            randomness,
        }
    }

    /// From now on every signature waits for the person.
    pub fn lock(&self) {
        self.shared().lock = Lock::Locked;
    }

    /// The person is here.
    pub fn unlock(&self) {
        self.shared().lock = Lock::Open;
    }

    /// The platform ends a key, as phones do when the biometry changes: it is still listed and described, and signs nothing any more.
    pub fn end(&self, handle: &KeyHandle) {
        self.shared().ended.insert(handle.clone());
    }

    /// How many signatures were made.
    #[must_use]
    pub fn signatures(&self) -> usize {
        self.shared().signatures
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CreateKeys for MemoryKeys {
    fn create(&self, algorithm: SignatureAlgorithm) -> Result<KeyDescription, KeyError> {
        let secret = self
            .provider
            .generate_key(algorithm, self.randomness.as_ref())
            .map_err(|_| KeyError::Failed)?;
        let public_key = secret.public_key();
        let handle = KeyHandle::new(public_key.thumbprint().to_string());
        let key = SoftwareKey::new(handle.clone(), secret, Arc::clone(&self.provider));
        self.shared().keys.insert(handle.clone(), key);
        Ok(KeyDescription { handle, public_key })
    }
}

impl DescribeKeys for MemoryKeys {
    fn describe(&self, handle: &KeyHandle) -> Result<KeyDescription, KeyError> {
        self.shared()
            .keys
            .get(handle)
            .ok_or(KeyError::Unknown)?
            .describe(handle)
    }
}

impl Sign for MemoryKeys {
    fn sign(&self, request: &SignatureRequest) -> Result<SignOutcome, KeyError> {
        let mut shared = self.shared();
        if shared.lock == Lock::Locked {
            return Ok(SignOutcome::Locked);
        }
        if shared.ended.contains(&request.key) {
            return Err(KeyError::Invalidated);
        }
        let outcome = shared
            .keys
            .get(&request.key)
            .ok_or(KeyError::Unknown)?
            .sign(request)?;
        shared.signatures += 1;
        Ok(outcome)
    }
}

impl Agree for MemoryKeys {
    fn agree(&self, handle: &KeyHandle, peer: &PublicKey) -> Result<AgreeOutcome, KeyError> {
        let shared = self.shared();
        if shared.lock == Lock::Locked {
            return Ok(AgreeOutcome::Locked);
        }
        shared
            .keys
            .get(handle)
            .ok_or(KeyError::Unknown)?
            .agree(handle, peer)
    }
}

impl DeleteKeys for MemoryKeys {
    fn delete(&self, handle: &KeyHandle) -> Result<(), KeyError> {
        self.shared().keys.remove(handle);
        Ok(())
    }
}

impl ListKeys for MemoryKeys {
    fn list(&self) -> Result<Vec<KeyHandle>, KeyError> {
        Ok(self.shared().keys.keys().cloned().collect())
    }
}
