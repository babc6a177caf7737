//! `[issuer.authorization]` and `[[issuer.clients]]`: which wallets the issuer deals with, and how.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use symbolon_issuer::attestation_status::UnknownAttestationStatus;
use symbolon_issuer::authorization::{
    ClientGrant, DpopPolicy, PreAuthorizedClients, PushedRequests, UnknownClients,
};

/// `[issuer.authorization]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthorizationSection {
    /// What becomes of wallets that are neither registered nor attested: `refused` or `public`.
    pub unknown_clients: UnknownClients,
    /// Whether authorization requests must be pushed: `required` or `optional`.
    pub pushed_requests: PushedRequests,
    /// Whether access tokens must be bound to keys: `required` or `optional`.
    pub dpop: DpopPolicy,
    /// Who may redeem an offer: `anonymous` or `identified`.
    pub pre_authorized_clients: PreAuthorizedClients,
    /// What becomes of attestations, of wallets and of keys, whose status list cannot be had: `refused` or `accepted`.
    #[serde(skip_serializing_if = "is_usual")]
    pub unknown_attestation_status: UnknownAttestationStatus,
    /// How long an access token that is bound to a key lasts, in seconds: 60 to 3600. One that is not lasts 300 at most.
    pub access_token_seconds: u64,
    /// How long a wallet may come back without the resident, in days: 1 to 400; not at all without this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_days: Option<u64>,
    /// The roots of wallet providers whose attestations are believed, PEM files relative to the configuration file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attester_certificates: Vec<PathBuf>,
    /// Keys of wallet providers without certificates, each with its `kid`: JWK sets relative to the configuration file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attester_keys: Vec<PathBuf>,
}

impl Default for AuthorizationSection {
    /// What the first release did: offers alone, redeemed by whoever has them.
    fn default() -> Self {
        Self {
            unknown_clients: UnknownClients::Refused,
            pushed_requests: PushedRequests::Required,
            dpop: DpopPolicy::Optional,
            pre_authorized_clients: PreAuthorizedClients::Anonymous,
            unknown_attestation_status: UnknownAttestationStatus::Refused,
            access_token_seconds: 600,
            refresh_token_days: None,
            attester_certificates: Vec::new(),
            attester_keys: Vec::new(),
        }
    }
}

impl AuthorizationSection {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// `[[issuer.clients]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSection {
    /// Its identifier.
    pub client_id: String,
    /// What residents call it.
    pub name: String,
    /// Where its answers may go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// How it proves to be the one.
    pub authentication: ClientAuthenticationName,
    /// Its keys, for `private_key_jwt`: a JWK set relative to the configuration file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PathBuf>,
    /// What it may do; everything without this key.
    #[serde(default = "every_grant")]
    pub grants: Vec<ClientGrant>,
}

/// How a client proves to be the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthenticationName {
    /// It does not.
    None,
    /// By an assertion that it signs.
    PrivateKeyJwt,
    /// By an attestation of its provider.
    Attestation,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_usual(unknown: &UnknownAttestationStatus) -> bool {
    *unknown == UnknownAttestationStatus::default()
}

fn every_grant() -> Vec<ClientGrant> {
    ClientGrant::ALL.to_vec()
}
