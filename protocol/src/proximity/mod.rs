//! Presentations face to face (ISO/IEC 18013-5, sections 8 and 9): the phone of the holder and the device of the reader, with
//! nobody in between.
//!
//! - [`DeviceEngagement`]: what the holder's QR code says, by which the reader finds the phone and meets its key.
//! - [`EngagedHolder`] and [`ScannedReader`]: the two sides of a session, each a value whose methods take one message and
//!   answer the next value, what to send, or why the session is over. Nothing here moves a byte, reads a clock or waits.
//! - [`ReaderAuthentication`]: who the reader is proven to be, or that nothing proves it.
//! - [`ble`]: how messages are cut for Bluetooth Low Energy.
//!
//! A value that fails is gone: no method gives back a session in which something was wrong. What the other side should be
//! told stands in [`SessionEnded::farewell`].
//!
//! The session keys and both ephemeral keys live as long as their values and are wiped with them. A session does not outlive
//! the process: it is made anew with a fresh engagement, as the standard wants.

mod asked;
pub mod ble;
mod cipher;
mod engagement;
mod error;
mod holder;
mod message;
mod reader;
mod reader_authentication;
#[cfg(test)]
mod tests;

pub use asked::{AskedFaceToFace, KeptRequestError};
pub use engagement::{
    BleOptions, DeviceEngagement, EngagementError, MAX_ENGAGEMENT_BYTES, ReaderAuthAllSupport,
    RetrievalMethod,
};
pub use error::{SessionEnded, SessionError};
pub use holder::{
    AnsweredHolder, EngageError, EngagedHolder, HolderEvent, MAX_REQUESTS_OF_A_SESSION, RequestedHolder,
};
pub use message::{
    MAX_REQUEST_MESSAGE_BYTES, MAX_RESPONSE_MESSAGE_BYTES, MessageError, SessionData, SessionEstablishment,
    SessionStatus,
};
pub use reader::{AnsweredReader, AwaitingReader, ReaderEvent, ReaderSession, ScanError, ScannedReader};
pub use reader_authentication::{
    ReaderAuthentication, ReaderAuthenticationError, ReaderDoubt, ReaderTrust, ReceivedRequest,
    RequestedDocument,
};
