//! From whatever was granted to an access token ([OpenID4VCI §6]).
//!
//! [OpenID4VCI §6]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::oauth::access_token::AccessTokenScheme;
use symbolon_protocol::oauth::error::{ErrorResponse, TokenErrorCode};
use symbolon_protocol::openid4vci::identifiers::{ConfigurationId, CredentialIdentifier};
use symbolon_protocol::openid4vci::offer::MAX_OFFERED_CONFIGURATIONS;
use symbolon_protocol::openid4vci::token::{MAX_TOKEN_RESPONSE_BYTES, TokenRequest, TokenResponse};

use super::outcome::ReceiptProblem;
use super::stage::{Issuing, Plan, PlannedTokens, ReceiveStage};
use crate::error::WalletError;
use crate::exchange::{JSON, Sent, ServerRequest, is_success_of};
use crate::ports::KEY_ALGORITHM;
use crate::progress::Progress;
use crate::wallet::{Cursor, Wallet};

/// What a token request led to.
pub(super) enum Exchanged {
    /// A token, of the kind that was asked for.
    Token(Box<TokenResponse>),
    /// The server refused; without a code that is known, it is [`TokenErrorCode::Unrecognised`].
    Refused(TokenErrorCode),
    /// What came is not acceptable.
    Unacceptable(ReceiptProblem),
    /// Nothing was sent: the key waits for the person.
    KeyLocked,
}

impl Wallet {
    /// Sends a token request.
    pub(super) async fn exchange(
        &self,
        plan: &Plan,
        request: &TokenRequest,
        token_key: Option<&KeyHandle>,
        now: UnixTime,
    ) -> Result<Exchanged, WalletError> {
        self.observe(Progress::RequestingAccess);
        let form = request.to_form();
        let request = ServerRequest {
            server: plan.server.as_ref(),
            url: &plan.token_endpoint,
            form: &form,
            key: token_key,
            max_response_bytes: MAX_TOKEN_RESPONSE_BYTES,
        };
        let response = match self.post_to_server(request, now).await? {
            Sent::Answered(response) => response,
            Sent::KeyLocked => return Ok(Exchanged::KeyLocked),
        };
        if !is_success_of(&response, JSON) {
            let error = ErrorResponse::<TokenErrorCode>::parse(&response.body);
            let code = error.map_or(TokenErrorCode::Unrecognised, |error| error.error);
            return Ok(Exchanged::Refused(code));
        }
        let Ok(token) = TokenResponse::parse(&response.body) else {
            return Ok(Exchanged::Unacceptable(ReceiptProblem::TokenResponse));
        };
        // RFC 9449 §5: a token that is not bound, though that was asked for, would serve whoever steals it.
        let expected = match token_key {
            Some(_) => AccessTokenScheme::Dpop,
            None => AccessTokenScheme::Bearer,
        };
        if token.token_type != expected {
            return Ok(Exchanged::Unacceptable(ReceiptProblem::TokenNotBound));
        }
        Ok(Exchanged::Token(Box::new(token)))
    }

    /// The key that a token is to be bound to, where the server binds tokens and there is no key yet. Not durable: a key that
    /// no flow names is deleted when the wallet is opened again.
    pub(super) fn make_token_key(
        &self,
        plan: &Plan,
        known: Option<&KeyHandle>,
    ) -> Result<Option<KeyHandle>, WalletError> {
        match (plan.tokens(), known) {
            (PlannedTokens::Dpop, None) => {
                self.observe(Progress::CreatingKey);
                Ok(Some(self.ports.keys.create(KEY_ALGORITHM)?.handle))
            }
            (PlannedTokens::Dpop, Some(_)) | (PlannedTokens::Bearer, _) => Ok(None),
        }
    }

    /// Goes on to the credentials that the token is good for.
    pub(super) async fn accept_token(
        &self,
        cursor: &mut Cursor<'_>,
        mut plan: Plan,
        token_key: Option<KeyHandle>,
        token: TokenResponse,
    ) -> Result<ReceiveStage, WalletError> {
        let Some(datasets) = narrow(&mut plan, &token) else {
            return cursor.refuse(ReceiptProblem::NothingGranted).await;
        };
        let issuing = Issuing {
            token_key,
            refresh_token: token.refresh_token,
            ..Issuing::begin(plan, token.access_token, datasets)
        };
        cursor
            .write_receipt(ReceiveStage::Issuing(Box::new(issuing)), Vec::new())
            .await
    }
}

/// Where the token response says what was granted, that is what is requested: each of its datasets, and nothing that it does
/// not name. `None` when that is nothing that this wallet wanted.
fn narrow(plan: &mut Plan, token: &TokenResponse) -> Option<Vec<(ConfigurationId, CredentialIdentifier)>> {
    if token.authorization_details.is_empty() {
        return Some(Vec::new());
    }
    let mut credentials = Vec::new();
    let mut datasets = Vec::new();
    for planned in &plan.credentials {
        let of_configuration = token
            .authorization_details
            .iter()
            .filter(|granted| granted.credential_configuration_id == planned.configuration)
            .flat_map(|granted| &granted.credential_identifiers);
        for dataset in of_configuration {
            if credentials.len() < MAX_OFFERED_CONFIGURATIONS {
                credentials.push(planned.clone());
                datasets.push((planned.configuration.clone(), dataset.clone()));
            }
        }
    }
    if credentials.is_empty() {
        return None;
    }
    plan.credentials = credentials;
    Some(datasets)
}
