//! The token endpoint, by grants ([OpenID4VCI §6], [RFC 6749 §5]).
//!
//! [OpenID4VCI §6]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6
//! [RFC 6749 §5]: https://www.rfc-editor.org/rfc/rfc6749#section-5

mod code;
mod pre_authorized;
mod refresh;

use symbolon_crypto::RandomnessUnavailable;
use symbolon_issuer::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use symbolon_issuer::authorization::{
    Asked, AskedBy, ClientRefusal, CodeRefusal, FamilyStage, NewAccess, NewRefresh, Presenter, ProvenClient,
    ProvenKey, RefreshRefusal, RefreshTokens, TokenFamily,
};
use symbolon_issuer::grant::{AccessGrant, TokenRefusal};
use symbolon_issuer::identifiers::{ConfigurationId, FamilyId};
use symbolon_issuer::metadata::paths;
use symbolon_issuer::record::Uin;
use symbolon_issuer::secret::BearerSecret;
use symbolon_issuer::store::{AuthorizationCommit, AuthorizationOutcome, Change, ReplayMark, StoreError};
use symbolon_protocol::identifier::UrlError;
use symbolon_protocol::oauth::access_token::AccessTokenScheme;
use symbolon_protocol::oauth::dpop::DpopError;
use symbolon_protocol::oauth::error::TokenErrorCode;
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid4vci::authorization_details::{CredentialAuthorization, RequestedCredential};
use symbolon_protocol::openid4vci::token::{TokenGrant, TokenRequest, TokenRequestError, TokenResponse};
use symbolon_protocol::secret::{AccessToken, RefreshToken};
use thiserror::Error;

use super::Issuer;
use super::back_channel::BackChannelRequest;

impl Issuer {
    /// Answers a token request.
    ///
    /// # Errors
    /// [`TokenFailure`]; a wrong transaction code was counted, and a reused code has ended what it gave, durably, before it is told.
    pub async fn token(&self, request: &BackChannelRequest<'_>) -> Result<TokenResponse, TokenFailure> {
        let wanted = TokenRequest::parse_form(request.form)?;
        if !self.offers_grant(&wanted.grant) {
            return Err(TokenRequestError::UnsupportedGrantType.into());
        }
        match &wanted.grant {
            TokenGrant::PreAuthorizedCode { code, tx_code } => {
                let client = self
                    .clients(self.now())
                    .pre_authorized(request.client, &wanted.client)?;
                let presented = self.presented(client, request).await?;
                self.redeem_offer(code, tx_code.as_ref(), &presented, &wanted)
                    .await
            }
            TokenGrant::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
            } => {
                let client = self.named_client(request, &wanted)?;
                let presented = self.presented(Some(client), request).await?;
                let parts = code::Parts {
                    code,
                    redirect_uri: redirect_uri.as_ref(),
                    verifier: code_verifier,
                    details: &named_by(&wanted.authorization_details),
                };
                self.redeem_code(&parts, &presented).await
            }
            TokenGrant::RefreshToken { refresh_token, scope } => {
                let client = self.named_client(request, &wanted)?;
                let presented = self.presented(Some(client), request).await?;
                let parts = refresh::Parts {
                    token: refresh_token,
                    scope: scope.as_ref(),
                    details: &named_by(&wanted.authorization_details),
                };
                self.redeem_refresh_token(&parts, &presented).await
            }
            _ => Err(TokenRequestError::UnsupportedGrantType.into()),
        }
    }

    /// Whether the policy has this grant at all, as the metadata says.
    fn offers_grant(&self, grant: &TokenGrant) -> bool {
        let policy = self.profile().authorization();
        match grant {
            TokenGrant::PreAuthorizedCode { .. } => true,
            TokenGrant::AuthorizationCode { .. } => policy.has_authorization_endpoint(),
            TokenGrant::RefreshToken { .. } => {
                policy.has_authorization_endpoint() && policy.refresh_tokens != RefreshTokens::Never
            }
            _ => false,
        }
    }

    fn named_client(
        &self,
        request: &BackChannelRequest<'_>,
        wanted: &TokenRequest,
    ) -> Result<ProvenClient, ClientRefusal> {
        self.clients(self.now())
            .client(request.client, &wanted.client)?
            .ok_or(ClientRefusal::Missing)
    }

    async fn presented(
        &self,
        client: Option<ProvenClient>,
        request: &BackChannelRequest<'_>,
    ) -> Result<Presented, TokenFailure> {
        let now = self.now();
        if let Some(client) = &client {
            self.check_instance(client, now).await?;
        }
        let url = self.profile().identifier().endpoint(paths::TOKEN)?;
        let key = self.key_of_token(request.dpop, &url, now)?;
        Ok(Presented { client, key })
    }

    /// Ends all that came of one code: somebody uses for the second time what is good for one use.
    async fn end_family(&self, id: &FamilyId, record: &Uin) -> Result<(), TokenFailure> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(found) = self.store().token_family(id).await? else {
                return Ok(());
            };
            if found.value.stage == FamilyStage::Ended {
                return Ok(());
            }
            let action = AuditAction::TokensRevoked {
                record: RecordReference::derive(&self.secret, record),
                client: found.value.client.clone(),
            };
            let event = WaitingEvent::make(self.now(), Actor::Wallet, action, &*self.setup.randomness)?;
            let ended = TokenFamily {
                stage: FamilyStage::Ended,
                ..found.value.clone()
            };
            let commit = AuthorizationCommit {
                family: Some(Change::of(id.clone(), &found, ended)),
                events: vec![event],
                ..AuthorizationCommit::default()
            };
            if self.store().commit_authorization(commit).await? == AuthorizationOutcome::Committed {
                self.events.notify_one();
                return Ok(());
            }
        }
        Err(StoreError::Contended { what: "token family" }.into())
    }
}

