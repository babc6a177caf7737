//! Solving for the fragments of a message: elimination over GF(2).
//!
//! Peeling, as fountain decoders do it, waits for frames that mix one unknown fragment with known ones. Elimination uses every frame
//! that says anything new, and is done as soon as as many have come as there are fragments: a camera that loses a third of its frames
//! is done a third earlier. A message has a thousand fragments at most, so that this costs less than reading the pictures.

/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// What is known of the fragments.
pub(super) struct Elimination {
    /// The row whose lowest fragment is this one.
    rows: Vec<Option<Row>>,
    rank: usize,
}

/// The sum of some fragments.
struct Row {
    /// Which ones, a bit for each.
    of: Vec<u64>,
    data: Vec<u8>,
}

impl Row {
    fn lowest(&self) -> Option<usize> {
        let (word, bits) = self.of.iter().enumerate().find(|(_, bits)| **bits != 0)?;
        Some(word * WORD + bits.trailing_zeros() as usize)
    }

    fn has(&self, fragment: usize) -> bool {
        let word = self.of.get(fragment / WORD).copied().unwrap_or(0);
        word >> (fragment % WORD) & 1 == 1
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.of.iter_mut().zip(&other.of) {
            *mine ^= theirs;
        }
        for (mine, theirs) in self.data.iter_mut().zip(&other.data) {
            *mine ^= theirs;
        }
    }
}

impl Elimination {
    pub(super) fn new(fragments: usize) -> Self {
        Self {
            rows: (0..fragments).map(|_| None).collect(),
            rank: 0,
        }
    }

    /// How many fragments could be told, if all that is still open were known.
    pub(super) const fn rank(&self) -> usize {
        self.rank
    }

    /// Takes the sum of the fragments of these numbers.
    pub(super) fn take(&mut self, numbers: &[usize], data: &[u8]) {
        let mut row = Row {
            of: vec![0; self.rows.len().div_ceil(WORD)],
            data: data.to_vec(),
        };
        for number in numbers {
            if let Some(word) = row.of.get_mut(number / WORD) {
                *word ^= 1 << (number % WORD);
            }
        }
        while let Some(lowest) = row.lowest() {
            match self.rows.get_mut(lowest) {
                Some(Some(known)) => row.add(known),
                Some(place) => {
                    *place = Some(row);
                    self.rank += 1;
                    return;
                }
                None => return,
            }
        }
    }

    /// The fragments one after the other, once all can be told.
    pub(super) fn solve(mut self) -> Option<Vec<u8>> {
        let count = self.rows.len();
        for at in (0..count).rev() {
            let mut row = self.rows.get_mut(at)?.take()?;
            for later in at + 1..count {
                if row.has(later) {
                    row.add(self.rows.get(later)?.as_ref()?);
                }
            }
            *self.rows.get_mut(at)? = Some(row);
        }
        let rows: Option<Vec<Row>> = self.rows.into_iter().collect();
        Some(rows?.into_iter().flat_map(|row| row.data).collect())
    }
}
