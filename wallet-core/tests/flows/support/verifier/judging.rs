//! What the verifier makes of an answer.

use std::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_credential::mdoc::SessionTranscript;
use symbolon_credential::sd_jwt::SdJwtBudget;
use symbolon_credential::sd_jwt_vc::{
    ExpectedKeyBinding, ExpectedTransactionData, SdJwtVc, TransactionString,
};
use symbolon_crypto::jose::jwe::{JweCodec as _, PureJwe};
use symbolon_crypto::{RustCryptoProvider, SecretKey, UnixTime};
use symbolon_protocol::openid4vp::response::{DirectPost, MAX_RESPONSE_BYTES, VpToken};
use symbolon_protocol::presentation_receipt::{PresentationReceipt, vp_token_digest};
use symbolon_protocol::qr_transport::proof_audience;

use super::{Channel, RESPONSE_URI, Receipts, State, TestVerifier};
use crate::support::issuer::TYPE;
use crate::support::presentation::{self, RequestContext};

impl TestVerifier {
    pub(super) fn open(
        &self,
        jwe: &str,
        state: &mut State,
        channel: Channel,
    ) -> Option<Vec<Map<String, Value>>> {
        let key = self.secret.to_pkcs8_der().unwrap();
        let lookup = |_: Option<&str>| SecretKey::from_pkcs8_der(&key).ok();
        let opened = PureJwe::new(&RustCryptoProvider)
            .decrypt(jwe, &lookup, MAX_RESPONSE_BYTES)
            .unwrap();
        let DirectPost::Answer(answer) = DirectPost::parse_decrypted(&opened.payload).unwrap() else {
            panic!("an answer")
        };
        assert_eq!(answer.state.as_ref().map(|state| state.as_str()), Some("state-1"));
        // The nonce is taken once.
        let nonce = state.nonce.take()?;
        let client_id = self.client_id_of(state, state.trick);
        let client_id = client_id.as_str();
        let key = self.secret.public_key().thumbprint();
        let (audience, transcript) = match channel {
            Channel::Network => (
                client_id.to_owned(),
                SessionTranscript::openid4vp(client_id, &nonce, Some(&key), RESPONSE_URI),
            ),
            Channel::QrCodes => (
                proof_audience(client_id),
                SessionTranscript::symbolon_qr(client_id, &nonce, &key),
            ),
        };
        let context = RequestContext {
            audience: &audience,
            nonce: &nonce,
            transcript,
            now: state.now,
            with_transactions: state.overwrites.contains_key("transaction_data"),
        };
        let transactions = texts_of(state.overwrites.get("transaction_data"));
        let claims: Vec<Map<String, Value>> = answer
            .vp_token
            .0
            .iter()
            .flat_map(|(query, presentations)| presentations.iter().map(move |one| (query, one)))
            .map(|(query, presentation)| {
                let asked = asked_by(&state.query, query.as_str());
                let format = asked["format"].as_str().unwrap().to_owned();
                if asked["require_cryptographic_holder_binding"] == json!(false) && format != "mso_mdoc" {
                    return Map::new();
                }
                presentation::verify(&format, presentation, &context).unwrap_or_else(|| {
                    let text = presentation.to_text();
                    self.verify(&text, (audience.as_str(), &nonce), state.now, &transactions)
                })
            })
            .collect();
        state.answers.push(claims.clone());
        state.receipt = self.receipt(state, &nonce, &answer.vp_token);
        state.tokens.push(answer.vp_token);
        Some(claims)
    }

    /// What the verifier gives for a receipt.
    fn receipt(&self, state: &State, nonce: &str, vp_token: &VpToken) -> Option<String> {
        let client_id = self.client_id_of(state, state.trick);
        let (signer, other) = (&self.certificates.verifier, &self.certificates.other_verifier);
        let (digest, signer) = match state.receipts {
            Receipts::Silent | Receipts::Withheld => return None,
            Receipts::Given => (vp_token_digest(vp_token).unwrap(), signer),
            Receipts::OfAnotherAnswer => (vp_token_digest(&VpToken::default()).unwrap(), signer),
            Receipts::ByAnother => (vp_token_digest(vp_token).unwrap(), other),
        };
        let receipt = json!({
            "version": 1, "iss": "https://verifier.example", "jti": "1", "iat": state.now,
            "relying_party": {"id": "clinic", "name": "Clinic"}, "client_id": client_id.as_str(),
            "nonce": nonce, "requested_at": state.now, "policy": "visit", "outcome": "satisfied",
            "vp_token_digest": digest, "credentials": [], "kept_until": state.now,
        });
        let receipt: PresentationReceipt = serde_json::from_value(receipt).unwrap();
        let prepared = receipt.prepare(signer.certificate.public_key());
        let signature = signer.sign(prepared.signing_input().as_bytes());
        Some(prepared.finish(&signature))
    }

    fn verify(
        &self,
        presentation: &str,
        (audience, nonce): (&str, &str),
        now: UnixTime,
        transactions: &[String],
    ) -> Map<String, Value> {
        let credential = SdJwtVc::parse(presentation, SdJwtBudget::DEFAULT).unwrap();
        let key = self.certificates.issuer.certificate.public_key();
        let verified = credential
            .verify_issuer_signature(key, &RustCryptoProvider)
            .unwrap();
        let transactions: Vec<TransactionString<'_>> = transactions
            .iter()
            .map(|text| TransactionString {
                text,
                algorithms: None,
            })
            .collect();
        let expected = ExpectedKeyBinding {
            audience,
            nonce,
            now,
            max_age: Duration::from_secs(300),
            max_clock_skew: Duration::from_secs(60),
            transaction_data: ExpectedTransactionData::Among(&transactions),
        };
        verified
            .verify_key_binding(&expected, &RustCryptoProvider)
            .unwrap();
        assert_eq!(verified.vct().as_str(), TYPE);
        verified.claims().clone()
    }
}

/// The strings of a list.
fn texts_of(list: Option<&Value>) -> Vec<String> {
    let texts = list.and_then(Value::as_array).into_iter().flatten();
    texts
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

/// What the query of this name asks for.
fn asked_by<'q>(query: &'q Value, id: &str) -> &'q Value {
    let queries = query["credentials"].as_array().unwrap();
    queries.iter().find(|one| one["id"] == id).unwrap()
}
