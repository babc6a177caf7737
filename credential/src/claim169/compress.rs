//! zlib ([RFC 1950](https://www.rfc-editor.org/rfc/rfc1950)) for bytes of which some are compressed already.
//!
//! A portrait and a signature do not get smaller, and deflating them costs most of the time and spoils the code tables
//! for the text beside them. So they go into stored blocks ([RFC 1951 §3.2.4](https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4))
//! of the same stream, which every inflater reads.

use core::ops::Range;
use std::cell::RefCell;

use flate2::{Compress, Compression, FlushCompress};
use symbolon_crypto::encoding::zlib::{Effort, deflate};

/// Deflate, 32 KiB window, best compression: what every vector of the field begins with.
const ZLIB_HEADER: [u8; 2] = [0x78, 0xda];
/// How a synchronising flush ends: the lengths of an empty stored block. They are replaced by real ones.
const EMPTY_STORED: [u8; 4] = [0, 0, 0xff, 0xff];
/// The last block: fixed codes, nothing in it.
const END: [u8; 2] = [0x03, 0x00];

/// Deflates `bytes`, storing the `dense` ranges, which must be in order.
pub(crate) fn deflate_around(bytes: &[u8], dense: &[Range<usize>]) -> Vec<u8> {
    assemble(bytes, dense).unwrap_or_else(|| deflate(bytes, Effort::Best))
}

fn assemble(bytes: &[u8], dense: &[Range<usize>]) -> Option<Vec<u8>> {
    DEFLATER.with_borrow_mut(|compress| {
        compress.reset();
        let mut sparse = Sparse {
            compress,
            unseen: 0..0,
        };
        let mut stream = Vec::with_capacity(bytes.len().saturating_add(64));
        stream.extend(ZLIB_HEADER);
        let mut position = 0;
        for range in dense {
            let is_sparse = position < range.start;
            sparse.deflate(bytes, position..range.start, &mut stream)?;
            let stored = bytes.get(range.clone())?;
            let length = u16::try_from(stored.len()).ok()?;
            if !is_sparse {
                // A stored block begins with three bits of zero and the rest of their byte.
                stream.push(0);
            } else if stream.ends_with(&EMPTY_STORED) {
                stream.truncate(stream.len().checked_sub(EMPTY_STORED.len())?);
            } else {
                return None;
            }
            stream.extend(length.to_le_bytes());
            stream.extend((!length).to_le_bytes());
            stream.extend(stored);
            position = range.end;
        }
        sparse.deflate(bytes, position..bytes.len(), &mut stream)?;
        stream.extend(END);
        stream.extend(adler32(bytes).to_be_bytes());
        Some(stream)
    })
}

/// Deflates some ranges of bytes, able to refer back to whatever comes before them.
struct Sparse<'c> {
    compress: &'c mut Compress,
    /// What was stored since, and the compressor has not seen.
    unseen: Range<usize>,
}

impl Sparse<'_> {
    /// Appends the range as raw deflate up to a synchronising flush. `None` unless it begins where the last one, and what was
    /// stored behind it, ended.
    fn deflate(&mut self, bytes: &[u8], range: Range<usize>, stream: &mut Vec<u8>) -> Option<()> {
        let content = bytes.get(range.clone())?;
        if content.is_empty() {
            return Some(());
        }
        self.unseen.end = range.start;
        let unseen = bytes.get(self.unseen.clone())?;
        if !unseen.is_empty() {
            self.compress.set_dictionary(unseen).ok()?;
        }
        self.unseen = range.end..range.end;
        let room = content.len().saturating_add(content.len() / 8).saturating_add(64);
        let before = self.compress.total_in();
        let mut deflated = Vec::with_capacity(room);
        self.compress
            .compress_vec(content, &mut deflated, FlushCompress::Sync)
            .ok()?;
        // With room for all of it one call is enough; anything else falls back to the plain way.
        let read = self.compress.total_in().checked_sub(before)?;
        let all = usize::try_from(read).ok()? == content.len() && deflated.len() < deflated.capacity();
        all.then(|| stream.extend(deflated))
    }
}

thread_local! {
    /// Its tables are some hundred kilobytes: to have them mapped and cleared for each card costs several times what
    /// deflating a card costs. Claims are left in them until the next card, in the memory of the process that signs them.
    static DEFLATER: RefCell<Compress> = RefCell::new(Compress::new(Compression::best(), false));
}

/// The checksum of [RFC 1950 §9](https://www.rfc-editor.org/rfc/rfc1950#section-9).
fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    /// As many bytes as fit before a 32-bit sum can overflow, in whole strips.
    const RUN: usize = 5536;
    let (mut low, mut high) = (1_u32, 0_u32);
    for run in bytes.chunks(RUN) {
        let (strips, rest) = run.as_chunks::<16>();
        for strip in strips {
            // Sixteen steps at once: each byte counts as often as there are steps from it to the end of the strip.
            let weighted = strip.iter().zip((1..=16).rev());
            high += 16 * low
                + weighted
                    .map(|(byte, weight)| u32::from(*byte) * weight)
                    .sum::<u32>();
            low += strip.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        }
        for byte in rest {
            low += u32::from(*byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    (high << 16) | low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use symbolon_crypto::encoding::zlib::inflate;

    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 0x2545_f491_u32;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn any_inflater_reads_it_and_it_is_no_larger_than_plain_deflate() {
        let text =
            b"an address, an address, an address and a name: https://issuer.example/status/7".repeat(3);
        let noise = noise(514);
        let (picture, signature) = noise.split_at(450);
        let bytes = [
            text.as_slice(),
            picture,
            b"https://issuer.example/status/7",
            signature,
        ]
        .concat();
        let dense = [text.len()..text.len() + 450, bytes.len() - 64..bytes.len()];
        let stream = deflate_around(&bytes, &dense);
        assert_eq!(inflate(&stream, bytes.len()).unwrap(), bytes);
        assert!(
            stream.len() <= deflate(&bytes, Effort::Best).len(),
            "{} bytes against {}",
            stream.len(),
            deflate(&bytes, Effort::Best).len()
        );
    }

    #[test]
    fn ranges_that_make_no_sense_fall_back_to_plain_deflate() {
        let bytes = noise(100);
        for dense in [[0..10, 50..101], [50..60, 40..45]] {
            assert_eq!(inflate(&deflate_around(&bytes, &dense), 100).unwrap(), bytes);
        }
        let long = noise(70_000);
        assert_eq!(
            inflate(&deflate_around(&long, &[0..0, 0..70_000]), 70_000).unwrap(),
            long
        );
    }

    #[test]
    fn the_checksum_is_the_one_of_every_inflater_at_every_length() {
        let noise = noise(40_000);
        for length in (0..100).chain([5535, 5536, 5537, 5552, 11_072, 40_000]) {
            for bytes in [&noise[..length], &vec![0xff; length]] {
                let stream = deflate(bytes, Effort::Stored);
                assert_eq!(
                    stream[stream.len() - 4..],
                    adler32(bytes).to_be_bytes(),
                    "{length}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_deflated_inflates(
            bytes in proptest::collection::vec(0_u8..4, 0..600),
            mut cuts in proptest::collection::vec(0_usize..600, 4),
        ) {
            cuts.iter_mut().for_each(|cut| *cut = (*cut).min(bytes.len()));
            cuts.sort_unstable();
            let stream = deflate_around(&bytes, &[cuts[0]..cuts[1], cuts[2]..cuts[3]]);
            prop_assert_eq!(inflate(&stream, bytes.len()).unwrap(), bytes);
        }
    }
}
