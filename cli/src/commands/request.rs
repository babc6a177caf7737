//! `symbolon request …`: the relying party's side, against the running verifier.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use symbolon_verifier::answer::AnswerCheck;
use symbolon_verifier::report::Report;
use symbolon_verifier::store::{DeclineCode, PresentationResult, ResultOutcome};

use crate::arguments::{CreateArguments, RequestCommand};
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
    /// The page of the verifier's own to open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// RFC 3339.
    pub expires_at: String,
    /// What a page hands to the browser, with the origin that it must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digital_credentials: Option<Value>,
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
    /// Why there is none although there is an answer.
    pub withheld: Option<String>,
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
        verifier_administration(installation).map(Self)
    }

    /// Makes a request by a named query, or by a DCQL query of its own, as the configuration has it.
    ///
    /// # Errors
    /// No such query, a query that breaks a rule, or no server.
    pub async fn make(&self, query: &Query) -> anyhow::Result<MadeRequest> {
        self.make_so(query.body()).await
    }

    /// Makes a request of these members.
    ///
    /// # Errors
    /// As [`Self::make`], and choices that exclude each other.
    async fn make_so(&self, body: Map<String, Value>) -> anyhow::Result<MadeRequest> {
        self.0
            .post(
                "presentation-requests",
                "application/json",
                serde_json::to_vec(&body)?,
            )
            .await
    }

    /// What wallets have to be told to know this verifier without a prefix.
    ///
    /// # Errors
    /// The configuration has no `verifier.client_id`, or there is no server.
    pub async fn registration(&self) -> anyhow::Result<Value> {
        self.0.get("registration").await
    }

    /// Where a request stands.
    ///
    /// # Errors
    /// No such request, or no server.
    pub async fn result(&self, id: &str) -> anyhow::Result<RequestResult> {
        self.released(id, None).await
    }

    /// Where a request stands whose browser has come back with a code.
    ///
    /// # Errors
    /// No such request, another code, or no server.
    pub async fn released(&self, id: &str, code: Option<&str>) -> anyhow::Result<RequestResult> {
        let id = path_part(id)?;
        self.0
            .get(&format!("presentation-requests/{id}{}", code_query(code)?))
            .await
    }

    /// Hands in what a page brought.
    ///
    /// # Errors
    /// No such request, an answer that does not fit it, or no server.
    async fn answer(&self, id: &str, answer: Vec<u8>) -> anyhow::Result<RequestResult> {
        let path = format!("presentation-requests/{}/digital-credentials", path_part(id)?);
        self.0.post(&path, "application/json", answer).await
    }

    /// The signed request and its answer.
    ///
    /// # Errors
    /// No such request, or no server.
    pub async fn evidence(&self, id: &str, code: Option<&str>) -> anyhow::Result<RequestEvidence> {
        let id = path_part(id)?;
        self.0
            .get(&format!(
                "presentation-requests/{id}/evidence{}",
                code_query(code)?
            ))
            .await
    }
}

/// The administration interface of the running verifier of an installation.
///
/// # Errors
/// As [`VerifierClient::of`].
pub(crate) fn verifier_administration(installation: &Installation) -> anyhow::Result<AdministrationClient> {
    let section = &installation.loaded.configuration.verifier;
    let encrypted = section.tls_certificate.is_some();
    let server = if encrypted {
        Server::Tls(&section.identifier)
    } else {
        Server::Plain(section.listen)
    };
    AdministrationClient::new(server, installation.administration_token()?)
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// A query of the verifier's configuration.
    Named(String),
    /// A DCQL query.
    Own(Value),
}

impl Query {
    fn body(&self) -> Map<String, Value> {
        let (name, value) = match self {
            Self::Named(name) => ("query", json!(name)),
            Self::Own(dcql) => ("dcql_query", dcql.clone()),
        };
        Map::from_iter([(name.to_owned(), value)])
    }

    /// A file with a query, or the name of one of the configuration.
    fn of_argument(query: &str) -> anyhow::Result<Self> {
        if !Path::new(query).exists() {
            return Ok(Self::Named(query.to_owned()));
        }
        let text = fs::read_to_string(query).with_context(|| format!("cannot read {query}"))?;
        serde_json::from_str(&text)
            .map(Self::Own)
            .with_context(|| format!("{query} is no JSON"))
    }
}

