//! The file of a backup: a header, and one sealed and padded text.

use symbolon_crypto::Randomness;
use symbolon_crypto::passphrase::{KeyDerivation, KeyDerivationError, Passphrase, SALT_BYTES};
use symbolon_crypto::symmetric::{SymmetricKey, constant_time_equal};
use zeroize::Zeroizing;

use super::{BackupError, RestoreError};
use crate::error::{DeviceFault, WalletError};

/// The version that this crate writes, and the newest that it reads. The second holds what was refused to whom, which a reader of the first
/// would lose.
pub const BACKUP_VERSION: u16 = 2;
/// The oldest that it reads.
const FIRST_VERSION: u16 = 1;

/// What every backup of a wallet begins with.
const MAGIC: &[u8; 16] = b"SYMBOLON WALLET\0";
/// Magic, version, three parameters, salt, length.
const HEADER_BYTES: usize = MAGIC.len() + 2 + 3 * 4 + SALT_BYTES + 4;
/// What tells a wrong passphrase from a changed file.
const CHECK_BYTES: usize = 32;
/// A nonce and a tag.
const SEAL_BYTES: usize = 12 + 16;
/// The longest text, padding included.
const MAX_TEXT_BYTES: usize = 64 << 20;
/// A wallet with one credential and one with a dozen look the same.
const MIN_TEXT_BYTES: usize = 16 << 10;
/// The length of what is not padding.
const LENGTH_BYTES: usize = 4;

/// The keys of one backup.
struct Keys {
    sealing: SymmetricKey,
    checking: SymmetricKey,
}

impl Keys {
    fn derive(
        version: u16,
        derivation: &KeyDerivation,
        passphrase: &Passphrase,
    ) -> Result<Self, KeyDerivationError> {
        let key = derivation.derive(passphrase)?;
        let derived = |what| key.derive(format!("symbolon wallet backup {version}: {what}").as_bytes());
        Ok(Self {
            sealing: derived("sealing"),
            checking: derived("checking"),
        })
    }
}

pub(super) fn seal(
    text: &[u8],
    passphrase: &Passphrase,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, BackupError> {
    let no_randomness = |_| BackupError::Wallet(WalletError::DeviceFailed(DeviceFault::Randomness));
    let derivation = KeyDerivation::standard(randomness).map_err(no_randomness)?;
    seal_with(BACKUP_VERSION, text, &derivation, passphrase, randomness)
}

fn seal_with(
    version: u16,
    text: &[u8],
    derivation: &KeyDerivation,
    passphrase: &Passphrase,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, BackupError> {
    let padded = padded(text).ok_or(BackupError::TooLarge)?;
    let length = u32::try_from(padded.len() + SEAL_BYTES).map_err(|_| BackupError::TooLarge)?;
    let keys = Keys::derive(version, derivation, passphrase).map_err(|_| BackupError::Derivation)?;
    let mut file = header(version, derivation, length);
    let check = keys.checking.authenticate(&file);
    let sealed = keys
        .sealing
        .seal(&padded, &file, randomness)
        .map_err(|_| BackupError::Wallet(WalletError::DeviceFailed(DeviceFault::Randomness)))?;
    file.extend_from_slice(&check);
    file.extend_from_slice(&sealed);
    Ok(file)
}

pub(super) fn open(file: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, RestoreError> {
    let magic = file.get(..MAGIC.len()).ok_or(RestoreError::NotABackup)?;
    if magic != MAGIC {
        return Err(RestoreError::NotABackup);
    }
    let (header, rest) = file
        .split_at_checked(HEADER_BYTES)
        .ok_or(RestoreError::CutShort)?;
    let Header {
        version,
        derivation,
        length,
    } = read_header(header)?;
    let (check, sealed) = rest.split_at_checked(CHECK_BYTES).ok_or(RestoreError::CutShort)?;
    // Before the key is derived, which takes time: a file that cannot be whole is not worth it.
    if sealed.len() < length {
        return Err(RestoreError::CutShort);
    }
    let keys = Keys::derive(version, &derivation, passphrase).map_err(|_| RestoreError::Derivation)?;
    if !constant_time_equal(&keys.checking.authenticate(header), check) {
        return Err(RestoreError::WrongPassphrase);
    }
    if sealed.len() > length {
        return Err(RestoreError::Damaged);
    }
    let padded = keys
        .sealing
        .open(sealed, header)
        .map_err(|_| RestoreError::Damaged)?;
    let (length, text) = padded
        .split_first_chunk::<LENGTH_BYTES>()
        .ok_or(RestoreError::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| RestoreError::Malformed)?;
    let text = text.get(..length).ok_or(RestoreError::Malformed)?;
    Ok(Zeroizing::new(text.to_vec()))
}

/// What a header says.
struct Header {
    version: u16,
    derivation: KeyDerivation,
    /// Of the sealed text.
    length: usize,
}

fn header(version: u16, derivation: &KeyDerivation, length: u32) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&version.to_be_bytes());
    for number in [derivation.memory_kib(), derivation.passes(), derivation.lanes()] {
        header.extend_from_slice(&number.to_be_bytes());
    }
    header.extend_from_slice(derivation.salt());
    header.extend_from_slice(&length.to_be_bytes());
    header
}

fn read_header(header: &[u8]) -> Result<Header, RestoreError> {
    let mut fields = Fields(header.get(MAGIC.len()..).unwrap_or_default());
    let version = u16::from_be_bytes(fields.take()?);
    if version > BACKUP_VERSION {
        return Err(RestoreError::NewerVersion {
            found: version.into(),
            supported: BACKUP_VERSION.into(),
        });
    }
    if version < FIRST_VERSION {
        return Err(RestoreError::Damaged);
    }
    let [memory_kib, passes, lanes] = [fields.number()?, fields.number()?, fields.number()?];
    let derivation = KeyDerivation::parse(memory_kib, passes, lanes, fields.take()?)
        .map_err(|_| RestoreError::TooLarge)?;
    let length = usize::try_from(fields.number()?).map_err(|_| RestoreError::TooLarge)?;
    if length > MAX_TEXT_BYTES + SEAL_BYTES {
        return Err(RestoreError::TooLarge);
    }
    Ok(Header {
        version,
        derivation,
        length,
    })
}

/// What is left of a header.
struct Fields<'h>(&'h [u8]);

