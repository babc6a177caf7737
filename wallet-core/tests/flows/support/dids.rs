//! The DIDs of issuers and their keys, made once.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use symbolon_crypto::signing::{KeyHandle, Sign as _, SignOutcome, SignatureRequest, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, PublicKey, RustCryptoProvider, SignatureAlgorithm};
use symbolon_did::{Did, DidUrl, PublishedDocument, did_key, resolve};
use symbolon_wallet_core::IssuerDid;

/// A key that a DID names.
pub(crate) struct DidKey {
    pub(crate) method: DidUrl,
    key: SoftwareKey,
}

impl DidKey {
    pub(crate) fn did(&self) -> &Did {
        self.method.did()
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    pub(crate) fn algorithm(&self) -> SignatureAlgorithm {
        self.key.public_key().algorithm()
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let request = SignatureRequest {
            key: self.key.handle().clone(),
            algorithm: self.algorithm(),
            bytes: bytes.to_vec(),
        };
        match self.key.sign(&request).unwrap() {
            SignOutcome::Signed(signature) => signature,
            SignOutcome::Locked => panic!("software keys are never locked"),
        }
    }
}

/// Everybody who signs W3C credentials.
pub(crate) struct Dids {
    /// The issuer's keys, under its `did:web`.
    pub(crate) ecdsa: DidKey,
    pub(crate) eddsa: DidKey,
    /// A key of the same DID that may not sign credentials.
    pub(crate) authentication: DidKey,
    /// Another DID of the same issuer.
    pub(crate) second: DidKey,
    /// The DID of another issuer on the list.
    pub(crate) neighbour: DidKey,
    /// A DID that nobody names.
    pub(crate) stranger: DidKey,
}

const REGISTRY: &str = "did:web:issuer.example";

pub(crate) fn dids() -> &'static Dids {
    static MADE: OnceLock<Dids> = OnceLock::new();
    MADE.get_or_init(|| {
        let randomness = SeededRandomness::new(31);
        let key = |algorithm| {
            let secret = RustCryptoProvider.generate_key(algorithm, &randomness).unwrap();
            SoftwareKey::new(KeyHandle::new("issuer"), secret, Arc::new(RustCryptoProvider))
        };
        let registry = |fragment: &str, algorithm| DidKey {
            method: Did::parse(REGISTRY).unwrap().with_fragment(fragment).unwrap(),
            key: key(algorithm),
        };
        let own = || {
            let key = key(SignatureAlgorithm::Es256);
            let did = did_key(key.public_key()).unwrap();
            DidKey {
                method: resolve(&did).unwrap().verification_method.id,
                key,
            }
        };
        Dids {
            ecdsa: registry("ecdsa", SignatureAlgorithm::Es256),
            eddsa: registry("eddsa", SignatureAlgorithm::EdDsa),
            authentication: registry("authentication", SignatureAlgorithm::Es256),
            second: own(),
            neighbour: own(),
            stranger: own(),
        }
    })
}

impl Dids {
    /// What the wallet's policy has of the issuer.
    pub(crate) fn of_issuer(&self) -> Vec<IssuerDid> {
        let did = Did::parse(REGISTRY).unwrap();
        let document = PublishedDocument::from_value(&self.document(), &did).unwrap();
        vec![
            IssuerDid {
                did,
                document: Some(document),
            },
            Self::without_document(&self.second),
        ]
    }

    pub(crate) fn of_neighbour(&self) -> Vec<IssuerDid> {
        vec![Self::without_document(&self.neighbour)]
    }

    fn without_document(key: &DidKey) -> IssuerDid {
        IssuerDid {
            did: key.did().clone(),
            document: None,
        }
    }

    fn document(&self) -> Value {
        let method = |key: &DidKey| {
            json!({
                "id": key.method.to_string(),
                "type": "JsonWebKey",
                "controller": REGISTRY,
                "publicKeyJwk": key.public_key().to_jwk(),
            })
        };
        json!({
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": REGISTRY,
            "verificationMethod": [method(&self.ecdsa), method(&self.eddsa), method(&self.authentication)],
            "assertionMethod": [self.ecdsa.method.to_string(), self.eddsa.method.to_string()],
            "authentication": [self.authentication.method.to_string()],
        })
    }
}
