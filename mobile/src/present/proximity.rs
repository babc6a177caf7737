//! Showing mdocs face to face (ISO/IEC 18013-5): the holder's side of a session, as messages in and messages out.

use std::sync::{Arc, Mutex, PoisonError};

use symbolon_credential::mdoc::Handover;
use symbolon_protocol::proximity::ble::ident;
use symbolon_protocol::proximity::{EngageError, RetrievalMethod, SessionError};
use symbolon_wallet_core as wallet_core;
use symbolon_wallet_core::Languages;
use symbolon_wallet_core::present as core;

use super::{ConsentRequest, Decision, Presentation};
use crate::ble::BleEngagement;
use crate::error::{Argument, DeviceFault, RequestProblem, WalletError};
use crate::hold::DisclosedCredential;
use crate::ports::Time;
use crate::wallet::Wallet;

/// How the phone can be reached over NFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct NfcEngagement {
    /// The longest command data field, in bytes.
    pub max_command_bytes: u32,
    /// The longest response data field, in bytes.
    pub max_response_bytes: u32,
}

/// The messages by which an engagement went over NFC, which are part of what is signed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NfcHandover {
    /// The handover select message.
    pub select: Vec<u8>,
    /// The handover request message, of a negotiated handover.
    pub request: Option<Vec<u8>>,
}

/// What came of a message of the reader.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[expect(
    clippy::large_enum_variant,
    reason = "what crosses the boundary is copied into a buffer, and one such value lives at a time"
)]
pub enum ProximityEvent {
    /// Show who asks for what, then `answer`. Its flow names nothing that is stored.
    AwaitingConsent {
        /// What to show. Its verifier says whether an authority vouches for the reader.
        request: ConsentRequest,
    },
    /// The reader ended the session. Nothing is to be sent.
    Ended,
    /// The session is over because something was wrong; nothing was disclosed.
    Failed {
        /// What.
        problem: SessionProblem,
        /// The last message: send it, and close the connection. Where the reader was refused for always, when the person leaves: one that
        /// hears no faster than a person acts would learn of it.
        farewell: Vec<u8>,
    },
}

/// What came of the person's decision.
#[derive(Clone, PartialEq, uniffi::Enum)]
pub enum ProximityAnswer {
    /// Send this. The history says what it discloses; whether it arrives is not known.
    Answered {
        /// The message.
        message: Vec<u8>,
        /// What it discloses.
        disclosed: Vec<DisclosedCredential>,
        /// What is sent, in the clear, with the request and its session: whoever keeps it can check it again.
        presentation: Presentation,
    },
    /// The person declined. Send this, which discloses nothing; the reader may ask again.
    Declined {
        /// The message.
        message: Vec<u8>,
    },
    /// The key store waits for the person (screen lock, biometry). Ask, then `answer` again.
    KeyLocked,
    /// The choice does not answer the request, or what it names is not held any more. Nothing was disclosed; `answer` again.
    InvalidChoice,
    /// The session is over because something was wrong; nothing was disclosed.
    Failed {
        /// What.
        problem: SessionProblem,
        /// The last message: send it, and close the connection.
        farewell: Vec<u8>,
    },
}

/// Why a session ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SessionProblem {
    /// What came cannot be read, or was changed, lost or repeated on its way: begin a new session.
    Transmission,
    /// The other side broke a rule of the session.
    OtherSide,
    /// The reader says who it is, and that is not true. Tell the person.
    FalseReader,
    /// The wallet does not answer the request.
    Request {
        /// Why.
        problem: RequestProblem,
    },
    /// The key of a credential is gone: have it issued again.
    KeyGone,
    /// Something of this device failed.
    Device,
}

/// Whether the session goes on behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum AfterAnswer {
    /// The reader may ask for more.
    Continue,
    /// It ends with this answer.
    End,
}

