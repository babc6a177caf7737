//! Whom an installation believes: its trust list, and the sources that its configuration names. Verifier, command line, wallet and
//! packer ask here alone.
//!
//! What was seen of each source is remembered in [`MEMORY_FILE`], so that an older list is refused from then on. A list that has
//! expired is no error: what it says is judged by its own times, and a verdict says so.

mod memory;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};

use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_trust::authorities::{
    CertificateFileError, MAX_CERTIFICATE_FILE_BYTES, NotAnAuthority, authorities_of_file, parse_certificates,
};
use symbolon_trust::trust_list::{
    AnchorSource, IssuerIdentifier, ParseTrustListError, RootOfTrust, SourceKind, SourceName, TrustedIssuer,
    TypeLimit,
};
use symbolon_trust::vical::{MAX_VICAL_BYTES, ParsedVical, VicalError};
use thiserror::Error;

use crate::commands::judge::read_input;
use crate::configuration::{LoadedConfiguration, PinnedSection, Rfc3339, SourceSection, VicalSection, days};

pub use watch::{ChangeRefused, WatchedSources};

pub use memory::{MEMORY_FILE, RolledBack, SourceMemory, SourceMemoryError};

/// A source as it was read.
#[derive(Debug, Clone)]
pub struct ReadSource {
    /// What it is, and until when it holds.
    pub source: AnchorSource,
    /// The issuers that it brings.
    pub issuers: Vec<TrustedIssuer>,
    /// What of it is left out, and why, in words.
    pub left_out: Vec<String>,
}

