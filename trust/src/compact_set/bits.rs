//! Bits, least significant first, and the Rice codes made of them.

use super::MAX_RICE_PARAMETER;

/// Reads `width` bits (at most 56) that begin at bit `at`. Bits behind the end read as zero only where the whole
/// field still lies inside.
#[inline]
pub(super) fn read_bits(bytes: &[u8], at: u64, width: u32) -> Option<u64> {
    if width == 0 {
        return Some(0);
    }
    let end = at.checked_add(u64::from(width))?;
    if end > (bytes.len() as u64).checked_mul(8)? {
        return None;
    }
    let window = window(bytes, at)?;
    Some(window & (u64::MAX >> (u64::BITS - width)))
}

/// How many bits of a window are always there: seven of its first byte may have been read before.
const WINDOW_BITS: u32 = 57;

/// [`WINDOW_BITS`] bits from bit `at` on at least, zeros behind the end of the bytes.
#[inline]
fn window(bytes: &[u8], at: u64) -> Option<u64> {
    let tail = bytes.get(usize::try_from(at / 8).ok()?..)?;
    let word = match tail.first_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => tail
            .iter()
            .rev()
            .fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    };
    Some(word >> (at % 8))
}

/// Reads Rice codes one after the other, up to bit `end`. Bits that were loaded once serve as many codes as they hold: a lookup reads
/// a hundred codes, and waiting for a load with each would be most of what it costs.
#[derive(Clone, Copy)]
pub(super) struct RiceReader<'a> {
    bytes: &'a [u8],
    position: u64,
    end: u64,
    /// The next bits, the first lowest; those above `held` count for nothing.
    window: u64,
    held: u32,
}

impl<'a> RiceReader<'a> {
    pub(super) fn new(bytes: &'a [u8], position: u64, end: u64) -> Self {
        Self {
            bytes,
            position,
            end,
            window: 0,
            held: 0,
        }
    }

    /// Whether every bit up to the end was read.
    pub(super) fn is_at_end(&self) -> bool {
        self.position == self.end
    }

    /// The next number; `None` when its code does not end at or before the end.
    ///
    /// A code is a quotient in unary (that many zeros, then a one) and the parameter's bits of remainder.
    #[inline]
    pub(super) fn next(&mut self, parameter: u32) -> Option<u64> {
        let mut zeros = self.window.trailing_zeros();
        if zeros + 1 + parameter > self.held {
            self.window = window(self.bytes, self.position)?;
            self.held = WINDOW_BITS;
            zeros = self.window.trailing_zeros();
            if zeros + 1 + parameter > WINDOW_BITS {
                self.held = 0;
                let (value, length) = read_long_rice_code(self.bytes, self.position, self.end, parameter)?;
                self.position += length;
                return Some(value);
            }
        }
        let length = zeros + 1 + parameter;
        self.position += u64::from(length);
        if self.position > self.end {
            return None;
        }
        let remainder = (self.window >> zeros >> 1) & mask(parameter);
        self.window >>= length;
        self.held -= length;
        Some((u64::from(zeros) << parameter) | remainder)
    }
}

#[cold]
fn read_long_rice_code(bytes: &[u8], at: u64, end: u64, parameter: u32) -> Option<(u64, u64)> {
    // A window of zeros at a time: the loop is shorter than the bytes between `at` and `end`.
    let mut position = at;
    let quotient = loop {
        if position >= end {
            return None;
        }
        let zeros = u64::from(window(bytes, position)?.trailing_zeros());
        if zeros < u64::from(WINDOW_BITS) {
            position += zeros;
            break position - at;
        }
        position += u64::from(WINDOW_BITS);
    };
    let remainder_at = position + 1;
    if remainder_at + u64::from(parameter) > end {
        return None;
    }
    let remainder = read_bits(bytes, remainder_at, parameter)?;
    let high = quotient.checked_mul(1_u64.checked_shl(parameter)?)?;
    Some((high | remainder, quotient + 1 + u64::from(parameter)))
}

fn mask(width: u32) -> u64 {
    (1_u64 << width.min(MAX_RICE_PARAMETER)) - 1
}

/// Collects bits into bytes, a word at a time: a set of a nation has millions of codes.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// The last bits, fewer than a word.
    pending: u64,
    pending_bits: u32,
}

/// The most bits that are pushed at once.
const MAX_PUSHED_BITS: u32 = 56;

impl BitWriter {
    /// Appends the low `width` bits (at most [`MAX_PUSHED_BITS`]) of `value`.
    #[inline]
    pub(super) fn push(&mut self, value: u64, width: u32) {
        debug_assert!(width <= MAX_PUSHED_BITS);
        if width == 0 {
            return;
        }
        let value = value & (u64::MAX >> (u64::BITS - width));
        self.pending |= value << self.pending_bits;
        let bits = self.pending_bits + width;
        if bits < u64::BITS {
            self.pending_bits = bits;
            return;
        }
        self.bytes.extend_from_slice(&self.pending.to_le_bytes());
        // What found no room: a word is full only where bits were waiting, so that this is less than a word.
        self.pending = value >> (u64::BITS - self.pending_bits);
        self.pending_bits = bits - u64::BITS;
    }

    #[inline]
    pub(super) fn push_rice_code(&mut self, value: u64, parameter: u32) {
        let mut zeros = value >> parameter;
        while zeros >= 32 {
            self.push(0, 32);
            zeros -= 32;
        }
        // The unary part is below 33 bits here.
        let unary = zeros as u32 + 1;
        if unary + parameter <= MAX_PUSHED_BITS {
            let remainder = value & mask(parameter);
            self.push((remainder << unary) | (1 << zeros), unary + parameter);
        } else {
            self.push(1 << zeros, unary);
            self.push(value, parameter);
        }
    }

    /// The number of bits so far.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64 * 8 + u64::from(self.pending_bits)
    }

    /// The bytes, the last one filled with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let left = self.pending.to_le_bytes();
        let count = self.pending_bits.div_ceil(8) as usize;
        self.bytes.extend(left.iter().take(count));
        self.bytes
    }
}
