//! The trust list: which issuers are believed, for what, by which anchors and keys; and which relying parties.
//!
//! The registry operator keeps it. A verifier has it pinned in its [`RootOfTrust`] or receives a newer one in the
//! signed trust section of an offline pack. The JSON form is ours and closed: an unknown member is an error, so that
//! a restriction written for a newer reader is never ignored by an older one.

mod documents;
mod parse;
mod registered;
mod root;
mod source;
#[cfg(test)]
mod tests;

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{Jwk, PublicKey, UnixTime};
use symbolon_did::Did;

pub use self::documents::{MAX_CONTEXT_BYTES, MAX_CONTEXTS, MAX_DID_DOCUMENT_BYTES, MAX_DIDS_OF_AN_ISSUER};
use self::parse::names_a_host;
pub use self::parse::{MAX_TRUST_LIST_BYTES, ParseTrustListError};
pub use self::registered::{
    MAX_REGISTERED_RELYING_PARTIES, RegisteredCredential, RegisteredPurpose, RegisteredRelyingParty,
};
pub use self::root::RootOfTrust;
pub(crate) use self::root::key_by_thumbprint;
pub use self::source::{
    AnchorSource, AnchoredFormat, MAX_SOURCE_GRACE, NotASourceName, SourceKind, SourceName, TypeLimit,
};
use crate::validity::Validity;

/// The version of the JSON form that this crate reads and writes.
pub const TRUST_LIST_VERSION: u16 = 1;

/// Whom a verifier believes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustList {
    /// The version of the form, [`TRUST_LIST_VERSION`].
    pub version: u16,
    /// Counts the lists that the registry has signed; 0 for one that it never signed by itself. A list never replaces one
    /// with a higher number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sequence: u64,
    /// When the registry issued it. A list never replaces one issued later.
    pub issued_at: UnixTime,
    /// The last second of its validity.
    pub valid_until: UnixTime,
    /// How long it may be used after that, with a warning. In seconds on the wire.
    #[serde(rename = "grace_seconds", with = "duration_seconds")]
    pub grace: Duration,
    /// The believed issuers; no identifier twice.
    pub issuers: Vec<TrustedIssuer>,
    /// The relying parties that a wallet may answer without a warning.
    #[serde(default)]
    pub relying_parties: RelyingParties,
    /// Type metadata by `vct`, for readers without a network.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub type_metadata: BTreeMap<String, serde_json::Value>,
    /// The DID documents of issuers, for readers without a network; each belongs to a DID in [`TrustedIssuer::dids`].
    /// Where the list has the document of a DID, nobody fetches another.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub did_documents: BTreeMap<Did, serde_json::Value>,
    /// JSON-LD contexts beyond those of the W3C, by the URL that credentials name. They are never fetched: what a
    /// term of a credential means is the registry's to say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contexts: BTreeMap<String, serde_json::Value>,
    /// What the registry knows of ETSI trusted lists, for requests that accept the issuers of one (`etsi_tl`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub etsi_trusted_lists: Vec<EtsiTrustedList>,
    /// The keys that sign the manifests of offline packs, where the registry names them: instead of those of the root of
    /// trust. A key that is left out is no distributor's any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pack_keys: Vec<Jwk>,
    /// What partial packs can be made of: for each scope, as `region/dakar` or `type/residence-permit`, the beginnings of the
    /// URIs of its status lists, each at least up to the slash behind the host.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scopes: BTreeMap<String, Vec<String>>,
    /// The lists that some of the issuers were taken from, each with a validity of its own: VICALs, lists of IACA roots, pinned
    /// files. An issuer says by [`TrustedIssuer::source`] which of them it stands in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<SourceName, AnchorSource>,
}

