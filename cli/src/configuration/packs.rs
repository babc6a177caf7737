//! `[packs]` and `[distributor]`: where packs come from, and how they are handed out.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_trust_server::distributor::Retention;
use symbolon_trust_server::pull::PullSource;
use url::Url;

/// `[packs]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PacksSection {
    /// The address of a distributor's index, `…/packs.json`. Nothing is pulled without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_url: Option<Url>,
    /// Which packs are pulled: those of a scope, or those of everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Where packs are kept, relative to the configuration file; `packs` in the data folder without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// From one pull of `symbolon verifier serve` to the next.
    pub interval_minutes: u32,
    /// The largest pack that is downloaded.
    pub max_megabytes: u32,
}

impl Default for PacksSection {
    fn default() -> Self {
        Self {
            index_url: None,
            scope: None,
            folder: None,
            interval_minutes: 60,
            max_megabytes: 256,
        }
    }
}

impl PacksSection {
    /// Where packs come from; `None` where nothing is pulled.
    #[must_use]
    pub fn source(&self) -> Option<PullSource> {
        let index = self.index_url.clone()?;
        Some(PullSource {
            budget: u64::from(self.max_megabytes) << 20,
            ..PullSource::new(index, self.scope.clone())
        })
    }

    /// From one pull to the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        minutes(self.interval_minutes)
    }
}

/// `[distributor]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DistributorSection {
    /// The URL under which shops reach the distributor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Url>,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The certificate chain of the listener, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// The private key of the listener, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Where the published files are, relative to the configuration file; `published-packs` in the data folder without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// From one pack to the next.
    pub interval_minutes: u32,
    /// For how many packs back there are deltas.
    pub deltas: u32,
    /// The scopes of which there are packs of their own, beside the whole one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Status lists of issuers elsewhere that name them in no aggregation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status_lists: Vec<String>,
    /// Aggregations that name further status lists, as of authorities that are known by their certificate alone and have no metadata.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status_list_aggregations: Vec<Url>,
    /// Revocation lists of certificates that neither an anchor of the trust list nor a signer of status lists names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation_lists: Vec<String>,
}

impl Default for DistributorSection {
    fn default() -> Self {
        Self {
            identifier: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8083)),
            tls_certificate: None,
            tls_key: None,
            folder: None,
            interval_minutes: 60,
            deltas: 30,
            scopes: Vec::new(),
            status_lists: Vec::new(),
            status_list_aggregations: Vec::new(),
            revocation_lists: Vec::new(),
        }
    }
}

impl DistributorSection {
    /// From one pack to the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        minutes(self.interval_minutes)
    }

    /// For how many packs back there are deltas.
    #[must_use]
    pub fn retention(&self) -> Retention {
        Retention::of(usize::try_from(self.deltas).unwrap_or(usize::MAX))
    }
}

/// Never less than a minute: whoever writes 0 means often.
fn minutes(minutes: u32) -> Duration {
    Duration::from_secs(60 * u64::from(minutes.max(1)))
}
