//! The methods [did:jwk](https://github.com/quartzjer/did-jwk/blob/main/spec.md) and
//! [did:key](https://w3c-ccg.github.io/did-key-spec/).

use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::{Jwk, PublicKey};
use thiserror::Error;

use crate::document::{DidDocument, VerificationMethod};
use crate::syntax::{Did, DidUrl, InvalidDid};

/// The fragment of the only key of a `did:jwk`.
const JWK_FRAGMENT: &str = "0";

/// Multicodec prefixes ([multicodec table](https://github.com/multiformats/multicodec/blob/master/table.csv)), as
/// variable-length integers.
const ED25519_PREFIX: [u8; 2] = [0xed, 0x01];
const P256_PREFIX: [u8; 2] = [0x80, 0x24];
const P384_PREFIX: [u8; 2] = [0x81, 0x24];

/// The longest identifier of a `did:key`, in characters: a P-384 key has 70. Decoding base 58 takes quadratic time.
const MAX_KEY_IDENTIFIER_CHARACTERS: usize = 128;

/// The budget of the JWK within a `did:jwk`.
const JWK_BUDGET: JsonBudget = JsonBudget {
    bytes: 3 * 1024,
    depth: 4,
    items: 32,
};

/// Why a DID was not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// Neither `did:jwk` nor `did:key`.
    #[error("the DID method is not supported")]
    UnsupportedMethod,
    /// The identifier does not hold a key of a supported type in the only encoding it has.
    #[error("the DID holds no key of a supported type")]
    Key,
    /// The DID says that its key is not for signatures (`use` is not `sig`).
    #[error("the DID's key is not for signatures")]
    NotForSignatures,
    /// The DID URL refers to a key that the DID does not have, or to something that is no key.
    #[error("the DID URL refers to no key of its DID")]
    UnknownVerificationMethod,
}

/// The document of a DID.
///
/// # Errors
/// [`ResolveError`] for another method or an identifier that is not a key.
pub fn resolve(did: &Did) -> Result<DidDocument, ResolveError> {
    let identifier = did.method_specific_identifier();
    let (public_key, fragment) = match did.method() {
        "jwk" => (parse_jwk_identifier(identifier)?, JWK_FRAGMENT),
        "key" => (parse_multikey(identifier)?, identifier),
        _ => return Err(ResolveError::UnsupportedMethod),
    };
    let id = did.with_fragment(fragment).map_err(|_| ResolveError::Key)?;
    let verification_method = VerificationMethod {
        id,
        controller: did.clone(),
        public_key,
    };
    Ok(DidDocument {
        id: did.clone(),
        verification_method,
    })
}

/// The key that a DID URL refers to. One without a fragment refers to the only key its DID has: wallets write the
/// `kid` of `cnf` so.
///
/// # Errors
/// [`ResolveError`] for another method, an identifier that is not a key, or a reference to another key.
pub fn verification_key(url: &DidUrl) -> Result<PublicKey, ResolveError> {
    let method = resolve(url.did())?.verification_method;
    let refers_to_it = url.path_and_query().is_empty()
        && (url.fragment().is_none() || url.fragment() == method.id.fragment());
    if refers_to_it {
        Ok(method.public_key)
    } else {
        Err(ResolveError::UnknownVerificationMethod)
    }
}

/// The `did:jwk` of a key.
///
/// # Errors
/// [`InvalidDid`] if the key cannot be written, which no key of this type makes happen.
pub fn did_jwk(key: &PublicKey) -> Result<Did, InvalidDid> {
    let jwk = serde_json::to_vec(&key.to_jwk()).map_err(|_| InvalidDid)?;
    Did::parse(&format!("did:jwk:{}", base64url::encode(&jwk)))
}

/// The `did:key` of a key.
///
/// # Errors
/// [`InvalidDid`] if the key cannot be written, which no key of this type makes happen.
pub fn did_key(key: &PublicKey) -> Result<Did, InvalidDid> {
    let (prefix, bytes) = match key {
        PublicKey::Ed25519(_) => (ED25519_PREFIX, key.to_sec1_bytes()),
        PublicKey::P256(_) => (P256_PREFIX, compressed(key)),
        PublicKey::P384(_) => (P384_PREFIX, compressed(key)),
    };
    let encoded = bs58::encode([prefix.as_slice(), &bytes].concat()).into_string();
    Did::parse(&format!("did:key:z{encoded}"))
}

