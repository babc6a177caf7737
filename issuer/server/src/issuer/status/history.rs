//! Status lists of the past ([Token Status List §8.4], [Bitstring Status List §3.2]): those that were published are kept as they were, and never made anew, because
//! what was signed later says nothing about what a verifier could know then.
//!
//! [Token Status List §8.4]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
//! [Bitstring Status List §3.2]: https://www.w3.org/TR/vc-bitstring-status-list/#validate-algorithm

use std::sync::Arc;
use std::time::Duration;

use symbolon_credential::w3c::StatusPurpose;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;
use symbolon_http::representation::Representation;
use symbolon_issuer::index::ShardId;
use symbolon_issuer::store::{KeptStatusList, StoreError};

use super::{
    BITSTRING_STATUS_LIST, Issuer, PublicationFailed, PublishedList, STATUS_LIST_CWT, STATUS_LIST_JWT, Served,
};

/// The list of a shard at a time.
pub(crate) enum ListAt {
    /// This issuer keeps no past.
    NotSupported,
    /// Nothing is kept that held then, or there is no such shard.
    NotFound,
    /// The one of today.
    Current(Arc<PublishedList>),
    /// One of the past.
    Past(Box<PastList>),
}

/// A list of the past as it is served.
pub(crate) struct PastList {
    /// The JWT.
    pub(crate) jwt: Representation,
    /// The CWT.
    pub(crate) cwt: Representation,
    /// The Bitstring Status Lists by purpose, as JWTs.
    pub(crate) bitstrings: Vec<(StatusPurpose, Representation)>,
}

impl Issuer {
    /// The list of a shard that held at `time`.
    ///
    /// # Errors
    /// [`PublicationFailed`].
    pub(crate) async fn list_at(&self, shard: ShardId, time: UnixTime) -> Result<ListAt, PublicationFailed> {
        let Some(history) = self.profile().policy().status_history() else {
            return Ok(ListAt::NotSupported);
        };
        let now = self.now();
        // What will be is not known, and what is older than the history is told to nobody, also where it is not forgotten yet.
        if time > now || now.since(time) > history {
            return Ok(ListAt::NotFound);
        }
        // One that was retired has a past all the same.
        if let Some(current) = self.published_list(shard).await?
            && current.signed_at <= time
        {
            return Ok(ListAt::Current(current));
        }
        let kept = self.store().status_list_at(shard, time).await?;
        match kept.filter(|kept| time < kept.expires_at) {
            Some(kept) => self.past(kept),
            None => Ok(ListAt::NotFound),
        }
    }

    fn past(&self, kept: KeptStatusList) -> Result<ListAt, PublicationFailed> {
        let unreadable = StoreError::Unreadable {
            what: "status list of the past",
        };
        let cwt = base64url::decode(&kept.cwt).map_err(|_| unreadable)?;
        let served = Served {
            signed_at: kept.issued_at,
            time_to_live: Duration::from_secs(self.profile().policy().status_time_to_live_seconds),
        };
        // Who asks for the past is rare, and the answer not worth being compressed.
        let bitstring = |(purpose, list): (String, String)| {
            let list = served.binary(BITSTRING_STATUS_LIST, list.into_bytes());
            (StatusPurpose::from_name(&purpose), list)
        };
        Ok(ListAt::Past(Box::new(PastList {
            jwt: served.binary(STATUS_LIST_JWT, kept.jwt.into_bytes()),
            cwt: served.binary(STATUS_LIST_CWT, cwt),
            bitstrings: kept.bitstrings.into_iter().map(bitstring).collect(),
        })))
    }

    /// Keeps a list that was just published, where the last that was kept is old enough. A failure costs the past a list, which is no
    /// reason to withhold the present.
    pub(super) async fn keep_for_history(&self, shard: ShardId, list: &PublishedList) {
        let policy = self.profile().policy();
        let Some(history) = policy.status_history() else {
            return;
        };
        let interval = Duration::from_secs(policy.status_history_interval_seconds);
        if !self.publisher.is_kept_anew(shard, list.signed_at, interval) {
            return;
        }
        let lifetime = Duration::from_secs(policy.status_lifetime_seconds);
        let expires_at = list.signed_at.plus(lifetime);
        let kept = KeptStatusList {
            issued_at: list.signed_at,
            expires_at,
            kept_until: expires_at.plus(history),
            jwt: text(&list.jwt),
            cwt: base64url::encode(list.cwt.bytes()),
            bitstrings: list
                .bitstrings
                .iter()
                .map(|(purpose, list)| (purpose.name().to_owned(), text(list)))
                .collect(),
        };
        if let Err(error) = self.store().keep_status_list(shard, &kept).await {
            tracing::error!(%error, shard = shard.number(), "status list not kept for the past");
        }
    }
}

/// A JWT is text.
fn text(jwt: &Representation) -> String {
    String::from_utf8_lossy(jwt.bytes()).into_owned()
}
