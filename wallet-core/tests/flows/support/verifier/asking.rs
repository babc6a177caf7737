//! What the verifier writes and signs.

use std::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::jose::jws;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::client_metadata::ClientMetadata;

use super::{DID, RESPONSE_URI, Receipts, State, TestVerifier, VerifierTrick};

impl TestVerifier {
    pub(super) fn claims(&self, state: &State, trick: VerifierTrick) -> Map<String, Value> {
        let client = match trick {
            VerifierTrick::AnotherClientInside => {
                ClientId::x509_hash(self.certificates.other_verifier.certificate.sha256())
            }
            _ => self.client_id_of(state, trick),
        };
        let response_uri = match trick {
            VerifierTrick::ResponseOnAnotherHost | VerifierTrick::HostNameWithResponseOnAnotherHost => {
                "https://thief.example/response/1"
            }
            _ => RESPONSE_URI,
        };
        let hour = Duration::from_secs(3_600);
        let issued = match trick {
            VerifierTrick::Expired => state.now.minus(hour * 2),
            VerifierTrick::FromTheFuture => state.now.plus(hour),
            _ => state.now,
        };
        let mut metadata = serde_json::to_value(ClientMetadata::for_encrypted_response(
            &self.secret.public_key(),
            Some("Clinic of the harbour".to_owned()),
        ))
        .unwrap();
        if let Some(formats) = &state.formats {
            metadata["vp_formats_supported"] = formats.clone();
        }
        if state.receipts != Receipts::Silent {
            let jwk = self.certificates.verifier.certificate.public_key().to_jwk();
            metadata["presentation_receipt_jwks"] = json!({ "keys": [jwk] });
        }
        if trick == VerifierTrick::NoEncryptionKey {
            metadata["jwks"]["keys"] = json!([]);
        }
        let mut claims = json!({
            "response_type": "vp_token",
            "response_mode": if trick == VerifierTrick::PlainResponse { "direct_post" } else { "direct_post.jwt" },
            "client_id": client,
            "response_uri": response_uri,
            "state": "state-1",
            "nonce": state.nonce.as_deref().unwrap_or("stale"),
            "dcql_query": state.query,
            "client_metadata": metadata,
            "aud": if trick == VerifierTrick::WrongAudience { "https://other.example" } else { "https://self-issued.me/v2" },
            "iat": issued,
            "exp": issued.plus(hour),
        });
        if let Some(scope) = &state.scope {
            claims["scope"] = json!(scope);
            claims.as_object_mut().unwrap().remove("dcql_query");
        }
        if trick == VerifierTrick::NoNonce {
            claims.as_object_mut().unwrap().remove("nonce");
        }
        if trick == VerifierTrick::TransactionData {
            claims["transaction_data"] = json!(["eyJ0eXBlIjoicGF5In0"]);
        }
        claims.as_object().unwrap().clone()
    }

    pub(super) fn sign(&self, trick: VerifierTrick, claims: &Map<String, Value>) -> String {
        let signer = self.signer(trick);
        let chain = signer.chain();
        let mut header = Map::new();
        let kind = if trick == VerifierTrick::WrongType {
            "JWT"
        } else {
            "oauth-authz-req+jwt"
        };
        header.insert("typ".to_owned(), json!(kind));
        match claims["client_id"].as_str() {
            Some("clinic") => header.insert("kid".to_owned(), json!("one")),
            _ => header.insert("kid".to_owned(), json!(format!("{DID}#one"))),
        };
        header.insert("x5c".to_owned(), jws::x5c_value(chain.iter().map(Vec::as_slice)));
        let payload = Value::Object(claims.clone()).to_string();
        let prepared = jws::prepare(SignatureAlgorithm::Es256, &header, payload.as_bytes());
        let signature = match trick {
            VerifierTrick::WrongSignature => signer.sign(b"something else"),
            VerifierTrick::SignedByOtherVerifier => self
                .certificates
                .other_verifier
                .sign(prepared.signing_input().as_bytes()),
            VerifierTrick::NoSignature => Vec::new(),
            _ => signer.sign(prepared.signing_input().as_bytes()),
        };
        prepared.finish(&signature)
    }
}
