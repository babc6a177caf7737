//! `symbolon tenant …`, and the option `--tenant` of every command that acts on an issuer.

use std::path::PathBuf;

use clap::Subcommand;

use crate::configuration::TenantName;

/// `symbolon tenant …`
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Adds an issuer with its own keys, records, configurations and administration token
    #[command(
        after_help = "A running server takes it up when it is started again.\n\nExamples:\n  symbolon tenant add north --issuer https://id.example/north --name \"Northern register\"\n  symbolon tenant add north --issuer https://north.example --name \"Northern register\" --offline-root /media/north"
    )]
    Add {
        /// What its tenant is called: a-z, 0-9 and -
        #[arg(value_name = "NAME", value_parser = tenant_name)]
        new_tenant: TenantName,
        /// The issuer's URL: another host, or another path, than those of the other issuers
        #[arg(long, value_name = "URL")]
        issuer: url::Url,
        /// What wallets call it
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// Put the keys of its roots into this folder instead, encrypted, to be taken away
        #[arg(long, value_name = "DIR")]
        offline_root: Option<PathBuf>,
        /// The file with the passphrase of the roots; else it is in SYMBOLON_ROOT_PASSPHRASE or asked for
        #[arg(long, value_name = "FILE", requires = "offline_root")]
        root_passphrase_file: Option<PathBuf>,
    },
    /// Lists the issuers
    #[command(after_help = "Example:\n  symbolon tenant list --json")]
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn tenant_name(text: &str) -> Result<TenantName, &'static str> {
    TenantName::try_from(text.to_owned())
}
