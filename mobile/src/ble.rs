//! Bluetooth Low Energy (ISO/IEC 18013-5, section 8.3.3.1.1): the app moves bytes, and what they mean is here.

use std::sync::{Arc, Mutex, PoisonError};

use symbolon_protocol::proximity::ble::{
    CENTRAL_CLIENT, Characteristics, FrameAssembler, FrameSize, PERIPHERAL_SERVER, StateSignal, split,
};
use symbolon_protocol::proximity::{BleOptions, MAX_REQUEST_MESSAGE_BYTES, MAX_RESPONSE_MESSAGE_BYTES};
use thiserror::Error;

use crate::error::{Argument, WalletError};

/// How the phone can be reached over Bluetooth Low Energy: in the modes that have the UUID of a service.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BleEngagement {
    /// The UUID of the service that the phone offers as a peripheral, as text: make a fresh one for each session.
    pub holder_is_peripheral: Option<String>,
    /// The UUID of the service that the reader is to offer, and that the phone connects to, as text.
    pub reader_is_peripheral: Option<String>,
}

/// Which side offers the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum BleMode {
    /// The holder's phone offers it, and the reader connects: peripheral server mode.
    HolderIsPeripheral,
    /// The reader offers it, and the holder's phone connects: central client mode.
    ReaderIsPeripheral,
}

/// The characteristics of the service, as UUIDs.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BleCharacteristics {
    /// The state: `ble_state` values, written without response and notified.
    pub state: String,
    /// From the client to the server: written without response.
    pub client_to_server: String,
    /// From the server to the client: notified.
    pub server_to_client: String,
    /// What the holder's phone reads of a reader that offers the service, and compares with the `ble_ident` of its session.
    pub ident: Option<String>,
}

/// What the characteristic of the state says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum BleState {
    /// The client has subscribed, and the other side may speak.
    Start,
    /// The session is over.
    End,
}

/// Who puts messages together: how long they may be depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum BleReceiver {
    /// The holder, who receives requests.
    Holder,
    /// The reader, who receives answers.
    Reader,
}

/// What came over the link breaks the rules of the framing. Close the connection: nothing more can be read of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum BleError {
    /// A part is empty, too long, begins with an unknown byte, or follows one that was refused.
    #[error("a part of the message breaks the framing")]
    Malformed,
    /// The message is longer than any that the other side may send.
    #[error("the message is too long")]
    TooLong,
    /// The state is neither start nor end.
    #[error("the state is neither start nor end")]
    UnknownState,
}

/// The characteristics of the service.
#[uniffi::export]
#[must_use]
pub fn ble_characteristics(mode: BleMode) -> BleCharacteristics {
    match mode {
        BleMode::HolderIsPeripheral => PERIPHERAL_SERVER.into(),
        BleMode::ReaderIsPeripheral => CENTRAL_CLIENT.into(),
    }
}

/// The value of the state's characteristic.
#[uniffi::export]
#[must_use]
pub fn ble_state(state: BleState) -> Vec<u8> {
    let signal = match state {
        BleState::Start => StateSignal::Start,
        BleState::End => StateSignal::End,
    };
    vec![signal.to_byte()]
}

/// Reads a value of the state's characteristic.
#[uniffi::export]
pub fn read_ble_state(value: Vec<u8>) -> Result<BleState, BleError> {
    match StateSignal::parse(&value) {
        Ok(StateSignal::Start) => Ok(BleState::Start),
        Ok(StateSignal::End) => Ok(BleState::End),
        Err(_) => Err(BleError::UnknownState),
    }
}

/// Cuts a message into the values to write or to notify, in order, for a connection with this MTU.
#[uniffi::export]
pub fn ble_frames(message: Vec<u8>, mtu: u16) -> Result<Vec<Vec<u8>>, BleError> {
    let frames = split(&message, FrameSize::of_mtu(mtu)).map_err(|_| BleError::Malformed)?;
    Ok(frames.collect())
}

/// Puts the messages of one connection together, one after the other.
#[derive(uniffi::Object)]
pub struct BleAssembler {
    limit: usize,
    open: Mutex<FrameAssembler>,
}

