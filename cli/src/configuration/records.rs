//! `[issuer.records]`: who keeps the ID records.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::ConfigurationError;

/// `[issuer.records]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsSection {
    /// Who keeps the ID records.
    #[serde(default)]
    pub source: RecordsSource,
    /// Where a MOSIP deployment has `/v1/authmanager` and `/idrepository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    /// The application of the client there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The file with its secret, which its owner alone may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// By which request a record is read; releases without `POST …/idvid/v2` need `path`.
    #[serde(default)]
    pub retrieval: RecordsRetrieval,
}

/// Who keeps the ID records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordsSource {
    /// The issuer's own register.
    #[default]
    Register,
    /// A MOSIP ID Repository.
    Mosip,
}

/// Where the number stands in a request for a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordsRetrieval {
    /// In the body.
    #[default]
    Body,
    /// In the path, where proxies log it.
    Path,
}

impl RecordsSection {
    pub(super) fn check(&self, development: bool) -> Result<(), ConfigurationError> {
        let refused = |key, problem| Err(ConfigurationError::Records { key, problem });
        let needed = [
            ("url", self.url.is_some()),
            ("app_id", self.app_id.is_some()),
            ("client_id", self.client_id.is_some()),
            ("client_secret_file", self.client_secret_file.is_some()),
        ];
        let here = |there: bool| needed.iter().find(|(_, is)| *is == there).map(|(key, _)| *key);
        match self.source {
            RecordsSource::Register => {
                here(true).map_or(Ok(()), |key| refused(key, "is for source = \"mosip\" alone"))
            }
            RecordsSource::Mosip => {
                if let Some(key) = here(false) {
                    return refused(key, "is needed with source = \"mosip\"");
                }
                // The secret of the client and the records of residents travel there.
                match self.url.as_ref().map(Url::scheme) {
                    Some("https") => Ok(()),
                    Some("http") if development => Ok(()),
                    _ => refused("url", "must be an https URL unless development = true"),
                }
            }
        }
    }
}
