//! The attributes of Claim 169, by name.

use serde::Deserialize;
use symbolon_credential::claim169::BiometricPart;

use super::CardTransform;
use crate::record::PictureType;

/// The attributes of Claim 169 that a configuration can fill (ID-FORMATS §3): all that the specification assigns, but for the
/// format of the picture at key 16, which follows from the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardAttribute {
    /// Key 1.
    Id,
    /// Key 2.
    Version,
    /// Key 3.
    Language,
    /// Key 4.
    FullName,
    /// Key 5.
    FirstName,
    /// Key 6.
    MiddleName,
    /// Key 7.
    LastName,
    /// Key 8.
    DateOfBirth,
    /// Key 9: 1 male, 2 female, 3 other.
    Gender,
    /// Key 10.
    Address,
    /// Key 11.
    Email,
    /// Key 12.
    Phone,
    /// Key 13.
    Nationality,
    /// Key 14: 1 unmarried, 2 married, 3 divorced.
    MaritalStatus,
    /// Key 15.
    Guardian,
    /// Keys 16 and 17: a picture of the face for readers that do not know key 62.
    BinaryImage,
    /// Key 18: 0 to 10, the best finger first.
    BestQualityFingers,
    /// Key 19.
    SecondFullName,
    /// Key 20.
    SecondLanguage,
    /// Key 21.
    LocationCode,
    /// Key 22.
    LegalStatus,
    /// Key 23.
    CountryOfIssuance,
    /// Key 50.
    RightThumb,
    /// Key 51.
    RightPointerFinger,
    /// Key 52.
    RightMiddleFinger,
    /// Key 53.
    RightRingFinger,
    /// Key 54.
    RightLittleFinger,
    /// Key 55.
    LeftThumb,
    /// Key 56.
    LeftPointerFinger,
    /// Key 57.
    LeftMiddleFinger,
    /// Key 58.
    LeftRingFinger,
    /// Key 59.
    LeftLittleFinger,
    /// Key 60.
    RightIris,
    /// Key 61.
    LeftIris,
    /// Key 62. Without it the face is added by whoever prints the card, who knows how many bytes are left for it.
    Face,
    /// Key 63.
    RightPalm,
    /// Key 64.
    LeftPalm,
    /// Key 65.
    Voice,
}

impl CardAttribute {
    /// What was captured, for an attribute that is biometric.
    #[must_use]
    pub const fn biometric_part(self) -> Option<BiometricPart> {
        Some(match self {
            Self::RightThumb => BiometricPart::RightThumb,
            Self::RightPointerFinger => BiometricPart::RightPointerFinger,
            Self::RightMiddleFinger => BiometricPart::RightMiddleFinger,
            Self::RightRingFinger => BiometricPart::RightRingFinger,
            Self::RightLittleFinger => BiometricPart::RightLittleFinger,
            Self::LeftThumb => BiometricPart::LeftThumb,
            Self::LeftPointerFinger => BiometricPart::LeftPointerFinger,
            Self::LeftMiddleFinger => BiometricPart::LeftMiddleFinger,
            Self::LeftRingFinger => BiometricPart::LeftRingFinger,
            Self::LeftLittleFinger => BiometricPart::LeftLittleFinger,
            Self::RightIris => BiometricPart::RightIris,
            Self::LeftIris => BiometricPart::LeftIris,
            Self::Face => BiometricPart::Face,
            Self::RightPalm => BiometricPart::RightPalm,
            Self::LeftPalm => BiometricPart::LeftPalm,
            Self::Voice => BiometricPart::Voice,
            _ => return None,
        })
    }

    pub(super) const fn shows_face(self) -> bool {
        matches!(self, Self::BinaryImage | Self::Face)
    }

    /// Key 17 has no code for PNG.
    pub(super) fn holds_picture(self, kind: PictureType) -> bool {
        self != Self::BinaryImage || kind != PictureType::Png
    }

    pub(super) const fn takes(self, transform: &CardTransform) -> bool {
        match self {
            Self::DateOfBirth => matches!(transform, CardTransform::DateCompact),
            Self::Gender | Self::MaritalStatus => matches!(transform, CardTransform::CodeToNumber(_)),
            Self::BestQualityFingers => matches!(
                transform,
                CardTransform::Numbers | CardTransform::CodesToNumbers(_)
            ),
            Self::BinaryImage => matches!(transform, CardTransform::Picture { .. }),
            Self::Face => matches!(
                transform,
                CardTransform::Picture { .. } | CardTransform::Biometrics
            ),
            Self::Language | Self::SecondLanguage => matches!(
                transform,
                CardTransform::Text
                    | CardTransform::CodeToLabel(_)
                    | CardTransform::Constant(_)
                    | CardTransform::LanguageOf
            ),
            _ if self.biometric_part().is_some() => matches!(transform, CardTransform::Biometrics),
            _ => matches!(
                transform,
                CardTransform::Text
                    | CardTransform::JoinLines
                    | CardTransform::CodeToLabel(_)
                    | CardTransform::Constant(_)
            ),
        }
    }

    /// The numbers that the attribute knows, if it holds numbers.
    pub(super) const fn numbers(self) -> Option<core::ops::RangeInclusive<u8>> {
        match self {
            Self::Gender | Self::MaritalStatus => Some(1..=3),
            Self::BestQualityFingers => Some(0..=10),
            _ => None,
        }
    }
}
