//! The documents that a trust list carries: DID documents and JSON-LD contexts.

use std::collections::BTreeSet;

use serde_json::Value;
use symbolon_credential::data_integrity::check_added_context;

use super::{IssuerIdentifier, ParseTrustListError, TrustList};

/// The most DIDs of one issuer: one in use, one it is moving to, and a few of its past.
pub const MAX_DIDS_OF_AN_ISSUER: usize = 16;

/// The longest DID document, in bytes of JSON. One with a hundred keys takes a quarter of it.
pub const MAX_DID_DOCUMENT_BYTES: usize = 64 << 10;

/// The most contexts of a list: a handful for each issuer of a large federation.
pub const MAX_CONTEXTS: usize = 1_024;

/// The longest context, in bytes of JSON. The largest that the W3C publishes for credentials has 10 kB.
pub const MAX_CONTEXT_BYTES: usize = 128 << 10;

impl TrustList {
    pub(super) fn check_documents(&self) -> Result<(), ParseTrustListError> {
        let mut dids = BTreeSet::new();
        for issuer in &self.issuers {
            if issuer.dids.len() > MAX_DIDS_OF_AN_ISSUER {
                return Err(ParseTrustListError::OverBudget);
            }
            if !issuer.dids.iter().all(|did| dids.insert(did)) {
                return Err(ParseTrustListError::DidTwice);
            }
        }
        for (did, document) in &self.did_documents {
            let of_this_did = document.get("id").and_then(Value::as_str) == Some(did.as_str());
            if !of_this_did || !dids.contains(did) {
                return Err(ParseTrustListError::DidDocument);
            }
            check_length(document, MAX_DID_DOCUMENT_BYTES)?;
        }
        if self.contexts.len() > MAX_CONTEXTS {
            return Err(ParseTrustListError::OverBudget);
        }
        for (url, context) in &self.contexts {
            if IssuerIdentifier::parse(url).is_err() || context.get("@context").is_none() {
                return Err(ParseTrustListError::Context);
            }
            check_added_context(context).map_err(ParseTrustListError::AmbiguousContext)?;
            check_length(context, MAX_CONTEXT_BYTES)?;
        }
        Ok(())
    }
}

fn check_length(document: &Value, most: usize) -> Result<(), ParseTrustListError> {
    // Counted as JSON without white space; the list has been read, so what stands here is small already.
    let length = serde_json::to_vec(document)
        .map_err(|_| ParseTrustListError::Serialization)?
        .len();
    if length > most {
        return Err(ParseTrustListError::OverBudget);
    }
    Ok(())
}