/// Who presents a code or a token, as far as it was proven.
struct Presented {
    client: Option<ProvenClient>,
    key: Option<ProvenKey>,
}

impl Presented {
    /// What a code or a refresh token of `client` is compared with.
    fn presenter<'c>(&self, client: &'c ProvenClient) -> Presenter<'c> {
        Presenter {
            client: client.id(),
            dpop: self.key.map(|key| key.thumbprint),
            instance: client.instance,
        }
    }

    fn replays(&self) -> Vec<ReplayMark> {
        let client = self.client.as_ref().and_then(|client| client.proof);
        client.into_iter().chain(self.key.map(|key| key.mark)).collect()
    }

    /// Which proof was used before.
    fn replayed(&self, mark: ReplayMark) -> TokenFailure {
        match &self.client {
            Some(client) if client.proof == Some(mark) => client.replayed().into(),
            _ => DpopError::Replayed.into(),
        }
    }
}

fn named_by(details: &[RequestedCredential]) -> Vec<ConfigurationId> {
    details
        .iter()
        .map(|detail| detail.credential_configuration_id.clone())
        .collect()
}

/// The response for tokens that were stored.
fn response(
    access: &NewAccess,
    refresh: Option<&NewRefresh>,
    asked: Option<&Asked>,
    now: symbolon_crypto::UnixTime,
) -> Result<TokenResponse, TokenFailure> {
    let NewAccess { token, access } = access;
    Ok(TokenResponse {
        access_token: writable(token)?,
        token_type: match access.dpop {
            Some(_) => AccessTokenScheme::Dpop,
            None => AccessTokenScheme::Bearer,
        },
        expires_in: Some(access.expires_at.since(now).as_secs()),
        refresh_token: match refresh {
            Some(refresh) => {
                Some(RefreshToken::parse(refresh.token.expose()).ok_or(TokenFailure::Unwritable)?)
            }
            None => None,
        },
        scope: asked.and_then(scope_of),
        authorization_details: authorizations(access),
    })
}

fn writable(token: &BearerSecret) -> Result<AccessToken, TokenFailure> {
    AccessToken::parse(token.expose()).ok_or(TokenFailure::Unwritable)
}

/// The scopes that were granted, which may be fewer than were asked for ([RFC 6749 §5.1]).
///
/// [RFC 6749 §5.1]: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
fn scope_of(asked: &Asked) -> Option<Scope> {
    let values: Vec<&str> = asked
        .named_by(AskedBy::Scope)
        .map(ConfigurationId::as_str)
        .collect();
    Scope::parse(&values.join(" ")).ok()
}

fn authorizations(access: &AccessGrant) -> Vec<CredentialAuthorization> {
    access
        .identifiers
        .iter()
        .map(|(id, name)| CredentialAuthorization::new(id.clone(), vec![name.clone()]))
        .collect()
}

/// Why no token is handed out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokenFailure {
    /// The request is malformed.
    #[error(transparent)]
    Request(#[from] TokenRequestError),
    /// The client.
    #[error(transparent)]
    Client(#[from] ClientRefusal),
    /// The proof of its key.
    #[error(transparent)]
    Dpop(#[from] DpopError),
    /// The pre-authorized code or the transaction code does not do.
    #[error(transparent)]
    Refused(#[from] TokenRefusal),
    /// The authorization code does not do.
    #[error(transparent)]
    Code(#[from] CodeRefusal),
    /// The refresh token does not do.
    #[error(transparent)]
    Refresh(#[from] RefreshRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// A token that cannot be written, which none of this issuer's is.
    #[error("the access token cannot be written")]
    Unwritable,
    /// The endpoint's address cannot be written, which is found out at start.
    #[error(transparent)]
    Address(#[from] UrlError),
}

impl TokenFailure {
    /// The protocol's code for this failure.
    #[must_use]
    pub fn code(&self) -> TokenErrorCode {
        match self {
            Self::Request(error) => error.code(),
            Self::Client(refusal) => refusal.code(),
            Self::Dpop(error) => error.token_code(),
            // §6.3: a transaction code that is missing or unexpected is a malformed request, not a wrong grant.
            Self::Refused(TokenRefusal::TxCodeMissing | TokenRefusal::TxCodeUnexpected) => {
                TokenErrorCode::InvalidRequest
            }
            Self::Refused(TokenRefusal::OtherDetails) | Self::Code(CodeRefusal::OtherDetails) => {
                TokenErrorCode::InvalidAuthorizationDetails
            }
            Self::Code(CodeRefusal::OtherKey) | Self::Refresh(RefreshRefusal::OtherKey) => {
                TokenErrorCode::InvalidDpopProof
            }
            Self::Refresh(RefreshRefusal::WiderScope) => TokenErrorCode::InvalidScope,
            Self::Code(CodeRefusal::Randomness(_))
            | Self::Refresh(RefreshRefusal::Randomness(_))
            | Self::Store(_)
            | Self::Randomness(_)
            | Self::Unwritable
            | Self::Address(_) => TokenErrorCode::TemporarilyUnavailable,
            Self::Refused(_) | Self::Code(_) | Self::Refresh(_) => TokenErrorCode::InvalidGrant,
        }
    }
}

/// Each lost round means that another request was counted; a code has five tries.
const MAX_ATTEMPTS: usize = 32;
