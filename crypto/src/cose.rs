//! COSE_Sign1 ([RFC 9052 §4.2](https://www.rfc-editor.org/rfc/rfc9052#section-4.2)) on `coset`. The protected header is kept
//! as it came and never encoded again.

mod certificates;
mod encrypt0;
mod view;

use core::fmt;

use ciborium::Value;
use coset::iana::{self, EnumI64 as _};
use coset::{
    AsCborValue as _, CborSerializable as _, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, Label,
    RegisteredLabelWithPrivate, TaggedCborSerializable as _,
};
use thiserror::Error;

use crate::algorithm::SignatureAlgorithm;
use crate::encoding::cbor::{self, CborBudget};
use crate::key::PublicKey;
use crate::provider::CryptoProvider;
use crate::signing::{KeyHandle, SignatureRequest, ToBeSigned};

pub use certificates::{CertificateHints, CertificateThumbprint};
pub use encrypt0::{
    ContentEncryption, ContentKey, EncryptError, InvalidContentKey, NamedContentKey, ParsedEncrypt0, encrypt,
    encrypted_bytes,
};
pub use view::{
    EncodedX5Chain, Mac0View, Sign1View, signature_structure, write_detached, write_mac0_detached,
};

/// Header parameter `x5chain` ([RFC 9360 §2](https://www.rfc-editor.org/rfc/rfc9360#section-2)).
const X5CHAIN: i64 = 33;
/// Header parameter `typ` ([RFC 9596](https://www.rfc-editor.org/rfc/rfc9596)).
const TYP: i64 = 16;
/// Header parameter `counter signature` ([RFC 8152 §3.1](https://www.rfc-editor.org/rfc/rfc8152#section-3.1)).
const COUNTER_SIGNATURE: i64 = 7;
/// The CBOR tag of COSE_Sign1, 18, in its shortest form.
const SIGN1_TAG_BYTE: u8 = 0xd2;
/// The most certificates a chain may hold.
const MAX_CHAIN: usize = 6;

/// Why bytes are no COSE_Sign1 of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CoseError {
    /// No COSE_Sign1 in strict CBOR with a payload.
    #[error("not a COSE_Sign1")]
    Malformed,
    /// The tag is missing where it is required.
    #[error("the COSE_Sign1 lacks its tag")]
    Untagged,
    /// The protected header names no algorithm of the set. What the unprotected header says does not count.
    #[error("the COSE_Sign1 names no algorithm that is allowed")]
    Algorithm,
    /// A critical header parameter that is not understood.
    #[error("the COSE_Sign1 has a critical header parameter that is not understood")]
    Critical,
    /// The signature does not verify, or the key does not fit the algorithm.
    #[error("the signature of the COSE_Sign1 does not verify")]
    Signature,
}

/// Whether the tag 18 must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagPolicy {
    /// The tag must be there.
    Required,
    /// The tag may be left out.
    Optional,
}

/// Whether to write the tag 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagging {
    /// With the tag.
    Tagged,
    /// Without it.
    Untagged,
}

/// What the header says besides the algorithm. All of it is written into the protected header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sign1Header {
    /// `kid`.
    pub key_id: Option<Vec<u8>>,
    /// `x5chain`, DER certificates, leaf first.
    pub x5chain: Vec<Vec<u8>>,
    /// `typ`.
    pub typ: Option<String>,
}

/// A COSE_Sign1 that lacks its signature.
#[derive(Clone)]
pub struct PreparedSign1 {
    message: CoseSign1,
    to_be_signed: ToBeSigned,
}

/// Prepares a COSE_Sign1 over `payload`, bound to `external_aad`.
#[must_use]
pub fn prepare(
    algorithm: SignatureAlgorithm,
    header: &Sign1Header,
    payload: Vec<u8>,
    external_aad: &[u8],
) -> PreparedSign1 {
    let registered = match algorithm {
        SignatureAlgorithm::Es256 => iana::Algorithm::ES256,
        SignatureAlgorithm::Es384 => iana::Algorithm::ES384,
        SignatureAlgorithm::EdDsa => iana::Algorithm::EdDSA,
    };
    let mut protected: Header = HeaderBuilder::new().algorithm(registered).build();
    if let Some(key_id) = &header.key_id {
        protected.key_id.clone_from(key_id);
    }
    if let Some(typ) = &header.typ {
        protected.rest.push((Label::Int(TYP), Value::Text(typ.clone())));
    }
    match header.x5chain.as_slice() {
        [] => {}
        // RFC 9360: one certificate stands alone, several stand in an array.
        [one] => protected
            .rest
            .push((Label::Int(X5CHAIN), Value::Bytes(one.clone()))),
        several => {
            let chain = several.iter().map(|der| Value::Bytes(der.clone())).collect();
            protected.rest.push((Label::Int(X5CHAIN), Value::Array(chain)));
        }
    }
    let message = CoseSign1Builder::new()
        .protected(protected)
        .payload(payload)
        .build();
    let to_be_signed = ToBeSigned {
        algorithm,
        bytes: message.tbs_data(external_aad),
    };
    PreparedSign1 {
        message,
        to_be_signed,
    }
}

