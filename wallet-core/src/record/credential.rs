//! A credential held.

use core::fmt;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::format::CredentialFormat;
use symbolon_protocol::qr_transport::CarriedCredential;

use crate::identifiers::CredentialId;

/// A credential, verified on receipt, with what is needed to show and present it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCredential {
    /// The wallet's name for it.
    pub id: CredentialId,
    /// The Credential Issuer Identifier it came from.
    pub issuer: String,
    /// The issuer's name by the wallet's own policy, or by the issuer's metadata when the policy has none.
    pub issuer_name: Option<String>,
    /// The credential configuration it was requested by.
    pub configuration: String,
    /// Its type: `vct`, the document type of an mdoc, or the most specific type of a W3C credential.
    pub credential_type: String,
    /// What the issuer signed, as it was received.
    pub content: HeldContent,
    /// The key it is bound to.
    pub key: KeyHandle,
    /// When it was received.
    pub received: UnixTime,
    /// From when on it is valid, where its issuer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<UnixTime>,
    /// When it expires.
    pub expires: Option<UnixTime>,
    /// Where its status is published; several places when revocation and suspension are kept apart.
    pub status: Vec<StatusReference>,
    /// How to show it.
    pub display: CredentialDisplay,
    /// The same again for other keys, each to be shown once: when one was shown, the next takes its place, so that two verifiers
    /// cannot recognise the person by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<HeldCopy>,
    /// How many of it were asked for when it was received, itself included; 0 where an earlier version did not count them. An issuer that
    /// hands out fewer changes nothing about what they are for: each is shown once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub batch: usize,
    /// How many came, where that were fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived: Option<usize>,
    /// Since when there is no copy of it that nobody has seen: the one that stands here is the last, and was shown then. Absent for a
    /// credential that came alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<UnixTime>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A credential that says the same as another, for a key of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCopy {
    /// What the issuer signed, as it was received.
    pub content: HeldContent,
    /// The key it is bound to.
    pub key: KeyHandle,
    /// From when on it is valid, where its issuer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<UnixTime>,
    /// When it expires.
    pub expires: Option<UnixTime>,
    /// Where its status is published.
    pub status: Vec<StatusReference>,
}

impl HeldCredential {
    /// The keys that it and its copies are bound to.
    pub fn keys(&self) -> impl Iterator<Item = &KeyHandle> {
        core::iter::once(&self.key).chain(self.copies.iter().map(|copy| &copy.key))
    }

    /// Every place in a status list that it and its copies have.
    pub fn status_references(&self) -> impl Iterator<Item = &StatusReference> {
        self.status
            .iter()
            .chain(self.copies.iter().flat_map(|copy| &copy.status))
    }

    /// How many of it nobody has seen yet; `None` of a credential that came alone, or before copies were counted and now is the last.
    #[must_use]
    pub fn copies_left(&self) -> Option<usize> {
        let came_alone = self.batch <= 1 && self.copies.is_empty();
        (!came_alone).then(|| self.copies.len() + usize::from(self.spent.is_none()))
    }

    /// The credential after it was shown at this time: the next copy takes its place, and the last one is noted as spent. `None` when
    /// showing it changes nothing: it came alone, or was spent before.
    #[must_use]
    pub fn after_showing(&self, at: UnixTime) -> Option<Self> {
        let Some((next, rest)) = self.copies.split_first() else {
            let is_last = self.batch > 1 && self.spent.is_none();
            return is_last.then(|| Self {
                spent: Some(at),
                ..self.clone()
            });
        };
        Some(Self {
            content: next.content.clone(),
            key: next.key.clone(),
            not_before: next.not_before,
            expires: next.expires,
            status: next.status.clone(),
            copies: rest.to_vec(),
            ..self.clone()
        })
    }

    /// Whether `next` may be stored in its place because the copy of the key `shown` was shown: that copy is still the one that stands
    /// here, and was not shown by somebody else meanwhile.
    #[must_use]
    pub fn is_followed_by(&self, shown: &KeyHandle, next: &Self) -> bool {
        self.key == *shown && (next.key != *shown || self.spent.is_none())
    }
}

