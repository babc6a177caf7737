//! DID documents that somebody publishes, of `did:web` and its like
//! ([CID 1.0 §2](https://www.w3.org/TR/cid-1.0/#data-model)): which keys a DID has, and what each may sign.
//!
//! A document is worth what its way here is worth: the caller has it from a signed trust list, or from the place where
//! the method says it is.

use serde_json::Value;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::{Jwk, PublicKey, RsaJwk, RsaPublicKey};
use thiserror::Error;

use crate::method::parse_multikey;
use crate::{Did, DidUrl};

/// The budget of a document. One with a hundred keys takes a quarter of it.
pub const DID_DOCUMENT_BUDGET: JsonBudget = JsonBudget {
    bytes: 64 << 10,
    depth: 12,
    items: 4_000,
};

/// The most verification methods of one document.
const MAX_METHODS: usize = 256;

/// What a key may be used for ([CID 1.0 §2.3](https://www.w3.org/TR/cid-1.0/#verification-relationships)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relationship {
    /// Signing credentials.
    AssertionMethod,
    /// Proving that one controls the DID: signing presentations.
    Authentication,
}

/// The document of a DID, read and found to be of that DID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedDocument {
    id: Did,
    methods: Vec<Method>,
    assertion_methods: Vec<DidUrl>,
    authentications: Vec<DidUrl>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Method {
    id: DidUrl,
    controller: Did,
    /// None for a key of a type that is not supported: it is no fault of the document, and verifies nothing.
    key: Option<PublicKey>,
    /// An RSA key, which only who asks for one by name is given.
    rsa_key: Option<RsaPublicKey>,
}

/// Why bytes are no document of a DID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DidDocumentError {
    /// Not JSON, or over [`DID_DOCUMENT_BUDGET`].
    #[error("the DID document cannot be read")]
    Json,
    /// It says that it is of another DID.
    #[error("the DID document is of another DID")]
    OtherDid,
    /// A verification method without an identifier or a controller, one that is there twice, or too many.
    #[error("the DID document has a malformed verification method")]
    VerificationMethod,
    /// The DID has been deactivated.
    #[error("the DID is deactivated")]
    Deactivated,
}

/// Why a document gives no key for a DID URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MethodError {
    /// The document has no such verification method.
    #[error("the DID document has no such verification method")]
    Unknown,
    /// It has it, and not for this use.
    #[error("the verification method is not for this use")]
    OtherUse,
    /// It has it, and another DID controls it.
    #[error("the verification method is controlled by another DID")]
    OtherController,
    /// Its key is of a type that is not supported, or not a key.
    #[error("the verification method holds no key of a supported type")]
    UnsupportedKey,
}

impl PublishedDocument {
    /// Reads the document of `did` from what was served.
    ///
    /// # Errors
    /// [`DidDocumentError`].
    pub fn parse(bytes: &[u8], did: &Did) -> Result<Self, DidDocumentError> {
        let value = json::parse_value(bytes, DID_DOCUMENT_BUDGET).map_err(|_| DidDocumentError::Json)?;
        Self::from_value(&value, did)
    }

    /// Reads the document of `did` from JSON that was read without duplicate members.
    ///
    /// # Errors
    /// [`DidDocumentError`].
    pub fn from_value(document: &Value, did: &Did) -> Result<Self, DidDocumentError> {
        if document.get("id").and_then(Value::as_str) != Some(did.as_str()) {
            return Err(DidDocumentError::OtherDid);
        }
        if document.get("deactivated") == Some(&Value::Bool(true)) {
            return Err(DidDocumentError::Deactivated);
        }
        let mut read = Self {
            id: did.clone(),
            methods: Vec::new(),
            assertion_methods: Vec::new(),
            authentications: Vec::new(),
        };
        for method in list(document, "verificationMethod")? {
            read.add(method)?;
        }
        for entry in list(document, "assertionMethod")? {
            let id = read.referenced(entry)?;
            read.assertion_methods.push(id);
        }
        for entry in list(document, "authentication")? {
            let id = read.referenced(entry)?;
            read.authentications.push(id);
        }
        Ok(read)
    }

    /// The DID.
    #[must_use]
    pub fn id(&self) -> &Did {
        &self.id
    }

    /// The key that `url` refers to, if it is for this use and the DID itself controls it.
    ///
    /// # Errors
    /// [`MethodError`].
    pub fn key(&self, url: &DidUrl, relationship: Relationship) -> Result<&PublicKey, MethodError> {
        let method = self.method(url, relationship)?;
        method.key.as_ref().ok_or(MethodError::UnsupportedKey)
    }

    /// The RSA key that `url` refers to, if it is for this use and the DID itself controls it.
    ///
    /// # Errors
    /// [`MethodError`].
    pub fn rsa_key(&self, url: &DidUrl, relationship: Relationship) -> Result<&RsaPublicKey, MethodError> {
        let method = self.method(url, relationship)?;
        method.rsa_key.as_ref().ok_or(MethodError::UnsupportedKey)
    }

