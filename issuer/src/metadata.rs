//! What an issuer publishes about itself ([OpenID4VCI §12.2], [RFC 8414]).
//!
//! [OpenID4VCI §12.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2
//! [RFC 8414]: https://www.rfc-editor.org/rfc/rfc8414

use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_protocol::identifier::UrlError;
use symbolon_protocol::oauth::metadata::AuthorizationServerMetadata;
use symbolon_protocol::openid4vci::metadata as wire;
use symbolon_protocol::openid4vci::token::PRE_AUTHORIZED_CODE_GRANT;

use crate::issuance::PROOF_ALGORITHMS;
use crate::mapping::{ClaimEntry, CredentialConfiguration, DisplayEntry, Presence};
use crate::profile::IssuerProfile;

/// The paths of the issuer's endpoints below its identifier.
pub mod paths {
    /// The token endpoint.
    pub const TOKEN: &str = "/token";
    /// The nonce endpoint.
    pub const NONCE: &str = "/nonce";
    /// The credential endpoint.
    pub const CREDENTIAL: &str = "/credential";
    /// Offers by reference; followed by a slash and the offer's identifier.
    pub const OFFERS: &str = "/offers";
    /// Status lists; followed by a slash and the shard's number.
    pub const STATUS: &str = "/status";
}

impl IssuerProfile {
    /// The credential issuer metadata. `algorithm` is that of the key that signs credentials.
    ///
    /// # Errors
    /// [`UrlError`] when the identifier is so long that an endpoint's address cannot be written.
    pub fn issuer_metadata(&self, algorithm: SignatureAlgorithm) -> Result<wire::IssuerMetadata, UrlError> {
        let batch_size = self.policy().batch_size as usize;
        let configurations = self
            .configurations()
            .iter()
            .map(|(id, configuration)| {
                let described = self.describe(configuration, algorithm);
                (
                    id.clone(),
                    wire::CredentialConfiguration::SdJwtVc(Box::new(described)),
                )
            })
            .collect();
        Ok(wire::IssuerMetadata {
            credential_issuer: self.identifier().clone(),
            authorization_servers: None,
            credential_endpoint: self.identifier().endpoint(paths::CREDENTIAL)?,
            nonce_endpoint: Some(self.identifier().endpoint(paths::NONCE)?),
            deferred_credential_endpoint: None,
            notification_endpoint: None,
            credential_request_encryption: None,
            credential_response_encryption: None,
            batch_credential_issuance: (batch_size > 1).then_some(wire::BatchIssuance { batch_size }),
            display: vec![wire::IssuerDisplay {
                name: Some(self.name().to_owned()),
                ..Default::default()
            }],
            credential_configurations_supported: configurations,
        })
    }

    /// The authorization server metadata: the issuer is its own, and knows the pre-authorized flow alone.
    ///
    /// # Errors
    /// As [`IssuerProfile::issuer_metadata`].
    pub fn authorization_server_metadata(&self) -> Result<AuthorizationServerMetadata, UrlError> {
        Ok(AuthorizationServerMetadata {
            issuer: self.identifier().clone(),
            token_endpoint: Some(self.identifier().endpoint(paths::TOKEN)?),
            authorization_endpoint: None,
            response_types_supported: Vec::new(),
            grant_types_supported: Some(vec![PRE_AUTHORIZED_CODE_GRANT.to_owned()]),
            token_endpoint_auth_methods_supported: Some(vec!["none".to_owned()]),
            pre_authorized_grant_anonymous_access_supported: true,
        })
    }

    fn describe(
        &self,
        configuration: &CredentialConfiguration,
        algorithm: SignatureAlgorithm,
    ) -> wire::SdJwtVcConfiguration {
        let proof_algorithms = PROOF_ALGORITHMS
            .iter()
            .map(|algorithm| algorithm.jose_name().to_owned())
            .collect();
        wire::SdJwtVcConfiguration {
            vct: configuration.vct(self.identifier().as_str()),
            credential_signing_alg_values_supported: vec![algorithm.jose_name().to_owned()],
            common: wire::ConfigurationCommon {
                scope: Some(configuration.id().as_str().to_owned()),
                cryptographic_binding_methods_supported: vec!["jwk".to_owned()],
                proof_types_supported: Some(wire::ProofTypes {
                    jwt: Some(wire::ProofType {
                        proof_signing_alg_values_supported: proof_algorithms,
                        key_attestations_required: None,
                    }),
                }),
                credential_metadata: Some(wire::CredentialMetadata {
                    display: configuration.display().iter().map(display).collect(),
                    claims: configuration.claims().iter().filter_map(claim).collect(),
                }),
            },
        }
    }
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

fn claim(entry: &ClaimEntry) -> Option<wire::ClaimDescription> {
    let parts = entry
        .path
        .iter()
        .map(|part| PathPart::Key(part.clone()))
        .collect();
    Some(wire::ClaimDescription {
        // The configuration bounds its paths more tightly, so none is left out.
        path: ClaimsPath::new(parts).ok()?,
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
