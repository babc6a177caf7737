//! The holder's side of a session.

use core::fmt;

use symbolon_credential::mdoc::{Handover, SessionTranscript};
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::{
    CryptoProvider, PublicKey, Randomness, RandomnessUnavailable, SecretKey, SignatureAlgorithm,
};
use thiserror::Error;

use super::cipher::SessionCiphers;
use super::engagement::{
    DeviceEngagement, EngagementError, ReaderAuthAllSupport, RetrievalMethod, read_session_key,
};
use super::error::{SessionEnded, SessionError};
use super::message::{
    MAX_REQUEST_MESSAGE_BYTES, MAX_RESPONSE_MESSAGE_BYTES, SessionData, SessionEstablishment, SessionStatus,
};
use super::reader_authentication::{ReaderTrust, ReceivedRequest, response_status_of};

/// How often a reader may ask within one session. Each time its signatures are checked and a person is asked.
pub const MAX_REQUESTS_OF_A_SESSION: usize = 16;

/// The status of a response with nothing wrong (section 8.3.2.1.2.3).
const RESPONSE_IN_ORDER: u64 = 0;

/// Why no session can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EngageError {
    /// No key can be made.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The engagement cannot be written.
    #[error(transparent)]
    Engagement(#[from] EngagementError),
}

/// A phone that shows its engagement and waits for a reader.
pub struct EngagedHolder {
    engagement: DeviceEngagement,
    key: SecretKey,
    handover: Handover,
}

/// A holder who has been asked, and owes an answer.
pub struct RequestedHolder {
    session: Box<OpenSession>,
    request: ReceivedRequest,
}

/// A holder who has answered; the reader may ask for more.
pub struct AnsweredHolder {
    session: Box<OpenSession>,
}

/// What came of a message of the reader.
#[derive(Debug)]
pub enum HolderEvent {
    /// The reader asks.
    Requested(RequestedHolder),
    /// The reader ended the session. There is nothing to answer.
    Ended(SessionStatus),
}

struct OpenSession {
    ciphers: SessionCiphers,
    transcript: SessionTranscript,
    reader_key: PublicKey,
    requests: usize,
}

/// Without keys.
impl fmt::Debug for EngagedHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngagedHolder")
            .field("engagement", &self.engagement)
            .finish_non_exhaustive()
    }
}

/// Without keys.
impl fmt::Debug for RequestedHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestedHolder")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// Without keys.
impl fmt::Debug for AnsweredHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnsweredHolder").finish_non_exhaustive()
    }
}

impl EngagedHolder {
    /// Makes the key of one session, and the engagement that a QR code shows.
    ///
    /// # Errors
    /// [`EngageError`].
    pub fn engage(
        retrieval_methods: Vec<RetrievalMethod>,
        crypto: &dyn CryptoProvider,
        randomness: &dyn Randomness,
    ) -> Result<Self, EngageError> {
        let key = crypto.generate_key(SignatureAlgorithm::Es256, randomness)?;
        let support = ReaderAuthAllSupport::Supported;
        let engagement = DeviceEngagement::new(key.public_key(), retrieval_methods, support)?;
        Ok(Self {
            engagement,
            key,
            handover: Handover::QrCode,
        })
    }

    /// The same, when the engagement went over NFC: `handover` holds the messages by which it did, which the reader has too.
    #[must_use]
    pub fn handed_over(mut self, handover: Handover) -> Self {
        self.handover = handover;
        self
    }

    /// The engagement.
    #[must_use]
    pub const fn engagement(&self) -> &DeviceEngagement {
        &self.engagement
    }

    /// Takes the first message of a reader. `trust` says which readers are known.
    ///
    /// # Errors
    /// [`SessionEnded`]: the engagement is used up too, because whoever sent this message has seen it.
    pub fn receive(
        self,
        message: &[u8],
        trust: ReaderTrust<'_>,
        crypto: &dyn CryptoProvider,
    ) -> Result<HolderEvent, SessionEnded> {
        let establishment = match SessionEstablishment::parse(message) {
            Ok(establishment) => establishment,
            Err(error) => return ended_before_it_began(message).ok_or_else(|| SessionEnded::of(error)),
        };
        let reader_key = read_session_key(establishment.e_reader_key)
            .ok_or_else(|| SessionEnded::of(SessionError::ReaderKey))?;
        let transcript = SessionTranscript::proximity(
            self.engagement.as_bytes(),
            establishment.e_reader_key,
            &self.handover,
        );
        let shared = crypto
            .agree(&self.key, &reader_key)
            .map_err(|_| SessionEnded::of(SessionError::ReaderKey))?;
        let session = Box::new(OpenSession {
            ciphers: SessionCiphers::derive(&shared, &transcript),
            transcript,
            reader_key,
            requests: 0,
        });
        session.read_request(establishment.data, trust, crypto)
    }

    /// Ends what has not begun: nobody is told, because nobody is there.
    pub fn withdraw(self) {}

    #[cfg(test)]
    pub(super) const fn of_parts(engagement: DeviceEngagement, key: SecretKey) -> Self {
        Self {
            engagement,
            key,
            handover: Handover::QrCode,
        }
    }
}

fn ended_before_it_began(message: &[u8]) -> Option<HolderEvent> {
    let data = SessionData::parse(message, MAX_REQUEST_MESSAGE_BYTES).ok()?;
    match (data.data, data.status) {
        (None, Some(status)) => Some(HolderEvent::Ended(status)),
        _ => None,
    }
}

