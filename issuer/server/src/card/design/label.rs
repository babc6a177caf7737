//! The words on a card that are not the resident's.

/// What a label says.
#[derive(Clone, Copy)]
pub(super) enum Label {
    Card,
    Name,
    Born,
    Number,
    ValidUntil,
}

impl Label {
    pub(super) const fn english(self) -> &'static str {
        match self {
            Self::Card => "Identity card",
            Self::Name => "Name",
            Self::Born => "Date of birth",
            Self::Number => "Number",
            Self::ValidUntil => "Valid until",
        }
    }

    /// The label in a language that the suite ships, else `None`: English stands alone then.
    pub(super) fn in_language(self, language: &str) -> Option<&'static str> {
        Some(match (language, self) {
            ("fra", Self::Card) => "Carte d’identité",
            ("fra", Self::Name) => "Nom",
            ("fra", Self::Born) => "Date de naissance",
            ("fra", Self::Number) => "Numéro",
            ("fra", Self::ValidUntil) => "Valable jusqu’au",
            ("ara", Self::Card) => "بطاقة الهوية",
            ("ara", Self::Name) => "الاسم",
            ("ara", Self::Born) => "تاريخ الميلاد",
            ("ara", Self::Number) => "الرقم",
            ("ara", Self::ValidUntil) => "صالحة لغاية",
            ("hin", Self::Card) => "पहचान पत्र",
            ("hin", Self::Name) => "नाम",
            ("hin", Self::Born) => "जन्म तिथि",
            ("hin", Self::Number) => "संख्या",
            ("hin", Self::ValidUntil) => "वैधता",
            _ => return None,
        })
    }
}
