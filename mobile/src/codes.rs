//! Messages as animated QR codes: the texts to draw one after the other, and the message from the texts that a camera saw.

use std::sync::{Arc, Mutex, PoisonError};

use symbolon_protocol::qr_transport::{
    CarriedCredential, FrameDecoder, FrameError, FrameSize, Frames, Message, MessageError, Progress, is_frame,
};
use thiserror::Error;

/// What travels by animated QR codes. Nothing of it is verified.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum CodeMessage {
    /// A request for a presentation: hand it to `present_by_codes`.
    Request {
        /// The request object, a compact JWS.
        object: String,
    },
    /// The answer to one, encrypted to whoever asked: hand it to the `judge` of what asked.
    Response {
        /// A compact JWE.
        jwe: String,
    },
    /// A credential that nobody asked for, or the text of a card: hand it to `verify`. Personal data.
    Credential {
        /// As a text.
        text: String,
    },
    /// The same of an mdoc.
    Mdoc {
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// How much each code holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CodeSize {
    /// 200 bytes: what cheap phones read from a screen at arm's length.
    Phone,
    /// 400 bytes: for good cameras that hold still.
    Dense,
}

/// Why texts of codes make no message, or a message no codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum CodeError {
    /// The text is of another kind of code. Go on scanning.
    #[error("the code is no part of a message")]
    NotAFrame,
    /// The code was misread. Go on scanning.
    #[error("the code is damaged")]
    Damaged,
    /// The code is part of another message than the first one. Go on scanning, or begin anew with another reader.
    #[error("the code is of another message")]
    OtherMessage,
    /// The message is larger than any that travels so.
    #[error("the message is too large")]
    TooLarge,
    /// What came is no message, or none came of many codes: begin anew with another reader.
    #[error("no message comes of the codes")]
    NoMessage,
}

/// The codes of one message: texts to draw, in capitals, each as a QR code in alphanumeric mode with the weakest error correction, a
/// few of them a second. A camera that misses some learns what it lacks from the others.
#[derive(uniffi::Object)]
pub struct CodeFrames(Mutex<Frames>);

#[uniffi::export]
impl CodeFrames {
    /// The codes of a message.
    #[uniffi::constructor]
    pub fn new(message: CodeMessage, size: CodeSize) -> Result<Arc<Self>, CodeError> {
        let size = match size {
            CodeSize::Phone => FrameSize::PHONE,
            CodeSize::Dense => FrameSize::DENSE,
        };
        let frames = Message::from(message).frames(size)?;
        Ok(Arc::new(Self(Mutex::new(frames))))
    }

    /// The text of the next code. There is always another one but after some four thousand million.
    pub fn next(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    /// How many codes are the least that bring the message; a message of one is that one code for ever.
    pub fn fragments(&self) -> u32 {
        count(self.0.lock().unwrap_or_else(PoisonError::into_inner).fragments())
    }

    /// How many codes an animation should hold that is made once and repeated.
    pub fn in_a_loop(&self) -> u32 {
        count(self.0.lock().unwrap_or_else(PoisonError::into_inner).in_a_loop())
    }
}

/// Puts one message together of the codes that a camera sees, in any order. A code that is seen twice costs nothing.
#[derive(uniffi::Object)]
pub struct CodeReader(Mutex<FrameDecoder>);

/// How far a message is.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum CodeProgress {
    /// More codes are needed.
    Assembling {
        /// How many parts are known.
        known: u32,
        /// Of how many.
        fragments: u32,
    },
    /// The message is there. It is given once.
    Complete {
        /// It.
        message: CodeMessage,
    },
}

#[uniffi::export]
impl CodeReader {
    /// A reader for one message.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::default()))
    }

    /// Takes the text of one code.
    pub fn take(&self, text: String) -> Result<CodeProgress, CodeError> {
        let mut decoder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match decoder.take(&text)? {
            Progress::Assembling { known, fragments } => CodeProgress::Assembling {
                known: count(known),
                fragments: count(fragments),
            },
            Progress::Complete(message) => CodeProgress::Complete {
                message: message.try_into()?,
            },
        })
    }
}

/// Whether the text of a code is meant for a `CodeReader`; every other one is a link, a card or a credential by itself.
#[uniffi::export]
#[must_use]
pub fn is_code_frame(text: String) -> bool {
    is_frame(text.trim())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl From<CodeMessage> for Message {
    fn from(message: CodeMessage) -> Self {
        match message {
            CodeMessage::Request { object } => Self::Request(object),
            CodeMessage::Response { jwe } => Self::Response(jwe),
            CodeMessage::Credential { text } => Self::Credential(CarriedCredential::Text(text)),
            CodeMessage::Mdoc { bytes } => Self::Credential(CarriedCredential::Binary(bytes)),
        }
    }
}

impl From<CarriedCredential> for CodeMessage {
    fn from(credential: CarriedCredential) -> Self {
        match credential {
            CarriedCredential::Text(text) => Self::Credential { text },
            CarriedCredential::Binary(bytes) => Self::Mdoc { bytes },
        }
    }
}

/// What readers of packs show each other is nothing that this library takes.
impl TryFrom<Message> for CodeMessage {
    type Error = CodeError;

    fn try_from(message: Message) -> Result<Self, CodeError> {
        Ok(match message {
            Message::Request(object) => Self::Request { object },
            Message::Response(jwe) => Self::Response { jwe },
            Message::Credential(credential) => credential.into(),
            Message::Pack(_) | Message::PackState(_) | Message::Onboarding(_) => {
                return Err(CodeError::NoMessage);
            }
        })
    }
}

impl From<FrameError> for CodeError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::NotAFrame => Self::NotAFrame,
            FrameError::Damaged => Self::Damaged,
            FrameError::OtherMessage => Self::OtherMessage,
            FrameError::OverBudget | FrameError::Message(MessageError::TooLarge) => Self::TooLarge,
            _ => Self::NoMessage,
        }
    }
}

impl From<MessageError> for CodeError {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::TooLarge => Self::TooLarge,
            _ => Self::NoMessage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_arrives_in_any_order_with_every_third_code_lost() {
        let text = (0..3_000_u32)
            .map(|n| char::from(b'a' + (n * n % 23) as u8))
            .collect();
        let message = CodeMessage::Credential { text };
        let frames = CodeFrames::new(message.clone(), CodeSize::Phone).unwrap();
        let shown = 3 * frames.in_a_loop();
        let mut codes: Vec<String> = (0..shown).filter_map(|_| frames.next()).collect();
        codes.reverse();
        let reader = CodeReader::new();
        let seen = codes.into_iter().enumerate().filter(|(at, _)| at % 3 != 0);
        let complete = seen
            .map(|(_, code)| reader.take(code).unwrap())
            .find_map(|progress| match progress {
                CodeProgress::Complete { message } => Some(message),
                CodeProgress::Assembling { .. } => None,
            });
        assert!(complete == Some(message));
        assert_eq!(
            reader.take("openid4vp://x".to_owned()).err(),
            Some(CodeError::NotAFrame)
        );
    }

    #[test]
    fn what_is_no_request_has_no_codes() {
        let message = CodeMessage::Request {
            object: "no parts".to_owned(),
        };
        assert_eq!(
            CodeFrames::new(message, CodeSize::Phone).err(),
            Some(CodeError::NoMessage)
        );
    }
}
