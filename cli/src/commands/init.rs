//! `symbolon init`

use std::sync::Arc;

use symbolon_crypto::CryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;

use crate::arguments::InitArguments;
use crate::commands::show;
use crate::edge::{self, SystemRandomness};
use crate::installation::init::{NewInstallation, init};

/// Makes an installation and says what to do next.
///
/// # Errors
/// There is one already, or a file cannot be written.
pub fn run(arguments: &InitArguments) -> anyhow::Result<()> {
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
