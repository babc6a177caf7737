//! What `symbolon openapi` accepts.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `symbolon openapi`
#[derive(Debug, Args)]
pub struct OpenapiArguments {
    /// Whose interface
    pub role: DescribedRole,
    /// Where it is; as the configuration says unless given
    #[arg(long, value_name = "URL")]
    pub url: Option<url::Url>,
    /// Leave out what only the operator's token opens
    #[arg(long)]
    pub public: bool,
    /// Write a file instead of printing
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Whose interface is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DescribedRole {
    /// The issuer's
    Issuer,
    /// The verifier's
    Verifier,
    /// The headless wallet's
    Wallet,
    /// The distributor's
    Distributor,
}
