//! The index document, `packs.json`.

use core::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::json::{self, JsonBudget, JsonError};

/// The version of the form that this crate reads and writes.
pub const INDEX_VERSION: u16 = 1;

/// What the document is called, beside the files that it names.
pub const INDEX_FILE: &str = "packs.json";

/// The longest index that is read, in bytes: every pack with every delta takes less than half.
pub const MAX_INDEX_BYTES: usize = 4 << 20;

/// The most packs of an index: one for each scope, and the whole one.
pub const MAX_PUBLISHED_PACKS: usize = 256;

/// The most deltas to one pack: a month of daily ones with room for a busy week.
pub const MAX_DELTAS: usize = 64;

/// What a distributor publishes now. Nothing in it is signed, and nothing in it is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackIndex {
    /// The version of the form, [`INDEX_VERSION`].
    pub version: u16,
    /// The newest pack of each scope.
    pub packs: Vec<PublishedPack>,
}

/// The newest pack of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPack {
    /// What it covers; everything where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Its sequence number.
    pub sequence: u64,
    /// When it was made.
    pub created: UnixTime,
    /// Its root, by which a delta names what it builds on.
    pub root: Digest,
    /// The whole pack.
    pub full: PublishedFile,
    /// What changed since earlier packs of the scope.
    #[serde(default)]
    pub deltas: Vec<PublishedDelta>,
}

/// What changed since an earlier pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedDelta {
    /// The sequence number of the earlier pack.
    pub base_sequence: u64,
    /// The root of the earlier pack.
    pub base_root: Digest,
    /// The delta.
    pub file: PublishedFile,
}

/// A file that never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedFile {
    /// What it is called, in the folder of the index.
    pub name: FileName,
    /// Its length.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Digest,
}

impl PublishedFile {
    /// Names a file by what it holds: `start` says what it is to people, and the digest keeps two of them apart.
    ///
    /// # Errors
    /// [`NotAFileName`] when `start` or `ending` cannot stand in a file's name.
    pub fn of(start: &str, content: &[u8], ending: &str) -> Result<Self, NotAFileName> {
        let sha256 = Digest::of(content);
        let text = sha256.to_string();
        let short = text.get(..16).unwrap_or_default();
        Ok(Self {
            name: FileName::parse(&format!("{start}-{short}.{ending}"))?,
            bytes: content.len() as u64,
            sha256,
        })
    }
}

impl Default for PackIndex {
    /// An index without a pack.
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl PackIndex {
    /// An index of these packs.
    #[must_use]
    pub const fn of(packs: Vec<PublishedPack>) -> Self {
        Self {
            version: INDEX_VERSION,
            packs,
        }
    }

    /// Reads an index that anybody may have written.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, IndexError> {
        let budget = JsonBudget {
            bytes: MAX_INDEX_BYTES,
            depth: 8,
            items: MAX_PUBLISHED_PACKS * (MAX_DELTAS + 1) * 10,
        };
        let index: Self = json::parse(bytes, budget).map_err(IndexError::Json)?;
        if index.version != INDEX_VERSION {
            return Err(IndexError::Version { found: index.version });
        }
        if index.packs.len() > MAX_PUBLISHED_PACKS
            || index.packs.iter().any(|pack| pack.deltas.len() > MAX_DELTAS)
        {
            return Err(IndexError::TooMany);
        }
        let twice = index.packs.iter().enumerate().any(|(at, pack)| {
            let mut earlier = index.packs.iter().take(at);
            earlier.any(|other| other.scope == pack.scope)
        });
        if twice {
            return Err(IndexError::ScopeTwice);
        }
        Ok(index)
    }

    /// Writes the index.
    ///
    /// # Errors
    /// [`IndexError::Serialization`].
    pub fn to_json(&self) -> Result<Vec<u8>, IndexError> {
        serde_json::to_vec(self).map_err(|_| IndexError::Serialization)
    }

    /// Every file that the index names.
    pub fn files(&self) -> impl Iterator<Item = &PublishedFile> {
        self.packs.iter().flat_map(|pack| {
            let deltas = pack.deltas.iter().map(|delta| &delta.file);
            core::iter::once(&pack.full).chain(deltas)
        })
    }
}

/// Why an index is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// It is no JSON of the form, or over the budget.
    #[error("the index of packs does not read: {0}")]
    Json(#[source] JsonError),
    /// It has another version.
    #[error("the index of packs has version {found}, this reader knows version 1")]
    Version {
        /// The version found.
        found: u16,
    },
    /// More packs or deltas than an index may name.
    #[error("the index names too many packs or deltas")]
    TooMany,
    /// Two packs of one scope.
    #[error("the index names two packs of one scope")]
    ScopeTwice,
    /// It cannot be written.
    #[error("the index of packs cannot be written")]
    Serialization,
}

/// The name of a file in the folder of the index: letters, digits, `-`, `_` and dots within. No path and no address fits into it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

impl FileName {
    /// Takes a name.
    ///
    /// # Errors
    /// [`NotAFileName`].
    pub fn parse(text: &str) -> Result<Self, NotAFileName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let begins_well = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins_well && text.len() <= 128 && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAFileName)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FileName {
    type Error = NotAFileName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0
    }
}

/// The text is not the name of a file in the folder of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a file beside the index")]
pub struct NotAFileName;

/// A SHA-256 digest; base64url on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest that was computed elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The text is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 digest in base64url")]
pub struct NotADigest;

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = base64url::decode(&text).map_err(|_| NotADigest)?;
        bytes.try_into().map(Self).map_err(|_| NotADigest)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}
