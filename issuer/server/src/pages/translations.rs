//! The languages of the residents' pages and messages that are shipped.

use symbolon_pages::{Translations, TranslationsError};

const SHIPPED: [(&str, &str); 4] = [
    ("en", include_str!("translations/en.toml")),
    ("fr", include_str!("translations/fr.toml")),
    ("ar", include_str!("translations/ar.toml")),
    ("hi", include_str!("translations/hi.toml")),
];

/// The languages that are shipped.
///
/// # Errors
/// [`TranslationsError`] if a shipped file were wrong, which a test rules out.
pub fn shipped_translations() -> Result<Translations, TranslationsError> {
    Translations::new(&SHIPPED)
}

#[cfg(test)]
mod tests {
    use symbolon_pages::Direction;
    use symbolon_pages::testing::assert_complete;

    use super::shipped_translations;

    #[test]
    fn every_shipped_language_has_every_text_with_every_name() {
        let shipped = shipped_translations().unwrap();
        let tags: Vec<&str> = shipped.all().map(|language| language.tag.as_str()).collect();
        assert_eq!(tags, ["en", "ar", "fr", "hi"]);
        assert_complete(&shipped, 3);
        assert_eq!(shipped.matching("ar-MA").unwrap().direction, Direction::Rtl);
    }
}
