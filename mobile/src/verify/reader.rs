//! The reader's side of a session face to face (ISO/IEC 18013-5), as messages in and messages out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use symbolon_credential::mdoc::Handover;
use symbolon_crypto::RustCryptoProvider;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::proximity::ble::ident;
use symbolon_protocol::proximity::{
    AnsweredReader, AwaitingReader, DeviceEngagement, ReaderEvent as Event, ReaderSession, RetrievalMethod,
    ScanError, ScannedReader, SessionEnded,
};
use symbolon_verifier::Binding;
use symbolon_verifier::answer::HolderKeys;
use symbolon_verifier::device_response::presentations_by_query;
use symbolon_verifier::proximity::{PreparedReaderRequest, anonymous_request};
use symbolon_wallet_core::Languages;

use super::by_codes::parse_query;
use super::identity::Signer;
use super::{Core, JudgedAnswer, Verifier, VerifierError, VerifierIdentity};
use crate::ble::{BleEngagement, uuid_text};
use crate::ports::Randomness;
use crate::present::{NfcHandover, SessionProblem};

/// How a phone that showed its engagement can be reached.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct EngagedPhone {
    /// Over Bluetooth Low Energy, where it can be.
    pub ble: Option<BleEngagement>,
    /// Whether over NFC.
    pub nfc: bool,
    /// What the ident characteristic holds that a reader offers which is a peripheral.
    pub ble_ident: Vec<u8>,
}

/// What came of a message of the phone.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ReaderEvent {
    /// It answered, and the answer was judged. The session goes on: `ask_again`, or `terminate`.
    Judged {
        /// What it led to.
        answer: JudgedAnswer,
    },
    /// The same, and the phone ended the session with it.
    JudgedLast {
        /// What it led to.
        answer: JudgedAnswer,
    },
    /// The phone shows nothing: the person declined, or has nothing of what is asked for. The session goes on.
    ShowsNothing,
    /// The phone ended the session without an answer.
    Ended,
    /// The session is over because something was wrong.
    Failed {
        /// What.
        problem: SessionProblem,
        /// The last message: send it, and close the connection.
        farewell: Vec<u8>,
    },
}

/// The reader's side of a session face to face. It lives in memory alone, and does not outlive the connection.
#[derive(uniffi::Object)]
pub struct ProximityReader {
    core: Arc<Core>,
    signer: Option<Signer>,
    session: Arc<ReaderSession>,
    phone: EngagedPhone,
    first: Vec<u8>,
    state: Mutex<State>,
}

struct State {
    query: DcqlQuery,
    turn: Turn,
}

enum Turn {
    Phone(AwaitingReader),
    Reader(AnsweredReader),
    Over,
}

#[uniffi::export]
impl Verifier {
    /// Begins a session with the phone whose QR code says `engagement`, to ask it for the mdocs of a DCQL query. With an identity the
    /// request is signed, and wallets show who asks; without one most refuse.
    pub fn read_phone(
        &self,
        engagement: String,
        query: String,
        identity: Option<VerifierIdentity>,
    ) -> Result<Arc<ProximityReader>, VerifierError> {
        let engagement =
            DeviceEngagement::from_qr_text(&engagement).map_err(|_| VerifierError::Engagement)?;
        self.begin_reading(engagement, &Handover::QrCode, &query, identity)
    }

    /// The same with a phone that was held to the reader: its engagement as bytes, and the NFC messages that brought it.
    pub fn read_phone_by_nfc(
        &self,
        engagement: Vec<u8>,
        handover: NfcHandover,
        query: String,
        identity: Option<VerifierIdentity>,
    ) -> Result<Arc<ProximityReader>, VerifierError> {
        let engagement = DeviceEngagement::parse(&engagement).map_err(|_| VerifierError::Engagement)?;
        let handover = Handover::Nfc {
            select: handover.select,
            request: handover.request,
        };
        self.begin_reading(engagement, &handover, &query, identity)
    }
}

impl Verifier {
    fn begin_reading(
        &self,
        engagement: DeviceEngagement,
        handover: &Handover,
        query: &str,
        identity: Option<VerifierIdentity>,
    ) -> Result<Arc<ProximityReader>, VerifierError> {
        let query = parse_query(query)?;
        let signer = identity.map(VerifierIdentity::parse).transpose()?;
        let randomness = Randomness::of_system();
        let scanned = ScannedReader::engage(engagement, handover, &RustCryptoProvider, &randomness);
        let scanned = scanned.map_err(|error| match error {
            ScanError::Randomness(_) => VerifierError::DeviceFailed,
            _ => VerifierError::Engagement,
        })?;
        let (session, phone) = (scanned.session(), EngagedPhone::of(scanned.engagement()));
        let request = device_request(&query, &session, signer.as_ref())?;
        let (first, awaiting) = scanned.establish(&request).map_err(|_| VerifierError::Query)?;
        Ok(Arc::new(ProximityReader {
            core: Arc::clone(&self.core),
            signer,
            session,
            phone,
            first,
            state: Mutex::new(State {
                query,
                turn: Turn::Phone(awaiting),
            }),
        }))
    }
}

