//! ISO/IEC 18013-7 Annex C: an mdoc is asked for by its own `DeviceRequest`, and the answer is encrypted with HPKE under the session
//! of the request.

use serde_json::{Map, Value, json};
use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::cbor::{CborBudget, Cursor, write};
use symbolon_crypto::hpke::{self, Sealed};
use symbolon_crypto::{CryptoProvider, PublicKey, Randomness, SecretKey};
use thiserror::Error;
use zeroize::Zeroizing;

use super::Origin;
use crate::openid4vp::response::MAX_RESPONSE_BYTES;

/// The first member of what is exchanged.
const NAME: &str = "dcapi";

/// The largest request that is read, in bytes of its base64url text.
const MAX_REQUEST_TEXT_BYTES: usize = 192 * 1024;

/// The fewest bytes of a nonce.
const MIN_NONCE_BYTES: usize = 16;

const INFO_BUDGET: CborBudget = CborBudget {
    bytes: 4096,
    depth: 8,
    items: 64,
};

const RESPONSE_BUDGET: CborBudget = CborBudget {
    bytes: MAX_RESPONSE_BYTES,
    depth: 4,
    items: 16,
};

/// Why a message of Annex C was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IsoMdocError {
    /// A member is missing or has another form.
    #[error("{member} is missing or malformed")]
    Malformed {
        /// The member.
        member: &'static str,
    },
    /// The answer is for another key, request or origin, or was changed.
    #[error("the answer cannot be decrypted with the key of the request")]
    NotDecrypted,
    /// The answer could not be encrypted.
    #[error("the answer cannot be encrypted")]
    NotEncrypted,
}

const fn malformed(member: &'static str) -> IsoMdocError {
    IsoMdocError::Malformed { member }
}

/// `EncryptionInfo`: whom the answer is encrypted to, and the nonce that makes the session fresh. The session is over the text in
/// which it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionInfo {
    text: String,
    recipient: PublicKey,
}

impl EncryptionInfo {
    /// The parameters of a fresh request. `recipient` is a key of P-256.
    #[must_use]
    pub fn new(nonce: &[u8], recipient: &PublicKey) -> Self {
        let mut out = Vec::with_capacity(160);
        write::array(&mut out, 2);
        write::text(&mut out, NAME);
        write::map(&mut out, 2);
        write::text(&mut out, "nonce");
        write::bytes(&mut out, nonce);
        write::text(&mut out, "recipientPublicKey");
        recipient.write_cose_key(&mut out);
        Self {
            text: base64url::encode(&out),
            recipient: recipient.clone(),
        }
    }

    /// Reads the base64url text of a request.
    ///
    /// # Errors
    /// [`IsoMdocError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, IsoMdocError> {
        let refused = malformed("encryptionInfo");
        let bytes = base64url::decode(text).map_err(|_| refused)?;
        let mut cursor = Cursor::new(&bytes, INFO_BUDGET).map_err(|_| refused)?;
        let mut read = || {
            if cursor.array()? != 2 || cursor.text()? != NAME {
                return None;
            }
            let (mut nonce, mut recipient) = (None, None);
            for _ in 0..cursor.map()? {
                match cursor.text()? {
                    "nonce" => nonce = Some(cursor.bytes()?),
                    "recipientPublicKey" => recipient = Some(PublicKey::from_cose_key(&mut cursor).ok()?),
                    _ => {
                        cursor.item()?;
                    }
                }
            }
            let fresh = nonce?.len() >= MIN_NONCE_BYTES;
            recipient.filter(|key| fresh && matches!(key, PublicKey::P256(_)))
        };
        let recipient = read().ok_or(refused)?;
        Ok(Self {
            text: text.to_owned(),
            recipient,
        })
    }

    /// The base64url text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The session of a request with these parameters by a page of `origin`.
    #[must_use]
    pub fn transcript(&self, origin: &Origin) -> SessionTranscript {
        SessionTranscript::iso_dc_api(&self.text, origin.as_str())
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsoMdocRequest {
    /// The encoded `DeviceRequest`.
    pub device_request: Vec<u8>,
    /// How the answer is encrypted.
    pub encryption_info: EncryptionInfo,
}

impl IsoMdocRequest {
    /// The `data` of the request.
    #[must_use]
    pub fn to_data(&self) -> Map<String, Value> {
        Map::from_iter([
            (
                "deviceRequest".to_owned(),
                json!(base64url::encode(&self.device_request)),
            ),
            ("encryptionInfo".to_owned(), json!(self.encryption_info.as_str())),
        ])
    }

    /// Reads the `data` of a request.
    ///
    /// # Errors
    /// [`IsoMdocError::Malformed`].
    pub fn parse(data: &Map<String, Value>) -> Result<Self, IsoMdocError> {
        let text = |member: &'static str| {
            data.get(member)
                .and_then(Value::as_str)
                .filter(|text| text.len() <= MAX_REQUEST_TEXT_BYTES)
                .ok_or(malformed(member))
        };
        Ok(Self {
            device_request: base64url::decode(text("deviceRequest")?)
                .map_err(|_| malformed("deviceRequest"))?,
            encryption_info: EncryptionInfo::parse(text("encryptionInfo")?)?,
        })
    }
}

