//! What a verification found: four axes, the checks behind each, and one word.
//!
//! The JSON form is stable: `symbolon verify --json`, the verifier's pages and stored results all read it. A change
//! raises [`REPORT_VERSION`].

mod check;
mod shown;
mod standing;
#[cfg(test)]
mod tests;
mod verdict;

use serde::{Deserialize, Serialize};
use symbolon_crypto::x509::RevocationReason;
use symbolon_crypto::{Thumbprint, UnixTime};
use symbolon_trust::trust_list::{AnchoredFormat, SourceName};

pub use self::check::{Check, CheckName, CheckOutcome, Reason};
pub use self::shown::Shown;
pub use self::standing::Standing;
pub use self::verdict::Verdict;

/// The version of the JSON form.
pub const REPORT_VERSION: u16 = 1;

/// What a verification found. A negative one is a report too, never an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this form, [`REPORT_VERSION`].
    pub version: u16,
    /// The answer in one word.
    pub verdict: Verdict,
    /// The time of the evidence about the credential's status, the oldest where there are several. A person reads it as "valid as of".
    pub as_of: Option<UnixTime>,
    /// When this verification was made.
    pub verified_at: UnixTime,
    /// What was presented.
    pub format: CredentialFormat,
    /// The type of the credential: its `vct`, its document type, or the first of its own types. A Claim 169 code has
    /// none.
    pub credential_type: Option<String>,
    /// Every type of a W3C credential, as the IRIs that its contexts give them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub type_iris: Vec<String>,
    /// Who issued it; present once the issuer is known to be trusted.
    pub issuer: Option<Issuer>,
    /// Whether it is what the issuer made.
    pub authentic: Axis<Authentic>,
    /// Whether that issuer may make it.
    pub trusted: Axis<Trusted>,
    /// What has become of it.
    pub status: Axis<Status>,
    /// Whether the person who shows it is the person it is about.
    pub holder: Axis<Holder>,
    /// What the issuer's lists of messages say of it ([Bitstring Status List §2.1], `statusMessage`), for those who develop readers. The
    /// verdict does not rest on it.
    ///
    /// [Bitstring Status List §2.1]: https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistentry
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status_messages: Vec<StatusMessage>,
    /// What a person must be told beside the verdict.
    pub warnings: Vec<Warning>,
    /// The disclosed claims. Empty unless the credential is authentic and its issuer trusted: what a forger wrote is
    /// not shown on the page of a verdict.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// The face to compare with the person.
    pub photo: Option<Photo>,
    /// The key identifiers of the authorities in the issuer's certificate chain, for a query that accepts some only.
    #[serde(with = "base64url_list")]
    pub authority_key_identifiers: Vec<Vec<u8>>,
    /// The key the holder proved, so that credentials of two people are not taken for one person's.
    pub holder_key: Option<String>,
    /// What a query is compared with beside the claims.
    #[serde(skip)]
    pub shown: Shown,
}

impl Report {
    /// Every check, in the order in which the axes are named.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        let Self {
            authentic,
            trusted,
            status,
            holder,
            ..
        } = self;
        authentic
            .checks
            .iter()
            .chain(&trusted.checks)
            .chain(&status.checks)
            .chain(&holder.checks)
    }

    /// Whether any check failed for this reason.
    #[must_use]
    pub fn failed_because(&self, reason: Reason) -> bool {
        self.checks()
            .any(|check| check.outcome == CheckOutcome::Failed { reason })
    }
}

/// What a list of the purpose `message` says of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusMessage {
    /// The value in the list.
    pub value: u8,
    /// What the credential's issuer says that it means.
    pub message: String,
}

/// One of the four questions: its answer and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis<State> {
    /// The answer.
    pub state: State,
    /// What it rests on.
    pub checks: Vec<Check>,
}

/// Whether a credential is what its issuer made: signature, integrity, validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentic {
    /// Signed by a key of its issuer, unchanged, in its time.
    Authentic,
    /// Not so.
    NotAuthentic,
    /// Cannot be told, because no trust list could be used.
    Unknown,
}

/// Whether the issuer may issue this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trusted {
    /// The trust list names the issuer for this type.
    Trusted,
    /// It does not.
    NotTrusted,
    /// No trust list could be used.
    Unknown,
}

/// What has become of the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In force.
    Good,
    /// Out of force for a while.
    Suspended,
    /// Revoked.
    Revoked,
    /// The issuer gave it no status, and the policy accepts that: it lives by its expiry alone.
    WithoutStatus,
    /// The list has no such index: the credential is refused.
    OutOfRange,
    /// Not known.
    Unknown,
}

