//! From consent to a plan: the offer behind a link, the issuer's metadata, the authorization server's metadata.

use symbolon_protocol::identifier::{IssuerIdentifier, WellKnown};
use symbolon_protocol::oauth::metadata as server;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::openid4vci::metadata::{IssuerMetadata, MAX_METADATA_BYTES};
use symbolon_protocol::openid4vci::offer::{CredentialOffer, MAX_OFFER_BYTES};
use symbolon_protocol::secret::TransactionCode;

use super::formats::{self, JsonLdSupport};
use super::outcome::{NewOfferReason, ReceiptProblem};
use super::stage::{
    FinishedReceipt, Grant, OfferSource, Plan, PlannedCredential, ReceiveStage, RequestingToken, SendState,
};
use super::verification::CredentialProblem;
use crate::error::WalletError;
use crate::exchange::{JSON, is_success_of};
use crate::progress::Progress;
use crate::wallet::{Cursor, Wallet};

impl Wallet {
    /// One durable step towards the token: fetches the offer if it is not there yet, otherwise the metadata.
    pub(super) async fn prepare_receipt(
        &self,
        cursor: &mut Cursor<'_>,
        source: OfferSource,
        issuers: Vec<IssuerIdentifier>,
        transaction_code: Option<TransactionCode>,
    ) -> Result<ReceiveStage, WalletError> {
        match source {
            OfferSource::ByReference(url) => {
                self.observe(Progress::FetchingOffer);
                let response = self.get(&url, JSON, MAX_OFFER_BYTES).await?;
                if matches!(response.status, 404 | 410) {
                    let finished = FinishedReceipt::NewOfferNeeded(NewOfferReason::OfferGone);
                    return cursor
                        .write_receipt(ReceiveStage::Finished(finished), Vec::new())
                        .await;
                }
                let offer = is_success_of(&response, JSON)
                    .then(|| CredentialOffer::parse(&response.body, self.policy.urls).ok())
                    .flatten();
                let Some(offer) = offer else {
                    return cursor.refuse(ReceiptProblem::Offer).await;
                };
                if !self.policy.issuers.is_among(&offer.credential_issuer, &issuers) {
                    return cursor.refuse(ReceiptProblem::AnotherIssuer).await;
                }
                let source = OfferSource::ByValue(offer.to_json().map_err(WalletError::UnacceptableOffer)?);
                let issuers = vec![offer.credential_issuer];
                let stage = ReceiveStage::Consented {
                    source,
                    issuers,
                    transaction_code,
                };
                cursor.write_receipt(stage, Vec::new()).await
            }
            OfferSource::ByValue(json) => {
                let Ok(offer) = CredentialOffer::parse(json.as_bytes(), self.policy.urls) else {
                    return cursor.refuse(ReceiptProblem::Offer).await;
                };
                // The policy may have changed since the offer was shown.
                if !self.policy.issuers.is_among(&offer.credential_issuer, &issuers) {
                    return cursor.refuse(ReceiptProblem::AnotherIssuer).await;
                }
                self.observe(Progress::FetchingMetadata);
                match self.plan(&offer).await? {
                    Ok(plan) => self.ask_or_request(cursor, offer, plan, transaction_code).await,
                    Err(problem) => cursor.refuse(problem).await,
                }
            }
        }
    }

    async fn ask_or_request(
        &self,
        cursor: &mut Cursor<'_>,
        offer: CredentialOffer,
        plan: Plan,
        transaction_code: Option<TransactionCode>,
    ) -> Result<ReceiveStage, WalletError> {
        let Some(grant) = offer.grants.and_then(|grants| grants.pre_authorized_code) else {
            return cursor.refuse(ReceiptProblem::GrantNotSupported).await;
        };
        let grant = Grant {
            code: grant.pre_authorized_code,
            prompt: grant.tx_code,
        };
        let stage = match (&grant.prompt, transaction_code) {
            (Some(_), None) => ReceiveStage::AwaitingTransactionCode {
                plan: Box::new(plan),
                grant,
                refused: 0,
            },
            // A code that the issuer did not ask for is not sent: the issuer would refuse the request, and the code may be
            // meant for someone else.
            (prompt, given) => ReceiveStage::RequestingToken(Box::new(RequestingToken {
                transaction_code: given.filter(|_| prompt.is_some()),
                plan,
                grant,
                refused: 0,
                sent: SendState::Never,
            })),
        };
        cursor.write_receipt(stage, Vec::new()).await
    }

