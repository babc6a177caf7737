//! `symbolon offer …`

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use symbolon_issuer::offer::OfferState;

/// `symbolon offer …`
#[derive(Debug, Subcommand)]
pub enum OfferCommand {
    /// Offers a credential to the person of a record
    #[command(
        after_help = "Example:\n  symbolon offer create --record 2301456789 --credential NationalIdentity --tx-code --qr offer.png"
    )]
    Create {
        /// The record's UIN
        #[arg(long, value_name = "UIN")]
        record: String,
        /// The credential configuration
        #[arg(long, value_name = "ID")]
        credential: String,
        /// How the person gets it: by the offer alone, by signing in, or either way
        #[arg(long, value_enum, default_value_t = OfferGrant::PreAuthorizedCode)]
        grant: OfferGrant,
        /// Require a transaction code, printed here and told to the person by another way
        #[arg(long)]
        tx_code: bool,
        /// Put the whole offer into the link instead of a reference to it
        #[arg(long)]
        by_value: bool,
        /// Write the offer as a QR code
        #[arg(long, value_name = "FILE.png")]
        qr: Option<PathBuf>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Lists offers and how far each has come
    #[command(
        after_help = "Examples:\n  symbolon offer list --record 2301456789\n  symbolon offer list --state refused --json"
    )]
    List {
        /// Only those of this record
        #[arg(long, value_name = "UIN")]
        record: Option<String>,
        /// Only those that have come so far
        #[arg(long, value_enum)]
        state: Option<OfferStateName>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Shows one offer, and the credentials that came of it
    #[command(after_help = "Example:\n  symbolon offer show 7be2…")]
    Show {
        /// The offer, as `offer list` names it
        id: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Takes an offer back: nobody can take it up any more, and tokens that came of it end
    #[command(
        after_help = "Credentials that were issued stay valid: `symbolon credential revoke` ends these.\n\nExample:\n  symbolon offer cancel 7be2…"
    )]
    Cancel {
        /// The offer, as `offer list` names it
        id: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Makes a new transaction code, also where the old one was guessed wrongly too often
    #[command(after_help = "Example:\n  symbolon offer tx-code 7be2…")]
    TxCode {
        /// The offer, as `offer list` names it
        id: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

/// How an offer leads to its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OfferGrant {
    /// Whoever has the offer gets it
    #[value(name = "pre-authorized_code")]
    PreAuthorizedCode,
    /// The person of the record signs in
    #[value(name = "authorization_code")]
    AuthorizationCode,
    /// Either
    Both,
}

/// How far an offer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OfferStateName {
    /// Nobody has done anything with it
    Made,
    /// A wallet fetched it
    Fetched,
    /// An authorization began with it, or its code gave a token
    Started,
    /// Credentials were issued
    Issued,
    /// Its transaction code was guessed wrongly too often
    Refused,
    /// It was not taken up in time
    Expired,
    /// It was taken back
    Cancelled,
}

impl From<OfferStateName> for OfferState {
    fn from(name: OfferStateName) -> Self {
        match name {
            OfferStateName::Made => Self::Made,
            OfferStateName::Fetched => Self::Fetched,
            OfferStateName::Started => Self::Started,
            OfferStateName::Issued => Self::Issued,
            OfferStateName::Refused => Self::Refused,
            OfferStateName::Expired => Self::Expired,
            OfferStateName::Cancelled => Self::Cancelled,
        }
    }
}
