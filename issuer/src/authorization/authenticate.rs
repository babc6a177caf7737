//! Which client sends a request, as far as it can be proven ([RFC 6749 §2.3], [OpenID4VCI appendix E]).
//!
//! [RFC 6749 §2.3]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3
//! [OpenID4VCI appendix E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-E

use symbolon_crypto::{CryptoProvider, PublicKey, Thumbprint, UnixTime};
use symbolon_protocol::attestation_status::AttestationStatus;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::client::{
    ClientHeaders, ClientIdentifier, ClientParameters, ClientParametersError, PresentedAuthentication,
};
use symbolon_protocol::oauth::client_assertion::{self, AssertionError, ClientAssertion};
use symbolon_protocol::oauth::client_attestation::{
    self, AttestationError, AttestationExpectations, TrustedAttesters as Attesters,
};
use symbolon_protocol::oauth::error::TokenErrorCode;
use thiserror::Error;

use super::client::{ClientAssurance, ClientDescription};
use super::policy::{
    AuthorizationPolicy, ClientAuthentication, ClientGrant, PreAuthorizedClients, RegisteredClient,
    UnknownClients,
};
use crate::nonce::{NoncePurpose, check};
use crate::secret::{InstallationSecret, SecretDigest};
use crate::store::ReplayMark;

/// What clients are judged with.
#[derive(Clone, Copy)]
pub struct ClientJudgement<'a> {
    /// The policy.
    pub policy: &'a AuthorizationPolicy,
    /// The authorization server: the audience of whatever a client signs.
    pub server: &'a IssuerIdentifier,
    /// What made the challenges.
    pub secret: &'a InstallationSecret,
    /// Verifies signatures.
    pub crypto: &'a dyn CryptoProvider,
    /// The time.
    pub now: UnixTime,
}

/// A client and what was proven of it.
#[derive(Debug, Clone)]
pub struct ProvenClient {
    /// What residents are told of it.
    pub description: ClientDescription,
    /// The attested key of its instance.
    pub instance: Option<Thumbprint>,
    /// The mark of the JWT that it proved itself by, to be written with what that authorises.
    pub proof: Option<ReplayMark>,
    /// Where the provider revokes the attestation of its instance. It is asked before anything is written.
    pub attestation: AttestationStatus,
}

impl ProvenClient {
    /// Its identifier.
    #[must_use]
    pub const fn id(&self) -> &ClientIdentifier {
        &self.description.id
    }

    /// The refusal when the mark of its proof is there already.
    #[must_use]
    pub const fn replayed(&self) -> ClientRefusal {
        match self.instance {
            Some(_) => ClientRefusal::Attestation(AttestationError::Replayed),
            None => ClientRefusal::Assertion(AssertionError::Replayed),
        }
    }

    /// Whether it proved to be the one by a key.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        matches!(
            self.description.assurance,
            ClientAssurance::Authenticated | ClientAssurance::Attested
        )
    }
}

