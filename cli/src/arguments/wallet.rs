//! What the wallet of the command line does.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `symbolon wallet …`
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Receives the credential of an offer, or asks an issuer for one; where the person has to sign in, prints the page to open
    #[command(
        after_help = "Examples:\n  symbolon wallet receive offer.png --tx-code 482916\n  symbolon wallet receive --issuer https://registry.example --credential national-identity --copies 5 --language fr,en"
    )]
    Receive(ReceiveArguments),
    /// Has a credential issued again, with the access that its issuer gave when it was received; without one, all whose copies run out
    #[command(
        after_help = "An issuer that is asked for copies learns that those before were used, and not where. `wallet refresh` asks for them too.\n\nExamples:\n  symbolon wallet renew\n  symbolon wallet renew 7f3a…"
    )]
    Renew {
        /// The credential, as `wallet list` names it
        id: Option<String>,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Lists the credentials held, each with whether it can be used
    #[command(
        after_help = "Nothing is fetched: what status lists say is what `wallet refresh` last read.\n\nExamples:\n  symbolon wallet list\n  symbolon wallet list --search \"amina kindia\" --sort expires --language fr,en"
    )]
    List {
        /// Only those that show all of these words: names, issuer, type, and claims in the languages preferred
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
        /// The order
        #[arg(long, value_enum, default_value_t = SortOrder::Received)]
        sort: SortOrder,
        /// The languages preferred, the first one first, such as `fr,ar`
        #[arg(long, value_name = "LANGUAGE", value_delimiter = ',', default_value = "en")]
        language: Vec<String>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Reads the status lists of what is held, notes keys that have ended, and asks for copies where few are left
    #[command(
        after_help = "Whoever fetches a list tells its server that somebody at this address holds a credential of it. So lists are fetched whole, those alone whose time has come, and never when something is shown.\n\nExamples:\n  symbolon wallet refresh\n  symbolon wallet refresh --all"
    )]
    Refresh {
        /// Read every list now, not only those whose time has come
        #[arg(long)]
        all: bool,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Has issued again what another phone had or whose key has ended, by one sign-in for all of an issuer; without an issuer, lists it
    #[command(
        after_help = "Examples:\n  symbolon wallet reissue\n  symbolon wallet reissue https://registry.example --language fr\n  symbolon wallet reissue --forget 7f3a…"
    )]
    Reissue(ReissueArguments),
    /// Writes a backup under a passphrase: what is needed to ask every issuer again, and the history; no keys, no claims
    #[command(
        after_help = "The passphrase is in --passphrase-file, in SYMBOLON_WALLET_BACKUP_PASSPHRASE, or asked for.\n\nExample:\n  symbolon wallet backup amina.backup"
    )]
    Backup {
        /// The file to write
        file: PathBuf,
        /// The file with the passphrase of the backup
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Takes a backup into this wallet; what was in it is then issued again with `wallet reissue`
    #[command(
        after_help = "The passphrase is in --passphrase-file, in SYMBOLON_WALLET_BACKUP_PASSPHRASE, or asked for.\n\nExample:\n  symbolon wallet restore amina.backup"
    )]
    Restore {
        /// The file of the backup
        file: PathBuf,
        /// The file with the passphrase of the backup
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Manages the people whose credentials this wallet keeps, each under a lock of their own
    #[command(subcommand)]
    Person(PersonCommand),
    /// Seals what a person holds under a new data key, and with --wrapping-key has the key in the wallet's folder replaced first
    #[command(
        after_help = "Examples:\n  symbolon wallet rotate\n  symbolon wallet rotate --person Binta\n  symbolon wallet rotate --wrapping-key"
    )]
    Rotate {
        /// Replace the key in the wallet's folder too, which locks the first person's wallet and the list of people
        #[arg(long, conflicts_with = "person")]
        wrapping_key: bool,
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
        /// Draw the whole credential: as a PixelPass QR code, or, where it is too large for one, as an animation of several. Whoever scans it
        /// reads every claim
        #[arg(long, value_name = "FILE.png|FILE.gif")]
        qr: Option<PathBuf>,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Answers a presentation request: a link, a picture of its QR code, an animation or folder of its QR codes, which are answered by QR
    /// codes, or what a page asks over the Digital Credentials API
    #[command(
        after_help = "Examples:\n  symbolon wallet present request.json --origin https://shop.example --answer answer.json\n  symbolon wallet present ask.gif --animate answer.gif\n  symbolon wallet present request.png --yes\n  symbolon wallet present request.png --choose diploma=7f3a…,91c0… --choose residence="
    )]
    Present {
        /// The request's link, or a picture, animation or folder of its QR codes; with --origin a file with what the page hands to
        /// navigator.credentials.get
        request: String,
        /// The origin of the page, as the browser says it: the request is one of the Digital Credentials API
        #[arg(long, value_name = "ORIGIN", requires = "answer")]
        origin: Option<String>,
        /// Where to write the answer for the browser, as JSON
        #[arg(long, value_name = "FILE.json", requires = "origin")]
        answer: Option<PathBuf>,
        /// Where to show the answer to a request that came by QR codes; the terminal unless given
        #[arg(long, value_name = "FILE.gif|DIR|terminal", conflicts_with = "origin")]
        animate: Option<String>,
        /// Answer a credential query with these credentials instead of those that disclose least, or, with none, leave it out; as the
        /// request shows them
        #[arg(long, value_name = "QUERY=ID,…")]
        choose: Vec<String>,
        /// Consent without being asked
        #[arg(long)]
        yes: bool,
        /// Refuse without being asked, once
        #[arg(long, conflicts_with = "yes")]
        refuse: bool,
        /// Refuse, and refuse whatever this verifier asks for from now on
        #[arg(long, conflicts_with_all = ["yes", "refuse"])]
        refuse_always: bool,
        /// Keep a copy of what was sent
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Shows mdocs face to face (ISO/IEC 18013-5): prints the engagement, waits for a reader, and answers what it asks
    #[command(
        after_help = "The line to the reader is one of this machine, in place of Bluetooth.\n\nExample:\n  symbolon wallet present-nearby --listen 127.0.0.1:7000 --qr engagement.png"
    )]
    PresentNearby(PresentNearbyArguments),
    /// Deletes a credential and its key, and tells its issuer where it wants to hear; the history keeps that it was held
    #[command(after_help = "Example:\n  symbolon wallet delete 7f3a…")]
    Delete {
        /// The credential, as `wallet list` names it
        id: String,
        /// Delete without asking
        #[arg(long)]
        yes: bool,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Serves the headless wallet until interrupted: VCALM behind the token that it makes in the wallet's folder and, with
    /// wallet.consent_policy, the endpoints for verifiers and issuers
    #[command(after_help = "Example:\n  symbolon wallet serve --config symbolon.toml")]
    Serve,
    /// Decides what the consent policy of the headless wallet leaves to somebody
    #[command(subcommand)]
    Consent(ConsentCommand),
    /// Lists what was refused to whom, and forgets it
    #[command(subcommand)]
    Refusals(RefusalsCommand),
    /// Shows what was received and what was shown to whom; exports it, and prepares what a person asks for because of it
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:\n  symbolon wallet history\n  symbolon wallet history request-deletion 7f3a…\n  symbolon wallet history export --receipts"
    )]
    History {
        /// What to do beside showing it
        #[command(subcommand)]
        command: Option<HistoryCommand>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
}

