//! The profile of the specifications that an issuer keeps to, as one value of its configuration; and the High Assurance
//! Interoperability Profile ([HAIP 1.0]) in full.
//!
//! HAIP is a selection: it adds no messages, it takes choices away. So the profile is checked where an issuer is opened, against
//! what it is and what it signs with, and a choice that contradicts it is refused there by its name. What nobody chose is chosen
//! by the profile ([`SWITCHED_ON`]).
//!
//! [HAIP 1.0]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html

use serde::{Deserialize, Serialize};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::openid4vci::metadata::ProofTypeName;
use symbolon_protocol::openid4vci::offer::OfferScheme;
use thiserror::Error;

use crate::authorization::{
    AuthorizationPolicy, ClientAuthentication, DpopPolicy, PreAuthorizedClients, PushedRequests,
    UnknownClients,
};
use crate::identifiers::ConfigurationId;
use crate::mapping::{CredentialConfiguration, Target};
use crate::profile::{IssuerProfile, SigningKey};

/// Which profile an issuer keeps to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// The specifications as they are, with every choice the operator's.
    #[default]
    Standard,
    /// The High Assurance Interoperability Profile 1.0.
    Haip,
}

impl Profile {
    /// The scheme of its offer links ([HAIP §4.2]).
    ///
    /// [HAIP §4.2]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-4.2
    #[must_use]
    pub const fn offer_scheme(self) -> OfferScheme {
        match self {
            Self::Standard => OfferScheme::OpenIdCredentialOffer,
            Self::Haip => OfferScheme::HaipVci,
        }
    }
}

/// The keys by which an issuer signs what wallets get.
#[derive(Clone, Copy)]
pub struct ProfileKeys<'a> {
    /// Signs SD-JWT VCs.
    pub credentials: &'a SigningKey,
    /// Signs mdocs.
    pub documents: Option<&'a SigningKey>,
    /// Signs status lists.
    pub status: &'a SigningKey,
    /// Signs metadata.
    pub metadata: Option<&'a SigningKey>,
}

/// Refuses an issuer that contradicts its profile.
///
/// # Errors
/// [`ProfileContradiction`], naming the key.
pub fn check(profile: &IssuerProfile, keys: ProfileKeys<'_>) -> Result<(), ProfileContradiction> {
    match profile.profile() {
        Profile::Standard => return Ok(()),
        Profile::Haip => {}
    }
    check_authorization(profile.authorization())?;
    for configuration in profile.configurations().values() {
        check_configuration(configuration)?;
    }
    if profile.proof_trust().attesters.is_empty() {
        return Err(ProfileContradiction::NoKeyAttester);
    }
    check_key("credential-signing", keys.credentials)?;
    if let Some(documents) = keys.documents {
        check_key("document-signing", documents)?;
    }
    check_key("status-signing", keys.status)?;
    let metadata = keys.metadata.ok_or(ProfileContradiction::NoMetadataKey)?;
    check_key("metadata-signing", metadata)
}

/// §4.3, §4.4: pushed requests, bound tokens, and wallets that their vendor vouches for.
fn check_authorization(policy: &AuthorizationPolicy) -> Result<(), ProfileContradiction> {
    if policy.pushed_requests != PushedRequests::Required {
        return Err(ProfileContradiction::PushedRequests);
    }
    if policy.dpop != DpopPolicy::Required {
        return Err(ProfileContradiction::Dpop);
    }
    if policy.unknown_clients != UnknownClients::Refused {
        return Err(ProfileContradiction::UnknownClients);
    }
    if policy.pre_authorized != PreAuthorizedClients::Identified {
        return Err(ProfileContradiction::PreAuthorizedClients);
    }
    if !policy.attesters.keys.is_empty() {
        return Err(ProfileContradiction::AttesterKeys);
    }
    if policy.attesters.anchors.is_empty() {
        return Err(ProfileContradiction::NoAttester);
    }
    for (id, client) in policy.clients.iter() {
        match client.authentication {
            ClientAuthentication::Attestation => {}
            ClientAuthentication::None | ClientAuthentication::PrivateKeyJwt(_) => {
                return Err(ProfileContradiction::Client(id.clone()));
            }
        }
    }
    Ok(())
}

/// §4.5, §6: the two formats, and keys that are attested.
fn check_configuration(configuration: &CredentialConfiguration) -> Result<(), ProfileContradiction> {
    let id = || configuration.id().clone();
    match configuration.target() {
        Target::SdJwtVc { .. } | Target::MsoMdoc { .. } => {}
        Target::LdpVc { .. } | Target::JwtVcJson { .. } => return Err(ProfileContradiction::Format(id())),
    }
    let proofs = configuration.proofs();
    let both = [ProofTypeName::Jwt, ProofTypeName::Attestation];
    if !both.iter().all(|wanted| proofs.types().contains(wanted)) {
        return Err(ProfileContradiction::ProofTypes(id()));
    }
    if proofs.attestation().is_none() {
        return Err(ProfileContradiction::KeyAttestation(id()));
    }
    Ok(())
}