/// The `data` of the answer to a page of `origin`: the encoded `DeviceResponse`, encrypted to the key of the request.
///
/// # Errors
/// [`IsoMdocError::NotEncrypted`].
pub fn encrypt_response(
    device_response: &[u8],
    encryption_info: &EncryptionInfo,
    origin: &Origin,
    crypto: &dyn CryptoProvider,
    randomness: &dyn Randomness,
) -> Result<Map<String, Value>, IsoMdocError> {
    let transcript = encryption_info.transcript(origin);
    let sealed = hpke::seal(
        &encryption_info.recipient,
        transcript.as_bytes(),
        &[],
        device_response,
        crypto,
        randomness,
    )
    .map_err(|_| IsoMdocError::NotEncrypted)?;
    let mut out = Vec::with_capacity(sealed.ciphertext.len().saturating_add(128));
    write::array(&mut out, 2);
    write::text(&mut out, NAME);
    write::map(&mut out, 2);
    write::text(&mut out, "enc");
    write::bytes(&mut out, &sealed.encapsulated_key);
    write::text(&mut out, "cipherText");
    write::bytes(&mut out, &sealed.ciphertext);
    Ok(Map::from_iter([(
        "response".to_owned(),
        json!(base64url::encode(&out)),
    )]))
}

/// The encoded `DeviceResponse` within the `data` of an answer.
///
/// # Errors
/// [`IsoMdocError`].
pub fn decrypt_response(
    data: &Map<String, Value>,
    encryption_info: &EncryptionInfo,
    origin: &Origin,
    key: &SecretKey,
    crypto: &dyn CryptoProvider,
) -> Result<Zeroizing<Vec<u8>>, IsoMdocError> {
    let refused = malformed("response");
    let text = data.get("response").and_then(Value::as_str).ok_or(refused)?;
    let bytes = base64url::decode(text).map_err(|_| refused)?;
    let sealed = read_sealed(&bytes).ok_or(refused)?;
    let transcript = encryption_info.transcript(origin);
    hpke::open(key, &sealed, transcript.as_bytes(), &[], crypto).map_err(|_| IsoMdocError::NotDecrypted)
}

fn read_sealed(bytes: &[u8]) -> Option<Sealed> {
    let mut cursor = Cursor::new(bytes, RESPONSE_BUDGET).ok()?;
    if cursor.array()? != 2 || cursor.text()? != NAME {
        return None;
    }
    let (mut encapsulated_key, mut ciphertext) = (None, None);
    for _ in 0..cursor.map()? {
        match cursor.text()? {
            "enc" => encapsulated_key = Some(cursor.bytes()?.to_vec()),
            "cipherText" => ciphertext = Some(cursor.bytes()?.to_vec()),
            _ => {
                cursor.item()?;
            }
        }
    }
    Some(Sealed {
        encapsulated_key: encapsulated_key?,
        ciphertext: ciphertext?,
    })
}

#[cfg(test)]
mod tests;
