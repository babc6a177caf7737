//! Credentials of MOSIP, with its `RsaSignature2018`.

use serde_json::Value;
use symbolon_credential::data_integrity::{ExpectedProof, ProofCheck, rsa_signature_2018};
use symbolon_credential::w3c::VerifiableCredential;
use symbolon_did::DidUrl;
use symbolon_trust::trust_list::TrustedIssuer;

use super::data_integrity::{Known, Written, proof_reason, proven};
use super::{IssuerProof, Secured};
use crate::report::{CheckName, Reason};
use crate::session::context::Context;
use crate::session::found::Found;
use crate::session::issuer_keys::KeyAnswer;

/// Judges the one proof of a credential, which names the verification method `method`.
pub(super) fn prove<'a>(
    context: &Context<'_>,
    issuer: &TrustedIssuer,
    credential: Box<VerifiableCredential>,
    method: &str,
    found: &mut Found,
) -> IssuerProof<'a> {
    if !is_issuers(&credential, issuer, method) {
        return IssuerProof::refused(&[], CheckName::IssuerBinding, Reason::SignerIsNotIssuer);
    }
    let key = match context.rsa_assertion_key(issuer, method, found) {
        KeyAnswer::Key(key) => key,
        KeyAnswer::Wanted(want) => {
            return IssuerProof::Waits {
                secured: Secured::Embedded(credential),
                want,
            };
        }
        KeyAnswer::Unknown(reason) => return IssuerProof::unknown(&[], CheckName::IssuerKey, reason),
        KeyAnswer::Refused(reason) => return IssuerProof::refused(&[], CheckName::IssuerKey, reason),
    };
    let passed = [CheckName::IssuerKey, CheckName::IssuerBinding];
    let Some(json_ld) = context.json_ld() else {
        return IssuerProof::unknown(&passed, CheckName::IssuerSignature, Reason::Unsupported);
    };
    let check = ProofCheck {
        expected: ExpectedProof::Credential,
        now: context.now,
        skew: context.policy.clock_tolerance,
    };
    let secured = Value::Object(credential.document().clone());
    match rsa_signature_2018::verify(&secured, check, &key, &json_ld, context.tools.crypto) {
        Ok(document) => proven(document.into_inner(), Written::ByAnybody, &passed, &json_ld),
        Err(rejected) => match proof_reason(rejected) {
            (Known::Not, reason) => IssuerProof::unknown(&passed, CheckName::IssuerSignature, reason),
            (Known::Wrong, reason) => IssuerProof::refused(&passed, CheckName::IssuerSignature, reason),
        },
    }
}

/// Whether the method can be one of whoever the credential names as its issuer: of the same DID, or one that the document of
/// the issuer's identifier may list.
fn is_issuers(credential: &VerifiableCredential, issuer: &TrustedIssuer, method: &str) -> bool {
    match DidUrl::parse(method) {
        Ok(method) => method.fragment().is_some() && method.did().as_str() == credential.issuer(),
        Err(_) => credential.issuer() == issuer.identifier.as_str(),
    }
}
