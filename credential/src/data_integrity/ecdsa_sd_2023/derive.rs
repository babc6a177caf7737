//! The derived proof (vc-di-ecdsa §3.4.4 `createDisclosureData`, §3.4.13): made by the holder, for one verifier.

use serde_json::Value;
use thiserror::Error;

use super::group::{Document, JsonLd, SelectionError};
use super::pointer::JsonPointer;
use super::proof::{self, NoSuchProof};
use super::proof_value::{BaseProofValue, DerivedProofValue, InvalidProofValue, canonical_number};
use super::selection;

/// Why nothing was derived (`PROOF_GENERATION_ERROR`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// The document has no proof to derive from.
    #[error(transparent)]
    Proof(#[from] NoSuchProof),
    /// The base proof cannot be read.
    #[error(transparent)]
    ProofValue(#[from] InvalidProofValue),
    /// The document was not split into what is shown and what is not.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The base proof has more or fewer signatures than the document has statements, so one of them was changed.
    #[error("the base proof is not one of this document")]
    OtherDocument,
    /// Nothing is mandatory and nothing is selected.
    #[error("nothing is to be shown")]
    NothingSelected,
}

/// Shows of a document with a base proof what is mandatory and what is selected, and the identifiers and types on the way
/// there. The base proof is not verified again.
///
/// Two derived documents of one base proof share its signatures: verifiers that compare notes recognise them.
///
/// # Errors
/// [`DeriveError`].
pub fn derive(secured: &Value, selective: &[JsonPointer], json_ld: JsonLd<'_>) -> Result<Value, DeriveError> {
    let parts = proof::take_apart(secured)?;
    let base = BaseProofValue::parse(parts.proof_value)?;
    let document = Document::new(&parts.document, &base.hmac_key, json_ld)?;

    let mandatory: Vec<&JsonPointer> = base.mandatory.iter().collect();
    let combined: Vec<&JsonPointer> = base.mandatory.iter().chain(selective).collect();
    let mandatory = document.select(&mandatory)?.indexes;
    let shown = document.select(&combined)?;
    let reveal = selection::select(&parts.document, &combined)
        .map_err(SelectionError::from)?
        .ok_or(DeriveError::NothingSelected)?;

    // The signatures stand in the order of the statements that are not mandatory.
    let signed = (0..document.statements.len()).filter(|index| !mandatory.contains(index));
    if base.signatures.len() != document.statements.len() - mandatory.len() {
        return Err(DeriveError::OtherDocument);
    }
    let signatures = signed
        .zip(&base.signatures)
        .filter(|(index, _)| shown.indexes.contains(index))
        .map(|(_, signature)| *signature)
        .collect();
    let labels = document
        .labels_for_verifier(&shown)?
        .into_iter()
        .map(|(canonical, label)| Some((canonical_number(&canonical)?, label)))
        .collect::<Option<_>>()
        .ok_or(SelectionError::NotSelectable)?;
    let mandatory_indexes = (0..)
        .zip(&shown.indexes)
        .filter(|(_, index)| mandatory.contains(index))
        .map(|(place, _)| place)
        .collect();

    let value = DerivedProofValue {
        base_signature: base.base_signature,
        proof_key: base.proof_key,
        signatures,
        labels,
        mandatory_indexes,
    };
    Ok(proof::put_together(reveal, parts.proof.clone(), value.to_text()))
}
