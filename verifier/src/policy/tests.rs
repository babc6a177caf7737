mod ages;
mod decisions;
mod documents;
mod kept;
mod queries;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::{DcqlQuery, QueryId};
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_trust::testing::{NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use super::*;
use crate::answer::AnswerCheck;
use crate::name::PolicyName;
use crate::report::{
    Authentic, Axis, CredentialFormat, Holder, Issuer, Photo, PhotoType, REPORT_VERSION, Report, Shown,
    Status, Trusted, Verdict,
};

const REGISTRY: &str = "https://registry.example";
pub(crate) const CITY: &str = "https://city.example";
pub(crate) const IDENTITY: &str = "https://registry.example/types/identity";
pub(crate) const RESIDENCE: &str = "https://city.example/types/residence";
const DOC_TYPE: &str = "org.example.identity.1";

/// Two issuers: the registry, and the city. Made once, because keys are slow.
fn trust_list() -> TrustList {
    static TRUST_LIST: LazyLock<TrustList> = LazyLock::new(make_trust_list);
    TRUST_LIST.clone()
}

fn make_trust_list() -> TrustList {
    let issuers = [(REGISTRY, "National registry", 100), (CITY, "City", 200)];
    let entries = issuers.map(|(identifier, name, seed)| {
        let mut entry = TestIssuer::new(identifier, seed).entry(vec![CredentialTypeRule::Any]);
        name.clone_into(&mut entry.name);
        entry
    });
    TestRegistry::new(1).trust_list(entries.to_vec(), NOW)
}

fn assurances() -> Assurances {
    let scale = json!({
        "trust_framework": "example", "levels": ["low", "substantial", "high"],
        "issuers": [
            {"issuer": "National registry", "types": [IDENTITY], "level": "high"},
            {"issuer": REGISTRY, "level": "low"},
        ],
    });
    let scale: AssuranceScale = serde_json::from_value(scale).unwrap();
    scale.compile(&trust_list()).unwrap()
}

fn compile_with(
    document: Value,
    queries: &BTreeMap<String, DcqlQuery>,
) -> Result<PresentationPolicy, String> {
    let document: PolicyDocument = serde_json::from_value(document).map_err(|error| error.to_string())?;
    let surroundings = PolicySurroundings {
        trust_list: &trust_list(),
        assurances: &assurances(),
        queries,
        transaction_types: TransactionTypes::NONE,
    };
    PresentationPolicy::compile(PolicyName::parse("test").unwrap(), &document, surroundings)
        .map_err(|error| error.to_string())
}

pub(crate) fn compile(document: Value) -> Result<PresentationPolicy, String> {
    compile_with(document, &BTreeMap::new())
}

pub(crate) fn policy(document: Value) -> PresentationPolicy {
    compile(document).unwrap()
}

/// A credential of a policy with these members beside the usual ones.
pub(crate) fn identity(more: Value) -> Value {
    let mut rule = json!({
        "id": "identity", "format": "dc+sd-jwt", "types": [IDENTITY], "binding": "key",
    });
    for (key, value) in more.as_object().unwrap() {
        rule[key] = value.clone();
    }
    rule
}

fn one(more: Value) -> PresentationPolicy {
    policy(json!({ "credentials": [identity(more)] }))
}

/// The report of a good credential with these claims.
pub(crate) fn report(credential_type: &str, issuer: &str, claims: Value) -> Report {
    let axis = |state| Axis {
        state,
        checks: Vec::new(),
    };
    Report {
        version: REPORT_VERSION,
        verdict: Verdict::Valid,
        as_of: Some(NOW),
        verified_at: NOW,
        format: CredentialFormat::SdJwtVc,
        credential_type: Some(credential_type.to_owned()),
        type_iris: Vec::new(),
        issuer: Some(Issuer {
            identifier: issuer.to_owned(),
            name: issuer.to_owned(),
            source: None,
        }),
        authentic: axis(Authentic::Authentic),
        trusted: Axis {
            state: Trusted::Trusted,
            checks: Vec::new(),
        },
        status: Axis {
            state: Status::Good,
            checks: Vec::new(),
        },
        holder: Axis {
            state: Holder::ProvenByKey,
            checks: Vec::new(),
        },
        status_messages: Vec::new(),
        warnings: Vec::new(),
        claims: claims.as_object().cloned().unwrap(),
        photo: None,
        authority_key_identifiers: Vec::new(),
        holder_key: Some("key-1".to_owned()),
        shown: Shown::default(),
    }
}

pub(crate) fn photo() -> Photo {
    Photo {
        media_type: PhotoType::Jpeg,
        base64: "/9g=".to_owned(),
    }
}

pub(crate) fn presented(reports: &[(&str, Report)]) -> BTreeMap<QueryId, Vec<Report>> {
    let mut presented: BTreeMap<QueryId, Vec<Report>> = BTreeMap::new();
    for (id, report) in reports {
        let id = QueryId::parse(*id).unwrap();
        presented.entry(id).or_default().push(report.clone());
    }
    presented
}

fn decide(policy: &PresentationPolicy, reports: &[(&str, Report)]) -> PolicyDecision {
    policy.decide(&presented(reports), AnswerCheck::AsAsked, NOW)
}

/// What became of one rule, which must have been looked at once.
fn outcome(decision: &PolicyDecision, rule: Rule) -> RuleOutcome {
    let found: Vec<_> = decision
        .rules
        .iter()
        .filter(|result| result.rule == rule)
        .collect();
    let [result] = found.as_slice() else {
        panic!("{rule:?} in {decision:?}");
    };
    result.outcome
}

fn failed(reason: RuleReason) -> RuleOutcome {
    RuleOutcome::Failed { reason }
}

fn at_day(date: &str) -> UnixTime {
    UnixTime::parse_rfc3339(&format!("{date}T12:00:00Z")).unwrap()
}
