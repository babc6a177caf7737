//! Public keys as [Multikey](https://www.w3.org/TR/cid-1.0/#Multikey) values (`publicKeyMultibase`).

use super::{DecodeError, multibase};
use crate::PublicKey;

/// Multicodec prefixes ([multicodec table](https://github.com/multiformats/multicodec/blob/master/table.csv)), as
/// variable-length integers.
const ED25519_PREFIX: [u8; 2] = [0xed, 0x01];
const P256_PREFIX: [u8; 2] = [0x80, 0x24];
const P384_PREFIX: [u8; 2] = [0x81, 0x24];

/// Writes a key, points compressed.
#[must_use]
pub fn encode(key: &PublicKey) -> String {
    multibase::encode_base58btc(&encode_bytes(key))
}

/// The bytes below the multibase text: prefix and key.
#[must_use]
pub fn encode_bytes(key: &PublicKey) -> Vec<u8> {
    let (prefix, bytes) = match key {
        PublicKey::Ed25519(_) => (ED25519_PREFIX, key.to_sec1_bytes()),
        PublicKey::P256(_) => (P256_PREFIX, compressed(key)),
        PublicKey::P384(_) => (P384_PREFIX, compressed(key)),
    };
    [prefix.as_slice(), &bytes].concat()
}

/// Reads a key.
///
/// # Errors
/// [`DecodeError`] for another base or kind of key, and for what is no key.
pub fn decode(text: &str) -> Result<PublicKey, DecodeError> {
    decode_bytes(&multibase::decode_base58btc(text)?)
}

/// Reads the bytes below the multibase text.
///
/// # Errors
/// [`DecodeError`] for another kind of key and for what is no key.
pub fn decode_bytes(bytes: &[u8]) -> Result<PublicKey, DecodeError> {
    let (prefix, bytes) = bytes.split_first_chunk::<2>().ok_or(DecodeError)?;
    // Points are compressed; another form of the same point would be another text of the same key.
    match (*prefix, bytes.len()) {
        (ED25519_PREFIX, 32) => PublicKey::from_ed25519_bytes(bytes),
        (P256_PREFIX, 33) => PublicKey::from_p256_sec1_bytes(bytes),
        (P384_PREFIX, 49) => PublicKey::from_p384_sec1_bytes(bytes),
        _ => return Err(DecodeError),
    }
    .map_err(|_| DecodeError)
}

/// The compressed form of an elliptic-curve point (SEC 1 §2.3.3).
fn compressed(key: &PublicKey) -> Vec<u8> {
    let point = key.to_sec1_bytes();
    let coordinates = point.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let y_is_odd = y.last().is_some_and(|byte| byte & 1 == 1);
    [&[if y_is_odd { 3 } else { 2 }], x].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_keys_of_the_did_key_examples() {
        for text in [
            "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
            "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
            "z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9",
        ] {
            assert_eq!(encode(&decode(text).unwrap()), text);
        }
    }

    #[test]
    fn refuses_what_is_no_key_of_a_known_kind() {
        for text in [
            "",
            "z",
            "z6Mk",
            "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
            "u7QEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(decode(text).is_err(), "{text}");
        }
    }
}
