//! Receipts of presentations: what was shown, to whom, under which request, signed by the verifier for both sides.
//!
//! No specification has them; the form is this suite's own (`docs/e-kyc.md`). A receipt is a JWT of the type [`RECEIPT_TYPE`]. Its key
//! is announced in the request (`presentation_receipt_jwks` in `client_metadata`), so whoever has verified who asks has verified who
//! signs. It names the answer by its digest, has no key of the holder and nothing that another receipt has too, so that two of one
//! person's tell nobody that they are one person's.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::jcs::{self, JcsError};
use symbolon_crypto::jose::jws::{self, CompactJws, PreparedJws};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use thiserror::Error;

use crate::openid4vp::client_metadata::JwkSet;
use crate::openid4vp::response::VpToken;

/// The type of a receipt, in its header.
pub const RECEIPT_TYPE: &str = "presentation-receipt+jwt";

/// The media type of a receipt.
pub const RECEIPT_MEDIA_TYPE: &str = "application/presentation-receipt+jwt";

/// The largest receipt, in bytes: it travels in the reply to an answer.
pub const MAX_RECEIPT_BYTES: usize = 48 * 1024;

/// The version of the form.
pub const RECEIPT_VERSION: u16 = 1;

/// A receipt. Times are seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PresentationReceipt {
    /// [`RECEIPT_VERSION`].
    pub version: u16,
    /// The verifier.
    pub iss: String,
    /// The request, which is also what the receipt is called.
    pub jti: String,
    /// When it was signed.
    pub iat: UnixTime,
    /// To whom it was shown.
    pub relying_party: ReceiptRelyingParty,
    /// The client identifier of the request, with its prefix.
    pub client_id: String,
    /// The nonce of the request.
    pub nonce: String,
    /// When it was asked.
    pub requested_at: UnixTime,
    /// What it was asked for, in the words that the wallet showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The policy that decided.
    pub policy: String,
    /// How it decided.
    pub outcome: String,
    /// The digest of the answer, by [`vp_token_digest`].
    pub vp_token_digest: String,
    /// The digests of the transactions that were confirmed, as the request had them; none without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transaction_data_hashes: Vec<String>,
    /// How they were made, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_data_hashes_alg: Option<String>,
    /// What was shown.
    pub credentials: Vec<ReceiptCredential>,
    /// The last second in which the verifier keeps the receipt.
    pub kept_until: UnixTime,
}

/// To whom something was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRelyingParty {
    /// What the verifier calls it.
    pub id: String,
    /// Its name, as the wallet showed it.
    pub name: String,
}

/// What was shown of one credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptCredential {
    /// The part of the query that it answered.
    pub query_id: String,
    /// Its format, as DCQL names it.
    pub format: String,
    /// Its type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<String>,
    /// The identifier of its issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The claims that were shown, without their values.
    pub claims: Vec<ClaimsPath>,
    /// How many more there were than a receipt lists.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unlisted_claims: u32,
    /// The values that the policy has written into the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Map<String, Value>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The digest by which a receipt names an answer: SHA-256 over the canonical form ([RFC 8785]) of `vp_token`, in base64url.
///
/// # Errors
/// [`JcsError`] for an answer that has no canonical form.
///
/// [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785
pub fn vp_token_digest(vp_token: &VpToken) -> Result<String, JcsError> {
    let value = serde_json::to_value(vp_token).unwrap_or(Value::Null);
    let canonical = jcs::canonicalize(&value)?;
    Ok(base64url::encode(&Sha256::digest(canonical.as_bytes())))
}

/// The algorithm of the digests of transactions, by its name in IANA's registry of hash algorithms.
pub const TRANSACTION_HASH_ALGORITHM: &str = "sha-256";

/// The digests by which a receipt names transactions: SHA-256 over each string of `transaction_data`, in base64url, in the order of
/// the request.
pub fn transaction_hashes<'t>(transaction_data: impl IntoIterator<Item = &'t str>) -> Vec<String> {
    let digest = |text: &str| base64url::encode(&Sha256::digest(text.as_bytes()));
    transaction_data.into_iter().map(digest).collect()
}

/// What a holder knows of the presentation that a receipt is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedReceipt {
    /// The keys that the request announced.
    pub keys: JwkSet,
    /// The client identifier of the request.
    pub client_id: String,
    /// Its nonce.
    pub nonce: String,
    /// The digest of what was sent.
    pub vp_token_digest: String,
    /// The digests of the transactions that were confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transaction_data_hashes: Vec<String>,
}

/// Why a receipt is none for the presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReceiptRefused {
    /// No JWT of the type, too large, or with other members.
    #[error("the receipt is malformed")]
    Malformed,
    /// Signed by no key that the request announced.
    #[error("the receipt is not signed by a key of the request")]
    Signature,
    /// About another request.
    #[error("the receipt is for another request")]
    OtherRequest,
    /// About another answer.
    #[error("the receipt is for another answer")]
    OtherAnswer,
    /// About other transactions.
    #[error("the receipt is for other transactions")]
    OtherTransactions,
}

