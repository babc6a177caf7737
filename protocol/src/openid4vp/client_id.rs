//! Client identifiers and their prefixes ([OpenID4VP §5.9]).
//!
//! The prefix says how a verifier proves that it is who it says. An identifier without a prefix belongs to a client
//! that was registered beforehand: it is worth what the wallet's own list of such clients says, and nothing without it.
//!
//! [OpenID4VP §5.9]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use symbolon_crypto::encoding::base64url;
use symbolon_did::Did;
use thiserror::Error;

use super::error::PresentationErrorCode;
use crate::identifier::{HttpUrl, MAX_URL_BYTES};

/// The kinds of client identifiers that the suite supports, as metadata name them ([OpenID4VP §10.1]).
///
/// [OpenID4VP §10.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-10.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ClientIdKind {
    /// `x509_hash`.
    #[serde(rename = "x509_hash")]
    X509Hash,
    /// `x509_san_dns`.
    #[serde(rename = "x509_san_dns")]
    X509SanDns,
    /// `decentralized_identifier`.
    #[serde(rename = "decentralized_identifier")]
    DecentralizedIdentifier,
    /// `redirect_uri`.
    #[serde(rename = "redirect_uri")]
    RedirectUri,
    /// No prefix. Metadata call it `pre-registered`, which is no prefix that an identifier could have.
    #[serde(rename = "pre-registered")]
    PreRegistered,
}

impl ClientIdKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::X509Hash,
        Self::X509SanDns,
        Self::DecentralizedIdentifier,
        Self::RedirectUri,
        Self::PreRegistered,
    ];

    /// The name in metadata; of all but the last it is the prefix as well.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X509Hash => "x509_hash",
            Self::X509SanDns => "x509_san_dns",
            Self::DecentralizedIdentifier => "decentralized_identifier",
            Self::RedirectUri => "redirect_uri",
            Self::PreRegistered => "pre-registered",
        }
    }
}

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
    /// `decentralized_identifier`: a DID, one of whose keys signs the request.
    DecentralizedIdentifier(Did),
    /// `redirect_uri`: the address of the response. Proves nothing else, and its requests are not signed.
    RedirectUri(HttpUrl),
    /// No prefix: a client that the wallet knows beforehand, or does not know.
    PreRegistered,
}

impl ClientId {
    /// The identifier of the verifier that signs with this leaf certificate, given its SHA-256.
    #[must_use]
    pub fn x509_hash(leaf_sha256: [u8; 32]) -> Self {
        let text = base64url::encode(&leaf_sha256);
        Self::prefixed(&text, ClientIdPrefix::X509Hash(leaf_sha256))
    }

    /// The identifier of the verifier with this DID.
    #[must_use]
    pub fn decentralized_identifier(did: &Did) -> Self {
        Self::prefixed(did.as_str(), ClientIdPrefix::DecentralizedIdentifier(did.clone()))
    }

    /// The identifier of a verifier that names itself by the address of its answers.
    #[must_use]
    pub fn redirect_uri(address: &HttpUrl) -> Self {
        Self::prefixed(address.as_str(), ClientIdPrefix::RedirectUri(address.clone()))
    }

    fn prefixed(original: &str, prefix: ClientIdPrefix) -> Self {
        Self {
            text: format!("{}:{original}", prefix.kind().as_str()),
            prefix,
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
        let Some((prefix, rest)) = text.split_once(':') else {
            return is_registrable(text)
                .then(|| Self {
                    text: text.to_owned(),
                    prefix: ClientIdPrefix::PreRegistered,
                })
                .ok_or(ClientIdError::Malformed);
        };
        let prefix = match prefix {
            "x509_hash" => base64url::decode(rest)
                .ok()
                .and_then(|hash| <[u8; 32]>::try_from(hash).ok())
                .map(ClientIdPrefix::X509Hash),
            "x509_san_dns" => {
                is_dns_name(rest).then(|| ClientIdPrefix::X509SanDns(rest.to_ascii_lowercase()))
            }
            "decentralized_identifier" => Did::parse(rest).ok().map(ClientIdPrefix::DecentralizedIdentifier),
            "redirect_uri" => HttpUrl::parse(rest).ok().map(ClientIdPrefix::RedirectUri),
            "origin" => return Err(ClientIdError::Reserved),
            "verifier_attestation" | "openid_federation" => {
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

impl ClientIdPrefix {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> ClientIdKind {
        match self {
            Self::X509Hash(_) => ClientIdKind::X509Hash,
            Self::X509SanDns(_) => ClientIdKind::X509SanDns,
            Self::DecentralizedIdentifier(_) => ClientIdKind::DecentralizedIdentifier,
            Self::RedirectUri(_) => ClientIdKind::RedirectUri,
            Self::PreRegistered => ClientIdKind::PreRegistered,
        }
    }
}

/// Visible ASCII ([RFC 6749 appendix A.1]), so that no two identifiers look the same.
///
/// [RFC 6749 appendix A.1]: https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1
fn is_registrable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
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
    /// `origin:`, which only the wallet itself may write.
    #[error("the client identifier has the reserved prefix origin")]
    Reserved,
    /// A prefix of the specification that this suite does not support.
    #[error("the client identifier has a prefix that is not supported")]
    UnsupportedPrefix,
    /// A prefix that no specification knows.
    #[error("the client identifier has an unknown prefix")]
    UnknownPrefix,
    /// What follows the prefix is not what the prefix demands, or there is nothing at all.
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
        let did = Did::parse("did:web:clinic.example").unwrap();
        let id = ClientId::decentralized_identifier(&did);
        assert_eq!(id.as_str(), "decentralized_identifier:did:web:clinic.example");
        assert_eq!(ClientId::parse(id.as_str()), Ok(id));
        let address = HttpUrl::parse("https://clinic.example/r?a=b:c").unwrap();
        let id = ClientId::redirect_uri(&address);
        assert_eq!(id.as_str(), "redirect_uri:https://clinic.example/r?a=b:c");
        assert_eq!(ClientId::parse(id.as_str()), Ok(id));
        let registered = ClientId::parse("clinic").unwrap();
        assert_eq!(registered.prefix(), &ClientIdPrefix::PreRegistered);
    }

    #[test]
    fn kinds_are_named_as_metadata_name_them() {
        for kind in ClientIdKind::ALL {
            let text = format!("\"{}\"", kind.as_str());
            assert_eq!(serde_json::to_string(&kind).unwrap(), text);
            assert_eq!(serde_json::from_str::<ClientIdKind>(&text).unwrap(), kind);
        }
    }

    #[test]
    fn no_prefix_and_no_unknown_prefix_is_ever_trusted() {
        for (text, error) in [
            ("", ClientIdError::Malformed),
            ("clinic example", ClientIdError::Malformed),
            ("https://clinic.example", ClientIdError::UnknownPrefix),
            ("X509_HASH:AA", ClientIdError::UnknownPrefix),
            (":x", ClientIdError::UnknownPrefix),
            ("origin:https://clinic.example", ClientIdError::Reserved),
            (
                "decentralized_identifier:https://clinic.example",
                ClientIdError::Malformed,
            ),
            ("decentralized_identifier:did:web:", ClientIdError::Malformed),
            ("pre-registered:clinic", ClientIdError::UnknownPrefix),
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
