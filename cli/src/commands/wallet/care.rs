//! `symbolon wallet backup` and `symbolon wallet restore`

use std::path::Path;

use anyhow::Context as _;
use symbolon_wallet_core::Wallet;

use super::receive;
use crate::commands::judge::read_input;
use crate::commands::show;
use crate::edge;
use crate::installation::files::{Readers, write_atomically};
use crate::installation::passphrase::{PassphraseSource, WALLET_BACKUP_PASSPHRASE};

/// The largest backup that is read, in bytes: more than any has.
const MAX_BACKUP_BYTES: u64 = 65 << 20;

fn passphrase(file: Option<&Path>) -> PassphraseSource {
    PassphraseSource::new(
        file.map(Path::to_owned),
        WALLET_BACKUP_PASSPHRASE,
        "backup of the wallet",
    )
}

/// Writes a backup.
///
/// # Errors
/// A passphrase that is missing, a wallet that cannot be read, a file that cannot be written.
pub(super) async fn backup(
    wallet: &Wallet,
    path: &Path,
    passphrase_file: Option<&Path>,
) -> anyhow::Result<()> {
    let passphrase = passphrase(passphrase_file).read_new()?;
    let backup = wallet.backup(&passphrase, edge::system_time()).await?;
    write_atomically(path, &backup, Readers::Owner)
        .with_context(|| format!("cannot write {}", path.display()))?;
    show::line(&format!("written to {}: {} bytes", path.display(), backup.len()));
    Ok(())
}

/// Takes a backup in.
///
/// # Errors
/// A backup that does not open, a wallet that cannot be written. Nothing was changed then.
pub(super) async fn restore(
    wallet: &Wallet,
    path: &Path,
    passphrase_file: Option<&Path>,
) -> anyhow::Result<()> {
    let backup =
        read_input(path, MAX_BACKUP_BYTES).with_context(|| format!("cannot read {}", path.display()))?;
    let passphrase = passphrase(passphrase_file).read()?;
    let restored = wallet.restore(&backup, &passphrase, edge::system_time()).await?;
    show::line(&format!(
        "restored what was there at {}: {} entries of the history, {} refusal(s), {} credential(s) to be issued again",
        restored.made.rfc3339(),
        restored.history,
        restored.refusals,
        restored.to_reissue.len()
    ));
    receive::list_reissues(wallet).await
}