impl TrustList {
    /// This list where nothing newer was seen of the same registry, as whoever has no pack can use it; `newest_seen` is when the list of the last
    /// accepted pack was issued ([`LastSeen::trust_list_issued_at`](crate::pack::LastSeen::trust_list_issued_at)).
    ///
    /// A list that was superseded is one whose time is over: whom it names may be believed no longer, and whoever waits until a pack has ended
    /// brings nobody back. The issuers of its sources neither.
    #[must_use]
    pub fn unless_superseded(&self, newest_seen: Option<UnixTime>) -> Cow<'_, Self> {
        // One that was superseded before is as it would be made, and is copied for nobody.
        let is_over = self.valid_until == self.issued_at && self.grace.is_zero();
        if is_over || newest_seen.is_none_or(|seen| seen <= self.issued_at) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(self.superseded())
    }

    /// This list as one that a newer list of the same registry has taken the place of: its time is over.
    #[must_use]
    pub fn superseded(&self) -> Self {
        Self {
            valid_until: self.issued_at,
            grace: Duration::ZERO,
            ..self.clone()
        }
    }

    /// Where `now` lies relative to the validity of the list.
    #[must_use]
    pub fn validity(&self, now: UnixTime) -> Validity {
        Validity::judge(self.issued_at, self.valid_until, self.grace, now)
    }

    /// The issuer with exactly this identifier. Identifiers are compared as strings, never as URLs: a
    /// normalisation that two parties do differently is a way in.
    #[must_use]
    pub fn issuer(&self, identifier: &str) -> Option<&TrustedIssuer> {
        self.issuers
            .iter()
            .find(|issuer| issuer.identifier.as_str() == identifier)
    }

    /// The issuer that has exactly this DID.
    #[must_use]
    pub fn issuer_with_did(&self, did: &Did) -> Option<&TrustedIssuer> {
        self.issuers.iter().find(|issuer| issuer.dids.contains(did))
    }

    /// The identifiers of the ETSI trusted lists that have one of these certificates: those of a credential's trust chain, from
    /// the signer to the anchor ([OpenID4VP §6.1.1.2]).
    ///
    /// [OpenID4VP §6.1.1.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.1.1.2
    #[must_use]
    pub fn etsi_trusted_lists_with(&self, chain: &[&Certificate]) -> Vec<String> {
        EtsiTrustedList::with_one_of(&self.etsi_trusted_lists, chain)
    }

    /// The issuer that may sign the status list at `uri`. Where one issuer's addresses begin with another's, as with
    /// several issuers on one host, it is the one whose beginning is the longest. One that is known by its certificate alone
    /// has addresses only where the list gives it some.
    #[must_use]
    pub fn issuer_of_status_list(&self, uri: &str) -> Option<&TrustedIssuer> {
        self.issuers
            .iter()
            .filter(|issuer| issuer.status_prefix.is_some() || !issuer.identifier.is_certificate())
            .filter(|issuer| issuer.owns_status_list(uri))
            .max_by_key(|issuer| issuer.beginning_of_status_lists().len())
    }
}

/// One believed issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuer {
    /// Its identifier: the `iss` of its credentials and a URI name in its certificates.
    pub identifier: IssuerIdentifier,
    /// What a person calls it.
    pub name: String,
    /// What it may issue.
    pub credential_types: Vec<CredentialTypeRule>,
    /// The certificates under which its signers stand: DER in standard base64 on the wire.
    #[serde(default, with = "certificates")]
    pub anchors: Vec<Certificate>,
    /// The public keys that sign its Claim 169 codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claim169_keys: Vec<Jwk>,
    /// The beginning of the URIs of its status lists, at least up to the slash behind the host, where that is not its
    /// identifier and a slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_prefix: Option<String>,
    /// The DIDs that it issues W3C credentials under; no DID belongs to two issuers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dids: Vec<Did>,
    /// The formats of credentials that it is believed for; every format where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<AnchoredFormat>,
    /// The list that it was taken from, one of [`TrustList::sources`]; the trust list itself without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceName>,
}

impl TrustedIssuer {
    /// Whether this issuer is believed for credentials of a format. An anchor of mdocs must not vouch for anything else.
    #[must_use]
    pub fn vouches_for(&self, format: AnchoredFormat) -> bool {
        self.formats.is_empty() || self.formats.contains(&format)
    }

    /// Whether this issuer may issue credentials of this type: a `vct`, a document type of an mdoc, or a type of a W3C
    /// credential.
    #[must_use]
    pub fn may_issue(&self, credential_type: &str) -> bool {
        self.credential_types.iter().any(|rule| match rule {
            CredentialTypeRule::Any => true,
            CredentialTypeRule::Exactly(allowed) => allowed == credential_type,
        })
    }

    /// Whether a status list at `uri` is this issuer's to sign. Without this rule one believed issuer could
    /// reinstate what another has revoked.
    ///
    /// An authority that is known by its certificate alone has no address to compare with. Its lists are told by their
    /// signature: it must be under that very certificate, so that nobody else's list counts for its credentials, and its own
    /// for nobody else's.
    #[must_use]
    pub fn owns_status_list(&self, uri: &str) -> bool {
        match &self.status_prefix {
            Some(prefix) => uri.starts_with(prefix.as_str()),
            None if self.identifier.is_certificate() => names_a_host(uri),
            None => uri
                .strip_prefix(self.identifier.as_str())
                .is_some_and(|rest| self.identifier.as_str().ends_with('/') || rest.starts_with('/')),
        }
    }

    fn beginning_of_status_lists(&self) -> &str {
        self.status_prefix.as_deref().unwrap_or(self.identifier.as_str())
    }

    /// The key that signs this issuer's Claim 169 codes under the key identifier `kid`.
    ///
    /// The identifier is the RFC 7638 thumbprint, or the text that the list gives the key. A code without an
    /// identifier names the issuer's only key; where the issuer has several, it names none.
    #[must_use]
    pub fn claim169_key(&self, kid: Option<&[u8]>) -> Option<PublicKey> {
        match (kid, self.claim169_keys.as_slice()) {
            (None, [only]) => PublicKey::from_jwk(only).ok(),
            (None, _) => None,
            (Some(kid), keys) => keys.iter().find_map(|jwk| {
                let key = PublicKey::from_jwk(jwk).ok()?;
                let named = jwk.kid.as_ref().is_some_and(|name| name.as_bytes() == kid);
                (named || key.thumbprint().as_bytes() == kid).then_some(key)
            }),
        }
    }
}

