//! From a code or a refresh token to an access token ([RFC 6749 §4.1.3, §6]).
//!
//! [RFC 6749 §4.1.3, §6]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3

use std::time::Duration;

use symbolon_crypto::{Randomness, RandomnessUnavailable, Thumbprint, UnixTime};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::pkce::CodeVerifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::openid4vci::identifiers::CredentialIdentifier;
use thiserror::Error;

use super::asked::{Asked, AskedBy};
use super::code::{AuthorizationCode, CodeStage};
use super::tokens::{FamilyStage, RefreshStage, RefreshToken, TokenFamily};
use crate::grant::{AccessGrant, MAX_BEARER_TOKEN_LIFETIME};
use crate::identifiers::{ConfigurationId, FamilyId, hexadecimal};
use crate::record::Uin;
use crate::secret::{BearerSecret, InstallationSecret, Purpose};

/// How tokens are made, by the policy and by what the client may do.
#[derive(Debug, Clone, Copy)]
pub struct TokenTerms {
    /// How many credentials of each configuration an access token yields.
    pub credentials_each: u32,
    /// How long an access token lasts that is bound to a key; one that is not lasts [`MAX_BEARER_TOKEN_LIFETIME`] at most.
    pub access_lifetime: Duration,
    /// For how long there are refresh tokens; `None` for never.
    pub refresh_lifetime: Option<Duration>,
}

impl TokenTerms {
    /// How long an access token lasts that is bound to this key.
    #[must_use]
    pub fn lifetime_of(&self, dpop: Option<Thumbprint>) -> Duration {
        match dpop {
            Some(_) => self.access_lifetime,
            None => self.access_lifetime.min(MAX_BEARER_TOKEN_LIFETIME),
        }
    }
}

/// What tokens are made of.
#[derive(Clone, Copy)]
pub struct TokenMaterial<'a> {
    /// How.
    pub terms: TokenTerms,
    /// For names of datasets and tags.
    pub secret: &'a InstallationSecret,
    /// For the tokens.
    pub randomness: &'a dyn Randomness,
    /// The time.
    pub now: UnixTime,
}

/// The client that presents a code or a refresh token, as it was proven to be.
#[derive(Debug, Clone, Copy)]
pub struct Presenter<'a> {
    /// Its identifier.
    pub client: &'a ClientIdentifier,
    /// The key of its DPoP proof, if it sent one.
    pub dpop: Option<Thumbprint>,
    /// The key of its instance, if it was attested.
    pub instance: Option<Thumbprint>,
}

/// The parts of a token request with a code that decide.
#[derive(Debug, Clone, Copy)]
pub struct CodeRequest<'a> {
    /// Who presents the code.
    pub presenter: Presenter<'a>,
    /// `redirect_uri`
    pub redirect_uri: Option<&'a RedirectUri>,
    /// `code_verifier`
    pub verifier: &'a CodeVerifier,
    /// What `authorization_details` asks for; empty for all that the resident agreed to.
    pub details: &'a [ConfigurationId],
}

/// An access token that is due once it is stored.
pub struct NewAccess {
    /// The token.
    pub token: BearerSecret,
    /// What is stored under its digest.
    pub access: AccessGrant,
}

/// A refresh token that is due once it is stored.
pub struct NewRefresh {
    /// The token.
    pub token: BearerSecret,
    /// What is stored under its digest.
    pub stored: RefreshToken,
}

/// What a redeemed code gives. All of it is stored together.
pub struct RedeemedCode {
    /// The code as it is now.
    pub code: AuthorizationCode,
    /// The name of the family that begins.
    pub family_id: FamilyId,
    /// The family.
    pub family: TokenFamily,
    /// The access token.
    pub access: NewAccess,
    /// The refresh token, if there are any.
    pub refresh: Option<NewRefresh>,
}

