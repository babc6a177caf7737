//! Fresh copies before the last one is shown.

use symbolon_wallet_core::receive as core;

use crate::error::WalletError;
use crate::wallet::Wallet;

/// What came of asking an issuer for fresh copies of a credential.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Refill {
    /// The credential whose copies run out.
    pub credential: String,
    /// What came of it.
    pub outcome: RefillOutcome,
}

/// What came of asking an issuer for fresh copies. Whatever it is but the first, the copies that are left stay.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum RefillOutcome {
    /// Fresh copies are held, of this credential and of the others that came with it, under new names.
    Refilled {
        /// The new names.
        credentials: Vec<String>,
    },
    /// The issuer hands them out later, or the key store waits for the person. The next call goes on.
    Waiting,
    /// The issuer cannot be reached. The next call tries again.
    NotReachable,
    /// The issuer gave no access that could be renewed, or has ended it: the person signs in again, or asks for an offer.
    NoAccess,
    /// The issuer does not issue it again, or what came was refused.
    Refused,
    /// The person deleted it meanwhile. Nothing was kept.
    Deleted,
}

#[uniffi::export]
impl Wallet {
    /// Has everything issued again that came as several copies of which few are left, or which expire soon, as far as their issuers gave access
    /// to do so without the person. Call it from a background job, as `refresh`, and never while something is being shown.
    pub async fn refill(&self) -> Result<Vec<Refill>, WalletError> {
        let refills = self.core.refill(self.time.for_wallet()?).await?;
        Ok(refills.into_iter().map(Into::into).collect())
    }
}

impl From<core::Refill> for Refill {
    fn from(refill: core::Refill) -> Self {
        Self {
            credential: refill.credential.to_string(),
            outcome: match refill.outcome {
                core::RefillOutcome::Refilled(credentials) => RefillOutcome::Refilled {
                    credentials: credentials.iter().map(ToString::to_string).collect(),
                },
                core::RefillOutcome::Waiting => RefillOutcome::Waiting,
                core::RefillOutcome::NotReachable => RefillOutcome::NotReachable,
                core::RefillOutcome::NoAccess => RefillOutcome::NoAccess,
                core::RefillOutcome::Refused => RefillOutcome::Refused,
                core::RefillOutcome::Deleted => RefillOutcome::Deleted,
            },
        }
    }
}
