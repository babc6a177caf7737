//! Reading: the QR codes in a file of a picture, an animation or a document.

use symbolon_qr_reader::{Found, LumaPicture, PictureSource, merge, read_drawn, read_luma};

use crate::animation::{self, MAX_ANIMATION_FRAMES};
use crate::document;
use crate::picture::{MAX_PICTURE_PIXELS, PictureError, decode_picture};

/// Whether a file begins like one that [`read_picture`] opens: PNG, JPEG, WebP, GIF or PDF.
#[must_use]
pub fn is_picture(file: &[u8]) -> bool {
    file.starts_with(b"\x89PNG\r\n\x1a\n")
        || file.starts_with(&[0xff, 0xd8, 0xff])
        || (file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP"))
        || animation::is_animation(file)
        || document::is_document(file)
}

/// Reads all QR codes of a PNG, JPEG or WebP file, of the frames of a GIF or of the first pages of a PDF document, each once. No code at all is an empty list.
///
/// # Errors
/// [`PictureError`] when the file is no picture within the budget.
pub fn read_picture(file: &[u8], source: PictureSource) -> Result<Vec<Found>, PictureError> {
    if document::is_document(file) {
        let mut found = Vec::new();
        // A page is drawn and not photographed, but may show a photo.
        document::each_page(file, |page| merge(&mut found, read_luma(page, source)))?;
        return Ok(found);
    }
    if animation::is_animation(file) {
        let mut found = Vec::new();
        let mut patience = Patience::default();
        animation::each_frame(file, |frame| {
            merge_frame(&mut found, read_frame(frame, &mut patience));
        })?;
        return Ok(found);
    }
    Ok(read_luma(&decode_picture(file)?, source))
}

/// How many pixels of frames in which the fast detector sees nothing are looked at with every means: those of one photo.
struct Patience(u64);

impl Default for Patience {
    fn default() -> Self {
        Self(MAX_PICTURE_PIXELS)
    }
}

impl Patience {
    /// Whether it lasts for this frame, which then counts.
    fn lasts_for(&mut self, frame: &LumaPicture) -> bool {
        let pixels = u64::from(frame.width()) * u64::from(frame.height());
        let left = self.0.checked_sub(pixels);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// A frame of an animation was drawn by a program and is one of hundreds: the fast detector alone, unless it sees nothing. A film of
/// nothing but such frames would cost minutes.
fn read_frame(frame: &LumaPicture, patience: &mut Patience) -> Vec<Found> {
    let found = read_drawn(frame);
    if found.is_empty() && patience.lasts_for(frame) {
        return read_luma(frame, PictureSource::Rendered);
    }
    found
}

fn merge_frame(found: &mut Vec<Found>, more: Vec<Found>) {
    for one in more {
        if found.len() < MAX_ANIMATION_FRAMES && found.iter().all(|known| known.content != one.content) {
            found.push(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_show_nothing_are_looked_at_thoroughly_as_long_as_one_photo_is() {
        let frame = LumaPicture::from_fn(2_500, 2_500, |_, _| 255);
        let mut patience = Patience::default();
        let looks = (0..10).filter(|_| patience.lasts_for(&frame)).count();
        assert_eq!(looks, 4);
        let small = LumaPicture::from_fn(10, 10, |_, _| 255);
        assert!(!patience.lasts_for(&small));
        assert!(read_frame(&small, &mut patience).is_empty());
    }
}