#[uniffi::export]
impl ProximityReader {
    /// How the phone can be reached.
    pub fn phone(&self) -> EngagedPhone {
        self.phone.clone()
    }

    /// The first message: send it once the connection stands.
    pub fn first_message(&self) -> Vec<u8> {
        self.first.clone()
    }

    /// Takes a message of the phone, and judges what it shows.
    #[uniffi::method(default(languages = []))]
    pub fn receive(&self, message: Vec<u8>, languages: Vec<String>) -> Result<ReaderEvent, VerifierError> {
        let mut state = self.state();
        let event = match std::mem::replace(&mut state.turn, Turn::Over) {
            Turn::Phone(awaiting) => awaiting.receive(&message),
            Turn::Reader(answered) => answered.receive(&message).map(Event::Ended),
            Turn::Over => return Err(VerifierError::WrongStage),
        };
        let (response, is_last) = match event {
            Ok(Event::Response {
                device_response,
                reader,
            }) => {
                state.turn = Turn::Reader(reader);
                (device_response, false)
            }
            Ok(Event::LastResponse { device_response }) => (device_response, true),
            Ok(Event::Ended(_)) => return Ok(ReaderEvent::Ended),
            Err(ended) => return Ok(ReaderEvent::failed(ended)),
        };
        let malformed = |state: &mut State| {
            let farewell = terminate(state).unwrap_or_default();
            ReaderEvent::Failed {
                problem: SessionProblem::OtherSide,
                farewell,
            }
        };
        let Some(token) = presentations_by_query(&state.query, &response) else {
            return Ok(malformed(&mut state));
        };
        if token.0.is_empty() {
            return Ok(if is_last {
                ReaderEvent::Ended
            } else {
                ReaderEvent::ShowsNothing
            });
        }
        let binding = Binding::proximity(&self.session);
        let judged = self.core.judging(|judge, evidence| {
            judge.judge_answer(
                &state.query,
                &token,
                &binding,
                HolderKeys::KeyPerCredential,
                evidence,
            )
        })?;
        let Ok(judged) = judged else {
            return Ok(malformed(&mut state));
        };
        let answer = JudgedAnswer::of(judged, &Languages::new(languages));
        Ok(if is_last {
            ReaderEvent::JudgedLast { answer }
        } else {
            ReaderEvent::Judged { answer }
        })
    }

    /// The message that asks the same phone for more.
    pub fn ask_again(&self, query: String) -> Result<Vec<u8>, VerifierError> {
        let query = parse_query(&query)?;
        let request = device_request(&query, &self.session, self.signer.as_ref())?;
        let mut state = self.state();
        match std::mem::replace(&mut state.turn, Turn::Over) {
            Turn::Reader(answered) => {
                let (message, awaiting) = answered.request(&request).map_err(|_| VerifierError::Query)?;
                *state = State {
                    query,
                    turn: Turn::Phone(awaiting),
                };
                Ok(message)
            }
            other => {
                state.turn = other;
                Err(VerifierError::WrongStage)
            }
        }
    }

    /// Ends the session, and gives the last message to send.
    pub fn terminate(&self) -> Option<Vec<u8>> {
        terminate(&mut self.state())
    }
}

impl ProximityReader {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn terminate(state: &mut State) -> Option<Vec<u8>> {
    match std::mem::replace(&mut state.turn, Turn::Over) {
        Turn::Phone(awaiting) => Some(awaiting.terminate()),
        Turn::Reader(answered) => Some(answered.terminate()),
        Turn::Over => None,
    }
}

fn device_request(
    query: &DcqlQuery,
    session: &ReaderSession,
    signer: Option<&Signer>,
) -> Result<Vec<u8>, VerifierError> {
    let Some(signer) = signer else {
        return anonymous_request(query).map_err(|_| VerifierError::Query);
    };
    let prepared = PreparedReaderRequest::prepare(query, session.transcript(), &signer.encoded_chain()?)
        .map_err(|_| VerifierError::Query)?;
    let signatures = prepared
        .requests(&signer.handle)
        .map(|request| signer.sign(&request))
        .collect::<Result<Vec<_>, _>>()?;
    prepared.finish(&signatures).ok_or(VerifierError::DeviceFailed)
}

impl EngagedPhone {
    fn of(engagement: &DeviceEngagement) -> Self {
        let methods = engagement.retrieval_methods();
        Self {
            ble: methods.iter().find_map(|method| match method {
                RetrievalMethod::Ble(options) => Some(BleEngagement {
                    holder_is_peripheral: options.peripheral_server.as_ref().map(uuid_text),
                    reader_is_peripheral: options.central_client.as_ref().map(uuid_text),
                }),
                _ => None,
            }),
            nfc: methods
                .iter()
                .any(|method| matches!(method, RetrievalMethod::Nfc { .. })),
            ble_ident: ident(engagement.device_key_bytes()).to_vec(),
        }
    }
}

impl ReaderEvent {
    fn failed(ended: SessionEnded) -> Self {
        Self::Failed {
            problem: ended.error.into(),
            farewell: ended.farewell,
        }
    }
}
