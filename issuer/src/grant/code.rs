//! The pre-authorized code: made with the offer, used once ([OpenID4VCI §4.1.1, §6.1]).
//!
//! [OpenID4VCI §4.1.1, §6.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.1

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Randomness, RandomnessUnavailable, Thumbprint, UnixTime};
use symbolon_protocol::oauth::client::ClientIdentifier;
use thiserror::Error;

use super::access::AccessGrant;
use super::tx_code::{Try, TxCode, TxCodeGuard};
use crate::authorization::{TokenMaterial, dataset};
use crate::identifiers::{ConfigurationId, OfferId, hexadecimal};
use crate::record::Uin;
use crate::secret::{BearerSecret, InstallationSecret, SecretDigest};

/// What an operator wants to offer.
pub struct OfferPlan {
    /// Whose record.
    pub record: Uin,
    /// Which credentials; not empty.
    pub configurations: Vec<ConfigurationId>,
    /// Whether the resident must also know a code.
    pub tx_code: TxCodePolicy,
    /// How long the code may be redeemed.
    pub lifetime: Duration,
    /// How many credentials of each configuration the grant yields.
    pub credentials_each: u32,
}

/// Whether an offer is protected by a transaction code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TxCodePolicy {
    /// The offer alone suffices: it is shown face to face.
    NotRequired,
    /// The resident gets digits by another channel.
    Required,
}

/// A new offer: its secrets, and the grant to be stored before they leave.
pub struct PlannedOffer {
    /// What the book calls it.
    pub id: OfferId,
    /// Goes into the offer.
    pub code: BearerSecret,
    /// Goes to the resident by another channel.
    pub tx_code: Option<TxCode>,
    /// Goes into the store, under the code's digest.
    pub grant: Grant,
}

impl OfferPlan {
    /// Makes the secrets of the offer.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(
        self,
        secret: &InstallationSecret,
        now: UnixTime,
        randomness: &dyn Randomness,
    ) -> Result<PlannedOffer, RandomnessUnavailable> {
        let id = OfferId::make(randomness)?;
        let code = BearerSecret::make(randomness)?;
        let tx_code = match self.tx_code {
            TxCodePolicy::NotRequired => None,
            TxCodePolicy::Required => Some(TxCode::make(randomness)?),
        };
        let grant = Grant {
            record: self.record,
            configurations: self.configurations,
            credentials_each: self.credentials_each,
            expires_at: now.plus(self.lifetime),
            tx_code: tx_code
                .as_ref()
                .map(|tx_code| TxCodeGuard::new(secret, &code.digest(), tx_code)),
            stage: GrantStage::Offered,
            code_offer: None,
            offer: Some(id.clone()),
        };
        Ok(PlannedOffer {
            id,
            code,
            tx_code,
            grant,
        })
    }
}

/// What is stored under the digest of a pre-authorized code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Whose record.
    pub record: Uin,
    /// Which credentials.
    pub configurations: Vec<ConfigurationId>,
    /// How many of each.
    pub credentials_each: u32,
    /// The code is refused from here on.
    pub expires_at: UnixTime,
    /// Present when a transaction code is required.
    pub tx_code: Option<TxCodeGuard>,
    /// How far it has come.
    pub stage: GrantStage,
    /// The digest of the `issuer_state` by which the same offer may be taken up instead. An offer is taken up once, by either way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_offer: Option<SecretDigest>,
    /// The offer's entry in the book, which must stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
}

/// How far a grant has come. Only [`GrantStage::Offered`] can be redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantStage {
    /// Not redeemed yet.
    Offered,
    /// Redeemed once, and never again.
    Redeemed,
    /// The transaction code was guessed wrongly too often.
    Dead,
}

/// The parts of a token request that decide.
pub struct TokenRequestParts<'a> {
    /// The digest of the code that was presented.
    pub code_digest: SecretDigest,
    /// The transaction code, if one was presented.
    pub tx_code: Option<&'a str>,
    /// The client, where it is known.
    pub client: Option<&'a ClientIdentifier>,
    /// The key of its DPoP proof, if it sent one.
    pub dpop: Option<Thumbprint>,
    /// What `authorization_details` asks for, if the request has them ([OpenID4VCI §6.1.1]).
    ///
    /// [OpenID4VCI §6.1.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.1.1
    pub details: Option<&'a [ConfigurationId]>,
}

/// The outcome of a token request. Whatever `grant` it carries must replace the stored one, if that is still the one that was judged.
pub enum Redemption {
    /// A token is due once the new grant and the access grant are stored together.
    Granted {
        /// The redeemed grant.
        grant: Grant,
        /// The token, to be handed out after the commit.
        token: BearerSecret,
        /// What to store under the token's digest.
        access: AccessGrant,
    },
    /// No token.
    Refused {
        /// Why.
        refusal: TokenRefusal,
        /// The grant with one more failure counted, if that changed it.
        grant: Option<Grant>,
    },
}

