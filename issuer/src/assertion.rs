//! The keys that sign W3C credentials, and the DIDs they are found under.
//!
//! An issuer whose identifier has a domain name is the `did:web` of its identifier, with all its keys in one document that it
//! serves. On loopback, where no other machine could fetch a document, each key is a `did:key` of its own.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::{PublicKey, SignatureAlgorithm};
use symbolon_did::{Did, DidUrl, InvalidDid, did_key, web_did_of};
use symbolon_protocol::identifier::IssuerIdentifier;
use thiserror::Error;
use url::Host;

/// A key that signs W3C credentials and the Bitstring Status Lists of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionKey {
    handle: KeyHandle,
    public_key: PublicKey,
    did: Did,
    multikey: DidUrl,
    json_web_key: DidUrl,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssertionKeys {
    keys: Vec<AssertionKey>,
    retired: Vec<AssertionKey>,
    web: Option<Did>,
}

/// Why an issuer has no DID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AssertionKeysError {
    /// The identifier gives no DID.
    #[error(
        "the issuer identifier cannot be written as a did:web: it must have a host name, and a path without escapes"
    )]
    Identifier(#[from] InvalidDid),
    /// Two keys of one algorithm: which is to sign would be chance.
    #[error("two assertion keys have the algorithm {}", .0.jose_name())]
    RepeatedAlgorithm(SignatureAlgorithm),
}

impl AssertionKeys {
    /// The keys of the issuer with this identifier, one for each algorithm.
    ///
    /// # Errors
    /// [`AssertionKeysError`].
    pub fn new(
        identifier: &IssuerIdentifier,
        keys: impl IntoIterator<Item = (KeyHandle, PublicKey)>,
    ) -> Result<Self, AssertionKeysError> {
        let web = match identifier.url().url().host() {
            Some(Host::Domain(name)) if name != "localhost" => Some(web_did_of(identifier.as_str())?),
            _ => None,
        };
        let mut all: Vec<AssertionKey> = Vec::new();
        for (handle, public_key) in keys {
            let algorithm = public_key.algorithm();
            if all.iter().any(|key| key.algorithm() == algorithm) {
                return Err(AssertionKeysError::RepeatedAlgorithm(algorithm));
            }
            all.push(AssertionKey::new(web.as_ref(), handle, public_key)?);
        }
        Ok(Self {
            keys: all,
            retired: Vec::new(),
            web,
        })
    }

    /// The same with keys that sign no more. They stay published, so that what they signed can be verified until it expires.
    ///
    /// # Errors
    /// [`AssertionKeysError::Identifier`].
    pub fn with_retired(
        mut self,
        retired: impl IntoIterator<Item = PublicKey>,
    ) -> Result<Self, AssertionKeysError> {
        for public_key in retired {
            let known = self.keys.iter().chain(&self.retired);
            if known.into_iter().any(|key| key.public_key == public_key) {
                continue;
            }
            let handle = KeyHandle::new("retired");
            self.retired
                .push(AssertionKey::new(self.web.as_ref(), handle, public_key)?);
        }
        Ok(self)
    }

    /// The key of an algorithm.
    #[must_use]
    pub fn with_algorithm(&self, algorithm: SignatureAlgorithm) -> Option<&AssertionKey> {
        self.keys.iter().find(|key| key.algorithm() == algorithm)
    }

    /// The key that signs Bitstring Status Lists: the same algorithm every verifier of credentials has.
    #[must_use]
    pub fn of_status_lists(&self) -> Option<&AssertionKey> {
        self.with_algorithm(SignatureAlgorithm::Es256)
            .or_else(|| self.keys.first())
    }

    /// The DIDs of the issuer, for a trust list.
    #[must_use]
    pub fn dids(&self) -> Vec<Did> {
        match &self.web {
            Some(did) if !self.keys.is_empty() => vec![did.clone()],
            _ => self.published().map(|key| key.did.clone()).collect(),
        }
    }

    /// The document of the issuer's `did:web`; `None` where it has none.
    #[must_use]
    pub fn did_document(&self) -> Option<Value> {
        let did = self.web.as_ref().filter(|_| !self.keys.is_empty())?;
        let methods: Vec<Value> = self.published().flat_map(AssertionKey::methods).collect();
        let names: Vec<&Value> = methods.iter().filter_map(|method| method.get("id")).collect();
        Some(json!({
            "@context": [
                "https://www.w3.org/ns/did/v1",
                "https://w3id.org/security/multikey/v1",
                "https://w3id.org/security/jwk/v1",
            ],
            "id": did,
            "assertionMethod": names,
            "verificationMethod": methods,
        }))
    }

    fn published(&self) -> impl Iterator<Item = &AssertionKey> {
        self.keys.iter().chain(&self.retired)
    }

    /// The documents of the issuer's DIDs that do not hold their keys themselves, for a trust list.
    #[must_use]
    pub fn did_documents(&self) -> BTreeMap<Did, Value> {
        self.web.clone().zip(self.did_document()).into_iter().collect()
    }
}

