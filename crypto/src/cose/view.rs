//! COSE_Sign1 and COSE_Mac0 read in place and written piece by piece, with payloads attached or detached
//! ([RFC 9052 §4.2, §6.2](https://www.rfc-editor.org/rfc/rfc9052)): what ISO mdoc needs, where a payload may be large and one
//! header serves many messages.

use subtle::ConstantTimeEq as _;

use super::{COUNTER_SIGNATURE, CoseError, MAX_CHAIN, X5CHAIN};
use crate::algorithm::SignatureAlgorithm;
use crate::encoding::cbor::{CborBudget, Cursor, write};
use crate::key::PublicKey;
use crate::provider::CryptoProvider;
use crate::signing::ToBeSigned;
use crate::symmetric::SymmetricKey;

/// Header parameter `alg`.
const ALGORITHM: i64 = 1;
/// Header parameter `crit`.
const CRITICAL: i64 = 2;
/// Header parameters of the counter signatures of RFC 9338.
const COUNTER_SIGNATURES_V2: [i64; 2] = [11, 12];
/// HMAC with SHA-256, untruncated ([RFC 9053 §3.1](https://www.rfc-editor.org/rfc/rfc9053#section-3.1)).
const HMAC_256: i64 = 5;

/// The Sig_structure of a COSE_Sign1 that has a protected header with its algorithm alone, over a detached payload.
#[must_use]
pub fn signature_structure(algorithm: SignatureAlgorithm, payload: &[u8]) -> ToBeSigned {
    let mut protected = Vec::with_capacity(5);
    write_protected(&mut protected, algorithm.cose_value());
    let mut bytes = Vec::with_capacity(payload.len().saturating_add(ROOM_FOR_STRUCTURE));
    write_structure(&mut bytes, "Signature1", &protected, payload);
    ToBeSigned { algorithm, bytes }
}

/// The most that a Sig_structure is longer than its payload.
const ROOM_FOR_STRUCTURE: usize = 32;

/// Writes an untagged COSE_Sign1 with a detached payload and an empty unprotected header.
pub fn write_detached(out: &mut Vec<u8>, algorithm: SignatureAlgorithm, signature: &[u8]) {
    write_message(out, algorithm.cose_value(), &[0xa0], None, signature);
}

/// An `x5chain` as unprotected header, encoded once for all messages of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedX5Chain {
    algorithm: SignatureAlgorithm,
    header: Vec<u8>,
}

impl EncodedX5Chain {
    /// The header for a key of `algorithm` with this chain: DER, leaf first, the anchor left out.
    ///
    /// # Errors
    /// [`CoseError::Malformed`] when there is no certificate, or more than a reader takes.
    pub fn new(algorithm: SignatureAlgorithm, chain: &[Vec<u8>]) -> Result<Self, CoseError> {
        let mut header = Vec::new();
        write::map(&mut header, 1);
        write::integer(&mut header, X5CHAIN);
        match chain {
            // RFC 9360: one certificate stands alone, several stand in an array.
            [one] => write::bytes(&mut header, one),
            several if (2..=MAX_CHAIN).contains(&several.len()) => {
                write::array(&mut header, several.len());
                for der in several {
                    write::bytes(&mut header, der);
                }
            }
            _ => return Err(CoseError::Malformed),
        }
        Ok(Self { algorithm, header })
    }

    /// The algorithm of the key.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Writes an untagged COSE_Sign1 up to its signature, which [`write::bytes`] adds; `payload` is attached.
    pub fn write_unsigned(&self, out: &mut Vec<u8>, payload: Option<&[u8]>) {
        write_head(out, self.algorithm.cose_value(), &self.header, payload);
    }
}

/// Writes an untagged COSE_Mac0 (HMAC 256/256) with a detached payload.
pub fn write_mac0_detached(out: &mut Vec<u8>, key: &SymmetricKey, payload: &[u8]) {
    let mut protected = Vec::with_capacity(3);
    write_protected(&mut protected, HMAC_256);
    let tag = mac0_tag(key, &protected, payload);
    write_message(out, HMAC_256, &[0xa0], None, &tag);
}

/// A COSE_Sign1 whose signature has not been checked, in the bytes it came in.
#[derive(Clone)]
pub struct Sign1View<'a> {
    algorithm: SignatureAlgorithm,
    message: Message<'a>,
}

