//! From consent to a plan: the offer behind a link, the issuer's metadata, the authorization server's metadata.

use symbolon_crypto::UnixTime;
use symbolon_protocol::identifier::{IssuerIdentifier, WellKnown};
use symbolon_protocol::openid4vci::encryption::ResponseEncryptionMetadata;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;
use symbolon_protocol::openid4vci::offer::{CredentialOffer, MAX_OFFER_BYTES, PreAuthorizedCodeGrant};
use symbolon_protocol::openid4vci::signed_metadata::{self, MAX_SIGNED_METADATA_BYTES};
use symbolon_protocol::secret::TransactionCode;

use super::formats::{self, Abilities, AttestsKeys, JsonLdSupport};
use super::intent::{Intent, Way};
use super::outcome::{NewOfferReason, ReceiptProblem};
use super::stage::{
    FinishedReceipt, Grant, OfferSource, Plan, PlannedCredential, ReceiveStage, RequestingToken, SendState,
};
use super::verification::CredentialProblem;
use crate::error::WalletError;
use crate::exchange::{JSON, JWT, is_success_of};
use crate::policy::SignedMetadata;
use crate::progress::Progress;
use crate::wallet::{Cursor, Wallet};

/// An issuer gives the form that it was asked for by name, where it has it.
const SIGNED_OR_PLAIN: &str = "application/jwt, application/json;q=0.9";

