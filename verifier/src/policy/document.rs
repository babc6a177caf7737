//! A policy as its file says it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_protocol::dcql::QueryId;

use super::records::{ReceiptDocument, RelianceDocument};
use crate::report::CredentialFormat;
use crate::transaction::order::TransactionRuleDocument;
use crate::verified_claims::VerifiedClaimsDocument;

/// A policy as its file says it. Nothing in it is believed before [`PresentationPolicy::compile`] has checked it.
///
/// [`PresentationPolicy::compile`]: super::PresentationPolicy::compile
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocument {
    /// What the presentation is for, in the words that wallets show; the relying party's own purpose without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The name of the verifier's DCQL query that is asked; derived from the rules without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// How far the calendar of the age rules is ahead of UTC, in minutes: whoever turns eighteen today does so at midnight where
    /// the policy is kept, not in Greenwich.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub utc_offset_minutes: i16,
    /// What shows that several credentials are one person's.
    #[serde(default)]
    pub combined: Combined,
    /// With [`Combined::SameClaims`]: groups of claims, by the credential's `id`, that must have one value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_claims: Vec<BTreeMap<QueryId, ClaimsPath>>,
    /// How long results are kept after the request has expired, in seconds, where that is shorter than what the relying party
    /// is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_retention_seconds: Option<u32>,
    /// Whether the signed request and the answer to it are kept word for word, as long as the result.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub keep_evidence: bool,
    /// What a webhook tells.
    #[serde(default)]
    pub webhook: WebhookContents,
    /// The receipt that both sides get; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptDocument>,
    /// How long the presentation is relied on, and what is told meanwhile; nothing without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reliance: Option<RelianceDocument>,
    /// The transactions that answers have to authorise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transactions: Vec<TransactionRuleDocument>,
    /// What is wanted of each credential.
    pub credentials: Vec<CredentialRuleDocument>,
}

/// What is wanted of one credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialRuleDocument {
    /// Its name in the query and in the decision.
    pub id: QueryId,
    /// Credentials with one `one_of` are alternatives: one of them is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<QueryId>,
    /// Whether the holder may leave it out.
    #[serde(default)]
    pub presence: Presence,
    /// The format.
    pub format: PolicyFormat,
    /// The types that are taken: `vct`s, document types, type IRIs of the W3C. None with `claim_169`, which has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// The issuers that are taken, each by the identifier or the name that the trust list gives it; every trusted one without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<String>,
    /// The least level of assurance, one of the verifier's levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<String>,
    /// Whether a credential needs a status.
    #[serde(default)]
    pub status: StatusRule,
    /// How old the statement about the status may be, in seconds, counted from when its signer made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_max_age_seconds: Option<u32>,
    /// What binds the credential to the person who shows it. It has no default: whoever writes a policy decides.
    pub binding: BindingRule,
    /// The claims that are wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimRuleDocument>,
    /// How old the person must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<AgeRuleDocument>,
    /// The claims that are kept in the result; none without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep_claims: Vec<ClaimsPath>,
    /// Whether the photo is kept in the result. Where a face is to be compared it is needed.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub keep_photo: bool,
    /// What verified claims are made of it; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_claims: Option<VerifiedClaimsDocument>,
}

/// What is wanted of one claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRuleDocument {
    /// Where it stands, as in DCQL. Where the path selects several values, one that fits is enough.
    pub path: ClaimsPath,
    /// Whether it may be missing.
    #[serde(default)]
    pub presence: Presence,
    /// A regular expression that the whole text must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The values that are taken: texts, whole numbers, truth values. The wallet is told them, and offers nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

/// How old the person must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeRuleDocument {
    /// The least number of completed years.
    pub over: u8,
    /// Claims that say so by `true`, the one that discloses least first, such as `["age_equal_or_over", "18"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimsPath>,
    /// The date of birth, which is asked for where none of them can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<ClaimsPath>,
}

/// What shows that several credentials are one person's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combined {
    /// They are bound to one key.
    #[default]
    SameKey,
    /// Claims that identify the person have one value in all of them.
    SameClaims,
    /// Nothing: they may be several people's, such as those of parent and child.
    SeveralPeople,
}

/// Whether something may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Without it the policy is not satisfied.
    #[default]
    Required,
    /// It may be missing.
    Optional,
}

/// Whether a credential needs a status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusRule {
    /// A credential that names no status list lives by its expiry alone.
    #[default]
    WhereReferenced,
    /// A credential without a status is refused.
    Always,
}

/// What binds a credential to the person who shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingRule {
    /// The holder proves the key in the credential, for this request.
    Key,
    /// The same, or a person compares the photo.
    Face,
    /// Nothing: whoever brings it is taken for somebody who may, as with a ticket.
    None,
}

/// What a webhook tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookContents {
    /// That there is a result, and how the policy decided: nothing about anybody.
    #[default]
    Notice,
    /// The result itself, with the claims that the policy keeps.
    Result,
}

/// The format of a credential, by the name that DCQL gives it; a printed card has none there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PolicyFormat {
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
    /// A Claim 169 code, which nobody can be asked for by a request.
    #[serde(rename = "claim_169")]
    Claim169,
}

impl PolicyFormat {
    /// The format as reports name it.
    #[must_use]
    pub const fn credential_format(self) -> CredentialFormat {
        match self {
            Self::SdJwtVc => CredentialFormat::SdJwtVc,
            Self::Mdoc => CredentialFormat::Mdoc,
            Self::LdpVc => CredentialFormat::LdpVc,
            Self::JwtVc => CredentialFormat::JwtVc,
            Self::Claim169 => CredentialFormat::Claim169,
        }
    }

    /// The format identifier of DCQL; `None` where it has none.
    #[must_use]
    pub const fn query_format(self) -> Option<&'static str> {
        match self {
            Self::SdJwtVc => Some("dc+sd-jwt"),
            Self::Mdoc => Some("mso_mdoc"),
            Self::LdpVc => Some("ldp_vc"),
            Self::JwtVc => Some("jwt_vc_json"),
            Self::Claim169 => None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &i16) -> bool {
    *number == 0
}
