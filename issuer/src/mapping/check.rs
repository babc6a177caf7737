//! What a credential configuration must fulfil beyond its shape.

use super::MappingFileError;
use super::card;
use super::file::{ClaimEntry, CredentialFile, Format};
use super::transform::{LanguageChoice, Transform};
use crate::identifiers::ConfigurationId;

/// Checks everything that can be wrong before the first record comes.
pub(super) fn check(file: &CredentialFile) -> Result<ConfigurationId, MappingFileError> {
    let Format::SdJwtVc = file.format;
    let id = check_id(&file.id)?;
    check_type_path(&file.type_path)?;
    if !(1..=MAX_VALIDITY_DAYS).contains(&file.validity_days) {
        return refuse("validity-days", "must be between 1 and 7300");
    }
    for (at, display) in file.display.iter().enumerate() {
        for (key, colour) in [
            ("background-color", &display.background_color),
            ("text-color", &display.text_color),
        ] {
            if colour.as_ref().is_some_and(|colour| !is_colour(colour)) {
                return refuse(format!("display[{at}].{key}"), "must be a colour such as #12394a");
            }
        }
    }
    if file.claims.is_empty() {
        return refuse("claims", "a credential needs at least one claim");
    }
    if file.claims.len() > MAX_CLAIMS {
        return refuse("claims", "a credential has at most 128 claims");
    }
    for (at, claim) in file.claims.iter().enumerate() {
        let key = format!("claims[{at}]");
        check_path(&key, claim)?;
        check_value(&key, file, &claim.source, claim.language, &claim.transform)?;
        if matches!(
            claim.transform,
            Transform::CodeToNumber(_) | Transform::DateCompact
        ) {
            return refuse(format!("{key}.transform"), "is for cards alone");
        }
        if claim.label.is_empty() {
            return refuse(format!("{key}.label"), "a wallet needs at least one name to show");
        }
    }
    check_paths_apart(&file.claims)?;
    card::check(file)?;
    Ok(id)
}

fn check_id(id: &str) -> Result<ConfigurationId, MappingFileError> {
    // The name stands in file names and URLs.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(plain);
    match ConfigurationId::parse(id) {
        Some(id) if fits => Ok(id),
        _ => refuse(
            "id",
            "must be 1 to 64 letters, digits, dots, underscores and hyphens",
        ),
    }
}

fn check_type_path(path: &str) -> Result<(), MappingFileError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let mut parts = path.split('/');
    let rest_is_plain = |parts: std::str::Split<'_, char>| {
        let mut count = 0;
        for part in parts {
            count += 1;
            if part.is_empty() || part == "." || part == ".." || !part.bytes().all(plain) {
                return 0;
            }
        }
        count
    };
    if parts.next() != Some("types") || rest_is_plain(parts) != 1 || path.len() > 128 {
        return refuse(
            "type-path",
            "must be types/ and a name of letters, digits, dots, underscores and hyphens",
        );
    }
    Ok(())
}

fn check_path(key: &str, claim: &ClaimEntry) -> Result<(), MappingFileError> {
    if !(1..=MAX_PATH_PARTS).contains(&claim.path.len()) {
        return refuse(format!("{key}.path"), "must have 1 to 4 parts");
    }
    for part in &claim.path {
        if part.is_empty() || part.len() > 64 || part.chars().any(char::is_control) {
            return refuse(
                format!("{key}.path"),
                "every part must have 1 to 64 printable characters",
            );
        }
        // RFC 9901 §4.2.1 reserves these at every level.
        if part == "_sd" || part == "..." || part == "_sd_alg" {
            return refuse(
                format!("{key}.path"),
                "_sd, _sd_alg and ... are reserved by SD-JWT",
            );
        }
    }
    if claim
        .path
        .first()
        .is_some_and(|first| RESERVED_CLAIMS.contains(&first.as_str()))
    {
        return refuse(format!("{key}.path"), "names a claim that the issuer itself sets");
    }
    Ok(())
}

fn check_value(
    key: &str,
    file: &CredentialFile,
    source: &[String],
    language: Option<LanguageChoice>,
    transform: &Transform,
) -> Result<(), MappingFileError> {
    if source.is_empty() || source.iter().any(String::is_empty) {
        return refuse(format!("{key}.source"), "must name a field of the record");
    }
    if source.len() > 1 && *transform != Transform::JoinLines {
        return refuse(
            format!("{key}.source"),
            "several fields go with the transform join-lines only",
        );
    }
    if source.len() > MAX_SOURCES {
        return refuse(format!("{key}.source"), "at most 16 fields");
    }
    match transform {
        Transform::CodeToLabel(table) if !file.codes.contains_key(table) => refuse(
            format!("{key}.transform.code-to-label"),
            "names no table under [codes]",
        ),
        Transform::CodeToNumber(table) if !file.numbers.contains_key(table) => refuse(
            format!("{key}.transform.code-to-number"),
            "names no table under [numbers]",
        ),
        Transform::AgeOver(years) if !(1..=150).contains(years) => refuse(
            format!("{key}.transform.age-over"),
            "must be between 1 and 150 years",
        ),
        Transform::PictureDataUri { max_bytes } if !(256..=MAX_PICTURE_BYTES).contains(max_bytes) => refuse(
            format!("{key}.transform.picture-data-uri.max-bytes"),
            "must be between 256 and 1000000",
        ),
        Transform::DateIso
        | Transform::DateCompact
        | Transform::AgeOver(_)
        | Transform::PictureDataUri { .. }
            if language.is_some() =>
        {
            refuse(format!("{key}.language"), "dates and pictures carry no languages")
        }
        Transform::JoinLines | Transform::CodeToLabel(_) | Transform::CodeToNumber(_)
            if language == Some(LanguageChoice::All) =>
        {
            refuse(format!("{key}.language"), "all goes with the transform text only")
        }
        _ => Ok(()),
    }
}

/// No claim may stand inside another, or be there twice.
fn check_paths_apart(claims: &[ClaimEntry]) -> Result<(), MappingFileError> {
    for (at, claim) in claims.iter().enumerate() {
        let clashes = claims
            .iter()
            .take(at)
            .any(|earlier| claim.path.starts_with(&earlier.path) || earlier.path.starts_with(&claim.path));
        if clashes {
            return refuse(
                format!("claims[{at}].path"),
                "is, or contains, or is contained in, an earlier claim's path",
            );
        }
    }
    Ok(())
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn refuse<T>(key: impl Into<String>, reason: &'static str) -> Result<T, MappingFileError> {
    Err(MappingFileError::Key {
        key: key.into(),
        reason,
    })
}

/// Claims that SD-JWT VC §3.2.2.2 gives a meaning of their own.
const RESERVED_CLAIMS: [&str; 12] = [
    "iss",
    "sub",
    "aud",
    "iat",
    "nbf",
    "exp",
    "jti",
    "cnf",
    "vct",
    "vct#integrity",
    "aka_vcts",
    "status",
];
/// Each selectable claim is one disclosure; verifiers bound their number.
const MAX_CLAIMS: usize = 128;
const MAX_PATH_PARTS: usize = 4;
const MAX_SOURCES: usize = 16;
/// A portrait for a screen is far below.
const MAX_PICTURE_BYTES: usize = 1_000_000;
/// Twenty years: no identity document lives longer.
const MAX_VALIDITY_DAYS: u32 = 7_300;
