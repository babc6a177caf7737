//! Pulling packs in the background of a server.

use std::sync::Arc;

use symbolon_trust::distribution::HeldPack;
use symbolon_trust_server::pull::{KeepError, PackKeeper, PullError, Pulled, Repeat, keep_pulling};
use tokio::task::JoinHandle;

use crate::configuration::LoadedConfiguration;
use crate::edge::SystemRandomness;
use crate::installation::Installation;
use crate::shop::{InForce, Shop};

/// Begins to pull, where the configuration says where from; `None` where it does not.
///
/// # Errors
/// A root of trust that does not read, or a folder that cannot be made.
pub fn begin(installation: &Installation) -> anyhow::Result<Option<JoinHandle<()>>> {
    let section = &installation.loaded.configuration.packs;
    let Some(source) = section.source() else {
        return Ok(None);
    };
    let every = section.interval();
    let shop = Shop::of_installation(&installation.loaded)?;
    let (folder, fetcher) = (shop.downloads()?, shop.fetcher()?);
    let keeper: Arc<dyn PackKeeper> = Arc::new(Keeper(installation.loaded.clone()));
    Ok(Some(tokio::spawn(async move {
        let repeat = Repeat { every };
        keep_pulling(
            &source,
            &folder,
            &keeper,
            &fetcher,
            repeat,
            &SystemRandomness,
            tell,
        )
        .await;
    })))
}

/// Whoever keeps the packs of an installation, by its root of trust as it is when a pack comes: the registry's keys change while a server runs.
struct Keeper(LoadedConfiguration);

impl Keeper {
    fn in_force(&self) -> Result<InForce, KeepError> {
        let shop = Shop::of_installation(&self.0).map_err(|error| KeepError::Storage(error.into()))?;
        Ok(shop.in_force())
    }
}

impl PackKeeper for Keeper {
    fn held(&self) -> Result<Option<HeldPack>, KeepError> {
        self.in_force()?.held()
    }

    fn keep(&self, incoming: &[u8]) -> Result<HeldPack, KeepError> {
        self.in_force()?.keep(incoming)
    }
}

fn tell(pulled: &Result<Pulled, PullError>) {
    match pulled {
        Ok(Pulled::UpToDate(held)) => {
            tracing::debug!(sequence = held.sequence, "the pack in force is the newest")
        }
        Ok(Pulled::Renewed { held, bytes, .. }) => {
            tracing::info!(sequence = held.sequence, bytes, "a newer pack is in force");
        }
        Err(error) if error.is_passing() => tracing::warn!(%error, "no pack was pulled"),
        Err(error) => tracing::error!(%error, "no pack was pulled; the last good one stays in force"),
    }
}
