//! What every [`CryptoProvider`] must do: two providers that disagree about one signature are two verifiers that disagree
//! about one credential.

use super::SeededRandomness;
use crate::algorithm::SignatureAlgorithm;
use crate::encoding::base64url;
use crate::key::{PublicKey, SecretKey};
use crate::provider::{CryptoProvider, SignatureRejected};

const ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::EdDsa,
];

/// Lengths of the messages that are signed: none, around the block sizes of the hashes, more than one block.
const MESSAGE_BYTES: [usize; 7] = [0, 1, 55, 64, 127, 128, 1000];

/// Runs the whole suite with one provider.
///
/// # Panics
/// At the first rule that the provider breaks: this is a test.
pub fn check(provider: &dyn CryptoProvider) {
    check_pair(provider, provider);
    refuses_algorithms_that_are_not_the_keys_own(provider);
    verifies_ed25519_strictly(provider);
    agrees_over_p256_alone(provider);
}

/// Checks that one provider understands what the other makes.
///
/// # Panics
/// At the first disagreement: this is a test.
pub fn check_pair(signer: &dyn CryptoProvider, verifier: &dyn CryptoProvider) {
    for algorithm in ALGORITHMS {
        for (seed, bytes) in (1..).zip(MESSAGE_BYTES) {
            verifies_and_refuses_what_was_changed(signer, verifier, algorithm, seed, bytes);
        }
    }
    for seed in 1..8 {
        let (one, two) = (
            key(SignatureAlgorithm::Es256, seed),
            key(SignatureAlgorithm::Es256, seed + 100),
        );
        let (Some(one), Some(two)) = (one, two) else {
            return;
        };
        let ours = signer
            .agree(&one, &two.public_key())
            .map(|shared| *shared.as_bytes());
        let theirs = verifier
            .agree(&two, &one.public_key())
            .map(|shared| *shared.as_bytes());
        assert!(ours.is_ok(), "two keys of P-256 agree");
        assert_eq!(ours, theirs, "both sides come to the same secret");
    }
}

fn verifies_and_refuses_what_was_changed(
    signer: &dyn CryptoProvider,
    verifier: &dyn CryptoProvider,
    algorithm: SignatureAlgorithm,
    seed: u64,
    message_bytes: usize,
) {
    let (Some(secret), Some(other)) = (key(algorithm, seed), key(algorithm, seed + 100)) else {
        return;
    };
    let public_key = secret.public_key();
    let message: Vec<u8> = (0..=u8::MAX).cycle().take(message_bytes).collect();
    let signature = signer.sign(&secret, &message);
    assert!(signature.is_ok(), "{algorithm:?}: signs");
    let signature = signature.unwrap_or_default();
    if let Some(prepared) = signer.prepare(&secret) {
        let signature = prepared.sign(&message).unwrap_or_default();
        assert_eq!(
            verifier.verify(&public_key, algorithm, &message, &signature),
            Ok(()),
            "{algorithm:?}: a prepared key signs as well"
        );
    }
    assert_eq!(
        signature.len(),
        algorithm.signature_bytes(),
        "{algorithm:?}: a signature has its fixed length"
    );

    let verify = |key: &PublicKey, message: &[u8], signature: &[u8]| {
        verifier.verify(key, algorithm, message, signature)
    };
    assert_eq!(
        verify(&public_key, &message, &signature),
        Ok(()),
        "{algorithm:?}: verifies {message_bytes} bytes"
    );
    let refused = Err(SignatureRejected);
    assert_eq!(
        verify(&other.public_key(), &message, &signature),
        refused,
        "{algorithm:?}: another key"
    );
    let longer = [message.as_slice(), &[0]].concat();
    assert_eq!(
        verify(&public_key, &longer, &signature),
        refused,
        "{algorithm:?}: another message"
    );
    assert_eq!(
        verify(&public_key, &message, &[]),
        refused,
        "{algorithm:?}: no signature"
    );
    let longer = [signature.as_slice(), &[0]].concat();
    assert_eq!(
        verify(&public_key, &message, &longer),
        refused,
        "{algorithm:?}: a byte too many"
    );
    let shorter = signature.get(1..).unwrap_or_default();
    assert_eq!(
        verify(&public_key, &message, shorter),
        refused,
        "{algorithm:?}: a byte too few"
    );
    let zero = vec![0; signature.len()];
    assert_eq!(
        verify(&public_key, &message, &zero),
        refused,
        "{algorithm:?}: r and s of zero"
    );
    for position in 0..signature.len() {
        let mut changed = signature.clone();
        if let Some(byte) = changed.get_mut(position) {
            *byte ^= 0x10;
        }
        assert_eq!(
            verify(&public_key, &message, &changed),
            refused,
            "{algorithm:?}: byte {position} changed"
        );
    }
}

