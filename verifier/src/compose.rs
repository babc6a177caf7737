//! Composing a DCQL query from choices that a person makes on a page ([OpenID4VP §6]): which credentials, which claims of them, with
//! which values, and what may be left out.
//!
//! Whatever is composed is read as any query of one's own is ([`DcqlQuery::parse_own`]), so that no choice asks for what could not be
//! written by hand.
//!
//! [OpenID4VP §6]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6

mod catalogue;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_protocol::dcql::{DcqlError, DcqlQuery};
use thiserror::Error;

use crate::policy::{PolicyFormat, Presence};

pub use self::catalogue::{CredentialCatalogue, KnownClaim, KnownCredential, Localized};

/// The most lines of claims that are written by hand for one credential.
const MAX_WRITTEN_CLAIMS: usize = 64;

/// One credential as it was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenCredential {
    /// Its name in the query: letters, digits, `_` and `-`.
    pub id: String,
    /// The format.
    pub format: PolicyFormat,
    /// The type: a `vct`, a document type, the IRI of a W3C type.
    pub credential_type: String,
    /// Whether it may be missing.
    pub need: CredentialNeed,
    /// The claims.
    pub claims: Vec<ChosenClaim>,
}

/// Whether a credential may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialNeed {
    /// It may not.
    Required,
    /// It is welcome, and no more.
    Optional,
    /// One of all that are chosen so is needed.
    OneOf,
}

/// One claim as it was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenClaim {
    /// Where it stands.
    pub path: ClaimsPath,
    /// Whether it may be missing.
    pub presence: Presence,
    /// The values that are taken: texts, whole numbers, truth values; any without.
    pub values: Vec<Value>,
}

/// Why choices are no query. Positions count from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// Every claim of a credential may be missing: then nothing is asked for.
    #[error("credential {credential} asks for nothing that may not be missing")]
    OnlyOptionalClaims {
        /// Which one.
        credential: usize,
    },
    /// A line of a credential's claims is no path.
    #[error("line {line} of the claims of credential {credential} is no claims path")]
    Path {
        /// Which credential.
        credential: usize,
        /// Which line.
        line: usize,
    },
    /// More lines than anybody needs.
    #[error("credential {credential} has too many claims")]
    TooManyClaims {
        /// Which one.
        credential: usize,
    },
    /// What was composed is no query.
    #[error(transparent)]
    Query(#[from] DcqlError),
}

/// The query that asks for what was chosen.
///
/// # Errors
/// [`ComposeError`] with the place of the mistake.
pub fn compose(chosen: &[ChosenCredential]) -> Result<DcqlQuery, ComposeError> {
    let mut credentials = Vec::with_capacity(chosen.len());
    for (position, credential) in chosen.iter().enumerate() {
        credentials.push(credential_query(position, credential)?);
    }
    let mut query = Map::from_iter([("credentials".to_owned(), Value::Array(credentials))]);
    let sets = credential_sets(chosen);
    if !sets.is_empty() {
        query.insert("credential_sets".to_owned(), Value::Array(sets));
    }
    Ok(DcqlQuery::parse_own(Value::Object(query).to_string().as_bytes())?)
}

fn credential_query(position: usize, chosen: &ChosenCredential) -> Result<Value, ComposeError> {
    let kind = &chosen.credential_type;
    let meta = match chosen.format {
        PolicyFormat::SdJwtVc => json!({ "vct_values": [kind] }),
        PolicyFormat::Mdoc => json!({ "doctype_value": kind }),
        PolicyFormat::LdpVc | PolicyFormat::JwtVc | PolicyFormat::Claim169 => {
            json!({ "type_values": [[kind]] })
        }
    };
    let mut members = Map::from_iter([
        ("id".to_owned(), json!(chosen.id)),
        ("format".to_owned(), json!(chosen.format)),
        ("meta".to_owned(), meta),
    ]);
    if chosen.claims.is_empty() {
        return Ok(Value::Object(members));
    }
    let named = |place: usize| format!("claim{place}");
    let claims = chosen.claims.iter().enumerate();
    let claims = claims.map(|(place, claim)| claim_query(&named(place), chosen.format, claim));
    members.insert("claims".to_owned(), claims.collect());
    let places = |wanted: fn(Presence) -> bool| {
        let claims = chosen.claims.iter().enumerate();
        let wanted = claims.filter(move |(_, claim)| wanted(claim.presence));
        wanted.map(|(place, _)| named(place)).collect::<Vec<_>>()
    };
    let required = places(|presence| presence == Presence::Required);
    if required.is_empty() {
        return Err(ComposeError::OnlyOptionalClaims { credential: position });
    }
    if required.len() < chosen.claims.len() {
        // The favourite first: with everything that is welcome.
        let all = places(|_| true);
        members.insert("claim_sets".to_owned(), json!([all, required]));
    }
    Ok(Value::Object(members))
}