impl<'a> Sign1View<'a> {
    /// Reads the untagged COSE_Sign1 that is next.
    ///
    /// # Errors
    /// [`CoseError`].
    pub fn read(cursor: &mut Cursor<'a>, budget: CborBudget) -> Result<Self, CoseError> {
        let message = Message::read(cursor, budget)?;
        let algorithm = message
            .algorithm
            .and_then(SignatureAlgorithm::from_cose_value)
            .ok_or(CoseError::Algorithm)?;
        Ok(Self { algorithm, message })
    }

    /// The algorithm of the protected header.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// `x5chain`, DER certificates, leaf first; empty when there is none. Whether to believe them is the caller's decision.
    #[must_use]
    pub fn x5chain(&self) -> &[&'a [u8]] {
        &self.message.x5chain
    }

    /// The payload, unless it is detached.
    #[must_use]
    pub const fn payload(&self) -> Option<&'a [u8]> {
        self.message.payload
    }

    /// Verifies the signature over `payload` with `key`, whose own algorithm must be the one of the protected header. An
    /// attached payload must be `payload` too.
    ///
    /// # Errors
    /// [`CoseError::Signature`].
    pub fn verify(
        &self,
        provider: &dyn CryptoProvider,
        key: &PublicKey,
        payload: &[u8],
    ) -> Result<(), CoseError> {
        self.message.check_payload(payload)?;
        let mut signed = Vec::with_capacity(payload.len().saturating_add(32));
        write_structure(&mut signed, "Signature1", self.message.protected, payload);
        provider
            .verify(key, self.algorithm, &signed, self.message.authenticator)
            .map_err(|_| CoseError::Signature)
    }
}

/// A COSE_Mac0 with HMAC 256/256 whose tag has not been checked, in the bytes it came in.
#[derive(Clone)]
pub struct Mac0View<'a>(Message<'a>);

impl<'a> Mac0View<'a> {
    /// Reads the untagged COSE_Mac0 that is next.
    ///
    /// # Errors
    /// [`CoseError`].
    pub fn read(cursor: &mut Cursor<'a>, budget: CborBudget) -> Result<Self, CoseError> {
        let message = Message::read(cursor, budget)?;
        if message.algorithm != Some(HMAC_256) {
            return Err(CoseError::Algorithm);
        }
        Ok(Self(message))
    }

    /// Verifies the tag over `payload`. An attached payload must be `payload` too.
    ///
    /// # Errors
    /// [`CoseError::Signature`].
    pub fn verify(&self, key: &SymmetricKey, payload: &[u8]) -> Result<(), CoseError> {
        self.0.check_payload(payload)?;
        let expected = mac0_tag(key, self.0.protected, payload);
        if bool::from(expected.ct_eq(self.0.authenticator)) {
            Ok(())
        } else {
            Err(CoseError::Signature)
        }
    }
}

/// The array of four that both structures are.
#[derive(Clone)]
struct Message<'a> {
    protected: &'a [u8],
    algorithm: Option<i64>,
    x5chain: Vec<&'a [u8]>,
    payload: Option<&'a [u8]>,
    authenticator: &'a [u8],
}

impl<'a> Message<'a> {
    fn read(cursor: &mut Cursor<'a>, budget: CborBudget) -> Result<Self, CoseError> {
        let malformed = CoseError::Malformed;
        let mut ahead = *cursor;
        if ahead.array() != Some(4) {
            return Err(malformed);
        }
        let protected = ahead.bytes().ok_or(malformed)?;
        // A byte string, into which the check of the whole did not look.
        let from_protected = match protected {
            [] => Header::default(),
            bytes => Header::read(&mut Cursor::new(bytes, budget).map_err(|_| malformed)?)?,
        };
        let unprotected = Header::read(&mut ahead)?;
        let payload = match ahead.null() {
            Some(()) => None,
            None => Some(ahead.bytes().ok_or(malformed)?),
        };
        let authenticator = ahead.bytes().ok_or(malformed)?;
        *cursor = ahead;
        Ok(Self {
            protected,
            algorithm: from_protected.algorithm,
            x5chain: if from_protected.x5chain.is_empty() {
                unprotected.x5chain
            } else {
                from_protected.x5chain
            },
            payload,
            authenticator,
        })
    }

    /// A payload that is attached where another was expected must not be believed instead.
    fn check_payload(&self, expected: &[u8]) -> Result<(), CoseError> {
        match self.payload {
            Some(attached) if attached != expected => Err(CoseError::Signature),
            _ => Ok(()),
        }
    }
}

#[derive(Default)]
struct Header<'a> {
    algorithm: Option<i64>,
    x5chain: Vec<&'a [u8]>,
}