fn refuses_algorithms_that_are_not_the_keys_own(provider: &dyn CryptoProvider) {
    for algorithm in ALGORITHMS {
        let Some(secret) = key(algorithm, 9) else { return };
        let signature = provider.sign(&secret, b"message").unwrap_or_default();
        for other in ALGORITHMS.into_iter().filter(|other| *other != algorithm) {
            let verdict = provider.verify(&secret.public_key(), other, b"message", &signature);
            assert_eq!(
                verdict,
                Err(SignatureRejected),
                "a key of {algorithm:?} as one of {other:?}"
            );
        }
    }
}

fn agrees_over_p256_alone(provider: &dyn CryptoProvider) {
    for (one, two) in [
        (SignatureAlgorithm::Es384, SignatureAlgorithm::Es384),
        (SignatureAlgorithm::EdDsa, SignatureAlgorithm::EdDsa),
        (SignatureAlgorithm::Es256, SignatureAlgorithm::Es384),
        (SignatureAlgorithm::EdDsa, SignatureAlgorithm::Es256),
    ] {
        let (Some(secret), Some(peer)) = (key(one, 1), key(two, 2)) else {
            return;
        };
        assert!(
            provider.agree(&secret, &peer.public_key()).is_err(),
            "{one:?} and {two:?} do not agree"
        );
    }
}

/// A key, a message and a signature that lenient and strict verifiers disagree about. Made for this suite with plain arithmetic over
/// the curve: the signer knows its secret, and means to deceive.
type Ed25519Case = (&'static str, &'static str, &'static str, &'static str);

