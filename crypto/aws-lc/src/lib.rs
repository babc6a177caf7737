//! The fast signature provider of servers and command line, over [AWS-LC](https://github.com/aws/aws-lc).
//!
//! It answers exactly as [`RustCryptoProvider`](symbolon_crypto::RustCryptoProvider) does, which the conformance suite
//! of `symbolon-crypto` holds against both, and is several times faster on P-256. It keeps no keys: whoever signs
//! often keeps what [`prepare`](CryptoProvider::prepare) gives, and AWS-LC wipes keys when they are freed.
//!
//! Nonces of ECDSA signatures come from AWS-LC's own randomness, so the same message has many signatures.
//!
//! RSA is verified here and nowhere else in the suite.
//!
//! Ed25519 is verified by the pure-Rust provider: a [`PublicKey`] holds its point, which AWS-LC would compute anew from the
//! bytes of the key for every signature, and AWS-LC accepts an R of small order, which strict verification refuses.

use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};
use symbolon_crypto::{
    CryptoProvider, InvalidKey, PreparedKey, PublicKey, RsaAlgorithm, RsaNotVerified, RsaPublicKey,
    RustCryptoProvider, SecretKey, SharedSecret, SignatureAlgorithm, SignatureRejected, SigningFailed,
};

/// Signatures and key agreement by AWS-LC.
#[derive(Debug, Clone, Copy, Default)]
pub struct AwsLcProvider;

/// A key pair of AWS-LC, which wipes it when it is freed.
enum KeyPair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl KeyPair {
    fn new(key: &SecretKey) -> Result<Self, SigningFailed> {
        let (secret, public_key) = (key.to_secret_bytes(), key.public_key().to_sec1_bytes());
        let ecdsa = |algorithm| {
            EcdsaKeyPair::from_private_key_and_public_key(algorithm, &secret, &public_key).map(Self::Ecdsa)
        };
        match key.algorithm() {
            SignatureAlgorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            SignatureAlgorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            SignatureAlgorithm::EdDsa => {
                Ed25519KeyPair::from_seed_and_public_key(&secret, &public_key).map(Self::Ed25519)
            }
        }
        .map_err(|_| SigningFailed)
    }
}

impl PreparedKey for KeyPair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        match self {
            Self::Ecdsa(pair) => pair.sign(&SystemRandom::new(), message),
            Self::Ed25519(pair) => pair.try_sign(message),
        }
        .map(|signature| signature.as_ref().to_vec())
        .map_err(|_| SigningFailed)
    }
}

impl CryptoProvider for AwsLcProvider {
    fn sign(&self, key: &SecretKey, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        KeyPair::new(key)?.sign(message)
    }

    fn prepare(&self, key: &SecretKey) -> Option<Box<dyn PreparedKey>> {
        KeyPair::new(key)
            .ok()
            .map(|pair| Box::new(pair) as Box<dyn PreparedKey>)
    }

    fn verify(
        &self,
        key: &PublicKey,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureRejected> {
        if key.algorithm() != algorithm || signature.len() != algorithm.signature_bytes() {
            return Err(SignatureRejected);
        }
        let parsed = match key {
            PublicKey::P256(_) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.to_sec1_bytes()),
            PublicKey::P384(_) => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key.to_sec1_bytes()),
            PublicKey::Ed25519(_) => {
                return RustCryptoProvider.verify(key, algorithm, message, signature);
            }
        };
        parsed
            .map_err(|_| SignatureRejected)?
            .verify_sig(message, signature)
            .map_err(|_| SignatureRejected)
    }

    fn verify_rsa(
        &self,
        key: &RsaPublicKey,
        algorithm: RsaAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), RsaNotVerified> {
        if !key.serves(algorithm) || signature.len() != key.modulus().len() {
            return Err(RsaNotVerified::Rejected);
        }
        let parameters = match algorithm {
            RsaAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
            RsaAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        RsaPublicKeyComponents {
            n: key.modulus(),
            e: key.exponent(),
        }
        .verify(parameters, message, signature)
        .map_err(|_| RsaNotVerified::Rejected)
    }

    fn agree(&self, key: &SecretKey, peer: &PublicKey) -> Result<SharedSecret, InvalidKey> {
        let (SignatureAlgorithm::Es256, PublicKey::P256(_)) = (key.algorithm(), peer) else {
            return Err(InvalidKey);
        };
        let key = PrivateKey::from_private_key(&ECDH_P256, &key.to_secret_bytes()).map_err(|_| InvalidKey)?;
        let peer = UnparsedPublicKey::new(&ECDH_P256, peer.to_sec1_bytes());
        agreement::agree(&key, peer, InvalidKey, |shared| {
            shared.try_into().map(SharedSecret::new).map_err(|_| InvalidKey)
        })
    }
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::jose::rsa_jws::RsaJws;
    use symbolon_crypto::testing::{provider_conformance, rsa_conformance, rsa_figures};

    use super::*;

    #[test]
    fn aws_lc_conforms() {
        provider_conformance::check(&AwsLcProvider);
    }

    #[test]
    fn aws_lc_verifies_rsa() {
        rsa_conformance::check(&AwsLcProvider);
    }

    #[test]
    fn a_jws_with_rs256_verifies_and_a_changed_one_does_not() {
        let key = RsaPublicKey::from_public_key_pem(rsa_figures::PEM).unwrap();
        let verify = |text: &str| {
            RsaJws::parse(text, 4096, RsaAlgorithm::Rs256)
                .unwrap()
                .verify(&AwsLcProvider, &key)
        };
        assert_eq!(verify(rsa_figures::RS256_JWS), Ok(()));
        let (signing_input, signature) = rsa_figures::RS256_JWS.rsplit_once('.').unwrap();
        let (header, _) = signing_input.split_once('.').unwrap();
        let changed = format!("{header}.e30.{signature}");
        assert_eq!(verify(&changed), Err(RsaNotVerified::Rejected));
    }

    #[test]
    fn aws_lc_and_pure_rust_agree() {
        provider_conformance::check_pair(&AwsLcProvider, &RustCryptoProvider);
        provider_conformance::check_pair(&RustCryptoProvider, &AwsLcProvider);
    }
}
