//! What the wallet of the command line does.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `symbolon wallet …`
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Receives the credential of an offer, or asks an issuer for one; where the person has to sign in, prints the page to open
    #[command(
        after_help = "Examples:\n  symbolon wallet receive offer.png --tx-code 482916\n  symbolon wallet receive --issuer https://registry.example --credential national-identity --copies 5 --language fr,en"
    )]
    Receive(ReceiveArguments),
    /// Has a credential issued again, with the access that its issuer gave when it was received
    #[command(after_help = "Example:\n  symbolon wallet renew 1")]
    Renew {
        /// The credential, as `wallet list` names it
        id: String,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Lists the credentials held
    #[command(after_help = "Example:\n  symbolon wallet list")]
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Shows one credential
    #[command(after_help = "Example:\n  symbolon wallet show 1 --language fra")]
    Show {
        /// The credential, as `wallet list` names it
        id: String,
        /// The languages preferred, such as `fra` or `ara`
        #[arg(long, value_name = "LANGUAGE")]
        language: Option<String>,
        /// Print every claim in every language as JSON
        #[arg(long)]
        json: bool,
        /// Draw the whole credential as a PixelPass QR code: whoever scans it reads every claim
        #[arg(long, value_name = "FILE.png")]
        qr: Option<PathBuf>,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Answers a presentation request: a link, a picture of its QR code, or what a page asks over the Digital Credentials API
    #[command(
        after_help = "Examples:\n  symbolon wallet present request.json --origin https://shop.example --answer answer.json\n  symbolon wallet present request.png --yes\n  symbolon wallet present request.png --choose diploma=7f3a…,91c0… --choose residence="
    )]
    Present {
        /// The request's link or a picture of its QR code; with --origin a file with what the page hands to navigator.credentials.get
        request: String,
        /// The origin of the page, as the browser says it: the request is one of the Digital Credentials API
        #[arg(long, value_name = "ORIGIN", requires = "answer")]
        origin: Option<String>,
        /// Where to write the answer for the browser, as JSON
        #[arg(long, value_name = "FILE.json", requires = "origin")]
        answer: Option<PathBuf>,
        /// Answer a credential query with these credentials instead of those that disclose least, or, with none, leave it out; as the
        /// request shows them
        #[arg(long, value_name = "QUERY=ID,…")]
        choose: Vec<String>,
        /// Consent without being asked
        #[arg(long)]
        yes: bool,
        /// Keep a copy of what was sent
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Serves the headless wallet until interrupted: VCALM over HTTP, behind the token that it makes in the wallet's folder
    #[command(after_help = "Example:\n  symbolon wallet serve --config symbolon.toml")]
    Serve,
    /// Shows what was received and what was shown to whom
    #[command(after_help = "Example:\n  symbolon wallet history")]
    History {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
}

/// `symbolon wallet receive`
#[derive(Debug, Args)]
pub struct ReceiveArguments {
    /// The offer's link or a picture of its QR code
    #[arg(required_unless_present = "issuer", conflicts_with = "issuer")]
    pub offer: Option<String>,
    /// The issuer to ask, where there is no offer
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// What to ask it for, by the name of the credential in the issuer's metadata; may be given several times
    #[arg(long, value_name = "ID", requires = "issuer", required_unless_present_any = ["offer", "scope"])]
    pub credential: Vec<String>,
    /// What to ask it for, by scope
    #[arg(
        long,
        value_name = "SCOPE",
        requires = "issuer",
        conflicts_with = "credential"
    )]
    pub scope: Option<String>,
    /// The transaction code
    #[arg(long, value_name = "CODE")]
    pub tx_code: Option<String>,
    /// How many copies to ask for of each credential, where the issuer makes several at once: each is shown to one verifier
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub copies: u8,
    /// The languages of the pages that the person signs in on, the preferred one first, such as `ar`
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',')]
    pub language: Vec<String>,
    /// Where the browser comes back to; the address that it ends at is then read from standard input. Without it, the browser
    /// comes back to a port of this machine
    #[arg(long, value_name = "URI")]
    pub redirect: Option<String>,
    /// Which wallet
    #[command(flatten)]
    pub wallet: WalletLocation,
}

/// Where the wallet keeps its store.
#[derive(Debug, Args)]
pub struct WalletLocation {
    /// The wallet's folder; the configuration's unless given
    #[arg(long = "wallet", value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// The trust file that names issuers and relying parties; the installation's unless given
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
}
