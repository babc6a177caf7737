//! What of a report is kept: what the policy names, and no more.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_protocol::dcql::QueryId;

use super::compile::PresentationPolicy;
use crate::report::Report;
use crate::store::{CredentialPeriod, StoredReport};

impl PresentationPolicy {
    /// The reports as they are kept: with the claims and the photo that the policy names, and without the holder's key, which would
    /// tell one person's visits from another's.
    #[must_use]
    pub fn keep(&self, reports: BTreeMap<QueryId, Vec<Report>>) -> Vec<StoredReport> {
        let mut kept = Vec::new();
        for (id, reports) in reports {
            let rule = self.credentials.iter().find(|rule| rule.id == id);
            for mut report in reports {
                report.claims = self.kept_claims(&id, &report);
                report.photo = report.photo.filter(|_| rule.is_some_and(|rule| rule.keep_photo));
                report.holder_key = None;
                let dated = rule.is_some_and(|rule| rule.verified_claims.is_some());
                kept.push(StoredReport {
                    query_id: id.as_str().to_owned(),
                    validity: dated.then(|| CredentialPeriod::of(&report.shown.validity)),
                    report,
                });
            }
        }
        kept
    }

    /// The claims of a report that the policy keeps.
    pub(crate) fn kept_claims(&self, id: &QueryId, report: &Report) -> Map<String, Value> {
        self.credentials
            .iter()
            .find(|rule| rule.id == *id)
            .map(|rule| retain_claims(&report.claims, &rule.keep_claims))
            .unwrap_or_default()
    }
}

/// The claims that the paths select, where they stand.
fn retain_claims(claims: &Map<String, Value>, paths: &[ClaimsPath]) -> Map<String, Value> {
    let parts: Vec<&[PathPart]> = paths.iter().map(ClaimsPath::parts).collect();
    retain_members(claims, &parts)
}

fn retain_members(members: &Map<String, Value>, paths: &[&[PathPart]]) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in members {
        let below = following(paths, |part| matches!(part, PathPart::Key(key) if key == name));
        if let Some(value) = retain(value, &below) {
            kept.insert(name.clone(), value);
        }
    }
    kept
}

/// What the paths select of a value; `None` for nothing. The depth is that of the value, which its reader has bounded.
fn retain(value: &Value, paths: &[&[PathPart]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    match value {
        Value::Object(members) => {
            let kept = retain_members(members, paths);
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(elements) => {
            let kept: Vec<Value> = (0_u64..)
                .zip(elements)
                .filter_map(|(index, element)| {
                    let selects = |part: &PathPart| match part {
                        PathPart::All => true,
                        PathPart::Index(place) => *place == index,
                        PathPart::Key(_) => false,
                    };
                    retain(element, &following(paths, selects))
                })
                .collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => None,
    }
}

/// What follows the first part of the paths that begin so.
fn following<'p>(paths: &[&'p [PathPart]], begins: impl Fn(&PathPart) -> bool) -> Vec<&'p [PathPart]> {
    paths
        .iter()
        .filter_map(|path| path.split_first())
        .filter(|(first, _)| begins(first))
        .map(|(_, rest)| rest)
        .collect()
}
