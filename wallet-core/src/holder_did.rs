//! The holder's own DIDs. They hold their key, so nothing is published and nothing fetched.

use symbolon_crypto::PublicKey;
use symbolon_did::{Did, DidUrl, did_key, resolve};

use crate::error::{DeviceFault, WalletError};

/// The one verification method of a DID that holds its key.
pub(crate) fn own_method(did: &Did) -> Result<DidUrl, WalletError> {
    resolve(did)
        .map(|document| document.verification_method.id)
        .map_err(|_| WalletError::DeviceFailed(DeviceFault::Internal))
}

/// The verification method to sign a presentation with: of the DID by which the credential names its subject, where that is one
/// of `key`, and of the key's `did:key` otherwise.
pub(crate) fn method_for(subject: Option<&str>, key: &PublicKey) -> Result<DidUrl, WalletError> {
    let named = subject
        .and_then(|subject| Did::parse(subject).ok())
        .and_then(|did| resolve(&did).ok())
        .map(|document| document.verification_method)
        .filter(|method| method.public_key == *key)
        .map(|method| method.id);
    match named {
        Some(method) => Ok(method),
        None => own_method(&did_key(key).map_err(|_| WalletError::DeviceFailed(DeviceFault::Internal))?),
    }
}
