//! Reading a Claim 169: strict about signatures and sizes, lenient about what deployments print.

use symbolon_crypto::cose::{CertificateThumbprint, CoseError, ParsedSign1, TagPolicy};
use symbolon_crypto::encoding::cbor::CborBudget;
use symbolon_crypto::encoding::zlib::{InflateError, inflate};
use symbolon_crypto::{CryptoProvider, PublicKey, SignatureAlgorithm};
use thiserror::Error;

use super::CWT_TAG;
use super::cwt::Cwt;
use super::encrypted::is_encrypted;
use crate::base45;
use crate::verified::Verified;

/// The major type of a CBOR map: claims without a COSE structure around them.
const CBOR_MAP: u8 = 5;

/// What a Claim 169 may cost to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim169Budget {
    /// Length of the text.
    pub characters: usize,
    /// Length of what it inflates to, in bytes.
    pub inflated_bytes: usize,
    /// Items of CBOR in all.
    pub items: usize,
    /// Arrays, maps and tags within each other.
    pub depth: usize,
}

impl Claim169Budget {
    /// One QR code holds 4,296 characters; a text that came as a file may be of several. 64 KiB is twenty times what a
    /// card can hold.
    pub const DEFAULT: Self = Self {
        characters: 16 << 10,
        inflated_bytes: 64 << 10,
        items: 1024,
        depth: 12,
    };
}

/// Why a text is no Claim 169 that may be verified.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Claim169Error {
    /// Longer than the budget allows, or it inflates to more.
    #[error("the QR text is over its budget")]
    OverBudget,
    /// Not Base45.
    #[error("not Base45")]
    NotBase45,
    /// Not a zlib stream.
    #[error("not a zlib stream")]
    NotZlib,
    /// Encrypted: [`Claim169Message`](super::Claim169Message) reads it.
    #[error("the claim 169 is encrypted, and a signed one is expected here")]
    Encrypted,
    /// Claims without a signature.
    #[error("the claims are not signed")]
    NotSigned,
    /// Not a COSE_Sign1, or one with an algorithm outside the set.
    #[error("not a COSE_Sign1 that can be verified")]
    Cose(#[source] CoseError),
    /// The algorithm is not one that Claim 169 is signed with.
    #[error("claim 169 is not signed with this algorithm")]
    Algorithm,
    /// The payload is no map of claims.
    #[error("the payload is not a CBOR web token")]
    NotACwt,
    /// No claim 169 in it.
    #[error("the token has no claim 169")]
    NoIdentityData,
    /// A claim is not of its type.
    #[error("claim {claim} is malformed")]
    MalformedClaim {
        /// Its key.
        claim: i64,
    },
    /// A claim is there as a number and as a text.
    #[error("claim {claim} is there twice")]
    DuplicateClaim {
        /// Its key.
        claim: i64,
    },
}

/// The issuer's signature does not verify with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the issuer's signature does not verify")]
pub struct SignatureRejected;

/// A Claim 169 whose signature was not verified. Nothing it says may be believed or shown before
/// [`ParsedClaim169::verify`].
#[derive(Debug, Clone)]
pub struct ParsedClaim169 {
    message: ParsedSign1,
    cwt: Cwt,
}

impl ParsedClaim169 {
    /// Reads the text of a QR code.
    ///
    /// # Errors
    /// [`Claim169Error`].
    pub fn parse_qr_text(text: &str, budget: Claim169Budget) -> Result<Self, Claim169Error> {
        Self::parse_cose(&inflate_qr_text(text, budget)?, budget)
    }

    /// Reads the signed structure, with or without its tags 61 and 18.
    ///
    /// # Errors
    /// [`Claim169Error`].
    pub fn parse_cose(cose: &[u8], budget: Claim169Budget) -> Result<Self, Claim169Error> {
        let message = without_cwt_tag(cose);
        if is_encrypted(message) {
            return Err(Claim169Error::Encrypted);
        }
        if message.first().is_some_and(|first| first >> 5 == CBOR_MAP) {
            return Err(Claim169Error::NotSigned);
        }
        let cbor = CborBudget {
            bytes: budget.inflated_bytes,
            depth: budget.depth,
            items: budget.items,
        };
        let message = ParsedSign1::parse(message, TagPolicy::Optional, cbor).map_err(Claim169Error::Cose)?;
        if message.algorithm == SignatureAlgorithm::Es384 {
            return Err(Claim169Error::Algorithm);
        }
        let cwt = Cwt::from_cbor(message.payload(), cbor)?;
        Ok(Self { message, cwt })
    }

    /// The algorithm, from the protected header alone.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.message.algorithm
    }

    /// `kid`, from either header: a hint where to find the key, no more.
    #[must_use]
    pub fn key_id(&self) -> Option<&[u8]> {
        self.message.key_id.as_deref()
    }

    /// `x5chain`, DER certificates, leaf first; empty if there is none. They prove nothing until a chain from an anchor
    /// outside of the credential is built with them.
    #[must_use]
    pub fn certificate_chain(&self) -> &[Vec<u8>] {
        &self.message.x5chain
    }

    /// `x5bag`: further DER certificates in no order, for building the chain.
    #[must_use]
    pub fn certificate_bag(&self) -> &[Vec<u8>] {
        &self.message.certificates.bag
    }

    /// `x5t`: the hash of the certificate whose key signed; a hint where to find the key, no more.
    #[must_use]
    pub const fn certificate_thumbprint(&self) -> Option<&CertificateThumbprint> {
        self.message.certificates.thumbprint.as_ref()
    }

    /// `x5u`: where the certificates are said to be. Whoever made the code chose it, so it is not to be fetched unless
    /// the trust list names it as well.
    #[must_use]
    pub fn certificate_url(&self) -> Option<&str> {
        self.message.certificates.url.as_deref()
    }

    /// The issuer that the claims name, unverified: to look its keys up.
    #[must_use]
    pub fn unverified_issuer(&self) -> Option<&str> {
        self.cwt.issuer.as_deref()
    }

    /// Verifies the issuer's signature with `key`, which the caller has reason to believe is the issuer's.
    ///
    /// # Errors
    /// [`SignatureRejected`].
    pub fn verify(
        self,
        key: &PublicKey,
        provider: &dyn CryptoProvider,
    ) -> Result<Verified<Cwt>, SignatureRejected> {
        self.message
            .verify(provider, key, &[])
            .map_err(|_| SignatureRejected)?;
        Ok(Verified::after_check(self.cwt))
    }
}

/// What the text of a QR code inflates to.
pub(super) fn inflate_qr_text(text: &str, budget: Claim169Budget) -> Result<Vec<u8>, Claim169Error> {
    if text.len() > budget.characters {
        return Err(Claim169Error::OverBudget);
    }
    let compressed = base45::decode(text).map_err(|_| Claim169Error::NotBase45)?;
    inflate(&compressed, budget.inflated_bytes).map_err(|error| match error {
        InflateError::OverLimit { .. } => Claim169Error::OverBudget,
        _ => Claim169Error::NotZlib,
    })
}

/// The message, whether the CWT tag is in front of it or, as deployments print it, is not.
pub(super) fn without_cwt_tag(cose: &[u8]) -> &[u8] {
    cose.strip_prefix(&CWT_TAG).unwrap_or(cose)
}
