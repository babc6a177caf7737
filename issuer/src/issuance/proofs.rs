//! From key proofs to proven keys ([OpenID4VCI appendix F]).
//!
//! [OpenID4VCI appendix F]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F

use serde_json::{Map, Value};
use symbolon_credential::data_integrity::{JsonLd, JsonLdBudget};
use symbolon_crypto::{PublicKey, SignatureAlgorithm};
use symbolon_protocol::attestation_status::AttestationStatus;
use symbolon_protocol::openid4vci::credential::Proofs;
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::key_attestation::{
    self, AttestationExpectations, AttestationPlace, VerifiedKeyAttestation,
};
use symbolon_protocol::openid4vci::proof::{
    self, AttestationPolicy, ExpectedClient, KeyReference, ProofExpectations,
};
use symbolon_protocol::openid4vci::proof_di_vp;

use super::prepare::IssuanceMaterial;
use super::refusal::CredentialRefusal;
use crate::mapping::{CredentialConfiguration, Target};
use crate::profile::IssuerProfile;

/// The algorithms of key proofs and key attestations, as the metadata lists them.
pub const PROOF_ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::EdDsa,
];

/// Keys that the wallet has shown to hold, or that somebody who is believed has attested; each once.
pub(super) struct ProvenKeys {
    pub(super) keys: Vec<PublicKey>,
    /// What the proofs answer; several proofs may answer one nonce.
    pub(super) nonces: Vec<CNonce>,
    /// Where the attestations of the keys are revoked.
    pub(super) attestations: Vec<AttestationStatus>,
}

/// How the proofs of a configuration may name their keys. A W3C credential names its holder by a DID, so a wallet may do so too.
#[must_use]
pub fn key_references(target: &Target, profile: &IssuerProfile) -> &'static [KeyReference] {
    use KeyReference::{Certificate, Did, Jwk};
    let by_did = matches!(target, Target::LdpVc { .. } | Target::JwtVcJson { .. });
    let by_certificate = !profile.proof_trust().certificates.is_empty();
    match (by_did, by_certificate) {
        (false, false) => &[Jwk],
        (false, true) => &[Jwk, Certificate],
        (true, false) => &[Jwk, Did],
        (true, true) => &[Jwk, Did, Certificate],
    }
}

/// Verifies the proofs of a request.
pub(super) fn prove(
    proofs: &Proofs,
    configuration: &CredentialConfiguration,
    client: ExpectedClient<'_>,
    material: &IssuanceMaterial<'_>,
) -> Result<ProvenKeys, CredentialRefusal> {
    if !configuration.proofs().types().contains(&proofs.kind()) {
        return Err(CredentialRefusal::ProofTypeNotTaken);
    }
    let most = material.profile.policy().batch_size as usize;
    let count = match proofs {
        Proofs::Jwt(list) => list.len(),
        Proofs::DiVp(list) => list.len(),
        _ => 1,
    };
    if count > most {
        return Err(CredentialRefusal::TooManyProofs);
    }
    match proofs {
        Proofs::Jwt(list) => by_jwt(list, configuration, client, material),
        Proofs::Attestation(attestation) => by_attestation(attestation, configuration, material),
        Proofs::DiVp(list) => by_presentation(list, material),
        _ => Err(CredentialRefusal::ProofTypeNotTaken),
    }
}

fn by_jwt(
    proofs: &[String],
    configuration: &CredentialConfiguration,
    client: ExpectedClient<'_>,
    material: &IssuanceMaterial<'_>,
) -> Result<ProvenKeys, CredentialRefusal> {
    let profile = material.profile;
    let attestation = match configuration.proofs().attestation() {
        None => AttestationPolicy::Ignored,
        Some(_) => AttestationPolicy::Required(attestation_expectations(
            configuration,
            profile,
            AttestationPlace::ProofHeader,
        )),
    };
    let expectations = ProofExpectations {
        issuer: profile.identifier(),
        algorithms: &PROOF_ALGORITHMS,
        key_references: key_references(configuration.target(), profile),
        client,
        certificate_anchors: &profile.proof_trust().certificates,
        attestation,
    };
    let mut proven = ProvenKeys {
        keys: Vec::with_capacity(proofs.len()),
        nonces: Vec::with_capacity(proofs.len()),
        attestations: Vec::new(),
    };
    let mut attested = Vec::new();
    for proof in proofs {
        let proof = proof::verify(proof, &expectations, material.now, material.crypto)?;
        if proven.keys.contains(proof.key()) {
            return Err(CredentialRefusal::RepeatedKey);
        }
        proven.keys.push(proof.key().clone());
        proven.nonces.push(proof.nonce().clone());
        if let Some(VerifiedKeyAttestation {
            keys, nonce, status, ..
        }) = proof.attestation()
        {
            proven.nonces.push(nonce.clone());
            // Several proofs may carry one attestation.
            if !proven.attestations.contains(status) {
                proven.attestations.push(status.clone());
            }
            attested.extend(keys.iter().cloned());
        }
    }
    // F.1: a credential for each attested key, those of the proofs first.
    for key in attested {
        if !proven.keys.contains(&key) {
            proven.keys.push(key);
        }
    }
    Ok(proven)
}

fn by_attestation(
    attestation: &str,
    configuration: &CredentialConfiguration,
    material: &IssuanceMaterial<'_>,
) -> Result<ProvenKeys, CredentialRefusal> {
    let expected = attestation_expectations(configuration, material.profile, AttestationPlace::Proof);
    let verified = key_attestation::verify(attestation, &expected, material.now, material.crypto)?;
    Ok(ProvenKeys {
        keys: verified.keys,
        nonces: vec![verified.nonce],
        attestations: vec![verified.status],
    })
}

fn attestation_expectations<'a>(
    configuration: &'a CredentialConfiguration,
    profile: &'a IssuerProfile,
    place: AttestationPlace,
) -> AttestationExpectations<'a> {
    AttestationExpectations {
        attesters: &profile.proof_trust().attesters,
        algorithms: &PROOF_ALGORITHMS,
        required: configuration.proofs().attestation(),
        place,
    }
}

fn by_presentation(
    proofs: &[Map<String, Value>],
    material: &IssuanceMaterial<'_>,
) -> Result<ProvenKeys, CredentialRefusal> {
    let profile = material.profile;
    let json_ld = JsonLd {
        processor: material.json_ld,
        contexts: profile.context_table(),
        budget: JsonLdBudget::DEFAULT,
    };
    let mut proven = ProvenKeys {
        keys: Vec::with_capacity(proofs.len()),
        nonces: Vec::with_capacity(proofs.len()),
        attestations: Vec::new(),
    };
    for presentation in proofs {
        let proof = proof_di_vp::verify(
            presentation,
            profile.identifier(),
            material.now,
            &json_ld,
            material.crypto,
        )?;
        if proven.keys.contains(&proof.key) {
            return Err(CredentialRefusal::RepeatedKey);
        }
        proven.keys.push(proof.key);
        proven.nonces.push(proof.nonce);
    }
    Ok(proven)
}
