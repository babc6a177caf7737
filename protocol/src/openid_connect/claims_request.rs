//! The `claims` parameter ([OpenID Connect Core 1.0 §5.5]).
//!
//! [OpenID Connect Core 1.0 §5.5]: https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::wire::parse_json;

/// The largest `claims` parameter that is read, in bytes.
pub const MAX_CLAIMS_REQUEST_BYTES: usize = 16 * 1024;

/// The most claims that one place asks for.
pub const MAX_REQUESTED_CLAIMS: usize = 64;

/// The most values that a claim is asked to have one of.
pub const MAX_REQUESTED_VALUES: usize = 16;

/// The member that asks for verified claims ([OpenID Connect for Identity Assurance 1.0 §6]).
///
/// [OpenID Connect for Identity Assurance 1.0 §6]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html#section-6
pub const VERIFIED_CLAIMS: &str = "verified_claims";

/// What a client asks for, by where it wants it. Members of other names are passed over, as §5.5 demands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimsRequest {
    /// What the userinfo endpoint is to answer.
    #[serde(default)]
    pub userinfo: RequestedClaims,
    /// What the ID token is to hold.
    #[serde(default)]
    pub id_token: RequestedClaims,
}

/// What is asked for in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestedClaims {
    /// Claims by their names.
    #[serde(default)]
    pub claims: BTreeMap<String, RequestedClaim>,
    /// The member `verified_claims`, as it came: an object, or an array of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_claims: Option<Value>,
}

/// How one claim is asked for ([OpenID Connect Core 1.0 §5.5.1]).
///
/// [OpenID Connect Core 1.0 §5.5.1]: https://openid.net/specs/openid-connect-core-1_0.html#IndividualClaimsRequests
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestedClaim {
    /// Whether the client says that it cannot do without.
    #[serde(default)]
    pub essential: bool,
    /// The values that it takes, the preferred one first; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl RequestedClaim {
    /// Whether a claim with this value is what was asked for.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

impl RequestedClaims {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.verified_claims.is_none()
    }

    fn parse(members: &Map<String, Value>) -> Result<Self, InvalidClaimsRequest> {
        if members.len() > MAX_REQUESTED_CLAIMS {
            return Err(InvalidClaimsRequest);
        }
        let mut requested = Self::default();
        for (name, value) in members {
            if name == VERIFIED_CLAIMS {
                // `null` asks for nothing that could be told from anything else, and the specification does not have it.
                if !value.is_object() && !value.is_array() {
                    return Err(InvalidClaimsRequest);
                }
                requested.verified_claims = Some(value.clone());
            } else {
                requested
                    .claims
                    .insert(name.clone(), RequestedClaim::parse(value)?);
            }
        }
        Ok(requested)
    }

    fn to_members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        for (name, claim) in &self.claims {
            members.insert(name.clone(), claim.to_value());
        }
        if let Some(verified) = &self.verified_claims {
            members.insert(VERIFIED_CLAIMS.to_owned(), verified.clone());
        }
        members
    }
}

impl RequestedClaim {
    fn parse(value: &Value) -> Result<Self, InvalidClaimsRequest> {
        let members = match value {
            Value::Null => return Ok(Self::default()),
            Value::Object(members) => members,
            _ => return Err(InvalidClaimsRequest),
        };
        let essential = match members.get("essential") {
            None => false,
            Some(Value::Bool(essential)) => *essential,
            Some(_) => return Err(InvalidClaimsRequest),
        };
        let values = match (members.get("value"), members.get("values")) {
            (None, None) => Vec::new(),
            (Some(value), None) => vec![value.clone()],
            (None, Some(Value::Array(values))) if (1..=MAX_REQUESTED_VALUES).contains(&values.len()) => {
                values.clone()
            }
            _ => return Err(InvalidClaimsRequest),
        };
        Ok(Self { essential, values })
    }

    fn to_value(&self) -> Value {
        let mut members = Map::new();
        if self.essential {
            members.insert("essential".to_owned(), Value::Bool(true));
        }
        if !self.values.is_empty() {
            members.insert("values".to_owned(), Value::Array(self.values.clone()));
        }
        if members.is_empty() {
            Value::Null
        } else {
            Value::Object(members)
        }
    }
}

