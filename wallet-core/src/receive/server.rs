//! The choice of an authorization server, and what the wallet is to it ([OpenID4VCI §12.2.4], [RFC 8414]).
//!
//! [OpenID4VCI §12.2.4]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.4
//! [RFC 8414]: https://www.rfc-editor.org/rfc/rfc8414

use symbolon_protocol::identifier::{IssuerIdentifier, WellKnown};
use symbolon_protocol::oauth::client::{ATTESTATION, PUBLIC_CLIENT};
use symbolon_protocol::oauth::metadata::{AuthorizationServerMetadata, MAX_METADATA_BYTES};
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;

use super::intent::{Intent, Way};
use super::outcome::ReceiptProblem;
use super::stage::{PlannedClient, PlannedServer, PlannedTokens};
use crate::error::WalletError;
use crate::exchange::{JSON, is_success_of};
use crate::ports::KEY_ALGORITHM;
use crate::wallet::Wallet;

/// How many of an issuer's authorization servers are asked what they can do, when the offer names none.
const MAX_SERVERS_ASKED: usize = 4;

impl Wallet {
    /// The metadata of the authorization server to use: the one that the offer names, otherwise the first of the issuer's
    /// that can do what is wanted. The inner error is the issuer's fault and final.
    pub(super) async fn find_server(
        &self,
        intent: &Intent,
        metadata: &IssuerMetadata,
    ) -> Result<Result<AuthorizationServerMetadata, ReceiptProblem>, WalletError> {
        let named = intent.named_server();
        let Ok(first) = metadata.authorization_server(named) else {
            return Ok(Err(ReceiptProblem::IssuerMetadata));
        };
        let candidates: Vec<&IssuerIdentifier> = match (&metadata.authorization_servers, named) {
            (Some(servers), None) => servers.iter().take(MAX_SERVERS_ASKED).collect(),
            _ => vec![first],
        };
        for candidate in candidates {
            let location = candidate.well_known(WellKnown::AuthorizationServer);
            let response = self.get(&location, JSON, MAX_METADATA_BYTES).await?;
            let server = is_success_of(&response, JSON)
                .then(|| AuthorizationServerMetadata::parse(&response.body, candidate, self.policy.urls).ok())
                .flatten()
                .filter(|server| match &intent.way {
                    Way::PreAuthorized(_) => server.supports_pre_authorized_code(),
                    Way::SignIn { .. } => server.supports_authorization_code(),
                });
            if let Some(server) = server {
                return Ok(Ok(server));
            }
        }
        Ok(Err(ReceiptProblem::ServerMetadata))
    }

    /// Who the wallet is to the server, and what kind of tokens it asks for.
    pub(super) fn plan_server(
        &self,
        way: &Way,
        server: &AuthorizationServerMetadata,
    ) -> Result<PlannedServer, ReceiptProblem> {
        Ok(PlannedServer {
            issuer: server.issuer.clone(),
            client: self.plan_client(way, server)?,
            tokens: if server.takes_dpop(KEY_ALGORITHM) {
                PlannedTokens::Dpop
            } else {
                PlannedTokens::Bearer
            },
            challenge_endpoint: server.challenge_endpoint.clone(),
        })
    }

    fn plan_client(
        &self,
        way: &Way,
        server: &AuthorizationServerMetadata,
    ) -> Result<PlannedClient, ReceiptProblem> {
        let Some(client) = &self.client else {
            return match way {
                // Whoever wants to know who asks will say so.
                Way::PreAuthorized(_) => Ok(PlannedClient::Anonymous),
                Way::SignIn { .. } => Err(ReceiptProblem::GrantNotSupported),
            };
        };
        if client.attester.is_some() && server.takes_authentication(ATTESTATION) {
            return Ok(PlannedClient::Attested(client.identifier.clone()));
        }
        // The offer names the person already. A wallet that need not be named stays one among many.
        if matches!(way, Way::PreAuthorized(_)) && server.pre_authorized_grant_anonymous_access_supported {
            return Ok(PlannedClient::Anonymous);
        }
        let takes_public_clients = server.token_endpoint_auth_methods_supported.is_none()
            || server.takes_authentication(PUBLIC_CLIENT);
        if takes_public_clients {
            Ok(PlannedClient::Public(client.identifier.clone()))
        } else {
            Err(ReceiptProblem::ClientAuthenticationRequired)
        }
    }
}
