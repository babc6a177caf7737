//! What an issuer publishes about itself ([OpenID4VCI §12.2], [RFC 8414], [SD-JWT VC §3.5]).
//!
//! [OpenID4VCI §12.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2
//! [RFC 8414]: https://www.rfc-editor.org/rfc/rfc8414
//! [SD-JWT VC §3.5]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/

mod language;

pub use language::{in_language, languages, preferred_language, thousandths};

use serde_json::{Value, json};
use symbolon_credential::w3c::BASE_CONTEXT_V2;
use symbolon_crypto::{PublicKey, SignatureAlgorithm};
use symbolon_protocol::identifier::UrlError;
use symbolon_protocol::oauth::client::{ATTESTATION, PRIVATE_KEY_JWT, PUBLIC_CLIENT};
use symbolon_protocol::oauth::client_attestation::ATTESTATION_ALGORITHMS;
use symbolon_protocol::oauth::dpop::PROOF_ALGORITHMS as DPOP_ALGORITHMS;
use symbolon_protocol::oauth::metadata::AuthorizationServerMetadata;
use symbolon_protocol::oauth::pkce::S256;
use symbolon_protocol::openid4vci::authorization_details::OPENID_CREDENTIAL;
use symbolon_protocol::openid4vci::encryption::{RequestEncryptionMetadata, ResponseEncryptionMetadata};
use symbolon_protocol::openid4vci::metadata::{self as wire, ProofTypeName};
use symbolon_protocol::openid4vci::proof_di_vp::PROOF_SUITES;
use symbolon_protocol::openid4vci::token::{
    AUTHORIZATION_CODE_GRANT, PRE_AUTHORIZED_CODE_GRANT, REFRESH_TOKEN_GRANT,
};

use crate::authorization::{PreAuthorizedClients, PushedRequests, RefreshTokens};
use crate::issuance::PROOF_ALGORITHMS;
use crate::mapping::{
    ClaimEntry, CredentialConfiguration, DisplayEntry, Presence, ProofPolicy, Target, W3cTarget,
};
use crate::profile::IssuerProfile;
use crate::signers::CredentialSigners;

/// The paths of the issuer's endpoints below its identifier.
pub mod paths {
    /// The endpoint of pushed authorization requests.
    pub const PUSHED_REQUESTS: &str = "/par";
    /// The authorization endpoint.
    pub const AUTHORIZE: &str = "/authorize";
    /// The page to which the authorization endpoint leads.
    pub const SIGN_IN: &str = "/sign-in";
    /// The endpoint of challenges for client attestations.
    pub const CHALLENGE: &str = "/challenge";
    /// The token endpoint.
    pub const TOKEN: &str = "/token";
    /// The nonce endpoint.
    pub const NONCE: &str = "/nonce";
    /// The credential endpoint.
    pub const CREDENTIAL: &str = "/credential";
    /// The deferred credential endpoint.
    pub const DEFERRED: &str = "/deferred_credential";
    /// The notification endpoint.
    pub const NOTIFICATION: &str = "/notification";
    /// Offers by reference; followed by a slash and the offer's identifier.
    pub const OFFERS: &str = "/offers";
    /// The URIs of all status lists; followed by a slash and the shard's number, the list of the shard.
    pub const STATUS: &str = "/status";
    /// Bitstring Status Lists; followed by a slash, the shard's number, a slash and the purpose.
    pub const BITSTRING_STATUS: &str = "/status/bitstring";
    /// The revocation lists of the issuer's authorities; followed by a slash and the name of the list.
    pub const CERTIFICATES: &str = "/certificates";
    /// JSON-LD contexts; followed by a slash and the context's name.
    pub const CONTEXTS: &str = "/contexts";
}

impl IssuerProfile {
    /// The credential issuer metadata, with the keys to which requests may be encrypted.
    ///
    /// # Errors
    /// [`UrlError`] when the identifier is so long that an endpoint's address cannot be written.
    pub fn issuer_metadata(
        &self,
        signers: &CredentialSigners,
        request_keys: &[PublicKey],
    ) -> Result<wire::IssuerMetadata, UrlError> {
        let policy = self.policy();
        let batch_size = self.policy().batch_size as usize;
        let configurations = self
            .configurations()
            .iter()
            .map(|(id, configuration)| (id.clone(), self.describe(configuration, signers)))
            .collect();
        Ok(wire::IssuerMetadata {
            credential_issuer: self.identifier().clone(),
            authorization_servers: None,
            credential_endpoint: self.identifier().endpoint(paths::CREDENTIAL)?,
            nonce_endpoint: Some(self.identifier().endpoint(paths::NONCE)?),
            deferred_credential_endpoint: self
                .defers()
                .then(|| self.identifier().endpoint(paths::DEFERRED))
                .transpose()?,
            notification_endpoint: Some(self.identifier().endpoint(paths::NOTIFICATION)?),
            credential_request_encryption: Some(RequestEncryptionMetadata::offering(
                request_keys,
                policy.request_encryption.into(),
            )),
            credential_response_encryption: Some(ResponseEncryptionMetadata::offering(
                policy.response_encryption.into(),
            )),
            batch_credential_issuance: (batch_size > 1).then_some(wire::BatchIssuance { batch_size }),
            display: vec![wire::IssuerDisplay {
                name: Some(self.name().to_owned()),
                ..Default::default()
            }],
            credential_configurations_supported: configurations,
        })
    }

