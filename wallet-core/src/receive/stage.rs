//! Where a receipt stands, as it is stored.

mod authorization;
mod deletion;
mod untold;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier};
use symbolon_protocol::openid4vci::encryption::{RequestEncryptionMetadata, ResponseEncryptionMetadata};
use symbolon_protocol::openid4vci::identifiers::{
    ConfigurationId, CredentialIdentifier, NotificationId, TransactionId,
};
use symbolon_protocol::openid4vci::offer::TxCodePrompt;
use symbolon_protocol::openid4vci::token::TokenResponse;
use symbolon_protocol::secret::{AccessToken, PreAuthorizedCode, RefreshToken, TransactionCode};

use super::formats::{PlannedFormat, PlannedProof, ProofKeyName};
use super::outcome::{NewOfferReason, ReceiptProblem};
use crate::error::{DeviceFault, WalletError};
use crate::identifiers::CredentialId;
use crate::record::CredentialDisplay;
use crate::secret;

pub use authorization::{
    Authorizing, PlannedClient, PlannedServer, PlannedTokens, PreparedSignIn, RedeemingCode, RequestedAccess,
};
pub use deletion::Deletion;
pub use untold::Untold;

/// The stages of a receipt.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiveStage {
    /// The link was read and its issuer is trusted. Nothing was fetched.
    AwaitingConsent {
        /// The offer, or where it is.
        source: OfferSource,
        /// Who it comes from; several only when a link by reference could be any of them.
        issuers: Vec<IssuerIdentifier>,
    },
    /// The person agreed. Offer and metadata are fetched now.
    Consented {
        /// The offer, or where it is.
        source: OfferSource,
        /// Who it may come from.
        issuers: Vec<IssuerIdentifier>,
        /// The transaction code, when the person gave it together with the consent.
        #[serde(serialize_with = "secret::write_option")]
        transaction_code: Option<TransactionCode>,
    },
    /// Everything is known but the transaction code.
    AwaitingTransactionCode {
        /// What will be requested where.
        plan: Box<Plan>,
        /// The code of the offer.
        grant: Grant,
        /// How many transaction codes the issuer has refused.
        refused: u32,
    },
    /// The code of the offer is about to be spent, or was.
    RequestingToken(Box<RequestingToken>),
    /// The person signs in at the issuer, in the browser.
    Authorizing(Box<Authorizing>),
    /// The code of the sign-in is about to be spent, or was.
    RedeemingCode(Box<RedeemingCode>),
    /// The issuer grants access; credentials are requested one after the other.
    Issuing(Box<Issuing>),
    /// Every credential is held, and the access to them can be renewed.
    Renewable(Box<Issuing>),
    /// Access is about to be renewed, or was; then credentials are requested again.
    Renewing(Box<Renewing>),
    /// It is over.
    Finished(FinishedReceipt),
}

/// The offer, or where it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferSource {
    /// The JSON of the offer. It holds the pre-authorized code, so it has no `Debug`.
    ByValue(String),
    /// Where to fetch it.
    ByReference(HttpUrl),
    /// There is none: the person chose.
    Chosen {
        /// From whom.
        issuer: IssuerIdentifier,
        /// What.
        wanted: Wanted,
    },
}

/// What a person wants without an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Credentials of these configurations.
    Configurations(Vec<ConfigurationId>),
    /// Credentials of every configuration that this scope stands for.
    Scope(String),
}

/// Whether a request may have reached the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendState {
    /// Certainly not.
    Never,
    /// It may have: the answer is missing.
    Perhaps,
}

/// What will be requested where, from metadata that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The issuer.
    pub issuer: IssuerIdentifier,
    /// What to call it: the name in the wallet's own policy, else the issuer's name for itself.
    pub issuer_name: Option<String>,
    /// Where the code becomes a token.
    pub token_endpoint: HttpUrl,
    /// Where nonces come from, when proofs need them.
    pub nonce_endpoint: Option<HttpUrl>,
    /// Where credentials are requested.
    pub credential_endpoint: HttpUrl,
    /// What to request.
    pub credentials: Vec<PlannedCredential>,
    /// What is offered and this wallet cannot hold.
    pub not_supported: Vec<ConfigurationId>,
    /// Where deferred credentials are fetched, where the issuer defers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred_credential_endpoint: Option<HttpUrl>,
    /// Where the issuer wants to hear what became of a credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_endpoint: Option<HttpUrl>,
    /// How requests are encrypted, where the issuer offers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_encryption: Option<RequestEncryptionMetadata>,
    /// How responses are encrypted, where the issuer offers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_encryption: Option<ResponseEncryptionMetadata>,
    /// The authorization server; the plans of earlier versions spoke to it anonymously.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<PlannedServer>,
}

