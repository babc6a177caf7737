//! `symbolon issuer serve`, `symbolon verifier serve`, `symbolon wallet serve`

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use symbolon_http::serve::listen;
use tokio::signal;
use tokio::time::sleep;

use crate::commands::show;
use crate::configuration::identifier_text;
use crate::installation::Installation;
use crate::services::issuer::OpeningAll;
use crate::services::{issuer, pulling, verifier, wallet};

/// How often a server looks whether a command has left the store: for some seconds.
const STORE_TRIES: u32 = 50;
const STORE_RETRY: Duration = Duration::from_millis(100);

/// Serves every issuer of the installation until interrupted.
///
/// # Errors
/// An installation that cannot be used, a store that another process has open, an address that is taken.
pub async fn issuer(installation: &Installation) -> anyhow::Result<()> {
    let listener = listen(installation.issuer().listen)?;
    let mut tries = 1;
    let opened = loop {
        match issuer::open_all(installation).await? {
            OpeningAll::Opened(opened) => break opened,
            // A command that found no server works on the store itself, and is done soon.
            OpeningAll::InUse if tries < STORE_TRIES => sleep(STORE_RETRY).await,
            OpeningAll::InUse => {
                bail!("another process has the issuer's store open; the embedded store is for one process")
            }
        }
        tries += 1;
    };
    let identifiers: Vec<String> = opened
        .iter()
        .map(|opened| identifier_text(&opened.installation.issuer().identifier))
        .collect();
    let tenants = installation.loaded.configuration.tenants();
    let tenants: Vec<Installation> = tenants
        .map(|tenant| installation.of_tenant(&tenant))
        .collect::<Result<_, _>>()?;
    let lists = issuer::keep_revocation_lists(tenants);
    let mut running = issuer::start_all(opened, listener).await?;
    for identifier in &identifiers {
        announce("issuer", identifier, running.address());
    }
    tokio::select! {
        () = interrupted() => {}
        () = running.ended() => bail!("the listener ended by itself"),
    }
    lists.abort();
    running.shutdown().await;
    Ok(())
}

/// Serves the verifier until interrupted.
///
/// # Errors
/// As [`issuer`].
pub async fn verifier(installation: &Installation) -> anyhow::Result<()> {
    let section = &installation.loaded.configuration.verifier;
    let listener = listen(section.listen)?;
    let pulling = pulling::begin(installation)?;
    let mut running = verifier::start(installation, listener)
        .await
        .context("the verifier does not start")?;
    announce(
        "verifier",
        &identifier_text(&section.identifier),
        running.address(),
    );
    tokio::select! {
        () = interrupted() => {}
        () = running.ended() => bail!("the listener ended by itself"),
    }
    if let Some(pulling) = pulling {
        pulling.abort();
    }
    running.shutdown().await;
    Ok(())
}

/// Serves the headless wallet until interrupted.
///
/// # Errors
/// As [`issuer`].
pub async fn wallet(installation: &Installation) -> anyhow::Result<()> {
    let section = &installation.loaded.configuration.wallet;
    let listener = listen(section.listen)?;
    let mut running = wallet::start(installation, listener)
        .await
        .context("the headless wallet does not start")?;
    let token = installation
        .loaded
        .resolve(&section.directory)
        .join(wallet::WALLET_TOKEN);
    announce(
        "wallet",
        &format!("with its token in {}", token.display()),
        running.address(),
    );
    tokio::select! {
        () = interrupted() => {}
        () = running.ended() => bail!("the listener ended by itself"),
    }
    running.shutdown().await;
    Ok(())
}

pub(crate) fn announce(role: &str, identifier: &str, address: SocketAddr) {
    show::line(&format!(
        "{role} {identifier}, listening on {address}; stop with Ctrl-C"
    ));
}

/// Returns when the process is asked to stop.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler the process ends at once, which is what was asked for too.
    let _ = signal::ctrl_c().await;
}
