//! The backup of a wallet, and what a new phone makes of it.
//!
//! Keys stay where they are: a phone's key store gives none away, and a credential is worth nothing without its key. So a backup has what is
//! needed to ask every issuer again, the history, and what was refused to whom, and neither keys nor tokens nor claims: whoever opens one learns
//! which credentials a person had and whom they were shown to, and cannot show any. The format is described in `docs/wallet-backup.md`.

mod container;
mod contents;

use std::collections::BTreeSet;

use symbolon_crypto::UnixTime;
use symbolon_crypto::passphrase::Passphrase;
use thiserror::Error;

pub use container::BACKUP_VERSION;

use crate::error::WalletError;
use crate::identifiers::CredentialId;
use crate::ports::Change;
use crate::present::remembered;
use crate::record::{Refusal, Reissue, ReissueReason};
use crate::wallet::Wallet;
use contents::Contents;

/// Why there is no backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The wallet cannot be read.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// There is more than a backup holds.
    #[error("the wallet is larger than a backup holds")]
    TooLarge,
    /// No key can be derived of the passphrase, for want of memory.
    #[error("no key can be derived of the passphrase")]
    Derivation,
}

/// Why a backup was not restored. Nothing was changed, but for [`RestoreError::Wallet`], after which it is whole or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The file is something else.
    #[error("this is not the backup of a wallet")]
    NotABackup,
    /// A newer version made it.
    #[error("the backup has version {found}, this version reads up to {supported}")]
    NewerVersion {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
    /// It is larger than any backup, or asks for more memory or time than any.
    #[error("the backup asks for more than any backup needs")]
    TooLarge,
    /// No key can be derived of the passphrase, for want of memory.
    #[error("no key can be derived of the passphrase")]
    Derivation,
    /// The passphrase is not the one that it was made with.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// Its end is missing.
    #[error("the backup is cut short")]
    CutShort,
    /// The passphrase is right, and the file was changed.
    #[error("the backup was changed or damaged")]
    Damaged,
    /// It opens, and holds something that this version does not read.
    #[error("the backup holds something that cannot be read")]
    Malformed,
    /// The wallet could not be read or written.
    #[error(transparent)]
    Wallet(#[from] WalletError),
}

/// What a restore brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made.
    pub made: UnixTime,
    /// What is to be issued again; [`Wallet::to_reissue`] has it by issuer.
    pub to_reissue: Vec<CredentialId>,
    /// How many entries of the history were there.
    pub history: usize,
    /// How many refusals were there.
    pub refusals: usize,
}

impl Wallet {
    /// Makes a backup under a passphrase: for every credential what is needed to ask for it again, the history, and what was
    /// refused to whom. Deriving the key takes
    /// a good part of a second.
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn backup(&self, passphrase: &Passphrase, now: UnixTime) -> Result<Vec<u8>, BackupError> {
        let store = &self.ports.store;
        let mut credentials = store.reissues().await.map_err(WalletError::from)?;
        for held in store.credentials().await.map_err(WalletError::from)? {
            if !credentials.iter().any(|again| again.id == held.id) {
                credentials.push(Reissue::of(&held, ReissueReason::Restored, now));
            }
        }
        let contents = Contents {
            made: now,
            credentials,
            history: store.history().await.map_err(WalletError::from)?,
            refusals: self.refusals(now).await?,
        };
        container::seal(&contents.write()?, passphrase, self.ports.randomness.as_ref())
    }

    /// Takes a backup into this wallet: its history, what is to be issued again, and what was refused. It is one commit, so a restore that
    /// was interrupted is repeated. What is held already is not asked for again. Of a refusal that is remembered here and there one is
    /// left, as it was made last, and for always where either is.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub async fn restore(
        &self,
        backup: &[u8],
        passphrase: &Passphrase,
        now: UnixTime,
    ) -> Result<Restored, RestoreError> {
        let contents = Contents::read(&container::open(backup, passphrase)?)?;
        let held = self.ports.store.credentials().await.map_err(WalletError::from)?;
        let mut restored = Restored {
            made: contents.made,
            to_reissue: Vec::new(),
            history: contents.history.len(),
            refusals: contents.refusals.len(),
        };
        let mut changes = Vec::new();
        for again in contents.credentials {
            if held.iter().any(|held| held.id == again.id) {
                continue;
            }
            restored.to_reissue.push(again.id);
            changes.push(Change::PutReissue(Box::new(Reissue {
                reason: ReissueReason::Restored,
                since: now,
                ..again
            })));
        }
        // What this wallet has written down since is newer than the backup.
        let known = self.ports.store.history().await.map_err(WalletError::from)?;
        let known: BTreeSet<_> = known.iter().map(|entry| entry.id).collect();
        let entries = contents.history.into_iter();
        let entries = entries.filter(|entry| !known.contains(&entry.id));
        changes.extend(entries.map(|entry| Change::PutHistory(Box::new(entry))));
        let known = self.ports.store.refusals().await.map_err(WalletError::from)?;
        changes.extend(restored_refusals(known, contents.refusals, now));
        if !changes.is_empty() {
            self.ports
                .store
                .commit(changes)
                .await
                .map_err(WalletError::from)?;
        }
        Ok(restored)
    }
}

/// What is changed by the refusals of a backup. One that is over is not taken in, and none is newer than now: a phone whose clock was
/// wrong would have it remembered for longer than a year.
fn restored_refusals(known: Vec<Refusal>, refusals: Vec<Refusal>, now: UnixTime) -> Vec<Change> {
    let mut refusals = refusals;
    refusals.retain(|refusal| !refusal.is_over(now));
    for refusal in &mut refusals {
        refusal.at = refusal.at.min(now);
    }
    remembered(known, refusals)
}