/// The holder's side of a session face to face. It lives in memory alone, and does not outlive the connection: begin another with `engage`.
#[derive(uniffi::Object)]
pub struct ProximityHolder {
    wallet: wallet_core::Wallet,
    languages: Languages,
    time: Time,
    code: String,
    engagement: Vec<u8>,
    ident: Vec<u8>,
    state: Mutex<State>,
}

enum State {
    Waiting(core::WaitingHolder),
    Asked(Box<core::ProximityAsk>),
    /// It is over, or a call is under way.
    Gone,
}

#[uniffi::export]
impl Wallet {
    /// Begins a session: makes its key, and the engagement that a QR code or NFC shows, with the ways in which the app can be reached.
    #[uniffi::method(default(nfc = None))]
    pub fn engage(
        &self,
        ble: Option<BleEngagement>,
        nfc: Option<NfcEngagement>,
    ) -> Result<Arc<ProximityHolder>, WalletError> {
        let mut methods = Vec::new();
        if let Some(ble) = ble {
            methods.push(RetrievalMethod::Ble(ble.parse()?));
        }
        if let Some(nfc) = nfc {
            methods.push(RetrievalMethod::Nfc {
                max_command_bytes: nfc.max_command_bytes.into(),
                max_response_bytes: nfc.max_response_bytes.into(),
            });
        }
        let engaged = self.core.engage(methods).map_err(|error| match error {
            EngageError::Randomness(_) => WalletError::device(DeviceFault::Randomness),
            _ => WalletError::argument(Argument::Engagement),
        })?;
        let engagement = engaged.engagement();
        Ok(Arc::new(ProximityHolder {
            wallet: self.core.clone(),
            languages: self.languages.clone(),
            time: self.time.clone(),
            code: engagement.to_qr_text(),
            engagement: engagement.as_bytes().to_vec(),
            ident: ident(engagement.device_key_bytes()).to_vec(),
            state: Mutex::new(State::Waiting(core::WaitingHolder::Engaged(Box::new(engaged)))),
        }))
    }
}

#[uniffi::export]
impl ProximityHolder {
    /// The text of the QR code to show.
    pub fn code(&self) -> String {
        self.code.clone()
    }

    /// The engagement as bytes, for NFC.
    pub fn engagement(&self) -> Vec<u8> {
        self.engagement.clone()
    }

    /// What the ident characteristic of the right reader holds, where the reader offers the service.
    pub fn ble_ident(&self) -> Vec<u8> {
        self.ident.clone()
    }

