//! The suites that sign a whole document, and what they sign
//! ([vc-di-eddsa](https://www.w3.org/TR/vc-di-eddsa/), [vc-di-ecdsa](https://www.w3.org/TR/vc-di-ecdsa/)).

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha384};
use symbolon_crypto::PublicKey;
use symbolon_crypto::encoding::jcs::{self, JcsError};
use thiserror::Error;

use super::json_ld::{CanonicalHash, ContextTable, JsonLdBudget, JsonLdError, JsonLdProcessor};

/// A suite that signs a whole document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cryptosuite {
    /// Ed25519 over canonical RDF.
    EddsaRdfc2022,
    /// Ed25519 over canonical JSON.
    EddsaJcs2022,
    /// ECDSA with P-256 or P-384 over canonical RDF.
    EcdsaRdfc2019,
    /// ECDSA with P-256 or P-384 over canonical JSON.
    EcdsaJcs2019,
    /// Ed25519 over canonical RDF, as proofs of VCDM 1.1 have it: the name is the proof's type. Read only.
    Ed25519Signature2020,
}

impl Cryptosuite {
    /// Its name: a `cryptosuite`, or the type of a legacy proof.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
            Self::EcdsaRdfc2019 => "ecdsa-rdfc-2019",
            Self::EcdsaJcs2019 => "ecdsa-jcs-2019",
            Self::Ed25519Signature2020 => "Ed25519Signature2020",
        }
    }

    /// The suite of a `DataIntegrityProof`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::EddsaRdfc2022,
            Self::EddsaJcs2022,
            Self::EcdsaRdfc2019,
            Self::EcdsaJcs2019,
        ]
        .into_iter()
        .find(|suite| suite.name() == name)
    }

    pub(super) const fn canonicalization(self) -> Canonicalization {
        match self {
            Self::EddsaRdfc2022 | Self::EcdsaRdfc2019 | Self::Ed25519Signature2020 => Canonicalization::Rdfc,
            Self::EddsaJcs2022 | Self::EcdsaJcs2019 => Canonicalization::Jcs,
        }
    }

    /// The hash function with a key; `None` for a key the suite does not sign with.
    pub(super) const fn hash(self, key: &PublicKey) -> Option<CanonicalHash> {
        match (self, key) {
            (
                Self::EddsaRdfc2022 | Self::EddsaJcs2022 | Self::Ed25519Signature2020,
                PublicKey::Ed25519(_),
            )
            | (Self::EcdsaRdfc2019 | Self::EcdsaJcs2019, PublicKey::P256(_)) => Some(CanonicalHash::Sha256),
            (Self::EcdsaRdfc2019 | Self::EcdsaJcs2019, PublicKey::P384(_)) => Some(CanonicalHash::Sha384),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Canonicalization {
    Rdfc,
    Jcs,
}

/// The JSON-LD processor, the contexts it may use beyond its own, and what a document may cost.
#[derive(Clone, Copy)]
pub struct JsonLd<'a> {
    /// The processor.
    pub processor: &'a dyn JsonLdProcessor,
    /// Contexts beyond those of the processor, from somebody who is believed.
    pub contexts: &'a ContextTable,
    /// What a document may cost.
    pub budget: JsonLdBudget,
}

/// Why a document has no canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotTransformed {
    /// As RDF.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// As JSON.
    #[error(transparent)]
    Jcs(#[from] JcsError),
}

/// What is signed: hash of the proof's configuration, hash of the document.
pub(super) fn hash_data(
    document: &Value,
    configuration: Map<String, Value>,
    suite: Cryptosuite,
    hash: CanonicalHash,
    json_ld: &JsonLd<'_>,
) -> Result<Vec<u8>, NotTransformed> {
    let canonical = |value: &Value| -> Result<String, NotTransformed> {
        Ok(match suite.canonicalization() {
            Canonicalization::Jcs => jcs::canonicalize(value)?,
            Canonicalization::Rdfc => json_ld
                .processor
                .canonicalize(value, json_ld.contexts, hash, json_ld.budget)?
                .concat(),
        })
    };
    let configuration = canonical(&Value::Object(configuration))?;
    let document = canonical(document)?;
    Ok([digest(hash, &configuration), digest(hash, &document)].concat())
}

fn digest(hash: CanonicalHash, text: &str) -> Vec<u8> {
    match hash {
        CanonicalHash::Sha256 => Sha256::digest(text).to_vec(),
        CanonicalHash::Sha384 => Sha384::digest(text).to_vec(),
    }
}
