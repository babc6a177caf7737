//! Pictures within a budget. Scaling is work for an image library, so it is a port.

use symbolon_crypto::encoding::base64;
use thiserror::Error;

use crate::record::PictureType;

/// Brings a picture under a budget.
///
/// An implementer gives a picture of at most `max_bytes` bytes that shows the same face, upright and uncropped enough to compare, or refuses.
pub trait FitPicture: Send + Sync {
    /// A smaller form of a picture that is larger than `max_bytes`.
    ///
    /// # Errors
    /// [`PictureDoesNotFit`] when it cannot be read, or nothing recognisable is left of it at that size.
    fn fit(
        &self,
        kind: PictureType,
        picture: &[u8],
        max_bytes: usize,
    ) -> Result<FittedPicture, PictureDoesNotFit>;

    /// A JPEG of at most `max_bytes`, the only form that every reader of ISO/IEC 18013-5 shows. Without an image library that
    /// is a picture which is one already.
    ///
    /// # Errors
    /// [`PictureDoesNotFit`] as for [`FitPicture::fit`].
    fn jpeg(
        &self,
        kind: PictureType,
        picture: &[u8],
        max_bytes: usize,
    ) -> Result<Vec<u8>, PictureDoesNotFit> {
        let as_it_is = kind == PictureType::Jpeg && picture.len() <= max_bytes;
        as_it_is.then(|| picture.to_vec()).ok_or(PictureDoesNotFit)
    }
}

/// A picture that was brought under a budget.
#[derive(Clone, PartialEq, Eq)]
pub struct FittedPicture {
    /// Its type.
    pub kind: PictureType,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The picture cannot be brought under the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the picture cannot be brought under its budget")]
pub struct PictureDoesNotFit;

/// Refuses every picture that is too large as it is; for installations without an image library.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeepPictures;

impl FitPicture for KeepPictures {
    fn fit(&self, _: PictureType, _: &[u8], _: usize) -> Result<FittedPicture, PictureDoesNotFit> {
        Err(PictureDoesNotFit)
    }
}

/// A data URI of at most `max_characters`.
pub(super) fn data_uri(
    pictures: &dyn FitPicture,
    kind: PictureType,
    bytes: &[u8],
    max_characters: usize,
) -> Result<String, PictureDoesNotFit> {
    let uri = |kind: PictureType, bytes: &[u8]| {
        format!("data:{};base64,{}", kind.media_type(), base64::encode(bytes))
    };
    let whole = uri(kind, bytes);
    if whole.len() <= max_characters {
        return Ok(whole);
    }
    // Four characters for three bytes; the longest prefix is that of image/jpeg or image/webp.
    let max_bytes = max_characters.saturating_sub("data:image/jpeg;base64,".len()) / 4 * 3;
    let fitted = pictures.fit(kind, bytes, max_bytes)?;
    let smaller = uri(fitted.kind, &fitted.bytes);
    if smaller.len() <= max_characters {
        Ok(smaller)
    } else {
        Err(PictureDoesNotFit)
    }
}

/// The bytes of a JPEG of at most `max_bytes`.
pub(super) fn jpeg(
    pictures: &dyn FitPicture,
    kind: PictureType,
    bytes: &[u8],
    max_bytes: usize,
) -> Result<Vec<u8>, PictureDoesNotFit> {
    let jpeg = pictures.jpeg(kind, bytes, max_bytes)?;
    let is_one = PictureType::of_bytes(&jpeg) == Some(PictureType::Jpeg) && jpeg.len() <= max_bytes;
    is_one.then_some(jpeg).ok_or(PictureDoesNotFit)
}
