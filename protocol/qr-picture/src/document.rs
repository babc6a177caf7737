//! PDF documents: their pages as pictures. A card is often mailed or kept as a PDF.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use symbolon_qr_reader::LumaPicture;

use crate::picture::{MAX_PICTURE_BYTES, PictureError};

/// Most pages of a document that are looked at: both sides of a card, and a letter around them.
pub const MAX_DOCUMENT_PAGES: usize = 4;

/// Most dots that a page is drawn with: A4 at the resolution below.
const MAX_PAGE_PIXELS: f32 = 9_000_000.0;

/// Dots for each of the 72 points of an inch: a card's code of 35 mm has modules of nearly four dots.
const DOTS_PER_POINT: f32 = 300.0 / 72.0;

/// Where the mark of a PDF is looked for (ISO 32000-2, annex I.3.2 of its predecessor lets readers look this far).
const MARK_WITHIN: usize = 1_024;

/// Whether a file is marked as a PDF document.
pub(crate) fn is_document(file: &[u8]) -> bool {
    let start = file.get(..MARK_WITHIN).unwrap_or(file);
    start.windows(5).any(|window| window == b"%PDF-")
}

/// The first pages of a PDF document, drawn one at a time as `look` asks for them. Text is left out, because no font is at hand; codes are
/// pictures or lines.
///
/// # Errors
/// [`PictureError::TooManyBytes`]; [`PictureError::Undecodable`] for what is no PDF, is under a password, or makes the renderer stumble.
pub(crate) fn each_page(file: &[u8], mut look: impl FnMut(&LumaPicture)) -> Result<(), PictureError> {
    if file.len() > MAX_PICTURE_BYTES {
        return Err(PictureError::TooManyBytes);
    }
    // The document comes from a stranger, and the renderer indexes into it.
    catch_unwind(AssertUnwindSafe(|| {
        let pdf = Pdf::new(file.to_vec()).map_err(|_| PictureError::Undecodable)?;
        let cache = RenderCache::new();
        let settings = InterpreterSettings::default();
        for page in pdf.pages().iter().take(MAX_DOCUMENT_PAGES) {
            if let Some(picture) = draw(page, &cache, &settings) {
                look(&picture);
            }
        }
        Ok(())
    }))
    .unwrap_or(Err(PictureError::Undecodable))
}

fn draw<'a>(
    page: &'a Page<'a>,
    cache: &RenderCache<'a>,
    settings: &InterpreterSettings,
) -> Option<LumaPicture> {
    let (width, height) = page.render_dimensions();
    if !(width.is_finite() && height.is_finite() && width >= 1.0 && height >= 1.0) {
        return None;
    }
    // A poster is drawn coarser, and no side is longer than a page can be counted in.
    let scale = DOTS_PER_POINT
        .min((MAX_PAGE_PIXELS / (width * height)).sqrt())
        .min(f32::from(u16::MAX) / width.max(height));
    if width * scale < 1.0 || height * scale < 1.0 {
        return None;
    }
    let pixmap = render(
        page,
        cache,
        settings,
        &RenderSettings::default(),
        &PixmapSettings {
            x_scale: scale,
            y_scale: scale,
            bg_color: WHITE,
        },
    );
    let luma = pixmap
        .data()
        .iter()
        .map(|pixel| {
            // The weights of ITU-R BT.601, in 256ths.
            let sum = u32::from(pixel.r) * 77 + u32::from(pixel.g) * 150 + u32::from(pixel.b) * 29;
            u8::try_from(sum >> 8).unwrap_or(u8::MAX)
        })
        .collect();
    LumaPicture::new(pixmap.width().into(), pixmap.height().into(), luma)
}
