//! Showing a W3C credential with a Data Integrity proof: the document, or what is derived of it, in a presentation with an
//! `authentication` proof by the holder's key ([OpenID4VP appendix B.1.3.2]).
//!
//! [OpenID4VP appendix B.1.3.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.1.3.2

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::data_integrity::ecdsa_sd_2023::{DeriveError, JsonPointer, selectable_pointers};
use symbolon_credential::data_integrity::{Cryptosuite, PreparedProof, ProofOptions, ProofPurpose, prepare};
use symbolon_credential::w3c::BASE_CONTEXT_V2;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::signing::KeyDescription;

use super::{Binding, NOT_SELECTABLE};
use crate::error::{DeviceFault, WalletError};
use crate::hold::{OpenedLdpVc, Securing, is_language_text};
use crate::holder_did::method_for;

/// The suite with which the holder signs presentations.
pub(in crate::present) const fn presentation_suite(holder: SignatureAlgorithm) -> Cryptosuite {
    match holder {
        SignatureAlgorithm::EdDsa => Cryptosuite::EddsaRdfc2022,
        SignatureAlgorithm::Es256 | SignatureAlgorithm::Es384 => Cryptosuite::EcdsaRdfc2019,
    }
}

pub(super) fn select(
    opened: &OpenedLdpVc<'_>,
    paths: &[ClaimsPath],
) -> Result<Map<String, Value>, WalletError> {
    if opened.securing == Securing::Whole {
        return Ok(opened.document.clone());
    }
    let pointers = pointers(&opened.document, paths)?;
    match opened.derive(&pointers) {
        Ok(Value::Object(shown)) => Ok(shown),
        Err(Some(DeriveError::Selection(_) | DeriveError::NothingSelected) | None) => Err(NOT_SELECTABLE),
        Ok(_) | Err(Some(_)) => Err(WalletError::StoreDamaged),
    }
}

/// The pointers to what the paths select. A proof comes with every document and is not of it.
fn pointers(document: &Map<String, Value>, paths: &[ClaimsPath]) -> Result<Vec<JsonPointer>, WalletError> {
    let mut pointers = Vec::new();
    for path in paths.iter().filter(|path| path.first_key() != Some("proof")) {
        for selected in path.select_with_paths(document).map_err(|_| NOT_SELECTABLE)? {
            let unit = smallest_unit(document, &selected.path)?;
            let pointer = selectable_pointers(&Value::Object(document.clone()), &unit);
            pointers.extend(pointer.map_err(|_| NOT_SELECTABLE)?);
        }
    }
    Ok(pointers)
}

/// A text and its language are one statement: who asks for one of them can only be shown both.
fn smallest_unit(document: &Map<String, Value>, path: &ClaimsPath) -> Result<ClaimsPath, WalletError> {
    let mut parts: Vec<PathPart> = Vec::new();
    for part in path.parts() {
        parts.push(part.clone());
        let unit = ClaimsPath::new(parts.clone()).map_err(|_| NOT_SELECTABLE)?;
        let selected = unit.select(document).map_err(|_| NOT_SELECTABLE)?;
        if selected.iter().any(|value| is_language_text(value)) {
            return Ok(unit);
        }
    }
    Ok(path.clone())
}

pub(super) fn bind(
    opened: &OpenedLdpVc<'_>,
    shown: Map<String, Value>,
    binding: &Binding<'_>,
    key: &KeyDescription,
) -> Result<PreparedProof, WalletError> {
    let json_ld = opened.json_ld.ok_or(NOT_SELECTABLE)?;
    let subject = opened
        .document
        .get("credentialSubject")
        .and_then(|subject| subject.get("id"));
    let method = method_for(subject.and_then(Value::as_str), &key.public_key)?;
    let presentation = json!({
        "@context": [BASE_CONTEXT_V2],
        "type": ["VerifiablePresentation"],
        "holder": method.did().as_str(),
        "verifiableCredential": [shown],
    });
    let options = ProofOptions {
        cryptosuite: presentation_suite(key.public_key.algorithm()),
        verification_method: method.to_string(),
        purpose: ProofPurpose::Authentication,
        created: Some(binding.now),
        expires: None,
        domain: Some(binding.audience.to_owned()),
        challenge: Some(binding.nonce.to_owned()),
    };
    prepare(&presentation, &options, &key.public_key, &json_ld)
        .map_err(|_| WalletError::DeviceFailed(DeviceFault::Internal))
}
