//! Faces: drawn ones for sample residents, and real ones made small.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, ImageReader, Limits, RgbImage};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use symbolon_crypto::encoding::base64;
use symbolon_issuer::mapping::{FitPicture, FittedPicture, PictureDoesNotFit};
use symbolon_issuer::record::PictureType;
use symbolon_issuer::sample::{PORTRAIT_HEIGHT, PORTRAIT_WIDTH, Portrait};
use thiserror::Error;
use webp::{Encoder, WebPConfig};

use crate::pictures::fit_jpeg;

/// Why there is no face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FaceError {
    /// Not a PNG, JPEG or WebP within 4 million pixels.
    #[error("the face is not a png, jpeg or webp picture of at most {MAX_FACE_PIXELS} pixels")]
    NotAPicture,
    /// Even the smallest picture that shows a face does not fit.
    #[error("no face fits {budget} bytes")]
    BudgetTooSmall {
        /// Bytes that were allowed.
        budget: usize,
    },
    /// The drawing or the encoder failed.
    #[error("the face cannot be drawn")]
    NotDrawn,
}

/// Most pixels of a face that is opened: a register's portraits have less than a million.
const MAX_FACE_PIXELS: u64 = 4_000_000;

/// Memory for the decoding of one face, in bytes: 16-bit RGBA of the largest.
const MAX_FACE_DECODING_BYTES: u64 = MAX_FACE_PIXELS * 8;

/// Quality of drawn faces: about 1 kB at 96 by 120 pixels.
const DRAWN_QUALITY: f32 = 78.0;

/// Draws a sample resident's portrait as WebP, 96 by 120 pixels, about 1 kB.
///
/// # Errors
/// [`FaceError::NotDrawn`].
pub fn draw_face(portrait: &Portrait) -> Result<Vec<u8>, FaceError> {
    let tree = Tree::from_str(&portrait.to_svg(), &Options::default()).map_err(|_| FaceError::NotDrawn)?;
    let mut pixmap = Pixmap::new(PORTRAIT_WIDTH, PORTRAIT_HEIGHT).ok_or(FaceError::NotDrawn)?;
    resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
    // The backdrop is opaque, so alpha says nothing.
    let rgb: Vec<u8> = pixmap
        .pixels()
        .iter()
        .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
        .collect();
    let picture = RgbImage::from_raw(PORTRAIT_WIDTH, PORTRAIT_HEIGHT, rgb).ok_or(FaceError::NotDrawn)?;
    encode(&picture, DRAWN_QUALITY, Effort::Fast)
}

/// Draws many portraits on all processors, in their order: a thousand take about a second.
///
/// # Errors
/// [`FaceError::NotDrawn`] when any of them cannot be drawn.
pub fn draw_faces(portraits: &[Portrait]) -> Result<Vec<Vec<u8>>, FaceError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = portraits.len().div_ceil(workers).max(1);
    std::thread::scope(|scope| {
        let shares: Vec<_> = portraits
            .chunks(share)
            .map(|mine| scope.spawn(move || mine.iter().map(draw_face).collect::<Result<Vec<_>, _>>()))
            .collect();
        let mut faces = Vec::with_capacity(portraits.len());
        for share in shares {
            faces.extend(share.join().map_err(|_| FaceError::NotDrawn)??);
        }
        Ok(faces)
    })
}

/// A picture file as the data URI that records and credentials hold.
///
/// # Errors
/// [`FaceError::NotAPicture`] for anything but PNG, JPEG and WebP.
pub fn picture_data_uri(file: &[u8]) -> Result<String, FaceError> {
    let kind = PictureType::of_bytes(file).ok_or(FaceError::NotAPicture)?;
    Ok(format!(
        "data:{};base64,{}",
        kind.media_type(),
        base64::encode(file)
    ))
}

/// A face that fits its budget.
#[derive(Clone, PartialEq, Eq)]
pub struct FittedFace {
    /// A WebP file.
    pub webp: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Sizes that are tried, in pixels. Below the last nobody is recognised.
const SIZES: [(u32, u32); 11] = [
    (320, 400),
    (240, 300),
    (192, 240),
    (144, 180),
    (112, 140),
    (96, 120),
    (80, 100),
    (72, 90),
    (64, 80),
    (48, 60),
    (40, 50),
];

/// Size at which candidates are compared with the original: about that of a photo on a card, seen at arm's length.
const COMPARED: (u32, u32) = (192, 240);

/// With less than half a bit for a pixel the next smaller size always looks better.
const MAX_PIXELS_PER_BYTE: usize = 16;

/// Makes a WebP of at most `budget` bytes from a PNG, JPEG or WebP: cropped to 4 by 5 around the middle, in the size
/// and quality that come nearest to the original when seen at card size. Smaller and finer often beats larger and
/// coarser, and which it is depends on the face, so all sizes are tried. Below about 250 bytes nothing fits.
///
/// # Errors
/// [`FaceError`].
pub fn fit_webp(file: &[u8], budget: usize) -> Result<FittedFace, FaceError> {
    let original = crop_to_portrait(&open(file)?);
    let compared = resize(&original, COMPARED);
    let mut best: Option<(u64, FittedFace)> = None;
    for (width, height) in SIZES {
        if u64::from(width) * u64::from(height) > (budget * MAX_PIXELS_PER_BYTE) as u64 {
            continue;
        }
        let scaled = resize(&original, (width, height));
        let Some(webp) = best_quality_within(&scaled, budget)? else {
            continue;
        };
        let Ok(seen) = image::load_from_memory(&webp) else {
            continue;
        };
        let error = difference(&compared, &resize(&seen.to_rgb8(), COMPARED));
        if best.as_ref().is_none_or(|(least, _)| error < *least) {
            best = Some((error, FittedFace { webp, width, height }));
        }
    }
    best.map(|(_, face)| face)
        .ok_or(FaceError::BudgetTooSmall { budget })
}

/// Pictures in credentials, brought under their budget by [`fit_webp`].
#[derive(Debug, Clone, Copy, Default)]
pub struct FitWebp;

impl FitPicture for FitWebp {
    fn fit(
        &self,
        _kind: PictureType,
        picture: &[u8],
        max_bytes: usize,
    ) -> Result<FittedPicture, PictureDoesNotFit> {
        let fitted = fit_webp(picture, max_bytes).map_err(|_| PictureDoesNotFit)?;
        Ok(FittedPicture {
            kind: PictureType::WebP,
            bytes: fitted.webp,
        })
    }

