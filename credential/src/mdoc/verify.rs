//! Verifying the issuer and the device of an mdoc.

use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain};
use symbolon_crypto::{CryptoProvider, SecretKey};
use thiserror::Error;

use super::device_authentication::{EMacKey, device_authentication};
use super::issuer_signed::IssuerSigned;
use super::response::{DeviceAuth, DeviceElement, Document};
use super::transcript::SessionTranscript;
use crate::verified::Verified;

/// What an mdoc was refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MdocRejected {
    /// The chain was verified for something other than signing mdocs.
    #[error("the certificate chain was not verified for a document signer")]
    NotADocumentSigner,
    /// The document signer did not sign this.
    #[error("the issuer's signature does not verify")]
    IssuerSignature,
    /// Signed when the document signer's certificate was not valid.
    #[error("the mdoc was signed outside of the validity of the document signer's certificate")]
    SignedOutsideCertificate,
    /// An element that the issuer did not sign a digest of.
    #[error("an element has no digest in the mobile security object")]
    DigestMissing,
    /// An element that is not the one that the issuer signed a digest of.
    #[error("an element does not have the digest that the issuer signed")]
    DigestMismatch,
    /// The device states another document type than the issuer signed.
    #[error("the document type is not the one that the issuer signed")]
    DocTypeMismatch,
    /// The device key did not sign this document for this session.
    #[error("the device's signature does not verify for this session")]
    DeviceSignature,
    /// The device key did not authenticate this document for this session.
    #[error("the device's MAC does not verify for this session")]
    DeviceMac,
    /// A MAC where only a signature is accepted.
    #[error("the device authenticated with a MAC, which is not accepted here")]
    MacNotAccepted,
    /// The device added an element that the issuer did not authorise its key for.
    #[error("the device key is not authorised for an element that it added")]
    KeyNotAuthorized,
}

/// How the device may authenticate.
#[derive(Clone, Copy)]
pub enum DeviceAuthentication<'k> {
    /// With a signature.
    SignatureOnly,
    /// With a signature, or with a MAC that is agreed on with the reader's key of this session.
    SignatureOrMac {
        /// The reader's secret key.
        reader_key: &'k SecretKey,
    },
}

impl IssuerSigned<'_> {
    /// Verifies that the document signer of `chain` signed this while its certificate was valid, and that every element is the
    /// one that was signed. Whether it is valid now is another check: [`MdocValidity::check`](super::MdocValidity::check); and
    /// whether this signer may issue this document type is a third, which trust decides.
    ///
    /// # Errors
    /// [`MdocRejected`].
    pub fn verify(
        self,
        chain: &VerifiedChain,
        provider: &dyn CryptoProvider,
    ) -> Result<Verified<Self>, MdocRejected> {
        self.check_issuer(chain, provider)?;
        Ok(Verified::after_check(self))
    }

    fn check_issuer(&self, chain: &VerifiedChain, provider: &dyn CryptoProvider) -> Result<(), MdocRejected> {
        if chain.profile() != ChainProfile::DocumentSigner {
            return Err(MdocRejected::NotADocumentSigner);
        }
        self.check_signer(chain.leaf(), provider)
    }

    pub(super) fn check_signer(
        &self,
        signer: &Certificate,
        provider: &dyn CryptoProvider,
    ) -> Result<(), MdocRejected> {
        // What costs least first.
        let signed = self.mso.validity.signed;
        if signed < signer.not_before() || signed > signer.not_after() {
            return Err(MdocRejected::SignedOutsideCertificate);
        }
        for (name_space, elements) in &self.name_spaces {
            let digests = self.mso.digests(name_space).ok_or(MdocRejected::DigestMissing)?;
            for element in elements {
                let (_, digest) = digests
                    .binary_search_by_key(&element.digest_id, |(identifier, _)| *identifier)
                    .ok()
                    .and_then(|place| digests.get(place))
                    .ok_or(MdocRejected::DigestMissing)?;
                if !self.mso.digest_algorithm.is_digest(digest, element.encoded) {
                    return Err(MdocRejected::DigestMismatch);
                }
            }
        }
        self.signature
            .verify(provider, signer.public_key(), self.payload)
            .map_err(|_| MdocRejected::IssuerSignature)
    }
}

