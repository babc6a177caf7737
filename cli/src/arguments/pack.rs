//! `symbolon pack …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DistributionCommand;

/// `symbolon pack …`
#[derive(Debug, Subcommand)]
pub enum PackCommand {
    /// Builds a pack from the installation's trust list and status lists
    #[command(after_help = "\
Examples:
  symbolon pack build --out national.pack
  symbolon pack build --scope region/dakar --out dakar.pack
  symbolon pack build --fetch https://other.example/status/1 --out national.pack
  symbolon pack build --verbatim https://other.example/status/1=list.jwt --out national.pack
  symbolon pack build --fetch-crl http://iaca.example/iaca.crl --out national.pack")]
    Build(BuildArguments),
    /// How packs travel
    #[command(flatten)]
    Distribution(DistributionCommand),
    /// Shows what a pack or a delta holds
    #[command(after_help = "\
Examples:
  symbolon pack inspect national.pack
  symbolon pack inspect monday-to-tuesday.delta")]
    Inspect {
        /// The pack, or the delta
        file: PathBuf,
        /// The root of trust
        #[command(flatten)]
        trust: PackTrust,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Makes the delta that turns one pack into a later one
    #[command(
        after_help = "Example:\n  symbolon pack delta monday.pack tuesday.pack --out monday-to-tuesday.delta"
    )]
    Delta {
        /// The pack that verifiers have
        base: PathBuf,
        /// The pack that they are to have
        target: PathBuf,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Makes one delta of several that follow one another, or the whole pack where that is smaller
    #[command(after_help = "\
Example:
  symbolon pack compact monday.pack monday-to-tuesday.delta tuesday-to-friday.delta --out monday-to-friday.delta")]
    Compact {
        /// The pack that the first delta changes
        base: PathBuf,
        /// The deltas, in their order
        #[arg(required = true)]
        deltas: Vec<PathBuf>,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Takes a pack or a delta from a file into use: verifies it and puts the new pack in the place of the one before
    #[command(after_help = "\
Examples:
  symbolon pack apply national.pack --pack /var/lib/symbolon/held.pack
  symbolon pack apply monday-to-tuesday.delta --pack /var/lib/symbolon/held.pack
  symbolon verify card.png --pack /var/lib/symbolon/held.pack")]
    Apply {
        /// The pack, or the delta of the one in use
        file: PathBuf,
        /// Where the pack in use lies, or is to lie
        #[arg(long, value_name = "FILE")]
        pack: PathBuf,
        /// The root of trust
        #[command(flatten)]
        trust: PackTrust,
        /// As of when, instead of now; RFC 3339
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
}

/// Whom to believe.
#[derive(Debug, Args)]
pub struct PackTrust {
    /// The root of trust; the installation's `trust.json` unless given
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
}

/// `symbolon pack build`
#[derive(Debug, Args)]
pub struct BuildArguments {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Cover this scope of the trust list alone, and others that are given; may be repeated
    #[arg(long = "scope", value_name = "NAME")]
    pub scopes: Vec<String>,
    /// A status section that another issuer has published; may be repeated
    #[arg(long = "section", value_name = "FILE")]
    pub sections: Vec<PathBuf>,
    /// A signed status list of an issuer that publishes no sections, as it is served at its address; may be repeated
    #[arg(long = "verbatim", value_name = "URI=FILE", value_parser = verbatim)]
    pub verbatim: Vec<(String, PathBuf)>,
    /// Fetch the signed status list at this address, and carry it as it is; may be repeated
    #[arg(long = "fetch", value_name = "URI")]
    pub fetch: Vec<String>,
    /// A revocation list of certificates (DER or PEM) that is published at this address; may be repeated
    #[arg(long = "crl", value_name = "URI=FILE", value_parser = verbatim)]
    pub crl: Vec<(String, PathBuf)>,
    /// Fetch the revocation list of certificates at this address; may be repeated
    #[arg(long = "fetch-crl", value_name = "URI")]
    pub fetch_crl: Vec<String>,
    /// The certificates of an authority that signs revocation lists under an anchor of the trust list, PEM, its own first; may be repeated
    #[arg(long = "crl-authority", value_name = "FILE")]
    pub crl_authority: Vec<PathBuf>,
}

fn verbatim(text: &str) -> Result<(String, PathBuf), String> {
    let (uri, file) = text
        .rsplit_once('=')
        .filter(|(uri, file)| !uri.is_empty() && !file.is_empty())
        .ok_or("give the address and the file, as URI=FILE")?;
    Ok((uri.to_owned(), PathBuf::from(file)))
}