impl<'a> Header<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, CoseError> {
        let malformed = CoseError::Malformed;
        let mut header = Self::default();
        for _ in 0..cursor.map().ok_or(malformed)? {
            match cursor.integer() {
                Some(CRITICAL) => return Err(CoseError::Critical),
                Some(COUNTER_SIGNATURE) => return Err(malformed),
                Some(label) if COUNTER_SIGNATURES_V2.contains(&label) => return Err(malformed),
                Some(ALGORITHM) => header.algorithm = Some(cursor.integer().ok_or(CoseError::Algorithm)?),
                Some(X5CHAIN) => header.x5chain = read_chain(cursor).ok_or(malformed)?,
                Some(_) => {
                    cursor.item().ok_or(malformed)?;
                }
                None => {
                    cursor.item().ok_or(malformed)?;
                    cursor.item().ok_or(malformed)?;
                }
            }
        }
        Ok(header)
    }
}

fn read_chain<'a>(cursor: &mut Cursor<'a>) -> Option<Vec<&'a [u8]>> {
    if let Some(one) = cursor.bytes() {
        return Some(vec![one]);
    }
    let count = usize::try_from(cursor.array()?).ok()?;
    if !(1..=MAX_CHAIN).contains(&count) {
        return None;
    }
    (0..count).map(|_| cursor.bytes()).collect()
}

fn mac0_tag(key: &SymmetricKey, protected: &[u8], payload: &[u8]) -> [u8; 32] {
    let mut authenticated = Vec::with_capacity(payload.len().saturating_add(24));
    write_structure(&mut authenticated, "MAC0", protected, payload);
    key.authenticate(&authenticated)
}

/// Sig_structure and MAC_structure, with empty external data.
fn write_structure(out: &mut Vec<u8>, context: &str, protected: &[u8], payload: &[u8]) {
    write::array(out, 4);
    write::text(out, context);
    write::bytes(out, protected);
    write::bytes(out, &[]);
    write::bytes(out, payload);
}

fn write_protected(out: &mut Vec<u8>, algorithm: i64) {
    write::map(out, 1);
    write::integer(out, ALGORITHM);
    write::integer(out, algorithm);
}

fn write_head(out: &mut Vec<u8>, algorithm: i64, unprotected: &[u8], payload: Option<&[u8]>) {
    let mut protected = Vec::with_capacity(5);
    write_protected(&mut protected, algorithm);
    write::array(out, 4);
    write::bytes(out, &protected);
    out.extend_from_slice(unprotected);
    match payload {
        Some(payload) => write::bytes(out, payload),
        None => write::null(out),
    }
}

fn write_message(
    out: &mut Vec<u8>,
    algorithm: i64,
    unprotected: &[u8],
    payload: Option<&[u8]>,
    authenticator: &[u8],
) {
    write_head(out, algorithm, unprotected, payload);
    write::bytes(out, authenticator);
}

#[cfg(test)]
mod tests {
    use super::super::{ParsedSign1, TagPolicy};
    use super::*;
    use crate::key::SecretKey;
    use crate::provider::RustCryptoProvider;
    use crate::testing::SeededRandomness;

    const BUDGET: CborBudget = CborBudget::DEFAULT;

    fn key(algorithm: SignatureAlgorithm) -> SecretKey {
        SecretKey::generate(algorithm, &SeededRandomness::new(7)).unwrap()
    }

    fn sign(key: &SecretKey, payload: &[u8]) -> Vec<u8> {
        let structure = signature_structure(key.algorithm(), payload);
        RustCryptoProvider.sign(key, &structure.bytes).unwrap()
    }

