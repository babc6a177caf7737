//! An authorization from the request to the answer: a value with an enum stage, stored under the digest of the browser's key.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Randomness, RandomnessUnavailable, Thumbprint, UnixTime};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::authorization_request::State;
use symbolon_protocol::oauth::authorization_response::{AuthorizationAnswer, AuthorizationResponse};
use symbolon_protocol::oauth::error::AuthorizationErrorCode;
use symbolon_protocol::oauth::pkce::CodeChallenge;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::secret::AuthorizationCode as WireCode;
use thiserror::Error;
use zeroize::Zeroizing;

use super::asked::Asked;
use super::client::ClientDescription;
use super::code::{AUTHORIZATION_CODE_LIFETIME, AUTHORIZATION_CODE_MEMORY, AuthorizationCode, CodeStage};
use crate::identifiers::OfferId;
use crate::record::Uin;
use crate::secret::{BearerSecret, SecretDigest};

/// How long a resident has from the wallet's request to the decision. A one-time code takes minutes to arrive.
pub const AUTHORIZATION_SESSION_LIFETIME: Duration = Duration::from_secs(900);

/// An authorization under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationSession {
    /// Who asks.
    pub client: ClientDescription,
    /// Where the answer goes; it was checked against what is known of the client.
    pub redirect_uri: RedirectUri,
    /// The client's own value, echoed in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Which credentials.
    pub asked: Asked,
    /// The challenge that the redeemer of the code must answer.
    pub code_challenge: CodeChallenge,
    /// The key that the code will be bound to, if the request named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop: Option<Thumbprint>,
    /// The attested key of the wallet's instance, which must redeem the code as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Thumbprint>,
    /// The offer that is taken up, if the request named one that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferReference>,
    /// The languages that the wallet prefers for the pages, as it wrote them, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    /// How far it has come.
    pub stage: AuthorizationStage,
    /// Nothing can be decided from here on.
    pub expires_at: UnixTime,
}

/// The offer that an authorization takes up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferReference {
    /// The digest of its `issuer_state`.
    pub state: SecretDigest,
    /// The only record that may take it up.
    pub record: Uin,
    /// Its entry in the book, which must stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
}

/// How far an authorization has come. It only moves downwards in this list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorizationStage {
    /// Nobody has signed in yet.
    Requested,
    /// A resident has signed in and not decided yet.
    Identified {
        /// Who.
        record: Uin,
        /// When.
        at: UnixTime,
    },
    /// The resident agreed; a code was made.
    Granted,
    /// The resident, or a rule of the issuer, said no.
    Denied,
}

/// A code was made: what is stored of it, and where the browser goes.
pub struct GrantedAuthorization {
    /// The session as it is now.
    pub session: AuthorizationSession,
    /// The digest of the code.
    pub code_digest: SecretDigest,
    /// What is stored under it.
    pub code: AuthorizationCode,
    /// Where the browser goes, with `code`, `state` and `iss`. To be answered only after the commit.
    pub redirect: Zeroizing<String>,
}

impl AuthorizationSession {
    /// The session after `record` signed in at `now`.
    ///
    /// # Errors
    /// [`AuthorizationRefusal::Expired`], [`AuthorizationRefusal::Decided`], [`AuthorizationRefusal::AlreadyIdentified`], and
    /// [`AuthorizationRefusal::OfferForAnother`] when the offer is for somebody else.
    pub fn identified(&self, record: Uin, now: UnixTime) -> Result<Self, AuthorizationRefusal> {
        self.is_open(now)?;
        match &self.stage {
            AuthorizationStage::Requested => {}
            // Otherwise who gets the browser next could change whose credentials an agreement is about.
            AuthorizationStage::Identified { .. } => return Err(AuthorizationRefusal::AlreadyIdentified),
            AuthorizationStage::Granted | AuthorizationStage::Denied => {
                return Err(AuthorizationRefusal::Decided);
            }
        }
        if self.offer.as_ref().is_some_and(|offer| offer.record != record) {
            return Err(AuthorizationRefusal::OfferForAnother);
        }
        Ok(Self {
            stage: AuthorizationStage::Identified { record, at: now },
            ..self.clone()
        })
    }

