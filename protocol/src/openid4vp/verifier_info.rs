//! What others attest about a verifier ([OpenID4VP §5.1, §5.11]).
//!
//! [OpenID4VP §5.1, §5.11]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.11

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::dcql::{DcqlQuery, QueryId};

/// The most attestations of one request.
pub const MAX_VERIFIER_INFO: usize = 16;

/// One attestation. Nothing of it is believed: what uses it validates its signature and that it is about this verifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifierInfo {
    /// What it is and how it is encoded.
    pub format: String,
    /// The attestation: a text, such as a JWT, or an object.
    pub data: Value,
    /// The credential queries that it is about; all of them without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_ids: Option<Vec<QueryId>>,
}

/// `verifier_info` is no non-empty list of attestations, or names credentials that are not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("verifier_info is no list of attestations about credentials that are asked for")]
pub struct InvalidVerifierInfo;

impl VerifierInfo {
    /// Reads `verifier_info`.
    ///
    /// # Errors
    /// [`InvalidVerifierInfo`].
    pub fn parse_all(value: &Value) -> Result<Vec<Self>, InvalidVerifierInfo> {
        let attestations = value.as_array().ok_or(InvalidVerifierInfo)?;
        if !(1..=MAX_VERIFIER_INFO).contains(&attestations.len()) {
            return Err(InvalidVerifierInfo);
        }
        let read = |attestation: &Value| {
            let read: Self = serde_json::from_value(attestation.clone()).map_err(|_| InvalidVerifierInfo)?;
            (read.data.is_string() || read.data.is_object())
                .then_some(read)
                .ok_or(InvalidVerifierInfo)
        };
        attestations.iter().map(read).collect()
    }

    /// Checks that the credentials which it is about are asked for.
    ///
    /// # Errors
    /// [`InvalidVerifierInfo`].
    pub fn check_against(&self, query: &DcqlQuery) -> Result<(), InvalidVerifierInfo> {
        match &self.credential_ids {
            None => Ok(()),
            Some(ids) if !ids.is_empty() && ids.iter().all(|id| query.credential(id).is_some()) => Ok(()),
            Some(_) => Err(InvalidVerifierInfo),
        }
    }

    /// Whether it is about this credential query.
    #[must_use]
    pub fn is_about(&self, query: &QueryId) -> bool {
        self.credential_ids.as_ref().is_none_or(|ids| ids.contains(query))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attestations_read_back_and_are_about_what_they_name() {
        let value = json!([
            {"format": "jwt", "data": "a.b.c"},
            {"format": "x", "data": {"a": 1}, "credential_ids": ["id"]},
        ]);
        let read = VerifierInfo::parse_all(&value).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), value);
        let (id, other) = (QueryId::parse("id").unwrap(), QueryId::parse("other").unwrap());
        assert!(read[0].is_about(&other) && read[1].is_about(&id) && !read[1].is_about(&other));
    }

    #[test]
    fn what_is_no_attestation_is_refused() {
        for broken in [
            json!([]),
            json!({}),
            json!(["a.b.c"]),
            json!([{"format": "jwt"}]),
            json!([{"data": "a.b.c"}]),
            json!([{"format": "jwt", "data": 1}]),
            json!([{"format": "jwt", "data": "a", "credential_ids": "id"}]),
            json!(vec![json!({"format": "jwt", "data": "a"}); MAX_VERIFIER_INFO + 1]),
        ] {
            assert_eq!(
                VerifierInfo::parse_all(&broken),
                Err(InvalidVerifierInfo),
                "{broken}"
            );
        }
        let query =
            json!({"credentials": [{"id": "id", "format": "mso_mdoc", "meta": {"doctype_value": "d"}}]});
        let query = DcqlQuery::parse(query.to_string().as_bytes()).unwrap();
        for (ids, sound) in [
            (json!(["id"]), true),
            (json!(["other"]), false),
            (json!([]), false),
        ] {
            let info = json!([{"format": "jwt", "data": "a", "credential_ids": ids}]);
            let info = &VerifierInfo::parse_all(&info).unwrap()[0];
            assert_eq!(info.check_against(&query).is_ok(), sound, "{ids}");
        }
    }
}
