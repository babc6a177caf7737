//! The `verified_claims` member of a `claims` request ([Identity Assurance §5.3 to §5.6]).
//!
//! [Identity Assurance §5.3 to §5.6]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html#section-5.3

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thiserror::Error;

use super::constraint::Constraint;

/// What one request may hold: objects of `verified_claims`, members of an object, entries of an array, and objects within each other.
const MAX_ELEMENTS: usize = 16;
const MAX_MEMBERS: usize = 64;
const MAX_ALTERNATIVES: usize = 16;
const MAX_DEPTH: usize = 6;

/// What a relying party asks for: one or several sets of claims, each with demands on how they were verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedClaimsRequest {
    pub(super) elements: Vec<ElementRequest>,
}

/// One set of claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ElementRequest {
    pub(super) verification: Members,
    pub(super) claims: BTreeMap<String, Constraint>,
}

/// Members of an object, by their names.
pub(super) type Members = BTreeMap<String, Requested>;

/// What is asked for at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Requested {
    /// The value there.
    Value(Constraint),
    /// These members of the object there.
    Members(Members),
    /// Those elements of the array there that one of these fits.
    Elements(Vec<Members>),
}

/// Why a request is refused, which for a provider is `invalid_request`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidVerifiedClaimsRequest {
    /// `verified_claims` is neither an object nor an array of some.
    #[error("verified_claims must be an object, or an array of 1 to {MAX_ELEMENTS}")]
    Form,
    /// An object without one of the two members that it must have.
    #[error("every object of verified_claims has the objects verification and claims")]
    Element,
    /// An entry of `evidence` that does not name one type.
    #[error("every entry of evidence names its type by {{\"value\": ...}}")]
    EvidenceType,
    /// A demand on a value that cannot be read.
    #[error("{member} at {place} cannot be read")]
    Demand {
        /// Where.
        place: String,
        /// The member.
        member: &'static str,
    },
    /// More than anybody needs.
    #[error("the request for verified_claims is too large or too deep")]
    OverBudget,
}

impl VerifiedClaimsRequest {
    /// Reads the value of `verified_claims` in a `claims` request.
    ///
    /// # Errors
    /// [`InvalidVerifiedClaimsRequest`].
    pub fn parse(value: &Value) -> Result<Self, InvalidVerifiedClaimsRequest> {
        let elements = match value {
            Value::Object(element) => vec![parse_element(element)?],
            Value::Array(elements) if (1..=MAX_ELEMENTS).contains(&elements.len()) => elements
                .iter()
                .map(|element| match element {
                    Value::Object(element) => parse_element(element),
                    _ => Err(InvalidVerifiedClaimsRequest::Form),
                })
                .collect::<Result<_, _>>()?,
            _ => return Err(InvalidVerifiedClaimsRequest::Form),
        };
        Ok(Self { elements })
    }

    /// The names of the claims that are asked for, each with whether the relying party calls it essential; one that several sets
    /// name comes several times.
    pub fn claims(&self) -> impl Iterator<Item = (&str, bool)> {
        let sets = self.elements.iter();
        sets.flat_map(|element| {
            let claims = element.claims.iter();
            claims.map(|(name, demand)| (name.as_str(), demand.essential))
        })
    }
}

fn parse_element(element: &Map<String, Value>) -> Result<ElementRequest, InvalidVerifiedClaimsRequest> {
    let member = |name: &str| match element.get(name) {
        Some(Value::Object(members)) => Ok(members),
        _ => Err(InvalidVerifiedClaimsRequest::Element),
    };
    let verification = parse_members(member("verification")?, "verification", MAX_DEPTH)?;
    check_evidence(&verification)?;
    let asked = member("claims")?;
    if asked.len() > MAX_MEMBERS {
        return Err(InvalidVerifiedClaimsRequest::OverBudget);
    }
    let claims = asked.iter().map(|(name, demand)| {
        let demand = match demand {
            Value::Null => Constraint::default(),
            Value::Object(members) => Constraint::parse(members, "claims")?,
            _ => {
                return Err(InvalidVerifiedClaimsRequest::Demand {
                    place: "claims".to_owned(),
                    member: "value",
                });
            }
        };
        Ok((name.clone(), demand))
    });
    Ok(ElementRequest {
        verification,
        claims: claims.collect::<Result<_, _>>()?,
    })
}

fn parse_members(
    members: &Map<String, Value>,
    place: &str,
    depth: usize,
) -> Result<Members, InvalidVerifiedClaimsRequest> {
    let below = depth
        .checked_sub(1)
        .filter(|_| members.len() <= MAX_MEMBERS)
        .ok_or(InvalidVerifiedClaimsRequest::OverBudget)?;
    let parse = |(name, asked): (&String, &Value)| Ok((name.clone(), parse_requested(asked, place, below)?));
    members.iter().map(parse).collect()
}

fn parse_requested(
    asked: &Value,
    place: &str,
    depth: usize,
) -> Result<Requested, InvalidVerifiedClaimsRequest> {
    match asked {
        Value::Null => Ok(Requested::Value(Constraint::default())),
        Value::Object(members) if Constraint::is_meant_by(members) => {
            Constraint::parse(members, place).map(Requested::Value)
        }
        Value::Object(members) => parse_members(members, place, depth).map(Requested::Members),
        Value::Array(alternatives) if (1..=MAX_ALTERNATIVES).contains(&alternatives.len()) => alternatives
            .iter()
            .map(|alternative| match alternative {
                Value::Object(members) => parse_members(members, place, depth),
                _ => Err(InvalidVerifiedClaimsRequest::Demand {
                    place: place.to_owned(),
                    member: "value",
                }),
            })
            .collect::<Result<_, _>>()
            .map(Requested::Elements),
        Value::Array(_) => Err(InvalidVerifiedClaimsRequest::OverBudget),
        _ => Err(InvalidVerifiedClaimsRequest::Demand {
            place: place.to_owned(),
            member: "value",
        }),
    }
}

/// Whether every entry of `evidence` names its type, and by one value ([Identity Assurance §5.4]).
///
/// [Identity Assurance §5.4]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html#section-5.4
fn check_evidence(verification: &Members) -> Result<(), InvalidVerifiedClaimsRequest> {
    let Some(Requested::Elements(entries)) = verification.get("evidence") else {
        return Ok(());
    };
    let names_one_type = |entry: &Members| match entry.get("type") {
        Some(Requested::Value(demand)) => demand.names_one_value(),
        _ => false,
    };
    if entries.iter().all(names_one_type) {
        Ok(())
    } else {
        Err(InvalidVerifiedClaimsRequest::EvidenceType)
    }
}
