//! Why a session ends before its time.

use symbolon_credential::mdoc::MdocError;
use thiserror::Error;

use super::message::{MessageError, SessionData, SessionStatus};
use super::reader_authentication::ReaderAuthenticationError;

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The other side's message is none, or too long.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The other side spoke when it was not its turn.
    #[error("the other side sent data out of turn")]
    OutOfTurn,
    /// The reader's key is none of P-256.
    #[error("the reader's key is not a key of P-256")]
    ReaderKey,
    /// The message was not encrypted with the keys of this session, as the next one: it was changed, lost, repeated or comes
    /// from somebody else.
    #[error("the message cannot be decrypted as the next of this session")]
    Decryption,
    /// What the reader asks is no `DeviceRequest`.
    #[error("the reader's request is malformed: {0}")]
    Request(MdocError),
    /// The reader says who it is, and that is not true.
    #[error(transparent)]
    ReaderAuthentication(#[from] ReaderAuthenticationError),
    /// The reader asks too often.
    #[error("the reader asks more often than one session allows")]
    TooManyRequests,
    /// What was to be sent is longer than the other side takes.
    #[error("what is to be sent is longer than {limit} bytes")]
    TooLongToSend {
        /// What a message may have, in bytes.
        limit: usize,
    },
    /// The cipher could not encrypt.
    #[error("the message cannot be encrypted")]
    Encryption,
}

impl SessionError {
    /// What the other side is told (ISO/IEC 18013-5, section 9.1.1.4, table 20).
    #[must_use]
    pub const fn status(self) -> SessionStatus {
        match self {
            Self::ReaderKey | Self::Decryption => SessionStatus::EncryptionError,
            Self::Message(MessageError::TooLong { .. }) => SessionStatus::Termination,
            Self::Message(_) => SessionStatus::DecodingError,
            Self::OutOfTurn
            | Self::Request(_)
            | Self::ReaderAuthentication(_)
            | Self::TooManyRequests
            | Self::TooLongToSend { .. }
            | Self::Encryption => SessionStatus::Termination,
        }
    }
}

/// A session that is over because something was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the session has ended: {error}")]
pub struct SessionEnded {
    /// What was wrong.
    #[source]
    pub error: SessionError,
    /// The last message to the other side, to be sent before the connection is closed.
    pub farewell: Vec<u8>,
}

impl SessionEnded {
    /// The end for this reason, with the status that it has.
    pub(super) fn of(error: impl Into<SessionError>) -> Self {
        let error = error.into();
        Self {
            error,
            farewell: SessionData::of_status(error.status()).to_bytes(),
        }
    }
}
