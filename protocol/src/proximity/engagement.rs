//! `DeviceEngagement`: how a reader reaches a phone, and the key it meets there (ISO/IEC 18013-5, section 8.2.1.1).

use core::fmt;

use symbolon_credential::mdoc::is_version_1;
use symbolon_crypto::PublicKey;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::cbor::{CborBudget, CborError, Cursor, write};
use thiserror::Error;

/// The longest engagement. One with two ways over Bluetooth has some 150 bytes.
pub const MAX_ENGAGEMENT_BYTES: usize = 4096;

/// The scheme in front of an engagement in a QR code (section 8.2.2.3).
const SCHEME: &str = "mdoc:";

const BUDGET: CborBudget = CborBudget {
    bytes: MAX_ENGAGEMENT_BYTES,
    depth: 8,
    items: 512,
};

/// Members of the engagement.
mod member {
    pub(super) const VERSION: i64 = 0;
    pub(super) const SECURITY: i64 = 1;
    pub(super) const RETRIEVAL_METHODS: i64 = 2;
    pub(super) const CAPABILITIES: i64 = 6;
}

/// Members of the options of Bluetooth Low Energy.
mod ble_option {
    pub(super) const PERIPHERAL_SERVER_MODE: i64 = 0;
    pub(super) const CENTRAL_CLIENT_MODE: i64 = 1;
    pub(super) const PERIPHERAL_SERVER_UUID: i64 = 10;
    pub(super) const CENTRAL_CLIENT_UUID: i64 = 11;
    pub(super) const PERIPHERAL_SERVER_ADDRESS: i64 = 20;
}

/// The one cipher suite: ECDH, HKDF with SHA-256, AES-256-GCM (section 9.1.5.2).
const CIPHER_SUITE: u64 = 1;
/// The capability to understand `readerAuthAll` (second edition).
const READER_AUTH_ALL_SUPPORT: i64 = 3;
const NFC: u64 = 1;
const BLE: u64 = 2;
const METHOD_VERSION: u64 = 1;

/// Why bytes or text are no engagement that a reader can follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EngagementError {
    /// The text does not begin with `mdoc:`.
    #[error("not an engagement: the text does not begin with mdoc:")]
    Scheme,
    /// Longer than [`MAX_ENGAGEMENT_BYTES`].
    #[error("the engagement is longer than {MAX_ENGAGEMENT_BYTES} bytes")]
    TooLong,
    /// Behind the scheme there is no base64url without padding.
    #[error("the engagement is not base64url")]
    Base64,
    /// Not CBOR of definite lengths within the budget.
    #[error("the engagement is not CBOR: {0}")]
    Cbor(#[from] CborError),
    /// A version other than 1.
    #[error("the version of the engagement is not supported")]
    Version,
    /// A member that must be there.
    #[error("the engagement lacks its {member}")]
    Missing {
        /// Which one.
        member: &'static str,
    },
    /// A member of another form than it must have.
    #[error("the {member} of the engagement is malformed")]
    Malformed {
        /// Which one.
        member: &'static str,
    },
    /// A cipher suite other than 1.
    #[error("the cipher suite of the engagement is not supported")]
    CipherSuite,
    /// The device's key is none of P-256.
    #[error("the device's key is not a key of P-256")]
    DeviceKey,
}

/// Whether the device understands one signature of the reader over its whole request (second edition).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderAuthAllSupport {
    /// It does.
    Supported,
    /// It does not, or does not say so: each document is signed for by itself.
    Unsupported,
}

/// A way in which data can be retrieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetrievalMethod {
    /// Bluetooth Low Energy.
    Ble(BleOptions),
    /// NFC.
    Nfc {
        /// The longest command data field, in bytes.
        max_command_bytes: u64,
        /// The longest response data field, in bytes.
        max_response_bytes: u64,
    },
    /// One that this suite knows nothing of, such as Wi-Fi Aware.
    Other {
        /// Its type.
        method: u64,
        /// Its version.
        version: u64,
    },
}

/// How a phone is reached over Bluetooth Low Energy. The phone is reachable in the modes that have an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BleOptions {
    /// The UUID of the service that the phone offers as a peripheral, if it does.
    pub peripheral_server: Option<[u8; 16]>,
    /// The UUID of the service that the reader has to offer, and that the phone connects to, if it does.
    pub central_client: Option<[u8; 16]>,
    /// The Bluetooth address of the phone as a peripheral, if it is known.
    pub peripheral_address: Option<[u8; 6]>,
}

