//! Text on its way to the card: it comes from a record, and a record is not trusted to be harmless. Nothing of it
//! enters the SVG as text: it is set as outlines (see `setting`), so no value can end its element.

use symbolon_protocol::foreign_text::steers;
use unicode_script::{Script, UnicodeScript};

/// One line: other space becomes a space, controls go, and so do the marks that would turn the direction of what
/// follows.
pub(super) fn one_line(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|character| if character.is_whitespace() { ' ' } else { character })
        .collect();
    let clean: String = clean
        .chars()
        .filter(|character| !is_refused(*character))
        .collect();
    clean
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn is_refused(character: char) -> bool {
    steers(character) || matches!(character, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Joiners and marks of direction: they shape other characters and have no glyph of their own.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{61c}')
}

/// The direction in which a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    LeftToRight,
    RightToLeft,
}

impl Direction {
    /// The direction of the first letter that has one, as [UAX #9](https://www.unicode.org/reports/tr9/) (rule P2).
    pub(super) fn of(text: &str) -> Self {
        let letter = text.chars().find(|character| character.is_alphabetic());
        match letter.map(|letter| letter.script()) {
            Some(
                Script::Arabic
                | Script::Hebrew
                | Script::Syriac
                | Script::Thaana
                | Script::Nko
                | Script::Samaritan
                | Script::Mandaic
                | Script::Adlam
                | Script::Hanifi_Rohingya,
            ) => Self::RightToLeft,
            _ => Self::LeftToRight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_turns_of_direction_are_left_out() {
        assert_eq!(
            one_line(" A\u{0}\t\n B\u{202e}\u{2066}C\u{200d} "),
            "A BC\u{200d}"
        );
    }

    #[test]
    fn digits_do_not_decide_the_direction() {
        assert_eq!(Direction::of("12 شارع"), Direction::RightToLeft);
        assert_eq!(Direction::of("12 rue"), Direction::LeftToRight);
        assert_eq!(Direction::of("12"), Direction::LeftToRight);
    }
}
