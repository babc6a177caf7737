//! Issuer metadata in the language that a wallet prefers ([OpenID4VCI §12.2.2], [RFC 9110 §12.5.4], [RFC 4647 §3.4]).
//!
//! [OpenID4VCI §12.2.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.2
//! [RFC 9110 §12.5.4]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
//! [RFC 4647 §3.4]: https://www.rfc-editor.org/rfc/rfc4647#section-3.4

use std::collections::BTreeSet;

use symbolon_protocol::openid4vci::metadata::{CredentialConfiguration, CredentialMetadata, IssuerMetadata};

/// The longest `Accept-Language` that is read, in bytes, and the most ranges of one.
const MAX_HEADER_BYTES: usize = 512;
const MAX_RANGES: usize = 16;

/// The languages in which anything is shown.
#[must_use]
pub fn languages(metadata: &IssuerMetadata) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = metadata
        .display
        .iter()
        .filter_map(|display| display.locale.clone())
        .collect();
    for configuration in metadata.credential_configurations_supported.values() {
        if let Some(shown) = shown(configuration) {
            found.extend(shown.display.iter().filter_map(|display| display.locale.clone()));
            let claims = shown.claims.iter().flat_map(|claim| &claim.display);
            found.extend(claims.filter_map(|display| display.locale.clone()));
        }
    }
    found
}

/// The language of `supported` that an `Accept-Language` header prefers; `None` when it names none of them, or says nothing that can be
/// read: then everything is shown in all languages.
#[must_use]
pub fn preferred_language<'a>(header: &str, supported: &'a BTreeSet<String>) -> Option<&'a str> {
    if header.len() > MAX_HEADER_BYTES {
        return None;
    }
    let mut ranges: Vec<(u32, &str)> = header
        .split(',')
        .take(MAX_RANGES)
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().filter(|name| !name.is_empty())?;
            Some((parts.next().map_or(Some(1_000), thousandths)?, name))
        })
        .filter(|(quality, _)| *quality > 0)
        .collect();
    // A stable sort: of equals, the first.
    ranges.sort_by_key(|(quality, _)| core::cmp::Reverse(*quality));
    for (_, range) in ranges {
        if range == "*" {
            return None;
        }
        if let Some(found) = lookup(range, supported) {
            return Some(found);
        }
    }
    None
}

/// A quality such as `q=0.8`, in thousandths ([RFC 9110 §12.4.2]); `None` for anything else.
///
/// [RFC 9110 §12.4.2]: https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2
#[must_use]
pub fn thousandths(parameter: &str) -> Option<u32> {
    let number = parameter
        .strip_prefix("q=")
        .or_else(|| parameter.strip_prefix("Q="))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1_000),
        _ => None,
    }
}

/// The lookup of RFC 4647: the range itself, then shorter and shorter; and a language that says more than was asked for.
fn lookup<'a>(range: &str, supported: &'a BTreeSet<String>) -> Option<&'a str> {
    let mut range = range.to_ascii_lowercase();
    loop {
        let exact = supported.iter().find(|tag| tag.eq_ignore_ascii_case(&range));
        if let Some(tag) = exact.or_else(|| supported.iter().find(|tag| begins_with(tag, &range))) {
            return Some(tag);
        }
        range.truncate(range.rfind('-')?);
    }
}

fn begins_with(tag: &str, range: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    tag.strip_prefix(range).is_some_and(|rest| rest.starts_with('-'))
}

/// The metadata as they are shown in one language. What is not in that language stays as it is: a wallet must have some name to show.
#[must_use]
pub fn in_language(mut metadata: IssuerMetadata, language: &str) -> IssuerMetadata {
    keep(&mut metadata.display, language, |display| {
        display.locale.as_deref()
    });
    for configuration in metadata.credential_configurations_supported.values_mut() {
        let Some(shown) = shown_mut(configuration) else {
            continue;
        };
        keep(&mut shown.display, language, |display| display.locale.as_deref());
        for claim in &mut shown.claims {
            keep(&mut claim.display, language, |display| display.locale.as_deref());
        }
    }
    metadata
}

fn keep<D>(displays: &mut Vec<D>, language: &str, locale: impl Fn(&D) -> Option<&str>) {
    if displays.iter().any(|display| locale(display) == Some(language)) {
        displays.retain(|display| locale(display) == Some(language));
    }
}

fn shown(configuration: &CredentialConfiguration) -> Option<&CredentialMetadata> {
    configuration.common()?.credential_metadata.as_ref()
}

fn shown_mut(configuration: &mut CredentialConfiguration) -> Option<&mut CredentialMetadata> {
    configuration.common_mut()?.credential_metadata.as_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_wanted_language_that_there_is_is_found() {
        let supported: BTreeSet<String> = ["ar", "en", "fr-CA"].map(str::to_owned).into();
        for (header, language) in [
            ("fr", Some("fr-CA")),
            ("en-GB, fr;q=0.9", Some("en")),
            ("hi, fr-CA;q=0.5, en;q=0.4", Some("fr-CA")),
            ("en;q=0.2,AR;q=0.9", Some("ar")),
            ("en;q=0, ar;q=0.1", Some("ar")),
            ("ar;q=2, en;q=0.1", Some("en")),
            ("*", None),
            ("hi", None),
            ("", None),
            ("de;q=1.0, *;q=0.5, en;q=0.1", None),
            ("e", None),
            ("-", None),
        ] {
            assert_eq!(preferred_language(header, &supported), language, "{header}");
        }
        assert_eq!(preferred_language(&"en,".repeat(1_000), &supported), None);
    }
}
