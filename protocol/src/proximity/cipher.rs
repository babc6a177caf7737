//! Session encryption (ISO/IEC 18013-5, section 9.1.1.5): one key for each direction, each with a counter that never stands
//! still and is never sent.

use sha2::{Digest as _, Sha256};
use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::SharedSecret;
use symbolon_crypto::symmetric::{NONCE_BYTES, SymmetricKey};
use zeroize::Zeroizing;

use super::error::SessionError;

/// The first part of every nonce of the reader.
const READER_IDENTIFIER: [u8; 8] = [0; 8];
/// The first part of every nonce of the device.
const DEVICE_IDENTIFIER: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];
/// The counter of the first message of each side.
const FIRST_COUNTER: u32 = 1;

/// Both directions of a session, of which one side seals with the one and opens with the other.
pub(super) struct SessionCiphers {
    /// What the reader sends.
    pub(super) reader: DirectionCipher,
    /// What the device sends.
    pub(super) device: DirectionCipher,
}

impl SessionCiphers {
    /// The keys of the session that the two ephemeral keys agree on.
    pub(super) fn derive(shared: &SharedSecret, transcript: &SessionTranscript) -> Self {
        let salt = Sha256::digest(transcript.to_encoded_item());
        let direction = |identifier, name: &[u8]| DirectionCipher {
            key: SymmetricKey::agreed(shared, &salt, name),
            identifier,
            counter: FIRST_COUNTER,
        };
        Self {
            reader: direction(READER_IDENTIFIER, b"SKReader"),
            device: direction(DEVICE_IDENTIFIER, b"SKDevice"),
        }
    }
}

/// One direction. Its key is wiped when it is dropped.
pub(super) struct DirectionCipher {
    key: SymmetricKey,
    identifier: [u8; 8],
    counter: u32,
}

impl DirectionCipher {
    /// Seals the next message.
    pub(super) fn seal(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, SessionError> {
        let nonce = self.nonce().ok_or(SessionError::Encryption)?;
        self.key
            .seal_numbered(nonce, plaintext)
            .map_err(|_| SessionError::Encryption)
    }

    /// Opens what must be the next message.
    pub(super) fn open(&mut self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        let nonce = self.nonce().ok_or(SessionError::Decryption)?;
        self.key
            .open_numbered(nonce, sealed)
            .map_err(|_| SessionError::Decryption)
    }

    /// The nonce of the next message. It is used up whatever comes of it, and after the last counter there is none.
    fn nonce(&mut self) -> Option<[u8; NONCE_BYTES]> {
        let counter = self.counter;
        self.counter = counter.checked_add(1)?;
        let mut nonce = [0; NONCE_BYTES];
        let (identifier, number) = nonce.split_at_mut(8);
        identifier.copy_from_slice(&self.identifier);
        number.copy_from_slice(&counter.to_be_bytes());
        Some(nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher(counter: u32) -> DirectionCipher {
        DirectionCipher {
            key: SymmetricKey::new([3; 32]),
            identifier: DEVICE_IDENTIFIER,
            counter,
        }
    }

    #[test]
    fn a_message_opens_as_the_next_one_alone() {
        let mut sender = cipher(1);
        let first = sender.seal(b"first").unwrap();
        let second = sender.seal(b"second").unwrap();
        let mut receiver = cipher(1);
        assert_eq!(receiver.open(&first).unwrap().as_slice(), b"first");
        assert!(receiver.open(&first).is_err());
        // What failed used a number up: nobody tries again.
        assert!(receiver.open(&second).is_err());
        assert!(cipher(1).open(&second).is_err());
    }

    #[test]
    fn no_number_is_used_twice_when_they_run_out() {
        let mut sender = cipher(u32::MAX - 1);
        assert!(sender.seal(b"").is_ok());
        assert_eq!(sender.seal(b"").unwrap_err(), SessionError::Encryption);
        assert_eq!(sender.seal(b"").unwrap_err(), SessionError::Encryption);
    }
}
