//! What the card looks like, as SVG. One unit is a dot at 600 dots per inch.

mod back;
mod label;

use core::fmt::Write as _;
use std::io::Cursor;

use image::ImageFormat;
use symbolon_crypto::encoding::base64;
use symbolon_issuer::record::Language;
use symbolon_qr_picture::{QUIET_ZONE_MODULES, Symbol};

use super::face::{self, FaceError};
use super::fonts::{FontError, Fonts, Heaviness};
use super::print::{CARD_HEIGHT_PIXELS, CARD_WIDTH_PIXELS, CardInput, PrintError};
use super::setting::SetText;
use super::text::{Direction, one_line};
use label::Label;

pub(super) struct Design<'a> {
    pub(super) input: &'a CardInput<'a>,
    pub(super) front: &'a Symbol,
    /// The code of the face, which stands on the back.
    pub(super) back: Option<&'a Symbol>,
    pub(super) fonts: &'a Fonts,
}

const INK: &str = "#12394a";
const ACCENT: &str = "#c8963e";
const TEXT: &str = "#16242b";
const LABEL: &str = "#5c7480";

const HEAD: Box = Box {
    x: 0.0,
    y: 0.0,
    width: 2022.0,
    height: 196.0,
};
const PHOTO: Box = Box {
    x: 84.0,
    y: 276.0,
    width: 376.0,
    height: 470.0,
};
/// The QR code with its quiet zone: 113 modules of 8 dots at version 22, 38 mm.
const QR: Box = Box {
    x: 1050.0,
    y: 276.0,
    width: 904.0,
    height: 904.0,
};
const NAMES: Box = Box {
    x: 512.0,
    y: 276.0,
    width: 490.0,
    height: 470.0,
};
const FACTS: Box = Box {
    x: 84.0,
    y: 800.0,
    width: 918.0,
    height: 380.0,
};

#[derive(Clone, Copy)]
struct Box {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

/// Where a line of text is held.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    End,
}

struct Line<'a> {
    text: &'a str,
    size: f32,
    heaviness: Heaviness,
    fill: &'a str,
}

