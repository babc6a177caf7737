//! `symbolon distributor …`, and those of `symbolon pack …` that move packs.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use symbolon_http::serve::listen;

use crate::arguments::{DistributionCommand, DistributorCommand};
use crate::commands::{FAILED, neighbour, onboarding, pull, serve, show};
use crate::installation::Installation;
use crate::services::distributor;
use crate::shop::Shop;

/// Runs a command that moves packs.
///
/// # Errors
/// As the command says.
pub async fn pack(command: &DistributionCommand, configuration: Option<&Path>) -> anyhow::Result<ExitCode> {
    match command {
        DistributionCommand::Pull(arguments) => return pull::run(arguments, configuration).await,
        DistributionCommand::OnboardingQr { index, scope, out } => {
            onboarding::print(configuration, index.as_ref(), scope.as_deref(), out.as_deref())?;
        }
        DistributionCommand::Join {
            code,
            packs,
            fingerprint,
        } => return onboarding::join(code, packs, fingerprint.as_deref()).await,
        DistributionCommand::State { shop, qr } => {
            neighbour::state(&Shop::load(shop.packs.as_deref(), configuration)?, qr.as_deref())?;
        }
        DistributionCommand::Show { qr, since, shop } => {
            let shop = Shop::load(shop.packs.as_deref(), configuration)?;
            neighbour::show_pack(&shop, qr, since.as_deref()).await?;
        }
        DistributionCommand::Receive { from, shop } => {
            return neighbour::receive(&Shop::load(shop.packs.as_deref(), configuration)?, from);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a command of the distributor.
///
/// # Errors
/// An installation that cannot be used, an address that is taken.
pub async fn distributor(
    command: &DistributorCommand,
    configuration: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let installation = Arc::new(Installation::load(configuration)?);
    match command {
        DistributorCommand::Serve => serve(installation).await.map(|()| ExitCode::SUCCESS),
        DistributorCommand::Publish => {
            let opened = Arc::new(distributor::open(installation)?);
            if !opened.publish_all().await {
                show::warning("symbolon: not every pack was published; SYMBOLON_LOG=error says why");
                return Ok(ExitCode::from(FAILED));
            }
            for line in opened.published() {
                show::line(&line);
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn serve(installation: Arc<Installation>) -> anyhow::Result<()> {
    let listener = listen(installation.loaded.configuration.distributor.listen)?;
    let identifier = distributor::identifier(&installation)?;
    let mut running = distributor::start(installation, listener).await?;
    serve::announce(
        "distributor",
        identifier.as_str().trim_end_matches('/'),
        running.address(),
    );
    tokio::select! {
        () = serve::interrupted() => {}
        () = running.ended() => bail!("the listener ended by itself"),
    }
    running.shutdown().await;
    Ok(())
}
