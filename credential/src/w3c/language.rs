//! Text with its language and direction
//! ([VCDM 2.0 §11.1](https://www.w3.org/TR/vc-data-model-2.0/#language-and-base-direction)).

use serde_json::{Map, Value};

use super::not_conforming::{NotConforming, Property};

/// Longest language tag that is read, in bytes.
const MAX_TAG_BYTES: usize = 64;

/// The direction a text is to be shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `ltr`.
    LeftToRight,
    /// `rtl`.
    RightToLeft,
}

/// A text, which may say its language and direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageText {
    /// The text.
    pub value: String,
    /// Its language, a BCP 47 tag.
    pub language: Option<String>,
    /// Its base direction.
    pub direction: Option<Direction>,
}

impl LanguageText {
    /// A text in a language.
    pub fn new(value: impl Into<String>, language: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            language: Some(language.into()),
            direction: None,
        }
    }

    /// Reads a string or a language value object; `None` for anything else, and for an object with any other member.
    #[must_use]
    pub fn parse(value: &Value) -> Option<Self> {
        let object = match value {
            Value::String(text) => {
                return Some(Self {
                    value: text.clone(),
                    language: None,
                    direction: None,
                });
            }
            Value::Object(object) => object,
            _ => return None,
        };
        if object
            .keys()
            .any(|name| !matches!(name.as_str(), "@value" | "@language" | "@direction"))
        {
            return None;
        }
        let language = match object.get("@language") {
            None => None,
            Some(Value::String(tag)) if is_language_tag(tag) => Some(tag.clone()),
            Some(_) => return None,
        };
        let direction = match object.get("@direction").map(Value::as_str) {
            None => None,
            Some(Some("ltr")) => Some(Direction::LeftToRight),
            Some(Some("rtl")) => Some(Direction::RightToLeft),
            Some(_) => return None,
        };
        Some(Self {
            value: object.get("@value")?.as_str()?.to_owned(),
            language,
            direction,
        })
    }

    /// Reads one text or a list of texts, one for each language. An empty list is no text.
    #[must_use]
    pub fn parse_all(value: &Value) -> Option<Vec<Self>> {
        match value {
            Value::Array(texts) if !texts.is_empty() => texts.iter().map(Self::parse).collect(),
            Value::Array(_) => None,
            one => Self::parse(one).map(|text| vec![text]),
        }
    }

    /// The text as it stands in a document.
    #[must_use]
    pub fn to_value(&self) -> Value {
        if self.language.is_none() && self.direction.is_none() {
            return Value::from(self.value.as_str());
        }
        let mut object = Map::new();
        object.insert("@value".to_owned(), Value::from(self.value.as_str()));
        if let Some(language) = &self.language {
            object.insert("@language".to_owned(), Value::from(language.as_str()));
        }
        if let Some(direction) = self.direction {
            let direction = match direction {
                Direction::LeftToRight => "ltr",
                Direction::RightToLeft => "rtl",
            };
            object.insert("@direction".to_owned(), Value::from(direction));
        }
        Value::Object(object)
    }

    /// Several texts as they stand in a document: one alone, several in a list; `None` for none.
    #[must_use]
    pub fn to_values(texts: &[Self]) -> Option<Value> {
        match texts {
            [] => None,
            [one] => Some(one.to_value()),
            several => Some(several.iter().map(Self::to_value).collect()),
        }
    }
}

/// The shape of a BCP 47 tag (RFC 5646 §2.1): subtags of one to eight letters and digits.
fn is_language_tag(tag: &str) -> bool {
    tag.len() <= MAX_TAG_BYTES
        && tag.split('-').all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// Checks `name` and `description` of an object (§4.6).
pub(super) fn check_names(object: &Map<String, Value>) -> Result<(), NotConforming> {
    for of in [Property::Name, Property::Description] {
        if let Some(value) = object.get(of.name())
            && LanguageText::parse_all(value).is_none()
        {
            return Err(NotConforming::LanguageValue { of });
        }
    }
    Ok(())
}
