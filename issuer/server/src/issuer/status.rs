//! The published status lists, for each shard as a Token Status List and as Bitstring Status Lists: compressed when something changed,
//! signed when the signature grows old, swapped whole.

mod history;
mod publisher;
mod retirement;
mod schedule;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use symbolon_credential::w3c::StatusPurpose;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{RandomnessUnavailable, UnixTime};
use symbolon_http::representation::{Compression, Representation};
use symbolon_issuer::index::ShardId;
use symbolon_issuer::publication::{CompressedShard, PrepareBitstringError, status_list};
use symbolon_issuer::store::StoreError;
use symbolon_trust::status_list::{PrepareStatusListError, SetStatusError, TokenStatusList};
use thiserror::Error;

pub(crate) use self::history::{ListAt, PastList};
pub(super) use self::publisher::Publisher;
pub(crate) use self::publisher::StatusFigures;
use super::Issuer;
use crate::setup::SigningFailed;

/// What is published of a shard: the same states in every form, signed together, so that no two of them disagree.
#[derive(Debug, Clone)]
pub struct PublishedList {
    /// The Token Status List as a JWT.
    pub jwt: Representation,
    /// The same as a CWT.
    pub cwt: Representation,
    /// The Bitstring Status Lists by purpose, as JWTs; none where no W3C credentials are issued.
    pub bitstrings: Vec<(StatusPurpose, Representation)>,
    /// When they were signed.
    pub signed_at: UnixTime,
    /// How long they may be kept.
    pub time_to_live: Duration,
    /// What they were made of, to be signed again.
    compressed: Arc<CompressedShard>,
}

impl PublishedList {
    /// How much memory all of it takes, in bytes.
    fn memory(&self) -> usize {
        let bitstrings = self.bitstrings.iter().map(|(_, list)| list.memory());
        bitstrings
            .chain([self.jwt.memory(), self.cwt.memory(), self.compressed.bytes()])
            .sum()
    }
}