impl OpenSession {
    fn read_request(
        mut self: Box<Self>,
        data: &[u8],
        trust: ReaderTrust<'_>,
        crypto: &dyn CryptoProvider,
    ) -> Result<HolderEvent, SessionEnded> {
        self.requests = self.requests.saturating_add(1);
        if self.requests > MAX_REQUESTS_OF_A_SESSION {
            return Err(SessionEnded::of(SessionError::TooManyRequests));
        }
        let plaintext = self.ciphers.reader.open(data).map_err(SessionEnded::of)?;
        match ReceivedRequest::check(plaintext, &self.transcript, trust, crypto) {
            Ok(request) => Ok(HolderEvent::Requested(RequestedHolder {
                session: self,
                request,
            })),
            Err(error) => Err(self.refuse(error)),
        }
    }

    /// The end for a request that was decrypted and cannot be served: where it cannot be read, the response says so.
    fn refuse(mut self: Box<Self>, error: SessionError) -> SessionEnded {
        let SessionError::Request(reason) = error else {
            return SessionEnded::of(error);
        };
        let response = response_of_status(response_status_of(reason));
        match self.seal(&response, Some(SessionStatus::Termination)) {
            Ok(farewell) => SessionEnded { error, farewell },
            Err(_) => SessionEnded::of(error),
        }
    }

    fn seal(&mut self, response: &[u8], status: Option<SessionStatus>) -> Result<Vec<u8>, SessionEnded> {
        let sealed = self.ciphers.device.seal(response).map_err(SessionEnded::of)?;
        let message = SessionData {
            data: Some(&sealed),
            status,
        }
        .to_bytes();
        if message.len() > MAX_RESPONSE_MESSAGE_BYTES {
            let limit = MAX_RESPONSE_MESSAGE_BYTES;
            return Err(SessionEnded::of(SessionError::TooLongToSend { limit }));
        }
        Ok(message)
    }
}

impl RequestedHolder {
    /// What the reader asks for, and who it is.
    #[must_use]
    pub const fn request(&self) -> &ReceivedRequest {
        &self.request
    }

    /// What the response must be bound to.
    #[must_use]
    pub const fn transcript(&self) -> &SessionTranscript {
        &self.session.transcript
    }

    /// The reader's key of this session, with which a document's key agrees for a device MAC.
    #[must_use]
    pub const fn reader_key(&self) -> &PublicKey {
        &self.session.reader_key
    }

    /// The message that carries an encoded `DeviceResponse`. The session goes on.
    ///
    /// # Errors
    /// [`SessionEnded`] for a response that is longer than readers take.
    pub fn answer(mut self, device_response: &[u8]) -> Result<(Vec<u8>, AnsweredHolder), SessionEnded> {
        let message = self.session.seal(device_response, None)?;
        let session = self.session;
        Ok((message, AnsweredHolder { session }))
    }

    /// The message that carries an encoded `DeviceResponse` and ends the session.
    ///
    /// # Errors
    /// [`SessionEnded`] for a response that is longer than readers take.
    pub fn answer_and_end(mut self, device_response: &[u8]) -> Result<Vec<u8>, SessionEnded> {
        self.session
            .seal(device_response, Some(SessionStatus::Termination))
    }

    /// The message that shows nothing, as when the holder declines or has nothing of what is asked for; which of the two it was,
    /// the reader does not learn. The session goes on.
    ///
    /// # Errors
    /// [`SessionEnded`] when the cipher fails.
    pub fn decline(self) -> Result<(Vec<u8>, AnsweredHolder), SessionEnded> {
        self.answer(&response_of_status(RESPONSE_IN_ORDER))
    }

    /// The message that ends the session without an answer.
    #[must_use]
    pub fn terminate(self) -> Vec<u8> {
        termination()
    }

    /// Takes a message while the holder is being asked: a reader can only end the session now.
    ///
    /// # Errors
    /// [`SessionEnded`] for every other message.
    pub fn receive(self, message: &[u8]) -> Result<SessionStatus, SessionEnded> {
        receive_end(message, MAX_REQUEST_MESSAGE_BYTES)
    }
}

impl AnsweredHolder {
    /// Takes the reader's next message.
    ///
    /// # Errors
    /// [`SessionEnded`].
    pub fn receive(
        self,
        message: &[u8],
        trust: ReaderTrust<'_>,
        crypto: &dyn CryptoProvider,
    ) -> Result<HolderEvent, SessionEnded> {
        let message = SessionData::parse(message, MAX_REQUEST_MESSAGE_BYTES).map_err(SessionEnded::of)?;
        match (message.status, message.data) {
            // Who ends the session cannot receive an answer: what it asks with the same message is not read.
            (Some(status), _) => Ok(HolderEvent::Ended(status)),
            (None, Some(data)) => self.session.read_request(data, trust, crypto),
            (None, None) => Err(SessionEnded::of(SessionError::OutOfTurn)),
        }
    }

    /// The message that ends the session.
    #[must_use]
    pub fn terminate(self) -> Vec<u8> {
        termination()
    }
}

/// Takes a message at a time at which the other side can only end the session.
pub(super) fn receive_end(message: &[u8], limit: usize) -> Result<SessionStatus, SessionEnded> {
    SessionData::parse(message, limit)
        .map_err(SessionEnded::of)?
        .status
        .ok_or_else(|| SessionEnded::of(SessionError::OutOfTurn))
}

/// The message that ends a session.
pub(super) fn termination() -> Vec<u8> {
    SessionData::of_status(SessionStatus::Termination).to_bytes()
}

/// A `DeviceResponse` without documents.
fn response_of_status(status: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    write::map(&mut out, 2);
    write::text(&mut out, "version");
    write::text(&mut out, "1.0");
    write::text(&mut out, "status");
    write::unsigned(&mut out, status);
    out
}
