//! From a document to a policy that can be asked: every key checked, every name resolved.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_protocol::dcql::{ClaimValue, DcqlQuery, QueryId};
use symbolon_protocol::openid4vp::transaction_data::{MAX_TRANSACTIONS, TransactionDefect, TransactionTypes};
use symbolon_trust::trust_list::TrustList;

use super::assurance::{Assurances, issuer_identifier};
use super::document::{
    AgeRuleDocument, BindingRule, ClaimRuleDocument, Combined, CredentialRuleDocument, PolicyDocument,
    PolicyFormat, Presence, StatusRule, WebhookContents,
};
use super::error::{PolicyError, PolicyProblem, at};
use super::pattern::Pattern;
use super::query;
use super::records::{ReceiptDocument, ReceiptTerms, RelianceDocument, RelianceTerms};
use super::sign_in::takes_several;
use super::{HolderPolicy, Policy, StatusAge};
use crate::answer::HolderKeys;
use crate::name::PolicyName;
use crate::transaction::order::TransactionRuleDocument;
use crate::verified_claims::ClaimsMapping;

/// The longest purpose, in characters: a wallet shows it beside a button.
pub const MAX_PURPOSE_CHARACTERS: usize = 200;
const MAX_CREDENTIALS: usize = 16;
const MAX_CLAIMS: usize = 64;
const MAX_VALUES: usize = 64;
const MAX_TYPES: usize = 32;
const MAX_ISSUERS: usize = 256;
const MAX_GROUPS: usize = 8;
const MAX_AGE_YEARS: u8 = 150;

/// What a policy is checked against.
#[derive(Debug, Clone, Copy)]
pub struct PolicySurroundings<'a> {
    /// Whom the verifier trusts.
    pub trust_list: &'a TrustList,
    /// The verifier's levels of assurance.
    pub assurances: &'a Assurances,
    /// The verifier's queries.
    pub queries: &'a BTreeMap<String, DcqlQuery>,
    /// The types of transaction data that the verifier knows.
    pub transaction_types: &'a TransactionTypes,
}

/// A policy that was checked.
#[derive(Debug, Clone)]
pub struct PresentationPolicy {
    pub(super) name: PolicyName,
    purpose: Option<String>,
    query: Option<DcqlQuery>,
    pub(super) utc_offset_minutes: i16,
    pub(super) combined: Combined,
    pub(super) same_claims: Vec<BTreeMap<QueryId, ClaimsPath>>,
    result_retention_seconds: Option<u32>,
    keep_evidence: bool,
    webhook: WebhookContents,
    receipt: Option<ReceiptTerms>,
    reliance: Option<RelianceTerms>,
    transactions: Vec<TransactionRuleDocument>,
    pub(super) credentials: Vec<CredentialRule>,
    pub(super) assurances: Assurances,
}

/// What is wanted of one credential.
#[derive(Debug, Clone)]
pub(super) struct CredentialRule {
    pub(super) id: QueryId,
    /// Shared by alternatives; its own id where there are none.
    pub(super) group: QueryId,
    pub(super) presence: Presence,
    pub(super) format: PolicyFormat,
    pub(super) types: Vec<String>,
    /// Identifiers; empty for every trusted issuer.
    pub(super) issuers: BTreeSet<String>,
    /// The rank of the least level.
    pub(super) assurance: Option<usize>,
    pub(super) status: StatusRule,
    pub(super) status_max_age: Option<Duration>,
    pub(super) binding: BindingRule,
    pub(super) claims: Vec<ClaimRule>,
    pub(super) age: Option<AgeRuleDocument>,
    pub(super) keep_claims: Vec<ClaimsPath>,
    pub(super) keep_photo: bool,
    pub(super) verified_claims: Option<ClaimsMapping>,
}

/// What is wanted of one claim.
#[derive(Debug, Clone)]
pub(super) struct ClaimRule {
    pub(super) path: ClaimsPath,
    pub(super) presence: Presence,
    pub(super) pattern: Option<Pattern>,
    pub(super) values: Vec<ClaimValue>,
}

