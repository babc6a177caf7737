//! The whole log, entry by entry ([§3.6.2](https://identity.foundation/didwebvh/v1.0/#read-resolve)).

use core::time::Duration;

use serde_json::Value;
use symbolon_crypto::{CryptoProvider, UnixTime};

use super::entry::Entry;
use super::history::{WebvhHistory, WebvhVersion};
use super::parameters::{Parameters, WitnessRule};
use super::place::Identifier;
use super::proof::Proof;
use super::witness::{Required, UnwitnessedLog};
use super::{MAX_ENTRIES, MAX_WEBVH_LOG_BYTES, WebvhError};
use crate::syntax::Did;
use crate::web::WebScheme;

/// How far the controller's clock may be ahead: the largest that the specification recommends.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);
/// Proofs of one entry.
const MAX_PROOFS: usize = 8;

/// A log whose entries were verified.
#[derive(Debug, Clone, PartialEq)]
pub enum WebvhLog {
    /// Nothing is left to verify.
    Verified(WebvhHistory),
    /// Witnesses must have approved entries: their proofs are at [`webvh_witness_url`](super::webvh_witness_url).
    NeedsWitnessProofs(UnwitnessedLog),
}

/// Verifies the log of `did`, as it was served: every hash, every key, every signature, whatever version is wanted in the end.
///
/// # Errors
/// [`WebvhError`].
pub fn verify_webvh_log(
    did: &Did,
    log: &[u8],
    now: UnixTime,
    provider: &dyn CryptoProvider,
) -> Result<WebvhLog, WebvhError> {
    // Which hosts may be asked was decided when the log was fetched.
    let identifier = Identifier::parse(did, WebScheme::HttpOnLocalhost)?;
    if log.len() > MAX_WEBVH_LOG_BYTES {
        return Err(WebvhError::OverBudget);
    }
    let mut verifying = Verifying {
        did,
        scid: identifier.scid,
        now,
        provider,
        last: None,
        versions: Vec::new(),
        required: Vec::new(),
        is_named: false,
    };
    let mut lines = log.split(|byte| *byte == b'\n').peekable();
    let mut number = 0;
    while let Some(line) = lines.next() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // What is behind the last line feed.
        if line.is_empty() && lines.peek().is_none() {
            break;
        }
        if number >= MAX_ENTRIES {
            return Err(WebvhError::OverBudget);
        }
        number += 1;
        verifying.entry(Entry::parse(line, number)?)?;
    }
    verifying.finish()
}

struct Verifying<'v> {
    did: &'v Did,
    scid: &'v str,
    now: UnixTime,
    provider: &'v dyn CryptoProvider,
    last: Option<Last>,
    versions: Vec<WebvhVersion>,
    /// Which witnesses must approve which entries.
    required: Vec<Required>,
    /// Some document is of the DID that is resolved.
    is_named: bool,
}

/// What the next entry follows.
struct Last {
    parameters: Parameters,
    version_id: String,
    time: VersionTime,
    id: Did,
}