impl Issuer {
    /// The list of a shard, signed again when something changed or it was signed longer than its time to live ago, which the schedule
    /// of [`Issuer::keep_status_lists`] is ahead of wherever the list fits into memory. `None` when there is no such shard, or it was retired.
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
        let _turn = self.publisher.turn().await;
        if let Some(current) = self.current(shard) {
            return Ok(Some(current));
        }
        self.publish(shard).await
    }

    /// Publishes the lists of shards in which something was committed. When it returns, whoever asks gets lists that hold the change.
    ///
    /// # Errors
    /// [`PublicationFailed`]; the shards stay marked and are signed in the next round of the schedule, or when they are asked for.
    pub(crate) async fn publish_changes(
        &self,
        shards: impl IntoIterator<Item = ShardId>,
    ) -> Result<(), PublicationFailed> {
        let shards: BTreeSet<ShardId> = shards.into_iter().collect();
        self.publisher.mark(&shards);
        let _turn = self.publisher.turn().await;
        for shard in shards {
            // It may have been published by whoever had the turn before.
            if self.publisher.is_marked(shard) {
                self.publish(shard).await?;
            }
        }
        Ok(())
    }

    /// The states of a shard now, from the books; `None` when there is no such shard, or it was retired.
    pub(crate) async fn states(&self, shard: ShardId) -> Result<Option<TokenStatusList>, PublicationFailed> {
        let stored = self.store().shard(shard).await?;
        let Some(stored) = stored.filter(|stored| stored.value.is_published()) else {
            return Ok(None);
        };
        let marks = self.store().status_marks(shard, None, usize::MAX).await?;
        let form = stored.value.form();
        // A million states are some milliseconds of work.
        let list = tokio::task::spawn_blocking(move || status_list(form, marks)).await;
        Ok(Some(list.map_err(|_| PublicationFailed::Interrupted)??))
    }

    /// Signs the lists of a shard and puts them in the place of those before. Whoever calls it has the turn.
    async fn publish(&self, shard: ShardId) -> Result<Option<Arc<PublishedList>>, PublicationFailed> {
        // Unmarked before the books are read: a change committed later marks it again.
        let mut mark = self.publisher.unmark(shard);
        let outcome = self.publish_unmarked(shard, mark.again.is_some()).await;
        match &outcome {
            Ok(_) => mark.again = None,
            Err(_) => self.publisher.note_failure(),
        }
        outcome
    }

    async fn publish_unmarked(
        &self,
        shard: ShardId,
        was_marked: bool,
    ) -> Result<Option<Arc<PublishedList>>, PublicationFailed> {
        let waiting = self
            .store()
            .unpublished_changes_of(shard, CHANGES_PER_ROUND)
            .await?;
        let waiting = self.publisher.unpublished(waiting);
        let known = self.publisher.compressed(shard);
        let compressed = match known.filter(|_| !was_marked && waiting.is_empty()) {
            Some(compressed) => compressed,
            None => match self.compress(shard).await? {
                Some(compressed) => compressed,
                None => {
                    // A list that was retired tells no change any more.
                    self.publisher.note_moot(waiting);
                    return Ok(None);
                }
            },
        };
        let list = self.sign_list(shard, compressed).await?;
        self.publisher.put(shard, &list, self.memory_limit());
        self.publisher.note_published(waiting, list.signed_at);
        self.keep_for_history(shard, &list).await;
        Ok(Some(list))
    }

    async fn compress(&self, shard: ShardId) -> Result<Option<Arc<CompressedShard>>, PublicationFailed> {
        let Some(list) = self.states(shard).await? else {
            return Ok(None);
        };
        // A million states take some ten milliseconds to compress, once for each form; whoever revoked something waits for the longer half.
        let (profile, list) = (self.profile().clone(), Arc::new(list));
        let of_token = Arc::clone(&list);
        let (token, bitstrings) = tokio::join!(
            tokio::task::spawn_blocking(move || of_token.compressed()),
            tokio::task::spawn_blocking(move || profile.compressed_bitstrings(&list)),
        );
        let interrupted = |_| PublicationFailed::Interrupted;
        let compressed = CompressedShard::new(token.map_err(interrupted)?, bitstrings.map_err(interrupted)?);
        Ok(Some(Arc::new(compressed)))
    }

    async fn sign_list(
        &self,
        shard: ShardId,
        compressed: Arc<CompressedShard>,
    ) -> Result<Arc<PublishedList>, PublicationFailed> {
        let now = self.now();
        let signer = &self.setup.keys.status;
        let jwt = self
            .profile()
            .prepare_status_token(shard, &compressed, &signer.key, now)?;
        let cwt = self
            .profile()
            .prepare_status_cwt(shard, &compressed, &signer.key, now)?;
        let signature = signer.signature(&jwt.request(signer.key.handle.clone()))?;
        let jwt = jwt.finish(&signature);
        let signature = signer.signature(&cwt.request(signer.key.handle.clone()))?;
        let cwt = cwt.finish(&signature)?;
        let bitstrings = self.sign_bitstrings(shard, &compressed, now)?;
        let time_to_live = Duration::from_secs(self.profile().policy().status_time_to_live_seconds);
        let served = Served {
            signed_at: now,
            time_to_live,
        };
        // What is text is compressed once more for the wire: some milliseconds.
        let list = tokio::task::spawn_blocking(move || PublishedList {
            jwt: served.text(STATUS_LIST_JWT, jwt),
            cwt: served.binary(STATUS_LIST_CWT, cwt),
            bitstrings: bitstrings
                .into_iter()
                .map(|(purpose, token)| (purpose, served.text(BITSTRING_STATUS_LIST, token)))
                .collect(),
            signed_at: now,
            time_to_live,
            compressed,
        });
        Ok(Arc::new(list.await.map_err(|_| PublicationFailed::Interrupted)?))
    }

    fn sign_bitstrings(
        &self,
        shard: ShardId,
        compressed: &CompressedShard,
        now: UnixTime,
    ) -> Result<Vec<(StatusPurpose, String)>, PublicationFailed> {
        let Some(key) = self.signers.assertion().of_status_lists() else {
            return Ok(Vec::new());
        };
        let sign = |(purpose, list): &(StatusPurpose, _)| {
            let prepared = self
                .profile()
                .prepare_bitstring_list(shard, purpose, list, key, now)?;
            let signature = self
                .setup
                .keys
                .signature(&prepared.request(key.handle().clone()))?;
            Ok::<_, PublicationFailed>((purpose.clone(), prepared.finish(&signature)))
        };
        compressed.bitstrings().iter().map(sign).collect()
    }

    /// The published list, if nothing changed since and it is fresh enough to be handed out.
    fn current(&self, shard: ShardId) -> Option<Arc<PublishedList>> {
        let now = self.now();
        let list = self.publisher.asked(shard, now)?;
        // A clock that was set back makes the list one of the future, which verifiers refuse.
        let fresh = now >= list.signed_at && now.since(list.signed_at) < list.time_to_live;
        fresh.then_some(list)
    }

    fn memory_limit(&self) -> usize {
        let megabytes = self.profile().policy().status_memory_megabytes;
        usize::try_from(megabytes << 20).unwrap_or(usize::MAX)
    }
}

/// What all forms of a list have in common on the wire.
#[derive(Clone, Copy)]
struct Served {
    signed_at: UnixTime,
    time_to_live: Duration,
}

impl Served {
    fn text(self, media_type: &'static str, text: String) -> Representation {
        self.representation(media_type, text.into_bytes(), Compression::Gzip)
    }

    /// What is inside is compressed already.
    fn binary(self, media_type: &'static str, bytes: Vec<u8>) -> Representation {
        self.representation(media_type, bytes, Compression::None)
    }

    fn representation(
        self,
        media_type: &'static str,
        bytes: Vec<u8>,
        compression: Compression,
    ) -> Representation {
        let digest = base64url::encode(&Sha256::digest(&bytes));
        Representation::new(
            media_type,
            bytes,
            &digest,
            self.signed_at,
            self.time_to_live,
            compression,
        )
    }
}

/// The JWT of a Token Status List.
pub(crate) const STATUS_LIST_JWT: &str = "application/statuslist+jwt";
/// The CWT of one.
pub(crate) const STATUS_LIST_CWT: &str = "application/statuslist+cwt";
/// The JWT of a Bitstring Status List.
pub(crate) const BITSTRING_STATUS_LIST: &str = "application/vc+jwt";
/// More changes of one list than this are published all the same, and the rest of their marks removed in later rounds.
const CHANGES_PER_ROUND: usize = 10_000;

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
    /// There is no randomness for the audit event of a retired list.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The process is ending.
    #[error("the publication was interrupted")]
    Interrupted,
}
