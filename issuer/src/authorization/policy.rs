//! Which wallets the authorization server deals with, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::PublicKey;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_attestation::AttesterKey;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use thiserror::Error;

use crate::attestation_status::UnknownAttestationStatus;

/// The policy of an authorization server. [`AuthorizationPolicy::closed`] is the start of every one.
#[derive(Debug, Clone)]
pub struct AuthorizationPolicy {
    /// The wallets that the operator knows.
    pub clients: ClientRegistry,
    /// What becomes of wallets that nobody knows.
    pub unknown_clients: UnknownClients,
    /// Who may vouch for instances of wallets.
    pub attesters: TrustedAttesters,
    /// What becomes of attestations, of wallets and of keys, whose status cannot be known.
    pub unknown_attestation_status: UnknownAttestationStatus,
    /// Whether authorization requests come over the back channel.
    pub pushed_requests: PushedRequests,
    /// Whether tokens are bound to keys.
    pub dpop: DpopPolicy,
    /// Who may redeem a pre-authorized code.
    pub pre_authorized: PreAuthorizedClients,
    /// How long an access token lasts.
    pub access_token_lifetime: Duration,
    /// Whether a wallet can come back for fresh credentials without the resident.
    pub refresh_tokens: RefreshTokens,
}

/// What becomes of a wallet that is neither registered nor attested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownClients {
    /// It gets nothing.
    Refused,
    /// It is a public client under the name it gives itself. The consent page says that nobody knows it.
    Public,
}

/// Whether authorization requests are pushed ([RFC 9126 §5]).
///
/// [RFC 9126 §5]: https://www.rfc-editor.org/rfc/rfc9126#section-5
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushedRequests {
    /// A request in the browser's address is refused.
    Required,
    /// Both ways are open.
    Optional,
}

/// Whether tokens are bound to keys ([RFC 9449]).
///
/// [RFC 9449]: https://www.rfc-editor.org/rfc/rfc9449
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DpopPolicy {
    /// A token request without a proof is refused.
    Required,
    /// A wallet that proves a key gets a token for it; another gets a bearer token.
    Optional,
}

/// Who may redeem a pre-authorized code ([OpenID4VCI §6.1, §12.3]).
///
/// [OpenID4VCI §6.1, §12.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PreAuthorizedClients {
    /// Whoever has the offer.
    Anonymous,
    /// A client that is known, or that the policy lets in unknown.
    Identified,
}

/// Whether there are refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshTokens {
    /// None.
    Never,
    /// With every authorization code, for so long in all, however often they are used.
    For(Duration),
}

/// The wallets that the operator knows, by their identifiers.
#[derive(Debug, Clone, Default)]
pub struct ClientRegistry(BTreeMap<ClientIdentifier, RegisteredClient>);

/// A wallet that the operator knows.
#[derive(Debug, Clone)]
pub struct RegisteredClient {
    /// What residents call it.
    pub name: String,
    /// Where its answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves to be the one.
    pub authentication: ClientAuthentication,
    /// What it may do.
    pub grants: BTreeSet<ClientGrant>,
}

/// How a registered client proves to be the one.
#[derive(Debug, Clone)]
pub enum ClientAuthentication {
    /// It does not: an app of which everybody has a copy.
    None,
    /// It signs an assertion by one of these keys ([RFC 7523 §3]). They also sign its request objects.
    ///
    /// [RFC 7523 §3]: https://www.rfc-editor.org/rfc/rfc7523#section-3
    PrivateKeyJwt(Vec<PublicKey>),
    /// Its vendor vouches for each instance ([OpenID4VCI appendix E]).
    ///
    /// [OpenID4VCI appendix E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-E
    Attestation,
}

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientGrant {
    /// Send residents to sign in.
    AuthorizationCode,
    /// Redeem offers.
    PreAuthorizedCode,
    /// Come back without the resident.
    RefreshToken,
}

impl ClientGrant {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::AuthorizationCode,
        Self::PreAuthorizedCode,
        Self::RefreshToken,
    ];
}

/// Who may vouch for instances of wallets: the anchors of their certificates, and keys that stand for themselves.
#[derive(Debug, Clone, Default)]
pub struct TrustedAttesters {
    /// The anchors.
    pub anchors: Vec<Certificate>,
    /// The keys.
    pub keys: Vec<AttesterKey>,
}

impl TrustedAttesters {
    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty() && self.keys.is_empty()
    }
}

