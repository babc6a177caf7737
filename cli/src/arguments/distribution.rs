//! How packs reach a shop.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use url::Url;

/// `symbolon distributor …`
#[derive(Debug, Subcommand)]
pub enum DistributorCommand {
    /// Makes packs and deltas on a schedule, and serves them
    #[command(after_help = "Example:\n  symbolon distributor serve")]
    Serve,
    /// Makes and publishes a pack once, for a web server that serves the folder
    #[command(after_help = "Example:\n  symbolon distributor publish")]
    Publish,
}

/// Which shop a command is about.
#[derive(Debug, Args)]
pub struct ShopLocation {
    /// The folder of a joined shop; without it the installation's own, or `packs` in the current folder
    #[arg(long, value_name = "DIR")]
    pub packs: Option<PathBuf>,
}

/// `symbolon pack …`, between distributor, shop and neighbour.
#[derive(Debug, Subcommand)]
pub enum DistributionCommand {
    /// Gets the newest pack of a distributor, or what changed since the one in force
    #[command(
        after_help = "Exit status: 0 the newest pack is in force, 1 what is offered is refused, 2 usage, 3 the distributor cannot be asked now: try again.\nWhatever happens, the last good pack stays in force.\n\nExample:\n  symbolon pack pull\n  symbolon pack pull https://packs.example/packs/packs.json --watch"
    )]
    Pull(PullArguments),
    /// Prints what a new shop needs: whom to believe, and where to ask first
    #[command(
        after_help = "The index is that of [packs] or of [distributor] unless given.\n\nExample:\n  symbolon pack onboarding-qr --out onboarding.svg"
    )]
    OnboardingQr {
        /// The address of the index
        #[arg(long, value_name = "URL")]
        index: Option<Url>,
        /// The scope that the shop shall pull
        #[arg(long)]
        scope: Option<String>,
        /// The picture to write: FILE.png or FILE.svg; the terminal without it
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Makes a shop on a machine that has nothing: pins the root of trust, and pulls the first pack
    #[command(
        after_help = "Compare the fingerprint with the one that the operator prints or says: whoever forges the code decides whom you believe.\n\nExample:\n  symbolon pack join onboarding.png --fingerprint '12345 67890 12345 67890 12345 67890'"
    )]
    Join {
        /// The text of the code, or a picture of it
        code: String,
        /// The folder to make
        #[arg(long, value_name = "DIR", default_value = crate::shop::DEFAULT_FOLDER)]
        packs: PathBuf,
        /// The fingerprint as the operator says it; asked for in the terminal without it
        #[arg(long, value_name = "DIGITS")]
        fingerprint: Option<String>,
    },
    /// Shows a neighbour which pack is in force, as a QR code
    #[command(after_help = "Example:\n  symbolon pack state --qr state.png")]
    State {
        /// Which shop
        #[command(flatten)]
        shop: ShopLocation,
        /// The picture to write; the terminal without it
        #[arg(long, value_name = "FILE.png")]
        qr: Option<PathBuf>,
    },
    /// Shows a neighbour the pack, or what changed since the neighbour's, as an animation of QR codes
    #[command(after_help = "Example:\n  symbolon pack show --qr pack.gif --since neighbour-state.png")]
    Show {
        /// Where: terminal, FILE.gif or a folder
        #[arg(long, value_name = "OUT", default_value = "terminal")]
        qr: String,
        /// Which pack the neighbour has: a picture of its `pack state`
        #[arg(long, value_name = "PICTURE")]
        since: Option<PathBuf>,
        /// Which shop
        #[command(flatten)]
        shop: ShopLocation,
    },
    /// Takes a pack from pictures of a neighbour's screen
    #[command(
        after_help = "Files, animations and folders, in any order; a third of the frames may be missing.\n\nExample:\n  symbolon pack receive frames/"
    )]
    Receive {
        /// Pictures, animations, or folders of them
        #[arg(required = true, value_name = "FILE")]
        from: Vec<PathBuf>,
        /// Which shop
        #[command(flatten)]
        shop: ShopLocation,
    },
}

/// `symbolon pack pull`
#[derive(Debug, Args)]
pub struct PullArguments {
    /// The address of the index, instead of the one of the installation or the joined shop
    pub index: Option<Url>,
    /// The scope to pull, instead of the configured one
    #[arg(long)]
    pub scope: Option<String>,
    /// The largest file that is downloaded
    #[arg(long, value_name = "N")]
    pub max_megabytes: Option<u32>,
    /// Go on pulling until interrupted
    #[arg(long)]
    pub watch: bool,
    /// From one pull to the next
    #[arg(long, value_name = "MINUTES", requires = "watch")]
    pub every: Option<u32>,
    /// Which shop
    #[command(flatten)]
    pub shop: ShopLocation,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
