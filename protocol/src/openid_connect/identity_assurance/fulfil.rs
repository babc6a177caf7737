//! What of the verified claims at hand a request gets ([Identity Assurance §5.4 to §5.7]).
//!
//! [Identity Assurance §5.4 to §5.7]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html#section-5.4

use serde_json::{Map, Value};
use symbolon_crypto::UnixTime;

use super::element::VerifiedClaims;
use super::request::{ElementRequest, Members, Requested, VerifiedClaimsRequest};

/// What an object must have to be valid ([Schema Definition §5]): it comes along, whoever asks for the object.
///
/// [Schema Definition §5]: https://openid.net/specs/openid-ida-verified-claims-1_0.html#section-5
const REQUIRED: [(&str, &str); 5] = [
    ("verification", "trust_framework"),
    ("evidence", "type"),
    ("check_details", "check_method"),
    ("document_details", "type"),
    ("record", "type"),
];

/// The evidence is obtained by asking one step deeper, and by no other way ([Identity Assurance §5.4]).
///
/// [Identity Assurance §5.4]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html#section-5.4
const ASKED_DEEPER: &str = "evidence";

/// What is there does not meet what was demanded of it.
struct Unmet;

impl VerifiedClaims {
    /// Everything that is at hand, as the value of `verified_claims`: one object, or an array of several. `None` for nothing.
    #[must_use]
    pub fn all(available: &[Self]) -> Option<Value> {
        one_or_several(
            available
                .iter()
                .filter_map(|claims| serde_json::to_value(claims).ok())
                .collect(),
        )
    }
}

impl VerifiedClaimsRequest {
    /// What a relying party gets that asked for this, as the value of `verified_claims`; `None` where the member is omitted.
    ///
    /// Each set that it asked for is looked at by itself. One whose verification is not as demanded is left out as a whole, a claim
    /// that is not as demanded is left out alone ([Identity Assurance §5.7.4]), and a set of which no claim is at hand says nothing
    /// about anybody, and is left out too. `now` is the time of the request, by which ages are reckoned.
    ///
    /// [Identity Assurance §5.7.4]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html#section-5.7.4
    #[must_use]
    pub fn fulfil(&self, available: &[VerifiedClaims], now: UnixTime) -> Option<Value> {
        let available: Vec<Value> = available
            .iter()
            .filter_map(|claims| serde_json::to_value(claims).ok())
            .collect();
        let fulfilled = self.elements.iter().flat_map(|asked| {
            let at_hand = available.iter();
            at_hand.filter_map(move |claims| asked.fulfil(claims, now))
        });
        one_or_several(fulfilled.collect())
    }
}

fn one_or_several(mut elements: Vec<Value>) -> Option<Value> {
    match elements.len() {
        0 | 1 => elements.pop(),
        _ => Some(Value::Array(elements)),
    }
}

impl ElementRequest {
    pub(super) fn fulfil(&self, available: &Value, now: UnixTime) -> Option<Value> {
        let verification = available.get("verification")?.as_object()?;
        let verification = project("verification", &self.verification, verification, now).ok()?;
        let at_hand = available.get("claims")?.as_object()?;
        let claims: Map<String, Value> = self
            .claims
            .iter()
            .filter_map(|(name, demand)| {
                let value = at_hand.get(name)?;
                demand.admits(value, now).then(|| (name.clone(), value.clone()))
            })
            .collect();
        if claims.is_empty() && !self.claims.is_empty() {
            return None;
        }
        Some(Value::Object(Map::from_iter([
            ("verification".to_owned(), Value::Object(verification)),
            ("claims".to_owned(), Value::Object(claims)),
        ])))
    }
}

/// The members of an object that were asked for, and those without which it is not valid.
fn project(
    name: &str,
    asked: &Members,
    available: &Map<String, Value>,
    now: UnixTime,
) -> Result<Map<String, Value>, Unmet> {
    let mut projected = Map::new();
    for (member, requested) in asked {
        if let Some(value) = select(member, requested, available.get(member), now)? {
            projected.insert(member.clone(), value);
        }
    }
    for (object, member) in REQUIRED {
        if object == name && !projected.contains_key(member) {
            // Without it the object is not valid, and so is not given.
            let value = available.get(member).ok_or(Unmet)?;
            projected.insert(member.to_owned(), value.clone());
        }
    }
    Ok(projected)
}

fn select(
    name: &str,
    requested: &Requested,
    available: Option<&Value>,
    now: UnixTime,
) -> Result<Option<Value>, Unmet> {
    match (requested, available) {
        (Requested::Value(demand), Some(value)) if demand.admits(value, now) => {
            Ok((name != ASKED_DEEPER).then(|| value.clone()))
        }
        (Requested::Members(asked), Some(Value::Object(members))) => {
            let projected = project(name, asked, members, now)?;
            Ok((!projected.is_empty()).then_some(Value::Object(projected)))
        }
        (Requested::Elements(alternatives), Some(Value::Array(elements))) => {
            let fitting: Vec<Value> = elements
                .iter()
                .filter_map(|element| {
                    let members = element.as_object()?;
                    alternatives
                        .iter()
                        .find_map(|asked| project(name, asked, members, now).ok())
                        .map(Value::Object)
                })
                .collect();
            if fitting.is_empty() && requested.restricts() {
                return Err(Unmet);
            }
            Ok((!fitting.is_empty()).then_some(Value::Array(fitting)))
        }
        // What is not there cannot be what was demanded.
        (requested, _) if requested.restricts() => Err(Unmet),
        _ => Ok(None),
    }
}

impl Requested {
    fn restricts(&self) -> bool {
        let any = |members: &Members| members.values().any(Self::restricts);
        match self {
            Self::Value(demand) => demand.restricts(),
            Self::Members(members) => any(members),
            Self::Elements(alternatives) => alternatives.iter().any(any),
        }
    }
}
