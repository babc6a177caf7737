//! What is stored, and how it is written down.
//!
//! Every record is JSON with an explicit version: `{"version":1,"record":{…}}`. A record of a newer version is refused,
//! never guessed at. The written form of each version is frozen by a vector in the tests.

mod credential;
mod flow;
mod history;
#[cfg(test)]
mod tests;
mod write;

pub use credential::{
    ClaimDisplay, CredentialDisplay, HeldCredential, LocalizedDisplay, LocalizedName, StatusReference,
};
pub use flow::{Flow, Stage};
pub use history::{
    Delivery, DisclosedCredential, HistoryEntry, HistoryEvent, VerifierEvidence, VerifierRecord,
};
pub use write::{Record, RecordError, decode, encode};
