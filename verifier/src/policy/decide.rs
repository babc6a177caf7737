//! A policy against the reports of what was presented.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::QueryId;
use time::Date;

use super::age::{completed_years, day, parse_date};
use super::assurance::is_of_type;
use super::compile::{ClaimRule, CredentialRule, PresentationPolicy};
use super::decision::{PolicyDecision, Rule, RuleOutcome, RuleReason, RuleResult};
use super::document::{AgeRuleDocument, BindingRule, Combined, Presence, StatusRule};
use crate::answer::AnswerCheck;
use crate::report::{Authentic, Holder, Report, Standing, Status, Trusted};

/// Reports by the credential of the policy that each is taken for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SortedReports {
    /// The reports.
    pub reports: BTreeMap<QueryId, Vec<Report>>,
    /// Those that are of no credential of the policy.
    pub unasked: Vec<Report>,
}

impl PresentationPolicy {
    /// Sorts the reports of what was handed in, and answers no query: each is taken for the first credential of the policy that has its
    /// format and type, is not taken yet, and is no alternative of one that is.
    #[must_use]
    pub fn sort(&self, reports: Vec<Report>) -> SortedReports {
        let mut sorted = SortedReports::default();
        let mut taken: BTreeSet<&QueryId> = BTreeSet::new();
        for report in reports {
            let rule = self
                .credentials
                .iter()
                .find(|rule| !taken.contains(&rule.group) && rule.has_kind_of(&report));
            match rule {
                Some(rule) => {
                    taken.insert(&rule.group);
                    sorted.reports.entry(rule.id.clone()).or_default().push(report);
                }
                None => sorted.unasked.push(report),
            }
        }
        sorted
    }

    /// Decides about what was handed in.
    #[must_use]
    pub fn decide_sorted(&self, sorted: &SortedReports, now: UnixTime) -> PolicyDecision {
        let answer = if sorted.unasked.is_empty() {
            RuleOutcome::Passed
        } else {
            failed(RuleReason::NotAsked)
        };
        self.decide_with(&sorted.reports, answer, now)
    }

    /// Decides about the answer to the policy's query. `answer` is what [`check_answer`](crate::answer::check_answer) found with
    /// [`PresentationPolicy::holder_keys`]; `now` is the clock of the request, which also says which day it is.
    #[must_use]
    pub fn decide(
        &self,
        reports: &BTreeMap<QueryId, Vec<Report>>,
        answer: AnswerCheck,
        now: UnixTime,
    ) -> PolicyDecision {
        let answer = if answer.is_as_asked() {
            RuleOutcome::Passed
        } else {
            failed(RuleReason::NotAsAsked)
        };
        self.decide_with(reports, answer, now)
    }

    fn decide_with(
        &self,
        reports: &BTreeMap<QueryId, Vec<Report>>,
        answer: RuleOutcome,
        now: UnixTime,
    ) -> PolicyDecision {
        let mut rules = vec![RuleResult {
            rule: Rule::Answer,
            credential: None,
            claim: None,
            outcome: answer,
        }];
        let today = day(now, self.utc_offset_minutes);
        let is_presented =
            |rule: &CredentialRule| reports.get(&rule.id).is_some_and(|found| !found.is_empty());
        let mut missing: BTreeSet<&QueryId> = BTreeSet::new();
        for rule in &self.credentials {
            let answered = self
                .credentials
                .iter()
                .any(|other| other.group == rule.group && is_presented(other));
            if !answered && rule.presence == Presence::Required && missing.insert(&rule.group) {
                rules.push(RuleResult {
                    rule: Rule::Presence,
                    credential: Some(rule.group.as_str().to_owned()),
                    claim: None,
                    outcome: failed(RuleReason::Missing),
                });
            }
            for report in reports.get(&rule.id).into_iter().flatten() {
                let look = Look {
                    policy: self,
                    rule,
                    report,
                    now,
                    today,
                };
                look.at_all(&mut rules);
            }
        }
        if let Some(outcome) = self.one_holder(reports) {
            rules.push(RuleResult {
                rule: Rule::OneHolder,
                credential: None,
                claim: None,
                outcome,
            });
        }
        PolicyDecision::of(self.name.clone(), now, rules)
    }

