//! What a reader asks within a session, and where the session stands.

use std::fmt;

use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::proximity::{
    AnsweredHolder, EngagedHolder, RequestedHolder, SessionEnded, SessionStatus,
};

use crate::present::ConsentRequest;
use crate::record::VerifierRecord;

/// A session in which it is the reader's turn.
#[derive(Debug)]
pub enum WaitingHolder {
    /// It has not begun.
    Engaged(Box<EngagedHolder>),
    /// The last request was answered.
    Answered(AnsweredHolder),
}

/// A reader's request, verified, that the person decides about.
pub struct ProximityAsk {
    pub(super) holder: RequestedHolder,
    pub(super) query: DcqlQuery,
    pub(super) verifier: VerifierRecord,
    pub(super) consent: ConsentRequest,
}

/// Without keys.
impl fmt::Debug for ProximityAsk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProximityAsk")
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

impl ProximityAsk {
    /// Who asks for what, and what would be disclosed. Show all of it. Its flow names nothing that is stored.
    #[must_use]
    pub const fn consent(&self) -> &ConsentRequest {
        &self.consent
    }

    /// Takes a message while the person decides: the reader can only end the session now.
    ///
    /// # Errors
    /// [`SessionEnded`] for every other message.
    pub fn receive(self, message: &[u8]) -> Result<SessionStatus, SessionEnded> {
        self.holder.receive(message)
    }

    /// The message that ends the session without an answer, as when the person walks away.
    #[must_use]
    pub fn terminate(self) -> Vec<u8> {
        self.holder.terminate()
    }
}
