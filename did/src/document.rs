//! DID documents of methods with one key ([DID Core §5](https://www.w3.org/TR/did-1.0/#core-properties)).

use serde_json::{Value, json};
use symbolon_crypto::PublicKey;

use crate::{Did, DidUrl};

/// What a DID resolves to. Both methods have one verification method, which serves for everything it can serve for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DidDocument {
    /// The DID.
    pub id: Did,
    /// Its key.
    pub verification_method: VerificationMethod,
}

/// A key and how it is referred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationMethod {
    /// Its DID URL.
    pub id: DidUrl,
    /// Who says which signatures of the key count.
    pub controller: Did,
    /// The key.
    pub public_key: PublicKey,
}

impl DidDocument {
    /// The document as JSON, with the key as `JsonWebKey`
    /// ([VC JOSE COSE §2](https://www.w3.org/TR/vc-jose-cose/)).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let method = &self.verification_method;
        json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
            "id": self.id,
            "verificationMethod": [{
                "id": method.id,
                "type": "JsonWebKey",
                "controller": method.controller,
                "publicKeyJwk": method.public_key.to_jwk(),
            }],
            "authentication": [method.id],
            "assertionMethod": [method.id],
        })
    }
}
