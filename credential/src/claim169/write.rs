//! Writing a Claim 169: claims, signature, QR text; and how large it will be before anything is signed.

use core::ops::Range;

use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::cose::{self, NamedContentKey, PreparedSign1, Sign1Header, Tagging};
use symbolon_crypto::encoding::cbor::{self, CborBudget};
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use thiserror::Error;

use super::biometrics::{Biometric, ImageKind};
use super::cwt::Cwt;
use super::strict::{self, NotWritable};
use super::{CWT_TAG, compress};
use crate::base45;

/// How the protected header names the issuer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim169KeyReference {
    /// `kid`: here the bytes of the RFC 7638 thumbprint, as trust lists have them.
    KeyId(Vec<u8>),
    /// `x5chain`: DER certificates, leaf first, without the anchor. Too large for most cards.
    CertificateChain(Vec<Vec<u8>>),
}

/// Why claims cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Claim169WriteError {
    /// Claim 169 is signed with Ed25519 or ES256.
    #[error("claim 169 is not signed with this algorithm")]
    Algorithm,
    /// A key of `unknown` is the key of another claim as well, or the claims are larger than any reader takes.
    #[error("the claims cannot be encoded: a claim is there twice, or they are too large")]
    Claims,
    /// A claim or attribute is not as the specification has it.
    #[error(transparent)]
    NotWritable(#[from] NotWritable),
    /// The COSE encoder refused.
    #[error("the signed structure cannot be encoded")]
    Cose,
}

/// The size of a QR code's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct QrSize {
    /// The compressed bytes.
    pub bytes: usize,
    /// The alphanumeric characters that they take in Base45.
    pub characters: usize,
}

impl QrSize {
    pub(super) const fn of(bytes: usize) -> Self {
        Self {
            bytes,
            characters: base45::encoded_length(bytes),
        }
    }
}

/// A Claim 169 that lacks its signature.
#[derive(Clone)]
pub struct PreparedClaim169 {
    message: PreparedSign1,
    /// The largest picture in the payload, which does not get smaller by deflating.
    picture: Vec<u8>,
    signature_bytes: usize,
}

/// Without the claims and the picture, which are personal data.
impl core::fmt::Debug for PreparedClaim169 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PreparedClaim169")
            .field("picture", &self.picture.len())
            .finish_non_exhaustive()
    }
}

/// A signed Claim 169.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedClaim169 {
    cose: Vec<u8>,
    dense: Vec<Range<usize>>,
}

/// Prepares a Claim 169 for signing.
///
/// # Errors
/// [`Claim169WriteError`].
pub fn prepare(
    cwt: &Cwt,
    algorithm: SignatureAlgorithm,
    key: &Claim169KeyReference,
) -> Result<PreparedClaim169, Claim169WriteError> {
    if algorithm == SignatureAlgorithm::Es384 {
        return Err(Claim169WriteError::Algorithm);
    }
    strict::check(cwt)?;
    let payload = cwt.to_cbor();
    cbor::check(&payload, CborBudget::DEFAULT).map_err(|_| Claim169WriteError::Claims)?;
    let header = match key {
        Claim169KeyReference::KeyId(key_id) => Sign1Header {
            key_id: Some(key_id.clone()),
            ..Sign1Header::default()
        },
        Claim169KeyReference::CertificateChain(chain) => Sign1Header {
            x5chain: chain.clone(),
            ..Sign1Header::default()
        },
    };
    let captures = cwt
        .identity
        .biometrics
        .values()
        .flatten()
        .map(|capture| &capture.data);
    let picture = captures
        .chain(&cwt.identity.image)
        .max_by_key(|data| data.len())
        .cloned()
        .unwrap_or_default();
    let message = cose::prepare(algorithm, &header, payload, &[]);
    Ok(PreparedClaim169 {
        message,
        picture,
        signature_bytes: algorithm.signature_bytes(),
    })
}

