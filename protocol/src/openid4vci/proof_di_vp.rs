//! The `di_vp` key proof ([OpenID4VCI appendix F.2]): a presentation without credentials, whose Data Integrity proof shows that its
//! holder controls the key of a DID.
//!
//! [OpenID4VCI appendix F.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F.2

use serde_json::{Map, Value, json};
use symbolon_credential::data_integrity::PreparedProof;
use symbolon_credential::data_integrity::{
    Cryptosuite, ExpectedProof, JsonLd, ProofCheck, ProofNotGenerated, ProofOptions, ProofPurpose,
    ProofRejected, VerificationKey, prepare, read_proofs, verify as verify_proofs,
};
use symbolon_credential::w3c::{BASE_CONTEXT_V2, VerifiablePresentation, W3cBudget};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use symbolon_did::{DidUrl, verification_key};
use thiserror::Error;

use super::error::CredentialErrorCode;
use super::identifiers::CNonce;
use super::proof::PROOF_TOLERANCE;
use crate::identifier::IssuerIdentifier;

/// The cryptosuites in which such a proof may be made, as `proof_signing_alg_values_supported` lists them.
pub const PROOF_SUITES: [Cryptosuite; 4] = [
    Cryptosuite::EddsaRdfc2022,
    Cryptosuite::EddsaJcs2022,
    Cryptosuite::EcdsaRdfc2019,
    Cryptosuite::EcdsaJcs2019,
];

/// A proof whose signature, audience and time were checked; only [`verify`] makes one. Whether its nonce is one of the issuer's is for
/// the issuer's nonce store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedDiVpProof {
    /// The key that the wallet holds.
    pub key: PublicKey,
    /// The nonce that the proof answers.
    pub nonce: CNonce,
}

/// Prepares a proof for the key of `method`, a verification method of a `did:key` or `did:jwk`.
///
/// # Errors
/// [`ProofNotGenerated`] when the suite does not sign with this key.
pub fn prepare_proof(
    method: &DidUrl,
    key: &PublicKey,
    cryptosuite: Cryptosuite,
    issuer: &IssuerIdentifier,
    nonce: &CNonce,
    created: UnixTime,
    json_ld: &JsonLd<'_>,
) -> Result<PreparedProof, ProofNotGenerated> {
    let presentation = json!({
        "@context": [BASE_CONTEXT_V2],
        "type": ["VerifiablePresentation"],
        "holder": method.did().as_str(),
    });
    let options = ProofOptions {
        cryptosuite,
        verification_method: method.to_string(),
        purpose: ProofPurpose::Authentication,
        created: Some(created),
        expires: None,
        domain: Some(issuer.as_str().to_owned()),
        challenge: Some(nonce.as_str().to_owned()),
    };
    prepare(&presentation, &options, key, json_ld)
}

/// Verifies a proof by every rule but the freshness of its nonce.
///
/// # Errors
/// [`DiVpProofError`].
pub fn verify(
    presentation: &Map<String, Value>,
    issuer: &IssuerIdentifier,
    now: UnixTime,
    json_ld: &JsonLd<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedDiVpProof, DiVpProofError> {
    let document = Value::Object(presentation.clone());
    let read = VerifiablePresentation::from_value(document.clone(), W3cBudget::DEFAULT)
        .map_err(|_| DiVpProofError::Malformed)?;
    // Credentials would be read by nobody, and canonicalized all the same.
    if !read.credentials().is_empty() {
        return Err(DiVpProofError::Credentials);
    }
    let proofs = read_proofs(&document).map_err(DiVpProofError::Proof)?;
    let [proof] = proofs.as_slice() else {
        return Err(DiVpProofError::NotOneProof);
    };
    let suite = Cryptosuite::from_name(proof.cryptosuite_name());
    if !suite.is_some_and(|suite| PROOF_SUITES.contains(&suite)) {
        return Err(DiVpProofError::Suite);
    }
    // For several domains any of them could pass it on to another.
    if !matches!(proof.domains(), [only] if only == issuer.as_str()) {
        return Err(DiVpProofError::WrongDomain);
    }
    let challenge = proof.challenge().ok_or(DiVpProofError::NoChallenge)?;
    let nonce = CNonce::parse(challenge).ok_or(DiVpProofError::NoChallenge)?;
    // The nonce limits the age more tightly; this catches a wallet whose clock is plainly wrong.
    if proof
        .created()
        .is_some_and(|created| created < now.minus(PROOF_TOLERANCE))
    {
        return Err(DiVpProofError::Stale);
    }
    let method = DidUrl::parse(proof.verification_method()).map_err(|_| DiVpProofError::Key)?;
    if read
        .holder()
        .is_some_and(|holder| holder != method.did().as_str())
    {
        return Err(DiVpProofError::AnotherHolder);
    }
    let key = verification_key(&method).map_err(|_| DiVpProofError::Key)?;
    let check = ProofCheck {
        expected: ExpectedProof::Presentation {
            challenge: Some(challenge),
            domain: Some(issuer.as_str()),
        },
        now,
        skew: PROOF_TOLERANCE,
    };
    let keys = |named: &str| {
        (named == proof.verification_method()).then(|| VerificationKey {
            public_key: key.clone(),
            controller: method.did().as_str().to_owned(),
            purposes: vec![ProofPurpose::Authentication],
        })
    };
    verify_proofs(&document, check, &keys, json_ld, crypto).map_err(DiVpProofError::Proof)?;
    Ok(VerifiedDiVpProof { key, nonce })
}

/// Why a `di_vp` proof was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DiVpProofError {
    /// No presentation as the data model has it.
    #[error("the key proof is no verifiable presentation")]
    Malformed,
    /// It holds credentials.
    #[error("the presentation of a key proof must not hold credentials")]
    Credentials,
    /// No proof within, or several.
    #[error("the presentation of a key proof must have exactly one proof")]
    NotOneProof,
    /// A cryptosuite that is not listed.
    #[error("the key proof is made with a cryptosuite that is not supported")]
    Suite,
    /// Made for another issuer.
    #[error("the key proof is for another issuer")]
    WrongDomain,
    /// No nonce.
    #[error("the key proof has no challenge")]
    NoChallenge,
    /// Older than the tolerance.
    #[error("the key proof is too old")]
    Stale,
    /// The verification method is no `did:key` or `did:jwk`.
    #[error("the key of the proof is not valid")]
    Key,
    /// The holder is not who controls the key.
    #[error("the presentation names another holder than the controller of its key")]
    AnotherHolder,
    /// The proof.
    #[error("the proof of the presentation does not verify")]
    Proof(#[source] ProofRejected),
}

impl DiVpProofError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> CredentialErrorCode {
        CredentialErrorCode::InvalidProof
    }
}
