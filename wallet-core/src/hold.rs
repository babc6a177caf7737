//! What is held: list, search, show, delete, history; and whether it can still be used.

mod badge;
mod codes;
mod languages;
mod names;
mod opened;
mod overview;
mod refresh;
mod search;
mod shown;
mod status_list;

use serde::Serialize;
use symbolon_crypto::UnixTime;

pub(crate) use badge::wants_copies;
pub use badge::{Badge, Condition};
pub use codes::CredentialCodes;
pub use languages::{LocalizedValue, languages_of};
pub use overview::{ListOrder, ListQuery, ListedCredential};
pub use refresh::{ListOutcome, RefreshScope, Refreshed, RefreshedList};
pub use search::{SearchText, SearchTextTooLong};
pub use shown::{CredentialDetails, CredentialSummary, Disclosable, ShownClaim, Validity};

pub(crate) use languages::is_language_text;
pub(crate) use names::{ClaimNames, extended_types, types_extending};
pub(crate) use opened::{
    Opened, OpenedJwtVc, OpenedLdpVc, OpenedMdoc, OpenedSdJwtVc, PersonalClaim, Securing, open_held,
    personal_elements,
};

use crate::error::{DeviceFault, WalletError};
use crate::identifiers::{CredentialId, HistoryId};
use crate::language::Languages;
use crate::record::{HeldContent, HeldCredential, HistoryEntry, HistoryEvent};
use crate::wallet::Wallet;

impl Wallet {
    /// The credentials held, those received last first.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like.
    pub async fn list(
        &self,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<Vec<CredentialSummary>, WalletError> {
        let mut credentials = self.ports.store.credentials().await?;
        credentials.sort_by_key(|credential| (std::cmp::Reverse(credential.received), credential.id));
        Ok(credentials
            .iter()
            .map(|credential| CredentialSummary::of(credential, &self.policy, languages, now))
            .collect())
    }

    /// One credential with its claims, named in the first of `languages` that the issuer gave names in.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when it is not held.
    pub async fn show(
        &self,
        id: CredentialId,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<CredentialDetails, WalletError> {
        let credential = self.held(id).await?;
        let claims = open_held(&credential, self.json_ld())?.personal_claims()?;
        Ok(CredentialDetails::of(
            &credential,
            claims,
            &self.policy,
            languages,
            now,
        ))
    }

    /// A credential as it was received, to be carried elsewhere. Whoever has it can read every claim; without its key nobody can prove that it
    /// is theirs.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when it is not held.
    pub async fn content(&self, id: CredentialId) -> Result<HeldContent, WalletError> {
        Ok(self.held(id).await?.content)
    }

    /// Deletes a credential and its key. The history keeps that it was held. The issuer is told where it wants to hear, with access that is
    /// renewed where it is over; one that cannot be reached is told by a later [`Wallet::tell_deletions`], and the deletion waits for nobody. The
    /// entry of the history says what came of it.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when it is not held.
    pub async fn delete(&self, id: CredentialId, now: UnixTime) -> Result<(), WalletError> {
        let credential = self.held(id).await?;
        let keys: Vec<_> = credential.keys().cloned().collect();
        let event = HistoryEvent::Deleted {
            credential: id,
            issuer: credential.issuer,
            credential_type: credential.credential_type,
            notice: None,
        };
        let entry = HistoryEntry {
            id: HistoryId::make(self.ports.randomness.as_ref())?,
            at: now,
            event,
            data_requests: Vec::new(),
        };
        self.commit_deletion(id, &entry, now).await?;
        for key in &keys {
            self.ports.keys.delete(key)?;
        }
        // It is deleted, whatever becomes of telling: a later call finds what is left of that, and says what is wrong.
        let _ = self.tell_deletions(now).await;
        Ok(())
    }

    /// What happened, the latest first.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like.
    pub async fn history(&self) -> Result<Vec<HistoryEntry>, WalletError> {
        let mut entries = self.ports.store.history().await?;
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.event.rank(), entry.id)));
        Ok(entries)
    }

    /// The whole history as JSON, for the person to keep or to hand to an authority: `{"version":1,"entries":[…]}`, the
    /// latest first. It holds no claim values.
    ///
    /// # Errors
    /// As [`Wallet::history`].
    pub async fn export_history(&self) -> Result<String, WalletError> {
        #[derive(Serialize)]
        struct Export {
            version: u32,
            entries: Vec<HistoryEntry>,
        }
        let export = Export {
            version: HISTORY_EXPORT_VERSION,
            entries: self.history().await?,
        };
        serde_json::to_string_pretty(&export).map_err(|_| WalletError::DeviceFailed(DeviceFault::Internal))
    }

    pub(crate) async fn held(&self, id: CredentialId) -> Result<HeldCredential, WalletError> {
        self.ports
            .store
            .credential(id)
            .await?
            .ok_or(WalletError::NotFound)
    }
}

/// The version of the exported form.
const HISTORY_EXPORT_VERSION: u32 = 1;
