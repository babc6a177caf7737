//! What the verifier keeps, on the embedded store.

mod embedded;
mod keys;

use symbolon_verifier::store::{RequestId, RequestRecord, StoreFuture, TenantId};

pub use embedded::EmbeddedVerifierStore;

/// What was asked and what was answered, word for word, so that the answer can be verified again later.
///
/// An implementation keeps an entry as long as the request it belongs to and removes both together: answers are
/// personal data.
pub trait EvidenceArchive: Send + Sync {
    /// Keeps the signed request object of a new request.
    fn keep_request<'a>(&'a self, record: &'a RequestRecord, object: String) -> StoreFuture<'a, ()>;

    /// Keeps the `vp_token` of the answer, as JSON.
    fn keep_answer<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
        vp_token: String,
    ) -> StoreFuture<'a, ()>;

    /// What is kept of a request.
    fn evidence<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<ArchivedEvidence>>;
}

/// A request and, once there is one, its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedEvidence {
    /// The signed request object.
    pub request_object: String,
    /// The `vp_token`, as JSON.
    pub vp_token: Option<String>,
}
