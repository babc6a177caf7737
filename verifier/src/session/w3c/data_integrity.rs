//! Credentials with Data Integrity proofs (VC Data Integrity 1.0, section 4.4; vc-di-ecdsa, section 3.4).

use serde_json::Value;
use symbolon_credential::claims_path::ElementPlaces;
use symbolon_credential::data_integrity::{
    Cryptosuite, ExpectedProof, JsonLd, JsonLdError, NotTransformed, Proof, ProofCheck, ProofPurpose,
    ProofRejected, VerificationKey, ecdsa_sd_2023, read_proofs, rsa_signature_2018, verify,
};
use symbolon_credential::w3c::VerifiableCredential;
use symbolon_crypto::PublicKey;
use symbolon_did::DidUrl;
use symbolon_trust::trust_list::TrustedIssuer;

use super::spelling::{self, Spelling};
use super::{IssuerProof, Proven, Secured, legacy_rsa, not_conforming};
use crate::report::{CheckName, Reason};
use crate::session::authorities::Authorities;
use crate::session::context::Context;
use crate::session::found::Found;
use crate::session::issuer_keys::KeyAnswer;

pub(super) fn prove<'a>(
    context: &Context<'_>,
    issuer: &TrustedIssuer,
    credential: Box<VerifiableCredential>,
    found: &mut Found,
) -> IssuerProof<'a> {
    let secured = Value::Object(credential.document().clone());
    let proofs = match read_proofs(&secured) {
        Ok(proofs) => proofs,
        Err(rejected) => {
            let (_, reason) = proof_reason(rejected);
            return IssuerProof::refused(&[], CheckName::IssuerSignature, reason);
        }
    };
    if let [proof] = proofs.as_slice()
        && proof.cryptosuite_name() == rsa_signature_2018::PROOF_TYPE
    {
        let method = proof.verification_method().to_owned();
        return legacy_rsa::prove(context, issuer, credential, &method, found);
    }
    let mut keys = Vec::with_capacity(proofs.len());
    for proof in &proofs {
        // A proof by another than the issuer, whoever that is, says nothing of what the issuer says.
        let Some(method) = issuers_method(&credential, proof) else {
            return IssuerProof::refused(&[], CheckName::IssuerBinding, Reason::SignerIsNotIssuer);
        };
        match context.assertion_key(issuer, &method, found) {
            KeyAnswer::Key(key) => keys.push((proof.verification_method().to_owned(), key, method)),
            KeyAnswer::Wanted(want) => {
                return IssuerProof::Waits {
                    secured: Secured::Embedded(credential),
                    want,
                };
            }
            KeyAnswer::Unknown(reason) => return IssuerProof::unknown(&[], CheckName::IssuerKey, reason),
            KeyAnswer::Refused(reason) => return IssuerProof::refused(&[], CheckName::IssuerKey, reason),
        }
    }
    let passed = [CheckName::IssuerKey, CheckName::IssuerBinding];
    let Some(json_ld) = context.json_ld() else {
        return IssuerProof::unknown(&passed, CheckName::IssuerSignature, Reason::Unsupported);
    };
    let document = match prove_document(context, &secured, &proofs, &keys, &json_ld) {
        Ok(document) => document,
        Err((Known::Not, reason)) => {
            return IssuerProof::unknown(&passed, CheckName::IssuerSignature, reason);
        }
        Err((Known::Wrong, reason)) => {
            return IssuerProof::refused(&passed, CheckName::IssuerSignature, reason);
        }
    };
    // A proof over the JSON fixes how it is written; one over what it says does not.
    let written = if proofs.iter().any(is_over_json) {
        Written::AsSigned
    } else {
        Written::ByAnybody
    };
    proven(document, written, &passed, &json_ld)
}

/// Whether whoever holds a document can have written it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// The proof is over the text.
    AsSigned,
    /// The proof is over the statements.
    ByAnybody,
}

/// Reads the credential again from what the proof covers, so that nothing that it does not cover is shown.
pub(super) fn proven<'a>(
    document: Value,
    written: Written,
    passed: &[CheckName],
    json_ld: &JsonLd<'_>,
) -> IssuerProof<'a> {
    let refused = |check, reason| IssuerProof::Refused {
        passed: passed.to_vec(),
        check,
        reason,
    };
    let credential = match VerifiableCredential::from_value(document) {
        Ok(credential) => credential,
        Err(error) => {
            let (check, reason) = not_conforming(error);
            return refused(check, reason);
        }
    };
    if written == Written::ByAnybody {
        match spelling::check(&credential, json_ld) {
            Ok(Spelling::Read) => {}
            Ok(Spelling::Hidden) => return refused(CheckName::DataModel, Reason::Malformed),
            Err(error) => {
                let (_, reason) = json_ld_reason(error);
                return IssuerProof::Unknown {
                    passed: passed.to_vec(),
                    check: CheckName::DataModel,
                    reason,
                };
            }
        }
    }
    IssuerProof::Proven {
        passed: [passed, &[CheckName::IssuerSignature]].concat(),
        proven: Box::new(Proven {
            validity: *credential.validity(),
            binding: credential.holder_binding(),
            element_places: match written {
                Written::AsSigned => ElementPlaces::AsIssued,
                // The statements have no order, and those of a selective proof may lack some.
                Written::ByAnybody => ElementPlaces::Unknown,
            },
            credential,
        }),
        authorities: Authorities::default(),
    }
}