impl Grant {
    /// Judges a token request. How many credentials the token yields is the offer's to say, not the terms'.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn redeem(
        &self,
        request: &TokenRequestParts<'_>,
        material: &TokenMaterial<'_>,
    ) -> Result<Redemption, RandomnessUnavailable> {
        let (secret, now) = (material.secret, material.now);
        let refused = |refusal| Ok(Redemption::Refused { refusal, grant: None });
        match self.stage {
            GrantStage::Offered => {}
            GrantStage::Redeemed => return refused(TokenRefusal::AlreadyRedeemed),
            GrantStage::Dead => return refused(TokenRefusal::TooManyTries),
        }
        if now >= self.expires_at {
            return refused(TokenRefusal::Expired);
        }
        let asked = request.details.unwrap_or(&self.configurations);
        if asked.is_empty() || asked.iter().any(|id| !self.configurations.contains(id)) {
            return refused(TokenRefusal::OtherDetails);
        }
        match (&self.tx_code, request.tx_code) {
            (None, None) => {}
            (None, Some(_)) => return refused(TokenRefusal::TxCodeUnexpected),
            (Some(_), None) => return refused(TokenRefusal::TxCodeMissing),
            (Some(guard), Some(presented)) => match guard.judge(secret, &request.code_digest, presented, now)
            {
                Try::Right => {}
                Try::TooEarly { wait } => return refused(TokenRefusal::TooEarly { wait }),
                Try::Wrong(guard) => {
                    let grant = Self {
                        tx_code: Some(guard),
                        ..self.clone()
                    };
                    return Ok(Redemption::Refused {
                        refusal: TokenRefusal::WrongTxCode,
                        grant: Some(grant),
                    });
                }
                Try::Exhausted => {
                    let grant = Self {
                        stage: GrantStage::Dead,
                        ..self.clone()
                    };
                    return Ok(Redemption::Refused {
                        refusal: TokenRefusal::TooManyTries,
                        grant: Some(grant),
                    });
                }
            },
        }
        let token = BearerSecret::make(material.randomness)?;
        // The digest is of this authorization alone, and nothing that leaves leads back to it.
        let authorization = hexadecimal(token.digest().as_bytes());
        let access = AccessGrant {
            record: self.record.clone(),
            remaining: asked
                .iter()
                .map(|id| (id.clone(), self.credentials_each))
                .collect(),
            expires_at: now.plus(material.terms.lifetime_of(request.dpop)),
            client: request.client.cloned(),
            dpop: request.dpop,
            identifiers: request
                .details
                .unwrap_or_default()
                .iter()
                .filter_map(|id| Some((id.clone(), dataset(secret, &authorization, id.as_str())?)))
                .collect(),
            family: None,
            offer: self.offer.clone(),
        };
        Ok(Redemption::Granted {
            grant: Self {
                stage: GrantStage::Redeemed,
                ..self.clone()
            },
            token,
            access,
        })
    }
}

impl Grant {
    /// The grant with a new transaction code in the place of the old one, whose failures are forgotten, also where they were too many.
    /// `code_digest` is that of the pre-authorized code.
    ///
    /// # Errors
    /// [`RenewalRefused`].
    pub fn with_new_tx_code(
        &self,
        secret: &InstallationSecret,
        code_digest: &SecretDigest,
        now: UnixTime,
        randomness: &dyn Randomness,
    ) -> Result<(Self, TxCode), RenewalRefused> {
        if self.tx_code.is_none() {
            return Err(RenewalRefused::NotRequired);
        }
        if self.stage == GrantStage::Redeemed {
            return Err(RenewalRefused::Redeemed);
        }
        if now >= self.expires_at {
            return Err(RenewalRefused::Expired);
        }
        let tx_code = TxCode::make(randomness)?;
        let grant = Self {
            tx_code: Some(TxCodeGuard::new(secret, code_digest, &tx_code)),
            stage: GrantStage::Offered,
            ..self.clone()
        };
        Ok((grant, tx_code))
    }
}

/// Why an offer gets no new transaction code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RenewalRefused {
    /// It never had one.
    #[error("the offer has no transaction code")]
    NotRequired,
    /// It was taken up.
    #[error("the offer was taken up already")]
    Redeemed,
    /// Too late.
    #[error("the offer has expired")]
    Expired,
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// Why a token request was refused ([OpenID4VCI §6.3]).
///
/// [OpenID4VCI §6.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.3
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// `invalid_grant`.
    #[error("the pre-authorized code is unknown")]
    UnknownCode,
    /// `invalid_grant`.
    #[error("the offer was taken back")]
    OfferGone,
    /// `invalid_grant`.
    #[error("the pre-authorized code has expired")]
    Expired,
    /// `invalid_grant`.
    #[error("the pre-authorized code was already used")]
    AlreadyRedeemed,
    /// `invalid_grant`; the operator makes a new offer.
    #[error("the transaction code was wrong too often")]
    TooManyTries,
    /// `invalid_grant`.
    #[error("the transaction code is wrong")]
    WrongTxCode,
    /// `invalid_grant`, with `Retry-After`.
    #[error("the transaction code was wrong a moment ago; wait before the next try")]
    TooEarly {
        /// How long.
        wait: Duration,
    },
    /// `invalid_request`.
    #[error("a transaction code is required")]
    TxCodeMissing,
    /// `invalid_request`.
    #[error("no transaction code is expected")]
    TxCodeUnexpected,
    /// `invalid_authorization_details` ([RFC 9396 §5]).
    ///
    /// [RFC 9396 §5]: https://www.rfc-editor.org/rfc/rfc9396#section-5
    #[error("the authorization details name a credential that was not offered")]
    OtherDetails,
}