fn claim_query(id: &str, format: PolicyFormat, claim: &ChosenClaim) -> Value {
    let mut members = Map::from_iter([
        ("id".to_owned(), json!(id)),
        ("path".to_owned(), json!(claim.path)),
    ]);
    if !claim.values.is_empty() {
        members.insert("values".to_owned(), json!(claim.values));
    }
    if format == PolicyFormat::Mdoc {
        // OpenID4VP appendix B.2.4. Of a query of one's own everything that was asked for is in the result, and kept with it.
        members.insert("intent_to_retain".to_owned(), json!(true));
    }
    Value::Object(members)
}

/// None where every credential is needed, which is what a query without sets asks for.
fn credential_sets(chosen: &[ChosenCredential]) -> Vec<Value> {
    let of = |need: CredentialNeed| chosen.iter().filter(move |credential| credential.need == need);
    if of(CredentialNeed::Required).count() == chosen.len() {
        return Vec::new();
    }
    let option = |credential: &ChosenCredential| json!([credential.id]);
    let alone = |credential: &ChosenCredential, required: bool| json!({ "options": [option(credential)], "required": required });
    let mut sets: Vec<Value> = of(CredentialNeed::Required)
        .map(|credential| alone(credential, true))
        .collect();
    let alternatives: Vec<Value> = of(CredentialNeed::OneOf).map(option).collect();
    if !alternatives.is_empty() {
        sets.push(json!({ "options": alternatives, "required": true }));
    }
    sets.extend(of(CredentialNeed::Optional).map(|credential| alone(credential, false)));
    sets
}

/// Reads claims that were written by hand, one a line: a path, `?` behind it where the claim may be missing, and `=` with values.
/// A path is a JSON array, as in DCQL, or names with dots between them.
///
/// ```text
/// address.locality
/// ["nationalities", null] = SN, FR
/// email ?
/// ```
///
/// # Errors
/// [`ComposeError::Path`] with the line, [`ComposeError::TooManyClaims`].
pub fn parse_written_claims(credential: usize, text: &str) -> Result<Vec<ChosenClaim>, ComposeError> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let claims = lines.map(|(line, text)| {
        let (path, values) = text.split_once('=').unwrap_or((text, ""));
        let path = path.trim();
        let (path, presence) = match path.strip_suffix('?') {
            Some(path) => (path.trim(), Presence::Optional),
            None => (path, Presence::Required),
        };
        let path = parse_path(path).ok_or(ComposeError::Path { credential, line })?;
        Ok(ChosenClaim {
            path,
            presence,
            values: parse_values(values),
        })
    });
    let claims = claims.take(MAX_WRITTEN_CLAIMS + 1);
    let claims: Vec<ChosenClaim> = claims.collect::<Result<_, ComposeError>>()?;
    if claims.len() > MAX_WRITTEN_CLAIMS {
        return Err(ComposeError::TooManyClaims { credential });
    }
    Ok(claims)
}

/// Reads a path: a JSON array as in DCQL, or names with dots between them.
fn parse_path(text: &str) -> Option<ClaimsPath> {
    if text.starts_with('[') {
        return serde_json::from_str(text).ok();
    }
    let names: Vec<&str> = text.split('.').map(str::trim).collect();
    if names.iter().any(|name| name.is_empty()) {
        return None;
    }
    serde_json::from_value(json!(names)).ok()
}

/// Reads values with commas between them. `true`, `false` and whole numbers are what they look like; a text in quotes is a text,
/// whatever it looks like, and may have commas in it.
#[must_use]
pub fn parse_values(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let mut quoted = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let (value, read) = match quoted.next() {
            Some(Ok(text)) => (Value::String(text), quoted.byte_offset()),
            _ => {
                let end = rest.find(',').unwrap_or(rest.len());
                (scalar(rest.get(..end).unwrap_or_default().trim()), end)
            }
        };
        if value != Value::String(String::new()) {
            values.push(value);
        }
        let behind = rest.get(read..).unwrap_or_default().trim_start();
        rest = behind.strip_prefix(',').unwrap_or(behind).trim_start();
    }
    values
}

fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => match text.parse::<i64>() {
            // `007` is a text: written back it would be another one.
            Ok(number) if number.to_string() == text => json!(number),
            _ => Value::String(text.to_owned()),
        },
    }
}
