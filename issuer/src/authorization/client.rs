//! Who asks.

use serde::{Deserialize, Deserializer, Serialize};

/// The longest client identifier, in bytes.
pub const MAX_CLIENT_ID_BYTES: usize = 512;

/// A `client_id` ([RFC 6749 §2.2, appendix A.1]): printable ASCII.
///
/// [RFC 6749 §2.2, appendix A.1]: https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Takes an identifier; `None` when it is empty, too long or not printable ASCII.
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let printable = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        (!text.is_empty() && text.len() <= MAX_CLIENT_ID_BYTES && printable).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("not a client identifier"))
    }
}

/// The client of an authorization, as a resident is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientDescription {
    /// Its identifier.
    pub id: ClientId,
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
