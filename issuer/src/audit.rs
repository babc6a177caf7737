//! The audit log: who did what to what, chained by hashes, without personal data.
//!
//! An event is written in the same commit as what it tells of, so neither exists without the other. A single chainer then moves waiting
//! events into the chain: were each issuance to extend the chain itself, all of them would wait for one another.
//!
//! A record is named by a **reference**, a keyed hash that only this installation can make: an operator who has the UIN finds its
//! entries, a thief of the log finds nobody.

mod keys;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime, random_bytes};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::openid4vci::notification::NotificationEvent;
use thiserror::Error;

use crate::credential_record::StatusAction;
use crate::identifiers::{ConfigurationId, CredentialId, OfferId, TransactionId, hexadecimal};
use crate::index::ShardId;
use crate::record::Uin;
use crate::secret::{InstallationSecret, Purpose};
use crate::sign_in::SignInMethod;
use crate::transaction::Decision;

pub use keys::{KeyChange, KeyName};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEvent {
    /// When.
    pub at: UnixTime,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
}

/// Who caused an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// Whoever holds the administration token.
    Operator,
    /// A wallet with an access token.
    Wallet,
    /// A resident who signed in.
    Resident,
    /// The issuer itself.
    Issuer,
}

/// What happened, by references.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AuditAction {
    /// A batch of records was stored.
    RecordsImported {
        /// How many, the unchanged ones included.
        records: u32,
    },
    /// A record was read by an operator.
    RecordShown {
        /// Whose.
        record: RecordReference,
    },
    /// All records were read by an operator.
    RecordsExported,
    /// An offer was made.
    OfferCreated {
        /// Which.
        offer: OfferId,
        /// For whom.
        record: RecordReference,
        /// Of what.
        configurations: Vec<ConfigurationId>,
    },
    /// An offer was taken back.
    OfferCancelled {
        /// Which.
        offer: OfferId,
        /// For whom it was.
        record: RecordReference,
    },
    /// An offer got a new transaction code.
    TransactionCodeRenewed {
        /// Which.
        offer: OfferId,
        /// For whom it is.
        record: RecordReference,
    },
    /// A code was made for a resident's sign-in and handed to the sender.
    SignInCodeSent {
        /// Whose.
        record: RecordReference,
    },
    /// A resident signed in.
    SignedIn {
        /// Who.
        record: RecordReference,
        /// By what.
        method: SignInMethod,
    },
    /// A resident let a wallet have credentials.
    AuthorizationGranted {
        /// Who.
        record: RecordReference,
        /// Which wallet, by the identifier it uses here.
        client: ClientIdentifier,
        /// Which credentials.
        configurations: Vec<ConfigurationId>,
    },
    /// A code or a refresh token was used twice, so all tokens that came of it ended.
    TokensRevoked {
        /// Whose.
        record: RecordReference,
        /// Which wallet.
        client: ClientIdentifier,
    },
    /// A pre-authorized code died of wrong transaction codes.
    TransactionCodeExhausted {
        /// For whom the offer was.
        record: RecordReference,
    },
    /// A credential left, or a card was printed.
    CredentialIssued {
        /// Which.
        credential: CredentialId,
        /// To whom; nobody in the register for a document that was handed in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<RecordReference>,
        /// By what configuration.
        configuration: ConfigurationId,
    },
    /// A wallet asked for a credential that an operator has to approve.
    CredentialRequested {
        /// Which request.
        transaction: TransactionId,
        /// For whom.
        record: RecordReference,
        /// By what configuration.
        configuration: ConfigurationId,
    },
    /// An operator decided on such a request.
    RequestDecided {
        /// Which request.
        transaction: TransactionId,
        /// For whom.
        record: RecordReference,
        /// How.
        decision: Decision,
    },
    /// A wallet told what became of a credential.
    CredentialReported {
        /// Which.
        credential: CredentialId,
        /// Whose.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<RecordReference>,
        /// What.
        event: NotificationEvent,
    },
    /// A credential's status changed.
    StatusChanged {
        /// Which.
        credential: CredentialId,
        /// Whose.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<RecordReference>,
        /// How.
        action: StatusAction,
    },
    /// A status list was opened.
    ShardOpened {
        /// Which.
        shard: ShardId,
    },
    /// A status list was retired: everything in it has expired, and it is not published any more.
    ShardRetired {
        /// Which.
        shard: ShardId,
    },
    /// A backup was begun.
    BackedUp,
    /// The installation was made of a backup. What happened between the two is not in this log.
    Restored {
        /// When the backup was taken.
        backup_of: UnixTime,
    },
    /// The operator changed a key of the issuer, or its certificate.
    KeyChanged {
        /// Which.
        key: KeyName,
        /// How.
        change: KeyChange,
    },
    /// An offline pack was built.
    PackBuilt {
        /// Its number.
        sequence: u64,
    },
}

/// A record without its number: the first 16 bytes of a keyed hash of the UIN, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordReference(String);

