//! The issuer as the command line administers it: through the administration interface of its running server, or, when none
//! runs, by opening the store itself. The embedded store lets in one process only, so it is always one or the other.

mod client;
mod offers;

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use symbolon_issuer::audit::{Actor, AuditAction, WaitingEvent};
use symbolon_issuer::record::{IdRecord, RowFormat, Uin};
use symbolon_issuer::store::IssuerStore as _;
use symbolon_issuer_server::Issuer;
use symbolon_issuer_server::administration::{
    Administration, AuditVerified, BackupBegun, BackupOrder, BackupPageOrder, BuiltPack, CardOrder,
    ChangedKey, CredentialList, CredentialPage, DecisionOrder, ImportReport, KeyChangesOrder, LEFT_OUT,
    PackOrder, PrintedCard, RecordOrder, RecordPage, StatusOrder, StatusReport, TransactionList,
    TransactionPage, TransactionSummary, encode_entries,
};

use crate::edge::{self, SystemRandomness};
use crate::installation::Installation;
use crate::services::issuer::{self, OpenedIssuer, Opening, OpeningAll};
pub use client::{AdministrationClient, Server};

const NDJSON: &str = "application/x-ndjson";

/// The issuer's books, wherever they are open.
pub enum Register {
    /// Open in this process.
    Opened {
        /// The operator's side.
        administration: Administration,
        /// Whose it is.
        issuer: Arc<Issuer>,
    },
    /// Open in a server, which is asked.
    Running(AdministrationClient),
}

#[derive(Serialize)]
struct ExportOrder<'a> {
    after: Option<&'a Uin>,
}

impl Register {
    /// The books of an installation.
    ///
    /// # Errors
    /// An installation that cannot be used.
    pub async fn of(installation: &Installation) -> anyhow::Result<Self> {
        match issuer::open(installation).await? {
            Opening::Opened(issuer) => Ok(Self::opened(issuer)),
            Opening::InUse => Self::running(installation),
        }
    }

    /// The books of the first issuer of an installation, with those of all others open beside them, for what concerns all.
    ///
    /// # Errors
    /// An installation that cannot be used.
    pub async fn of_all(installation: &Installation) -> anyhow::Result<Self> {
        match issuer::open_all(installation).await? {
            OpeningAll::Opened(opened) => {
                let first = opened.into_iter().next();
                let OpenedIssuer { issuer, .. } = first.ok_or_else(|| anyhow!("there is no issuer"))?;
                Ok(Self::opened(issuer))
            }
            OpeningAll::InUse => Self::running(installation),
        }
    }

    fn opened(issuer: Arc<Issuer>) -> Self {
        Self::Opened {
            administration: Administration::new(Arc::clone(&issuer)),
            issuer,
        }
    }

    fn running(installation: &Installation) -> anyhow::Result<Self> {
        let section = installation.issuer();
        let server = Server::Issuer {
            identifier: &section.identifier,
            listener: section.tls_certificate.is_none().then_some(section.listen),
        };
        AdministrationClient::new(server, installation.administration_token()?).map(Self::Running)
    }

