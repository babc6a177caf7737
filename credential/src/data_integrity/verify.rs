//! Verifying proofs ([vc-data-integrity §4.4](https://www.w3.org/TR/vc-data-integrity/#verify-proof), sets and chains §4.5).
//!
//! A proof says which key signed, not for whom the key speaks. [`VerifiedProof::controller`] says it, and the caller must
//! compare it with the issuer or the holder: otherwise a credential that names a government and is signed with anybody's
//! `did:key` verifies.

use core::time::Duration;
use std::borrow::Cow;

use serde_json::Value;
use symbolon_crypto::encoding::multibase;
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use thiserror::Error;

use super::cryptosuite::{Canonicalization, Cryptosuite, JsonLd, NotTransformed, hash_data};
use super::json_ld::JsonLdError;
use super::proof::{Proof, ProofPurpose, read_proofs};
use crate::Verified;

/// What is known of a verification method, from evidence and not from the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationKey {
    /// The key.
    pub public_key: PublicKey,
    /// Who says which signatures of the key count: a DID or another URL.
    pub controller: String,
    /// What the controller lets it be used for.
    pub purposes: Vec<ProofPurpose>,
}

/// What the proofs of a document must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedProof<'a> {
    /// It is a credential: purpose `assertionMethod`.
    Credential,
    /// It is a presentation: purpose `authentication`, and exactly what was asked to be repeated. `None` where the
    /// protocol has no such value, and then nothing keeps the presentation from being shown again.
    Presentation {
        /// The nonce that was given out.
        challenge: Option<&'a str>,
        /// The verifier.
        domain: Option<&'a str>,
    },
}

/// The circumstances of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofCheck<'a> {
    /// What the proofs must say.
    pub expected: ExpectedProof<'a>,
    /// The time.
    pub now: UnixTime,
    /// How far clocks may be apart.
    pub skew: Duration,
}

/// Why a document's proofs were rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofRejected {
    /// There is none.
    #[error("the document has no proof")]
    NoProof,
    /// More than [`super::MAX_PROOFS`].
    #[error("the document has too many proofs")]
    TooManyProofs,
    /// A proof is not as the specification has it.
    #[error("a proof is malformed")]
    Malformed,
    /// A suite that is not verified here.
    #[error("the proof is of a suite that is not supported")]
    UnsupportedSuite,
    /// Nobody knows the verification method.
    #[error("the verification method is not known")]
    UnknownMethod,
    /// The key is not of the kind that the suite signs with.
    #[error("the verification method is not for this suite")]
    WrongKeyType,
    /// The proof is for another purpose, or the controller does not let the method be used for it.
    #[error("the proof is not for this purpose")]
    Purpose,
    /// Another challenge than the one expected, or none.
    #[error("the proof is not for this challenge")]
    Challenge,
    /// Another domain than the one expected, or none.
    #[error("the proof is not for this domain")]
    Domain,
    /// Made in the future.
    #[error("the proof was made in the future")]
    NotYetValid,
    /// No longer counts.
    #[error("the proof has expired")]
    Expired,
    /// The proof's context is not the document's.
    #[error("the contexts of proof and document differ")]
    Context,
    /// A previous proof is not there, or proofs refer to each other in a circle.
    #[error("the chain of proofs is broken")]
    PreviousProof,
    /// The document has no canonical form.
    #[error(transparent)]
    NotTransformed(#[from] NotTransformed),
    /// The signature is not that of the key over this document.
    #[error("the signature does not verify")]
    Signature,
}

impl ProofRejected {
    /// The type of the problem, as a problem document names it
    /// ([vc-data-integrity §4.7](https://www.w3.org/TR/vc-data-integrity/#processing-errors)).
    #[must_use]
    pub const fn problem_type(self) -> &'static str {
        match self {
            Self::Challenge => "https://w3id.org/security#INVALID_CHALLENGE_ERROR",
            Self::Domain => "https://w3id.org/security#INVALID_DOMAIN_ERROR",
            Self::NotTransformed(NotTransformed::JsonLd(JsonLdError::DataLoss(_))) => {
                "https://w3id.org/security#DATA_LOSS_DETECTION_ERROR"
            }
            Self::NotTransformed(_) => "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR",
            _ => "https://w3id.org/security#PROOF_VERIFICATION_ERROR",
        }
    }
}

/// A document whose proofs all verified.
#[derive(Debug, Clone, PartialEq)]
pub struct SecuredDocument {
    /// The document without its proofs.
    pub document: Value,
    /// The proofs, in their order.
    pub proofs: Vec<VerifiedProof>,
}

/// What a verified proof says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedProof {
    /// Its suite.
    pub cryptosuite: Cryptosuite,
    /// The URL of the method that signed.
    pub verification_method: String,
    /// Who controls the method. To be compared with the issuer or the holder.
    pub controller: String,
    /// When it says it was made.
    pub created: Option<UnixTime>,
    /// From when on it no longer counts.
    pub expires: Option<UnixTime>,
}

/// Verifies every proof of a document. One that does not verify rejects the document.
///
/// # Errors
/// [`ProofRejected`], of the first proof that was rejected.
pub fn verify(
    secured: &Value,
    check: ProofCheck<'_>,
    keys: &dyn Fn(&str) -> Option<VerificationKey>,
    json_ld: &JsonLd<'_>,
    provider: &dyn CryptoProvider,
) -> Result<Verified<SecuredDocument>, ProofRejected> {
    let proofs = read_proofs(secured)?;
    let mut document = secured.clone();
    if let Some(members) = document.as_object_mut() {
        members.shift_remove("proof");
    }
    check_chain(&proofs)?;
    let mut verified = Vec::with_capacity(proofs.len());
    for proof in &proofs {
        let input = with_previous(&document, proof, &proofs)?;
        verified.push(verify_one(&input, proof, check, keys, json_ld, provider)?);
    }
    Ok(Verified::after_check(SecuredDocument {
        document,
        proofs: verified,
    }))
}

