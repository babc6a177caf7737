//! Scopes that stand for queries ([OpenID4VP §5.5]).
//!
//! Which scope stands for which query is agreed on outside the protocol: both sides have it in their configuration.
//!
//! [OpenID4VP §5.5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.5

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::dcql::{DcqlError, DcqlQuery};
use crate::oauth::scope::Scope;

/// The queries that scope values stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeQueries(BTreeMap<String, DcqlQuery>);

/// Why a scope stands for no query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// A value that nobody gave a meaning.
    #[error("a value of scope stands for no query")]
    Unknown,
    /// A text that is no scope.
    #[error("scope is malformed")]
    Malformed,
    /// Two values whose queries share an identifier, so that the answer would be ambiguous.
    #[error("the queries of two scope values cannot be asked together")]
    Together(#[source] DcqlError),
}

impl ScopeQueries {
    /// No scope stands for anything.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// Gives a scope value its query.
    ///
    /// # Errors
    /// [`ScopeError::Malformed`] when the name is not one scope value.
    pub fn insert(&mut self, value: &str, query: DcqlQuery) -> Result<(), ScopeError> {
        let scope = Scope::parse(value).map_err(|_| ScopeError::Malformed)?;
        if scope.values().collect::<Vec<_>>() != [value] {
            return Err(ScopeError::Malformed);
        }
        self.0.insert(value.to_owned(), query);
        Ok(())
    }

    /// The query that all values of a scope stand for together: everything that each of them asks for.
    ///
    /// # Errors
    /// [`ScopeError`].
    pub fn query(&self, scope: &Scope) -> Result<DcqlQuery, ScopeError> {
        let queries = scope
            .values()
            .map(|value| self.0.get(value).ok_or(ScopeError::Unknown))
            .collect::<Result<Vec<_>, _>>()?;
        match queries.as_slice() {
            [one] => Ok((*one).clone()),
            several => together(several),
        }
    }
}

/// One query that asks for what several ask for. A query without sets insists on every credential, and beside one with sets
/// it has to say so.
fn together(queries: &[&DcqlQuery]) -> Result<DcqlQuery, ScopeError> {
    let in_sets = queries.iter().any(|query| !query.credential_sets().is_empty());
    let (mut credentials, mut sets) = (Vec::new(), Vec::new());
    for query in queries {
        let value = serde_json::to_value(query).map_err(|_| ScopeError::Malformed)?;
        let list = |name: &str| {
            value
                .get(name)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        credentials.extend(list("credentials"));
        sets.extend(list("credential_sets"));
        if in_sets && query.credential_sets().is_empty() {
            let all: Vec<&str> = query.credentials().iter().map(|one| one.id.as_str()).collect();
            sets.push(json!({ "options": [all] }));
        }
    }
    let mut query = Map::new();
    query.insert("credentials".to_owned(), credentials.into());
    if in_sets {
        query.insert("credential_sets".to_owned(), sets.into());
    }
    DcqlQuery::parse(Value::Object(query).to_string().as_bytes()).map_err(ScopeError::Together)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(id: &str, sets: Option<Value>) -> DcqlQuery {
        let mut query = json!({"credentials": [
            {"id": id, "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]}}
        ]});
        if let Some(sets) = sets {
            query["credential_sets"] = sets;
        }
        DcqlQuery::parse(query.to_string().as_bytes()).unwrap()
    }

    fn scopes() -> ScopeQueries {
        let mut scopes = ScopeQueries::default();
        for (value, query) in [
            ("identity", query("id", None)),
            ("again", query("id", None)),
            ("licence", query("licence", None)),
            (
                "age",
                query("age", Some(json!([{"options": [["age"]], "required": false}]))),
            ),
        ] {
            scopes.insert(value, query).unwrap();
        }
        scopes
    }

    fn asked(scope: &str) -> Result<Value, ScopeError> {
        let query = scopes().query(&Scope::parse(scope).unwrap())?;
        Ok(serde_json::to_value(query).unwrap())
    }

    #[test]
    fn a_scope_stands_for_its_query_and_several_for_all_of_theirs() {
        assert_eq!(asked("identity").unwrap()["credentials"][0]["id"], "id");
        let both = asked("identity licence").unwrap();
        assert_eq!(both["credentials"].as_array().unwrap().len(), 2);
        assert!(both.get("credential_sets").is_none());
    }

    #[test]
    fn what_a_scope_insists_on_it_insists_on_beside_an_optional_one() {
        let both = asked("age licence").unwrap();
        let sets = both["credential_sets"].as_array().unwrap();
        assert_eq!(sets.len(), 2);
        assert_eq!(sets[0]["required"], false);
        assert_eq!(sets[1]["options"], json!([["licence"]]));
        assert_ne!(sets[1]["required"], false);
    }

    #[test]
    fn unknown_values_and_clashing_queries_are_refused() {
        assert_eq!(asked("passport"), Err(ScopeError::Unknown));
        assert_eq!(asked("identity passport"), Err(ScopeError::Unknown));
        assert!(matches!(asked("identity again"), Err(ScopeError::Together(_))));
        let mut scopes = ScopeQueries::default();
        for name in ["", "a b", " a"] {
            assert_eq!(scopes.insert(name, query("id", None)), Err(ScopeError::Malformed));
        }
    }
}
