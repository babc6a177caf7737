//! One person's wallet.

use symbolon_protocol::identifier::UrlPolicy;
use symbolon_wallet_core as core;
use symbolon_wallet_core::Languages;

use crate::error::WalletError;
use crate::ports::Time;
use crate::present::{OriginOutcome, PresentOutcome};
use crate::receive::ReceiveOutcome;

/// One person's wallet: receives, holds and shows credentials.
///
/// Every call that takes long writes down where it is before each step that cannot be taken back. When the process dies, or a call throws
/// `Network`, call `resume` with the flow. Calls may run at the same time; two calls for one flow do not both win.
#[derive(uniffi::Object)]
pub struct Wallet {
    pub(crate) core: core::Wallet,
    pub(crate) languages: Languages,
    pub(crate) time: Time,
    pub(crate) urls: UrlPolicy,
}

/// What `recover` found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Recovered {
    /// Flows to resume or to abandon.
    pub unfinished: Vec<String>,
    /// How many keys were deleted because nothing used them.
    pub deleted_keys: u64,
}

/// How a resumed flow went on.
#[derive(Clone, PartialEq, uniffi::Enum)]
pub enum Resumed {
    /// It receives credentials.
    Receiving {
        /// How it went on.
        outcome: ReceiveOutcome,
    },
    /// It presents credentials.
    Presenting {
        /// How it went on.
        outcome: PresentOutcome,
    },
    /// It presents credentials over the Digital Credentials API.
    AtOrigin {
        /// How it went on.
        outcome: OriginOutcome,
    },
}

#[uniffi::export]
impl Wallet {
    /// Whose wallet it is.
    #[must_use]
    pub fn person(&self) -> String {
        self.core.person().to_string()
    }

    /// Cleans up after a process that died: deletes keys that nothing uses, forgets flows that ended more than a day ago, and lists those
    /// that did not end. Call it once, after the wallet was opened and **before any other call**.
    pub async fn recover(&self) -> Result<Recovered, WalletError> {
        let recovered = self.core.recover(self.time.for_wallet()?).await?;
        Ok(Recovered {
            unfinished: recovered.unfinished.iter().map(ToString::to_string).collect(),
            deleted_keys: u64::try_from(recovered.deleted_keys).unwrap_or(u64::MAX),
        })
    }

    /// Continues a flow from where it was last written down, and tells what comes of it. A finished flow tells its outcome again.
    pub async fn resume(&self, flow: String) -> Result<Resumed, WalletError> {
        let resumed = self.core.resume(flow.parse()?, self.time.for_wallet()?).await?;
        match resumed {
            core::Resumed::Receiving(outcome) => Ok(Resumed::Receiving {
                outcome: outcome.try_into()?,
            }),
            core::Resumed::Presenting(outcome) => Ok(Resumed::Presenting {
                outcome: outcome.try_into()?,
            }),
            core::Resumed::AtOrigin(outcome) => Ok(Resumed::AtOrigin {
                outcome: outcome.try_into()?,
            }),
        }
    }

    /// Gives a flow up. What it has stored stays; its keys are deleted.
    pub async fn abandon(&self, flow: String) -> Result<(), WalletError> {
        Ok(self.core.abandon(flow.parse()?).await?)
    }
}

impl Wallet {
    pub(crate) const fn new(core: core::Wallet, languages: Languages, time: Time, urls: UrlPolicy) -> Self {
        Self {
            core,
            languages,
            time,
            urls,
        }
    }
}
