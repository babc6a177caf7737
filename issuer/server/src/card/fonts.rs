//! Fonts: where they come from, and which one writes a text.

use std::path::PathBuf;
use std::sync::Arc;

use resvg::usvg::fontdb::{Database, FaceInfo, ID, Source, Style, Weight};
use rustybuzz::Face;
use thiserror::Error;
use unicode_script::{Script, UnicodeScript};

use super::setting::{SetText, set_text};
use super::text::is_invisible;

/// Where fonts come from. DejaVu Sans (Latin, Greek, Cyrillic, Arabic and more) is built in and always there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FontSource {
    /// The built-in fonts alone: the same card on every machine.
    BuiltIn,
    /// The fonts that are installed on this machine, before the built-in ones.
    System,
    /// The font files in a folder, before the built-in ones.
    Folder(PathBuf),
}

/// Why fonts cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FontError {
    /// No font has a character of this script.
    #[error("no font covers the script {script}; install one, or name a folder of fonts")]
    ScriptNotCovered {
        /// The script's name in Unicode.
        script: &'static str,
    },
    /// A character that belongs to no script, such as an emoji.
    #[error("no font covers a character of the text")]
    CharacterNotCovered,
    /// The configured folder has no font.
    #[error("the font folder holds no font")]
    EmptyFolder,
}

/// Loaded fonts. Loading takes up to a second where many are installed, so load once.
pub struct Fonts {
    database: Database,
    regular: Vec<ID>,
    bold: Vec<ID>,
}

/// How heavy a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heaviness {
    Regular,
    Bold,
}

/// Families whose glyphs are pictures of missing glyphs: they would "cover" everything.
const STAND_INS: [&str; 4] = ["Adobe NotDef", "Last Resort", "LastResort", "Unifont"];

/// Families that go with each other on one card come first, then the alphabet, so that the choice does not depend on
/// the order in which a folder is read.
const PREFERRED: [&str; 7] = [
    "Noto Sans",
    "Noto Sans Arabic",
    "Noto Naskh Arabic",
    "Noto Sans Devanagari",
    "DejaVu Sans",
    "Lohit Devanagari",
    "FreeSans",
];

impl Fonts {
    /// Loads the fonts of `source`.
    ///
    /// # Errors
    /// [`FontError::EmptyFolder`] when a folder is named that holds no font.
    pub fn load(source: &FontSource) -> Result<Self, FontError> {
        let mut database = Database::new();
        match source {
            FontSource::BuiltIn => {}
            FontSource::System => database.load_system_fonts(),
            FontSource::Folder(folder) => {
                database.load_fonts_dir(folder);
                if database.is_empty() {
                    return Err(FontError::EmptyFolder);
                }
            }
        }
        for file in [dejavu::sans::regular(), dejavu::sans::bold()] {
            database.load_font_source(Source::Binary(Arc::new(file)));
        }
        let mut usable: Vec<&FaceInfo> = database.faces().filter(|face| is_usable(face)).collect();
        usable.sort_by_key(|face| rank(face));
        let regular = usable
            .iter()
            .filter(|face| face.weight == Weight::NORMAL)
            .map(|face| face.id)
            .collect();
        let bold = usable
            .iter()
            .filter(|face| face.weight == Weight::BOLD)
            .map(|face| face.id)
            .collect();
        Ok(Self {
            regular,
            bold,
            database,
        })
    }

    /// Sets a text in the first font that has all of its characters: bold where a bold font does, else regular.
    ///
    /// A text is set in one font throughout: half a name in another font looks like a forgery, and joined letters come
    /// apart between fonts.
    pub(super) fn set(&self, text: &str, heaviness: Heaviness) -> Result<SetText, FontError> {
        let candidates = match heaviness {
            Heaviness::Bold => [&self.bold, &self.regular],
            Heaviness::Regular => [&self.regular, &self.bold],
        };
        let set = candidates
            .into_iter()
            .flatten()
            .find_map(|id| self.set_in(*id, text));
        set.ok_or_else(|| self.why_not(text))
    }

    fn set_in(&self, id: ID, text: &str) -> Option<SetText> {
        self.with_face(id, |face| covers(face, text).then(|| set_text(face, text))?)
    }

    fn with_face<T>(&self, id: ID, read: impl FnOnce(&Face<'_>) -> Option<T>) -> Option<T> {
        self.database
            .with_face_data(id, |data, index| read(&Face::from_slice(data, index)?))?
    }

    fn why_not(&self, text: &str) -> FontError {
        let covered = |character: char| {
            let mut sample = [0; 4];
            let sample = character.encode_utf8(&mut sample);
            self.regular
                .iter()
                .chain(&self.bold)
                .any(|id| self.with_face(*id, |face| Some(covers(face, sample))) == Some(true))
        };
        let visible = text.chars().filter(|character| !is_invisible(*character));
        let missing = visible.clone().find(|character| !covered(*character));
        // Every character is somewhere, and no font has all: the script is written by none.
        let script = missing.map(|character| character.script()).or_else(|| {
            visible
                .map(|character| character.script())
                .find(|script| is_named(*script))
        });
        match script {
            Some(script) if is_named(script) => FontError::ScriptNotCovered {
                script: script.full_name(),
            },
            _ => FontError::CharacterNotCovered,
        }
    }
}

fn is_named(script: Script) -> bool {
    !matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

fn covers(face: &Face<'_>, text: &str) -> bool {
    let mut visible = text.chars().filter(|character| !is_invisible(*character));
    visible.all(|character| face.glyph_index(character).is_some_and(|glyph| glyph.0 != 0))
}

fn is_usable(face: &FaceInfo) -> bool {
    let family = face.families.first().map(|(name, _)| name.as_str());
    let stand_in = family.is_none_or(|name| STAND_INS.iter().any(|stand_in| name.starts_with(stand_in)));
    !stand_in && !face.monospaced && face.style == Style::Normal
}

fn rank(face: &FaceInfo) -> (usize, u16, String) {
    let family = face
        .families
        .first()
        .map(|(name, _)| name.clone())
        .unwrap_or_default();
    let preferred = PREFERRED
        .iter()
        .position(|name| *name == family)
        .unwrap_or(PREFERRED.len());
    // The normal width before condensed ones.
    let width = face.stretch.to_number().abs_diff(5);
    (preferred, width, family)
}