    fn method(&self, url: &DidUrl, relationship: Relationship) -> Result<&Method, MethodError> {
        let method = self.methods.iter().find(|method| method.id == *url);
        let method = method.ok_or(MethodError::Unknown)?;
        let permitted = match relationship {
            Relationship::AssertionMethod => &self.assertion_methods,
            Relationship::Authentication => &self.authentications,
        };
        if !permitted.contains(url) {
            return Err(MethodError::OtherUse);
        }
        if method.controller != self.id {
            return Err(MethodError::OtherController);
        }
        Ok(method)
    }

    fn add(&mut self, method: &Value) -> Result<DidUrl, DidDocumentError> {
        let malformed = DidDocumentError::VerificationMethod;
        let text = |name: &str| method.get(name).and_then(Value::as_str).ok_or(malformed);
        let id = self.url(text("id")?)?;
        let controller = Did::parse(text("controller")?).map_err(|_| malformed)?;
        if self.methods.len() >= MAX_METHODS || self.methods.iter().any(|known| known.id == id) {
            return Err(malformed);
        }
        self.methods.push(Method {
            id: id.clone(),
            controller,
            key: key_of(method),
            rsa_key: rsa_key_of(method),
        });
        Ok(id)
    }

    /// The method that an entry of a relationship names, or is.
    fn referenced(&mut self, entry: &Value) -> Result<DidUrl, DidDocumentError> {
        match entry {
            Value::String(url) => self.url(url),
            Value::Object(_) => self.add(entry),
            _ => Err(DidDocumentError::VerificationMethod),
        }
    }

    /// A DID URL, where one that begins with `#` is of this document.
    fn url(&self, text: &str) -> Result<DidUrl, DidDocumentError> {
        let url = match text.strip_prefix('#') {
            Some(fragment) => self.id.with_fragment(fragment),
            None => DidUrl::parse(text),
        };
        url.map_err(|_| DidDocumentError::VerificationMethod)
    }
}

fn list<'v>(document: &'v Value, name: &str) -> Result<&'v [Value], DidDocumentError> {
    match document.get(name) {
        None => Ok(&[]),
        Some(Value::Array(entries)) => Ok(entries),
        Some(_) => Err(DidDocumentError::VerificationMethod),
    }
}

/// The key of a method of one of the types that name it: as a JWK, or as a Multikey.
fn key_of(method: &Value) -> Option<PublicKey> {
    match method.get("type").and_then(Value::as_str)? {
        "JsonWebKey" | "JsonWebKey2020" => {
            let jwk: Jwk = serde_json::from_value(method.get("publicKeyJwk")?.clone()).ok()?;
            if jwk.use_.as_deref().is_some_and(|purpose| purpose != "sig") {
                return None;
            }
            PublicKey::from_jwk(&jwk).ok()
        }
        "Multikey" => parse_multikey(method.get("publicKeyMultibase")?.as_str()?).ok(),
        // The older type says the kind of key: a P-256 key under it is a contradiction.
        "Ed25519VerificationKey2020" => parse_multikey(method.get("publicKeyMultibase")?.as_str()?)
            .ok()
            .filter(|key| matches!(key, PublicKey::Ed25519(_))),
        _ => None,
    }
}

