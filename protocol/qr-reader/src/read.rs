//! Reading: the QR codes in a picture.
//!
//! Measured on 200 seeded distortions of version 22 codes (`testing`), as built for tests, on one core: `rqrr` alone
//! reads 19 % in 20 ms a picture; the attempts of `rxing` read 89, 55, 77 and 38 % alone and 90 % together in 4 ms;
//! mending what is left brings 98 %. On a clean render `rqrr` takes 43 ms and `rxing` 2 ms. So `rxing` goes first unless
//! the caller wants the reading that owes nothing to luck with a camera.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::{GlobalHistogramBinarizer, HybridBinarizer};
use rxing::multi::MultipleBarcodeReader;
use rxing::qrcode::QRCodeReader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BarcodeFormat, Binarizer, BinaryBitmap, DecodeHints, Luma8LuminanceSource, Reader};

use crate::luma::LumaPicture;

/// Where a picture comes from decides which decoder looks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureSource {
    /// Drawn by a program, or a capture of a screen: `rqrr` first, which samples the grid as it stands.
    Rendered,
    /// Taken by a camera or a scanner, or unknown: `rxing` first, which is faster and reads what is bent and blurred.
    Photographed,
}

/// Which decoder read a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoder {
    /// The crate `rqrr`.
    Rqrr,
    /// The crate `rxing`.
    Rxing,
}

/// One QR code of a picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// The content, as bytes.
    pub content: Vec<u8>,
    /// Who read it.
    pub decoder: Decoder,
}

impl Found {
    /// The content as text, or `None` when it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        core::str::from_utf8(&self.content).ok()
    }
}

/// The content may be personal: only its length is shown.
impl core::fmt::Debug for Found {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Found")
            .field("bytes", &self.content.len())
            .field("decoder", &self.decoder)
            .finish()
    }
}

/// Most codes that are reported of one picture; a wallpaper of codes is no reason to work for ever.
const MAX_CODES: usize = 16;

/// Pictures with more pixels are looked at in half size first: a code that fills a phone's photo has modules of ten
/// and more pixels, and half of them read better than all.
const LARGE_PICTURE_PIXELS: u64 = 4_000_000;

/// Reads all QR codes of a picture in memory, each once.
///
/// Neither decoder finds every code of a picture with several, as a card with two sides is, so each looks, also where another
/// has found something.
#[must_use]
pub fn read_luma(picture: &LumaPicture, source: PictureSource) -> Vec<Found> {
    let pixels = u64::from(picture.width()) * u64::from(picture.height());
    if pixels > LARGE_PICTURE_PIXELS {
        let mut found = read_luma(&picture.halved(), source);
        if !found.is_empty() {
            // What is small beside a large code may be gone in half size.
            merge(&mut found, by_rxing(picture));
            return found;
        }
    }
    let order: [fn(&LumaPicture) -> Vec<Found>; 2] = match source {
        PictureSource::Rendered => [by_rqrr, by_rxing],
        PictureSource::Photographed => [by_rxing, by_rqrr],
    };
    let mut found = Vec::new();
    for read in order {
        merge(&mut found, read(picture));
    }
    if found.is_empty() {
        return by_rxing_after_mending(picture);
    }
    found
}

/// Reads what the fastest detector sees alone: enough for a code on a screen that a program drew, of which the next one follows at once.
#[must_use]
pub fn read_drawn(picture: &LumaPicture) -> Vec<Found> {
    let mut found = Vec::new();
    for content in guarded(|| by_new_detector(HybridBinarizer::new, picture)) {
        add(&mut found, content, Decoder::Rxing);
    }
    found
}

/// Reads what a camera sees in passing: as much as takes a fraction of the time between two of its pictures. [`read_luma`] reads more.
#[must_use]
pub fn read_in_passing(picture: &LumaPicture) -> Vec<Found> {
    by_rxing(picture)
}

/// Adds the codes that are not there yet, up to the number that is reported of one picture.
pub fn merge(found: &mut Vec<Found>, more: Vec<Found>) {
    for one in more {
        add(found, one.content, one.decoder);
    }
}

