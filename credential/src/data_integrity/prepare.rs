//! Adding a proof ([vc-data-integrity §4.2](https://www.w3.org/TR/vc-data-integrity/#add-proof)).

use serde_json::{Map, Value};
use symbolon_crypto::encoding::multibase;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::{PublicKey, SignatureAlgorithm, UnixTime};
use thiserror::Error;

use super::cryptosuite::{Canonicalization, Cryptosuite, JsonLd, NotTransformed, hash_data};
use super::proof::ProofPurpose;

/// What a proof is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofOptions {
    /// The suite.
    pub cryptosuite: Cryptosuite,
    /// The URL of the verification method.
    pub verification_method: String,
    /// What the proof is for.
    pub purpose: ProofPurpose,
    /// When it was made.
    pub created: Option<UnixTime>,
    /// From when on it no longer counts.
    pub expires: Option<UnixTime>,
    /// Whom it is for.
    pub domain: Option<String>,
    /// What that one asked to be repeated.
    pub challenge: Option<String>,
}

/// Why no proof can be made. PROOF_GENERATION_ERROR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofNotGenerated {
    /// Not an object, or one with a proof.
    #[error("the document is no object without a proof")]
    Document,
    /// The suite is read only, or does not sign with such a key.
    #[error("the suite does not sign with this key")]
    Key,
    /// The document has no canonical form.
    #[error(transparent)]
    NotTransformed(#[from] NotTransformed),
}

impl ProofNotGenerated {
    /// The type of the problem, as a problem document names it.
    #[must_use]
    pub const fn problem_type(self) -> &'static str {
        match self {
            Self::NotTransformed(_) => "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR",
            _ => "https://w3id.org/security#PROOF_GENERATION_ERROR",
        }
    }
}

/// A document and its proof, which lacks the signature.
#[derive(Clone, PartialEq)]
pub struct PreparedProof {
    document: Map<String, Value>,
    proof: Map<String, Value>,
    algorithm: SignatureAlgorithm,
    signing_input: Vec<u8>,
}

/// Prepares the proof of a document that has none.
///
/// # Errors
/// [`ProofNotGenerated`].
pub fn prepare(
    document: &Value,
    options: &ProofOptions,
    key: &PublicKey,
    json_ld: &JsonLd<'_>,
) -> Result<PreparedProof, ProofNotGenerated> {
    let suite = options.cryptosuite;
    let members = document
        .as_object()
        .filter(|members| !members.contains_key("proof"))
        .ok_or(ProofNotGenerated::Document)?;
    if suite == Cryptosuite::Ed25519Signature2020 {
        return Err(ProofNotGenerated::Key);
    }
    let hash = suite.hash(key).ok_or(ProofNotGenerated::Key)?;
    let mut proof = configuration(options);
    let mut configuration = proof.clone();
    if let Some(context) = members.get("@context") {
        configuration.insert("@context".to_owned(), context.clone());
    }
    if suite.canonicalization() == Canonicalization::Jcs {
        // The signature covers the context as text; it must be in the proof to be found again (vc-di-eddsa §3.3.1).
        proof.clone_from(&configuration);
    }
    let signing_input = hash_data(document, configuration, suite, hash, json_ld)?;
    Ok(PreparedProof {
        document: members.clone(),
        proof,
        algorithm: key.algorithm(),
        signing_input,
    })
}

fn configuration(options: &ProofOptions) -> Map<String, Value> {
    let time = |time: UnixTime| Value::String(time.rfc3339());
    let text = |text: &str| Value::String(text.to_owned());
    [
        ("type", Some(text("DataIntegrityProof"))),
        ("cryptosuite", Some(text(options.cryptosuite.name()))),
        ("created", options.created.map(time)),
        ("expires", options.expires.map(time)),
        ("verificationMethod", Some(text(&options.verification_method))),
        ("proofPurpose", Some(text(options.purpose.name()))),
        ("domain", options.domain.as_deref().map(text)),
        ("challenge", options.challenge.as_deref().map(text)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

impl PreparedProof {
    /// The exact bytes to sign.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        &self.signing_input
    }

    /// The request for the key's owner.
    #[must_use]
    pub fn signature_request(&self, key: KeyHandle) -> SignatureRequest {
        SignatureRequest {
            key,
            algorithm: self.algorithm,
            bytes: self.signing_input.clone(),
        }
    }

    /// The secured document.
    #[must_use]
    pub fn finish(self, signature: &[u8]) -> Value {
        let mut proof = self.proof;
        proof.insert(
            "proofValue".to_owned(),
            Value::String(multibase::encode_base58btc(signature)),
        );
        let mut document = self.document;
        document.insert("proof".to_owned(), Value::Object(proof));
        Value::Object(document)
    }
}
