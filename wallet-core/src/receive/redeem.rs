//! From the code of the sign-in to an access token ([RFC 6749 §4.1.3]).
//!
//! [RFC 6749 §4.1.3]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3

use symbolon_protocol::oauth::error::TokenErrorCode;
use symbolon_protocol::openid4vci::token::{TokenGrant, TokenRequest};

use super::access::Exchanged;
use super::outcome::{NewOfferReason, ReceiptProblem, ReceiveOutcome};
use super::run::Step;
use super::stage::{ReceiveStage, RedeemingCode, SendState};
use crate::error::WalletError;
use crate::ports::TransportError;
use crate::wallet::{Cursor, Wallet};

impl Wallet {
    /// Spends the code of the sign-in.
    pub(super) async fn redeem_code(
        &self,
        cursor: &mut Cursor<'_>,
        redeeming: RedeemingCode,
    ) -> Result<Step, WalletError> {
        let before = redeeming.sent;
        let redeeming = match before {
            SendState::Never => cursor.write_redemption(redeeming, SendState::Perhaps).await?,
            SendState::Perhaps => redeeming,
        };
        let grant = TokenGrant::AuthorizationCode {
            code: redeeming.code,
            redirect_uri: Some(redeeming.redirect_uri.clone()),
            code_verifier: redeeming.code_verifier,
        };
        let request = TokenRequest::new(grant, redeeming.plan.client_parameters());
        let key = redeeming.token_key.as_ref();
        let exchanged = self.exchange(&redeeming.plan, &request, key, cursor.now).await;
        let TokenGrant::AuthorizationCode {
            code, code_verifier, ..
        } = request.grant
        else {
            return Err(WalletError::WrongStage);
        };
        let redeeming = RedeemingCode {
            code,
            code_verifier,
            ..redeeming
        };
        let next = match exchanged {
            Err(error) => {
                if error == WalletError::Network(TransportError::Unreachable) && before == SendState::Never {
                    cursor.write_redemption(redeeming, SendState::Never).await?;
                }
                return Err(error);
            }
            Ok(Exchanged::KeyLocked) => {
                cursor.write_redemption(redeeming, before).await?;
                return Ok(Step::Wait(ReceiveOutcome::KeyLocked));
            }
            Ok(Exchanged::Token(token)) => {
                let RedeemingCode { plan, token_key, .. } = redeeming;
                self.accept_token(cursor, plan, token_key, *token).await
            }
            Ok(Exchanged::Unacceptable(problem)) => cursor.refuse(problem).await,
            Ok(Exchanged::Refused(TokenErrorCode::InvalidGrant)) => {
                let reason = match before {
                    SendState::Perhaps => NewOfferReason::AnswerLost,
                    SendState::Never => NewOfferReason::CodeRefused,
                };
                cursor.need_new_offer(reason).await
            }
            Ok(Exchanged::Refused(
                TokenErrorCode::InvalidClient
                | TokenErrorCode::UnauthorizedClient
                | TokenErrorCode::InvalidClientAttestation,
            )) => cursor.refuse(ReceiptProblem::ClientAuthenticationRequired).await,
            Ok(Exchanged::Refused(_)) => cursor.refuse(ReceiptProblem::TokenRequestRefused).await,
        };
        next.map(Step::Next)
    }
}

impl Cursor<'_> {
    async fn write_redemption(
        &mut self,
        redeeming: RedeemingCode,
        sent: SendState,
    ) -> Result<RedeemingCode, WalletError> {
        let stage = ReceiveStage::RedeemingCode(Box::new(RedeemingCode { sent, ..redeeming }));
        match self.write_receipt(stage, Vec::new()).await? {
            ReceiveStage::RedeemingCode(redeeming) => Ok(*redeeming),
            _ => Err(WalletError::WrongStage),
        }
    }
}
