//! `[wallet]`

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use symbolon_crypto::x509::Certificate;
use symbolon_did::Did;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::registered::RegisteredClient;
use symbolon_wallet_core::{
    AnswerProtection, OverAsking, RelyingPartyPolicy, SignedMetadata, SpentCopies, UnverifiedParties,
};
use symbolon_wallet_server::RequestBudget;
use url::Url;

use super::is_default;
use crate::installation::keys::read_chain_file;
use crate::installation::relying_parties;

/// `[wallet]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletSection {
    /// Where the wallet keeps its encrypted store, relative to the configuration file.
    #[serde(default = "default_directory")]
    pub directory: PathBuf,
    /// The address that the headless wallet listens on.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// The certificate chain of the listener, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// The private key of the listener, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Which profile of the specification it keeps to when it shows credentials: `standard` or `haip`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: PresentationProfile,
    /// Whether answers are always `encrypted`, or sent `as_asked`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub answers: AnswerProtection,
    /// Whether requests of verifiers of whom nothing is known are `refused`, or `shown` as unverified.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unverified_verifiers: UnverifiedParties,
    /// Whether readers that ask face to face and for which nobody vouches are `refused`, or `shown` as unverified.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unverified_readers: UnverifiedParties,
    /// Whether pages that ask over the Digital Credentials API without a signature are `shown` by their origin, or `refused`.
    #[serde(default = "shown", skip_serializing_if = "is_shown")]
    pub unsigned_origins: UnverifiedParties,
    /// Whether the metadata of issuers must be signed: `where-offered` or `required`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub signed_metadata: SignedMetadata,
    /// The DIDs of known verifiers, with the names to show.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub verifier_dids: BTreeMap<Did, String>,
    /// The verifiers that are known without a prefix: registrations as `symbolon request registration` prints them, relative to
    /// the configuration file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registered_verifiers: Vec<PathBuf>,
    /// Scope values with the DCQL queries that they stand for: JSON files relative to the configuration file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scopes: BTreeMap<String, PathBuf>,
    /// The types of transaction data that a person may authorise: TOML or JSON files relative to the configuration file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transaction_data_types: Vec<PathBuf>,
    /// The authorities of registrars: PEM files of certificates, relative to the configuration file. Without any, what verifiers are
    /// registered for is not looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrars: Vec<PathBuf>,
    /// Whether requests for more than the verifier is registered for are `shown` with a warning, or `refused`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub over_asking: OverAsking,
    /// Whether a credential of which every copy was shown is `refused` until it was issued again, or `shown_again` with a warning.
    #[serde(default, skip_serializing_if = "is_default")]
    pub spent_copies: SpentCopies,
    /// The URL at which verifiers, issuers and browsers reach the headless wallet, without a path; in development its listener unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Url>,
    /// What the headless wallet shows and receives by itself: a TOML file relative to the configuration file. Without it nobody reaches
    /// the wallet but by its token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_policy: Option<PathBuf>,
    /// How many requests strangers may make in a minute, all together.
    #[serde(
        default = "default_requests_per_minute",
        skip_serializing_if = "is_default_per_minute"
    )]
    pub requests_per_minute: u32,
    /// How many requests of strangers are worked on at once.
    #[serde(
        default = "default_requests_at_once",
        skip_serializing_if = "is_default_at_once"
    )]
    pub requests_at_once: usize,
}

impl Default for WalletSection {
    fn default() -> Self {
        Self {
            directory: default_directory(),
            listen: default_listen(),
            tls_certificate: None,
            tls_key: None,
            profile: PresentationProfile::Standard,
            answers: AnswerProtection::Encrypted,
            unverified_verifiers: UnverifiedParties::Refused,
            unverified_readers: UnverifiedParties::Refused,
            unsigned_origins: UnverifiedParties::Shown,
            signed_metadata: SignedMetadata::WhereOffered,
            verifier_dids: BTreeMap::new(),
            registered_verifiers: Vec::new(),
            scopes: BTreeMap::new(),
            transaction_data_types: Vec::new(),
            registrars: Vec::new(),
            over_asking: OverAsking::Shown,
            spent_copies: SpentCopies::Refused,
            identifier: None,
            consent_policy: None,
            requests_per_minute: default_requests_per_minute(),
            requests_at_once: default_requests_at_once(),
        }
    }
}

fn default_requests_per_minute() -> u32 {
    RequestBudget::default().per_minute
}

fn default_requests_at_once() -> usize {
    RequestBudget::default().at_once
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_default_per_minute(count: &u32) -> bool {
    *count == default_requests_per_minute()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_default_at_once(count: &usize) -> bool {
    *count == default_requests_at_once()
}

const fn shown() -> UnverifiedParties {
    UnverifiedParties::Shown
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_shown(policy: &UnverifiedParties) -> bool {
    *policy == UnverifiedParties::Shown
}

impl WalletSection {
    /// Adds what the section says of relying parties to the policy of the trust list.
    ///
    /// # Errors
    /// A file that cannot be read or used, or a choice that contradicts the profile.
    pub fn complete(
        &self,
        parties: &mut RelyingPartyPolicy,
        resolve: impl Fn(&Path) -> PathBuf,
    ) -> anyhow::Result<()> {
        parties.profile = self.profile;
        parties.answers = self.answers;
        parties.unverified = self.unverified_verifiers;
        parties.readers = self.unverified_readers;
        parties.origins = self.unsigned_origins;
        parties.dids.clone_from(&self.verifier_dids);
        let read = |path: &Path| {
            let path = resolve(path);
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        for path in &self.registered_verifiers {
            let client = RegisteredClient::parse(&read(path)?)
                .with_context(|| format!("wallet.registered_verifiers: {}", path.display()))?;
            parties.registered.push(client);
        }
        for (value, path) in &self.scopes {
            let query = DcqlQuery::parse(&read(path)?)
                .with_context(|| format!("wallet.scopes: {} holds no query", path.display()))?;
            parties
                .scopes
                .insert(value, query)
                .with_context(|| format!("wallet.scopes: {value}"))?;
        }
        for path in &self.transaction_data_types {
            let definition =
                relying_parties::read(&resolve(path)).context("wallet.transaction_data_types")?;
            parties
                .transaction_types
                .insert(definition)
                .with_context(|| format!("wallet.transaction_data_types: {}", path.display()))?;
        }
        for path in &self.registrars {
            for der in read_chain_file(&resolve(path)).context("wallet.registrars")? {
                let certificate = Certificate::parse(&der)
                    .with_context(|| format!("wallet.registrars: {} cannot be used", path.display()))?;
                parties.registrars.push(certificate);
            }
        }
        parties.over_asking = self.over_asking;
        parties.spent_copies = self.spent_copies;
        parties.check().context("wallet.profile")?;
        Ok(())
    }
}

fn default_directory() -> PathBuf {
    PathBuf::from("wallet")
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8082))
}
