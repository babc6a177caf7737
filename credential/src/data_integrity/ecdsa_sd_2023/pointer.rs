//! JSON pointers ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)): how ecdsa-sd-2023 points at what is shown.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use thiserror::Error;

use crate::claims_path::{ClaimsPath, MAX_PATH_PARTS, PathPart, PathSelectionError};

/// Bytes a pointer may have. Terms of a context are short; the bound keeps a peer's pointer from being a workload.
const MAX_POINTER_BYTES: usize = 2048;

/// A pointer to a member of a document, never to the document itself: everything would be shown, and the
/// specification's `jsonPointerToPaths` has no result for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JsonPointer {
    text: String,
    parts: Vec<String>,
}

/// A text that is no JSON pointer, or one to the whole document, or over the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a JSON pointer to a member of a document")]
pub struct InvalidJsonPointer;

impl JsonPointer {
    /// Reads a pointer.
    ///
    /// # Errors
    /// [`InvalidJsonPointer`] unless it begins with `/`, escapes `~` and `/` as `~0` and `~1`, and is within the bounds.
    pub fn parse(text: &str) -> Result<Self, InvalidJsonPointer> {
        let parts = text.strip_prefix('/').ok_or(InvalidJsonPointer)?;
        if text.len() > MAX_POINTER_BYTES {
            return Err(InvalidJsonPointer);
        }
        let parts = parts.split('/').map(unescape).collect::<Result<Vec<_>, _>>()?;
        if parts.len() > MAX_PATH_PARTS {
            return Err(InvalidJsonPointer);
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// The pointer as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its parts, outermost first and unescaped; never empty.
    pub(super) fn parts(&self) -> &[String] {
        &self.parts
    }

    fn from_parts(parts: Vec<String>) -> Self {
        let mut text = String::new();
        for part in &parts {
            text.push('/');
            text.push_str(&part.replace('~', "~0").replace('/', "~1"));
        }
        Self { text, parts }
    }
}

/// The pointers to everything that a claims path selects in a document: one, or one for each element that a `null` of
/// the path stands for.
///
/// # Errors
/// [`PathSelectionError`] when the path selects nothing.
pub fn selectable_pointers(
    document: &Value,
    path: &ClaimsPath,
) -> Result<Vec<JsonPointer>, PathSelectionError> {
    let members = document
        .as_object()
        .ok_or(PathSelectionError::NotAnObject { position: 0 })?;
    let selected = path.select_with_paths(members)?;
    Ok(selected.iter().map(|claim| pointer_of(&claim.path)).collect())
}

fn pointer_of(concrete: &ClaimsPath) -> JsonPointer {
    let part = |part: &PathPart| match part {
        PathPart::Key(key) => Some(key.clone()),
        PathPart::Index(index) => Some(index.to_string()),
        // A concrete path has none.
        PathPart::All => None,
    };
    JsonPointer::from_parts(concrete.parts().iter().filter_map(part).collect())
}

/// RFC 6901 §3 and §4.
fn unescape(part: &str) -> Result<String, InvalidJsonPointer> {
    let mut unescaped = String::with_capacity(part.len());
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        unescaped.push(match character {
            '~' => match characters.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err(InvalidJsonPointer),
            },
            other => other,
        });
    }
    Ok(unescaped)
}

impl FromStr for JsonPointer {
    type Err = InvalidJsonPointer;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for JsonPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for JsonPointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for JsonPointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_the_escapes_of_rfc_6901_and_no_others() {
        let pointer = JsonPointer::parse("/a~1b/m~0n/0/").unwrap();
        assert_eq!(pointer.parts(), ["a/b", "m~n", "0", ""]);
        assert_eq!(JsonPointer::from_parts(pointer.parts().to_vec()), pointer);
        for text in ["", "a", "#/a", "/a~", "/a~2", "/~b"] {
            assert_eq!(JsonPointer::parse(text), Err(InvalidJsonPointer), "{text}");
        }
        let long = "/a".repeat(MAX_PATH_PARTS + 1);
        assert_eq!(JsonPointer::parse(&long), Err(InvalidJsonPointer));
        let long = format!("/{}", "a".repeat(MAX_POINTER_BYTES));
        assert_eq!(JsonPointer::parse(&long), Err(InvalidJsonPointer));
    }

    #[test]
    fn a_claims_path_gives_a_pointer_to_each_value_it_selects() {
        let document = json!({"credentialSubject": [{"a/b": 1}, {"a/b": 2}, {"c": 3}]});
        let path: ClaimsPath = serde_json::from_value(json!(["credentialSubject", null, "a/b"])).unwrap();
        let pointers = selectable_pointers(&document, &path).unwrap();
        let texts: Vec<_> = pointers.iter().map(JsonPointer::as_str).collect();
        assert_eq!(texts, ["/credentialSubject/0/a~1b", "/credentialSubject/1/a~1b"]);
        let path: ClaimsPath = serde_json::from_value(json!(["credentialSubject", 3])).unwrap();
        assert!(selectable_pointers(&document, &path).is_err());
    }
}
