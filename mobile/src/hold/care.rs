//! Backup and restore.

use symbolon_crypto::passphrase::Passphrase;
use zeroize::Zeroizing;

use crate::error::{Argument, WalletError};
use crate::wallet::Wallet;

/// What a restore brought back.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Restored {
    /// When the backup was made: seconds since 1970-01-01T00:00:00Z.
    pub made: i64,
    /// What is to be issued again; `to_reissue` has it by issuer.
    pub to_reissue: Vec<String>,
    /// How many entries of the history were there.
    pub history: u64,
}

/// The largest backup that is read, in bytes: more than any has.
const MAX_BACKUP_BYTES: usize = 65 << 20;

#[uniffi::export]
impl Wallet {
    /// Makes a backup under a passphrase: for every credential what is needed to ask for it again, and the history; no keys, no claims.
    /// Deriving the key takes a good part of a second.
    pub async fn backup(&self, passphrase: String) -> Result<Vec<u8>, WalletError> {
        let passphrase = Passphrase::new(Zeroizing::new(passphrase))?;
        let now = self.time.for_wallet()?;
        Ok(self.core.backup(&passphrase, now).await?)
    }

    /// Takes a backup into this wallet: its history, and what is to be issued again. What is held already is not asked for again. A restore
    /// that was interrupted is repeated.
    pub async fn restore(&self, backup: Vec<u8>, passphrase: String) -> Result<Restored, WalletError> {
        let passphrase = Passphrase::new(Zeroizing::new(passphrase))?;
        if backup.len() > MAX_BACKUP_BYTES {
            return Err(WalletError::argument(Argument::Backup));
        }
        let now = self.time.for_wallet()?;
        let restored = self.core.restore(&backup, &passphrase, now).await?;
        Ok(Restored {
            made: restored.made.seconds(),
            to_reissue: restored.to_reissue.iter().map(ToString::to_string).collect(),
            history: u64::try_from(restored.history).unwrap_or(u64::MAX),
        })
    }
}
