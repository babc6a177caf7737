//! `POST /credentials/derive` (VCALM, section Derive Credential): 201 with the derived credential itself.

use serde_json::Value;
use symbolon_credential::data_integrity::ecdsa_sd_2023::JsonPointer;
use symbolon_credential::w3c::VerifiableCredential;

use super::problem::RequestRefused;
use super::request::Members;

/// What is to be shown of a credential.
#[derive(Debug, Clone, PartialEq)]
pub struct DeriveCredentialRequest {
    /// The credential with its base proof.
    pub credential: VerifiableCredential,
    /// What is shown beside what is mandatory.
    pub selective_pointers: Vec<JsonPointer>,
}

impl DeriveCredentialRequest {
    /// Reads the body of a request. Only documents with proofs can be derived from; an enveloped one has none.
    ///
    /// # Errors
    /// [`RequestRefused`].
    pub fn parse(body: &[u8]) -> Result<Self, RequestRefused> {
        let mut members = Members::parse(body)?;
        let document = members.take_object("verifiableCredential")?;
        let mut options = members.take_options()?;
        members.end()?;
        let selective_pointers = options.take_pointers("selectivePointers")?.unwrap_or_default();
        options.end()?;
        let credential = VerifiableCredential::from_value(Value::Object(document))?;
        if credential.proofs().is_empty() {
            return Err(RequestRefused::NotSecured);
        }
        Ok(Self {
            credential,
            selective_pointers,
        })
    }
}
