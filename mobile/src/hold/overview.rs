//! The list of an app: search, order, badges, and reading status lists in the background.

use symbolon_crypto::UnixTime;
use symbolon_wallet_core::hold as core;
use symbolon_wallet_core::hold::SearchText;

use super::CredentialSummary;
use crate::error::{Argument, WalletError};
use crate::wallet::Wallet;

/// What to list, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ListQuery {
    /// The words that a person looks for: each must be in something that a credential shows. Empty finds everything.
    pub search: String,
    /// The order.
    pub order: ListOrder,
}

/// The orders of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ListOrder {
    /// What was received last comes first.
    ReceivedLast,
    /// By name, in the language that it is shown in.
    Name,
    /// By the name of the issuer, and below one issuer by name.
    Issuer,
    /// What expires first comes first, and what never does last.
    ExpiresFirst,
}

/// A credential in a list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ListedCredential {
    /// What it is.
    pub summary: CredentialSummary,
    /// Whether it can be used.
    pub badge: Badge,
}

/// In one word, whether a credential can be used, as far as the wallet knows without asking anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Badge {
    /// The word.
    pub condition: Condition,
    /// When the oldest status list was made that the word rests on: seconds since 1970-01-01T00:00:00Z.
    pub as_of: Option<i64>,
}

/// The conditions of a credential, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Condition {
    /// Its issuer took it back.
    Revoked,
    /// It expired.
    Expired {
        /// When: seconds since 1970-01-01T00:00:00Z.
        at: i64,
    },
    /// Its issuer put it out of force for a while.
    Suspended,
    /// The platform ended its key: it is to be issued again before it can be shown.
    KeyEnded,
    /// It is not valid yet.
    NotYetValid {
        /// From when on it is: seconds since 1970-01-01T00:00:00Z.
        valid_from: i64,
    },
    /// Every copy of it was shown: `refill`, before it is shown to another verifier.
    CopiesSpent,
    /// Whether its issuer took it back was not read for long, or cannot be told.
    StatusUnknown,
    /// It expires soon.
    ExpiresSoon {
        /// When: seconds since 1970-01-01T00:00:00Z.
        at: i64,
    },
    /// Few copies are left, each to be shown to one verifier: `refill`.
    CopiesRunningOut {
        /// How many.
        left: u32,
    },
    /// None of these.
    Valid,
}

/// Which status lists to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum RefreshScope {
    /// Those whose time has come: what a background job asks for.
    Due,
    /// All of them: what a person asks for.
    All,
}

/// What came of reading status lists.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Refreshed {
    /// The lists that were asked for.
    pub lists: Vec<RefreshedList>,
    /// When the next list is due, or an issuer that was told of a deletion in vain: seconds since 1970-01-01T00:00:00Z; absent when nothing is.
    pub due: Option<i64>,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RefreshedList {
    /// Where it is published.
    pub uri: String,
    /// What came of it.
    pub outcome: ListOutcome,
}

/// What came of reading a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ListOutcome {
    /// It was read.
    Read {
        /// When it was made: seconds since 1970-01-01T00:00:00Z.
        as_of: Option<i64>,
    },
    /// It could not be had. What was known stays known.
    NotReachable,
    /// What came is not the issuer's list. What was known stays known.
    Refused,
}

#[uniffi::export]
impl Wallet {
    /// The credentials that `query` finds, each with its badge. Nothing is fetched.
    pub async fn overview(&self, query: ListQuery) -> Result<Vec<ListedCredential>, WalletError> {
        let query = core::ListQuery {
            search: SearchText::parse(&query.search).map_err(|_| WalletError::argument(Argument::Search))?,
            order: match query.order {
                ListOrder::ReceivedLast => core::ListOrder::ReceivedLast,
                ListOrder::Name => core::ListOrder::Name,
                ListOrder::Issuer => core::ListOrder::Issuer,
                ListOrder::ExpiresFirst => core::ListOrder::ExpiresFirst,
            },
        };
        let now = self.time.for_wallet()?;
        let listed = self.core.overview(&query, &self.languages, now).await?;
        Ok(listed.into_iter().map(Into::into).collect())
    }

    /// Reads status lists of what is held, and keeps what they say for `overview`. Whoever fetches a list tells its server that somebody at
    /// this address holds a credential of it: call it from a background job, at `due` or by the platform's own rhythm, and never while
    /// something is being shown. Issuers that have not heard yet that a credential was deleted are told then, too, as long as they are to be
    /// tried: the history says what came of it.
    pub async fn refresh(&self, scope: RefreshScope) -> Result<Refreshed, WalletError> {
        let scope = match scope {
            RefreshScope::Due => core::RefreshScope::Due,
            RefreshScope::All => core::RefreshScope::All,
        };
        let refreshed = self.core.refresh(scope, self.time.for_wallet()?).await?;
        Ok(Refreshed {
            lists: refreshed.lists.into_iter().map(Into::into).collect(),
            due: refreshed.due.map(UnixTime::seconds),
        })
    }
}

impl From<core::ListedCredential> for ListedCredential {
    fn from(listed: core::ListedCredential) -> Self {
        Self {
            summary: listed.summary.into(),
            badge: Badge {
                condition: listed.badge.condition.into(),
                as_of: listed.badge.as_of.map(UnixTime::seconds),
            },
        }
    }
}

impl From<core::Condition> for Condition {
    fn from(condition: core::Condition) -> Self {
        use core::Condition as Core;
        match condition {
            Core::Revoked => Self::Revoked,
            Core::Expired { at } => Self::Expired { at: at.seconds() },
            Core::Suspended => Self::Suspended,
            Core::KeyEnded => Self::KeyEnded,
            Core::NotYetValid { from } => Self::NotYetValid {
                valid_from: from.seconds(),
            },
            Core::CopiesSpent => Self::CopiesSpent,
            Core::StatusUnknown => Self::StatusUnknown,
            Core::ExpiresSoon { at } => Self::ExpiresSoon { at: at.seconds() },
            Core::CopiesRunningOut { left } => Self::CopiesRunningOut {
                left: u32::try_from(left).unwrap_or(u32::MAX),
            },
            Core::Valid => Self::Valid,
        }
    }
}

impl From<core::RefreshedList> for RefreshedList {
    fn from(list: core::RefreshedList) -> Self {
        Self {
            uri: list.uri,
            outcome: match list.outcome {
                core::ListOutcome::Read { as_of } => ListOutcome::Read {
                    as_of: as_of.map(UnixTime::seconds),
                },
                core::ListOutcome::NotReachable => ListOutcome::NotReachable,
                core::ListOutcome::Refused => ListOutcome::Refused,
            },
        }
    }
}
