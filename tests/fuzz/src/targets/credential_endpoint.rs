//! What the credential endpoint and its neighbours read beyond the plain request: requests that come encrypted, deferred requests,
//! notifications, key attestations, proofs as presentations, and signed metadata.

use serde_json::{Map, Value, json};
use symbolon_credential::data_integrity::Cryptosuite;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::json::{JsonBudget, parse};
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::openid4vci::credential::{CredentialRequest, RequestCarriage};
use symbolon_protocol::openid4vci::deferred::DeferredCredentialRequest;
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::key_attestation::{
    self, AttestationExpectations, AttestationPlace, KeyAttestationClaims,
};
use symbolon_protocol::openid4vci::metadata::{AttackResistance, IssuerMetadata, KeyAttestationsRequired};
use symbolon_protocol::openid4vci::notification::NotificationRequest;
use symbolon_protocol::openid4vci::{proof_di_vp, signed_metadata};

use super::data_integrity::json_ld;
use super::{armour, for_part, one_of, w3c};
use crate::seeds::{DAY, ISSUER, NOW, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// Every one of them.
pub(super) const CREDENTIAL_ENDPOINT: Target = Target {
    name: "credential_endpoint",
    run: |input| {
        one_of(
            &[
                |input| {
                    let request = CredentialRequest::parse_carried(input, RequestCarriage::Encrypted);
                    if let Ok(request) = &request {
                        let written = serde_json::to_vec(request).expect("a request is written");
                        let again = CredentialRequest::parse_carried(&written, RequestCarriage::Encrypted);
                        assert_eq!(again.as_ref(), Ok(request));
                    }
                    Reading::of(&request)
                },
                |input| {
                    let request = DeferredCredentialRequest::parse(input, RequestCarriage::Encrypted);
                    if let Ok(request) = &request {
                        let written = serde_json::to_vec(request).expect("a request is written");
                        let again = DeferredCredentialRequest::parse(&written, RequestCarriage::Encrypted);
                        assert_eq!(again.as_ref(), Ok(request));
                    }
                    Reading::of(&request)
                },
                |input| {
                    let request = NotificationRequest::parse(input);
                    if let Ok(request) = &request {
                        let written = serde_json::to_vec(request).expect("a notification is written");
                        assert_eq!(NotificationRequest::parse(&written).as_ref(), Ok(request));
                    }
                    Reading::of(&request)
                },
                |input| {
                    let Some(text) = armour::jws(input) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let required = KeyAttestationsRequired {
                        key_storage: vec![level()],
                        user_authentication: Vec::new(),
                    };
                    let expected = AttestationExpectations {
                        attesters: core::slice::from_ref(&WORLD.root),
                        algorithms: &[SignatureAlgorithm::Es256],
                        required: Some(&required),
                        place: AttestationPlace::Proof,
                    };
                    let verified = key_attestation::verify(&text, &expected, NOW, &TRUSTING_PROVIDER);
                    if let Ok(verified) = &verified {
                        assert!(!verified.keys.is_empty());
                    }
                    Reading::of(&verified)
                },
                |input| match parse::<Map<String, Value>>(input, JsonBudget::DEFAULT) {
                    Ok(presentation) => {
                        let verified = proof_di_vp::verify(
                            &presentation,
                            &issuer(),
                            NOW,
                            &json_ld(),
                            &TRUSTING_PROVIDER,
                        );
                        Reading::of(&verified)
                    }
                    Err(error) => Reading::refused(&error),
                },
                |input| {
                    let Some(text) = armour::jws(input) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let anchors = core::slice::from_ref(&WORLD.root);
                    Reading::of(&signed_metadata::verify(
                        &text,
                        &issuer(),
                        UrlPolicy::Public,
                        anchors,
                        NOW,
                        &TRUSTING_PROVIDER,
                    ))
                },
            ],
            input,
        )
    },
    seeds: || {
        let jwk = serde_json::to_value(WORLD.holder.public().to_jwk()).expect("a key is written");
        let mut jwk: Map<String, Value> = serde_json::from_value(jwk).expect("a JWK is an object");
        jwk.insert("alg".to_owned(), "ECDH-ES".into());
        let encryption = json!({"jwk": jwk, "enc": "A256GCM", "zip": "DEF"});
        let nonce = CNonce::parse("fresh").expect("a nonce");
        let keys = [WORLD.holder.public().clone(), WORLD.issuer.public().clone()];
        let attestation = KeyAttestationClaims {
            keys: &keys,
            key_storage: &[level()],
            user_authentication: &[level()],
            nonce: Some(&nonce),
            issued_at: NOW,
            expires_at: Some(NOW.plus(DAY)),
        };
        let chain = core::slice::from_ref(&WORLD.leaf);
        let attestation = attestation
            .prepare(SignatureAlgorithm::Es256, chain)
            .finish(&[7; 64]);
        let presentation = proof_di_vp::prepare_proof(
            &w3c::key_url(&w3c::holder_did()),
            WORLD.holder.public(),
            Cryptosuite::EcdsaJcs2019,
            &issuer(),
            &nonce,
            NOW,
            &json_ld(),
        )
        .expect("a proof is prepared");
        let presentation = presentation.finish(&[7; 64]);
        let metadata = signed_metadata::prepare(
            &IssuerMetadata::parse(METADATA, &issuer(), UrlPolicy::Public).expect("metadata"),
            SignatureAlgorithm::Es256,
            chain,
            NOW,
            NOW.plus(DAY),
        )
        .expect("metadata are prepared")
        .finish(&[7; 64]);
        let request = json!({
            "credential_identifier": "one",
            "proofs": {"attestation": [&attestation]},
            "credential_response_encryption": &encryption,
        });
        let deferred = json!({"transaction_id": "t", "credential_response_encryption": &encryption});
        vec![
            for_part(0, request.to_string()),
            for_part(
                0,
                json!({"credential_configuration_id": "a", "proofs": {"di_vp": [&presentation]}}).to_string(),
            ),
            for_part(1, deferred.to_string()),
            for_part(1, r#"{"transaction_id":"t"}"#),
            for_part(
                2,
                r#"{"notification_id":"n","event":"credential_failure","event_description":"No room"}"#,
            ),
            for_part(3, armour::parts_of_jws(&attestation)),
            for_part(4, presentation.to_string()),
            for_part(5, armour::parts_of_jws(&metadata)),
        ]
    },
};

const METADATA: &[u8] = br#"{
    "credential_issuer":"https://registry.example",
    "credential_endpoint":"https://registry.example/credential",
    "deferred_credential_endpoint":"https://registry.example/deferred_credential",
    "notification_endpoint":"https://registry.example/notification",
    "credential_response_encryption":{"alg_values_supported":["ECDH-ES"],"enc_values_supported":["A128GCM"],
        "zip_values_supported":["DEF"],"encryption_required":false},
    "credential_configurations_supported":{"identity":{
        "format":"dc+sd-jwt","vct":"https://registry.example/types/identity",
        "cryptographic_binding_methods_supported":["jwk"],
        "proof_types_supported":{"attestation":{"proof_signing_alg_values_supported":["ES256"],
            "key_attestations_required":{"key_storage":["iso_18045_high"]}}}
    }}
}"#;

fn level() -> AttackResistance {
    AttackResistance::parse("iso_18045_high").expect("a level")
}

fn issuer() -> IssuerIdentifier {
    IssuerIdentifier::parse(ISSUER).expect("an identifier")
}
