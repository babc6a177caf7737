//! Which key proofs a configuration takes, and what a request with several keys gets.

use serde::{Deserialize, Serialize};
use symbolon_protocol::openid4vci::metadata::{AttackResistance, KeyAttestationsRequired, ProofTypeName};

use super::MappingFileError;
use super::check::refuse;
use super::file::CredentialFile;

/// The key proofs of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofPolicy {
    types: Vec<ProofTypeName>,
    attestation: Option<KeyAttestationsRequired>,
}

/// What the credentials of one request are to their holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Copies {
    /// Valid for as long as the configuration says, each with a place in a status list.
    Lasting,
    /// Each to be shown once: valid for a short time, and without a status, which would be the same for everybody who saw it.
    OneTime,
}

impl ProofPolicy {
    /// The kinds of proof, at least one.
    #[must_use]
    pub fn types(&self) -> &[ProofTypeName] {
        &self.types
    }

    /// What must be attested of the keys; `None` when they need no attestation.
    #[must_use]
    pub const fn attestation(&self) -> Option<&KeyAttestationsRequired> {
        self.attestation.as_ref()
    }

    /// Whether an attestation is ever looked at.
    #[must_use]
    pub fn reads_attestations(&self) -> bool {
        self.attestation.is_some() || self.types.contains(&ProofTypeName::Attestation)
    }

    pub(super) fn check(file: &CredentialFile) -> Result<Self, MappingFileError> {
        let types: Vec<ProofTypeName> = file.proof_types.iter().map(|&choice| choice.into()).collect();
        if types.is_empty() {
            return refuse(
                "proof-types",
                "a credential is bound to a key, which needs a proof",
            );
        }
        let repeated = types
            .iter()
            .enumerate()
            .any(|(at, kind)| types.iter().skip(at + 1).any(|other| other == kind));
        if repeated {
            return refuse("proof-types", "names a kind of proof twice");
        }
        let attestation = match &file.key_attestation {
            None => None,
            Some(_) if types.contains(&ProofTypeName::DiVp) => {
                return refuse("key-attestation", "a di_vp proof cannot carry a key attestation");
            }
            Some(entry) => Some(KeyAttestationsRequired {
                key_storage: levels("key-attestation.key-storage", &entry.key_storage)?,
                user_authentication: levels(
                    "key-attestation.user-authentication",
                    &entry.user_authentication,
                )?,
            }),
        };
        Ok(Self { types, attestation })
    }
}

fn levels(key: &str, names: &[String]) -> Result<Vec<AttackResistance>, MappingFileError> {
    if names.len() > MAX_LEVELS {
        return refuse(key, "names at most 16 levels");
    }
    names
        .iter()
        .map(|name| match AttackResistance::parse(name.as_str()) {
            Some(level) => Ok(level),
            None => refuse(key, "a level is a word such as iso_18045_high"),
        })
        .collect()
}

const MAX_LEVELS: usize = 16;
