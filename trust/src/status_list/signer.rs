//! Who signs the status lists of an issuer: the leaf of a chain under one of its anchors, with the key usage for status lists,
//! that names the issuer.

use symbolon_crypto::x509::{Certificate, ChainError, ChainProfile, SignerChain, verify_chain};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};

use crate::trust_list::TrustedIssuer;

/// A key that may sign the status lists of an issuer.
#[derive(Debug)]
pub(crate) struct StatusSigner {
    pub(crate) key: PublicKey,
    /// When the first certificate of the chain ends, the anchor included.
    pub(crate) until: UnixTime,
    /// The chain.
    pub(crate) chain: SignerChain,
}

/// Why a chain names no status signer of an issuer.
#[derive(Debug)]
pub(crate) enum NotAStatusSigner {
    Chain(ChainError),
    OfAnotherIssuer,
}

impl StatusSigner {
    /// The signer that `chain` (leaf first, without its anchor) named for `issuer` at the time `at`.
    pub(crate) fn of_chain(
        chain: &[Certificate],
        issuer: &TrustedIssuer,
        at: UnixTime,
        provider: &dyn CryptoProvider,
    ) -> Result<Self, NotAStatusSigner> {
        let verified = verify_chain(chain, &issuer.anchors, ChainProfile::StatusSigner, at, provider)
            .map_err(NotAStatusSigner::Chain)?;
        // An authority that is known by its certificate alone has no name but its certificate, which the chain ends at.
        let mut names = verified.leaf().san_uris().iter();
        let names_the_issuer = issuer.identifier.is_certificate()
            || names.any(|name| name.as_str() == issuer.identifier.as_str());
        if !names_the_issuer {
            return Err(NotAStatusSigner::OfAnotherIssuer);
        }
        let signer = SignerChain {
            certificates: chain.to_vec(),
            anchor: verified.anchor().clone(),
        };
        Ok(Self {
            key: verified.leaf().public_key().clone(),
            until: signer.not_after(),
            chain: signer,
        })
    }
}
