//! Values to sealed values, identifiers to names that say nothing.

use symbolon_crypto::Randomness;
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_wallet_core::StoreError;
use zeroize::Zeroizing;

use crate::data_key::DataKey;

/// What a value is. The kind is part of its name, so a value of one kind never opens as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Flow,
    Credential,
    History,
    SoftwareKey,
    Person,
    Status,
    Reissue,
    Refusal,
    Check,
}

impl Kind {
    /// The kinds of stored values. The check of a data key is no such value: it stands in the header.
    pub(crate) const STORED: [Self; 8] = [
        Self::Flow,
        Self::Credential,
        Self::History,
        Self::SoftwareKey,
        Self::Person,
        Self::Status,
        Self::Reissue,
        Self::Refusal,
    ];

    const fn word(self) -> &'static [u8] {
        match self {
            Self::Flow => b"flow",
            Self::Credential => b"credential",
            Self::History => b"history",
            Self::SoftwareKey => b"software key",
            Self::Person => b"person",
            Self::Status => b"status",
            Self::Refusal => b"refusal",
            Self::Reissue => b"reissue",
            Self::Check => b"check",
        }
    }
}

/// Seals values and hides names, each under its own key derived from the data key.
pub(crate) struct Sealer {
    sealing: SymmetricKey,
    naming: SymmetricKey,
}

impl Sealer {
    pub(crate) fn new(key: &DataKey) -> Self {
        let key = SymmetricKey::new(*key.expose());
        Self {
            sealing: key.derive(b"symbolon wallet store 1: sealing"),
            naming: key.derive(b"symbolon wallet store 1: naming"),
        }
    }

    /// What all names of a kind begin with.
    pub(crate) fn prefix(&self, kind: Kind) -> Vec<u8> {
        self.keyed_hash(&[b"kind", kind.word()])
            .into_iter()
            .take(PREFIX_BYTES)
            .collect()
    }

    /// The name under which the value of this kind and identifier is stored.
    pub(crate) fn name(&self, kind: Kind, id: &[u8]) -> Vec<u8> {
        let mut name = self.prefix(kind);
        name.extend_from_slice(&self.keyed_hash(&[kind.word(), id]));
        name
    }

    /// Seals `value` for `name`, and for no other.
    pub(crate) fn seal(
        &self,
        name: &[u8],
        value: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<Vec<u8>, StoreError> {
        let sealed = self
            .sealing
            .seal(value, name, randomness)
            .map_err(|_| StoreError::Unavailable)?;
        Ok([&[SEAL_VERSION], sealed.as_slice()].concat())
    }

    /// Opens what was sealed for `name`.
    pub(crate) fn open(&self, name: &[u8], written: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        match written.split_first() {
            Some((&SEAL_VERSION, sealed)) => self.sealing.open(sealed, name).map_err(|_| StoreError::Damaged),
            _ => Err(StoreError::Damaged),
        }
    }

    fn keyed_hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut message = Vec::new();
        for part in parts {
            // The length first, so that no two lists of parts hash the same bytes.
            message.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            message.extend_from_slice(part);
        }
        self.naming.authenticate(&message)
    }
}

/// The first byte of a sealed value.
const SEAL_VERSION: u8 = 1;
/// Enough that two kinds never share a prefix.
const PREFIX_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use symbolon_crypto::testing::SeededRandomness;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&DataKey::from_bytes(Zeroizing::new([byte; 32])))
    }

    #[test]
    fn a_value_opens_under_its_own_name_and_key_only() {
        let randomness = SeededRandomness::new(1);
        let sealer = sealer(7);
        let name = sealer.name(Kind::Flow, b"1");
        let sealed = sealer.seal(&name, b"value", &randomness).unwrap();
        assert_eq!(sealer.open(&name, &sealed).unwrap().as_slice(), b"value");
        assert_eq!(
            sealer.open(&sealer.name(Kind::Flow, b"2"), &sealed),
            Err(StoreError::Damaged)
        );
        assert_eq!(
            sealer.open(&sealer.name(Kind::Credential, b"1"), &sealed),
            Err(StoreError::Damaged)
        );
        assert_eq!(
            super::tests::sealer(8).open(&name, &sealed),
            Err(StoreError::Damaged)
        );
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_noticed() {
        let randomness = SeededRandomness::new(1);
        let sealer = sealer(7);
        let name = sealer.name(Kind::History, b"1");
        let sealed = sealer.seal(&name, b"value", &randomness).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                sealer.open(&name, &changed),
                Err(StoreError::Damaged),
                "bit {bit}"
            );
        }
        for length in 0..sealed.len() {
            assert_eq!(
                sealer.open(&name, &sealed[..length]),
                Err(StoreError::Damaged),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn equal_values_are_sealed_differently() {
        let randomness = SeededRandomness::new(1);
        let sealer = sealer(7);
        let name = sealer.name(Kind::History, b"1");
        let first = sealer.seal(&name, b"value", &randomness).unwrap();
        assert_ne!(first, sealer.seal(&name, b"value", &randomness).unwrap());
    }

    /// The stored format: breaking it loses every wallet in the field. The values were computed with another implementation
    /// (Python's hmac, and AES-GCM of OpenSSL) from the description in the README.
    #[test]
    fn the_sealed_form_is_frozen() {
        let sealer = sealer(7);
        let name = sealer.name(Kind::Credential, b"1");
        assert_eq!(
            hexadecimal(&name),
            "1f49a7c18f826fb7c97143146c4c26a8662bd942bd8378e16addfac40aa95446c721c82484c0624d"
        );
        let sealed = [
            0x01, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0xab, 0x74, 0x6b,
            0x04, 0x79, 0x0f, 0xb2, 0xdd, 0x1a, 0xa7, 0xfd, 0xb1, 0x6f, 0xa8, 0xb5, 0x1b, 0x6a, 0x90, 0xb5,
            0xbd, 0xac,
        ];
        assert_eq!(sealer.open(&name, &sealed).unwrap().as_slice(), b"value");
    }

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
