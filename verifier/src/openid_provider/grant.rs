//! From a code to tokens ([OpenID Connect Core 1.0 §3.1.3], [RFC 6749 §4.1.3], [RFC 9449 §5, §10]).
//!
//! A code works once. Where it comes again, somebody else has it, and what was made of it is worth nothing from then on
//! ([RFC 6749 §4.1.2]): the token names its grant, so there is one place to look.
//!
//! [OpenID Connect Core 1.0 §3.1.3]: https://openid.net/specs/openid-connect-core-1_0.html#TokenEndpoint
//! [RFC 6749 §4.1.3]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
//! [RFC 6749 §4.1.2]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
//! [RFC 9449 §5, §10]: https://www.rfc-editor.org/rfc/rfc9449#section-5

use core::time::Duration;

use symbolon_crypto::encoding::base64url;
use symbolon_crypto::symmetric::{constant_time_equal, hmac_sha256};
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime, random_bytes};
use symbolon_protocol::oauth::access_token::{AccessTokenScheme, PresentedAccessToken, ResourceErrorCode};
use symbolon_protocol::oauth::error::TokenErrorCode;
use symbolon_protocol::oauth::pkce::CodeVerifier;
use symbolon_protocol::oauth::pushed_request::RequestUri;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::secret::{AccessToken, AuthorizationCode};
use thiserror::Error;
use zeroize::Zeroizing;

use super::client::OpenIdClient;
use super::record::{GrantId, GrantRecord, GrantStage, PushedRequestId};

/// How long a code may be redeemed: the client does it at once (RFC 6749 §4.1.2 recommends ten minutes at most).
pub const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// How long an access token opens the claims: clients read them right after the sign-in, and nothing is kept for longer.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(300);
/// How long an ID token is good for a sign-in. It says nothing about the client's own session.
pub const ID_TOKEN_LIFETIME: Duration = Duration::from_secs(300);
/// How long a pushed request may be used (RFC 9126 §2.2: 5 to 600 seconds).
pub const PUSHED_REQUEST_LIFETIME: Duration = Duration::from_secs(90);

/// Separates these digests from each other and from every other use of HMAC.
const CODE_PURPOSE: &[u8] = b"symbolon openid code 1";
const TOKEN_PURPOSE: &[u8] = b"symbolon openid access token 1";
const PUSHED_PURPOSE: &[u8] = b"symbolon openid pushed request 1";

/// A fresh code, and the grant that it stands for.
pub struct MadeCode {
    /// The code, for the client alone.
    pub code: AuthorizationCode,
    /// Under which its grant is kept.
    pub id: GrantId,
}

impl MadeCode {
    /// Makes a code of 256 random bits.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`] when the source fails.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        let code = AuthorizationCode::parse(secret(randomness)?.as_str()).ok_or(RandomnessUnavailable)?;
        let id = grant_of_code(&code).ok_or(RandomnessUnavailable)?;
        Ok(Self { code, id })
    }
}

/// The grant that a code stands for.
#[must_use]
pub fn grant_of_code(code: &AuthorizationCode) -> Option<GrantId> {
    GrantId::parse(&digest(CODE_PURPOSE, code.expose())).ok()
}

/// The grant that an access token names; `None` for a token that is not of this kind.
#[must_use]
pub fn grant_of_token(token: &AccessToken) -> Option<GrantId> {
    let (grant, _) = token.expose().split_once(SEPARATOR)?;
    GrantId::parse(grant).ok()
}

/// Under which a pushed request is kept. What the browser carries is its name, and no key of the store.
#[must_use]
pub fn pushed_request_id(uri: &RequestUri) -> Option<PushedRequestId> {
    PushedRequestId::parse(&digest(PUSHED_PURPOSE, uri.reference()?)).ok()
}

/// No identifier holds it.
const SEPARATOR: char = '.';

fn secret(randomness: &dyn Randomness) -> Result<Zeroizing<String>, RandomnessUnavailable> {
    let bytes = Zeroizing::new(random_bytes::<32>(randomness)?);
    Ok(Zeroizing::new(base64url::encode(bytes.as_slice())))
}

fn digest(purpose: &[u8], secret: &str) -> String {
    base64url::encode(&hmac_sha256(purpose, secret.as_bytes()))
}

/// What a client brings to redeem a code. It has said who it is.
#[derive(Debug, Clone, Copy)]
pub struct CodeRedemption<'a> {
    /// Who it is.
    pub client: &'a OpenIdClient,
    /// Where it says that the code went.
    pub redirect_uri: Option<&'a RedirectUri>,
    /// The secret behind the challenge.
    pub code_verifier: &'a CodeVerifier,
    /// The thumbprint of the key that it has proven, where it wants a token that is bound to it.
    pub proven_key: Option<&'a str>,
}

/// A code that became a token.
pub struct RedeemedGrant {
    /// The grant as it is to be kept.
    pub next: GrantRecord,
    /// The token.
    pub access_token: AccessToken,
    /// How it is shown.
    pub scheme: AccessTokenScheme,
}