#[uniffi::export]
impl BleAssembler {
    /// For the messages that this side receives.
    #[uniffi::constructor]
    #[must_use]
    pub fn new(receiver: BleReceiver) -> Arc<Self> {
        let limit = match receiver {
            BleReceiver::Holder => MAX_REQUEST_MESSAGE_BYTES,
            BleReceiver::Reader => MAX_RESPONSE_MESSAGE_BYTES,
        };
        Arc::new(Self {
            limit,
            open: Mutex::new(FrameAssembler::new(limit)),
        })
    }

    /// Takes the next value in the order in which it came, and gives the message with the last one. After an error everything is refused.
    pub fn push(&self, frame: Vec<u8>) -> Result<Option<Vec<u8>>, BleError> {
        use symbolon_protocol::proximity::ble::FrameError;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let message = open.push(&frame).map_err(|error| match error {
            FrameError::MessageTooLong { .. } => BleError::TooLong,
            _ => BleError::Malformed,
        })?;
        if message.is_some() {
            *open = FrameAssembler::new(self.limit);
        }
        Ok(message)
    }
}

impl From<Characteristics> for BleCharacteristics {
    fn from(of: Characteristics) -> Self {
        Self {
            state: of.state.to_owned(),
            client_to_server: of.client_to_server.to_owned(),
            server_to_client: of.server_to_client.to_owned(),
            ident: of.ident.map(str::to_owned),
        }
    }
}

impl BleEngagement {
    pub(crate) fn parse(self) -> Result<BleOptions, WalletError> {
        let uuid = |text: Option<String>| {
            let parsed =
                text.map(|text| parse_uuid(&text).ok_or(WalletError::argument(Argument::Engagement)));
            parsed.transpose()
        };
        Ok(BleOptions {
            peripheral_server: uuid(self.holder_is_peripheral)?,
            central_client: uuid(self.reader_is_peripheral)?,
            peripheral_address: None,
        })
    }
}

/// The bytes of a UUID in its canonical text ([RFC 9562 §4]).
///
/// [RFC 9562 §4]: https://www.rfc-editor.org/rfc/rfc9562#section-4
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    if !lengths.eq([8, 4, 4, 4, 12]) || !text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return None;
    }
    Some(u128::from_str_radix(&groups.concat(), 16).ok()?.to_be_bytes())
}

/// The canonical text of a UUID.
pub(crate) fn uuid_text(uuid: &[u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(*uuid));
    let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [
        group(0, 8),
        group(8, 12),
        group(12, 16),
        group(16, 20),
        group(20, 32),
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_follow_each_other_and_a_broken_one_ends_the_connection() {
        let assembler = BleAssembler::new(BleReceiver::Holder);
        for message in [vec![7; 100], vec![8; 3]] {
            let frames = ble_frames(message.clone(), 23).unwrap();
            let (last, before) = frames.split_last().unwrap();
            for frame in before {
                assert_eq!(assembler.push(frame.clone()), Ok(None));
            }
            assert_eq!(assembler.push(last.clone()), Ok(Some(message)));
        }
        assert_eq!(assembler.push(vec![9, 1]), Err(BleError::Malformed));
        assert_eq!(assembler.push(vec![0, 1]), Err(BleError::Malformed));
    }

    #[test]
    fn a_request_has_a_smaller_limit_than_an_answer() {
        let long = vec![1; MAX_REQUEST_MESSAGE_BYTES + 1];
        let taken = |receiver| {
            let assembler = BleAssembler::new(receiver);
            ble_frames(long.clone(), 515)
                .unwrap()
                .into_iter()
                .try_fold(None, |_, frame| assembler.push(frame))
        };
        assert_eq!(taken(BleReceiver::Holder), Err(BleError::TooLong));
        assert_eq!(taken(BleReceiver::Reader), Ok(Some(long.clone())));
    }

    #[test]
    fn a_uuid_has_one_text() {
        let text = "00000001-a123-48ce-896b-4c76973373e6";
        let uuid = parse_uuid(text).unwrap();
        assert_eq!(uuid[..6], [0, 0, 0, 1, 0xa1, 0x23]);
        assert_eq!(uuid_text(&uuid), text);
        for wrong in [
            "",
            "00000001a12348ce896b4c76973373e6",
            "0000000-1a123-48ce-896b-4c76973373e6",
            "+0000001-a123-48ce-896b-4c76973373e6",
        ] {
            assert_eq!(parse_uuid(wrong), None, "{wrong}");
        }
    }
}
