//! The port through which a code reaches its resident.

use std::pin::Pin;

use symbolon_crypto::UnixTime;
use thiserror::Error;
use zeroize::Zeroizing;

use super::destination::Destination;

/// A message with a code. It has no `Debug`: it names a person and a secret.
#[derive(Clone)]
pub struct CodeMessage {
    /// To whom.
    pub destination: Destination,
    /// The language of `text`, a BCP 47 tag.
    pub language: String,
    /// The whole message, for senders that pass on texts.
    pub text: Zeroizing<String>,
    /// The code, for senders that have templates of their own.
    pub code: Zeroizing<String>,
    /// What the sign-in page calls the request, so that the resident knows which message belongs to it.
    pub request: String,
    /// When the code expires.
    pub expires_at: UnixTime,
}

/// What sending answers with, later.
pub type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<(), SendRefused>> + Send + 'a>>;

/// Sends codes.
///
/// An implementer keeps neither destination nor code anywhere else, and writes neither to a log. It is asked after the code
/// is stored, and never while a resident waits for an answer: how long it takes tells nobody anything.
pub trait SendCode: Send + Sync {
    /// Sends one message.
    fn send<'a>(&'a self, message: &'a CodeMessage) -> SendFuture<'a>;
}

/// Why a message was not sent. Says nothing of the resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendRefused {
    /// The gateway cannot be reached or answers too late.
    #[error("the message gateway cannot be reached")]
    Unreachable,
    /// The gateway answered that it does not take the message.
    #[error("the message gateway answered {status}")]
    Status {
        /// Its HTTP status.
        status: u16,
    },
    /// The file cannot be written.
    #[error("the file of messages cannot be written")]
    File,
}
