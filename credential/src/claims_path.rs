//! Claims path pointers ([OpenID4VP 1.0 §7], [SD-JWT VC] type metadata): the one way to point at a claim.
//!
//! [OpenID4VP 1.0 §7]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-7
//! [SD-JWT VC]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/

use core::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

/// Parts a path may have. Credentials of this field nest three or four deep; the bound keeps a peer's path from being a
/// workload.
pub const MAX_PATH_PARTS: usize = 32;

/// One step of a [`ClaimsPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathPart {
    /// The member of an object with this name (a JSON string).
    Key(String),
    /// The element of an array at this place, from zero (a JSON number).
    Index(u64),
    /// Every element of an array (JSON `null`).
    All,
}

/// A non-empty path to one or more claims. Its JSON form is an array of strings, non-negative integers and nulls.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimsPath(Vec<PathPart>);

/// A path is empty or longer than [`MAX_PATH_PARTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a claims path has 1 to {MAX_PATH_PARTS} parts")]
pub struct InvalidClaimsPath;

/// Why a path selects nothing from a set of claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathSelectionError {
    /// A part names a member, and what it is looked up in is no object.
    #[error("part {position} of the claims path names a member of what is not an object")]
    NotAnObject {
        /// The part, counted from zero.
        position: usize,
    },
    /// A part names elements, and what they are looked up in is no array.
    #[error("part {position} of the claims path names elements of what is not an array")]
    NotAnArray {
        /// The part, counted from zero.
        position: usize,
    },
    /// Nothing is there.
    #[error("part {position} of the claims path selects nothing")]
    NothingSelected {
        /// The part, counted from zero.
        position: usize,
    },
}

/// A claim that a path selected: where it is, and what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectedClaim<'v> {
    /// The path without any [`PathPart::All`].
    pub path: ClaimsPath,
    /// The value there.
    pub value: &'v Value,
}

/// Where the elements of arrays stood when the credential was issued. A path counts them as they were issued, and whoever shows
/// a part of a credential may have left some out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ElementPlaces {
    /// Where they stand now: nothing was left out.
    #[default]
    AsIssued,
    /// The arrays that lack elements, by their paths among the claims as they are, and the places that are empty, in ascending
    /// order.
    Lacking(Vec<(Vec<PathPart>, Vec<u64>)>),
    /// Not known. A part that names one element of an array is then met by any.
    Unknown,
}

/// Which elements of an array a part that names one of them selects.
enum Elements {
    One(usize),
    Any,
    None,
}

impl ElementPlaces {
    /// The elements that `index`, counted as issued, stands for in the array that `array` leads to.
    fn elements(&self, array: impl FnOnce() -> Vec<PathPart>, index: u64) -> Elements {
        let place = match self {
            Self::Unknown => return Elements::Any,
            Self::AsIssued => Some(index),
            Self::Lacking(arrays) => {
                let array = array();
                match arrays.iter().find(|(path, _)| *path == array) {
                    None => Some(index),
                    Some((_, empty)) if empty.binary_search(&index).is_ok() => None,
                    Some((_, empty)) => {
                        let before = empty.partition_point(|place| *place < index);
                        index.checked_sub(u64::try_from(before).unwrap_or(u64::MAX))
                    }
                }
            }
        };
        match place.and_then(|place| usize::try_from(place).ok()) {
            Some(place) => Elements::One(place),
            None => Elements::None,
        }
    }
}

impl ClaimsPath {
    /// A path of these parts.
    ///
    /// # Errors
    /// [`InvalidClaimsPath`] when there are none or too many.
    pub fn new(parts: Vec<PathPart>) -> Result<Self, InvalidClaimsPath> {
        if parts.is_empty() || parts.len() > MAX_PATH_PARTS {
            Err(InvalidClaimsPath)
        } else {
            Ok(Self(parts))
        }
    }

    /// The path to a claim at the top level.
    #[must_use]
    pub fn top_level(name: impl Into<String>) -> Self {
        Self(vec![PathPart::Key(name.into())])
    }