impl PresentationReceipt {
    /// The receipt, to be signed by `key`.
    #[must_use]
    pub fn prepare(&self, key: &PublicKey) -> PreparedJws {
        prepare_evidence(
            RECEIPT_TYPE,
            key,
            &serde_json::to_value(self).unwrap_or(Value::Null),
        )
    }

    /// The same with less in it, for one that is larger than [`MAX_RECEIPT_BYTES`]: first without the values, then with fewer claims.
    /// `None` when there is nothing left to leave out.
    #[must_use]
    pub fn smaller(mut self) -> Option<Self> {
        let mut left_out = false;
        for credential in &mut self.credentials {
            left_out |= credential.values.take().is_some();
        }
        if left_out {
            return Some(self);
        }
        for credential in &mut self.credentials {
            let kept = credential.claims.len() / 2;
            let gone = credential.claims.len().saturating_sub(kept);
            credential.claims.truncate(kept);
            credential.unlisted_claims = credential
                .unlisted_claims
                .saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
            left_out |= gone > 0;
        }
        left_out.then_some(self)
    }

    /// Reads a receipt and compares it with what the holder sent.
    ///
    /// # Errors
    /// [`ReceiptRefused`].
    pub fn verify(
        text: &str,
        expected: &ExpectedReceipt,
        provider: &dyn CryptoProvider,
    ) -> Result<Self, ReceiptRefused> {
        let jws = CompactJws::parse(text, MAX_RECEIPT_BYTES).map_err(|_| ReceiptRefused::Malformed)?;
        jws.expect_type(RECEIPT_TYPE)
            .map_err(|_| ReceiptRefused::Malformed)?;
        let keys = expected.keys.keys.iter();
        let mut keys = keys.filter_map(|jwk| PublicKey::from_jwk(jwk).ok());
        if !keys.any(|key| jws.verify(provider, &key).is_ok()) {
            return Err(ReceiptRefused::Signature);
        }
        let receipt: Self = jws.payload_json().map_err(|_| ReceiptRefused::Malformed)?;
        if receipt.version != RECEIPT_VERSION {
            return Err(ReceiptRefused::Malformed);
        }
        if receipt.client_id != expected.client_id || receipt.nonce != expected.nonce {
            return Err(ReceiptRefused::OtherRequest);
        }
        if receipt.vp_token_digest != expected.vp_token_digest {
            return Err(ReceiptRefused::OtherAnswer);
        }
        if receipt.transaction_data_hashes != expected.transaction_data_hashes {
            return Err(ReceiptRefused::OtherTransactions);
        }
        Ok(receipt)
    }
}

