//! The messages of a session: `SessionEstablishment` and `SessionData` (ISO/IEC 18013-5, section 9.1.1.4).

use core::fmt;

use symbolon_crypto::encoding::cbor::{CborBudget, CborError, Cursor, write};
use thiserror::Error;

/// The longest message of a reader: its request may have 128 KiB, most of which certificates take.
pub const MAX_REQUEST_MESSAGE_BYTES: usize = 132 * 1024;

/// The longest message of a holder: a response may have one MiB, most of which portraits take.
pub const MAX_RESPONSE_MESSAGE_BYTES: usize = (1 << 20) + 1024;

const E_READER_KEY: &str = "eReaderKey";
const DATA: &str = "data";
const STATUS: &str = "status";

/// Why bytes are no message of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// Longer than the other side may write.
    #[error("the session message is longer than {limit} bytes")]
    TooLong {
        /// What it may have, in bytes.
        limit: usize,
    },
    /// Not CBOR of definite lengths within the budget.
    #[error("the session message is not CBOR: {0}")]
    Cbor(#[from] CborError),
    /// Not a map, or a member of another form than it must have.
    #[error("the session message is malformed")]
    Malformed,
    /// A member that must be there is not.
    #[error("the session message lacks {member}")]
    Missing {
        /// Its name.
        member: &'static str,
    },
}

/// What a session message says of the session (section 9.1.1.4, table 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// 10: the message could not be decrypted.
    EncryptionError,
    /// 11: the message is no CBOR, or not of the form it must have.
    DecodingError,
    /// 20: the session is over.
    Termination,
    /// One that the standard does not name; it ends the session as well.
    Other(u64),
}

impl SessionStatus {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u64 {
        match self {
            Self::EncryptionError => 10,
            Self::DecodingError => 11,
            Self::Termination => 20,
            Self::Other(code) => code,
        }
    }

    const fn of_code(code: u64) -> Self {
        match code {
            10 => Self::EncryptionError,
            11 => Self::DecodingError,
            20 => Self::Termination,
            other => Self::Other(other),
        }
    }
}

/// The first message of a reader: its key, and its encrypted request.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionEstablishment<'a> {
    /// The encoded COSE_Key, without its tag.
    pub e_reader_key: &'a [u8],
    /// The encrypted request.
    pub data: &'a [u8],
}

/// Every other message.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionData<'a> {
    /// The encrypted request or response, if there is one.
    pub data: Option<&'a [u8]>,
    /// What is said of the session, if anything is.
    pub status: Option<SessionStatus>,
}

/// Without the encrypted content.
impl fmt::Debug for SessionEstablishment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionEstablishment")
            .field("data", &self.data.len())
            .finish_non_exhaustive()
    }
}

/// Without the encrypted content.
impl fmt::Debug for SessionData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionData")
            .field("data", &self.data.map(<[u8]>::len))
            .field("status", &self.status)
            .finish()
    }
}

impl<'a> SessionEstablishment<'a> {
    /// Reads the message, which may have [`MAX_REQUEST_MESSAGE_BYTES`].
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, MessageError> {
        let members = Members::read(bytes, MAX_REQUEST_MESSAGE_BYTES)?;
        Ok(Self {
            e_reader_key: members
                .e_reader_key
                .ok_or(MessageError::Missing { member: E_READER_KEY })?,
            data: members.data.ok_or(MessageError::Missing { member: DATA })?,
        })
    }

    /// The encoded message.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.len().saturating_add(160));
        write::map(&mut out, 2);
        write::text(&mut out, E_READER_KEY);
        write::encoded_item(&mut out, self.e_reader_key);
        write::text(&mut out, DATA);
        write::bytes(&mut out, self.data);
        out
    }
}

impl<'a> SessionData<'a> {
    /// Reads the message, which may have `limit` bytes.
    ///
    /// # Errors
    /// [`MessageError`]. The message that establishes a session is none that continues it.
    pub fn parse(bytes: &'a [u8], limit: usize) -> Result<Self, MessageError> {
        let members = Members::read(bytes, limit)?;
        if members.e_reader_key.is_some() {
            return Err(MessageError::Malformed);
        }
        if members.data.is_none() && members.status.is_none() {
            return Err(MessageError::Missing { member: DATA });
        }
        Ok(Self {
            data: members.data,
            status: members.status.map(SessionStatus::of_code),
        })
    }

    /// A message that says something of the session and nothing else.
    #[must_use]
    pub const fn of_status(status: SessionStatus) -> Self {
        Self {
            data: None,
            status: Some(status),
        }
    }

    /// The encoded message.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.map_or(0, <[u8]>::len).saturating_add(32));
        write::map(
            &mut out,
            usize::from(self.data.is_some()) + usize::from(self.status.is_some()),
        );
        if let Some(data) = self.data {
            write::text(&mut out, DATA);
            write::bytes(&mut out, data);
        }
        if let Some(status) = self.status {
            write::text(&mut out, STATUS);
            write::unsigned(&mut out, status.code());
        }
        out
    }
}

#[derive(Default)]
struct Members<'a> {
    e_reader_key: Option<&'a [u8]>,
    data: Option<&'a [u8]>,
    status: Option<u64>,
}

impl<'a> Members<'a> {
    fn read(bytes: &'a [u8], limit: usize) -> Result<Self, MessageError> {
        if bytes.len() > limit {
            return Err(MessageError::TooLong { limit });
        }
        let budget = CborBudget {
            bytes: limit,
            depth: 8,
            items: 64,
        };
        let mut cursor = Cursor::new(bytes, budget)?;
        Self::read_members(&mut cursor).ok_or(MessageError::Malformed)
    }

    fn read_members(cursor: &mut Cursor<'a>) -> Option<Self> {
        let mut members = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.text()? {
                E_READER_KEY => {
                    cursor.expect_tag(24)?;
                    members.e_reader_key = Some(cursor.bytes()?);
                }
                DATA => members.data = Some(cursor.bytes()?),
                STATUS => members.status = Some(cursor.unsigned()?),
                _ => {
                    cursor.item()?;
                }
            }
        }
        Some(members)
    }
}