/// An ETSI trusted list (ETSI TS 119 612) as far as it concerns credentials: the certificates that it has itself, or that the
/// lists have which it leads to. The registry has read and checked it, so that nobody fetches it to show or to verify a credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtsiTrustedList {
    /// What requests call it: its address. Compared as a string.
    pub identifier: String,
    /// The certificates: DER in standard base64 on the wire. Never empty.
    #[serde(with = "certificates")]
    pub certificates: Vec<Certificate>,
}

impl EtsiTrustedList {
    /// The identifiers of those of `lists` that have one of these certificates.
    #[must_use]
    pub fn with_one_of(lists: &[Self], chain: &[&Certificate]) -> Vec<String> {
        let has_one = |list: &&Self| {
            let mut certificates = list.certificates.iter();
            certificates.any(|certificate| chain.iter().any(|link| link.der() == certificate.der()))
        };
        let found = lists.iter().filter(has_one);
        found.map(|list| list.identifier.clone()).collect()
    }
}

/// The relying parties of a trust list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelyingParties {
    /// The certificates under which request signers stand: DER in standard base64 on the wire.
    #[serde(default, with = "certificates")]
    pub anchors: Vec<Certificate>,
    /// What the registry has written down that relying parties may ask for; none twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registered: Vec<RegisteredRelyingParty>,
}

impl RelyingParties {
    /// What is written down of the relying party with this `organizationIdentifier`.
    #[must_use]
    pub fn registered(&self, identifier: &str) -> Option<&RegisteredRelyingParty> {
        self.registered
            .iter()
            .find(|party| party.identifier == identifier)
    }
}

/// The identifier of an issuer: an absolute `https` (or, in development, `http`) URL without query and fragment, or, of an
/// authority that is known by its certificate alone, `x509-sha256:` and the hash of that in hexadecimal digits. Compared as a
/// string.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuerIdentifier(String);

impl IssuerIdentifier {
    /// Takes an identifier.
    ///
    /// # Errors
    /// [`NotAnIssuerIdentifier`] when it is no such URL or longer than 2,048 bytes.
    pub fn parse(text: &str) -> Result<Self, NotAnIssuerIdentifier> {
        if let Some(hash) = text.strip_prefix(CERTIFICATE_PREFIX) {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            let is_hash = hash.len() == 64 && hash.bytes().all(is_digit);
            return if is_hash {
                Ok(Self(text.to_owned()))
            } else {
                Err(NotAnIssuerIdentifier)
            };
        }
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let host = rest
            .and_then(|rest| rest.split('/').next())
            .ok_or(NotAnIssuerIdentifier)?;
        let visible = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'\\'));
        if host.is_empty() || host.contains('@') || !visible || text.len() > 2_048 {
            return Err(NotAnIssuerIdentifier);
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier of an authority that is known by this certificate alone.
    #[must_use]
    pub fn of_certificate(certificate: &Certificate) -> Self {
        let mut text = CERTIFICATE_PREFIX.to_owned();
        for byte in certificate.sha256() {
            let digits = [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16));
            text.extend(digits.into_iter().flatten());
        }
        Self(text)
    }

    /// Whether it is the hash of a certificate, and no address.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.0.starts_with(CERTIFICATE_PREFIX)
    }

    /// The identifier as it is compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IssuerIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for IssuerIdentifier {
    type Error = NotAnIssuerIdentifier;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<IssuerIdentifier> for String {
    fn from(identifier: IssuerIdentifier) -> Self {
        identifier.0
    }
}

/// What the identifier of an authority begins with that is known by its certificate alone. No URL has this scheme.
const CERTIFICATE_PREFIX: &str = "x509-sha256:";

/// The text is not an issuer identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an absolute http(s) URL without query and fragment nor the hash of a certificate")]
pub struct NotAnIssuerIdentifier;

/// What an issuer may issue. `"*"` or one type on the wire: a `vct`, a document type, a type of a W3C credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum CredentialTypeRule {
    /// Every type.
    Any,
    /// The type with exactly this identifier.
    Exactly(String),
}

impl From<String> for CredentialTypeRule {
    fn from(text: String) -> Self {
        if text == "*" {
            Self::Any
        } else {
            Self::Exactly(text)
        }
    }
}

impl From<CredentialTypeRule> for String {
    fn from(rule: CredentialTypeRule) -> Self {
        match rule {
            CredentialTypeRule::Any => "*".to_owned(),
            CredentialTypeRule::Exactly(vct) => vct,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

mod duration_seconds {
    use core::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        // 32 bits are 136 years: sums with a time cannot overflow.
        u32::deserialize(deserializer).map(|seconds| Duration::from_secs(u64::from(seconds)))
    }
}

mod certificates {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use symbolon_crypto::encoding::base64;
    use symbolon_crypto::x509::Certificate;

    pub(super) fn serialize<S: Serializer>(value: &[Certificate], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(value.iter().map(|certificate| base64::encode(certificate.der())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Certificate>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|text| {
                let der =
                    base64::decode(text).map_err(|_| D::Error::custom("an anchor is not standard base64"))?;
                Certificate::parse(&der).map_err(|_| D::Error::custom("an anchor is not a certificate"))
            })
            .collect()
    }
}
