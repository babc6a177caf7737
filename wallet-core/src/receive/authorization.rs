//! From the code of the offer to an access token ([OpenID4VCI §6]).
//!
//! [OpenID4VCI §6]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6

use symbolon_protocol::oauth::client::ClientParameters;
use symbolon_protocol::oauth::error::{ErrorResponse, TokenErrorCode};
use symbolon_protocol::openid4vci::token::{
    MAX_TOKEN_RESPONSE_BYTES, TokenGrant, TokenRequest, TokenResponse,
};

use super::outcome::{NewOfferReason, ReceiptProblem};
use super::stage::{FinishedReceipt, Issuing, ReceiveStage, RequestingToken, SendState};
use crate::error::WalletError;
use crate::exchange::{Body, JSON, is_success_of};
use crate::ports::TransportError;
use crate::progress::Progress;
use crate::wallet::{Cursor, Wallet};

impl Wallet {
    /// Spends the code. That it is about to be spent is written down first: the code works once, so an answer that never
    /// arrives must be told apart from a wrong code.
    pub(super) async fn request_token(
        &self,
        cursor: &mut Cursor<'_>,
        requesting: RequestingToken,
    ) -> Result<ReceiveStage, WalletError> {
        self.observe(Progress::RequestingAccess);
        let before = requesting.sent;
        let requesting = match before {
            SendState::Never => cursor.write_request(requesting, SendState::Perhaps).await?,
            SendState::Perhaps => requesting,
        };
        let grant = TokenGrant::PreAuthorizedCode {
            code: requesting.grant.code,
            tx_code: requesting.transaction_code,
        };
        let request = TokenRequest::new(grant, ClientParameters::default());
        let form = Body::Form(request.to_form());
        let answer = self
            .post(
                &requesting.plan.token_endpoint,
                form,
                JSON,
                MAX_TOKEN_RESPONSE_BYTES,
            )
            .await;
        let TokenGrant::PreAuthorizedCode { code, tx_code } = request.grant else {
            return Err(WalletError::WrongStage);
        };
        let requesting = RequestingToken {
            grant: super::stage::Grant {
                code,
                prompt: requesting.grant.prompt,
            },
            transaction_code: tx_code,
            ..requesting
        };
        let response = match answer {
            Ok(response) => response,
            Err(error) => {
                // Certainly not sent, now or before: a later refusal then speaks about the code.
                if error == WalletError::Network(TransportError::Unreachable) && before == SendState::Never {
                    cursor.write_request(requesting, SendState::Never).await?;
                }
                return Err(error);
            }
        };
        if is_success_of(&response, JSON) {
            return self.accept_token(cursor, requesting, &response.body).await;
        }
        match ErrorResponse::<TokenErrorCode>::parse(&response.body).map(|error| error.error) {
            Some(TokenErrorCode::InvalidGrant) if before == SendState::Perhaps => {
                cursor.need_new_offer(NewOfferReason::AnswerLost).await
            }
            Some(TokenErrorCode::InvalidGrant) if requesting.transaction_code.is_some() => {
                let RequestingToken {
                    plan, grant, refused, ..
                } = requesting;
                let refused = refused.saturating_add(1);
                let stage = ReceiveStage::AwaitingTransactionCode {
                    plan: Box::new(plan),
                    grant,
                    refused,
                };
                cursor.write_receipt(stage, Vec::new()).await
            }
            Some(TokenErrorCode::InvalidGrant) => cursor.need_new_offer(NewOfferReason::CodeRefused).await,
            Some(TokenErrorCode::InvalidClient | TokenErrorCode::UnauthorizedClient) => {
                cursor.refuse(ReceiptProblem::ClientAuthenticationRequired).await
            }
            _ => cursor.refuse(ReceiptProblem::TokenRequestRefused).await,
        }
    }

    async fn accept_token(
        &self,
        cursor: &mut Cursor<'_>,
        requesting: RequestingToken,
        body: &[u8],
    ) -> Result<ReceiveStage, WalletError> {
        let Ok(response) = TokenResponse::parse(body) else {
            return cursor.refuse(ReceiptProblem::TokenResponse).await;
        };
        let plan = requesting.plan;
        let datasets = plan
            .credentials
            .iter()
            .filter_map(|planned| {
                let dataset = response.identifier_for(&planned.configuration)?;
                Some((planned.configuration.clone(), dataset.clone()))
            })
            .collect();
        let issuing = Issuing {
            plan,
            access_token: response.access_token,
            datasets,
            next: 0,
            key: None,
            stored: Vec::new(),
        };
        cursor
            .write_receipt(ReceiveStage::Issuing(Box::new(issuing)), Vec::new())
            .await
    }
}

impl Cursor<'_> {
    async fn write_request(
        &mut self,
        requesting: RequestingToken,
        sent: SendState,
    ) -> Result<RequestingToken, WalletError> {
        let stage = ReceiveStage::RequestingToken(Box::new(RequestingToken { sent, ..requesting }));
        match self.write_receipt(stage, Vec::new()).await? {
            ReceiveStage::RequestingToken(requesting) => Ok(*requesting),
            _ => Err(WalletError::WrongStage),
        }
    }

    pub(super) async fn need_new_offer(
        &mut self,
        reason: NewOfferReason,
    ) -> Result<ReceiveStage, WalletError> {
        let finished = FinishedReceipt::NewOfferNeeded(reason);
        self.write_receipt(ReceiveStage::Finished(finished), Vec::new())
            .await
    }
}
