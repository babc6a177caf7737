//! What comes of a session's steps, for the app to send and to show.

use symbolon_crypto::signing::Agree;
use symbolon_protocol::proximity::{AnsweredHolder, SessionEnded, SessionError, SessionStatus};
use thiserror::Error;

use super::ask::ProximityAsk;
use crate::error::WalletError;
use crate::present::Presentation;
use crate::record::DisclosedCredential;

/// How a document proves that this device holds it.
#[derive(Clone, Copy)]
pub enum DeviceProof<'p> {
    /// By a signature. The reader can show it to others as a proof of what it was shown.
    Signature,
    /// By a MAC under a key that the document's key agrees on with the reader's. The reader could have made it itself, so it
    /// convinces nobody else. The key store must be able to agree with the keys that it signs with.
    Mac(&'p dyn Agree),
}

/// Whether the session goes on behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAnswer {
    /// The reader may ask for more.
    Continue,
    /// It ends with this answer.
    End,
}

/// What came of a message of the reader.
#[derive(Debug)]
pub enum ProximityEvent {
    /// Show who asks for what, then [`answer_reader`](crate::Wallet::answer_reader).
    AwaitingConsent(Box<ProximityAsk>),
    /// The reader ended the session. Nothing is to be sent.
    Ended(SessionStatus),
}

/// What came of the person's decision.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProximityOutcome {
    /// Send this. The history says what it discloses; whether it arrives is not known.
    Answered {
        /// The message.
        message: Vec<u8>,
        /// What it discloses.
        disclosed: Vec<DisclosedCredential>,
        /// What is sent, in the clear, with the request and its session. A MAC in it convinces nobody else.
        presentation: Presentation,
        /// The session, unless it ended with the answer.
        holder: Option<AnsweredHolder>,
    },
    /// The person declined. Send this, which discloses nothing.
    Declined {
        /// The message.
        message: Vec<u8>,
        /// The session.
        holder: AnsweredHolder,
    },
    /// The key store waits for the person (screen lock, biometry). Ask, then answer again.
    KeyLocked(Box<ProximityAsk>),
    /// The choice does not answer the request, or what it names is not held any more. Nothing was disclosed; answer again.
    InvalidChoice(Box<ProximityAsk>),
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProximityError {
    /// The reader, or whoever stands between, broke a rule of the session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The wallet refuses the request, or cannot serve it.
    #[error(transparent)]
    Wallet(#[from] WalletError),
}

/// A session that is over because something was wrong. Nothing was disclosed by the step that failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{error}")]
pub struct ProximityEnded {
    /// What was wrong.
    #[source]
    pub error: ProximityError,
    /// The last message, to be sent before the connection is closed.
    pub farewell: Vec<u8>,
    /// When it is sent.
    pub send: SendFarewell,
}

/// When the last message of a session is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendFarewell {
    /// Now.
    AtOnce,
    /// When the person has seen why, and leaves. A reader that hears no faster than a person acts would learn that it was refused before.
    WhenThePersonLeaves,
}

impl From<SessionEnded> for ProximityEnded {
    fn from(ended: SessionEnded) -> Self {
        Self {
            error: ended.error.into(),
            farewell: ended.farewell,
            send: SendFarewell::AtOnce,
        }
    }
}
