//! Changes inputs, the same way for the same seed.

/// The longest input that is made, in bytes, but for the rare one that tests a budget of length.
const MAX_INPUT_BYTES: usize = 64 << 10;
/// How long that rare one may be.
const MAX_LONG_INPUT_BYTES: usize = 3 << 20;
/// Words taken from the seeds.
const MAX_WORDS: usize = 512;

/// Numbers at the edges of types, as text.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1e999",
    "-0",
    "1.5",
    "255",
    "256",
    "65535",
    "65536",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1E400",
    "0.1e-400",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
];
/// Beginnings of CBOR items: lengths far beyond the input, indefinite lengths, tags, floats.
const CBOR_HEADS: &[&[u8]] = &[
    &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x9b, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff],
    &[0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x9a, 0x00, 0xff, 0xff, 0xff],
    &[0x5f],
    &[0x7f],
    &[0x9f],
    &[0xbf],
    &[0xff],
    &[0xc0],
    &[0xd8, 0x18],
    &[0xd9, 0x03, 0xec],
    &[0xd2],
    &[0xd0],
    &[0xf9, 0x7e, 0x00],
    &[0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
    &[0xf6],
    &[0xf7],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

/// Makes new inputs from old ones.
pub struct Mutator {
    state: u64,
    words: Vec<Vec<u8>>,
}

impl Mutator {
    /// A mutator of this seed that knows the words of `seeds`.
    #[must_use]
    pub fn new(seed: u64, seeds: &[Vec<u8>]) -> Self {
        let mut words: Vec<Vec<u8>> = seeds.iter().flat_map(|seed| words(seed)).collect();
        words.sort();
        words.dedup();
        let mut mutator = Self {
            state: seed,
            words: Vec::new(),
        };
        while words.len() > MAX_WORDS {
            let at = mutator.below(words.len());
            words.swap_remove(at);
        }
        mutator.words = words;
        mutator
    }

    /// A number below `bound`, or 0 when that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(mixed % bound).unwrap_or(0)
    }

    /// Another input, made of one input or two of `corpus`.
    #[must_use]
    pub fn next(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let Some(mut input) = self.pick(corpus).cloned() else {
            return Vec::new();
        };
        let changes = 1 << self.below(5);
        for _ in 0..changes {
            self.change(&mut input, corpus);
        }
        let limit = match self.below(2000) {
            0 => MAX_LONG_INPUT_BYTES,
            _ => MAX_INPUT_BYTES,
        };
        if limit == MAX_LONG_INPUT_BYTES {
            self.lengthen(&mut input);
        }
        input.truncate(limit);
        input
    }

    fn pick<'c, T>(&mut self, all: &'c [T]) -> Option<&'c T> {
        let at = self.below(all.len());
        all.get(at)
    }

    /// A range of up to `most` bytes.
    fn range(&mut self, length: usize, most: usize) -> core::ops::Range<usize> {
        let start = self.below(length);
        let longest = most.min(length - start);
        let end = start + self.below(longest + 1);
        start..end
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let place = self.below(input.len() + 1);
        match self.below(16) {
            0 | 1 => {
                let bit = self.below(8);
                if let Some(byte) = input.get_mut(place) {
                    *byte ^= 1 << bit;
                }
            }
            2 | 3 => {
                let value = self.byte();
                if let Some(byte) = input.get_mut(place) {
                    *byte = value;
                }
            }
            4 => input.insert(place, self.byte()),
            5 => {
                let range = self.range(input.len(), 32);
                input.drain(range);
            }
            6 => {
                // One part twice: duplicate members, repeated elements.
                let range = self.range(input.len(), 256);
                let part = input.get(range.clone()).unwrap_or_default().to_vec();
                input.splice(range.end..range.end, part);
            }
            7 => {
                let range = self.range(input.len(), 128);
                let part = input.get(range).unwrap_or_default().to_vec();
                input.splice(place..place, part);
            }
            8 | 9 => {
                if let Some(word) = self.word() {
                    input.splice(place..place, word);
                }
            }
            10 => self.replace_a_word(input),
            11 => self.replace_a_number(input),
            12 => {
                if let Some(head) = self.pick(CBOR_HEADS) {
                    let end = (place + head.len()).min(input.len());
                    let end = if self.below(2) == 0 { place } else { end };
                    input.splice(place..end, head.iter().copied());
                }
            }
            13 => {
                let Some(other) = self.pick(corpus) else { return };
                let from = self.below(other.len() + 1);
                input.truncate(place);
                input.extend_from_slice(other.get(from..).unwrap_or_default());
            }
            14 => self.nest(input, place),
            _ => input.truncate(place),
        }
    }

    fn byte(&mut self) -> u8 {
        const EDGES: &[u8] = &[
            0, 1, 0x7f, 0x80, 0xff, b'"', b'{', b'[', b'.', b'~', b'=', b'-', b'/', b':', b'\\', b'\n',
        ];
        match self.below(3) {
            0 => self.pick(EDGES).copied().unwrap_or(0),
            _ => u8::try_from(self.below(256)).unwrap_or(0),
        }
    }

    fn word(&mut self) -> Option<Vec<u8>> {
        let at = self.below(self.words.len());
        self.words.get(at).cloned()
    }

    /// Puts a word of the seeds in the place of another one.
    fn replace_a_word(&mut self, input: &mut Vec<u8>) {
        let quotes: Vec<usize> = positions(input, b'"').take(4096).collect();
        let at = self.below(quotes.len());
        let (Some(start), Some(end)) = (quotes.get(at), quotes.get(at + 1)) else {
            return;
        };
        if let Some(word) = self.word() {
            input.splice(start + 1..*end, word);
        }
    }

    /// Puts a number at the edge of a type, or another kind of value, in the place of a number.
    fn replace_a_number(&mut self, input: &mut Vec<u8>) {
        let from = self.below(input.len() + 1);
        let digits = |byte: &u8| byte.is_ascii_digit();
        let Some(start) = input.iter().skip(from).position(digits).map(|at| at + from) else {
            return;
        };
        let length = input.iter().skip(start).take_while(|byte| digits(byte)).count();
        if let Some(number) = self.pick(NUMBERS) {
            input.splice(start..start + length, number.bytes());
        }
    }

    /// Arrays, objects or tags within each other.
    fn nest(&mut self, input: &mut Vec<u8>, place: usize) {
        const OPENINGS: &[&[u8]] = &[
            b"[",
            b"{\"a\":",
            b"[[",
            &[0x81],
            &[0xa1, 0x00],
            &[0xc1],
            &[0xd8, 0x18, 0x45],
        ];
        let levels = 1 << self.below(13);
        if let Some(opening) = self.pick(OPENINGS) {
            let nested = opening.repeat(levels);
            input.splice(place..place, nested);
        }
    }

    /// Repeats a part until the input is as long as budgets allow, or longer.
    fn lengthen(&mut self, input: &mut Vec<u8>) {
        let range = self.range(input.len(), 64);
        let part = input.get(range.clone()).unwrap_or_default().to_vec();
        if part.is_empty() {
            return;
        }
        let times = self.below(MAX_LONG_INPUT_BYTES) / part.len();
        input.splice(range.end..range.end, part.repeat(times));
    }
}