impl ClientJudgement<'_> {
    /// The client of a request to the pushed request or the token endpoint; `None` where nobody is named.
    ///
    /// # Errors
    /// [`ClientRefusal`].
    pub fn client(
        &self,
        headers: ClientHeaders<'_>,
        parameters: &ClientParameters,
    ) -> Result<Option<ProvenClient>, ClientRefusal> {
        let named = parameters.client_id.as_ref();
        match PresentedAuthentication::find(headers, parameters)? {
            PresentedAuthentication::Public => named.map(|id| self.public(id)).transpose(),
            PresentedAuthentication::Assertion(assertion) => self.asserted(assertion, named).map(Some),
            PresentedAuthentication::Attestation {
                attestation,
                proof_of_possession,
            } => self.attested(attestation, proof_of_possession, named).map(Some),
        }
    }

    /// A client that gives its name and nothing else.
    ///
    /// # Errors
    /// [`ClientRefusal::Unknown`] and [`ClientRefusal::OtherAuthentication`].
    pub fn public(&self, id: &ClientIdentifier) -> Result<ProvenClient, ClientRefusal> {
        let (name, assurance) = match self.policy.clients.client(id) {
            Some(RegisteredClient {
                authentication: ClientAuthentication::None,
                name,
                ..
            }) => (Some(name.clone()), ClientAssurance::Registered),
            Some(_) => return Err(ClientRefusal::OtherAuthentication),
            None if self.policy.unknown_clients == UnknownClients::Public => {
                (None, ClientAssurance::Unregistered)
            }
            None => return Err(ClientRefusal::Unknown),
        };
        Ok(ProvenClient {
            description: ClientDescription {
                id: id.clone(),
                name,
                assurance,
            },
            instance: None,
            proof: None,
            attestation: AttestationStatus::NotTracked,
        })
    }

    /// A client that names itself in a browser's address, where none can authenticate. A registered one does so when it redeems the
    /// code.
    ///
    /// # Errors
    /// [`ClientRefusal::Unknown`].
    pub fn front_channel(&self, id: &ClientIdentifier) -> Result<ProvenClient, ClientRefusal> {
        match self.policy.clients.client(id) {
            Some(client) => Ok(ProvenClient {
                description: ClientDescription {
                    id: id.clone(),
                    name: Some(client.name.clone()),
                    assurance: ClientAssurance::Registered,
                },
                instance: None,
                proof: None,
                attestation: AttestationStatus::NotTracked,
            }),
            None => self.public(id),
        }
    }

    fn asserted(
        &self,
        assertion: &ClientAssertion,
        named: Option<&ClientIdentifier>,
    ) -> Result<ProvenClient, ClientRefusal> {
        let id = client_assertion::claimed_client(assertion)?;
        if named.is_some_and(|named| *named != id) {
            return Err(AssertionError::WrongSubject.into());
        }
        let client = self.policy.clients.client(&id).ok_or(ClientRefusal::Unknown)?;
        let ClientAuthentication::PrivateKeyJwt(keys) = &client.authentication else {
            return Err(ClientRefusal::OtherAuthentication);
        };
        let verified = client_assertion::verify(assertion, &id, keys, self.server, self.now, self.crypto)?;
        let text = format!(
            "client assertion {} {} {}",
            id.as_str().len(),
            id.as_str(),
            verified.jti().as_str()
        );
        Ok(ProvenClient {
            description: ClientDescription {
                id,
                name: Some(client.name.clone()),
                assurance: ClientAssurance::Authenticated,
            },
            instance: None,
            attestation: AttestationStatus::NotTracked,
            proof: Some(ReplayMark {
                digest: SecretDigest::of(&text),
                expires_at: verified.forget_after(),
            }),
        })
    }

    fn attested(
        &self,
        attestation: &str,
        proof_of_possession: &str,
        named: Option<&ClientIdentifier>,
    ) -> Result<ProvenClient, ClientRefusal> {
        let trusted = &self.policy.attesters;
        let expected = AttestationExpectations {
            server: self.server,
            attesters: Attesters {
                anchors: &trusted.anchors,
                keys: &trusted.keys,
            },
            client: named,
        };
        let verified =
            client_attestation::verify(attestation, proof_of_possession, &expected, self.now, self.crypto)?;
        let challenge = verified.challenge().map(|challenge| challenge.as_str());
        let ours = challenge.is_some_and(|challenge| {
            check(NoncePurpose::ClientAttestation, challenge, self.secret, self.now).is_ok()
        });
        if !ours {
            return Err(AttestationError::ChallengeRequired.into());
        }
        let (name, assurance) = match self.policy.clients.client(verified.client()) {
            Some(RegisteredClient {
                authentication: ClientAuthentication::Attestation,
                name,
                ..
            }) => (Some(name.clone()), ClientAssurance::Authenticated),
            Some(_) => return Err(ClientRefusal::OtherAuthentication),
            None => (
                verified.wallet_name().map(str::to_owned),
                ClientAssurance::Attested,
            ),
        };
        let instance = verified.thumbprint();
        let status = verified.status().clone();
        let freshness = verified.freshness();
        let text = format!("client attestation proof {instance} {}", freshness.jti.as_str());
        Ok(ProvenClient {
            description: ClientDescription {
                id: verified.client().clone(),
                name,
                assurance,
            },
            instance: Some(instance),
            attestation: status,
            proof: Some(ReplayMark {
                digest: SecretDigest::of(&text),
                expires_at: freshness.forget_after(),
            }),
        })
    }

    /// Refuses a client that may not use a grant. Only the registry forbids any.
    ///
    /// # Errors
    /// [`ClientRefusal::GrantNotAllowed`].
    pub fn may_use(&self, id: &ClientIdentifier, grant: ClientGrant) -> Result<(), ClientRefusal> {
        match self.policy.clients.client(id) {
            Some(client) if !client.grants.contains(&grant) => Err(ClientRefusal::GrantNotAllowed),
            _ => Ok(()),
        }
    }

    /// Whoever redeems a pre-authorized code.
    ///
    /// # Errors
    /// [`ClientRefusal`] as [`ClientJudgement::client`], and [`ClientRefusal::Anonymous`].
    pub fn pre_authorized(
        &self,
        headers: ClientHeaders<'_>,
        parameters: &ClientParameters,
    ) -> Result<Option<ProvenClient>, ClientRefusal> {
        let anonymous = self.policy.pre_authorized == PreAuthorizedClients::Anonymous;
        let client = match self.client(headers, parameters) {
            // A name is no authentication: where no name is needed, one that nobody knows does no harm.
            Err(ClientRefusal::Unknown) if anonymous && parameters.assertion.is_none() => return Ok(None),
            client => client?,
        };
        match client {
            Some(client) => {
                self.may_use(client.id(), ClientGrant::PreAuthorizedCode)?;
                Ok(Some(client))
            }
            None if anonymous => Ok(None),
            None => Err(ClientRefusal::Anonymous),
        }
    }

    /// The keys that a client's request objects are signed by.
    #[must_use]
    pub fn request_object_keys(&self, id: &ClientIdentifier) -> &[PublicKey] {
        match self
            .policy
            .clients
            .client(id)
            .map(|client| &client.authentication)
        {
            Some(ClientAuthentication::PrivateKeyJwt(keys)) => keys,
            _ => &[],
        }
    }
}