fn parse_jwk_identifier(identifier: &str) -> Result<PublicKey, ResolveError> {
    let jwk = base64url::decode(identifier).map_err(|_| ResolveError::Key)?;
    let jwk: Jwk = json::parse(&jwk, JWK_BUDGET).map_err(|_| ResolveError::Key)?;
    if jwk.use_.as_deref().is_some_and(|purpose| purpose != "sig") {
        return Err(ResolveError::NotForSignatures);
    }
    PublicKey::from_jwk(&jwk).map_err(|_| ResolveError::Key)
}

/// A key as base 58 of its multicodec, the form of `did:key` and of a Multikey.
pub(crate) fn parse_multikey(identifier: &str) -> Result<PublicKey, ResolveError> {
    if identifier.len() > MAX_KEY_IDENTIFIER_CHARACTERS {
        return Err(ResolveError::Key);
    }
    // `z` is base 58 with the Bitcoin alphabet, the only base that did:key allows.
    let encoded = identifier.strip_prefix('z').ok_or(ResolveError::Key)?;
    let decoded = bs58::decode(encoded).into_vec().map_err(|_| ResolveError::Key)?;
    let (prefix, bytes) = decoded.split_first_chunk::<2>().ok_or(ResolveError::Key)?;
    // Points are compressed; another form of the same point would be another DID of the same key.
    match (*prefix, bytes.len()) {
        (ED25519_PREFIX, 32) => PublicKey::from_ed25519_bytes(bytes),
        (P256_PREFIX, 33) => PublicKey::from_p256_sec1_bytes(bytes),
        (P384_PREFIX, 49) => PublicKey::from_p384_sec1_bytes(bytes),
        _ => return Err(ResolveError::Key),
    }
    .map_err(|_| ResolveError::Key)
}

