//! Client identifiers and their prefixes ([OpenID4VP §5.9]).
//!
//! The prefix says how a verifier proves that it is who it says. An identifier without a prefix belongs to a client
//! that was registered beforehand; nobody is, so it is refused and never taken for trusted.
//!
//! [OpenID4VP §5.9]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use symbolon_crypto::encoding::base64url;
use thiserror::Error;

use super::error::PresentationErrorCode;
use crate::identifier::{HttpUrl, MAX_URL_BYTES};

const X509_HASH: &str = "x509_hash";
const X509_SAN_DNS: &str = "x509_san_dns";
const REDIRECT_URI: &str = "redirect_uri";

/// A client identifier, always with its prefix: so it stands in audiences and hashes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientId {
    text: String,
    prefix: ClientIdPrefix,
}

/// How a client identifier is proven, and what of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientIdPrefix {
    /// `x509_hash`: the SHA-256 of the leaf certificate that signs the request.
    X509Hash([u8; 32]),
    /// `x509_san_dns`: a DNS name in the leaf certificate that signs the request.
    X509SanDns(String),
    /// `redirect_uri`: the address of the response. Proves nothing else, and its requests are not signed.
    RedirectUri(HttpUrl),
}

impl ClientId {
    /// The identifier of the verifier that signs with this leaf certificate, given its SHA-256.
    #[must_use]
    pub fn x509_hash(leaf_sha256: [u8; 32]) -> Self {
        let text = format!("{X509_HASH}:{}", base64url::encode(&leaf_sha256));
        Self {
            text,
            prefix: ClientIdPrefix::X509Hash(leaf_sha256),
        }
    }

    /// Reads an identifier.
    ///
    /// # Errors
    /// [`ClientIdError`].
    pub fn parse(text: &str) -> Result<Self, ClientIdError> {
        if text.len() > MAX_URL_BYTES {
            return Err(ClientIdError::Malformed);
        }
        let (prefix, rest) = text.split_once(':').ok_or(ClientIdError::NotRegistered)?;
        let prefix = match prefix {
            X509_HASH => base64url::decode(rest)
                .ok()
                .and_then(|hash| <[u8; 32]>::try_from(hash).ok())
                .map(ClientIdPrefix::X509Hash),
            X509_SAN_DNS => is_dns_name(rest).then(|| ClientIdPrefix::X509SanDns(rest.to_ascii_lowercase())),
            REDIRECT_URI => HttpUrl::parse(rest).ok().map(ClientIdPrefix::RedirectUri),
            "origin" => return Err(ClientIdError::Reserved),
            "decentralized_identifier" | "verifier_attestation" | "openid_federation" => {
                return Err(ClientIdError::UnsupportedPrefix);
            }
            _ => return Err(ClientIdError::UnknownPrefix),
        };
        prefix
            .map(|prefix| Self {
                text: text.to_owned(),
                prefix,
            })
            .ok_or(ClientIdError::Malformed)
    }

    /// The whole text, prefix included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The prefix and its meaning.
    #[must_use]
    pub fn prefix(&self) -> &ClientIdPrefix {
        &self.prefix
    }
}

fn is_dns_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    text.len() <= 253 && text.split('.').all(label)
}

impl fmt::Debug for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ClientId").field(&self.text).finish()
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Why a client identifier was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientIdError {
    /// No prefix: a client that would have to be registered, and is not.
    #[error("the verifier is not registered with this wallet")]
    NotRegistered,
    /// `origin:`, which only the wallet itself may write.
    #[error("the client identifier has the reserved prefix origin")]
    Reserved,
    /// A prefix of the specification that this suite does not support.
    #[error("the client identifier has a prefix that is not supported")]
    UnsupportedPrefix,
    /// A prefix that no specification knows.
    #[error("the client identifier has an unknown prefix")]
    UnknownPrefix,
    /// What follows the prefix is not what the prefix demands.
    #[error("the client identifier does not fit its prefix")]
    Malformed,
}

impl ClientIdError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(self) -> PresentationErrorCode {
        PresentationErrorCode::InvalidRequest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_back() {
        let id = ClientId::x509_hash([7; 32]);
        assert_eq!(ClientId::parse(id.as_str()), Ok(id));
        let dns = ClientId::parse("x509_san_dns:Clinic.example").unwrap();
        assert_eq!(
            dns.prefix(),
            &ClientIdPrefix::X509SanDns("clinic.example".to_owned())
        );
        assert_eq!(dns.as_str(), "x509_san_dns:Clinic.example");
    }

    #[test]
    fn no_prefix_and_no_unknown_prefix_is_ever_trusted() {
        for (text, error) in [
            ("clinic", ClientIdError::NotRegistered),
            ("", ClientIdError::NotRegistered),
            ("https://clinic.example", ClientIdError::UnknownPrefix),
            ("X509_HASH:AA", ClientIdError::UnknownPrefix),
            (":x", ClientIdError::UnknownPrefix),
            ("origin:https://clinic.example", ClientIdError::Reserved),
            (
                "decentralized_identifier:did:web:clinic.example",
                ClientIdError::UnsupportedPrefix,
            ),
            ("verifier_attestation:clinic", ClientIdError::UnsupportedPrefix),
            (
                "openid_federation:https://clinic.example",
                ClientIdError::UnsupportedPrefix,
            ),
            ("x509_hash:AAAA", ClientIdError::Malformed),
            ("x509_san_dns:clinic example", ClientIdError::Malformed),
            ("x509_san_dns:", ClientIdError::Malformed),
            ("redirect_uri:clinic", ClientIdError::Malformed),
        ] {
            assert_eq!(ClientId::parse(text), Err(error), "{text}");
            assert_eq!(error.code(), PresentationErrorCode::InvalidRequest);
        }
    }
}
