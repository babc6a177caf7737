//! The two proof values (vc-di-ecdsa §3.4.2 to §3.4.7): what the holder gets and what a verifier gets, as CBOR behind a
//! header that tells them apart.

use std::collections::{BTreeMap, BTreeSet};

use ciborium::Value;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::cbor::{self, CborBudget};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::{PublicKey, SecretKey};
use thiserror::Error;

use super::pointer::JsonPointer;

const BASE_HEADER: [u8; 3] = [0xd9, 0x5d, 0x00];
const DERIVED_HEADER: [u8; 3] = [0xd9, 0x5d, 0x01];
/// Multibase: base64url without padding.
const MULTIBASE_PREFIX: char = 'u';
/// Multicodec `p256-pub` as a variable-length integer.
const P256_PREFIX: [u8; 2] = [0x80, 0x24];
const CANONICAL_LABEL_PREFIX: &str = "c14n";

/// A signature by ES256.
pub(super) const SIGNATURE_BYTES: usize = 64;
/// A digest of HMAC with SHA-256, which names a blank node.
const LABEL_BYTES: usize = 32;
/// A compressed P-256 point behind its multicodec prefix.
const PUBLIC_KEY_BYTES: usize = 35;

/// Enough for a thousand statements, of which each adds 66 bytes.
const PROOF_VALUE_BUDGET: CborBudget = CborBudget {
    bytes: 128 << 10,
    depth: 3,
    items: 4_000,
};

pub(super) type Signature = [u8; SIGNATURE_BYTES];

/// Why a proof value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidProofValue {
    /// A verifier was shown the proof that is for the holder alone.
    #[error("the proof is the holder's own, not one for a verifier")]
    BaseProof,
    /// The holder has a proof from which nothing can be derived.
    #[error("the proof is already derived")]
    DerivedProof,
    /// Not multibase `u`, another header, not the CBOR structure, or bytes behind it.
    #[error("the proof value is not encoded as its cryptosuite demands")]
    Malformed,
}

/// The public half of the key that signs statements, as it is and as it is written in a proof value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProofKey {
    pub(super) key: PublicKey,
    pub(super) multikey: [u8; PUBLIC_KEY_BYTES],
}

impl ProofKey {
    pub(super) fn of(secret: &SecretKey) -> Option<Self> {
        let key = secret.public_key();
        let point = key.to_sec1_bytes();
        // SEC 1 §2.3.3: x behind a byte that tells whether y is even.
        let coordinates: &[u8; 64] = point.strip_prefix(&[4])?.try_into().ok()?;
        let (x, y) = coordinates.split_at(32);
        let sign = if y.last().is_some_and(|byte| byte & 1 == 1) {
            3
        } else {
            2
        };
        let multikey = [P256_PREFIX.as_slice(), &[sign], x].concat().try_into().ok()?;
        Some(Self { key, multikey })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let multikey: [u8; PUBLIC_KEY_BYTES] = bytes.try_into().ok()?;
        let point = multikey.strip_prefix(&P256_PREFIX)?;
        let key = PublicKey::from_p256_sec1_bytes(point).ok()?;
        Some(Self { key, multikey })
    }
}

/// What the issuer hands to the holder.
pub(super) struct BaseProofValue {
    pub(super) base_signature: Signature,
    pub(super) proof_key: ProofKey,
    pub(super) hmac_key: SymmetricKey,
    /// One for each statement that is not mandatory, in the order of the canonical statements.
    pub(super) signatures: Vec<Signature>,
    pub(super) mandatory: Vec<JsonPointer>,
}

/// What the holder hands to a verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DerivedProofValue {
    pub(super) base_signature: Signature,
    pub(super) proof_key: ProofKey,
    pub(super) signatures: Vec<Signature>,
    /// The label that the issuer signed, by the number of the canonical label that the verifier comes to.
    pub(super) labels: BTreeMap<u64, [u8; LABEL_BYTES]>,
    pub(super) mandatory_indexes: BTreeSet<usize>,
}

/// The label of a blank node: an HMAC of its canonical label, so that it tells nothing of what is not shown.
pub(super) fn hmac_label(key: &SymmetricKey, canonical_label: &str) -> [u8; LABEL_BYTES] {
    key.authenticate(canonical_label.as_bytes())
}

/// A label as it is written in a statement.
pub(super) fn label_text(label: &[u8; LABEL_BYTES]) -> String {
    let mut text = String::with_capacity(1 + LABEL_BYTES * 4 / 3 + 1);
    text.push(MULTIBASE_PREFIX);
    base64url::encode_into(label, &mut text);
    text
}

/// The number in a canonical label (`c14n12`).
pub(super) fn canonical_number(label: &str) -> Option<u64> {
    label.strip_prefix(CANONICAL_LABEL_PREFIX)?.parse().ok()
}

/// The canonical label of a number.
pub(super) fn canonical_label(number: u64) -> String {
    format!("{CANONICAL_LABEL_PREFIX}{number}")
}

impl BaseProofValue {
    pub(super) fn to_text(&self) -> String {
        let mandatory = self.mandatory.iter().map(|pointer| pointer.as_str().into());
        write(
            BASE_HEADER,
            vec![
                bytes(&self.base_signature),
                bytes(&self.proof_key.multikey),
                bytes(self.hmac_key.as_bytes()),
                signatures(&self.signatures),
                Value::Array(mandatory.collect()),
            ],
        )
    }