impl RecordReference {
    /// The reference of a record in this installation.
    #[must_use]
    pub fn derive(secret: &InstallationSecret, record: &Uin) -> Self {
        let tag = secret.derive_tag(Purpose::RecordReference, &[record.as_str().as_bytes()]);
        Self(hexadecimal(tag.get(..16).unwrap_or_default()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where an event waits until it is chained: ordered by time, then at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKey([u8; 24]);

impl EventKey {
    /// Makes a key for an event at `at`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(at: UnixTime, randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        let mut bytes = [0; 24];
        let random = random_bytes::<16>(randomness)?;
        for (target, source) in bytes
            .iter_mut()
            .zip(at.seconds().to_be_bytes().into_iter().chain(random))
        {
            *target = source;
        }
        Ok(Self(bytes))
    }

    /// The key's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// When the event happened.
    #[must_use]
    pub fn at(&self) -> UnixTime {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        UnixTime::from_seconds(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// A key that was stored.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// An event that waits to be chained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEvent {
    /// Where it waits.
    pub key: EventKey,
    /// What happened.
    pub event: AuditEvent,
}

impl WaitingEvent {
    /// An event that happens now.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(
        at: UnixTime,
        actor: Actor,
        action: AuditAction,
        randomness: &dyn Randomness,
    ) -> Result<Self, RandomnessUnavailable> {
        Ok(Self {
            key: EventKey::make(at, randomness)?,
            event: AuditEvent { at, actor, action },
        })
    }
}

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditHead {
    /// How many entries there are.
    pub length: u64,
    /// The digest of the last one; zeros when there is none.
    pub digest: [u8; 32],
}

impl AuditHead {
    /// The head of an empty chain.
    pub const EMPTY: Self = Self {
        length: 0,
        digest: [0; 32],
    };

    /// The entry that follows, holding `event` as it was written, and the head after it.
    #[must_use]
    pub fn append(&self, event: String) -> (AuditEntry, Self) {
        let entry = AuditEntry {
            sequence: self.length,
            previous: self.digest,
            event,
        };
        let head = Self {
            length: self.length.saturating_add(1),
            digest: entry.digest(),
        };
        (entry, head)
    }
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Counted from 0.
    pub sequence: u64,
    /// The digest of the entry before; zeros for the first.
    pub previous: [u8; 32],
    /// The event's JSON, verbatim: what is hashed is what is kept.
    pub event: String,
}

impl AuditEntry {
    /// SHA-256 over label, sequence, previous digest and event.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"symbolon audit entry v1");
        hash.update(self.sequence.to_be_bytes());
        hash.update(self.previous);
        hash.update(self.event.as_bytes());
        hash.finalize().into()
    }
}

/// Checks a chain from its start, in parts.
#[derive(Debug, Clone)]
pub struct AuditVerification {
    reached: AuditHead,
}

impl Default for AuditVerification {
    fn default() -> Self {
        Self {
            reached: AuditHead::EMPTY,
        }
    }
}

impl AuditVerification {
    /// Checks the next entries.
    ///
    /// # Errors
    /// [`AuditBroken`] at the first entry that does not follow from the one before.
    pub fn check(&mut self, entries: &[AuditEntry]) -> Result<(), AuditBroken> {
        for entry in entries {
            if entry.sequence != self.reached.length || entry.previous != self.reached.digest {
                return Err(AuditBroken {
                    sequence: self.reached.length,
                });
            }
            self.reached = AuditHead {
                length: self.reached.length.saturating_add(1),
                digest: entry.digest(),
            };
        }
        Ok(())
    }

    /// Checks that the chain ends where the store says, and returns its length.
    ///
    /// # Errors
    /// [`AuditBroken`] when entries are missing at the end, or the last was changed.
    pub fn finish(self, head: &AuditHead) -> Result<u64, AuditBroken> {
        if self.reached == *head {
            Ok(head.length)
        } else {
            Err(AuditBroken {
                sequence: self.reached.length,
            })
        }
    }
}

/// The log was changed after it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the audit log is broken at entry {sequence}")]
pub struct AuditBroken {
    /// The first entry that is not what it should be.
    pub sequence: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(events: &[&str]) -> (Vec<AuditEntry>, AuditHead) {
        let mut head = AuditHead::EMPTY;
        let mut entries = Vec::new();
        for event in events {
            let (entry, next) = head.append((*event).to_owned());
            entries.push(entry);
            head = next;
        }
        (entries, head)
    }

    fn verify(entries: &[AuditEntry], head: &AuditHead) -> Result<u64, AuditBroken> {
        let mut verification = AuditVerification::default();
        verification.check(entries)?;
        verification.finish(head)
    }

    #[test]
    fn a_changed_a_missing_and_an_inserted_entry_are_found() {
        let (entries, head) = chain(&["a", "b", "c"]);
        assert_eq!(verify(&entries, &head), Ok(3));
        let mut changed = entries.clone();
        changed[1].event = "x".to_owned();
        assert_eq!(verify(&changed, &head), Err(AuditBroken { sequence: 2 }));
        let mut last_changed = entries.clone();
        last_changed[2].event = "x".to_owned();
        assert_eq!(verify(&last_changed, &head), Err(AuditBroken { sequence: 3 }));
        assert_eq!(verify(&entries[..2], &head), Err(AuditBroken { sequence: 2 }));
        let mut missing = entries.clone();
        missing.remove(1);
        assert_eq!(verify(&missing, &head), Err(AuditBroken { sequence: 1 }));
        assert_eq!(verify(&[], &AuditHead::EMPTY), Ok(0));
    }

    #[test]
    fn the_digest_of_an_entry_is_frozen() {
        let (entries, _) = chain(&["{}"]);
        assert_eq!(hexadecimal(&entries[0].digest()), FROZEN);
    }

    const FROZEN: &str = "4d87e1b75b889a605e811ace9322a790a505396e230adceb0fb4381a51ac8657";
}
