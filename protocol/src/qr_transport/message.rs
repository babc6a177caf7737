//! What travels: a request, an answer, a credential by itself, and what readers tell each other about packs.

use core::fmt;

use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::cbor::{CborBudget, Cursor, write};
use symbolon_crypto::encoding::zlib::{self, Effort, InflateError};
use thiserror::Error;

use super::MAX_MESSAGE_BYTES;
use super::pack_message::{Onboarding, PackState};

/// The largest request, answer and credential, in bytes after inflating: a request with a registration certificate, an answer with
/// several portraits, one credential with a portrait.
const MAX_REQUEST_BYTES: usize = 32 << 10;
const MAX_RESPONSE_BYTES: usize = 512 << 10;
const MAX_CREDENTIAL_BYTES: usize = 256 << 10;
/// The largest pack or delta, state of a pack, and onboarding. Packs hardly compress: what is longer does not travel anyway.
const MAX_PACK_BYTES: usize = 256 << 10;
const MAX_PACK_STATE_BYTES: usize = 64;
const MAX_ONBOARDING_BYTES: usize = 1 << 10;

/// Parts of a compact JWS and of a compact JWE.
const JWS_PARTS: usize = 3;
const JWE_PARTS: usize = 5;

/// What a message is. Each kind is a type of Uniform Resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// `ur:symbolon-request`: a signed request object.
    Request,
    /// `ur:symbolon-response`: an encrypted answer.
    Response,
    /// `ur:symbolon-credential`: a credential that nobody asked for.
    Credential,
    /// `ur:symbolon-pack`: an offline pack, or what changed in it.
    Pack,
    /// `ur:symbolon-pack-state`: which pack a reader has.
    PackState,
    /// `ur:symbolon-onboarding`: whom a new reader believes and where it asks first.
    Onboarding,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Request,
        Self::Response,
        Self::Credential,
        Self::Pack,
        Self::PackState,
        Self::Onboarding,
    ];

    /// The type of the Uniform Resource, in lower case.
    #[must_use]
    pub const fn ur_type(self) -> &'static str {
        match self {
            Self::Request => "symbolon-request",
            Self::Response => "symbolon-response",
            Self::Credential => "symbolon-credential",
            Self::Pack => "symbolon-pack",
            Self::PackState => "symbolon-pack-state",
            Self::Onboarding => "symbolon-onboarding",
        }
    }

    /// The kind of a type in lower case.
    #[must_use]
    pub fn of_ur_type(ur_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.ur_type() == ur_type)
    }

    const fn max_bytes(self) -> usize {
        match self {
            Self::Request => MAX_REQUEST_BYTES,
            Self::Response => MAX_RESPONSE_BYTES,
            Self::Credential => MAX_CREDENTIAL_BYTES,
            Self::Pack => MAX_PACK_BYTES,
            Self::PackState => MAX_PACK_STATE_BYTES,
            Self::Onboarding => MAX_ONBOARDING_BYTES,
        }
    }
}

/// A message. Nothing of it is verified.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// A request object: a compact JWS.
    Request(String),
    /// An answer: a compact JWE.
    Response(String),
    /// A credential as its issuer made it, or a presentation that answers nothing.
    Credential(CarriedCredential),
    /// An offline pack or a delta, byte for byte as its distributor made it.
    Pack(Vec<u8>),
    /// Which pack a reader has.
    PackState(PackState),
    /// Where a new reader begins.
    Onboarding(Onboarding),
}

/// A credential by its outer form.
#[derive(Clone, PartialEq, Eq)]
pub enum CarriedCredential {
    /// SD-JWT VC, W3C credential as JWT or JSON, text of a Claim 169 code.
    Text(String),
    /// `IssuerSigned` or `DeviceResponse` of an mdoc.
    Binary(Vec<u8>),
}

/// Answers and credentials are personal: only the kind is shown.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

/// Only the form is shown.
impl fmt::Debug for CarriedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Binary(_) => "Binary(..)",
        })
    }
}

impl CarriedCredential {
    /// The bytes of either form.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Text where the bytes are UTF-8, and bytes otherwise.
    #[must_use]
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Binary(error.into_bytes()),
        }
    }
}

/// Why a message cannot travel, or what came is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// Larger than its kind may be, before or after compression.
    #[error("the message is larger than what travels by QR codes")]
    TooLarge,
    /// Not the encoding of the kind.
    #[error("the message is malformed")]
    Malformed,
}

