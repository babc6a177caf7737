//! Pulling packs in the background of a server.

use symbolon_trust_server::pull::{PullError, Pulled, Repeat, keep_pulling};
use tokio::task::JoinHandle;

use crate::edge::SystemRandomness;
use crate::installation::Installation;
use crate::shop::Shop;

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
    let (folder, keeper, fetcher) = (shop.downloads()?, shop.keeper(), shop.fetcher()?);
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