/// The compressed form of an elliptic-curve point (SEC 1 §2.3.3).
fn compressed(key: &PublicKey) -> Vec<u8> {
    let point = key.to_sec1_bytes();
    let coordinates = point.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let y_is_odd = y.last().is_some_and(|byte| byte & 1 == 1);
    [&[if y_is_odd { 3 } else { 2 }], x].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{SecretKey, SignatureAlgorithm};

    use super::*;

    fn key(seed: u64, algorithm: SignatureAlgorithm) -> PublicKey {
        SecretKey::generate(algorithm, &SeededRandomness::new(seed))
            .unwrap()
            .public_key()
    }

    fn key_of(text: &str) -> Result<PublicKey, ResolveError> {
        verification_key(&DidUrl::parse(text).unwrap())
    }

    fn jwk_did(jwk: &str) -> String {
        format!("did:jwk:{}", base64url::encode(jwk.as_bytes()))
    }

    /// The example of the did:jwk specification.
    const SPECIFIED_JWK: &str = "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9";

    #[test]
    fn reads_the_example_of_did_jwk() {
        let key = key_of(&format!("{SPECIFIED_JWK}#0")).unwrap();
        assert_eq!(key.to_jwk().x, "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0");
        assert_eq!(key_of(SPECIFIED_JWK), Ok(key));
    }

    #[test]
    fn reads_the_examples_of_did_key() {
        for (did, curve) in [
            (
                "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
                "Ed25519",
            ),
            (
                "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
                "P-256",
            ),
            (
                "did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv",
                "P-256",
            ),
            (
                "did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9",
                "P-384",
            ),
            (
                "did:key:z82LkvCwHNreneWpsgPEbV3gu1C6NFJEBg4srfJ5gdxEsMGRJUz2sG9FE42shbn2xkZJh54",
                "P-384",
            ),
        ] {
            let key = key_of(did).unwrap();
            assert_eq!(key.to_jwk().crv, curve, "{did}");
            assert_eq!(did_key(&key).unwrap().as_str(), did);
        }
    }

    #[test]
    fn a_fragment_must_name_the_key() {
        let did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        assert!(key_of(&format!("{did}#{}", &did[8..])).is_ok());
        let unknown = Err(ResolveError::UnknownVerificationMethod);
        for behind in [
            "#0",
            "#",
            "/path",
            "?query",
            "?versionId=1#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        ] {
            assert_eq!(key_of(&format!("{did}{behind}")), unknown, "{behind}");
        }
        assert_eq!(key_of(&format!("{SPECIFIED_JWK}#1")), unknown);
    }

    #[test]
    fn other_methods_are_refused_as_such() {
        for did in ["did:web:example.org", "did:ion:abc", "did:jwks:e30"] {
            assert_eq!(key_of(did), Err(ResolveError::UnsupportedMethod), "{did}");
        }
    }

    #[test]
    fn refuses_a_jwk_that_is_private_not_for_signatures_or_ambiguous() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let ed25519 = format!(r#""kty":"OKP","crv":"Ed25519","x":"{x}""#);
        assert!(key_of(&jwk_did(&format!("{{{ed25519}}}"))).is_ok());
        assert!(key_of(&jwk_did(&format!(r#"{{{ed25519},"use":"sig"}}"#))).is_ok());
        assert_eq!(
            key_of(&jwk_did(&format!(r#"{{{ed25519},"use":"enc"}}"#))),
            Err(ResolveError::NotForSignatures)
        );
        for jwk in [
            format!(r#"{{{ed25519},"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}}"#),
            format!(r#"{{{ed25519},"x":"{x}"}}"#),
            r#"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#.to_owned(),
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            "{".to_owned(),
        ] {
            assert_eq!(key_of(&jwk_did(&jwk)), Err(ResolveError::Key), "{jwk}");
        }
    }

    #[test]
    fn refuses_multibase_that_is_no_supported_key() {
        let multibase = |bytes: &[u8]| format!("did:key:z{}", bs58::encode(bytes).into_string());
        let p256 = key(1, SignatureAlgorithm::Es256);
        let uncompressed = [P256_PREFIX.as_slice(), &p256.to_sec1_bytes()].concat();
        for did in [
            multibase(&uncompressed),
            multibase(&[0xe7, 0x01, 2]),
            multibase(&[ED25519_PREFIX.as_slice(), &[7; 31]].concat()),
            // The neutral element: every signature of a kind verifies under it.
            multibase(&[ED25519_PREFIX.as_slice(), &[1], &[0; 31]].concat()),
            // An x coordinate beyond the field.
            multibase(&[P256_PREFIX.as_slice(), &[2], &[0xff; 32]].concat()),
            multibase(&[]),
            "did:key:z0OIl".to_owned(),
            "did:key:f00".to_owned(),
            format!("did:key:z{}", "a".repeat(MAX_KEY_IDENTIFIER_CHARACTERS)),
        ] {
            assert_eq!(key_of(&did), Err(ResolveError::Key), "{did}");
        }
    }

    #[test]
    fn the_document_names_the_key_for_signatures() {
        let document = resolve(&Did::parse(SPECIFIED_JWK).unwrap()).unwrap().to_json();
        let id = format!("{SPECIFIED_JWK}#0");
        assert_eq!(document["verificationMethod"][0]["id"], id);
        assert_eq!(document["verificationMethod"][0]["controller"], SPECIFIED_JWK);
        assert_eq!(document["assertionMethod"][0], id);
        assert_eq!(document["authentication"][0], id);
    }

    proptest! {
        #[test]
        fn every_key_survives_its_dids(seed: u64) {
            for algorithm in [SignatureAlgorithm::Es256, SignatureAlgorithm::Es384, SignatureAlgorithm::EdDsa] {
                let key = key(seed, algorithm);
                for did in [did_jwk(&key).unwrap(), did_key(&key).unwrap()] {
                    let method = resolve(&did).unwrap().verification_method;
                    prop_assert_eq!(verification_key(&method.id), Ok(key.clone()));
                    prop_assert_eq!(&method.public_key, &key);
                    prop_assert_eq!(method.controller, did);
                }
            }
        }

        #[test]
        fn no_identifier_makes_the_resolver_panic(identifier in "[a-zA-Z0-9_-]{1,160}") {
            for method in ["jwk", "key"] {
                let did = Did::parse(&format!("did:{method}:{identifier}")).unwrap();
                let _ = resolve(&did);
            }
        }
    }
}