impl Verifying<'_> {
    fn entry(&mut self, entry: Entry) -> Result<(), WebvhError> {
        let number = entry.number;
        let parameters = match &self.last {
            None => Parameters::first(&entry)?,
            Some(last) => last.parameters.after(&entry)?,
        };
        self.check_version_id(&entry, &parameters)?;
        let time = self.check_time(&entry)?;
        let id = self.check_state(&entry, &parameters)?;
        self.check_proofs(&entry, &parameters)?;
        let rule = self.witnesses_of(&parameters).cloned();
        if let Some(rule) = rule {
            self.required.push(Required { entry: number, rule });
        }
        self.is_named |= id == *self.did;
        self.versions.push(WebvhVersion {
            version_id: entry.version_id.clone(),
            version_time: time.seconds,
            document: entry.state,
        });
        self.last = Some(Last {
            parameters,
            version_id: entry.version_id,
            time,
            id,
        });
        Ok(())
    }

    /// Number and hash, which bind the entry to the one before, and the first to the DID.
    fn check_version_id(&self, entry: &Entry, parameters: &Parameters) -> Result<(), WebvhError> {
        let number = entry.number;
        let (stated, hash) =
            (entry.version_id.split_once('-')).ok_or(WebvhError::VersionId { entry: number })?;
        if stated != number.to_string() || hash.contains('-') {
            return Err(WebvhError::VersionId { entry: number });
        }
        let predecessor = match &self.last {
            Some(last) => &last.version_id,
            None => {
                let scid = &parameters.scid;
                if scid != self.scid || entry.self_certifying_identifier(scid)? != *scid {
                    return Err(WebvhError::Scid);
                }
                scid
            }
        };
        if entry.hash(predecessor)? == hash {
            Ok(())
        } else {
            Err(WebvhError::EntryHash { entry: number })
        }
    }

    fn check_time(&self, entry: &Entry) -> Result<VersionTime, WebvhError> {
        let number = entry.number;
        let refused = WebvhError::VersionTime { entry: number };
        let time = VersionTime::parse(&entry.version_time).ok_or(refused)?;
        if self.last.as_ref().is_some_and(|last| time <= last.time) {
            return Err(refused);
        }
        if time.seconds > self.now.plus(MAX_CLOCK_SKEW) {
            return Err(WebvhError::FromTheFuture { entry: number });
        }
        Ok(time)
    }

    /// Whose document it is: always of this identifier, and in one place until the DID moves with leave.
    fn check_state(&self, entry: &Entry, parameters: &Parameters) -> Result<Did, WebvhError> {
        let number = entry.number;
        let other = WebvhError::OtherDid { entry: number };
        let id = entry.state.get("id").and_then(Value::as_str);
        let id = Did::parse(id.ok_or(other)?).map_err(|_| other)?;
        let identifier = Identifier::parse(&id, WebScheme::HttpOnLocalhost).map_err(|_| other)?;
        if identifier.scid != parameters.scid {
            return Err(other);
        }
        if let Some(last) = &self.last
            && last.id != id
        {
            let names = entry.state.get("alsoKnownAs").and_then(Value::as_array);
            let says_from_where = names.is_some_and(|names| {
                let mut names = names.iter().filter_map(Value::as_str);
                names.any(|name| name == last.id.as_str())
            });
            if !parameters.portable || !says_from_where {
                return Err(WebvhError::Moved { entry: number });
            }
        }
        Ok(id)
    }

    fn check_proofs(&self, entry: &Entry, parameters: &Parameters) -> Result<(), WebvhError> {
        let number = entry.number;
        if entry.proofs.len() > MAX_PROOFS {
            return Err(WebvhError::OverBudget);
        }
        if entry.proofs.is_empty() {
            return Err(WebvhError::Unauthorized { entry: number });
        }
        // Announced keys sign the entry that brings them; others only the entries after it.
        let authorized = match &self.last {
            Some(last) if last.parameters.next_key_hashes.is_empty() => &last.parameters.update_keys,
            _ => &parameters.update_keys,
        };
        let signed = entry.signed()?;
        for proof in &entry.proofs {
            let unauthorized = WebvhError::Unauthorized { entry: number };
            let proof = Proof::read(proof, self.now).map_err(|_| unauthorized)?;
            let key = proof.signer().method_specific_identifier();
            if !authorized.iter().any(|authorized| authorized == key) {
                return Err(unauthorized);
            }
            proof
                .verify(&signed, self.provider)
                .map_err(|_| WebvhError::Signature { entry: number })?;
        }
        Ok(())
    }

    /// Who must approve an entry: the witnesses from before it, also of the entry that replaces or dismisses them; and the new
    /// ones where there were none.
    fn witnesses_of<'p>(&'p self, parameters: &'p Parameters) -> Option<&'p WitnessRule> {
        let before = self
            .last
            .as_ref()
            .and_then(|last| last.parameters.witness.as_ref());
        before.or(parameters.witness.as_ref())
    }

    fn finish(self) -> Result<WebvhLog, WebvhError> {
        let last = self.last.ok_or(WebvhError::Empty)?;
        if !self.is_named {
            return Err(WebvhError::NeverThisDid);
        }
        let history = WebvhHistory::new(self.versions, last.parameters);
        Ok(if self.required.is_empty() {
            WebvhLog::Verified(history)
        } else {
            WebvhLog::NeedsWitnessProofs(UnwitnessedLog::new(history, self.required, self.now))
        })
    }
}

/// A time with whatever part of a second was written, which decides between two entries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct VersionTime {
    seconds: UnixTime,
    /// The digits behind the point, without zeros at the end.
    fraction: String,
}

impl VersionTime {
    /// RFC 3339 in UTC, said to be so.
    fn parse(text: &str) -> Option<Self> {
        let local = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
        let fraction = match local.split_once('.') {
            Some((_, digits)) => digits.trim_end_matches('0'),
            None => "",
        };
        Some(Self {
            seconds: UnixTime::parse_rfc3339(text).ok()?,
            fraction: fraction.to_owned(),
        })
    }
}
