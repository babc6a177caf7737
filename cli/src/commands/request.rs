//! `symbolon request …`: the relying party's side, against the running verifier.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use symbolon_verifier::answer::AnswerCheck;
use symbolon_verifier::report::Report;
use symbolon_verifier::store::{PresentationResult, ResultOutcome};

use crate::arguments::RequestCommand;
use crate::commands::issuing::write_qr;
use crate::commands::show;
use crate::installation::Installation;
use crate::installation::files::{Readers, create_private_folder, write_atomically};
use crate::register::{AdministrationClient, Server};

/// How often a waiting command looks for the answer.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The verifier of an installation, over its administration interface.
pub struct VerifierClient(AdministrationClient);

/// A request that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MadeRequest {
    /// Its name.
    pub request_id: String,
    /// The link for a QR code or a button.
    pub authorization_request: String,
    /// RFC 3339.
    pub expires_at: String,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Waiting for an answer.
    Pending,
    /// Answered.
    Answered,
    /// Not answered in time.
    Expired,
}

/// A request and its result.
#[derive(Debug, Clone, Deserialize)]
pub struct RequestResult {
    /// Where it stands.
    pub state: RequestState,
    /// The result, once there is one.
    pub result: Option<PresentationResult>,
}

/// What is kept of a request and its answer, for a later verification.
#[derive(Clone, Deserialize)]
pub struct RequestEvidence {
    /// The signed request.
    pub request_object: String,
    /// The answer.
    pub vp_token: Option<Value>,
}

impl VerifierClient {
    /// The running verifier of an installation.
    ///
    /// # Errors
    /// The HTTP client cannot be made, or the token cannot be read.
    pub fn of(installation: &Installation) -> anyhow::Result<Self> {
        let section = &installation.loaded.configuration.verifier;
        let encrypted = section.tls_certificate.is_some();
        let server = if encrypted {
            Server::Tls(&section.identifier)
        } else {
            Server::Plain(section.listen)
        };
        AdministrationClient::new(server, installation.administration_token()?).map(Self)
    }

    /// Makes a request by a named query, or by a DCQL query of its own.
    ///
    /// # Errors
    /// No such query, a query that breaks a rule, or no server.
    pub async fn make(&self, query: &Query) -> anyhow::Result<MadeRequest> {
        let body = match query {
            Query::Named(name) => json!({ "query": name }),
            Query::Own(dcql) => json!({ "dcql_query": dcql }),
        };
        self.0
            .post(
                "presentation-requests",
                "application/json",
                serde_json::to_vec(&body)?,
            )
            .await
    }

    /// Where a request stands.
    ///
    /// # Errors
    /// No such request, or no server.
    pub async fn result(&self, id: &str) -> anyhow::Result<RequestResult> {
        self.0
            .get(&format!("presentation-requests/{}", path_part(id)?))
            .await
    }

    /// The signed request and its answer.
    ///
    /// # Errors
    /// No such request, or no server.
    pub async fn evidence(&self, id: &str) -> anyhow::Result<RequestEvidence> {
        self.0
            .get(&format!("presentation-requests/{}/evidence", path_part(id)?))
            .await
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// A query of the verifier's configuration.
    Named(String),
    /// A DCQL query.
    Own(Value),
}

/// An identifier that may stand in a path.
fn path_part(id: &str) -> anyhow::Result<&str> {
    if id.is_empty()
        || !id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    {
        bail!("{} names no request", show::printable(id));
    }
    Ok(id)
}

/// Runs a request command.
///
/// # Errors
/// No server, no such request, or a query that breaks a rule.
pub async fn run(command: &RequestCommand, configuration: Option<&Path>) -> anyhow::Result<ExitCode> {
    let client = VerifierClient::of(&Installation::load(configuration)?)?;
    match command {
        RequestCommand::Create { query, qr, json } => {
            let query = if Path::new(query).exists() {
                let text = fs::read_to_string(query).with_context(|| format!("cannot read {query}"))?;
                Query::Own(serde_json::from_str(&text).with_context(|| format!("{query} is no JSON"))?)
            } else {
                Query::Named(query.clone())
            };
            let made = client.make(&query).await?;
            if let Some(path) = qr {
                write_qr(&made.authorization_request, path)?;
            }
            if *json {
                show::line(&serde_json::to_string_pretty(&made)?);
            } else {
                show::line(&made.authorization_request);
                show::line(&format!(
                    "request {}, to be answered until {}",
                    made.request_id, made.expires_at
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
        RequestCommand::Show { id, wait, evidence } => {
            let mut found = client.result(id).await?;
            while *wait && found.state == RequestState::Pending {
                tokio::time::sleep(POLL_INTERVAL).await;
                found = client.result(id).await?;
            }
            if let Some(folder) = evidence {
                write_evidence(&client.evidence(id).await?, folder)?;
            }
            Ok(print(&found))
        }
    }
}

fn write_evidence(evidence: &RequestEvidence, folder: &Path) -> anyhow::Result<()> {
    create_private_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        write_atomically(&path, text.as_bytes(), Readers::Owner)
            .with_context(|| format!("cannot write {}", path.display()))
    };
    write("request.jwt", &evidence.request_object)?;
    if let Some(token) = &evidence.vp_token {
        write("presentation.json", &token.to_string())?;
    }
    Ok(())
}

/// Prints a result; the exit status is 0 for a good answer, 1 for another, 3 while there is none.
fn print(found: &RequestResult) -> ExitCode {
    match (&found.state, found.result.as_ref().map(|result| &result.outcome)) {
        (RequestState::Answered, Some(ResultOutcome::Presented { reports, answer })) => {
            for stored in reports {
                show::report(&stored.report);
            }
            // A query whose credentials are all optional may be answered with none; that proves nothing about anybody.
            let good = answer.is_as_asked()
                && !reports.is_empty()
                && reports.iter().all(|stored| is_good(&stored.report));
            if good {
                show::line("the answer is what was asked for");
                return ExitCode::SUCCESS;
            }
            show::line(&format!(
                "the answer is not good: {}",
                match answer {
                    AnswerCheck::AsAsked if reports.is_empty() => "nothing was shown",
                    AnswerCheck::AsAsked => "a credential is not good",
                    other => other.description(),
                }
            ));
            ExitCode::from(1)
        }
        (RequestState::Answered, _) => {
            show::line("declined by the holder");
            ExitCode::from(1)
        }
        (RequestState::Expired, _) => {
            show::line("expired without an answer");
            ExitCode::from(1)
        }
        (RequestState::Pending, _) => {
            show::line("waiting for the wallet");
            ExitCode::from(3)
        }
    }
}

fn is_good(report: &Report) -> bool {
    use symbolon_verifier::report::Verdict;
    matches!(report.verdict, Verdict::Valid | Verdict::Genuine)
}