    /// Says that the engagement went over NFC, by these messages. Call it before the reader's first message is received.
    pub fn handed_over(&self, handover: NfcHandover) -> Result<(), WalletError> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Gone) {
            State::Waiting(core::WaitingHolder::Engaged(engaged)) => {
                let engaged = engaged.handed_over(Handover::Nfc {
                    select: handover.select,
                    request: handover.request,
                });
                *state = State::Waiting(core::WaitingHolder::Engaged(Box::new(engaged)));
                Ok(())
            }
            other => {
                *state = other;
                Err(WalletError::WrongStage)
            }
        }
    }

    /// Takes a message of the reader. While the person is asked, the reader can only end the session.
    pub async fn receive(&self, message: Vec<u8>) -> Result<ProximityEvent, WalletError> {
        let now = self.time.for_wallet()?;
        let waiting = match self.take() {
            State::Waiting(waiting) => waiting,
            State::Asked(ask) => {
                return Ok(match ask.receive(&message) {
                    Ok(_) => ProximityEvent::Ended,
                    Err(ended) => ProximityEvent::failed(core::ProximityEnded::from(ended)),
                });
            }
            State::Gone => return Err(WalletError::WrongStage),
        };
        let event = self
            .wallet
            .receive_from_reader(waiting, &message, &self.languages, now);
        Ok(match event.await {
            Ok(core::ProximityEvent::AwaitingConsent(ask)) => {
                let request = ask.consent().clone().into();
                self.put(State::Asked(ask));
                ProximityEvent::AwaitingConsent { request }
            }
            Ok(core::ProximityEvent::Ended(_)) => ProximityEvent::Ended,
            Err(ended) => ProximityEvent::failed(ended),
        })
    }

    /// The person decides. Signs and discloses exactly what the consent request showed, and writes it down before the message is given out.
    pub async fn answer(
        &self,
        decision: Decision,
        then: AfterAnswer,
    ) -> Result<ProximityAnswer, WalletError> {
        let (decision, now) = (decision.parse()?, self.time.for_wallet()?);
        let ask = match self.take() {
            State::Asked(ask) => ask,
            other => {
                self.put(other);
                return Err(WalletError::WrongStage);
            }
        };
        let then = match then {
            AfterAnswer::Continue => core::AfterAnswer::Continue,
            AfterAnswer::End => core::AfterAnswer::End,
        };
        let proof = core::DeviceProof::Signature;
        let outcome = self.wallet.answer_reader(ask, decision, proof, then, now);
        Ok(match outcome.await {
            Ok(core::ProximityOutcome::Answered {
                message,
                disclosed,
                presentation,
                holder,
            }) => {
                if let Some(holder) = holder {
                    self.put(State::Waiting(core::WaitingHolder::Answered(holder)));
                }
                ProximityAnswer::Answered {
                    message,
                    disclosed: disclosed.into_iter().map(Into::into).collect(),
                    presentation: presentation.into(),
                }
            }
            Ok(core::ProximityOutcome::Declined { message, holder }) => {
                self.put(State::Waiting(core::WaitingHolder::Answered(holder)));
                ProximityAnswer::Declined { message }
            }
            Ok(core::ProximityOutcome::KeyLocked(ask)) => {
                self.put(State::Asked(ask));
                ProximityAnswer::KeyLocked
            }
            Ok(core::ProximityOutcome::InvalidChoice(ask)) => {
                self.put(State::Asked(ask));
                ProximityAnswer::InvalidChoice
            }
            Ok(_) => return Err(WalletError::device(DeviceFault::Internal)),
            Err(ended) => ProximityAnswer::Failed {
                problem: ended.error.into(),
                farewell: ended.farewell,
            },
        })
    }

    /// Ends the session, and gives the last message to send, where there is somebody to send it to.
    pub fn terminate(&self) -> Option<Vec<u8>> {
        match self.take() {
            State::Waiting(core::WaitingHolder::Engaged(engaged)) => {
                engaged.withdraw();
                None
            }
            State::Waiting(core::WaitingHolder::Answered(answered)) => Some(answered.terminate()),
            State::Asked(ask) => Some(ask.terminate()),
            State::Gone => None,
        }
    }
}

impl ProximityHolder {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> State {
        std::mem::replace(&mut *self.state(), State::Gone)
    }

    fn put(&self, state: State) {
        *self.state() = state;
    }
}

impl ProximityEvent {
    fn failed(ended: core::ProximityEnded) -> Self {
        Self::Failed {
            problem: ended.error.into(),
            farewell: ended.farewell,
        }
    }
}

impl From<core::ProximityError> for SessionProblem {
    fn from(error: core::ProximityError) -> Self {
        use wallet_core::WalletError as Core;
        match error {
            core::ProximityError::Session(error) => error.into(),
            core::ProximityError::Wallet(Core::RequestRefused(problem)) => Self::Request {
                problem: problem.into(),
            },
            core::ProximityError::Wallet(Core::KeyGone) => Self::KeyGone,
            _ => Self::Device,
        }
    }
}

impl From<SessionError> for SessionProblem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Message(_) | SessionError::ReaderKey | SessionError::Decryption => {
                Self::Transmission
            }
            SessionError::ReaderAuthentication(_) => Self::FalseReader,
            SessionError::TooLongToSend { .. } | SessionError::Encryption => Self::Device,
            _ => Self::OtherSide,
        }
    }
}
