//! What the issuer says of itself.

use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;
use symbolon_protocol::openid4vci::signed_metadata;
use symbolon_wallet_core::HttpResponse;

use super::{CONFIGURATION, ISSUER, IssuerTrick, TYPE, TestIssuer, json_answer};
use crate::support::certificates::Identity;
use crate::support::formats::Kind;

impl TestIssuer {
    pub(super) fn metadata(&self) -> HttpResponse {
        let trick = self.trick();
        let mut configurations = self.state.lock().unwrap().configurations.clone();
        if trick == IssuerTrick::MetadataTypeNotAllowed {
            configurations[CONFIGURATION]["vct"] = json!("https://issuer.example/types/judge");
        }
        let issuer = match trick {
            IssuerTrick::MetadataForAnotherIssuer => "https://neighbour.example",
            _ => ISSUER,
        };
        let mut response = json_answer(
            200,
            &json!({
                "credential_issuer": issuer,
                "credential_endpoint": "https://issuer.example/credential",
                "nonce_endpoint": "https://issuer.example/nonce",
                "display": [{ "name": "Registry", "locale": "en" }],
                "credential_configurations_supported": configurations,
            }),
        );
        self.endpoint.describe(&mut response);
        let servers = self.state.lock().unwrap().authorization_servers.clone();
        if !servers.is_empty() {
            let mut metadata: Value = serde_json::from_slice(&response.body).unwrap();
            metadata["authorization_servers"] = json!(servers);
            response.body = metadata.to_string().into_bytes();
        }
        let signer = match trick {
            IssuerTrick::SignsMetadata | IssuerTrick::SignedMetadataChanged => Some(&self.identity),
            IssuerTrick::MetadataSignedByStranger => Some(&self.stranger),
            IssuerTrick::MetadataSignedByNeighbour => Some(&self.neighbour),
            _ => None,
        };
        if let Some(signer) = signer {
            response = self.signed(&response, signer, trick == IssuerTrick::SignedMetadataChanged);
        }
        if trick == IssuerTrick::MetadataAsHtml {
            response.headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
        }
        response
    }

    fn signed(&self, response: &HttpResponse, signer: &Identity, changed: bool) -> HttpResponse {
        let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
        let metadata = IssuerMetadata::parse(&response.body, &issuer, UrlPolicy::Public).unwrap();
        let now = self.state.lock().unwrap().now;
        let chain = [signer.certificate.clone()];
        let until = now.plus(std::time::Duration::from_secs(60));
        let prepared =
            signed_metadata::prepare(&metadata, SignatureAlgorithm::Es256, &chain, now, until).unwrap();
        let signature = signer.sign(prepared.signing_input().as_bytes());
        let mut jwt = prepared.finish(&signature);
        if changed {
            let payload = jwt.split('.').nth(1).unwrap();
            let bytes = base64url::decode(payload).unwrap();
            let text = String::from_utf8(bytes)
                .unwrap()
                .replace("\"Registry\"", "\"Registrx\"");
            jwt = jwt.replace(payload, &base64url::encode(text.as_bytes()));
        }
        HttpResponse {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/jwt".to_owned())],
            body: jwt.into_bytes(),
        }
    }

    pub(super) fn server_metadata(&self) -> HttpResponse {
        let issuer = match self.trick() {
            IssuerTrick::ServerMetadataForAnotherServer => "https://neighbour.example",
            _ => ISSUER,
        };
        json_answer(
            200,
            &json!({
                "issuer": issuer,
                "token_endpoint": "https://issuer.example/token",
                "grant_types_supported": ["urn:ietf:params:oauth:grant-type:pre-authorized_code"],
                "pre-authorized_grant_anonymous_access_supported": true,
            }),
        )
    }
}

/// A configuration for each kind of credential.
pub(super) fn configurations() -> Value {
    let mut configurations = json!({ CONFIGURATION: configuration(TYPE) });
    for kind in Kind::ALL.into_iter().chain([Kind::LegacyJwt]) {
        configurations[kind.configuration()] = kind.metadata();
    }
    configurations
}

/// A configuration as metadata has it.
pub(crate) fn configuration(credential_type: &str) -> Value {
    json!({
        "format": "dc+sd-jwt",
        "vct": credential_type,
        "credential_signing_alg_values_supported": ["ES256"],
        "cryptographic_binding_methods_supported": ["jwk"],
        "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256"] } },
        "credential_metadata": {
            "display": [
                { "name": "National identity", "locale": "en" },
                { "name": "Identité nationale", "locale": "fr", "background_color": "#004d40" },
            ],
            "claims": [
                { "path": ["family_name"], "display": [{ "name": "Nom", "locale": "fr" }, { "name": "Family name", "locale": "en" }] },
                { "path": ["given_name"], "display": [{ "name": "Prénom", "locale": "fr" }] },
                { "path": ["address", "locality"], "display": [{ "name": "Localité", "locale": "fr" }] },
            ],
        },
    })
}
