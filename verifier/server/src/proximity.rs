//! Asking face to face through the server ([ISO/IEC 18013-5]): a till's app moves bytes between a phone and this server, and knows neither
//! keys nor rules.
//!
//! A session is one phone's and lives in memory alone: its keys are of no use after it, and a server that ends takes it along. It is taken out
//! of the book for as long as a message is judged, so that no two messages are the next one.
//!
//! [ISO/IEC 18013-5]: https://www.iso.org/standard/91081.html

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::signing::{KeyError, SignOutcome};
use symbolon_crypto::{RandomnessUnavailable, UnixTime, random_bytes};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::proximity::ble::{self, FrameAssembler, FrameError, FrameSize};
use symbolon_protocol::proximity::{
    AskedFaceToFace, AwaitingReader, DeviceEngagement, MAX_RESPONSE_MESSAGE_BYTES, ReaderEvent,
    ReaderSession, RetrievalMethod, ScanError, ScannedReader, SessionEnded, SessionError, SessionStatus,
};
use symbolon_verifier::digital_credentials::InvalidOffer;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::proximity::PreparedReaderRequest;
use symbolon_verifier::store::{RequestId, RequestRecord};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::request::MakeRequestError;
use crate::state::{RequestSigner, State};

/// How long a phone may say nothing (ISO/IEC 18013-5, section 8.3.3.1.1.2).
const SILENCE: Duration = Duration::from_secs(300);

/// How many sessions are open at once, at most. Each has collected no more than one message of a phone.
const MAX_SESSIONS: usize = 128;

/// How many of them are of one relying party, or of the operator, at most: none keeps the others from asking.
const MAX_SESSIONS_OF_ONE: usize = 32;

/// What a session is called, in bytes: nobody guesses it.
const NAME_BYTES: usize = 16;

/// The open sessions: one of a request.
#[derive(Default)]
pub(crate) struct NearbySessions(Mutex<BTreeMap<RequestId, OpenSession>>);

struct OpenSession {
    name: String,
    /// Who asks; `None` is the operator.
    owner: Option<RelyingPartyName>,
    silent_until: UnixTime,
    awaiting: AwaitingReader,
    session: Arc<ReaderSession>,
    asked: AskedFaceToFace,
    frames: FrameAssembler,
    size: Option<FrameSize>,
}

