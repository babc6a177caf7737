//! The digits that are sent.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq as _;
use symbolon_crypto::encoding::base64url;
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

    /// The digits as a message shows them: twelve in groups of three. Between hyphens digits keep their order also in a text
    /// that is read from right to left; between spaces they do not ([Unicode TR 9, W4]).
    ///
    /// [Unicode TR 9, W4]: https://www.unicode.org/reports/tr9/#W4
    #[must_use]
    pub fn spelled(&self) -> Zeroizing<String> {
        let mut grouped = Zeroizing::new(String::with_capacity(self.0.len() * 4 / 3));
        for (position, digit) in self.0.chars().enumerate() {
            if self.0.len() > usize::from(CodeLength::Short.digits()) && position > 0 && position % 3 == 0 {
                grouped.push('-');
            }
            grouped.push(digit);
        }
        grouped
    }

    /// What is stored of a code: a keyed hash over it and where it may be used. Without the installation's secret a stolen
    /// store cannot be searched for six digits.
    pub(super) fn tag(&self, secret: &InstallationSecret, used_in: &CodeUse<'_>) -> CodeTag {
        let (kind, name): (&[u8], &[u8]) = match used_in {
            CodeUse::SignIn(session) => (b"sign-in", session.as_bytes()),
            CodeUse::Record(record) => (b"record", record.as_bytes()),
        };
        CodeTag(secret.derive_tag(Purpose::SignInCode, &[kind, name, self.0.as_bytes()]))
    }
}

/// What is stored of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeTag([u8; 32]);

impl CodeTag {
    /// The tag of no code: no keyed hash is this.
    pub(super) const NONE: Self = Self([0; 32]);

    /// Whether two tags are the same, in constant time.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Serialize for CodeTag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for CodeTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = base64url::decode(&String::deserialize(deserializer)?).unwrap_or_default();
        let bytes = <[u8; 32]>::try_from(bytes);
        bytes
            .map(Self)
            .map_err(|_| D::Error::custom("not 32 bytes of base64url"))
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
    fn a_code_is_spelled_for_reading_in_both_directions_and_read_back() {
        let randomness = SeededRandomness::new(4);
        let code = OneTimeCode::make(CodeLength::Long, &randomness).unwrap();
        assert_eq!(
            code.spelled().split('-').map(str::len).collect::<Vec<_>>(),
            [3, 3, 3, 3]
        );
        assert_eq!(OneTimeCode::typed(&code.spelled()).expose(), code.expose());
        let code = OneTimeCode::make(CodeLength::Short, &randomness).unwrap();
        assert_eq!(*code.spelled(), code.expose());
        assert_eq!(OneTimeCode::typed("١٢٣-٤٥٦").expose(), "123456");
        assert_eq!(OneTimeCode::typed("12345a").expose(), "");
    }
}
