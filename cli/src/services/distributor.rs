//! The distributor of an installation.

mod budget;
mod memory;
mod packer;
mod revocation_lists;
#[cfg(test)]
mod scripted;

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Context as _;
use symbolon_trust_server::distributor::{Distributor, DistributorConfiguration, Running, Server};
use url::Url;

use crate::installation::Installation;
use crate::services::{clock, encryption};

pub use packer::InstallationPacker;

/// The folder of published files, below the data folder.
const PUBLISHED: &str = "published-packs";

/// Starts the distributor on a listener.
///
/// # Errors
/// Files that cannot be read, a folder that cannot be used, a listener that cannot be used.
pub async fn start(installation: Arc<Installation>, listener: TcpListener) -> anyhow::Result<Running> {
    let section = &installation.loaded.configuration.distributor;
    let encryption = encryption(
        &installation,
        section.tls_certificate.as_ref(),
        section.tls_key.as_ref(),
    );
    let distributor = open(installation)?;
    Ok(Server::start(listener, encryption, Arc::new(distributor)).await?)
}

/// The distributor, with what it published before.
///
/// # Errors
/// Files that cannot be read, or a folder that cannot be used.
pub fn open(installation: Arc<Installation>) -> anyhow::Result<Distributor<InstallationPacker>> {
    let section = &installation.loaded.configuration.distributor;
    let configuration = DistributorConfiguration {
        identifier: identifier(&installation)?,
        folder: section.folder.as_ref().map_or_else(
            || installation.data_file(PUBLISHED),
            |folder| installation.loaded.resolve(folder),
        ),
        scopes: section.scopes.clone(),
        every: section.interval(),
        retention: section.retention(),
        root_of_trust: installation
            .trust()?
            .to_json()
            .context("the root of trust cannot be published")?,
    };
    let packer = InstallationPacker::new(installation)?;
    Ok(Distributor::open(configuration, packer, clock())?)
}

/// The URL under which shops reach the distributor: the configured one, or its listener.
///
/// # Errors
/// An address that is no URL.
pub fn identifier(installation: &Installation) -> anyhow::Result<Url> {
    let section = &installation.loaded.configuration.distributor;
    match &section.identifier {
        Some(identifier) => Ok(identifier.clone()),
        None => {
            let scheme = if section.tls_certificate.is_some() {
                "https"
            } else {
                "http"
            };
            Ok(Url::parse(&format!("{scheme}://{}", section.listen))?)
        }
    }
}
