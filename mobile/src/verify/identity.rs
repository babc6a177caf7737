//! Who asks: the certificates of the merchant, and a key in the app's key store.

use std::sync::Arc;

use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_crypto::signing::{KeyError, KeyHandle, SignOutcome, SignatureRequest};
use symbolon_crypto::x509::Certificate;

use super::VerifierError;
use crate::ports::{KeyStore, signed};

/// Who asks. Wallets show the name in the certificate, and answer where an authority that they know made it.
#[derive(Clone, uniffi::Record)]
pub struct VerifierIdentity {
    /// The certificates, DER: the verifier's own first, which is for a key on P-256, then those above it without the root.
    pub certificates: Vec<Vec<u8>>,
    /// The key store with the key of the first certificate.
    pub keys: Arc<dyn KeyStore>,
    /// The name of that key.
    pub key: String,
    /// What the verifier calls itself. Nobody vouches for it.
    pub name: String,
}

/// An identity that was understood.
pub(super) struct Signer {
    keys: Arc<dyn KeyStore>,
    pub(super) handle: KeyHandle,
    pub(super) name: String,
    pub(super) chain: Vec<Certificate>,
    pub(super) leaf: Certificate,
}

/// The longest name of a verifier.
const MAX_NAME_CHARACTERS: usize = 200;
/// The most certificates: a leaf and what may stand above it.
const MAX_CERTIFICATES: usize = 8;

impl VerifierIdentity {
    pub(super) fn parse(self) -> Result<Signer, VerifierError> {
        if self.certificates.len() > MAX_CERTIFICATES || self.name.chars().count() > MAX_NAME_CHARACTERS {
            return Err(VerifierError::Identity);
        }
        let chain = self.certificates.iter().map(|der| Certificate::parse(der));
        let chain: Vec<Certificate> = chain
            .collect::<Result<_, _>>()
            .map_err(|_| VerifierError::Identity)?;
        let leaf = chain.first().ok_or(VerifierError::Identity)?.clone();
        if leaf.public_key().algorithm() != SignatureAlgorithm::Es256 {
            return Err(VerifierError::Identity);
        }
        Ok(Signer {
            keys: self.keys,
            handle: KeyHandle::new(self.key),
            name: self.name,
            chain,
            leaf,
        })
    }
}

impl Signer {
    pub(super) fn sign(&self, request: &SignatureRequest) -> Result<Vec<u8>, VerifierError> {
        match signed(request, |handle, bytes| self.keys.sign(handle, bytes)) {
            Ok(SignOutcome::Signed(signature)) => Ok(signature),
            Ok(SignOutcome::Locked) => Err(VerifierError::KeyLocked),
            Err(KeyError::Unknown | KeyError::Invalidated) => Err(VerifierError::Identity),
            Err(_) => Err(VerifierError::DeviceFailed),
        }
    }

    pub(super) fn encoded_chain(&self) -> Result<EncodedX5Chain, VerifierError> {
        let ders: Vec<Vec<u8>> = self
            .chain
            .iter()
            .map(|certificate| certificate.der().to_vec())
            .collect();
        EncodedX5Chain::new(SignatureAlgorithm::Es256, &ders).map_err(|_| VerifierError::Identity)
    }
}
