//! Which check a document fails that has the form of a W3C credential and breaks its rules.

use symbolon_credential::w3c::NotConforming;
use symbolon_credential::w3c::cose::CoseCredentialError;
use symbolon_credential::w3c::jose::{JwtCredentialError, JwtPresentationError};

use crate::report::{CheckName, Reason};

pub(in crate::session) fn not_conforming(error: NotConforming) -> (CheckName, Reason) {
    let reason = match error {
        NotConforming::OverBudget => Reason::OverBudget,
        _ => Reason::Malformed,
    };
    (CheckName::DataModel, reason)
}

pub(in crate::session) fn jwt_reason(error: JwtCredentialError) -> (CheckName, Reason) {
    match error {
        JwtCredentialError::NotConforming(error) => not_conforming(error),
        JwtCredentialError::WrongType | JwtCredentialError::DocumentClaim => {
            (CheckName::IssuerSignature, Reason::WrongType)
        }
        JwtCredentialError::NotTheIssuersKey => (CheckName::IssuerBinding, Reason::SignerIsNotIssuer),
        JwtCredentialError::MalformedClaim { .. } | JwtCredentialError::Contradiction { .. } => {
            (CheckName::DataModel, Reason::Malformed)
        }
        _ => (CheckName::IssuerSignature, Reason::Malformed),
    }
}

pub(in crate::session) fn presentation_reason(error: JwtPresentationError) -> (CheckName, Reason) {
    match error {
        JwtPresentationError::NotConforming(error) => not_conforming(error),
        JwtPresentationError::OtherHolder => (CheckName::KeyBinding, Reason::OtherHolder),
        JwtPresentationError::WrongType | JwtPresentationError::DocumentClaim => {
            (CheckName::KeyBinding, Reason::WrongType)
        }
        _ => (CheckName::KeyBinding, Reason::Malformed),
    }
}

pub(in crate::session) fn cose_reason(error: CoseCredentialError) -> (CheckName, Reason) {
    match error {
        CoseCredentialError::NotConforming(error) => not_conforming(error),
        CoseCredentialError::WrongType => (CheckName::IssuerSignature, Reason::WrongType),
        CoseCredentialError::NotTheIssuersKey => (CheckName::IssuerBinding, Reason::SignerIsNotIssuer),
        CoseCredentialError::OverBudget => (CheckName::DataModel, Reason::OverBudget),
        _ => (CheckName::IssuerSignature, Reason::Malformed),
    }
}
