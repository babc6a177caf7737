//! The parameters of a log ([§3.7.1](https://identity.foundation/didwebvh/v1.0/#didwebvh-did-method-parameters)): what holds from
//! an entry on.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::WebvhError;
use super::entry::{Entry, multihash};
use super::place::is_scid;
use crate::method::resolve;
use crate::syntax::Did;

/// The version of the method.
const METHOD: &str = "did:webvh:1.0";
/// Keys, hashes, watchers or witnesses of one list.
const MAX_LIST: usize = 64;
/// Longest text in a list, in bytes.
const MAX_TEXT_BYTES: usize = 2_048;
/// `ttl` where none is set, in seconds.
const DEFAULT_TTL_SECONDS: u64 = 3_600;
/// The largest `ttl`, in seconds.
const MAX_TTL_SECONDS: u64 = 1 << 31;

/// What is in force after an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) scid: String,
    /// The keys that may sign the next entry; under pre-rotation, those that signed this one.
    pub(super) update_keys: Vec<String>,
    /// The hashes of the keys that the next entry may have. Not empty: pre-rotation is in force.
    pub(super) next_key_hashes: Vec<String>,
    pub(super) witness: Option<WitnessRule>,
    pub(super) watchers: Vec<String>,
    pub(super) portable: bool,
    pub(super) deactivated: bool,
    pub(super) ttl_seconds: u64,
}

/// Who must approve, and how many of them (§3.7.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WitnessRule {
    pub(super) threshold: usize,
    /// Each a `did:key` of Ed25519, none twice.
    pub(super) witnesses: BTreeSet<Did>,
}

impl Parameters {
    /// The parameters after the first entry.
    pub(super) fn first(entry: &Entry) -> Result<Self, WebvhError> {
        let number = entry.number;
        let refused = WebvhError::Parameters { entry: number };
        let read = Reader::new(&entry.parameters, number)?;
        if entry.parameters.get("method").is_none() {
            return Err(WebvhError::MethodVersion { entry: number });
        }
        let scid = match entry.parameters.get("scid") {
            Some(Value::String(scid)) if is_scid(scid) => scid.clone(),
            _ => return Err(refused),
        };
        Ok(Self {
            scid,
            update_keys: read.list("updateKeys")?.ok_or(refused)?,
            next_key_hashes: read.list("nextKeyHashes")?.unwrap_or_default(),
            witness: read.witness()?.unwrap_or_default(),
            watchers: read.list("watchers")?.unwrap_or_default(),
            portable: read.flag("portable")?.unwrap_or_default(),
            deactivated: read.flag("deactivated")?.unwrap_or_default(),
            ttl_seconds: read.ttl()?.unwrap_or(DEFAULT_TTL_SECONDS),
        })
    }

    /// The parameters after a later entry. What it does not set stays.
    pub(super) fn after(&self, entry: &Entry) -> Result<Self, WebvhError> {
        let number = entry.number;
        let refused = WebvhError::Parameters { entry: number };
        let read = Reader::new(&entry.parameters, number)?;
        if self.deactivated {
            return Err(WebvhError::AfterDeactivation { entry: number });
        }
        if entry.parameters.contains_key("scid") {
            return Err(refused);
        }
        let (keys, hashes) = (read.list("updateKeys")?, read.list("nextKeyHashes")?);
        if !self.next_key_hashes.is_empty() {
            // Inheriting would let whoever has the old keys go on with them.
            let announced = |key: &String| self.next_key_hashes.contains(&multihash(key.as_bytes()));
            let all_announced = keys.as_ref().is_some_and(|keys| keys.iter().all(announced));
            if !all_announced || hashes.is_none() {
                return Err(WebvhError::PreRotation { entry: number });
            }
        }
        let portable = match read.flag("portable")? {
            None => self.portable,
            Some(false) => false,
            // Leave to move is given in the first entry or never.
            Some(true) => return Err(refused),
        };
        Ok(Self {
            scid: self.scid.clone(),
            update_keys: keys.unwrap_or_else(|| self.update_keys.clone()),
            next_key_hashes: hashes.unwrap_or_else(|| self.next_key_hashes.clone()),
            witness: read.witness()?.unwrap_or_else(|| self.witness.clone()),
            watchers: read.list("watchers")?.unwrap_or_else(|| self.watchers.clone()),
            portable,
            deactivated: read.flag("deactivated")?.unwrap_or_default(),
            ttl_seconds: read.ttl()?.unwrap_or(self.ttl_seconds),
        })
    }
}