/// Without the payload, which may be personal data.
impl fmt::Debug for PreparedSign1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedSign1")
            .field("to_be_signed", &self.to_be_signed)
            .finish_non_exhaustive()
    }
}

impl PreparedSign1 {
    /// What `key` has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.to_be_signed.by(key)
    }

    /// The encoded COSE_Sign1.
    ///
    /// # Errors
    /// [`CoseError::Malformed`] if the encoder refuses, which no header of this module makes it do.
    pub fn finish(mut self, signature: Vec<u8>, tagging: Tagging) -> Result<Vec<u8>, CoseError> {
        self.message.signature = signature;
        match tagging {
            Tagging::Tagged => self.message.to_tagged_vec(),
            Tagging::Untagged => self.message.to_vec(),
        }
        .map_err(|_| CoseError::Malformed)
    }
}

/// A COSE_Sign1 whose signature has not been checked.
#[derive(Clone)]
pub struct ParsedSign1 {
    /// The algorithm of the protected header.
    pub algorithm: SignatureAlgorithm,
    /// `kid`, from the protected header or else the unprotected one; a hint where to find the key, no more.
    pub key_id: Option<Vec<u8>>,
    /// `x5chain`, DER certificates, leaf first; whether to believe them is the caller's decision.
    pub x5chain: Vec<Vec<u8>>,
    /// What else the header says about certificates.
    pub certificates: CertificateHints,
    /// `typ`, from the protected header alone.
    pub typ: Option<String>,
    message: CoseSign1,
}

/// Without the payload, which may be personal data.
impl fmt::Debug for ParsedSign1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedSign1")
            .field("algorithm", &self.algorithm)
            .field("typ", &self.typ)
            .field("bytes", &self.payload().len())
            .finish_non_exhaustive()
    }
}

impl ParsedSign1 {
    /// Reads a COSE_Sign1 with its payload inside.
    ///
    /// # Errors
    /// [`CoseError`].
    pub fn parse(bytes: &[u8], tag: TagPolicy, budget: CborBudget) -> Result<Self, CoseError> {
        let value = cbor::parse(bytes, budget).map_err(|_| CoseError::Malformed)?;
        let value = match (bytes.first(), value, tag) {
            (Some(&SIGN1_TAG_BYTE), Value::Tag(_, value), _) => *value,
            (_, value, TagPolicy::Optional) => value,
            (_, _, TagPolicy::Required) => return Err(CoseError::Untagged),
        };
        check_headers(&value, budget)?;
        let message = CoseSign1::from_cbor_value(value).map_err(|_| CoseError::Malformed)?;
        if message.payload.is_none() {
            return Err(CoseError::Malformed);
        }
        let protected = &message.protected.header;
        let algorithm = match &protected.alg {
            Some(RegisteredLabelWithPrivate::Assigned(algorithm)) => {
                SignatureAlgorithm::from_cose_value(algorithm.to_i64())
            }
            Some(RegisteredLabelWithPrivate::PrivateUse(value)) => {
                SignatureAlgorithm::from_cose_value(*value)
            }
            _ => None,
        }
        .ok_or(CoseError::Algorithm)?;
        // RFC 9052 §3.1 wants it in the protected header; in the other one it is no less an order to refuse.
        if !protected.crit.is_empty() || !message.unprotected.crit.is_empty() {
            return Err(CoseError::Critical);
        }
        let key_id = [protected, &message.unprotected]
            .into_iter()
            .map(|header| &header.key_id)
            .find(|key_id| !key_id.is_empty())
            .cloned();
        let either = |label| parameter(protected, label).or_else(|| parameter(&message.unprotected, label));
        let x5chain = match either(X5CHAIN) {
            None => Vec::new(),
            Some(chain) => certificates::certificates(chain)?,
        };
        let certificates = CertificateHints::read(either)?;
        let typ = parameter(protected, TYP)
            .and_then(Value::as_text)
            .map(str::to_owned);
        Ok(Self {
            algorithm,
            key_id,
            x5chain,
            certificates,
            typ,
            message,
        })
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.message.payload.as_deref().unwrap_or_default()
    }

