//! The claims of a report as a list that a person reads: whose name first, in order, without pictures and technical members.

use serde_json::{Map, Value};
use symbolon_protocol::foreign_text::steers;

/// The most claims that are listed; a credential with more says the rest to machines.
const MAX_CLAIMS: usize = 60;
/// How deep claims within claims are listed.
const MAX_DEPTH: usize = 4;
/// The longest value that is shown, in characters.
const MAX_CHARACTERS: usize = 300;

/// Claims of one meaning under their names in the formats, in the order in which they are shown. The first name of each is the key of
/// its label.
const KNOWN: [&[&str]; 23] = [
    &["name", "full_name"],
    &["second_name", "second_full_name", "name_in_second_language"],
    &["given_name", "first_name"],
    &["middle_name"],
    &["family_name", "last_name"],
    &["birth_date", "birthdate", "date_of_birth"],
    &["gender", "sex"],
    &["nationality", "nationalities", "citizenship"],
    &["address", "resident_address", "formatted"],
    &["street", "street_address", "resident_street"],
    &["city", "locality", "resident_city"],
    &["region", "province", "resident_state"],
    &["postal_code", "resident_postal_code"],
    &["country", "resident_country"],
    &["phone", "phone_number"],
    &["email"],
    &[
        "document_number",
        "id",
        "uin",
        "vid",
        "personal_administrative_number",
    ],
    &["marital_status"],
    &["guardian"],
    &["issuing_authority"],
    &["issuing_country", "country_of_issuance"],
    &["issue_date", "issuance_date", "date_of_issuance", "valid_from"],
    &["expiry_date", "expiration_date", "date_of_expiry", "valid_until"],
];

/// Members that are for machines, or are shown elsewhere on the page.
const HIDDEN: [&str; 24] = [
    "picture",
    "portrait",
    "photo",
    "face",
    "cnf",
    "status",
    "vct",
    "iss",
    "sub",
    "iat",
    "exp",
    "nbf",
    "jti",
    "_sd_alg",
    "@context",
    "type",
    "proof",
    "credential_status",
    "credential_schema",
    "issuer",
    "biometrics",
    "best_quality_fingers",
    "vct#integrity",
    "version",
];

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// What it is.
    pub(crate) label: Label,
    /// What it says.
    pub(crate) value: Said,
}

/// What a claim is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Label {
    /// One that has a text of its own in every language: the key after `claim-`.
    Known(&'static str),
    /// An age that is reached or not.
    AgeOver(u8),
    /// The name in the credential, with spaces.
    Own(String),
}

/// What a claim says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// As it stands.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// The keys of the labels that every language has.
#[cfg(test)]
pub(crate) fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().filter_map(|names| names.first().copied())
}

/// The list.
pub(crate) fn read(claims: &Map<String, Value>) -> Vec<Claim> {
    let mut found = Vec::new();
    collect(claims, 0, &mut found);
    // Stable: what has no place of its own keeps its order behind the rest.
    found.sort_by_key(|(place, _)| *place);
    found.truncate(MAX_CLAIMS);
    found.into_iter().map(|(_, claim)| claim).collect()
}

fn collect(members: &Map<String, Value>, depth: usize, found: &mut Vec<(usize, Claim)>) {
    for (name, value) in members {
        if found.len() >= MAX_CLAIMS * 2 {
            return;
        }
        let name = snake_case(name);
        if HIDDEN.contains(&name.as_str()) {
            continue;
        }
        match value {
            // What a claim holds stands for itself: `address` has a city, `org.iso.18013.5.1` has a name, a subject has all.
            Value::Object(members) if depth < MAX_DEPTH => collect(members, depth + 1, found),
            Value::Array(elements) if elements.iter().any(Value::is_object) && depth < MAX_DEPTH => {
                for members in elements.iter().filter_map(Value::as_object) {
                    collect(members, depth + 1, found);
                }
            }
            value => {
                if let Some(said) = said(value) {
                    let (place, label) = label(&name);
                    found.push((place, Claim { label, value: said }));
                }
            }
        }
    }
}