/// A last look at what neither decoder read: noise goes when four pixels become one, and a code that is slightly out of
/// focus comes back when its edges are steepened.
fn by_rxing_after_mending(picture: &LumaPicture) -> Vec<Found> {
    const WAYS: [fn(&LumaPicture) -> LumaPicture; 3] =
        [LumaPicture::halved, LumaPicture::sharpened, |picture| {
            picture.sharpened().sharpened()
        }];
    WAYS.into_iter()
        .map(|mend| by_rxing(&mend(picture)))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn by_rqrr(picture: &LumaPicture) -> Vec<Found> {
    guarded(|| {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            picture.pixels().get(y * width + x).copied().unwrap_or(255)
        });
        let mut found = Vec::new();
        for grid in prepared.detect_grids().into_iter().take(MAX_CODES) {
            let mut content = Vec::new();
            if grid.decode_to(&mut content).is_ok() {
                add(&mut found, content, Decoder::Rqrr);
            }
        }
        found
    })
}

/// Each attempt reads some pictures of the test set that the earlier ones do not: two ways to tell dark from light
/// (by neighbourhood, by the whole picture), two detectors.
fn by_rxing(picture: &LumaPicture) -> Vec<Found> {
    const ATTEMPTS: [Attempt; 4] = [
        |picture| by_new_detector(HybridBinarizer::new, picture),
        |picture| by_old_detector(HybridBinarizer::new, picture),
        |picture| by_new_detector(GlobalHistogramBinarizer::new, picture),
        |picture| by_old_detector(GlobalHistogramBinarizer::new, picture),
    ];
    let mut found = Vec::new();
    for attempt in ATTEMPTS {
        for content in guarded(|| attempt(picture)).into_iter().take(MAX_CODES) {
            add(&mut found, content, Decoder::Rxing);
        }
    }
    found
}

/// One way to look at a picture; the contents of the codes it shows.
type Attempt = fn(&LumaPicture) -> Vec<Vec<u8>>;

type Source = Luma8LuminanceSource;

fn bitmap<B: Binarizer>(binarizer: fn(Source) -> B, picture: &LumaPicture) -> Option<BinaryBitmap<B>> {
    let source =
        Luma8LuminanceSource::new(picture.pixels().to_vec(), picture.width(), picture.height()).ok()?;
    Some(BinaryBitmap::new(binarizer(source)))
}

fn hints() -> DecodeHints {
    DecodeHints {
        TryHarder: Some(true),
        PossibleFormats: Some([BarcodeFormat::QR_CODE].into_iter().collect()),
        ..DecodeHints::default()
    }
}

/// The detector ported from zxing-cpp. It hands out the content as bytes.
fn by_new_detector<B: Binarizer>(binarizer: fn(Source) -> B, picture: &LumaPicture) -> Vec<Vec<u8>> {
    let results = bitmap(binarizer, picture)
        .and_then(|mut bitmap| QrReader.decode_multiple_with_hints(&mut bitmap, &hints()).ok())
        .unwrap_or_default();
    results
        .iter()
        .map(|result| result.getRawBytes().to_vec())
        .collect()
}

/// The detector ported from ZXing's Java. It hands out text in a character set that it guesses, so only ASCII, which
/// leaves nothing to guess, is believed.
fn by_old_detector<B: Binarizer>(binarizer: fn(Source) -> B, picture: &LumaPicture) -> Vec<Vec<u8>> {
    let result = bitmap(binarizer, picture)
        .and_then(|mut bitmap| QRCodeReader::new().decode_with_hints(&mut bitmap, &hints()).ok());
    let text = result
        .as_ref()
        .map(|result| result.getText())
        .filter(|text| text.is_ascii());
    text.map(|text| text.as_bytes().to_vec()).into_iter().collect()
}

fn add(found: &mut Vec<Found>, content: Vec<u8>, decoder: Decoder) {
    if found.len() < MAX_CODES && !content.is_empty() && found.iter().all(|known| known.content != content) {
        found.push(Found { content, decoder });
    }
}

/// Both decoders index into what they find in the picture, and both have panicked on pictures that were made for it.
/// A picture comes from a stranger, so a panic here means that nothing was found.
fn guarded<T>(read: impl FnOnce() -> Vec<T>) -> Vec<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_default()
}
