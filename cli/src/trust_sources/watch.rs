//! The sources of trust of a server that runs: read again when their files have changed, whoever changed them.
//!
//! A change is taken whole or not at all. What lies there is compared by what it holds and not by its times, so that a file that was only
//! touched is none that has changed; what is refused is looked at again as long as it lies there.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use symbolon_crypto::symmetric::hmac_sha256;
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_store::files::read_if_there;
use symbolon_trust::trust_list::{RootOfTrust, TrustList};
use symbolon_verifier_server::{TrustSources, TrustUnusable};
use thiserror::Error;

use super::{UnusableSource, add_sources};
use crate::configuration::LoadedConfiguration;
use crate::installation::{Installation, InstallationError, TRUST, read_trust};
use crate::shop::BesideServer;
use crate::stamp::Stamp;

/// The longest file that is read to see whether it has changed: longer than any that a source may have.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// What the digests of files are made under: they are compared with each other alone.
const CONTENTS: &[u8] = b"symbolon source of trust";

/// Why the sources of trust are not used as they lie there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChangeRefused {
    /// A file cannot be looked at.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The trust list does not read.
    #[error(transparent)]
    TrustList(#[from] InstallationError),
    /// The trust list is older than the one that is believed.
    #[error(
        "the trust list number {found} of {issued_at} is older than the one that is believed: somebody has put an old list in its place"
    )]
    Older {
        /// Its number.
        found: u64,
        /// When it was issued.
        issued_at: String,
    },
    /// A source cannot be used.
    #[error(transparent)]
    Source(#[from] UnusableSource),
}

/// The sources of trust of an installation, as a server looks at them.
pub struct WatchedSources {
    loaded: LoadedConfiguration,
    provider: Arc<dyn CryptoProvider>,
    /// Who opens packs by the same root of trust.
    pack: Arc<BesideServer>,
    looked: Mutex<Looked>,
}

struct Looked {
    believed: Files,
    /// The list that is believed: its number, and when it was issued.
    newest: (u64, UnixTime),
    /// What was handed out and not yet taken.
    offered: Option<(Files, RootOfTrust)>,
}

/// The files of the sources at one moment.
#[derive(Clone, PartialEq, Eq)]
struct Files {
    stamps: BTreeMap<PathBuf, Option<Stamp>>,
    digests: BTreeMap<PathBuf, Option<[u8; 32]>>,
}

impl WatchedSources {
    /// Begins to look, with what an installation believes now.
    ///
    /// # Errors
    /// A source that cannot be used.
    pub fn begin(
        installation: &Installation,
        pack: Arc<BesideServer>,
    ) -> Result<(Self, RootOfTrust), InstallationError> {
        let loaded = &installation.loaded;
        // Before they are read: what changes in between is seen as a change.
        let files = files(loaded).map_err(|refused| match refused {
            ChangeRefused::File { path, source } => InstallationError::File { path, source },
            _ => InstallationError::File {
                path: installation.data_file(TRUST),
                source: io::ErrorKind::InvalidData.into(),
            },
        })?;
        let root = installation.believed()?;
        let watched = Self {
            loaded: loaded.clone(),
            provider: Arc::clone(&installation.provider),
            pack,
            looked: Mutex::new(Looked {
                believed: files,
                newest: newest(&root),
                offered: None,
            }),
        };
        Ok((watched, root))
    }

    fn look(&self, looked: &mut Looked, now: UnixTime) -> Result<Option<TrustList>, ChangeRefused> {
        looked.offered = None;
        let paths = paths(&self.loaded);
        let stamps = stamps(&paths)?;
        if stamps == looked.believed.stamps {
            return Ok(None);
        }
        let files = Files {
            stamps,
            digests: digests(&paths)?,
        };
        if files.digests == looked.believed.digests {
            looked.believed = files;
            return Ok(None);
        }
        let trust = self.loaded.data_directory().join(TRUST);
        let plain = read_trust(&trust)?;
        let (sequence, issued_at) = newest(&plain);
        if sequence < looked.newest.0 || issued_at < looked.newest.1 {
            return Err(ChangeRefused::Older {
                found: sequence,
                issued_at: issued_at.rfc3339(),
            });
        }
        let mut root = plain.clone();
        add_sources(&mut root, &self.loaded, self.provider.as_ref(), now)?;
        looked.offered = Some((files, plain));
        Ok(Some(root.trust_list))
    }
}

impl TrustSources for WatchedSources {
    fn changed(&self, now: UnixTime) -> Result<Option<TrustList>, TrustUnusable> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut looked, now)
            .map_err(|refused| TrustUnusable(Box::new(refused)))
    }

    fn taken(&self) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((files, root)) = looked.offered.take() {
            looked.believed = files;
            looked.newest = newest(&root);
            self.pack.believe(root);
        }
    }
}

const fn newest(root: &RootOfTrust) -> (u64, UnixTime) {
    (root.trust_list.sequence, root.trust_list.issued_at)
}

/// The files that say whom an installation believes.
fn paths(loaded: &LoadedConfiguration) -> Vec<PathBuf> {
    let sources = loaded.configuration.trust.files();
    let sources = sources.map(|file| loaded.resolve(file));
    core::iter::once(loaded.data_directory().join(TRUST))
        .chain(sources)
        .collect()
}

fn files(loaded: &LoadedConfiguration) -> Result<Files, ChangeRefused> {
    let paths = paths(loaded);
    Ok(Files {
        stamps: stamps(&paths)?,
        digests: digests(&paths)?,
    })
}

fn stamps(paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, Option<Stamp>>, ChangeRefused> {
    let stamp = |path: &PathBuf| Ok((path.clone(), Stamp::of(path).map_err(failed(path))?));
    paths.iter().map(stamp).collect()
}

fn digests(paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, Option<[u8; 32]>>, ChangeRefused> {
    let digest = |path: &PathBuf| {
        let bytes = read_if_there(path, MAX_FILE_BYTES).map_err(failed(path))?;
        Ok((path.clone(), bytes.map(|bytes| hmac_sha256(CONTENTS, &bytes))))
    };
    paths.iter().map(digest).collect()
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ChangeRefused {
    let path = path.to_owned();
    move |source| ChangeRefused::File {
        path: path.clone(),
        source,
    }
}
