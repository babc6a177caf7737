//! COSE_Key, public members only ([RFC 9052 §7](https://www.rfc-editor.org/rfc/rfc9052#section-7),
//! [RFC 9053 §7](https://www.rfc-editor.org/rfc/rfc9053#section-7)).

use super::{InvalidKey, PublicKey};
use crate::algorithm::SignatureAlgorithm;
use crate::encoding::cbor::{Cursor, write};

/// `kty`.
const KEY_TYPE: i64 = 1;
/// `alg`.
const ALGORITHM: i64 = 3;
/// `crv`.
const CURVE: i64 = -1;
/// The x coordinate, or the whole key of an octet key pair.
const X: i64 = -2;
/// The y coordinate, or its sign.
const Y: i64 = -3;
/// The private key.
const PRIVATE: i64 = -4;

/// Key type "octet key pair".
const OCTET_KEY_PAIR: i64 = 1;
/// Key type "elliptic curve with two coordinates".
const TWO_COORDINATES: i64 = 2;

enum SecondCoordinate<'a> {
    Whole(&'a [u8]),
    Odd,
    Even,
}

impl PublicKey {
    /// Reads the COSE_Key that is next: `EC2` with P-256 or P-384, `OKP` with Ed25519. A private key is refused, and so is
    /// an `alg` that is not the key's own.
    ///
    /// # Errors
    /// [`InvalidKey`] for another type, a wrong length, or a point that is not on its curve.
    pub fn from_cose_key(cursor: &mut Cursor<'_>) -> Result<Self, InvalidKey> {
        read(cursor).ok_or(InvalidKey)
    }

    /// Writes the COSE_Key.
    pub fn write_cose_key(&self, out: &mut Vec<u8>) {
        let point = self.to_sec1_bytes();
        let (key_type, curve) = match self {
            Self::P256(_) => (TWO_COORDINATES, 1),
            Self::P384(_) => (TWO_COORDINATES, 2),
            Self::Ed25519(_) => (OCTET_KEY_PAIR, 6),
        };
        let two = key_type == TWO_COORDINATES;
        write::map(out, if two { 4 } else { 3 });
        write::integer(out, KEY_TYPE);
        write::integer(out, key_type);
        write::integer(out, CURVE);
        write::integer(out, curve);
        write::integer(out, X);
        if two {
            let coordinates = point.get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            write::bytes(out, x);
            write::integer(out, Y);
            write::bytes(out, y);
        } else {
            write::bytes(out, &point);
        }
    }
}

fn read(cursor: &mut Cursor<'_>) -> Option<PublicKey> {
    let (mut key_type, mut curve, mut algorithm, mut x, mut y) = (None, None, None, None, None);
    for _ in 0..cursor.map()? {
        let Some(label) = cursor.integer() else {
            cursor.item()?;
            cursor.item()?;
            continue;
        };
        match label {
            KEY_TYPE => key_type = Some(cursor.integer()?),
            ALGORITHM => algorithm = Some(cursor.integer()?),
            CURVE => curve = Some(cursor.integer()?),
            X => x = Some(cursor.bytes()?),
            Y => {
                y = Some(match cursor.boolean() {
                    Some(true) => SecondCoordinate::Odd,
                    Some(false) => SecondCoordinate::Even,
                    None => SecondCoordinate::Whole(cursor.bytes()?),
                });
            }
            PRIVATE => return None,
            _ => {
                cursor.item()?;
            }
        }
    }
    let x = x?;
    let key = match (key_type?, curve?, y) {
        (TWO_COORDINATES, 1, Some(y)) => PublicKey::from_p256_sec1_bytes(&point(x, &y, 32)?).ok()?,
        (TWO_COORDINATES, 2, Some(y)) => PublicKey::from_p384_sec1_bytes(&point(x, &y, 48)?).ok()?,
        (OCTET_KEY_PAIR, 6, None) => PublicKey::from_ed25519_bytes(x).ok()?,
        _ => return None,
    };
    match algorithm {
        None => Some(key),
        Some(value) => (SignatureAlgorithm::from_cose_value(value)? == key.algorithm()).then_some(key),
    }
}

fn point(x: &[u8], y: &SecondCoordinate<'_>, length: usize) -> Option<Vec<u8>> {
    if x.len() != length {
        return None;
    }
    match y {
        SecondCoordinate::Whole(y) => (y.len() == length).then(|| [&[4], x, y].concat()),
        SecondCoordinate::Even => Some([&[2], x].concat()),
        SecondCoordinate::Odd => Some([&[3], x].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::cbor::CborBudget;
    use crate::key::SecretKey;
    use crate::testing::SeededRandomness;

    fn read_back(bytes: &[u8]) -> Result<PublicKey, InvalidKey> {
        PublicKey::from_cose_key(&mut Cursor::new(bytes, CborBudget::DEFAULT).unwrap())
    }

    fn written(key: &PublicKey) -> Vec<u8> {
        let mut bytes = Vec::new();
        key.write_cose_key(&mut bytes);
        bytes
    }

    fn any_key(algorithm: SignatureAlgorithm) -> PublicKey {
        SecretKey::generate(algorithm, &SeededRandomness::new(11))
            .unwrap()
            .public_key()
    }

    #[test]
    fn keys_of_every_type_are_read_back() {
        for algorithm in [
            SignatureAlgorithm::Es256,
            SignatureAlgorithm::Es384,
            SignatureAlgorithm::EdDsa,
        ] {
            let key = any_key(algorithm);
            let mut bytes = written(&key);
            assert_eq!(read_back(&bytes).as_ref(), Ok(&key));
            // One more entry: a private key, whatever its value.
            bytes[0] += 1;
            bytes.extend_from_slice(&[0x23, 0x41, 0x00]);
            assert_eq!(read_back(&bytes), Err(InvalidKey));
        }
    }

    #[test]
    fn a_compressed_point_is_the_same_key() {
        let key = any_key(SignatureAlgorithm::Es256);
        let mut bytes = written(&key);
        let odd = bytes.last().unwrap() & 1;
        bytes.truncate(bytes.len() - 34);
        bytes.push(0xf4 | odd);
        assert_eq!(read_back(&bytes), Ok(key));
    }

    #[test]
    fn a_key_for_another_algorithm_or_off_its_curve_is_refused() {
        let key = any_key(SignatureAlgorithm::Es256);
        let mut bytes = written(&key);
        bytes[0] += 1;
        let with_algorithm = |value: u8| [bytes.as_slice(), &[0x03, value]].concat();
        assert_eq!(read_back(&with_algorithm(0x26)).as_ref(), Ok(&key));
        assert_eq!(read_back(&with_algorithm(0x27)), Err(InvalidKey));
        let mut off = written(&key);
        *off.last_mut().unwrap() ^= 1;
        assert_eq!(read_back(&off), Err(InvalidKey));
        // Too short a coordinate: another text of the same key if it were padded.
        assert_eq!(
            read_back(&[0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x41, 0x01]),
            Err(InvalidKey)
        );
    }
}
