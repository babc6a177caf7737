//! `symbolon init`

use std::sync::Arc;

use symbolon_crypto::CryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;

use crate::arguments::InitArguments;
use crate::commands::show;
use crate::configuration::FILE_NAME;
use crate::edge::{self, SystemRandomness};
use crate::installation::Installation;
use crate::installation::init::{NewInstallation, init};
use crate::installation::upgrade::upgrade;

/// Makes an installation, or upgrades one, and says what to do next.
///
/// # Errors
/// There is one already, or none to upgrade, or a file cannot be written.
pub fn run(arguments: &InitArguments) -> anyhow::Result<()> {
    if arguments.upgrade {
        return add_what_is_missing(arguments);
    }
    let new = NewInstallation {
        folder: arguments.dir.clone(),
        issuer: arguments.issuer.clone(),
        verifier: arguments.verifier.clone(),
    };
    let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
    init(&new, &provider, &SystemRandomness, edge::system_time())?;
    let folder = arguments.dir.display();
    show::line(&format!("made an installation in {folder}"));
    show::line("  symbolon.toml            configuration");
    show::line("  credentials/             which fields of a record become which claims");
    show::line("  data/trust.json          the root of trust: give it to verifiers and wallets");
    show::line("  data/keys/               keys and certificates, readable by you alone");
    show::line("  data/administration-token  for whoever administers the servers");
    show::line("next: symbolon issuer serve, and symbolon verifier serve");
    Ok(())
}

fn add_what_is_missing(arguments: &InitArguments) -> anyhow::Result<()> {
    let installation = Installation::load(Some(&arguments.dir.join(FILE_NAME)))?;
    let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
    let added = upgrade(
        &arguments.dir,
        &installation,
        &provider,
        &SystemRandomness,
        edge::system_time(),
    )?;
    for purpose in &added.keys {
        show::line(&format!("made the key {}", purpose.name()));
    }
    for path in &added.configurations {
        show::line(&format!("wrote {}", path.display()));
    }
    if added.keys.is_empty() && added.configurations.is_empty() {
        show::line("nothing is missing");
        return Ok(());
    }
    if !added.keys.is_empty() {
        show::line(
            "data/trust.json names the new keys: give it to verifiers and wallets again, or a new pack",
        );
    }
    show::line(
        "next: name the configurations that are to be issued in symbolon.toml, issuer.credential_configurations",
    );
    Ok(())
}
