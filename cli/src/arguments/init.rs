//! How an installation is made.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use symbolon_issuer::haip::Profile;

/// `symbolon init`
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder of the installation
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub dir: PathBuf,
    /// The issuer's URL
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub issuer: url::Url,
    /// The verifier's URL
    #[arg(long, default_value = "http://127.0.0.1:8081", value_name = "URL")]
    pub verifier: url::Url,
    /// Which profile the issuer keeps to. For haip a wallet provider is made as well, which vouches for `symbolon wallet` of this
    /// installation: at http URLs alone
    #[arg(long, value_enum, default_value_t = ProfileName::Standard)]
    pub profile: ProfileName,
    /// Add the keys, trust list entries and credential configurations that an installation of an earlier version lacks
    #[arg(long, conflicts_with_all = ["issuer", "verifier", "encrypt_keys", "offline_root", "profile"])]
    pub upgrade: bool,
    /// Keep the keys in one file, encrypted under a passphrase
    #[arg(long)]
    pub encrypt_keys: bool,
    /// The file with that passphrase, which the configuration will name; else it is in SYMBOLON_KEY_PASSPHRASE or asked for
    #[arg(long, value_name = "FILE", requires = "encrypt_keys")]
    pub key_passphrase_file: Option<PathBuf>,
    /// Put the keys of the roots into this folder instead, encrypted, to be taken away
    #[arg(long, value_name = "DIR")]
    pub offline_root: Option<PathBuf>,
    /// The file with the passphrase of the roots; else it is in SYMBOLON_ROOT_PASSPHRASE or asked for
    #[arg(long, value_name = "FILE", requires = "offline_root")]
    pub root_passphrase_file: Option<PathBuf>,
}

/// The profile of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileName {
    /// Every choice of the specifications is the operator's
    Standard,
    /// The High Assurance Interoperability Profile 1.0
    Haip,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Standard => Self::Standard,
            ProfileName::Haip => Self::Haip,
        }
    }
}
