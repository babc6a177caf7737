//! `[verifier]`

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use symbolon_protocol::digital_credentials::Origin;
use symbolon_protocol::openid4vp::client_id::ClientIdKind;
use symbolon_protocol::openid4vp::link::RequestUriMethod;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::request::ResponseMode;
use symbolon_verifier::answer::HolderKeys;
use symbolon_verifier::choices::{RequestChoices, RequestTransport};
use symbolon_verifier::policy::{AssuranceScale, FreshnessDocument, RevocationDocument};
use symbolon_verifier_server::StatusSource;
use url::Url;

use super::{OfflinePageSection, ScanSection, is_default};

/// `[verifier]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifierSection {
    /// The URL under which wallets reach the verifier.
    pub identifier: Url,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The name that wallets show.
    pub name: String,
    /// The certificate chain of the listener, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// The private key of the listener, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Which profile of the specification it keeps to: `standard` or `haip`. `docs/haip.md` says what that chooses.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: PresentationProfile,
    /// How it says who it is, in requests that do not say otherwise: `x509_hash`, `x509_san_dns`, `decentralized_identifier`,
    /// `redirect_uri` or `pre-registered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id_prefix: Option<ClientIdKind>,
    /// What wallets call it that have it registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// How answers travel: `direct_post.jwt` or `direct_post`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<ResponseMode>,
    /// How requests travel: by `reference` or by `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_delivery: Option<RequestTransport>,
    /// By which method wallets are asked to fetch requests: `get` or `post`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_uri_method: Option<RequestUriMethod>,
    /// Whether all credentials of an answer must be bound to one key: `one_key`, or `key_per_credential` where wallets have a key
    /// for each and the relying party compares the claims that identify the person.
    #[serde(default, skip_serializing_if = "is_default")]
    pub holder_keys: HolderKeys,
    /// Where it learns what has become of a credential: `online`, `online_then_pack` or `pack`. Without it `online_then_pack` where packs
    /// are pulled, and `online` elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusSource>,
    /// DCQL queries that a request may name: JSON files relative to the configuration file.
    #[serde(default)]
    pub queries: BTreeMap<String, PathBuf>,
    /// Scope values that stand for a query, by its name in `queries`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scopes: BTreeMap<String, String>,
    /// The types of transaction data that requests may have: TOML or JSON files relative to the configuration file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transaction_data_types: Vec<PathBuf>,
    /// The origins of the operator's own pages, which may ask over the Digital Credentials API beside the verifier's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Origin>,
    /// The folder of the policies, each a TOML or JSON file called by the policy's name, relative to the configuration file;
    /// `policies` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<PathBuf>,
    /// The folder of the relying parties, each a TOML file called by the relying party's name, relative to the configuration
    /// file; `relying-parties` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relying_parties: Option<PathBuf>,
    /// The levels of assurance, and which issuers reach them. Its keys have no environment variables.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assurance: AssuranceScale,
    /// Whether the certificates of issuers are looked up in revocation lists: `off`, `if_available` or `required`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub certificate_revocation: RevocationDocument,
    /// How old what is known of a status may be, by credential type, and what happens when it is older.
    #[serde(default, skip_serializing_if = "is_default")]
    pub freshness: FreshnessDocument,
    /// The page on which a shop checks what people show.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scan: ScanSection,
    /// The page that works without a network.
    #[serde(default, skip_serializing_if = "is_default")]
    pub offline_page: OfflinePageSection,
}

impl VerifierSection {
    /// A verifier that leaves every choice as it is by default.
    #[must_use]
    pub fn new(identifier: Url, listen: SocketAddr, name: String) -> Self {
        Self {
            identifier,
            listen,
            name,
            tls_certificate: None,
            tls_key: None,
            profile: PresentationProfile::Standard,
            client_id_prefix: None,
            client_id: None,
            response_mode: None,
            request_delivery: None,
            request_uri_method: None,
            holder_keys: HolderKeys::OneKey,
            status: None,
            queries: BTreeMap::new(),
            scopes: BTreeMap::new(),
            transaction_data_types: Vec::new(),
            policies: None,
            relying_parties: None,
            origins: Vec::new(),
            assurance: AssuranceScale::default(),
            certificate_revocation: RevocationDocument::default(),
            freshness: FreshnessDocument::default(),
            scan: ScanSection::USUAL,
            offline_page: OfflinePageSection::USUAL,
        }
    }

    /// The folder of the policies, relative to the configuration file.
    #[must_use]
    pub fn policies(&self) -> &Path {
        self.policies.as_deref().unwrap_or(Path::new("policies"))
    }

    /// The folder of the relying parties, relative to the configuration file.
    #[must_use]
    pub fn relying_parties(&self) -> &Path {
        self.relying_parties
            .as_deref()
            .unwrap_or(Path::new("relying-parties"))
    }

    /// How requests are made and answered that do not say otherwise.
    #[must_use]
    pub fn choices(&self) -> RequestChoices {
        let usual = RequestChoices::default();
        RequestChoices {
            client_id_prefix: self.client_id_prefix.unwrap_or(usual.client_id_prefix),
            response_mode: self.response_mode.unwrap_or(usual.response_mode),
            request_delivery: self.request_delivery.unwrap_or(usual.request_delivery),
            request_uri_method: self.request_uri_method.unwrap_or(usual.request_uri_method),
        }
    }
}