    pub(super) fn parse(text: &str) -> Result<Self, InvalidProofValue> {
        let (header, components) = read(text)?;
        match header {
            BASE_HEADER => Self::from_components(components).ok_or(InvalidProofValue::Malformed),
            DERIVED_HEADER => Err(InvalidProofValue::DerivedProof),
            _ => Err(InvalidProofValue::Malformed),
        }
    }

    fn from_components(components: Vec<Value>) -> Option<Self> {
        let [base_signature, proof_key, hmac_key, signatures, mandatory] =
            <[Value; 5]>::try_from(components).ok()?;
        let mandatory = mandatory.into_array().ok()?;
        Some(Self {
            base_signature: base_signature.as_bytes()?.as_slice().try_into().ok()?,
            proof_key: ProofKey::parse(proof_key.as_bytes()?)?,
            hmac_key: SymmetricKey::new(hmac_key.as_bytes()?.as_slice().try_into().ok()?),
            signatures: read_signatures(&signatures)?,
            mandatory: mandatory
                .iter()
                .map(|pointer| JsonPointer::parse(pointer.as_text()?).ok())
                .collect::<Option<_>>()?,
        })
    }
}

impl DerivedProofValue {
    pub(super) fn to_text(&self) -> String {
        let labels = self
            .labels
            .iter()
            .map(|(number, label)| (Value::from(*number), bytes(label)));
        let indexes = self
            .mandatory_indexes
            .iter()
            .map(|index| Value::from(*index as u64));
        write(
            DERIVED_HEADER,
            vec![
                bytes(&self.base_signature),
                bytes(&self.proof_key.multikey),
                signatures(&self.signatures),
                Value::Map(labels.collect()),
                Value::Array(indexes.collect()),
            ],
        )
    }

    pub(super) fn parse(text: &str) -> Result<Self, InvalidProofValue> {
        let (header, components) = read(text)?;
        match header {
            DERIVED_HEADER => Self::from_components(components).ok_or(InvalidProofValue::Malformed),
            BASE_HEADER => Err(InvalidProofValue::BaseProof),
            _ => Err(InvalidProofValue::Malformed),
        }
    }

    fn from_components(components: Vec<Value>) -> Option<Self> {
        let [base_signature, proof_key, signatures, labels, indexes] =
            <[Value; 5]>::try_from(components).ok()?;
        let labels = labels.as_map()?;
        let indexes = indexes.as_array()?;
        let mandatory_indexes = indexes
            .iter()
            .map(|index| usize::try_from(index.as_integer()?).ok())
            .collect::<Option<BTreeSet<_>>>()?;
        let labels = labels
            .iter()
            .map(|(number, label)| {
                let number = u64::try_from(number.as_integer()?).ok()?;
                Some((number, label.as_bytes()?.as_slice().try_into().ok()?))
            })
            .collect::<Option<BTreeMap<_, [u8; LABEL_BYTES]>>>()?;
        // One index twice is a second text for the same proof.
        (mandatory_indexes.len() == indexes.len()).then_some(())?;
        // Two nodes under one label could share the statements that were signed about one node.
        let distinct: BTreeSet<_> = labels.values().collect();
        (distinct.len() == labels.len()).then_some(())?;
        Some(Self {
            base_signature: base_signature.as_bytes()?.as_slice().try_into().ok()?,
            proof_key: ProofKey::parse(proof_key.as_bytes()?)?,
            signatures: read_signatures(&signatures)?,
            labels,
            mandatory_indexes,
        })
    }
}

fn write(header: [u8; 3], components: Vec<Value>) -> String {
    let mut value = header.to_vec();
    value.extend(cbor::encode(&Value::Array(components)));
    let mut text = String::with_capacity(1 + value.len().div_ceil(3) * 4);
    text.push(MULTIBASE_PREFIX);
    base64url::encode_into(&value, &mut text);
    text
}

fn read(text: &str) -> Result<([u8; 3], Vec<Value>), InvalidProofValue> {
    let malformed = InvalidProofValue::Malformed;
    let encoded = text.strip_prefix(MULTIBASE_PREFIX).ok_or(malformed)?;
    if encoded.len() / 4 > PROOF_VALUE_BUDGET.bytes / 3 {
        return Err(malformed);
    }
    let value = base64url::decode(encoded).map_err(|_| malformed)?;
    let (header, components) = value.split_first_chunk::<3>().ok_or(malformed)?;
    let components = cbor::parse(components, PROOF_VALUE_BUDGET).map_err(|_| malformed)?;
    let components = components.into_array().map_err(|_| malformed)?;
    Ok((*header, components))
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

fn signatures(signatures: &[Signature]) -> Value {
    Value::Array(signatures.iter().map(|signature| bytes(signature)).collect())
}

fn read_signatures(value: &Value) -> Option<Vec<Signature>> {
    let signatures = value.as_array()?.iter();
    signatures
        .map(|signature| signature.as_bytes()?.as_slice().try_into().ok())
        .collect()
}
