//! Requests for credentials that wait for an operator: list, approve, deny.

use symbolon_issuer::audit::AuditAction;
use symbolon_issuer::identifiers::TransactionId;
use symbolon_issuer::store::{StoreError, Swap};
use symbolon_issuer::transaction::Transaction;

use super::types::{DecisionOrder, TransactionList, TransactionPage, TransactionSummary};
use super::{Administration, AdministrationError};
use crate::issuer::Standing;

/// Requests of one page.
const TRANSACTIONS_PER_PAGE: usize = 500;

impl Administration {
    /// A page of the requests that wait for an operator or for their wallet; those that have expired, or came of an
    /// offer that was taken back, are left out.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn transactions(&self, list: &TransactionList) -> Result<TransactionPage, AdministrationError> {
        let found = self
            .issuer
            .store()
            .transactions(list.after.as_ref(), TRANSACTIONS_PER_PAGE)
            .await?;
        let full = found.len() == TRANSACTIONS_PER_PAGE;
        let next = found.last().filter(|_| full).map(|(id, _)| id.clone());
        let now = self.issuer.now();
        let mut transactions = Vec::with_capacity(found.len());
        for (id, transaction) in found {
            if now < transaction.expires_at && self.stands(&transaction).await? {
                transactions.push(summary(id, &transaction));
            }
        }
        Ok(TransactionPage { transactions, next })
    }

    /// Decides on a request. A decision that was taken before changes nothing.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownTransaction`], also once the credential was fetched or the offer was taken back; [`AdministrationError::Decision`] for a request
    /// that was denied or has expired; or a failure of the store.
    pub async fn decide(&self, order: &DecisionOrder) -> Result<TransactionSummary, AdministrationError> {
        let id = &order.transaction;
        for _ in 0..MAX_ATTEMPTS {
            let stored = self.issuer.store().transaction(id).await?;
            let stored = stored.ok_or(AdministrationError::UnknownTransaction)?;
            if !self.stands(&stored.value).await? {
                return Err(AdministrationError::UnknownTransaction);
            }
            let now = self.issuer.now();
            let Some(decided) = stored.value.decided(order.decision, now)? else {
                return Ok(summary(id.clone(), &stored.value));
            };
            let action = AuditAction::RequestDecided {
                transaction: id.clone(),
                record: self.reference(&decided.record),
                decision: order.decision,
            };
            let event = self.event(now, action)?;
            let swap = self
                .issuer
                .store()
                .swap_transaction(id, &stored.revision, &decided, event);
            if swap.await? == Swap::Done {
                return Ok(summary(id.clone(), &decided));
            }
        }
        Err(StoreError::Contended { what: "transaction" }.into())
    }

    /// Whether the offer that a request came of stands, if it came of one.
    async fn stands(&self, transaction: &Transaction) -> Result<bool, StoreError> {
        let standing = self.issuer.standing(transaction.offer.as_ref()).await?;
        Ok(!matches!(standing, Standing::Gone))
    }
}

fn summary(id: TransactionId, transaction: &Transaction) -> TransactionSummary {
    TransactionSummary {
        id,
        record: transaction.record.clone(),
        configuration: transaction.configuration.clone(),
        keys: transaction.keys.len(),
        requested_at: transaction.requested_at.seconds(),
        expires_at: transaction.expires_at.seconds(),
        stage: transaction.stage,
    }
}

/// Each lost round means that somebody else decided meanwhile.
const MAX_ATTEMPTS: usize = 16;
