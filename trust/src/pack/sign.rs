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
pub(super) struct Place {
    structure: Structure,
    version: PackVersion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Structure {
    Manifest,
    Trust,
    Status,
}

impl Place {
    pub(super) const fn manifest(version: PackVersion) -> Self {
        Self {
            structure: Structure::Manifest,
            version,
        }
    }

    pub(super) const fn trust(version: PackVersion) -> Self {
        Self {
            structure: Structure::Trust,
            version,
        }
    }

    pub(super) const fn status(version: PackVersion) -> Self {
        Self {
            structure: Structure::Status,
            version,
        }
    }

    /// What is signed along with a structure at this place.
    fn external_aad(self) -> &'static [u8] {
        match (self.version, self.structure) {
            (PackVersion::One, Structure::Manifest) => b"symbolon pack 1 manifest",
            (PackVersion::One, Structure::Trust) => b"symbolon pack 1 trust",
            (PackVersion::One, Structure::Status) => b"symbolon pack 1 status",
            (PackVersion::Two, Structure::Manifest) => b"symbolon pack 2 manifest",
            (PackVersion::Two, Structure::Trust) => b"symbolon pack 2 trust",
            (PackVersion::Two, Structure::Status) => b"symbolon pack 2 status",
            (PackVersion::Three, Structure::Manifest) => b"symbolon pack 3 manifest",
            (PackVersion::Three, Structure::Trust) => b"symbolon pack 3 trust",
            (PackVersion::Three, Structure::Status) => b"symbolon pack 3 status",
        }
    }

    /// Where else a structure may have been signed that counts here. A registry and an issuer are updated in their own time:
    /// what they signed for version 2 says the same in a pack of version 3. Manifests are made with the pack.
    const fn also(self) -> Option<Self> {
        match (self.version, self.structure) {
            (PackVersion::Three, Structure::Trust) => Some(Self::trust(PackVersion::Two)),
            (PackVersion::Three, Structure::Status) => Some(Self::status(PackVersion::Two)),
            _ => None,
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

    /// The certificates as they stand in the header.
    pub(super) fn certificates(&self) -> &[Vec<u8>] {
        &self.sign1.x5chain
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
        let is_signed_at = |place: Place| self.sign1.verify(provider, key, place.external_aad()).is_ok();
        if is_signed_at(self.place) || self.place.also().is_some_and(is_signed_at) {
            Ok(self.sign1.payload())
        } else {
            Err(WrongSignature)
        }
    }
}

/// The signature is not that key's over this structure at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongSignature;

/// A trust section with every issuer of a federation; the other structures have their own, smaller bounds.
const MAX_SIGNED_BYTES: usize = 20 << 20;
