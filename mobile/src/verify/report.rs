//! A report in the words of the bindings.

use serde_json::Value;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64;
use symbolon_verifier::report as core;
use symbolon_verifier::report::{CheckOutcome, Report, Warning};
use symbolon_wallet_core::Languages;

use crate::hold::{Translation, in_languages};

/// What a verification found.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CredentialReport {
    /// The answer in one word.
    pub verdict: Verdict,
    /// The time of the evidence about the credential's status, which a person reads as "as of": seconds since 1970-01-01T00:00:00Z.
    pub as_of: Option<i64>,
    /// When this verification was made: seconds since 1970-01-01T00:00:00Z.
    pub verified_at: i64,
    /// What people call the format.
    pub format: String,
    /// The type of the credential; a card has none.
    pub credential_type: Option<String>,
    /// The identifier of the issuer; present once it is known to be trusted.
    pub issuer: Option<String>,
    /// The name of the issuer in the trust list.
    pub issuer_name: Option<String>,
    /// Whether it is what its issuer made.
    pub authentic: AuthenticState,
    /// Whether that issuer may make it.
    pub trusted: TrustState,
    /// What has become of it.
    pub status: StatusState,
    /// Whether the person who shows it is the person it is about.
    pub holder: HolderState,
    /// What a person must be told beside the verdict.
    pub warnings: Vec<ReportWarning>,
    /// The disclosed claims. Empty unless the credential is authentic and its issuer trusted.
    pub claims: Vec<ReportClaim>,
    /// The face to compare with the person.
    pub photo: Option<Photo>,
    /// What the answers rest on.
    pub checks: Vec<ReportCheck>,
    /// The whole report in its stable JSON form, as the command line writes it.
    pub json: String,
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Verdict {
    /// Authentic, trusted, in force, and the holder proven by key.
    Valid,
    /// The same but for the holder, who is to be compared with the photo, or of whom no proof was asked.
    Genuine,
    /// Something is wrong with it.
    Invalid,
    /// Nothing is wrong with it, and something is not known.
    Unknown,
}

/// Whether a credential is what its issuer made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum AuthenticState {
    /// It is.
    Authentic,
    /// It is not.
    NotAuthentic,
    /// It cannot be told.
    Unknown,
}

/// Whether the issuer may issue this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TrustState {
    /// It may.
    Trusted,
    /// It may not.
    NotTrusted,
    /// It cannot be told.
    Unknown,
}

/// What has become of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum StatusState {
    /// In force.
    Good,
    /// Out of force for a while.
    Suspended,
    /// Revoked.
    Revoked,
    /// It lives by its expiry alone.
    WithoutStatus,
    /// The list has no place for it: it is refused.
    OutOfRange,
    /// The pack does not cover its list: another pack, or a network, can tell.
    NotCovered,
    /// What is known is too old to tell: load a newer pack.
    TooOld,
    /// Not known.
    Unknown,
}

/// Whether the person who shows a credential is the person it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HolderState {
    /// Proven by the key in the credential, for this request.
    ProvenByKey,
    /// To be compared with the photo by eye.
    CompareByEye,
    /// The credential is bound to nobody.
    NotBound,
    /// The request asked for no proof.
    NotAsked,
    /// There could have been a proof, and it was not checked: the request is not known.
    NotChecked,
    /// A proof was owed and is missing, or is wrong.
    Refuted,
}

/// What a person must be told beside the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ReportWarning {
    /// The trust list has expired and is used in its grace period.
    TrustListInGrace {
        /// When it expired: seconds since 1970-01-01T00:00:00Z.
        expired_at: i64,
    },
    /// The pack has expired and is used in its grace period.
    PackInGrace {
        /// When it expired: seconds since 1970-01-01T00:00:00Z.
        expired_at: i64,
    },
    /// A status list has expired and is used in its grace period.
    StatusInGrace {
        /// When it expired: seconds since 1970-01-01T00:00:00Z.
        expired_at: i64,
    },
    /// What is known of the status is older than the rule for the type allows, and counts all the same.
    StatusOld {
        /// The last second in which it was fresh: seconds since 1970-01-01T00:00:00Z.
        fresh_until: i64,
    },
    /// The authority of the issuer took back a certificate of its signer.
    CertificateRevoked {
        /// Since when: seconds since 1970-01-01T00:00:00Z.
        revoked_at: i64,
    },
    /// The pack is not accepted any more, and nothing of it was used.
    PackRefused,
}

/// One disclosed claim: personal data.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReportClaim {
    /// Its name.
    pub name: String,
    /// Its value as JSON; of a value in several languages the one that suits the person at the counter.
    pub value: String,
    /// The value in every language that the issuer wrote it in.
    pub translations: Vec<Translation>,
}

/// A face.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Photo {
    /// The media type: `image/jpeg`, `image/png`, `image/webp`, `image/avif` or `image/jp2`.
    pub media_type: String,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReportCheck {
    /// What was checked, in the fixed words of the JSON form: `issuer_signature`.
    pub name: String,
    /// The section of the specification that demands it.
    pub section: String,
    /// What came out.
    pub result: CheckResult,
}