impl PresentationPolicy {
    /// Checks a document.
    ///
    /// # Errors
    /// [`PolicyError`] with the offending key.
    pub fn compile(
        name: PolicyName,
        document: &PolicyDocument,
        surroundings: PolicySurroundings<'_>,
    ) -> Result<Self, PolicyError> {
        check_purpose(document.purpose.as_deref())?;
        if !(-720..=840).contains(&document.utc_offset_minutes) {
            return Err(at("utc_offset_minutes", PolicyProblem::UtcOffset));
        }
        let credentials = credentials(document, surroundings)?;
        check_same_claims(document, &credentials)?;
        let query = match &document.query {
            Some(name) => {
                let query = surroundings.queries.get(name);
                let query = query.ok_or_else(|| at("query", PolicyProblem::UnknownQuery))?;
                check_query(query, &credentials).map_err(|problem| at("query", problem))?;
                Some(query.clone())
            }
            None => query::derive(&credentials, document.keep_evidence)?,
        };
        let several = query.as_ref().is_some_and(takes_several);
        check_verified_claims(
            (document.combined, several),
            &credentials,
            surroundings.assurances,
        )?;
        check_transactions(document, query.as_ref(), surroundings.transaction_types)?;
        Ok(Self {
            name,
            purpose: document.purpose.clone(),
            query,
            utc_offset_minutes: document.utc_offset_minutes,
            combined: document.combined,
            same_claims: document.same_claims.clone(),
            result_retention_seconds: document.result_retention_seconds,
            keep_evidence: document.keep_evidence,
            webhook: document.webhook,
            receipt: document
                .receipt
                .as_ref()
                .map(ReceiptDocument::compile)
                .transpose()?,
            reliance: document
                .reliance
                .as_ref()
                .map(RelianceDocument::compile)
                .transpose()?,
            transactions: document.transactions.clone(),
            credentials,
            assurances: surroundings.assurances.clone(),
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &PolicyName {
        &self.name
    }

    /// What the presentation is for, where the policy says it.
    #[must_use]
    pub fn purpose(&self) -> Option<&str> {
        self.purpose.as_deref()
    }

    /// What a wallet is asked; `None` where all credentials are printed cards, which are held up and not asked for.
    #[must_use]
    pub const fn query(&self) -> Option<&DcqlQuery> {
        self.query.as_ref()
    }

    /// Whether one answer may hold credentials bound to different keys.
    #[must_use]
    pub const fn holder_keys(&self) -> HolderKeys {
        match self.combined {
            Combined::SameKey => HolderKeys::OneKey,
            Combined::SameClaims | Combined::SeveralPeople => HolderKeys::KeyPerCredential,
        }
    }

    /// What the verification of the credential of this name demands, on top of `base`. A photo counts where the policy lets one be
    /// compared.
    #[must_use]
    pub fn verification(&self, base: Policy, credential: &QueryId) -> Policy {
        let rule = self.credentials.iter().find(|rule| rule.id == *credential);
        let holder = match rule.map(|rule| rule.binding) {
            Some(BindingRule::Face) => HolderPolicy::KeyOrPhoto,
            Some(BindingRule::Key | BindingRule::None) | None => base.holder,
        };
        self.on_top_of(base, holder)
    }

    /// What the verification of something that was handed in demands, on top of `base`, before it is known which credential it is.
    #[must_use]
    pub fn verification_of_posted(&self, base: Policy) -> Policy {
        let compares = self
            .credentials
            .iter()
            .any(|rule| rule.binding == BindingRule::Face);
        let holder = if compares {
            HolderPolicy::KeyOrPhoto
        } else {
            base.holder
        };
        self.on_top_of(base, holder)
    }

    /// Credentials of one answer share what was fetched, so the strictest age is everybody's.
    fn on_top_of(&self, base: Policy, holder: HolderPolicy) -> Policy {
        Policy {
            holder,
            kept_status: self.status_max_age().map_or(base.kept_status, StatusAge::AtMost),
            ..base
        }
    }

    /// The shortest age of evidence about a status that some credential wants.
    #[must_use]
    pub fn status_max_age(&self) -> Option<Duration> {
        self.credentials
            .iter()
            .filter_map(|rule| rule.status_max_age)
            .min()
    }

    /// How long results may be kept, where that is shorter than `most` seconds.
    #[must_use]
    pub fn result_retention_seconds(&self, most: u32) -> u32 {
        self.result_retention_seconds
            .map_or(most, |seconds| seconds.min(most))
    }

    /// Whether request and answer are kept word for word.
    #[must_use]
    pub const fn keeps_evidence(&self) -> bool {
        self.keep_evidence
    }

    /// What a webhook tells.
    #[must_use]
    pub const fn webhook(&self) -> WebhookContents {
        self.webhook
    }

    /// The receipt that both sides get.
    #[must_use]
    pub const fn receipt(&self) -> Option<ReceiptTerms> {
        self.receipt
    }

    /// How long a presentation is relied on.
    #[must_use]
    pub const fn reliance(&self) -> Option<RelianceTerms> {
        self.reliance
    }

    /// Whether the verifier needs a key that signs evidence for it.
    #[must_use]
    pub fn signs_evidence(&self) -> bool {
        self.receipt.is_some() || self.has_verified_claims()
    }

    /// The transactions that answers have to authorise.
    #[must_use]
    pub fn transactions(&self) -> &[TransactionRuleDocument] {
        &self.transactions
    }

    /// The verifier's levels of assurance.
    #[must_use]
    pub const fn assurances(&self) -> &Assurances {
        &self.assurances
    }

    /// How far the policy's calendar is ahead of UTC, in minutes.
    pub(crate) const fn utc_offset_minutes(&self) -> i16 {
        self.utc_offset_minutes
    }

    /// The credentials of which verified claims are made, and how.
    pub(crate) fn mappings(&self) -> impl Iterator<Item = (&QueryId, &ClaimsMapping)> {
        self.credentials
            .iter()
            .filter_map(|rule| Some((&rule.id, rule.verified_claims.as_ref()?)))
    }

    /// Whether this claim of this credential must be shown for the policy to be satisfied.
    #[must_use]
    pub fn requires(&self, credential: &QueryId, claim: &ClaimsPath) -> bool {
        self.credentials
            .iter()
            .any(|rule| rule.id == *credential && rule.requires(claim))
    }
}

impl CredentialRule {
    pub(super) fn requires(&self, claim: &ClaimsPath) -> bool {
        self.claims
            .iter()
            .any(|rule| rule.path == *claim && rule.presence == Presence::Required)
    }
}

/// Checks a purpose.
pub(crate) fn check_purpose(purpose: Option<&str>) -> Result<(), PolicyError> {
    check_words("purpose", purpose, MAX_PURPOSE_CHARACTERS)
}

/// Checks a text that people read.
pub(crate) fn check_words(key: &str, text: Option<&str>, most: usize) -> Result<(), PolicyError> {
    match text {
        Some(text)
            if text.trim().is_empty()
                || text.chars().count() > most
                || text.chars().any(char::is_control) =>
        {
            Err(at(key, PolicyProblem::Length { most }))
        }
        _ => Ok(()),
    }
}

fn credentials(
    document: &PolicyDocument,
    surroundings: PolicySurroundings<'_>,
) -> Result<Vec<CredentialRule>, PolicyError> {
    if document.credentials.is_empty() {
        return Err(at("credentials", PolicyProblem::NoCredentials));
    }
    limit("credentials", document.credentials.len(), MAX_CREDENTIALS)?;
    let mut rules: Vec<CredentialRule> = Vec::with_capacity(document.credentials.len());
    for (position, credential) in document.credentials.iter().enumerate() {
        let place = format!("credentials[{position}]");
        let rule = credential_rule(credential, surroundings).map_err(|error| error.below(&place))?;
        let below = |key: &str, problem| Err(at(key, problem).below(&place));
        if rules.iter().any(|other| other.id == rule.id) {
            return below("id", PolicyProblem::Repeated);
        }
        let named_like = |other: &CredentialRuleDocument| credential.one_of.as_ref() == Some(&other.id);
        if document.credentials.iter().any(named_like) {
            return below("one_of", PolicyProblem::AlternativeNamedLikeCredential);
        }
        let alternative = rules.iter().find(|other| other.group == rule.group);
        if alternative.is_some_and(|other| other.presence != rule.presence) {
            return below("presence", PolicyProblem::MixedPresence);
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn credential_rule(
    document: &CredentialRuleDocument,
    surroundings: PolicySurroundings<'_>,
) -> Result<CredentialRule, PolicyError> {
    check_types(document)?;
    limit("issuers", document.issuers.len(), MAX_ISSUERS)?;
    let issuers = document.issuers.iter().enumerate().map(|(position, text)| {
        issuer_identifier(surroundings.trust_list, text)
            .map_err(|problem| at(format!("issuers[{position}]"), problem))
    });
    let issuers = issuers.collect::<Result<BTreeSet<_>, _>>()?;
    let assurance = match &document.assurance {
        None => None,
        Some(level) => Some(
            surroundings
                .assurances
                .rank(level)
                .ok_or_else(|| at("assurance", PolicyProblem::UnknownLevel))?,
        ),
    };
    if document.format == PolicyFormat::Claim169 && document.binding == BindingRule::Key {
        return Err(at("binding", PolicyProblem::CardWithoutKey));
    }
    if document.binding == BindingRule::Face && !document.keep_photo {
        return Err(at("keep_photo", PolicyProblem::PhotoNotKept));
    }
    limit("claims", document.claims.len(), MAX_CLAIMS)?;
    let claims = document.claims.iter().enumerate().map(|(position, claim)| {
        claim_rule(claim, document.format).map_err(|error| error.below(&format!("claims[{position}]")))
    });
    let claims: Vec<ClaimRule> = claims.collect::<Result<_, _>>()?;
    for (position, claim) in claims.iter().enumerate() {
        if claims.iter().take(position).any(|other| other.path == claim.path) {
            return Err(at(format!("claims[{position}].path"), PolicyProblem::Repeated));
        }
    }
    check_age(document)?;
    limit("keep_claims", document.keep_claims.len(), MAX_CLAIMS)?;
    let verified_claims = document.verified_claims.as_ref();
    let verified_claims = verified_claims.map(|mapping| ClaimsMapping::compile(mapping, document));
    let verified_claims = verified_claims
        .transpose()
        .map_err(|error| error.below("verified_claims"))?;
    Ok(CredentialRule {
        id: document.id.clone(),
        group: document.one_of.clone().unwrap_or_else(|| document.id.clone()),
        presence: document.presence,
        format: document.format,
        types: document.types.clone(),
        issuers,
        assurance,
        status: document.status,
        status_max_age: document
            .status_max_age_seconds
            .map(|seconds| Duration::from_secs(seconds.into())),
        binding: document.binding,
        claims,
        age: document.age.clone(),
        keep_claims: document.keep_claims.clone(),
        keep_photo: document.keep_photo,
        verified_claims,
    })
}

fn check_types(document: &CredentialRuleDocument) -> Result<(), PolicyError> {
    limit("types", document.types.len(), MAX_TYPES)?;
    let problem = match (document.format, document.types.len()) {
        (PolicyFormat::Claim169, 0) => return Ok(()),
        (PolicyFormat::Claim169, _) => PolicyProblem::TypeOfCard,
        (_, 0) => PolicyProblem::NoTypes,
        (PolicyFormat::Mdoc, 2..) => PolicyProblem::SeveralDocumentTypes,
        _ => return Ok(()),
    };
    Err(at("types", problem))
}

fn claim_rule(document: &ClaimRuleDocument, format: PolicyFormat) -> Result<ClaimRule, PolicyError> {
    check_path(&document.path, format).map_err(|problem| at("path", problem))?;
    let pattern = document.pattern.as_deref().map(Pattern::parse).transpose();
    let pattern = pattern.map_err(|why| at("pattern", PolicyProblem::Pattern(why)))?;
    limit("values", document.values.len(), MAX_VALUES)?;
    let values = document.values.iter().enumerate().map(|(position, value)| {
        let value = match value {
            serde_json::Value::String(text) => Some(ClaimValue::Text(text.clone())),
            serde_json::Value::Bool(truth) => Some(ClaimValue::Boolean(*truth)),
            serde_json::Value::Number(number) => number.as_i64().map(ClaimValue::Integer),
            _ => None,
        };
        value.ok_or_else(|| at(format!("values[{position}]"), PolicyProblem::Value))
    });
    Ok(ClaimRule {
        path: document.path.clone(),
        presence: document.presence,
        pattern,
        values: values.collect::<Result<_, _>>()?,
    })
}

fn check_path(path: &ClaimsPath, format: PolicyFormat) -> Result<(), PolicyProblem> {
    let of_mdoc = matches!(path.parts(), [PathPart::Key(_), PathPart::Key(_)]);
    if format == PolicyFormat::Mdoc && !of_mdoc {
        return Err(PolicyProblem::MdocPath);
    }
    Ok(())
}

fn check_age(document: &CredentialRuleDocument) -> Result<(), PolicyError> {
    let Some(age) = &document.age else {
        return Ok(());
    };
    if !(1..=MAX_AGE_YEARS).contains(&age.over) {
        return Err(at("age.over", PolicyProblem::Age));
    }
    if age.claims.is_empty() && age.birth_date.is_none() {
        return Err(at("age", PolicyProblem::AgeWithoutSource));
    }
    limit("age.claims", age.claims.len(), MAX_GROUPS)?;
    for (position, path) in age.claims.iter().enumerate() {
        check_path(path, document.format)
            .map_err(|problem| at(format!("age.claims[{position}]"), problem))?;
    }
    if let Some(path) = &age.birth_date {
        check_path(path, document.format).map_err(|problem| at("age.birth_date", problem))?;
    }
    Ok(())
}

fn check_same_claims(document: &PolicyDocument, rules: &[CredentialRule]) -> Result<(), PolicyError> {
    let wanted = document.combined == Combined::SameClaims;
    if wanted == document.same_claims.is_empty() {
        return Err(at("same_claims", PolicyProblem::SameClaims));
    }
    limit("same_claims", document.same_claims.len(), MAX_GROUPS)?;
    for (position, group) in document.same_claims.iter().enumerate() {
        let place = format!("same_claims[{position}]");
        if group.len() != rules.len() || !rules.iter().all(|rule| group.contains_key(&rule.id)) {
            return Err(at(place, PolicyProblem::SameClaimsGroup));
        }
        for rule in rules {
            if !group.get(&rule.id).is_some_and(|claim| rule.requires(claim)) {
                return Err(at(
                    format!("{place}.{}", rule.id),
                    PolicyProblem::SameClaimsNotRequired,
                ));
            }
        }
    }
    Ok(())
}

/// Verified claims are one person's, by the rules of a framework. `several` is whether the query takes several credentials for one part.
fn check_verified_claims(
    (combined, several): (Combined, bool),
    rules: &[CredentialRule],
    assurances: &Assurances,
) -> Result<(), PolicyError> {
    let mut mapped = (0_usize..)
        .zip(rules)
        .filter(|(_, rule)| rule.verified_claims.is_some());
    let Some((first, _)) = mapped.next() else {
        return Ok(());
    };
    let refuse =
        |position: usize, problem| Err(at(format!("credentials[{position}].verified_claims"), problem));
    if assurances.trust_framework().is_none() {
        return refuse(first, PolicyProblem::NoTrustFramework);
    }
    if combined == Combined::SeveralPeople {
        match mapped.next() {
            Some((second, _)) => return refuse(second, PolicyProblem::VerifiedClaimsOfSeveralPeople),
            None if several => return refuse(first, PolicyProblem::VerifiedClaimsOfSeveralPeople),
            None => {}
        }
    }
    Ok(())
}

/// Whether a query that was written by hand asks for the credentials that the rules are about.
fn check_query(query: &DcqlQuery, rules: &[CredentialRule]) -> Result<(), PolicyProblem> {
    let asked: BTreeSet<&QueryId> = query
        .credentials()
        .iter()
        .map(|credential| &credential.id)
        .collect();
    let ruled: BTreeSet<&QueryId> = rules.iter().map(|rule| &rule.id).collect();
    if asked != ruled {
        return Err(PolicyProblem::OtherCredentials);
    }
    for rule in rules {
        let format = query
            .credential(&rule.id)
            .map(|credential| credential.meta.format());
        let same = format.is_some_and(|format| Some(format.as_str()) == rule.format.query_format());
        if !same {
            return Err(PolicyProblem::OtherFormat {
                id: rule.id.as_str().to_owned(),
            });
        }
    }
    Ok(())
}

fn check_transactions(
    document: &PolicyDocument,
    query: Option<&DcqlQuery>,
    types: &TransactionTypes,
) -> Result<(), PolicyError> {
    limit("transactions", document.transactions.len(), MAX_TRANSACTIONS)?;
    for (position, rule) in document.transactions.iter().enumerate() {
        let key = format!("transactions[{position}]");
        let Some(query) = query else {
            return Err(at(
                key,
                PolicyProblem::Transaction(TransactionDefect::CannotAuthorize),
            ));
        };
        rule.check(query, types)
            .map_err(|defect| at(key, PolicyProblem::Transaction(defect)))?;
    }
    Ok(())
}

fn limit(key: &str, count: usize, most: usize) -> Result<(), PolicyError> {
    if count > most {
        return Err(at(key, PolicyProblem::TooMany { most }));
    }
    Ok(())
}
