//! The digits that are sent.

use symbolon_crypto::{Randomness, RandomnessUnavailable, random_bytes};
use zeroize::Zeroizing;

use super::number::decimal_digits;
use crate::secret::{InstallationSecret, Purpose, SecretDigest};

/// A code that was sent to a resident, or that somebody typed.
pub struct OneTimeCode(Zeroizing<String>);

/// How many digits a code has, and with it where it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeLength {
    /// Six digits: good in the one sign-in that asked for it, where it has few tries.
    Short,
    /// Twelve digits: good in any sign-in of the record, so that it must resist as many tries as a server can answer: ten
    /// million guesses in its two hours find it once in 100,000 times.
    Long,
}

/// Longer than any code with a separator after each digit.
const MAX_TYPED_CHARACTERS: usize = 32;

impl CodeLength {
    /// The digits.
    #[must_use]
    pub const fn digits(self) -> u8 {
        match self {
            Self::Short => 6,
            Self::Long => 12,
        }
    }
}

impl OneTimeCode {
    /// Makes a code, each equally likely.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(length: CodeLength, randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        // 128 bits reduced to 10^12 leave a bias below 2^-88.
        let number =
            u128::from_be_bytes(random_bytes::<16>(randomness)?) % 10_u128.pow(u32::from(length.digits()));
        Ok(Self(Zeroizing::new(format!(
            "{number:0width$}",
            width = usize::from(length.digits())
        ))))
    }

    /// Reads what was typed, with separators and in digits of other scripts as in [`super::ResidentNumber::parse`]. What is
    /// no code is read as one that is never right, so that it costs a try like any other.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        Self(Zeroizing::new(
            decimal_digits(text, MAX_TYPED_CHARACTERS).unwrap_or_default(),
        ))
    }

    /// The digits, for the message that carries them.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The digits in groups of three, as they are easiest to type.
    #[must_use]
    pub fn grouped(&self) -> Zeroizing<String> {
        let mut grouped = Zeroizing::new(String::with_capacity(self.0.len() * 4 / 3));
        for (position, digit) in self.0.chars().enumerate() {
            if position > 0 && position % 3 == 0 {
                grouped.push(' ');
            }
            grouped.push(digit);
        }
        grouped
    }

    /// What is stored of a code: a keyed hash over it and where it may be used. Without the installation's secret a stolen
    /// store cannot be searched for six digits.
    pub(super) fn tag(&self, secret: &InstallationSecret, used_in: &CodeUse<'_>) -> [u8; 32] {
        let (kind, name): (&[u8], &[u8]) = match used_in {
            CodeUse::SignIn(session) => (b"sign-in", session.as_bytes()),
            CodeUse::Record(record) => (b"record", record.as_bytes()),
        };
        secret.derive_tag(Purpose::SignInCode, &[kind, name, self.0.as_bytes()])
    }
}

/// Where a code may be used.
pub(super) enum CodeUse<'a> {
    /// In one sign-in.
    SignIn(&'a SecretDigest),
    /// In any sign-in of a record, by its reference.
    Record(&'a str),
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    #[test]
    fn every_digit_occurs_at_every_place_about_as_often() {
        let randomness = SeededRandomness::new(3);
        let mut counts = [[0_u32; 10]; 6];
        for _ in 0..20_000 {
            let code = OneTimeCode::make(CodeLength::Short, &randomness).unwrap();
            assert_eq!(code.expose().len(), 6);
            for (place, digit) in code.expose().bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        // 2,000 each, with a standard deviation of 42.
        assert!(
            counts
                .iter()
                .flatten()
                .all(|count| (1_800..2_200).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn a_code_is_grouped_for_reading_and_read_back_with_its_groups() {
        let randomness = SeededRandomness::new(4);
        let code = OneTimeCode::make(CodeLength::Long, &randomness).unwrap();
        assert_eq!(code.grouped().len(), 15);
        assert_eq!(OneTimeCode::typed(&code.grouped()).expose(), code.expose());
        assert_eq!(OneTimeCode::typed("١٢٣-٤٥٦").expose(), "123456");
        assert_eq!(OneTimeCode::typed("12345a").expose(), "");
    }
}