impl Fields<'_> {
    fn take<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], RestoreError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(RestoreError::CutShort)?;
        self.0 = rest;
        Ok(*field)
    }

    fn number(&mut self) -> Result<u32, RestoreError> {
        self.take().map(u32::from_be_bytes)
    }
}

/// The text behind its length, with zeros up to one of few lengths, so that the length of the file says little.
fn padded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = u32::try_from(text.len()).ok()?;
    let mut padded = Zeroizing::new(length.to_be_bytes().to_vec());
    padded.extend_from_slice(text);
    let target = padded_length(padded.len());
    if target > MAX_TEXT_BYTES {
        return None;
    }
    padded.resize(target, 0);
    Some(padded)
}

/// Padmé: as many lengths as the logarithm has significant bits, at most an eighth more ([Reducing Metadata Leakage, §4.4]).
///
/// [Reducing Metadata Leakage, §4.4]: https://arxiv.org/abs/1806.03160
fn padded_length(length: usize) -> usize {
    let length = length.max(MIN_TEXT_BYTES);
    let exponent = length.ilog2();
    let significant = exponent.ilog2() + 1;
    let mask = (1_usize << exponent.saturating_sub(significant)) - 1;
    (length + mask) & !mask
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    /// The least that Argon2 works with: these tests are about the file.
    fn cheap() -> KeyDerivation {
        KeyDerivation::parse(8, 1, 1, [7; SALT_BYTES]).unwrap()
    }

    fn sealed(text: &[u8]) -> Vec<u8> {
        seal_with(
            BACKUP_VERSION,
            text,
            &cheap(),
            &passphrase("correct horse"),
            &SeededRandomness::new(1),
        )
        .unwrap()
    }

    #[test]
    fn what_was_sealed_opens_with_its_passphrase_alone() {
        for text in [b"".as_slice(), b"{}", &vec![b'x'; 100_000]] {
            let file = sealed(text);
            assert_eq!(
                open(&file, &passphrase("correct horse")).unwrap().as_slice(),
                text
            );
            assert_eq!(
                open(&file, &passphrase("incorrect horse")),
                Err(RestoreError::WrongPassphrase)
            );
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let file = sealed(b"text");
        for length in 0..file.len() {
            let expected = if length < MAGIC.len() {
                RestoreError::NotABackup
            } else {
                RestoreError::CutShort
            };
            assert_eq!(
                open(&file[..length], &passphrase("correct horse")),
                Err(expected),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn every_change_is_noticed() {
        let file = sealed(b"text");
        let changed = |at: usize| {
            let mut changed = file.clone();
            changed[at] ^= 1;
            open(&changed, &passphrase("correct horse")).err()
        };
        for at in 0..HEADER_BYTES + CHECK_BYTES {
            assert!(changed(at).is_some(), "byte {at}");
        }
        assert_eq!(changed(0), Some(RestoreError::NotABackup));
        // The salt, and the check itself: as with a wrong passphrase.
        assert_eq!(changed(30), Some(RestoreError::WrongPassphrase));
        assert_eq!(changed(HEADER_BYTES), Some(RestoreError::WrongPassphrase));
        for at in (HEADER_BYTES + CHECK_BYTES..file.len())
            .step_by(97)
            .chain([file.len() - 1])
        {
            assert_eq!(changed(at), Some(RestoreError::Damaged), "byte {at}");
        }
        let mut longer = file.clone();
        longer.push(0);
        assert_eq!(
            open(&longer, &passphrase("correct horse")),
            Err(RestoreError::Damaged)
        );
    }

    #[test]
    fn other_versions_and_outsized_demands_are_refused_before_a_key_is_derived() {
        let with = |at: usize, bytes: &[u8]| {
            let mut file = sealed(b"text");
            file[at..at + bytes.len()].copy_from_slice(bytes);
            open(&file, &passphrase("correct horse")).err()
        };
        assert_eq!(
            with(16, &[0, 3]),
            Some(RestoreError::NewerVersion {
                found: 3,
                supported: 2
            })
        );
        assert_eq!(with(16, &[0, 0]), Some(RestoreError::Damaged));
        assert_eq!(with(18, &u32::MAX.to_be_bytes()), Some(RestoreError::TooLarge));
        assert_eq!(with(46, &u32::MAX.to_be_bytes()), Some(RestoreError::TooLarge));
    }

    #[test]
    fn a_version_is_part_of_the_keys() {
        let mut older = sealed(b"text");
        older[17] = 1;
        let opened = open(&older, &passphrase("correct horse"));
        assert_eq!(opened, Err(RestoreError::WrongPassphrase));
    }

    /// A file of the first version, frozen.
    const FIRST: &[u8] = include_bytes!("version_1.bin");

    #[test]
    fn a_backup_of_the_first_version_opens_and_has_no_refusals() {
        let text = open(FIRST, &passphrase("correct horse")).unwrap();
        let contents = super::super::contents::Contents::read(&text).unwrap();
        assert_eq!(
            contents.made,
            symbolon_crypto::UnixTime::from_seconds(1_800_000_000)
        );
        assert_eq!(contents.credentials.len(), 1);
        assert_eq!(contents.credentials[0].issuer, "https://issuer.example");
        assert_eq!((contents.history.len(), contents.refusals.len()), (1, 0));
        let written = seal_with(
            1,
            &text,
            &cheap(),
            &passphrase("correct horse"),
            &SeededRandomness::new(1),
        );
        assert!(written.unwrap() == FIRST, "it is written as it was");
    }

    #[test]
    fn lengths_are_few() {
        let lengths: std::collections::BTreeSet<_> = (0..1 << 20).step_by(997).map(padded_length).collect();
        assert!(lengths.len() < 200, "{}", lengths.len());
        for length in [0, 1, 16 << 10, (16 << 10) + 1, 100_000, 1 << 20] {
            let padded = padded_length(length);
            assert!(
                padded >= length && padded <= (length + length / 8).max(MIN_TEXT_BYTES),
                "{length}: {padded}"
            );
            assert_eq!(padded_length(padded), padded);
        }
        assert_eq!(sealed(b"a").len(), sealed(&[b'b'; 10_000]).len());
    }
}
