//! From a credential's claims to one of OpenID Connect.

use serde_json::{Map, Value};
use symbolon_credential::claims_path::ClaimsPath;
use time::Date;

use super::document::{AddressSource, AgeOverSource, ClaimSource, GenderCodes, GenderSource, LanguageSource};
use crate::policy::age::{completed_years, parse_date};

/// The longest text that a claim is made of, in bytes.
const MAX_TEXT_BYTES: usize = 4096;

impl ClaimSource {
    /// The claim, of the disclosed claims of a credential on the day `today`; `None` where nothing is there that it could be made of.
    pub(super) fn value(&self, claims: &Map<String, Value>, today: Option<Date>) -> Option<Value> {
        match self {
            Self::Value(path) => select(claims, path).into_iter().next().cloned(),
            Self::Text(path) => first_text(claims, path).map(Value::from),
            Self::Language(source) => in_language(claims, source).map(Value::from),
            Self::List(path) => list(claims, path),
            Self::Date(path) => date(claims, path).map(|date| Value::from(date_text(date))),
            Self::Gender(source) => gender(claims, source).map(Value::from),
            Self::AgeOver(source) => age_over(claims, source, today).map(Value::from),
            Self::Joined(source) => joined(claims, &source.paths, &source.separator).map(Value::from),
            Self::Address(source) => address(claims, source),
        }
    }
}

/// The text at a path.
pub(super) fn first_text(claims: &Map<String, Value>, path: &ClaimsPath) -> Option<String> {
    select(claims, path).into_iter().find_map(text)
}

fn select<'c>(claims: &'c Map<String, Value>, path: &ClaimsPath) -> Vec<&'c Value> {
    let found = path.select(claims).unwrap_or_default();
    found.into_iter().filter(|value| !value.is_null()).collect()
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= MAX_TEXT_BYTES).then_some(text)
}

/// Of texts that say their language, that in this one; a single such text may stand without its list.
fn in_language(claims: &Map<String, Value>, source: &LanguageSource) -> Option<String> {
    let found = select(claims, &source.path);
    let texts = found.iter().flat_map(|value| match value {
        Value::Array(texts) => texts.iter().collect(),
        other => vec![*other],
    });
    texts
        .filter(|text| text.get("@language").and_then(Value::as_str) == Some(source.language.as_str()))
        .find_map(|found| found.get("@value").and_then(text))
}

fn list(claims: &Map<String, Value>, path: &ClaimsPath) -> Option<Value> {
    let found = select(claims, path);
    match found.as_slice() {
        [] => None,
        [list @ Value::Array(elements)] => (!elements.is_empty()).then(|| (*list).clone()),
        values => Some(Value::Array(
            values.iter().map(|value| (*value).clone()).collect(),
        )),
    }
}

/// A date as credentials write it: `YYYY-MM-DD`, with slashes as in MOSIP's records, without anything between as on cards, or as the
/// day of a time.
fn date(claims: &Map<String, Value>, path: &ClaimsPath) -> Option<Date> {
    let text = first_text(claims, path)?;
    let day = text.split('T').next()?;
    let digits = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        let (year, month, day) = (day.get(..4)?, day.get(4..6)?, day.get(6..)?);
        return parse_date(&format!("{year}-{month}-{day}"));
    }
    parse_date(&day.replace('/', "-"))
}

fn date_text(date: Date) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

/// [OpenID Connect Core §5.1] defines `female` and `male`, and permits other words.
///
/// [OpenID Connect Core §5.1]: https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
fn gender(claims: &Map<String, Value>, source: &GenderSource) -> Option<String> {
    let written = first_text(claims, &source.path)?.to_lowercase();
    let word = match (source.codes, written.as_str()) {
        (GenderCodes::Iso5218, "1") | (GenderCodes::Words, "m" | "male") => "male",
        (GenderCodes::Iso5218, "2") | (GenderCodes::Words, "f" | "female") => "female",
        (GenderCodes::Iso5218, _) => return None,
        (GenderCodes::Words, other) => other,
    };
    Some(word.to_owned())
}

/// What was true when the credential was issued is true still; what was false may have come true.
fn age_over(claims: &Map<String, Value>, source: &AgeOverSource, today: Option<Date>) -> Option<bool> {
    let said: Vec<bool> = source
        .claims
        .iter()
        .flat_map(|path| select(claims, path))
        .filter_map(Value::as_bool)
        .collect();
    if said.contains(&true) {
        return Some(true);
    }
    let born = source.birth_date.as_ref().and_then(|path| date(claims, path));
    match born {
        Some(born) => Some(completed_years(born, today?)? >= u16::from(source.years)),
        None => (!said.is_empty()).then_some(false),
    }
}

fn joined(claims: &Map<String, Value>, paths: &[ClaimsPath], separator: &str) -> Option<String> {
    let texts: Vec<String> = paths.iter().filter_map(|path| first_text(claims, path)).collect();
    (!texts.is_empty()).then(|| texts.join(separator))
}

/// [OpenID Connect Core §5.1.1]: lines of one part are parted by a line feed.
///
/// [OpenID Connect Core §5.1.1]: https://openid.net/specs/openid-connect-core-1_0.html#AddressClaim
fn address(claims: &Map<String, Value>, source: &AddressSource) -> Option<Value> {
    let parts = source.parts().into_iter().filter_map(|(name, paths)| {
        let text = joined(claims, paths, "\n")?;
        Some((name.to_owned(), Value::from(text)))
    });
    let address: Map<String, Value> = parts.collect();
    (!address.is_empty()).then_some(Value::Object(address))
}
