//! The reader's side of a session.

use core::fmt;
use std::sync::Arc;

use symbolon_credential::mdoc::{Handover, SessionTranscript};
use symbolon_crypto::{CryptoProvider, Randomness, RandomnessUnavailable, SecretKey, SignatureAlgorithm};
use thiserror::Error;
use zeroize::Zeroizing;

use super::cipher::SessionCiphers;
use super::engagement::{DeviceEngagement, EngagementError};
use super::error::{SessionEnded, SessionError};
use super::holder::{receive_end, termination};
use super::message::{
    MAX_REQUEST_MESSAGE_BYTES, MAX_RESPONSE_MESSAGE_BYTES, SessionData, SessionEstablishment, SessionStatus,
};

/// Why no session can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The code is no engagement that this reader can follow.
    #[error(transparent)]
    Engagement(#[from] EngagementError),
    /// No key can be made.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The two keys cannot agree.
    #[error("the reader's key cannot agree with the device's")]
    Key,
}

/// What judging a response takes: what it must be bound to, and the key that a device MAC is checked with. The key is wiped
/// when the last one who holds this lets go.
pub struct ReaderSession {
    transcript: SessionTranscript,
    key: Arc<SecretKey>,
}

impl ReaderSession {
    /// What responses of this session are bound to, and what the reader's signatures must be over.
    #[must_use]
    pub const fn transcript(&self) -> &SessionTranscript {
        &self.transcript
    }

    /// The reader's secret key of this session.
    #[must_use]
    pub const fn reader_key(&self) -> &Arc<SecretKey> {
        &self.key
    }
}

/// A reader that has read an engagement, and has not spoken yet.
pub struct ScannedReader {
    engagement: DeviceEngagement,
    open: Box<OpenReader>,
}

/// A reader that has asked.
pub struct AwaitingReader {
    open: Box<OpenReader>,
}

/// A reader that has received a response and may ask for more.
pub struct AnsweredReader {
    open: Box<OpenReader>,
}

/// What came of a message of the holder.
#[derive(Debug)]
pub enum ReaderEvent {
    /// An encoded `DeviceResponse`, not yet judged. The session goes on.
    Response {
        /// The response.
        device_response: Zeroizing<Vec<u8>>,
        /// The session.
        reader: AnsweredReader,
    },
    /// The same, with which the holder ended the session.
    LastResponse {
        /// The response.
        device_response: Zeroizing<Vec<u8>>,
    },
    /// The holder ended the session without an answer.
    Ended(SessionStatus),
}

struct OpenReader {
    session: Arc<ReaderSession>,
    ciphers: SessionCiphers,
}

