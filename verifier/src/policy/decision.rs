//! How a policy decided.
//!
//! The JSON form is stable, as that of reports is: a change raises [`DECISION_VERSION`].

use serde::{Deserialize, Serialize};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::UnixTime;

use crate::name::PolicyName;

/// The version of the JSON form.
pub const DECISION_VERSION: u16 = 1;

/// How a policy decided. It names rules and the claims that the policy names, and says no value of any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDecision {
    /// The version of this form, [`DECISION_VERSION`].
    pub version: u16,
    /// The policy.
    pub policy: PolicyName,
    /// The answer in one word.
    pub outcome: PolicyOutcome,
    /// When it was decided, which is also the day of the age rules.
    pub decided_at: UnixTime,
    /// Every rule that was looked at, in the order of the policy.
    pub rules: Vec<RuleResult>,
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyOutcome {
    /// Every rule is kept.
    Satisfied,
    /// Every rule is kept once a person has compared the face.
    FaceToCompare,
    /// A rule is broken.
    NotSatisfied,
    /// No rule is known to be broken, and of one it cannot be told, such as while a status list cannot be fetched.
    Unknown,
}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleResult {
    /// The rule.
    pub rule: Rule,
    /// The credential of the policy that it is about; none for the answer as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The claim that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimsPath>,
    /// What came out.
    #[serde(flatten)]
    pub outcome: RuleOutcome,
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// The answer is what the query asked for.
    Answer,
    /// A credential of the policy is there.
    Presence,
    /// It is what a trusted issuer made, in its time.
    Genuine,
    /// It has the format and one of the types.
    Type,
    /// It is by one of the issuers.
    Issuer,
    /// It has the level of assurance.
    Assurance,
    /// It is in force.
    Status,
    /// That is known from a time that is late enough.
    StatusAge,
    /// It is bound to the person who shows it.
    Binding,
    /// A claim is there.
    Claim,
    /// It matches its regular expression.
    Pattern,
    /// It has one of its values.
    Values,
    /// The person is old enough.
    Age,
    /// All credentials are one person's.
    OneHolder,
}

/// What came out of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RuleOutcome {
    /// Kept.
    Passed,
    /// Kept once a person has compared the face.
    FaceToCompare,
    /// Broken.
    Failed {
        /// Why.
        reason: RuleReason,
    },
    /// It cannot be told.
    Unknown {
        /// Why not.
        reason: RuleReason,
    },
}

/// Why a rule is broken, or cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RuleReason {
    /// It is not there.
    Missing,
    /// It was not asked for.
    NotAsked,
    /// The answer does not fit the query; the result says how.
    NotAsAsked,
    /// It is not what its issuer made, or its time is over or to come.
    NotAuthentic,
    /// The trust list does not let this issuer make it.
    NotTrusted,
    /// There is not enough evidence.
    EvidenceMissing,
    /// Another format.
    OtherFormat,
    /// Another type.
    OtherType,
    /// Another issuer.
    OtherIssuer,
    /// The verifier gives these credentials no level of assurance.
    NoAssurance,
    /// A level that is too low.
    AssuranceTooLow,
    /// The credential has no status.
    WithoutStatus,
    /// Suspended.
    Suspended,
    /// Revoked.
    Revoked,
    /// The status is not one that the list has.
    StatusOutOfRange,
    /// The statement about the status is too old.
    StatusTooOld,
    /// The pack at hand does not cover the list.
    StatusNotCovered,
    /// The holder proved no key.
    KeyNotProven,
    /// The holder's proof is wrong.
    ProofRefuted,
    /// There is no photo to compare.
    NoPhoto,
    /// The claim has another shape than text.
    NotText,
    /// The text does not match.
    PatternNotMatched,
    /// Another value.
    OtherValue,
    /// Not old enough, or not shown to be.
    NotOldEnough,
    /// The date of birth is no full date.
    UnreadableDate,
    /// Bound to different keys, or one of them to none.
    OtherKey,
    /// The claims that identify the person differ, or one is not comparable.
    OtherPerson,
}

impl PolicyDecision {
    pub(super) fn of(policy: PolicyName, decided_at: UnixTime, rules: Vec<RuleResult>) -> Self {
        let any = |wanted: fn(&RuleOutcome) -> bool| rules.iter().any(|result| wanted(&result.outcome));
        // A broken rule outweighs what is unknown, and that what a person has yet to do.
        let outcome = if any(|outcome| matches!(outcome, RuleOutcome::Failed { .. })) {
            PolicyOutcome::NotSatisfied
        } else if any(|outcome| matches!(outcome, RuleOutcome::Unknown { .. })) {
            PolicyOutcome::Unknown
        } else if any(|outcome| matches!(outcome, RuleOutcome::FaceToCompare)) {
            PolicyOutcome::FaceToCompare
        } else {
            PolicyOutcome::Satisfied
        };
        Self {
            version: DECISION_VERSION,
            policy,
            outcome,
            decided_at,
            rules,
        }
    }

    /// The first rule that is broken, or cannot be told, with its reason.
    #[must_use]
    pub fn first_obstacle(&self) -> Option<(&RuleResult, RuleReason)> {
        let failed = self.rules.iter().find_map(|result| match result.outcome {
            RuleOutcome::Failed { reason } => Some((result, reason)),
            _ => None,
        });
        failed.or_else(|| {
            self.rules.iter().find_map(|result| match result.outcome {
                RuleOutcome::Unknown { reason } => Some((result, reason)),
                _ => None,
            })
        })
    }
}
