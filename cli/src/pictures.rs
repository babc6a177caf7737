//! Files that may be pictures of QR codes: recognised by their first bytes, read by the QR readers.

pub use symbolon_qr_picture::is_picture;
use symbolon_qr_picture::{PictureError, PictureSource, read_picture};

/// The texts of the QR codes of a picture, each once. Codes whose content is no text are left out.
///
/// # Errors
/// [`PictureError`] when the file is no picture within the budget.
pub fn texts(bytes: &[u8], source: PictureSource) -> Result<Vec<String>, PictureError> {
    Ok(codes(bytes, source)?.into_iter().map(|(text, _)| text).collect())
}

/// The same, each with the name of the decoder that read it.
///
/// # Errors
/// As [`texts`].
pub fn codes(bytes: &[u8], source: PictureSource) -> Result<Vec<(String, String)>, PictureError> {
    Ok(read_picture(bytes, source)?
        .iter()
        .filter_map(|found| {
            Some((
                found.text()?.to_owned(),
                format!("{:?}", found.decoder).to_lowercase(),
            ))
        })
        .collect())
}