    /// What to request where. The inner error is the issuer's fault and final.
    async fn plan(&self, offer: &CredentialOffer) -> Result<Result<Plan, ReceiptProblem>, WalletError> {
        let issuer = &offer.credential_issuer;
        let Some(grant) = offer.pre_authorized_code() else {
            return Ok(Err(ReceiptProblem::GrantNotSupported));
        };
        let response = self
            .get(
                &issuer.well_known(WellKnown::CredentialIssuer),
                JSON,
                MAX_METADATA_BYTES,
            )
            .await?;
        let metadata = is_success_of(&response, JSON)
            .then(|| IssuerMetadata::parse(&response.body, issuer, self.policy.urls).ok())
            .flatten();
        let Some(metadata) = metadata else {
            return Ok(Err(ReceiptProblem::IssuerMetadata));
        };
        let (credentials, not_supported) = match self.sort_offered(offer, &metadata) {
            Ok(sorted) => sorted,
            Err(problem) => return Ok(Err(problem)),
        };
        let Ok(authorization_server) = metadata.authorization_server(grant.authorization_server.as_ref())
        else {
            return Ok(Err(ReceiptProblem::IssuerMetadata));
        };
        let location = authorization_server.well_known(WellKnown::AuthorizationServer);
        let response = self.get(&location, JSON, server::MAX_METADATA_BYTES).await?;
        let token_endpoint = is_success_of(&response, JSON)
            .then(|| {
                server::AuthorizationServerMetadata::parse(
                    &response.body,
                    authorization_server,
                    self.policy.urls,
                )
                .ok()
            })
            .flatten()
            .filter(server::AuthorizationServerMetadata::supports_pre_authorized_code)
            .and_then(|metadata| metadata.token_endpoint);
        let Some(token_endpoint) = token_endpoint else {
            return Ok(Err(ReceiptProblem::ServerMetadata));
        };
        let known = self.policy.issuers.issuer(issuer).and_then(|shown| shown.name);
        let own_name = || metadata.display.iter().find_map(|display| display.name.clone());
        Ok(Ok(Plan {
            issuer: issuer.clone(),
            issuer_name: known.or_else(own_name),
            token_endpoint,
            nonce_endpoint: metadata.nonce_endpoint,
            credential_endpoint: metadata.credential_endpoint,
            credentials,
            not_supported,
        }))
    }

    /// Splits what is offered into what this wallet can hold and what it cannot.
    fn sort_offered(
        &self,
        offer: &CredentialOffer,
        metadata: &IssuerMetadata,
    ) -> Result<(Vec<PlannedCredential>, Vec<ConfigurationId>), ReceiptProblem> {
        if !metadata.accepts_plain_messages() {
            return Err(ReceiptProblem::EncryptionRequired);
        }
        let mut credentials = Vec::new();
        let mut not_supported = Vec::new();
        let json_ld = match self.ports.json_ld {
            Some(_) => JsonLdSupport::Present,
            None => JsonLdSupport::Absent,
        };
        for id in &offer.credential_configuration_ids {
            let configuration = metadata
                .credential_configurations_supported
                .get(id)
                .ok_or(ReceiptProblem::Offer)?;
            let Some(planned) = formats::plan(id, configuration, json_ld) else {
                not_supported.push(id.clone());
                continue;
            };
            // Before the code is spent: an issuer may not issue what its entry in the policy does not list.
            self.policy
                .issuers
                .evidence(&offer.credential_issuer, &planned.credential_type)
                .ok_or(ReceiptProblem::Credential(CredentialProblem::TypeNotAllowed))?;
            credentials.push(planned);
        }
        if credentials.is_empty() {
            return Err(ReceiptProblem::NothingSupported);
        }
        Ok((credentials, not_supported))
    }
}
