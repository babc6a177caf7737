//! `[trust.sources.NAME]`: lists of anchors beside the trust list, and what each may vouch for (`docs/trust.md`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_trust::trust_list::{AnchoredFormat, IssuerIdentifier, SourceName};

use super::ConfigurationError;

/// `[trust]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustSection {
    /// How often `symbolon verifier serve` looks whether the trust list or a source has changed, in seconds; 0 for never.
    #[serde(skip_serializing_if = "is_default_reload")]
    pub reload_seconds: u32,
    /// The sources, by their names. They have no environment variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<SourceName, SourceSection>,
}

/// An operator who has put a list in its place looks half a minute later whether it is believed.
const RELOAD_SECONDS: u32 = 30;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_default_reload(seconds: &u32) -> bool {
    *seconds == RELOAD_SECONDS
}

impl Default for TrustSection {
    fn default() -> Self {
        Self {
            reload_seconds: RELOAD_SECONDS,
            sources: BTreeMap::new(),
        }
    }
}

/// `[trust.sources.NAME]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SourceSection {
    /// Certificates in a file.
    Pinned(PinnedSection),
    /// Roots of issuing authorities of mdocs in a file.
    IacaList(IacaListSection),
    /// A signed list of such roots.
    Vical(VicalSection),
}

/// A source of the kind `pinned`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedSection {
    /// The certificates, PEM or DER, relative to the configuration file.
    pub file: PathBuf,
    /// The formats that they vouch for.
    pub formats: BTreeSet<AnchoredFormat>,
    /// The types that they vouch for; `*` for every type.
    pub types: Vec<String>,
    /// The identifier of the issuer whose anchors they are. Without it each is an issuing authority of mdocs by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What a person calls the issuer, or whoever keeps the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The beginning of the URIs of the issuer's status lists, where that is not its identifier and a slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_prefix: Option<String>,
    /// Until when the file is to be used; without end where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Rfc3339>,
    /// How much longer, with a warning.
    #[serde(default = "default_grace_days")]
    pub grace_days: u16,
}

/// A source of the kind `iaca-list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IacaListSection {
    /// The certificates, PEM or DER, relative to the configuration file.
    pub file: PathBuf,
    /// The document types that they vouch for; `*` for every type.
    pub types: Vec<String>,
    /// What a person calls whoever keeps the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Until when the file is to be used; without end where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Rfc3339>,
    /// How much longer, with a warning.
    #[serde(default = "default_grace_days")]
    pub grace_days: u16,
}

/// A source of the kind `vical`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VicalSection {
    /// The list as its provider publishes it, relative to the configuration file.
    pub file: PathBuf,
    /// The roots of the provider, PEM or DER.
    pub signers: PathBuf,
    /// The document types that it may vouch for at most; `*` for every type that it says.
    pub types: Vec<String>,
    /// How long a list is used that says no time of the next one.
    #[serde(default = "default_max_age_days")]
    pub max_age_days: u16,
    /// How much longer, with a warning.
    #[serde(default = "default_grace_days")]
    pub grace_days: u16,
}

/// Providers of VICALs publish every month or more often.
const fn default_max_age_days() -> u16 {
    90
}

/// Whoever cannot publish for two weeks is noticed by people.
const fn default_grace_days() -> u16 {
    14
}

/// The longest grace, in days: that of a source in a trust list.
const MAX_GRACE_DAYS: u16 = 366;

/// Days as a duration.
#[must_use]
pub fn days(days: u16) -> Duration {
    Duration::from_secs(86_400 * u64::from(days))
}

impl SourceSection {
    /// The file of the list.
    #[must_use]
    pub const fn file(&self) -> &PathBuf {
        match self {
            Self::Pinned(section) => &section.file,
            Self::IacaList(section) => &section.file,
            Self::Vical(section) => &section.file,
        }
    }

    /// Every file of the source: that of the list, and that of who may sign it.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let signers = match self {
            Self::Pinned(_) | Self::IacaList(_) => None,
            Self::Vical(section) => Some(&section.signers),
        };
        core::iter::once(self.file()).chain(signers)
    }

    fn problem(&self) -> Option<&'static str> {
        let (types, grace_days) = match self {
            Self::Pinned(section) => (&section.types, section.grace_days),
            Self::IacaList(section) => (&section.types, section.grace_days),
            Self::Vical(section) => (&section.types, section.grace_days),
        };
        if types.is_empty() {
            return Some("types says which types it may vouch for, or \"*\"");
        }
        if grace_days > MAX_GRACE_DAYS {
            return Some("grace_days is at most 366");
        }
        match self {
            Self::Pinned(section) => section.problem(),
            Self::IacaList(_) | Self::Vical(_) => None,
        }
    }
}

impl PinnedSection {
    fn problem(&self) -> Option<&'static str> {
        let is_only_of_mdocs = self.formats.iter().all(|format| *format == AnchoredFormat::Mdoc);
        if self.formats.is_empty() {
            return Some("formats says which formats the certificates vouch for");
        }
        if self.formats.contains(&AnchoredFormat::Claim169) {
            return Some("claim_169 codes are signed by keys, and not under certificates");
        }
        match &self.issuer {
            Some(issuer) => IssuerIdentifier::parse(issuer)
                .map_or(true, |issuer| issuer.is_certificate())
                .then_some("issuer must be the URL of the issuer"),
            None if !is_only_of_mdocs => Some("issuer is missing: only mdocs name no issuer"),
            None if self.status_prefix.is_some() => Some("status_prefix says nothing without issuer"),
            None => None,
        }
    }
}

impl TrustSection {
    /// From one look at the files to the next; `None` where nobody looks.
    #[must_use]
    pub fn reload(&self) -> Option<Duration> {
        let seconds = Some(self.reload_seconds).filter(|seconds| *seconds > 0);
        seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Every file that a source names.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.sources.values().flat_map(SourceSection::files)
    }

    /// Checks what each source says of itself.
    ///
    /// # Errors
    /// [`ConfigurationError::TrustSource`].
    pub fn check(&self) -> Result<(), ConfigurationError> {
        let mut problems = self
            .sources
            .iter()
            .filter_map(|(name, source)| Some((name, source.problem()?)));
        match problems.next() {
            None => Ok(()),
            Some((name, problem)) => Err(ConfigurationError::TrustSource {
                name: name.clone(),
                problem,
            }),
        }
    }
}

/// A time as RFC 3339 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rfc3339(pub UnixTime);

impl TryFrom<String> for Rfc3339 {
    type Error = symbolon_crypto::InvalidTime;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        UnixTime::parse_rfc3339(&text).map(Self)
    }
}

impl From<Rfc3339> for String {
    fn from(time: Rfc3339) -> Self {
        time.0.rfc3339()
    }
}