fn label(name: &str) -> (usize, Label) {
    if let Some(years) = ["age_over_", "age_equal_or_over_"]
        .iter()
        .find_map(|start| name.strip_prefix(start))
        .or_else(|| {
            name.chars()
                .all(|character| character.is_ascii_digit())
                .then_some(name)
        })
        .and_then(|years| years.parse().ok())
    {
        return (KNOWN.len(), Label::AgeOver(years));
    }
    let known = KNOWN.iter().enumerate().find(|(_, names)| names.contains(&name));
    match known.and_then(|(place, names)| Some((place, names.first()?))) {
        Some((place, key)) => (place, Label::Known(key)),
        None => (KNOWN.len() + 1, Label::Own(shown(&name.replace('_', " ")))),
    }
}

fn said(value: &Value) -> Option<Said> {
    match value {
        Value::Bool(flag) => Some(Said::Flag(*flag)),
        Value::String(text) if text.starts_with("data:") => None,
        Value::String(text) => Some(Said::Text(shown(text))),
        Value::Number(number) => Some(Said::Text(number.to_string())),
        Value::Array(elements) => {
            let texts: Vec<String> = elements
                .iter()
                .filter_map(|element| match said(element)? {
                    Said::Text(text) => Some(text),
                    Said::Flag(_) => None,
                })
                .collect();
            (!texts.is_empty()).then(|| Said::Text(shown(&texts.join(", "))))
        }
        Value::Object(_) | Value::Null => None,
    }
}

/// Without control characters and overrides of the writing direction, and not longer than a screen.
fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .filter(|character| !steers(*character))
        .take(MAX_CHARACTERS)
        .collect();
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

/// `dateOfBirth` is `date_of_birth` elsewhere.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with(['_', '.']) {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn listed(claims: &Value) -> Vec<(String, String)> {
        let Value::Object(claims) = claims else {
            panic!("claims are an object")
        };
        let label = |label: Label| match label {
            Label::Known(key) => key.to_owned(),
            Label::AgeOver(years) => format!("over {years}"),
            Label::Own(name) => name,
        };
        let value = |said: Said| match said {
            Said::Text(text) => text,
            Said::Flag(flag) => flag.to_string(),
        };
        read(claims)
            .into_iter()
            .map(|claim| (label(claim.label), value(claim.value)))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_name_comes_first_in_every_format() {
        let sd_jwt = json!({ "iss": "x", "birthdate": "1990-01-02", "given_name": "Amina", "picture": "data:image/png;base64,AA",
            "age_equal_or_over": { "18": true }, "address": { "locality": "Oran", "country": "DZ" } });
        assert_eq!(
            listed(&sd_jwt),
            pairs(&[
                ("given_name", "Amina"),
                ("birth_date", "1990-01-02"),
                ("city", "Oran"),
                ("country", "DZ"),
                ("over 18", "true")
            ])
        );
        let mdoc = json!({ "org.iso.18013.5.1": { "age_over_21": false, "family_name": "Diallo", "portrait": "AA" } });
        assert_eq!(
            listed(&mdoc),
            pairs(&[("family_name", "Diallo"), ("over 21", "false")])
        );
        let w3c = json!({ "@context": ["x"], "type": ["A"], "credentialSubject": { "fullName": "Amina", "bloodGroup": "A" } });
        assert_eq!(listed(&w3c), pairs(&[("name", "Amina"), ("blood group", "A")]));
    }

    #[test]
    fn what_would_steer_the_page_is_taken_out_and_what_is_long_is_cut() {
        let long = "x".repeat(1_000);
        let claims = json!({ "a": "b\u{202e}c\n", "long": long, "many": ["1", "2", true], "null": null });
        let found = listed(&claims);
        assert_eq!(found[0], ("a".to_owned(), "bc".to_owned()));
        assert_eq!(found[1].1.chars().count(), MAX_CHARACTERS + 1);
        assert_eq!(found[2].1, "1, 2");
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_credential_with_endless_claims_is_listed_in_part() {
        let mut claims = Map::new();
        for number in 0..10_000 {
            claims.insert(format!("claim{number}"), Value::from("x"));
        }
        assert_eq!(read(&claims).len(), MAX_CLAIMS);
        let mut deep = json!("x");
        for _ in 0..40 {
            deep = json!({ "a": deep });
        }
        assert_eq!(listed(&deep), []);
    }
}
