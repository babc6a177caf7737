//! VCALM 1.0, the Verifiable Credential API for Lifecycle Management
//! ([W3C draft of 2026](https://www.w3.org/TR/vcalm/), formerly VC API): issuing, deriving, presenting and verifying W3C
//! credentials for coordinators that work over plain HTTP.
//!
//! One file per endpoint. Requests are read strictly: a member or an option that is not known is an error, as VCALM's
//! section on options demands, and so is a document that does not conform to the data model. Answers are written as the
//! OpenAPI description has them; where that and the text of the specification differ, the text of this module says which
//! is followed.

pub mod challenge;
pub mod derive;
pub mod issue;
pub mod present;
pub mod problem;
pub mod reference;
mod request;
pub mod status;
#[cfg(test)]
mod tests;
pub mod verify;

/// The paths of the endpoints, below the base URL of an instance.
pub mod paths {
    /// Issues a credential.
    pub const ISSUE: &str = "/credentials/issue";
    /// Changes the status of an issued credential.
    pub const STATUS: &str = "/credentials/status";
    /// Derives a credential that shows less.
    pub const DERIVE: &str = "/credentials/derive";
    /// Verifies a credential.
    pub const VERIFY_CREDENTIAL: &str = "/credentials/verify";
    /// The credentials that are kept; each lies below it.
    pub const CREDENTIALS: &str = "/credentials";
    /// Creates and lists presentations; each lies below it.
    pub const PRESENTATIONS: &str = "/presentations";
    /// Verifies a presentation.
    pub const VERIFY_PRESENTATION: &str = "/presentations/verify";
    /// Makes a challenge.
    pub const CHALLENGES: &str = "/challenges";
}

/// The largest body that an endpoint reads, in bytes: what VCALM recommends for one credential (section on payload sizes).
/// How deep and how large the JSON within may be is a budget of its own.
pub const MAX_REQUEST_BYTES: usize = 10 << 20;

pub use problem::{RequestRefused, VcalmProblem};
