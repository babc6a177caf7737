//! `symbolon wallet refusals`

use std::path::Path;

use anyhow::{anyhow, bail};
use serde_json::json;
use symbolon_wallet_core::present::{AskedThen, ConsentRequest};
use symbolon_wallet_core::record::{Refusal, RefusalRule};
use symbolon_wallet_core::{RefusalId, Wallet, WalletError};

use super::{open, verifier_text};
use crate::arguments::RefusalsCommand;
use crate::commands::show;
use crate::edge;

/// Runs a command about what was refused.
///
/// # Errors
/// A wallet that cannot be read or written, a refusal that is not remembered.
pub(super) async fn run(command: &RefusalsCommand, configuration: Option<&Path>) -> anyhow::Result<()> {
    match command {
        RefusalsCommand::List { json, wallet } => {
            let wallet = open(wallet, configuration).await?.wallet;
            list(&wallet.refusals(edge::system_time()).await?, *json)
        }
        RefusalsCommand::Forget { id, wallet } => {
            let wallet = open(wallet, configuration).await?.wallet;
            forget(&wallet, id).await
        }
    }
}

async fn forget(wallet: &Wallet, id: &str) -> anyhow::Result<()> {
    let id: RefusalId = id.parse().map_err(|error| anyhow!("{error}"))?;
    match wallet.forget_refusal(id).await {
        Err(WalletError::NotFound) => {
            bail!("no such refusal is remembered; see `symbolon wallet refusals list`")
        }
        forgotten => Ok(forgotten?),
    }
}

fn list(refusals: &[Refusal], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let rows: Vec<_> = refusals
            .iter()
            .map(|refusal| {
                json!({
                    "id": refusal.id.to_string(),
                    "verifier": refusal.verifier,
                    "asked": refusal.asked,
                    "at": refusal.at.rfc3339(),
                    "rule": refusal.rule,
                })
            })
            .collect();
        show::line(&serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    if refusals.is_empty() {
        show::line("nothing was refused, or all of it was forgotten");
    }
    for refusal in refusals {
        let rule = match refusal.rule {
            RefusalRule::AskAgain => "",
            RefusalRule::Always => ", and is refused whatever it asks for",
        };
        show::line(&format!(
            "{}  {}  {}{rule}",
            refusal.id,
            refusal.at.rfc3339(),
            verifier_text(&refusal.verifier)
        ));
        for asked in &refusal.asked {
            let printable = |texts: &[String]| {
                let texts: Vec<String> = texts.iter().map(|text| show::printable(text)).collect();
                texts.join(", ")
            };
            show::line(&format!(
                "  asked {} for {}",
                printable(&asked.credential_types),
                printable(&asked.claims)
            ));
        }
    }
    Ok(())
}

/// What the person refused to whoever asks now.
pub(super) fn show_past(consent: &ConsentRequest) {
    for past in &consent.refused_before {
        let what = match past.asked {
            AskedThen::TheSame => "this",
            AskedThen::SomethingElse => "something else",
        };
        show::warning(&format!(
            "you refused {what} to this verifier on {}",
            past.at.rfc3339()
        ));
    }
}
