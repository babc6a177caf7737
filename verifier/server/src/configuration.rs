//! What an operator chooses.

use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use symbolon_protocol::digital_credentials::Origin;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::transaction_data::TransactionType;
use symbolon_verifier::choices::RequestChoices;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::policy::{AssuranceScale, PolicyDocument};
use symbolon_verifier::relying_party::RelyingParty;

use crate::pack_in_force::StatusSource;

/// The shortest life of a request, in seconds: a resident has to find his phone.
pub const MIN_REQUEST_LIFETIME_SECONDS: u32 = 30;

/// The longest life of a request, in seconds. A request on a poster is not one of these.
pub const MAX_REQUEST_LIFETIME_SECONDS: u32 = 24 * 60 * 60;

/// The longest time that results are kept, in seconds. They are personal data: whoever needs them longer fetches them.
pub const MAX_RESULT_RETENTION_SECONDS: u32 = 30 * 24 * 60 * 60;

/// The verifier's own part of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifierConfiguration {
    /// The URL under which wallets reach the verifier, without a slash at its end.
    pub identifier: IssuerIdentifier,
    /// The name that wallets show beside what the certificate says.
    pub name: String,
    /// How long a request may be answered, in seconds.
    #[serde(default = "default_request_lifetime_seconds")]
    pub request_lifetime_seconds: u32,
    /// How long a result is kept after its request has expired, in seconds.
    #[serde(default = "default_result_retention_seconds")]
    pub result_retention_seconds: u32,
    /// How long a fetched status list is used without asking again, at most, in seconds. What the list itself says
    /// counts when it is shorter. 0 asks every time.
    #[serde(default = "default_status_cache_seconds")]
    pub status_cache_seconds: u32,
    /// Where the verifier learns what has become of a credential.
    #[serde(default)]
    pub status: StatusSource,
    /// DCQL queries that a request may name instead of writing one.
    #[serde(default)]
    pub queries: BTreeMap<String, serde_json::Value>,
    /// The levels of assurance, and who reaches them.
    #[serde(default)]
    pub assurance: AssuranceScale,
    /// The policies that relying parties may be allowed to use.
    #[serde(default)]
    pub policies: BTreeMap<PolicyName, PolicyDocument>,
    /// The relying parties.
    #[serde(default)]
    pub relying_parties: BTreeMap<RelyingPartyName, RelyingParty>,
    /// Which profile it keeps to.
    #[serde(default)]
    pub profile: PresentationProfile,
    /// How requests are made and answered that do not say so themselves.
    #[serde(default)]
    pub choices: RequestChoices,
    /// The identifier under which wallets have the verifier registered, without a prefix.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The origins of the operator's own pages, which may ask over the Digital Credentials API. The verifier's own may in any case.
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// The scope values that may stand in a request in place of a query, with the names of their queries.
    #[serde(default)]
    pub scopes: BTreeMap<String, String>,
    /// The types of transaction data that requests may have.
    #[serde(default)]
    pub transaction_data_types: Vec<TransactionType>,
}

impl VerifierConfiguration {
    /// A configuration with the defaults.
    #[must_use]
    pub fn new(identifier: IssuerIdentifier, name: String) -> Self {
        Self {
            identifier,
            name,
            request_lifetime_seconds: default_request_lifetime_seconds(),
            result_retention_seconds: default_result_retention_seconds(),
            status_cache_seconds: default_status_cache_seconds(),
            status: StatusSource::Online,
            queries: BTreeMap::new(),
            assurance: AssuranceScale::default(),
            policies: BTreeMap::new(),
            relying_parties: BTreeMap::new(),
            profile: PresentationProfile::Standard,
            choices: RequestChoices::default(),
            client_id: None,
            origins: Vec::new(),
            scopes: BTreeMap::new(),
            transaction_data_types: Vec::new(),
        }
    }

    pub(crate) fn request_lifetime(&self) -> Duration {
        Duration::from_secs(self.request_lifetime_seconds.into())
    }

    pub(crate) fn status_cache(&self) -> Duration {
        Duration::from_secs(self.status_cache_seconds.into())
    }
}

fn default_request_lifetime_seconds() -> u32 {
    600
}

fn default_result_retention_seconds() -> u32 {
    3600
}

fn default_status_cache_seconds() -> u32 {
    300
}
