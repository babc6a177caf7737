//! Messages as frames of QR codes: read from pictures, animations and folders of them; written as both, or shown on the terminal.

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use symbolon_protocol::qr_transport::{FrameSize, Message};
use symbolon_qr_picture::{
    ErrorCorrection, FrameTime, MAX_ANIMATION_FRAMES, PictureSource, Symbol, Version, draw_animation,
};

use crate::commands::judge::read_input;
use crate::commands::show;
use crate::installation::files::{Readers, create_private_folder, write_atomically};
use crate::pictures;

/// The largest input that is read: a photo of a card from a phone.
const MAX_INPUT_BYTES: u64 = 16 << 20;
/// Pixels of a module in a picture.
const MODULE_PIXELS: u32 = 5;

/// Where frames go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    /// The terminal, until the command is interrupted.
    Terminal,
    /// An animation.
    Animation(PathBuf),
    /// A folder of numbered pictures.
    Folder(PathBuf),
}

impl Screen {
    /// `terminal`, a file that ends with `.gif`, or a folder.
    #[must_use]
    pub fn of_argument(argument: &str) -> Self {
        let path = PathBuf::from(argument);
        if argument == "terminal" {
            Self::Terminal
        } else if is_animation(&path) {
            Self::Animation(path)
        } else {
            Self::Folder(path)
        }
    }
}

/// Whether a file is called like an animation.
#[must_use]
pub fn is_animation(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gif"))
}

/// The contents of files and folders: of a picture the texts of its codes, each once, and every other file as it is.
///
/// # Errors
/// A file that cannot be read, or a picture without a code where it is the only one.
pub fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Vec<u8>>> {
    read_watched(paths, &ProgressBar::hidden())
}

/// The same, with a bar that says how many of the files were looked at.
///
/// # Errors
/// As [`read`].
pub fn read_watched(paths: &[PathBuf], bar: &ProgressBar) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let listed = fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
            let mut within: Vec<PathBuf> = listed
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<_, _>>()?;
            within.retain(|path| path.is_file());
            within.sort();
            files.extend(within);
        } else {
            files.push(path.clone());
        }
    }
    if files.len() > MAX_ANIMATION_FRAMES * 4 {
        bail!("there are more files than any animation has frames");
    }
    bar.set_length(files.len() as u64);
    let mut contents = Vec::new();
    for file in &files {
        bar.inc(1);
        let bytes =
            read_input(file, MAX_INPUT_BYTES).with_context(|| format!("cannot read {}", file.display()))?;
        if !pictures::is_picture(&bytes) {
            contents.push(bytes);
            continue;
        }
        let found = pictures::texts(&bytes, PictureSource::Photographed)
            .with_context(|| format!("{} cannot be opened", file.display()))?;
        // Among the frames of a film some show nothing.
        if found.is_empty() && files.len() == 1 {
            bail!(
                "no QR code can be read in {}; hold it flat, closer and in better light",
                file.display()
            );
        }
        contents.extend(found.into_iter().map(String::into_bytes));
    }
    Ok(contents)
}

/// Shows a message. On the terminal it is shown until the command is interrupted.
///
/// # Errors
/// A message that is too large, a file that cannot be written, or no terminal.
pub async fn show(message: &Message, screen: &Screen) -> anyhow::Result<()> {
    let frames = message.frames(FrameSize::PHONE)?;
    let (fragments, count) = (frames.fragments(), frames.in_a_loop());
    let symbols: Vec<Symbol> = frames
        .take(count)
        .map(|frame| Symbol::draw(frame.as_bytes(), ErrorCorrection::Low, Version::LARGEST))
        .collect::<Result<_, _>>()?;
    match screen {
        Screen::Terminal => return on_terminal(&symbols).await,
        Screen::Animation(path) => {
            let gif = draw_animation(&symbols, MODULE_PIXELS, FrameTime::CAMERA)?;
            write_atomically(path, &gif, Readers::Owner)
                .with_context(|| format!("cannot write {}", path.display()))?;
            show::line(&format!(
                "{count} frames of {fragments} fragments in {}",
                path.display()
            ));
        }
        Screen::Folder(folder) => {
            create_private_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            for (at, symbol) in symbols.iter().enumerate() {
                let path = folder.join(format!("{:04}.png", at + 1));
                write_atomically(&path, &symbol.to_png(MODULE_PIXELS)?, Readers::Owner)
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            show::line(&format!(
                "{count} frames of {fragments} fragments in {}",
                folder.display()
            ));
        }
    }
    Ok(())
}

/// Whether frames can be shown on the terminal.
#[must_use]
pub fn has_terminal() -> bool {
    std::io::stdout().is_terminal()
}

async fn on_terminal(symbols: &[Symbol]) -> anyhow::Result<()> {
    if !has_terminal() {
        bail!("there is no terminal to show the codes on: name a file that ends with .gif, or a folder");
    }
    show::warning("hold it before the camera; interrupt with Ctrl-C when it has been read");
    let time = std::time::Duration::from_millis(FrameTime::CAMERA.milliseconds());
    for symbol in symbols.iter().cycle() {
        let mut out = std::io::stdout().lock();
        // Home, the frame, and nothing behind it.
        out.write_all(format!("\x1b[H{}\x1b[J", in_half_blocks(symbol)).as_bytes())?;
        out.flush()?;
        drop(out);
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => return interrupted.map_err(Into::into),
            () = tokio::time::sleep(time) => {}
        }
        if symbols.len() == 1 {
            return tokio::signal::ctrl_c().await.map_err(Into::into);
        }
    }
    Ok(())
}

/// A symbol in characters, two modules one above the other in each, light on dark as terminals are: cameras read it inverted alike, and
/// the quiet zone is drawn.
#[must_use]
pub fn in_half_blocks(symbol: &Symbol) -> String {
    const MARGIN: u32 = symbolon_qr_picture::QUIET_ZONE_MODULES;
    let side = symbol.width() + 2 * MARGIN;
    let is_light = |x: u32, y: u32| {
        y < side
            && match (x.checked_sub(MARGIN), y.checked_sub(MARGIN)) {
                (Some(x), Some(y)) => !symbol.is_dark(x, y),
                _ => true,
            }
    };
    let mut text = String::new();
    for y in (0..side).step_by(2) {
        for x in 0..side {
            text.push(match (is_light(x, y), is_light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        text.push_str("\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_says_where_frames_go() {
        assert_eq!(Screen::of_argument("terminal"), Screen::Terminal);
        assert_eq!(
            Screen::of_argument("a/b.GIF"),
            Screen::Animation("a/b.GIF".into())
        );
        assert_eq!(Screen::of_argument("frames"), Screen::Folder("frames".into()));
    }

    #[test]
    fn a_symbol_in_characters_has_its_modules_and_its_quiet_zone() {
        let symbol = Symbol::draw(b"SYMBOLON", ErrorCorrection::Low, Version::LARGEST).unwrap();
        let text = in_half_blocks(&symbol);
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        let side = (symbol.width() + 8) as usize;
        assert_eq!((lines.len(), lines[0].len()), (side.div_ceil(2), side));
        assert!(lines[0].iter().chain(&lines[1]).all(|module| *module == '█'));
        for y in 0..symbol.width() {
            for x in 0..symbol.width() {
                let (row, column) = ((y + 4) as usize, (x + 4) as usize);
                let light = matches!((lines[row / 2][column], row % 2), ('█', _) | ('▀', 0) | ('▄', 1));
                assert_eq!(light, !symbol.is_dark(x, y));
            }
        }
    }
}
