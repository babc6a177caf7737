//! The JWTs of VCDM 1.1: a document in the claim `vc` or `vp`, some of whose members are registered claims instead
//! ([§6.3.1](https://www.w3.org/TR/vc-data-model/#json-web-token)).
//!
//! A member that is in both places must say the same in both. Readers that prefer one of them, each another, would see two
//! credentials in one text.

use serde_json::{Map, Value};
use symbolon_crypto::UnixTime;

use super::credential::{JwtCredentialError, time};
use crate::w3c::credential::{DataModelVersion, VerifiableCredential};
use crate::w3c::members::url_or_object;
use crate::w3c::not_conforming::NotConforming;
use crate::w3c::time::DateTimeStamp;

/// The credential in the claim `vc`, with the registered claims put where the document has them.
pub(super) fn credential(payload: &Map<String, Value>) -> Result<VerifiableCredential, JwtCredentialError> {
    let mut document = document(payload, "vc", "vp")?;
    merge_identifier(payload, "jti", &mut document, "id")?;
    merge_identifier(payload, "iss", &mut document, "issuer")?;
    if let Some(sub) = payload.get("sub")
        && let Some(Value::Object(subject)) = document.get_mut("credentialSubject")
    {
        subject.entry("id").or_insert_with(|| sub.clone());
    }
    merge_time(payload, "nbf", &mut document, "issuanceDate")?;
    merge_time(payload, "exp", &mut document, "expirationDate")?;
    let credential = VerifiableCredential::from_value(Value::Object(document))?;
    if credential.version() != DataModelVersion::V1_1 {
        return Err(NotConforming::BaseContext.into());
    }
    Ok(credential)
}

/// The document of a presentation in the claim `vp`, with the registered claims put where the document has them.
pub(super) fn presentation(payload: &Map<String, Value>) -> Result<Value, JwtCredentialError> {
    let mut document = document(payload, "vp", "vc")?;
    merge_identifier(payload, "jti", &mut document, "id")?;
    merge_identifier(payload, "iss", &mut document, "holder")?;
    Ok(Value::Object(document))
}

fn document(
    payload: &Map<String, Value>,
    claim: &'static str,
    other: &str,
) -> Result<Map<String, Value>, JwtCredentialError> {
    match payload.get(claim) {
        Some(Value::Object(document)) if !payload.contains_key(other) => Ok(document.clone()),
        _ => Err(JwtCredentialError::DocumentClaim),
    }
}

fn merge_identifier(
    payload: &Map<String, Value>,
    claim: &'static str,
    document: &mut Map<String, Value>,
    member: &str,
) -> Result<(), JwtCredentialError> {
    let value = match payload.get(claim) {
        None => return Ok(()),
        Some(Value::String(value)) => value,
        Some(_) => return Err(JwtCredentialError::MalformedClaim { claim }),
    };
    match document.get(member) {
        None => {
            document.insert(member.to_owned(), Value::from(value.as_str()));
            Ok(())
        }
        Some(own) if url_or_object(own) == Some(value) => Ok(()),
        Some(_) => Err(JwtCredentialError::Contradiction { claim }),
    }
}

fn merge_time(
    payload: &Map<String, Value>,
    claim: &'static str,
    document: &mut Map<String, Value>,
    member: &str,
) -> Result<(), JwtCredentialError> {
    let Some(value) = time(payload, claim)? else {
        return Ok(());
    };
    match document.get(member) {
        None => {
            let text = UnixTime::rfc3339(value);
            if text.is_empty() {
                return Err(JwtCredentialError::MalformedClaim { claim });
            }
            document.insert(member.to_owned(), Value::from(text));
            Ok(())
        }
        Some(own) => {
            let own = own.as_str().and_then(|own| DateTimeStamp::parse(own).ok());
            if own.is_some_and(|own| own.time == value) {
                Ok(())
            } else {
                Err(JwtCredentialError::Contradiction { claim })
            }
        }
    }
}
