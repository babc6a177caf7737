//! Codes that let a person in: derived, so that nothing is stored and every process of an installation knows them.

use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use symbolon_crypto::encoding::base64url;
use symbolon_verifier::request::MasterSecret;
use zeroize::Zeroizing;

/// Letters and digits that are not taken for each other.
const ALPHABET: &[u8; 24] = b"BCDFGHJKMNPQRTVWXY346789";
/// Characters of a code: 24 of 24 kinds are 110 bits, out of reach of guessing without any count of tries.
const CODE_CHARACTERS: usize = 24;

/// A code of 24 characters.
pub(crate) struct AccessCode(Zeroizing<String>);

impl AccessCode {
    /// The code of a purpose, among its codes the one that `which` names.
    pub(crate) fn derive(secret: &MasterSecret, purpose: &[u8], which: &[u8]) -> Self {
        let mut bytes = Zeroizing::new([0_u8; CODE_CHARACTERS * 2]);
        let hkdf = Hkdf::<Sha256>::new(Some(purpose), secret.expose());
        // 48 bytes are within what HKDF gives.
        let _ = hkdf.expand(which, &mut *bytes);
        let characters = bytes.chunks_exact(2).filter_map(|pair| {
            let number = pair
                .iter()
                .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
            ALPHABET
                .get(number % ALPHABET.len())
                .map(|byte| char::from(*byte))
        });
        Self(Zeroizing::new(characters.collect()))
    }

    /// The code in groups of four, to be typed or put behind the `#` of a page's address.
    pub(crate) fn grouped(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(CODE_CHARACTERS * 5 / 4));
        for (place, character) in self.0.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(character);
        }
        text
    }

    /// What a cookie of this purpose holds: something that the code cannot be told from.
    pub(crate) fn cookie(&self, purpose: &[u8]) -> Zeroizing<String> {
        derive_text(self.0.as_bytes(), purpose, b"")
    }

    /// Whether this was entered, however it is grouped.
    pub(crate) fn is(&self, entered: &str) -> bool {
        let entered: Zeroizing<String> = Zeroizing::new(
            entered
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|character| character.to_ascii_uppercase())
                .take(CODE_CHARACTERS + 1)
                .collect(),
        );
        bool::from(entered.as_bytes().ct_eq(self.0.as_bytes()))
    }
}

/// 256 bits in base64url, of a secret, a purpose and what they are about.
pub(crate) fn derive_text(secret: &[u8], purpose: &[u8], about: &[u8]) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    let hkdf = Hkdf::<Sha256>::new(Some(purpose), secret);
    // 32 bytes are within what HKDF gives.
    let _ = hkdf.expand(about, &mut *bytes);
    Zeroizing::new(base64url::encode(&*bytes))
}
