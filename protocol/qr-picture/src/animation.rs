//! Animated pictures: frames of codes that follow each other, as GIF files.
//!
//! Every screen shows them without a script, and whoever gets one by mail can have it read as a whole.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DisposalMethod, Encoder, Frame, MemoryLimit, Repeat};
use symbolon_qr_reader::LumaPicture;

use crate::draw::{QUIET_ZONE_MODULES, Symbol};
use crate::picture::{MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, PictureError};

/// Most frames of an animation that are looked at.
pub const MAX_ANIMATION_FRAMES: usize = 1_024;

/// Most pixels of all frames together: a thousand frames of the densest codes that are filmed, five pixels a module. A few hundred bytes
/// of a file are thousands of pixels, each of which is looked at.
const MAX_ANIMATION_PIXELS: u64 = 250_000_000;

/// Bytes of a pixel as the decoder hands it out.
const RGBA: u64 = 4;

/// Black and white.
const PALETTE: [u8; 6] = [0, 0, 0, 0xff, 0xff, 0xff];
const WHITE: u8 = 1;

/// How long each frame of an animation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameTime(u16);

impl FrameTime {
    /// A fifth of a second: long enough that a camera of 15 pictures a second sees each frame at least twice.
    pub const CAMERA: Self = Self(20);

    /// In milliseconds.
    #[must_use]
    pub const fn milliseconds(self) -> u64 {
        self.0 as u64 * 10
    }
}

/// Whether a file begins like a GIF.
pub(crate) fn is_animation(file: &[u8]) -> bool {
    file.starts_with(b"GIF87a") || file.starts_with(b"GIF89a")
}

/// Symbols one after the other, for ever, as a GIF file. Each module is `module_pixels` wide (1 to 64).
///
/// # Errors
/// [`PictureError::NotWritten`] without a symbol, or when the encoder fails.
pub fn draw_animation(
    symbols: &[Symbol],
    module_pixels: u32,
    time: FrameTime,
) -> Result<Vec<u8>, PictureError> {
    let written = |_| PictureError::NotWritten;
    let scale = module_pixels.clamp(1, 64);
    let widest = symbols
        .iter()
        .map(Symbol::width)
        .max()
        .ok_or(PictureError::NotWritten)?;
    let modules = widest + 2 * QUIET_ZONE_MODULES;
    let side = u16::try_from(modules * scale).map_err(|_| PictureError::NotWritten)?;
    let mut encoder = Encoder::new(Vec::new(), side, side, &PALETTE).map_err(written)?;
    encoder.set_repeat(Repeat::Infinite).map_err(written)?;
    for symbol in symbols {
        // A smaller symbol stands in the middle.
        let margin = QUIET_ZONE_MODULES + (widest - symbol.width()) / 2;
        let picture = LumaPicture::from_fn(side.into(), side.into(), |x, y| {
            let module = |at: u32| (at / scale).checked_sub(margin).unwrap_or(u32::MAX);
            if symbol.is_dark(module(x), module(y)) {
                0
            } else {
                WHITE
            }
        });
        let frame = Frame {
            delay: time.0,
            width: side,
            height: side,
            buffer: picture.pixels().into(),
            ..Frame::default()
        };
        encoder.write_frame(&frame).map_err(written)?;
    }
    encoder.into_inner().map_err(written)
}

/// Shows every picture of an animation, as it stands on the screen at its time.
///
/// # Errors
/// [`PictureError`].
pub(crate) fn each_frame(file: &[u8], mut see: impl FnMut(&LumaPicture)) -> Result<(), PictureError> {
    if file.len() > MAX_PICTURE_BYTES {
        return Err(PictureError::TooManyBytes);
    }
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    options.set_memory_limit(match NonZeroU64::new(MAX_PICTURE_PIXELS * RGBA) {
        Some(bytes) => MemoryLimit::Bytes(bytes),
        None => return Err(PictureError::Undecodable),
    });
    let mut decoder = options.read_info(file).map_err(|_| PictureError::Undecodable)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(PictureError::Undecodable);
    }
    if pixels > MAX_PICTURE_PIXELS {
        return Err(PictureError::TooManyPixels);
    }
    let mut canvas = LumaPicture::from_fn(width, height, |_, _| 255);
    let most = usize::try_from(MAX_ANIMATION_PIXELS / pixels).unwrap_or(MAX_ANIMATION_FRAMES);
    for _ in 0..most.clamp(1, MAX_ANIMATION_FRAMES) {
        let frame = match decoder.read_next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(()),
            Err(_) => return Err(PictureError::Undecodable),
        };
        let shown = with_frame(&canvas, frame);
        see(&shown);
        canvas = match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => shown,
            DisposalMethod::Previous => canvas,
            DisposalMethod::Background => {
                LumaPicture::from_fn(width, height, |x, y| match place(frame, x, y) {
                    Some(_) => 255,
                    None => shown.level(x, y),
                })
            }
        };
    }
    Ok(())
}

/// What is seen once a frame is laid over what was there.
fn with_frame(canvas: &LumaPicture, frame: &Frame<'_>) -> LumaPicture {
    LumaPicture::from_fn(canvas.width(), canvas.height(), |x, y| {
        let pixel = place(frame, x, y).and_then(|at| frame.buffer.get(at..at + RGBA as usize));
        match pixel {
            Some(&[red, green, blue, alpha]) if alpha > 0 => {
                // The weights of ITU-R BT.601.
                let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
                u8::try_from(sum / 1_000).unwrap_or(255)
            }
            _ => canvas.level(x, y),
        }
    })
}

/// Where the pixel of a frame stands that covers a place of the canvas.
fn place(frame: &Frame<'_>, x: u32, y: u32) -> Option<usize> {
    let column = x
        .checked_sub(frame.left.into())
        .filter(|at| *at < frame.width.into())?;
    let row = y
        .checked_sub(frame.top.into())
        .filter(|at| *at < frame.height.into())?;
    usize::try_from((u64::from(row) * u64::from(frame.width) + u64::from(column)) * RGBA).ok()
}