/// `symbolon wallet history …`
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Prepares the request to a verifier to erase what it was shown, with the ways to send it; sends nothing
    #[command(
        after_help = "Example:\n  symbolon wallet history request-deletion 7f3a…\n  symbolon wallet history request-deletion 7f3a… --language fr --sent"
    )]
    RequestDeletion(DataRequestArguments),
    /// Prepares the report of a verifier to the authority that watches over it, with the ways to send it; sends nothing
    #[command(after_help = "Example:\n  symbolon wallet history report 7f3a…")]
    Report(DataRequestArguments),
    /// Writes the history, or with --receipts a consent receipt of everything that was shown
    #[command(after_help = "Example:\n  symbolon wallet history export --receipts --out receipts.json")]
    Export {
        /// Consent receipts in the terms of ISO/IEC TS 27560
        #[arg(long)]
        receipts: bool,
        /// Where to write it; standard output unless given
        #[arg(long, value_name = "FILE.json")]
        out: Option<PathBuf>,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
}

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// The history.
    History,
    /// Consent receipts.
    Receipts,
}

/// `symbolon wallet history request-deletion` and `report`
#[derive(Debug, Args)]
pub struct DataRequestArguments {
    /// The entry, as the history names it
    pub entry: String,
    /// Note that it was sent
    #[arg(long)]
    pub sent: bool,
    /// The language of the message, that of whoever is to read it: `en`, `fr`, `ar` or `hi`
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',', default_value = "en")]
    pub language: Vec<String>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    /// Which wallet
    #[command(flatten)]
    pub wallet: WalletLocation,
}