impl ClaimsRequest {
    /// Reads the parameter.
    ///
    /// # Errors
    /// [`InvalidClaimsRequest`].
    pub fn parse(text: &str) -> Result<Self, InvalidClaimsRequest> {
        let members: Map<String, Value> =
            parse_json(text.as_bytes(), MAX_CLAIMS_REQUEST_BYTES).map_err(|_| InvalidClaimsRequest)?;
        let place = |name: &str| match members.get(name) {
            None => Ok(RequestedClaims::default()),
            Some(Value::Object(members)) => RequestedClaims::parse(members),
            Some(_) => Err(InvalidClaimsRequest),
        };
        Ok(Self {
            userinfo: place("userinfo")?,
            id_token: place("id_token")?,
        })
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// The parameter as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut members = Map::new();
        for (name, place) in [("userinfo", &self.userinfo), ("id_token", &self.id_token)] {
            if !place.is_empty() {
                members.insert(name.to_owned(), Value::Object(place.to_members()));
            }
        }
        Value::Object(members).to_string()
    }
}

/// The text is no `claims` parameter: `invalid_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("claims is malformed")]
pub struct InvalidClaimsRequest;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of OpenID Connect Core 1.0 §5.5, with a member of the future.
    #[test]
    fn reads_the_example_of_the_specification() {
        let text = json!({
            "userinfo": {
                "given_name": {"essential": true}, "nickname": null, "email": {"essential": true},
                "email_verified": {"essential": true}, "picture": null, "http://example.info/claims/groups": null
            },
            "id_token": {
                "auth_time": {"essential": true},
                "acr": {"values": ["urn:mace:incommon:iap:silver"]}
            },
            "something_later": 7
        });
        let read = ClaimsRequest::parse(&text.to_string()).unwrap();
        assert_eq!(read.userinfo.claims.len(), 6);
        assert!(read.userinfo.claims["given_name"].essential);
        assert!(!read.userinfo.claims["nickname"].essential);
        let acr = &read.id_token.claims["acr"];
        assert!(acr.takes(&json!("urn:mace:incommon:iap:silver")) && !acr.takes(&json!("bronze")));
        assert_eq!(ClaimsRequest::parse(&read.to_text()).unwrap(), read);
    }

    #[test]
    fn keeps_what_is_asked_of_verified_claims_as_it_came() {
        let verified = json!({"verification": {"trust_framework": null}, "claims": {"given_name": null}});
        let text = json!({"id_token": {"verified_claims": verified}}).to_string();
        let read = ClaimsRequest::parse(&text).unwrap();
        assert_eq!(read.id_token.verified_claims, Some(verified));
        assert!(read.userinfo.is_empty() && !read.is_empty());
        assert_eq!(ClaimsRequest::parse(&read.to_text()).unwrap(), read);
    }

    #[test]
    fn refuses_what_two_readers_would_read_differently() {
        for text in [
            "",
            "[]",
            "null",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"a":7}}"#,
            r#"{"userinfo":{"a":{"essential":"yes"}}}"#,
            r#"{"userinfo":{"a":{"value":1,"values":[1]}}}"#,
            r#"{"userinfo":{"a":{"values":[]}}}"#,
            r#"{"userinfo":{"a":{"values":1}}}"#,
            r#"{"userinfo":{"a":null,"a":null}}"#,
            r#"{"id_token":{"verified_claims":null}}"#,
            r#"{"id_token":{"verified_claims":"x"}}"#,
        ] {
            assert_eq!(ClaimsRequest::parse(text), Err(InvalidClaimsRequest), "{text}");
        }
        let many: Map<String, Value> = (0..65).map(|n| (n.to_string(), Value::Null)).collect();
        let text = json!({ "userinfo": many }).to_string();
        assert_eq!(ClaimsRequest::parse(&text), Err(InvalidClaimsRequest));
        let large = json!({"userinfo": {"a": {"value": "x".repeat(MAX_CLAIMS_REQUEST_BYTES)}}}).to_string();
        assert_eq!(ClaimsRequest::parse(&large), Err(InvalidClaimsRequest));
    }
}
