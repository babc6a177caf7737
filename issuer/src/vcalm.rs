//! Issuing what a coordinator hands in, as VCALM has it: the credential comes as a document and not from an ID record.
//!
//! 1. [`Completion::complete`]: the issuer puts in what is the issuer's (itself, validity, status) and checks the whole
//!    against VCDM 2.0 and against its own configuration.
//! 2. [`check_related_resources`]: the digests that the document vouches for, where the resource is at hand.
//! 3. [`PreparedDocument`] and [`SignedDocument`]: both of these, the securing, and the books, in the steps in which
//!    [`crate::issuance`] issues from a record.
//!
//! What is in the document is the coordinator's word, which is why the endpoint is behind the administration token and a
//! configuration must allow it. Whatever is issued stands in the books as every other credential does.

mod complete;
mod issue;
mod policy;
mod reference;
#[cfg(test)]
mod tests;

pub use complete::{CompletedCredential, Completion, CompletionRefused, check_related_resources};
pub use issue::{DocumentRefused, PreparedDocument, SignedDocument};
pub use policy::VcalmPolicy;
pub use reference::credential_id;
