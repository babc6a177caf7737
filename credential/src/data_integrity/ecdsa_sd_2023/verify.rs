//! Verification (vc-di-ecdsa §3.4.7 `createVerifyData`, §3.4.14), and the holder's own check of a base proof.

use std::collections::BTreeMap;

use serde_json::Value;
use symbolon_crypto::{CryptoProvider, PublicKey, SignatureAlgorithm, SignatureRejected};
use thiserror::Error;

use super::MAX_SELECTIVE_STATEMENTS;
use super::group::{Document, JsonLd, SelectionError, split};
use super::pointer::JsonPointer;
use super::proof::{self, NoSuchProof};
use super::proof_value::{
    BaseProofValue, DerivedProofValue, InvalidProofValue, ProofKey, Signature, canonical_label, label_text,
};
use super::statement::{self, InvalidStatement};
use crate::Verified;
use crate::data_integrity::JsonLdError;

/// Why a proof was not accepted (`PROOF_VERIFICATION_ERROR`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The document has no proof to verify.
    #[error(transparent)]
    Proof(#[from] NoSuchProof),
    /// The proof value is not what it must be; [`InvalidProofValue::BaseProof`] when a verifier is shown the holder's own.
    #[error(transparent)]
    ProofValue(#[from] InvalidProofValue),
    /// The document or the proof's options were not processed.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// The mandatory pointers of a base proof do not fit its document.
    #[error(transparent)]
    Selection(SelectionError),
    /// The proof names other blank nodes than the document has.
    #[error("the labels of the proof are not those of the document")]
    Labels,
    /// The proof calls statements mandatory that the document does not have.
    #[error("the proof counts more statements than the document has")]
    MandatoryIndexes,
    /// The proof has more or fewer signatures than the document has statements that are not mandatory.
    #[error("the proof does not have one signature for each statement")]
    SignatureCount,
    /// A signature is not by the key it should be by, over what it should be over.
    #[error(transparent)]
    Signature(#[from] SignatureRejected),
}

impl From<InvalidStatement> for VerifyError {
    fn from(_: InvalidStatement) -> Self {
        Self::Labels
    }
}

impl From<SelectionError> for VerifyError {
    fn from(error: SelectionError) -> Self {
        match error {
            SelectionError::JsonLd(error) => Self::JsonLd(error),
            other => Self::Selection(other),
        }
    }
}

/// Verifies a derived proof. Gives the document without its proof: everything in it was signed by the issuer's key.
///
/// Whose key `issuer_key` is, what the proof is for and when it ends is the caller's to check.
///
/// # Errors
/// [`VerifyError`]; for a base proof too, which its holder must not have shown.
pub fn verify(
    secured: &Value,
    issuer_key: &PublicKey,
    json_ld: JsonLd<'_>,
    provider: &dyn CryptoProvider,
) -> Result<Verified<Value>, VerifyError> {
    let parts = proof::take_apart(secured)?;
    let value = DerivedProofValue::parse(parts.proof_value)?;
    let statements = signed_statements(&parts.document, &value, json_ld)?;
    if value
        .mandatory_indexes
        .last()
        .is_some_and(|last| *last >= statements.len())
    {
        return Err(VerifyError::MandatoryIndexes);
    }
    let (mandatory, selective) = split(&statements, &value.mandatory_indexes);
    let options_hash = proof::options_hash(parts.proof, &parts.document, json_ld)?;
    let signatures = Signatures {
        base: &value.base_signature,
        proof_key: &value.proof_key,
        statements: &value.signatures,
    };
    signatures.verify(&options_hash, &mandatory, &selective, issuer_key, provider)?;
    Ok(Verified::after_check(parts.document))
}

/// Verifies a base proof whole: the issuer's signature and that of every statement. For the holder, before a received
/// document is kept.
///
/// # Errors
/// [`VerifyError`].
pub fn verify_base(
    secured: &Value,
    issuer_key: &PublicKey,
    json_ld: JsonLd<'_>,
    provider: &dyn CryptoProvider,
) -> Result<Verified<Value>, VerifyError> {
    let parts = proof::take_apart(secured)?;
    let value = BaseProofValue::parse(parts.proof_value)?;
    let document = Document::new(&parts.document, &value.hmac_key, json_ld)?;
    let pointers: Vec<&JsonPointer> = value.mandatory.iter().collect();
    let (mandatory, selective) = document.split(&document.select(&pointers)?.indexes);
    let options_hash = proof::options_hash(parts.proof, &parts.document, json_ld)?;
    let signatures = Signatures {
        base: &value.base_signature,
        proof_key: &value.proof_key,
        statements: &value.signatures,
    };
    signatures.verify(&options_hash, &mandatory, &selective, issuer_key, provider)?;
    Ok(Verified::after_check(parts.document))
}

/// The canonical statements of a derived document, with the labels that the issuer signed.
fn signed_statements(
    document: &Value,
    value: &DerivedProofValue,
    json_ld: JsonLd<'_>,
) -> Result<Vec<String>, VerifyError> {
    let canonical = json_ld.canonicalize(document)?;
    let labels: BTreeMap<String, String> = value
        .labels
        .iter()
        .map(|(number, label)| (canonical_label(*number), label_text(label)))
        .collect();
    let (mut statements, nodes) = statement::relabel_counting(&canonical, &labels)?;
    // A label for a node that is not there is a second text for the same proof.
    if nodes != labels.len() {
        return Err(VerifyError::Labels);
    }
    statements.sort_unstable();
    Ok(statements)
}

struct Signatures<'v> {
    base: &'v Signature,
    proof_key: &'v ProofKey,
    statements: &'v [Signature],
}

impl Signatures<'_> {
    fn verify(
        &self,
        options_hash: &[u8; 32],
        mandatory: &[&str],
        selective: &[&str],
        issuer_key: &PublicKey,
        provider: &dyn CryptoProvider,
    ) -> Result<(), VerifyError> {
        if self.statements.len() != selective.len() || selective.len() > MAX_SELECTIVE_STATEMENTS {
            return Err(VerifyError::SignatureCount);
        }
        let mandatory_hash = proof::hash(mandatory.iter().copied());
        let signed = proof::signed_bytes(options_hash, self.proof_key, &mandatory_hash);
        let es256 = SignatureAlgorithm::Es256;
        // First, so that nobody has a thousand signatures checked whose key the issuer never vouched for.
        provider.verify(issuer_key, es256, &signed, self.base)?;
        for (statement, signature) in selective.iter().zip(self.statements) {
            provider.verify(&self.proof_key.key, es256, statement.as_bytes(), signature)?;
        }
        Ok(())
    }
}
