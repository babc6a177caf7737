//! Who may ask: the relying parties of one verifier, each with its own policies, keys, results and limits.

use serde::{Deserialize, Serialize};
use symbolon_protocol::digital_credentials::Origin;
use symbolon_protocol::identifier::UrlPolicy;
use url::Url;

use crate::name::PolicyName;
use crate::openid_provider::OpenIdClientDocument;
use crate::policy::{PolicyError, PolicyProblem, at};

mod api_key;

pub use self::api_key::{ApiKey, ApiKeyId, ApiKeyRecord, InvalidApiKey};

/// The longest name that wallets show, in characters.
const MAX_DISPLAY_NAME_CHARACTERS: usize = 120;
/// The largest quotas: more is no limit.
const MAX_REQUESTS_PER_MINUTE: u32 = 100_000;
const MAX_REQUESTS_PER_DAY: u32 = 100_000_000;

/// A relying party as its file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelyingParty {
    /// The name that wallets show beside what the certificate says.
    pub name: String,
    /// What it asks for, in the words that wallets show. A policy's own purpose goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The policies that it may use.
    #[serde(default)]
    pub policies: Vec<PolicyName>,
    /// Whether it may ask by DCQL queries of its own.
    #[serde(default)]
    pub own_queries: Permission,
    /// Whether it may have credentials and presentations verified that it holds already.
    #[serde(default)]
    pub posted_verification: Permission,
    /// Whether its people may make requests on the verifier's page, signed in by one of its keys or by a link.
    #[serde(default)]
    pub request_builder: Permission,
    /// Which link lets them in: a higher number is another link, and shuts out whoever came in with an earlier one.
    #[serde(default = "default_request_builder_generation")]
    pub request_builder_generation: u32,
    /// How long its results are kept after the request has expired, in seconds; the verifier's time without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_retention_seconds: Option<u32>,
    /// How many requests its keys may make in one minute.
    #[serde(default = "default_requests_per_minute")]
    pub requests_per_minute: u32,
    /// How many in one day of UTC.
    #[serde(default = "default_requests_per_day")]
    pub requests_per_day: u32,
    /// The origins of its own pages, which may ask over the Digital Credentials API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Origin>,
    /// Where its results are announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Its client of OpenID Connect, which signs people in here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openid_client: Option<OpenIdClientDocument>,
    /// Whose certificate signs its requests.
    #[serde(default)]
    pub certificate: CertificateChoice,
    /// The file of its registration certificate, relative to the configuration file, which goes along with its requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_certificate: Option<String>,
}

/// Whose certificate signs the requests of a relying party.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateChoice {
    /// The verifier's, which asks in its name.
    #[default]
    Verifier,
    /// One of its own, with a key of its own: wallets know it by itself.
    Own,
}

/// Whether something is permitted. What nobody permits is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// It is not.
    #[default]
    Refused,
    /// It is.
    Allowed,
}

/// Where results are announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The address.
    pub url: Url,
    /// Which secret signs; a higher number is another secret, and the lower one is used no more.
    #[serde(default = "default_secret_version")]
    pub secret_version: u32,
    /// Whether requests that nobody has answered are announced as well.
    #[serde(default)]
    pub expired: ExpiredNotice,
}

/// Whether a request that nobody has answered in its time is announced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiredNotice {
    /// It is not.
    #[default]
    Silent,
    /// It is.
    Announced,
}

/// Whether webhooks may go to plain http on loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookUrls {
    /// https alone.
    Public,
    /// Also http to loopback.
    Development,
}

impl WebhookUrls {
    fn permits(self, origin: &str) -> bool {
        let urls = match self {
            Self::Public => UrlPolicy::Public,
            Self::Development => UrlPolicy::Development,
        };
        Origin::parse(origin, urls).is_ok()
    }
}

impl RelyingParty {
    /// A relying party of this name, which may do nothing yet.
    #[must_use]
    pub const fn new(name: String) -> Self {
        Self {
            name,
            purpose: None,
            policies: Vec::new(),
            own_queries: Permission::Refused,
            posted_verification: Permission::Refused,
            request_builder: Permission::Refused,
            request_builder_generation: default_request_builder_generation(),
            result_retention_seconds: None,
            requests_per_minute: default_requests_per_minute(),
            requests_per_day: default_requests_per_day(),
            origins: Vec::new(),
            webhook: None,
            openid_client: None,
            certificate: CertificateChoice::Verifier,
            registration_certificate: None,
        }
    }

    /// Checks what no single key can.
    ///
    /// # Errors
    /// [`PolicyError`] with the offending key.
    pub fn check(
        &self,
        knows: impl Fn(&PolicyName) -> bool,
        most_retention_seconds: u32,
        urls: WebhookUrls,
    ) -> Result<(), PolicyError> {
        crate::policy::check_words("name", Some(&self.name), MAX_DISPLAY_NAME_CHARACTERS)?;
        crate::policy::check_purpose(self.purpose.as_deref())?;
        for (position, policy) in self.policies.iter().enumerate() {
            let key = || format!("policies[{position}]");
            if !knows(policy) {
                return Err(at(key(), PolicyProblem::UnknownPolicy));
            }
            if self.policies.iter().take(position).any(|other| other == policy) {
                return Err(at(key(), PolicyProblem::Repeated));
            }
        }
        let bounds = [
            (
                "result_retention_seconds",
                self.result_retention_seconds.unwrap_or(0),
                0,
                most_retention_seconds,
            ),
            (
                "requests_per_minute",
                self.requests_per_minute,
                1,
                MAX_REQUESTS_PER_MINUTE,
            ),
            ("requests_per_day", self.requests_per_day, 1, MAX_REQUESTS_PER_DAY),
        ];
        for (key, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                return Err(at(key, PolicyProblem::OutOfBounds { least, most }));
            }
        }
        for (position, origin) in self.origins.iter().enumerate() {
            // Read back, an origin may be one of a development installation.
            if !urls.permits(origin.as_str()) {
                return Err(at(format!("origins[{position}]"), PolicyProblem::Origin));
            }
        }
        match &self.webhook {
            Some(webhook) if !webhook.is_permitted(urls) => Err(at("webhook.url", PolicyProblem::WebhookUrl)),
            _ => Ok(()),
        }
    }

    /// Whether it may use this policy.
    #[must_use]
    pub fn may_use(&self, policy: &PolicyName) -> bool {
        self.policies.contains(policy)
    }
}

impl Webhook {
    /// A webhook at this address, with the first secret.
    #[must_use]
    pub const fn new(url: Url) -> Self {
        Self {
            url,
            secret_version: default_secret_version(),
            expired: ExpiredNotice::Silent,
        }
    }

    fn is_permitted(&self, urls: WebhookUrls) -> bool {
        let url = &self.url;
        let loopback = match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let scheme = match (url.scheme(), urls) {
            ("https", _) => true,
            ("http", WebhookUrls::Development) => loopback,
            _ => false,
        };
        scheme && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
    }
}

const fn default_requests_per_minute() -> u32 {
    300
}

const fn default_requests_per_day() -> u32 {
    50_000
}

const fn default_request_builder_generation() -> u32 {
    1
}

const fn default_secret_version() -> u32 {
    1
}

#[cfg(test)]
mod tests;
