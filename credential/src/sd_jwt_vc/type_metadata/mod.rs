//! Type metadata (draft-25 §4): what a credential of a type has in it, and how it is shown.
//!
//! A document may extend another, and that again another; none may be used before all of them are there. [`resolve`] goes
//! along the chain and says what it wants next; what comes out of it is one [`TypeMetadata`] with every rule in force.

mod check;
mod document;
mod rendering;
mod resolve;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::vct::VerifiableCredentialType;
use crate::claims_path::ClaimsPath;
use document::Document;

pub use check::{CredentialView, TypeMetadataRejected};
pub use rendering::{
    ColorScheme, Contrast, Orientation, RenderingResource, ResourceRejected, SimpleRendering, SvgTemplate,
    TypeRendering,
};
pub use resolve::{KnownTypeMetadata, TypeMetadataReference, TypeMetadataResolution, resolve};

/// Longest document that is read, in bytes; logos are referenced or small.
pub const MAX_TYPE_METADATA_BYTES: usize = 256 << 10;
/// Claims a type may describe, inherited ones included.
const MAX_CLAIMS: usize = 512;

/// What holds for a type: one document, or a chain of documents made one. Members that are not known are ignored, as the
/// specification says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TypeMetadata {
    /// The type it describes.
    pub vct: VerifiableCredentialType,
    /// A name for developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A description for developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How to show a credential of this type, one entry for each locale.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<TypeDisplay>,
    /// The claims, in the order in which to show them: those of an extended type first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimMetadata>,
    /// The types that it extends, the nearest first. A credential of this type is one of each of them.
    #[serde(skip)]
    pub extended: Vec<VerifiableCredentialType>,
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
    /// Colours, logos and templates as they were written; [`TypeDisplay::rendering`] reads them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendering: Option<Value>,
}

/// One claim, or several that one path selects.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClaimMetadata {
    /// Where.
    pub path: ClaimsPath,
    /// How to show it, one entry for each locale.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<ClaimDisplay>,
    /// Whether an issuer has to put it in.
    #[serde(skip_serializing_if = "is_optional")]
    pub mandatory: bool,
    /// Whether a holder may withhold it.
    pub sd: SelectiveDisclosure,
    /// Its place in an SVG template.
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// Why documents are no type metadata that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TypeMetadataError {
    /// Over its budget of size, depth or claims, or too long a chain.
    #[error("the type metadata is over its budget")]
    OverBudget,
    /// Not JSON, or not of the shape it must have.
    #[error("not a type metadata document")]
    Malformed,
    /// It builds on another type, and was read as if it stood alone. Using it without the rules of that type would let
    /// credentials pass that they refuse, so it is not used at all: see [`resolve`].
    #[error("the type metadata extends another type, which must be read with it")]
    Extends,
    /// The document is of another type than the one it was asked for by.
    #[error("the type metadata document is of another type")]
    OtherType,
    /// The document is not the one that `vct#integrity` or `extends#integrity` means.
    #[error("the type metadata document has another hash than the one that refers to it")]
    Integrity,
    /// A type extends itself, directly or by way of others.
    #[error("the type extends itself")]
    Circular,
    /// A type takes back what a type that it extends demands of a claim.
    #[error("claim {position} of the type metadata loosens a rule of the extended type")]
    Loosened {
        /// Its place in the document of the extending type.
        position: usize,
    },
}

impl TypeMetadata {
    /// Reads the document of a type that extends no other.
    ///
    /// # Errors
    /// [`TypeMetadataError`].
    pub fn parse(document: &[u8]) -> Result<Self, TypeMetadataError> {
        Document::parse(document)?.alone()
    }

    /// Reads a document that was read as JSON already, of a type that extends no other.
    ///
    /// # Errors
    /// [`TypeMetadataError`].
    pub fn from_value(document: Value) -> Result<Self, TypeMetadataError> {
        Document::from_value(document)?.alone()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_optional(mandatory: &bool) -> bool {
    !*mandatory
}