    /// Verifies the signature with `key`, whose own algorithm must be the one of the protected header.
    ///
    /// # Errors
    /// [`CoseError::Signature`].
    pub fn verify(
        &self,
        provider: &dyn CryptoProvider,
        key: &PublicKey,
        external_aad: &[u8],
    ) -> Result<(), CoseError> {
        let to_be_signed = self.message.tbs_data(external_aad);
        provider
            .verify(key, self.algorithm, &to_be_signed, &self.message.signature)
            .map_err(|_| CoseError::Signature)
    }
}

/// Checks both headers before `coset` reads them. The protected one is a byte string, into which the check of the whole
/// did not look. A counter signature has headers of its own, and `coset` follows one within the other without a limit: a
/// few kilobytes would exhaust the stack. No format of the suite has them.
fn check_headers(message: &Value, budget: CborBudget) -> Result<(), CoseError> {
    let Some([Value::Bytes(protected), unprotected, ..]) = message.as_array().map(Vec::as_slice) else {
        return Err(CoseError::Malformed);
    };
    let protected = match protected.as_slice() {
        [] => Value::Map(Vec::new()),
        bytes => cbor::parse(bytes, budget).map_err(|_| CoseError::Malformed)?,
    };
    for header in [&protected, unprotected] {
        let members = header.as_map().ok_or(CoseError::Malformed)?;
        if members
            .iter()
            .any(|(label, _)| *label == Value::from(COUNTER_SIGNATURE))
        {
            return Err(CoseError::Malformed);
        }
    }
    Ok(())
}

