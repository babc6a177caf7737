//! `symbolon credential pending`, `approve` and `deny`: requests that wait for an operator.

use anyhow::anyhow;
use serde_json::json;
use symbolon_crypto::UnixTime;
use symbolon_issuer::identifiers::TransactionId;
use symbolon_issuer::transaction::Decision;
use symbolon_issuer_server::administration::{DecisionOrder, TransactionList, TransactionSummary};

use crate::commands::show;
use crate::register::Register;

/// Lists the requests that wait.
///
/// # Errors
/// The store or the server failed.
pub(super) async fn pending(register: &Register, as_json: bool) -> anyhow::Result<()> {
    let mut order = TransactionList::default();
    let mut rows = show::Rows::new(as_json);
    loop {
        let page = register.transactions(&order).await?;
        for request in &page.transactions {
            rows.add(request, row)?;
        }
        match page.next {
            Some(next) => order.after = Some(next),
            None => break,
        }
    }
    rows.end()
}

fn row(request: &TransactionSummary) -> String {
    let stage = json!(request.stage);
    format!(
        "{}  {}  record {}  {} key(s)  {}  asked {}, expires {}",
        request.id.as_str(),
        request.configuration.as_str(),
        request.record.as_str(),
        request.keys,
        stage.as_str().unwrap_or_default(),
        UnixTime::from_seconds(request.requested_at).rfc3339(),
        UnixTime::from_seconds(request.expires_at).rfc3339(),
    )
}

/// Decides on a request.
///
/// # Errors
/// No such request, or one that was denied or has expired.
pub(super) async fn decide(register: &Register, id: &str, decision: Decision) -> anyhow::Result<()> {
    let transaction: TransactionId = id
        .parse()
        .map_err(|_| anyhow!("{id} names no request; see `symbolon credential pending`"))?;
    let decided = register
        .decide(&DecisionOrder {
            transaction,
            decision,
        })
        .await?;
    let stage = json!(decided.stage);
    show::line(&format!(
        "{} {}",
        stage.as_str().unwrap_or_default(),
        decided.id.as_str()
    ));
    Ok(())
}
