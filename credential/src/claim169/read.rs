//! Reading a Claim 169: strict about signatures and sizes, lenient about what deployments print.

use serde_json::Value;
use symbolon_crypto::cose::{CoseError, ParsedSign1, TagPolicy};
use symbolon_crypto::encoding::cbor::CborBudget;
use symbolon_crypto::encoding::zlib::{InflateError, inflate};
use symbolon_crypto::{CryptoProvider, PublicKey, SignatureAlgorithm};
use thiserror::Error;

use super::cwt::Cwt;
use super::{CWT_TAG, base45};
use crate::verified::Verified;

/// The first byte of a tagged COSE_Encrypt0 (tag 16).
const ENCRYPT0_TAG: u8 = 0xd0;

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
    /// Encrypted.
    #[error("encrypted claim 169 credentials are not supported")]
    Encrypted,
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
        if text.len() > budget.characters {
            return Err(Claim169Error::OverBudget);
        }
        let compressed = base45::decode(text).map_err(|_| Claim169Error::NotBase45)?;
        let cose = inflate(&compressed, budget.inflated_bytes).map_err(|error| match error {
            InflateError::OverLimit { .. } => Claim169Error::OverBudget,
            _ => Claim169Error::NotZlib,
        })?;
        Self::parse_cose(&cose, budget)
    }

    /// Reads the signed structure, with or without its tags 61 and 18.
    ///
    /// # Errors
    /// [`Claim169Error`].
    pub fn parse_cose(cose: &[u8], budget: Claim169Budget) -> Result<Self, Claim169Error> {
        let message = cose.strip_prefix(&CWT_TAG).unwrap_or(cose);
        if message.first() == Some(&ENCRYPT0_TAG) {
            return Err(Claim169Error::Encrypted);
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

/// The QR text within a `credentialSubject` as Inji deployments have it: `{"claim169": {"identityQRCode": "…"}}`.
#[must_use]
pub fn qr_text_in_credential_subject(subject: &Value) -> Option<&str> {
    subject.get("claim169")?.get("identityQRCode")?.as_str()
}
