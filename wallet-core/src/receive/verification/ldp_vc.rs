//! A W3C credential with a Data Integrity proof as it comes from its issuer.
//!
//! A proof says which key signed, not for whom the key speaks. Only a DID that the policy gives the issuer counts, and only the
//! verification methods that this DID lets sign credentials: a document that names the registry as its issuer and is signed with
//! anybody's `did:key` is refused.

use serde_json::{Map, Value};
use symbolon_credential::data_integrity::ecdsa_sd_2023::{self, VerifyError};
use symbolon_credential::data_integrity::{
    ExpectedProof, JsonLdError, NotTransformed, Proof, ProofCheck, ProofPurpose, ProofRejected,
    VerificationKey, read_proofs, verify as verify_proofs,
};
use symbolon_credential::w3c::{VerifiableCredential, W3cBudget};
use symbolon_credential::{Validity, ValidityRejected};
use symbolon_crypto::CryptoProvider;
use symbolon_did::DidUrl;

use super::{CLOCK_SKEW, CredentialProblem, Expected, Signer, Verified, w3c};
use crate::policy::IssuerEvidence;
use crate::record::HeldContent;

pub(super) fn verify(
    document: Map<String, Value>,
    types: &[String],
    expected: &Expected<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<Verified, CredentialProblem> {
    let secured = Value::Object(document);
    let text = secured.to_string();
    // Read from the very text that is kept, so that what is kept can be read again.
    let credential = VerifiableCredential::parse(text.as_bytes(), W3cBudget::DEFAULT)
        .map_err(|_| CredentialProblem::Malformed)?;
    let evidence = expected.signer.evidence()?;
    if evidence.did(credential.issuer()).is_none() {
        return Err(CredentialProblem::AnotherIssuer);
    }
    let proofs = read_proofs(&secured).map_err(problem_of)?;
    let is_selective = |proof: &Proof| proof.cryptosuite_name() == ecdsa_sd_2023::CRYPTOSUITE;
    match proofs.as_slice() {
        [proof] if is_selective(proof) => {
            verify_base_proof(&secured, proof, credential.issuer(), evidence, expected, crypto)?;
        }
        // One proof that can be derived from beside one that cannot: nobody could say what presenting it would show.
        proofs if proofs.iter().any(is_selective) => return Err(CredentialProblem::UnsupportedProof),
        _ => verify_whole(&secured, credential.issuer(), evidence, &expected.signer, crypto)?,
    }
    check_contexts(&secured, expected)?;
    let (holder, validity) = (credential.holder_binding(), credential.validity());
    w3c::check(&credential, types, &holder, validity, expected)?;
    Ok(Verified {
        not_before: validity.not_before,
        expires: validity.expires,
        status: w3c::status(&credential),
        content: HeldContent::LdpVc {
            types: w3c::expanded_types(&credential, expected.signer.contexts)?,
            document: text,
        },
    })
}

/// What the policy knows of a verification method.
fn key(evidence: IssuerEvidence<'_>, method: &str) -> Option<VerificationKey> {
    let method = DidUrl::parse(method).ok()?;
    let did = evidence.did(method.did().as_str())?;
    Some(VerificationKey {
        public_key: did.assertion_key(&method)?,
        controller: did.did.as_str().to_owned(),
        purposes: vec![ProofPurpose::AssertionMethod],
    })
}

pub(super) fn verify_whole(
    secured: &Value,
    issuer: &str,
    evidence: IssuerEvidence<'_>,
    signer: &Signer<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<(), CredentialProblem> {
    let json_ld = signer.json_ld.ok_or(CredentialProblem::UnsupportedProof)?;
    let check = ProofCheck {
        expected: ExpectedProof::Credential,
        now: signer.now,
        skew: CLOCK_SKEW,
    };
    let keys = |method: &str| key(evidence, method);
    let verified = verify_proofs(secured, check, &keys, &json_ld, crypto).map_err(problem_of)?;
    // Another DID of the same issuer is another signer.
    match verified.proofs.iter().all(|proof| proof.controller == issuer) {
        true => Ok(()),
        false => Err(CredentialProblem::AnotherIssuer),
    }
}

/// That the whole document is JSON-LD under known contexts, also where a proof over JSON did not need it: the presentation that
/// it will stand in is signed over statements.
fn check_contexts(secured: &Value, expected: &Expected<'_>) -> Result<(), CredentialProblem> {
    let json_ld = expected
        .signer
        .json_ld
        .ok_or(CredentialProblem::UnsupportedProof)?;
    json_ld
        .processor
        .to_statements(secured, json_ld.contexts, json_ld.budget)
        .map(drop)
        .map_err(problem_of_json_ld)
}

/// The holder's own form of `ecdsa-sd-2023`, with the signature of every statement.
fn verify_base_proof(
    secured: &Value,
    proof: &Proof,
    issuer: &str,
    evidence: IssuerEvidence<'_>,
    expected: &Expected<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<(), CredentialProblem> {
    let json_ld = expected
        .signer
        .json_ld
        .ok_or(CredentialProblem::UnsupportedProof)?;
    if proof.purpose() != ProofPurpose::AssertionMethod {
        return Err(CredentialProblem::UnknownIssuerKey);
    }
    let lifetime = Validity {
        issued_at: None,
        not_before: proof.created(),
        expires: proof.expires(),
    };
    lifetime
        .check(expected.signer.now, CLOCK_SKEW)
        .map_err(|_: ValidityRejected| CredentialProblem::OutsideValidity)?;
    let key = key(evidence, proof.verification_method()).ok_or(CredentialProblem::UnknownIssuerKey)?;
    if key.controller != issuer {
        return Err(CredentialProblem::AnotherIssuer);
    }
    ecdsa_sd_2023::verify_base(secured, &key.public_key, json_ld, crypto)
        .map(drop)
        .map_err(|error| match error {
            VerifyError::JsonLd(error) => problem_of_json_ld(error),
            VerifyError::Signature(_) => CredentialProblem::Signature,
            VerifyError::SignatureCount => CredentialProblem::Altered,
            _ => CredentialProblem::Malformed,
        })
}

fn problem_of(error: ProofRejected) -> CredentialProblem {
    match error {
        ProofRejected::UnsupportedSuite => CredentialProblem::UnsupportedProof,
        ProofRejected::UnknownMethod | ProofRejected::WrongKeyType | ProofRejected::Purpose => {
            CredentialProblem::UnknownIssuerKey
        }
        ProofRejected::NotYetValid | ProofRejected::Expired => CredentialProblem::OutsideValidity,
        ProofRejected::Context => CredentialProblem::UnknownContext,
        ProofRejected::NotTransformed(NotTransformed::JsonLd(error)) => problem_of_json_ld(error),
        ProofRejected::Signature => CredentialProblem::Signature,
        _ => CredentialProblem::Malformed,
    }
}

const fn problem_of_json_ld(error: JsonLdError) -> CredentialProblem {
    match error {
        JsonLdError::UnknownContext | JsonLdError::InlineContext => CredentialProblem::UnknownContext,
        JsonLdError::DataLoss(_) => CredentialProblem::Altered,
        _ => CredentialProblem::Malformed,
    }
}
