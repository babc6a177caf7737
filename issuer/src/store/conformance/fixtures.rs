//! Values for the suite.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime};

use crate::audit::{Actor, AuditAction, WaitingEvent};
use crate::credential_record::{CredentialKind, CredentialRecord, CredentialStatus};
use crate::grant::{AccessGrant, Grant, GrantHolder, GrantStage, TxCodePolicy};
use crate::identifiers::{ConfigurationId, CredentialId, OfferId};
use crate::index::{ShardId, StatusIndex};
use crate::offer::{OfferDelivery, OfferDevice, OfferEntry};
use crate::record::{IdRecord, Uin};
use crate::secret::SecretDigest;
use crate::store::{Issuance, NewOffer, SpentAccess, Stored, StoredOffer};

pub(super) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
pub(super) const DIGITS: [&str; 5] = ["0", "1", "2", "3", "4"];

/// Bytes that never repeat, for identifiers.
#[derive(Default)]
pub(super) struct Numbers(AtomicU64);

impl Randomness for Numbers {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        for chunk in bytes.chunks_mut(8) {
            // An odd multiplier permutes the numbers, so that order and value do not go together.
            let number = self
                .0
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let taken = chunk.len();
            chunk.copy_from_slice(&number.to_be_bytes()[..taken]);
        }
        Ok(())
    }
}

pub(super) fn uin(digits: &str) -> Uin {
    Uin::parse(digits).unwrap()
}

pub(super) fn record(digits: &str, name: &str) -> IdRecord {
    serde_json::from_value(json!({ "UIN": digits, "name": name })).unwrap()
}

pub(super) fn digest(text: &str) -> SecretDigest {
    SecretDigest::of(text)
}

pub(super) fn event(numbers: &Numbers) -> WaitingEvent {
    WaitingEvent::make(NOW, Actor::Operator, AuditAction::RecordsExported, numbers).unwrap()
}

pub(super) fn configuration() -> ConfigurationId {
    ConfigurationId::parse("NationalIdentity").unwrap()
}

pub(super) fn grant() -> Grant {
    Grant {
        record: uin("1"),
        configurations: vec![configuration()],
        credentials_each: 1,
        expires_at: NOW.plus(Duration::from_secs(60)),
        tx_code: None,
        stage: GrantStage::Offered,
        code_offer: None,
        offer: None,
    }
}

pub(super) fn token_access() -> AccessGrant {
    AccessGrant {
        record: uin("1"),
        remaining: BTreeMap::from([(configuration(), 5)]),
        expires_at: NOW.plus(Duration::from_secs(60)),
        client: None,
        dpop: None,
        identifiers: BTreeMap::new(),
        family: None,
        offer: None,
    }
}

pub(super) fn offer() -> StoredOffer {
    StoredOffer {
        json: "{}".to_owned(),
        expires_at: NOW.plus(Duration::from_secs(60)),
        offer: None,
    }
}

/// An entry of the book, under a new identifier.
pub(super) fn entry(numbers: &Numbers, digits: &str) -> (OfferId, OfferEntry) {
    let entry = OfferEntry {
        record: uin(digits),
        configurations: vec![configuration()],
        delivery: OfferDelivery::ByReference,
        device: OfferDevice::OtherDevice,
        tx_code: TxCodePolicy::NotRequired,
        grant: None,
        code_offer: None,
        address: None,
        made_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(60)),
        forgotten_at: NOW.plus(Duration::from_secs(600)),
        cancelled: None,
    };
    (OfferId::make(numbers).unwrap(), entry)
}

/// An offer of a grant alone.
pub(super) fn new_offer(numbers: &Numbers, code: SecretDigest) -> NewOffer {
    NewOffer {
        entry: entry(numbers, "1"),
        offer: None,
        grant: Some((code, grant())),
        code_offer: None,
        event: event(numbers),
    }
}

pub(super) fn credential(numbers: &Numbers, digits: &str, index: u32) -> CredentialRecord {
    CredentialRecord {
        id: CredentialId::make(numbers).unwrap(),
        kind: CredentialKind::SdJwtVc,
        configuration: configuration(),
        record: Some(uin(digits)),
        status_index: Some(StatusIndex {
            shard: ShardId::FIRST,
            index,
        }),
        issued_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(86_400)),
        status: CredentialStatus::Valid,
        status_changed_at: NOW,
        replaced_by: None,
        wallet_report: None,
    }
}

pub(super) fn issuance(numbers: &Numbers, credentials: Vec<CredentialRecord>) -> Issuance {
    Issuance {
        access: None,
        nonces: Vec::new(),
        credentials,
        changes: Vec::new(),
        transaction: None,
        offer: None,
        notification: None,
        events: vec![event(numbers)],
    }
}

pub(super) fn spent(access: &Stored<AccessGrant>) -> SpentAccess {
    SpentAccess {
        token: digest("token"),
        expected: access.revision.clone(),
        family: None,
        proof: None,
        access: access.value.spend(&configuration(), 1, NOW).unwrap(),
    }
}

pub(super) fn holder() -> GrantHolder {
    GrantHolder {
        grant: digest("token"),
        dpop: None,
    }
}