/// Why a code becomes no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GrantRefusal {
    /// It is another client's.
    #[error("the code is not for this client")]
    OtherClient,
    /// It was used before. What was made of it has to be ended: [`GrantRecord::ended`].
    #[error("the code was used before")]
    Used,
    /// Too late.
    #[error("the code has expired")]
    Expired,
    /// The address is not that of the request, or is missing.
    #[error("redirect_uri is not that of the request")]
    RedirectUri,
    /// The secret is not the one behind the challenge.
    #[error("code_verifier does not fit the request")]
    CodeVerifier,
    /// The client takes bound tokens only, or its request was bound to a key, and none was proven.
    #[error("a DPoP proof is needed")]
    NotBound,
    /// Another key than the request was bound to.
    #[error("the DPoP proof is of another key than the request")]
    OtherKey,
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

impl GrantRefusal {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> TokenErrorCode {
        match self {
            Self::NotBound | Self::OtherKey => TokenErrorCode::InvalidDpopProof,
            Self::Randomness(_) => TokenErrorCode::ServerError,
            _ => TokenErrorCode::InvalidGrant,
        }
    }
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UserInfoRefusal {
    /// Unknown, ended or expired.
    #[error("the access token is not good, or not any more")]
    Token,
    /// It is bound to a key, and was shown as if it were not; or the other way round.
    #[error("the access token must be shown as it was given")]
    Scheme,
}

impl UserInfoRefusal {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> ResourceErrorCode {
        ResourceErrorCode::InvalidToken
    }
}

impl GrantRecord {
    /// Whether the code becomes a token, and what is kept then.
    ///
    /// # Errors
    /// [`GrantRefusal`]. Whoever does not have the verifier changes nothing: only a code that is used twice ends the grant.
    pub fn redeem(
        &self,
        redemption: CodeRedemption<'_>,
        now: UnixTime,
        randomness: &dyn Randomness,
    ) -> Result<RedeemedGrant, GrantRefusal> {
        let client = redemption.client;
        if self.client_id != *client.client_id() || self.relying_party != *client.relying_party() {
            return Err(GrantRefusal::OtherClient);
        }
        if self.stage != GrantStage::Issued {
            return Err(GrantRefusal::Used);
        }
        if now > self.code_expires_at {
            return Err(GrantRefusal::Expired);
        }
        if redemption.redirect_uri != Some(&self.redirect_uri) {
            return Err(GrantRefusal::RedirectUri);
        }
        if !self.code_challenge.is_met_by(redemption.code_verifier) {
            return Err(GrantRefusal::CodeVerifier);
        }
        match (&self.dpop_jkt, redemption.proven_key) {
            (Some(bound), Some(proven)) if bound != proven => return Err(GrantRefusal::OtherKey),
            (Some(_), None) => return Err(GrantRefusal::NotBound),
            (None, None) if client.document().dpop_bound_access_tokens => return Err(GrantRefusal::NotBound),
            _ => {}
        }
        let token = Zeroizing::new(format!("{}{SEPARATOR}{}", self.id, secret(randomness)?.as_str()));
        let access_token = AccessToken::parse(token.as_str()).ok_or(RandomnessUnavailable)?;
        let next = Self {
            stage: GrantStage::Redeemed {
                token_digest: digest(TOKEN_PURPOSE, access_token.expose()),
                token_jkt: redemption.proven_key.map(str::to_owned),
                token_expires_at: now.plus(ACCESS_TOKEN_LIFETIME),
            },
            ..self.clone()
        };
        Ok(RedeemedGrant {
            next,
            access_token,
            scheme: match redemption.proven_key {
                Some(_) => AccessTokenScheme::Dpop,
                None => AccessTokenScheme::Bearer,
            },
        })
    }

    /// The grant after its code came a second time, as it is to be kept: of the person it says nothing any more.
    #[must_use]
    pub fn ended(&self) -> Self {
        Self {
            id_token_claims: serde_json::Map::new(),
            user_info_claims: serde_json::Map::new(),
            subject: String::new(),
            stage: GrantStage::Ended,
            ..self.clone()
        }
    }

    /// Whether a token opens the claims. Where it is bound to a key, `Some` is the thumbprint that the request has yet to prove.
    ///
    /// # Errors
    /// [`UserInfoRefusal`].
    pub fn user_info(
        &self,
        presented: &PresentedAccessToken,
        now: UnixTime,
    ) -> Result<Option<&str>, UserInfoRefusal> {
        let GrantStage::Redeemed {
            token_digest,
            token_jkt,
            token_expires_at,
        } = &self.stage
        else {
            return Err(UserInfoRefusal::Token);
        };
        let brought = digest(TOKEN_PURPOSE, presented.token().expose());
        if !constant_time_equal(token_digest.as_bytes(), brought.as_bytes()) || now > *token_expires_at {
            return Err(UserInfoRefusal::Token);
        }
        match (presented.scheme(), token_jkt) {
            (AccessTokenScheme::Bearer, None) => Ok(None),
            (AccessTokenScheme::Dpop, Some(bound)) => Ok(Some(bound)),
            _ => Err(UserInfoRefusal::Scheme),
        }
    }
}
