//! `symbolon offer …`

use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer_server::administration::{
    OfferByName, OfferDelivery, OfferDetails, OfferDevice, OfferGrants, OfferList, OfferOrder, OfferSummary,
    TransactionCode,
};

use crate::arguments::{OfferCommand, OfferGrant, OfferStateName};
use crate::commands::issuing::{register, write_qr};
use crate::commands::records::parse_uin;
use crate::commands::show;
use crate::installation::IssuerChoice;
use crate::register::Register;

/// Runs an offer command.
///
/// # Errors
/// No such record, configuration or offer; the resident is deceased; an offer that gets no new transaction code.
pub async fn run(command: &OfferCommand, choice: IssuerChoice<'_>) -> anyhow::Result<ExitCode> {
    match command {
        OfferCommand::Create { qr, json, .. } => {
            let order = order(command)?;
            create(&register(choice).await?, order, qr.as_deref(), *json).await?;
        }
        OfferCommand::List { record, state, json } => {
            list(&register(choice).await?, record.as_deref(), *state, *json).await?;
        }
        OfferCommand::Show { id, json } => {
            let found = register(choice).await?.offer(&named(id)?).await?;
            print(&found, *json)?;
        }
        OfferCommand::Cancel { id, json } => {
            let cancelled = register(choice).await?.cancel_offer(&named(id)?).await?;
            print(&cancelled, *json)?;
            if !*json && !cancelled.credentials.is_empty() {
                show::line("the credentials stay valid; `symbolon credential revoke` ends them");
            }
        }
        OfferCommand::TxCode { id, json } => {
            let renewed = register(choice)
                .await?
                .renew_transaction_code(&named(id)?)
                .await?;
            if *json {
                show::line(&serde_json::to_string_pretty(&renewed)?);
            } else {
                tell_code(&renewed.tx_code);
                tell_expiry(renewed.expires_at);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn order(command: &OfferCommand) -> anyhow::Result<OfferOrder> {
    let OfferCommand::Create {
        record,
        credential,
        grant,
        tx_code,
        by_value,
        qr,
        ..
    } = command
    else {
        return Err(anyhow!("only `offer create` orders an offer"));
    };
    let id = ConfigurationId::parse(credential.clone())
        .ok_or_else(|| anyhow!("{credential} is no name of a credential configuration"))?;
    Ok(OfferOrder {
        record: parse_uin(record)?,
        configurations: vec![id],
        tx_code: if *tx_code {
            TransactionCode::Required
        } else {
            TransactionCode::NotRequired
        },
        delivery: if *by_value {
            OfferDelivery::ByValue
        } else {
            OfferDelivery::ByReference
        },
        grants: match grant {
            OfferGrant::PreAuthorizedCode => OfferGrants::PreAuthorizedCode,
            OfferGrant::AuthorizationCode => OfferGrants::AuthorizationCode,
            OfferGrant::Both => OfferGrants::Both,
        },
        device: if qr.is_some() {
            OfferDevice::OtherDevice
        } else {
            OfferDevice::SameDevice
        },
    })
}

async fn create(
    register: &Register,
    order: OfferOrder,
    qr: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<()> {
    let created = register.create_offer(order).await?;
    if let Some(path) = qr {
        write_qr(&created.link, path)?;
    }
    if as_json {
        show::line(&serde_json::to_string_pretty(&created)?);
        return Ok(());
    }
    show::line(&created.link);
    if let Some(code) = &created.tx_code {
        tell_code(code);
    }
    tell_expiry(created.expires_at);
    show::line(&format!("offer {}", created.offer));
    Ok(())
}

fn tell_code(code: &str) {
    show::line(&format!(
        "transaction code {code}: tell it to the resident by another way"
    ));
}

fn tell_expiry(expires_at: i64) {
    show::line(&format!("expires {}", time(expires_at)));
}

async fn list(
    register: &Register,
    record: Option<&str>,
    state: Option<OfferStateName>,
    as_json: bool,
) -> anyhow::Result<()> {
    let mut order = OfferList {
        record: record.map(parse_uin).transpose()?,
        state: state.map(Into::into),
        after: None,
    };
    let mut rows = show::Rows::new(as_json);
    loop {
        let page = register.offers(&order).await?;
        for offer in &page.offers {
            rows.add(offer, row)?;
        }
        match page.next {
            Some(next) => order.after = Some(next),
            None => break,
        }
    }
    rows.end()
}

fn row(offer: &OfferSummary) -> String {
    let names: Vec<&str> = offer.configurations.iter().map(ConfigurationId::as_str).collect();
    format!(
        "{}  {}  {} of {} issued  record {}  {}  made {}, expires {}",
        offer.id,
        word(&json!(offer.state)),
        offer.issued,
        offer.configurations.len(),
        offer.record.as_str(),
        names.join(" "),
        time(offer.made_at),
        time(offer.expires_at),
    )
}

fn print(details: &OfferDetails, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        show::line(&serde_json::to_string_pretty(details)?);
        return Ok(());
    }
    let offer = &details.offer;
    show::line(&row(offer));
    show::line(&format!(
        "by {}, transaction code {}, {}, for {}",
        word(&json!(offer.grants)),
        word(&json!(offer.tx_code)),
        word(&json!(offer.delivery)),
        word(&json!(offer.device)),
    ));
    for (what, at) in [
        ("fetched", offer.fetched_at),
        ("authorization begun", offer.begun_at),
        ("taken up", offer.taken_up_at),
        ("transaction code exhausted", offer.refused_at),
    ] {
        if let Some(at) = at {
            show::line(&format!("{what} {}", time(at)));
        }
    }
    if let (Some(at), Some(cause)) = (offer.cancelled_at, offer.cancelled_by) {
        show::line(&format!("cancelled {} by {}", time(at), word(&json!(cause))));
    }
    for credential in &details.credentials {
        show::line(&format!("credential {credential}"));
    }
    Ok(())
}

fn named(id: &str) -> anyhow::Result<OfferByName> {
    let offer = id.parse();
    let offer = offer.map_err(|_| anyhow!("{id} names no offer; see `symbolon offer list`"))?;
    Ok(OfferByName { offer })
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn time(seconds: i64) -> String {
    UnixTime::from_seconds(seconds).rfc3339()
}