    /// The authorization server metadata: the issuer is its own.
    ///
    /// # Errors
    /// As [`IssuerProfile::issuer_metadata`].
    pub fn authorization_server_metadata(&self) -> Result<AuthorizationServerMetadata, UrlError> {
        let policy = self.authorization();
        let mut metadata = AuthorizationServerMetadata {
            token_endpoint: Some(self.identifier().endpoint(paths::TOKEN)?),
            status_list_aggregation_endpoint: Some(self.identifier().endpoint(paths::STATUS)?),
            dpop_signing_alg_values_supported: names(DPOP_ALGORITHMS),
            pre_authorized_grant_anonymous_access_supported: policy.pre_authorized
                == PreAuthorizedClients::Anonymous,
            ..AuthorizationServerMetadata::of(self.identifier().clone())
        };
        let mut grants = vec![PRE_AUTHORIZED_CODE_GRANT.to_owned()];
        let mut methods = Vec::new();
        if policy.has_public_clients() {
            methods.push(PUBLIC_CLIENT.to_owned());
        }
        if policy.has_asserting_clients() {
            methods.push(PRIVATE_KEY_JWT.to_owned());
            metadata.token_endpoint_auth_signing_alg_values_supported = names(&SIGNATURE_ALGORITHMS);
            metadata.request_object_signing_alg_values_supported = names(&SIGNATURE_ALGORITHMS);
        }
        if !policy.attesters.is_empty() {
            methods.push(ATTESTATION.to_owned());
            metadata.challenge_endpoint = Some(self.identifier().endpoint(paths::CHALLENGE)?);
            metadata.client_attestation_signing_alg_values_supported = names(ATTESTATION_ALGORITHMS);
            metadata.client_attestation_pop_signing_alg_values_supported = names(ATTESTATION_ALGORITHMS);
        }
        if policy.has_authorization_endpoint() {
            grants.push(AUTHORIZATION_CODE_GRANT.to_owned());
            metadata.authorization_endpoint = Some(self.identifier().endpoint(paths::AUTHORIZE)?);
            metadata.pushed_authorization_request_endpoint =
                Some(self.identifier().endpoint(paths::PUSHED_REQUESTS)?);
            metadata.require_pushed_authorization_requests =
                policy.pushed_requests == PushedRequests::Required;
            metadata.response_types_supported = vec!["code".to_owned()];
            metadata.response_modes_supported = vec!["query".to_owned()];
            metadata.code_challenge_methods_supported = vec![S256.to_owned()];
            metadata.authorization_response_iss_parameter_supported = true;
            metadata.authorization_details_types_supported = vec![OPENID_CREDENTIAL.to_owned()];
            metadata.scopes_supported = self
                .configurations()
                .keys()
                .map(|id| id.as_str().to_owned())
                .collect();
            if policy.refresh_tokens != RefreshTokens::Never {
                grants.push(REFRESH_TOKEN_GRANT.to_owned());
            }
        }
        metadata.grant_types_supported = Some(grants);
        metadata.token_endpoint_auth_methods_supported = Some(methods);
        Ok(metadata)
    }

