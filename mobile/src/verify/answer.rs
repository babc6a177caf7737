//! What an answer led to.

use symbolon_crypto::UnixTime;
use symbolon_verifier::offline;
use symbolon_wallet_core::Languages;

use super::report::{CredentialReport, Verdict, word};

/// What an answer led to.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct JudgedAnswer {
    /// The verdict of the whole: the worst of its parts, and `Invalid` where good parts are not what was asked for.
    pub verdict: Verdict,
    /// The time of the oldest evidence about the status of anything in it, which a person reads as "as of": seconds since
    /// 1970-01-01T00:00:00Z.
    pub as_of: Option<i64>,
    /// Whether it is what was asked for: complete, nothing unasked, one person.
    pub is_as_asked: bool,
    /// The same as a fixed word: `as_asked`, `incomplete`, `unasked_claims`.
    pub finding: String,
    /// What answers each query.
    pub queries: Vec<AnsweredQuery>,
}

/// What answers one query.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct AnsweredQuery {
    /// The name of the query.
    pub query: String,
    /// What was found of each credential.
    pub reports: Vec<CredentialReport>,
}

impl JudgedAnswer {
    pub(super) fn of(judged: offline::JudgedAnswer, languages: &Languages) -> Self {
        Self {
            verdict: judged.verdict().into(),
            as_of: judged.as_of().map(UnixTime::seconds),
            is_as_asked: judged.check.is_as_asked(),
            finding: word(serde_json::to_value(judged.check)),
            queries: judged
                .reports
                .into_iter()
                .map(|(query, reports)| AnsweredQuery {
                    query: query.to_string(),
                    reports: reports
                        .into_iter()
                        .map(|report| CredentialReport::of(report, languages))
                        .collect(),
                })
                .collect(),
        }
    }
}
