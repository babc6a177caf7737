//! What a target made of an input.

use core::fmt::{self, Debug, Write};

/// Whether an input was accepted, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reading {
    /// It was read.
    Accepted,
    /// It was refused, for a reason that has this number. The runner keeps inputs that were refused for a reason not seen
    /// before: they came further than the others.
    Refused(u64),
}

impl Reading {
    /// The reading of a parser that says why it refuses.
    pub fn of<T, E: Debug>(result: &Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::Accepted,
            Err(error) => Self::refused(error),
        }
    }

    /// A refusal for the reason of `error`.
    pub fn refused(error: &dyn Debug) -> Self {
        let mut reason = Reason::default();
        // A hasher does not fail, and an error that cannot be shown is one reason of its own.
        let _ = write!(reason, "{error:?}");
        Self::Refused(reason.hash)
    }

    /// The reading of a parser that only says yes or no.
    pub fn of_some<T>(result: Option<&T>) -> Self {
        match result {
            Some(_) => Self::Accepted,
            None => Self::Refused(0),
        }
    }

    /// The reading of an input that no parser of the target was given.
    pub const NOT_FOR_THE_TARGET: Self = Self::Refused(1);

    /// The same for one of several parsers of a target, so that their reasons stay apart.
    #[must_use]
    pub fn of_part(self, part: u64) -> Self {
        match self {
            Self::Accepted => Self::Accepted,
            Self::Refused(reason) => Self::Refused(reason.wrapping_add((part + 1).wrapping_mul(FNV_PRIME))),
        }
    }
}

const FNV_PRIME: u64 = 0x0100_0000_01b3;
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a over the text of an error without its digits: positions and lengths are no reasons of their own.
struct Reason {
    hash: u64,
}

impl Default for Reason {
    fn default() -> Self {
        Self { hash: FNV_OFFSET }
    }
}

impl Write for Reason {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes().filter(|byte| !byte.is_ascii_digit()) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_no_reasons_and_errors_are() {
        let at = |position: usize| Reading::refused(&("malformed", position));
        assert_eq!(at(1), at(29));
        assert_ne!(at(1), Reading::refused(&"over budget"));
        assert_ne!(at(1), at(1).of_part(2));
        assert_eq!(Reading::Accepted.of_part(2), Reading::Accepted);
    }
}