impl Wallet {
    /// One durable step towards the token: fetches the offer if it is not there yet, otherwise the metadata.
    pub(super) async fn prepare_receipt(
        &self,
        cursor: &mut Cursor<'_>,
        source: OfferSource,
        issuers: Vec<IssuerIdentifier>,
        transaction_code: Option<TransactionCode>,
    ) -> Result<ReceiveStage, WalletError> {
        let intent = match source {
            OfferSource::ByReference(url) => {
                self.observe(Progress::FetchingOffer);
                let response = self.get(&url, JSON, MAX_OFFER_BYTES).await?;
                if matches!(response.status, 404 | 410) {
                    return cursor.need_new_offer(NewOfferReason::OfferGone).await;
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
                return cursor.write_receipt(stage, Vec::new()).await;
            }
            OfferSource::ByValue(json) => {
                let Ok(offer) = CredentialOffer::parse(json.as_bytes(), self.policy.urls) else {
                    return cursor.refuse(ReceiptProblem::Offer).await;
                };
                match Intent::of_offer(offer) {
                    Ok(intent) => intent,
                    Err(problem) => return cursor.refuse(problem).await,
                }
            }
            OfferSource::Chosen { issuer, wanted } => Intent::chosen(issuer, wanted),
        };
        // The policy may have changed since the issuer was shown.
        if !self.policy.issuers.is_among(&intent.issuer, &issuers) {
            return cursor.refuse(ReceiptProblem::AnotherIssuer).await;
        }
        if self.client.is_none() && matches!(intent.way, Way::SignIn { .. }) {
            return cursor.refuse(ReceiptProblem::GrantNotSupported).await;
        }
        self.observe(Progress::FetchingMetadata);
        match self.plan(intent, transaction_code, cursor.now).await? {
            Ok(stage) => cursor.write_receipt(stage, Vec::new()).await,
            Err(problem) => cursor.refuse(problem).await,
        }
    }

    /// What an issuer says about itself; `None` when it says nothing that can be used. Where it signs that, the signature counts: whoever
    /// stands between could otherwise leave a demand out.
    pub(super) async fn issuer_metadata(
        &self,
        issuer: &IssuerIdentifier,
        now: UnixTime,
    ) -> Result<Option<IssuerMetadata>, WalletError> {
        let url = issuer.well_known(WellKnown::CredentialIssuer);
        let response = self.get(&url, SIGNED_OR_PLAIN, MAX_SIGNED_METADATA_BYTES).await?;
        if is_success_of(&response, JWT) {
            let Ok(text) = core::str::from_utf8(&response.body) else {
                return Ok(None);
            };
            let anchors = self.policy.issuers.anchors(issuer);
            let crypto = self.ports.crypto.as_ref();
            return Ok(signed_metadata::verify(text, issuer, self.policy.urls, anchors, now, crypto).ok());
        }
        let may_be_plain = self.signed_metadata == SignedMetadata::WhereOffered;
        Ok((may_be_plain && is_success_of(&response, JSON))
            .then(|| IssuerMetadata::parse(&response.body, issuer, self.policy.urls).ok())
            .flatten())
    }

    /// What to request where, and the stage that begins with it. The inner error is the issuer's fault and final.
    async fn plan(
        &self,
        intent: Intent,
        transaction_code: Option<TransactionCode>,
        now: UnixTime,
    ) -> Result<Result<ReceiveStage, ReceiptProblem>, WalletError> {
        let issuer = &intent.issuer;
        let Some(metadata) = self.issuer_metadata(issuer, now).await? else {
            return Ok(Err(ReceiptProblem::IssuerMetadata));
        };
        let (credentials, not_supported) = match self.sort_wanted(&intent, &metadata) {
            Ok(sorted) => sorted,
            Err(problem) => return Ok(Err(problem)),
        };
        let server = match self.find_server(&intent, &metadata).await? {
            Ok(server) => server,
            Err(problem) => return Ok(Err(problem)),
        };
        let Some(token_endpoint) = server.token_endpoint.clone() else {
            return Ok(Err(ReceiptProblem::ServerMetadata));
        };
        let planned_server = match self.plan_server(&intent.way, &server) {
            Ok(planned) => planned,
            Err(problem) => return Ok(Err(problem)),
        };
        let known = self.policy.issuers.issuer(issuer).and_then(|shown| shown.name);
        let own_name = || metadata.display.iter().find_map(|display| display.name.clone());
        let plan = Plan {
            issuer: issuer.clone(),
            issuer_name: known.or_else(own_name),
            token_endpoint,
            nonce_endpoint: metadata.nonce_endpoint.clone(),
            credential_endpoint: metadata.credential_endpoint.clone(),
            credentials,
            not_supported,
            deferred_credential_endpoint: metadata.deferred_credential_endpoint.clone(),
            notification_endpoint: metadata.notification_endpoint.clone(),
            request_encryption: metadata.credential_request_encryption.clone(),
            response_encryption: metadata.credential_response_encryption.clone(),
            server: Some(planned_server),
        };
        match intent.way {
            Way::PreAuthorized(grant) => Ok(Ok(ask_or_request(*grant, plan, transaction_code))),
            Way::SignIn { issuer_state, .. } => self.begin_sign_in(plan, issuer_state, &metadata, &server),
        }
    }

    /// Splits what is wanted into what this wallet can hold and what it cannot.
    fn sort_wanted(
        &self,
        intent: &Intent,
        metadata: &IssuerMetadata,
    ) -> Result<(Vec<PlannedCredential>, Vec<ConfigurationId>), ReceiptProblem> {
        if !can_meet_encryption(metadata) {
            return Err(ReceiptProblem::EncryptionRequired);
        }
        let mut credentials = Vec::new();
        let mut not_supported = Vec::new();
        let abilities = Abilities {
            json_ld: match self.ports.json_ld {
                Some(_) => JsonLdSupport::Present,
                None => JsonLdSupport::Absent,
            },
            attests_keys: match self.key_attester {
                Some(_) => AttestsKeys::Somebody,
                None => AttestsKeys::Nobody,
            },
            copies: self.copies.get().min(metadata.batch_size()),
        };
        for id in intent.configurations(metadata) {
            let configuration = metadata
                .credential_configurations_supported
                .get(&id)
                .ok_or(ReceiptProblem::Offer)?;
            let Some(planned) = formats::plan(&id, configuration, abilities) else {
                not_supported.push(id);
                continue;
            };
            // Before the code is spent: an issuer may not issue what its entry in the policy does not list.
            self.policy
                .issuers
                .evidence(&intent.issuer, &planned.credential_type)
                .filter(|_| {
                    self.policy
                        .issuers
                        .vouches_for(&intent.issuer, planned.format.anchored())
                })
                .ok_or(ReceiptProblem::Credential(CredentialProblem::TypeNotAllowed))?;
            credentials.push(planned);
        }
        if credentials.is_empty() {
            return Err(ReceiptProblem::NothingSupported);
        }
        Ok((credentials, not_supported))
    }
}

/// Whether this wallet encrypts where the issuer demands it.
fn can_meet_encryption(metadata: &IssuerMetadata) -> bool {
    let request = metadata.credential_request_encryption.as_ref();
    let response = metadata.credential_response_encryption.as_ref();
    let encrypts = request.is_some_and(|offered| offered.choose().is_some());
    let demanded = request.is_some_and(|offered| offered.encryption_required);
    let response_demanded = response.is_some_and(|offered| offered.encryption_required);
    let decrypts = response.is_some_and(ResponseEncryptionMetadata::is_usable);
    // A response is encrypted only for a request that is.
    (!demanded || encrypts) && (!response_demanded || encrypts && decrypts)
}

fn ask_or_request(
    grant: PreAuthorizedCodeGrant,
    plan: Plan,
    transaction_code: Option<TransactionCode>,
) -> ReceiveStage {
    let grant = Grant {
        code: grant.pre_authorized_code,
        prompt: grant.tx_code,
    };
    match (&grant.prompt, transaction_code) {
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
            token_key: None,
        })),
    }
}

impl Cursor<'_> {
    pub(super) async fn need_new_offer(
        &mut self,
        reason: NewOfferReason,
    ) -> Result<ReceiveStage, WalletError> {
        let finished = FinishedReceipt::NewOfferNeeded(reason);
        self.write_receipt(ReceiveStage::Finished(finished), Vec::new())
            .await
    }
}
