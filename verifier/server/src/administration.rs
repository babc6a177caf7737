//! The operator's side of relying parties: their keys, and what became of their webhooks. The administration interface of a running
//! server uses it, and the command line where none runs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Randomness, RandomnessUnavailable};
use symbolon_http::openapi::ToSchema;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::relying_party::{ApiKey, ApiKeyId};
use symbolon_verifier::store::{
    Delivery, DeliveryId, Insertion, Removal, Replacement, StoreError, TenantId, VerifierStore,
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::state::Clock;

/// How many of a relying party's requests are removed between two looks at the list.
const PAGE: usize = 200;

/// What an operator does.
#[derive(Clone)]
pub struct Administration {
    /// Where everything stands.
    pub store: Arc<dyn VerifierStore>,
    /// Whose relying parties these are.
    pub tenant: TenantId,
    /// Makes keys.
    pub randomness: Arc<dyn Randomness>,
    /// The time.
    pub clock: Clock,
}

/// Why it was not done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdministrationError {
    /// There is no such key or announcement.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// It changed meanwhile.
    #[error("it is just being sent: try again")]
    Changed,
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key that was made. It is told once.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = RelyingPartyKeyMade)]
pub struct KeyMade {
    /// Its public part.
    #[schema(value_type = String)]
    pub key_id: ApiKeyId,
    /// The key.
    #[serde(with = "secret_text")]
    #[schema(value_type = String)]
    pub key: Zeroizing<String>,
}

/// A secret on the wire, which is wiped here once it is sent or read.
mod secret_text {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(
        text: &Zeroizing<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Zeroizing<String>, D::Error> {
        String::deserialize(deserializer).map(Zeroizing::new)
    }
}

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RelyingPartyKey)]
pub struct KeyListed {
    /// Its public part.
    #[schema(value_type = String)]
    pub key_id: ApiKeyId,
    /// Whose it is.
    #[schema(value_type = String)]
    pub relying_party: RelyingPartyName,
    /// When it was made, RFC 3339.
    pub created_at: String,
}

/// What was removed with a relying party.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RelyingPartyRemoved)]
pub struct Removed {
    /// Keys.
    pub keys: usize,
    /// Requests, with their results.
    pub requests: usize,
}

/// A page of announcements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryPage {
    /// The announcements, in the order of their identifiers.
    pub deliveries: Vec<Delivery>,
    /// What the next page begins after; none on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<DeliveryId>,
}

impl Administration {
    /// Makes a key of a relying party.
    ///
    /// # Errors
    /// [`AdministrationError`].
    pub async fn make_key(&self, relying_party: RelyingPartyName) -> Result<KeyMade, AdministrationError> {
        let key = ApiKey::make(&*self.randomness)?;
        let record = key.record(relying_party, (self.clock)());
        match self.store.insert_api_key(&self.tenant, record).await? {
            Insertion::Inserted => Ok(KeyMade {
                key_id: key.id().clone(),
                key: Zeroizing::new(key.expose().to_owned()),
            }),
            Insertion::AlreadyPresent => Err(RandomnessUnavailable.into()),
        }
    }

    /// Every key.
    ///
    /// # Errors
    /// [`AdministrationError`].
    pub async fn keys(&self) -> Result<Vec<KeyListed>, AdministrationError> {
        let records = self.store.api_keys(&self.tenant).await?;
        Ok(records
            .into_iter()
            .map(|record| KeyListed {
                key_id: record.id,
                relying_party: record.relying_party,
                created_at: record.created_at.rfc3339(),
            })
            .collect())
    }

    /// Revokes a key: from now on nobody knows it.
    ///
    /// # Errors
    /// [`AdministrationError::Missing`] when the relying party has no such key.
    pub async fn revoke(
        &self,
        relying_party: &RelyingPartyName,
        id: &ApiKeyId,
    ) -> Result<(), AdministrationError> {
        let missing = || AdministrationError::Missing("key");
        let record = self.store.api_key(&self.tenant, id).await?;
        record
            .filter(|record| record.relying_party == *relying_party)
            .ok_or_else(missing)?;
        match self.store.remove_api_key(&self.tenant, id).await? {
            Removal::Removed => Ok(()),
            Removal::Absent => Err(missing()),
        }
    }

    /// Revokes every key of a relying party, and removes its requests, results, receipts and what it relies on. Keys go first, so that nothing is made
    /// behind the removal.
    ///
    /// # Errors
    /// [`AdministrationError`].
    pub async fn remove(&self, relying_party: &RelyingPartyName) -> Result<Removed, AdministrationError> {
        let mut removed = Removed::default();
        for record in self.store.api_keys(&self.tenant).await? {
            if record.relying_party == *relying_party {
                self.store.remove_api_key(&self.tenant, &record.id).await?;
                removed.keys += 1;
            }
        }
        loop {
            let page = self
                .store
                .requests_of(&self.tenant, relying_party, None, PAGE)
                .await?;
            if page.is_empty() {
                break;
            }
            for record in page {
                self.store.remove_request(&self.tenant, &record.id).await?;
                removed.requests += 1;
            }
        }
        self.remove_evidence(relying_party).await?;
        Ok(removed)
    }

    /// Removes receipts and what is relied on: nobody could read them, and nobody would be told.
    async fn remove_evidence(&self, relying_party: &RelyingPartyName) -> Result<(), AdministrationError> {
        let (store, tenant) = (&self.store, &self.tenant);
        loop {
            let receipts = store.receipts_of(tenant, relying_party, None, PAGE).await?;
            let reliances = store.reliances_of(tenant, relying_party, None, PAGE).await?;
            if receipts.is_empty() && reliances.is_empty() {
                return Ok(());
            }
            for receipt in receipts {
                store.remove_receipt(tenant, &receipt.request).await?;
            }
            for reliance in reliances {
                store.remove_reliance(tenant, &reliance.request).await?;
            }
        }
    }

    /// A page of announcements behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`AdministrationError`].
    pub async fn deliveries(
        &self,
        after: Option<&DeliveryId>,
        limit: usize,
    ) -> Result<DeliveryPage, AdministrationError> {
        let deliveries = self.store.deliveries(&self.tenant, after, limit).await?;
        let next = (deliveries.len() == limit)
            .then(|| deliveries.last().map(|delivery| delivery.id.clone()))
            .flatten();
        Ok(DeliveryPage { deliveries, next })
    }

    /// Has an announcement tried again, as if it were new.
    ///
    /// # Errors
    /// [`AdministrationError::Missing`] and [`AdministrationError::Changed`].
    pub async fn retry(&self, id: &DeliveryId) -> Result<Delivery, AdministrationError> {
        let found = self.store.delivery(&self.tenant, id).await?;
        let delivery = found.ok_or(AdministrationError::Missing("delivery"))?;
        let again = delivery.clone().again((self.clock)());
        match self
            .store
            .replace_delivery(&self.tenant, delivery, again.clone())
            .await?
        {
            Replacement::Replaced => Ok(again),
            Replacement::Changed => Err(AdministrationError::Changed),
        }
    }
}
