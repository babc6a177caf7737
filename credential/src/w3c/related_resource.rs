//! Resources whose bytes the issuer vouches for
//! ([VCDM 2.0 §5.3](https://www.w3.org/TR/vc-data-model-2.0/#integrity-of-related-resources)).

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use symbolon_crypto::encoding::base64url;
use thiserror::Error;

use super::members::{id, objects};
use super::not_conforming::{NotConforming, Property};
use crate::sd_jwt_vc::Integrity;

/// Related resources one document may have.
const MAX_RESOURCES: usize = 64;
/// Digests in one of them.
const MAX_DIGESTS: usize = 8;

/// A resource and the digests that it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatedResource {
    /// Its URL.
    pub id: String,
    /// Its media type, if that is said.
    pub media_type: Option<String>,
    sri: Option<Integrity>,
    multihashes: Vec<Vec<u8>>,
}

/// The bytes are not those that the issuer vouched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the related resource has another digest")]
pub struct RelatedResourceMismatch;

impl RelatedResource {
    /// Checks the bytes that were found under [`RelatedResource::id`]. Every kind of digest that is there must match.
    ///
    /// # Errors
    /// [`RelatedResourceMismatch`].
    pub fn check(&self, bytes: &[u8]) -> Result<(), RelatedResourceMismatch> {
        let sri_matches = self.sri.as_ref().is_none_or(|sri| sri.matches(bytes));
        let multihash_matches = self.multihashes.is_empty()
            || self
                .multihashes
                .iter()
                .any(|multihash| multihash_matches(multihash, bytes));
        if sri_matches && multihash_matches {
            Ok(())
        } else {
            Err(RelatedResourceMismatch)
        }
    }

    fn read(object: &Map<String, Value>) -> Result<Self, NotConforming> {
        let of = Property::RelatedResource;
        let digest = NotConforming::RelatedResourceDigest;
        let sri = match object.get("digestSRI") {
            None => None,
            Some(Value::String(text)) => Some(Integrity::parse(text).map_err(|_| digest)?),
            Some(_) => return Err(digest),
        };
        let multihashes = match object.get("digestMultibase") {
            None => Vec::new(),
            Some(one @ Value::String(_)) => vec![read_multihash(one).ok_or(digest)?],
            Some(Value::Array(several)) if (1..=MAX_DIGESTS).contains(&several.len()) => several
                .iter()
                .map(|one| read_multihash(one).ok_or(digest))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(digest),
        };
        if sri.is_none() && multihashes.is_empty() {
            return Err(digest);
        }
        let media_type = match object.get("mediaType") {
            None => None,
            Some(Value::String(media_type)) => Some(media_type.clone()),
            Some(_) => return Err(NotConforming::Type { of }),
        };
        Ok(Self {
            id: id(object, of)?.ok_or(NotConforming::Id { of })?.to_owned(),
            media_type,
            sri,
            multihashes,
        })
    }
}

pub(super) fn read_all(document: &Map<String, Value>) -> Result<Vec<RelatedResource>, NotConforming> {
    let objects = objects(document, Property::RelatedResource)?;
    if objects.len() > MAX_RESOURCES {
        return Err(NotConforming::OverBudget);
    }
    let mut resources: Vec<RelatedResource> = Vec::with_capacity(objects.len());
    for object in objects {
        let resource = RelatedResource::read(object)?;
        if resources.iter().any(|earlier| earlier.id == resource.id) {
            return Err(NotConforming::RelatedResourceRepeated);
        }
        resources.push(resource);
    }
    Ok(resources)
}

/// A multihash of SHA-2 in base64url (`u`).
fn read_multihash(value: &Value) -> Option<Vec<u8>> {
    let bytes = base64url::decode(value.as_str()?.strip_prefix('u')?).ok()?;
    let known = matches!(
        (bytes.get(..2)?, bytes.len()),
        ([0x12, 32], 34) | ([0x20, 48], 50) | ([0x13, 64], 66)
    );
    known.then_some(bytes)
}

fn multihash_matches(multihash: &[u8], bytes: &[u8]) -> bool {
    match multihash.split_first_chunk::<2>() {
        Some(([0x12, _], digest)) => Sha256::digest(bytes).as_slice() == digest,
        Some(([0x20, _], digest)) => Sha384::digest(bytes).as_slice() == digest,
        Some(([0x13, _], digest)) => Sha512::digest(bytes).as_slice() == digest,
        _ => false,
    }
}
