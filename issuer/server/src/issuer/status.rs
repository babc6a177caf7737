//! The published status lists, for each shard as a Token Status List and as Bitstring Status Lists: signed when something changed or the signature grows old, swapped whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use symbolon_credential::w3c::StatusPurpose;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;
use symbolon_issuer::assertion::AssertionKey;
use symbolon_issuer::index::ShardId;
use symbolon_issuer::profile::STATUS_PURPOSES;
use symbolon_issuer::publication::{PrepareBitstringError, status_list};
use symbolon_issuer::store::StoreError;
use symbolon_trust::status_list::{PrepareStatusListError, SetStatusError, TokenStatusList};
use thiserror::Error;
use tokio::sync::Mutex as AsyncMutex;

use super::Issuer;
use crate::setup::SigningFailed;

/// What is published of a shard: the same states in every form, signed together, so that no two of them disagree.
#[derive(Debug, Clone)]
pub struct PublishedList {
    /// The Token Status List as a JWT.
    pub jwt: PublishedToken,
    /// The same as a CWT.
    pub cwt: PublishedToken,
    /// The Bitstring Status Lists by purpose, as JWTs; none where no W3C credentials are issued.
    pub bitstrings: Vec<(StatusPurpose, PublishedToken)>,
    /// When they were signed.
    pub signed_at: UnixTime,
    /// How long they may be kept.
    pub time_to_live: Duration,
}

/// One of them as it is served.
#[derive(Debug, Clone)]
pub struct PublishedToken {
    /// The bytes of the answer.
    pub body: Vec<u8>,
    /// A strong validator of exactly these bytes, with its quotation marks.
    pub etag: String,
}

impl PublishedToken {
    fn new(body: Vec<u8>) -> Self {
        let etag = format!("\"{}\"", base64url::encode(&Sha256::digest(&body)));
        Self { body, etag }
    }
}

/// What is published, and what has to be published again.
#[derive(Default)]
pub(super) struct Publisher {
    published: RwLock<BTreeMap<ShardId, Arc<PublishedList>>>,
    changed: Mutex<BTreeSet<ShardId>>,
    /// One publication at a time: whoever waits for it finds that its own change was published along.
    publishing: AsyncMutex<()>,
}

impl Issuer {
    /// The list of a shard, signed again when something changed or it was signed longer than its time to live ago. `None` when there is no
    /// such shard.
    ///
    /// # Errors
    /// [`PublicationFailed`].
    pub async fn published_list(
        &self,
        shard: ShardId,
    ) -> Result<Option<Arc<PublishedList>>, PublicationFailed> {
        if let Some(current) = self.current(shard) {
            return Ok(Some(current));
        }
        let _turn = self.publisher.publishing.lock().await;
        if let Some(current) = self.current(shard) {
            return Ok(Some(current));
        }
        self.publish(shard).await
    }

    /// Publishes the lists of shards in which something was committed. When it returns, whoever asks gets lists that hold the change.
    ///
    /// # Errors
    /// [`PublicationFailed`]; the shards stay marked and are signed when they are next asked for.
    pub(crate) async fn publish_changes(
        &self,
        shards: impl IntoIterator<Item = ShardId>,
    ) -> Result<(), PublicationFailed> {
        let shards: BTreeSet<ShardId> = shards.into_iter().collect();
        self.publisher.lock_changed().extend(&shards);
        let _turn = self.publisher.publishing.lock().await;
        for shard in shards {
            // It may have been published by whoever had the turn before.
            if self.publisher.lock_changed().contains(&shard) {
                self.publish(shard).await?;
            }
        }
        Ok(())
    }

    /// The states of a shard now, from the books.
    pub(crate) async fn states(&self, shard: ShardId) -> Result<Option<TokenStatusList>, PublicationFailed> {
        let Some(stored) = self.store().shard(shard).await? else {
            return Ok(None);
        };
        let marks = self.store().status_marks(shard, None, usize::MAX).await?;
        let width = stored.value.width;
        // A million states are some milliseconds of work.
        let list = tokio::task::spawn_blocking(move || status_list(width, marks)).await;
        Ok(Some(list.map_err(|_| PublicationFailed::Interrupted)??))
    }

    async fn publish(&self, shard: ShardId) -> Result<Option<Arc<PublishedList>>, PublicationFailed> {
        // Unmarked before the books are read: a change committed later marks it again.
        let mut mark = self.publisher.unmark(shard);
        let published = self.sign_list(shard).await;
        if let Ok(Some(list)) = &published {
            let mut lists = self
                .publisher
                .published
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            lists.insert(shard, Arc::clone(list));
        }
        if published.is_ok() {
            mark.again = None;
        }
        published
    }