impl AuthorizationCode {
    /// Judges a token request at `now`.
    ///
    /// # Errors
    /// [`CodeRefusal`]; with [`CodeRefusal::Reused`] the family it names is to be ended.
    pub fn redeem(
        &self,
        request: &CodeRequest<'_>,
        material: &TokenMaterial<'_>,
    ) -> Result<RedeemedCode, CodeRefusal> {
        let TokenMaterial {
            terms,
            now,
            randomness,
            ..
        } = *material;
        // First, and whoever it is: two have the code, and one of them is not the wallet (RFC 6749 §4.1.2).
        if let CodeStage::Redeemed(family) = &self.stage {
            return Err(CodeRefusal::Reused(family.clone()));
        }
        if now >= self.expires_at {
            return Err(CodeRefusal::Expired);
        }
        let presenter = &request.presenter;
        let other_instance = self.instance.is_some() && presenter.instance != self.instance;
        if *presenter.client != self.client || other_instance {
            return Err(CodeRefusal::OtherClient);
        }
        if request.redirect_uri != Some(&self.redirect_uri) {
            return Err(CodeRefusal::OtherRedirectUri);
        }
        if !self.code_challenge.is_met_by(request.verifier) {
            return Err(CodeRefusal::WrongVerifier);
        }
        if self.dpop.is_some() && self.dpop != presenter.dpop {
            return Err(CodeRefusal::OtherKey);
        }
        let asked = match request.details {
            [] => self.asked.clone(),
            details => self
                .asked
                .narrowed(details, AskedBy::Details)
                .ok_or(CodeRefusal::OtherDetails)?,
        };
        let family_id = FamilyId::make(randomness)?;
        let lifetime = terms
            .refresh_lifetime
            .unwrap_or_default()
            .max(terms.access_lifetime);
        let family = TokenFamily {
            client: self.client.clone(),
            stage: FamilyStage::Live,
            expires_at: now.plus(lifetime),
            offer: self.offer.clone(),
        };
        let bound = Bound {
            record: &self.record,
            asked: &asked,
            presenter,
            family_id: &family_id,
            family: &family,
        };
        let all = Bound {
            asked: &self.asked,
            ..bound
        };
        let refresh = match terms.refresh_lifetime {
            Some(_) => Some(all.refresh(randomness)?),
            None => None,
        };
        Ok(RedeemedCode {
            access: bound.access(material)?,
            refresh,
            code: Self {
                stage: CodeStage::Redeemed(family_id.clone()),
                ..self.clone()
            },
            family,
            family_id,
        })
    }
}

/// Why a code gives no token. All are `invalid_grant`, unless the variant says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CodeRefusal {
    /// Nobody made it, or it is long forgotten.
    #[error("the authorization code is unknown")]
    Unknown,
    /// The offer that it came of was taken back.
    #[error("the offer was taken back")]
    OfferGone,
    /// Too late.
    #[error("the authorization code has expired")]
    Expired,
    /// It was used: what it gave is to be ended.
    #[error("the authorization code was already used")]
    Reused(FamilyId),
    /// It was made for another client.
    #[error("the authorization code is another client's")]
    OtherClient,
    /// It was sent elsewhere, or the request does not say where.
    #[error("redirect_uri is not that of the authorization request")]
    OtherRedirectUri,
    /// `invalid_authorization_details`: more than the resident agreed to.
    #[error("authorization_details exceeds what was granted")]
    OtherDetails,
    /// The verifier is not the one behind the challenge.
    #[error("code_verifier does not fit the authorization request")]
    WrongVerifier,
    /// `invalid_dpop_proof`: the proof is missing, or by another key than the one that the authorization request named.
    #[error("the code is bound to another DPoP key")]
    OtherKey,
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// Whether a refresh token is replaced by each use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It is: nothing else tells a thief of the token from a client that does not authenticate ([RFC 9700 §4.14.2]).
    ///
    /// [RFC 9700 §4.14.2]: https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
    EachTime,
    /// It is not: the client authenticates, and an answer that is lost on the way costs nothing.
    Never,
}

/// The parts of a token request with a refresh token that decide.
#[derive(Debug, Clone, Copy)]
pub struct RefreshRequest<'a> {
    /// Who presents the token.
    pub presenter: Presenter<'a>,
    /// What is asked for this time; all that was granted, or part of it.
    pub asked: &'a Asked,
    /// Whether the token is replaced.
    pub rotation: Rotation,
}

/// What a used refresh token gives. All of it is stored together.
pub struct Refreshed {
    /// The access token.
    pub access: NewAccess,
    /// With rotation: the token that was used as it is now, and its successor.
    pub rotated: Option<(RefreshToken, NewRefresh)>,
}

