//! From a card's content to a file.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};
use svg2pdf::{ConversionOptions, PageOptions};
use symbolon_issuer::card::CardTexts;
use symbolon_issuer::record::{CalendarDate, IdRecord, Language, Uin};
use symbolon_qr_picture::{DrawError, ErrorCorrection, Symbol, Version};
use thiserror::Error;

use super::design::Design;
use super::face::FaceError;
use super::fonts::{FontError, Fonts};

/// Width of a side as PNG: 85.60 mm at 600 dots per inch.
pub const CARD_WIDTH_PIXELS: u32 = 2022;
/// Height of a side as PNG: 53.98 mm at 600 dots per inch.
pub const CARD_HEIGHT_PIXELS: u32 = 1275;

const DOTS_PER_INCH: f32 = 600.0;

/// What stands on a card.
#[derive(Clone)]
pub struct CardInput<'a> {
    /// Who issues it, as the card's head says.
    pub issuer_name: &'a str,
    /// The resident's name by language. The first two are printed; the first is set larger.
    pub names: Vec<(Language, &'a str)>,
    /// Day of birth.
    pub date_of_birth: Option<CalendarDate>,
    /// The resident's number; the card shows it masked.
    pub uin: &'a Uin,
    /// Last day on which the card is valid.
    pub valid_until: Option<CalendarDate>,
    /// The face, a PNG, JPEG or WebP file.
    pub photo: Option<&'a [u8]>,
    /// The texts of the Claim 169 QR codes. A second one stands on the back.
    pub texts: &'a CardTexts,
}

impl<'a> CardInput<'a> {
    /// The card of a record: its name in its own language, then in English; its day of birth and number. The photo is
    /// handed in, because a record holds it as text.
    #[must_use]
    pub fn of_record(
        record: &'a IdRecord,
        issuer_name: &'a str,
        valid_until: Option<CalendarDate>,
        photo: Option<&'a [u8]>,
        texts: &'a CardTexts,
    ) -> Self {
        let mut names: Vec<(Language, &str)> = record
            .full_name()
            .map(|name| name.iter().collect())
            .unwrap_or_default();
        let own = record.preferred_language();
        names.sort_by_key(|(language, _)| (Some(*language) != own, *language != Language::ENGLISH));
        // A name that is the same in both languages is printed once.
        names.dedup_by(|second, first| first.1 == second.1);
        let date_of_birth = record.date_of_birth();
        Self {
            issuer_name,
            names,
            date_of_birth,
            uin: record.uin(),
            valid_until,
            photo,
            texts,
        }
    }
}

/// The kind of file that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A picture of [`CARD_WIDTH_PIXELS`] by [`CARD_HEIGHT_PIXELS`], twice as wide with a back.
    Png,
    /// One page in the size of the card, twice as wide with a back. Text is outlines, so it prints alike everywhere and cannot be selected.
    Pdf,
}

/// Why a card cannot be printed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PrintError {
    /// A text that no font writes.
    #[error(transparent)]
    Font(#[from] FontError),
    /// A QR code that is too large for a card.
    #[error(transparent)]
    Qr(#[from] DrawError),
    /// A photo that is no picture.
    #[error(transparent)]
    Photo(#[from] FaceError),
    /// The drawing or the encoder failed.
    #[error("the card cannot be drawn")]
    NotDrawn,
}

/// Prints a card: its front, and where the face has a code to itself its back, to the right of the front, so that the sheet is folded
/// between them.
///
/// # Errors
/// [`PrintError`]; nothing is printed half.
pub fn print(input: &CardInput<'_>, format: Format, fonts: &Fonts) -> Result<Vec<u8>, PrintError> {
    let front = match &input.texts.face {
        None => draw(&input.texts.identity, ErrorCorrection::Low)?,
        // Without a face there is room for stronger correction.
        Some(_) => draw(&input.texts.identity, ErrorCorrection::Medium)
            .or_else(|_| draw(&input.texts.identity, ErrorCorrection::Low))?,
    };
    let back = input.texts.face.as_ref();
    let back = back
        .map(|face| draw(face.as_str(), ErrorCorrection::Low))
        .transpose()?;
    let svg = Design {
        input,
        front: &front,
        back: back.as_ref(),
        fonts,
    }
    .to_svg()?;
    let options = Options {
        // The design embeds its pictures; nothing on a card is read from a path, whatever a record says.
        image_href_resolver: ImageHrefResolver {
            resolve_string: Box::new(|_, _| None),
            ..ImageHrefResolver::default()
        },
        ..Options::default()
    };
    let tree = Tree::from_str(&svg, &options).map_err(|_| PrintError::NotDrawn)?;
    match format {
        Format::Png => {
            let width = CARD_WIDTH_PIXELS * if back.is_some() { 2 } else { 1 };
            let mut pixmap = Pixmap::new(width, CARD_HEIGHT_PIXELS).ok_or(PrintError::NotDrawn)?;
            resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
            pixmap.encode_png().map_err(|_| PrintError::NotDrawn)
        }
        Format::Pdf => svg2pdf::to_pdf(
            &tree,
            ConversionOptions::default(),
            PageOptions { dpi: DOTS_PER_INCH },
        )
        .map_err(|_| PrintError::NotDrawn),
    }
}

fn draw(text: &str, correction: ErrorCorrection) -> Result<Symbol, DrawError> {
    Symbol::draw(text.as_bytes(), correction, Version::CARD)
}
