//! The holder's keys in software, sealed in the wallet's store.

use std::sync::Arc;

use symbolon_crypto::signing::{
    Agree, AgreeOutcome, CreateKeys, DeleteKeys, DescribeKeys, KeyDescription, KeyError, KeyHandle, Sign,
    SignOutcome, SignatureRequest,
};
use symbolon_crypto::{CryptoProvider, PublicKey, SecretKey, SignatureAlgorithm};
use symbolon_wallet_core::{ListKeys, StoreError};
use zeroize::Zeroizing;

use crate::seal::Kind;
use crate::store::SealedStore;

/// Creates, holds and uses keys in software. They are never locked.
pub struct SoftwareKeys {
    sealed: Arc<SealedStore>,
    provider: Arc<dyn CryptoProvider>,
}

impl SoftwareKeys {
    pub(crate) fn new(sealed: Arc<SealedStore>, provider: Arc<dyn CryptoProvider>) -> Self {
        Self { sealed, provider }
    }

    fn secret_key(&self, handle: &KeyHandle) -> Result<SecretKey, KeyError> {
        let read = self.sealed.read(Kind::SoftwareKey, handle.as_str().as_bytes());
        let opened = read.map_err(key_error)?.ok_or(KeyError::Unknown)?.opened;
        let (_, der) = split(&opened).ok_or(KeyError::Failed)?;
        SecretKey::from_pkcs8_der(der).map_err(|_| KeyError::Failed)
    }
}

impl CreateKeys for SoftwareKeys {
    fn create(&self, algorithm: SignatureAlgorithm) -> Result<KeyDescription, KeyError> {
        let key = self
            .provider
            .generate_key(algorithm, self.sealed.randomness.as_ref())
            .map_err(|_| KeyError::Failed)?;
        let public_key = key.public_key();
        // The thumbprint names the key wherever it is met, and says nothing that the public key does not.
        let handle = public_key.thumbprint().to_string();
        let der = key.to_pkcs8_der().map_err(|_| KeyError::Failed)?;
        let mut value = Zeroizing::new(Vec::with_capacity(handle.len() + 1 + der.len()));
        value.extend_from_slice(handle.as_bytes());
        value.push(SEPARATOR);
        value.extend_from_slice(&der);
        let name = self.sealed.sealer.name(Kind::SoftwareKey, handle.as_bytes());
        let sealed = self.sealed.seal(&name, &value).map_err(key_error)?;
        let store_key = self.sealed.key(&name);
        let batch = self
            .sealed
            .begin()
            .require_absent(store_key.clone())
            .put(store_key, sealed);
        self.sealed.write(batch).map_err(key_error)?;
        Ok(KeyDescription {
            handle: KeyHandle::new(handle),
            public_key,
        })
    }
}

impl DescribeKeys for SoftwareKeys {
    fn describe(&self, handle: &KeyHandle) -> Result<KeyDescription, KeyError> {
        let public_key = self.secret_key(handle)?.public_key();
        Ok(KeyDescription {
            handle: handle.clone(),
            public_key,
        })
    }
}

impl Sign for SoftwareKeys {
    fn sign(&self, request: &SignatureRequest) -> Result<SignOutcome, KeyError> {
        let key = self.secret_key(&request.key)?;
        if key.public_key().algorithm() != request.algorithm {
            return Err(KeyError::WrongAlgorithm);
        }
        self.provider
            .sign(&key, &request.bytes)
            .map(SignOutcome::Signed)
            .map_err(|_| KeyError::Failed)
    }
}

impl Agree for SoftwareKeys {
    fn agree(&self, handle: &KeyHandle, peer: &PublicKey) -> Result<AgreeOutcome, KeyError> {
        let key = self.secret_key(handle)?;
        self.provider
            .agree(&key, peer)
            .map(AgreeOutcome::Agreed)
            .map_err(|_| KeyError::WrongAlgorithm)
    }
}

impl DeleteKeys for SoftwareKeys {
    fn delete(&self, handle: &KeyHandle) -> Result<(), KeyError> {
        let name = self
            .sealed
            .sealer
            .name(Kind::SoftwareKey, handle.as_str().as_bytes());
        let batch = self.sealed.begin().delete(self.sealed.key(&name));
        self.sealed.write(batch).map_err(key_error)
    }
}

impl ListKeys for SoftwareKeys {
    fn list(&self) -> Result<Vec<KeyHandle>, KeyError> {
        self.sealed
            .all(Kind::SoftwareKey, |value| {
                let (handle, _) = split(value).ok_or(StoreError::Damaged)?;
                let handle = std::str::from_utf8(handle).map_err(|_| StoreError::Damaged)?;
                Ok(KeyHandle::new(handle))
            })
            .map_err(key_error)
    }
}

/// The handle of a stored key.
pub(crate) fn software_key_handle(value: &[u8]) -> Option<&[u8]> {
    split(value).map(|(handle, _)| handle)
}

/// A stored key: handle, separator, PKCS #8. The handle is repeated inside because the name is a keyed hash.
fn split(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = value.iter().position(|byte| *byte == SEPARATOR)?;
    Some((value.get(..at)?, value.get(at + 1..)?))
}

const fn key_error(_: StoreError) -> KeyError {
    KeyError::Failed
}

/// Outside the alphabet of base64url, in which handles are written.
const SEPARATOR: u8 = 0;