/// The RSA key of a method of one of the types that can name one: as a JWK, or in PEM.
pub(crate) fn rsa_key_of(method: &Value) -> Option<RsaPublicKey> {
    let of_jwk = |jwk: &Value| {
        let jwk: RsaJwk = serde_json::from_value(jwk.clone()).ok()?;
        if jwk.use_.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        RsaPublicKey::from_jwk(&jwk).ok()
    };
    let (jwk, pem) = (method.get("publicKeyJwk"), method.get("publicKeyPem"));
    match (method.get("type").and_then(Value::as_str)?, jwk, pem) {
        ("JsonWebKey" | "JsonWebKey2020" | "RsaVerificationKey2018", Some(jwk), None) => of_jwk(jwk),
        ("RsaVerificationKey2018", None, Some(pem)) => RsaPublicKey::from_public_key_pem(pem.as_str()?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use symbolon_crypto::testing::rsa_figures;

    use super::*;

    const DID: &str = "did:web:issuer.example";
    const MULTIKEY: &str = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

    fn document() -> Value {
        json!({
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": DID,
            "verificationMethod": [
                { "id": "did:web:issuer.example#a", "type": "Multikey", "controller": DID, "publicKeyMultibase": MULTIKEY },
                { "id": "#b", "type": "JsonWebKey", "controller": DID, "publicKeyJwk":
                    { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" } },
                { "id": "#foreign", "type": "Multikey", "controller": "did:web:other.example", "publicKeyMultibase": MULTIKEY },
                { "id": "#rsa", "type": "JsonWebKey", "controller": DID,
                    "publicKeyJwk": { "kty": "RSA", "n": "AQAB", "e": "AQAB" } },
            ],
            "assertionMethod": ["#a", "did:web:issuer.example#foreign", "#rsa",
                { "id": "#c", "type": "Ed25519VerificationKey2020", "controller": DID, "publicKeyMultibase": MULTIKEY }],
            "authentication": ["#b"],
        })
    }

    fn read(document: &Value) -> Result<PublishedDocument, DidDocumentError> {
        PublishedDocument::parse(&serde_json::to_vec(document).unwrap(), &Did::parse(DID).unwrap())
    }

    fn key(fragment: &str, relationship: Relationship) -> Result<PublicKey, MethodError> {
        let document = read(&document()).unwrap();
        let url = DidUrl::parse(&format!("{DID}#{fragment}")).unwrap();
        document.key(&url, relationship).cloned()
    }

    #[test]
    fn gives_a_key_for_the_use_it_is_listed_for() {
        assert!(key("a", Relationship::AssertionMethod).is_ok());
        assert!(key("c", Relationship::AssertionMethod).is_ok());
        assert!(key("b", Relationship::Authentication).is_ok());
        assert_eq!(key("a", Relationship::Authentication), Err(MethodError::OtherUse));
        assert_eq!(
            key("b", Relationship::AssertionMethod),
            Err(MethodError::OtherUse)
        );
        assert_eq!(key("z", Relationship::AssertionMethod), Err(MethodError::Unknown));
    }

    #[test]
    fn gives_no_key_that_another_controls_or_that_is_of_no_supported_type() {
        let key = |fragment| key(fragment, Relationship::AssertionMethod);
        assert_eq!(key("foreign"), Err(MethodError::OtherController));
        assert_eq!(key("rsa"), Err(MethodError::UnsupportedKey));
    }

    #[test]
    fn an_rsa_key_is_given_to_who_asks_for_one_alone() {
        let jwk = json!({ "kty": "RSA", "n": rsa_figures::MODULUS, "e": "AQAB" });
        let with = |jwk: Value, pem: &str| {
            json!({
                "id": DID,
                "verificationMethod": [
                    { "id": "#jwk", "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": jwk },
                    { "id": "#pem", "type": "RsaVerificationKey2018", "controller": DID, "publicKeyPem": pem },
                    { "id": "#ed", "type": "Multikey", "controller": DID, "publicKeyMultibase": MULTIKEY },
                    { "id": "#two", "type": "RsaVerificationKey2018", "controller": DID, "publicKeyPem": pem,
                        "publicKeyJwk": jwk },
                ],
                "assertionMethod": ["#jwk", "#pem", "#ed", "#two"],
            })
        };
        let document = read(&with(jwk.clone(), rsa_figures::PEM)).unwrap();
        let url = |fragment: &str| DidUrl::parse(&format!("{DID}#{fragment}")).unwrap();
        for fragment in ["jwk", "pem"] {
            let key = document.rsa_key(&url(fragment), Relationship::AssertionMethod);
            assert_eq!(key.map(|key| key.modulus().len()), Ok(256), "{fragment}");
            let key = document.key(&url(fragment), Relationship::AssertionMethod);
            assert_eq!(key, Err(MethodError::UnsupportedKey), "{fragment}");
            let key = document.rsa_key(&url(fragment), Relationship::Authentication);
            assert_eq!(key, Err(MethodError::OtherUse), "{fragment}");
        }
        for fragment in ["ed", "two"] {
            let key = document.rsa_key(&url(fragment), Relationship::AssertionMethod);
            assert_eq!(key, Err(MethodError::UnsupportedKey), "{fragment}");
        }
        let mut encrypting = jwk;
        encrypting["use"] = json!("enc");
        let document = read(&with(encrypting, "no key")).unwrap();
        for fragment in ["jwk", "pem"] {
            let key = document.rsa_key(&url(fragment), Relationship::AssertionMethod);
            assert_eq!(key, Err(MethodError::UnsupportedKey), "{fragment}");
        }
    }

    #[test]
    fn refuses_a_document_of_another_did_or_with_one_method_twice() {
        let mut other = document();
        other["id"] = "did:web:other.example".into();
        assert_eq!(read(&other), Err(DidDocumentError::OtherDid));
        let mut twice = document();
        twice["assertionMethod"][3]["id"] = "#a".into();
        assert_eq!(read(&twice), Err(DidDocumentError::VerificationMethod));
        let mut deactivated = document();
        deactivated["deactivated"] = true.into();
        assert_eq!(read(&deactivated), Err(DidDocumentError::Deactivated));
        assert_eq!(
            PublishedDocument::parse(
                br#"{"id":"did:web:issuer.example","id":"x"}"#,
                &Did::parse(DID).unwrap()
            ),
            Err(DidDocumentError::Json)
        );
    }

    #[test]
    fn a_relative_reference_is_to_this_document() {
        let mut foreign = document();
        foreign["assertionMethod"] = json!(["did:web:other.example#a"]);
        let document = read(&foreign).unwrap();
        let url = DidUrl::parse(&format!("{DID}#a")).unwrap();
        assert_eq!(
            document.key(&url, Relationship::AssertionMethod),
            Err(MethodError::OtherUse)
        );
    }
}
