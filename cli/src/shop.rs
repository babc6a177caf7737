//! A reader of packs: whom it believes, where its packs come from, and the one in force.
//!
//! A shop is a folder: that of an installation (`data/packs`, with `data/trust.json` and the section `[packs]`), or one that
//! `symbolon pack join` made on a machine that has nothing else. Both hold the same files:
//!
//! | file | |
//! |---|---|
//! | `trust.json` | the root of trust; in an installation it stands one folder above |
//! | `accepted-packs.redb` | what was seen, beside the root of trust |
//! | `source.json` | where packs come from; in an installation the configuration says it |
//! | `current.pack`, `current.pack.applied` | the pack in force, and what was verified of it |
//! | `earlier/` | packs that were in force before, to show a neighbour what changed since |

mod beside_server;
mod in_force;
mod source;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use symbolon_crypto::CryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_trust_server::pull::{PackKeeper, PullFolder, PullSource};

use crate::configuration::{FILE_NAME, LoadedConfiguration};
use crate::edge;
use crate::installation::{TRUST, read_trust};

pub use self::beside_server::BesideServer;
pub use self::in_force::InForce;
pub use self::source::{SOURCE, StoredSource};

/// The folder of a shop that has no installation, in the current one.
pub const DEFAULT_FOLDER: &str = "packs";

/// A reader of packs.
pub struct Shop {
    /// Its folder.
    pub folder: PathBuf,
    /// Whom it believes.
    pub root: RootOfTrust,
    /// Where its packs come from, if that was said.
    pub source: Option<PullSource>,
    /// Which addresses may be asked.
    pub fetches: FetchPolicy,
    /// The folder of the root of trust, where what was seen is remembered.
    trust_folder: PathBuf,
}

impl Shop {
    /// The shop in a folder; without one that of the installation in the current folder, or else the one that was joined there.
    ///
    /// # Errors
    /// No shop, or one whose files do not read.
    pub fn load(folder: Option<&Path>, configuration: Option<&Path>) -> anyhow::Result<Self> {
        match folder {
            Some(folder) => Self::joined(folder),
            None if configuration.is_some() || Path::new(FILE_NAME).exists() => {
                let path = configuration.unwrap_or(Path::new(FILE_NAME));
                let loaded = LoadedConfiguration::load(path, &edge::environment())?;
                Self::of_installation(&loaded)
            }
            None if Path::new(DEFAULT_FOLDER).join(SOURCE).exists() => {
                Self::joined(Path::new(DEFAULT_FOLDER))
            }
            None => bail!("there is no installation and no joined shop here: symbolon pack join makes one"),
        }
    }

    /// The one that judges where nothing else is said: a joined one, or that of an installation that pulls packs. `None` where there
    /// is none. It may have no pack yet, or none any more.
    ///
    /// # Errors
    /// A shop whose files do not read.
    pub fn judging(configuration: Option<&Path>) -> anyhow::Result<Option<Self>> {
        let is_installation = configuration.is_some() || Path::new(FILE_NAME).exists();
        if !is_installation && !Path::new(DEFAULT_FOLDER).join(SOURCE).exists() {
            return Ok(None);
        }
        let shop = Self::load(None, configuration)?;
        Ok(shop.source.is_some().then_some(shop))
    }

    /// The shop of an installation.
    ///
    /// # Errors
    /// A root of trust that does not read.
    pub fn of_installation(loaded: &LoadedConfiguration) -> anyhow::Result<Self> {
        let configuration = &loaded.configuration;
        let section = &configuration.packs;
        let data = loaded.data_directory();
        Ok(Self {
            folder: section
                .folder
                .as_ref()
                .map_or_else(|| data.join(DEFAULT_FOLDER), |folder| loaded.resolve(folder)),
            root: read_trust(&data.join(TRUST))?,
            source: section.source(),
            fetches: fetches(configuration.development),
            trust_folder: data,
        })
    }

    fn joined(folder: &Path) -> anyhow::Result<Self> {
        let root = read_trust(&folder.join(TRUST))?;
        let stored = StoredSource::read(&folder.join(SOURCE))?;
        let development = stored.as_ref().is_some_and(StoredSource::is_for_development);
        Ok(Self {
            folder: folder.to_owned(),
            root,
            source: stored.map(StoredSource::into_source),
            fetches: fetches(development),
            trust_folder: folder.to_owned(),
        })
    }

    /// Where what was seen is remembered.
    #[must_use]
    pub fn memory_folder(&self) -> &Path {
        &self.trust_folder
    }

    /// The pack in force.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
        InForce::new(&self.folder, &self.trust_folder, self.root.clone(), provider)
    }

    /// The same for whoever pulls.
    #[must_use]
    pub fn keeper(&self) -> Arc<dyn PackKeeper> {
        Arc::new(self.in_force())
    }

    /// The same for a server that judges by it.
    #[must_use]
    pub fn beside_server(&self) -> BesideServer {
        BesideServer::new(self.in_force().path(), &self.trust_folder, self.root.clone())
    }

    /// The folder of downloads.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn downloads(&self) -> anyhow::Result<PullFolder> {
        Ok(PullFolder::open(&self.folder)?)
    }

    /// Who fetches.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn fetcher(&self) -> anyhow::Result<GuardedFetcher> {
        GuardedFetcher::new(self.fetches).context("cannot fetch")
    }
}

/// An operator of a shop chooses its distributor; in development that may be on this machine.
const fn fetches(development: bool) -> FetchPolicy {
    if development {
        FetchPolicy::Development
    } else {
        FetchPolicy::Public
    }
}
