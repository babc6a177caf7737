//! Claim queries ([OpenID4VP §6.3]), and the sets that choose among them.
//!
//! [OpenID4VP §6.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.3

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use symbolon_credential::claims_path::{ClaimsPath, PathPart};

use super::{CredentialQueryDefect, DcqlError, MAX_CLAIM_VALUES, RepeatedClaims, within};
use crate::dcql::query::{ClaimId, ClaimQuery, ClaimValue};

#[derive(Deserialize)]
pub(super) struct RawClaim {
    #[serde(default)]
    id: Option<ClaimId>,
    path: ClaimsPath,
    #[serde(default)]
    values: Option<Vec<Value>>,
    #[serde(default)]
    intent_to_retain: Option<bool>,
}

impl RawClaim {
    pub(super) fn check(self, position: usize) -> Result<ClaimQuery, DcqlError> {
        let defect = |reason| DcqlError::Credential { position, reason };
        let values = match self.values {
            None => Vec::new(),
            Some(values) if values.is_empty() => return Err(defect(CredentialQueryDefect::Values)),
            Some(values) => {
                within(values.len(), MAX_CLAIM_VALUES, "values")?;
                values
                    .into_iter()
                    .map(|value| claim_value(value).ok_or(defect(CredentialQueryDefect::Values)))
                    .collect::<Result<_, _>>()?
            }
        };
        Ok(ClaimQuery {
            id: self.id,
            path: self.path,
            values,
            intent_to_retain: self.intent_to_retain,
        })
    }
}

fn claim_value(value: Value) -> Option<ClaimValue> {
    match value {
        Value::String(text) => Some(ClaimValue::Text(text)),
        Value::Number(number) => number.as_i64().map(ClaimValue::Integer),
        Value::Bool(truth) => Some(ClaimValue::Boolean(truth)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A namespace and an element identifier, no more and no less ([OpenID4VP §7.2]).
///
/// [OpenID4VP §7.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-7.2
pub(super) fn is_element(path: &ClaimsPath) -> bool {
    matches!(path.parts(), [PathPart::Key(_), PathPart::Key(_)])
}

/// The claims, each once, and which of them each name stands for: that of a repetition stands for the first.
pub(super) type ClaimsByName = (Vec<ClaimQuery>, BTreeMap<ClaimId, ClaimId>);

pub(super) fn without_repetition(
    claims: Vec<ClaimQuery>,
    repeated: RepeatedClaims,
) -> Result<ClaimsByName, CredentialQueryDefect> {
    let mut first: BTreeMap<ClaimsPath, Option<ClaimId>> = BTreeMap::new();
    let mut names = BTreeMap::new();
    let mut kept: Vec<ClaimQuery> = Vec::with_capacity(claims.len());
    for claim in claims {
        let known = first.get(&claim.path).cloned();
        if known.is_some() && repeated == RepeatedClaims::Refused {
            return Err(CredentialQueryDefect::RepeatedClaim);
        }
        if let Some(id) = &claim.id {
            let stands_for = known.clone().flatten().unwrap_or_else(|| id.clone());
            if names.insert(id.clone(), stands_for).is_some() {
                return Err(CredentialQueryDefect::RepeatedClaimId);
            }
        }
        if known.is_none() {
            first.insert(claim.path.clone(), claim.id.clone());
            kept.push(claim);
        }
    }
    Ok((kept, names))
}

/// The claims of a set, each once; `None` when it is empty or names no claim.
pub(super) fn check_claim_set(set: &[ClaimId], names: &BTreeMap<ClaimId, ClaimId>) -> Option<Vec<ClaimId>> {
    let mut ids: Vec<ClaimId> = Vec::new();
    for id in set {
        let id = names.get(id)?;
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    (!ids.is_empty()).then_some(ids)
}