/// One credential to request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCredential {
    /// The configuration.
    pub configuration: ConfigurationId,
    /// The type that must come back: `vct`, a document type, or the most specific type of a W3C credential.
    pub credential_type: String,
    /// Its format. What the first version of the record planned were SD-JWT VCs.
    #[serde(default)]
    pub format: PlannedFormat,
    /// How the proof names the key; in the first version of the record always as it is.
    #[serde(default)]
    pub proof_key: ProofKeyName,
    /// By what kind of proof.
    #[serde(default, skip_serializing_if = "PlannedProof::is_default")]
    pub proof: PlannedProof,
    /// How many copies to request, each for a key of its own.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub copies: usize,
    /// How to show it.
    pub display: CredentialDisplay,
}

const fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_one(copies: &usize) -> bool {
    *copies == 1
}

/// A credential that the issuer is not ready to hand out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferral {
    /// The issuer's name for it.
    pub transaction: TransactionId,
    /// Not to ask again before.
    pub not_before: UnixTime,
}

/// The right to a token.
#[derive(Serialize, Deserialize)]
pub struct Grant {
    /// The pre-authorized code.
    #[serde(serialize_with = "secret::write")]
    pub code: PreAuthorizedCode,
    /// How to ask for the transaction code, when there is one.
    pub prompt: Option<TxCodePrompt>,
}

/// The code of the offer is about to be spent, or was.
#[derive(Serialize, Deserialize)]
pub struct RequestingToken {
    /// What will be requested where.
    pub plan: Plan,
    /// The code of the offer.
    pub grant: Grant,
    /// The transaction code.
    #[serde(serialize_with = "secret::write_option")]
    pub transaction_code: Option<TransactionCode>,
    /// How many transaction codes the issuer has refused.
    pub refused: u32,
    /// Whether the issuer may have seen the request.
    pub sent: SendState,
    /// The key that the token is to be bound to, once it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_key: Option<KeyHandle>,
}

/// Access was granted.
#[derive(Serialize, Deserialize)]
pub struct Issuing {
    /// What is requested where; of its credentials, those before `next` are done.
    pub plan: Plan,
    /// The access token.
    #[serde(serialize_with = "secret::write")]
    pub access_token: AccessToken,
    /// The dataset to name for a configuration, where the token response named one.
    pub datasets: Vec<(ConfigurationId, CredentialIdentifier)>,
    /// The position in `plan.credentials` of the credential to request next.
    pub next: usize,
    /// The key that the next credential will be bound to, once it exists. It stays the same however often the request is
    /// repeated, so that no lost answer leaves a key behind.
    pub key: Option<KeyHandle>,
    /// The keys of further copies of the next credential.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copy_keys: Vec<KeyHandle>,
    /// The issuer will hand out the next credential later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Deferral>,
    /// What was stored last and the issuer has not been told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_accept: Option<NotificationId>,
    /// What was received and stored.
    pub stored: Vec<CredentialId>,
    /// The issuer's names for what was stored, where it wants to hear what becomes of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<(CredentialId, NotificationId)>,
    /// What was deleted and the issuer has not been told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_delete: Vec<Deletion>,
    /// That the issuer could not be told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<Untold>,
    /// The key that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_key: Option<KeyHandle>,
    /// What renews the token.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "secret::write_option"
    )]
    pub refresh_token: Option<RefreshToken>,
    /// The value of `next` when the token was renewed last. A token that is refused right after it was renewed is not renewed
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_at: Option<usize>,
    /// The credentials that those of the plan take the place of, at the same positions; empty for a first receipt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<CredentialId>,
}

impl Issuing {
    /// Access that was just granted.
    pub(super) const fn begin(
        plan: Plan,
        access_token: AccessToken,
        datasets: Vec<(ConfigurationId, CredentialIdentifier)>,
    ) -> Self {
        Self {
            plan,
            access_token,
            datasets,
            next: 0,
            key: None,
            copy_keys: Vec::new(),
            deferred: None,
            to_accept: None,
            stored: Vec::new(),
            notifications: Vec::new(),
            to_delete: Vec::new(),
            untold: None,
            token_key: None,
            refresh_token: None,
            renewed_at: None,
            replaced: Vec::new(),
        }
    }

    /// Takes the credential that is next out of the plan, because the one that it was to replace was deleted meanwhile. The issuer is to
    /// hear of that deletion.
    pub(super) fn give_up_next(&mut self) {
        if let Some(position) = self.dataset_position() {
            self.datasets.remove(position);
        }
        if self.next < self.plan.credentials.len() {
            self.plan.credentials.remove(self.next);
        }
        if self.next < self.replaced.len() {
            let old = self.replaced.remove(self.next);
            let notification = self.take_notification(old);
            self.to_delete.extend(notification.map(Deletion::from));
        }
        self.key = None;
        self.copy_keys = Vec::new();
        self.deferred = None;
    }

    /// Goes on with a token that the refresh token gave. A server may give another refresh token with it, and the old one is then spent.
    pub(super) fn take_token(&mut self, token: TokenResponse) {
        if let Some(refresh_token) = token.refresh_token {
            self.refresh_token = Some(refresh_token);
        }
        self.access_token = token.access_token;
    }

