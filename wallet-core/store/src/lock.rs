//! A lock that is a passphrase.

use symbolon_crypto::Randomness;
use symbolon_crypto::passphrase::{KeyDerivation, Passphrase, SALT_BYTES};
use zeroize::Zeroizing;

use crate::data_key::{DATA_KEY_BYTES, DataKey, UnwrapOutcome, WrapDataKey, WrapError};

/// A lock that opens by what a person knows: the data key is sealed under a key that Argon2id derives from a passphrase. For people
/// whose wallet must not open with the phone's own key: the parent's phone holds the child's credentials, and the child's teacher
/// borrows the phone.
///
/// The wrapped form is `01`, memory in KiB, passes and lanes (4 bytes each, big endian), 16 bytes of salt, 12 bytes nonce, ciphertext, 16
/// bytes tag; what precedes the nonce is associated data.
pub struct PassphraseLock<'a> {
    passphrase: &'a Passphrase,
    randomness: &'a dyn Randomness,
}

impl<'a> PassphraseLock<'a> {
    /// The lock of this passphrase.
    #[must_use]
    pub const fn new(passphrase: &'a Passphrase, randomness: &'a dyn Randomness) -> Self {
        Self {
            passphrase,
            randomness,
        }
    }
}

impl WrapDataKey for PassphraseLock<'_> {
    fn wrap(&self, key: &DataKey) -> Result<Vec<u8>, WrapError> {
        let derivation = KeyDerivation::standard(self.randomness).map_err(|_| WrapError::Unavailable)?;
        let mut wrapped = header(&derivation);
        let sealed = derivation
            .derive(self.passphrase)
            .map_err(|_| WrapError::Unavailable)?
            .seal(key.expose(), &associated(&wrapped), self.randomness)
            .map_err(|_| WrapError::Unavailable)?;
        wrapped.extend_from_slice(&sealed);
        Ok(wrapped)
    }

    /// A wrong passphrase is [`WrapError::NotOurs`].
    fn unwrap(&self, wrapped: &[u8]) -> Result<UnwrapOutcome, WrapError> {
        let (header, sealed) = wrapped.split_at_checked(HEADER_BYTES).ok_or(WrapError::NotOurs)?;
        let opened = parse(header)
            .ok_or(WrapError::NotOurs)?
            .derive(self.passphrase)
            .map_err(|_| WrapError::Unavailable)?
            .open(sealed, &associated(header))
            .map_err(|_| WrapError::NotOurs)?;
        let bytes: [u8; DATA_KEY_BYTES] = opened.as_slice().try_into().map_err(|_| WrapError::NotOurs)?;
        Ok(UnwrapOutcome::Unwrapped(DataKey::from_bytes(Zeroizing::new(
            bytes,
        ))))
    }
}

fn header(derivation: &KeyDerivation) -> Vec<u8> {
    let mut header = vec![VERSION];
    for number in [derivation.memory_kib(), derivation.passes(), derivation.lanes()] {
        header.extend_from_slice(&number.to_be_bytes());
    }
    header.extend_from_slice(derivation.salt());
    header
}

fn parse(header: &[u8]) -> Option<KeyDerivation> {
    let (version, rest) = header.split_first()?;
    let (numbers, salt) = rest.split_at_checked(3 * size_of::<u32>())?;
    let (numbers, _) = numbers.as_chunks::<4>();
    let [memory_kib, passes, lanes] = numbers else {
        return None;
    };
    let [memory_kib, passes, lanes] = [memory_kib, passes, lanes].map(|bytes| u32::from_be_bytes(*bytes));
    let salt: [u8; SALT_BYTES] = salt.try_into().ok()?;
    (*version == VERSION)
        .then(|| KeyDerivation::parse(memory_kib, passes, lanes, salt).ok())
        .flatten()
}

/// Keeps what a lock wrapped from being taken for anything else that the same passphrase sealed.
fn associated(header: &[u8]) -> Vec<u8> {
    [WRAPPED_KEY, header].concat()
}

const WRAPPED_KEY: &[u8] = b"symbolon wallet lock by passphrase";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 1 + 3 * size_of::<u32>() + SALT_BYTES;