/// Why no session began.
#[derive(Debug, Error)]
pub(crate) enum NotEngaged {
    #[error("the engagement of the phone cannot be used: {0}")]
    Engagement(#[from] ScanError),
    #[error("the session cannot begin: {0}")]
    Session(#[from] SessionEnded),
    #[error("too many sessions are open")]
    Full,
    #[error(transparent)]
    Request(#[from] MakeRequestError),
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// A session that began, and what the app does first.
pub(crate) struct Engaged {
    pub(crate) name: String,
    pub(crate) ways: BleWays,
    pub(crate) message: ToSend,
}

/// How the phone is to be reached.
pub(crate) struct BleWays {
    /// The service of a phone that is the server, as a UUID.
    pub(crate) peripheral_server: Option<String>,
    /// The service that a phone looks for at the reader, as a UUID.
    pub(crate) central_client: Option<String>,
    /// What the ident characteristic of a reader that is the server has.
    pub(crate) ident: [u8; 16],
}

/// A message for the phone.
pub(crate) struct ToSend {
    pub(crate) message: Vec<u8>,
    /// The same in frames of Bluetooth Low Energy, where the app said how large they are.
    pub(crate) frames: Option<Vec<Vec<u8>>>,
}

/// What the app brought.
pub(crate) enum Incoming {
    /// A whole message.
    Message(Vec<u8>),
    /// Frames, in the order in which they came.
    Frames(Vec<Vec<u8>>),
}

/// What came of it.
pub(crate) enum Heard {
    /// There is no such session, or no longer.
    Unknown,
    /// The message is not whole yet.
    Assembling,
    /// The phone has answered.
    Response {
        device_response: Zeroizing<Vec<u8>>,
        session: Arc<ReaderSession>,
        /// What was asked, as it is kept.
        asked: AskedFaceToFace,
        /// What is still to be sent; nothing where the phone has ended the session itself.
        farewell: Option<ToSend>,
    },
    /// The phone ended the session without an answer.
    Ended(SessionStatus),
    /// What came is wrong, and the session over.
    Broken { why: Broken, farewell: ToSend },
}

/// What was wrong.
#[derive(Debug, Error)]
pub(crate) enum Broken {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl State {
    /// Begins a session with the phone whose engagement was read. One that this request had before is over.
    pub(crate) fn engage(
        &self,
        record: &RequestRecord,
        query: &DcqlQuery,
        engagement: &str,
        size: Option<FrameSize>,
    ) -> Result<Engaged, NotEngaged> {
        let deps = &self.dependencies;
        let scanned = ScannedReader::scan(engagement, &*deps.crypto, &*deps.randomness)?;
        let ways = BleWays::of(scanned.engagement());
        let session = scanned.session();
        let prefix = record.choices.client_id_prefix;
        let (_, signer) = self.signer_of(record.relying_party.as_ref(), prefix);
        let request = reader_request(query, session.transcript(), signer)?;
        let asked = AskedFaceToFace::new(session.transcript(), &request, self.now());
        let (message, awaiting) = scanned.establish(&request)?;
        let name = base64url::encode(&random_bytes::<NAME_BYTES>(&*deps.randomness)?);
        let opened = OpenSession {
            name: name.clone(),
            owner: record.relying_party.clone(),
            silent_until: self.now().plus(SILENCE),
            awaiting,
            session,
            asked,
            frames: FrameAssembler::new(MAX_RESPONSE_MESSAGE_BYTES),
            size,
        };
        if !self.nearby.open(&record.id, opened, self.now()) {
            return Err(NotEngaged::Full);
        }
        Ok(Engaged {
            name,
            ways,
            message: ToSend::new(message, size),
        })
    }

    /// Takes what the phone sent in the session of this name.
    pub(crate) fn hear(&self, request: &RequestId, name: &str, incoming: Incoming) -> Heard {
        let Some(mut open) = self.nearby.take(request, name, self.now()) else {
            return Heard::Unknown;
        };
        let size = open.size;
        let message = match open.collect(incoming) {
            Ok(Some(message)) => message,
            Ok(None) => {
                open.silent_until = self.now().plus(SILENCE);
                return if self.nearby.put_back(request, open) {
                    Heard::Assembling
                } else {
                    Heard::Unknown
                };
            }
            Err(error) => {
                return Heard::Broken {
                    why: error.into(),
                    farewell: ToSend::new(open.awaiting.terminate(), size),
                };
            }
        };
        match open.awaiting.receive(&message) {
            Ok(ReaderEvent::Response {
                device_response,
                reader,
            }) => Heard::Response {
                device_response,
                session: open.session,
                asked: open.asked,
                farewell: Some(ToSend::new(reader.terminate(), size)),
            },
            Ok(ReaderEvent::LastResponse { device_response }) => Heard::Response {
                device_response,
                session: open.session,
                asked: open.asked,
                farewell: None,
            },
            Ok(ReaderEvent::Ended(status)) => Heard::Ended(status),
            Err(ended) => Heard::Broken {
                why: ended.error.into(),
                farewell: ToSend::new(ended.farewell, size),
            },
        }
    }

    /// Ends the session of this name, and says what is still to be sent; `None` where there is none.
    pub(crate) fn end_nearby(&self, request: &RequestId, name: &str) -> Option<ToSend> {
        let open = self.nearby.take(request, name, self.now())?;
        let size = open.size;
        Some(ToSend::new(open.awaiting.terminate(), size))
    }
}

/// The `DeviceRequest` for a query, signed for each document: what a reader asks face to face, and a page over the Digital Credentials API.
pub(crate) fn reader_request(
    query: &DcqlQuery,
    transcript: &SessionTranscript,
    signer: &RequestSigner,
) -> Result<Vec<u8>, MakeRequestError> {
    let ders: Vec<Vec<u8>> = signer
        .chain
        .iter()
        .map(|certificate| certificate.der().to_vec())
        .collect();
    let chain = EncodedX5Chain::new(signer.algorithm()?, &ders).map_err(|_| KeyError::Unknown)?;
    let prepared = PreparedReaderRequest::prepare(query, transcript, &chain);
    let prepared = prepared.map_err(InvalidOffer::NotExpressible)?;
    let signatures = prepared
        .requests(&signer.key)
        .map(|request| match signer.sign.sign(&request)? {
            SignOutcome::Signed(signature) => Ok(signature),
            SignOutcome::Locked => Err(MakeRequestError::Locked),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(prepared.finish(&signatures).ok_or(KeyError::Unknown)?)
}

impl OpenSession {
    /// The whole message, once it is there. What follows a whole message within the same frames is refused with it.
    fn collect(&mut self, incoming: Incoming) -> Result<Option<Vec<u8>>, FrameError> {
        let frames = match incoming {
            Incoming::Message(message) => return Ok(Some(message)),
            Incoming::Frames(frames) => frames,
        };
        let mut whole = None;
        for frame in frames {
            whole = self.frames.push(&frame)?.or(whole);
        }
        Ok(whole)
    }
}

impl NearbySessions {
    /// Keeps a session in the place of the one that the request had; `false` where no place is left.
    fn open(&self, request: &RequestId, session: OpenSession, now: UnixTime) -> bool {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| now < session.silent_until);
        let of_others = sessions.iter().filter(|(other, _)| *other != request);
        let of_owner = of_others.filter(|(_, other)| other.owner == session.owner);
        let is_full = sessions.len() >= MAX_SESSIONS && !sessions.contains_key(request);
        if is_full || of_owner.count() >= MAX_SESSIONS_OF_ONE {
            return false;
        }
        sessions.insert(request.clone(), session);
        true
    }

    /// Puts a session back that was taken out, in the place that it had: nobody who came meanwhile ends it. `false` where the request has begun
    /// another one.
    fn put_back(&self, request: &RequestId, session: OpenSession) -> bool {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.contains_key(request) {
            return false;
        }
        sessions.insert(request.clone(), session);
        true
    }

    /// Takes a session out of the book. Another name than its own leaves it there.
    fn take(&self, request: &RequestId, name: &str, now: UnixTime) -> Option<OpenSession> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| now < session.silent_until);
        let is_this = sessions.get(request).is_some_and(|session| session.name == name);
        is_this.then(|| sessions.remove(request)).flatten()
    }
}

impl BleWays {
    fn of(engagement: &DeviceEngagement) -> Self {
        let options = engagement
            .retrieval_methods()
            .iter()
            .find_map(|method| match method {
                RetrievalMethod::Ble(options) => Some(options),
                _ => None,
            });
        Self {
            peripheral_server: options.and_then(|options| options.peripheral_server).map(uuid),
            central_client: options.and_then(|options| options.central_client).map(uuid),
            ident: ble::ident(engagement.device_key_bytes()),
        }
    }
}

fn uuid(bytes: [u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut text = String::with_capacity(36);
    for (at, digit) in hex.chars().enumerate() {
        if [8, 12, 16, 20].contains(&at) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

impl ToSend {
    fn new(message: Vec<u8>, size: Option<FrameSize>) -> Self {
        // A message of this side is never empty, which alone has no frames.
        let frames = size.and_then(|size| ble::split(&message, size).ok().map(Iterator::collect));
        Self { message, frames }
    }
}