impl Design<'_> {
    pub(super) fn to_svg(&self) -> Result<String, PrintError> {
        let width = CARD_WIDTH_PIXELS * if self.back.is_some() { 2 } else { 1 };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{CARD_HEIGHT_PIXELS}\" \
             viewBox=\"0 0 {width} {CARD_HEIGHT_PIXELS}\">"
        );
        self.background(&mut svg);
        self.head(&mut svg)?;
        self.photo(&mut svg)?;
        self.names(&mut svg)?;
        self.facts(&mut svg)?;
        code(&mut svg, self.front, QR);
        if let Some(symbol) = self.back {
            self.back_side(&mut svg, symbol)?;
        }
        svg.push_str("</svg>");
        Ok(svg)
    }

    /// Fine waves on tinted paper, as identity papers have them.
    fn background(&self, svg: &mut String) {
        add(
            svg,
            format_args!("<rect width=\"2022\" height=\"1275\" fill=\"#f6f4ee\"/>"),
        );
        add(
            svg,
            format_args!("<g fill=\"none\" stroke=\"{INK}\" stroke-opacity=\"0.07\" stroke-width=\"2.2\">"),
        );
        for row in 0..26_u16 {
            let y = f32::from(row) * 44.0 + 170.0;
            let lift = 26.0 + 22.0 * (f32::from(row) * 0.45).sin();
            add(
                svg,
                format_args!(
                    "<path d=\"M-20 {y:.1} C300 {:.1} 480 {:.1} 760 {y:.1} S1240 {:.1} 1500 {y:.1} S1900 {:.1} 2050 {y:.1}\"/>",
                    y - lift,
                    y + lift,
                    y - lift,
                    y + lift
                ),
            );
        }
        svg.push_str("</g>");
    }

    fn head(&self, svg: &mut String) -> Result<(), PrintError> {
        let Box { width, height, .. } = HEAD;
        add(
            svg,
            format_args!("<rect width=\"{width}\" height=\"{height}\" fill=\"{INK}\"/>"),
        );
        add(
            svg,
            format_args!("<rect y=\"{height}\" width=\"{width}\" height=\"8\" fill=\"{ACCENT}\"/>"),
        );
        mark(svg, (146.0, 98.0), 1.0);
        let issuer = one_line(self.input.issuer_name);
        let room = Box {
            x: 240.0,
            y: 0.0,
            width: 960.0,
            height: 0.0,
        };
        let line = Line {
            text: &issuer,
            size: 68.0,
            heaviness: Heaviness::Bold,
            fill: "#ffffff",
        };
        self.fitted(svg, &line, room, 122.0, Anchor::Start)?;
        let own = self
            .own_language()
            .and_then(|language| Label::Card.in_language(language.as_str()));
        let right = Box {
            x: 1240.0,
            y: 0.0,
            width: 698.0,
            height: 0.0,
        };
        let english = |size, fill| Line {
            text: Label::Card.english(),
            size,
            heaviness: Heaviness::Regular,
            fill,
        };
        match own {
            Some(own) => {
                let line = Line {
                    text: own,
                    size: 54.0,
                    heaviness: Heaviness::Bold,
                    fill: "#ffffff",
                };
                self.fitted(svg, &line, right, 92.0, Anchor::End)?;
                self.fitted(svg, &english(38.0, "#c9d6dc"), right, 150.0, Anchor::End)?;
            }
            None => self.fitted(svg, &english(54.0, "#ffffff"), right, 118.0, Anchor::End)?,
        }
        Ok(())
    }

    fn photo(&self, svg: &mut String) -> Result<(), PrintError> {
        let Box { x, y, width, height } = PHOTO;
        add(
            svg,
            format_args!(
                "<defs><clipPath id=\"photo\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"22\"/></clipPath></defs>"
            ),
        );
        match self.input.photo {
            Some(file) => {
                let portrait = face::crop_to_portrait(&face::open(file)?);
                // Made larger here, smoothly: renderers of PDF and PNG differ in how they enlarge.
                let portrait = face::resize(&portrait, (width as u32, height as u32));
                let mut png = Vec::new();
                portrait
                    .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
                    .map_err(|_| FaceError::NotDrawn)?;
                add(
                    svg,
                    format_args!(
                        "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" clip-path=\"url(#photo)\" \
                         href=\"data:image/png;base64,{}\"/>",
                        base64::encode(&png)
                    ),
                );
            }
            None => add(
                svg,
                format_args!(
                    "<g clip-path=\"url(#photo)\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"#dfe5e8\"/>\
                     <circle cx=\"{cx}\" cy=\"{cy}\" r=\"92\" fill=\"#b4c1c8\"/>\
                     <ellipse cx=\"{cx}\" cy=\"{by}\" rx=\"168\" ry=\"150\" fill=\"#b4c1c8\"/></g>",
                    cx = x + width / 2.0,
                    cy = y + 178.0,
                    by = y + height
                ),
            ),
        }
        add(
            svg,
            format_args!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"22\" fill=\"none\" stroke=\"{INK}\" \
                 stroke-opacity=\"0.35\" stroke-width=\"3\"/>"
            ),
        );
        Ok(())
    }

    fn names(&self, svg: &mut String) -> Result<(), PrintError> {
        let Box { y, height, .. } = NAMES;
        let mut baseline = y + 40.0;
        for (index, (language, name)) in self.input.names.iter().take(2).enumerate() {
            let label = Label::Name
                .in_language(language.as_str())
                .unwrap_or(Label::Name.english());
            let name = one_line(name);
            let anchor = match Direction::of(&name) {
                Direction::LeftToRight => Anchor::Start,
                Direction::RightToLeft => Anchor::End,
            };
            let label = Line {
                text: label,
                size: 34.0,
                heaviness: Heaviness::Regular,
                fill: LABEL,
            };
            self.fitted(svg, &label, NAMES, baseline, anchor)?;
            let (size, gap) = if index == 0 { (74.0, 76.0) } else { (58.0, 62.0) };
            for line in self.wrapped(&name, size, NAMES.width)? {
                baseline += gap;
                let line = Line {
                    text: &line,
                    size,
                    heaviness: Heaviness::Bold,
                    fill: TEXT,
                };
                self.fitted(svg, &line, NAMES, baseline, anchor)?;
            }
            baseline = (baseline + 84.0).min(y + height - 62.0);
        }
        Ok(())
    }

    fn facts(&self, svg: &mut String) -> Result<(), PrintError> {
        let Box { x, y, width, .. } = FACTS;
        let number = grouped(&self.input.uin.masked());
        let born = self.input.date_of_birth.map(|date| date.iso());
        let until = self.input.valid_until.map(|date| date.iso());
        let half = width / 2.0;
        let facts = [
            (Label::Born, born, x, y),
            (Label::ValidUntil, until, x + half, y),
            (Label::Number, Some(number), x, y + 190.0),
        ];
        for (label, value, left, top) in facts {
            let Some(value) = value else { continue };
            let room = Box {
                x: left,
                y: top,
                width: half - 24.0,
                height: 0.0,
            };
            self.bilingual(svg, label, room, top + 40.0)?;
            let line = Line {
                text: &value,
                size: 60.0,
                heaviness: Heaviness::Bold,
                fill: TEXT,
            };
            self.fitted(svg, &line, room, top + 112.0, Anchor::Start)?;
        }
        add(
            svg,
            format_args!(
                "<path d=\"M{x} {line}H{right}\" stroke=\"{ACCENT}\" stroke-width=\"5\"/>",
                line = y - 22.0,
                right = x + width
            ),
        );
        Ok(())
    }

    /// A label in English and, where it is known, in the resident's language.
    fn bilingual(&self, svg: &mut String, label: Label, room: Box, baseline: f32) -> Result<(), PrintError> {
        let line = |text| Line {
            text,
            size: 34.0,
            heaviness: Heaviness::Regular,
            fill: LABEL,
        };
        let english = line(label.english());
        let own = self
            .own_language()
            .and_then(|language| label.in_language(language.as_str()));
        let Some(own) = own else {
            return self.fitted(svg, &english, room, baseline, Anchor::Start);
        };
        self.fitted(svg, &english, room, baseline, Anchor::Start)?;
        let taken = self.fonts.set(english.text, english.heaviness)?.width * english.size + 22.0;
        let rest = Box {
            x: room.x + taken,
            width: (room.width - taken).max(1.0),
            ..room
        };
        self.fitted(svg, &line(own), rest, baseline, Anchor::Start)
    }

    fn own_language(&self) -> Option<Language> {
        let first = self.input.names.first().map(|(language, _)| *language);
        first.filter(|language| *language != Language::ENGLISH)
    }

    /// One line where it fits, else two, broken between words where the longer one is shortest.
    fn wrapped(&self, text: &str, size: f32, width: f32) -> Result<Vec<String>, FontError> {
        if self.fonts.set(text, Heaviness::Bold)?.width * size <= width {
            return Ok(vec![text.to_owned()]);
        }
        let middle = |at: &usize| at.abs_diff(text.len() / 2);
        let break_at = text
            .char_indices()
            .filter(|(_, character)| *character == ' ')
            .map(|(at, _)| at)
            .min_by_key(middle);
        Ok(match break_at.and_then(|at| text.split_at_checked(at)) {
            Some((first, second)) => vec![first.trim().to_owned(), second.trim().to_owned()],
            None => vec![text.to_owned()],
        })
    }

    /// A line of text, set smaller where it is too long for its room.
    fn fitted(
        &self,
        svg: &mut String,
        line: &Line<'_>,
        room: Box,
        baseline: f32,
        anchor: Anchor,
    ) -> Result<(), PrintError> {
        let SetText { path, width, units } = self.fonts.set(line.text, line.heaviness)?;
        let size = line.size.min(room.width / width.max(0.01));
        let x = match anchor {
            Anchor::Start => room.x,
            Anchor::End => room.x + room.width - width * size,
        };
        let scale = size / units;
        add(
            svg,
            format_args!(
                "<path transform=\"translate({x:.1} {baseline:.1}) scale({scale:.6} -{scale:.6})\" fill=\"{}\" d=\"{path}\"/>",
                line.fill
            ),
        );
        Ok(())
    }
}

