//! From a credential's type to its metadata, along the chain of extended types (draft-25 §4.3, §4.4, §6).

use serde_json::Value;
use url::Url;

use super::document::Document;
use super::{MAX_TYPE_METADATA_BYTES, TypeMetadata, TypeMetadataError};
use crate::sd_jwt_vc::integrity::Integrity;
use crate::sd_jwt_vc::read::{SdJwtVc, SdJwtVcError};
use crate::sd_jwt_vc::vct::VerifiableCredentialType;

/// Documents in one chain. Ecosystems have a general type and a national one below it; each further document is a further
/// request that a credential makes its verifier send.
const MAX_CHAIN: usize = 8;
/// All documents of one chain together, in bytes.
const MAX_CHAIN_BYTES: usize = 2 * MAX_TYPE_METADATA_BYTES;

/// A document that is referred to by its type, and perhaps by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeMetadataReference {
    /// The type it must be of.
    pub vct: VerifiableCredentialType,
    /// The hash it must have, from `vct#integrity` or `extends#integrity`.
    pub integrity: Option<Integrity>,
}

/// A document that is at hand.
#[derive(Debug, Clone, Copy)]
pub enum KnownTypeMetadata<'d> {
    /// The bytes that its URL or a registry served.
    Served(&'d [u8]),
    /// A document within something that is signed by somebody who is believed. A hash is not compared: it is over the
    /// bytes of the document as it is served, which are not there.
    Vouched(&'d Value),
}

/// How far the documents at hand go.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeMetadataResolution {
    /// This document is needed next, and was not at hand.
    Wants(TypeMetadataReference),
    /// All documents were at hand.
    Done(TypeMetadata),
}

impl TypeMetadataReference {
    /// The document of a credential's own type.
    ///
    /// # Errors
    /// [`SdJwtVcError::MalformedClaim`] for a `vct#integrity` without a hash of a known algorithm.
    pub fn of(credential: &SdJwtVc<'_>) -> Result<Self, SdJwtVcError> {
        Ok(Self {
            vct: credential.vct().clone(),
            integrity: credential.type_integrity()?,
        })
    }

    /// Where the document may be fetched from: the type itself, if it is an https URL. A type of another form is known
    /// from a registry, or not at all.
    #[must_use]
    pub fn url(&self) -> Option<Url> {
        let url = Url::parse(self.vct.as_str()).ok()?;
        (url.scheme() == "https").then_some(url)
    }
}

/// Goes along the chain that begins with `reference`, with the documents that `known` has. Whoever is told to fetch one
/// fetches it and begins anew; no signature is checked on the way, so that costs nothing.
///
/// # Errors
/// [`TypeMetadataError`]. A credential whose type metadata are wanted by policy and are in error must be refused
/// (draft-25 §4.6), and metadata in error must not be used, not even for display.
pub fn resolve<'d>(
    reference: TypeMetadataReference,
    known: impl Fn(&TypeMetadataReference) -> Option<KnownTypeMetadata<'d>>,
) -> Result<TypeMetadataResolution, TypeMetadataError> {
    let mut chain: Vec<Document> = Vec::new();
    let mut bytes = 0_usize;
    let mut next = Some(reference);
    while let Some(reference) = next {
        if chain.iter().any(|document| document.vct == reference.vct) {
            return Err(TypeMetadataError::Circular);
        }
        if chain.len() >= MAX_CHAIN {
            return Err(TypeMetadataError::OverBudget);
        }
        let document = match known(&reference) {
            None => return Ok(TypeMetadataResolution::Wants(reference)),
            Some(KnownTypeMetadata::Served(served)) => {
                bytes = bytes.saturating_add(served.len());
                if bytes > MAX_CHAIN_BYTES {
                    return Err(TypeMetadataError::OverBudget);
                }
                if reference
                    .integrity
                    .as_ref()
                    .is_some_and(|integrity| !integrity.matches(served))
                {
                    return Err(TypeMetadataError::Integrity);
                }
                Document::parse(served)?
            }
            Some(KnownTypeMetadata::Vouched(document)) => Document::from_value(document.clone())?,
        };
        if document.vct != reference.vct {
            return Err(TypeMetadataError::OtherType);
        }
        next = match &document.extends {
            None => None,
            Some(extended) => Some(TypeMetadataReference {
                vct: extended.clone(),
                integrity: document.extends_integrity()?,
            }),
        };
        chain.push(document);
    }
    let mut metadata = None;
    while let Some(document) = chain.pop() {
        metadata = Some(document.over(metadata)?);
    }
    metadata
        .map(TypeMetadataResolution::Done)
        .ok_or(TypeMetadataError::Malformed)
}
