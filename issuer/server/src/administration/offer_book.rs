//! The book of offers: list, show, take back, tell a new transaction code.

use symbolon_crypto::UnixTime;
use symbolon_issuer::audit::AuditAction;
use symbolon_issuer::grant::RenewalRefused;
use symbolon_issuer::identifiers::OfferId;
use symbolon_issuer::offer::{CancellationCause, OfferEntry, OfferHistory, OfferNote};
use symbolon_issuer::store::{
    AuthorizationCommit, AuthorizationOutcome, CancelledOffer, Change, OfferStanding, OfferStep, StoreError,
    Stored, Swap,
};

use super::types::{OfferByName, OfferDetails, OfferList, OfferPage, OfferSummary, RenewedTransactionCode};
use super::{Administration, AdministrationError};

/// Offers that one page goes through.
const OFFERS_PER_PAGE: usize = 500;

impl Administration {
    /// A page of offers.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn offers(&self, list: &OfferList) -> Result<OfferPage, AdministrationError> {
        let store = self.issuer.store();
        let found = store
            .offer_entries(list.record.as_ref(), list.after.as_ref(), OFFERS_PER_PAGE)
            .await?;
        let full = found.len() == OFFERS_PER_PAGE;
        let next = found.last().filter(|_| full).map(|(id, _)| id.clone());
        let now = self.issuer.now();
        let mut offers = Vec::new();
        for (id, entry) in found {
            let history = store.offer_history(&id).await?;
            let offer = summary(id, entry, &history, now);
            if list.state.is_none_or(|state| state == offer.state) {
                offers.push(offer);
            }
        }
        Ok(OfferPage { offers, next })
    }

    /// One offer and the credentials that came of it.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownOffer`], or a failure of the store.
    pub async fn offer(&self, order: &OfferByName) -> Result<OfferDetails, AdministrationError> {
        let stored = self.entry(&order.offer).await?;
        self.details(&order.offer, stored.value).await
    }

    /// Takes an offer back. From then on nobody can fetch it or take it up, and tokens that came of it open nothing. Credentials that were
    /// issued stay as they are. An offer that was taken back before is as it was.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownOffer`], or a failure of the store.
    pub async fn cancel_offer(&self, order: &OfferByName) -> Result<OfferDetails, AdministrationError> {
        let id = &order.offer;
        for _ in 0..MAX_ATTEMPTS {
            let stored = self.entry(id).await?;
            let now = self.issuer.now();
            let Some(entry) = stored.value.cancelled(CancellationCause::Operator, now) else {
                return self.details(id, stored.value).await;
            };
            let action = AuditAction::OfferCancelled {
                offer: id.clone(),
                record: self.reference(&entry.record),
            };
            let cancelled = CancelledOffer {
                standing: OfferStanding {
                    offer: id.clone(),
                    expected: stored.revision,
                },
                entry: entry.clone(),
                event: self.event(now, action)?,
            };
            if self.issuer.store().cancel_offer(cancelled).await? == Swap::Done {
                return self.details(id, entry).await;
            }
        }
        Err(StoreError::Contended { what: "offer" }.into())
    }

    /// Makes a new transaction code for an offer that was not taken up; the old one is refused from then on. Wrong tries are forgotten,
    /// also where they were too many.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownOffer`], [`AdministrationError::OfferCancelled`], [`AdministrationError::Renewal`], or a failure of
    /// the store.
    pub async fn renew_transaction_code(
        &self,
        order: &OfferByName,
    ) -> Result<RenewedTransactionCode, AdministrationError> {
        let (id, issuer) = (&order.offer, &self.issuer);
        for _ in 0..MAX_ATTEMPTS {
            let stored = self.entry(id).await?;
            if stored.value.cancelled.is_some() {
                return Err(AdministrationError::OfferCancelled);
            }
            let code = stored.value.grant.ok_or(RenewalRefused::NotRequired)?;
            // Grants are forgotten when they expire.
            let found = issuer.store().grant(&code).await?;
            let found = found.ok_or(RenewalRefused::Expired)?;
            let (now, randomness) = (issuer.now(), &*issuer.setup.randomness);
            let renewed = found
                .value
                .with_new_tx_code(&issuer.secret, &code, now, randomness);
            let (grant, tx_code) = renewed?;
            let action = AuditAction::TransactionCodeRenewed {
                offer: id.clone(),
                record: self.reference(&stored.value.record),
            };
            let commit = AuthorizationCommit {
                grant: Some(Change::of(code, &found, grant)),
                step: Some(OfferStep {
                    standing: OfferStanding {
                        offer: id.clone(),
                        expected: stored.revision,
                    },
                    note: Some((OfferNote::TransactionCodeRenewed, now)),
                }),
                events: vec![self.event(now, action)?],
                ..AuthorizationCommit::default()
            };
            if issuer.store().commit_authorization(commit).await? == AuthorizationOutcome::Committed {
                return Ok(RenewedTransactionCode {
                    offer: id.clone(),
                    tx_code: tx_code.expose().to_owned(),
                    expires_at: stored.value.expires_at.seconds(),
                });
            }
        }
        Err(StoreError::Contended { what: "offer" }.into())
    }

    async fn entry(&self, id: &OfferId) -> Result<Stored<OfferEntry>, AdministrationError> {
        let entry = self.issuer.store().offer_entry(id).await?;
        entry.ok_or(AdministrationError::UnknownOffer)
    }

    async fn details(&self, id: &OfferId, entry: OfferEntry) -> Result<OfferDetails, AdministrationError> {
        let history = self.issuer.store().offer_history(id).await?;
        let offer = summary(id.clone(), entry, &history, self.issuer.now());
        let credentials = history.issued.into_iter().map(|(id, _)| id).collect();
        Ok(OfferDetails { offer, credentials })
    }
}

fn summary(id: OfferId, entry: OfferEntry, history: &OfferHistory, now: UnixTime) -> OfferSummary {
    let seconds = |at: Option<UnixTime>| at.map(UnixTime::seconds);
    OfferSummary {
        id,
        state: entry.state(history, now),
        issued: history.issued_of(&entry),
        grants: entry.grants(),
        record: entry.record,
        configurations: entry.configurations,
        tx_code: entry.tx_code,
        delivery: entry.delivery,
        device: entry.device,
        made_at: entry.made_at.seconds(),
        expires_at: entry.expires_at.seconds(),
        fetched_at: seconds(history.fetched_at),
        begun_at: seconds(history.begun_at),
        taken_up_at: seconds(history.taken_up_at),
        refused_at: seconds(history.refused_at),
        cancelled_at: seconds(entry.cancelled.map(|cancelled| cancelled.at)),
        cancelled_by: entry.cancelled.map(|cancelled| cancelled.cause),
    }
}

/// Each lost round means that a wallet tried the code meanwhile, or another operator was quicker.
const MAX_ATTEMPTS: usize = 16;
