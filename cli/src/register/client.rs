//! The administration interface of a running server.

use std::net::SocketAddr;

use anyhow::{Context as _, anyhow, bail};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use symbolon_http::fetch::{Fetch, FetchError, FetchPolicy, Fetched, GuardedFetcher, Redirects};
use symbolon_http::serve::{AdministrationToken, IDENTITY, IdentityChallenge, IdentityProof};
use tokio::sync::OnceCell;
use url::Url;
use zeroize::Zeroizing;

use crate::configuration::identifier_text;
use crate::edge::SystemRandomness;

/// The largest answer that is read, in bytes: a pack, or a page of records with portraits.
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// Talks to the administration interface. The token goes to a server that has shown to have it, and to none that merely listens where
/// the configuration says: by its certificate, or by a proof (`docs/adr/0015`).
pub struct AdministrationClient {
    fetcher: GuardedFetcher,
    base: String,
    host: Option<HeaderValue>,
    token: Zeroizing<String>,
    /// Where the server listens that has to prove itself; `None` for one that a certificate proves.
    unproven: Option<SocketAddr>,
    proven: OnceCell<()>,
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

impl AdministrationClient {
    /// A client of the interface of `server`.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(server: Server<'_>, token: Zeroizing<String>) -> anyhow::Result<Self> {
        let unproven = match server {
            Server::Plain(address) => Some(address),
            Server::Issuer { listener, .. } => listener,
            Server::Tls(_) => None,
        };
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
            unproven,
            proven: OnceCell::new(),
        })
    }

    /// Has a server that no certificate proves prove itself, once.
    async fn prove(&self) -> anyhow::Result<()> {
        let Some(listener) = self.unproven else {
            return Ok(());
        };
        let ask = async || {
            let challenge = IdentityChallenge::make(&SystemRandomness)?;
            let mut url = Url::parse(&format!("{}{IDENTITY}", self.base))?;
            url.query_pairs_mut().append_pair("challenge", challenge.as_str());
            let answer = self.fetch(Method::GET, url, Vec::new(), Vec::new()).await?;
            let proof = serde_json::from_slice::<IdentityProof>(&answer.body).ok();
            let proven = proof.is_some_and(|proof| {
                AdministrationToken::new(&self.token).is_proven(&proof, &challenge, listener)
            });
            if answer.is_success() && proven {
                return Ok(());
            }
            bail!(
                "what answers at {} does not prove that it has the administration token, so it is not told: is it a server of this \
                 installation and of this version, and does it listen where the configuration says?",
                self.base
            )
        };
        self.proven.get_or_try_init(ask).await.copied()
    }

    async fn fetch(
        &self,
        method: Method,
        url: Url,
        mut headers: Vec<(HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> anyhow::Result<Fetched> {
        headers.extend(self.host.clone().map(|host| (HOST, host)));
        let fetch = Fetch {
            method,
            url,
            headers,
            body,
            max_bytes: MAX_ANSWER_BYTES,
            redirects: Redirects::Refuse,
        };
        self.fetcher.fetch(fetch).await.map_err(|error| match error {
            FetchError::Unreachable => {
                anyhow!(
                    "another process has the store open, and no server answers at {}",
                    self.base
                )
            }
            error => anyhow!(error).context("the server was lost on the way; asking again is safe"),
        })
    }

    pub(super) async fn order<T: DeserializeOwned>(
        &self,
        path: &str,
        order: &impl Serialize,
    ) -> anyhow::Result<T> {
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

    /// Deletes what is at a path, and reads a JSON answer where there is one.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn delete<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<T>> {
        let answer = self
            .request(Method::DELETE, path, "application/json", Vec::new())
            .await?;
        if answer.body.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&answer.body)
            .map(Some)
            .context("the server's answer does not read")
    }

    pub(super) async fn send(
        &self,
        path: &str,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> anyhow::Result<Fetched> {
        self.request(Method::POST, path, content_type, body).await
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> anyhow::Result<Fetched> {
        self.prove().await?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", self.token.trim()))
            .map_err(|_| anyhow!("the administration token does not read"))?;
        authorization.set_sensitive(true);
        let headers = vec![
            (AUTHORIZATION, authorization),
            (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        ];
        let url = Url::parse(&format!("{}/{path}", self.base))?;
        let answer = self.fetch(method, url, headers, body).await?;
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
