//! Text that somebody else wrote and a person reads: what of it could make it, or what stands around it, read as something else.

/// Embeddings, overrides and isolates of the bidirectional algorithm, and what ends them ([Unicode TR 9 §2]). The marks that names in two
/// scripts need are none of these.
///
/// [Unicode TR 9 §2]: https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
#[must_use]
pub const fn is_direction_override(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character steers how text is shown instead of being shown: a control character, a separator of lines or paragraphs, or a
/// [direction override](is_direction_override).
#[must_use]
pub fn steers(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') || is_direction_override(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_known_and_what_names_need_is_not() {
        for steering in [
            '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{2028}', '\0', '\n', '\u{1b}', '\u{85}',
        ] {
            assert!(steers(steering), "{steering:?}");
        }
        for shown in ['a', 'ش', 'क', ' ', '\u{200e}', '\u{200f}', '\u{200d}'] {
            assert!(!steers(shown), "{shown:?}");
        }
    }
}
