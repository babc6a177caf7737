//! Messages of OpenID4VCI and of the OAuth under it.

use serde_json::json;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier, UrlPolicy};
use symbolon_protocol::oauth::access_token::{PresentedAccessToken, ResourceChallenge};
use symbolon_protocol::oauth::metadata::AuthorizationServerMetadata;
use symbolon_protocol::openid4vci::credential::{CredentialRequest, CredentialResponse};
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;
use symbolon_protocol::openid4vci::nonce::NonceResponse;
use symbolon_protocol::openid4vci::offer::{CredentialOffer, OfferLink};
use symbolon_protocol::openid4vci::proof::{
    self, AttestationPolicy, ExpectedClient, KeyReference, ProofExpectations,
};
use symbolon_protocol::openid4vci::token::{TokenRequest, TokenResponse};

use super::{armour, for_part, one_of, w3c, with_text};
use crate::seeds::{ISSUER, NOW, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

const POLICY: UrlPolicy = UrlPolicy::Public;

/// Offers, metadata, tokens, credential requests and responses, proofs, URLs.
pub(super) const ISSUANCE: Target = Target {
    name: "issuance",
    run: |input| {
        one_of(
            &[
                |input| {
                    let offer = CredentialOffer::parse(input, POLICY);
                    if let Ok(offer) = &offer {
                        let written = offer.to_json().expect("an offer that was read can be written");
                        assert!(CredentialOffer::parse(written.as_bytes(), POLICY).is_ok());
                    }
                    Reading::of(&offer)
                },
                |input| {
                    with_text(input, |text| {
                        let link = OfferLink::parse(text, POLICY);
                        if let Ok(link) = &link {
                            let written = link.to_uri().expect("a link that was read can be written");
                            assert!(
                                OfferLink::parse(&written, POLICY).is_ok(),
                                "a link that is written reads again"
                            );
                        }
                        Reading::of(&link)
                    })
                },
                |input| {
                    let metadata = IssuerMetadata::parse(input, &issuer(), POLICY);
                    if let Ok(metadata) = &metadata {
                        let _ = (metadata.batch_size(), metadata.accepts_plain_messages());
                        // Configurations of formats that are not known are passed over, and cannot be written.
                        if let Ok(written) = serde_json::to_vec(metadata) {
                            let again = IssuerMetadata::parse(&written, &issuer(), POLICY);
                            assert_eq!(
                                again.as_ref(),
                                Ok(metadata),
                                "metadata that is written reads the same"
                            );
                        }
                    }
                    Reading::of(&metadata)
                },
                |input| Reading::of(&AuthorizationServerMetadata::parse(input, &issuer(), POLICY)),
                |input| {
                    let request = TokenRequest::parse_form(input);
                    if let Ok(request) = &request {
                        let again = TokenRequest::parse_form(request.to_form().as_bytes());
                        let again = again.expect("a request that is written reads again");
                        assert_eq!(*again.to_form(), *request.to_form());
                    }
                    Reading::of(&request)
                },
                |input| Reading::of(&TokenResponse::parse(input)),
                |input| {
                    let request = CredentialRequest::parse(input);
                    if let Ok(request) = &request {
                        let written = serde_json::to_vec(request).expect("a request is written");
                        assert_eq!(CredentialRequest::parse(&written).as_ref(), Ok(request));
                    }
                    Reading::of(&request)
                },
                |input| {
                    let response = CredentialResponse::parse(input);
                    if let Ok(response) = &response {
                        let written = serde_json::to_vec(response).expect("a response is written");
                        assert_eq!(CredentialResponse::parse(&written).as_ref(), Ok(response));
                    }
                    Reading::of(&response)
                },
                |input| {
                    let Some(text) = armour::jws(input) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let issuer = issuer();
                    let expected = ProofExpectations {
                        issuer: &issuer,
                        algorithms: &[SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa],
                        key_references: &[KeyReference::Jwk, KeyReference::Did, KeyReference::Certificate],
                        client: ExpectedClient::Anonymous,
                        certificate_anchors: &[],
                        attestation: AttestationPolicy::Ignored,
                    };
                    Reading::of(&proof::verify(&text, &expected, NOW, &TRUSTING_PROVIDER))
                },
                |input| {
                    let nonce = NonceResponse::parse(input);
                    Reading::of_some(nonce.as_ref())
                },
                |input| {
                    with_text(input, |text| {
                        let _ = ResourceChallenge::parse_all(text);
                        Reading::of(&PresentedAccessToken::parse(Some(text), Some(text)))
                    })
                },
                |input| {
                    with_text(input, |text| {
                        let identifier = IssuerIdentifier::parse(text);
                        if let Ok(identifier) = &identifier {
                            assert_eq!(identifier.as_str(), text, "an identifier is kept as it came");
                            assert!(HttpUrl::parse(text).is_ok());
                        }
                        Reading::of(&identifier)
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let offer = json!({
            "credential_issuer": ISSUER, "credential_configuration_ids": ["a", "b"],
            "grants": {"urn:ietf:params:oauth:grant-type:pre-authorized_code": {
                "pre-authorized_code": "c o+d&e",
                "tx_code": {"input_mode": "numeric", "length": 6, "description": "From the letter"}
            }, "authorization_code": {"issuer_state": "s"}}
        });
        let link = OfferLink::ByValue(Box::new(
            CredentialOffer::parse(offer.to_string().as_bytes(), POLICY).expect("an offer"),
        ));
        let authorization_server = json!({
            "issuer": ISSUER, "token_endpoint": "https://registry.example/token",
            "grant_types_supported": ["urn:ietf:params:oauth:grant-type:pre-authorized_code"],
            "response_types_supported": [], "pre-authorized_grant_anonymous_access_supported": true
        });
        let token = json!({
            "access_token": "t0ken", "token_type": "Bearer", "expires_in": 300,
            "authorization_details": [{"type": "openid_credential", "credential_configuration_id": "a",
                "credential_identifiers": ["one"]}]
        });
        let proof = {
            let nonce = NonceResponse::parse(br#"{"c_nonce":"fresh"}"#).expect("a nonce");
            let prepared = proof::prepare(WORLD.holder.public(), &issuer(), Some(&nonce.c_nonce), None, NOW);
            prepared.finish(&[7; 64])
        };
        let by_did = format!(
            "{}\n{}",
            json!({"alg": "ES256", "typ": "openid4vci-proof+jwt", "kid": w3c::key_url(&w3c::holder_did()).to_string()}),
            json!({"aud": ISSUER, "iat": NOW.seconds(), "nonce": "fresh"})
        );
        let request = json!({"credential_configuration_id": "a", "proofs": {"jwt": [proof]}});
        vec![
            for_part(0, offer.to_string()),
            for_part(1, link.to_uri().expect("a link is written")),
            for_part(
                1,
                "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fregistry.example%2Foffers%2F1",
            ),
            for_part(2, METADATA),
            for_part(3, authorization_server.to_string()),
            for_part(
                4,
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code&pre-authorized_code=a%2Bb&tx_code=493536",
            ),
            for_part(
                4,
                "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fw.example&code_verifier=vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv&client_id=w",
            ),
            for_part(4, "grant_type=refresh_token&refresh_token=r&scope=a+b"),
            for_part(5, token.to_string()),
            for_part(6, request.to_string()),
            for_part(6, r#"{"credential_identifier":"one"}"#),
            for_part(
                7,
                r#"{"credentials":[{"credential":"eyJ"},{"credential":"eyK"}],"notification_id":"n"}"#,
            ),
            for_part(
                7,
                r#"{"credentials":[{"credential":{"@context":[],"n":[1.5,-0]}}]}"#,
            ),
            for_part(7, r#"{"transaction_id":"t","interval":5}"#),
            for_part(8, armour::parts_of_jws(&proof)),
            for_part(8, by_did),
            for_part(9, r#"{"c_nonce":"fresh"}"#),
            for_part(10, "Bearer t0ken"),
            for_part(11, "https://registry.example/tenant"),
        ]
    },
};

const METADATA: &str = r##"{
    "credential_issuer":"https://registry.example",
    "credential_endpoint":"https://registry.example/credential",
    "nonce_endpoint":"https://registry.example/nonce",
    "display":[{"name":"Registry","locale":"en","logo":{"uri":"https://registry.example/logo.png","alt_text":"Logo"}}],
    "batch_credential_issuance":{"batch_size":8},
    "credential_configurations_supported":{
        "identity":{
            "format":"dc+sd-jwt","vct":"https://registry.example/types/identity","scope":"identity",
            "credential_signing_alg_values_supported":["ES256"],
            "cryptographic_binding_methods_supported":["jwk"],
            "proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["ES256"]}},
            "credential_metadata":{"display":[{"name":"Identity","locale":"en","background_color":"#12107c"}],
                "claims":[{"path":["name"],"mandatory":true,"display":[{"name":"Name","locale":"en"}]}]}
        },
        "licence":{
            "format":"mso_mdoc","doctype":"org.iso.18013.5.1.mDL","credential_signing_alg_values_supported":[-7,-9],
            "cryptographic_binding_methods_supported":["cose_key"],
            "proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["ES256"]}}
        },
        "document":{
            "format":"ldp_vc","credential_signing_alg_values_supported":["eddsa-rdfc-2022"],
            "credential_definition":{"@context":["https://www.w3.org/ns/credentials/v2",{"a":"urn:a"}],
                "type":["VerifiableCredential","IdentityCredential"]}
        },
        "token":{
            "format":"jwt_vc_json","credential_signing_alg_values_supported":["ES256"],
            "credential_definition":{"type":["VerifiableCredential"]}
        }
    }
}"##;

fn issuer() -> IssuerIdentifier {
    IssuerIdentifier::parse(ISSUER).expect("an identifier")
}
