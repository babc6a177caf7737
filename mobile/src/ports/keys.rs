//! The holder's keys in the platform's key store.

use std::sync::Arc;

use symbolon_crypto::signing::{
    CreateKeys, DeleteKeys, DescribeKeys, KeyDescription, KeyError, KeyHandle, Sign, SignOutcome,
    SignatureRequest,
};
use symbolon_crypto::{PublicKey, SignatureAlgorithm};
use symbolon_wallet_core::ListKeys;
use thiserror::Error;

/// Creates, holds and uses keys on P-256 that never leave the platform: Android Keystore, Secure Enclave.
///
/// Calls come from the thread that runs the wallet's call. An implementation holds the keys of **one person's wallet** and no others: keys
/// that it lists and no record of that wallet names are deleted by `recover`.
#[uniffi::export(with_foreign)]
pub trait KeyStore: Send + Sync {
    /// Makes a key on P-256 that signs, and has it stored durably before it answers.
    fn create(&self) -> Result<CreatedKey, KeyFailure>;

    /// The public half of a key, as the DER of a `SubjectPublicKeyInfo`.
    fn public_key(&self, handle: String) -> Result<Vec<u8>, KeyFailure>;

    /// Signs exactly these bytes by ECDSA with SHA-256, or says that the key waits for the person.
    fn sign(&self, handle: String, bytes: Vec<u8>) -> Result<SigningOutcome, KeyFailure>;

    /// Removes a key; removing one that is not there succeeds.
    fn delete(&self, handle: String) -> Result<(), KeyFailure>;

    /// The handles of all keys of this wallet.
    fn list(&self) -> Result<Vec<String>, KeyFailure>;
}

/// A key that was just made.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CreatedKey {
    /// Its name within the key store.
    pub handle: String,
    /// Its public half, as the DER of a `SubjectPublicKeyInfo`.
    pub public_key: Vec<u8>,
}

/// What came of signing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SigningOutcome {
    /// The signature, as the DER of an `ECDSA-Sig-Value`: what platforms hand out.
    Signed {
        /// It.
        signature: Vec<u8>,
    },
    /// The key exists and cannot be used until its owner unlocks it.
    Locked,
}

/// Why a key store refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum KeyFailure {
    /// No key of this handle.
    #[error("no such key")]
    Unknown,
    /// The platform ended the key, as phones do when the biometry or the screen lock that guards it changes.
    #[error("the key was invalidated")]
    Invalidated,
    /// The key store cannot be reached or is broken.
    #[error("the key store failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

impl From<KeyFailure> for KeyError {
    fn from(failure: KeyFailure) -> Self {
        match failure {
            KeyFailure::Unknown => Self::Unknown,
            KeyFailure::Invalidated => Self::Invalidated,
            KeyFailure::Failed => Self::Failed,
        }
    }
}

/// The app's key store as the wallet's port.
pub(crate) struct PlatformKeys(pub(crate) Arc<dyn KeyStore>);

impl CreateKeys for PlatformKeys {
    fn create(&self, algorithm: SignatureAlgorithm) -> Result<KeyDescription, KeyError> {
        if algorithm != SignatureAlgorithm::Es256 {
            return Err(KeyError::WrongAlgorithm);
        }
        let created = self.0.create()?;
        Ok(KeyDescription {
            handle: KeyHandle::new(created.handle),
            public_key: es256_key(&created.public_key)?,
        })
    }
}

impl DescribeKeys for PlatformKeys {
    fn describe(&self, handle: &KeyHandle) -> Result<KeyDescription, KeyError> {
        let public_key = self.0.public_key(handle.as_str().to_owned())?;
        Ok(KeyDescription {
            handle: handle.clone(),
            public_key: es256_key(&public_key)?,
        })
    }
}

impl Sign for PlatformKeys {
    fn sign(&self, request: &SignatureRequest) -> Result<SignOutcome, KeyError> {
        signed(request, |handle, bytes| self.0.sign(handle, bytes))
    }
}

impl DeleteKeys for PlatformKeys {
    fn delete(&self, handle: &KeyHandle) -> Result<(), KeyError> {
        Ok(self.0.delete(handle.as_str().to_owned())?)
    }
}

