//! Drawing: a text becomes a symbol (ISO/IEC 18004), the symbol a picture.

use core::fmt::Write as _;

use qrcode::types::{Color, QrError};
use qrcode::{EcLevel, QrCode, Version as QrVersion};
use symbolon_qr_reader::LumaPicture;
use thiserror::Error;

use crate::picture::{PictureError, encode_png};

/// Light modules around a symbol (ISO/IEC 18004 §9.1). Readers do without less than this only by luck.
pub const QUIET_ZONE_MODULES: u32 = 4;

/// How much of a symbol may be damaged and still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCorrection {
    /// About 7 %: the most data.
    Low,
    /// About 15 %.
    Medium,
    /// About 25 %.
    Quartile,
    /// About 30 %.
    High,
}

/// Size of a symbol: 1 (21 modules wide) to 40 (177 modules wide).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u8);

impl Version {
    /// The largest there is.
    pub const LARGEST: Self = Self(40);
    /// The largest that phone cameras read well from a printed card.
    pub const CARD: Self = Self(22);

    /// A version from its number, or `None` outside 1 to 40.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (1..=40).contains(&number).then_some(Self(number))
    }

    /// The number, 1 to 40.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Why a text cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The symbol would be larger than the caller allows.
    #[error("the content needs a QR code of version {needed}, and at most version {allowed} is allowed")]
    AboveAllowedVersion {
        /// The smallest version that holds the content.
        needed: u8,
        /// The caller's bound.
        allowed: u8,
    },
    /// No symbol is large enough.
    #[error("the content is longer than any QR code holds")]
    TooLong,
}

/// A drawn symbol: a square of dark and light modules.
#[derive(Clone, PartialEq, Eq)]
pub struct Symbol {
    version: Version,
    width: u32,
    dark: Vec<bool>,
}

impl Symbol {
    /// Draws the smallest symbol that holds `content`. Digits, and the 45 characters of the alphanumeric set (so
    /// Base45, and text in capitals), take less room than bytes; the split into segments is the optimal one.
    ///
    /// # Errors
    /// [`DrawError`] when that symbol is larger than `largest`.
    pub fn draw(content: &[u8], correction: ErrorCorrection, largest: Version) -> Result<Self, DrawError> {
        let level = match correction {
            ErrorCorrection::Low => EcLevel::L,
            ErrorCorrection::Medium => EcLevel::M,
            ErrorCorrection::Quartile => EcLevel::Q,
            ErrorCorrection::High => EcLevel::H,
        };
        let code = QrCode::with_error_correction_level(content, level).map_err(|error| match error {
            QrError::DataTooLong
            | QrError::InvalidVersion
            | QrError::UnsupportedCharacterSet
            | QrError::InvalidEciDesignator
            | QrError::InvalidCharacter => DrawError::TooLong,
        })?;
        let needed = match code.version() {
            QrVersion::Normal(number) | QrVersion::Micro(number) => u8::try_from(number).unwrap_or(u8::MAX),
        };
        if needed > largest.0 {
            return Err(DrawError::AboveAllowedVersion {
                needed,
                allowed: largest.0,
            });
        }
        // At most 177 modules.
        let width = u32::try_from(code.width()).unwrap_or(0);
        let dark = code
            .into_colors()
            .into_iter()
            .map(|color| color == Color::Dark)
            .collect();
        Ok(Self {
            version: Version(needed),
            width,
            dark,
        })
    }

    /// The symbol's version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Width in modules, without the quiet zone.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Whether the module in column `x`, row `y` is dark; what lies outside is light.
    #[must_use]
    pub fn is_dark(&self, x: u32, y: u32) -> bool {
        x < self.width
            && y < self.width
            && self
                .dark
                .get((y * self.width + x) as usize)
                .copied()
                .unwrap_or(false)
    }

    /// The symbol with its quiet zone, each module `module_pixels` wide (1 to 64; more is taken as 64).
    #[must_use]
    pub fn to_luma(&self, module_pixels: u32) -> LumaPicture {
        let scale = module_pixels.clamp(1, 64);
        let side = (self.width + 2 * QUIET_ZONE_MODULES) * scale;
        LumaPicture::from_fn(side, side, |x, y| {
            let module = |at: u32| (at / scale).checked_sub(QUIET_ZONE_MODULES).unwrap_or(u32::MAX);
            if self.is_dark(module(x), module(y)) {
                0
            } else {
                255
            }
        })
    }

    /// [`Self::to_luma`] as a PNG file.
    ///
    /// # Errors
    /// [`PictureError::NotWritten`] when the encoder fails.
    pub fn to_png(&self, module_pixels: u32) -> Result<Vec<u8>, PictureError> {
        encode_png(&self.to_luma(module_pixels))
    }

    /// The dark modules as SVG path data, one unit per module, without the quiet zone: `<path d="…"/>` in a
    /// `viewBox` of [`Self::width`]. Rows of dark modules are one rectangle each.
    #[must_use]
    pub fn to_svg_path(&self) -> String {
        let mut path = String::new();
        for y in 0..self.width {
            let mut x = 0;
            while x < self.width {
                let run = (x..self.width)
                    .take_while(|column| self.is_dark(*column, y))
                    .count();
                if run > 0 {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
                }
                x += u32::try_from(run).unwrap_or(0) + 1;
            }
        }
        path
    }
}

/// The modules are the content, which may be personal: only the size is shown.
impl core::fmt::Debug for Symbol {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Symbol")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base45_text_is_drawn_in_alphanumeric_mode() {
        // 1,460 alphanumeric characters fill version 22 at level L to the last (ISO/IEC 18004, table 7).
        let full = "A".repeat(1_460);
        let symbol = Symbol::draw(full.as_bytes(), ErrorCorrection::Low, Version::CARD).unwrap();
        assert_eq!(symbol.version(), Version::CARD);
        assert_eq!(symbol.width(), 105);
    }

    #[test]
    fn says_which_version_the_content_needs() {
        let over = "A".repeat(1_461);
        assert_eq!(
            Symbol::draw(over.as_bytes(), ErrorCorrection::Low, Version::CARD),
            Err(DrawError::AboveAllowedVersion {
                needed: 23,
                allowed: 22
            })
        );
        assert_eq!(
            Symbol::draw(&[0; 3_000], ErrorCorrection::Low, Version::LARGEST),
            Err(DrawError::TooLong)
        );
    }

    #[test]
    fn path_and_modules_show_the_same_symbol() {
        let symbol = Symbol::draw(b"SYMBOLON", ErrorCorrection::Medium, Version::LARGEST).unwrap();
        let dark = (0..symbol.width()).flat_map(|y| (0..symbol.width()).map(move |x| (x, y)));
        let dark = dark.filter(|(x, y)| symbol.is_dark(*x, *y)).count();
        let drawn: usize = symbol
            .to_svg_path()
            .split('h')
            .skip(1)
            .filter_map(|part| part.split('v').next()?.parse::<usize>().ok())
            .sum();
        assert_eq!(drawn, dark);
    }
}
