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
        let selected = self.walk(|key| claims.get(key))?;
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
        Ok(self
            .walk(|key| claims.get(key))?
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
            _ => self.walk(claim).map(|_| ()),
        }
    }

    /// Follows the path; each result carries the indices chosen at its [`PathPart::All`] parts, in order.
    fn walk<'v>(
        &self,
        claim: impl FnOnce(&str) -> Option<&'v Value>,
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
                    PathPart::Index(index) => {
                        let array = value
                            .as_array()
                            .ok_or(PathSelectionError::NotAnArray { position })?;
                        let element = usize::try_from(*index).ok().and_then(|index| array.get(index));
                        next.extend(element.map(|element| (indices, element)));
                    }
                    PathPart::All => {
                        let array = value
                            .as_array()
                            .ok_or(PathSelectionError::NotAnArray { position })?;
                        for (index, element) in (0_u64..).zip(array) {
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
        let mut indices = indices.iter();
        let part = |part: &PathPart| match part {
            PathPart::All => indices
                .next()
                .map_or(PathPart::All, |index| PathPart::Index(*index)),
            other => other.clone(),
        };
        Self(self.0.iter().map(part).collect())
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
mod tests {
    use serde_json::json;

    use super::*;

    fn path(value: Value) -> ClaimsPath {
        serde_json::from_value(value).unwrap()
    }

    fn claims() -> Map<String, Value> {
        // The example of OpenID4VP 1.0 §7.3.
        json!({
            "name": "Arthur Dent",
            "address": {"street_address": "42 Market Street", "locality": "Milliways", "postal_code": "12345"},
            "degrees": [
                {"type": "Bachelor of Science", "university": "University of Betelgeuse"},
                {"type": "Master of Science", "university": "University of Betelgeuse"}
            ],
            "nationalities": ["British", "Betelgeusian"]
        })
        .as_object()
        .cloned()
        .unwrap()
    }

    #[test]
    fn selects_what_the_published_examples_select() {
        let claims = claims();
        let select = |value| path(value).select(&claims).map(|found| json!(found));
        assert_eq!(select(json!(["name"])), Ok(json!(["Arthur Dent"])));
        assert_eq!(
            select(json!(["address", "street_address"])),
            Ok(json!(["42 Market Street"]))
        );
        assert_eq!(select(json!(["nationalities", 1])), Ok(json!(["Betelgeusian"])));
        assert_eq!(
            select(json!(["degrees", null, "type"])),
            Ok(json!(["Bachelor of Science", "Master of Science"]))
        );
    }

    #[test]
    fn aborts_where_the_rules_abort() {
        let claims = claims();
        let error = |value| path(value).select(&claims).unwrap_err();
        assert_eq!(
            error(json!(["name", "first"])),
            PathSelectionError::NotAnObject { position: 1 }
        );
        assert_eq!(
            error(json!(["address", 0])),
            PathSelectionError::NotAnArray { position: 1 }
        );
        assert_eq!(
            error(json!(["address", null])),
            PathSelectionError::NotAnArray { position: 1 }
        );
        assert_eq!(error(json!([0])), PathSelectionError::NotAnArray { position: 0 });
        assert_eq!(
            error(json!(["nationalities", 2])),
            PathSelectionError::NothingSelected { position: 1 }
        );
        assert_eq!(
            error(json!(["nobody"])),
            PathSelectionError::NothingSelected { position: 0 }
        );
    }

    #[test]
    fn concrete_paths_name_each_selected_element() {
        let claims = claims();
        let found = path(json!(["degrees", null, "type"]))
            .select_with_paths(&claims)
            .unwrap();
        let paths: Vec<String> = found.iter().map(|claim| claim.path.to_string()).collect();
        assert_eq!(paths, ["degrees[0].type", "degrees[1].type"]);
    }

    #[test]
    fn refuses_what_is_no_path() {
        for value in [
            json!([]),
            json!("name"),
            json!([-1]),
            json!([1.5]),
            json!([true]),
            json!([["a"]]),
        ] {
            assert!(serde_json::from_value::<ClaimsPath>(value).is_err());
        }
        assert!(serde_json::from_value::<ClaimsPath>(json!(vec!["a"; MAX_PATH_PARTS + 1])).is_err());
    }

    #[test]
    fn writes_what_it_reads() {
        let value = json!(["degrees", null, "type", 3]);
        assert_eq!(serde_json::to_value(path(value.clone())).unwrap(), value);
    }
}
