//! The issuer as the command line administers it: through the administration interface of its running server, or, when none
//! runs, by opening the store itself. The embedded store lets in one process only, so it is always one or the other.

mod offers;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use symbolon_http::fetch::{Fetch, FetchError, FetchPolicy, Fetched, GuardedFetcher, Redirects};
use symbolon_issuer::record::{IdRecord, RowFormat, Uin};
use symbolon_issuer_server::Issuer;
use symbolon_issuer_server::administration::{
    Administration, AuditVerified, BackupBegun, BackupOrder, BackupPageOrder, CardOrder, CredentialList,
    CredentialPage, DecisionOrder, ImportReport, PrintedCard, RecordOrder, RecordPage, StatusOrder,
    StatusReport, TransactionList, TransactionPage, TransactionSummary, encode_entries,
};
use url::Url;
use zeroize::Zeroizing;

use crate::configuration::identifier_text;
use crate::installation::Installation;
use crate::services::issuer::{self, OpenedIssuer, Opening, OpeningAll};

/// The largest answer that is read, in bytes: a pack, or a page of records with portraits.
const MAX_ANSWER_BYTES: usize = 256 << 20;
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

/// Talks to the administration interface.
pub struct AdministrationClient {
    fetcher: GuardedFetcher,
    base: String,
    host: Option<HeaderValue>,
    token: Zeroizing<String>,
}

/// How the command line reaches a server of its own installation.
#[derive(Debug, Clone, Copy)]
pub enum Server<'a> {
    /// By the name that its certificate is for.
    Tls(&'a Url),
    /// At the address that it listens on; whatever ends TLS in front of it is not asked.
    Plain(SocketAddr),
    /// As the issuer of this identifier: by the name that its certificate is for, or at the address that it listens on, if one is given. It
    /// may share the listener, so the request names its host and its path.
    Issuer {
        /// Its identifier.
        identifier: &'a Url,
        /// Where it listens without TLS.
        listener: Option<SocketAddr>,
    },
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
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
    pub async fn build_pack(&self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.build_pack().await?),
            Self::Running(client) => Ok(client.send("packs", "application/json", Vec::new()).await?.body),
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

impl AdministrationClient {
    /// A client of the interface of `server`.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(server: Server<'_>, token: Zeroizing<String>) -> anyhow::Result<Self> {
        let (listener, host) = match server {
            // With a path in the identifier the verifier's interface stays at the root of the listener.
            Server::Tls(identifier) => (Url::parse(&identifier_text(identifier))?.join("/")?, None),
            Server::Plain(address) => (Url::parse(&format!("http://{address}"))?, None),
            Server::Issuer {
                identifier,
                listener: None,
            } => (identifier.clone(), None),
            Server::Issuer {
                identifier,
                listener: Some(address),
            } => {
                let mut url = Url::parse(&format!("http://{address}"))?;
                url.set_path(identifier.path());
                (url, Some(HeaderValue::from_str(identifier.authority())?))
            }
        };
        let base = format!("{}/admin/v1", identifier_text(&listener));
        // The operator configured the address, so it may be any.
        Ok(Self {
            fetcher: GuardedFetcher::new(FetchPolicy::Configured)?,
            base,
            host,
            token,
        })
    }

    async fn order<T: DeserializeOwned>(&self, path: &str, order: &impl Serialize) -> anyhow::Result<T> {
        self.post(path, "application/json", serde_json::to_vec(order)?)
            .await
    }

    /// Posts a body and reads a JSON answer.
    ///
    /// # Errors
    /// The server's refusal, in its own words, or no answer.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> anyhow::Result<T> {
        let answer = self.send(path, content_type, body).await?;
        serde_json::from_slice(&answer.body).context("the server's answer does not read")
    }

    /// Gets a JSON answer.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let answer = self
            .request(Method::GET, path, "application/json", Vec::new())
            .await?;
        serde_json::from_slice(&answer.body).context("the server's answer does not read")
    }

    async fn send(&self, path: &str, content_type: &'static str, body: Vec<u8>) -> anyhow::Result<Fetched> {
        self.request(Method::POST, path, content_type, body).await
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> anyhow::Result<Fetched> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", self.token.trim()))
            .map_err(|_| anyhow!("the administration token does not read"))?;
        authorization.set_sensitive(true);
        let mut headers = vec![
            (AUTHORIZATION, authorization),
            (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        ];
        headers.extend(self.host.clone().map(|host| (HOST, host)));
        let fetch = Fetch {
            method,
            url: Url::parse(&format!("{}/{path}", self.base))?,
            headers,
            body,
            max_bytes: MAX_ANSWER_BYTES,
            redirects: Redirects::Refuse,
        };
        let answer = self.fetcher.fetch(fetch).await.map_err(|error| match error {
            FetchError::Unreachable => {
                anyhow!(
                    "another process has the store open, and no server answers at {}",
                    self.base
                )
            }
            error => anyhow!(error).context("the server was lost on the way; asking again is safe"),
        })?;
        if answer.is_success() {
            return Ok(answer);
        }
        match serde_json::from_slice::<Refusal>(&answer.body) {
            Ok(refusal) if refusal.error_description.is_empty() => bail!("refused: {}", refusal.error),
            Ok(refusal) => bail!("refused: {} ({})", refusal.error_description, refusal.error),
            Err(_) if answer.status == 401 => bail!("the server does not accept the administration token"),
            Err(_) => bail!("the server answered with HTTP status {}", answer.status),
        }
    }
}
