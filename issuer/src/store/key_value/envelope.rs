//! The form of a stored value, and of the keys that are more than a name.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::{Keyed, Space, WriteBatch};
use crate::audit::WaitingEvent;
use crate::index::{ShardId, StatusIndex};
use crate::record::Uin;
use crate::store::{Revision, StoreError, Stored};

/// The version that this code writes. A later one reads it too, or migrates at start.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<T> {
    v: u32,
    body: T,
}

pub(super) fn write<T: Serialize>(what: &'static str, body: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(&Envelope { v: VERSION, body }).map_err(|_| StoreError::Unreadable { what })
}

pub(super) fn read<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    let envelope: Envelope<T> = serde_json::from_slice(bytes).map_err(|_| StoreError::Unreadable { what })?;
    if envelope.v == VERSION {
        Ok(envelope.body)
    } else {
        Err(StoreError::Unreadable { what })
    }
}

pub(super) fn read_stored<T: DeserializeOwned>(
    what: &'static str,
    bytes: Vec<u8>,
) -> Result<Stored<T>, StoreError> {
    Ok(Stored {
        value: read(what, &bytes)?,
        revision: Revision(Some(bytes)),
    })
}

pub(super) fn read_all<T: DeserializeOwned>(
    what: &'static str,
    entries: &[Keyed],
) -> Result<Vec<T>, StoreError> {
    entries.iter().map(|entry| read(what, &entry.value)).collect()
}

/// Big-endian numbers sort as they count.
pub(super) fn shard_key(shard: ShardId) -> Vec<u8> {
    shard.number().to_be_bytes().to_vec()
}

pub(super) fn place_key(place: StatusIndex) -> Vec<u8> {
    let mut key = shard_key(place.shard);
    key.extend_from_slice(&place.index.to_be_bytes());
    key
}

/// The separator cannot occur in a UIN, so no record's credentials are a prefix of another's.
pub(super) fn record_prefix(record: &Uin) -> Vec<u8> {
    let mut key = record.as_str().as_bytes().to_vec();
    key.push(0);
    key
}

/// The key of an identifier in an index by record.
pub(super) fn of_record_key(record: &Uin, id: &str) -> Vec<u8> {
    let mut key = record_prefix(record);
    key.extend_from_slice(id.as_bytes());
    key
}

/// Times before 1970 are never stored; should one appear it expires at once.
pub(super) fn time_key(time: UnixTime) -> [u8; 8] {
    u64::try_from(time.seconds()).unwrap_or(0).to_be_bytes()
}

impl WriteBatch {
    pub(super) fn put_event(self, event: &WaitingEvent) -> Result<Self, StoreError> {
        let value = write("audit event", &event.event)?;
        Ok(self.put(Space::WaitingEvents, *event.key.as_bytes(), value))
    }

    /// Notes that `key` of `space` may be forgotten at `expires_at`.
    pub(super) fn put_expiry(self, expires_at: UnixTime, space: Space, key: &[u8]) -> Self {
        let mut expiry = time_key(expires_at).to_vec();
        expiry.push(expiring_tag(space));
        expiry.extend_from_slice(key);
        self.put(Space::Expiries, expiry, Vec::new())
    }
}

/// Where an entry of the expiry index points, and when it falls due.
pub(super) fn read_expiry(key: &[u8]) -> Option<(u64, Space, &[u8])> {
    let (time, rest) = key.split_first_chunk::<8>()?;
    let (tag, key) = rest.split_first()?;
    let space = EXPIRING
        .iter()
        .copied()
        .find(|space| expiring_tag(*space) == *tag)?;
    Some((u64::from_be_bytes(*time), space, key))
}

const EXPIRING: [Space; 17] = [
    Space::Offers,
    Space::Grants,
    Space::Access,
    Space::SpentNonces,
    Space::PushedRequests,
    Space::Authorizations,
    Space::CodeOffers,
    Space::AuthorizationCodes,
    Space::RefreshTokens,
    Space::TokenFamilies,
    Space::ReplayMarks,
    Space::SignIns,
    Space::SendBudgets,
    Space::Transactions,
    Space::Notifications,
    Space::OfferBook,
    Space::KeptStatusLists,
];

const TRANSACTIONS_TAG: u8 = 32;
const NOTIFICATIONS_TAG: u8 = 33;
const OFFER_BOOK_TAG: u8 = 41;
const KEPT_STATUS_LISTS_TAG: u8 = 61;

/// Part of the stored format.
const fn expiring_tag(space: Space) -> u8 {
    match space {
        Space::Offers => 1,
        Space::Grants => 2,
        Space::Access => 3,
        Space::SpentNonces => 4,
        Space::Transactions => TRANSACTIONS_TAG,
        Space::Notifications => NOTIFICATIONS_TAG,
        Space::OfferBook => OFFER_BOOK_TAG,
        Space::KeptStatusLists => KEPT_STATUS_LISTS_TAG,
        Space::PushedRequests => 5,
        Space::Authorizations => 6,
        Space::CodeOffers => 7,
        Space::AuthorizationCodes => 8,
        Space::RefreshTokens => 9,
        Space::TokenFamilies => 10,
        Space::ReplayMarks => 11,
        Space::SignIns => 21,
        Space::SendBudgets => 22,
        _ => 0,
    }
}