    /// The resident's yes: a code for the wallet.
    ///
    /// # Errors
    /// [`AuthorizationRefusal`] when nobody signed in, or it is too late; [`AuthorizationRefusal::Randomness`].
    pub fn granted(
        &self,
        issuer: &IssuerIdentifier,
        now: UnixTime,
        randomness: &dyn Randomness,
    ) -> Result<GrantedAuthorization, AuthorizationRefusal> {
        self.is_open(now)?;
        let record = match &self.stage {
            AuthorizationStage::Requested => return Err(AuthorizationRefusal::NotIdentified),
            AuthorizationStage::Identified { record, .. } => record.clone(),
            AuthorizationStage::Granted | AuthorizationStage::Denied => {
                return Err(AuthorizationRefusal::Decided);
            }
        };
        let code = BearerSecret::make(randomness)?;
        let answer = WireCode::parse(code.expose()).ok_or(AuthorizationRefusal::Unwritable)?;
        let stored = AuthorizationCode {
            client: self.client.id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            code_challenge: self.code_challenge,
            dpop: self.dpop,
            instance: self.instance,
            record,
            asked: self.asked.clone(),
            expires_at: now.plus(AUTHORIZATION_CODE_LIFETIME),
            forgotten_at: now.plus(AUTHORIZATION_CODE_MEMORY),
            stage: CodeStage::Made,
            offer: self.offer.as_ref().and_then(|reference| reference.offer.clone()),
        };
        Ok(GrantedAuthorization {
            session: Self {
                stage: AuthorizationStage::Granted,
                ..self.clone()
            },
            code_digest: code.digest(),
            code: stored,
            redirect: self.answer(issuer, AuthorizationAnswer::Code(answer)),
        })
    }

    /// The no of the resident or of the issuer, and where the browser goes with it: `error=access_denied`
    /// ([RFC 6749 §4.1.2.1]).
    ///
    /// # Errors
    /// [`AuthorizationRefusal::Expired`], [`AuthorizationRefusal::Decided`].
    ///
    /// [RFC 6749 §4.1.2.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
    pub fn denied(
        &self,
        issuer: &IssuerIdentifier,
        now: UnixTime,
    ) -> Result<(Self, Zeroizing<String>), AuthorizationRefusal> {
        self.is_open(now)?;
        if matches!(
            self.stage,
            AuthorizationStage::Granted | AuthorizationStage::Denied
        ) {
            return Err(AuthorizationRefusal::Decided);
        }
        let answer = AuthorizationAnswer::Refused {
            error: AuthorizationErrorCode::AccessDenied,
            description: None,
        };
        let redirect = self.answer(issuer, answer);
        let session = Self {
            stage: AuthorizationStage::Denied,
            ..self.clone()
        };
        Ok((session, redirect))
    }

    fn answer(&self, issuer: &IssuerIdentifier, answer: AuthorizationAnswer) -> Zeroizing<String> {
        let response = AuthorizationResponse {
            issuer,
            state: self.state.as_ref(),
            answer,
        };
        response.redirect(&self.redirect_uri)
    }

    fn is_open(&self, now: UnixTime) -> Result<(), AuthorizationRefusal> {
        if now >= self.expires_at {
            return Err(AuthorizationRefusal::Expired);
        }
        Ok(())
    }
}

/// Why an authorization does not move on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthorizationRefusal {
    /// The browser's key names no session.
    #[error("there is no authorization of this browser")]
    Unknown,
    /// The form's token is not the session's: the form is another session's, or another site's.
    #[error("the form does not belong to this authorization")]
    ForeignForm,
    /// Too late.
    #[error("the authorization has expired")]
    Expired,
    /// It was decided already.
    #[error("the authorization was decided already")]
    Decided,
    /// Somebody signed in already.
    #[error("somebody has signed in to this authorization already")]
    AlreadyIdentified,
    /// Nobody signed in.
    #[error("nobody has signed in to this authorization")]
    NotIdentified,
    /// The offer is for another resident than the one who signed in.
    #[error("the offer is for somebody else")]
    OfferForAnother,
    /// The offer was taken up, or has expired, meanwhile.
    #[error("the offer cannot be taken up any more")]
    OfferGone,
    /// A code that cannot be written, which none of this issuer's is.
    #[error("the code cannot be written")]
    Unwritable,
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}
