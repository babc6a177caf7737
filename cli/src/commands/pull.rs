//! `symbolon pack pull`

use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::anyhow;
use indicatif::ProgressBar;
use serde_json::json;
use symbolon_trust::distribution::PublishedFile;
use symbolon_trust_server::pull::{
    PullError, PullSource, Pulled, Repeat, Unwatched, Watcher, Way, keep_pulling, pull,
};

use crate::arguments::PullArguments;
use crate::commands::records::progress;
use crate::commands::serve::interrupted;
use crate::commands::{FAILED, show};
use crate::edge::SystemRandomness;
use crate::shop::Shop;

/// The exit status where the next try may well succeed.
const TRY_AGAIN: u8 = 3;
/// From one pull to the next, unless something else is said.
const USUAL_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Pulls once, or until interrupted.
///
/// # Errors
/// No shop, or nothing that says where packs come from.
pub async fn run(arguments: &PullArguments, configuration: Option<&Path>) -> anyhow::Result<ExitCode> {
    let shop = Shop::load(arguments.shop.packs.as_deref(), configuration)?;
    let source = source(&shop, arguments)?;
    let (folder, keeper, fetcher) = (shop.downloads()?, shop.keeper(), shop.fetcher()?);
    if !arguments.watch {
        let bar = Bar::default();
        let pulled = pull(&source, &folder, &keeper, &fetcher, &bar).await;
        bar.end();
        return tell(&pulled, arguments.json);
    }
    let every = arguments.every.map_or(USUAL_INTERVAL, |minutes| {
        Duration::from_secs(60 * u64::from(minutes.max(1)))
    });
    let told = |pulled: &Result<Pulled, PullError>| {
        // A failure is told like a success, and the next pull may be better.
        let _ = tell(pulled, arguments.json);
    };
    tokio::select! {
        () = keep_pulling(&source, &folder, &keeper, &fetcher, Repeat { every }, &SystemRandomness, told) => {}
        () = interrupted() => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn source(shop: &Shop, arguments: &PullArguments) -> anyhow::Result<PullSource> {
    let mut source = match (&arguments.index, &shop.source) {
        (Some(index), Some(configured)) => PullSource {
            index: index.clone(),
            ..configured.clone()
        },
        (Some(index), None) => PullSource::new(index.clone(), None),
        (None, Some(configured)) => configured.clone(),
        (None, None) => {
            return Err(anyhow!(
                "nothing says where packs come from: give an address, or set packs.index_url"
            ));
        }
    };
    if let Some(scope) = &arguments.scope {
        source.scope = Some(scope.clone());
    }
    if let Some(megabytes) = arguments.max_megabytes {
        source.budget = u64::from(megabytes) << 20;
    }
    Ok(source)
}

/// Pulls the first pack of a shop that was just joined.
///
/// # Errors
/// [`PullError`]; the shop is there, and can pull later.
pub async fn first(shop: &Shop) -> anyhow::Result<ExitCode> {
    let source = shop
        .source
        .clone()
        .ok_or_else(|| anyhow!("the shop has no source"))?;
    let (folder, keeper, fetcher) = (shop.downloads()?, shop.keeper(), shop.fetcher()?);
    let pulled = pull(&source, &folder, &keeper, &fetcher, &Unwatched).await;
    tell(&pulled, false)
}

fn tell(pulled: &Result<Pulled, PullError>, as_json: bool) -> anyhow::Result<ExitCode> {
    let error = match pulled {
        Ok(pulled) => {
            show::line(&if as_json {
                json_of(*pulled).to_string()
            } else {
                text_of(*pulled)
            });
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => error,
    };
    let again = error.is_passing();
    if as_json {
        let text =
            json!({ "outcome": "failed", "reason": show::printable(&error.to_string()), "try_again": again });
        show::line(&text.to_string());
    }
    let hint = if again {
        "; the last good pack stays in force, try again later"
    } else {
        "; the last good pack stays in force"
    };
    show::warning(&format!(
        "symbolon: {}{hint}",
        show::printable(&error.to_string())
    ));
    Ok(ExitCode::from(if again { TRY_AGAIN } else { FAILED }))
}

fn text_of(pulled: Pulled) -> String {
    match pulled {
        Pulled::UpToDate(held) => format!("pack {} is in force, and the newest", held.sequence),
        Pulled::Renewed { held, way, bytes } => {
            let way = match way {
                Way::Whole => "the whole pack",
                Way::Delta => "what changed",
            };
            format!("pack {} is in force: {bytes} bytes, {way}", held.sequence)
        }
    }
}

fn json_of(pulled: Pulled) -> serde_json::Value {
    match pulled {
        Pulled::UpToDate(held) => json!({
            "outcome": "up_to_date", "sequence": held.sequence, "root": held.root.to_string(),
        }),
        Pulled::Renewed { held, way, bytes } => json!({
            "outcome": "renewed", "sequence": held.sequence, "root": held.root.to_string(), "bytes": bytes,
            "way": match way { Way::Whole => "whole", Way::Delta => "delta" },
        }),
    }
}

/// How far a download is, on a terminal.
#[derive(Default)]
struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    fn end(&self) {
        if let Ok(mut bar) = self.0.lock()
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

impl Watcher for Bar {
    fn begins(&self, file: &PublishedFile, have: u64) {
        let bar = progress(file.bytes, "bytes");
        bar.set_position(have);
        if let Ok(mut held) = self.0.lock() {
            *held = Some(bar);
        }
    }

    fn has(&self, bytes: u64) {
        if let Ok(bar) = self.0.lock()
            && let Some(bar) = bar.as_ref()
        {
            bar.set_position(bytes);
        }
    }
}
