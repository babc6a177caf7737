//! Where the packs of a joined shop come from.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use symbolon_trust_server::pull::PullSource;
use url::Url;

use crate::installation::files::{Readers, write_atomically};

/// The file, in the shop's folder.
pub const SOURCE: &str = "source.json";

const VERSION: u16 = 1;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSource {
    version: u16,
    index: Url,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl StoredSource {
    /// A source as it is written down.
    #[must_use]
    pub const fn new(index: Url, scope: Option<String>) -> Self {
        Self {
            version: VERSION,
            index,
            scope,
        }
    }

    /// Reads the file; `None` where there is none.
    ///
    /// # Errors
    /// A file that does not read.
    pub fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let stored: Self =
            serde_json::from_slice(&bytes).with_context(|| format!("{} does not read", path.display()))?;
        if stored.version == VERSION {
            Ok(Some(stored))
        } else {
            Err(anyhow!("{} has version {}", path.display(), stored.version))
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// What the system reports.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec_pretty(self)?;
        write_atomically(path, &bytes, Readers::Everyone)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Whether the source is on this machine, without TLS: a development installation. No other machine is ever asked so.
    #[must_use]
    pub fn is_for_development(&self) -> bool {
        let host = self.index.host_str();
        self.index.scheme() == "http" && matches!(host, Some("127.0.0.1" | "[::1]" | "localhost"))
    }

    /// The source.
    #[must_use]
    pub fn into_source(self) -> PullSource {
        PullSource::new(self.index, self.scope)
    }
}
