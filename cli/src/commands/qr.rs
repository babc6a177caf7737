//! `symbolon qr …`

use std::borrow::Cow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use symbolon_credential::pixelpass::{self, PixelPassBudget};
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::qr_transport::{CarriedCredential, Message};
use symbolon_qr_picture::{ErrorCorrection, PictureSource, Symbol, Version};
use symbolon_wallet_core::record::HeldContent;

use crate::arguments::QrCommand;
use crate::commands::frames::{self, Screen};
use crate::commands::judge::read_input;
use crate::commands::show;
use crate::installation::files::{Readers, write_atomically};
use crate::pictures;

/// The largest input that is read, in bytes: a photo from a phone.
const MAX_INPUT_BYTES: u64 = 16 << 20;
/// Pixels of a module: large enough for a screen and a printer.
const MODULE_PIXELS: u32 = 8;

/// Runs a command about QR codes.
///
/// # Errors
/// A file that cannot be read, content that no QR code holds, or a text that is no PixelPass text.
pub async fn run(command: &QrCommand) -> anyhow::Result<ExitCode> {
    match command {
        QrCommand::Encode { file, out, prefix } => {
            let content = text_of(file, read(file)?)?;
            let text = pixelpass::encode(&content, prefix)?;
            match out {
                Some(out) => {
                    draw(&text, out)?;
                    show::line(&format!("{} characters in {}", text.len(), out.display()));
                }
                None => show::line(&text),
            }
        }
        QrCommand::Animate { file, out } => {
            let carried = CarriedCredential::of_bytes(read(file)?);
            frames::show(&Message::Credential(carried), &Screen::of_argument(out)).await?;
        }
        QrCommand::Decode { file, prefix } => {
            for text in texts(file)? {
                let content = pixelpass::decode(&text, prefix, PixelPassBudget::DEFAULT)
                    .context("it holds no PixelPass text")?;
                show::line(&content.into_text());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Draws a held credential as it was received: as one PixelPass code, or as an animation where the file is called like one.
///
/// # Errors
/// A credential that no QR code holds, as one with a large photo, or a file that cannot be written.
pub async fn draw_credential(content: &HeldContent, out: &Path) -> anyhow::Result<()> {
    if frames::is_animation(out) {
        let carried = match content {
            HeldContent::SdJwtVc { sd_jwt } => CarriedCredential::Text(sd_jwt.clone()),
            HeldContent::MsoMdoc { issuer_signed } => CarriedCredential::Binary(issuer_signed.clone()),
            HeldContent::LdpVc { document, .. } => CarriedCredential::Text(document.clone()),
            HeldContent::JwtVcJson { jwt, .. } => CarriedCredential::Text(jwt.clone()),
        };
        return frames::show(&Message::Credential(carried), &Screen::Animation(out.to_owned())).await;
    }
    let text = match content {
        HeldContent::SdJwtVc { sd_jwt } => Cow::Borrowed(sd_jwt.as_str()),
        HeldContent::MsoMdoc { issuer_signed } => Cow::Owned(base64url::encode(issuer_signed)),
        HeldContent::LdpVc { document, .. } => Cow::Borrowed(document.as_str()),
        HeldContent::JwtVcJson { jwt, .. } => Cow::Borrowed(jwt.as_str()),
    };
    draw(&pixelpass::encode(&text, "")?, out)
        .context("an animation holds what one code does not: name a file that ends with .gif")
}

/// Draws a PixelPass text: with the weakest error correction, as every PixelPass encoder does, because the codes are large.
///
/// # Errors
/// A text that no QR code holds, or a file that cannot be written.
pub fn draw(text: &str, out: &Path) -> anyhow::Result<()> {
    let symbol = Symbol::draw(text.as_bytes(), ErrorCorrection::Low, Version::LARGEST)?;
    let png = symbol.to_png(MODULE_PIXELS)?;
    write_atomically(out, &png, Readers::Owner).with_context(|| format!("cannot write {}", out.display()))
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    read_input(file, MAX_INPUT_BYTES).with_context(|| format!("cannot read {}", file.display()))
}

fn text_of(file: &Path, bytes: Vec<u8>) -> anyhow::Result<String> {
    String::from_utf8(bytes).map_err(|_| anyhow!("{} is no text", file.display()))
}

/// The texts of the codes of a picture, or the text that the file holds. A space may be a character of Base45, so only line breaks
/// are taken away.
fn texts(file: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = read(file)?;
    if !pictures::is_picture(&bytes) {
        let text = text_of(file, bytes)?;
        return Ok(vec![text.trim_matches(['\r', '\n', '\u{feff}']).to_owned()]);
    }
    let found = pictures::texts(&bytes, PictureSource::Rendered)?;
    if found.is_empty() {
        bail!("no QR code can be read in {}", file.display());
    }
    Ok(found)
}