/// §6.1, §6.1.1, §7: ES256, and certificates that chain to an anchor which readers have, and the credential has not.
fn check_key(name: &'static str, key: &SigningKey) -> Result<(), ProfileContradiction> {
    if key.algorithm != SignatureAlgorithm::Es256 {
        return Err(ProfileContradiction::Algorithm(name));
    }
    let Some((leaf, others)) = key.chain.split_first() else {
        return Err(ProfileContradiction::NoCertificate(name));
    };
    if leaf.is_self_signed() {
        return Err(ProfileContradiction::SelfSigned(name));
    }
    // A certificate that vouches for itself further up can only be the anchor.
    if others.iter().any(|certificate| certificate.is_self_signed()) {
        return Err(ProfileContradiction::Anchor(name));
    }
    Ok(())
}

/// What the profile demands of an issuer, and by what this one does it.
pub const SWITCHED_ON: [(&str, &str); 15] = [
    (
        "§4",
        "authorization code flow, with PKCE S256 and iss in the response",
    ),
    (
        "§4",
        "DPoP with nonces of the server at the token, nonce and credential endpoints",
    ),
    ("§4", "a nonce endpoint"),
    (
        "§4.1",
        "metadata signed under a certificate in x5c, for whoever asks for them",
    ),
    ("§4.1", "a scope for every credential configuration"),
    (
        "§4.2",
        "offers for the same and for another device, with the scheme haip-vci",
    ),
    ("§4.3", "pushed authorization requests alone"),
    ("§4.4", "refresh tokens, bound to the wallet and its key"),
    (
        "§4.4.1",
        "wallets attested under certificates in x5c, at every endpoint where a client authenticates",
    ),
    (
        "§4.4.1",
        "pre-authorized codes for attested wallets alone, as nobody else is a client",
    ),
    ("§4.5", "proofs of the types jwt and attestation"),
    ("§4.5.1", "attested keys, under certificates in x5c"),
    (
        "§6",
        "credentials in the formats dc+sd-jwt and mso_mdoc, with an expiry, a status or both",
    ),
    (
        "§6.1, §6.1.1",
        "certificates in x5c of credentials and of status lists, without the anchor and not self-signed",
    ),
    ("§7, §8", "ES256 and SHA-256"),
];

/// A choice that the profile does not leave.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProfileContradiction {
    /// A request in a browser's address would be taken.
    #[error("profile haip contradicts authorization.pushed_requests: it must be \"required\" (HAIP §4.3)")]
    PushedRequests,
    /// Tokens would be good for whoever holds them.
    #[error("profile haip contradicts authorization.dpop: it must be \"required\" (HAIP §4)")]
    Dpop,
    /// Anybody would be a client.
    #[error("profile haip contradicts authorization.unknown_clients: it must be \"refused\" (HAIP §4.4.1)")]
    UnknownClients,
    /// Whoever has an offer would need no attestation.
    #[error(
        "profile haip contradicts authorization.pre_authorized_clients: it must be \"identified\" (HAIP §4.4.1)"
    )]
    PreAuthorizedClients,
    /// Attestations without certificates would be believed.
    #[error(
        "profile haip contradicts authorization.attester_keys: attestations name certificates (HAIP §4.4.1)"
    )]
    AttesterKeys,
    /// No wallet could ever authenticate.
    #[error("profile haip needs authorization.attester_certificates: wallets are attested (HAIP §4.4.1)")]
    NoAttester,
    /// A client would authenticate in another way, or not at all.
    #[error(
        "profile haip contradicts authentication of the client {0}: it must be \"attestation\" (HAIP §4.4.1)"
    )]
    Client(ClientIdentifier),
    /// Another format.
    #[error(
        "profile haip contradicts format of the credential configuration {}: it must be dc+sd-jwt or mso_mdoc (HAIP §6)",
        .0.as_str()
    )]
    Format(ConfigurationId),
    /// A kind of proof is missing.
    #[error(
        "profile haip contradicts proof-types of the credential configuration {}: jwt and attestation belong to it (HAIP §4.5)",
        .0.as_str()
    )]
    ProofTypes(ConfigurationId),
    /// Keys would need no attestation.
    #[error(
        "profile haip needs key-attestation in the credential configuration {} (HAIP §4.5.1)",
        .0.as_str()
    )]
    KeyAttestation(ConfigurationId),
    /// No key could ever be attested.
    #[error("profile haip needs credentials.key_attester_certificates: keys are attested (HAIP §4.5.1)")]
    NoKeyAttester,
    /// Metadata could not be signed.
    #[error(
        "profile haip needs the key metadata-signing: metadata are signed where it is asked for (HAIP §4.1)"
    )]
    NoMetadataKey,
    /// Another algorithm.
    #[error("profile haip contradicts the key {0}: it must be an ES256 key (HAIP §7)")]
    Algorithm(&'static str),
    /// Nothing to put into `x5c`.
    #[error("profile haip needs a certificate of the key {0} (HAIP §6.1.1)")]
    NoCertificate(&'static str),
    /// Its certificate vouches for itself.
    #[error(
        "profile haip contradicts the certificate of the key {0}: it must not be self-signed (HAIP §6.1.1)"
    )]
    SelfSigned(&'static str),
    /// The anchor would travel with what it anchors.
    #[error(
        "profile haip contradicts the certificates of the key {0}: the anchor does not belong to them (HAIP §6.1.1)"
    )]
    Anchor(&'static str),
}