impl PreparedClaim169 {
    /// What the issuer's key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.message.request(key)
    }

    /// How large the QR code's content will be, exactly: a signature is stored and not deflated, so its bytes do not
    /// matter.
    ///
    /// # Errors
    /// [`Claim169WriteError::Cose`].
    pub fn size(&self) -> Result<QrSize, Claim169WriteError> {
        Ok(QrSize::of(self.signed_with_nothing()?.compressed().len()))
    }

    /// What it will look like, with zeros for a signature.
    pub(super) fn signed_with_nothing(&self) -> Result<SignedClaim169, Claim169WriteError> {
        self.clone().finish(vec![0; self.signature_bytes])
    }

    /// The signed structure.
    ///
    /// # Errors
    /// [`Claim169WriteError::Cose`].
    pub fn finish(self, signature: Vec<u8>) -> Result<SignedClaim169, Claim169WriteError> {
        let signature_bytes = signature.len();
        let message = self
            .message
            .finish(signature, Tagging::Tagged)
            .map_err(|_| Claim169WriteError::Cose)?;
        let cose = [CWT_TAG.as_slice(), &message].concat();
        let signature = cose.len().saturating_sub(signature_bytes)..cose.len();
        let picture = find(&cose, &self.picture).filter(|picture| picture.end <= signature.start);
        Ok(SignedClaim169 {
            dense: picture.into_iter().chain([signature]).collect(),
            cose,
        })
    }
}

impl SignedClaim169 {
    /// `61(18(COSE_Sign1))`.
    #[must_use]
    pub fn cose(&self) -> &[u8] {
        &self.cose
    }

    /// The text of the QR code, for alphanumeric mode.
    #[must_use]
    pub fn qr_text(&self) -> String {
        base45::encode(&self.compressed())
    }

    fn compressed(&self) -> Vec<u8> {
        compress::deflate_around(&self.cose, &self.dense)
    }
}

/// How many bytes a picture of the face may have so that the QR text is at most `max_characters` long; `None` when the
/// claims alone are longer. `cwt` is without a face.
///
/// The text behind the face may by chance repeat some of its bytes and so become shorter; ask
/// [`PreparedClaim169::size`] about the real picture.
///
/// # Errors
/// [`Claim169WriteError`].
pub fn face_bytes_within(
    max_characters: usize,
    cwt: &Cwt,
    kind: ImageKind,
    algorithm: SignatureAlgorithm,
    key: &Claim169KeyReference,
) -> Result<Option<usize>, Claim169WriteError> {
    most_bytes(max_characters, |bytes| {
        let mut cwt = cwt.clone();
        cwt.identity = cwt.identity.with_face(Biometric::image(stand_in(bytes), kind));
        prepare(&cwt, algorithm, key)?.size()
    })
}

/// As [`face_bytes_within`], for claims that will be encrypted for the holders of `content_key`.
///
/// # Errors
/// [`Claim169WriteError`].
pub fn encrypted_face_bytes_within(
    max_characters: usize,
    cwt: &Cwt,
    kind: ImageKind,
    algorithm: SignatureAlgorithm,
    key: &Claim169KeyReference,
    content_key: &NamedContentKey,
) -> Result<Option<usize>, Claim169WriteError> {
    most_bytes(max_characters, |bytes| {
        let mut cwt = cwt.clone();
        cwt.identity = cwt.identity.with_face(Biometric::image(stand_in(bytes), kind));
        prepare(&cwt, algorithm, key)?.encrypted_size(content_key)
    })
}

/// The largest number of bytes whose size is within `max_characters`.
fn most_bytes(
    max_characters: usize,
    size: impl Fn(usize) -> Result<QrSize, Claim169WriteError>,
) -> Result<Option<usize>, Claim169WriteError> {
    let fits = |bytes| Ok::<_, Claim169WriteError>(size(bytes)?.characters <= max_characters);
    if !fits(0)? {
        return Ok(None);
    }
    // Bisection; a picture cannot have more bytes than the text has characters.
    let (mut fitting, mut too_many) = (0, max_characters.saturating_add(1));
    while too_many.saturating_sub(fitting) > 1 {
        let middle = fitting.midpoint(too_many);
        if fits(middle)? {
            fitting = middle
        } else {
            too_many = middle
        }
    }
    Ok(Some(fitting))
}

/// Bytes that look like a compressed picture to a compressor: no three of them repeat soon.
fn stand_in(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let [_, byte, ..] = state.to_le_bytes();
        byte
    };
    (0..length).map(|_| next()).collect()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<Range<usize>> {
    if wanted.is_empty() {
        return None;
    }
    let start = bytes.windows(wanted.len()).position(|window| window == wanted)?;
    Some(start..start.saturating_add(wanted.len()))
}
