//! The lists that issuers of a trust list were taken from: what kind each is, how long it holds, and what it may bring.

#[cfg(test)]
mod tests;

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::{CredentialTypeRule, ParseTrustListError, TrustList, TrustedIssuer, duration_seconds};
use crate::validity::Validity;

/// The most sources of a trust list. A state that recognises every VICAL and a few neighbours has a dozen.
const MAX_SOURCES: usize = 256;

/// The most issuers that all sources bring together: several times the issuing authorities of the world.
const MAX_ISSUERS_OF_SOURCES: usize = 16_384;

/// The longest grace of a source. What is older than a year says nothing any more of who is believed.
pub const MAX_SOURCE_GRACE: Duration = Duration::from_secs(366 * 86_400);

/// A list that anchors were taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorSource {
    /// What it is.
    pub kind: SourceKind,
    /// What a person calls whoever keeps it.
    pub provider: String,
    /// The number of the issue, where it has one: the `vicalIssueID` of a VICAL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<u64>,
    /// When it was issued, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<UnixTime>,
    /// The last second of its validity; without end where nothing says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<UnixTime>,
    /// How long it may be used after that, with a warning. In seconds on the wire, at most [`MAX_SOURCE_GRACE`].
    #[serde(rename = "grace_seconds", with = "duration_seconds")]
    pub grace: Duration,
}

impl AnchorSource {
    /// Where `now` lies relative to the validity of the list.
    #[must_use]
    pub fn validity(&self, now: UnixTime) -> Validity {
        let issued_at = self.issued_at.unwrap_or(now);
        let valid_until = self.valid_until.unwrap_or(now);
        Validity::judge(issued_at, valid_until, self.grace, now)
    }
}

/// What kind of list a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// Certificates that the operator has in a file.
    Pinned,
    /// Roots of issuing authorities of mdocs (IACA; ISO/IEC 18013-5 Annex B) in a file.
    IacaList,
    /// A signed list of such roots (ISO/IEC 18013-5 Annex C).
    Vical,
}

impl SourceKind {
    /// Its name on the wire and in configuration files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::IacaList => "iaca-list",
            Self::Vical => "vical",
        }
    }
}

/// A format of credentials that an issuer can be believed for, by the identifier that issuance and presentation give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AnchoredFormat {
    /// SD-JWT VC.
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc,
    /// ISO mdoc.
    #[serde(rename = "mso_mdoc")]
    Mdoc,
    /// A W3C credential with its proof inside.
    #[serde(rename = "ldp_vc")]
    LdpVc,
    /// A W3C credential as a JWT.
    #[serde(rename = "jwt_vc_json")]
    JwtVc,
    /// A W3C credential as a COSE message.
    #[serde(rename = "vc+cose")]
    CoseVc,
    /// A Claim 169 code.
    #[serde(rename = "claim_169")]
    Claim169,
}

impl AnchoredFormat {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SdJwtVc => "dc+sd-jwt",
            Self::Mdoc => "mso_mdoc",
            Self::LdpVc => "ldp_vc",
            Self::JwtVc => "jwt_vc_json",
            Self::CoseVc => "vc+cose",
            Self::Claim169 => "claim_169",
        }
    }
}

/// The most types that issuers of a source may have, whatever the source itself says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeLimit {
    /// Whatever it says.
    Any,
    /// These alone.
    Only(Vec<String>),
}

impl TypeLimit {
    /// The limit of the texts of a configuration, in which `*` means every type.
    #[must_use]
    pub fn of(texts: &[String]) -> Self {
        if texts.iter().any(|text| text == "*") {
            Self::Any
        } else {
            Self::Only(texts.to_vec())
        }
    }

    /// What is left of `types`. None of them stands for every type: that is the operator's to say, and what reads as if it did
    /// in a trust list is dropped.
    #[must_use]
    pub fn narrow(&self, types: &[String]) -> Vec<CredentialTypeRule> {
        let is_left = |one: &&String| match self {
            _ if CredentialTypeRule::from((*one).clone()) == CredentialTypeRule::Any => false,
            Self::Any => true,
            Self::Only(only) => only.contains(one),
        };
        let left = types.iter().filter(is_left);
        left.cloned().map(CredentialTypeRule::Exactly).collect()
    }