    /// Whose keys sign this issuer's SD-JWT VCs, for readers who find keys by the issuer's identifier.
    #[must_use]
    pub fn jwt_vc_issuer_metadata<'k>(&self, keys: impl IntoIterator<Item = &'k PublicKey>) -> Value {
        let keys: Vec<Value> = keys
            .into_iter()
            .map(|key| {
                let mut jwk = key.to_jwk();
                jwk.kid = Some(key.thumbprint().to_string());
                json!(jwk)
            })
            .collect();
        json!({ "issuer": self.identifier(), "jwks": { "keys": keys } })
    }

    fn describe(
        &self,
        configuration: &CredentialConfiguration,
        signers: &CredentialSigners,
    ) -> wire::CredentialConfiguration {
        use wire::CredentialConfiguration as Wire;
        let common = common(configuration);
        match configuration.target() {
            Target::SdJwtVc { .. } => Wire::SdJwtVc(Box::new(wire::SdJwtVcConfiguration {
                common,
                vct: configuration.vct(self.identifier().as_str()).unwrap_or_default(),
                credential_signing_alg_values_supported: vec![
                    signers.sd_jwt_vc().algorithm.jose_name().to_owned(),
                ],
            })),
            Target::MsoMdoc { doc_type, .. } => Wire::MsoMdoc(Box::new(wire::MsoMdocConfiguration {
                common,
                doctype: doc_type.as_str().to_owned(),
                credential_signing_alg_values_supported: signers
                    .mdoc()
                    .map(|signer| signer.algorithm.cose_value())
                    .into_iter()
                    .collect(),
            })),
            Target::LdpVc { w3c, cryptosuite } => Wire::LdpVc(Box::new(wire::LdpVcConfiguration {
                common,
                credential_definition: wire::CredentialDefinition {
                    context: core::iter::once(BASE_CONTEXT_V2.to_owned())
                        .chain(configuration.context_url(self.identifier().as_str()))
                        .map(Value::from)
                        .collect(),
                    types: types(w3c),
                },
                credential_signing_alg_values_supported: vec![cryptosuite.name().to_owned()],
            })),
            Target::JwtVcJson { w3c, algorithm } => Wire::JwtVcJson(Box::new(wire::JwtVcJsonConfiguration {
                common,
                credential_definition: wire::CredentialDefinition {
                    context: Vec::new(),
                    types: types(w3c),
                },
                credential_signing_alg_values_supported: vec![algorithm.jose_name().to_owned()],
            })),
        }
    }
}

fn common(configuration: &CredentialConfiguration) -> wire::ConfigurationCommon {
    let binding_methods: &[&str] = match configuration.target() {
        Target::SdJwtVc { .. } => &["jwk"],
        Target::MsoMdoc { .. } => &["cose_key"],
        Target::LdpVc { .. } | Target::JwtVcJson { .. } => &["did:key", "did:jwk", "jwk"],
    };
    let claims = configuration.claims().iter();
    wire::ConfigurationCommon {
        scope: Some(configuration.id().as_str().to_owned()),
        cryptographic_binding_methods_supported: binding_methods
            .iter()
            .map(|&name| name.to_owned())
            .collect(),
        proof_types_supported: Some(proof_types(configuration.proofs())),
        credential_metadata: Some(wire::CredentialMetadata {
            display: configuration.display().iter().map(display).collect(),
            claims: claims.filter_map(|entry| claim(configuration, entry)).collect(),
        }),
    }
}

fn proof_types(policy: &ProofPolicy) -> wire::ProofTypes {
    let by_key = || {
        let names = PROOF_ALGORITHMS.iter().map(|algorithm| algorithm.jose_name());
        names.map(str::to_owned).collect()
    };
    let mut supported = wire::ProofTypes::default();
    for kind in policy.types() {
        match kind {
            ProofTypeName::Jwt => {
                supported.jwt = Some(wire::ProofType {
                    proof_signing_alg_values_supported: by_key(),
                    key_attestations_required: policy.attestation().cloned(),
                });
            }
            ProofTypeName::Attestation => {
                supported.attestation = Some(wire::ProofType {
                    proof_signing_alg_values_supported: by_key(),
                    // An attestation proof is an attestation, also where nothing in particular must be attested.
                    key_attestations_required: Some(policy.attestation().cloned().unwrap_or_default()),
                });
            }
            ProofTypeName::DiVp => {
                let suites = PROOF_SUITES.iter().map(|suite| suite.name().to_owned());
                supported.di_vp = Some(wire::ProofType {
                    proof_signing_alg_values_supported: suites.collect(),
                    key_attestations_required: None,
                });
            }
        }
    }
    supported
}

fn names(algorithms: &[SignatureAlgorithm]) -> Vec<String> {
    algorithms
        .iter()
        .map(|algorithm| algorithm.jose_name().to_owned())
        .collect()
}

/// Of assertions and request objects: every algorithm of which there are keys.
const SIGNATURE_ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::EdDsa,
];

fn types(w3c: &W3cTarget) -> Vec<String> {
    let first = core::iter::once("VerifiableCredential".to_owned());
    first.chain(w3c.types.iter().cloned()).collect()
}

fn display(entry: &DisplayEntry) -> wire::CredentialDisplay {
    wire::CredentialDisplay {
        name: entry.name.clone(),
        locale: Some(entry.locale.clone()),
        description: entry.description.clone(),
        background_color: entry.background_color.clone(),
        text_color: entry.text_color.clone(),
        logo: None,
    }
}

fn claim(configuration: &CredentialConfiguration, entry: &ClaimEntry) -> Option<wire::ClaimDescription> {
    Some(wire::ClaimDescription {
        // The configuration bounds its paths more tightly, so none is left out.
        path: configuration.claims_path(entry)?,
        mandatory: entry.presence == Presence::Required,
        display: entry
            .label
            .iter()
            .map(|(locale, label)| wire::ClaimDisplay {
                name: Some(label.clone()),
                locale: Some(locale.clone()),
            })
            .collect(),
    })
}
