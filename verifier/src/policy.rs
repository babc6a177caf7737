//! What a verifier demands.
//!
//! [`Policy`] is what every verification demands, and makes the verdict; every choice is named, and none has a default.
//! [`PresentationPolicy`] is what one relying party wants for one purpose. It is data: a [`PolicyDocument`], which is checked against
//! the trust list before anybody is asked. Its [`PolicyDecision`] says of each rule whether it is kept, and repeats nothing of what
//! was presented.

pub(crate) mod age;
mod assurance;
mod compile;
mod decide;
mod decision;
mod document;
mod error;
mod freshness;
mod keep;
mod pattern;
mod query;
mod records;
mod revocation;
mod sign_in;
#[cfg(test)]
pub(crate) mod tests;

use core::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_trust::status_list::StatusListBudget;

pub use self::assurance::{AssuranceScale, Assurances, IssuerAssurance};
pub use self::compile::{MAX_PURPOSE_CHARACTERS, PolicySurroundings, PresentationPolicy};
pub(crate) use self::compile::{check_purpose, check_words};
pub use self::decide::SortedReports;
pub use self::decision::{
    DECISION_VERSION, PolicyDecision, PolicyOutcome, Rule, RuleOutcome, RuleReason, RuleResult,
};
pub use self::document::{
    AgeRuleDocument, BindingRule, ClaimRuleDocument, Combined, CredentialRuleDocument, PolicyDocument,
    PolicyFormat, Presence, StatusRule, WebhookContents,
};
pub(crate) use self::error::at;
pub use self::error::{PolicyError, PolicyProblem};
pub use self::freshness::{
    CLAIM_169_TYPE, Freshness, FreshnessDocument, FreshnessError, FreshnessRule, FreshnessRules,
    MAX_FRESHNESS_TYPES, TypeFreshnessDocument, WhenOlder,
};
pub use self::records::{
    MAX_RETENTION_DAYS, ReceiptClaims, ReceiptDocument, ReceiptTerms, RelianceDocument, RelianceTerms,
};
pub use self::revocation::{RevocationDocument, RevocationPolicy, RevocationRules};

/// How old a holder's proof may be in the presets.
const PROOF_WINDOW: Duration = Duration::from_secs(300);
/// How far clocks may disagree in the presets.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// What a verifier demands of a presentation.
///
/// There is no `Default`: whoever verifies names a preset or every choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether a credential needs a status.
    pub status: StatusPolicy,
    /// How old a statement about the status may be, type by type, and what an older one means.
    pub freshness: FreshnessRules,
    /// How old a statement about the status may be that was fetched for another verification: an older one is to be fetched again. It
    /// changes nothing in the verdict about what is found then.
    pub kept_status: StatusAge,
    /// Whether the certificates of an issuer's signer are looked up in revocation lists.
    pub revocation: RevocationRules,
    /// What binds the credential to the person who shows it.
    pub holder: HolderPolicy,
    /// Whether type metadata are looked at.
    pub type_metadata: TypeMetadataPolicy,
    /// How old a holder's proof may be, and how far in the future.
    pub proof_window: Duration,
    /// How far the clocks of issuer and verifier may disagree about `nbf` and `exp`.
    pub clock_tolerance: Duration,
    /// How much of a status list is read.
    pub status_list_budget: StatusListBudget,
}

impl Policy {
    /// A relying party that sent a request and has a network: the holder proves a key, and a status that the
    /// credential names must be known.
    pub const RELYING_PARTY: Self = Self {
        status: StatusPolicy::WhereReferenced,
        freshness: FreshnessRules::AS_SIGNED,
        kept_status: StatusAge::AsSigned,
        revocation: RevocationRules::IF_AVAILABLE,
        holder: HolderPolicy::KeyProof,
        type_metadata: TypeMetadataPolicy::Ignored,
        proof_window: PROOF_WINDOW,
        clock_tolerance: CLOCK_TOLERANCE,
        status_list_budget: StatusListBudget::LARGEST_SHARD,
    };

    /// A counter where people show cards and phones, often without a network: every credential needs a status, and a
    /// photo may stand in for the key. With a photo the verdict is `genuine` at best.
    pub const CHECKPOINT: Self = Self {
        status: StatusPolicy::Always,
        freshness: FreshnessRules::AS_SIGNED,
        kept_status: StatusAge::AsSigned,
        revocation: RevocationRules::IF_AVAILABLE,
        holder: HolderPolicy::KeyOrPhoto,
        type_metadata: TypeMetadataPolicy::Ignored,
        proof_window: PROOF_WINDOW,
        clock_tolerance: CLOCK_TOLERANCE,
        status_list_budget: StatusListBudget::LARGEST_SHARD,
    };

    /// The same with rules about revocation lists.
    #[must_use]
    pub fn with_revocation(mut self, revocation: RevocationRules) -> Self {
        self.revocation = revocation;
        self
    }

    /// The same with rules of freshness.
    #[must_use]
    pub fn with_freshness(mut self, freshness: FreshnessRules) -> Self {
        self.freshness = freshness;
        self
    }
}

/// Whether a credential needs a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusPolicy {
    /// Without a status the verdict is unknown.
    Always,
    /// A credential that names no status list lives by its expiry alone, as one-time copies do; one that names a
    /// list needs an answer of it, or the verdict is unknown.
    WhereReferenced,
}

/// How old a statement about the status may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusAge {
    /// As old as its signer allows.
    AsSigned,
    /// At most this old, whatever its signer allows. Older evidence is no evidence.
    AtMost(Duration),
}

impl StatusAge {
    /// The shorter of two.
    #[must_use]
    pub fn shorter(self, other: Self) -> Self {
        match (self, other) {
            (Self::AtMost(one), Self::AtMost(other)) => Self::AtMost(one.min(other)),
            (Self::AsSigned, limited) | (limited, Self::AsSigned) => limited,
        }
    }

    /// Whether a statement of this time is young enough at `now`. One without a time is so only where any age is.
    #[must_use]
    pub fn permits(self, made_at: Option<UnixTime>, now: UnixTime) -> bool {
        match self {
            Self::AsSigned => true,
            Self::AtMost(most) => made_at.is_some_and(|made_at| now.since(made_at) <= most),
        }
    }
}

/// What binds a credential to the person who shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderPolicy {
    /// Only a proof by the key in the credential.
    KeyProof,
    /// Such a proof, or, where the credential has no key, a photo that a person compares.
    KeyOrPhoto,
}

/// Whether the metadata of a credential's type are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeMetadataPolicy {
    /// They serve display alone.
    Ignored,
    /// The credential must follow them, and without them the verdict is unknown. They come from the trust list, or
    /// are asked for.
    Enforced,
}
