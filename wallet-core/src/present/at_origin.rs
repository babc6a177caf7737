//! Showing credentials over the Digital Credentials API: the platform hands over what a page asks and the origin of that page, which
//! it vouches for, and takes the answer back.
//!
//! ```text
//! requests → AwaitingConsent → Consented → Finished
//!                            ↘ Finished (declined)
//! ```
//! Nothing is fetched but the DID documents of verifiers, and nothing is sent: what comes of it is handed to the platform. A flow
//! that was interrupted tells its answer again, and makes no second one.

mod outcome;
mod run;
mod stage;
mod verify;

pub use outcome::{OriginOutcome, RefusedAtOrigin};
pub use stage::{FinishedAtOrigin, OriginAsk, OriginStage};