    /// Whether everything is one person's; `None` where nobody asks, or one credential was presented.
    fn one_holder(&self, reports: &BTreeMap<QueryId, Vec<Report>>) -> Option<RuleOutcome> {
        let presented = || {
            self.credentials.iter().flat_map(|rule| {
                let found = reports.get(&rule.id).into_iter().flatten();
                found.map(move |report| (&rule.id, report))
            })
        };
        if presented().count() < 2 {
            return None;
        }
        match self.combined {
            Combined::SeveralPeople => None,
            Combined::SameKey => {
                let mut keys = presented().map(|(_, report)| report.holder_key.as_deref());
                let first = keys.next().flatten();
                let same = first.is_some() && keys.all(|key| key == first);
                Some(passed_or(same, RuleReason::OtherKey))
            }
            Combined::SameClaims => {
                let same = self.same_claims.iter().all(|group| {
                    let mut values =
                        presented().map(|(id, report)| identifying_value(report, group.get(id)?));
                    let first = values.next().flatten();
                    first.is_some() && values.all(|value| value == first)
                });
                Some(passed_or(same, RuleReason::OtherPerson))
            }
        }
    }
}

/// The one value that tells whom a credential is about. An object or a list is no name of anybody, and an empty text is everybody's.
fn identifying_value<'r>(report: &'r Report, path: &ClaimsPath) -> Option<&'r Value> {
    match path.select(&report.claims).ok()?.as_slice() {
        [value @ Value::String(text)] if !text.trim().is_empty() => Some(value),
        [value @ Value::Number(_)] => Some(value),
        _ => None,
    }
}

impl CredentialRule {
    /// Whether a credential is of the format and of a type that is wanted.
    fn has_kind_of(&self, report: &Report) -> bool {
        self.kind_mismatch(report).is_none()
    }

    fn kind_mismatch(&self, report: &Report) -> Option<RuleReason> {
        if report.format != self.format.credential_format() {
            return Some(RuleReason::OtherFormat);
        }
        let of_type = self.types.is_empty() || self.types.iter().any(|wanted| is_of_type(report, wanted));
        (!of_type).then_some(RuleReason::OtherType)
    }
}

/// One presented credential beside its rule.
#[derive(Clone, Copy)]
struct Look<'a> {
    policy: &'a PresentationPolicy,
    rule: &'a CredentialRule,
    report: &'a Report,
    now: UnixTime,
    today: Option<Date>,
}

