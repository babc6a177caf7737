//! `POST /credentials/issue` (VCALM, section Issue Credential): 201 with the credential.

use serde::Serialize;
use serde_json::{Map, Value};
use symbolon_credential::data_integrity::ecdsa_sd_2023::JsonPointer;

use super::problem::RequestRefused;
use super::reference::CredentialReference;
use super::request::Members;

/// What is to be issued.
///
/// The document is not checked against the data model yet: what an issuer adds (itself, the validity, the status) belongs
/// to the document that must conform.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueCredentialRequest {
    /// The credential, without a proof.
    pub credential: Map<String, Value>,
    /// How it is to be issued.
    pub options: IssueOptions,
}

/// The options of the request. Every one may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssueOptions {
    /// What the holder cannot withhold, for a suite that discloses selectively.
    pub mandatory_pointers: Option<Vec<JsonPointer>>,
    /// The name of the credential towards this instance, where it has no `id`.
    pub credential_id: Option<CredentialReference>,
}

impl IssueCredentialRequest {
    /// Reads the body of a request. A credential that brings a proof is refused: instances here sign alone.
    ///
    /// # Errors
    /// [`RequestRefused`].
    pub fn parse(body: &[u8]) -> Result<Self, RequestRefused> {
        let mut members = Members::parse(body)?;
        let credential = members.take_object("credential")?;
        let mut options = members.take_options()?;
        members.end()?;
        if credential.contains_key("proof") {
            return Err(RequestRefused::AlreadySecured);
        }
        let option = "credentialId";
        let credential_id = options
            .take_text(option)?
            .map(|text| CredentialReference::parse(&text).map_err(|_| RequestRefused::Option { option }))
            .transpose()?;
        let parsed = IssueOptions {
            mandatory_pointers: options.take_pointers("mandatoryPointers")?,
            credential_id,
        };
        options.end()?;
        Ok(Self {
            credential,
            options: parsed,
        })
    }

    /// How the credential will be named towards this instance: by `credentialId`, otherwise by its own `id`. `None` means
    /// that nobody can refer to it here.
    #[must_use]
    pub fn reference(&self) -> Option<CredentialReference> {
        let own = || {
            let id = self.credential.get("id").and_then(Value::as_str)?;
            CredentialReference::parse(id).ok()
        };
        self.options.credential_id.clone().or_else(own)
    }
}

/// The answer of `/credentials/issue` and of `GET /credentials/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiableCredentialResponse {
    /// The credential: a document with its proof, or an `EnvelopedVerifiableCredential`.
    pub verifiable_credential: Value,
}