/// Why a source cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrustSourceError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is none of certificates.
    #[error("{path}: {source}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: CertificateFileError,
    },
    /// The VICAL is not believed.
    #[error("{0}")]
    Vical(#[source] VicalError),
    /// A pinned certificate that is to be an issuing authority by itself, and is none.
    #[error("a pinned certificate without issuer is not an issuing authority of mdocs: {0}")]
    NotAnAuthority(#[source] NotAnAuthority),
    /// The identifier of an issuer is none.
    #[error("issuer must be the URL of the issuer")]
    Identifier,
    /// It is older than one that was seen.
    #[error("{0}")]
    RolledBack(#[source] RolledBack),
    /// What was seen cannot be remembered.
    #[error("{0}")]
    Memory(#[source] SourceMemoryError),
    /// What it brings contradicts the trust list.
    #[error("{0}")]
    TrustList(#[source] ParseTrustListError),
}

/// A source by its name, and why it cannot be used.
#[derive(Debug, Error)]
#[error("trust.sources.{name}: {source}")]
pub struct UnusableSource {
    /// Its name.
    pub name: SourceName,
    /// Why.
    #[source]
    pub source: TrustSourceError,
}

/// Takes the sources of a configuration into a root of trust.
///
/// # Errors
/// [`UnusableSource`]: a source that is named and cannot be used is never left out in silence.
pub fn add_sources(
    root: &mut RootOfTrust,
    loaded: &LoadedConfiguration,
    provider: &dyn CryptoProvider,
    now: UnixTime,
) -> Result<(), UnusableSource> {
    let sources = &loaded.configuration.trust.sources;
    if sources.is_empty() {
        return Ok(());
    }
    let mut memory = None;
    for (name, section) in sources {
        let unusable = |source| UnusableSource {
            name: name.clone(),
            source,
        };
        let read = read_source(section, None, loaded, provider).map_err(unusable)?;
        let memory = match &memory {
            Some(memory) => memory,
            None => {
                let opened = SourceMemory::open(&loaded.data_directory());
                memory.insert(opened.map_err(|error| unusable(TrustSourceError::Memory(error)))?)
            }
        };
        memory.accept(name, &read.source, now).map_err(unusable)?;
        for left_out in &read.left_out {
            tracing::warn!(source = %name, "{left_out}");
        }
        root.trust_list
            .add_source(name.clone(), read.source, read.issuers)
            .map_err(|error| unusable(TrustSourceError::TrustList(error)))?;
    }
    Ok(())
}

/// Reads a source: what lies in its file, or `bytes` in the place of that.
///
/// # Errors
/// [`TrustSourceError`].
pub fn read_source(
    section: &SourceSection,
    bytes: Option<Vec<u8>>,
    loaded: &LoadedConfiguration,
    provider: &dyn CryptoProvider,
) -> Result<ReadSource, TrustSourceError> {
    let path = loaded.resolve(section.file());
    let limit = match section {
        SourceSection::Vical(_) => MAX_VICAL_BYTES,
        SourceSection::Pinned(_) | SourceSection::IacaList(_) => MAX_CERTIFICATE_FILE_BYTES,
    };
    let bytes = match bytes {
        Some(bytes) => bytes,
        None => read(&path, limit)?,
    };
    let certificates = |source| TrustSourceError::Certificates {
        path: path.clone(),
        source,
    };
    match section {
        SourceSection::Vical(section) => vical(section, &bytes, loaded, provider),
        SourceSection::Pinned(section) => pinned(section, &bytes, provider, certificates),
        SourceSection::IacaList(section) => {
            let rules = TypeLimit::of(&section.types).rules();
            let (issuers, refused) = authorities_of_file(&bytes, &rules, provider).map_err(certificates)?;
            let left_out = refused.iter().map(|(certificate, error)| {
                let identifier = IssuerIdentifier::of_certificate(certificate);
                format!("the certificate {identifier} is left out: {error}")
            });
            let source = of_file(
                SourceKind::IacaList,
                section.name.clone().unwrap_or_else(|| file_name(&section.file)),
                section.valid_until,
                section.grace_days,
            );
            Ok(ReadSource {
                source,
                issuers,
                left_out: left_out.collect(),
            })
        }
    }
}

fn vical(
    section: &VicalSection,
    bytes: &[u8],
    loaded: &LoadedConfiguration,
    provider: &dyn CryptoProvider,
) -> Result<ReadSource, TrustSourceError> {
    let roots = read_certificates(&loaded.resolve(&section.signers))?;
    let verified = ParsedVical::parse(bytes)
        .and_then(|parsed| parsed.verify(&roots, provider))
        .map_err(TrustSourceError::Vical)?;
    let left_out = verified.refused().iter().map(|(position, error)| {
        let position = position.saturating_add(1);
        format!("entry {position} of the VICAL is left out: {error}")
    });
    Ok(ReadSource {
        source: verified.source(days(section.max_age_days), days(section.grace_days)),
        issuers: verified.issuers(&TypeLimit::of(&section.types)),
        left_out: left_out.collect(),
    })
}

fn pinned(
    section: &PinnedSection,
    bytes: &[u8],
    provider: &dyn CryptoProvider,
    unreadable: impl Fn(CertificateFileError) -> TrustSourceError,
) -> Result<ReadSource, TrustSourceError> {
    let name = section.name.clone().unwrap_or_else(|| file_name(&section.file));
    let rules = TypeLimit::of(&section.types).rules();
    let issuers = match &section.issuer {
        Some(issuer) => {
            let anchors = parse_certificates(bytes).map_err(unreadable)?;
            vec![TrustedIssuer {
                identifier: IssuerIdentifier::parse(issuer).map_err(|_| TrustSourceError::Identifier)?,
                name: name.clone(),
                credential_types: rules,
                anchors,
                claim169_keys: Vec::new(),
                status_prefix: section.status_prefix.clone(),
                dids: Vec::new(),
                formats: section.formats.iter().copied().collect(),
                source: None,
            }]
        }
        None => {
            let (issuers, refused) = authorities_of_file(bytes, &rules, provider).map_err(unreadable)?;
            // Somebody chose each of these by hand, so one that cannot be used is a mistake.
            match refused.first() {
                Some((_, error)) => return Err(TrustSourceError::NotAnAuthority(*error)),
                None => issuers,
            }
        }
    };
    let source = of_file(SourceKind::Pinned, name, section.valid_until, section.grace_days);
    Ok(ReadSource {
        source,
        issuers,
        left_out: Vec::new(),
    })
}

/// What a file of certificates is as a source: it has no issue and no date of its own, so the configuration says how long it holds.
fn of_file(
    kind: SourceKind,
    provider: String,
    valid_until: Option<Rfc3339>,
    grace_days: u16,
) -> AnchorSource {
    AnchorSource {
        kind,
        provider,
        issue: None,
        issued_at: None,
        valid_until: valid_until.map(|time| time.0),
        grace: days(grace_days),
    }
}

/// Reads a file of certificates.
///
/// # Errors
/// [`TrustSourceError`].
pub fn read_certificates(path: &Path) -> Result<Vec<Certificate>, TrustSourceError> {
    let bytes = read(path, MAX_CERTIFICATE_FILE_BYTES)?;
    parse_certificates(&bytes).map_err(|source| TrustSourceError::Certificates {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>, TrustSourceError> {
    let failed = |source| TrustSourceError::File {
        path: path.to_owned(),
        source,
    };
    // A name that stands for standard input elsewhere is a file here.
    fs::metadata(path).map_err(failed)?;
    read_input(path, u64::try_from(limit).unwrap_or(u64::MAX)).map_err(failed)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