    /// Notes in the audit log of an issuer what was done to its keys. The books are opened without its keys: what is wrong with those may
    /// be what was just mended.
    ///
    /// # Errors
    /// The store or the server failed. The keys are as they were changed.
    pub async fn note_key_changes(
        installation: &Installation,
        changes: Vec<ChangedKey>,
    ) -> anyhow::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let told = async {
            match issuer::open_books(installation)? {
                Some((books, store)) => {
                    for changed in changes {
                        let ChangedKey { key, change } = changed;
                        let action = AuditAction::KeyChanged { key, change };
                        let now = edge::system_time();
                        let event = WaitingEvent::make(now, Actor::Operator, action, &SystemRandomness)?;
                        books.put_event(event).await?;
                    }
                    drop(books);
                    store.close();
                    Ok(())
                }
                None => match Self::running(installation)? {
                    Self::Running(client) => client.order("keys/changes", &KeyChangesOrder { changes }).await,
                    Self::Opened { .. } => Ok(()),
                },
            }
        };
        let told: anyhow::Result<()> = told.await;
        told.context("the keys were changed, and the audit log does not say so")
    }

    /// Stores records, given as rows of NDJSON.
    ///
    /// # Errors
    /// Nothing of the batch was stored, or, when the server was lost on the way, that is not known; sending it again is safe.
    pub async fn import(&self, ndjson: Vec<u8>) -> anyhow::Result<ImportReport> {
        match self {
            Self::Opened { administration, .. } => {
                Ok(administration.import(RowFormat::Ndjson, ndjson).await?)
            }
            Self::Running(client) => client.post("records/import", NDJSON, ndjson).await,
        }
    }

    /// One record.
    ///
    /// # Errors
    /// No such record.
    pub async fn record(&self, uin: &Uin) -> anyhow::Result<IdRecord> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.record(uin).await?),
            Self::Running(client) => {
                client
                    .order("records/show", &RecordOrder { record: uin.clone() })
                    .await
            }
        }
    }

    /// A page of records.
    ///
    /// # Errors
    /// The store or the server failed.
    pub async fn records(&self, after: Option<&Uin>) -> anyhow::Result<RecordPage> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.records(after).await?),
            Self::Running(client) => client.order("records/export", &ExportOrder { after }).await,
        }
    }

    /// A page of credentials.
    ///
    /// # Errors
    /// The store or the server failed.
    pub async fn credentials(&self, list: &CredentialList) -> anyhow::Result<CredentialPage> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.credentials(list).await?),
            Self::Running(client) => client.order("credentials/list", list).await,
        }
    }

    /// Revokes, suspends or reinstates.
    ///
    /// # Errors
    /// No such credential, or one that is revoked for good.
    pub async fn change_status(&self, order: &StatusOrder) -> anyhow::Result<StatusReport> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.change_status(order).await?),
            Self::Running(client) => client.order("credentials/status", order).await,
        }
    }

    /// A page of the requests that wait.
    ///
    /// # Errors
    /// The store or the server failed.
    pub async fn transactions(&self, list: &TransactionList) -> anyhow::Result<TransactionPage> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.transactions(list).await?),
            Self::Running(client) => client.order("credentials/requests/list", list).await,
        }
    }

    /// Decides on a request that waits.
    ///
    /// # Errors
    /// No such request, or one that was denied or has expired.
    pub async fn decide(&self, order: &DecisionOrder) -> anyhow::Result<TransactionSummary> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.decide(order).await?),
            Self::Running(client) => client.order("credentials/requests/decide", order).await,
        }
    }

    /// Issues a card.
    ///
    /// # Errors
    /// No such record, or data that does not fit.
    pub async fn issue_card(&self, order: &CardOrder) -> anyhow::Result<PrintedCard> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.issue_card(order).await?),
            Self::Running(client) => client.order("cards", order).await,
        }
    }

    /// Builds an offline pack.
    ///
    /// # Errors
    /// The status lists or keys cannot be used.
    pub async fn build_pack(&self, order: &PackOrder) -> anyhow::Result<BuiltPack> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.build_pack(order).await?),
            Self::Running(client) => {
                let order = serde_json::to_vec(order)?;
                let answer = client.send("packs", "application/json", order).await?;
                let left_out = answer
                    .headers
                    .get(LEFT_OUT)
                    .and_then(|count| count.to_str().ok()?.parse().ok());
                Ok(BuiltPack {
                    left_out: left_out.unwrap_or_default(),
                    pack: answer.body,
                })
            }
        }
    }

    /// Begins a backup.
    ///
    /// # Errors
    /// Another is under way, or the store or the server failed.
    pub async fn begin_backup(&self) -> anyhow::Result<BackupBegun> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.begin_backup().await?),
            Self::Running(client) => client.post("backups", "application/json", Vec::new()).await,
        }
    }

    /// The next page of a backup, as `decode_entries` reads it; empty at its end.
    ///
    /// # Errors
    /// The store or the server failed.
    pub async fn backup_page(&self, order: &BackupPageOrder) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Opened { administration, .. } => {
                Ok(encode_entries(&administration.backup_page(order).await?))
            }
            Self::Running(client) => {
                let order = serde_json::to_vec(order)?;
                Ok(client
                    .send("backups/pages", "application/json", order)
                    .await?
                    .body)
            }
        }
    }

    /// Ends a backup.
    ///
    /// # Errors
    /// The server was lost; it ends by itself.
    pub async fn end_backup(&self, order: &BackupOrder) -> anyhow::Result<()> {
        match self {
            Self::Opened { administration, .. } => administration.end_backup(order),
            Self::Running(client) => {
                let order = serde_json::to_vec(order)?;
                client.send("backups/end", "application/json", order).await?;
            }
        }
        Ok(())
    }

    /// Checks the audit log.
    ///
    /// # Errors
    /// The log was changed.
    pub async fn verify_audit(&self) -> anyhow::Result<AuditVerified> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.verify_audit().await?),
            Self::Running(client) => client.post("audit/verify", "application/json", Vec::new()).await,
        }
    }
}
