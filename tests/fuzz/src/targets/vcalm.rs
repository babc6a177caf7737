//! Messages of VCALM.

use serde_json::json;
use symbolon_protocol::vcalm::derive::DeriveCredentialRequest;
use symbolon_protocol::vcalm::issue::IssueCredentialRequest;
use symbolon_protocol::vcalm::present::{CreatePresentationRequest, ListedPresentations};
use symbolon_protocol::vcalm::status::UpdateStatusRequest;
use symbolon_protocol::vcalm::verify::{VerifyCredentialRequest, VerifyPresentationRequest};
use symbolon_protocol::vcalm::{RequestRefused, challenge};

use super::{data_integrity, for_part, one_of, w3c, with_text};
use crate::{Reading, Target};

/// The requests of every endpoint.
pub(super) const VCALM: Target = Target {
    name: "vcalm",
    run: |input| {
        one_of(
            &[
                |input| said(IssueCredentialRequest::parse(input)),
                |input| said(UpdateStatusRequest::parse(input)),
                |input| said(DeriveCredentialRequest::parse(input)),
                |input| said(VerifyCredentialRequest::parse(input)),
                |input| said(VerifyPresentationRequest::parse(input)),
                |input| said(CreatePresentationRequest::parse(input)),
                |input| with_text(input, |text| said(ListedPresentations::parse(Some(text)))),
                |input| said(challenge::parse(input)),
            ],
            input,
        )
    },
    seeds: || {
        let (base, _) = &*data_integrity::BASE_AND_DERIVED;
        let presentation = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"],
            "verifiableCredential": [base]
        });
        let issue = json!({
            "credential": w3c::credential(),
            "options": {"mandatoryPointers": ["/issuer", "/validFrom"], "credentialId": "example.com/1"}
        });
        let status = json!({
            "credentialId": "urn:uuid:1", "status": true,
            "credentialStatus": {"type": "BitstringStatusList", "statusPurpose": "revocation"}
        });
        let derive = json!({
            "verifiableCredential": base, "options": {"selectivePointers": ["/credentialSubject/given"]}
        });
        let present = json!({"presentation": presentation, "options": {
            "type": "DataIntegrityProof", "cryptosuite": "ecdsa-rdfc-2019", "proofPurpose": "authentication",
            "verificationMethod": "did:example:holder#key", "created": "2026-11-23T12:00:00Z",
            "challenge": "c", "domain": "verifier.example"
        }});
        vec![
            for_part(0, issue.to_string()),
            for_part(1, status.to_string()),
            for_part(2, derive.to_string()),
            for_part(3, json!({"verifiableCredential": base}).to_string()),
            for_part(4, json!({"presentation": presentation}).to_string()),
            for_part(5, present.to_string()),
            for_part(6, "type=presentations&type=verifiablepresentations"),
            for_part(7, "{}"),
        ]
    },
};

/// A refusal also says what is wrong, as a problem document.
fn said<T>(request: Result<T, RequestRefused>) -> Reading {
    if let Err(refused) = &request {
        let _ = refused.details();
    }
    Reading::of(&request.map(|_| ()))
}
