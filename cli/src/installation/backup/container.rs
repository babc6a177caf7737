//! The container of a backup: a stream of chunks, each sealed under a key of the backup's passphrase and bound to its place,
//! so that none can be changed, left out, moved or taken from another backup, and the end cannot be cut off.

use std::io::{self, Read, Write};

use symbolon_crypto::Randomness;
use symbolon_crypto::passphrase::{KeyDerivation, KeyDerivationError, Passphrase, SALT_BYTES};
use symbolon_crypto::symmetric::SymmetricKey;
use thiserror::Error;
use zeroize::Zeroizing;

/// What every backup begins with.
const MAGIC: &[u8; 16] = b"SYMBOLON BACKUP\0";
/// The version of the container that this program writes and reads.
const CONTAINER_VERSION: u16 = 1;
/// Magic, version, three parameters and the salt.
const HEADER_BYTES: usize = 16 + 2 + 3 * 4 + SALT_BYTES;
/// How much is sealed at a time.
const CHUNK_BYTES: usize = 256 * 1024;
/// A sealed chunk has a nonce and a tag besides.
const MAX_SEALED_BYTES: usize = CHUNK_BYTES + 12 + 16;

/// Why a backup was not written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The disk, or whatever it is written to or read from.
    #[error("the backup cannot be written or read")]
    Io(#[from] io::Error),
    /// Not a backup.
    #[error("not a backup of this suite")]
    NotABackup,
    /// Of a version that this program does not know.
    #[error("a backup of version {found}, which this program does not read")]
    Version {
        /// Its version.
        found: u32,
    },
    /// Parameters out of range, or no memory.
    #[error(transparent)]
    Derivation(#[from] KeyDerivationError),
    /// The first chunk does not open.
    #[error("the passphrase is wrong, or the backup was changed")]
    Refused,
    /// A later chunk does not open: the passphrase is right, so it is the file.
    #[error("the backup was changed or damaged")]
    Damaged,
    /// It ends before its end.
    #[error("the backup is cut short")]
    CutShort,
    /// Something follows its end, or what it holds does not read.
    #[error("the backup holds something that this program does not read")]
    Malformed,
    /// No randomness, or the cipher refuses.
    #[error("cannot encrypt the backup")]
    Seal,
}

/// Whether a chunk is followed by others.
#[derive(Clone, Copy)]
enum Place {
    Followed,
    Last,
}

/// The key of one backup, and what its chunks are bound to.
struct Chunks {
    key: SymmetricKey,
    header: [u8; HEADER_BYTES],
    next: u64,
}

impl Chunks {
    fn associated(&mut self, place: Place) -> Vec<u8> {
        let mut bound = self.header.to_vec();
        bound.extend_from_slice(&self.next.to_be_bytes());
        bound.push(match place {
            Place::Followed => 0,
            Place::Last => 1,
        });
        self.next += 1;
        bound
    }
}

/// Writes a container.
pub struct BackupWriter<W: Write> {
    output: W,
    chunks: Chunks,
    waiting: Zeroizing<Vec<u8>>,
    randomness: Box<dyn Randomness>,
}

impl<W: Write> BackupWriter<W> {
    /// Begins a container under a passphrase.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn begin(
        output: W,
        passphrase: &Passphrase,
        randomness: Box<dyn Randomness>,
    ) -> Result<Self, BackupError> {
        let derivation = KeyDerivation::standard(&*randomness).map_err(|_| BackupError::Seal)?;
        Self::begin_with(output, passphrase, derivation, randomness)
    }

    fn begin_with(
        mut output: W,
        passphrase: &Passphrase,
        derivation: KeyDerivation,
        randomness: Box<dyn Randomness>,
    ) -> Result<Self, BackupError> {
        let header = header(&derivation);
        output.write_all(&header)?;
        Ok(Self {
            output,
            chunks: Chunks {
                key: derivation.derive(passphrase)?,
                header,
                next: 0,
            },
            waiting: Zeroizing::new(Vec::with_capacity(CHUNK_BYTES)),
            randomness,
        })
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), BackupError> {
        while !bytes.is_empty() {
            if self.waiting.len() == CHUNK_BYTES {
                self.seal(Place::Followed)?;
            }
            let room = CHUNK_BYTES - self.waiting.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Writes the end, and gives back what was written to.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn finish(mut self) -> Result<W, BackupError> {
        self.seal(Place::Last)?;
        self.output.flush()?;
        Ok(self.output)
    }

    fn seal(&mut self, place: Place) -> Result<(), BackupError> {
        let associated = self.chunks.associated(place);
        let sealed = self
            .chunks
            .key
            .seal(&self.waiting, &associated, &*self.randomness)
            .map_err(|_| BackupError::Seal)?;
        let length = u32::try_from(sealed.len()).map_err(|_| BackupError::Seal)?;
        self.output.write_all(&length.to_be_bytes())?;
        self.output.write_all(&sealed)?;
        self.waiting.clear();
        Ok(())
    }
}

/// Reads a container.
pub struct BackupReader<R: Read> {
    input: R,
    chunks: Chunks,
    opened: Zeroizing<Vec<u8>>,
    read: usize,
    last: bool,
}

impl<R: Read> BackupReader<R> {
    /// Begins to read a container.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn begin(mut input: R, passphrase: &Passphrase) -> Result<Self, BackupError> {
        let mut header = [0; HEADER_BYTES];
        read_exact(&mut input, &mut header).map_err(|error| match error {
            BackupError::CutShort => BackupError::NotABackup,
            other => other,
        })?;
        let derivation = parse_header(&header)?;
        let mut reader = Self {
            input,
            chunks: Chunks {
                key: derivation.derive(passphrase)?,
                header,
                next: 0,
            },
            opened: Zeroizing::new(Vec::new()),
            read: 0,
            last: false,
        };
        reader.open_next().map_err(|error| match error {
            BackupError::Damaged => BackupError::Refused,
            other => other,
        })?;
        Ok(reader)
    }

    /// The next bytes, exactly so many.
    ///
    /// # Errors
    /// [`BackupError::CutShort`] when there are fewer.
    pub fn read(&mut self, length: usize) -> Result<Vec<u8>, BackupError> {
        let mut bytes = Vec::with_capacity(length.min(CHUNK_BYTES));
        while bytes.len() < length {
            let left = self.opened.get(self.read..).unwrap_or_default();
            if left.is_empty() {
                if self.last {
                    return Err(BackupError::CutShort);
                }
                self.open_next()?;
                continue;
            }
            let taken = left
                .get(..left.len().min(length - bytes.len()))
                .unwrap_or_default();
            bytes.extend_from_slice(taken);
            self.read += taken.len();
        }
        Ok(bytes)
    }

    /// The next bytes, as many as the caller has room for.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        self.read(N)?.try_into().map_err(|_| BackupError::CutShort)
    }

    /// Checks that nothing follows, in the container or behind it.
    ///
    /// # Errors
    /// [`BackupError::Malformed`].
    pub fn end(&mut self) -> Result<(), BackupError> {
        if !self.last && self.read == self.opened.len() {
            self.open_next()?;
        }
        let mut behind = [0; 1];
        if self.last && self.read == self.opened.len() && self.input.read(&mut behind)? == 0 {
            Ok(())
        } else {
            Err(BackupError::Malformed)
        }
    }

    fn open_next(&mut self) -> Result<(), BackupError> {
        let mut length = [0; 4];
        read_exact(&mut self.input, &mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| BackupError::Damaged)?;
        if length > MAX_SEALED_BYTES {
            return Err(BackupError::Damaged);
        }
        let mut sealed = vec![0; length];
        read_exact(&mut self.input, &mut sealed)?;
        let place = self.chunks.next;
        for candidate in [Place::Followed, Place::Last] {
            self.chunks.next = place;
            let associated = self.chunks.associated(candidate);
            if let Ok(opened) = self.chunks.key.open(&sealed, &associated) {
                self.opened = opened;
                self.read = 0;
                self.last = matches!(candidate, Place::Last);
                return Ok(());
            }
        }
        Err(BackupError::Damaged)
    }
}

