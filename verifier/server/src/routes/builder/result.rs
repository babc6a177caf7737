//! What came of a request, in words.

use symbolon_pages::{Translation, Value, context};
use symbolon_verdict_page::{Shown, words};
use symbolon_verifier::policy::{PolicyDecision, PolicyOutcome, RuleOutcome, RuleResult};
use symbolon_verifier::report::Verdict;
use symbolon_verifier::store::{ResultOutcome, StoredReport};

use super::Visit;
use super::page::{path_words, pretty};
use crate::routes::administration::{RequestState, ResultBody};

impl Visit<'_> {
    /// The state as a sentence, with the colour of a verdict; of an answer the decision, the rules and the credentials.
    pub(super) fn result(&self, body: &ResultBody) -> Value {
        let outcome = body.result.as_ref().map(|result| &result.outcome);
        match (body.state, outcome) {
            (RequestState::Pending, _) => self.state_of("unknown", "state-pending"),
            (RequestState::Expired, _) => self.state_of("unknown", "state-expired"),
            (RequestState::Answered, None) => self.state_of("unknown", "state-withheld"),
            (RequestState::Answered, Some(ResultOutcome::Declined { error })) => context! {
                detail => words(error),
                report => pretty(body),
                ..self.state_of("unknown", "state-declined")
            },
            (
                RequestState::Answered,
                Some(ResultOutcome::Presented {
                    reports,
                    answer,
                    decision,
                    ..
                }),
            ) => {
                let (colour, key) = match decision {
                    Some(decision) => of_decision(decision.outcome),
                    None => of_reports(answer.is_as_asked(), reports),
                };
                let as_asked = answer.is_as_asked();
                context! {
                    detail => (!as_asked).then(|| answer.description()),
                    rules => decision.as_ref().map(|decision| self.rules(decision)),
                    verdicts => Value::from_safe_string(self.verdicts(reports)),
                    report => pretty(body),
                    ..self.state_of(colour, key)
                }
            }
        }
    }

    fn state_of(&self, colour: &'static str, key: &'static str) -> Value {
        let sentence = self.state.builder.translations().text(self.language(), key, &[]);
        context! {
            colour,
            sentence,
            detail => None::<String>,
            rules => None::<Vec<Value>>,
            verdicts => None::<String>,
            report => None::<String>,
        }
    }

    fn rules(&self, decision: &PolicyDecision) -> Vec<Value> {
        let rules = decision.rules.iter();
        rules.map(|rule| self.rule(self.language(), rule)).collect()
    }

    fn rule(&self, language: &Translation, result: &RuleResult) -> Value {
        let builder = &self.state.builder;
        let text = |kind: &str, name: String| {
            let key = format!("{kind}-{}", name.replace(' ', "_"));
            builder.text_or(language, &key, name)
        };
        let (outcome, reason) = match result.outcome {
            RuleOutcome::Passed => ("passed", None),
            RuleOutcome::FaceToCompare => ("face", None),
            RuleOutcome::Failed { reason } => ("failed", Some(reason)),
            RuleOutcome::Unknown { reason } => ("absent", Some(reason)),
        };
        context! {
            outcome,
            said => text("came", outcome.to_owned()),
            rule => text("rule", words(&result.rule)),
            reason => reason.map(|reason| text("reason", words(&reason))),
            credential => result.credential.as_deref(),
            claim => result.claim.as_ref().map(path_words),
        }
    }

    /// The credentials as the shop's page shows them.
    fn verdicts(&self, reports: &[StoredReport]) -> String {
        let pages = self.state.builder.verdicts();
        let now = self.state.now();
        let shown: Vec<Shown> = reports
            .iter()
            .map(|stored| Shown::of(stored.report.clone(), now))
            .collect();
        let known = pages.translations();
        let language = known.matching(&self.language().tag).unwrap_or(known.english());
        pages.verdicts(language, &shown, None).unwrap_or_default()
    }
}

const fn of_decision(outcome: PolicyOutcome) -> (&'static str, &'static str) {
    match outcome {
        PolicyOutcome::Satisfied => ("valid", "decided-satisfied"),
        PolicyOutcome::FaceToCompare => ("genuine", "decided-face"),
        PolicyOutcome::NotSatisfied => ("invalid", "decided-not-satisfied"),
        PolicyOutcome::Unknown => ("unknown", "decided-unknown"),
    }
}

/// Without a policy nobody has decided: the worst credential counts.
fn of_reports(as_asked: bool, reports: &[StoredReport]) -> (&'static str, &'static str) {
    let verdicts = reports.iter().map(|stored| stored.report.verdict);
    match verdicts.max_by_key(|verdict| verdict.severity()) {
        Some(Verdict::Invalid) => ("invalid", "shown-invalid"),
        None | Some(Verdict::Unknown) => ("unknown", "shown-unknown"),
        Some(_) if !as_asked => ("invalid", "shown-otherwise"),
        Some(Verdict::Valid) => ("valid", "shown-valid"),
        Some(Verdict::Genuine) => ("genuine", "shown-genuine"),
    }
}
