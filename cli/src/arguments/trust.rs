//! `symbolon trust …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use symbolon_trust::trust_list::SourceName;

/// `symbolon trust …`
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Whom is believed here: for what, until when, and by which list
    #[command(after_help = "\
Examples:
  symbolon trust list
  symbolon trust list --trust data/trust.json --json")]
    List(ListArguments),
    /// Shows what a file holds: a trust list, signed or not, a root of trust, a VICAL, certificates
    #[command(after_help = "\
A signature is checked where it is said by whom it must be: a VICAL with --signers, a signed trust list with the root of trust.

Examples:
  symbolon trust inspect registry.list
  symbolon trust inspect current.vical --signers provider-root.pem")]
    Inspect(InspectArguments),
    /// Signs an edited trust list with the registry's key: its number is the next, its time is now
    #[command(after_help = "\
Example:
  symbolon trust export --out list.json
  symbolon trust sign list.json --out registry.list --days 30
  symbolon trust import registry.list")]
    Sign(SignListArguments),
    /// Takes a signed trust list into force, or a newer list of a source that the configuration names
    #[command(after_help = "\
What is refused changes nothing; what is older than what was seen is refused.

Examples:
  symbolon trust import registry.list
  symbolon trust import current.vical --source aamva")]
    Import(ImportArguments),
    /// Writes the trust list for editing, or the authorities of mdocs that are believed, as PEM or as a VICAL
    #[command(after_help = "\
Examples:
  symbolon trust export --out list.json
  symbolon trust export --form iaca --out roots.pem
  symbolon trust export --form vical --doc-type org.iso.18013.5.1.mDL --signer-key vical.key --signer-chain vical.pem --provider \"National registry\" --issue 7 --out national.vical")]
    Export(ExportArguments),
}

/// `symbolon trust list`
#[derive(Debug, Args)]
pub struct ListArguments {
    /// A root of trust; that of the installation with its sources unless given
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// As of when, instead of now; RFC 3339
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `symbolon trust inspect`
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// The file
    pub file: PathBuf,
    /// The roots of whoever signs VICALs, PEM or DER
    #[arg(long, value_name = "FILE")]
    pub signers: Option<PathBuf>,
    /// The root of trust that knows the registry's keys; that of the installation unless given
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `symbolon trust sign`
#[derive(Debug, Args)]
pub struct SignListArguments {
    /// The edited list, as `symbolon trust export` wrote it
    pub file: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// How many days it is valid
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3660))]
    pub days: u16,
}

/// `symbolon trust import`
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The signed list, or the new file of the source
    pub file: PathBuf,
    /// The source of the configuration that it is of; a signed trust list of the registry without it
    #[arg(long, value_name = "NAME", value_parser = source_name)]
    pub source: Option<SourceName>,
}

/// `symbolon trust export`
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// In which form
    #[arg(long, value_enum, default_value_t = ExportForm::List)]
    pub form: ExportForm,
    /// A document type that authorities are listed for in a VICAL, of those that may issue it; may be repeated
    #[arg(long = "doc-type", value_name = "TYPE", required_if_eq("form", "vical"))]
    pub doc_types: Vec<String>,
    /// The private key that signs the VICAL, PKCS#8 in PEM
    #[arg(long, value_name = "FILE", required_if_eq("form", "vical"))]
    pub signer_key: Option<PathBuf>,
    /// The certificates of that key, leaf first
    #[arg(long, value_name = "FILE", required_if_eq("form", "vical"))]
    pub signer_chain: Option<PathBuf>,
    /// Who keeps the VICAL
    #[arg(long, value_name = "NAME", required_if_eq("form", "vical"))]
    pub provider: Option<String>,
    /// The number of the issue, higher than that of the one before
    #[arg(long, value_name = "NUMBER", required_if_eq("form", "vical"))]
    pub issue: Option<u64>,
    /// How many days until the next one
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3660))]
    pub days: u16,
}

/// In which form a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportForm {
    /// The trust list as JSON, to edit and sign
    List,
    /// The roots of issuing authorities of mdocs, as PEM
    Iaca,
    /// The same as a VICAL, signed
    Vical,
}

fn source_name(text: &str) -> Result<SourceName, String> {
    SourceName::parse(text).map_err(|error| error.to_string())
}