fn parameter(header: &Header, label: i64) -> Option<&Value> {
    header
        .rest
        .iter()
        .find(|(name, _)| *name == Label::Int(label))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::RustCryptoProvider;
    use crate::testing::SeededRandomness;

    fn signed(header: &Sign1Header) -> (Vec<u8>, PublicKey) {
        let key = RustCryptoProvider
            .generate_key(SignatureAlgorithm::EdDsa, &SeededRandomness::new(3))
            .unwrap();
        let prepared = prepare(SignatureAlgorithm::EdDsa, header, b"payload".to_vec(), b"aad");
        let signature = RustCryptoProvider
            .sign(&key, &prepared.request(KeyHandle::new("k")).bytes)
            .unwrap();
        (
            prepared.finish(signature, Tagging::Tagged).unwrap(),
            key.public_key(),
        )
    }

    #[test]
    fn what_was_signed_verifies_with_its_additional_data_alone() {
        let header = Sign1Header {
            key_id: Some(vec![1, 2]),
            x5chain: vec![vec![3], vec![4]],
            typ: Some("example".to_owned()),
        };
        let (bytes, key) = signed(&header);
        let parsed = ParsedSign1::parse(&bytes, TagPolicy::Required, CborBudget::DEFAULT).unwrap();
        assert_eq!(parsed.payload(), b"payload");
        assert_eq!(parsed.key_id.as_deref(), Some([1, 2].as_slice()));
        assert_eq!(parsed.x5chain, header.x5chain);
        assert_eq!(parsed.typ, header.typ);
        parsed.verify(&RustCryptoProvider, &key, b"aad").unwrap();
        assert_eq!(
            parsed.verify(&RustCryptoProvider, &key, b""),
            Err(CoseError::Signature)
        );
        let shown = format!(
            "{parsed:?}{:?}",
            prepare(parsed.algorithm, &header, b"payload".to_vec(), b"")
        );
        assert!(
            !shown.contains("112, 97, 121") && !shown.contains("payload"),
            "{shown}"
        );
        let untagged = bytes[1..].to_vec();
        assert_eq!(
            ParsedSign1::parse(&untagged, TagPolicy::Required, CborBudget::DEFAULT).unwrap_err(),
            CoseError::Untagged
        );
        assert!(ParsedSign1::parse(&untagged, TagPolicy::Optional, CborBudget::DEFAULT).is_ok());
    }

    #[test]
    fn hints_about_certificates_are_read_from_either_header() {
        let digest = Value::Bytes(sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new()).to_vec());
        let read = |header: Vec<(Value, Value)>| {
            let message = Value::Array(vec![
                Value::Bytes(vec![0xa1, 0x01, 0x27]),
                Value::Map(header),
                Value::Bytes(vec![1]),
                Value::Bytes(vec![0; 64]),
            ]);
            ParsedSign1::parse(&cbor::encode(&message), TagPolicy::Optional, CborBudget::DEFAULT)
                .map(|parsed| parsed.certificates)
        };
        let url = Value::Tag(32, Box::new(Value::from("https://issuer.example/x5u")));
        let hints = read(vec![
            (
                Value::from(32),
                Value::Array(vec![Value::Bytes(vec![1]), Value::Bytes(vec![2])]),
            ),
            (
                Value::from(34),
                Value::Array(vec![Value::from(-16), digest.clone()]),
            ),
            (Value::from(35), url),
        ])
        .unwrap();
        assert_eq!(hints.bag, [[1], [2]]);
        assert_eq!(hints.url.as_deref(), Some("https://issuer.example/x5u"));
        let thumbprint = hints.thumbprint.unwrap();
        assert!(thumbprint.matches(b"") && !thumbprint.matches(b"other"));
        // SHA-1 is no hint; a digest of the wrong length is none of SHA-512.
        let sha1 = Value::Array(vec![Value::from(-14), Value::Bytes(vec![0; 20])]);
        assert_eq!(
            read(vec![(Value::from(34), sha1)]).unwrap(),
            CertificateHints::default()
        );
        let short = Value::Array(vec![Value::from(-44), digest]);
        assert_eq!(
            read(vec![(Value::from(34), short)]).unwrap_err(),
            CoseError::Malformed
        );
        assert_eq!(
            read(vec![(Value::from(35), Value::from(1))]).unwrap_err(),
            CoseError::Malformed
        );
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let (bytes, key) = signed(&Sign1Header {
            key_id: Some(vec![7; 8]),
            ..Sign1Header::default()
        });
        for index in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[index / 8] ^= 1 << (index % 8);
            let verified = ParsedSign1::parse(&changed, TagPolicy::Optional, CborBudget::DEFAULT)
                .and_then(|parsed| parsed.verify(&RustCryptoProvider, &key, b"aad"));
            assert!(verified.is_err(), "bit {index}");
        }
    }

    /// A protected header with a counter signature, in whose protected header there is a counter signature, and so on.
    fn nested_counter_signatures(depth: usize) -> Vec<u8> {
        (0..depth).fold(vec![0xa1, 0x01, 0x27], |inner, _| {
            let signature = Value::Array(vec![
                Value::Bytes(inner),
                Value::Map(Vec::new()),
                Value::Bytes(Vec::new()),
            ]);
            cbor::encode(&Value::Map(vec![
                (Value::from(1), Value::from(-8)),
                (Value::from(7), signature),
            ]))
        })
    }

    #[test]
    fn refuses_counter_signatures_however_deep_they_nest() {
        for depth in [3000, 1, 2] {
            let protected = Value::Bytes(nested_counter_signatures(depth));
            let unprotected = Value::Map(vec![(
                Value::from(7),
                Value::Array(vec![
                    protected.clone(),
                    Value::Map(Vec::new()),
                    Value::Bytes(vec![]),
                ]),
            )]);
            for (protected, unprotected) in [
                (protected, Value::Map(Vec::new())),
                (Value::Bytes(vec![0xa1, 0x01, 0x27]), unprotected),
            ] {
                let parts = vec![
                    protected,
                    unprotected,
                    Value::Bytes(vec![1]),
                    Value::Bytes(vec![0; 64]),
                ];
                let bytes = cbor::encode(&Value::Tag(18, Box::new(Value::Array(parts))));
                assert_eq!(
                    ParsedSign1::parse(&bytes, TagPolicy::Required, CborBudget::DEFAULT).unwrap_err(),
                    CoseError::Malformed,
                    "{depth}"
                );
            }
        }
    }

    #[test]
    fn refuses_critical_parameters_in_either_header() {
        let critical = || HeaderBuilder::new().add_critical(iana::HeaderParameter::Kid);
        let with_algorithm = |header: HeaderBuilder| header.algorithm(iana::Algorithm::EdDSA).build();
        for (protected, unprotected) in [
            (with_algorithm(critical()), Header::default()),
            (with_algorithm(HeaderBuilder::new()), critical().build()),
        ] {
            let message = CoseSign1Builder::new()
                .protected(protected)
                .unprotected(unprotected)
                .payload(vec![1])
                .signature(vec![0; 64])
                .build();
            let bytes = message.to_tagged_vec().unwrap();
            assert_eq!(
                ParsedSign1::parse(&bytes, TagPolicy::Required, CborBudget::DEFAULT).unwrap_err(),
                CoseError::Critical
            );
        }
    }

    #[test]
    fn an_algorithm_in_the_unprotected_header_does_not_count() {
        let message = CoseSign1Builder::new()
            .unprotected(HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).build())
            .payload(vec![1])
            .signature(vec![0; 64])
            .build();
        let bytes = message.to_tagged_vec().unwrap();
        assert_eq!(
            ParsedSign1::parse(&bytes, TagPolicy::Required, CborBudget::DEFAULT).unwrap_err(),
            CoseError::Algorithm
        );
    }
}