/// An engagement, with the bytes that it is: both sides put them into the session transcript.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceEngagement {
    encoded: Vec<u8>,
    device_key: PublicKey,
    /// `EDeviceKeyBytes`, the tagged COSE_Key as it came.
    device_key_bytes: Vec<u8>,
    retrieval_methods: Vec<RetrievalMethod>,
    reader_auth_all: ReaderAuthAllSupport,
}

/// Without the key, by which a phone in the room could be told from others.
impl fmt::Debug for DeviceEngagement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceEngagement")
            .field("bytes", &self.encoded.len())
            .finish_non_exhaustive()
    }
}

impl DeviceEngagement {
    /// The engagement of a phone with this ephemeral key of P-256. It has version 1.1 where it has something that version 1.0
    /// does not know, and 1.0 otherwise.
    ///
    /// # Errors
    /// [`EngagementError::DeviceKey`] for a key of another curve, [`EngagementError::Malformed`] for an own retrieval method of
    /// type [`RetrievalMethod::Other`], whose options nobody here can write.
    pub fn new(
        device_key: PublicKey,
        retrieval_methods: Vec<RetrievalMethod>,
        reader_auth_all: ReaderAuthAllSupport,
    ) -> Result<Self, EngagementError> {
        if !matches!(device_key, PublicKey::P256(_)) {
            return Err(EngagementError::DeviceKey);
        }
        let mut cose_key = Vec::new();
        device_key.write_cose_key(&mut cose_key);
        let mut device_key_bytes = Vec::new();
        write::encoded_item(&mut device_key_bytes, &cose_key);

        let has_capabilities = reader_auth_all == ReaderAuthAllSupport::Supported;
        let members = 2 + usize::from(!retrieval_methods.is_empty()) + usize::from(has_capabilities);
        let mut encoded = Vec::with_capacity(256);
        write::map(&mut encoded, members);
        write::integer(&mut encoded, member::VERSION);
        write::text(&mut encoded, if has_capabilities { "1.1" } else { "1.0" });
        write::integer(&mut encoded, member::SECURITY);
        write::array(&mut encoded, 2);
        write::unsigned(&mut encoded, CIPHER_SUITE);
        encoded.extend_from_slice(&device_key_bytes);
        if !retrieval_methods.is_empty() {
            write::integer(&mut encoded, member::RETRIEVAL_METHODS);
            write::array(&mut encoded, retrieval_methods.len());
            for method in &retrieval_methods {
                method.write(&mut encoded)?;
            }
        }
        if has_capabilities {
            write::integer(&mut encoded, member::CAPABILITIES);
            write::map(&mut encoded, 1);
            write::integer(&mut encoded, READER_AUTH_ALL_SUPPORT);
            write::boolean(&mut encoded, true);
        }
        Ok(Self {
            encoded,
            device_key,
            device_key_bytes,
            retrieval_methods,
            reader_auth_all,
        })
    }

