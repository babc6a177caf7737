//! What stands between a screen and the wallet.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use symbolon_qr_picture::PictureSource;

use crate::pictures;

/// What stands between a screen and the wallet: it is shown a picture file, and tells the text of the QR code in it.
pub trait Camera {
    /// Reads the one QR code of a picture.
    ///
    /// # Errors
    /// No code can be read, or several.
    fn read(&self, picture: &Path) -> anyhow::Result<Scan>;
}

/// What a camera read.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The text of the code.
    pub text: String,
    /// Who decoded it.
    pub decoder: String,
}

/// Reads picture files as the wallet commands do.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileCamera;

impl Camera for FileCamera {
    fn read(&self, picture: &Path) -> anyhow::Result<Scan> {
        let bytes = fs::read(picture).with_context(|| format!("cannot read {}", picture.display()))?;
        let mut found = pictures::codes(&bytes, PictureSource::Rendered)?;
        match (found.pop(), found.is_empty()) {
            (Some((text, decoder)), true) => Ok(Scan { text, decoder }),
            (None, _) => bail!("no QR code can be read in {}", picture.display()),
            (Some(_), false) => bail!("{} shows several QR codes", picture.display()),
        }
    }
}
