//! Setting: a text becomes the outlines of its glyphs, joined, reordered and turned as its scripts ask.
//!
//! The card hands outlines to the renderer instead of text. usvg 0.45, which svg2pdf needs, gives a cluster of several
//! glyphs the width of the widest one (mended later in resvg #1043), so that Devanagari vowel signs are printed over the
//! next letter; and it takes every paragraph to be left-to-right.

use core::fmt::Write as _;
use core::ops::Range;

use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};
use rustybuzz::{Direction as ShapingDirection, Face, UnicodeBuffer};
use unicode_bidi::{BidiInfo, Level};
use unicode_script::{Script, UnicodeScript};

use super::text::Direction;

/// A text as outlines.
#[derive(Clone)]
pub(super) struct SetText {
    /// SVG path data in units of the font, y upwards, beginning at the origin.
    pub(super) path: String,
    /// Width, in font sizes.
    pub(super) width: f32,
    /// Units of a font size.
    pub(super) units: f32,
}

/// Sets one line; `None` when the font has no glyph for what shaping asks for.
pub(super) fn set_text(face: &Face<'_>, text: &str) -> Option<SetText> {
    let base = match Direction::of(text) {
        Direction::LeftToRight => Level::ltr(),
        Direction::RightToLeft => Level::rtl(),
    };
    let bidi = BidiInfo::new(text, Some(base));
    let mut pen = Pen {
        path: String::new(),
        x: 0.0,
        y: 0.0,
    };
    let mut advance = 0;
    for paragraph in &bidi.paragraphs {
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let right_to_left = levels.get(run.start).is_some_and(Level::is_rtl);
            let mut pieces = by_script(text, run);
            if right_to_left {
                pieces.reverse();
            }
            for piece in pieces {
                advance = set_piece(face, text.get(piece)?, right_to_left, advance, &mut pen)?;
            }
        }
    }
    let units = face.units_per_em() as f32;
    Some(SetText {
        path: pen.path,
        width: advance as f32 / units,
        units,
    })
}

/// Parts of one script each; signs and digits go with the letters before them.
fn by_script(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = run.start;
    let mut current = Script::Common;
    for (at, character) in text.get(run.clone()).unwrap_or_default().char_indices() {
        let script = character.script();
        if matches!(script, Script::Common | Script::Inherited | Script::Unknown) || script == current {
            continue;
        }
        if current != Script::Common {
            pieces.push(start..run.start + at);
            start = run.start + at;
        }
        current = script;
    }
    pieces.push(start..run.end);
    pieces
}

/// Returns where the next piece begins, in units of the font.
fn set_piece(face: &Face<'_>, piece: &str, right_to_left: bool, start: i32, pen: &mut Pen) -> Option<i32> {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(piece);
    buffer.guess_segment_properties();
    buffer.set_direction(if right_to_left {
        ShapingDirection::RightToLeft
    } else {
        ShapingDirection::LeftToRight
    });
    let shaped = rustybuzz::shape(face, &[], buffer);
    let mut advance = start;
    for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
        let glyph = u16::try_from(info.glyph_id).ok().filter(|glyph| *glyph != 0)?;
        pen.x = (advance + position.x_offset) as f32;
        pen.y = position.y_offset as f32;
        // A space has no outline.
        let _ = face.outline_glyph(GlyphId(glyph), pen);
        advance += position.x_advance;
    }
    Some(advance)
}

/// Writes outlines where the text has come to.
struct Pen {
    path: String,
    x: f32,
    y: f32,
}

impl Pen {
    fn write(&mut self, command: char, points: &[(f32, f32)]) {
        self.path.push(command);
        for (x, y) in points {
            // Writing to a string cannot fail. Most fonts have whole units, and none needs more than tenths.
            let _ = write!(self.path, "{} {} ", tenths(self.x + x), tenths(self.y + y));
        }
    }
}

fn tenths(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.write('M', &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.write('L', &[(x, y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.write('Q', &[(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.write('C', &[(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.path.push('Z');
    }
}