fn code_query(code: Option<&str>) -> anyhow::Result<String> {
    match code {
        None => Ok(String::new()),
        Some(code) => Ok(format!("?response_code={}", path_part(code)?)),
    }
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
        RequestCommand::Create(arguments) => create(&client, arguments).await,
        RequestCommand::Show {
            id,
            wait,
            response_code,
            evidence,
        } => {
            let code = response_code.as_deref();
            let mut found = client.released(id, code).await?;
            while *wait && found.state == RequestState::Pending {
                tokio::time::sleep(POLL_INTERVAL).await;
                found = client.released(id, code).await?;
            }
            if let Some(folder) = evidence {
                write_evidence(&client.evidence(id, code).await?, folder)?;
            }
            Ok(print(&found))
        }
        RequestCommand::Answer { id, answer } => {
            let text = fs::read(answer).with_context(|| format!("cannot read {}", answer.display()))?;
            Ok(print(&client.answer(id, text).await?))
        }
        RequestCommand::Registration => {
            show::line(&serde_json::to_string_pretty(&client.registration().await?)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn create(client: &VerifierClient, arguments: &CreateArguments) -> anyhow::Result<ExitCode> {
    let mut body = match &arguments.query {
        Some(query) => Query::of_argument(query)?.body(),
        None => Map::new(),
    };
    let page = arguments.page.as_ref().map(|page| page.replace('-', "_"));
    for (name, value) in [
        ("scope", &arguments.scope),
        ("client_id_prefix", &arguments.client_id_prefix),
        ("response_mode", &arguments.response_mode),
        ("request_delivery", &arguments.request_delivery),
        ("request_uri_method", &arguments.request_uri_method),
        ("return_to", &arguments.return_to),
        ("page", &page),
    ] {
        if let Some(value) = value {
            body.insert(name.to_owned(), json!(value));
        }
    }
    if let Some(path) = &arguments.transaction_data {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let transactions: Value =
            serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
        body.insert("transaction_data".to_owned(), transactions);
    }
    if arguments.digital_credentials.is_some() {
        body.insert("digital_credentials".to_owned(), digital_credentials(arguments));
    }
    let made = client.make_so(body).await?;
    if let (Some(path), Some(offered)) = (&arguments.digital_credentials, &made.digital_credentials) {
        write_atomically(path, offered.to_string().as_bytes(), Readers::Owner)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &arguments.qr {
        write_qr(&made.authorization_request, path)?;
    }
    if arguments.json {
        show::line(&serde_json::to_string_pretty(&made)?);
    } else {
        show::line(&made.authorization_request);
        if let Some(page) = &made.page {
            show::line(&format!("page {page}"));
        }
        show::line(&format!(
            "request {}, to be answered until {}",
            made.request_id, made.expires_at
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn digital_credentials(arguments: &CreateArguments) -> Value {
    let mut wishes = Map::new();
    for (name, value) in [
        ("origin", &arguments.origin),
        ("response_mode", &arguments.page_response_mode),
    ] {
        if let Some(value) = value {
            wishes.insert(name.to_owned(), json!(value));
        }
    }
    if !arguments.protocols.is_empty() {
        wishes.insert("protocols".to_owned(), json!(arguments.protocols));
    }
    Value::Object(wishes)
}

/// Writes what `symbolon verify` reads: the request, and the presentation that answers it.
///
/// # Errors
/// A folder that cannot be made or written to.
pub fn write_evidence(evidence: &RequestEvidence, folder: &Path) -> anyhow::Result<()> {
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
        (
            RequestState::Answered,
            Some(ResultOutcome::Presented {
                reports,
                answer,
                transactions,
                ..
            }),
        ) => {
            for stored in reports {
                show::report(&stored.report);
            }
            for transaction in transactions {
                show::line(&format!(
                    "transaction {} ({}) authorised by {}",
                    transaction.position, transaction.transaction_type, transaction.query_id
                ));
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
        (RequestState::Answered, Some(ResultOutcome::Declined { error })) => {
            show::line(&match error {
                DeclineCode::AccessDenied => "declined by the holder, or nothing held fits".to_owned(),
                error => format!("not answered by the wallet: {}", show::words(error)),
            });
            ExitCode::from(1)
        }
        (RequestState::Answered, None) => {
            show::line(match found.withheld {
                Some(_) => {
                    "answered; the result is shown with the --response-code that the browser brings back"
                }
                None => "answered, and nothing is kept of it",
            });
            ExitCode::from(3)
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
