//! The approval of witnesses ([§3.7.8](https://identity.foundation/didwebvh/v1.0/#did-witnesses)).

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonBudget, JsonError};
use symbolon_crypto::{CryptoProvider, UnixTime};

use super::entry::canonical;
use super::history::WebvhHistory;
use super::parameters::WitnessRule;
use super::proof::Proof;
use super::{MAX_WEBVH_WITNESS_BYTES, WebvhError};
use crate::syntax::Did;

/// Signatures that are checked in one file. A controller keeps one or two of each witness.
const MAX_SIGNATURES: usize = 512;

const WITNESS_BUDGET: JsonBudget = JsonBudget {
    bytes: MAX_WEBVH_WITNESS_BYTES,
    depth: 6,
    items: 40_000,
};

/// A log whose entries were verified, and whose witnesses were not asked yet. Nothing in it may be used.
#[derive(Debug, Clone, PartialEq)]
pub struct UnwitnessedLog {
    history: WebvhHistory,
    required: Vec<Required>,
    now: UnixTime,
}

/// Who must approve an entry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Required {
    /// Which, from one.
    pub(super) entry: usize,
    pub(super) rule: WitnessRule,
}

impl UnwitnessedLog {
    pub(super) const fn new(history: WebvhHistory, required: Vec<Required>, now: UnixTime) -> Self {
        Self {
            history,
            required,
            now,
        }
    }

    /// Verifies the proofs of the witnesses, as they were served.
    ///
    /// # Errors
    /// [`WebvhError::WitnessProofs`], [`WebvhError::Witnesses`], [`WebvhError::OverBudget`].
    pub fn witnessed(self, proofs: &[u8], provider: &dyn CryptoProvider) -> Result<WebvhHistory, WebvhError> {
        let Value::Array(records) =
            json::parse_value(proofs, WITNESS_BUDGET).map_err(|error| match error {
                JsonError::OverBudget => WebvhError::OverBudget,
                _ => WebvhError::WitnessProofs,
            })?
        else {
            return Err(WebvhError::WitnessProofs);
        };
        let mut approved = BTreeMap::new();
        let mut signatures_left = MAX_SIGNATURES;
        for record in &records {
            self.read(record, provider, &mut signatures_left, &mut approved)?;
        }
        for required in &self.required {
            // Approving a version approves all before it.
            let approves = |witness: &&Did| approved.get(witness).is_some_and(|last| *last >= required.entry);
            if required.rule.witnesses.iter().filter(approves).count() < required.rule.threshold {
                return Err(WebvhError::Witnesses {
                    entry: required.entry,
                });
            }
        }
        Ok(self.history)
    }

    /// Notes who approved one version. A proof that proves nothing is passed over: anybody may have put it there, and it takes
    /// nothing away from the others.
    fn read<'l>(
        &'l self,
        record: &Value,
        provider: &dyn CryptoProvider,
        signatures_left: &mut usize,
        approved: &mut BTreeMap<&'l Did, usize>,
    ) -> Result<(), WebvhError> {
        let malformed = WebvhError::WitnessProofs;
        let version_id = record.get("versionId").and_then(Value::as_str).ok_or(malformed)?;
        // A version of another log that one of the witnesses watches as well, or one that is not published yet.
        let versions = self.history.versions();
        let Some(index) = versions
            .iter()
            .position(|version| version.version_id == version_id)
        else {
            return Ok(());
        };
        let proofs = match record.get("proof") {
            None => return Ok(()),
            Some(Value::Array(proofs)) => proofs.as_slice(),
            Some(one @ Value::Object(_)) => core::slice::from_ref(one),
            Some(_) => return Err(malformed),
        };
        let signed = Map::from_iter([("versionId".to_owned(), Value::from(version_id))]);
        let signed = canonical(&signed)?;
        for proof in proofs {
            let Some(Ok(proof)) = proof.as_object().map(|proof| Proof::read(proof, self.now)) else {
                continue;
            };
            let mut listed = self.required.iter().flat_map(|required| &required.rule.witnesses);
            let Some(witness) = listed.find(|witness| *witness == proof.signer()) else {
                continue;
            };
            let entry = index + 1;
            if approved.get(witness).is_some_and(|last| *last >= entry) {
                continue;
            }
            *signatures_left = signatures_left.checked_sub(1).ok_or(WebvhError::OverBudget)?;
            if proof.verify(&signed, provider).is_ok() {
                approved.insert(witness, entry);
            }
        }
        Ok(())
    }
}
