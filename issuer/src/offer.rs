//! The book of offers: what an operator sees of each, and how one is taken back.
//!
//! An entry says what was offered to whom. It changes once at most, when an operator cancels the offer, and every step on the offer
//! requires in its own commit that the entry is as it was read. So a cancellation ends codes, authorizations under way and tokens at
//! once, wherever they are. What wallets did is noted beside the entry, each thing in the commit of the step itself, so that steps do
//! not wait for one another.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use crate::authorization::{AUTHORIZATION_CODE_LIFETIME, RefreshTokens};
use crate::grant::TxCodePolicy;
use crate::identifiers::{ConfigurationId, CredentialId, OfferAddress};
use crate::profile::IssuerProfile;
use crate::record::Uin;
use crate::secret::SecretDigest;

/// What is kept of an offer, under its identifier. It holds digests of its secrets and nothing that redeems them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferEntry {
    /// Whose record.
    pub record: Uin,
    /// Which credentials; not empty.
    pub configurations: Vec<ConfigurationId>,
    /// How the wallet gets it.
    pub delivery: OfferDelivery,
    /// On which device it is opened, as far as the operator said.
    pub device: OfferDevice,
    /// Whether the resident must also know a code.
    pub tx_code: TxCodePolicy,
    /// The digest of its pre-authorized code, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<SecretDigest>,
    /// The digest of its `issuer_state`, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_offer: Option<SecretDigest>,
    /// Where it is fetched, if by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<OfferAddress>,
    /// When it was made.
    pub made_at: UnixTime,
    /// It cannot be taken up from here on.
    pub expires_at: UnixTime,
    /// It leaves the book from here on. Nothing that came of it can be used any longer then.
    pub forgotten_at: UnixTime,
    /// Set when it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Cancellation>,
}

/// The end of an offer before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// When.
    pub at: UnixTime,
    /// By what.
    pub cause: CancellationCause,
}

/// What ended an offer before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancellationCause {
    /// An operator took it back.
    Operator,
    /// The issuer was restored from a backup, which holds no codes and no tokens.
    Restore,
}

/// How the wallet gets an offer ([OpenID4VCI §4.1]).
///
/// [OpenID4VCI §4.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfferDelivery {
    /// The link holds the offer.
    ByValue,
    /// The link says where to fetch it, which makes a smaller QR code.
    ByReference,
}

/// On which device an offer is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfferDevice {
    /// The device that shows it: it is a link to be followed.
    #[default]
    SameDevice,
    /// Another one: it is a QR code to be scanned.
    OtherDevice,
}

/// The ways from an offer to its credentials ([OpenID4VCI §4.1.1]).
///
/// [OpenID4VCI §4.1.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.1
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfferGrants {
    /// The offer itself is the right to them.
    #[default]
    PreAuthorizedCode,
    /// The resident of the record signs in.
    AuthorizationCode,
    /// Either, and once.
    Both,
}

/// What a step on an offer leaves in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferNote {
    /// A wallet fetched the offer, for the first time.
    Fetched,
    /// An authorization began with its `issuer_state`.
    AuthorizationBegun,
    /// It was taken up, by the code or by a resident's agreement; it never is again.
    TakenUp,
    /// The transaction code was guessed wrongly too often.
    TransactionCodeExhausted,
    /// There is a new transaction code, so the old one's failures are over.
    TransactionCodeRenewed,
}

/// What became of an offer so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferHistory {
    /// When a wallet first fetched it.
    pub fetched_at: Option<UnixTime>,
    /// When an authorization last began with it.
    pub begun_at: Option<UnixTime>,
    /// When it was taken up.
    pub taken_up_at: Option<UnixTime>,
    /// When its transaction code died, unless there was a new one since.
    pub refused_at: Option<UnixTime>,
    /// The credentials that came of it, and by which configurations.
    pub issued: Vec<(CredentialId, ConfigurationId)>,
}

/// How far an offer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfferState {
    /// Nobody has done anything with it, as far as the issuer can see.
    Made,
    /// A wallet fetched it by reference.
    Fetched,
    /// An authorization began with it, or its code gave a token.
    Started,
    /// Credentials were issued.
    Issued,
    /// Its transaction code was guessed wrongly too often.
    Refused,
    /// It was not taken up in time.
    Expired,
    /// It was taken back.
    Cancelled,
}

impl OfferEntry {
    /// How far it has come at `now`.
    #[must_use]
    pub fn state(&self, history: &OfferHistory, now: UnixTime) -> OfferState {
        if self.cancelled.is_some() {
            OfferState::Cancelled
        } else if !history.issued.is_empty() {
            OfferState::Issued
        } else if history.taken_up_at.is_some() {
            // What was taken up in time does not expire with the offer: a request may wait for its approval.
            OfferState::Started
        } else if history.refused_at.is_some() {
            OfferState::Refused
        } else if now >= self.expires_at {
            OfferState::Expired
        } else if history.begun_at.is_some() {
            OfferState::Started
        } else if history.fetched_at.is_some() {
            OfferState::Fetched
        } else {
            OfferState::Made
        }
    }

    /// The entry once the offer is taken back; `None` when it was before.
    #[must_use]
    pub fn cancelled(&self, cause: CancellationCause, at: UnixTime) -> Option<Self> {
        self.cancelled.is_none().then(|| Self {
            cancelled: Some(Cancellation { at, cause }),
            ..self.clone()
        })
    }

    /// The entry after a restore from a backup: whoever could still have taken the offer up, or had a token, has lost it.
    #[must_use]
    pub fn restored(&self, history: &OfferHistory, at: UnixTime) -> Option<Self> {
        match self.state(history, at) {
            OfferState::Made | OfferState::Fetched | OfferState::Started | OfferState::Refused => {
                self.cancelled(CancellationCause::Restore, at)
            }
            OfferState::Issued | OfferState::Expired | OfferState::Cancelled => None,
        }
    }

    /// The ways to its credentials.
    #[must_use]
    pub const fn grants(&self) -> OfferGrants {
        match (&self.grant, &self.code_offer) {
            (Some(_), Some(_)) => OfferGrants::Both,
            (None, Some(_)) => OfferGrants::AuthorizationCode,
            (_, None) => OfferGrants::PreAuthorizedCode,
        }
    }
}

impl OfferHistory {
    /// Of how many of the configurations that `entry` names a credential was issued.
    #[must_use]
    pub fn issued_of(&self, entry: &OfferEntry) -> usize {
        let issued: BTreeSet<&ConfigurationId> = self.issued.iter().map(|(_, id)| id).collect();
        let named = entry.configurations.iter();
        named.filter(|id| issued.contains(id)).count()
    }
}

impl IssuerProfile {
    /// How long an offer stays in the book after it has expired: as long as the policy says, and never less than anything that came of
    /// it can be used. A token outlives its offer, and a cancellation must not be forgotten before the token.
    #[must_use]
    pub fn offer_memory(&self) -> Duration {
        let (policy, authorization) = (self.policy(), self.authorization());
        let refresh = match authorization.refresh_tokens {
            RefreshTokens::For(lifetime) => lifetime,
            RefreshTokens::Never => Duration::ZERO,
        };
        let deferred = Duration::from_secs(policy.deferred_lifetime_seconds);
        let rights = AUTHORIZATION_CODE_LIFETIME
            .saturating_add(authorization.access_token_lifetime)
            .saturating_add(refresh.max(deferred));
        rights.max(Duration::from_secs(policy.offer_retention_seconds))
    }
}

#[cfg(test)]
mod tests;