/// `symbolon wallet consent …`
#[derive(Debug, Subcommand)]
pub enum ConsentCommand {
    /// Lists what waits: who asks for what, and until when
    #[command(after_help = "Example:\n  symbolon wallet consent list")]
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Shows what is asked for, or receives what is offered
    #[command(
        after_help = "Whoever began the session at the verifier goes on in it. What a browser brought is allowed with the code that its page shows: without it nobody knows whose browser that is.\n\nExamples:\n  symbolon wallet consent allow 7f3a… --code '482 916'\n  symbolon wallet consent allow 91c0… --tx-code 482916"
    )]
    Allow {
        /// What waits, as the list names it
        flow: String,
        /// The transaction code, where the issuer asks for one
        #[arg(long, value_name = "CODE")]
        tx_code: Option<String>,
        /// The code that the page of the browser shows that brought a request
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
    /// Brings a presentation request or a credential offer in the owner's name: what a rule shares or receives is done at once
    #[command(
        after_help = "Examples:\n  symbolon wallet consent bring 'openid4vp://?client_id=…'\n  symbolon wallet consent bring 'openid-credential-offer://?credential_offer_uri=…' --person binta"
    )]
    Bring {
        /// The link, as it was shown
        link: String,
        /// Whose wallet it is for, by its address in the consent policy
        #[arg(long, value_name = "ADDRESS")]
        person: Option<String>,
    },
    /// Shows nothing, or does not receive
    #[command(after_help = "Example:\n  symbolon wallet consent refuse 7f3a…")]
    Refuse {
        /// What waits, as the list names it
        flow: String,
    },
}

/// `symbolon wallet person …`
#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// Makes a wallet for another person, under a passphrase
    #[command(
        after_help = "The passphrase is in --lock-passphrase-file, in SYMBOLON_WALLET_LOCK_PASSPHRASE, or asked for.\n\nExample:\n  symbolon wallet person add Binta"
    )]
    Add {
        /// What to call them on this machine
        name: String,
        /// Which wallet
        #[command(flatten)]
        wallet: FolderLocation,
    },
    /// Lists the people; what they hold is not looked at
    #[command(after_help = "Example:\n  symbolon wallet person list")]
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        /// Which wallet
        #[command(flatten)]
        wallet: FolderLocation,
    },
    /// Calls a person otherwise
    #[command(after_help = "Example:\n  symbolon wallet person rename Binta \"Fatoumata Binta\"")]
    Rename {
        /// The name, or the identifier as `person list` has it
        person: String,
        /// The new name
        name: String,
        /// Which wallet
        #[command(flatten)]
        wallet: FolderLocation,
    },
    /// Locks a person's wallet with another passphrase
    #[command(
        after_help = "The passphrase until now is in --lock-passphrase-file, in SYMBOLON_WALLET_LOCK_PASSPHRASE, or asked for; the new one in --new-passphrase-file, in SYMBOLON_WALLET_NEW_LOCK_PASSPHRASE, or asked for.\n\nExample:\n  symbolon wallet person lock Binta"
    )]
    Lock {
        /// The name, or the identifier as `person list` has it
        person: String,
        /// The file with the new passphrase
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
        /// Which wallet
        #[command(flatten)]
        wallet: FolderLocation,
    },
    /// Removes a person with all that is theirs: credentials, keys, history
    #[command(
        after_help = "Whoever removes a wallet opens it first, unless its passphrase is forgotten. Issuers are not told: delete credentials beforehand where they should be.\n\nExamples:\n  symbolon wallet person remove Binta\n  symbolon wallet person remove Binta --passphrase-forgotten"
    )]
    Remove {
        /// The name, or the identifier as `person list` has it
        person: String,
        /// Nobody knows the passphrase any more
        #[arg(long)]
        passphrase_forgotten: bool,
        /// Which wallet
        #[command(flatten)]
        wallet: FolderLocation,
    },
}

