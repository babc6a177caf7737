//! How a type is shown to a person who reads certain languages.

use super::{ClaimMetadata, TypeDisplay, TypeMetadata};
use crate::claims_path::ClaimsPath;

/// A type in one person's language.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalizedType<'m> {
    /// Name, description and rendering; none for a type without display metadata.
    pub display: Option<&'m TypeDisplay>,
    /// The claims, in the order in which to show them.
    pub claims: Vec<LocalizedClaim<'m>>,
}

/// A claim in one person's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalizedClaim<'m> {
    /// Which claim, or claims.
    pub path: &'m ClaimsPath,
    /// What to call it; none if the type does not say.
    pub label: Option<&'m str>,
    /// What it is.
    pub description: Option<&'m str>,
    /// The placeholder that stands for it in a template.
    pub svg_id: Option<&'m str>,
}

impl TypeMetadata {
    /// The type for a reader of these languages (RFC 5646 tags), the best first. Each text is chosen for itself: a claim
    /// that is named in no such language is named in the first language it has.
    #[must_use]
    pub fn in_locale(&self, preferred: &[&str]) -> LocalizedType<'_> {
        LocalizedType {
            display: best(&self.display, preferred, |display| &display.locale),
            claims: (self.claims.iter())
                .map(|claim| LocalizedClaim::of(claim, preferred))
                .collect(),
        }
    }
}

impl<'m> LocalizedClaim<'m> {
    fn of(claim: &'m ClaimMetadata, preferred: &[&str]) -> Self {
        let display = best(&claim.display, preferred, |display| &display.locale);
        Self {
            path: &claim.path,
            label: display.map(|display| display.label.as_str()),
            description: display.and_then(|display| display.description.as_deref()),
            svg_id: claim.svg_id.as_deref(),
        }
    }
}

/// Lookup ([RFC 4647 §3.4](https://www.rfc-editor.org/rfc/rfc4647#section-3.4)): each wanted tag as it is and then shortened
/// from the end, before the next; where it is what a longer tag begins with, that one; and the first entry if nothing fits.
fn best<'m, T>(entries: &'m [T], preferred: &[&str], locale: impl Fn(&T) -> &str) -> Option<&'m T> {
    for wanted in preferred {
        let mut range = *wanted;
        loop {
            let equal = |entry: &&T| locale(entry).eq_ignore_ascii_case(range);
            let begins = |entry: &&T| {
                let (start, rest) = match locale(entry).split_at_checked(range.len()) {
                    Some(parts) => parts,
                    None => return false,
                };
                start.eq_ignore_ascii_case(range) && rest.starts_with('-')
            };
            let found = entries.iter().find(equal);
            if let Some(found) = found.or_else(|| entries.iter().find(begins)) {
                return Some(found);
            }
            let Some((shorter, _)) = range.rsplit_once('-') else {
                break;
            };
            // A single letter only introduces what followed it.
            range = match shorter.rsplit_once('-') {
                Some((before, introducer)) if introducer.len() == 1 => before,
                _ => shorter,
            };
        }
    }
    entries.first()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(available: &[&'static str], preferred: &[&str]) -> Option<&'static str> {
        best(available, preferred, |tag| tag).copied()
    }

    #[test]
    fn a_tag_is_shortened_until_it_fits_before_the_next_is_tried() {
        let available = ["en", "fr", "zh-Hant", "hi"];
        assert_eq!(chosen(&available, &["fr"]), Some("fr"));
        assert_eq!(chosen(&available, &["fr-CA-x-private", "hi"]), Some("fr"));
        assert_eq!(chosen(&available, &["ta", "hi-IN"]), Some("hi"));
        assert_eq!(chosen(&available, &["ZH-hant-TW"]), Some("zh-Hant"));
        assert_eq!(chosen(&available, &["zh-Hans", "fr"]), Some("zh-Hant"));
        assert_eq!(chosen(&available, &["ta"]), Some("en"));
        assert_eq!(chosen(&available, &["e"]), Some("en"));
        assert_eq!(chosen(&available, &[""]), Some("en"));
        assert_eq!(chosen(&[], &["en"]), None);
    }
}
