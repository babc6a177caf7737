//! A MOSIP ID Repository, over HTTP. Shapes are those of its public repository (`mosip/id-repository`, `mosip/mosip-openid-bridge`):
//! a client logs in with an identifier and a secret and gets a token as a cookie; a record comes in an envelope with `response`
//! and `errors`, whatever the status of the answer is.

mod wire;

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, COOKIE};
use http::{HeaderValue, Method};
use symbolon_crypto::UnixTime;
use symbolon_http::fetch::{Fetch, FetchError, FetchPolicy, Fetched, GuardedFetcher, Redirects};
use symbolon_issuer::record::{RecordSchema, Uin, Vid};
use symbolon_issuer::record_source::{RecordFuture, RecordSource, RecordSourceError, RecordState};
use thiserror::Error;
use tokio::sync::Mutex;
use url::Url;
use zeroize::Zeroizing;

use super::circuit::Circuit;
use crate::setup::Clock;
use wire::{Answer, Number, Token};

/// The most bytes of an answer: a record with scanned references is far below.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// How long a question may take, the login included.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How a repository is reached.
pub struct MosipSettings {
    /// Where `/v1/authmanager` and `/idrepository` are.
    pub url: Url,
    /// The application that the client belongs to, such as `idrepo`.
    pub app_id: String,
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Zeroizing<String>,
    /// By which request records are read.
    pub retrieval: Retrieval,
    /// Which addresses may be connected to.
    pub addresses: FetchPolicy,
}

/// By which request a record is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retrieval {
    /// `POST /idrepository/v1/identity/idvid/v2`: the number is in the body, and in no log of a proxy.
    Body,
    /// `GET /idrepository/v1/identity/idvid/{id}`, for releases that have nothing else.
    Path,
}

/// A MOSIP ID Repository.
pub struct MosipRepository {
    settings: MosipSettings,
    fetcher: GuardedFetcher,
    schema: Arc<RecordSchema>,
    clock: Clock,
    token: Mutex<Option<Token>>,
    circuit: Circuit,
}

/// What went wrong, for the log. It holds nothing of the answer.
#[derive(Debug, Error)]
enum Failure {
    #[error("the address cannot be written")]
    Address,
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("no answer in time")]
    TimeUp,
    #[error("the client is not let in")]
    Login,
    #[error("the client may not read records")]
    Unauthorized,
    #[error("HTTP status {0}")]
    Status(u16),
    #[error("the answer is not in the form of the ID Repository")]
    Form,
    #[error("the answer is an error of the ID Repository")]
    Error,
    #[error("the answer is of another person than was asked for")]
    OtherPerson,
}

impl MosipRepository {
    /// A repository whose records are in the form of `schema`.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(settings: MosipSettings, schema: Arc<RecordSchema>, clock: Clock) -> Result<Self, FetchError> {
        Ok(Self {
            fetcher: GuardedFetcher::new(settings.addresses)?,
            settings,
            schema,
            clock,
            token: Mutex::new(None),
            circuit: Circuit::default(),
        })
    }

    async fn retrieve(&self, number: Number<'_>, now: UnixTime) -> Result<RecordState, Failure> {
        let token = self.token(None, now).await?;
        let answer = self.ask(number, &token, now).await?;
        if !answer.is_unauthorized() {
            return answer.state(number, &self.schema, now);
        }
        // The token may have been revoked before its time: one login, and no more, because a client that is not let in never will be.
        let token = self.token(Some(&token), now).await?;
        let answer = self.ask(number, &token, now).await?;
        if answer.is_unauthorized() {
            return Err(Failure::Unauthorized);
        }
        answer.state(number, &self.schema, now)
    }

    /// A token in force, other than the one that was refused. Whoever waits for a login of somebody else takes what came of it.
    async fn token(&self, refused: Option<&HeaderValue>, now: UnixTime) -> Result<HeaderValue, Failure> {
        let mut held = self.token.lock().await;
        let usable = |token: &&Token| token.is_in_force(now) && Some(token.cookie()) != refused;
        if let Some(token) = held.as_ref().filter(usable) {
            return Ok(token.cookie().clone());
        }
        let body = wire::login(
            &self.settings.app_id,
            &self.settings.client_id,
            &self.settings.client_secret,
            now,
        );
        let fetch = Fetch {
            method: Method::POST,
            url: self.address(&["v1", "authmanager", "authenticate", "clientidsecretkey"])?,
            headers: vec![(CONTENT_TYPE, JSON), (ACCEPT, JSON)],
            body: body.to_vec(),
            max_bytes: MAX_ANSWER_BYTES,
            redirects: Redirects::Refuse,
        };
        let answer = self.fetcher.fetch(fetch).await?;
        let token = Token::read(&answer, now).ok_or(Failure::Login)?;
        let cookie = token.cookie().clone();
        *held = Some(token);
        Ok(cookie)
    }

    async fn ask(&self, number: Number<'_>, token: &HeaderValue, now: UnixTime) -> Result<Answer, Failure> {
        let identity = ["idrepository", "v1", "identity", "idvid"];
        let (method, url, body) = match self.settings.retrieval {
            Retrieval::Body => (
                Method::POST,
                self.address(&[identity.as_slice(), &["v2"]].concat())?,
                wire::question(number, now),
            ),
            Retrieval::Path => {
                let mut url = self.address(&[identity.as_slice(), &[number.as_str()]].concat())?;
                url.query_pairs_mut().append_pair("idType", number.id_type());
                (Method::GET, url, Vec::new())
            }
        };
        let fetch = Fetch {
            method,
            url,
            headers: vec![(CONTENT_TYPE, JSON), (ACCEPT, JSON), (COOKIE, token.clone())],
            body,
            max_bytes: MAX_ANSWER_BYTES,
            // A redirect would carry the token and the number somewhere else.
            redirects: Redirects::Refuse,
        };
        let fetched: Fetched = self.fetcher.fetch(fetch).await?;
        Answer::read(&fetched)
    }

    /// Asks, unless the circuit is open.
    async fn state(&self, number: Number<'_>) -> Result<RecordState, RecordSourceError> {
        let now = (self.clock)();
        self.circuit
            .enter(now)
            .map_err(|retry_after| RecordSourceError::Unavailable { retry_after })?;
        let asked = tokio::time::timeout(TIME_LIMIT, self.retrieve(number, now));
        match asked.await.unwrap_or(Err(Failure::TimeUp)) {
            Ok(state) => {
                self.circuit.succeeded();
                Ok(state)
            }
            Err(failure) => {
                tracing::error!(%failure, "no record from the ID Repository");
                Err(RecordSourceError::Unavailable {
                    retry_after: self.circuit.failed(now),
                })
            }
        }
    }

    fn address(&self, segments: &[&str]) -> Result<Url, Failure> {
        let mut url = self.settings.url.clone();
        url.path_segments_mut()
            .map_err(|()| Failure::Address)?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }
}

impl RecordSource for MosipRepository {
    fn record<'a>(&'a self, uin: &'a Uin) -> RecordFuture<'a> {
        Box::pin(self.state(Number::Uin(uin)))
    }

    fn record_by_vid<'a>(&'a self, vid: &'a Vid) -> RecordFuture<'a> {
        Box::pin(self.state(Number::Vid(vid)))
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