/// A JWT of a verifier's evidence: of this type, by the key that it names by its thumbprint.
#[must_use]
pub fn prepare_evidence(kind: &str, key: &PublicKey, payload: &Value) -> PreparedJws {
    let header = Map::from_iter([
        ("typ".to_owned(), Value::from(kind)),
        ("kid".to_owned(), Value::from(key.thumbprint().to_string())),
    ]);
    jws::prepare(key.algorithm(), &header, payload.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{RustCryptoProvider, SecretKey, SignatureAlgorithm};

    use super::*;
    use crate::dcql::QueryId;
    use crate::openid4vp::response::Presentation;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_000_000);

    fn key(seed: u64) -> SecretKey {
        SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap()
    }

    fn receipt() -> PresentationReceipt {
        PresentationReceipt {
            version: RECEIPT_VERSION,
            iss: "https://verifier.example".to_owned(),
            jti: "request-1".to_owned(),
            iat: NOW,
            relying_party: ReceiptRelyingParty {
                id: "bank".to_owned(),
                name: "First Bank".to_owned(),
            },
            client_id: "x509_hash:abc".to_owned(),
            nonce: "n-1".to_owned(),
            requested_at: NOW,
            purpose: Some("Opening an account".to_owned()),
            policy: "open-account".to_owned(),
            outcome: "satisfied".to_owned(),
            vp_token_digest: "digest".to_owned(),
            transaction_data_hashes: Vec::new(),
            transaction_data_hashes_alg: None,
            credentials: vec![ReceiptCredential {
                query_id: "identity".to_owned(),
                format: "dc+sd-jwt".to_owned(),
                credential_type: Some("urn:type".to_owned()),
                issuer: Some("https://issuer.example".to_owned()),
                claims: vec![ClaimsPath::top_level("given_name")],
                unlisted_claims: 0,
                values: None,
            }],
            kept_until: NOW,
        }
    }

    fn sign(prepared: PreparedJws, by: &SecretKey) -> String {
        let request = prepared.request(symbolon_crypto::signing::KeyHandle::new("evidence"));
        let signature = RustCryptoProvider.sign(by, &request.bytes);
        prepared.finish(&signature.unwrap())
    }

    fn expected(keys: &[&SecretKey]) -> ExpectedReceipt {
        ExpectedReceipt {
            keys: JwkSet {
                keys: keys.iter().map(|key| key.public_key().to_jwk()).collect(),
            },
            client_id: "x509_hash:abc".to_owned(),
            nonce: "n-1".to_owned(),
            vp_token_digest: "digest".to_owned(),
            transaction_data_hashes: Vec::new(),
        }
    }

    #[test]
    fn a_receipt_is_for_the_request_and_the_answer_that_it_names() {
        let (one, other) = (key(1), key(2));
        let verify = |receipt: &PresentationReceipt, expected: &ExpectedReceipt| {
            let text = sign(receipt.prepare(&one.public_key()), &one);
            PresentationReceipt::verify(&text, expected, &RustCryptoProvider)
        };
        assert_eq!(verify(&receipt(), &expected(&[&other, &one])), Ok(receipt()));
        assert_eq!(
            verify(&receipt(), &expected(&[&other])),
            Err(ReceiptRefused::Signature)
        );
        assert_eq!(verify(&receipt(), &expected(&[])), Err(ReceiptRefused::Signature));
        let changed = |change: fn(&mut ExpectedReceipt)| {
            let mut expected = expected(&[&one]);
            change(&mut expected);
            verify(&receipt(), &expected).unwrap_err()
        };
        assert_eq!(
            changed(|it| it.nonce = "n-2".to_owned()),
            ReceiptRefused::OtherRequest
        );
        assert_eq!(
            changed(|it| it.client_id = "x509_hash:def".to_owned()),
            ReceiptRefused::OtherRequest
        );
        assert_eq!(
            changed(|it| it.vp_token_digest = "other".to_owned()),
            ReceiptRefused::OtherAnswer
        );
        assert_eq!(
            changed(|it| it.transaction_data_hashes = vec!["hash".to_owned()]),
            ReceiptRefused::OtherTransactions
        );
        let mut later = receipt();
        later.version = 2;
        assert_eq!(verify(&later, &expected(&[&one])), Err(ReceiptRefused::Malformed));
    }

    #[test]
    fn another_kind_of_jwt_is_no_receipt() {
        let one = key(1);
        let payload = serde_json::to_value(receipt()).unwrap();
        let text = sign(prepare_evidence("JWT", &one.public_key(), &payload), &one);
        let refused = PresentationReceipt::verify(&text, &expected(&[&one]), &RustCryptoProvider);
        assert_eq!(refused, Err(ReceiptRefused::Malformed));
        let refused = PresentationReceipt::verify("a.b", &expected(&[&one]), &RustCryptoProvider);
        assert_eq!(refused, Err(ReceiptRefused::Malformed));
    }

    #[test]
    fn a_receipt_that_is_too_large_leaves_out_values_first_and_then_claims() {
        let mut large = receipt();
        large.credentials[0].values = Some(Map::from_iter([("given_name".to_owned(), Value::from("A"))]));
        large.credentials[0].claims = vec![ClaimsPath::top_level("a"); 3];
        let without_values = large.smaller().unwrap();
        assert_eq!(without_values.credentials[0].values, None);
        assert_eq!(without_values.credentials[0].claims.len(), 3);
        let fewer = without_values.smaller().unwrap();
        assert_eq!(
            (
                fewer.credentials[0].claims.len(),
                fewer.credentials[0].unlisted_claims
            ),
            (1, 2)
        );
        let none = fewer.smaller().unwrap();
        assert_eq!(
            (
                none.credentials[0].claims.len(),
                none.credentials[0].unlisted_claims
            ),
            (0, 3)
        );
        assert_eq!(none.smaller(), None);
    }

    /// Receipts are kept for years, by both sides.
    #[test]
    fn the_form_of_version_1_is_frozen() {
        let frozen = r#"{"version":1,"iss":"https://verifier.example","jti":"request-1","iat":1795000000,"relying_party":{"id":"bank","name":"First Bank"},"client_id":"x509_hash:abc","nonce":"n-1","requested_at":1795000000,"purpose":"Opening an account","policy":"open-account","outcome":"satisfied","vp_token_digest":"digest","credentials":[{"query_id":"identity","format":"dc+sd-jwt","type":"urn:type","issuer":"https://issuer.example","claims":[["given_name"]]}],"kept_until":1795000000}"#;
        assert_eq!(serde_json::to_string(&receipt()).unwrap(), frozen);
        assert_eq!(
            serde_json::from_str::<PresentationReceipt>(frozen).unwrap(),
            receipt()
        );
    }

    #[test]
    fn the_digest_does_not_depend_on_how_an_answer_is_written() {
        let token = |object: &str| {
            let presentations = vec![
                Presentation::Text("a~b~".to_owned()),
                Presentation::Object(serde_json::from_str(object).unwrap()),
            ];
            VpToken(BTreeMap::from([(
                QueryId::parse("identity").unwrap(),
                presentations,
            )]))
        };
        let digest = vp_token_digest(&token(r#"{"type": "x", "a": 1}"#)).unwrap();
        assert_eq!(digest, vp_token_digest(&token(r#"{"a":1,"type":"x"}"#)).unwrap());
        assert_ne!(digest, vp_token_digest(&token(r#"{"a":2,"type":"x"}"#)).unwrap());
        // SHA-256 of {"identity":["a~b~",{"a":1,"type":"x"}]}, computed independently.
        assert_eq!(digest, "cbDUZU39h0R1TuY3bhGoT7CkIVSYlxWUZBVGPPETbNs");
    }
}
