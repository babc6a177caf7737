//! Offers.

use symbolon_issuer_server::administration::{
    OfferByName, OfferCreated, OfferDetails, OfferList, OfferOrder, OfferPage, RenewedTransactionCode,
};

use super::Register;

impl Register {
    /// Makes an offer.
    ///
    /// # Errors
    /// No such record or configuration, or the resident is deceased.
    pub async fn create_offer(&self, order: OfferOrder) -> anyhow::Result<OfferCreated> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.create_offer(order).await?),
            Self::Running(client) => client.order("offers", &order).await,
        }
    }

    /// A page of offers.
    ///
    /// # Errors
    /// The store or the server failed.
    pub async fn offers(&self, list: &OfferList) -> anyhow::Result<OfferPage> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.offers(list).await?),
            Self::Running(client) => client.order("offers/list", list).await,
        }
    }

    /// One offer.
    ///
    /// # Errors
    /// No such offer.
    pub async fn offer(&self, order: &OfferByName) -> anyhow::Result<OfferDetails> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.offer(order).await?),
            Self::Running(client) => client.order("offers/show", order).await,
        }
    }

    /// Takes an offer back.
    ///
    /// # Errors
    /// No such offer.
    pub async fn cancel_offer(&self, order: &OfferByName) -> anyhow::Result<OfferDetails> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.cancel_offer(order).await?),
            Self::Running(client) => client.order("offers/cancel", order).await,
        }
    }

    /// Makes a new transaction code.
    ///
    /// # Errors
    /// No such offer, or one that has none, or was taken up, taken back or has expired.
    pub async fn renew_transaction_code(
        &self,
        order: &OfferByName,
    ) -> anyhow::Result<RenewedTransactionCode> {
        match self {
            Self::Opened { administration, .. } => Ok(administration.renew_transaction_code(order).await?),
            Self::Running(client) => client.order("offers/transaction-code", order).await,
        }
    }
}