    /// Reads an engagement. Members and retrieval methods that are not known are passed over.
    ///
    /// # Errors
    /// [`EngagementError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EngagementError> {
        const WHOLE: EngagementError = malformed("structure");
        if bytes.len() > MAX_ENGAGEMENT_BYTES {
            return Err(EngagementError::TooLong);
        }
        let mut cursor = Cursor::new(bytes, BUDGET)?;
        let (mut version, mut security) = (None, None);
        let (mut retrieval_methods, mut reader_auth_all) = (Vec::new(), ReaderAuthAllSupport::Unsupported);
        for _ in 0..cursor.map().ok_or(WHOLE)? {
            match cursor.integer() {
                Some(member::VERSION) => version = Some(cursor.text().ok_or(malformed("version"))?),
                Some(member::SECURITY) => security = Some(read_security(&mut cursor)?),
                Some(member::RETRIEVAL_METHODS) => retrieval_methods = read_methods(&mut cursor)?,
                Some(member::CAPABILITIES) => reader_auth_all = read_capabilities(&mut cursor)?,
                Some(_) => {
                    cursor.item().ok_or(WHOLE)?;
                }
                None => return Err(WHOLE),
            }
        }
        // A later minor version only adds members.
        if !is_version_1(version.ok_or(missing("version"))?) {
            return Err(EngagementError::Version);
        }
        let (device_key, device_key_bytes) = security.ok_or(missing("security"))?;
        Ok(Self {
            encoded: bytes.to_vec(),
            device_key,
            device_key_bytes: device_key_bytes.to_vec(),
            retrieval_methods,
            reader_auth_all,
        })
    }

    /// Reads what a QR code says: `mdoc:` and the engagement in base64url.
    ///
    /// # Errors
    /// [`EngagementError`].
    pub fn from_qr_text(text: &str) -> Result<Self, EngagementError> {
        let (scheme, encoded) = text
            .split_at_checked(SCHEME.len())
            .ok_or(EngagementError::Scheme)?;
        // Schemes are compared without regard to case (RFC 3986 §3.1); some codes are upper case throughout.
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(EngagementError::Scheme);
        }
        if encoded.len() > base64url::encoded_length(MAX_ENGAGEMENT_BYTES) {
            return Err(EngagementError::TooLong);
        }
        let bytes = base64url::decode(encoded).map_err(|_| EngagementError::Base64)?;
        Self::parse(&bytes)
    }

    /// What the QR code says.
    #[must_use]
    pub fn to_qr_text(&self) -> String {
        let mut text = SCHEME.to_owned();
        base64url::encode_into(&self.encoded, &mut text);
        text
    }

    /// The encoded engagement.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.encoded
    }

    /// The phone's key of this session.
    #[must_use]
    pub const fn device_key(&self) -> &PublicKey {
        &self.device_key
    }

    /// `EDeviceKeyBytes`: the phone's key as it stands in the engagement, with its tag.
    #[must_use]
    pub fn device_key_bytes(&self) -> &[u8] {
        &self.device_key_bytes
    }

    /// How the phone can be reached.
    #[must_use]
    pub fn retrieval_methods(&self) -> &[RetrievalMethod] {
        &self.retrieval_methods
    }

    /// Whether the phone understands `readerAuthAll`.
    #[must_use]
    pub const fn reader_auth_all(&self) -> ReaderAuthAllSupport {
        self.reader_auth_all
    }
}

impl RetrievalMethod {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), EngagementError> {
        write::array(out, 3);
        match self {
            Self::Ble(options) => {
                write::unsigned(out, BLE);
                write::unsigned(out, METHOD_VERSION);
                options.write(out);
            }
            Self::Nfc {
                max_command_bytes,
                max_response_bytes,
            } => {
                write::unsigned(out, NFC);
                write::unsigned(out, METHOD_VERSION);
                write::map(out, 2);
                write::unsigned(out, 0);
                write::unsigned(out, *max_command_bytes);
                write::unsigned(out, 1);
                write::unsigned(out, *max_response_bytes);
            }
            Self::Other { .. } => return Err(malformed("retrieval methods")),
        }
        Ok(())
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let members = cursor.array()?;
        let (method, version) = (cursor.unsigned()?, cursor.unsigned()?);
        let read = match (method, version, members) {
            (BLE, METHOD_VERSION, 3) => Self::Ble(BleOptions::read(cursor)?),
            (NFC, METHOD_VERSION, 3) => read_nfc(cursor)?,
            _ => {
                for _ in 2..members {
                    cursor.item()?;
                }
                Self::Other { method, version }
            }
        };
        Some(read)
    }
}

impl BleOptions {
    fn write(&self, out: &mut Vec<u8>) {
        let present = [
            self.peripheral_server.is_some(),
            self.central_client.is_some(),
            self.peripheral_address.is_some(),
        ];
        write::map(out, 2 + present.iter().filter(|one| **one).count());
        write::integer(out, ble_option::PERIPHERAL_SERVER_MODE);
        write::boolean(out, self.peripheral_server.is_some());
        write::integer(out, ble_option::CENTRAL_CLIENT_MODE);
        write::boolean(out, self.central_client.is_some());
        let optional = [
            (
                ble_option::PERIPHERAL_SERVER_UUID,
                self.peripheral_server.as_ref().map(<[u8; 16]>::as_slice),
            ),
            (
                ble_option::CENTRAL_CLIENT_UUID,
                self.central_client.as_ref().map(<[u8; 16]>::as_slice),
            ),
            (
                ble_option::PERIPHERAL_SERVER_ADDRESS,
                self.peripheral_address.as_ref().map(<[u8; 6]>::as_slice),
            ),
        ];
        for (label, value) in optional {
            if let Some(value) = value {
                write::integer(out, label);
                write::bytes(out, value);
            }
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let (mut is_peripheral, mut is_central) = (None, None);
        let mut options = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.integer()? {
                ble_option::PERIPHERAL_SERVER_MODE => is_peripheral = Some(cursor.boolean()?),
                ble_option::CENTRAL_CLIENT_MODE => is_central = Some(cursor.boolean()?),
                ble_option::PERIPHERAL_SERVER_UUID => {
                    options.peripheral_server = Some(cursor.bytes()?.try_into().ok()?);
                }
                ble_option::CENTRAL_CLIENT_UUID => {
                    options.central_client = Some(cursor.bytes()?.try_into().ok()?);
                }
                ble_option::PERIPHERAL_SERVER_ADDRESS => {
                    options.peripheral_address = Some(cursor.bytes()?.try_into().ok()?);
                }
                _ => {
                    cursor.item()?;
                }
            }
        }
        // A mode that is said to be there has an identifier, and one that is not there is not reached by its identifier.
        options.peripheral_server = of_mode(is_peripheral?, options.peripheral_server)?;
        options.central_client = of_mode(is_central?, options.central_client)?;
        Some(options)
    }
}