fn header(derivation: &KeyDerivation) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let parts = MAGIC
        .iter()
        .copied()
        .chain(CONTAINER_VERSION.to_be_bytes())
        .chain(derivation.memory_kib().to_be_bytes())
        .chain(derivation.passes().to_be_bytes())
        .chain(derivation.lanes().to_be_bytes())
        .chain(*derivation.salt());
    for (target, source) in header.iter_mut().zip(parts) {
        *target = source;
    }
    header
}

fn parse_header(header: &[u8; HEADER_BYTES]) -> Result<KeyDerivation, BackupError> {
    let (magic, rest) = header.split_first_chunk::<16>().ok_or(BackupError::NotABackup)?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or(BackupError::NotABackup)?;
    if magic != MAGIC {
        return Err(BackupError::NotABackup);
    }
    let version = u16::from_be_bytes(*version);
    if version != CONTAINER_VERSION {
        return Err(BackupError::Version {
            found: u32::from(version),
        });
    }
    let (memory, rest) = rest.split_first_chunk::<4>().ok_or(BackupError::NotABackup)?;
    let (passes, rest) = rest.split_first_chunk::<4>().ok_or(BackupError::NotABackup)?;
    let (lanes, rest) = rest.split_first_chunk::<4>().ok_or(BackupError::NotABackup)?;
    let salt = <[u8; SALT_BYTES]>::try_from(rest).map_err(|_| BackupError::NotABackup)?;
    let number = |bytes: &[u8; 4]| u32::from_be_bytes(*bytes);
    Ok(KeyDerivation::parse(
        number(memory),
        number(passes),
        number(lanes),
        salt,
    )?)
}

