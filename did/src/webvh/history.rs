//! A log that was verified, and its versions
//! ([§3.6.2.1](https://identity.foundation/didwebvh/v1.0/#reading-didwebvh-did-urls)).

use serde_json::Value;
use symbolon_crypto::UnixTime;
use thiserror::Error;

use super::parameters::Parameters;
use crate::published::{DidDocumentError, PublishedDocument};
use crate::syntax::Did;

/// Every version of a DID, verified.
#[derive(Debug, Clone, PartialEq)]
pub struct WebvhHistory {
    versions: Vec<WebvhVersion>,
    parameters: Parameters,
}

/// One version of a DID.
#[derive(Debug, Clone, PartialEq)]
pub struct WebvhVersion {
    pub(super) version_id: String,
    pub(super) version_time: UnixTime,
    pub(super) document: Value,
}

/// Which version is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebvhVersionQuery<'q> {
    /// The one in force.
    Latest,
    /// `versionId`: number, dash and hash.
    Id(&'q str),
    /// `versionNumber`, from one.
    Number(u64),
    /// `versionTime`: the one that was in force then.
    Time(UnixTime),
}

/// Why there is no version to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VersionNotResolved {
    /// There is none (`notFound`).
    #[error("the DID has no such version")]
    NotFound,
    /// It is the one that deactivated the DID. Its document must not be used; those before it may be asked for by name or time.
    #[error("the DID is deactivated")]
    Deactivated,
}

/// What a resolver says about a DID beside its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebvhMetadata<'h> {
    /// When the first version was made, by the controller's clock.
    pub created: UnixTime,
    /// When the last one was.
    pub updated: UnixTime,
    /// The self-certifying identifier.
    pub scid: &'h str,
    /// Whether the DID may still move.
    pub portable: bool,
    /// Whether it is deactivated, whatever version was asked for.
    pub deactivated: bool,
    /// How long a resolution may be kept, in seconds.
    pub ttl_seconds: u64,
    /// How many witnesses must approve the next version; none without witnesses.
    pub witness_threshold: Option<usize>,
    /// The witnesses, as `did:key`.
    pub witnesses: Vec<&'h Did>,
    /// URLs of watchers.
    pub watchers: &'h [String],
}

impl WebvhHistory {
    pub(super) const fn new(versions: Vec<WebvhVersion>, parameters: Parameters) -> Self {
        Self { versions, parameters }
    }

    /// The version that is wanted.
    ///
    /// # Errors
    /// [`VersionNotResolved`].
    pub fn version(&self, wanted: WebvhVersionQuery<'_>) -> Result<&WebvhVersion, VersionNotResolved> {
        let index = match wanted {
            WebvhVersionQuery::Latest => self.versions.len().checked_sub(1),
            WebvhVersionQuery::Id(id) => self.versions.iter().position(|version| version.version_id == id),
            WebvhVersionQuery::Number(number) => usize::try_from(number)
                .ok()
                .and_then(|number| number.checked_sub(1)),
            WebvhVersionQuery::Time(time) => self
                .versions
                .iter()
                .rposition(|version| version.version_time <= time),
        };
        let index = index.ok_or(VersionNotResolved::NotFound)?;
        let version = self.versions.get(index).ok_or(VersionNotResolved::NotFound)?;
        // Nothing follows a deactivation, so it can only be the last.
        if self.parameters.deactivated && index + 1 == self.versions.len() {
            return Err(VersionNotResolved::Deactivated);
        }
        Ok(version)
    }

    /// All versions, the first one first, also that which deactivated the DID.
    #[must_use]
    pub fn versions(&self) -> &[WebvhVersion] {
        &self.versions
    }

    /// What else is known.
    #[must_use]
    pub fn metadata(&self) -> WebvhMetadata<'_> {
        let time = |version: Option<&WebvhVersion>| {
            version.map_or(UnixTime::from_seconds(0), |version| version.version_time)
        };
        let witness = self.parameters.witness.as_ref();
        WebvhMetadata {
            created: time(self.versions.first()),
            updated: time(self.versions.last()),
            scid: &self.parameters.scid,
            portable: self.parameters.portable,
            deactivated: self.parameters.deactivated,
            ttl_seconds: self.parameters.ttl_seconds,
            witness_threshold: witness.map(|rule| rule.threshold),
            witnesses: witness.into_iter().flat_map(|rule| &rule.witnesses).collect(),
            watchers: &self.parameters.watchers,
        }
    }
}

impl WebvhVersion {
    /// `versionId`.
    #[must_use]
    pub fn version_id(&self) -> &str {
        &self.version_id
    }

    /// `versionTime`, to the second.
    #[must_use]
    pub const fn version_time(&self) -> UnixTime {
        self.version_time
    }

    /// The document as it was written.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.document
    }

    /// The document, read. It is of the DID that the version has, which for a DID that moved later may be another than the one
    /// that was resolved: a key is asked for by its whole DID URL, and then is not found.
    ///
    /// # Errors
    /// [`DidDocumentError`].
    pub fn document(&self) -> Result<PublishedDocument, DidDocumentError> {
        let id = self
            .document
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let id = Did::parse(id).map_err(|_| DidDocumentError::OtherDid)?;
        PublishedDocument::from_value(&self.document, &id)
    }
}