/// A symbolon: a token broken in two, whose halves prove each other. It stands on dark ground.
fn mark(svg: &mut String, (x, y): (f32, f32), scale: f32) {
    add(
        svg,
        format_args!(
            "<g transform=\"translate({x} {y}) scale({scale})\" fill=\"none\" stroke-width=\"11\" stroke-linecap=\"round\">\
             <path stroke=\"#f6f4ee\" d=\"M-8 -52 A52 52 0 1 0 -8 52 L10 20 L-14 -2 L8 -24Z\" stroke-linejoin=\"round\"/>\
             <path stroke=\"{ACCENT}\" d=\"M22 -50 A52 52 0 0 1 22 50 L36 20 L14 -2 L34 -24Z\" stroke-linejoin=\"round\"/></g>"
        ),
    );
}

/// A QR code on its white ground, its quiet zone within `room`.
fn code(svg: &mut String, symbol: &Symbol, room: Box) {
    let Box { x, y, width, height } = room;
    add(
        svg,
        format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"22\" fill=\"#ffffff\"/>"
        ),
    );
    let modules = symbol.width() + 2 * QUIET_ZONE_MODULES;
    // Whole dots for a module: a printer's raster would make some modules wider than others.
    let dots = (width / modules as f32).floor();
    let margin = ((width - dots * symbol.width() as f32) / 2.0).floor();
    add(
        svg,
        format_args!(
            "<path transform=\"translate({} {}) scale({dots})\" shape-rendering=\"crispEdges\" fill=\"#000000\" d=\"{}\"/>",
            x + margin,
            y + margin,
            symbol.to_svg_path()
        ),
    );
}

/// Four characters, a space, and so on from the end: numbers are read aloud.
fn grouped(number: &str) -> String {
    let count = number.chars().count();
    let mut grouped = String::new();
    for (index, character) in number.chars().enumerate() {
        if index > 0 && (count - index).is_multiple_of(4) {
            grouped.push(' ');
        }
        grouped.push(character);
    }
    grouped
}

fn add(svg: &mut String, part: core::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = svg.write_fmt(part);
}
