//! Portraits as JPEG, the form in which readers of ISO/IEC 18013-5 show them.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage};
use symbolon_issuer::record::PictureType;

use crate::card::{FaceError, crop_to_portrait, open, resize};

/// Sizes that are tried, largest first, in pixels. Below the last nobody is recognised.
const SIZES: [(u32, u32); 6] = [
    (480, 600),
    (320, 400),
    (240, 300),
    (192, 240),
    (144, 180),
    (96, 120),
];

/// Qualities that are tried at each size: below the last, a smaller picture shows more.
const QUALITIES: [u8; 4] = [85, 70, 55, 40];

/// A JPEG of at most `budget` bytes: the picture as it is where it is one already, else cropped to 4 by 5, in the largest size
/// at which it fits.
pub(crate) fn fit_jpeg(kind: PictureType, file: &[u8], budget: usize) -> Result<Vec<u8>, FaceError> {
    if kind == PictureType::Jpeg && file.len() <= budget {
        return Ok(file.to_vec());
    }
    let original = crop_to_portrait(&open(file)?);
    // Never larger than it came: pixels that are made up show nothing.
    let sizes = SIZES
        .iter()
        .filter(|(width, _)| *width <= original.width().max(SMALLEST_WIDTH));
    for size in sizes {
        let scaled = resize(&original, *size);
        for quality in QUALITIES {
            let jpeg = encode(&scaled, quality)?;
            if jpeg.len() <= budget {
                return Ok(jpeg);
            }
        }
    }
    Err(FaceError::BudgetTooSmall { budget })
}

const SMALLEST_WIDTH: u32 = 96;

fn encode(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, FaceError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality)
        .encode(
            picture.as_raw(),
            picture.width(),
            picture.height(),
            ExtendedColorType::Rgb8,
        )
        .map_err(|_| FaceError::NotDrawn)?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use symbolon_issuer::record::CalendarDate;
    use symbolon_issuer::sample::People;

    use super::*;
    use crate::card::draw_face;

    fn face() -> Vec<u8> {
        let person = People::new(3, CalendarDate::new(2026, 11, 23).unwrap())
            .next()
            .unwrap();
        draw_face(person.portrait()).unwrap()
    }

    #[test]
    fn a_face_of_another_type_becomes_a_jpeg_within_its_budget() {
        for budget in [12_288, 4_096, 3_072] {
            let jpeg = fit_jpeg(PictureType::WebP, &face(), budget).unwrap();
            assert_eq!(PictureType::of_bytes(&jpeg), Some(PictureType::Jpeg));
            assert!(jpeg.len() <= budget);
        }
        assert!(matches!(
            fit_jpeg(PictureType::WebP, &face(), 100),
            Err(FaceError::BudgetTooSmall { budget: 100 })
        ));
    }

    #[test]
    fn a_jpeg_that_fits_is_kept_as_it_is() {
        let jpeg = fit_jpeg(PictureType::WebP, &face(), 12_288).unwrap();
        assert_eq!(fit_jpeg(PictureType::Jpeg, &jpeg, 12_288).unwrap(), jpeg);
        assert!(fit_jpeg(PictureType::Jpeg, &jpeg, jpeg.len() - 1).unwrap().len() < jpeg.len());
    }
}