    /// The same with a copy of the token, which others may have to be given too.
    pub(super) fn copy_token(&mut self, token: &TokenResponse) -> Result<(), WalletError> {
        const DEFECT: WalletError = WalletError::DeviceFailed(DeviceFault::Internal);
        if let Some(refresh_token) = &token.refresh_token {
            self.refresh_token = Some(RefreshToken::parse(refresh_token.expose()).ok_or(DEFECT)?);
        }
        self.access_token = AccessToken::parse(token.access_token.expose()).ok_or(DEFECT)?;
        Ok(())
    }

    /// Whether this refresh token is the one that renews the access.
    pub(super) fn has_refresh_token(&self, token: &RefreshToken) -> bool {
        let own = self.refresh_token.as_ref();
        own.is_some_and(|own| own.expose() == token.expose())
    }

    /// The issuer's name for a credential that is no longer held.
    pub(super) fn take_notification(&mut self, of: CredentialId) -> Option<NotificationId> {
        let position = self.notifications.iter().position(|(id, _)| *id == of)?;
        Some(self.notifications.swap_remove(position).1)
    }

    /// Whether what was stored is still held, or the issuer is still to be told that it is not.
    pub(crate) fn is_needed(&self, is_held: impl Fn(&CredentialId) -> bool) -> bool {
        !self.to_delete.is_empty() || self.stored.iter().any(is_held)
    }

    /// The keys that were made for the credential that is next.
    pub(super) fn keys(&self) -> impl Iterator<Item = &KeyHandle> {
        self.key.iter().chain(&self.copy_keys)
    }

    /// The dataset to name for the credential that is next, where the token response named one.
    pub(super) fn dataset(&self) -> Option<&CredentialIdentifier> {
        let (_, dataset) = self.datasets.get(self.dataset_position()?)?;
        Some(dataset)
    }

    fn dataset_position(&self) -> Option<usize> {
        let planned = self.plan.credentials.get(self.next)?;
        // Several datasets of one configuration are requested in their order.
        let of_same = |other: &&PlannedCredential| other.configuration == planned.configuration;
        let earlier = self
            .plan
            .credentials
            .iter()
            .take(self.next)
            .filter(of_same)
            .count();
        self.datasets
            .iter()
            .enumerate()
            .filter(|(_, (configuration, _))| *configuration == planned.configuration)
            .nth(earlier)
            .map(|(position, _)| position)
    }
}

/// Access is about to be renewed, or was.
#[derive(Serialize, Deserialize)]
pub struct Renewing {
    /// What goes on with the new token. Its refresh token is the one that is spent.
    pub issuing: Issuing,
    /// Whether the server may have seen the request.
    pub sent: SendState,
}

impl ReceiveStage {
    /// The key that the token is bound to, or is to be bound to.
    #[must_use]
    pub const fn token_key(&self) -> Option<&KeyHandle> {
        match self {
            Self::RequestingToken(requesting) => requesting.token_key.as_ref(),
            Self::Authorizing(authorizing) => authorizing.token_key.as_ref(),
            Self::RedeemingCode(redeeming) => redeeming.token_key.as_ref(),
            Self::Issuing(issuing) | Self::Renewable(issuing) => issuing.token_key.as_ref(),
            Self::Renewing(renewing) => renewing.issuing.token_key.as_ref(),
            Self::AwaitingConsent { .. }
            | Self::Consented { .. }
            | Self::AwaitingTransactionCode { .. }
            | Self::Finished(_) => None,
        }
    }

    /// What was granted, once it was.
    pub(super) fn issuing_mut(&mut self) -> Option<&mut Issuing> {
        match self {
            Self::Issuing(issuing) | Self::Renewable(issuing) => Some(issuing),
            Self::Renewing(renewing) => Some(&mut renewing.issuing),
            _ => None,
        }
    }

    /// The keys that the next credential and its copies will be bound to.
    pub fn credential_keys(&self) -> impl Iterator<Item = &KeyHandle> {
        let issuing = match self {
            Self::Issuing(issuing) => Some(&**issuing),
            Self::Renewing(renewing) => Some(&renewing.issuing),
            _ => None,
        };
        issuing.into_iter().flat_map(Issuing::keys)
    }
}

/// How a receipt ended. Kept for a while, so that resuming a finished receipt tells the same again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishedReceipt {
    /// The credentials are held.
    Stored {
        /// Them.
        credentials: Vec<CredentialId>,
        /// What was offered and this wallet cannot hold.
        not_supported: Vec<ConfigurationId>,
    },
    /// The person declined.
    Declined,
    /// Only a new offer helps.
    NewOfferNeeded(NewOfferReason),
    /// What came from the issuer was refused, or the issuer refused.
    Refused {
        /// Why.
        problem: ReceiptProblem,
        /// Credentials of the same offer that were stored before.
        stored: Vec<CredentialId>,
    },
}
