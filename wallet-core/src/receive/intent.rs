//! What the person agreed to: an offer that was read, or a choice.

use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::authorization_request::IssuerState;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;
use symbolon_protocol::openid4vci::offer::{CredentialOffer, PreAuthorizedCodeGrant};

use super::outcome::ReceiptProblem;
use super::stage::Wanted;

/// Credentials to receive, and the way to them.
pub(super) struct Intent {
    /// From whom.
    pub(super) issuer: IssuerIdentifier,
    /// What.
    pub(super) wanted: Wanted,
    /// How.
    pub(super) way: Way,
}

/// The way to a token.
pub(super) enum Way {
    /// The person was identified before the offer was made.
    PreAuthorized(Box<PreAuthorizedCodeGrant>),
    /// The person signs in at the issuer.
    SignIn {
        /// What the offer held, for the issuer.
        issuer_state: Option<IssuerState>,
        /// Which of the issuer's authorization servers.
        server: Option<IssuerIdentifier>,
    },
}

impl Intent {
    /// What an offer is good for. With both grants the person need not sign in; without any, the issuer's authorization
    /// server is asked to let the person sign in ([OpenID4VCI §4.1.1]).
    ///
    /// [OpenID4VCI §4.1.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.1
    pub(super) fn of_offer(offer: CredentialOffer) -> Result<Self, ReceiptProblem> {
        let grants = offer.grants.unwrap_or_default();
        let way = match (grants.pre_authorized_code, grants.authorization_code) {
            (Some(grant), _) => Way::PreAuthorized(Box::new(grant)),
            (None, Some(grant)) => {
                let issuer_state = match grant.issuer_state {
                    None => None,
                    Some(text) => Some(IssuerState::parse(text).ok_or(ReceiptProblem::Offer)?),
                };
                Way::SignIn {
                    issuer_state,
                    server: grant.authorization_server,
                }
            }
            (None, None) => Way::SignIn {
                issuer_state: None,
                server: None,
            },
        };
        Ok(Self {
            issuer: offer.credential_issuer,
            wanted: Wanted::Configurations(offer.credential_configuration_ids),
            way,
        })
    }

    /// What a person chose without an offer.
    pub(super) const fn chosen(issuer: IssuerIdentifier, wanted: Wanted) -> Self {
        Self {
            issuer,
            wanted,
            way: Way::SignIn {
                issuer_state: None,
                server: None,
            },
        }
    }

    /// The authorization server that the offer names.
    pub(super) fn named_server(&self) -> Option<&IssuerIdentifier> {
        match &self.way {
            Way::PreAuthorized(grant) => grant.authorization_server.as_ref(),
            Way::SignIn { server, .. } => server.as_ref(),
        }
    }

    /// The configurations by name.
    pub(super) fn configurations(&self, metadata: &IssuerMetadata) -> Vec<ConfigurationId> {
        match &self.wanted {
            Wanted::Configurations(configurations) => configurations.clone(),
            Wanted::Scope(scope) => metadata
                .credential_configurations_supported
                .iter()
                .filter(|(_, configuration)| {
                    configuration
                        .common()
                        .is_some_and(|common| common.scope.as_ref() == Some(scope))
                })
                .map(|(id, _)| id.clone())
                .collect(),
        }
    }
}