impl ListKeys for PlatformKeys {
    fn list(&self) -> Result<Vec<KeyHandle>, KeyError> {
        let handles = self.0.list()?;
        Ok(handles.into_iter().map(KeyHandle::new).collect())
    }
}

/// Has a request signed by a key store of the app.
pub(crate) fn signed(
    request: &SignatureRequest,
    sign: impl FnOnce(String, Vec<u8>) -> Result<SigningOutcome, KeyFailure>,
) -> Result<SignOutcome, KeyError> {
    if request.algorithm != SignatureAlgorithm::Es256 {
        return Err(KeyError::WrongAlgorithm);
    }
    match sign(request.key.as_str().to_owned(), request.bytes.clone())? {
        SigningOutcome::Signed { signature } => fixed_width(&signature)
            .map(SignOutcome::Signed)
            .ok_or(KeyError::Failed),
        SigningOutcome::Locked => Ok(SignOutcome::Locked),
    }
}

pub(super) fn es256_key(der: &[u8]) -> Result<PublicKey, KeyError> {
    let key = PublicKey::from_subject_public_key_info(der).map_err(|_| KeyError::Failed)?;
    if key.algorithm() == SignatureAlgorithm::Es256 {
        Ok(key)
    } else {
        Err(KeyError::WrongAlgorithm)
    }
}

/// `r || s` of a DER-encoded `ECDSA-Sig-Value` on P-256 ([RFC 3279 §2.2.3]): what JOSE and COSE carry. `None` for anything but the one
/// encoding that DER has of two numbers in range.
///
/// [RFC 3279 §2.2.3]: https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3
fn fixed_width(der: &[u8]) -> Option<Vec<u8>> {
    let (content, rest) = element(der, SEQUENCE)?;
    let (r, after) = element(content, INTEGER)?;
    let (s, end) = element(after, INTEGER)?;
    if !rest.is_empty() || !end.is_empty() {
        return None;
    }
    let mut signature = Vec::with_capacity(2 * SCALAR_BYTES);
    for number in [r, s] {
        let digits = unsigned(number)?;
        let padding = SCALAR_BYTES.checked_sub(digits.len())?;
        signature.resize(signature.len() + padding, 0);
        signature.extend_from_slice(digits);
    }
    Some(signature)
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
/// The bytes of a number below the order of P-256.
const SCALAR_BYTES: usize = 32;

/// The content of the element that `der` begins with, and what follows it. Both numbers of P-256 fit into lengths of one byte.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    if *found != tag || *length >= 0x80 {
        return None;
    }
    rest.split_at_checked(usize::from(*length))
}

/// The digits of a positive number in its shortest form.
fn unsigned(number: &[u8]) -> Option<&[u8]> {
    match number {
        [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Some(rest),
        [first, ..] if (1..0x80).contains(first) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
        let integer = |number: &[u8]| [&[INTEGER, u8::try_from(number.len()).unwrap()], number].concat();
        let content = [integer(r), integer(s)].concat();
        [vec![SEQUENCE, u8::try_from(content.len()).unwrap()], content].concat()
    }

    #[test]
    fn numbers_are_padded_to_the_width_of_the_curve() {
        let long = [&[0][..], &[0xff; 32]].concat();
        let expected = [vec![0; 31], vec![1], vec![0xff; 32]].concat();
        assert_eq!(fixed_width(&der(&[1], &long)), Some(expected));
    }

    #[test]
    fn what_is_no_signature_on_p_256_is_refused() {
        let good = der(&[1], &[2]);
        assert!(fixed_width(&good).is_some());
        let mut longer = good.clone();
        longer.push(0);
        for wrong in [
            Vec::new(),
            good[..good.len() - 1].to_vec(),
            longer,
            der(&[0], &[2]),
            der(&[0, 1], &[2]),
            der(&[0x80], &[2]),
            der(&[], &[2]),
            der(&[1; 33], &[2]),
        ] {
            assert_eq!(fixed_width(&wrong), None, "{wrong:?}");
        }
    }
}