    /// The parts, outermost first; never empty.
    #[must_use]
    pub fn parts(&self) -> &[PathPart] {
        &self.0
    }

    /// The name of the claim at the top level that the path starts at, if it starts with a name.
    #[must_use]
    pub fn first_key(&self) -> Option<&str> {
        match self.0.first() {
            Some(PathPart::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Whether this path, as a pattern, selects exactly the place that `concrete` names.
    #[must_use]
    pub fn matches(&self, concrete: &ClaimsPath) -> bool {
        self.0.len() == concrete.0.len() && self.agrees_with(concrete)
    }

    /// Whether one of the two leads to the other: equal as far as the shorter one goes.
    #[must_use]
    pub fn agrees_with(&self, concrete: &ClaimsPath) -> bool {
        self.0
            .iter()
            .zip(&concrete.0)
            .all(|(pattern, part)| match (pattern, part) {
                (PathPart::All, PathPart::Index(_) | PathPart::All) => true,
                (pattern, part) => pattern == part,
            })
    }

    /// The values that the path selects ([OpenID4VP 1.0 §7.1.1]).
    ///
    /// # Errors
    /// [`PathSelectionError`] when the processing rules abort or select nothing.
    ///
    /// [OpenID4VP 1.0 §7.1.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-7.1.1
    pub fn select<'v>(&self, claims: &'v Map<String, Value>) -> Result<Vec<&'v Value>, PathSelectionError> {
        let selected = self.walk(|key| claims.get(key), &ElementPlaces::AsIssued)?;
        Ok(selected.into_iter().map(|(_, value)| value).collect())
    }

    /// The values that the path selects, each with its own concrete path.
    ///
    /// # Errors
    /// As [`ClaimsPath::select`].
    pub fn select_with_paths<'v>(
        &self,
        claims: &'v Map<String, Value>,
    ) -> Result<Vec<SelectedClaim<'v>>, PathSelectionError> {
        self.select_presented(claims, &ElementPlaces::AsIssued)
    }

    /// The same of claims of which a part was shown: indices count the elements as they were issued, and the paths of what is
    /// selected lead through the claims as they are.
    ///
    /// # Errors
    /// As [`ClaimsPath::select`].
    pub fn select_presented<'v>(
        &self,
        claims: &'v Map<String, Value>,
        places: &ElementPlaces,
    ) -> Result<Vec<SelectedClaim<'v>>, PathSelectionError> {
        Ok(self
            .walk(|key| claims.get(key), places)?
            .into_iter()
            .map(|(indices, value)| SelectedClaim {
                path: self.with_indices(&indices),
                value,
            })
            .collect())
    }

    /// The path extended by one part, without the length check: for walking trees whose depth is bounded already.
    pub(crate) fn from_parts_unchecked(parts: Vec<PathPart>) -> Self {
        Self(parts)
    }

    /// Whether the path selects anything of claims of which `claim` gives one by its name.
    ///
    /// # Errors
    /// As [`ClaimsPath::select`].
    pub(crate) fn check<'v>(
        &self,
        claim: impl FnOnce(&str) -> Option<&'v Value>,
    ) -> Result<(), PathSelectionError> {
        match self.0.as_slice() {
            [PathPart::Key(key)] => match claim(key) {
                Some(_) => Ok(()),
                None => Err(PathSelectionError::NothingSelected { position: 0 }),
            },
            _ => self.walk(claim, &ElementPlaces::AsIssued).map(|_| ()),
        }
    }

    /// Follows the path; each result carries the indices chosen at its parts that select elements, in order.
    fn walk<'v>(
        &self,
        claim: impl FnOnce(&str) -> Option<&'v Value>,
        places: &ElementPlaces,
    ) -> Result<Vec<(Vec<u64>, &'v Value)>, PathSelectionError> {
        let nothing = PathSelectionError::NothingSelected { position: 0 };
        let mut selected = match self.0.first() {
            Some(PathPart::Key(key)) => vec![(Vec::new(), claim(key).ok_or(nothing)?)],
            Some(PathPart::Index(_) | PathPart::All) => {
                return Err(PathSelectionError::NotAnArray { position: 0 });
            }
            None => return Err(nothing),
        };
        for (position, part) in self.0.iter().enumerate().skip(1) {
            let mut next = Vec::with_capacity(selected.len());
            for (indices, value) in selected {
                match part {
                    PathPart::Key(key) => {
                        let object = value
                            .as_object()
                            .ok_or(PathSelectionError::NotAnObject { position })?;
                        next.extend(object.get(key).map(|member| (indices, member)));
                    }
                    PathPart::Index(_) | PathPart::All => {
                        let array = value
                            .as_array()
                            .ok_or(PathSelectionError::NotAnArray { position })?;
                        let selected = match part {
                            PathPart::Index(index) => {
                                places.elements(|| self.leading_to(position, &indices), *index)
                            }
                            PathPart::Key(_) | PathPart::All => Elements::Any,
                        };
                        let range = match selected {
                            Elements::Any => 0..array.len(),
                            Elements::One(place) => place..place.saturating_add(1),
                            Elements::None => 0..0,
                        };
                        let elements = (0_u64..).zip(array).skip(range.start).take(range.len());
                        for (index, element) in elements {
                            let mut indices = indices.clone();
                            indices.push(index);
                            next.push((indices, element));
                        }
                    }
                }
            }
            if next.is_empty() {
                return Err(PathSelectionError::NothingSelected { position });
            }
            selected = next;
        }
        Ok(selected)
    }

    fn with_indices(&self, indices: &[u64]) -> ClaimsPath {
        Self(self.leading_to(self.0.len(), indices))
    }

    /// The first `count` parts, with the indices that were chosen.
    fn leading_to(&self, count: usize, indices: &[u64]) -> Vec<PathPart> {
        let mut indices = indices.iter();
        let part = |part: &PathPart| match part {
            PathPart::All | PathPart::Index(_) => indices
                .next()
                .map_or_else(|| part.clone(), |index| PathPart::Index(*index)),
            PathPart::Key(_) => part.clone(),
        };
        self.0.iter().take(count).map(part).collect()
    }
}