/// A credential as it was received, by format. What was signed is kept and never written anew from what was read of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldContent {
    /// `dc+sd-jwt`.
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc {
        /// The issuer's JWT and all disclosures, ending with `~`.
        sd_jwt: String,
    },
    /// `mso_mdoc`.
    #[serde(rename = "mso_mdoc")]
    MsoMdoc {
        /// The bytes of `IssuerSigned`; written as base64url, the form in which they came.
        #[serde(with = "base64url_bytes")]
        issuer_signed: Vec<u8>,
    },
    /// `ldp_vc`.
    #[serde(rename = "ldp_vc")]
    LdpVc {
        /// The document with its proof, as JSON.
        document: String,
        /// Its types as IRIs, by the contexts that were trusted when it was received.
        types: Vec<String>,
    },
    /// `jwt_vc_json`.
    #[serde(rename = "jwt_vc_json")]
    JwtVcJson {
        /// The JWT.
        jwt: String,
        /// Its types as IRIs, by the contexts that were trusted when it was received.
        types: Vec<String>,
    },
}

impl HeldContent {
    /// The format.
    #[must_use]
    pub const fn format(&self) -> CredentialFormat {
        match self {
            Self::SdJwtVc { .. } => CredentialFormat::SdJwtVc,
            Self::MsoMdoc { .. } => CredentialFormat::MsoMdoc,
            Self::LdpVc { .. } => CredentialFormat::LdpVc,
            Self::JwtVcJson { .. } => CredentialFormat::JwtVcJson,
        }
    }

    /// The credential as a text: an mdoc as base64url.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::SdJwtVc { sd_jwt } => Cow::Borrowed(sd_jwt),
            Self::MsoMdoc { issuer_signed } => Cow::Owned(base64url::encode(issuer_signed)),
            Self::LdpVc { document, .. } => Cow::Borrowed(document),
            Self::JwtVcJson { jwt, .. } => Cow::Borrowed(jwt),
        }
    }

    /// The credential as frames of QR codes carry it.
    #[must_use]
    pub fn carried(&self) -> CarriedCredential {
        match self {
            Self::MsoMdoc { issuer_signed } => CarriedCredential::Binary(issuer_signed.clone()),
            text => CarriedCredential::Text(text.text().into_owned()),
        }
    }
}

/// Without the content, which is personal data.
impl fmt::Debug for HeldContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = match self {
            Self::SdJwtVc { sd_jwt } => ("SdJwtVc", sd_jwt.len()),
            Self::MsoMdoc { issuer_signed } => ("MsoMdoc", issuer_signed.len()),
            Self::LdpVc { document, .. } => ("LdpVc", document.len()),
            Self::JwtVcJson { jwt, .. } => ("JwtVcJson", jwt.len()),
        };
        formatter
            .debug_struct(name)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

mod base64url_bytes {
    use serde::{Deserialize, Deserializer, Serializer};
    use symbolon_crypto::encoding::base64url;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        base64url::decode(&String::deserialize(deserializer)?)
            .map_err(|_| serde::de::Error::custom("not base64url"))
    }
}

/// A place in a status list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReference {
    /// The URL of the list.
    pub uri: String,
    /// The index in the list.
    pub index: u64,
    /// What kind of list it is.
    pub list: StatusListKind,
}

/// The kinds of status lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusListKind {
    /// A Token Status List.
    Token,
    /// A Bitstring Status List.
    Bitstring {
        /// What an entry that is set means: `revocation`, `suspension`.
        purpose: String,
    },
}

/// How the issuer wants the credential shown, in every language it gave. Texts are the issuer's: show them as text only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialDisplay {
    /// The credential, one entry per language.
    pub credential: Vec<LocalizedDisplay>,
    /// Its claims, in the order the issuer wants them shown.
    pub claims: Vec<ClaimDisplay>,
}

/// Name and colours in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalizedDisplay {
    /// The language tag; absent for the default.
    pub locale: Option<String>,
    /// The name.
    pub name: String,
    /// A sentence about the credential.
    pub description: Option<String>,
    /// A CSS colour.
    pub background_color: Option<String>,
    /// A CSS colour.
    pub text_color: Option<String>,
}

/// A claim and its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimDisplay {
    /// Where it is.
    pub path: ClaimsPath,
    /// Its name, one entry per language.
    pub names: Vec<LocalizedName>,
}

/// A name in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalizedName {
    /// The language tag; absent for the default.
    pub locale: Option<String>,
    /// The name.
    pub name: String,
}