/// What came out of a check.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum CheckResult {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed {
        /// Why, in the fixed words of the JSON form.
        reason: String,
    },
    /// Not checked, for want of evidence or of a request.
    Absent {
        /// What was missing, in the fixed words of the JSON form.
        reason: String,
    },
}

impl CredentialReport {
    /// A report for somebody who reads these languages.
    pub(super) fn of(report: Report, languages: &Languages) -> Self {
        let json = serde_json::to_string(&report).unwrap_or_default();
        let checks = report.checks().map(ReportCheck::from).collect();
        let status = report.standing().into();
        let (issuer, issuer_name) = report
            .issuer
            .map(|issuer| (issuer.identifier, issuer.name))
            .unzip();
        let claims = report.claims.into_iter().map(|(name, value)| {
            let (value, translations) = in_languages(&value, languages);
            ReportClaim {
                name,
                value,
                translations,
            }
        });
        Self {
            verdict: report.verdict.into(),
            as_of: report.as_of.map(UnixTime::seconds),
            verified_at: report.verified_at.seconds(),
            format: report.format.name().to_owned(),
            credential_type: report.credential_type,
            issuer,
            issuer_name,
            authentic: report.authentic.state.into(),
            trusted: report.trusted.state.into(),
            status,
            holder: report.holder.state.into(),
            warnings: report.warnings.into_iter().map(Into::into).collect(),
            claims: claims.collect(),
            photo: report.photo.and_then(picture),
            checks,
            json,
        }
    }
}

fn picture(photo: core::Photo) -> Option<Photo> {
    Some(Photo {
        media_type: photo.media_type.as_str().to_owned(),
        bytes: base64::decode(&photo.base64).ok()?,
    })
}

impl From<&core::Check> for ReportCheck {
    fn from(check: &core::Check) -> Self {
        Self {
            name: word(serde_json::to_value(check.name)),
            section: check.section.clone(),
            result: match check.outcome {
                CheckOutcome::Passed => CheckResult::Passed,
                CheckOutcome::Failed { reason } => CheckResult::Failed {
                    reason: word(serde_json::to_value(reason)),
                },
                CheckOutcome::Absent { reason } => CheckResult::Absent {
                    reason: word(serde_json::to_value(reason)),
                },
            },
        }
    }
}

pub(super) fn word(written: serde_json::Result<Value>) -> String {
    match written {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

impl From<core::Verdict> for Verdict {
    fn from(verdict: core::Verdict) -> Self {
        match verdict {
            core::Verdict::Valid => Self::Valid,
            core::Verdict::Genuine => Self::Genuine,
            core::Verdict::Invalid => Self::Invalid,
            core::Verdict::Unknown => Self::Unknown,
        }
    }
}

impl From<core::Authentic> for AuthenticState {
    fn from(state: core::Authentic) -> Self {
        match state {
            core::Authentic::Authentic => Self::Authentic,
            core::Authentic::NotAuthentic => Self::NotAuthentic,
            core::Authentic::Unknown => Self::Unknown,
        }
    }
}

impl From<core::Trusted> for TrustState {
    fn from(state: core::Trusted) -> Self {
        match state {
            core::Trusted::Trusted => Self::Trusted,
            core::Trusted::NotTrusted => Self::NotTrusted,
            core::Trusted::Unknown => Self::Unknown,
        }
    }
}

impl From<core::Standing> for StatusState {
    fn from(standing: core::Standing) -> Self {
        match standing {
            core::Standing::InForce => Self::Good,
            core::Standing::Suspended => Self::Suspended,
            core::Standing::Revoked => Self::Revoked,
            core::Standing::WithoutStatus => Self::WithoutStatus,
            core::Standing::OutOfRange => Self::OutOfRange,
            core::Standing::NotCovered => Self::NotCovered,
            core::Standing::TooOld => Self::TooOld,
            core::Standing::NotKnown => Self::Unknown,
        }
    }
}

impl From<core::Holder> for HolderState {
    fn from(state: core::Holder) -> Self {
        match state {
            core::Holder::ProvenByKey => Self::ProvenByKey,
            core::Holder::CompareByEye => Self::CompareByEye,
            core::Holder::NotBound => Self::NotBound,
            core::Holder::NotAsked => Self::NotAsked,
            core::Holder::NotChecked => Self::NotChecked,
            core::Holder::Refuted => Self::Refuted,
        }
    }
}

impl From<Warning> for ReportWarning {
    fn from(warning: Warning) -> Self {
        match warning {
            Warning::TrustListInGrace { expired_at } => Self::TrustListInGrace {
                expired_at: expired_at.seconds(),
            },
            Warning::PackInGrace { expired_at } => Self::PackInGrace {
                expired_at: expired_at.seconds(),
            },
            Warning::StatusInGrace { expired_at } => Self::StatusInGrace {
                expired_at: expired_at.seconds(),
            },
            Warning::StatusOld { fresh_until } => Self::StatusOld {
                fresh_until: fresh_until.seconds(),
            },
            Warning::CertificateRevoked { revoked_at, .. } => Self::CertificateRevoked {
                revoked_at: revoked_at.seconds(),
            },
            Warning::PackRefused => Self::PackRefused,
        }
    }
}
