//! What the command line accepts. The names are stable; see `ARCHITECTURE.md`, section 4.

mod care;
mod distribution;
mod init;
mod offer;
mod openapi;
mod pack;
mod relying_party;
mod request;
mod tenant;
mod trust;
mod wallet;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use care::{
    BackupArguments, CertifiedKey, CrlArguments, KeysCommand, RestoreArguments, RevokeArguments, RotatedKey,
    SignArguments,
};
pub use distribution::{DistributionCommand, DistributorCommand, PullArguments, ShopLocation};
pub use init::{InitArguments, ProfileName};
pub use offer::{OfferCommand, OfferGrant, OfferStateName};
pub use openapi::{DescribedRole, OpenapiArguments};
pub use pack::{BuildArguments, PackCommand, PackTrust};
pub use relying_party::{OpenIdClientArguments, PolicyCommand, RegisteredContacts, RelyingPartyCommand};
pub use request::{CreateArguments, RequestCommand};
pub use tenant::TenantCommand;
use tenant::tenant_name;
pub use trust::{
    ExportArguments, ExportForm, ImportArguments, InspectArguments, ListArguments, SignListArguments,
    TrustCommand,
};
pub use wallet::{
    ConsentCommand, DataRequestArguments, Exported, FolderLocation, HistoryCommand, PersonCommand,
    PresentNearbyArguments, ReceiveArguments, RefusalsCommand, ReissueArguments, SigningIn, SortOrder,
    WalletCommand, WalletLocation,
};

use crate::configuration::TenantName;

/// Verifiable credentials from an ID record to an offline verdict.
#[derive(Debug, Parser)]
#[command(
    name = "symbolon",
    version,
    about = "Verifiable credentials, from an ID record to an offline verdict",
    propagate_version = true
)]
pub struct Arguments {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Which issuer, by the name of its tenant; it may be left out where there is one
    #[arg(long, global = true, value_name = "NAME", value_parser = tenant_name)]
    pub tenant: Option<TenantName>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole story on loopback: records, credential, QR, verdict, revocation
    #[command(after_help = "Example:\n  symbolon demo --records 1000")]
    Demo(DemoArguments),
    /// Makes configuration, keys, trust root and administration token
    #[command(
        after_help = "Examples:\n  symbolon init --dir national-id\n  symbolon init --dir trial --profile haip\n  symbolon init --dir national-id --issuer https://id.example --verifier https://verify.example --encrypt-keys --offline-root /media/roots"
    )]
    Init(InitArguments),
    /// The issuer
    #[command(subcommand)]
    Issuer(IssuerCommand),
    /// The verifier
    #[command(subcommand)]
    Verifier(VerifierCommand),
    /// ID records: sample people, import, show, export
    #[command(subcommand)]
    Records(RecordsCommand),
    /// Credential offers
    #[command(subcommand)]
    Offer(OfferCommand),
    /// The printable Claim 169 card
    #[command(subcommand)]
    Card(CardCommand),
    /// PixelPass QR codes: any JSON or text, and back
    #[command(subcommand)]
    Qr(QrCommand),
    /// Issued credentials
    #[command(subcommand)]
    Credential(CredentialCommand),
    /// Asks for a presentation and shows its result, against the running verifier
    #[command(subcommand)]
    Request(RequestCommand),
    /// Who may ask through this verifier, by which policies, with which keys
    #[command(subcommand)]
    RelyingParty(RelyingPartyCommand),
    /// What relying parties may ask by
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The wallet
    #[command(subcommand)]
    Wallet(WalletCommand),
    /// Judges a credential, a presentation or a picture of a QR code
    #[command(
        after_help = "Exit status: 0 valid or genuine, 1 invalid, 2 usage or unreadable input, 3 unknown.\n\nExample:\n  symbolon verify card.png --pack national.pack\n  symbolon verify answer.gif --request ask.jwt --pack national.pack"
    )]
    Verify(VerifyArguments),
    /// Whom is believed, and the registry's lists
    #[command(subcommand)]
    Trust(TrustCommand),
    /// The offline pack
    #[command(subcommand)]
    Pack(PackCommand),
    /// Hands out packs to a fleet
    #[command(subcommand)]
    Distributor(DistributorCommand),
    /// The audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Keys and their certificates
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Further issuers of the same process
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Describes an HTTP interface by OpenAPI 3.1, without a server: of this installation, or for any URL
    #[command(
        after_help = "Examples:\n  symbolon openapi issuer --out issuer.json\n  symbolon openapi verifier --url https://verify.example --public"
    )]
    Openapi(OpenapiArguments),
    /// Saves a running installation into one encrypted file
    Backup(BackupArguments),
    /// Makes an installation of a backup
    Restore(RestoreArguments),
}

