//! The key binding JWT, holder's side ([RFC 9901 §4.3](https://www.rfc-editor.org/rfc/rfc9901.html#section-4.3)). The
//! verifier's side is in [`sd_jwt_vc`](crate::sd_jwt_vc), because the holder's key is a claim of the credential.

use std::sync::LazyLock;

use serde_json::{Map, Value};
use symbolon_crypto::jose::jws::{EncodedHeader, PreparedJws};
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::{SignatureAlgorithm, UnixTime};

use super::KEY_BINDING_TYPE;
use super::digest::DigestAlgorithm;
use super::write::{Members, write_json};

/// Digests of the transactions that a presentation authorises
/// ([OpenID4VP 1.0 §B.3.3](https://openid.net/specs/openid-4-verifiable-presentations-1_0.html)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionDataHashes {
    /// The algorithm of all of them.
    pub algorithm: DigestAlgorithm,
    /// [`DigestAlgorithm::digest`] of each `transaction_data` string, in the order of the request.
    pub hashes: Vec<String>,
}

/// What a holder binds a presentation to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBindingClaims {
    /// The algorithm of the holder's key.
    pub algorithm: SignatureAlgorithm,
    /// The verifier: its full client identifier, prefix and all.
    pub audience: String,
    /// The verifier's nonce.
    pub nonce: String,
    /// Now.
    pub issued_at: UnixTime,
    /// The transactions, if the request has any.
    pub transaction_data: Option<TransactionDataHashes>,
}

/// A presentation that lacks the holder's signature.
#[derive(Clone)]
pub struct PreparedKeyBinding {
    presentation: String,
    jwt: PreparedJws,
}

impl PreparedKeyBinding {
    /// Room for a key binding JWT as it usually is.
    pub(super) const USUAL_BYTES: usize = 512;

    pub(super) fn new(
        presentation: String,
        digest_algorithm: DigestAlgorithm,
        claims: &KeyBindingClaims,
    ) -> Self {
        let mut payload = Vec::with_capacity(Self::USUAL_BYTES);
        let mut members = Members::begin(&mut payload);
        write_json(members.value_of("iat"), &claims.issued_at.seconds());
        write_json(members.value_of("aud"), claims.audience.as_str());
        write_json(members.value_of("nonce"), claims.nonce.as_str());
        let sd_hash = digest_algorithm.digest(&presentation);
        write_json(members.value_of("sd_hash"), sd_hash.as_str());
        if let Some(transactions) = &claims.transaction_data {
            write_json(
                members.value_of("transaction_data_hashes"),
                transactions.hashes.as_slice(),
            );
            write_json(
                members.value_of("transaction_data_hashes_alg"),
                transactions.algorithm.name(),
            );
        }
        members.end();
        Self {
            presentation,
            jwt: header(claims.algorithm).prepare(&payload),
        }
    }

    /// What the holder's key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.jwt.request(key)
    }

    /// What has to be signed, for a driver that signs without a request.
    #[must_use]
    pub fn signing_input(&self) -> &str {
        self.jwt.signing_input()
    }

    /// The SD-JWT+KB.
    #[must_use]
    pub fn finish(self, signature: &[u8]) -> String {
        let mut text = self.presentation;
        text.push_str(&self.jwt.finish(signature));
        text
    }
}

/// The header, which is the same for all keys of an algorithm.
fn header(algorithm: SignatureAlgorithm) -> &'static EncodedHeader {
    static ES256: LazyLock<EncodedHeader> = LazyLock::new(|| encoded(SignatureAlgorithm::Es256));
    static ES384: LazyLock<EncodedHeader> = LazyLock::new(|| encoded(SignatureAlgorithm::Es384));
    static EDDSA: LazyLock<EncodedHeader> = LazyLock::new(|| encoded(SignatureAlgorithm::EdDsa));
    fn encoded(algorithm: SignatureAlgorithm) -> EncodedHeader {
        let header = Map::from_iter([("typ".to_owned(), Value::from(KEY_BINDING_TYPE))]);
        EncodedHeader::new(algorithm, &header)
    }
    match algorithm {
        SignatureAlgorithm::Es256 => &ES256,
        SignatureAlgorithm::Es384 => &ES384,
        SignatureAlgorithm::EdDsa => &EDDSA,
    }
}