const REFUSED: [Ed25519Case; 12] = [
    (
        "R is the neutral element",
        "9yYGZYFopf2X560ml73eRQqStjViyc6cM_yUhxfLOIQ",
        "message",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADYR66lG9IxVi4wc44TaEY2gI7NZ1IkamrROmlWgHJTDA",
    ),
    (
        "the key has a small-order part, R is 1 times the generator of small order",
        "f66dNmg0z_Pvh3zU6VceZGxvgpH9gZQ9Dhz2kh-nh3A",
        "message 0",
        "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3rhMXmQ4mhLxhAKHUAzMQCQShlG-JUm02YISIJbvAgZBA",
    ),
    (
        "the key has a small-order part, R is 2 times the generator of small order",
        "f66dNmg0z_Pvh3zU6VceZGxvgpH9gZQ9Dhz2kh-nh3A",
        "message 12",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIC4FLntbfu38dQwGT4YSpJkZnBsmMqGLM91OgeN-i1wBA",
    ),
    (
        "the key has a small-order part, R is 3 times the generator of small order",
        "f66dNmg0z_Pvh3zU6VceZGxvgpH9gZQ9Dhz2kh-nh3A",
        "message 24",
        "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AWm1csG5QjEdOG-qmjlOJ-5l-62d9GhPK4z__4bpankBg",
    ),
    (
        "the key has a small-order part, R is 4 times the generator of small order",
        "f66dNmg0z_Pvh3zU6VceZGxvgpH9gZQ9Dhz2kh-nh3A",
        "message 5",
        "7P_______________________________________3_6hgfqVQI7cy8K5naAzPoTcqxjYl81A_npXwlvNiiCDQ",
    ),
    (
        "the key has a small-order part, R is 5 times the generator of small order",
        "f66dNmg0z_Pvh3zU6VceZGxvgpH9gZQ9Dhz2kh-nh3A",
        "message 11",
        "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IWCtWqASqVYYFKzsGf4qVmmgYAzehOyZRCSL_tzfzQZBg",
    ),
    (
        "the key has a small-order part, R is 6 times the generator of small order",
        "f66dNmg0z_Pvh3zU6VceZGxvgpH9gZQ9Dhz2kh-nh3A",
        "message 33",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACSccCgC7h81lP7kZsofTHDAsPjJyipb0Mpvn-fZXsYCw",
    ),
    (
        "the key has a small-order part, R is 7 times the generator of small order",
        "f66dNmg0z_Pvh3zU6VceZGxvgpH9gZQ9Dhz2kh-nh3A",
        "message 10",
        "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_qp96k0LXT5C4dskBkQO8QrGxUWH_IvoaaAVYTt-pG2Dw",
    ),
    (
        "the key has a small-order part, R is 8 times the generator of small order",
        "f66dNmg0z_Pvh3zU6VceZGxvgpH9gZQ9Dhz2kh-nh3A",
        "message 11",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABFnzNOg9lB7RL9H7aBnySa0Qph61JCcAxnXEzK9Yr4CQ",
    ),
    (
        "R has a part of small order: only the equation with the cofactor holds",
        "9yYGZYFopf2X560ml73eRQqStjViyc6cM_yUhxfLOIQ",
        "message",
        "f4Vpn42JUnUhp-dtnHXkMaeUXycRHxXAqMxgmYH6_gRtb1EhUtDLEFi2Naz8dYMm691FKtIN5AHRz3HpNA1IAQ",
    ),
    (
        "S is not reduced",
        "9yYGZYFopf2X560ml73eRQqStjViyc6cM_yUhxfLOIQ",
        "message",
        "AfL30r7tXxrcMYknwRgFuJmxJJFWxDAb9gi5EEtE0n360d8NOcEqd8E1xk4swxnCNJxkCqa0OZWBZjFyOSsBEA",
    ),
    (
        "R is the neutral element in an encoding that is not canonical",
        "9yYGZYFopf2X560ml73eRQqStjViyc6cM_yUhxfLOIQ",
        "message",
        "7v_______________________________________3_enJJRC6TuOlXsonbqeryvv9PcLzy_b0X4H57JLIwHBQ",
    ),
];

const ACCEPTED: [Ed25519Case; 2] = [
    (
        "an honest signature",
        "9yYGZYFopf2X560ml73eRQqStjViyc6cM_yUhxfLOIQ",
        "message",
        "AfL30r7tXxrcMYknwRgFuJmxJJFWxDAb9gi5EEtE0n0N_umwHl4YH-uYzqtNyTqtNJxkCqa0OZWBZjFyOSsBAA",
    ),
    (
        "the key has a small-order part that cancels out",
        "f66dNmg0z_Pvh3zU6VceZGxvgpH9gZQ9Dhz2kh-nh3A",
        "message 5",
        "AfL30r7tXxrcMYknwRgFuJmxJJFWxDAb9gi5EEtE0n0wYKu4mGtrF9oP5SXVrJTw_lTiujGeJnNgCQVBu4RQAg",
    ),
];

fn verifies_ed25519_strictly(provider: &dyn CryptoProvider) {
    let verdict = |(name, key, message, signature): Ed25519Case| {
        let key = base64url::decode(key).unwrap_or_default();
        let key = PublicKey::from_ed25519_bytes(&key);
        assert!(key.is_ok(), "{name}: the key itself is in order");
        let signature = base64url::decode(signature).unwrap_or_default();
        key.is_ok_and(|key| {
            provider
                .verify(&key, SignatureAlgorithm::EdDsa, message.as_bytes(), &signature)
                .is_ok()
        })
    };
    for case in REFUSED {
        assert!(!verdict(case), "accepted although {}", case.0);
    }
    for case in ACCEPTED {
        assert!(verdict(case), "refused: {}", case.0);
    }
}

fn key(algorithm: SignatureAlgorithm, seed: u64) -> Option<SecretKey> {
    let key = SecretKey::generate(algorithm, &SeededRandomness::new(seed));
    assert!(key.is_ok(), "makes a key of {algorithm:?}");
    key.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::RustCryptoProvider;

    #[test]
    fn pure_rust_conforms() {
        check(&RustCryptoProvider);
    }
}
