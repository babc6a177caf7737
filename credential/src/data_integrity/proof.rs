//! Proofs as they are read ([vc-data-integrity §2.1](https://www.w3.org/TR/vc-data-integrity/#proofs)).

use serde_json::{Map, Value};
use symbolon_crypto::UnixTime;

use super::cryptosuite::Cryptosuite;
use super::verify::ProofRejected;

/// Proofs on one document, at most: each costs a signature and two canonicalizations.
pub const MAX_PROOFS: usize = 8;

/// What a proof is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProofPurpose {
    /// The signer asserts what the document says.
    AssertionMethod,
    /// The signer shows who it is.
    Authentication,
}

impl ProofPurpose {
    /// As proofs and DID documents write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::AssertionMethod, Self::Authentication]
            .into_iter()
            .find(|purpose| purpose.name() == name)
    }
}

/// A proof, unverified.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    pub(super) members: Map<String, Value>,
    pub(super) suite: Option<Cryptosuite>,
    pub(super) suite_name: String,
    pub(super) verification_method: String,
    pub(super) purpose: ProofPurpose,
    pub(super) created: Option<UnixTime>,
    pub(super) expires: Option<UnixTime>,
    pub(super) domains: Vec<String>,
    pub(super) challenge: Option<String>,
    pub(super) id: Option<String>,
    pub(super) previous: Vec<String>,
    pub(super) proof_value: String,
}

/// Reads the proofs of a document, in their order.
///
/// # Errors
/// [`ProofRejected::NoProof`], [`ProofRejected::TooManyProofs`], [`ProofRejected::Malformed`].
pub fn read_proofs(secured: &Value) -> Result<Vec<Proof>, ProofRejected> {
    let proofs = match secured.get("proof") {
        None => return Err(ProofRejected::NoProof),
        Some(Value::Array(proofs)) => proofs.as_slice(),
        Some(one) => core::slice::from_ref(one),
    };
    if proofs.is_empty() {
        return Err(ProofRejected::NoProof);
    }
    if proofs.len() > MAX_PROOFS {
        return Err(ProofRejected::TooManyProofs);
    }
    proofs.iter().map(Proof::read).collect()
}

impl Proof {
    fn read(value: &Value) -> Result<Self, ProofRejected> {
        let members = value.as_object().ok_or(ProofRejected::Malformed)?;
        let optional = |name: &str| -> Result<Option<String>, ProofRejected> {
            match members.get(name) {
                None => Ok(None),
                Some(Value::String(text)) => Ok(Some(text.clone())),
                Some(_) => Err(ProofRejected::Malformed),
            }
        };
        let required = |name: &str| optional(name)?.ok_or(ProofRejected::Malformed);
        let several = |name: &str| -> Result<Vec<String>, ProofRejected> {
            match members.get(name) {
                None => Ok(Vec::new()),
                Some(Value::String(text)) => Ok(vec![text.clone()]),
                Some(Value::Array(items)) if items.len() <= MAX_PROOFS => items
                    .iter()
                    .map(|item| item.as_str().map(str::to_owned).ok_or(ProofRejected::Malformed))
                    .collect(),
                Some(_) => Err(ProofRejected::Malformed),
            }
        };
        let time = |name: &str| -> Result<Option<UnixTime>, ProofRejected> {
            optional(name)?
                .map(|text| UnixTime::parse_rfc3339(&text).map_err(|_| ProofRejected::Malformed))
                .transpose()
        };
        // `https://w3id.org/security/v1` has it as a second term for `expires`: the end of a proof would be signed and not seen.
        if members.contains_key("expiration") {
            return Err(ProofRejected::Malformed);
        }
        let kind = required("type")?;
        let (suite, suite_name) = match kind.as_str() {
            "DataIntegrityProof" => {
                let name = required("cryptosuite")?;
                (Cryptosuite::from_name(&name), name)
            }
            "Ed25519Signature2020" => (Some(Cryptosuite::Ed25519Signature2020), kind),
            _ => (None, kind),
        };
        let purpose = ProofPurpose::from_name(&required("proofPurpose")?).ok_or(ProofRejected::Purpose)?;
        Ok(Self {
            suite,
            suite_name,
            verification_method: required("verificationMethod")?,
            purpose,
            created: time("created")?,
            expires: time("expires")?,
            domains: several("domain")?,
            challenge: optional("challenge")?,
            id: optional("id")?,
            previous: several("previousProof")?,
            proof_value: optional("proofValue")?.unwrap_or_default(),
            members: members.clone(),
        })
    }

    /// The suite's name as the proof has it; it need not be one that is known.
    #[must_use]
    pub fn cryptosuite_name(&self) -> &str {
        &self.suite_name
    }

    /// The URL of the verification method.
    #[must_use]
    pub fn verification_method(&self) -> &str {
        &self.verification_method
    }

    /// What it is for.
    #[must_use]
    pub const fn purpose(&self) -> ProofPurpose {
        self.purpose
    }

    /// When it says it was made.
    #[must_use]
    pub const fn created(&self) -> Option<UnixTime> {
        self.created
    }

    /// From when on it no longer counts.
    #[must_use]
    pub const fn expires(&self) -> Option<UnixTime> {
        self.expires
    }

    /// Whom it is for.
    #[must_use]
    pub fn domains(&self) -> &[String] {
        &self.domains
    }

    /// What the receiver asked to be repeated.
    #[must_use]
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }
}
