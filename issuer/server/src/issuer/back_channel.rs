//! What a client sends by itself, and what is shared by the endpoints that take it.

use symbolon_crypto::{RandomnessUnavailable, UnixTime};
use symbolon_issuer::attestation_status::is_in_force;
use symbolon_issuer::authorization::{
    ClientGrant, ClientJudgement, ClientRefusal, DpopPolicy, ProvenClient, ProvenKey, RefreshTokens,
    TokenMaterial, TokenTerms, make_dpop_nonce, proven_key,
};
use symbolon_issuer::nonce::{NoncePurpose, make};
use symbolon_protocol::attestation_status::AttestationStatus;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::client::{ClientHeaders, ClientIdentifier};
use symbolon_protocol::oauth::client_attestation::{
    AttestationChallenge, AttestationError, ChallengeResponse,
};
use symbolon_protocol::oauth::dpop::{DpopError, DpopNonce, ExpectedKey, HttpMethod, ProvenRequest};

use super::Issuer;

/// A request of a client, as it came.
#[derive(Clone, Copy)]
pub struct BackChannelRequest<'a> {
    /// The header fields that authenticate the client.
    pub client: ClientHeaders<'a>,
    /// The values of the `DPoP` header fields.
    pub dpop: &'a [&'a str],
    /// The form.
    pub form: &'a [u8],
}

impl Issuer {
    /// A challenge for proofs of possession of client attestations.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn attestation_challenge(&self) -> Result<ChallengeResponse, RandomnessUnavailable> {
        let randomness = &*self.setup.randomness;
        let challenge = make(
            NoncePurpose::ClientAttestation,
            &self.secret,
            self.now(),
            randomness,
        )?;
        Ok(ChallengeResponse {
            // Base64url is printable and never too long.
            attestation_challenge: AttestationChallenge::parse(challenge).ok_or(RandomnessUnavailable)?,
        })
    }

    /// A nonce for DPoP proofs.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn dpop_nonce(&self) -> Result<DpopNonce, RandomnessUnavailable> {
        make_dpop_nonce(&self.secret, self.now(), &*self.setup.randomness)
    }

    pub(super) fn clients(&self, now: UnixTime) -> ClientJudgement<'_> {
        ClientJudgement {
            policy: self.profile().authorization(),
            server: self.profile().identifier(),
            secret: &self.secret,
            crypto: &*self.setup.crypto,
            now,
        }
    }

    /// Whether an attestation of a wallet or of keys is in force, as far as its provider and the policy say.
    pub(super) async fn is_in_force(&self, status: &AttestationStatus, now: UnixTime) -> bool {
        let unknown = self.profile().authorization().unknown_attestation_status;
        is_in_force(status, &*self.setup.attestation_states, unknown, now).await
    }

    /// Refuses a client whose provider has revoked the attestation of its instance.
    pub(super) async fn check_instance(
        &self,
        client: &ProvenClient,
        now: UnixTime,
    ) -> Result<(), ClientRefusal> {
        if self.is_in_force(&client.attestation, now).await {
            Ok(())
        } else {
            Err(AttestationError::NotInForce.into())
        }
    }

    /// The key that a request to an endpoint of the authorization server proves.
    pub(super) fn proven_key(
        &self,
        fields: &[&str],
        url: &HttpUrl,
        now: UnixTime,
    ) -> Result<Option<ProvenKey>, DpopError> {
        let request = ProvenRequest {
            method: HttpMethod::Post,
            url,
            access_token: None,
        };
        let fields = fields.iter().copied();
        let crypto = &*self.setup.crypto;
        proven_key(fields, request, ExpectedKey::Any, &self.secret, crypto, now)
    }

    /// The same for a token, which the policy may want to be bound.
    pub(super) fn key_of_token(
        &self,
        fields: &[&str],
        url: &HttpUrl,
        now: UnixTime,
    ) -> Result<Option<ProvenKey>, DpopError> {
        match (
            self.proven_key(fields, url, now)?,
            self.profile().authorization().dpop,
        ) {
            (None, DpopPolicy::Required) => Err(DpopError::Missing),
            (key, _) => Ok(key),
        }
    }

    pub(super) fn token_material(
        &self,
        client: Option<&ClientIdentifier>,
        now: UnixTime,
    ) -> TokenMaterial<'_> {
        let policy = self.profile().authorization();
        let clients = self.clients(now);
        let may_refresh = client.is_some_and(|id| clients.may_use(id, ClientGrant::RefreshToken).is_ok());
        TokenMaterial {
            terms: TokenTerms {
                credentials_each: self.profile().policy().credentials_per_offer,
                access_lifetime: policy.access_token_lifetime,
                refresh_lifetime: match policy.refresh_tokens {
                    RefreshTokens::For(lifetime) if may_refresh => Some(lifetime),
                    RefreshTokens::For(_) | RefreshTokens::Never => None,
                },
            },
            secret: &self.secret,
            randomness: &*self.setup.randomness,
            now,
        }
    }
}
