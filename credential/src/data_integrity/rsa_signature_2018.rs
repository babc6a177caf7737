//! `RsaSignature2018` with PS256, the proof of MOSIP's credentials of VCDM 1.1. Read only.
//!
//! The suite was never finished; what is read is what MOSIP's issuers write and its verifiers expect. The proof's `jws` is a
//! detached JWS over SHA-256 of the canonical proof options, in the context `https://w3id.org/security/v2` and without the
//! `jws`, followed by SHA-256 of the canonical document. Its older form with RS256 is not verified: a key that signs with two
//! algorithms is one that the weaker one decides over.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::jose::jws::JwsError;
use symbolon_crypto::jose::rsa_jws::DetachedRsaJws;
use symbolon_crypto::{CryptoProvider, RsaAlgorithm, RsaNotVerified, RsaPublicKey};

use super::cryptosuite::{JsonLd, NotTransformed};
use super::json_ld::{CanonicalHash, DataLoss, JsonLdError};
use super::proof::read_proofs;
use super::verify::{ProofCheck, ProofRejected, check_statements};
use crate::Verified;

/// The `type` of the proof.
pub const PROOF_TYPE: &str = "RsaSignature2018";

/// The context of the proof options, whatever the document's are.
const PROOF_CONTEXT: &str = "https://w3id.org/security/v2";
/// The longest `jws`, in bytes: a signature of 4,096 bits, and a header with a certificate or two in it.
const MAX_JWS_BYTES: usize = 16 << 10;
/// The most types of a document that are looked at one by one.
const MAX_TYPES: usize = 16;

/// Verifies the one proof of a document with `key`, which the caller knows to be the issuer's. Gives what was signed: the
/// document without its proof, and without those of its types that no context defines. MOSIP's credentials have such a type,
/// which is in no statement, so that anybody could have written it.
///
/// # Errors
/// [`ProofRejected`]; [`ProofRejected::UnsupportedSuite`] also for RS256, and where the provider has no RSA.
pub fn verify(
    secured: &Value,
    check: ProofCheck<'_>,
    key: &RsaPublicKey,
    json_ld: &JsonLd<'_>,
    provider: &dyn CryptoProvider,
) -> Result<Verified<Value>, ProofRejected> {
    let proofs = read_proofs(secured)?;
    let [proof] = proofs.as_slice() else {
        return Err(ProofRejected::TooManyProofs);
    };
    if proof.cryptosuite_name() != PROOF_TYPE {
        return Err(ProofRejected::UnsupportedSuite);
    }
    check_statements(proof, check)?;
    let mut options = proof.members.clone();
    let Some(Value::String(jws)) = options.shift_remove("jws") else {
        return Err(ProofRejected::Malformed);
    };
    let jws = read_jws(&jws)?;
    // Either would be among the options that are signed, while the signature is said to be elsewhere.
    if options.contains_key("proofValue") || options.contains_key("signatureValue") {
        return Err(ProofRejected::Malformed);
    }
    if options
        .insert("@context".to_owned(), json!(PROOF_CONTEXT))
        .is_some()
    {
        return Err(ProofRejected::Context);
    }
    let (document, document_hash) = signed_document(secured, json_ld)?;
    let signed = [hash(&Value::Object(options), json_ld)?, document_hash].concat();
    match jws.verify(&signed, provider, key) {
        Ok(()) => Ok(Verified::after_check(document)),
        Err(RsaNotVerified::Unsupported) => Err(ProofRejected::UnsupportedSuite),
        Err(RsaNotVerified::Rejected) => Err(ProofRejected::Signature),
    }
}

fn read_jws(text: &str) -> Result<DetachedRsaJws<'_>, ProofRejected> {
    let read = |algorithm| DetachedRsaJws::parse(text, MAX_JWS_BYTES, algorithm);
    read(RsaAlgorithm::Ps256).map_err(|error| match error {
        // What is written as it should be, with the algorithm of old, is not known to be wrong.
        JwsError::Algorithm if read(RsaAlgorithm::Rs256).is_ok() => ProofRejected::UnsupportedSuite,
        _ => ProofRejected::Malformed,
    })
}

/// What the signature is over, and its hash.
fn signed_document(secured: &Value, json_ld: &JsonLd<'_>) -> Result<(Value, Vec<u8>), ProofRejected> {
    let mut document = secured.clone();
    let members = document.as_object_mut().ok_or(ProofRejected::Malformed)?;
    members.shift_remove("proof");
    match hash(&document, json_ld) {
        Err(NotTransformed::JsonLd(JsonLdError::DataLoss(DataLoss::Type))) => {
            drop_undefined_types(&mut document, json_ld)?;
            let hash = hash(&document, json_ld)?;
            Ok((document, hash))
        }
        hash => Ok((document, hash?)),
    }
}

/// Takes those types from the document that its contexts do not define. If another one is taken, its statement is missing, and
/// the signature does not verify.
fn drop_undefined_types(document: &mut Value, json_ld: &JsonLd<'_>) -> Result<(), ProofRejected> {
    let context = document.get("@context").cloned().unwrap_or_default();
    let Some(Value::Array(types)) = document.get_mut("type") else {
        return Ok(());
    };
    if types.len() > MAX_TYPES {
        return Err(NotTransformed::from(JsonLdError::OverBudget).into());
    }
    types.retain(|one| {
        let probe = json!({ "@context": context, "type": one });
        !matches!(
            hash(&probe, json_ld),
            Err(NotTransformed::JsonLd(JsonLdError::DataLoss(DataLoss::Type)))
        )
    });
    Ok(())
}

fn hash(document: &Value, json_ld: &JsonLd<'_>) -> Result<Vec<u8>, NotTransformed> {
    let statements =
        json_ld
            .processor
            .canonicalize(document, json_ld.contexts, CanonicalHash::Sha256, json_ld.budget)?;
    Ok(Sha256::digest(statements.concat()).to_vec())
}