impl AssertionKey {
    fn new(web: Option<&Did>, handle: KeyHandle, public_key: PublicKey) -> Result<Self, InvalidDid> {
        let own = did_key(&public_key)?;
        let fragment = own.method_specific_identifier().to_owned();
        Ok(match web {
            Some(did) => Self {
                multikey: did.with_fragment(&fragment)?,
                json_web_key: did.with_fragment(&public_key.thumbprint().to_string())?,
                did: did.clone(),
                handle,
                public_key,
            },
            None => Self {
                multikey: own.with_fragment(&fragment)?,
                json_web_key: own.with_fragment(&fragment)?,
                did: own,
                handle,
                public_key,
            },
        })
    }

    /// Its handle in the key store.
    #[must_use]
    pub const fn handle(&self) -> &KeyHandle {
        &self.handle
    }

    /// Its public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.public_key.algorithm()
    }

    /// The DID that it signs for.
    #[must_use]
    pub const fn did(&self) -> &Did {
        &self.did
    }

    /// Its name in Data Integrity proofs.
    #[must_use]
    pub const fn multikey(&self) -> &DidUrl {
        &self.multikey
    }

    /// Its name in the headers of JWTs.
    #[must_use]
    pub const fn json_web_key(&self) -> &DidUrl {
        &self.json_web_key
    }

    /// The key twice, because Data Integrity wants a `Multikey` ([vc-di-eddsa §2.1.1]) and VC-JOSE-COSE a `JsonWebKey`
    /// ([VC-JOSE-COSE §4]).
    ///
    /// [vc-di-eddsa §2.1.1]: https://www.w3.org/TR/vc-di-eddsa/#multikey
    /// [VC-JOSE-COSE §4]: https://www.w3.org/TR/vc-jose-cose/#using-controlled-identifier-documents
    fn methods(&self) -> [Value; 2] {
        [
            json!({
                "id": self.multikey,
                "type": "Multikey",
                "controller": self.did,
                "publicKeyMultibase": self.multikey.fragment(),
            }),
            json!({
                "id": self.json_web_key,
                "type": "JsonWebKey",
                "controller": self.did,
                "publicKeyJwk": self.public_key.to_jwk(),
            }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider};
    use symbolon_did::{PublishedDocument, Relationship, verification_key};

    use super::*;

    fn keys(identifier: &str) -> Result<AssertionKeys, AssertionKeysError> {
        let randomness = SeededRandomness::new(5);
        let keys = [SignatureAlgorithm::EdDsa, SignatureAlgorithm::Es256].map(|algorithm| {
            let key = RustCryptoProvider.generate_key(algorithm, &randomness).unwrap();
            (KeyHandle::new(algorithm.jose_name()), key.public_key())
        });
        AssertionKeys::new(&IssuerIdentifier::parse(identifier).unwrap(), keys)
    }

    #[test]
    fn an_issuer_with_a_name_is_a_did_web_whose_document_has_every_key() {
        let keys = keys("https://registry.example/tenant").unwrap();
        let did = Did::parse("did:web:registry.example:tenant").unwrap();
        assert_eq!(keys.dids(), core::slice::from_ref(&did));
        let document = keys.did_document().unwrap();
        let document = PublishedDocument::from_value(&document, &did).unwrap();
        for key in &keys.keys {
            for method in [key.multikey(), key.json_web_key()] {
                let found = document.key(method, Relationship::AssertionMethod);
                assert_eq!(found, Ok(key.public_key()));
                // What signs credentials does not also log in as the issuer.
                assert!(document.key(method, Relationship::Authentication).is_err());
            }
        }
    }

    #[test]
    fn an_issuer_on_loopback_is_one_did_key_for_each_key() {
        for identifier in [
            "http://127.0.0.1:8080",
            "http://localhost:8080",
            "http://[::1]:8080",
        ] {
            let keys = keys(identifier).unwrap();
            assert_eq!(keys.dids().len(), 2);
            assert_eq!(keys.did_document(), None);
            for key in &keys.keys {
                assert_eq!(verification_key(key.multikey()), Ok(key.public_key().clone()));
            }
        }
    }

    #[test]
    fn a_retired_key_is_published_and_signs_nothing() {
        let old = RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(6))
            .unwrap()
            .public_key();
        let rotated = keys("https://registry.example")
            .unwrap()
            .with_retired([old.clone(), old.clone()])
            .unwrap();
        assert_ne!(
            rotated
                .with_algorithm(SignatureAlgorithm::Es256)
                .unwrap()
                .public_key(),
            &old
        );
        let did = Did::parse("did:web:registry.example").unwrap();
        assert_eq!(rotated.dids(), core::slice::from_ref(&did));
        let document = PublishedDocument::from_value(&rotated.did_document().unwrap(), &did).unwrap();
        assert_eq!(rotated.retired.len(), 1);
        for method in [rotated.retired[0].multikey(), rotated.retired[0].json_web_key()] {
            assert_eq!(document.key(method, Relationship::AssertionMethod), Ok(&old));
        }
        // On loopback each key is a DID of its own, and the old one is still the issuer's.
        let local = keys("http://127.0.0.1:8080")
            .unwrap()
            .with_retired([old.clone()])
            .unwrap();
        assert_eq!(local.dids().len(), 3);
        assert!(local.dids().contains(&did_key(&old).unwrap()));
    }

    #[test]
    fn an_identifier_that_is_no_did_web_is_refused() {
        assert!(keys("https://registry.example/~issuer").is_err());
    }
}
