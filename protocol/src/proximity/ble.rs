//! Bluetooth Low Energy: how a message is cut into writes and notifications of a characteristic, and what the characteristics
//! are (ISO/IEC 18013-5, section 8.3.3.1.1).
//!
//! The link delivers every part once and in order, or breaks; the framing cannot see what such a link does not do. Where a part
//! is lost, repeated or moved all the same, the message that comes out is not the one that went in, and session encryption
//! refuses it.

use symbolon_crypto::symmetric::hmac_sha256;
use thiserror::Error;

/// The longest value of a characteristic, in bytes (Bluetooth Core, volume 3, part F, section 3.2.9).
pub const MAX_FRAME_BYTES: usize = 512;

/// What a write or notification takes of the MTU (Bluetooth Core, volume 3, part F, section 3.4).
const ATT_HEADER_BYTES: usize = 3;
/// The smallest MTU that there is (Bluetooth Core, volume 3, part G, section 5.2.1).
const MIN_MTU: u16 = 23;

/// The first byte of a frame behind which more follow.
const MORE: u8 = 0x01;
/// The first byte of the last frame of a message.
const LAST: u8 = 0x00;

/// The characteristics of a service, as UUIDs (section 8.3.3.1.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Characteristics {
    /// State: [`StateSignal`]s. Written without response, and notified.
    pub state: &'static str,
    /// From the client to the server: written without response.
    pub client_to_server: &'static str,
    /// From the server to the client: notified.
    pub server_to_client: &'static str,
    /// What the client compares with [`ident`], read; a phone that is the server has none.
    pub ident: Option<&'static str>,
}

/// The service of a phone that is a peripheral.
pub const PERIPHERAL_SERVER: Characteristics = Characteristics {
    state: "00000001-a123-48ce-896b-4c76973373e6",
    client_to_server: "00000002-a123-48ce-896b-4c76973373e6",
    server_to_client: "00000003-a123-48ce-896b-4c76973373e6",
    ident: None,
};

/// The service of a reader to which the phone connects.
pub const CENTRAL_CLIENT: Characteristics = Characteristics {
    state: "00000005-a123-48ce-896b-4c76973373e6",
    client_to_server: "00000006-a123-48ce-896b-4c76973373e6",
    server_to_client: "00000007-a123-48ce-896b-4c76973373e6",
    ident: Some("00000008-a123-48ce-896b-4c76973373e6"),
};

/// What the characteristic of the state says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateSignal {
    /// The client is ready: it has subscribed, and the other side may speak.
    Start,
    /// The session is over.
    End,
}

impl StateSignal {
    /// The value of the characteristic.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Start => 0x01,
            Self::End => 0x02,
        }
    }

    /// Reads a value.
    ///
    /// # Errors
    /// [`FrameError::UnknownState`].
    pub const fn parse(value: &[u8]) -> Result<Self, FrameError> {
        match value {
            [0x01] => Ok(Self::Start),
            [0x02] => Ok(Self::End),
            _ => Err(FrameError::UnknownState),
        }
    }
}

/// What the ident characteristic of a reader holds, by which the phone knows that it reached the reader that read its code:
/// 16 bytes derived from `EDeviceKeyBytes` of the engagement.
#[must_use]
pub fn ident(device_key_bytes: &[u8]) -> [u8; 16] {
    // HKDF with SHA-256 and an empty salt (RFC 5869): extract, and the first block of expand.
    let extracted = hmac_sha256(&[], device_key_bytes);
    let block = hmac_sha256(&extracted, b"BLEIdent\x01");
    let mut ident = [0; 16];
    for (target, source) in ident.iter_mut().zip(block) {
        *target = source;
    }
    ident
}

/// Why a part was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A part without content.
    #[error("a frame carries nothing")]
    Empty,
    /// A part whose first byte is neither 0x00 nor 0x01.
    #[error("a frame begins with an unknown byte")]
    UnknownLead,
    /// A part longer than a characteristic can be.
    #[error("a frame is longer than {MAX_FRAME_BYTES} bytes")]
    FrameTooLong,
    /// The message grows beyond what it may have.
    #[error("the frames make a message of more than {limit} bytes")]
    MessageTooLong {
        /// What it may have, in bytes.
        limit: usize,
    },
    /// A part behind the last one.
    #[error("a frame follows the last one of its message")]
    AfterLast,
    /// A part behind one that was refused.
    #[error("a frame follows one that was refused")]
    AfterRefusal,
    /// The state is neither start nor end.
    #[error("the state is neither start nor end")]
    UnknownState,
}

/// How long the parts of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSize(usize);

impl FrameSize {
    /// The longest parts that a connection with this MTU takes. An MTU below the smallest that there is counts as that.
    #[must_use]
    pub fn of_mtu(mtu: u16) -> Self {
        let payload = usize::from(mtu.max(MIN_MTU)).saturating_sub(ATT_HEADER_BYTES);
        Self(payload.min(MAX_FRAME_BYTES))
    }

    /// The length, in bytes, with the one that says whether more follows.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0
    }
}

/// The parts of `message`, in order.
///
/// # Errors
/// [`FrameError::Empty`] for a message without content, which no session sends.
pub fn split(message: &[u8], size: FrameSize) -> Result<impl Iterator<Item = Vec<u8>> + '_, FrameError> {
    if message.is_empty() {
        return Err(FrameError::Empty);
    }
    let mut parts = message.chunks(size.0.saturating_sub(1).max(1)).peekable();
    Ok(core::iter::from_fn(move || {
        let part = parts.next()?;
        let lead = if parts.peek().is_some() { MORE } else { LAST };
        let mut frame = Vec::with_capacity(part.len().saturating_add(1));
        frame.push(lead);
        frame.extend_from_slice(part);
        Some(frame)
    }))
}

/// Puts one message together. For the next message there is a new one.
pub struct FrameAssembler {
    message: Vec<u8>,
    limit: usize,
    state: Assembly,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Assembly {
    Open,
    Complete,
    Refused,
}

impl FrameAssembler {
    /// For a message of up to `limit` bytes: [`super::MAX_REQUEST_MESSAGE_BYTES`] for a holder,
    /// [`super::MAX_RESPONSE_MESSAGE_BYTES`] for a reader.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            message: Vec::new(),
            limit,
            state: Assembly::Open,
        }
    }

    /// Takes the next part, and answers the message with the last one.
    ///
    /// # Errors
    /// [`FrameError`]; after one, everything else is refused too.
    pub fn push(&mut self, frame: &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        let taken = self.take(frame);
        if taken.is_err() {
            self.state = Assembly::Refused;
            self.message = Vec::new();
        }
        taken
    }

    fn take(&mut self, frame: &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        match self.state {
            Assembly::Open => {}
            Assembly::Complete => return Err(FrameError::AfterLast),
            Assembly::Refused => return Err(FrameError::AfterRefusal),
        }
        if frame.len() > MAX_FRAME_BYTES {
            return Err(FrameError::FrameTooLong);
        }
        let (lead, part) = frame.split_first().ok_or(FrameError::Empty)?;
        let is_last = match *lead {
            MORE => false,
            LAST => true,
            _ => return Err(FrameError::UnknownLead),
        };
        // A part without content would cost nothing to send and never fill the budget.
        if part.is_empty() {
            return Err(FrameError::Empty);
        }
        if self.message.len().saturating_add(part.len()) > self.limit {
            return Err(FrameError::MessageTooLong { limit: self.limit });
        }
        self.message.extend_from_slice(part);
        if !is_last {
            return Ok(None);
        }
        self.state = Assembly::Complete;
        Ok(Some(core::mem::take(&mut self.message)))
    }
}
