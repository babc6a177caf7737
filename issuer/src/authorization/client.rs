//! Who asks.

use serde::{Deserialize, Serialize};
use symbolon_protocol::oauth::client::ClientIdentifier;

/// The client of an authorization, as a resident is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientDescription {
    /// Its identifier.
    pub id: ClientIdentifier,
    /// Its name, from the registry or from a trusted attestation; never from the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the name and the identifier rest on.
    pub assurance: ClientAssurance,
}

/// What is known about a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAssurance {
    /// The operator registered it, and it proved to be the one by a key.
    Authenticated,
    /// A trusted attester vouched for this instance; its identifier is not registered.
    Attested,
    /// The operator registered it as a public client: the redirect URI is known, whoever stands behind it is not proven.
    Registered,
    /// Nobody vouches for it. A consent page shows where the answer goes, and that nobody knows who that is.
    Unregistered,
}