/// `symbolon demo`
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Keep issuer and verifier running at the end, and print what to open
    #[arg(long)]
    pub serve: bool,
    /// How many sample records to import
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub records: u32,
    /// Where the demo keeps its files; a fresh temporary folder unless given
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `symbolon issuer …`
#[derive(Debug, Subcommand)]
pub enum IssuerCommand {
    /// Serves every issuer of the installation until interrupted
    #[command(after_help = "Example:\n  symbolon issuer serve --config symbolon.toml")]
    Serve,
    /// Says whether the issuer's configuration and keys fit its profile, and what the profile chooses
    #[command(after_help = "Nothing is opened or changed.\n\nExample:\n  symbolon issuer check")]
    Check {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

/// `symbolon verifier …`
#[derive(Debug, Subcommand)]
pub enum VerifierCommand {
    /// Serves until interrupted
    #[command(after_help = "Example:\n  symbolon verifier serve --config symbolon.toml")]
    Serve,
    /// The address that lets a device use the page that scans, once opened there
    #[command(
        after_help = "Whoever has the address can use the page. verifier.scan.code_generation makes another one and shuts all devices out.\n\nExample:\n  symbolon verifier scan-link --qr counter.png"
    )]
    ScanLink {
        /// Draw the address as a QR code, for the device to photograph
        #[arg(long, value_name = "FILE")]
        qr: Option<PathBuf>,
    },
    /// Asks for a presentation by QR codes: makes the request without a server or a network, and shows it
    #[command(
        after_help = "The wallet answers by QR codes of its own (symbolon wallet present --animate), which symbolon verify --request reads, once and in time.\n\nExample:\n  symbolon verifier ask-qr age --out ask.gif --request ask.jwt"
    )]
    AskQr(AskQrArguments),
    /// Asks a wallet face to face (ISO/IEC 18013-5), as the reader that the verifier's certificate names, and judges the answer
    #[command(
        after_help = "The line to the wallet is one of this machine, in place of Bluetooth: start symbolon wallet present-nearby first. The exit status is that of symbolon verify.\n\nExample:\n  symbolon verifier ask-nearby licence.json --engagement engagement.png --connect 127.0.0.1:7000 --pack a.pack"
    )]
    AskNearby(AskNearbyArguments),
}

/// `symbolon verifier ask-nearby`
#[derive(Debug, Args)]
pub struct AskNearbyArguments {
    /// A query of the configuration, or a file with a DCQL query, that asks for mdocs alone
    pub query: String,
    /// The engagement that the wallet shows: its text, or a picture of its QR code
    #[arg(long, value_name = "TEXT|FILE")]
    pub engagement: String,
    /// Where the wallet listens
    #[arg(long, value_name = "ADDRESS")]
    pub connect: SocketAddr,
    /// Judge with this pack and without a network
    #[arg(long, value_name = "FILE")]
    pub pack: Option<PathBuf>,
    /// Write the request with its session, and the presentation, for a later `symbolon verify`
    #[arg(long, value_name = "DIR")]
    pub evidence: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `symbolon verifier ask-qr`
#[derive(Debug, Args)]
pub struct AskQrArguments {
    /// A query of the configuration, or a file with a DCQL query
    pub query: String,
    /// Where to show the request: a file that ends with .gif, a folder for pictures, or `terminal`
    #[arg(long, value_name = "FILE.gif|DIR|terminal")]
    pub out: String,
    /// Where to keep the request, which its answer is judged with
    #[arg(long, value_name = "FILE")]
    pub request: PathBuf,
    /// How long it may be answered
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=15))]
    pub minutes: u8,
}