impl RefreshToken {
    /// Judges a token request at `now`, where `family` is this token's.
    ///
    /// # Errors
    /// [`RefreshRefusal`]; with [`RefreshRefusal::Reused`] the family is to be ended.
    pub fn redeem(
        &self,
        family: &TokenFamily,
        request: &RefreshRequest<'_>,
        material: &TokenMaterial<'_>,
    ) -> Result<Refreshed, RefreshRefusal> {
        let now = material.now;
        let presenter = &request.presenter;
        let other_instance = self.instance.is_some() && presenter.instance != self.instance;
        if *presenter.client != self.client || other_instance {
            return Err(RefreshRefusal::OtherClient);
        }
        if self.stage == RefreshStage::Rotated {
            return Err(RefreshRefusal::Reused);
        }
        if now >= self.expires_at || !family.is_live(now) {
            return Err(RefreshRefusal::Ended);
        }
        if self.dpop.is_some() && self.dpop != presenter.dpop {
            return Err(RefreshRefusal::OtherKey);
        }
        let bound = Bound {
            record: &self.record,
            asked: request.asked,
            presenter,
            family_id: &self.family,
            family,
        };
        let rotated = match request.rotation {
            Rotation::Never => None,
            Rotation::EachTime => {
                let used = Self {
                    stage: RefreshStage::Rotated,
                    ..self.clone()
                };
                // The successor is for all that the resident agreed to, also where this request asks for less.
                let all = Bound {
                    asked: &self.asked,
                    ..bound
                };
                Some((used, all.refresh(material.randomness)?))
            }
        };
        Ok(Refreshed {
            access: bound.access(material)?,
            rotated,
        })
    }
}

/// Why a refresh token gives no access token. All are `invalid_grant`, unless the variant says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RefreshRefusal {
    /// Nobody made it, or it is long forgotten.
    #[error("the refresh token is unknown")]
    Unknown,
    /// Too late, or its family was ended.
    #[error("the refresh token is no longer good")]
    Ended,
    /// It was replaced, and somebody still has it: its family is to be ended.
    #[error("the refresh token was already used")]
    Reused,
    /// It was given to another client.
    #[error("the refresh token is another client's")]
    OtherClient,
    /// `invalid_dpop_proof`: the proof is missing or by another key.
    #[error("the refresh token is bound to another DPoP key")]
    OtherKey,
    /// `invalid_scope`: more than the resident agreed to ([RFC 6749 §6]).
    ///
    /// [RFC 6749 §6]: https://www.rfc-editor.org/rfc/rfc6749#section-6
    #[error("the scope exceeds what was granted")]
    WiderScope,
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// What every token of a family is bound to.
#[derive(Clone, Copy)]
struct Bound<'a> {
    record: &'a Uin,
    asked: &'a Asked,
    presenter: &'a Presenter<'a>,
    family_id: &'a FamilyId,
    family: &'a TokenFamily,
}

impl Bound<'_> {
    fn access(&self, material: &TokenMaterial<'_>) -> Result<NewAccess, RandomnessUnavailable> {
        let terms = &material.terms;
        let wants_identifiers = self.asked.named_by(AskedBy::Details).next().is_some();
        let configurations = self.asked.configurations();
        Ok(NewAccess {
            token: BearerSecret::make(material.randomness)?,
            access: AccessGrant {
                record: self.record.clone(),
                remaining: configurations
                    .clone()
                    .map(|id| (id.clone(), terms.credentials_each))
                    .collect(),
                expires_at: material
                    .now
                    .plus(terms.lifetime_of(self.presenter.dpop))
                    .min(self.family.expires_at),
                client: Some(self.presenter.client.clone()),
                dpop: self.presenter.dpop,
                // With one identifier in the response every request must have one (§8.2), so all get theirs.
                identifiers: configurations
                    .filter(|_| wants_identifiers)
                    .filter_map(|id| {
                        let name = dataset(material.secret, self.family_id.as_str(), id.as_str())?;
                        Some((id.clone(), name))
                    })
                    .collect(),
                family: Some(self.family_id.clone()),
                offer: self.family.offer.clone(),
            },
        })
    }

    fn refresh(&self, randomness: &dyn Randomness) -> Result<NewRefresh, RandomnessUnavailable> {
        Ok(NewRefresh {
            token: BearerSecret::make(randomness)?,
            stored: RefreshToken {
                client: self.presenter.client.clone(),
                dpop: self.presenter.dpop,
                instance: self.presenter.instance,
                family: self.family_id.clone(),
                record: self.record.clone(),
                asked: self.asked.clone(),
                expires_at: self.family.expires_at,
                stage: RefreshStage::Current,
            },
        })
    }
}

/// The name of a resident's dataset of one configuration: the same throughout one authorization, another in every other one, so that
/// two wallets cannot tell by it that they serve one resident.
pub(crate) fn dataset(
    secret: &InstallationSecret,
    authorization: &str,
    configuration: &str,
) -> Option<CredentialIdentifier> {
    let parts = [authorization.as_bytes(), configuration.as_bytes()];
    let tag = secret.derive_tag(Purpose::CredentialDataset, &parts);
    CredentialIdentifier::parse(hexadecimal(tag.get(..16).unwrap_or_default()))
}