/// Reads parameters one by one. `null` stands for the default of lists, witnesses and `ttl`: early logs have it, and the
/// specification says to accept it.
struct Reader<'p> {
    parameters: &'p Map<String, Value>,
    refused: WebvhError,
}

impl<'p> Reader<'p> {
    fn new(parameters: &'p Map<String, Value>, number: usize) -> Result<Self, WebvhError> {
        const KNOWN: [&str; 9] = [
            "method",
            "scid",
            "updateKeys",
            "nextKeyHashes",
            "witness",
            "watchers",
            "portable",
            "deactivated",
            "ttl",
        ];
        let refused = WebvhError::Parameters { entry: number };
        if !parameters.keys().all(|name| KNOWN.contains(&name.as_str())) {
            return Err(refused);
        }
        match parameters.get("method") {
            None => {}
            Some(Value::String(method)) if method == METHOD => {}
            // Never taken for a version that is known.
            Some(_) => return Err(WebvhError::MethodVersion { entry: number }),
        }
        Ok(Self { parameters, refused })
    }

    fn list(&self, name: &str) -> Result<Option<Vec<String>>, WebvhError> {
        let items = match self.parameters.get(name) {
            None => return Ok(None),
            Some(Value::Null) => return Ok(Some(Vec::new())),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.refused),
        };
        if items.len() > MAX_LIST {
            return Err(WebvhError::OverBudget);
        }
        let text = |item: &Value| match item {
            Value::String(text) if (1..=MAX_TEXT_BYTES).contains(&text.len()) => Ok(text.clone()),
            _ => Err(self.refused),
        };
        items.iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, WebvhError> {
        match self.parameters.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.refused),
        }
    }

    fn ttl(&self) -> Result<Option<u64>, WebvhError> {
        match self.parameters.get("ttl") {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(DEFAULT_TTL_SECONDS)),
            Some(ttl) => match ttl.as_u64() {
                Some(ttl) if ttl <= MAX_TTL_SECONDS => Ok(Some(ttl)),
                _ => Err(self.refused),
            },
        }
    }

    /// A rule that is not understood must not be taken for none.
    fn witness(&self) -> Result<Option<Option<WitnessRule>>, WebvhError> {
        let rule = match self.parameters.get("witness") {
            None => return Ok(None),
            Some(Value::Null) => return Ok(Some(None)),
            Some(Value::Object(rule)) if rule.is_empty() => return Ok(Some(None)),
            Some(Value::Object(rule)) => rule,
            Some(_) => return Err(self.refused),
        };
        let listed = rule.get("witnesses").and_then(Value::as_array);
        let listed = listed.ok_or(self.refused)?;
        if listed.len() > MAX_LIST {
            return Err(WebvhError::OverBudget);
        }
        let mut witnesses = BTreeSet::new();
        for witness in listed {
            let id = witness.get("id").and_then(Value::as_str).ok_or(self.refused)?;
            let did = Did::parse(id).map_err(|_| self.refused)?;
            let is_ed25519 = did.method() == "key"
                && resolve(&did).is_ok_and(|document| {
                    matches!(
                        document.verification_method.public_key,
                        symbolon_crypto::PublicKey::Ed25519(_)
                    )
                });
            if !is_ed25519 || !witnesses.insert(did) {
                return Err(self.refused);
            }
        }
        let threshold = rule.get("threshold").and_then(Value::as_u64);
        let threshold = threshold
            .and_then(|threshold| usize::try_from(threshold).ok())
            .filter(|threshold| (1..=witnesses.len()).contains(threshold))
            .ok_or(self.refused)?;
        Ok(Some(Some(WitnessRule { threshold, witnesses })))
    }
}
