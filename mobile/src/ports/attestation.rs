//! The provider of the app, which vouches for the app and for its keys before issuers.

use std::sync::Arc;

use symbolon_crypto::PublicKey;
use symbolon_crypto::signing::{KeyDescription, KeyError, KeyHandle, Sign, SignOutcome, SignatureRequest};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_wallet_core as core;
use symbolon_wallet_core::{AttestationUnavailable, BoxFuture};
use thiserror::Error;

use super::keys::{SigningOutcome, es256_key, signed};
use crate::ports::KeyFailure;

/// Gets attestations of the app from its provider, and signs with the keys that they attest.
///
/// An implementation must give every authorization server an attestation and a key of its own: one that two servers see lets them
/// recognise the same wallet. The keys are none of the `KeyStore`'s.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait WalletAttester: Send + Sync {
    /// Gets an attestation for the authorization server with this identifier. Of `Fresh` ones the last was refused for its age.
    async fn attest(
        &self,
        server: String,
        wanted: AttestationAge,
    ) -> Result<WalletAttestation, AttestationFailure>;

    /// Signs exactly these bytes by ECDSA with SHA-256, with the key of an attestation that was given.
    fn sign(&self, handle: String, bytes: Vec<u8>) -> Result<SigningOutcome, KeyFailure>;
}

/// Gets attestations of the keys of credentials from the app's provider.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait KeyAttester: Send + Sync {
    /// Gets a key attestation of exactly these keys, each the DER of a `SubjectPublicKeyInfo`, in this order, as a JWT. A nonce that is
    /// given goes into it.
    async fn attest_keys(
        &self,
        public_keys: Vec<Vec<u8>>,
        nonce: Option<String>,
    ) -> Result<String, AttestationFailure>;
}

/// How old an attestation may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum AttestationAge {
    /// Any that has not expired.
    Valid,
    /// One that is made now.
    Fresh,
}

/// An attestation, and the key that it attests.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WalletAttestation {
    /// The JWT of the provider.
    pub jwt: String,
    /// The name of the key.
    pub handle: String,
    /// Its public half, as the DER of a `SubjectPublicKeyInfo`.
    pub public_key: Vec<u8>,
}

/// There is no attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum AttestationFailure {
    /// The provider cannot be reached, or does not vouch for this app.
    #[error("the provider of the wallet gives no attestation")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for AttestationFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

impl From<AttestationFailure> for AttestationUnavailable {
    fn from(_: AttestationFailure) -> Self {
        Self
    }
}

/// The app's provider as the wallet's port.
pub(crate) struct PlatformAttester(pub(crate) Arc<dyn WalletAttester>);

impl Sign for PlatformAttester {
    fn sign(&self, request: &SignatureRequest) -> Result<SignOutcome, KeyError> {
        signed(request, |handle, bytes| self.0.sign(handle, bytes))
    }
}

impl core::AttestWallet for PlatformAttester {
    fn attestation<'a>(
        &'a self,
        server: &'a IssuerIdentifier,
        wanted: core::WantedAttestation,
    ) -> BoxFuture<'a, Result<core::ClientAttestation, AttestationUnavailable>> {
        let wanted = match wanted {
            core::WantedAttestation::Valid => AttestationAge::Valid,
            core::WantedAttestation::Fresh => AttestationAge::Fresh,
        };
        Box::pin(async move {
            let given = self.0.attest(server.as_str().to_owned(), wanted).await?;
            Ok(core::ClientAttestation {
                jwt: given.jwt,
                key: KeyDescription {
                    handle: KeyHandle::new(given.handle),
                    public_key: es256_key(&given.public_key).map_err(|_| AttestationUnavailable)?,
                },
            })
        })
    }
}

/// The app's provider as the port of key attestations.
pub(crate) struct PlatformKeyAttester(pub(crate) Arc<dyn KeyAttester>);

impl core::AttestKeys for PlatformKeyAttester {
    fn attest_keys<'a>(
        &'a self,
        keys: &'a [PublicKey],
        nonce: Option<&'a CNonce>,
    ) -> BoxFuture<'a, Result<String, AttestationUnavailable>> {
        Box::pin(async move {
            let keys = keys.iter().map(PublicKey::to_subject_public_key_info);
            let keys = keys
                .collect::<Result<_, _>>()
                .map_err(|_| AttestationUnavailable)?;
            let nonce = nonce.map(|nonce| nonce.as_str().to_owned());
            Ok(self.0.attest_keys(keys, nonce).await?)
        })
    }
}
