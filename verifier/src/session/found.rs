//! What a session has worked out so far, so that nothing is verified twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_crypto::x509::VerifiedRevocationList;
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_did::webvh::{UnwitnessedLog, WebvhHistory, WebvhLog, WebvhVersionQuery, verify_webvh_log};
use symbolon_did::{Did, PublishedDocument};
use symbolon_trust::status_list::VerifiedStatusList;

use super::status::VerifiedBitstringList;
use crate::evidence::{DidDocumentEvidence, DocumentEvidence, Evidence};
use crate::report::Reason;

/// What a session has worked out so far.
#[derive(Default)]
pub(super) struct Found {
    /// The documents of DIDs, as fetched or of the trust list.
    pub(super) documents: BTreeMap<Did, Result<PublishedDocument, Reason>>,
    /// The logs of DIDs that their witnesses have still to be asked about.
    pub(super) unwitnessed: BTreeMap<Did, UnwitnessedLog>,
    pub(super) token_lists: BTreeMap<String, Result<Arc<VerifiedStatusList>, Reason>>,
    pub(super) bitstring_lists: BTreeMap<String, Result<Arc<VerifiedBitstringList>, Reason>>,
    /// By their digest and that of their issuer's certificate; `None` for one that this issuer did not sign.
    pub(super) revocation_lists: BTreeMap<([u8; 32], [u8; 32]), Option<VerifiedRevocationList>>,
}

impl Found {
    /// The token status lists that were verified.
    pub(super) fn verified_token_lists(&self) -> impl Iterator<Item = &Arc<VerifiedStatusList>> {
        self.token_lists.values().filter_map(|list| list.as_ref().ok())
    }

    /// The Bitstring status lists that were verified.
    pub(super) fn verified_bitstring_lists(&self) -> impl Iterator<Item = &Arc<VerifiedBitstringList>> {
        self.bitstring_lists
            .values()
            .filter_map(|list| list.as_ref().ok())
    }

    /// Reads the DID documents and logs that have come since the last step.
    pub(super) fn take_up_documents(
        &mut self,
        evidence: &Evidence<'_>,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) {
        for (did, document) in evidence.did_documents() {
            if self.documents.contains_key(did) {
                continue;
            }
            if let Some(log) = self.unwitnessed.remove(did) {
                self.witness(did, log, evidence, provider);
                continue;
            }
            match (document, did.method()) {
                (DidDocumentEvidence::Absent, _) => self.keep(did, Err(Reason::EvidenceAbsent)),
                (DidDocumentEvidence::Document(log), "webvh") => {
                    match verify_webvh_log(did, log, now, provider) {
                        Ok(WebvhLog::Verified(history)) => self.keep(did, latest(&history)),
                        Ok(WebvhLog::NeedsWitnessProofs(log)) => self.witness(did, log, evidence, provider),
                        Err(_) => self.keep(did, Err(Reason::Malformed)),
                    }
                }
                (DidDocumentEvidence::Document(bytes), _) => {
                    let read = PublishedDocument::parse(bytes, did).map_err(|_| Reason::Malformed);
                    self.keep(did, read);
                }
            }
        }
    }

    fn witness(
        &mut self,
        did: &Did,
        log: UnwitnessedLog,
        evidence: &Evidence<'_>,
        provider: &dyn CryptoProvider,
    ) {
        match evidence.did_witness_proofs(did) {
            None => {
                self.unwitnessed.insert(did.clone(), log);
            }
            Some(DocumentEvidence::Absent) => self.keep(did, Err(Reason::EvidenceAbsent)),
            Some(DocumentEvidence::Document(proofs)) => {
                let history = log.witnessed(proofs, provider);
                let document = history.map_err(|_| Reason::WrongSignature);
                self.keep(did, document.and_then(|history| latest(&history)));
            }
        }
    }

    fn keep(&mut self, did: &Did, document: Result<PublishedDocument, Reason>) {
        self.documents.insert(did.clone(), document);
    }
}

/// The document that is in force. One that is deactivated has no keys.
fn latest(history: &WebvhHistory) -> Result<PublishedDocument, Reason> {
    let version = history
        .version(WebvhVersionQuery::Latest)
        .map_err(|_| Reason::Revoked)?;
    version.document().map_err(|_| Reason::Malformed)
}
