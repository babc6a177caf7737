//! The proof as a member of a document: which one is ours, and what is hashed of it.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::CRYPTOSUITE;
use super::group::JsonLd;
use super::proof_value::ProofKey;
use crate::data_integrity::JsonLdError;

const PROOF: &str = "proof";
const PROOF_VALUE: &str = "proofValue";
pub(super) const PROOF_TYPE: &str = "DataIntegrityProof";

/// A document does not have exactly one proof of this cryptosuite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoSuchProof {
    /// Not an object.
    #[error("the secured document is not a JSON object")]
    NotAnObject,
    /// No proof of this cryptosuite.
    #[error("the document has no proof of the cryptosuite {CRYPTOSUITE}")]
    None,
    /// More than one, so nobody can say which is meant.
    #[error("the document has several proofs of the cryptosuite {CRYPTOSUITE}")]
    Several,
    /// The proof has no proof value that is text.
    #[error("the proof has no proof value")]
    ProofValue,
}

/// A document and its proof, apart.
pub(super) struct Parts<'d> {
    /// The document without any proof.
    pub(super) document: Value,
    pub(super) proof: &'d Map<String, Value>,
    pub(super) proof_value: &'d str,
}

/// Takes a secured document apart. Proofs of other cryptosuites are left out: they do not outlive a derivation.
pub(super) fn take_apart(secured: &Value) -> Result<Parts<'_>, NoSuchProof> {
    let members = secured.as_object().ok_or(NoSuchProof::NotAnObject)?;
    let proofs = match members.get(PROOF) {
        Some(Value::Array(proofs)) => proofs.as_slice(),
        Some(proof) => core::slice::from_ref(proof),
        None => &[],
    };
    let mut ours = proofs.iter().filter_map(Value::as_object).filter(|proof| {
        let has = |name: &str, value: &str| proof.get(name).and_then(Value::as_str) == Some(value);
        has("type", PROOF_TYPE) && has("cryptosuite", CRYPTOSUITE)
    });
    let proof = ours.next().ok_or(NoSuchProof::None)?;
    if ours.next().is_some() {
        return Err(NoSuchProof::Several);
    }
    let proof_value = proof.get(PROOF_VALUE).and_then(Value::as_str);
    let document = members.iter().filter(|(name, _)| *name != PROOF);
    Ok(Parts {
        document: Value::Object(
            document
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        ),
        proof,
        proof_value: proof_value.ok_or(NoSuchProof::ProofValue)?,
    })
}

/// A document with a proof of this value.
pub(super) fn put_together(mut document: Value, mut proof: Map<String, Value>, proof_value: String) -> Value {
    proof.insert(PROOF_VALUE.to_owned(), Value::String(proof_value));
    if let Some(members) = document.as_object_mut() {
        members.insert(PROOF.to_owned(), Value::Object(proof));
    }
    document
}

/// The hash of the proof's options under the contexts of its document (vc-di-ecdsa §3.4.10 and §3.4.11).
pub(super) fn options_hash(
    proof: &Map<String, Value>,
    document: &Value,
    json_ld: JsonLd<'_>,
) -> Result<[u8; 32], JsonLdError> {
    let mut options = proof.clone();
    options.remove(PROOF_VALUE);
    options.remove("@context");
    if let Some(context) = document.get("@context") {
        options.insert("@context".to_owned(), context.clone());
    }
    let statements = json_ld.canonicalize(&Value::Object(options))?;
    Ok(hash(statements.iter().map(String::as_str)))
}

/// SHA-256 of statements (vc-di-ecdsa §3.3.17, `hashMandatoryNQuads`).
pub(super) fn hash<'s>(statements: impl IntoIterator<Item = &'s str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for statement in statements {
        hash.update(statement.as_bytes());
    }
    hash.finalize().into()
}

/// What the issuer's key signs (vc-di-ecdsa §3.4.1, `serializeSignData`).
pub(super) fn signed_bytes(
    options_hash: &[u8; 32],
    proof_key: &ProofKey,
    mandatory_hash: &[u8; 32],
) -> Vec<u8> {
    [
        options_hash.as_slice(),
        &proof_key.multikey,
        mandatory_hash.as_slice(),
    ]
    .concat()
}
