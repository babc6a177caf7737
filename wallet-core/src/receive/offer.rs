//! From the link to the issuer that is shown. Nothing is fetched here.

use symbolon_crypto::UnixTime;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::offer::{CredentialOffer, OfferError, OfferLink};

use super::outcome::{OfferShown, ShownIssuer, TransactionCodePrompt};
use super::stage::{OfferSource, ReceiveStage, Wanted};
use crate::error::WalletError;
use crate::identifiers::FlowId;
use crate::record::Stage;
use crate::wallet::Wallet;

impl Wallet {
    /// Reads the link of a credential offer, from a QR code or a deep link alike, and tells whose it is. Nothing is
    /// fetched: show the issuer, then call [`Wallet::accept_offer`] or [`Wallet::decline_offer`].
    ///
    /// # Errors
    /// [`WalletError::UnknownIssuer`] when the policy does not name the issuer, or for a link by reference no issuer at that
    /// address. [`WalletError::UnreadableLink`] when the link is something else, [`WalletError::UnacceptableOffer`] when the
    /// offer in it breaks a rule.
    pub async fn receive_offer(&self, link: &str, now: UnixTime) -> Result<OfferShown, WalletError> {
        let link = OfferLink::parse(link.trim(), self.policy.urls).map_err(|error| match error {
            OfferError::NotAnOfferLink => WalletError::UnreadableLink,
            other => WalletError::UnacceptableOffer(other),
        })?;
        let (source, issuers, transaction_code) = match link {
            OfferLink::ByValue(offer) => {
                let issuer = self
                    .policy
                    .issuers
                    .issuer(&offer.credential_issuer)
                    .ok_or(WalletError::UnknownIssuer)?;
                let prompt = prompt_of(&offer);
                (
                    OfferSource::ByValue(offer.to_json().map_err(WalletError::UnacceptableOffer)?),
                    vec![issuer],
                    prompt,
                )
            }
            OfferLink::ByReference(url) => {
                let issuers = self.policy.issuers.issuers_at(&url);
                if issuers.is_empty() {
                    return Err(WalletError::UnknownIssuer);
                }
                (
                    OfferSource::ByReference(url),
                    issuers,
                    TransactionCodePrompt::KnownLater,
                )
            }
        };
        let stage = ReceiveStage::AwaitingConsent {
            source,
            issuers: issuers.iter().map(|issuer| issuer.identifier.clone()).collect(),
        };
        let flow = self.begin(Stage::Receive(stage), now).await?;
        Ok(OfferShown {
            flow,
            issuers,
            transaction_code,
        })
    }

    /// The person wants credentials of an issuer without an offer of it. Nothing is fetched: show the issuer, then call
    /// [`Wallet::accept_offer`] or [`Wallet::decline_offer`], as for an offer.
    ///
    /// # Errors
    /// [`WalletError::UnknownIssuer`] when the policy does not name the issuer.
    pub async fn ask_issuer(
        &self,
        issuer: IssuerIdentifier,
        wanted: Wanted,
        now: UnixTime,
    ) -> Result<OfferShown, WalletError> {
        if issuer.permitted(self.policy.urls).is_err() {
            return Err(WalletError::UnknownIssuer);
        }
        let shown = self
            .policy
            .issuers
            .issuer(&issuer)
            .ok_or(WalletError::UnknownIssuer)?;
        let stage = ReceiveStage::AwaitingConsent {
            issuers: vec![issuer.clone()],
            source: OfferSource::Chosen { issuer, wanted },
        };
        let flow = self.begin(Stage::Receive(stage), now).await?;
        Ok(OfferShown {
            flow,
            issuers: vec![shown],
            transaction_code: TransactionCodePrompt::NotNeeded,
        })
    }

    /// What was shown for a stored offer, for an app that was killed before the person decided. An issuer that the policy no
    /// longer names is shown no more.
    pub(super) fn shown(
        &self,
        flow: FlowId,
        source: &OfferSource,
        issuers: &[IssuerIdentifier],
    ) -> Result<OfferShown, WalletError> {
        let issuers: Vec<ShownIssuer> = issuers
            .iter()
            .filter_map(|issuer| self.policy.issuers.issuer(issuer))
            .collect();
        if issuers.is_empty() {
            return Err(WalletError::UnknownIssuer);
        }
        let transaction_code = match source {
            OfferSource::ByReference(_) => TransactionCodePrompt::KnownLater,
            OfferSource::Chosen { .. } => TransactionCodePrompt::NotNeeded,
            OfferSource::ByValue(json) => CredentialOffer::parse(json.as_bytes(), self.policy.urls)
                .map(|offer| prompt_of(&offer))
                .map_err(WalletError::UnacceptableOffer)?,
        };
        Ok(OfferShown {
            flow,
            issuers,
            transaction_code,
        })
    }
}

fn prompt_of(offer: &CredentialOffer) -> TransactionCodePrompt {
    match offer
        .pre_authorized_code()
        .and_then(|grant| grant.tx_code.clone())
    {
        Some(prompt) => TransactionCodePrompt::Needed(prompt),
        None => TransactionCodePrompt::NotNeeded,
    }
}
