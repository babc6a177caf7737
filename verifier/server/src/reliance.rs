//! Watching what relying parties rely on: renewals that are due, and credentials that were revoked or suspended.
//!
//! Everything stands in the store, so a process that ended in between changes nothing. Looks at one list fall together
//! (`symbolon_verifier::reliance`), and one pass fetches each list once, whoever watches it. What a look changes is stored in one commit
//! with what is announced of it, so nothing is told twice or not at all.

use core::time::Duration;
use std::sync::Arc;

use symbolon_crypto::RandomnessUnavailable;
use symbolon_verifier::policy::PresentationPolicy;
use symbolon_verifier::reliance::{Reliance, RelianceNews, ReliedCredential, ReliedStatus, StatusSeen};
use symbolon_verifier::store::{Delivery, DeliveryEvent, StoreError};
use symbolon_verifier::{
    Evidence, InquiryStep, StatusAge, StatusEvidence, StatusInquiry, StatusListCredentialEvidence, Tools,
};
use thiserror::Error;

use crate::state::State;

/// How often the store is asked for what is due.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many are looked at in one pass.
const PASS: usize = 200;

#[derive(Debug, Error)]
enum WatchFailed {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// Watches until the task is ended.
pub(crate) async fn watch(state: Arc<State>) {
    let mut interval = tokio::time::interval(INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = pass(&state).await {
            tracing::warn!(%error, "what is relied on could not be looked at");
        }
    }
}

/// One pass over what is due. What is left is due in the next.
async fn pass(state: &State) -> Result<(), WatchFailed> {
    let deps = &state.dependencies;
    let due = deps.store.due_reliances(&deps.tenant, state.now(), PASS).await?;
    if due.is_empty() {
        return Ok(());
    }
    let opened = state.pack().await;
    let mut evidence = state.evidence(&opened);
    let mut announced = 0;
    for reliance in due {
        announced += state.look(reliance, &mut evidence).await?;
    }
    if announced > 0 {
        tracing::info!(announced, "something has become of what is relied on");
        state.announced.notify_one();
    }
    Ok(())
}

impl State {
    /// Looks at what is due of one presentation, and says how much is announced of it.
    async fn look(&self, reliance: Reliance, evidence: &mut Evidence<'_>) -> Result<usize, WatchFailed> {
        let now = self.now();
        let mut seen = Vec::with_capacity(reliance.credentials.len());
        for credential in &reliance.credentials {
            let watched = reliance.looks_at(now) && credential.status != ReliedStatus::Revoked;
            seen.push(match watched {
                true => self.status_of(credential, evidence).await,
                false => None,
            });
        }
        let policy = self.policy(&reliance.policy);
        let every = policy
            .as_deref()
            .and_then(PresentationPolicy::reliance)
            .and_then(|terms| terms.look_every);
        let (next, news) = reliance.clone().after(&seen, every, now);
        let announcements = self.announcements(&next, news)?;
        let count = announcements.len();
        let deps = &self.dependencies;
        // Where it has changed in between, somebody else has looked, or nobody relies on it any more.
        let _ = deps
            .store
            .replace_reliance(&deps.tenant, reliance, next, announcements)
            .await?;
        Ok(count)
    }

    /// What the lists say of a credential; `None` where they say nothing.
    async fn status_of(
        &self,
        credential: &ReliedCredential,
        evidence: &mut Evidence<'_>,
    ) -> Option<StatusSeen> {
        let deps = &self.dependencies;
        let mut inquiry = StatusInquiry::new(credential, deps.policy.clone());
        let seen = loop {
            let tools = Tools::with_json_ld(&*deps.crypto, &*deps.json_ld);
            match inquiry.step(evidence, tools, self.now()) {
                InquiryStep::Done(seen) => break seen,
                InquiryStep::Wants(wants) => {
                    for want in wants {
                        self.obtain(want, StatusAge::AsSigned, evidence).await;
                    }
                }
            }
        };
        let at_most = self.configuration.status_cache();
        // Verified once for everybody in this pass who watches the list.
        for list in inquiry.verified_status_lists() {
            deps.evidence_cache.keep_verified(list, at_most);
            evidence.add_status_list(list.uri().to_owned(), StatusEvidence::Verified(Arc::clone(list)));
        }
        for list in inquiry.verified_status_list_credentials() {
            deps.evidence_cache.keep_verified_credential(list, at_most);
            let verified = StatusListCredentialEvidence::Verified(Arc::clone(list));
            evidence.add_status_list_credential(list.url().to_owned(), verified);
        }
        seen
    }

    fn announcements(
        &self,
        reliance: &Reliance,
        news: Vec<RelianceNews>,
    ) -> Result<Vec<Delivery>, RandomnessUnavailable> {
        let party = self.relying_parties.get(&reliance.relying_party);
        let Some(party) = party.filter(|party| party.document.webhook.is_some()) else {
            return Ok(Vec::new());
        };
        news.into_iter()
            .map(|news| {
                let (event, status_change) = match news {
                    RelianceNews::RenewalDue => (DeliveryEvent::RenewalDue, None),
                    RelianceNews::StatusChanged(change) => {
                        (DeliveryEvent::CredentialStatusChanged, Some(change))
                    }
                };
                let delivery = self.delivery(&party.name, &reliance.request, event)?;
                Ok(Delivery {
                    policy: Some(reliance.policy.clone()),
                    status_change,
                    ..delivery
                })
            })
            .collect()
    }
}