/// `symbolon records …`
#[derive(Debug, Subcommand)]
pub enum RecordsCommand {
    /// Makes plausible, reproducible people
    #[command(after_help = "Example:\n  symbolon records sample --count 1000 --seed 7 --out people.ndjson")]
    Sample {
        /// How many
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        count: u32,
        /// The same seed makes the same people
        #[arg(long)]
        seed: u64,
        /// The NDJSON file to write; `-` for standard output
        #[arg(long)]
        out: PathBuf,
    },
    /// Imports NDJSON or CSV files; rows that are refused go to FILE.rejected.ndjson
    #[command(after_help = "Example:\n  symbolon records import people.ndjson")]
    Import {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print the counts as JSON
        #[arg(long)]
        json: bool,
    },
    /// Shows one record
    #[command(after_help = "Example:\n  symbolon records show 2301456789")]
    Show {
        /// The record's UIN
        uin: String,
    },
    /// Writes every record as NDJSON
    #[command(after_help = "Example:\n  symbolon records export --out all.ndjson")]
    Export {
        /// The file to write; standard output unless given
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// `symbolon card …`
#[derive(Debug, Subcommand)]
pub enum CardCommand {
    /// Prints the card of a record, PDF or PNG by the file's name
    #[command(
        after_help = "Examples:\n  symbolon card print --record 2301456789 --out card.pdf\n  symbolon card print --record 2301456789 --out card.pdf --face-key clinics.json"
    )]
    Print {
        /// The record's UIN
        #[arg(long, value_name = "UIN")]
        record: String,
        /// The file to write
        #[arg(long, value_name = "FILE.pdf|FILE.png")]
        out: PathBuf,
        /// The lost card that this one replaces; it is revoked
        #[arg(long, value_name = "ID")]
        replaces: Option<String>,
        /// Give the face a QR code of its own, on the back; encrypted if the configuration names a face key
        #[arg(long)]
        face_qr: bool,
        /// Encrypt the face's QR code for the holders of this key
        #[arg(long, value_name = "FILE")]
        face_key: Option<PathBuf>,
    },
    /// Makes a key for faces: give it to the readers that may see them
    #[command(after_help = "Example:\n  symbolon card face-key --name clinics --out clinics.json")]
    FaceKey {
        /// The file to write, which only its owner may read; never overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// What cards call the key; a random name unless given
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
}

/// `symbolon qr …`
#[derive(Debug, Subcommand)]
pub enum QrCommand {
    /// Encodes a file as the text of a PixelPass QR code, and draws the code if asked to
    #[command(after_help = "Example:\n  symbolon qr encode credential.json --out credential.png")]
    Encode {
        /// JSON or any other text; `-` for standard input
        file: PathBuf,
        /// Draw the code instead of printing its text
        #[arg(long, value_name = "FILE.png")]
        out: Option<PathBuf>,
        /// What stands in front of the text, where a deployment wants it
        #[arg(long, default_value = "", value_name = "TEXT", hide_default_value = true)]
        prefix: String,
    },
    /// Shows a credential that is too large for one code as an animation of several, which symbolon verify and the shop's page read
    #[command(after_help = "Example:\n  symbolon qr animate credential.sd-jwt --out credential.gif")]
    Animate {
        /// The credential, as its issuer made it; `-` for standard input
        file: PathBuf,
        /// A file that ends with .gif, a folder for pictures, or `terminal`
        #[arg(long, value_name = "FILE.gif|DIR|terminal")]
        out: String,
    },
    /// Decodes a PixelPass QR code: its text, or a picture of it
    #[command(after_help = "Example:\n  symbolon qr decode credential.png > credential.json")]
    Decode {
        /// The text or the picture; `-` for standard input
        file: PathBuf,
        /// What stands in front of the text, where the deployment has it
        #[arg(long, default_value = "", value_name = "TEXT", hide_default_value = true)]
        prefix: String,
    },
}

/// `symbolon credential …`
#[derive(Debug, Subcommand)]
pub enum CredentialCommand {
    /// Lists issued credentials
    #[command(after_help = "Example:\n  symbolon credential list --record 2301456789")]
    List {
        /// Only those of this record
        #[arg(long, value_name = "UIN")]
        record: Option<String>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Ends a credential for good
    #[command(after_help = "Example:\n  symbolon credential revoke --record 2301456789")]
    Revoke(CredentialSelection),
    /// Suspends a credential until it is reinstated
    #[command(after_help = "Example:\n  symbolon credential suspend 0f3a…")]
    Suspend(CredentialSelection),
    /// Ends a suspension
    #[command(after_help = "Example:\n  symbolon credential reinstate 0f3a…")]
    Reinstate(CredentialSelection),
    /// Lists requests that wait for a decision, or for their wallet to fetch what was approved
    #[command(after_help = "Example:\n  symbolon credential pending")]
    Pending {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Approves a request: its wallet gets the credential
    #[command(after_help = "Example:\n  symbolon credential approve 5d20…")]
    Approve {
        /// The request, as `credential pending` names it
        id: String,
    },
    /// Denies a request for good
    #[command(after_help = "Example:\n  symbolon credential deny 5d20…")]
    Deny {
        /// The request, as `credential pending` names it
        id: String,
    },
}

/// One credential, or all of a record.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct CredentialSelection {
    /// The credential, as `credential list` names it
    pub id: Option<String>,
    /// Every credential of this record
    #[arg(long, value_name = "UIN")]
    pub record: Option<String>,
}

/// `symbolon verify`
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The files to judge, `-` for standard input; frames of one animation as a GIF, as pictures or as a folder of them
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The offline pack; no socket is opened with it
    #[arg(long, value_name = "FILE")]
    pub pack: Option<PathBuf>,
    /// Ask the network, also where packs are pulled and one is in force
    #[arg(long, conflicts_with = "pack")]
    pub online: bool,
    /// The root of trust; the installation's `trust.json` unless given
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// The request that a presentation answers
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    /// A key that opens the encrypted faces of cards; may be given several times
    #[arg(long, value_name = "FILE")]
    pub face_key: Vec<PathBuf>,
    /// A revocation list of an authority, DER or PEM; may be given several times
    #[arg(long, value_name = "FILE")]
    pub crl: Vec<PathBuf>,
    /// How old what is known of a status may be, by type: a TOML or JSON file with the keys of `[verifier.freshness]`, which it replaces
    #[arg(long, value_name = "FILE")]
    pub freshness: Option<PathBuf>,
    /// Judge as of this time, such as 2026-11-23T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Print the whole report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `symbolon audit …`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Checks that no entry of the audit log was changed or removed
    #[command(after_help = "Example:\n  symbolon audit verify")]
    Verify,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_whose_name_begins_with_a_hyphen_is_shown() {
        for id in ["-hV4c1f_x", "--c1f", "-c1f-"] {
            for line in [
                ["symbolon", "request", "show", id, "--wait"],
                ["symbolon", "request", "show", "--wait", id],
            ] {
                let arguments = Arguments::try_parse_from(line).unwrap();
                let Command::Request(RequestCommand::Show { id: read, wait, .. }) = arguments.command else {
                    panic!("another command was read");
                };
                assert_eq!((read.as_str(), wait), (id, true));
            }
        }
    }
}
