//! Pictures in memory, and files of pictures within a budget.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, ImageFormat, ImageReader, Limits};
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

/// A picture of grey levels, 0 black to 255 white, row by row.
#[derive(Clone, PartialEq, Eq)]
pub struct LumaPicture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl LumaPicture {
    /// A picture from its pixels, or `None` when they are not `width` times `height`.
    #[must_use]
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Option<Self> {
        let expected = u64::from(width) * u64::from(height);
        (pixels.len() as u64 == expected && expected > 0).then_some(Self {
            width,
            height,
            pixels,
        })
    }

    /// A picture whose pixel at column `x`, row `y` is `level(x, y)`.
    pub fn from_fn(width: u32, height: u32, mut level: impl FnMut(u32, u32) -> u8) -> Self {
        let mut pixels = Vec::with_capacity(width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                pixels.push(level(x, y));
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Opens a PNG, JPEG or WebP file. The budget is checked on what the file announces, before any pixel is decoded.
    /// A transparent picture is seen on white paper.
    ///
    /// # Errors
    /// [`PictureError`].
    pub fn decode(file: &[u8]) -> Result<Self, PictureError> {
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
        Self::new(luma.width(), luma.height(), luma.into_raw()).ok_or(PictureError::Undecodable)
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Grey levels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Level at column `x`, row `y`; white outside.
    #[must_use]
    pub fn level(&self, x: u32, y: u32) -> u8 {
        if x >= self.width {
            return 255;
        }
        self.pixels
            .get(y as usize * self.width as usize + x as usize)
            .copied()
            .unwrap_or(255)
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// [`PictureError::NotWritten`] when the encoder fails.
    pub fn to_png(&self) -> Result<Vec<u8>, PictureError> {
        let mut png = Vec::new();
        PngEncoder::new(&mut png)
            .write_image(&self.pixels, self.width, self.height, ExtendedColorType::L8)
            .map_err(|_| PictureError::NotWritten)?;
        Ok(png)
    }

    /// The picture with steeper edges: each pixel is moved away from the mean of its neighbourhood (unsharp mask).
    #[must_use]
    pub(crate) fn sharpened(&self) -> Self {
        const REACH: u32 = 2;
        Self::from_fn(self.width, self.height, |x, y| {
            let (mut sum, mut count) = (0_i32, 0_i32);
            for v in y.saturating_sub(REACH)..=(y + REACH).min(self.height - 1) {
                for u in x.saturating_sub(REACH)..=(x + REACH).min(self.width - 1) {
                    sum += i32::from(self.level(u, v));
                    count += 1;
                }
            }
            let level = i32::from(self.level(x, y));
            let steeper = level + 3 * (level - sum / count.max(1)) / 2;
            u8::try_from(steeper.clamp(0, 255)).unwrap_or(255)
        })
    }

    /// The picture at half its width and height, each pixel the mean of four.
    #[must_use]
    pub(crate) fn halved(&self) -> Self {
        Self::from_fn((self.width / 2).max(1), (self.height / 2).max(1), |x, y| {
            let sum: u16 = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .iter()
                .map(|(right, down)| u16::from(self.level(2 * x + right, 2 * y + down)))
                .sum();
            u8::try_from(sum / 4).unwrap_or(255)
        })
    }
}

/// Only the size is shown: pictures are of people and their papers.
impl core::fmt::Debug for LumaPicture {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LumaPicture")
            .field("width", &self.width)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
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
        let mut png = LumaPicture::from_fn(1, 1, |_, _| 0).to_png().unwrap();
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
            LumaPicture::decode(&png_announcing(60_000, 60_000)),
            Err(PictureError::TooManyPixels)
        );
        assert_eq!(
            LumaPicture::decode(&png_announcing(2_000, 2_000)),
            Err(PictureError::Undecodable)
        );
        assert_eq!(
            LumaPicture::decode(&vec![0; MAX_PICTURE_BYTES + 1]),
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
            assert!(LumaPicture::decode(bytes).is_err());
        }
    }

    #[test]
    fn sees_a_transparent_picture_on_white() {
        let mut png = Vec::new();
        PngEncoder::new(&mut png)
            .write_image(&[0, 0, 0, 255], 2, 1, ExtendedColorType::La8)
            .unwrap();
        assert_eq!(LumaPicture::decode(&png).unwrap().pixels(), [255, 0]);
    }
}