/// Whether the person who shows it is the person it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// Proven by the key in the credential, for this request.
    ProvenByKey,
    /// To be compared with the photo by eye.
    CompareByEye,
    /// The credential is bound to no key, or shows no photo where only a photo could bind it.
    NotBound,
    /// The request asked for no proof, and there is none: whoever shows it may have it from somebody else.
    NotAsked,
    /// There was a proof or could have been, and it was not checked: the request is not known.
    NotChecked,
    /// A proof was owed and is missing, or is wrong.
    Refuted,
}

/// What was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialFormat {
    /// SD-JWT VC, `dc+sd-jwt`.
    SdJwtVc,
    /// A Claim 169 code.
    #[serde(rename = "claim_169")]
    Claim169,
    /// An ISO mdoc, `mso_mdoc`.
    Mdoc,
    /// A W3C credential with its proof inside, `ldp_vc`.
    LdpVc,
    /// A W3C credential as a JWT, `jwt_vc_json`.
    JwtVc,
    /// A W3C credential as a COSE message.
    CoseVc,
}

impl CredentialFormat {
    /// What a trust list calls it.
    #[must_use]
    pub(crate) const fn anchored(self) -> AnchoredFormat {
        match self {
            Self::SdJwtVc => AnchoredFormat::SdJwtVc,
            Self::Claim169 => AnchoredFormat::Claim169,
            Self::Mdoc => AnchoredFormat::Mdoc,
            Self::LdpVc => AnchoredFormat::LdpVc,
            Self::JwtVc => AnchoredFormat::JwtVc,
            Self::CoseVc => AnchoredFormat::CoseVc,
        }
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SdJwtVc => "SD-JWT VC",
            Self::Claim169 => "Claim 169",
            Self::Mdoc => "ISO mdoc",
            Self::LdpVc => "W3C credential with Data Integrity",
            Self::JwtVc => "W3C credential as a JWT",
            Self::CoseVc => "W3C credential in COSE",
        }
    }
}

/// A trusted issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Its identifier.
    pub identifier: String,
    /// Its name in the trust list.
    pub name: String,
    /// The list that it was taken from, where that is another than the trust list itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceName>,
}

/// A face.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Photo {
    /// The media type, one of a closed list: pages write it into a `data:` URL.
    pub media_type: PhotoType,
    /// The picture in standard base64.
    pub base64: String,
}

/// The media types of faces that a page can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhotoType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
    /// AVIF.
    #[serde(rename = "image/avif")]
    Avif,
    /// JPEG 2000, which most browsers do not show.
    #[serde(rename = "image/jp2")]
    Jpeg2000,
}

impl PhotoType {
    /// The media type as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
            Self::Jpeg2000 => "image/jp2",
        }
    }

    /// The type with this name, if it is one of the list.
    #[must_use]
    pub fn from_media_type(text: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::Webp, Self::Avif, Self::Jpeg2000]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// What a person must be told beside the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "snake_case", deny_unknown_fields)]
pub enum Warning {
    /// The trust list has expired and is used in its grace period.
    TrustListInGrace {
        /// When it expired.
        expired_at: UnixTime,
    },
    /// The offline pack has expired and is used in its grace period.
    PackInGrace {
        /// When it expired.
        expired_at: UnixTime,
    },
    /// The status list has expired and is used in its grace period.
    StatusInGrace {
        /// When it expired.
        expired_at: UnixTime,
    },
    /// The statement about the status is older than the verifier's rule for the type allows without a word, and counts all the same.
    StatusOld {
        /// The last second in which it was fresh.
        fresh_until: UnixTime,
    },
    /// The authority of the issuer took back a certificate of its signer, so that the signer is trusted no longer.
    CertificateRevoked {
        /// Since when.
        revoked_at: UnixTime,
        /// Why, where the authority says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<RevocationReason>,
    },
    /// The pack that was offered was refused, and nothing of it used.
    PackRefused,
}

/// The text form of a holder key's thumbprint.
pub(crate) fn holder_key_text(thumbprint: &Thumbprint) -> String {
    thumbprint.to_string()
}

mod base64url_list {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use symbolon_crypto::encoding::base64url;

    pub(super) fn serialize<S: Serializer>(value: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(value.iter().map(|bytes| base64url::encode(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|text| base64url::decode(text).map_err(|_| D::Error::custom("not base64url")))
            .collect()
    }
}
