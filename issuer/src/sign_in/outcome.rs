//! What the steps of a sign-in take and give.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{RandomnessUnavailable, UnixTime};
use thiserror::Error;

use super::budget::SendBudget;
use super::code::{CodeLength, OneTimeCode};
use super::destination::{Channel, Destination, MaskedDestination};
use super::number::ResidentNumber;
use super::session::SignIn;
use crate::record::{IdRecord, Uin};
use crate::secret::SecretDigest;

/// How a resident was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInMethod {
    /// By a code that was sent to the contact of the record.
    OneTimeCode,
    /// By an OpenID Provider.
    OpenIdProvider,
}

/// Which page a sign-in is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInPage<'a> {
    /// The resident's number is asked for.
    Number,
    /// A code is asked for.
    Code {
        /// Where the page says that it was sent.
        shown: &'a MaskedDestination,
        /// How many digits it has.
        length: CodeLength,
        /// Whether and from when on another may be asked for; not while the record's code for all is out, because none would be sent.
        ask_again: Option<UnixTime>,
    },
    /// The OpenID Provider has the word.
    Provider,
    /// It is known who it is.
    Identified {
        /// Whose record.
        record: &'a Uin,
        /// How that is known.
        method: SignInMethod,
    },
}

/// What asking for a code depends on.
pub struct Ask<'a> {
    /// The digest of the authorization session's handle.
    pub session: &'a SecretDigest,
    /// What was typed.
    pub typed: &'a ResidentNumber,
    /// The record of that number, if there is one.
    pub record: Option<&'a IdRecord>,
    /// The budget under [`SignIn::budget_of`] the same number and record.
    pub budget: &'a SendBudget,
    /// How codes are sent.
    pub channel: Channel,
}

/// What asking came to. `sign_in` and `budget` must both be durable before the message leaves.
pub struct Asked {
    /// The sign-in from here on.
    pub sign_in: SignIn,
    /// The budget from here on.
    pub budget: SendBudget,
    /// What to send; `None` for a number of nobody, and while an earlier message will do.
    pub message: Option<DueMessage>,
}

/// A code that is to be sent.
pub struct DueMessage {
    /// To whom.
    pub destination: Destination,
    /// What.
    pub code: OneTimeCode,
    /// In how many sign-ins it is good.
    pub length: CodeLength,
    /// Until when.
    pub expires_at: UnixTime,
    /// Which record it is for.
    pub record: Uin,
}

/// What entering a code came to. `sign_in`, and `budget` if there is one, must be durable before anybody hears of it.
pub struct Entered {
    /// The sign-in from here on.
    pub sign_in: SignIn,
    /// The budget from here on, if it changed.
    pub budget: Option<SendBudget>,
    /// Whether the code was right.
    pub outcome: Entry,
}

/// Whether a code was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// It was.
    Right {
        /// Whose record.
        record: Uin,
    },
    /// It was not; there are tries left.
    Wrong,
    /// It was not, and the code is dead.
    Exhausted,
}

/// Why no code is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AskRefusal {
    /// The sign-in has expired.
    #[error("the sign-in has expired")]
    Expired,
    /// It asked a moment ago.
    #[error("a code was asked for a moment ago")]
    TooEarly {
        /// How long to wait.
        wait: Duration,
    },
    /// It asked often enough.
    #[error("this sign-in has asked for as many codes as it may")]
    TooOften,
    /// It is known already who it is, or the provider has the word.
    #[error("this sign-in needs no code")]
    NotNeeded,
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// Why a code was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntryRefusal {
    /// The sign-in has expired.
    #[error("the sign-in has expired")]
    Expired,
    /// No code was asked for.
    #[error("no code was asked for")]
    NotAsked,
    /// A try failed a moment ago.
    #[error("a code was wrong a moment ago; wait before the next try")]
    TooEarly {
        /// How long to wait.
        wait: Duration,
    },
    /// The code has expired; another may be asked for.
    #[error("the code has expired")]
    CodeExpired,
    /// The code died of wrong tries; another may be asked for.
    #[error("the code was wrong too often")]
    Exhausted,
}
