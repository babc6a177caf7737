//! What a record gives for a claim, before a format writes it its own way.

use core::fmt;

use serde_json::{Map, Value, json};
use symbolon_credential::mdoc::{ElementValue, FullDate};
use symbolon_credential::w3c::LanguageText;

use super::language::bcp47;
use crate::record::{CalendarDate, Language};

/// A value of a claim.
#[derive(Clone, PartialEq, Eq)]
pub enum MappedValue {
    /// A text.
    Text(String),
    /// Yes or no.
    Bool(bool),
    /// A number from zero.
    Number(u64),
    /// A day.
    Date(CalendarDate),
    /// The bytes of a picture; only mdocs hold them.
    Bytes(Vec<u8>),
    /// One text in several languages, in the order of the record.
    Languages(Vec<(Language, String)>),
    /// Several values.
    List(Vec<Self>),
    /// Values under names.
    Members(Vec<(&'static str, Self)>),
}

/// Without the value, which is personal data.
impl fmt::Debug for MappedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MappedValue")
    }
}

impl MappedValue {
    /// The value in an SD-JWT VC: days as `yyyy-MM-dd`, languages as `{language, value}` with the codes of the record.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Languages(texts) => texts
                .iter()
                .map(|(language, value)| json!({ "language": language.as_str(), "value": value }))
                .collect(),
            other => other.to_json_with(&Self::to_json),
        }
    }

    /// The value in a W3C credential: as [`MappedValue::to_json`], but languages as language value objects with BCP 47
    /// tags ([VCDM 2.0 §11.1]).
    ///
    /// [VCDM 2.0 §11.1]: https://www.w3.org/TR/vc-data-model-2.0/#language-and-base-direction
    #[must_use]
    pub fn to_json_ld(&self) -> Value {
        match self {
            Self::Languages(texts) => {
                let texts: Vec<LanguageText> = texts
                    .iter()
                    .map(|(language, value)| LanguageText::new(value.as_str(), bcp47(*language)))
                    .collect();
                // Several even where there is one, so that a reader need not tell the two shapes apart.
                texts.iter().map(LanguageText::to_value).collect()
            }
            other => other.to_json_with(&Self::to_json_ld),
        }
    }

    fn to_json_with(&self, inner: &dyn Fn(&Self) -> Value) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::from(*value),
            Self::Date(date) => Value::from(date.iso()),
            Self::Bytes(bytes) => Value::from(symbolon_crypto::encoding::base64::encode(bytes)),
            Self::Languages(texts) => texts.iter().map(|(_, text)| Value::from(text.as_str())).collect(),
            Self::List(items) => items.iter().map(inner).collect(),
            Self::Members(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), inner(value)))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// The value as an element of an mdoc: days as full dates, languages as an array of maps.
    #[must_use]
    pub fn to_element(&self) -> ElementValue {
        let text = |text: &str| ElementValue::Text(text.to_owned());
        match self {
            Self::Text(value) => text(value),
            Self::Bool(value) => ElementValue::Bool(*value),
            Self::Number(value) => ElementValue::Unsigned(*value),
            // A day of the calendar always reads as one.
            Self::Date(date) => {
                FullDate::parse(&date.iso()).map_or_else(|_| text(&date.iso()), ElementValue::FullDate)
            }
            Self::Bytes(bytes) => ElementValue::Bytes(bytes.clone()),
            Self::Languages(texts) => ElementValue::Array(
                texts
                    .iter()
                    .map(|(language, value)| {
                        ElementValue::Map(vec![
                            (text("language"), text(language.as_str())),
                            (text("value"), text(value)),
                        ])
                    })
                    .collect(),
            ),
            Self::List(items) => ElementValue::Array(items.iter().map(Self::to_element).collect()),
            Self::Members(members) => ElementValue::Map(
                members
                    .iter()
                    .map(|(name, value)| (text(name), value.to_element()))
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_keeps_every_language_of_a_text() {
        let language = |code| Language::parse(code).unwrap();
        let value = MappedValue::Languages(vec![
            (language("ara"), "حسن علي".to_owned()),
            (language("eng"), "Hassan Ali".to_owned()),
        ]);
        let plain =
            json!([{ "language": "ara", "value": "حسن علي" }, { "language": "eng", "value": "Hassan Ali" }]);
        assert_eq!(value.to_json(), plain);
        assert_eq!(value.to_element().to_json(), plain);
        assert_eq!(
            value.to_json_ld(),
            json!([{ "@value": "حسن علي", "@language": "ar" }, { "@value": "Hassan Ali", "@language": "en" }])
        );
    }

    #[test]
    fn a_day_is_a_full_date_in_an_mdoc_and_text_elsewhere() {
        let day = MappedValue::Date(CalendarDate::new(2008, 11, 24).unwrap());
        assert!(matches!(day.to_element(), ElementValue::FullDate(_)));
        assert_eq!(day.to_json(), "2008-11-24");
        let inside = MappedValue::List(vec![MappedValue::Members(vec![("issue_date", day)])]);
        assert_eq!(inside.to_json_ld(), json!([{ "issue_date": "2008-11-24" }]));
    }
}