impl Message {
    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Request(_) => MessageKind::Request,
            Self::Response(_) => MessageKind::Response,
            Self::Credential(_) => MessageKind::Credential,
            Self::Pack(_) => MessageKind::Pack,
            Self::PackState(_) => MessageKind::PackState,
            Self::Onboarding(_) => MessageKind::Onboarding,
        }
    }

    /// The CBOR that the frames carry: a byte string with a zlib stream. Inside, a JWS or JWE is an array of its decoded parts, which
    /// compress as base64url texts do not; a credential is a text or a byte string, a pack a byte string.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn to_cbor(&self) -> Result<Vec<u8>, MessageError> {
        let mut content = Vec::new();
        match self {
            Self::Request(text) => write_parts(&mut content, text, JWS_PARTS)?,
            Self::Response(text) => write_parts(&mut content, text, JWE_PARTS)?,
            Self::Credential(CarriedCredential::Text(text)) => write::text(&mut content, text),
            Self::Credential(CarriedCredential::Binary(bytes)) | Self::Pack(bytes) => {
                write::bytes(&mut content, bytes);
            }
            Self::PackState(state) => state.write(&mut content),
            Self::Onboarding(onboarding) => {
                onboarding.write(&mut content).ok_or(MessageError::TooLarge)?;
            }
        }
        if content.len() > self.kind().max_bytes() {
            return Err(MessageError::TooLarge);
        }
        let mut message = Vec::new();
        write::bytes(&mut message, &zlib::deflate(&content, Effort::Best));
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(MessageError::TooLarge);
        }
        Ok(message)
    }

    /// Reads what [`Self::to_cbor`] writes.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse_cbor(kind: MessageKind, message: &[u8]) -> Result<Self, MessageError> {
        let mut outer = cursor(message, MAX_MESSAGE_BYTES)?;
        let deflated = outer.bytes().ok_or(MessageError::Malformed)?;
        let limit = kind.max_bytes();
        let content = zlib::inflate(deflated, limit).map_err(|error| match error {
            InflateError::OverLimit { .. } => MessageError::TooLarge,
            _ => MessageError::Malformed,
        })?;
        let mut inner = cursor(&content, limit)?;
        match kind {
            MessageKind::Request => read_parts(&mut inner, JWS_PARTS).map(Self::Request),
            MessageKind::Response => read_parts(&mut inner, JWE_PARTS).map(Self::Response),
            MessageKind::Credential => match (inner.text(), inner.bytes()) {
                (Some(text), _) => Some(CarriedCredential::Text(text.to_owned())),
                (None, Some(bytes)) => Some(CarriedCredential::Binary(bytes.to_vec())),
                (None, None) => None,
            }
            .map(Self::Credential),
            MessageKind::Pack => inner.bytes().map(|bytes| Self::Pack(bytes.to_vec())),
            MessageKind::PackState => PackState::read(&mut inner).map(Self::PackState),
            MessageKind::Onboarding => Onboarding::read(&mut inner).map(Self::Onboarding),
        }
        .ok_or(MessageError::Malformed)
    }
}

fn cursor(bytes: &[u8], limit: usize) -> Result<Cursor<'_>, MessageError> {
    let budget = CborBudget {
        bytes: limit,
        depth: 2,
        items: 1 + JWE_PARTS,
    };
    Cursor::new(bytes, budget).map_err(|_| MessageError::Malformed)
}

fn write_parts(out: &mut Vec<u8>, compact: &str, count: usize) -> Result<(), MessageError> {
    let parts: Vec<Vec<u8>> = compact
        .split('.')
        .map(base64url::decode)
        .collect::<Result<_, _>>()
        .map_err(|_| MessageError::Malformed)?;
    if parts.len() != count {
        return Err(MessageError::Malformed);
    }
    write::array(out, count);
    for part in parts {
        write::bytes(out, &part);
    }
    Ok(())
}

fn read_parts(cursor: &mut Cursor<'_>, count: usize) -> Option<String> {
    if cursor.array()? != count as u64 {
        return None;
    }
    let mut compact = String::new();
    for part in 0..count {
        if part > 0 {
            compact.push('.');
        }
        base64url::encode_into(cursor.bytes()?, &mut compact);
    }
    Some(compact)
}
