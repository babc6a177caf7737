//! From the code of the offer to an access token ([OpenID4VCI §6.1]).
//!
//! [OpenID4VCI §6.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.1

use symbolon_protocol::oauth::error::TokenErrorCode;
use symbolon_protocol::openid4vci::token::{TokenGrant, TokenRequest};

use super::access::Exchanged;
use super::outcome::{NewOfferReason, ReceiptProblem, ReceiveOutcome};
use super::run::Step;
use super::stage::{Grant, ReceiveStage, RequestingToken, SendState};
use crate::error::WalletError;
use crate::ports::TransportError;
use crate::wallet::{Cursor, Wallet};

impl Wallet {
    /// Spends the code. That it is about to be spent is written down first: the code works once, so an answer that never
    /// arrives must be told apart from a wrong code.
    pub(super) async fn request_token(
        &self,
        cursor: &mut Cursor<'_>,
        mut requesting: RequestingToken,
    ) -> Result<Step, WalletError> {
        if let Some(key) = self.make_token_key(&requesting.plan, requesting.token_key.as_ref())? {
            requesting.token_key = Some(key);
            let sent = requesting.sent;
            requesting = cursor.write_request(requesting, sent).await?;
        }
        let before = requesting.sent;
        let requesting = match before {
            SendState::Never => cursor.write_request(requesting, SendState::Perhaps).await?,
            SendState::Perhaps => requesting,
        };
        let grant = TokenGrant::PreAuthorizedCode {
            code: requesting.grant.code,
            tx_code: requesting.transaction_code,
        };
        let request = TokenRequest::new(grant, requesting.plan.client_parameters());
        let key = requesting.token_key.as_ref();
        let exchanged = self.exchange(&requesting.plan, &request, key, cursor.now).await;
        let TokenGrant::PreAuthorizedCode { code, tx_code } = request.grant else {
            return Err(WalletError::WrongStage);
        };
        let requesting = RequestingToken {
            grant: Grant {
                code,
                prompt: requesting.grant.prompt,
            },
            transaction_code: tx_code,
            ..requesting
        };
        let exchanged = match exchanged {
            Ok(exchanged) => exchanged,
            Err(error) => {
                // Certainly not sent, now or before: a later refusal then speaks about the code.
                if error == WalletError::Network(TransportError::Unreachable) && before == SendState::Never {
                    cursor.write_request(requesting, SendState::Never).await?;
                }
                return Err(error);
            }
        };
        let code = match exchanged {
            Exchanged::Token(token) => {
                let RequestingToken { plan, token_key, .. } = requesting;
                let next = self.accept_token(cursor, plan, token_key, *token).await;
                return next.map(Step::Next);
            }
            Exchanged::Unacceptable(problem) => return cursor.refuse(problem).await.map(Step::Next),
            Exchanged::KeyLocked => {
                cursor.write_request(requesting, before).await?;
                return Ok(Step::Wait(ReceiveOutcome::KeyLocked));
            }
            Exchanged::Refused(code) => code,
        };
        let next = match code {
            TokenErrorCode::InvalidGrant if before == SendState::Perhaps => {
                cursor.need_new_offer(NewOfferReason::AnswerLost).await
            }
            TokenErrorCode::InvalidGrant if requesting.transaction_code.is_some() => {
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
            TokenErrorCode::InvalidGrant => cursor.need_new_offer(NewOfferReason::CodeRefused).await,
            TokenErrorCode::InvalidClient
            | TokenErrorCode::UnauthorizedClient
            | TokenErrorCode::InvalidClientAttestation => {
                cursor.refuse(ReceiptProblem::ClientAuthenticationRequired).await
            }
            _ => cursor.refuse(ReceiptProblem::TokenRequestRefused).await,
        };
        next.map(Step::Next)
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
}
