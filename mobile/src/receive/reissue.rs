//! Credentials that are to be issued again: after the phone was lost, and when a platform ended keys.

use symbolon_wallet_core::receive as core;
use symbolon_wallet_core::record::{self, Reissue};

use super::{OfferShown, parse_issuer, texts};
use crate::error::WalletError;
use crate::wallet::Wallet;

/// What one issuer is to be asked for again, by one sign-in.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReissueFrom {
    /// The issuer's identifier.
    pub issuer: String,
    /// The issuer's name.
    pub issuer_name: Option<String>,
    /// The credentials, those received first first.
    pub credentials: Vec<AwaitedCredential>,
}

/// A credential that is to be issued again.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AwaitedCredential {
    /// The wallet's name for it. Where only its key ended, it is still held under this name, and can be looked at.
    pub id: String,
    /// Its name, in a language of the person.
    pub name: String,
    /// Its type.
    pub credential_type: String,
    /// Its format identifier.
    pub format: String,
    /// When it was received: seconds since 1970-01-01T00:00:00Z.
    pub received: i64,
    /// When it expires: seconds since 1970-01-01T00:00:00Z.
    pub expires: Option<i64>,
    /// Why it is to be issued again.
    pub reason: ReissueReason,
    /// Since when: seconds since 1970-01-01T00:00:00Z.
    pub since: i64,
}

/// Why a credential is to be issued again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ReissueReason {
    /// It was on another phone, whose keys stayed there.
    Restored,
    /// The platform ended its key.
    KeyEnded,
}

#[uniffi::export]
impl Wallet {
    /// What is to be issued again, by issuer.
    pub async fn to_reissue(&self) -> Result<Vec<ReissueFrom>, WalletError> {
        let issuers = self.core.to_reissue().await?.into_iter();
        Ok(issuers.map(|from| self.reissue_from(from)).collect())
    }

    /// Begins to ask an issuer for everything that it is to issue again: show the issuer, `accept_offer`, and have the person sign in
    /// once. A flow that is given up leaves what did not come yet to be asked for by the next. `NotFound` when there is nothing of it.
    pub async fn reissue(&self, issuer: String) -> Result<OfferShown, WalletError> {
        let now = self.time.for_wallet()?;
        Ok(self.core.reissue(&parse_issuer(&issuer)?, now).await?.into())
    }

    /// Gives up that a credential is issued again: the person does not want it, or its issuer has none any more.
    pub async fn forget_reissue(&self, credential: String) -> Result<(), WalletError> {
        Ok(self.core.forget_reissue(credential.parse()?).await?)
    }

    /// Looks at the key of every credential, and notes those that the platform ended; tells which credentials were noted now. Call it when
    /// the platform says that biometry or screen lock changed.
    pub async fn note_ended_keys(&self) -> Result<Vec<String>, WalletError> {
        let now = self.time.for_wallet()?;
        Ok(texts(&self.core.note_ended_keys(now).await?))
    }
}

impl Wallet {
    fn reissue_from(&self, from: core::ReissueFrom) -> ReissueFrom {
        let credentials = from.credentials.into_iter();
        ReissueFrom {
            issuer: from.issuer,
            issuer_name: from.issuer_name,
            credentials: credentials.map(|again| self.awaited(again)).collect(),
        }
    }

    fn awaited(&self, again: Reissue) -> AwaitedCredential {
        let display = self
            .languages
            .choose(&again.display.credential, |display| display.locale.as_deref());
        let name = display.map_or(&again.configuration, |display| &display.name);
        AwaitedCredential {
            id: again.id.to_string(),
            name: name.clone(),
            credential_type: again.credential_type,
            format: again.format.as_str().to_owned(),
            received: again.received.seconds(),
            expires: again.expires.map(symbolon_crypto::UnixTime::seconds),
            reason: match again.reason {
                record::ReissueReason::Restored => ReissueReason::Restored,
                record::ReissueReason::KeyEnded => ReissueReason::KeyEnded,
            },
            since: again.since.seconds(),
        }
    }
}
