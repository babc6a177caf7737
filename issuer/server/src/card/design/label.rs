//! The words on a card that are not the resident's.

/// What a label says.
#[derive(Clone, Copy)]
pub(super) enum Label {
    Card,
    Name,
    Born,
    Number,
    ValidUntil,
    /// What the code on the back is.
    Face,
    /// What it is for, where everybody can read it.
    FaceForAll,
    /// Who can read it, where it is encrypted.
    FaceForReaders,
}

impl Label {
    pub(super) const fn english(self) -> &'static str {
        match self {
            Self::Card => "Identity card",
            Self::Name => "Name",
            Self::Born => "Date of birth",
            Self::Number => "Number",
            Self::ValidUntil => "Valid until",
            Self::Face => "Face code",
            Self::FaceForAll => "Scan it with the code on the front to see the holder’s photo, and compare.",
            Self::FaceForReaders => "Only authorised readers can open it and see the holder’s photo.",
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
            ("fra", Self::Face) => "Code du visage",
            ("fra", Self::FaceForAll) => {
                "Scannez-le avec le code du recto pour voir la photo du titulaire, et comparez."
            }
            ("fra", Self::FaceForReaders) => {
                "Seuls les lecteurs autorisés peuvent l’ouvrir et voir la photo du titulaire."
            }
            ("ara", Self::Card) => "بطاقة الهوية",
            ("ara", Self::Name) => "الاسم",
            ("ara", Self::Born) => "تاريخ الميلاد",
            ("ara", Self::Number) => "الرقم",
            ("ara", Self::ValidUntil) => "صالحة لغاية",
            ("ara", Self::Face) => "رمز صورة الوجه",
            ("ara", Self::FaceForAll) => "امسحه مع الرمز الأمامي لعرض صورة صاحب البطاقة ثم قارن.",
            ("ara", Self::FaceForReaders) => "لا يفتحه إلا قارئ مخوّل لعرض صورة صاحب البطاقة.",
            ("hin", Self::Card) => "पहचान पत्र",
            ("hin", Self::Name) => "नाम",
            ("hin", Self::Born) => "जन्म तिथि",
            ("hin", Self::Number) => "संख्या",
            ("hin", Self::ValidUntil) => "वैधता",
            ("hin", Self::Face) => "चेहरे का कोड",
            ("hin", Self::FaceForAll) => "धारक की फ़ोटो देखने और मिलाने के लिए इसे सामने वाले कोड के साथ स्कैन करें।",
            ("hin", Self::FaceForReaders) => "केवल अधिकृत रीडर ही इसे खोलकर धारक की फ़ोटो देख सकते हैं।",
            _ => return None,
        })
    }
}
