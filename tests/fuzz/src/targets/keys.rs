//! Keys in their encodings, and certificates.

use core::time::Duration;

use symbolon_crypto::cose::NamedContentKey;
use symbolon_crypto::encoding::cbor::{CborBudget, Cursor};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::testing::revocation::{RevocationListDraft, sequence, tagged};
use symbolon_crypto::x509::request::{CertificateRequest, RequestedNames, request};
use symbolon_crypto::x509::{
    Certificate, ChainProfile, MAX_REVOKED_CERTIFICATES, RevocationList, STATUS_SIGNER_KEY_PURPOSE,
    check_revocation, verify_chain,
};
use symbolon_crypto::{Jwk, PublicKey, SecretKey};

use super::{for_part, one_of};
use crate::seeds::{NOW, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// JWK, COSE_Key, SubjectPublicKeyInfo, PKCS #8, raw points, and JWKs of content keys.
pub(super) const KEYS: Target = Target {
    name: "keys",
    run: |input| {
        one_of(
            &[
                |input| {
                    let key = json::parse::<Jwk>(input, JsonBudget::MESSAGE)
                        .map_err(|error| Reading::refused(&error))
                        .and_then(|jwk| PublicKey::from_jwk(&jwk).map_err(|error| Reading::refused(&error)));
                    match key {
                        Ok(key) => {
                            assert_eq!(PublicKey::from_jwk(&key.to_jwk()).as_ref(), Ok(&key));
                            let _ = key.thumbprint().to_string();
                            Reading::Accepted
                        }
                        Err(reading) => reading,
                    }
                },
                |input| match Cursor::new(input, CborBudget::DEFAULT) {
                    Ok(mut cursor) => Reading::of(&PublicKey::from_cose_key(&mut cursor)),
                    Err(error) => Reading::refused(&error),
                },
                |input| {
                    let key = PublicKey::from_subject_public_key_info(input);
                    if let Ok(key) = &key {
                        let again = key.to_subject_public_key_info().ok();
                        let again = again.and_then(|der| PublicKey::from_subject_public_key_info(&der).ok());
                        assert_eq!(again.as_ref(), Some(key), "a key that is written reads the same");
                    }
                    Reading::of(&key)
                },
                |input| Reading::of(&SecretKey::from_pkcs8_der(input).map(|_| ())),
                |input| {
                    let read = [
                        PublicKey::from_p256_sec1_bytes(input),
                        PublicKey::from_p384_sec1_bytes(input),
                        PublicKey::from_ed25519_bytes(input),
                    ];
                    Reading::of_some(read.iter().find(|key| key.is_ok()))
                },
                |input| Reading::of(&NamedContentKey::from_jwk(input).map(|_| ())),
            ],
            input,
        )
    },
    seeds: || {
        let jwk = |key: &PublicKey| serde_json::to_vec(&key.to_jwk()).expect("a JWK is written");
        let info = |key: &PublicKey| key.to_subject_public_key_info().expect("a key is written");
        let secret = WORLD
            .issuer
            .secret()
            .to_pkcs8_der()
            .expect("a secret key is written");
        let mut cose_key = Vec::new();
        WORLD.holder.public().write_cose_key(&mut cose_key);
        let mut edwards_cose_key = Vec::new();
        WORLD.edwards.public().write_cose_key(&mut edwards_cose_key);
        vec![
            for_part(0, jwk(WORLD.issuer.public())),
            for_part(0, jwk(WORLD.edwards.public())),
            for_part(1, cose_key),
            for_part(1, edwards_cose_key),
            for_part(2, info(WORLD.issuer.public())),
            for_part(2, info(WORLD.edwards.public())),
            for_part(3, secret.as_slice()),
            for_part(4, WORLD.issuer.public().to_sec1_bytes()),
            for_part(
                5,
                br#"{"kty":"oct","kid":"face","alg":"A256GCM","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#,
            ),
        ]
    },
};

/// A list of certificates that were taken back, and what it says of those of the seeds.
pub(super) const REVOCATION_LIST: Target = Target {
    name: "revocation_list",
    run: |input| {
        let list = RevocationList::parse(input);
        if let Ok(list) = &list {
            assert_eq!(list.der(), input, "a list is kept as it came");
            assert!(list.count() <= MAX_REVOKED_CERTIFICATES);
            for issuer in [&WORLD.root, &WORLD.leaf] {
                if let Ok(verified) = list.verify(issuer, &TRUSTING_PROVIDER) {
                    let lists = [verified];
                    let chain = core::slice::from_ref(&WORLD.leaf);
                    let _ = check_revocation(chain, &WORLD.root, &lists, NOW, Duration::from_secs(60));
                }
            }
        }
        Reading::of(&list.map(|_| ()))
    },
    seeds: || {
        let key = &WORLD.issuer;
        let empty = RevocationListDraft::of(&WORLD.root, NOW, NOW.plus(Duration::from_secs(86_400)));
        let full = empty
            .clone()
            .revoking(&WORLD.leaf, NOW, None)
            .revoking(&WORLD.status_leaf, NOW, Some(1));
        let scoped = full
            .clone()
            .with("2.5.29.28", true, &sequence(&tagged(0x81, &[0xff])));
        [empty, full, scoped]
            .iter()
            .map(|draft| draft.sign(&key.description, &key.key))
            .collect()
    },
};

/// A certificate, and what a chain of it under a root amounts to; or a request for one.
pub(super) const X509: Target = Target {
    name: "x509",
    run: |input| {
        let certificate = Certificate::parse(input);
        if let Ok(certificate) = &certificate {
            assert_eq!(certificate.der(), input, "a certificate is kept as it came");
            for profile in [
                ChainProfile::CredentialSigner,
                ChainProfile::StatusSigner,
                ChainProfile::DocumentSigner,
            ] {
                let one = core::slice::from_ref(certificate);
                let (leaf, root) = (
                    core::slice::from_ref(&WORLD.leaf),
                    core::slice::from_ref(&WORLD.root),
                );
                let _ = verify_chain(one, root, profile, NOW, &TRUSTING_PROVIDER);
                let _ = verify_chain(leaf, one, profile, NOW, &TRUSTING_PROVIDER);
                let between = [WORLD.leaf.clone(), certificate.clone()];
                let _ = verify_chain(&between, root, profile, NOW, &TRUSTING_PROVIDER);
            }
            let _ = (certificate.san_uris(), certificate.subject_name());
        }
        if certificate.is_err() && CertificateRequest::parse(input, &TRUSTING_PROVIDER).is_ok() {
            return Reading::Accepted;
        }
        Reading::of(&certificate.map(|_| ()))
    },
    seeds: || {
        let mut seeds = vec![
            WORLD.root.der().to_vec(),
            WORLD.leaf.der().to_vec(),
            WORLD.status_leaf.der().to_vec(),
        ];
        seeds.extend(super::mdoc::certificates());
        let names = RequestedNames {
            subject_name: "Signer of the seeds".to_owned(),
            san_uris: vec!["https://registry.example".to_owned()],
            san_dns: vec!["registry.example".to_owned()],
            extended_key_usage: Some(STATUS_SIGNER_KEY_PURPOSE.to_owned()),
        };
        seeds.extend(request(&names, &WORLD.issuer.description, &WORLD.issuer.key));
        seeds
    },
};
