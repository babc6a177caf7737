//! Showing mdocs face to face (ISO/IEC 18013-5): the wallet's part of a session whose messages, keys and states are
//! [`symbolon_protocol::proximity`].
//!
//! ```text
//! engage → EngagedHolder ─ message ─→ ProximityAsk → Answered → AnsweredHolder ─ message ─→ …
//!                                                  ↘ Declined ↗
//! ```
//! Who asks, what is matched and shown, and what the history says are the same as for every other request. A session lives in memory
//! alone: it does not outlive the connection, and so there is no flow to resume. What was shown is written down before the
//! message that shows it is given out.

mod ask;
mod outcome;
mod run;

pub use ask::{ProximityAsk, WaitingHolder};
pub use outcome::{
    AfterAnswer, DeviceProof, ProximityEnded, ProximityError, ProximityEvent, ProximityOutcome, SendFarewell,
};
