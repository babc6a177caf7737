//! The shape of how a policy decided.

use symbolon_http::openapi::{ToSchema, anything, list_of, named};
use symbolon_verifier::policy::{PolicyOutcome, Rule, RuleReason};
use utoipa::openapi::{RefOr, Schema};

/// How a policy decided. It names rules and the claims that the policy names, and says no value of any.
#[derive(ToSchema)]
pub(in crate::routes) struct PolicyDecision {
    /// The version of this form.
    version: u16,
    /// The policy.
    policy: String,
    /// The answer in one word.
    #[schema(schema_with = policy_outcomes)]
    outcome: PolicyOutcome,
    /// When it was decided, in seconds since the epoch, which is also the day of the age rules.
    decided_at: i64,
    /// Every rule that was looked at, in the order of the policy.
    rules: Vec<RuleResult>,
}

/// What became of one rule.
#[derive(ToSchema)]
struct RuleResult {
    /// The rule.
    #[schema(schema_with = rules)]
    rule: Rule,
    /// The credential of the policy that it is about; none for the answer as a whole.
    credential: Option<String>,
    /// The claim that it is about, as a claims path pointer (OpenID4VP 1.0, section 7).
    #[schema(schema_with = claims_path, required = false)]
    claim: Option<()>,
    /// What came out.
    outcome: RuleProgress,
    /// Why it is broken, or cannot be told.
    #[schema(schema_with = reasons, required = false)]
    reason: Option<RuleReason>,
}

/// What came out of a rule.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum RuleProgress {
    /// Kept.
    Passed,
    /// Kept once a person has compared the face.
    FaceToCompare,
    /// Broken.
    Failed,
    /// It cannot be told.
    Unknown,
}

pub(in crate::routes) fn policy_outcomes() -> RefOr<Schema> {
    use PolicyOutcome::{FaceToCompare, NotSatisfied, Satisfied, Unknown};
    named([Satisfied, FaceToCompare, NotSatisfied, Unknown])
}

fn claims_path() -> RefOr<Schema> {
    list_of(anything())
}

fn rules() -> RefOr<Schema> {
    use Rule::{
        Age, Answer, Assurance, Binding, Claim, Genuine, Issuer, OneHolder, Pattern, Presence, Status,
        StatusAge, Type, Values,
    };
    named([
        Answer, Presence, Genuine, Type, Issuer, Assurance, Status, StatusAge, Binding, Claim, Pattern,
        Values, Age, OneHolder,
    ])
}

fn reasons() -> RefOr<Schema> {
    use RuleReason::{
        AssuranceTooLow, EvidenceMissing, KeyNotProven, Missing, NoAssurance, NoPhoto, NotAsAsked, NotAsked,
        NotAuthentic, NotOldEnough, NotText, NotTrusted, OtherFormat, OtherIssuer, OtherKey, OtherPerson,
        OtherType, OtherValue, PatternNotMatched, ProofRefuted, Revoked, StatusNotCovered, StatusOutOfRange,
        StatusTooOld, Suspended, UnreadableDate, WithoutStatus,
    };
    named([
        Missing,
        NotAsked,
        NotAsAsked,
        NotAuthentic,
        NotTrusted,
        EvidenceMissing,
        OtherFormat,
        OtherType,
        OtherIssuer,
        NoAssurance,
        AssuranceTooLow,
        WithoutStatus,
        Suspended,
        Revoked,
        StatusOutOfRange,
        StatusTooOld,
        StatusNotCovered,
        KeyNotProven,
        ProofRefuted,
        NoPhoto,
        NotText,
        PatternNotMatched,
        OtherValue,
        NotOldEnough,
        UnreadableDate,
        OtherKey,
        OtherPerson,
    ])
}