/// `symbolon wallet refusals …`
#[derive(Debug, Subcommand)]
pub enum RefusalsCommand {
    /// Lists what was refused to whom, the latest first
    #[command(after_help = "Example:\n  symbolon wallet refusals list")]
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
    /// Forgets a refusal: the verifier is dealt with as before it
    #[command(after_help = "Example:\n  symbolon wallet refusals forget 7f3a…")]
    Forget {
        /// The refusal, as `refusals list` names it
        id: String,
        /// Which wallet
        #[command(flatten)]
        wallet: WalletLocation,
    },
}

/// The orders of `symbolon wallet list`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortOrder {
    /// What was received last first
    Received,
    /// By name
    Name,
    /// By issuer
    Issuer,
    /// What expires first first
    Expires,
}

/// `symbolon wallet present-nearby`
#[derive(Debug, Args)]
pub struct PresentNearbyArguments {
    /// Where the reader comes to
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Draw the engagement as a QR code too
    #[arg(long, value_name = "FILE.png")]
    pub qr: Option<PathBuf>,
    /// Answer a credential query with these credentials instead of those that disclose least; as the request shows them
    #[arg(long, value_name = "QUERY=ID,…")]
    pub choose: Vec<String>,
    /// Consent without being asked
    #[arg(long)]
    pub yes: bool,
    /// Refuse without being asked, once
    #[arg(long, conflicts_with = "yes")]
    pub refuse: bool,
    /// Refuse, and refuse whatever this reader asks for from now on
    #[arg(long, conflicts_with_all = ["yes", "refuse"])]
    pub refuse_always: bool,
    /// Keep a copy of what was sent, and beside it the request with its session; where a reader asks again, the second in FILE-2
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Which wallet
    #[command(flatten)]
    pub wallet: WalletLocation,
}

/// `symbolon wallet reissue`
#[derive(Debug, Args)]
pub struct ReissueArguments {
    /// The issuer, as the list has it
    #[arg(conflicts_with = "forget")]
    pub issuer: Option<String>,
    /// Give up that this credential is issued again
    #[arg(long, value_name = "ID")]
    pub forget: Option<String>,
    /// How the issuer is asked
    #[command(flatten)]
    pub signing_in: SigningIn,
    /// Which wallet
    #[command(flatten)]
    pub wallet: WalletLocation,
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
    /// How the issuer is asked
    #[command(flatten)]
    pub signing_in: SigningIn,
    /// Which wallet
    #[command(flatten)]
    pub wallet: WalletLocation,
}

/// How an issuer is asked for credentials, where a person may have to sign in.
#[derive(Debug, Args)]
pub struct SigningIn {
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
}

/// Where the wallet keeps its store, and whose it is.
#[derive(Debug, Args)]
pub struct WalletLocation {
    /// Where
    #[command(flatten)]
    pub folder: FolderLocation,
    /// Whose: a name or an identifier, as `wallet person list` has it; the first person's unless given
    #[arg(long, value_name = "NAME")]
    pub person: Option<String>,
    /// The trust file that names issuers and relying parties; the installation's unless given
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
}

/// Where the wallet keeps its store.
#[derive(Debug, Args)]
pub struct FolderLocation {
    /// The wallet's folder; the configuration's unless given
    #[arg(long = "wallet", value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// The file with the passphrase that the person's wallet is locked with; else it is in SYMBOLON_WALLET_LOCK_PASSPHRASE or asked for
    #[arg(long, value_name = "FILE")]
    pub lock_passphrase_file: Option<PathBuf>,
}