/// A document whose issuer was verified, and whose device was not.
#[derive(Debug, Clone)]
pub struct IssuerVerified<'a>(Document<'a>);

impl<'a> core::ops::Deref for IssuerVerified<'a> {
    type Target = Document<'a>;

    fn deref(&self) -> &Document<'a> {
        &self.0
    }
}

impl IssuerVerified<'_> {
    /// Verifies that the key which the issuer bound the mdoc to authenticated it for the session of `transcript`.
    ///
    /// # Errors
    /// [`MdocRejected`].
    pub fn verify_device(
        self,
        transcript: &SessionTranscript,
        accepted: DeviceAuthentication<'_>,
        provider: &dyn CryptoProvider,
    ) -> Result<Verified<Self>, MdocRejected> {
        self.0.check_device(transcript, accepted, provider)?;
        Ok(Verified::after_check(self))
    }
}

impl<'a> Document<'a> {
    /// Verifies the issuer alone: everything [`IssuerSigned::verify`] does, and the document type.
    ///
    /// # Errors
    /// [`MdocRejected`].
    pub fn verify_issuer(
        self,
        chain: &VerifiedChain,
        provider: &dyn CryptoProvider,
    ) -> Result<IssuerVerified<'a>, MdocRejected> {
        if self.doc_type != self.issuer_signed.mso.doc_type {
            return Err(MdocRejected::DocTypeMismatch);
        }
        self.issuer_signed.check_issuer(chain, provider)?;
        Ok(IssuerVerified(self))
    }

    /// Verifies issuer and device: everything [`IssuerSigned::verify`] does, the document type, and that the key which the issuer
    /// bound the mdoc to authenticated it for the session of `transcript`.
    ///
    /// # Errors
    /// [`MdocRejected`].
    pub fn verify(
        self,
        chain: &VerifiedChain,
        transcript: &SessionTranscript,
        accepted: DeviceAuthentication<'_>,
        provider: &dyn CryptoProvider,
    ) -> Result<Verified<Self>, MdocRejected> {
        let IssuerVerified(document) = self.verify_issuer(chain, provider)?;
        document.check_device(transcript, accepted, provider)?;
        Ok(Verified::after_check(document))
    }

    pub(super) fn check_device(
        &self,
        transcript: &SessionTranscript,
        accepted: DeviceAuthentication<'_>,
        provider: &dyn CryptoProvider,
    ) -> Result<(), MdocRejected> {
        let mso = &self.issuer_signed.mso;
        let may_sign = |element: &DeviceElement<'_>| {
            mso.key_authorizations
                .covers(element.name_space(), element.identifier())
        };
        if !self.device_elements.iter().all(may_sign) {
            return Err(MdocRejected::KeyNotAuthorized);
        }
        let payload = device_authentication(transcript, self.doc_type.as_str(), self.device_name_spaces);
        match (&self.device_auth, accepted) {
            (DeviceAuth::Signature(signature), _) => signature
                .verify(provider, &mso.device_key, &payload)
                .map_err(|_| MdocRejected::DeviceSignature),
            (DeviceAuth::Mac(_), DeviceAuthentication::SignatureOnly) => Err(MdocRejected::MacNotAccepted),
            (DeviceAuth::Mac(mac), DeviceAuthentication::SignatureOrMac { reader_key }) => {
                let key = EMacKey::derive(provider, reader_key, &mso.device_key, transcript)
                    .map_err(|_| MdocRejected::DeviceMac)?;
                mac.verify(&key.0, &payload).map_err(|_| MdocRejected::DeviceMac)
            }
        }
    }
}