fn read_exact(input: &mut impl Read, bytes: &mut [u8]) -> Result<(), BackupError> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => BackupError::CutShort,
        _ => BackupError::Io(error),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    pub(crate) fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    /// A container whose derivation costs next to nothing.
    pub(crate) fn cheap<W: Write>(output: W) -> Result<BackupWriter<W>, BackupError> {
        let derivation = KeyDerivation::parse(64, 1, 1, [7; SALT_BYTES]).unwrap();
        let randomness = Box::new(SeededRandomness::new(1));
        BackupWriter::begin_with(output, &passphrase("correct horse"), derivation, randomness)
    }

    fn container(bytes: &[u8]) -> Vec<u8> {
        let mut writer = cheap(Vec::new()).unwrap();
        writer.write(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn read(container: &[u8], length: usize) -> Result<Vec<u8>, BackupError> {
        let mut reader = BackupReader::begin(container, &passphrase("correct horse"))?;
        let bytes = reader.read(length)?;
        reader.end()?;
        Ok(bytes)
    }

    #[test]
    fn what_was_written_is_read_at_every_length_around_a_chunk() {
        for length in [
            0,
            1,
            CHUNK_BYTES - 1,
            CHUNK_BYTES,
            CHUNK_BYTES + 1,
            3 * CHUNK_BYTES,
        ] {
            let bytes: Vec<u8> = (0..length).map(|number| (number % 251) as u8).collect();
            assert!(read(&container(&bytes), length).unwrap() == bytes, "{length}");
        }
    }

    #[test]
    fn the_container_is_frozen() {
        // A change here makes every backup unreadable: write a new version, and read the old one.
        let made = container(b"an installation");
        assert_eq!(symbolon_crypto::encoding::base64url::encode(&made), FROZEN);
    }

    /// Made by another program: Python with `argon2-cffi` and `cryptography`.
    const FROZEN: &str = "U1lNQk9MT04gQkFDS1VQAAABAAAAQAAAAAEAAAABBwcHBwcHBwcHBwcHBwcHBwAAACt4OCWCKm-eYtohkOjS2C8ekAC5DjlT8UpInUGA1JbaHJ2Wzh3AMOpLfgZd";

    #[test]
    fn no_changed_byte_and_no_cut_goes_unnoticed() {
        let bytes = vec![5; 2_000];
        let whole = container(&bytes);
        for position in 0..whole.len() {
            let mut changed = whole.clone();
            changed[position] ^= 1;
            assert!(
                read(&changed, bytes.len()).is_err(),
                "a change of byte {position} was not noticed"
            );
        }
        for length in 0..whole.len() {
            assert!(
                read(&whole[..length], bytes.len()).is_err(),
                "a cut at {length} was not noticed"
            );
        }
        let longer = [whole.as_slice(), &[0]].concat();
        assert!(matches!(read(&longer, bytes.len()), Err(BackupError::Malformed)));
    }

    #[test]
    fn chunks_cannot_be_left_out_moved_or_cut_off_at_their_borders() {
        let bytes = vec![5; 3 * CHUNK_BYTES];
        let whole = container(&bytes);
        let sealed = 4 + MAX_SEALED_BYTES;
        let chunk =
            |number: usize| &whole[HEADER_BYTES + number * sealed..HEADER_BYTES + (number + 1) * sealed];
        let header = &whole[..HEADER_BYTES];
        assert_eq!(whole.len(), HEADER_BYTES + 3 * sealed);
        assert!(matches!(
            read(&[header, chunk(0), chunk(1)].concat(), 3 * CHUNK_BYTES),
            Err(BackupError::CutShort)
        ));
        for mixed in [
            [header, chunk(0), chunk(2)].concat(),
            [header, chunk(0), chunk(2), chunk(1)].concat(),
            [header, chunk(0), chunk(0), chunk(2)].concat(),
        ] {
            assert!(matches!(read(&mixed, 2 * CHUNK_BYTES), Err(BackupError::Damaged)));
        }
        assert!(matches!(
            read(&[header, chunk(1)].concat(), 1),
            Err(BackupError::Refused)
        ));
    }

    #[test]
    fn a_wrong_passphrase_another_version_and_something_else_are_told_apart() {
        let whole = container(b"x");
        let wrong = BackupReader::begin(whole.as_slice(), &passphrase("correct horsf"));
        assert!(matches!(wrong.err(), Some(BackupError::Refused)));
        let mut later = whole.clone();
        later[17] = 2;
        assert!(matches!(read(&later, 1), Err(BackupError::Version { found: 2 })));
        assert!(matches!(
            read(b"something else entirely", 1),
            Err(BackupError::NotABackup)
        ));
        let mut greedy = whole;
        greedy[18] = 0xff;
        assert!(matches!(read(&greedy, 1), Err(BackupError::Derivation(_))));
    }

    /// A disk with so much room.
    struct SmallDisk(usize);

    impl Write for SmallDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > self.0 {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_an_error_wherever_it_fills_up() {
        let bytes = vec![5; CHUNK_BYTES + 10];
        let whole = container(&bytes).len();
        for room in [0, HEADER_BYTES, HEADER_BYTES + 10, whole - 1] {
            let written = cheap(SmallDisk(room)).and_then(|mut writer| {
                writer.write(&bytes)?;
                writer.finish()
            });
            assert!(matches!(written.err(), Some(BackupError::Io(_))), "{room}");
        }
        assert!(
            cheap(SmallDisk(whole))
                .and_then(|mut writer| {
                    writer.write(&bytes)?;
                    writer.finish()
                })
                .is_ok()
        );
    }
}
