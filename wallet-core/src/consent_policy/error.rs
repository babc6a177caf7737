//! Why a policy cannot be used.

use thiserror::Error;

/// A text that is no address of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the address of a person is 1 to 64 lower-case letters, digits and hyphens")]
pub struct NotAnAddress;

/// A key of a policy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key}: {defect}")]
pub struct ConsentPolicyError {
    /// The key, as it is reached from the beginning of the file: `presentations.rules[2].verifier`.
    pub key: String,
    /// What is wrong with it.
    pub defect: ConsentPolicyDefect,
}

impl ConsentPolicyError {
    pub(super) fn new(key: &str, defect: ConsentPolicyDefect) -> Self {
        Self {
            key: key.to_owned(),
            defect,
        }
    }
}

/// What is wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConsentPolicyDefect {
    /// Another version than this one reads.
    #[error("only version 1 is read")]
    Version,
    /// A number that is too small or too large.
    #[error("the number is out of range")]
    OutOfRange,
    /// Nothing where something is needed.
    #[error("it is empty")]
    Empty,
    /// Used before.
    #[error("another entry has the same")]
    Twice,
    /// More than are read.
    #[error("there are too many")]
    TooMany,
    /// No condition.
    #[error("a rule that names nobody would be about everybody")]
    NamesNobody,
    /// A condition that anybody can meet.
    #[error(
        "a rule that shares must say who asks by client_ids or names: anybody can have an identifier of this kind"
    )]
    NamesAnybody,
    /// Transactions are authorised for anybody by a rule that answers nobody but its owner.
    #[error("a rule that authorises for anybody has to answer for anybody: say answers_for_anybody too")]
    AnswersNobody,
    /// What only a rule that shares or receives can say.
    #[error("only a rule that shares or receives can say this")]
    NothingToSay,
    /// No client identifier.
    #[error("it is no client identifier")]
    ClientId,
    /// Somebody whose wallet is not served.
    #[error("nobody is reached at this address; see people")]
    UnknownPerson,
    /// Two members that exclude each other.
    #[error("claims and all_claims exclude each other")]
    Contradiction,
}