fn positions(input: &[u8], wanted: u8) -> impl Iterator<Item = usize> {
    input
        .iter()
        .enumerate()
        .filter(move |(_, byte)| **byte == wanted)
        .map(|(at, _)| at)
}

/// What stands in quotes or between blanks, as far as it is short.
fn words(seed: &[u8]) -> Vec<Vec<u8>> {
    seed.split(|byte| matches!(byte, b'"' | b' ' | b'\n' | b'&' | b'=' | b'.' | b'~'))
        .filter(|word| (2..=96).contains(&word.len()))
        .map(<[u8]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus() -> Vec<Vec<u8>> {
        vec![br#"{"name":"Asha","age":36}"#.to_vec(), vec![0xa1, 0x01, 0x02]]
    }

    #[test]
    fn the_same_seed_makes_the_same_inputs() {
        let corpus = corpus();
        let inputs = |seed| {
            let mut mutator = Mutator::new(seed, &corpus);
            (0..500).map(|_| mutator.next(&corpus)).collect::<Vec<_>>()
        };
        assert_eq!(inputs(7), inputs(7));
        assert_ne!(inputs(7), inputs(8));
    }

    #[test]
    fn inputs_differ_and_stay_within_their_bound() {
        let corpus = corpus();
        let mut mutator = Mutator::new(1, &corpus);
        let inputs: std::collections::BTreeSet<Vec<u8>> = (0..5000).map(|_| mutator.next(&corpus)).collect();
        assert!(inputs.len() > 3000, "{} different inputs", inputs.len());
        assert!(inputs.iter().all(|input| input.len() <= MAX_LONG_INPUT_BYTES));
        assert!(inputs.iter().any(|input| input.len() > MAX_INPUT_BYTES));
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        assert_eq!(Mutator::new(1, &[]).next(&[]), Vec::<u8>::new());
        let empty = [Vec::new()];
        let mut mutator = Mutator::new(1, &empty);
        for _ in 0..100 {
            let _ = mutator.next(&empty);
        }
    }
}
