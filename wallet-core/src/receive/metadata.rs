//! From consent to a plan: the offer behind a link, the issuer's metadata, the authorization server's metadata.

use symbolon_protocol::identifier::{IssuerIdentifier, WellKnown};
use symbolon_protocol::oauth::metadata as server;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::openid4vci::metadata::{
    CredentialConfiguration, IssuerMetadata, MAX_METADATA_BYTES, SdJwtVcConfiguration,
};
use symbolon_protocol::openid4vci::offer::{CredentialOffer, MAX_OFFER_BYTES};
use symbolon_protocol::secret::TransactionCode;

use super::outcome::{NewOfferReason, ReceiptProblem};
use super::stage::{
    FinishedReceipt, Grant, OfferSource, Plan, PlannedCredential, ReceiveStage, RequestingToken, SendState,
};
use super::verification::CredentialProblem;
use crate::error::WalletError;
use crate::exchange::{JSON, is_success_of};
use crate::ports::KEY_ALGORITHM;
use crate::progress::Progress;
use crate::record::{ClaimDisplay, CredentialDisplay, LocalizedDisplay, LocalizedName};
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
        for id in &offer.credential_configuration_ids {
            match metadata.credential_configurations_supported.get(id) {
                None => return Err(ReceiptProblem::Offer),
                Some(CredentialConfiguration::SdJwtVc(configuration)) if can_hold(configuration) => {
                    // Before the code is spent: an issuer may not issue what its entry in the policy does not list.
                    self.policy
                        .issuers
                        .anchors(&offer.credential_issuer, &configuration.vct)
                        .ok_or(ReceiptProblem::Credential(CredentialProblem::TypeNotAllowed))?;
                    credentials.push(PlannedCredential {
                        configuration: id.clone(),
                        credential_type: configuration.vct.clone(),
                        display: display_of(configuration),
                    });
                }
                Some(_) => not_supported.push(id.clone()),
            }
        }
        if credentials.is_empty() {
            return Err(ReceiptProblem::NothingSupported);
        }
        Ok((credentials, not_supported))
    }
}

/// Whether the wallet has what the configuration demands: an ES256 key named as a JWK, proven by a JWT without attestation.
fn can_hold(configuration: &SdJwtVcConfiguration) -> bool {
    let binds_to_jwk = configuration
        .common
        .cryptographic_binding_methods_supported
        .iter()
        .any(|method| method == "jwk");
    let proof = configuration
        .common
        .proof_types_supported
        .as_ref()
        .and_then(|types| types.jwt.as_ref());
    binds_to_jwk
        && proof.is_some_and(|proof| {
            proof.key_attestations_required.is_none()
                && proof
                    .proof_signing_alg_values_supported
                    .iter()
                    .any(|name| name == KEY_ALGORITHM.jose_name())
        })
}

fn display_of(configuration: &SdJwtVcConfiguration) -> CredentialDisplay {
    let Some(metadata) = &configuration.common.credential_metadata else {
        return CredentialDisplay::default();
    };
    let credential = metadata
        .display
        .iter()
        .map(|display| LocalizedDisplay {
            locale: display.locale.clone(),
            name: display.name.clone(),
            description: display.description.clone(),
            background_color: display.background_color.clone(),
            text_color: display.text_color.clone(),
        })
        .collect();
    let claims = metadata
        .claims
        .iter()
        .map(|claim| ClaimDisplay {
            path: claim.path.clone(),
            names: claim
                .display
                .iter()
                .filter_map(|display| {
                    Some(LocalizedName {
                        locale: display.locale.clone(),
                        name: display.name.clone()?,
                    })
                })
                .collect(),
        })
        .collect();
    CredentialDisplay { credential, claims }
}
