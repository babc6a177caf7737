//! What a [`CryptoProvider`] that has RSA must do.

use super::rsa_figures::{LARGE_MODULUS, MODULUS, PEM, PS256, PS256_MGF1_SHA1, PS256_SHORT_SALT, RS1, RS256};
use crate::algorithm::RsaAlgorithm;
use crate::encoding::base64url;
use crate::key::{RsaJwk, RsaPublicKey};
use crate::provider::{CryptoProvider, RsaNotVerified};

const MESSAGE: &[u8] = b"message";

/// Runs the suite.
///
/// # Panics
/// At the first rule that the provider breaks: this is a test.
pub fn check(provider: &dyn CryptoProvider) {
    let Ok(key) = RsaPublicKey::from_public_key_pem(PEM) else {
        return assert!(PEM.is_empty(), "the key is one");
    };
    let rejected = Err(RsaNotVerified::Rejected);
    for (algorithm, own, other, near) in [
        (
            RsaAlgorithm::Ps256,
            PS256,
            RS256,
            [PS256_SHORT_SALT, PS256_MGF1_SHA1].as_slice(),
        ),
        (RsaAlgorithm::Rs256, RS256, PS256, &[RS1]),
    ] {
        let verify = |key: &RsaPublicKey, message: &[u8], signature: &[u8]| {
            provider.verify_rsa(key, algorithm, message, signature)
        };
        let signature = bytes(own);
        assert_eq!(verify(&key, MESSAGE, &signature), Ok(()), "{algorithm:?}");
        assert_eq!(
            verify(&key, b"massage", &signature),
            rejected,
            "{algorithm:?}: another message"
        );
        assert_eq!(
            verify(&key, MESSAGE, &bytes(other)),
            rejected,
            "{algorithm:?}: a signature of the other algorithm"
        );
        for near in near {
            assert_eq!(
                verify(&key, MESSAGE, &bytes(near)),
                rejected,
                "{algorithm:?}: other parameters"
            );
        }
        for position in 0..signature.len() {
            let mut changed = signature.clone();
            if let Some(byte) = changed.get_mut(position) {
                *byte ^= 1;
            }
            assert_eq!(
                verify(&key, MESSAGE, &changed),
                rejected,
                "{algorithm:?}: byte {position}"
            );
        }
        for wrong in [
            Vec::new(),
            signature.get(1..).unwrap_or_default().to_vec(),
            [&[0], signature.as_slice()].concat(),
            [signature.as_slice(), &[0]].concat(),
        ] {
            assert_eq!(
                verify(&key, MESSAGE, &wrong),
                rejected,
                "{algorithm:?}: another length"
            );
        }
        for (modulus, alg) in [(LARGE_MODULUS, None), (MODULUS, Some(not(algorithm)))] {
            let jwk = RsaJwk {
                n: modulus.to_owned(),
                e: "AQAB".to_owned(),
                kid: None,
                alg: alg.map(|alg| alg.jose_name().to_owned()),
                use_: None,
            };
            let verdict = RsaPublicKey::from_jwk(&jwk).map(|other| verify(&other, MESSAGE, &signature));
            assert_eq!(
                verdict,
                Ok(rejected),
                "{algorithm:?}: another key, or one for the other algorithm"
            );
        }
    }
}

const fn not(algorithm: RsaAlgorithm) -> RsaAlgorithm {
    match algorithm {
        RsaAlgorithm::Ps256 => RsaAlgorithm::Rs256,
        RsaAlgorithm::Rs256 => RsaAlgorithm::Ps256,
    }
}

fn bytes(text: &str) -> Vec<u8> {
    base64url::decode(text).unwrap_or_default()
}
