//! From a pre-authorized code to an access token ([OpenID4VCI §6]).
//!
//! [OpenID4VCI §6]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6

use symbolon_crypto::RandomnessUnavailable;
use symbolon_issuer::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use symbolon_issuer::grant::{
    ACCESS_TOKEN_LIFETIME, Grant, GrantStage, Redemption, TokenRefusal, TokenRequestParts,
};
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{RedeemedGrant, StoreError, Swap};
use symbolon_protocol::oauth::access_token::AccessTokenScheme;
use symbolon_protocol::openid4vci::token::{TokenGrant, TokenRequest, TokenRequestError, TokenResponse};
use symbolon_protocol::secret::AccessToken;
use thiserror::Error;

use super::Issuer;

impl Issuer {
    /// Answers a token request.
    ///
    /// # Errors
    /// [`TokenFailure`]; a wrong transaction code was counted, durably, before it is told.
    pub async fn redeem(&self, form: &[u8]) -> Result<TokenResponse, TokenFailure> {
        let request = TokenRequest::parse_form(form)?;
        let TokenGrant::PreAuthorizedCode { code, tx_code } = &request.grant else {
            return Err(TokenRequestError::UnsupportedGrantType.into());
        };
        let code = SecretDigest::of(code.expose());
        let parts = TokenRequestParts {
            code_digest: code,
            tx_code: tx_code.as_ref().map(|tx_code| tx_code.expose()),
        };
        for _ in 0..MAX_ATTEMPTS {
            let found = self
                .store()
                .grant(&code)
                .await?
                .ok_or(TokenRefusal::UnknownCode)?;
            let now = self.now();
            match found
                .value
                .redeem(&parts, &self.secret, now, &*self.setup.randomness)?
            {
                Redemption::Granted { grant, token, access } => {
                    let redeemed = RedeemedGrant {
                        code,
                        expected: found.revision,
                        grant,
                        token: token.digest(),
                        access,
                    };
                    if self.store().redeem_grant(redeemed).await? == Swap::Done {
                        let access_token =
                            AccessToken::parse(token.expose()).ok_or(TokenFailure::Unwritable)?;
                        return Ok(TokenResponse {
                            access_token,
                            token_type: AccessTokenScheme::Bearer,
                            expires_in: Some(ACCESS_TOKEN_LIFETIME.as_secs()),
                            refresh_token: None,
                            scope: None,
                            authorization_details: Vec::new(),
                        });
                    }
                }
                Redemption::Refused { refusal, grant: None } => return Err(refusal.into()),
                Redemption::Refused {
                    refusal,
                    grant: Some(grant),
                } => {
                    let event = self.event_of(&grant)?;
                    // The failure is on disk before the guesser hears of it, so that no crash gives a try back.
                    if self
                        .store()
                        .swap_grant(&code, &found.revision, &grant, event)
                        .await?
                        == Swap::Done
                    {
                        self.events.notify_one();
                        return Err(refusal.into());
                    }
                }
            }
            // Another request changed the grant between reading and writing: judge what is there now.
        }
        Err(StoreError::Contended { what: "grant" }.into())
    }

    fn event_of(&self, grant: &Grant) -> Result<Option<WaitingEvent>, RandomnessUnavailable> {
        if grant.stage != GrantStage::Dead {
            return Ok(None);
        }
        let record = RecordReference::derive(&self.secret, &grant.record);
        let action = AuditAction::TransactionCodeExhausted { record };
        WaitingEvent::make(self.now(), Actor::Wallet, action, &*self.setup.randomness).map(Some)
    }
}

/// Why no token is handed out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokenFailure {
    /// The request is malformed.
    #[error(transparent)]
    Request(#[from] TokenRequestError),
    /// The code or the transaction code does not do.
    #[error(transparent)]
    Refused(#[from] TokenRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// A token that cannot be written, which none of this issuer's is.
    #[error("the access token cannot be written")]
    Unwritable,
}

/// Each lost round means that another request was counted; a code has five tries.
const MAX_ATTEMPTS: usize = 32;