/// Why a client is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientRefusal {
    /// The request says contradictory things about its client.
    #[error(transparent)]
    Parameters(#[from] ClientParametersError),
    /// `invalid_client`: nobody knows it, and the policy lets no unknown client in.
    #[error("the client is not known here")]
    Unknown,
    /// `invalid_client`: it is registered with another way to authenticate.
    #[error("the client does not authenticate as it is registered")]
    OtherAuthentication,
    /// The assertion.
    #[error(transparent)]
    Assertion(#[from] AssertionError),
    /// The attestation.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// `invalid_request`: there is no telling which client this is.
    #[error("client_id is missing")]
    Missing,
    /// `invalid_client`: this server redeems no code for nobody ([OpenID4VCI §6.3]).
    ///
    /// [OpenID4VCI §6.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.3
    #[error("a pre-authorized code is redeemed by known clients alone")]
    Anonymous,
    /// `unauthorized_client`: the operator did not register it for this grant.
    #[error("the client may not use this grant")]
    GrantNotAllowed,
}

impl ClientRefusal {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(self) -> TokenErrorCode {
        match self {
            Self::Parameters(error) => error.code(),
            Self::Unknown | Self::OtherAuthentication | Self::Anonymous => TokenErrorCode::InvalidClient,
            Self::Assertion(error) => error.code(),
            Self::Attestation(error) => error.code(),
            Self::Missing => TokenErrorCode::InvalidRequest,
            Self::GrantNotAllowed => TokenErrorCode::UnauthorizedClient,
        }
    }
}
