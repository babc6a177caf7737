//! What is said of an answer as a whole.

use symbolon_verifier::answer::AnswerCheck;
use symbolon_verifier::policy::{PolicyDecision, PolicyOutcome};
use symbolon_verifier::report::{Report, Verdict};

use crate::page::Whole;

/// What is said of an answer as a whole, beside its reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Something that was asked for is missing.
    Incomplete,
    /// It is something else, or more, than was asked for.
    Other,
    /// It is several people's.
    SeveralHolders,
    /// A rule of the policy is broken.
    NotSatisfied,
    /// Whether a rule of the policy is kept cannot be told.
    Undecided,
}

impl Conclusion {
    /// The word of the verdict, and the key of the sentence.
    #[must_use]
    pub const fn whole(self) -> Whole {
        let (verdict, sentence) = match self {
            Self::Incomplete => (Verdict::Invalid, "why-answer-incomplete"),
            Self::Other => (Verdict::Invalid, "why-answer-other"),
            Self::SeveralHolders => (Verdict::Invalid, "why-answer-holders"),
            Self::NotSatisfied => (Verdict::Invalid, "why-answer-policy"),
            Self::Undecided => (Verdict::Unknown, "why-answer-undecided"),
        };
        Whole { verdict, sentence }
    }

    /// What the reports do not say themselves. One that is refused or in doubt says why, and has no claims that could be what was asked for.
    #[must_use]
    pub fn of(check: AnswerCheck, decision: Option<&PolicyDecision>, reports: &[&Report]) -> Option<Self> {
        let is_good = |report: &&Report| matches!(report.verdict, Verdict::Valid | Verdict::Genuine);
        if !reports.iter().all(is_good) {
            return None;
        }
        match (check, decision.map(|decision| decision.outcome)) {
            (AnswerCheck::AsAsked, Some(PolicyOutcome::NotSatisfied)) => Some(Self::NotSatisfied),
            (AnswerCheck::AsAsked, Some(PolicyOutcome::Unknown)) => Some(Self::Undecided),
            (AnswerCheck::AsAsked, _) => None,
            (AnswerCheck::Incomplete | AnswerCheck::EmptyAnswer | AnswerCheck::WrongClaims, _) => {
                Some(Self::Incomplete)
            }
            (AnswerCheck::SeveralHolders, _) => Some(Self::SeveralHolders),
            (_, _) => Some(Self::Other),
        }
    }
}
