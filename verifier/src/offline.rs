//! Judging without a network: a credential by itself, and a whole answer against the query that was asked.

use std::collections::BTreeMap;

use symbolon_credential::Input;
use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::{DcqlQuery, QueryId};
use symbolon_protocol::openid4vp::response::VpToken;

use crate::answer::{AnswerCheck, HolderKeys, check_answer};
use crate::card::JudgedCode;
use crate::evidence::Evidence;
use crate::expected::{Binding, Expected};
use crate::input::inputs_of_token;
use crate::policy::{Policy, PresentationPolicy};
use crate::report::{Report, Verdict};
use crate::session::{Step, UnreadablePresentation, VerificationSession};
use crate::tools::Tools;

/// What an answer led to.
#[derive(Debug, Clone)]
pub struct JudgedAnswer {
    /// The reports by the query that they answer.
    pub reports: BTreeMap<QueryId, Vec<Report>>,
    /// Whether the whole is what was asked for.
    pub check: AnswerCheck,
}

impl JudgedAnswer {
    /// The verdict of the whole: the worst of its parts, and `invalid` where good parts are not what was asked for. What is refused or
    /// in doubt says so itself, and has no claims that could be what was asked for.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let parts = self.reports.values().flatten().map(|report| report.verdict);
        match parts.max_by_key(|verdict| verdict.severity()) {
            Some(Verdict::Valid | Verdict::Genuine) | None if !self.check.is_as_asked() => Verdict::Invalid,
            Some(worst) => worst,
            None => Verdict::Unknown,
        }
    }

    /// The time of the oldest evidence about the status of anything in the answer: the whole is known as of then. `None` where
    /// nothing is known of any status.
    #[must_use]
    pub fn as_of(&self) -> Option<UnixTime> {
        let reports = self.reports.values().flatten();
        reports.filter_map(|report| report.as_of).min()
    }
}

/// What is the same for everything that is judged at one time.
#[derive(Clone)]
pub struct Judge<'t> {
    /// What it computes with.
    pub tools: Tools<'t>,
    /// The rules.
    pub policy: Policy,
    /// As of when.
    pub now: UnixTime,
}

impl Judge<'_> {
    /// Judges one input. What its session wants and `evidence` does not have counts as absent.
    ///
    /// # Errors
    /// [`UnreadablePresentation`].
    pub fn judge(
        &self,
        input: &Input<'_>,
        expected: Expected,
        evidence: &mut Evidence<'_>,
    ) -> Result<Vec<JudgedCode>, UnreadablePresentation> {
        let mut session = VerificationSession::new(input, expected, self.policy.clone())?;
        loop {
            match session.step(evidence, self.tools, self.now) {
                Step::Done(reports) => return Ok(session.into_codes(reports)),
                Step::Wants(wants) => wants.into_iter().for_each(|want| evidence.add_absent(want)),
            }
        }
    }

    /// Judges every presentation of an answer, and the answer as a whole. `binding` is what its proofs must be about.
    ///
    /// # Errors
    /// [`UnreadablePresentation`] when a presentation has the form of none.
    pub fn judge_answer(
        &self,
        query: &DcqlQuery,
        token: &VpToken,
        binding: &Binding,
        keys: HolderKeys,
        evidence: &mut Evidence<'_>,
    ) -> Result<JudgedAnswer, UnreadablePresentation> {
        self.judge_each(query, token, binding, keys, None, evidence)
    }

    /// The same for the query of a policy, by its rules. What it makes of the reports, [`PresentationPolicy::decide`] says.
    ///
    /// # Errors
    /// [`UnreadablePresentation`] when a presentation has the form of none.
    pub fn judge_answer_to_policy(
        &self,
        query: &DcqlQuery,
        token: &VpToken,
        binding: &Binding,
        policy: &PresentationPolicy,
        evidence: &mut Evidence<'_>,
    ) -> Result<JudgedAnswer, UnreadablePresentation> {
        self.judge_each(
            query,
            token,
            binding,
            policy.holder_keys(),
            Some(policy),
            evidence,
        )
    }

    fn judge_each(
        &self,
        query: &DcqlQuery,
        token: &VpToken,
        binding: &Binding,
        keys: HolderKeys,
        policy: Option<&PresentationPolicy>,
        evidence: &mut Evidence<'_>,
    ) -> Result<JudgedAnswer, UnreadablePresentation> {
        let mut reports: BTreeMap<QueryId, Vec<Report>> = BTreeMap::new();
        for (id, input) in inputs_of_token(token)? {
            // What nobody asked for is judged like what is bound to its holder, and the answer refused for it.
            let expected = match query.credential(id) {
                Some(asked) => Expected::of_query(asked, binding.clone()),
                None => Expected::Bound(binding.clone()),
            };
            let base = self.policy.clone();
            let demanding = Judge {
                policy: policy.map_or_else(|| base.clone(), |policy| policy.verification(base.clone(), id)),
                ..self.clone()
            };
            let judged = demanding.judge(&input, expected, evidence)?;
            let found = judged.iter().map(|code| code.report().clone());
            reports.entry(id.clone()).or_default().extend(found);
        }
        let check = check_answer(query, &reports, keys);
        Ok(JudgedAnswer { reports, check })
    }
}