macro_rules! debug_without_keys {
    ($($name:ident),+) => {$(
        /// Without keys.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}

debug_without_keys!(ReaderSession, ScannedReader, AwaitingReader, AnsweredReader);

impl ScannedReader {
    /// Reads the text of a QR code and makes the key of one session.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn scan(
        qr_text: &str,
        crypto: &dyn CryptoProvider,
        randomness: &dyn Randomness,
    ) -> Result<Self, ScanError> {
        let engagement = DeviceEngagement::from_qr_text(qr_text)?;
        Self::engage(engagement, &Handover::QrCode, crypto, randomness)
    }

    /// The same for an engagement that came by `handover`.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn engage(
        engagement: DeviceEngagement,
        handover: &Handover,
        crypto: &dyn CryptoProvider,
        randomness: &dyn Randomness,
    ) -> Result<Self, ScanError> {
        let key = crypto.generate_key(SignatureAlgorithm::Es256, randomness)?;
        Self::with_key(engagement, handover, key, crypto)
    }

    pub(super) fn with_key(
        engagement: DeviceEngagement,
        handover: &Handover,
        key: SecretKey,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, ScanError> {
        let shared = crypto
            .agree(&key, engagement.device_key())
            .map_err(|_| ScanError::Key)?;
        let transcript = SessionTranscript::proximity(engagement.as_bytes(), &encoded_key(&key), handover);
        let ciphers = SessionCiphers::derive(&shared, &transcript);
        let session = Arc::new(ReaderSession {
            transcript,
            key: Arc::new(key),
        });
        Ok(Self {
            engagement,
            open: Box::new(OpenReader { session, ciphers }),
        })
    }

    /// The engagement: how the phone is reached.
    #[must_use]
    pub const fn engagement(&self) -> &DeviceEngagement {
        &self.engagement
    }

    /// What signing the request and judging the response takes.
    #[must_use]
    pub fn session(&self) -> Arc<ReaderSession> {
        Arc::clone(&self.open.session)
    }

    /// The first message, with an encoded `DeviceRequest`.
    ///
    /// # Errors
    /// [`SessionEnded`] for a request that is longer than holders take.
    pub fn establish(mut self, device_request: &[u8]) -> Result<(Vec<u8>, AwaitingReader), SessionEnded> {
        let sealed = self
            .open
            .ciphers
            .reader
            .seal(device_request)
            .map_err(SessionEnded::of)?;
        let message = SessionEstablishment {
            e_reader_key: &encoded_key(&self.open.session.key),
            data: &sealed,
        };
        let message = within_the_limit(message.to_bytes())?;
        Ok((message, AwaitingReader { open: self.open }))
    }
}

impl AwaitingReader {
    /// Takes the holder's message.
    ///
    /// # Errors
    /// [`SessionEnded`].
    pub fn receive(mut self, message: &[u8]) -> Result<ReaderEvent, SessionEnded> {
        let message = SessionData::parse(message, MAX_RESPONSE_MESSAGE_BYTES).map_err(SessionEnded::of)?;
        let (data, is_last) = match (message.data, message.status) {
            (Some(data), None) => (data, false),
            (Some(data), Some(SessionStatus::Termination)) => (data, true),
            // A holder that reports an error has not understood the request: what else it sends is no answer to it.
            (_, Some(status)) => return Ok(ReaderEvent::Ended(status)),
            (None, None) => return Err(SessionEnded::of(SessionError::OutOfTurn)),
        };
        let device_response = self.open.ciphers.device.open(data).map_err(SessionEnded::of)?;
        Ok(if is_last {
            ReaderEvent::LastResponse { device_response }
        } else {
            ReaderEvent::Response {
                device_response,
                reader: AnsweredReader { open: self.open },
            }
        })
    }

    /// The message that ends the session before an answer came.
    #[must_use]
    pub fn terminate(self) -> Vec<u8> {
        termination()
    }
}

impl AnsweredReader {
    /// The message with a further encoded `DeviceRequest`.
    ///
    /// # Errors
    /// [`SessionEnded`] for a request that is longer than holders take.
    pub fn request(mut self, device_request: &[u8]) -> Result<(Vec<u8>, AwaitingReader), SessionEnded> {
        let sealed = self
            .open
            .ciphers
            .reader
            .seal(device_request)
            .map_err(SessionEnded::of)?;
        let message = SessionData {
            data: Some(&sealed),
            status: None,
        };
        let message = within_the_limit(message.to_bytes())?;
        Ok((message, AwaitingReader { open: self.open }))
    }

    /// Takes a message that nobody asked for: a holder can only end the session now.
    ///
    /// # Errors
    /// [`SessionEnded`] for every other message.
    pub fn receive(self, message: &[u8]) -> Result<SessionStatus, SessionEnded> {
        receive_end(message, MAX_RESPONSE_MESSAGE_BYTES)
    }

    /// The message that ends the session.
    #[must_use]
    pub fn terminate(self) -> Vec<u8> {
        termination()
    }
}

fn within_the_limit(message: Vec<u8>) -> Result<Vec<u8>, SessionEnded> {
    let limit = MAX_REQUEST_MESSAGE_BYTES;
    if message.len() > limit {
        return Err(SessionEnded::of(SessionError::TooLongToSend { limit }));
    }
    Ok(message)
}

/// The COSE_Key of the public half.
fn encoded_key(key: &SecretKey) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(80);
    key.public_key().write_cose_key(&mut encoded);
    encoded
}
