//! What a credential configuration must fulfil beyond its shape.

mod format;

use super::MappingFileError;
use super::card;
use super::file::{ClaimEntry, CredentialFile};
use super::target::Target;
use super::transform::{LanguageChoice, Transform};
use crate::identifiers::ConfigurationId;

/// Checks everything that can be wrong before the first record comes.
pub(super) fn check(file: &CredentialFile) -> Result<(ConfigurationId, Target), MappingFileError> {
    let id = check_id(&file.id)?;
    let target = format::target(file)?;
    if !(1..=MAX_VALIDITY_DAYS).contains(&file.validity_days) {
        return refuse("validity-days", "must be between 1 and 7300");
    }
    if let Some(copies) = &file.one_time_copies
        && !(1..=file.validity_days).contains(&copies.validity_days)
    {
        return refuse(
            "one-time-copies.validity-days",
            "must be between 1 and validity-days",
        );
    }
    for (at, display) in file.display.iter().enumerate() {
        let mut earlier = file.display.iter().take(at);
        if earlier.any(|earlier| earlier.locale.eq_ignore_ascii_case(&display.locale)) {
            return refuse(format!("display[{at}].locale"), "is that of an earlier display");
        }
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
        format::check_claim(&key, claim, &target)?;
        if claim.label.is_empty() {
            return refuse(format!("{key}.label"), "a wallet needs at least one name to show");
        }
    }
    check_paths_apart(&file.claims)?;
    format::check_terms(file, &target)?;
    card::check(file)?;
    Ok((id, target))
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
    let not_from_the_record = matches!(
        transform,
        Transform::Constant(_) | Transform::IssueDate | Transform::ExpiryDate
    );
    if not_from_the_record && !source.is_empty() {
        return refuse(
            format!("{key}.source"),
            "this transform takes nothing from the record",
        );
    }
    if !not_from_the_record && (source.is_empty() || source.iter().any(String::is_empty)) {
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
        Transform::PictureJpeg { max_bytes } if !(256..=MAX_PICTURE_BYTES).contains(max_bytes) => refuse(
            format!("{key}.transform.picture-jpeg.max-bytes"),
            "must be between 256 and 1000000",
        ),
        Transform::Constant(text) if text.is_empty() || text.len() > MAX_CONSTANT_BYTES => refuse(
            format!("{key}.transform.constant"),
            "must be a text of 1 to 1024 bytes",
        ),
        Transform::DateIso
        | Transform::DateCompact
        | Transform::AgeOver(_)
        | Transform::AgeInYears
        | Transform::Year
        | Transform::Constant(_)
        | Transform::IssueDate
        | Transform::ExpiryDate
        | Transform::DrivingPrivileges
        | Transform::PictureDataUri { .. }
        | Transform::PictureJpeg { .. }
            if language.is_some() =>
        {
            refuse(
                format!("{key}.language"),
                "dates, pictures, constants and driving privileges carry no languages",
            )
        }
        Transform::CodeToLabel(_) | Transform::CodeToNumber(_) if language == Some(LanguageChoice::All) => {
            refuse(
                format!("{key}.language"),
                "all goes with the transforms text and join-lines only",
            )
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

pub(super) fn refuse<T>(key: impl Into<String>, reason: &'static str) -> Result<T, MappingFileError> {
    Err(MappingFileError::Key {
        key: key.into(),
        reason,
    })
}

/// Each selectable claim is one disclosure; verifiers bound their number.
const MAX_CLAIMS: usize = 128;
const MAX_PATH_PARTS: usize = 4;
const MAX_SOURCES: usize = 16;
/// A name or an address, not a text.
const MAX_CONSTANT_BYTES: usize = 1_024;
/// A portrait for a screen is far below.
const MAX_PICTURE_BYTES: usize = 1_000_000;
/// Twenty years: no identity document lives longer.
const MAX_VALIDITY_DAYS: u32 = 7_300;