    /// The limit as rules, for an issuer of whom a source says no types itself.
    #[must_use]
    pub fn rules(&self) -> Vec<CredentialTypeRule> {
        match self {
            Self::Any => vec![CredentialTypeRule::Any],
            Self::Only(only) => only.iter().cloned().map(CredentialTypeRule::Exactly).collect(),
        }
    }
}

/// The name of a source: 1 to 64 characters of `a` to `z`, `0` to `9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceName(String);

impl SourceName {
    /// Takes a name.
    ///
    /// # Errors
    /// [`NotASourceName`].
    pub fn parse(text: &str) -> Result<Self, NotASourceName> {
        let usable = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(usable) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotASourceName)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceName {
    type Error = NotASourceName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<SourceName> for String {
    fn from(name: SourceName) -> Self {
        name.0
    }
}

/// The text is not the name of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a trust source is 1 to 64 characters of a-z, 0-9 and -")]
pub struct NotASourceName;

impl TrustList {
    /// Takes the issuers of a source into the list.
    ///
    /// # Errors
    /// [`ParseTrustListError`] when the list would contradict itself: the source is there already, an issuer stands in the list
    /// itself, or is one that a source of this kind cannot have. The list is unchanged then.
    pub fn add_source(
        &mut self,
        name: SourceName,
        source: AnchorSource,
        issuers: Vec<TrustedIssuer>,
    ) -> Result<(), ParseTrustListError> {
        if self.sources.contains_key(&name) {
            return Err(ParseTrustListError::Source);
        }
        let before = self.issuers.len();
        let issuers = issuers.into_iter().map(|issuer| TrustedIssuer {
            source: Some(name.clone()),
            ..issuer
        });
        self.issuers.extend(issuers);
        self.sources.insert(name.clone(), source);
        let checked = self.check();
        if checked.is_err() {
            self.issuers.truncate(before);
            self.sources.remove(&name);
        }
        checked
    }

    /// Where `now` lies relative to the validity of the list that an issuer was taken from; that of this list for its own.
    #[must_use]
    pub fn validity_of(&self, issuer: &TrustedIssuer, now: UnixTime) -> Validity {
        match &issuer.source {
            None => self.validity(now),
            Some(name) => match self.sources.get(name) {
                Some(source) => source.validity(now),
                // No list that was read has such an issuer. Whoever made one up is not believed.
                None => Validity::Expired {
                    expired_at: self.issued_at,
                },
            },
        }
    }

    pub(super) fn check_sources(&self) -> Result<(), ParseTrustListError> {
        let taken = self.issuers.iter().filter(|issuer| issuer.source.is_some());
        if self.sources.len() > MAX_SOURCES || taken.count() > MAX_ISSUERS_OF_SOURCES {
            return Err(ParseTrustListError::OverBudget);
        }
        let are_usable = self.sources.values().all(|source| {
            let in_order = match (source.issued_at, source.valid_until) {
                (Some(issued_at), Some(valid_until)) => issued_at <= valid_until,
                _ => true,
            };
            in_order && source.grace <= MAX_SOURCE_GRACE
        });
        let may_bring = |issuer: &TrustedIssuer| match &issuer.source {
            // In the list itself an issuer has an address.
            None => !issuer.identifier.is_certificate(),
            Some(name) => self
                .sources
                .get(name)
                .is_some_and(|source| source.kind.may_bring(issuer)),
        };
        if are_usable && self.issuers.iter().all(may_bring) {
            Ok(())
        } else {
            Err(ParseTrustListError::Source)
        }
    }
}

impl SourceKind {
    /// Whether a list of this kind can bring such an issuer. Lists of mdoc authorities bring their roots, each for mdocs alone:
    /// not keys, and no names under which they could be taken for the issuer of something else.
    fn may_bring(self, issuer: &TrustedIssuer) -> bool {
        let has_keys = !issuer.claim169_keys.is_empty() || !issuer.dids.is_empty();
        let is_its_certificate = match issuer.anchors.as_slice() {
            [only] => super::IssuerIdentifier::of_certificate(only) == issuer.identifier,
            _ => false,
        };
        let is_authority = is_its_certificate && issuer.formats == [AnchoredFormat::Mdoc];
        let is_narrowed = !issuer.formats.is_empty() && !issuer.anchors.is_empty();
        match self {
            Self::IacaList | Self::Vical => !has_keys && is_authority,
            Self::Pinned => !has_keys && is_narrowed && (is_authority || !issuer.identifier.is_certificate()),
        }
    }
}
