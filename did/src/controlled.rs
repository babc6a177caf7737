//! Documents of identifiers that are `https` URLs and no DIDs
//! ([CID 1.0 §2](https://www.w3.org/TR/cid-1.0/#data-model)), and verification methods that stand at URLs of their own
//! ([§3.3](https://www.w3.org/TR/cid-1.0/#retrieve-verification-method)). MOSIP publishes its keys so.
//!
//! As with a DID, the document says which keys an identifier has, never who is believed. Of keys, only those of RSA are read:
//! issuers that have others have DIDs.

use serde_json::Value;
use symbolon_crypto::RsaPublicKey;
use symbolon_crypto::encoding::json;

use crate::published::{DID_DOCUMENT_BUDGET, DidDocumentError, MethodError, rsa_key_of};

/// The most methods that a document may list for signing credentials.
const MAX_METHODS: usize = 256;

/// What the document of an identifier says about signing credentials.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlledDocument {
    controller: String,
    assertion_methods: Vec<Value>,
}

/// Where a verification method is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MethodLocation {
    /// In the document.
    Within(RsaPublicKey),
    /// At its own URL, from where it has to be fetched.
    Elsewhere,
}

impl ControlledDocument {
    /// Reads the document of `identifier` from what was served there.
    ///
    /// # Errors
    /// [`DidDocumentError`].
    pub fn parse(bytes: &[u8], identifier: &str) -> Result<Self, DidDocumentError> {
        let document = json::parse_value(bytes, DID_DOCUMENT_BUDGET).map_err(|_| DidDocumentError::Json)?;
        if document.get("id").and_then(Value::as_str) != Some(identifier) {
            return Err(DidDocumentError::OtherDid);
        }
        let assertion_methods = match document.get("assertionMethod") {
            None => Vec::new(),
            Some(Value::Array(methods)) if methods.len() <= MAX_METHODS => methods.clone(),
            Some(one @ (Value::String(_) | Value::Object(_))) => vec![one.clone()],
            Some(_) => return Err(DidDocumentError::VerificationMethod),
        };
        Ok(Self {
            controller: identifier.to_owned(),
            assertion_methods,
        })
    }

    /// Where the method `url` is, with which the identifier signs credentials.
    ///
    /// # Errors
    /// [`MethodError`]: [`MethodError::Unknown`] when the document does not list it for that.
    pub fn assertion_method(&self, url: &str) -> Result<MethodLocation, MethodError> {
        for method in &self.assertion_methods {
            if method.as_str() == Some(url) {
                return Ok(MethodLocation::Elsewhere);
            }
            if method.get("id").and_then(Value::as_str) == Some(url) {
                return key_of(method, &self.controller).map(MethodLocation::Within);
            }
        }
        Err(MethodError::Unknown)
    }
}

/// The RSA key of the verification method that was served at `url`, which `controller` must control.
///
/// # Errors
/// [`MethodError`]: [`MethodError::Unknown`] when what was served is another method, or none.
pub fn rsa_key_at(bytes: &[u8], url: &str, controller: &str) -> Result<RsaPublicKey, MethodError> {
    let method = json::parse_value(bytes, DID_DOCUMENT_BUDGET).map_err(|_| MethodError::Unknown)?;
    if method.get("id").and_then(Value::as_str) != Some(url) {
        return Err(MethodError::Unknown);
    }
    key_of(&method, controller)
}

fn key_of(method: &Value, controller: &str) -> Result<RsaPublicKey, MethodError> {
    if method.get("controller").and_then(Value::as_str) != Some(controller) {
        return Err(MethodError::OtherController);
    }
    rsa_key_of(method).ok_or(MethodError::UnsupportedKey)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use symbolon_crypto::testing::rsa_figures::PEM;

    use super::*;

    const IDENTIFIER: &str = "https://issuer.example/.well-known/controller.json";
    const METHOD: &str = "https://issuer.example/.well-known/public-key.json";

    fn method() -> Value {
        json!({
            "@context": "https://w3id.org/security/v2", "type": "RsaVerificationKey2018", "id": METHOD,
            "controller": IDENTIFIER, "publicKeyPem": PEM,
        })
    }

    fn document(methods: Value) -> Result<ControlledDocument, DidDocumentError> {
        let document = json!({ "@context": "https://w3id.org/security/v2", "id": IDENTIFIER, "assertionMethod": methods });
        ControlledDocument::parse(document.to_string().as_bytes(), IDENTIFIER)
    }

    #[test]
    fn a_method_is_the_identifiers_where_its_document_lists_it() {
        for listed in [json!([METHOD]), json!(METHOD)] {
            let document = document(listed).unwrap();
            assert_eq!(document.assertion_method(METHOD), Ok(MethodLocation::Elsewhere));
            assert_eq!(document.assertion_method(IDENTIFIER), Err(MethodError::Unknown));
        }
        let within = document(json!([method()])).unwrap().assertion_method(METHOD);
        assert!(matches!(within, Ok(MethodLocation::Within(_))));
        assert_eq!(
            document(json!([])).unwrap().assertion_method(METHOD),
            Err(MethodError::Unknown)
        );
    }

    #[test]
    fn a_method_at_its_own_url_is_that_one_and_the_identifiers() {
        let read = |method: &Value| rsa_key_at(method.to_string().as_bytes(), METHOD, IDENTIFIER);
        assert!(read(&method()).is_ok());
        for (name, value, error) in [
            ("id", json!("https://issuer.example/other"), MethodError::Unknown),
            (
                "controller",
                json!("https://other.example"),
                MethodError::OtherController,
            ),
            ("publicKeyPem", json!("none"), MethodError::UnsupportedKey),
            ("type", json!("Multikey"), MethodError::UnsupportedKey),
        ] {
            let mut changed = method();
            changed[name] = value;
            assert_eq!(read(&changed), Err(error), "{name}");
        }
        assert_eq!(rsa_key_at(b"{", METHOD, IDENTIFIER), Err(MethodError::Unknown));
    }

    #[test]
    fn a_document_of_another_identifier_is_refused() {
        let document = json!({ "id": "https://other.example", "assertionMethod": [METHOD] }).to_string();
        assert_eq!(
            ControlledDocument::parse(document.as_bytes(), IDENTIFIER),
            Err(DidDocumentError::OtherDid)
        );
        assert_eq!(
            ControlledDocument::parse(b"{", IDENTIFIER),
            Err(DidDocumentError::Json)
        );
        assert_eq!(
            super::tests::document(json!(1)),
            Err(DidDocumentError::VerificationMethod)
        );
    }
}