impl ClientRegistry {
    /// A registry of these clients.
    ///
    /// # Errors
    /// [`ClientRegistryError`].
    pub fn new(
        clients: impl IntoIterator<Item = (ClientIdentifier, RegisteredClient)>,
    ) -> Result<Self, ClientRegistryError> {
        let mut all = BTreeMap::new();
        for (id, client) in clients {
            let refused = |reason| ClientRegistryError {
                client: id.clone(),
                reason,
            };
            let may_send = client.grants.contains(&ClientGrant::AuthorizationCode);
            if may_send && client.redirect_uris.is_empty() {
                return Err(refused("it has no redirect_uris"));
            }
            if client.grants.is_empty() {
                return Err(refused("it has no grants"));
            }
            if matches!(&client.authentication, ClientAuthentication::PrivateKeyJwt(keys) if keys.is_empty())
            {
                return Err(refused("it has no keys to authenticate by"));
            }
            if all.contains_key(&id) {
                return Err(refused("there are two of this client_id"));
            }
            all.insert(id, client);
        }
        Ok(Self(all))
    }

    /// The client of this identifier.
    #[must_use]
    pub fn client(&self, id: &ClientIdentifier) -> Option<&RegisteredClient> {
        self.0.get(id)
    }

    /// All clients.
    pub fn iter(&self) -> impl Iterator<Item = (&ClientIdentifier, &RegisteredClient)> {
        self.0.iter()
    }
}

impl AuthorizationPolicy {
    /// A server that deals with nobody but the holders of offers: no client is known or trusted, requests must be pushed, tokens are
    /// bound to keys where the wallet has one, and there are no refresh tokens.
    #[must_use]
    pub fn closed() -> Self {
        Self {
            clients: ClientRegistry::default(),
            unknown_clients: UnknownClients::Refused,
            attesters: TrustedAttesters::default(),
            unknown_attestation_status: UnknownAttestationStatus::default(),
            pushed_requests: PushedRequests::Required,
            dpop: DpopPolicy::Optional,
            pre_authorized: PreAuthorizedClients::Anonymous,
            access_token_lifetime: crate::grant::ACCESS_TOKEN_LIFETIME,
            refresh_tokens: RefreshTokens::Never,
        }
    }

    /// Refuses values that contradict each other or make no sense.
    ///
    /// # Errors
    /// [`AuthorizationPolicyError`].
    pub fn check(&self) -> Result<(), AuthorizationPolicyError> {
        if !ACCESS_TOKEN_SECONDS.contains(&self.access_token_lifetime.as_secs()) {
            return Err(AuthorizationPolicyError::AccessTokenLifetime);
        }
        if let RefreshTokens::For(lifetime) = self.refresh_tokens
            && !REFRESH_TOKEN_SECONDS.contains(&lifetime.as_secs())
        {
            return Err(AuthorizationPolicyError::RefreshTokenLifetime);
        }
        let attested =
            |client: &RegisteredClient| matches!(client.authentication, ClientAuthentication::Attestation);
        if self.attesters.is_empty() && self.clients.iter().any(|(_, client)| attested(client)) {
            return Err(AuthorizationPolicyError::NoAttester);
        }
        Ok(())
    }

    /// Whether any wallet can send a resident here.
    #[must_use]
    pub fn has_authorization_endpoint(&self) -> bool {
        let registered = |client: &RegisteredClient| client.grants.contains(&ClientGrant::AuthorizationCode);
        self.unknown_clients == UnknownClients::Public
            || !self.attesters.is_empty()
            || self.clients.iter().any(|(_, client)| registered(client))
    }

    /// Whether any client authenticates by an assertion.
    #[must_use]
    pub fn has_asserting_clients(&self) -> bool {
        let asserts = |client: &RegisteredClient| {
            matches!(client.authentication, ClientAuthentication::PrivateKeyJwt(_))
        };
        self.clients.iter().any(|(_, client)| asserts(client))
    }

    /// Whether any client need not authenticate.
    #[must_use]
    pub fn has_public_clients(&self) -> bool {
        let public = |client: &RegisteredClient| matches!(client.authentication, ClientAuthentication::None);
        self.unknown_clients == UnknownClients::Public
            || self.pre_authorized == PreAuthorizedClients::Anonymous
            || self.clients.iter().any(|(_, client)| public(client))
    }
}

/// A registered client cannot be as it is described.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the client {client} is refused: {reason}")]
pub struct ClientRegistryError {
    /// Which.
    pub client: ClientIdentifier,
    /// Why.
    pub reason: &'static str,
}

/// The policy contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthorizationPolicyError {
    /// Too short to be used or too long to be lost.
    #[error("the lifetime of access tokens must be 60 to 3600 seconds")]
    AccessTokenLifetime,
    /// Too short to be used or too long to be lost.
    #[error("the lifetime of refresh tokens must be an hour to 400 days")]
    RefreshTokenLifetime,
    /// A client that nobody can vouch for.
    #[error("a client authenticates by attestation, and no attester is trusted")]
    NoAttester,
}

const ACCESS_TOKEN_SECONDS: std::ops::RangeInclusive<u64> = 60..=3_600;
const REFRESH_TOKEN_SECONDS: std::ops::RangeInclusive<u64> = 3_600..=400 * 86_400;
