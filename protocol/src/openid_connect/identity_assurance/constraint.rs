//! What a relying party demands of one value ([OpenID Connect Core §5.5.1], [Identity Assurance §5.5]).
//!
//! [OpenID Connect Core §5.5.1]: https://openid.net/specs/openid-connect-core-1_0.html#IndividualClaimsRequests
//! [Identity Assurance §5.5]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html#section-5.5

use core::time::Duration;

use serde_json::{Map, Value};
use symbolon_crypto::UnixTime;

use super::request::InvalidVerifiedClaimsRequest;

/// The most values among which one may be chosen.
const MAX_VALUES: usize = 64;

/// The members that make an object a demand on a value, and no object to look into.
const MEMBERS: [&str; 5] = ["value", "values", "max_age", "essential", "purpose"];

/// What is demanded of one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Constraint {
    /// The values that are taken; any without.
    values: Option<Vec<Value>>,
    /// Whether they were written as `values`, which is not allowed everywhere.
    several: bool,
    /// How old a date or time may be.
    max_age: Option<Duration>,
    /// Whether the relying party says that it cannot do without. What is delivered does not depend on it ([Identity Assurance §5.7]).
    ///
    /// [Identity Assurance §5.7]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html#section-5.7
    pub(super) essential: bool,
}

impl Constraint {
    /// Whether the members of an object are a demand on a value.
    pub(super) fn is_meant_by(members: &Map<String, Value>) -> bool {
        members.is_empty() || MEMBERS.iter().any(|name| members.contains_key(*name))
    }

    /// Reads a demand. Members that nobody here understands are ignored, as OpenID Connect has it.
    pub(super) fn parse(
        members: &Map<String, Value>,
        place: &str,
    ) -> Result<Self, InvalidVerifiedClaimsRequest> {
        let invalid = |member: &'static str| InvalidVerifiedClaimsRequest::Demand {
            place: place.to_owned(),
            member,
        };
        let values = match (members.get("value"), members.get("values")) {
            (None, None) => None,
            (Some(value), None) => Some(vec![value.clone()]),
            (None, Some(Value::Array(values))) if (1..=MAX_VALUES).contains(&values.len()) => {
                Some(values.clone())
            }
            (Some(_), Some(_)) | (None, Some(_)) => return Err(invalid("values")),
        };
        let max_age = match members.get("max_age") {
            None => None,
            Some(seconds) => Some(Duration::from_secs(
                seconds.as_u64().ok_or_else(|| invalid("max_age"))?,
            )),
        };
        let essential = match members.get("essential") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(essential)) => *essential,
            Some(_) => return Err(invalid("essential")),
        };
        Ok(Self {
            values,
            several: members.contains_key("values"),
            max_age,
            essential,
        })
    }

    /// Whether some values are refused.
    pub(super) const fn restricts(&self) -> bool {
        self.values.is_some() || self.max_age.is_some()
    }

    /// Whether it names one value, by `value`.
    pub(super) const fn names_one_value(&self) -> bool {
        self.values.is_some() && !self.several
    }

    /// Whether a value is taken at `now`.
    pub(super) fn admits(&self, value: &Value, now: UnixTime) -> bool {
        let wanted = self
            .values
            .as_ref()
            .is_none_or(|values| values.iter().any(|wanted| wanted == value));
        wanted && self.max_age.is_none_or(|most| is_at_most(value, most, now))
    }
}

/// Whether a date or time is at most so old. A date is as old as its last second. What is neither cannot be shown to be young enough.
fn is_at_most(value: &Value, most: Duration, now: UnixTime) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let time =
        UnixTime::parse_rfc3339(text).or_else(|_| UnixTime::parse_rfc3339(&format!("{text}T23:59:59Z")));
    time.is_ok_and(|time| now.since(time) <= most)
}