    async fn sign_list(&self, shard: ShardId) -> Result<Option<Arc<PublishedList>>, PublicationFailed> {
        let now = self.now();
        let Some(list) = self.states(shard).await? else {
            return Ok(None);
        };
        let signer = &self.setup.keys.status;
        let (profile, key) = (self.setup.profile.clone(), signer.key.clone());
        let assertion = self.signers.assertion().of_status_lists().cloned();
        let assertion = assertion.filter(|_| profile.issues_w3c_credentials());
        // A million states take some milliseconds to compress, once for each form.
        let prepare = move || {
            let jwt = profile.prepare_status_token(shard, &list, &key, now)?;
            let cwt = profile.prepare_status_cwt(shard, &list, &key, now)?;
            let bitstring = |purpose: &StatusPurpose, key: &AssertionKey| {
                let prepared = profile.prepare_bitstring_list(shard, purpose, &list, key, now)?;
                Ok::<_, PublicationFailed>((purpose.clone(), key.clone(), prepared))
            };
            let purposes = STATUS_PURPOSES.iter().zip(core::iter::repeat(&assertion));
            let bitstrings = purposes
                .filter_map(|(purpose, key)| key.as_ref().map(|key| bitstring(purpose, key)))
                .collect::<Result<Vec<_>, PublicationFailed>>()?;
            Ok::<_, PublicationFailed>((jwt, cwt, bitstrings))
        };
        let prepared = tokio::task::spawn_blocking(prepare).await;
        let (jwt, cwt, bitstrings) = prepared.map_err(|_| PublicationFailed::Interrupted)??;
        let signature = signer.signature(&jwt.request(signer.key.handle.clone()))?;
        let jwt = PublishedToken::new(jwt.finish(&signature).into_bytes());
        let signature = signer.signature(&cwt.request(signer.key.handle.clone()))?;
        let cwt = PublishedToken::new(cwt.finish(&signature)?);
        let mut published = Vec::with_capacity(bitstrings.len());
        for (purpose, key, list) in bitstrings {
            let request = list.request(key.handle().clone());
            let signature = self.setup.keys.signature(&request)?;
            published.push((purpose, PublishedToken::new(list.finish(&signature).into_bytes())));
        }
        let time_to_live = Duration::from_secs(self.profile().policy().status_time_to_live_seconds);
        Ok(Some(Arc::new(PublishedList {
            jwt,
            cwt,
            bitstrings: published,
            signed_at: now,
            time_to_live,
        })))
    }

    /// The published list, if nothing changed since and it is fresh enough to be handed out.
    fn current(&self, shard: ShardId) -> Option<Arc<PublishedList>> {
        if self.publisher.lock_changed().contains(&shard) {
            return None;
        }
        let lists = self
            .publisher
            .published
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let list = lists.get(&shard)?;
        let now = self.now();
        // A clock that was set back makes the list one of the future, which verifiers refuse.
        let fresh = now >= list.signed_at && now.since(list.signed_at) < list.time_to_live;
        fresh.then(|| Arc::clone(list))
    }
}

impl Publisher {
    /// Removes the mark of a shard that is about to be published.
    fn unmark(&self, shard: ShardId) -> Unmarked<'_> {
        let was_marked = self.lock_changed().remove(&shard);
        Unmarked {
            publisher: self,
            again: was_marked.then_some(shard),
        }
    }

    fn lock_changed(&self) -> std::sync::MutexGuard<'_, BTreeSet<ShardId>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mark that comes back when the publication fails or is given up, as when the client that asked for the list goes away. Whoever
/// waits for the change to be published would otherwise take the old list for a new one.
struct Unmarked<'p> {
    publisher: &'p Publisher,
    again: Option<ShardId>,
}

impl Drop for Unmarked<'_> {
    fn drop(&mut self) {
        self.publisher.lock_changed().extend(self.again.take());
    }
}

/// Why a status list could not be published. What was committed stays committed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublicationFailed {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A mark lies beyond its shard.
    #[error("a status mark lies beyond its list")]
    Mark(#[from] SetStatusError),
    /// The token cannot be written.
    #[error(transparent)]
    Token(#[from] PrepareStatusListError),
    /// A Bitstring Status List cannot be written.
    #[error(transparent)]
    Bitstring(#[from] PrepareBitstringError),
    /// The status key or the assertion key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// The process is ending.
    #[error("the publication was interrupted")]
    Interrupted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publication_that_is_given_up_leaves_its_shard_marked() {
        let (publisher, shard, other) = (Publisher::default(), ShardId::FIRST, ShardId::new(7));
        publisher.lock_changed().insert(shard);
        drop(publisher.unmark(shard));
        drop(publisher.unmark(other));
        assert_eq!(*publisher.lock_changed(), BTreeSet::from([shard]));
        publisher.unmark(shard).again = None;
        assert!(publisher.lock_changed().is_empty());
    }
}