fn verify_one(
    document: &Value,
    proof: &Proof,
    check: ProofCheck<'_>,
    keys: &dyn Fn(&str) -> Option<VerificationKey>,
    json_ld: &JsonLd<'_>,
    provider: &dyn CryptoProvider,
) -> Result<VerifiedProof, ProofRejected> {
    let suite = proof.suite.ok_or(ProofRejected::UnsupportedSuite)?;
    check_statements(proof, check)?;
    let key = keys(&proof.verification_method).ok_or(ProofRejected::UnknownMethod)?;
    if !key.purposes.contains(&proof.purpose) {
        return Err(ProofRejected::Purpose);
    }
    let hash = suite.hash(&key.public_key).ok_or(ProofRejected::WrongKeyType)?;
    let signature = multibase::decode_base58btc(&proof.proof_value).map_err(|_| ProofRejected::Malformed)?;
    let mut configuration = proof.members.clone();
    configuration.shift_remove("proofValue");
    match suite.canonicalization() {
        Canonicalization::Rdfc => {
            let context = document.get("@context");
            if configuration.contains_key("@context") && configuration.get("@context") != context {
                return Err(ProofRejected::Context);
            }
            if let Some(context) = context {
                configuration.insert("@context".to_owned(), context.clone());
            }
        }
        Canonicalization::Jcs => check_proofs_context(document, configuration.get("@context"))?,
    }
    let signed = hash_data(document, configuration, suite, hash, json_ld)?;
    provider
        .verify(&key.public_key, key.public_key.algorithm(), &signed, &signature)
        .map_err(|_| ProofRejected::Signature)?;
    Ok(VerifiedProof {
        cryptosuite: suite,
        verification_method: proof.verification_method.clone(),
        controller: key.controller,
        created: proof.created,
        expires: proof.expires,
    })
}

pub(super) fn check_statements(proof: &Proof, check: ProofCheck<'_>) -> Result<(), ProofRejected> {
    let purpose = match check.expected {
        ExpectedProof::Credential => ProofPurpose::AssertionMethod,
        ExpectedProof::Presentation { .. } => ProofPurpose::Authentication,
    };
    if proof.purpose != purpose {
        return Err(ProofRejected::Purpose);
    }
    if let ExpectedProof::Presentation { challenge, domain } = check.expected {
        if challenge.is_some() && challenge != proof.challenge() {
            return Err(ProofRejected::Challenge);
        }
        if domain.is_some_and(|domain| !proof.domains.iter().any(|named| named == domain)) {
            return Err(ProofRejected::Domain);
        }
    }
    if proof
        .created
        .is_some_and(|created| check.now.plus(check.skew) < created)
    {
        return Err(ProofRejected::NotYetValid);
    }
    if proof
        .expires
        .is_some_and(|expires| check.now.minus(check.skew) >= expires)
    {
        return Err(ProofRejected::Expired);
    }
    Ok(())
}

/// A JCS proof was made over the document with the proof's own context; others may have been appended since
/// (vc-di-eddsa §3.3.2). Contexts that come behind must not be read as if they were signed, and are taken off here; a
/// reader of the whole document must not use them, so a difference is refused.
fn check_proofs_context(document: &Value, context: Option<&Value>) -> Result<(), ProofRejected> {
    if document.get("@context") == context {
        Ok(())
    } else {
        Err(ProofRejected::Context)
    }
}

/// What a proof of a chain was made over: the document with the proofs it builds upon.
fn with_previous<'d>(
    document: &'d Value,
    proof: &Proof,
    proofs: &[Proof],
) -> Result<Cow<'d, Value>, ProofRejected> {
    if proof.previous.is_empty() {
        return Ok(Cow::Borrowed(document));
    }
    let mut document = document.clone();
    let mut previous = Vec::new();
    for id in &proof.previous {
        previous.push(Value::Object(named(id, proofs)?.members.clone()));
    }
    if let Some(members) = document.as_object_mut() {
        members.insert("proof".to_owned(), Value::Array(previous));
    }
    Ok(Cow::Owned(document))
}

fn named<'p>(id: &str, proofs: &'p [Proof]) -> Result<&'p Proof, ProofRejected> {
    let mut found = proofs.iter().filter(|proof| proof.id.as_deref() == Some(id));
    match (found.next(), found.next()) {
        (Some(proof), None) => Ok(proof),
        _ => Err(ProofRejected::PreviousProof),
    }
}

/// Following previous proofs must end.
fn check_chain(proofs: &[Proof]) -> Result<(), ProofRejected> {
    for start in proofs {
        let mut reached: Vec<&Proof> = vec![start];
        // Whoever takes more rounds than there are proofs goes in a circle.
        for _ in 0..=proofs.len() {
            let mut before: Vec<&Proof> = Vec::new();
            for proof in reached {
                for id in &proof.previous {
                    let found = named(id, proofs)?;
                    if !before.iter().any(|known| core::ptr::eq(*known, found)) {
                        before.push(found);
                    }
                }
            }
            reached = before;
        }
        if !reached.is_empty() {
            return Err(ProofRejected::PreviousProof);
        }
    }
    Ok(())
}
