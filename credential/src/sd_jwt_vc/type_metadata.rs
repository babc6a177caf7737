//! Type metadata (draft-25 §4): what a credential of a type has in it, and how it is shown.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_crypto::encoding::json::{self, JsonBudget, JsonError};
use thiserror::Error;

use super::read::SdJwtVc;
use super::vct::VerifiableCredentialType;
use crate::claims_path::ClaimsPath;

/// Longest document that is read, in bytes; logos are referenced or small.
const MAX_TYPE_METADATA_BYTES: usize = 256 << 10;
/// Claims a document may describe.
const MAX_CLAIMS: usize = 512;

/// A type metadata document. Members that are not known are ignored, as the specification says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypeMetadata {
    /// The type it describes.
    pub vct: VerifiableCredentialType,
    /// A name for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A description for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How to show a credential of this type, one entry for each locale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<TypeDisplay>,
    /// The claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimMetadata>,
}

/// How to show a type in one locale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypeDisplay {
    /// Language tag, RFC 5646. Drafts before -13 call it `lang`.
    #[serde(alias = "lang")]
    pub locale: String,
    /// What people call the credential.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Colours, logos and templates, uninterpreted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendering: Option<Value>,
}

/// One claim, or several that one path selects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimMetadata {
    /// Where.
    pub path: ClaimsPath,
    /// How to show it, one entry for each locale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<ClaimDisplay>,
    /// Whether an issuer has to put it in.
    #[serde(default, skip_serializing_if = "is_optional")]
    pub mandatory: bool,
    /// Whether a holder may withhold it.
    #[serde(default)]
    pub sd: SelectiveDisclosure,
    /// Its place in an SVG template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub svg_id: Option<String>,
}

/// How to show a claim in one locale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimDisplay {
    /// Language tag, RFC 5646. Drafts before -13 call it `lang`.
    #[serde(alias = "lang")]
    pub locale: String,
    /// What people call the claim. Drafts before -13 have it so as well.
    pub label: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Whether a claim is selectively disclosable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SelectiveDisclosure {
    /// It must be.
    Always,
    /// The issuer decides.
    #[default]
    Allowed,
    /// It must not be.
    Never,
}

/// Why a document is no type metadata that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TypeMetadataError {
    /// Over its budget of size, depth or claims.
    #[error("the type metadata is over its budget")]
    OverBudget,
    /// Not JSON, or not of the shape it must have.
    #[error("not a type metadata document")]
    Malformed,
    /// It builds on another type. Using it without the rules of that type would let credentials pass that they
    /// refuse, so it is not used at all.
    #[error("type metadata that extends another type is not supported")]
    Extends,
}

/// Which claims of a credential are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialView {
    /// All: as issued.
    Issued,
    /// What the holder chose to show: a claim that may be withheld may be missing.
    Presented,
}

/// Where a credential breaks the rules of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TypeMetadataRejected {
    /// It is of another type.
    #[error("the type metadata is for another type")]
    OtherType,
    /// A claim is missing.
    #[error("the mandatory claim {position} of the type metadata is missing")]
    MandatoryClaimMissing {
        /// Its place in [`TypeMetadata::claims`].
        position: usize,
    },
    /// A claim is signed in the clear that must be selectively disclosable.
    #[error("claim {position} of the type metadata must be selectively disclosable")]
    NotSelective {
        /// Its place in [`TypeMetadata::claims`].
        position: usize,
    },
    /// A claim is selectively disclosable that must not be.
    #[error("claim {position} of the type metadata must not be selectively disclosable")]
    Selective {
        /// Its place in [`TypeMetadata::claims`].
        position: usize,
    },
}

impl TypeMetadata {
    /// Reads a document.
    ///
    /// # Errors
    /// [`TypeMetadataError`].
    pub fn parse(document: &[u8]) -> Result<Self, TypeMetadataError> {
        let budget = JsonBudget {
            bytes: MAX_TYPE_METADATA_BYTES,
            ..JsonBudget::DEFAULT
        };
        let document = json::parse_value(document, budget).map_err(|error| match error {
            JsonError::OverBudget => TypeMetadataError::OverBudget,
            _ => TypeMetadataError::Malformed,
        })?;
        Self::from_value(document)
    }

    /// Reads a document that was read as JSON already.
    ///
    /// # Errors
    /// [`TypeMetadataError`].
    pub fn from_value(document: Value) -> Result<Self, TypeMetadataError> {
        if document.get("extends").is_some() {
            return Err(TypeMetadataError::Extends);
        }
        let metadata: Self = serde_json::from_value(document).map_err(|_| TypeMetadataError::Malformed)?;
        if metadata.claims.len() > MAX_CLAIMS {
            return Err(TypeMetadataError::OverBudget);
        }
        let mut identifiers = HashSet::new();
        let each_once = metadata
            .claims
            .iter()
            .filter_map(|claim| claim.svg_id.as_deref())
            .all(|identifier| is_svg_identifier(identifier) && identifiers.insert(identifier));
        if each_once {
            Ok(metadata)
        } else {
            Err(TypeMetadataError::Malformed)
        }
    }

    /// Checks a credential against the rules of its type.
    ///
    /// # Errors
    /// [`TypeMetadataRejected`].
    pub fn check(&self, credential: &SdJwtVc<'_>, view: CredentialView) -> Result<(), TypeMetadataRejected> {
        if self.vct != *credential.vct() {
            return Err(TypeMetadataRejected::OtherType);
        }
        let processed = credential.processed();
        let disclosed: HashSet<&ClaimsPath> = processed.disclosed.iter().map(|claim| &claim.path).collect();
        for (position, claim) in self.claims.iter().enumerate() {
            let may_be_withheld = view == CredentialView::Presented && claim.sd != SelectiveDisclosure::Never;
            let selected = claim
                .path
                .select_with_paths(&processed.claims)
                .unwrap_or_default();
            if selected.is_empty() && claim.mandatory && !may_be_withheld {
                return Err(TypeMetadataRejected::MandatoryClaimMissing { position });
            }
            for place in selected {
                match (claim.sd, disclosed.contains(&place.path)) {
                    (SelectiveDisclosure::Always, false) => {
                        return Err(TypeMetadataRejected::NotSelective { position });
                    }
                    (SelectiveDisclosure::Never, true) => {
                        return Err(TypeMetadataRejected::Selective { position });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Letters, digits and underscores, not beginning with a digit (draft-25 §4.6): a placeholder of a template.
fn is_svg_identifier(identifier: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    identifier.bytes().all(fits)
        && identifier
            .bytes()
            .next()
            .is_some_and(|first| !first.is_ascii_digit())
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_optional(mandatory: &bool) -> bool {
    !*mandatory
}
