//! `symbolon credential …`, `audit …`

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use serde_json::json;
use symbolon_crypto::UnixTime;
use symbolon_issuer::credential_record::StatusAction;
use symbolon_issuer::identifiers::CredentialId;
use symbolon_issuer::transaction::Decision;
use symbolon_issuer_server::administration::{
    CredentialList, CredentialSelector, CredentialSummary, StatusOrder,
};
use symbolon_qr_picture::{ErrorCorrection, QUIET_ZONE_MODULES, Symbol, Version};

use crate::arguments::{AuditCommand, CredentialCommand, CredentialSelection};
use crate::commands::records::parse_uin;
use crate::commands::requests;
use crate::commands::show;
use crate::installation::IssuerChoice;
use crate::installation::files::{Readers, write_atomically};
use crate::register::Register;

/// Pixels of a module in a QR picture: large enough for a screen and a printer.
const MODULE_PIXELS: u32 = 8;

pub(super) async fn register(choice: IssuerChoice<'_>) -> anyhow::Result<Register> {
    Register::of(&choice.load()?).await
}

/// Writes a link as a picture of its QR code.
///
/// # Errors
/// A link that no QR code holds, or a file that cannot be written.
pub fn write_qr(link: &str, path: &Path) -> anyhow::Result<()> {
    let symbol = Symbol::draw(link.as_bytes(), ErrorCorrection::Medium, Version::LARGEST)?;
    let png = symbol.to_png(MODULE_PIXELS)?;
    write_atomically(path, &png, Readers::Owner).with_context(|| format!("cannot write {}", path.display()))
}

/// The same as a drawing, for a printer.
///
/// # Errors
/// As [`write_qr`].
pub fn write_qr_svg(text: &str, path: &Path) -> anyhow::Result<()> {
    let symbol = Symbol::draw(text.as_bytes(), ErrorCorrection::Medium, Version::LARGEST)?;
    let side = symbol.width() + 2 * QUIET_ZONE_MODULES;
    let drawing = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path transform=\"translate({QUIET_ZONE_MODULES} {QUIET_ZONE_MODULES})\" d=\"{}\"/></svg>",
        symbol.to_svg_path()
    );
    write_atomically(path, drawing.as_bytes(), Readers::Owner)
        .with_context(|| format!("cannot write {}", path.display()))
}

pub(super) fn parse_credential(text: &str) -> anyhow::Result<CredentialId> {
    text.parse()
        .map_err(|_| anyhow!("{text} names no credential; see `symbolon credential list`"))
}

/// Runs a credential command.
///
/// # Errors
/// No such credential, or one that is revoked for good.
pub async fn credential(command: &CredentialCommand, choice: IssuerChoice<'_>) -> anyhow::Result<ExitCode> {
    let register = register(choice).await?;
    let (selection, action, done) = match command {
        CredentialCommand::List { record, json } => {
            list(&register, record.as_deref(), *json).await?;
            return Ok(ExitCode::SUCCESS);
        }
        CredentialCommand::Pending { json } => {
            requests::pending(&register, *json).await?;
            return Ok(ExitCode::SUCCESS);
        }
        CredentialCommand::Approve { id } => {
            requests::decide(&register, id, Decision::Approve).await?;
            return Ok(ExitCode::SUCCESS);
        }
        CredentialCommand::Deny { id } => {
            requests::decide(&register, id, Decision::Deny).await?;
            return Ok(ExitCode::SUCCESS);
        }
        CredentialCommand::Revoke(selection) => (selection, StatusAction::Revoke, "revoked"),
        CredentialCommand::Suspend(selection) => (selection, StatusAction::Suspend, "suspended"),
        CredentialCommand::Reinstate(selection) => (selection, StatusAction::Reinstate, "reinstated"),
    };
    let order = StatusOrder {
        action,
        credentials: selector(selection)?,
    };
    let report = register.change_status(&order).await?;
    for id in &report.changed {
        show::line(&format!("{done} {}", id.as_str()));
    }
    for id in &report.unchanged {
        show::line(&format!("unchanged {}", id.as_str()));
    }
    if report.changed.is_empty() && report.unchanged.is_empty() {
        show::line("no credentials");
    }
    Ok(ExitCode::SUCCESS)
}

fn selector(selection: &CredentialSelection) -> anyhow::Result<CredentialSelector> {
    match (&selection.id, &selection.record) {
        (Some(id), None) => Ok(CredentialSelector::Id(parse_credential(id)?)),
        (None, Some(record)) => Ok(CredentialSelector::Record(parse_uin(record)?)),
        _ => bail!("name one credential, or a record with --record"),
    }
}

async fn list(register: &Register, record: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let mut order = CredentialList {
        record: record.map(parse_uin).transpose()?,
        after: None,
    };
    let mut rows = show::Rows::new(as_json);
    loop {
        let page = register.credentials(&order).await?;
        for credential in &page.credentials {
            rows.add(credential, row)?;
        }
        match page.next {
            Some(next) => order.after = Some(next),
            None => break,
        }
    }
    rows.end()
}

fn row(credential: &CredentialSummary) -> String {
    let kind = json!(credential.kind);
    let status = json!(credential.status);
    let told = credential.wallet_report.map(|report| json!(report.event));
    let told = told.as_ref().and_then(|event| event.as_str());
    let told = told.map_or_else(String::new, |event| format!(", wallet says {event}"));
    format!(
        "{}  {}  {}  {}  issued {}, expires {}{told}",
        credential.id.as_str(),
        credential.configuration.as_str(),
        kind.as_str().unwrap_or_default(),
        status.as_str().unwrap_or_default(),
        UnixTime::from_seconds(credential.issued_at).rfc3339(),
        UnixTime::from_seconds(credential.expires_at).rfc3339(),
    )
}

/// Runs an audit command.
///
/// # Errors
/// The log was changed.
pub async fn audit(command: &AuditCommand, choice: IssuerChoice<'_>) -> anyhow::Result<ExitCode> {
    let AuditCommand::Verify = command;
    let verified = register(choice).await?.verify_audit().await?;
    show::line(&format!("the audit log is whole: {} entries", verified.entries));
    Ok(ExitCode::SUCCESS)
}
