//! `symbolon card …`

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use symbolon_crypto::cose::{ContentEncryption, ContentKey, NamedContentKey};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{UnixTime, random_bytes};
use symbolon_issuer_server::administration::{CardFormat, CardOrder, FaceKey, FaceOrder};
use zeroize::Zeroizing;

use crate::arguments::CardCommand;
use crate::commands::issuing::{parse_credential, register};
use crate::commands::records::parse_uin;
use crate::commands::show;
use crate::edge::SystemRandomness;
use crate::installation::IssuerChoice;
use crate::installation::files::{Readers, write_atomically};

/// Bytes of the random name of a key: enough not to meet another in one country, short enough for a QR code.
const RANDOM_NAME_BYTES: usize = 6;

/// Runs a card command.
///
/// # Errors
/// No such record, a name that no font writes, data that does not fit, or a key file that cannot be used.
pub async fn run(command: &CardCommand, choice: IssuerChoice<'_>) -> anyhow::Result<ExitCode> {
    match command {
        CardCommand::Print {
            record,
            out,
            replaces,
            face_qr,
            face_key,
        } => {
            let format = match out.extension().and_then(|extension| extension.to_str()) {
                Some("pdf") => CardFormat::Pdf,
                Some("png") => CardFormat::Png,
                _ => bail!("a card is printed to a file that ends in .pdf or .png"),
            };
            let face = match face_key {
                Some(path) => Some(FaceOrder::EncryptedFor(face_key_of_order(path)?)),
                None => face_qr.then_some(FaceOrder::SecondCode),
            };
            let order = CardOrder {
                record: parse_uin(record)?,
                configuration: None,
                replaces: replaces.as_deref().map(parse_credential).transpose()?,
                face,
                format,
            };
            print(&order, out, choice).await?;
        }
        CardCommand::FaceKey { out, name } => make_face_key(out, name.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn print(order: &CardOrder, out: &Path, choice: IssuerChoice<'_>) -> anyhow::Result<()> {
    let printed = register(choice).await?.issue_card(order).await?;
    write_atomically(out, &printed.document, Readers::Owner).with_context(|| {
        format!(
            "the card {} is booked, but cannot be written",
            printed.credential.as_str()
        )
    })?;
    show::line(&format!(
        "card {} in {}",
        printed.credential.as_str(),
        out.display()
    ));
    if printed.face_qr_text.is_some() {
        show::line("the face has a code of its own, on the back: fold the sheet between the two sides");
    } else if order.face.is_some() {
        show::warning("the record has no picture, so the card has one code and shows no face");
    }
    show::line(&format!(
        "expires {}",
        UnixTime::from_seconds(printed.expires_at).rfc3339()
    ));
    Ok(())
}

/// Reads a key that opens faces: a JSON Web Key.
///
/// # Errors
/// A file that cannot be read or holds no such key.
pub fn read_face_key(path: &Path) -> anyhow::Result<NamedContentKey> {
    let text = read_secret(path)?;
    NamedContentKey::from_jwk(text.as_bytes()).with_context(|| format!("{} cannot be used", path.display()))
}

/// The key as an order carries it, read once here so that a wrong file is told before anything is asked of a server.
fn face_key_of_order(path: &Path) -> anyhow::Result<FaceKey> {
    read_face_key(path)?;
    Ok(FaceKey::new(read_secret(path)?))
}

fn read_secret(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    fs::read_to_string(path)
        .map(Zeroizing::new)
        .with_context(|| format!("cannot read {}", path.display()))
}

fn make_face_key(out: &Path, name: Option<&str>) -> anyhow::Result<()> {
    // Whoever overwrites a key makes every face unreadable that was encrypted for it.
    if out.exists() {
        bail!("{} exists already; a key is never overwritten", out.display());
    }
    let name = match name {
        Some(name) => name.to_owned(),
        None => base64url::encode(&random_bytes::<RANDOM_NAME_BYTES>(&SystemRandomness)?),
    };
    let key = ContentKey::make(ContentEncryption::A256Gcm, &SystemRandomness)?;
    let key = NamedContentKey::new(name, key).context("a key's name has 1 to 128 bytes")?;
    write_atomically(out, key.to_jwk().as_bytes(), Readers::Owner)
        .with_context(|| format!("cannot write {}", out.display()))?;
    show::line(&format!("key {} in {}", key.key_id(), out.display()));
    Ok(())
}
