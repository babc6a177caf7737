//! `symbolon wallet list` and `symbolon wallet refresh`

use anyhow::Context as _;
use serde_json::{Value, json};
use symbolon_wallet_core::hold::{
    Badge, Condition, ListOrder, ListOutcome, ListQuery, ListedCredential, RefreshScope, SearchText,
};
use symbolon_wallet_core::receive::{Refill, RefillOutcome};
use symbolon_wallet_core::{Languages, Wallet};

use super::details::summary_as_json;
use super::validity_text;
use crate::arguments::SortOrder;
use crate::commands::show;
use crate::edge;

/// What to list.
///
/// # Errors
/// A search that is too long.
pub(super) fn query(search: Option<&str>, sort: SortOrder) -> anyhow::Result<ListQuery> {
    Ok(ListQuery {
        search: SearchText::parse(search.unwrap_or_default()).context("--search")?,
        order: match sort {
            SortOrder::Received => ListOrder::ReceivedLast,
            SortOrder::Name => ListOrder::Name,
            SortOrder::Issuer => ListOrder::Issuer,
            SortOrder::Expires => ListOrder::ExpiresFirst,
        },
    })
}

/// Lists the credentials.
///
/// # Errors
/// A wallet that cannot be read.
pub(super) async fn list(
    wallet: &Wallet,
    query: &ListQuery,
    languages: &Languages,
    as_json: bool,
) -> anyhow::Result<()> {
    let credentials = wallet.overview(query, languages, edge::system_time()).await?;
    if as_json {
        let rows: Vec<_> = credentials.iter().map(row).collect();
        show::line(&serde_json::to_string_pretty(&rows)?);
    } else if credentials.is_empty() {
        show::line("no credentials");
    } else {
        for ListedCredential { summary, badge } in &credentials {
            let issuer = summary.issuer_name.as_deref().unwrap_or(&summary.issuer);
            show::line(&format!(
                "{}  {} ({}), from {}, {}{}{}",
                summary.id,
                show::printable(&summary.name),
                show::printable(summary.format.as_str()),
                show::printable(issuer),
                validity_text(summary),
                copies_text(summary.copies_left),
                badge_text(badge)
            ));
        }
    }
    let waiting: usize = wallet
        .to_reissue()
        .await?
        .iter()
        .map(|from| from.credentials.len())
        .sum();
    if waiting > 0 {
        show::warning(&format!(
            "{waiting} credential(s) are to be issued again; see `symbolon wallet reissue`"
        ));
    }
    Ok(())
}

fn row(ListedCredential { summary, badge }: &ListedCredential) -> Value {
    let more = json!({
        "condition": word(badge.condition),
        "as_of": badge.as_of.map(|as_of| as_of.rfc3339()),
        "copies_left": summary.copies_left,
    });
    summary_as_json(summary, more)
}

const fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Revoked => "revoked",
        Condition::Expired { .. } => "expired",
        Condition::Suspended => "suspended",
        Condition::KeyEnded => "key_ended",
        Condition::NotYetValid { .. } => "not_yet_valid",
        Condition::CopiesSpent => "copies_spent",
        Condition::StatusUnknown => "status_unknown",
        Condition::ExpiresSoon { .. } => "expires_soon",
        Condition::CopiesRunningOut { .. } => "copies_running_out",
        Condition::Valid => "valid",
    }
}

/// How many copies are left that nobody has seen, of a credential that came as several.
fn copies_text(left: Option<usize>) -> String {
    match left {
        None => String::new(),
        Some(0) => ", every copy was shown".to_owned(),
        Some(1) => ", 1 copy left".to_owned(),
        Some(left) => format!(", {left} copies left"),
    }
}

/// What the date of expiry, which stands before it, does not say.
fn badge_text(badge: &Badge) -> String {
    let text = match badge.condition {
        Condition::Valid | Condition::Expired { .. } => String::new(),
        Condition::Revoked => ", REVOKED".to_owned(),
        Condition::Suspended => ", SUSPENDED".to_owned(),
        Condition::KeyEnded => ", to be issued again: its key has ended".to_owned(),
        Condition::NotYetValid { from } => format!(", not valid before {}", from.rfc3339()),
        Condition::StatusUnknown => ", status unknown: see `symbolon wallet refresh`".to_owned(),
        Condition::ExpiresSoon { .. } => ", expires soon".to_owned(),
        Condition::CopiesRunningOut { .. } => ": few, see `symbolon wallet renew`".to_owned(),
        Condition::CopiesSpent => ": see `symbolon wallet renew`".to_owned(),
    };
    match badge.as_of {
        Some(as_of) => format!("{text}, status as of {}", as_of.rfc3339()),
        None => text,
    }
}

/// Reads status lists, and looks at the keys.
///
/// # Errors
/// A wallet that cannot be read or written.
pub(super) async fn refresh(wallet: &Wallet, all: bool) -> anyhow::Result<()> {
    let now = edge::system_time();
    let scope = if all { RefreshScope::All } else { RefreshScope::Due };
    let refreshed = wallet.refresh(scope, now).await?;
    for list in &refreshed.lists {
        let outcome = match list.outcome {
            ListOutcome::Read { as_of: Some(as_of) } => format!("read, as of {}", as_of.rfc3339()),
            ListOutcome::Read { as_of: None } => "read, without a date".to_owned(),
            ListOutcome::NotReachable => "cannot be had; what was known stays known".to_owned(),
            ListOutcome::Refused => "is not the issuer's list; what was known stays known".to_owned(),
        };
        show::line(&format!("{}: {outcome}", show::printable(&list.uri)));
    }
    match refreshed.due {
        Some(due) => show::line(&format!("to be refreshed again at {}", due.rfc3339())),
        None => show::line("there is nothing to be refreshed again"),
    }
    for id in wallet.note_ended_keys(now).await? {
        show::warning(&format!(
            "the key of {id} has ended; see `symbolon wallet reissue`"
        ));
    }
    refill(wallet).await
}

/// Asks for copies where few are left.
///
/// # Errors
/// A wallet that cannot be read or written.
pub(super) async fn refill(wallet: &Wallet) -> anyhow::Result<()> {
    for Refill { credential, outcome } in wallet.refill(edge::system_time()).await? {
        match outcome {
            RefillOutcome::Refilled(fresh) => {
                for id in fresh {
                    show::line(&format!(
                        "received {id}, with fresh copies, in place of {credential}"
                    ));
                }
            }
            RefillOutcome::Waiting => {
                show::warning(&format!("the issuer of {credential} hands out copies later"))
            }
            RefillOutcome::NotReachable => show::warning(&format!(
                "the issuer of {credential} cannot be reached; its copies run out"
            )),
            RefillOutcome::NoAccess => show::warning(&format!(
                "the copies of {credential} run out, and its issuer gave no access to others: receive it again"
            )),
            RefillOutcome::Deleted => {
                show::line(&format!("{credential} was deleted meanwhile; nothing was kept"))
            }
            RefillOutcome::Refused => show::warning(&format!(
                "the copies of {credential} run out, and its issuer does not issue it again"
            )),
        }
    }
    Ok(())
}
