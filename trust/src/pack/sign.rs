//! The signed structures of a pack: COSE_Sign1, each bound to its place and version (`docs/pack-format.md`, section 2).

use symbolon_crypto::cose::{self, ParsedSign1, PreparedSign1, Sign1Header, TagPolicy, Tagging};
use symbolon_crypto::encoding::cbor::CborBudget;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, PublicKey, SignatureAlgorithm};

use super::container::PackVersion;
use super::{PackBuildError, PackError};

/// Where a signed structure stands. The place is signed along, so that a structure is worthless anywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Manifest1,
    Trust1,
    Status1,
    Manifest,
    Trust,
    Status,
}

impl Place {
    pub(super) const fn of_manifest(version: PackVersion) -> Self {
        match version {
            PackVersion::One => Self::Manifest1,
            PackVersion::Two => Self::Manifest,
        }
    }

    pub(super) const fn of_trust(version: PackVersion) -> Self {
        match version {
            PackVersion::One => Self::Trust1,
            PackVersion::Two => Self::Trust,
        }
    }

    fn external_aad(self) -> &'static [u8] {
        match self {
            Self::Manifest1 => b"symbolon pack 1 manifest",
            Self::Trust1 => b"symbolon pack 1 trust",
            Self::Status1 => b"symbolon pack 1 status",
            Self::Manifest => b"symbolon pack 2 manifest",
            Self::Trust => b"symbolon pack 2 trust",
            Self::Status => b"symbolon pack 2 status",
        }
    }
}

/// A structure that waits for its signature.
#[derive(Debug)]
pub(super) struct PreparedSignature {
    sign1: PreparedSign1,
    algorithm: SignatureAlgorithm,
}

impl PreparedSignature {
    /// To be signed by a key that readers have in their root of trust.
    pub(super) fn by_key(place: Place, signer: &PublicKey, payload: Vec<u8>) -> Self {
        let header = Sign1Header {
            key_id: Some(signer.thumbprint().as_bytes().to_vec()),
            ..Sign1Header::default()
        };
        Self::new(place, signer.algorithm(), &header, payload)
    }

    /// To be signed by the key of the leaf of a chain.
    pub(super) fn by_chain(
        place: Place,
        algorithm: SignatureAlgorithm,
        chain: &[Certificate],
        payload: Vec<u8>,
    ) -> Result<Self, PackBuildError> {
        if chain.is_empty() {
            return Err(PackBuildError::EmptyChain);
        }
        let x5chain = chain
            .iter()
            .map(|certificate| certificate.der().to_vec())
            .collect();
        let header = Sign1Header {
            x5chain,
            ..Sign1Header::default()
        };
        Ok(Self::new(place, algorithm, &header, payload))
    }

    fn new(place: Place, algorithm: SignatureAlgorithm, header: &Sign1Header, payload: Vec<u8>) -> Self {
        Self {
            sign1: cose::prepare(algorithm, header, payload, place.external_aad()),
            algorithm,
        }
    }

    pub(super) fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.sign1.request(key)
    }

    pub(super) fn finish(self, signature: &[u8]) -> Result<Vec<u8>, PackBuildError> {
        if signature.len() != self.algorithm.signature_bytes() {
            return Err(PackBuildError::Signature);
        }
        self.sign1
            .finish(signature.to_vec(), Tagging::Tagged)
            .map_err(|_| PackBuildError::Signature)
    }
}

/// A signed structure that has been read and not verified.
#[derive(Debug)]
pub(super) struct Signed {
    sign1: ParsedSign1,
    place: Place,
}

impl Signed {
    pub(super) fn parse(bytes: &[u8], place: Place) -> Result<Self, PackError> {
        let budget = CborBudget {
            bytes: MAX_SIGNED_BYTES,
            depth: 8,
            items: 1_000,
        };
        let sign1 =
            ParsedSign1::parse(bytes, TagPolicy::Required, budget).map_err(|_| PackError::SignedStructure)?;
        Ok(Self { sign1, place })
    }

    pub(super) fn key_id(&self) -> Option<&[u8]> {
        self.sign1.key_id.as_deref()
    }

    pub(super) fn x5chain(&self) -> Result<Vec<Certificate>, PackError> {
        let parse = |der: &Vec<u8>| Certificate::parse(der).map_err(|_| PackError::SignedStructure);
        self.sign1.x5chain.iter().map(parse).collect()
    }

    /// What is claimed, to find out whose signature to ask for.
    pub(super) fn unverified_payload(&self) -> &[u8] {
        self.sign1.payload()
    }

    /// The payload, once `key` has signed it at this place.
    pub(super) fn verify(
        &self,
        provider: &dyn CryptoProvider,
        key: &PublicKey,
    ) -> Result<&[u8], WrongSignature> {
        self.sign1
            .verify(provider, key, self.place.external_aad())
            .map_err(|_| WrongSignature)?;
        Ok(self.sign1.payload())
    }
}

/// The signature is not that key's over this structure at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongSignature;

/// A trust section with every issuer of a federation; the other structures have their own, smaller bounds.
const MAX_SIGNED_BYTES: usize = 20 << 20;
