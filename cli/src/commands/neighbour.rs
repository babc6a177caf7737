//! `symbolon pack state`, `show` and `receive`: a pack from one screen to another's camera, with no network on either side.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use symbolon_protocol::qr_transport::{FrameSize, Message, PackState, Progress};
use symbolon_qr_picture::{ErrorCorrection, Symbol, Version};
use symbolon_trust::distribution::{Digest, HeldPack};
use symbolon_trust::pack::is_delta;
use symbolon_trust_server::pull::PackKeeper as _;
use symbolon_verifier::by_qr::sort_scanned;

use crate::commands::frames::{self, Screen};
use crate::commands::records::progress;
use crate::commands::{issuing, show};
use crate::shop::Shop;

/// Shows which pack is in force.
///
/// # Errors
/// No shop, no pack in force, or a picture that cannot be written.
pub fn state(shop: &Shop, qr: Option<&Path>) -> anyhow::Result<()> {
    let held = shop.in_force().held()?.context("no pack is in force here")?;
    let state = Message::PackState(PackState {
        sequence: held.sequence,
        root: *held.root.as_bytes(),
    });
    show_one(&state, qr)?;
    show::line(&format!("pack {} is in force", held.sequence));
    Ok(())
}

/// A message that is one code: a picture, or the terminal.
///
/// # Errors
/// A picture that cannot be written.
pub fn show_one(message: &Message, out: Option<&Path>) -> anyhow::Result<()> {
    let mut shown = message.frames(FrameSize::DENSE)?;
    if shown.fragments() != 1 {
        bail!("it does not fit one code");
    }
    let text = shown.next().context("it does not fit one code")?;
    match out {
        Some(path)
            if path
                .extension()
                .is_some_and(|ending| ending.eq_ignore_ascii_case("svg")) =>
        {
            issuing::write_qr_svg(&text, path)
        }
        Some(path) => issuing::write_qr(&text, path),
        None => {
            let symbol = Symbol::draw(text.as_bytes(), ErrorCorrection::Medium, Version::LARGEST)?;
            show::line(&frames::in_half_blocks(&symbol));
            show::line(&text);
            Ok(())
        }
    }
}

/// Shows a neighbour the smallest thing that brings it up to date.
///
/// # Errors
/// No pack in force, one that is too large for QR codes, or a picture that does not say what the neighbour has.
pub async fn show_pack(shop: &Shop, qr: &str, since: Option<&Path>) -> anyhow::Result<()> {
    let in_force = shop.in_force();
    let held = in_force.held()?.context("no pack is in force here")?;
    let since = since.map(neighbour_state).transpose()?;
    if since == Some(held) {
        show::line("the neighbour has the same pack");
        return Ok(());
    }
    if let Some(since) = since
        && since.sequence > held.sequence
    {
        bail!(
            "the neighbour has pack {}, newer than pack {} here: let it show",
            since.sequence,
            held.sequence
        );
    }
    let bytes = in_force.for_neighbour(since)?;
    let what = if is_delta(&bytes) {
        "what changed"
    } else {
        "the whole pack"
    };
    show::line(&format!("{what}, {} bytes", bytes.len()));
    let screen = Screen::of_argument(qr);
    frames::show(&Message::Pack(bytes), &screen)
        .await
        .context("it is too large for QR codes: use symbolon pack pull, or carry the file")
}

fn neighbour_state(picture: &Path) -> anyhow::Result<HeldPack> {
    let scanned = sort_scanned(frames::read(&[picture.to_owned()])?)?;
    match scanned.carried {
        Some(Progress::Complete(Message::PackState(state))) => Ok(HeldPack {
            sequence: state.sequence,
            root: Digest::from_bytes(state.root),
        }),
        _ => bail!("{} does not show which pack a neighbour has", picture.display()),
    }
}

/// Takes a pack from pictures. It is verified like one from anywhere else: a neighbour is nobody to believe.
///
/// # Errors
/// Pictures that show no pack or not all of it, or a pack that is refused.
pub fn receive(shop: &Shop, from: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let bar = progress(0, "pictures");
    let texts = frames::read_watched(from, &bar)?;
    bar.finish_and_clear();
    let scanned = sort_scanned(texts)?;
    let pack = match scanned.carried {
        Some(Progress::Complete(Message::Pack(pack))) => pack,
        Some(Progress::Complete(_)) => bail!("the pictures show something else than a pack"),
        Some(Progress::Assembling { known, fragments }) => {
            bail!("only {known} of {fragments} fragments of the pack are there; film it longer")
        }
        None => bail!("the pictures show no pack"),
    };
    std::fs::create_dir_all(&shop.folder)
        .with_context(|| format!("cannot make {}", shop.folder.display()))?;
    let held = shop.in_force().keep(&pack)?;
    show::line(&format!(
        "pack {} is in force: {} bytes by QR codes",
        held.sequence,
        pack.len()
    ));
    Ok(ExitCode::SUCCESS)
}