/// Dots between the parts, as in `address.lines[0]`; for people, not for parsing.
impl fmt::Display for ClaimsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.0.iter().enumerate() {
            match part {
                PathPart::Key(key) if position == 0 => f.write_str(key)?,
                PathPart::Key(key) => write!(f, ".{key}")?,
                PathPart::Index(index) => write!(f, "[{index}]")?,
                PathPart::All => f.write_str("[]")?,
            }
        }
        Ok(())
    }
}

impl Serialize for ClaimsPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_seq(Some(self.0.len()))?;
        for part in &self.0 {
            match part {
                PathPart::Key(key) => parts.serialize_element(key)?,
                PathPart::Index(index) => parts.serialize_element(index)?,
                PathPart::All => parts.serialize_element(&())?,
            }
        }
        parts.end()
    }
}

impl<'de> Deserialize<'de> for ClaimsPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = ClaimsPath;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a claims path: a non-empty array of strings, non-negative integers and nulls")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<ClaimsPath, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = elements.next_element::<PathPart>()? {
                    if parts.len() == MAX_PATH_PARTS {
                        return Err(A::Error::custom(InvalidClaimsPath));
                    }
                    parts.push(part);
                }
                ClaimsPath::new(parts).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_seq(Parts)
    }
}

impl<'de> Deserialize<'de> for PathPart {
    // By hand and not as an untagged enum: those buffer their input, and under `arbitrary_precision` they mistake
    // numbers for maps.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(key) => Ok(Self::Key(key)),
            Value::Null => Ok(Self::All),
            Value::Number(number) => number
                .as_u64()
                .map(Self::Index)
                .ok_or_else(|| D::Error::custom("an index of a claims path is a non-negative integer")),
            _ => Err(D::Error::custom(
                "a part of a claims path is a string, a non-negative integer or null",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