impl Look<'_> {
    fn at_all(self, rules: &mut Vec<RuleResult>) {
        let mut add = |rule: Rule, claim: Option<&ClaimsPath>, outcome: RuleOutcome| {
            rules.push(RuleResult {
                rule,
                credential: Some(self.rule.id.as_str().to_owned()),
                claim: claim.cloned(),
                outcome,
            });
        };
        add(Rule::Genuine, None, self.genuine());
        let kind = self.rule.kind_mismatch(self.report);
        add(Rule::Type, None, kind.map_or(RuleOutcome::Passed, failed));
        if !self.rule.issuers.is_empty() {
            add(Rule::Issuer, None, self.issuer());
        }
        if let Some(least) = self.rule.assurance {
            add(Rule::Assurance, None, self.assurance(least));
        }
        add(Rule::Status, None, self.status());
        if let Some(outcome) = self.status_age() {
            add(Rule::StatusAge, None, outcome);
        }
        add(Rule::Binding, None, self.binding());
        for claim in &self.rule.claims {
            let found = claim.path.select(&self.report.claims).unwrap_or_default();
            if found.is_empty() {
                if claim.presence == Presence::Required {
                    add(Rule::Claim, Some(&claim.path), failed(RuleReason::Missing));
                }
                continue;
            }
            add(Rule::Claim, Some(&claim.path), RuleOutcome::Passed);
            if let Some(outcome) = pattern(claim, &found) {
                add(Rule::Pattern, Some(&claim.path), outcome);
            }
            if !claim.values.is_empty() {
                let fits = claim
                    .values
                    .iter()
                    .any(|wanted| found.iter().any(|value| wanted.equals(value)));
                add(
                    Rule::Values,
                    Some(&claim.path),
                    passed_or(fits, RuleReason::OtherValue),
                );
            }
        }
        if let Some(age) = &self.rule.age {
            add(Rule::Age, None, self.age(age));
        }
    }

    fn genuine(self) -> RuleOutcome {
        match (self.report.authentic.state, self.report.trusted.state) {
            (Authentic::NotAuthentic, _) => failed(RuleReason::NotAuthentic),
            (_, Trusted::NotTrusted) => failed(RuleReason::NotTrusted),
            (Authentic::Unknown, _) | (_, Trusted::Unknown) => unknown(RuleReason::EvidenceMissing),
            (Authentic::Authentic, Trusted::Trusted) => RuleOutcome::Passed,
        }
    }

    fn issuer(self) -> RuleOutcome {
        let issuer = self.report.issuer.as_ref();
        let taken = issuer.is_some_and(|issuer| self.rule.issuers.contains(&issuer.identifier));
        passed_or(taken, RuleReason::OtherIssuer)
    }

    fn assurance(self, least: usize) -> RuleOutcome {
        match self.policy.assurances.rank_of(self.report) {
            None => failed(RuleReason::NoAssurance),
            Some(rank) => passed_or(rank >= least, RuleReason::AssuranceTooLow),
        }
    }

    fn status(self) -> RuleOutcome {
        match self.report.status.state {
            Status::Good => RuleOutcome::Passed,
            Status::WithoutStatus => passed_or(
                self.rule.status == StatusRule::WhereReferenced,
                RuleReason::WithoutStatus,
            ),
            Status::Suspended => failed(RuleReason::Suspended),
            Status::Revoked => failed(RuleReason::Revoked),
            Status::OutOfRange => failed(RuleReason::StatusOutOfRange),
            Status::Unknown => unknown(match self.report.standing() {
                Standing::NotCovered => RuleReason::StatusNotCovered,
                Standing::TooOld => RuleReason::StatusTooOld,
                _ => RuleReason::EvidenceMissing,
            }),
        }
    }

    fn status_age(self) -> Option<RuleOutcome> {
        let most = self.rule.status_max_age?;
        match (self.report.as_of, self.report.status.state) {
            (Some(as_of), _) => Some(passed_or(self.now.since(as_of) <= most, RuleReason::StatusTooOld)),
            // It lives by its expiry alone, or its status is not known: the status says so.
            (None, Status::WithoutStatus) => None,
            (None, _) => Some(unknown(RuleReason::EvidenceMissing)),
        }
    }

    fn binding(self) -> RuleOutcome {
        let photo = self.report.photo.is_some();
        match (self.rule.binding, self.report.holder.state) {
            (_, Holder::Refuted) => failed(RuleReason::ProofRefuted),
            (_, Holder::ProvenByKey) | (BindingRule::None, _) => RuleOutcome::Passed,
            (BindingRule::Face, _) if photo => RuleOutcome::FaceToCompare,
            (BindingRule::Face, _) => failed(RuleReason::NoPhoto),
            (BindingRule::Key, Holder::NotChecked) => unknown(RuleReason::EvidenceMissing),
            (BindingRule::Key, Holder::CompareByEye | Holder::NotBound | Holder::NotAsked) => {
                failed(RuleReason::KeyNotProven)
            }
        }
    }

    fn age(self, rule: &AgeRuleDocument) -> RuleOutcome {
        let selected = |path: &ClaimsPath| path.select(&self.report.claims).unwrap_or_default();
        let says = |wanted: bool| {
            let wanted = Value::Bool(wanted);
            rule.claims
                .iter()
                .any(|path| selected(path).iter().any(|value| **value == wanted))
        };
        // What was true when the credential was issued is true still; what was false may have come true.
        if says(true) {
            return RuleOutcome::Passed;
        }
        let born = rule.birth_date.as_ref().map(selected).unwrap_or_default();
        let Some(born) = born.first() else {
            let reason = if says(false) {
                RuleReason::NotOldEnough
            } else {
                RuleReason::Missing
            };
            return failed(reason);
        };
        let (Some(born), Some(today)) = (born.as_str().and_then(parse_date), self.today) else {
            return failed(RuleReason::UnreadableDate);
        };
        let years = completed_years(born, today);
        passed_or(
            years.is_some_and(|years| years >= u16::from(rule.over)),
            RuleReason::NotOldEnough,
        )
    }
}

fn pattern(claim: &ClaimRule, found: &[&Value]) -> Option<RuleOutcome> {
    let pattern = claim.pattern.as_ref()?;
    let mut texts = found.iter().filter_map(|value| value.as_str()).peekable();
    Some(if texts.peek().is_none() {
        failed(RuleReason::NotText)
    } else {
        passed_or(
            texts.any(|text| pattern.matches(text)),
            RuleReason::PatternNotMatched,
        )
    })
}

const fn failed(reason: RuleReason) -> RuleOutcome {
    RuleOutcome::Failed { reason }
}

const fn unknown(reason: RuleReason) -> RuleOutcome {
    RuleOutcome::Unknown { reason }
}

const fn passed_or(fits: bool, reason: RuleReason) -> RuleOutcome {
    if fits { RuleOutcome::Passed } else { failed(reason) }
}
