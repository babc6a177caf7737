//! The CBOR Web Token around the identity data ([RFC 8392](https://www.rfc-editor.org/rfc/rfc8392)).

use ciborium::Value;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::cbor::{self, CborBudget};

use super::confirmation::Confirmation;
use super::identity::IdentityData;
use super::{CONFIRMATION_CLAIM, Claim169Error, IDENTITY_CLAIM, STATUS_CLAIM};
use crate::status::{CredentialStatus, StatusReference};
use crate::validity::Validity;

/// The claims of a Claim 169 credential.
#[derive(Clone, PartialEq)]
pub struct Cwt {
    /// 1: `iss`.
    pub issuer: Option<String>,
    /// 2: `sub`.
    pub subject: Option<String>,
    /// 4, 5, 6: `exp`, `nbf`, `iat`.
    pub validity: Validity,
    /// 169.
    pub identity: IdentityData,
    /// 65535.
    pub status: CredentialStatus,
    /// 8: `cnf`, which says nothing about who holds a printed card.
    pub confirmation: Option<Confirmation>,
    /// Every other claim, verbatim.
    pub unknown: Vec<(Value, Value)>,
}

impl Cwt {
    /// The payload, encoded deterministically.
    pub(super) fn to_cbor(&self) -> Vec<u8> {
        let mut map = Vec::new();
        for (key, text) in [(1, &self.issuer), (2, &self.subject)] {
            if let Some(text) = text {
                map.push((Value::from(key), Value::from(text.as_str())));
            }
        }
        let times = [
            (4, self.validity.expires),
            (5, self.validity.not_before),
            (6, self.validity.issued_at),
        ];
        for (key, time) in times {
            if let Some(time) = time {
                map.push((Value::from(key), Value::from(time.seconds())));
            }
        }
        if let Some(confirmation) = &self.confirmation {
            map.push((Value::from(CONFIRMATION_CLAIM), confirmation.to_cbor()));
        }
        map.push((Value::from(IDENTITY_CLAIM), self.identity.to_cbor()));
        if let CredentialStatus::StatusList(reference) = &self.status {
            map.push((Value::from(STATUS_CLAIM), status_to_cbor(reference)));
        }
        map.extend(self.unknown.iter().cloned());
        cbor::encode(&Value::Map(map))
    }

    pub(super) fn from_cbor(payload: &[u8], budget: CborBudget) -> Result<Self, Claim169Error> {
        let payload = cbor::parse(payload, budget).map_err(|_| Claim169Error::NotACwt)?;
        let Value::Map(members) = payload else {
            return Err(Claim169Error::NotACwt);
        };
        refuse_two_spellings(&members)?;
        let mut cwt = Self {
            issuer: None,
            subject: None,
            validity: Validity::default(),
            identity: IdentityData::default(),
            status: CredentialStatus::NotTracked,
            confirmation: None,
            unknown: Vec::new(),
        };
        let mut identity = None;
        for (key, value) in members {
            let known = integer(&key);
            let malformed = || Claim169Error::MalformedClaim {
                claim: known.unwrap_or_default(),
            };
            match known {
                Some(1) => cwt.issuer = Some(value.into_text().map_err(|_| malformed())?),
                Some(2) => cwt.subject = Some(value.into_text().map_err(|_| malformed())?),
                Some(4) => cwt.validity.expires = Some(time(&value).ok_or_else(malformed)?),
                Some(5) => cwt.validity.not_before = Some(time(&value).ok_or_else(malformed)?),
                Some(6) => cwt.validity.issued_at = Some(time(&value).ok_or_else(malformed)?),
                Some(IDENTITY_CLAIM) => identity = Some(identity_from_cbor(value, budget)?),
                Some(CONFIRMATION_CLAIM) => cwt.confirmation = Some(Confirmation::from_cbor(value)),
                Some(STATUS_CLAIM) => cwt.status = status_from_cbor(&value).ok_or_else(malformed)?,
                _ => cwt.unknown.push((key, value)),
            }
        }
        cwt.identity = identity.ok_or(Claim169Error::NoIdentityData)?;
        Ok(cwt)
    }
}

/// The claim as a map, or as a byte string that holds the map: the specification's own example has the latter.
fn identity_from_cbor(value: Value, budget: CborBudget) -> Result<IdentityData, Claim169Error> {
    let malformed = Claim169Error::MalformedClaim {
        claim: IDENTITY_CLAIM,
    };
    let value = match value {
        Value::Bytes(bytes) => cbor::parse(&bytes, budget).map_err(|_| malformed.clone())?,
        other => other,
    };
    let Value::Map(members) = value else {
        return Err(malformed);
    };
    refuse_two_spellings(&members)?;
    Ok(IdentityData::from_cbor(&members))
}

/// `1` and `"1"` are one claim here, so both at once would be two values of it.
fn refuse_two_spellings(members: &[(Value, Value)]) -> Result<(), Claim169Error> {
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    match members
        .iter()
        .filter_map(|(key, _)| integer(key))
        .find(|key| !seen.insert(*key))
    {
        Some(claim) => Err(Claim169Error::DuplicateClaim { claim }),
        None => Ok(()),
    }
}

fn status_to_cbor(reference: &StatusReference) -> Value {
    let list = vec![
        (Value::from("idx"), Value::from(reference.index())),
        (Value::from("uri"), Value::from(reference.uri())),
    ];
    Value::Map(vec![(Value::from("status_list"), Value::Map(list))])
}

fn status_from_cbor(value: &Value) -> Option<CredentialStatus> {
    let status = value.as_map()?;
    let Some(list) = member(status, "status_list") else {
        return Some(CredentialStatus::OtherMechanism);
    };
    let list = list.as_map()?;
    let index = u64::try_from(i128::from(member(list, "idx")?.as_integer()?)).ok()?;
    let uri = member(list, "uri")?.as_text()?;
    StatusReference::new(uri, index)
        .ok()
        .map(CredentialStatus::StatusList)
}

fn member<'m>(map: &'m [(Value, Value)], name: &str) -> Option<&'m Value> {
    map.iter()
        .find(|(key, _)| key.as_text() == Some(name))
        .map(|(_, value)| value)
}

/// Seconds, also as a float without a fraction: some encoders turn 64-bit integers into floats.
fn time(value: &Value) -> Option<UnixTime> {
    /// Beyond this a float does not tell one second from the next.
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Integer(seconds) => i64::try_from(i128::from(*seconds))
            .ok()
            .map(UnixTime::from_seconds),
        Value::Float(seconds) if seconds.fract() == 0.0 && seconds.abs() < MAX_EXACT => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole and within range, as was just checked"
            )]
            let seconds = *seconds as i64;
            Some(UnixTime::from_seconds(seconds))
        }
        _ => None,
    }
}

/// An integer, or the text of one: some encoders write every key and code as text.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => i64::try_from(i128::from(*number)).ok(),
        Value::Text(text) => {
            let number: i64 = text.parse().ok()?;
            // The one spelling: `+1` and `01` are other texts, not other integers.
            (number.to_string() == *text).then_some(number)
        }
        _ => None,
    }
}

/// Without the data, which is personal.
impl core::fmt::Debug for Cwt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Cwt")
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}