    fn read_sign1(bytes: &[u8]) -> Result<Sign1View<'_>, CoseError> {
        let mut cursor = Cursor::new(bytes, BUDGET).map_err(|_| CoseError::Malformed)?;
        Sign1View::read(&mut cursor, BUDGET)
    }

    #[test]
    fn a_detached_payload_is_signed_and_verified() {
        for algorithm in [
            SignatureAlgorithm::Es256,
            SignatureAlgorithm::Es384,
            SignatureAlgorithm::EdDsa,
        ] {
            let key = key(algorithm);
            let mut bytes = Vec::new();
            write_detached(&mut bytes, algorithm, &sign(&key, b"payload"));
            let view = read_sign1(&bytes).unwrap();
            assert_eq!((view.algorithm(), view.payload()), (algorithm, None));
            let verify = |payload: &[u8]| view.verify(&RustCryptoProvider, &key.public_key(), payload);
            assert_eq!(verify(b"payload"), Ok(()));
            assert_eq!(verify(b"another"), Err(CoseError::Signature));
        }
    }

    #[test]
    fn one_encoded_chain_makes_messages_that_the_other_reader_reads_too() {
        let key = key(SignatureAlgorithm::Es256);
        for chain in [vec![vec![1, 2]], vec![vec![1, 2], vec![3]]] {
            let header = EncodedX5Chain::new(SignatureAlgorithm::Es256, &chain).unwrap();
            let mut bytes = Vec::new();
            header.write_unsigned(&mut bytes, Some(b"payload"));
            write::bytes(&mut bytes, &sign(&key, b"payload"));
            let view = read_sign1(&bytes).unwrap();
            assert_eq!(view.x5chain(), chain);
            view.verify(&RustCryptoProvider, &key.public_key(), b"payload")
                .unwrap();
            assert_eq!(
                view.verify(&RustCryptoProvider, &key.public_key(), b"another"),
                Err(CoseError::Signature)
            );
            let parsed = ParsedSign1::parse(&bytes, TagPolicy::Optional, BUDGET).unwrap();
            assert_eq!(parsed.x5chain, chain);
            parsed
                .verify(&RustCryptoProvider, &key.public_key(), b"")
                .unwrap();
        }
        let longer_than_anybody_reads = vec![vec![1]; MAX_CHAIN + 1];
        for chain in [Vec::new(), longer_than_anybody_reads] {
            assert!(EncodedX5Chain::new(SignatureAlgorithm::Es256, &chain).is_err());
        }
    }

    #[test]
    fn a_mac_verifies_with_its_key_and_payload_alone() {
        let key = SymmetricKey::new([1; 32]);
        let mut bytes = Vec::new();
        write_mac0_detached(&mut bytes, &key, b"payload");
        let mut cursor = Cursor::new(&bytes, BUDGET).unwrap();
        let view = Mac0View::read(&mut cursor, BUDGET).unwrap();
        assert_eq!(view.verify(&key, b"payload"), Ok(()));
        assert_eq!(view.verify(&key, b"another"), Err(CoseError::Signature));
        assert_eq!(
            view.verify(&SymmetricKey::new([2; 32]), b"payload"),
            Err(CoseError::Signature)
        );
        for length in 0..bytes.len() {
            assert!(Cursor::new(&bytes[..length], BUDGET).is_err());
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let key = key(SignatureAlgorithm::EdDsa);
        let mut bytes = Vec::new();
        write_detached(&mut bytes, SignatureAlgorithm::EdDsa, &sign(&key, b"payload"));
        for index in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[index / 8] ^= 1 << (index % 8);
            let verified = read_sign1(&changed)
                .and_then(|view| view.verify(&RustCryptoProvider, &key.public_key(), b"payload"));
            assert!(verified.is_err(), "bit {index}");
        }
    }

    #[test]
    fn refuses_what_would_be_believed_otherwise() {
        let message = |protected: &[u8], unprotected: &[u8]| {
            let mut bytes = vec![0x84];
            write::bytes(&mut bytes, protected);
            bytes.extend_from_slice(unprotected);
            bytes.extend_from_slice(&[0xf6, 0x41, 0x00]);
            read_sign1(&bytes).err()
        };
        assert_eq!(message(&[0xa1, 0x01, 0x26], &[0xa0]), None);
        // The algorithm in the unprotected header alone, "none at all", and HMAC as a signature.
        for (protected, unprotected) in [
            (&[][..], &[0xa1, 0x01, 0x26][..]),
            (&[0xa0], &[0xa0]),
            (&[0xa1, 0x01, 0x05], &[0xa0]),
        ] {
            assert_eq!(message(protected, unprotected), Some(CoseError::Algorithm));
        }
        for (protected, unprotected) in [
            (&[0xa2, 0x01, 0x26, 0x02, 0x81, 0x04][..], &[0xa0][..]),
            (&[0xa1, 0x01, 0x26], &[0xa1, 0x02, 0x81, 0x04]),
        ] {
            assert_eq!(message(protected, unprotected), Some(CoseError::Critical));
        }
        for counter_signature in [0x07, 0x0b, 0x0c] {
            assert_eq!(
                message(&[0xa1, 0x01, 0x26], &[0xa1, counter_signature, 0x80]),
                Some(CoseError::Malformed)
            );
        }
    }
}
