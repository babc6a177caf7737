//! Requests that wait for an operator.

use super::{IssuanceOutcome, OfferStanding, Revision, SpentAccess, StoreFuture, Stored, Swap};
use crate::audit::WaitingEvent;
use crate::grant::NonceMark;
use crate::identifiers::TransactionId;
use crate::transaction::Transaction;

/// Where requests wait for an operator. What [`super::IssuerStore`] guarantees holds here too: a wallet is told of a transaction only
/// after it was stored, and a credential is fetched by one of two.
pub trait TransactionStore: Send + Sync {
    /// Writes a transaction together with everything that its request spends, or nothing.
    fn commit_deferral(&self, deferral: Deferral) -> StoreFuture<'_, IssuanceOutcome>;
    /// A transaction.
    fn transaction<'a>(&'a self, id: &'a TransactionId) -> StoreFuture<'a, Option<Stored<Transaction>>>;
    /// Transactions in ascending order of identifier, after the given one.
    fn transactions<'a>(
        &'a self,
        after: Option<&'a TransactionId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<(TransactionId, Transaction)>>;
    /// Replaces a transaction, if it is still the one that was read.
    fn swap_transaction<'a>(
        &'a self,
        id: &'a TransactionId,
        expected: &'a Revision,
        transaction: &'a Transaction,
        event: WaitingEvent,
    ) -> StoreFuture<'a, Swap>;
}

/// A request that will wait, and what it spends.
#[derive(Debug, Clone)]
pub struct Deferral {
    /// Its name.
    pub id: TransactionId,
    /// What waits.
    pub transaction: Transaction,
    /// The access that pays for it.
    pub access: SpentAccess,
    /// The nonces of the proofs.
    pub nonces: Vec<NonceMark>,
    /// The offer that it came of, which must still stand.
    pub offer: Option<OfferStanding>,
    /// What the audit log says.
    pub event: WaitingEvent,
}

/// A transaction whose credential is fetched: it is gone with the commit of its issuance.
#[derive(Debug, Clone)]
pub struct FetchedTransaction {
    /// Its name.
    pub id: TransactionId,
    /// The state in which it was judged.
    pub expected: Revision,
}