/// The verification method of a proof, if it is the credential's own issuer's.
fn issuers_method(credential: &VerifiableCredential, proof: &Proof) -> Option<DidUrl> {
    let method = DidUrl::parse(proof.verification_method()).ok()?;
    (method.fragment().is_some() && method.did().as_str() == credential.issuer()).then_some(method)
}

fn is_over_json(proof: &Proof) -> bool {
    let suite = Cryptosuite::from_name(proof.cryptosuite_name());
    matches!(suite, Some(Cryptosuite::EddsaJcs2022 | Cryptosuite::EcdsaJcs2019))
}

/// Whether a proof is wrong, or only cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Known {
    Wrong,
    Not,
}

fn prove_document(
    context: &Context<'_>,
    secured: &Value,
    proofs: &[Proof],
    keys: &[(String, PublicKey, DidUrl)],
    json_ld: &JsonLd<'_>,
) -> Result<Value, (Known, Reason)> {
    let selective = |proof: &Proof| proof.cryptosuite_name() == ecdsa_sd_2023::CRYPTOSUITE;
    if !proofs.iter().any(selective) {
        let check = ProofCheck {
            expected: ExpectedProof::Credential,
            now: context.now,
            skew: context.policy.clock_tolerance,
        };
        let lookup = |url: &str| {
            let (_, key, method) = keys.iter().find(|(named, ..)| named == url)?;
            Some(VerificationKey {
                public_key: key.clone(),
                controller: method.did().as_str().to_owned(),
                purposes: vec![ProofPurpose::AssertionMethod],
            })
        };
        return verify(secured, check, &lookup, json_ld, context.tools.crypto)
            .map(|verified| verified.into_inner().document)
            .map_err(proof_reason);
    }
    // The signatures are those of single statements; a second proof would be about another document.
    let ([proof], [(_, key, _)]) = (proofs, keys) else {
        return Err((Known::Wrong, Reason::NotCoveredByProof));
    };
    check_statements(context, proof)?;
    ecdsa_sd_2023::verify(secured, key, *json_ld, context.tools.crypto)
        .map(symbolon_credential::Verified::into_inner)
        .map_err(selective_reason)
}

/// What a proof says of itself, which ecdsa-sd-2023 leaves to its caller.
fn check_statements(context: &Context<'_>, proof: &Proof) -> Result<(), (Known, Reason)> {
    let skew = context.policy.clock_tolerance;
    if proof.purpose() != ProofPurpose::AssertionMethod {
        return Err((Known::Wrong, Reason::WrongPurpose));
    }
    if proof
        .created()
        .is_some_and(|created| context.now.plus(skew) < created)
    {
        return Err((Known::Wrong, Reason::NotYetValid));
    }
    if proof
        .expires()
        .is_some_and(|expires| context.now.minus(skew) >= expires)
    {
        return Err((Known::Wrong, Reason::Expired));
    }
    Ok(())
}

fn selective_reason(error: ecdsa_sd_2023::VerifyError) -> (Known, Reason) {
    use ecdsa_sd_2023::VerifyError;
    match error {
        VerifyError::JsonLd(error) => json_ld_reason(error),
        VerifyError::Signature(_) => (Known::Wrong, Reason::WrongSignature),
        VerifyError::Proof(_) | VerifyError::ProofValue(_) => (Known::Wrong, Reason::Malformed),
        _ => (Known::Wrong, Reason::NotCoveredByProof),
    }
}

/// Why proofs were rejected, and whether that says that they are wrong.
pub(in crate::session) fn proof_reason(rejected: ProofRejected) -> (Known, Reason) {
    match rejected {
        ProofRejected::NoProof => (Known::Wrong, Reason::ProofMissing),
        ProofRejected::TooManyProofs => (Known::Wrong, Reason::OverBudget),
        ProofRejected::UnsupportedSuite => (Known::Not, Reason::Unsupported),
        ProofRejected::UnknownMethod => (Known::Wrong, Reason::Missing),
        ProofRejected::WrongKeyType | ProofRejected::Signature => (Known::Wrong, Reason::WrongSignature),
        ProofRejected::Purpose => (Known::Wrong, Reason::WrongPurpose),
        ProofRejected::Challenge => (Known::Wrong, Reason::WrongNonce),
        ProofRejected::Domain => (Known::Wrong, Reason::WrongAudience),
        ProofRejected::NotYetValid => (Known::Wrong, Reason::NotYetValid),
        ProofRejected::Expired => (Known::Wrong, Reason::Expired),
        ProofRejected::Context => (Known::Wrong, Reason::NotCoveredByProof),
        ProofRejected::NotTransformed(NotTransformed::JsonLd(error)) => json_ld_reason(error),
        _ => (Known::Wrong, Reason::Malformed),
    }
}

const fn json_ld_reason(error: JsonLdError) -> (Known, Reason) {
    match error {
        JsonLdError::OverBudget => (Known::Wrong, Reason::OverBudget),
        JsonLdError::UnknownContext => (Known::Not, Reason::UnknownContext),
        JsonLdError::InlineContext | JsonLdError::DataLoss(_) => (Known::Wrong, Reason::NotCoveredByProof),
        // The processor itself failed, which is nobody's fault who is judged here.
        JsonLdError::Processor => (Known::Not, Reason::Unsupported),
        _ => (Known::Wrong, Reason::Malformed),
    }
}