#[expect(
    clippy::option_option,
    reason = "the outer one says that the options are malformed, the inner one that the mode is not there"
)]
fn of_mode(is_there: bool, identifier: Option<[u8; 16]>) -> Option<Option<[u8; 16]>> {
    match (is_there, identifier) {
        (true, None) => None,
        (true, identifier) => Some(identifier),
        (false, _) => Some(None),
    }
}

fn read_nfc(cursor: &mut Cursor<'_>) -> Option<RetrievalMethod> {
    let (mut command, mut response) = (None, None);
    for _ in 0..cursor.map()? {
        match cursor.integer()? {
            0 => command = Some(cursor.unsigned()?),
            1 => response = Some(cursor.unsigned()?),
            _ => {
                cursor.item()?;
            }
        }
    }
    Some(RetrievalMethod::Nfc {
        max_command_bytes: command?,
        max_response_bytes: response?,
    })
}

/// The key, and the tagged item that it stands in.
fn read_security<'a>(cursor: &mut Cursor<'a>) -> Result<(PublicKey, &'a [u8]), EngagementError> {
    const MEMBER: EngagementError = malformed("security");
    let members = cursor.array().filter(|members| *members >= 2).ok_or(MEMBER)?;
    if cursor.unsigned().ok_or(MEMBER)? != CIPHER_SUITE {
        return Err(EngagementError::CipherSuite);
    }
    let mut ahead = *cursor;
    let encoded = cursor.item().ok_or(MEMBER)?;
    for _ in 2..members {
        cursor.item().ok_or(MEMBER)?;
    }
    ahead.expect_tag(24).ok_or(MEMBER)?;
    let key = ahead.bytes().ok_or(MEMBER)?;
    Ok((read_session_key(key).ok_or(EngagementError::DeviceKey)?, encoded))
}

fn read_methods(cursor: &mut Cursor<'_>) -> Result<Vec<RetrievalMethod>, EngagementError> {
    const MEMBER: EngagementError = malformed("retrieval methods");
    (0..cursor.array().ok_or(MEMBER)?)
        .map(|_| RetrievalMethod::read(cursor).ok_or(MEMBER))
        .collect()
}

fn read_capabilities(cursor: &mut Cursor<'_>) -> Result<ReaderAuthAllSupport, EngagementError> {
    const MEMBER: EngagementError = malformed("capabilities");
    let mut support = ReaderAuthAllSupport::Unsupported;
    for _ in 0..cursor.map().ok_or(MEMBER)? {
        if cursor.integer().ok_or(MEMBER)? != READER_AUTH_ALL_SUPPORT {
            cursor.item().ok_or(MEMBER)?;
        } else if cursor.boolean().ok_or(MEMBER)? {
            support = ReaderAuthAllSupport::Supported;
        }
    }
    Ok(support)
}

/// A COSE_Key of P-256 and nothing behind it.
pub(super) fn read_session_key(encoded: &[u8]) -> Option<PublicKey> {
    let mut cursor = Cursor::new(encoded, BUDGET).ok()?;
    PublicKey::from_cose_key(&mut cursor)
        .ok()
        .filter(|key| matches!(key, PublicKey::P256(_)))
}

const fn malformed(member: &'static str) -> EngagementError {
    EngagementError::Malformed { member }
}

const fn missing(member: &'static str) -> EngagementError {
    EngagementError::Missing { member }
}
