//! Files of pictures within a budget.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, ImageFormat, ImageReader, Limits};
use symbolon_qr_reader::LumaPicture;
use thiserror::Error;

/// Largest picture file that is opened, in bytes: a phone's photo is 3 to 12 MB.
pub const MAX_PICTURE_BYTES: usize = 16 << 20;

/// Most pixels that a file may announce. A phone's photo has 12 million; a file of a few hundred bytes can announce
/// billions.
pub const MAX_PICTURE_PIXELS: u64 = 25_000_000;

/// Memory that the decoding of one file may take, in bytes: 16-bit RGBA of the largest picture, once.
const MAX_DECODING_BYTES: u64 = MAX_PICTURE_PIXELS * 8;

/// Why a file is no picture that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Neither PNG nor JPEG nor WebP nor GIF nor PDF.
    #[error("not a png, jpeg, webp, gif or pdf file")]
    UnknownFormat,
    /// A larger file than [`MAX_PICTURE_BYTES`].
    #[error("the file has more than {MAX_PICTURE_BYTES} bytes")]
    TooManyBytes,
    /// More pixels than [`MAX_PICTURE_PIXELS`].
    #[error("the picture has more than {MAX_PICTURE_PIXELS} pixels")]
    TooManyPixels,
    /// A damaged file, one that takes more memory than its pixels, or a document under a password.
    #[error("the picture cannot be decoded")]
    Undecodable,
    /// The encoder failed.
    #[error("the picture cannot be written")]
    NotWritten,
}

/// Opens a PNG, JPEG or WebP file. The budget is checked on what the file announces, before any pixel is decoded.
/// A transparent picture is seen on white paper.
///
/// # Errors
/// [`PictureError`].
pub fn decode_picture(file: &[u8]) -> Result<LumaPicture, PictureError> {
    if file.len() > MAX_PICTURE_BYTES {
        return Err(PictureError::TooManyBytes);
    }
    let format = match image::guess_format(file) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) => format,
        _ => return Err(PictureError::UnknownFormat),
    };
    let (width, height) = ImageReader::with_format(Cursor::new(file), format)
        .into_dimensions()
        .map_err(|_| PictureError::Undecodable)?;
    if u64::from(width) * u64::from(height) > MAX_PICTURE_PIXELS {
        return Err(PictureError::TooManyPixels);
    }
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODING_BYTES);
    limits.max_image_width = Some(width);
    limits.max_image_height = Some(height);
    reader.limits(limits);
    let decoded = reader.decode().map_err(|_| PictureError::Undecodable)?;
    let luma = if decoded.color().has_alpha() {
        on_white(&decoded)
    } else {
        decoded.into_luma8()
    };
    LumaPicture::new(luma.width(), luma.height(), luma.into_raw()).ok_or(PictureError::Undecodable)
}

/// A picture as a PNG file.
///
/// # Errors
/// [`PictureError::NotWritten`] when the encoder fails.
pub fn encode_png(picture: &LumaPicture) -> Result<Vec<u8>, PictureError> {
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(
            picture.pixels(),
            picture.width(),
            picture.height(),
            ExtendedColorType::L8,
        )
        .map_err(|_| PictureError::NotWritten)?;
    Ok(png)
}

fn on_white(picture: &DynamicImage) -> GrayImage {
    let pixels = picture.to_luma_alpha8();
    GrayImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let image::LumaA([level, alpha]) = *pixels.get_pixel(x, y);
        let seen = (u16::from(level) * u16::from(alpha) + 255 * (255 - u16::from(alpha))) / 255;
        image::Luma([u8::try_from(seen).unwrap_or(255)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG head that announces `width` times `height` pixels and holds none.
    fn png_announcing(width: u32, height: u32) -> Vec<u8> {
        let mut png = encode_png(&LumaPicture::from_fn(1, 1, |_, _| 0)).unwrap();
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let checksum = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        png
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 {
                    (crc >> 1) ^ 0xedb8_8320
                } else {
                    crc >> 1
                };
            }
        }
        !crc
    }

    #[test]
    fn refuses_a_picture_bomb_before_decoding_it() {
        assert_eq!(
            decode_picture(&png_announcing(60_000, 60_000)),
            Err(PictureError::TooManyPixels)
        );
        assert_eq!(
            decode_picture(&png_announcing(2_000, 2_000)),
            Err(PictureError::Undecodable)
        );
        assert_eq!(
            decode_picture(&vec![0; MAX_PICTURE_BYTES + 1]),
            Err(PictureError::TooManyBytes)
        );
    }

    #[test]
    fn refuses_what_is_no_picture() {
        for bytes in [
            &b""[..],
            b"GIF89a",
            b"<svg/>",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
        ] {
            assert!(decode_picture(bytes).is_err());
        }
    }

    #[test]
    fn sees_a_transparent_picture_on_white() {
        let mut png = Vec::new();
        PngEncoder::new(&mut png)
            .write_image(&[0, 0, 0, 255], 2, 1, ExtendedColorType::La8)
            .unwrap();
        assert_eq!(decode_picture(&png).unwrap().pixels(), [255, 0]);
    }
}
