//! What was verified, and how ([Schema Definition §5]).
//!
//! [Schema Definition §5]: https://openid.net/specs/openid-ida-verified-claims-1_0.html#section-5

use serde::Serialize;
use serde_json::{Map, Value};
use symbolon_crypto::UnixTime;

/// Claims about one person, and how they were verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedClaims {
    /// How they were verified.
    pub verification: Verification,
    /// The claims, by their names in OpenID Connect.
    pub claims: Map<String, Value>,
}

/// How claims were verified ([Schema Definition §5.4]).
///
/// [Schema Definition §5.4]: https://openid.net/specs/openid-ida-verified-claims-1_0.html#section-5.4
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// By whose rules, such as `eidas`.
    pub trust_framework: String,
    /// How surely, by those rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assurance_level: Option<String>,
    /// When.
    #[serde(serialize_with = "timestamp")]
    pub time: UnixTime,
    /// The provider's reference to the process, for audits and disputes.
    pub verification_process: String,
    /// What the verification rests on; never empty.
    pub evidence: Vec<Evidence>,
}

/// What a verification rests on ([Schema Definition §5.4.4]).
///
/// [Schema Definition §5.4.4]: https://openid.net/specs/openid-ida-verified-claims-1_0.html#section-5.4.4
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Evidence {
    /// A document of the person's, physical or electronic.
    Document {
        /// What was checked; never empty.
        check_details: Vec<CheckDetails>,
        /// The document.
        document_details: DocumentDetails,
    },
    /// Data obtained electronically from a recognised source.
    ElectronicRecord {
        /// What was checked; never empty.
        check_details: Vec<CheckDetails>,
        /// The record.
        record: RecordDetails,
    },
}

/// One check of the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckDetails {
    /// What was done.
    pub check_method: CheckMethod,
    /// The event, for an audit.
    pub check_id: String,
    /// When it was completed; for a look into a register, the time that the register speaks of.
    #[serde(serialize_with = "timestamp")]
    pub time: UnixTime,
}

/// What was done to check evidence: those of the predefined values that a verifier of credentials does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CheckMethod {
    /// The integrity of the evidence was validated by its issuer's signature.
    #[serde(rename = "vcrypt")]
    Cryptography,
    /// It was compared with data of its source: the issuer's status list.
    #[serde(rename = "data")]
    SourceData,
    /// The person proved to have what it is bound to: the key in the credential.
    #[serde(rename = "token")]
    Token,
}

impl CheckMethod {
    /// Every method, for discovery.
    pub const ALL: [Self; 3] = [Self::Cryptography, Self::SourceData, Self::Token];

    /// The method by its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cryptography => "vcrypt",
            Self::SourceData => "data",
            Self::Token => "token",
        }
    }
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentDetails {
    /// Its type, such as `idcard`.
    #[serde(rename = "type")]
    pub document_type: String,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// The day of its issuance.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "date")]
    pub date_of_issuance: Option<UnixTime>,
    /// The day on which it expires.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "date")]
    pub date_of_expiry: Option<UnixTime>,
    /// Who issued it.
    pub issuer: Source,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordDetails {
    /// Its type, such as `population_register`.
    #[serde(rename = "type")]
    pub record_type: String,
    /// When it was made.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_timestamp"
    )]
    pub created_at: Option<UnixTime>,
    /// The day on which it expires.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "date")]
    pub date_of_expiry: Option<UnixTime>,
    /// Where it is from.
    pub source: Source,
}

/// Who issued a document, or keeps a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its country or supranational organisation, by ISO 3166 or ICAO in three letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
}

fn timestamp<S: serde::Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.rfc3339())
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the member")]
fn optional_timestamp<S: serde::Serializer>(
    time: &Option<UnixTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => timestamp(time, serializer),
        None => serializer.serialize_none(),
    }
}

/// The day in UTC: the first ten characters of an RFC 3339 time.
#[expect(clippy::ref_option, reason = "serde passes a reference to the member")]
fn date<S: serde::Serializer>(time: &Option<UnixTime>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = time.map(UnixTime::rfc3339);
    match text.as_deref().and_then(|text| text.get(..10)) {
        Some(day) => serializer.serialize_str(day),
        None => serializer.serialize_none(),
    }
}
