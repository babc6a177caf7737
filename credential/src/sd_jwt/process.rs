//! From digests back to claims ([RFC 9901 §7.1](https://www.rfc-editor.org/rfc/rfc9901.html#section-7.1), step 3).
//!
//! The same for holder and verifier. Every refusal here was once a way to show a verifier claims that the issuer did
//! not sign, or to show two verifiers different ones.

use std::collections::HashMap;

use serde_json::{Map, Value};
use thiserror::Error;

use super::disclosure::Disclosure;
use super::parse::SdJwt;
use super::{ELEMENT, SD, SD_ALG};
use crate::claims_path::{ClaimsPath, ElementPlaces, PathPart};

/// Why the disclosures and digests of an SD-JWT do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// `_sd` is no array of texts, or `...` no text.
    #[error("a digest in the payload is malformed")]
    MalformedDigest,
    /// `...` stands outside an array, or with other members beside it.
    #[error("an array element's digest stands where none may stand")]
    MisplacedElementDigest,
    /// `_sd_alg` stands below the top level.
    #[error("the digest algorithm is named below the top level")]
    MisplacedDigestAlgorithm,
    /// One digest stands in more than one place, directly or through disclosures.
    #[error("a digest occurs more than once")]
    DuplicateDigest,
    /// A disclosure is there twice.
    #[error("disclosure {position} is there twice")]
    DuplicateDisclosure {
        /// The second one, from zero.
        position: usize,
    },
    /// An object member's disclosure has two elements, or an array element's three.
    #[error("disclosure {position} does not have the number of elements that its place requires")]
    WrongArity {
        /// Which, from zero.
        position: usize,
    },
    /// A disclosed claim has the name of a claim that is there already.
    #[error("disclosure {position} has the name of another claim at its level")]
    NameCollision {
        /// Which, from zero.
        position: usize,
    },
    /// No digest refers to a disclosure.
    #[error("no digest refers to disclosure {position}")]
    UnreferencedDisclosure {
        /// The first such, from zero.
        position: usize,
    },
    /// Disclosures within disclosures go deeper than the budget allows.
    #[error("the claims are nested deeper than the budget allows")]
    TooDeep,
}

/// Where a disclosure's claim ended up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisclosedClaim {
    /// Where the claim is in [`ProcessedClaims::claims`].
    pub path: ClaimsPath,
    /// Which disclosure of the SD-JWT it came from.
    pub disclosure: usize,
}

/// The claims of an SD-JWT, with every disclosure in its place and no trace of the mechanism.
#[derive(Clone, PartialEq)]
pub struct ProcessedClaims {
    /// The claims.
    pub claims: Map<String, Value>,
    /// Which of them came from disclosures, parents before what is in them.
    pub disclosed: Vec<DisclosedClaim>,
    pub(crate) gaps: Gaps,
}

/// Where digests are left to which no disclosure belongs: there something may be withheld, or nothing ever was. Places are
/// those in [`ProcessedClaims::claims`].
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Gaps {
    /// Objects that may lack members.
    pub(crate) objects: Vec<Vec<PathPart>>,
    /// Arrays that may lack elements, and where in the array as issued these are, in ascending order.
    pub(crate) arrays: Vec<(Vec<PathPart>, Vec<u64>)>,
}

impl ProcessedClaims {
    /// Where the elements of arrays stood when the SD-JWT was issued, those that are withheld included.
    #[must_use]
    pub fn element_places(&self) -> ElementPlaces {
        if self.gaps.arrays.is_empty() {
            ElementPlaces::AsIssued
        } else {
            ElementPlaces::Lacking(self.gaps.arrays.clone())
        }
    }
}

/// Puts every disclosure in its place.
///
/// # Errors
/// [`ProcessError`] when anything does not fit: the SD-JWT must then be refused as a whole.
pub fn process(sd_jwt: &SdJwt<'_>) -> Result<ProcessedClaims, ProcessError> {
    let disclosures = sd_jwt.disclosures();
    let mut by_digest = Digests::default();
    for (position, disclosure) in disclosures.iter().enumerate() {
        if !by_digest.insert(disclosure.digest(), position) {
            return Err(ProcessError::DuplicateDisclosure { position });
        }
    }
    let mut processor = Processor {
        disclosures,
        by_digest,
        seen: Digests::default(),
        used: vec![false; disclosures.len()],
        disclosed: Vec::with_capacity(disclosures.len()),
        gaps: Gaps::default(),
        path: Vec::new(),
    };
    let claims = processor.object(sd_jwt.payload(), Level::Top, sd_jwt.budget().depth)?;
    if let Some(position) = processor.used.iter().position(|used| !used) {
        return Err(ProcessError::UnreferencedDisclosure { position });
    }
    Ok(ProcessedClaims {
        claims,
        disclosed: processor.disclosed,
        gaps: processor.gaps,
    })
}

/// Values by digest. A credential has some dozens at most, and looking through some is faster than hashing one.
struct Digests<'s, T> {
    few: Vec<(&'s str, T)>,
    many: HashMap<&'s str, T>,
}

impl<T> Default for Digests<'_, T> {
    fn default() -> Self {
        Self {
            few: Vec::new(),
            many: HashMap::new(),
        }
    }
}

impl<'s, T> Digests<'s, T> {
    /// Beyond these many, looking through them would grow with the square of their number.
    const FEW: usize = 24;

    /// Whether the digest is new.
    fn insert(&mut self, digest: &'s str, value: T) -> bool {
        if self.get(digest).is_some() {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push((digest, value));
        } else {
            self.many.insert(digest, value);
        }
        true
    }

