//! Which language a page is in: what its reader switched to, else what the request asked for, else what the browser prefers.

use http::HeaderMap;
use http::header::{ACCEPT_LANGUAGE, COOKIE};

use crate::translations::{Translation, Translations};

/// The cookie that remembers what the reader switched to.
pub const LANGUAGE_COOKIE: &str = "symbolon-language";

/// Entries of `Accept-Language` that are looked at.
const MAX_PREFERENCES: usize = 20;

/// The language of a page; English where nobody has a wish that can be met. `ui_locales` is what a request asked for
/// (OpenID Connect Core §3.1.2.1).
pub fn choose<'t>(
    translations: &'t Translations,
    headers: &HeaderMap,
    ui_locales: &[String],
) -> &'t Translation {
    let switched = cookie(headers).and_then(|tag| translations.matching(&tag));
    let asked = || ui_locales.iter().find_map(|tag| translations.matching(tag));
    let preferred = || {
        accepted(headers)
            .iter()
            .find_map(|tag| translations.matching(tag))
    };
    switched
        .or_else(asked)
        .or_else(preferred)
        .unwrap_or(translations.english())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == LANGUAGE_COOKIE)
        .map(|(_, tag)| tag.to_owned())
}

/// The tags of `Accept-Language`, best first ([RFC 9110 §12.5.4]).
///
/// [RFC 9110 §12.5.4]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
fn accepted(headers: &HeaderMap) -> Vec<String> {
    let value = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut wishes: Vec<(u16, String)> = value
        .split(',')
        .take(MAX_PREFERENCES)
        .filter_map(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let tag = parts.next().filter(|tag| !tag.is_empty() && *tag != "*")?;
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1_000), thousandths)?;
            (weight > 0).then(|| (weight, tag.to_owned()))
        })
        .collect();
    // Stable, so that of two equal wishes the first counts.
    wishes.sort_by_key(|(weight, _)| core::cmp::Reverse(*weight));
    wishes.into_iter().map(|(_, tag)| tag).collect()
}

fn thousandths(weight: &str) -> Option<u16> {
    let weight: f32 = weight.trim().parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    let thousandths = (weight.clamp(0.0, 1.0) * 1_000.0) as u16;
    (!weight.is_nan()).then_some(thousandths)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn chosen(cookie: &str, accept: &str, ui_locales: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(accept).unwrap());
        let ui_locales: Vec<String> = ui_locales.iter().map(|tag| (*tag).to_owned()).collect();
        choose(&crate::tests::translations(), &headers, &ui_locales)
            .tag
            .clone()
    }

    #[test]
    fn the_resident_comes_before_the_wallet_and_the_wallet_before_the_browser() {
        assert_eq!(chosen("a=b; symbolon-language=hi", "fr", &["ar"]), "hi");
        assert_eq!(chosen("symbolon-language=xx", "fr", &["xx", "ar-EG"]), "ar");
        assert_eq!(chosen("", "xx, fr;q=0.5, ar;q=0.9", &[]), "ar");
        assert_eq!(chosen("", "ar;q=0, *;q=0.1, fr-CA;q=0.2", &[]), "fr");
        assert_eq!(chosen("", "de, ja;q=NaN;q=x", &["tlh"]), "en");
    }
}
