//! One entry of a log ([§3.5](https://identity.foundation/didwebvh/v1.0/#the-did-log-file)) and its hash.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::jcs;
use symbolon_crypto::encoding::json::{self, JsonBudget, JsonError};

use super::{MAX_WEBVH_LOG_BYTES, WebvhError};

/// One entry: a document of any size that a DID document may have, parameters and proofs.
const ENTRY_BUDGET: JsonBudget = JsonBudget {
    bytes: MAX_WEBVH_LOG_BYTES,
    depth: 16,
    items: 6_000,
};
/// Stands for the self-certifying identifier in what it is the hash of.
const PLACEHOLDER: &str = "{SCID}";
/// Multihash of SHA-256, the only one of version 1.0.
const SHA2_256: [u8; 2] = [0x12, 32];

/// An entry as it was read: its own members alone, of the types they must have.
pub(super) struct Entry {
    /// Its place in the log, from one.
    pub(super) number: usize,
    pub(super) version_id: String,
    pub(super) version_time: String,
    pub(super) parameters: Map<String, Value>,
    pub(super) state: Value,
    pub(super) proofs: Vec<Map<String, Value>>,
    /// Everything but the proofs: what is hashed and signed.
    unsigned: Map<String, Value>,
}

impl Entry {
    pub(super) fn parse(line: &[u8], number: usize) -> Result<Self, WebvhError> {
        let malformed = WebvhError::Malformed { entry: number };
        let mut members = match json::parse_value(line, ENTRY_BUDGET) {
            Ok(Value::Object(members)) => members,
            Err(JsonError::OverBudget) => return Err(WebvhError::OverBudget),
            _ => return Err(malformed),
        };
        let proofs = match members.remove("proof") {
            Some(Value::Object(proof)) => vec![proof],
            Some(Value::Array(proofs)) => proofs
                .into_iter()
                .map(|proof| match proof {
                    Value::Object(proof) => Ok(proof),
                    _ => Err(malformed),
                })
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
            Some(_) => return Err(malformed),
        };
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let object = |name: &str| members.get(name).and_then(Value::as_object).cloned();
        // Members of no meaning would be signed, and could say anything to whoever shows the log.
        if members.len() != 4 {
            return Err(malformed);
        }
        Ok(Self {
            number,
            version_id: text("versionId").ok_or(malformed)?,
            version_time: text("versionTime").ok_or(malformed)?,
            parameters: object("parameters").ok_or(malformed)?,
            state: Value::Object(object("state").ok_or(malformed)?),
            proofs,
            unsigned: members,
        })
    }

    /// What its proofs are over.
    pub(super) fn signed(&self) -> Result<String, WebvhError> {
        canonical(&self.unsigned)
    }

    /// The hash that must follow the number in `versionId` (§3.7.4): over the entry with `predecessor` in the place of its own
    /// `versionId`.
    pub(super) fn hash(&self, predecessor: &str) -> Result<String, WebvhError> {
        let mut hashed = self.unsigned.clone();
        hashed.insert("versionId".to_owned(), Value::from(predecessor));
        Ok(multihash(canonical(&hashed)?.as_bytes()))
    }

    /// The self-certifying identifier of a log that begins with this entry and says it is `scid` (§3.7.3).
    pub(super) fn self_certifying_identifier(&self, scid: &str) -> Result<String, WebvhError> {
        let mut hashed = self.unsigned.clone();
        hashed.insert("versionId".to_owned(), Value::from(PLACEHOLDER));
        // The identifier is of letters and digits, so replacing it in the text keeps the text JSON; it may stand in names of
        // members too, whose order then changes.
        let text = canonical(&hashed)?.replace(scid, PLACEHOLDER);
        let malformed = WebvhError::Malformed { entry: self.number };
        match json::parse_value(text.as_bytes(), ENTRY_BUDGET) {
            Ok(Value::Object(hashed)) => Ok(multihash(canonical(&hashed)?.as_bytes())),
            _ => Err(malformed),
        }
    }
}

/// base58btc(multihash(bytes)), without a multibase prefix.
pub(super) fn multihash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    bs58::encode([SHA2_256.as_slice(), &digest].concat()).into_string()
}

pub(super) fn canonical(object: &Map<String, Value>) -> Result<String, WebvhError> {
    Ok(jcs::canonicalize(&Value::Object(object.clone()))?)
}
