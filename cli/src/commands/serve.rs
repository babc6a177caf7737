//! `symbolon issuer serve`, `symbolon verifier serve`, `symbolon wallet serve`

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use symbolon_http::serve::listen;
use tokio::signal;

use crate::commands::show;
use crate::configuration::identifier_text;
use crate::installation::Installation;
use crate::services::issuer::OpeningAll;
use crate::services::{issuer, verifier, wallet};

/// Serves every issuer of the installation until interrupted.
///
/// # Errors
/// An installation that cannot be used, a store that another process has open, an address that is taken.
pub async fn issuer(installation: &Installation) -> anyhow::Result<()> {
    let listener = listen(installation.issuer().listen)?;
    let OpeningAll::Opened(opened) = issuer::open_all(installation).await? else {
        bail!("another process has the issuer's store open; the embedded store is for one process");
    };
    let identifiers: Vec<String> = opened
        .iter()
        .map(|opened| identifier_text(&opened.installation.issuer().identifier))
        .collect();
    let mut running = issuer::start_all(opened, listener).await?;
    for identifier in &identifiers {
        announce("issuer", identifier, running.address());
    }
    tokio::select! {
        () = interrupted() => {}
        () = running.ended() => bail!("the listener ended by itself"),
    }
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

fn announce(role: &str, identifier: &str, address: SocketAddr) {
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