    fn jpeg(
        &self,
        kind: PictureType,
        picture: &[u8],
        max_bytes: usize,
    ) -> Result<Vec<u8>, PictureDoesNotFit> {
        fit_jpeg(kind, picture, max_bytes).map_err(|_| PictureDoesNotFit)
    }
}

pub(crate) fn open(file: &[u8]) -> Result<RgbImage, FaceError> {
    if PictureType::of_bytes(file).is_none() {
        return Err(FaceError::NotAPicture);
    }
    let reader = || {
        ImageReader::new(Cursor::new(file))
            .with_guessed_format()
            .map_err(|_| FaceError::NotAPicture)
    };
    let (width, height) = reader()?.into_dimensions().map_err(|_| FaceError::NotAPicture)?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MAX_FACE_PIXELS {
        return Err(FaceError::NotAPicture);
    }
    let mut reader = reader()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_FACE_DECODING_BYTES);
    reader.limits(limits);
    let picture = reader.decode().map_err(|_| FaceError::NotAPicture)?;
    Ok(on_white(picture))
}

fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let pixels = picture.into_rgba8();
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let image::Rgba([red, green, blue, alpha]) = *pixels.get_pixel(x, y);
        let mix = |level: u8| {
            let mixed = (u32::from(level) * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255;
            u8::try_from(mixed).unwrap_or(255)
        };
        image::Rgb([mix(red), mix(green), mix(blue)])
    })
}

/// The middle of the picture in the proportion of a portrait, a little above the centre, where faces are.
pub(crate) fn crop_to_portrait(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (crop_width, crop_height) = if u64::from(width) * 5 > u64::from(height) * 4 {
        ((height * 4 / 5).max(1), height)
    } else {
        (width, (width * 5 / 4).max(1))
    };
    let (left, top) = (
        (width - crop_width.min(width)) / 2,
        (height - crop_height.min(height)) / 3,
    );
    image::imageops::crop_imm(picture, left, top, crop_width.min(width), crop_height.min(height)).to_image()
}

pub(crate) fn resize(picture: &RgbImage, (width, height): (u32, u32)) -> RgbImage {
    if picture.dimensions() == (width, height) {
        return picture.clone();
    }
    image::imageops::resize(picture, width, height, FilterType::CatmullRom)
}

fn best_quality_within(picture: &RgbImage, budget: usize) -> Result<Option<Vec<u8>>, FaceError> {
    let (mut low, mut high) = (0_u8, 95_u8);
    let mut best = None;
    while low <= high {
        let quality = low.midpoint(high);
        let webp = encode(picture, f32::from(quality), Effort::Thorough)?;
        if webp.len() <= budget {
            best = Some(webp);
            low = quality + 1;
        } else if quality == 0 {
            break;
        } else {
            high = quality - 1;
        }
    }
    Ok(best)
}

/// How long the encoder looks for a smaller file.
#[derive(Clone, Copy)]
enum Effort {
    /// For thousands of sample faces.
    Fast,
    /// A card has room for a few hundred bytes, and every one counts.
    Thorough,
}

fn encode(picture: &RgbImage, quality: f32, effort: Effort) -> Result<Vec<u8>, FaceError> {
    let mut config = WebPConfig::new().map_err(|()| FaceError::NotDrawn)?;
    config.quality = quality;
    config.method = match effort {
        Effort::Fast => 1,
        Effort::Thorough => 6,
    };
    config.segments = 4;
    config.alpha_compression = 0;
    let encoder = Encoder::from_rgb(picture.as_raw(), picture.width(), picture.height());
    Ok(encoder
        .encode_advanced(&config)
        .map_err(|_| FaceError::NotDrawn)?
        .to_vec())
}

/// Sum of squared differences of brightness, which is where a face is.
fn difference(one: &RgbImage, other: &RgbImage) -> u64 {
    let luma = |picture: &RgbImage| -> GrayImage { image::imageops::grayscale(picture) };
    let pairs = luma(one).into_raw().into_iter().zip(luma(other).into_raw());
    pairs.map(|(a, b)| u64::from(a.abs_diff(b)).pow(2)).sum()
}