    fn get(&self, digest: &str) -> Option<&T> {
        let few = self.few.iter().find(|(own, _)| *own == digest);
        few.map(|(_, value)| value).or_else(|| self.many.get(digest))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Top,
    Below,
}

struct Processor<'s> {
    disclosures: &'s [Disclosure<'s>],
    by_digest: Digests<'s, usize>,
    /// Every digest met, whether a disclosure belongs to it or not.
    seen: Digests<'s, ()>,
    used: Vec<bool>,
    disclosed: Vec<DisclosedClaim>,
    gaps: Gaps,
    path: Vec<PathPart>,
}

impl<'s> Processor<'s> {
    fn value(&mut self, value: &'s Value, depth: usize) -> Result<Value, ProcessError> {
        match value {
            Value::Object(object) => self.object(object, Level::Below, depth).map(Value::Object),
            Value::Array(array) => self.array(array, depth).map(Value::Array),
            plain => Ok(plain.clone()),
        }
    }

    fn object(
        &mut self,
        object: &'s Map<String, Value>,
        level: Level,
        depth: usize,
    ) -> Result<Map<String, Value>, ProcessError> {
        let depth = depth.checked_sub(1).ok_or(ProcessError::TooDeep)?;
        let mut claims = Map::with_capacity(object.len());
        for (name, value) in object {
            match (name.as_str(), level) {
                (SD, _) | (SD_ALG, Level::Top) => {}
                (ELEMENT, _) => return Err(ProcessError::MisplacedElementDigest),
                (SD_ALG, Level::Below) => return Err(ProcessError::MisplacedDigestAlgorithm),
                _ => {
                    let value = match value {
                        Value::Object(_) | Value::Array(_) => {
                            self.path.push(PathPart::Key(name.clone()));
                            let value = self.value(value, depth)?;
                            self.path.pop();
                            value
                        }
                        plain => plain.clone(),
                    };
                    claims.insert(name.clone(), value);
                }
            }
        }
        // After the members that are signed in the clear, so that a collision is found whatever the order is.
        if let Some(digests) = object.get(SD) {
            let mut has_gap = false;
            for digest in digests.as_array().ok_or(ProcessError::MalformedDigest)? {
                let digest = digest.as_str().ok_or(ProcessError::MalformedDigest)?;
                let Some((position, disclosure)) = self.take(digest)? else {
                    has_gap = true;
                    continue;
                };
                let name = disclosure.name().ok_or(ProcessError::WrongArity { position })?;
                if claims.contains_key(name) || name == SD_ALG {
                    return Err(ProcessError::NameCollision { position });
                }
                self.path.push(PathPart::Key(name.to_owned()));
                let value = self.disclose(position, disclosure, depth)?;
                self.path.pop();
                claims.insert(name.to_owned(), value);
            }
            if has_gap {
                self.gaps.objects.push(self.path.clone());
            }
        }
        Ok(claims)
    }

    fn array(&mut self, array: &'s [Value], depth: usize) -> Result<Vec<Value>, ProcessError> {
        let depth = depth.checked_sub(1).ok_or(ProcessError::TooDeep)?;
        let mut elements = Vec::with_capacity(array.len());
        let mut index = 0_u64;
        let mut missing = Vec::new();
        for (place, element) in (0_u64..).zip(array) {
            let digest = match element {
                Value::Object(object) => match object.get(ELEMENT) {
                    Some(_) if object.len() > 1 => return Err(ProcessError::MisplacedElementDigest),
                    Some(digest) => Some(digest.as_str().ok_or(ProcessError::MalformedDigest)?),
                    None => None,
                },
                _ => None,
            };
            self.path.push(PathPart::Index(index));
            let value = match digest {
                None => Some(self.value(element, depth)?),
                Some(digest) => match self.take(digest)? {
                    None => None,
                    Some((position, disclosure)) if disclosure.name().is_none() => {
                        Some(self.disclose(position, disclosure, depth)?)
                    }
                    Some((position, _)) => return Err(ProcessError::WrongArity { position }),
                },
            };
            self.path.pop();
            if let Some(value) = value {
                elements.push(value);
                index = index.saturating_add(1);
            } else {
                missing.push(place);
            }
        }
        if !missing.is_empty() {
            self.gaps.arrays.push((self.path.clone(), missing));
        }
        Ok(elements)
    }

    /// The disclosure that a digest refers to, after the digest was found to be there for the first time.
    fn take(&mut self, digest: &'s str) -> Result<Option<(usize, &'s Disclosure<'s>)>, ProcessError> {
        if !self.seen.insert(digest, ()) {
            return Err(ProcessError::DuplicateDigest);
        }
        let Some(&position) = self.by_digest.get(digest) else {
            return Ok(None);
        };
        if let Some(used) = self.used.get_mut(position) {
            *used = true;
        }
        Ok(self
            .disclosures
            .get(position)
            .map(|disclosure| (position, disclosure)))
    }

    fn disclose(
        &mut self,
        position: usize,
        disclosure: &'s Disclosure<'s>,
        depth: usize,
    ) -> Result<Value, ProcessError> {
        let path = ClaimsPath::from_parts_unchecked(self.path.clone());
        self.disclosed.push(DisclosedClaim {
            path,
            disclosure: position,
        });
        self.value(disclosure.value(), depth)
    }
}

/// Without the claims, which are personal data.
impl core::fmt::Debug for ProcessedClaims {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ProcessedClaims")
            .field("disclosed", &self.disclosed.len())
            .finish_non_exhaustive()
    }
}
