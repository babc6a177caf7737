//! The back of a card, where the face has a code to itself.

use symbolon_issuer::card::FaceText;
use symbolon_qr_picture::Symbol;

use super::label::Label;
use super::{
    ACCENT, Anchor, Box, Design, FontError, Heaviness, INK, LABEL, Line, TEXT, add, code, grouped, mark,
};
use crate::card::print::{CARD_HEIGHT_PIXELS, CARD_WIDTH_PIXELS, PrintError};
use crate::card::text::{Direction, one_line};

/// The QR code with its quiet zone: 113 modules of 10 dots at version 22, 48 mm. It is larger than the front's, because it is denser.
const QR: Box = Box {
    x: 832.0,
    y: 72.0,
    width: 1131.0,
    height: 1131.0,
};
/// A strip that says at a glance that this is no front.
const STRIP: f32 = 132.0;
/// What is said beside the code.
const WORDS: Box = Box {
    x: 196.0,
    y: 72.0,
    width: 580.0,
    height: 1131.0,
};

impl Design<'_> {
    pub(super) fn back_side(&self, svg: &mut String, symbol: &Symbol) -> Result<(), PrintError> {
        add(
            svg,
            format_args!(
                "<defs><clipPath id=\"side\"><rect width=\"{CARD_WIDTH_PIXELS}\" height=\"{CARD_HEIGHT_PIXELS}\"/></clipPath></defs>\
                 <g transform=\"translate({CARD_WIDTH_PIXELS} 0)\"><g clip-path=\"url(#side)\">"
            ),
        );
        self.background(svg);
        add(
            svg,
            format_args!(
                "<rect width=\"{STRIP}\" height=\"{CARD_HEIGHT_PIXELS}\" fill=\"{INK}\"/>\
                 <rect x=\"{STRIP}\" width=\"8\" height=\"{CARD_HEIGHT_PIXELS}\" fill=\"{ACCENT}\"/>"
            ),
        );
        // The mark is a little wider to the right of its middle than to the left.
        mark(svg, (STRIP / 2.0 - 4.0, 118.0), 0.7);
        code(svg, symbol, QR);
        self.words(svg)?;
        // Where the sheet is folded.
        add(
            svg,
            format_args!(
                "</g><path d=\"M0 0V{CARD_HEIGHT_PIXELS}\" stroke=\"#ffffff\" stroke-opacity=\"0.9\" stroke-width=\"3\" \
                 stroke-dasharray=\"18 18\"/></g>"
            ),
        );
        Ok(())
    }

    /// Whose card it is, what the code is for, and who can read it.
    fn words(&self, svg: &mut String) -> Result<(), PrintError> {
        let explained = match self.input.texts.face {
            Some(FaceText::Encrypted(_)) => Label::FaceForReaders,
            Some(FaceText::Open(_)) | None => Label::FaceForAll,
        };
        let mut baseline = WORDS.y + 62.0;
        self.paragraph(
            svg,
            &one_line(self.input.issuer_name),
            Voice::Issuer,
            &mut baseline,
        )?;
        baseline += 96.0;
        for language in self
            .own_language()
            .map(|language| language.to_string())
            .iter()
            .map(Some)
            .chain([None])
        {
            let words = |label: Label| match language {
                Some(language) => label.in_language(language),
                None => Some(label.english()),
            };
            let (Some(title), Some(explanation)) = (words(Label::Face), words(explained)) else {
                continue;
            };
            self.paragraph(svg, title, Voice::Title, &mut baseline)?;
            self.paragraph(svg, explanation, Voice::Explanation, &mut baseline)?;
            baseline += 72.0;
        }
        let foot = WORDS.y + WORDS.height;
        let number = grouped(&self.input.uin.masked());
        let room = Box { y: 0.0, ..WORDS };
        self.bilingual(svg, Label::Number, room, foot - 76.0)?;
        let line = Line {
            text: &number,
            size: 56.0,
            heaviness: Heaviness::Bold,
            fill: TEXT,
        };
        self.fitted(svg, &line, room, foot - 8.0, Anchor::Start)
    }

    /// A text in as many lines as it takes, held where its direction begins. `baseline` is that of the first line, and afterwards that of
    /// the line after the last.
    fn paragraph(
        &self,
        svg: &mut String,
        text: &str,
        voice: Voice,
        baseline: &mut f32,
    ) -> Result<(), PrintError> {
        let anchor = match Direction::of(text) {
            Direction::LeftToRight => Anchor::Start,
            Direction::RightToLeft => Anchor::End,
        };
        let (size, heaviness, fill) = match voice {
            Voice::Issuer => (54.0, Heaviness::Bold, INK),
            Voice::Title => (50.0, Heaviness::Bold, TEXT),
            Voice::Explanation => (38.0, Heaviness::Regular, LABEL),
        };
        for text in self.lines(text, size, heaviness)? {
            let line = Line {
                text: &text,
                size,
                heaviness,
                fill,
            };
            self.fitted(svg, &line, WORDS, *baseline, anchor)?;
            *baseline += size * 1.32;
        }
        Ok(())
    }

    /// The text broken between words where the next one would be too many.
    fn lines(&self, text: &str, size: f32, heaviness: Heaviness) -> Result<Vec<String>, FontError> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            let longer = match lines.last() {
                Some(line) => format!("{line} {word}"),
                None => word.to_owned(),
            };
            let fits = self.fonts.set(&longer, heaviness)?.width * size <= WORDS.width;
            match lines.last_mut() {
                Some(line) if fits => *line = longer,
                _ => lines.push(word.to_owned()),
            }
        }
        Ok(lines)
    }
}

/// How a paragraph is set.
#[derive(Clone, Copy)]
enum Voice {
    Issuer,
    Title,
    Explanation,
}
