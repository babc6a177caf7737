//! `symbolon wallet history`: what happened, what the person asks for because of it, and the receipts.

use anyhow::{anyhow, bail};
use symbolon_wallet_core::afterwards::Channel;
use symbolon_wallet_core::record::{DataRequestKind, DeletionNotice, ReceiptRecord};
use symbolon_wallet_core::{HistoryId, Languages, Wallet};

use crate::arguments::{DataRequestArguments, Exported};
use crate::commands::show;
use crate::edge;
use crate::installation::files::{Readers, write_atomically};

/// Prepares the message, shows it with the ways to send it, and notes that it was sent where the command line says so.
///
/// # Errors
/// An entry that is not there, or that is about nothing that was shown.
pub(super) async fn data_request(
    wallet: &Wallet,
    arguments: &DataRequestArguments,
    kind: DataRequestKind,
) -> anyhow::Result<()> {
    let entry: HistoryId = arguments.entry.parse().map_err(|_| {
        anyhow!(
            "{} names no entry; see `symbolon wallet history`",
            show::printable(&arguments.entry)
        )
    })?;
    let languages = Languages::new(arguments.language.iter().cloned());
    let Ok(prepared) = wallet.prepare_data_request(entry, kind, &languages).await else {
        bail!("there is no such entry, or nothing was shown by it");
    };
    if arguments.json {
        show::line(&serde_json::to_string_pretty(&prepared)?);
    } else {
        show::line(&format!("to {}", show::printable(&prepared.to)));
        if prepared.channels.is_empty() {
            show::warning("nobody told the wallet where to send it");
        }
        for channel in &prepared.channels {
            let way = match channel {
                Channel::Email { link, .. } => format!("by e-mail: {}", show::printable(link)),
                Channel::Web { url } => format!("on a page: {}", show::printable(url)),
                Channel::Telephone { number } => format!("by telephone: {}", show::printable(number)),
            };
            show::line(&way);
        }
        show::line(&format!("\n{}\n", show::printable(&prepared.subject)));
        for line in prepared.body.lines() {
            show::line(&show::printable(line));
        }
    }
    if arguments.sent {
        let sent_to = prepared.channels.first();
        wallet
            .note_data_request(entry, kind, sent_to, edge::system_time())
            .await?;
    }
    Ok(())
}

/// Writes the history, or the consent receipts of what was shown.
///
/// # Errors
/// A file that cannot be written.
pub(super) async fn export(
    wallet: &Wallet,
    exported: Exported,
    out: Option<&std::path::Path>,
) -> anyhow::Result<()> {
    let text = match exported {
        Exported::History => wallet.export_history().await?,
        Exported::Receipts => wallet.export_consent_receipts().await?,
    };
    match out {
        None => show::line(&text),
        Some(path) => write_atomically(path, text.as_bytes(), Readers::Owner)?,
    }
    Ok(())
}

/// What is said of the issuer, behind what is said of a deletion.
pub(super) const fn notice_text(notice: Option<DeletionNotice>) -> &'static str {
    match notice {
        None => "",
        Some(DeletionNotice::Waiting) => ", of which its issuer is still to be told",
        Some(DeletionNotice::Told) => ", and told its issuer",
        Some(DeletionNotice::NoAccess) => {
            ", of which its issuer cannot be told: the access that it gave is over"
        }
        Some(DeletionNotice::Refused) => ", of which its issuer does not want to hear",
        Some(DeletionNotice::NotReached) => ", of which its issuer could not be told: it did not answer",
    }
}

/// What is said of a receipt, behind what is said of the arrival.
pub(super) fn receipt_text(receipt: Option<&ReceiptRecord>) -> &'static str {
    match receipt {
        None => "",
        Some(ReceiptRecord::Verified { .. }) => ", with a receipt",
        Some(ReceiptRecord::Refused { .. }) => ", with a receipt that is not for what was sent",
        Some(ReceiptRecord::Missing) => ", without the receipt that was announced",
    }
}
