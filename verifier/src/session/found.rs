//! What a session has worked out so far, so that nothing is verified twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_did::{Did, PublishedDocument};
use symbolon_trust::status_list::VerifiedStatusList;

use super::status::VerifiedBitstringList;
use crate::evidence::{DidDocumentEvidence, Evidence};
use crate::report::Reason;

/// What a session has worked out so far.
#[derive(Default)]
pub(super) struct Found {
    /// The documents of DIDs, as fetched or of the trust list.
    pub(super) documents: BTreeMap<Did, Result<PublishedDocument, Reason>>,
    pub(super) token_lists: BTreeMap<String, Result<Arc<VerifiedStatusList>, Reason>>,
    pub(super) bitstring_lists: BTreeMap<String, Result<Arc<VerifiedBitstringList>, Reason>>,
}

impl Found {
    /// Reads the DID documents that have come since the last step.
    pub(super) fn take_up_documents(&mut self, evidence: &Evidence<'_>) {
        for (did, document) in evidence.did_documents() {
            if self.documents.contains_key(did) {
                continue;
            }
            let read = match document {
                DidDocumentEvidence::Document(bytes) => {
                    PublishedDocument::parse(bytes, did).map_err(|_| Reason::Malformed)
                }
                DidDocumentEvidence::Absent => Err(Reason::EvidenceAbsent),
            };
            self.documents.insert(did.clone(), read);
        }
    }
}
