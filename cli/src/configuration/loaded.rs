//! A configuration, and where it lies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Configuration, ConfigurationError};

/// A configuration and the folder its paths are relative to.
#[derive(Debug, Clone)]
pub struct LoadedConfiguration {
    /// What the file and the environment say.
    pub configuration: Configuration,
    /// The folder of the file.
    pub folder: PathBuf,
}

impl LoadedConfiguration {
    /// Reads `path`, lets `environment` override its keys, and checks the result.
    ///
    /// # Errors
    /// An unreadable file, a syntax error, an unknown key, or a combination that is refused at start.
    pub fn load(path: &Path, environment: &BTreeMap<String, String>) -> Result<Self, ConfigurationError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigurationError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path, environment)
    }

    /// Reads `text` as if it stood in `path`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(
        text: &str,
        path: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, ConfigurationError> {
        let configuration = Configuration::parse(text, path, environment)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self {
            configuration,
            folder,
        })
    }

    /// A path of the configuration, relative to its file.
    #[must_use]
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// The folder of stores, keys and tokens.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        self.resolve(&self.configuration.data_directory)
    }
}
