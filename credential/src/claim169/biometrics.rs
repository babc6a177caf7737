//! Biometric attributes of Claim 169, keys 50 to 65.

use ciborium::Value;

use super::cwt::integer;

/// What was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names of body parts say all there is to say")]
pub enum BiometricPart {
    RightThumb,
    RightPointerFinger,
    RightMiddleFinger,
    RightRingFinger,
    RightLittleFinger,
    LeftThumb,
    LeftPointerFinger,
    LeftMiddleFinger,
    LeftRingFinger,
    LeftLittleFinger,
    RightIris,
    LeftIris,
    Face,
    RightPalm,
    LeftPalm,
    Voice,
}

const PARTS: [(BiometricPart, i64); 16] = [
    (BiometricPart::RightThumb, 50),
    (BiometricPart::RightPointerFinger, 51),
    (BiometricPart::RightMiddleFinger, 52),
    (BiometricPart::RightRingFinger, 53),
    (BiometricPart::RightLittleFinger, 54),
    (BiometricPart::LeftThumb, 55),
    (BiometricPart::LeftPointerFinger, 56),
    (BiometricPart::LeftMiddleFinger, 57),
    (BiometricPart::LeftRingFinger, 58),
    (BiometricPart::LeftLittleFinger, 59),
    (BiometricPart::RightIris, 60),
    (BiometricPart::LeftIris, 61),
    (BiometricPart::Face, 62),
    (BiometricPart::RightPalm, 63),
    (BiometricPart::LeftPalm, 64),
    (BiometricPart::Voice, 65),
];

/// The format of biometric data: member 1. The finer code is member 2; [`Biometric::kind`] reads both together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BiometricFormat {
    /// 0
    Image,
    /// 1
    Template,
    /// 2
    Sound,
    /// 3
    BioHash,
}

/// One capture.
#[derive(Clone, PartialEq, Eq)]
pub struct Biometric {
    /// The data.
    pub data: Vec<u8>,
    /// The format.
    pub format: Option<BiometricFormat>,
    /// The code of the format within its kind, as the issuer wrote it.
    pub subformat: Option<u16>,
    /// Who captured it.
    pub issuer: Option<String>,
}

/// What the codes of a capture say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BiometricKind {
    /// A picture.
    Image(ImageKind),
    /// A template.
    Template(TemplateKind),
    /// A recording.
    Sound(SoundKind),
    /// A hash, for which there are no finer codes.
    BioHash,
    /// A vendor's own format, 100 to 200, of an image or a template.
    Vendor(BiometricFormat, u16),
}

/// A template format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TemplateKind {
    /// 0: fingerprint template ANSI 378.
    Ansi378,
    /// 1: fingerprint template ISO 19794-2.
    Iso19794_2,
    /// 2: fingerprint template NIST.
    Nist,
}

/// A sound format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the formats say all there is to say")]
pub enum SoundKind {
    Wav,
    Mp3,
}

/// A picture format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the formats say all there is to say")]
pub enum ImageKind {
    Png,
    Jpeg,
    Jpeg2000,
    Avif,
    Webp,
    Tiff,
    Wsq,
}

impl BiometricPart {
    pub(super) fn key(self) -> i64 {
        PARTS
            .iter()
            .find(|(part, _)| *part == self)
            .map_or(0, |(_, key)| *key)
    }

    pub(super) fn from_key(key: i64) -> Option<Self> {
        PARTS
            .iter()
            .find(|(_, known)| *known == key)
            .map(|(part, _)| *part)
    }
}

impl BiometricFormat {
    const fn code(self) -> i64 {
        match self {
            Self::Image => 0,
            Self::Template => 1,
            Self::Sound => 2,
            Self::BioHash => 3,
        }
    }

    const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Image),
            1 => Some(Self::Template),
            2 => Some(Self::Sound),
            3 => Some(Self::BioHash),
            _ => None,
        }
    }
}

/// Codes that vendors may use for formats of their own.
const VENDOR_SUBFORMATS: core::ops::RangeInclusive<u16> = 100..=200;

impl TemplateKind {
    const fn subformat(self) -> u16 {
        match self {
            Self::Ansi378 => 0,
            Self::Iso19794_2 => 1,
            Self::Nist => 2,
        }
    }

    const fn from_subformat(subformat: u16) -> Option<Self> {
        match subformat {
            0 => Some(Self::Ansi378),
            1 => Some(Self::Iso19794_2),
            2 => Some(Self::Nist),
            _ => None,
        }
    }
}

impl SoundKind {
    const fn subformat(self) -> u16 {
        match self {
            Self::Wav => 0,
            Self::Mp3 => 1,
        }
    }

    const fn from_subformat(subformat: u16) -> Option<Self> {
        match subformat {
            0 => Some(Self::Wav),
            1 => Some(Self::Mp3),
            _ => None,
        }
    }
}

impl ImageKind {
    const fn subformat(self) -> u16 {
        match self {
            Self::Png => 0,
            Self::Jpeg => 1,
            Self::Jpeg2000 => 2,
            Self::Avif => 3,
            Self::Webp => 4,
            Self::Tiff => 5,
            Self::Wsq => 6,
        }
    }

    const fn from_subformat(subformat: u16) -> Option<Self> {
        match subformat {
            0 => Some(Self::Png),
            1 => Some(Self::Jpeg),
            2 => Some(Self::Jpeg2000),
            3 => Some(Self::Avif),
            4 => Some(Self::Webp),
            5 => Some(Self::Tiff),
            6 => Some(Self::Wsq),
            _ => None,
        }
    }

    /// The format that the first bytes of a picture show.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0xff, 0x4f, 0xff, 0x51, ..] | [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] => Some(Self::Jpeg2000),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [
                _,
                _,
                _,
                _,
                b'f',
                b't',
                b'y',
                b'p',
                b'a',
                b'v',
                b'i',
                b'f' | b's',
                ..,
            ] => Some(Self::Avif),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(Self::Tiff),
            [0xff, 0xa0, ..] => Some(Self::Wsq),
            _ => None,
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Jpeg2000 => "image/jp2",
            Self::Avif => "image/avif",
            Self::Webp => "image/webp",
            Self::Tiff => "image/tiff",
            Self::Wsq => "image/x-wsq",
        }
    }
}

impl Biometric {
    /// A picture.
    #[must_use]
    pub const fn image(data: Vec<u8>, kind: ImageKind) -> Self {
        Self {
            data,
            format: Some(BiometricFormat::Image),
            subformat: Some(kind.subformat()),
            issuer: None,
        }
    }

    /// A template.
    #[must_use]
    pub const fn template(data: Vec<u8>, kind: TemplateKind) -> Self {
        Self {
            data,
            format: Some(BiometricFormat::Template),
            subformat: Some(kind.subformat()),
            issuer: None,
        }
    }

    /// A recording.
    #[must_use]
    pub const fn sound(data: Vec<u8>, kind: SoundKind) -> Self {
        Self {
            data,
            format: Some(BiometricFormat::Sound),
            subformat: Some(kind.subformat()),
            issuer: None,
        }
    }

    /// A hash.
    #[must_use]
    pub const fn bio_hash(data: Vec<u8>) -> Self {
        Self {
            data,
            format: Some(BiometricFormat::BioHash),
            subformat: None,
            issuer: None,
        }
    }

    /// What the issuer's codes say; `None` when they are missing or have no meaning. For pictures
    /// [`Biometric::image_kind`] is better: it looks at the picture.
    #[must_use]
    pub fn kind(&self) -> Option<BiometricKind> {
        match (self.format?, self.subformat) {
            (format @ (BiometricFormat::Image | BiometricFormat::Template), Some(code))
                if VENDOR_SUBFORMATS.contains(&code) =>
            {
                Some(BiometricKind::Vendor(format, code))
            }
            (BiometricFormat::Image, Some(code)) => ImageKind::from_subformat(code).map(BiometricKind::Image),
            (BiometricFormat::Template, Some(code)) => {
                TemplateKind::from_subformat(code).map(BiometricKind::Template)
            }
            (BiometricFormat::Sound, Some(code)) => SoundKind::from_subformat(code).map(BiometricKind::Sound),
            (BiometricFormat::BioHash, None) => Some(BiometricKind::BioHash),
            _ => None,
        }
    }

    /// The kind of picture this is: by its first bytes, and by what the issuer wrote only where those say nothing.
    /// Deployments print WebP pictures marked as PNG.
    #[must_use]
    pub fn image_kind(&self) -> Option<ImageKind> {
        match self.format {
            None | Some(BiometricFormat::Image) => {
                ImageKind::of_bytes(&self.data).or_else(|| self.subformat.and_then(ImageKind::from_subformat))
            }
            Some(_) => None,
        }
    }

    pub(super) fn to_cbor(&self) -> Value {
        let mut map = vec![(Value::from(0), Value::Bytes(self.data.clone()))];
        if let Some(format) = self.format {
            map.push((Value::from(1), Value::from(format.code())));
        }
        if let Some(subformat) = self.subformat {
            map.push((Value::from(2), Value::from(subformat)));
        }
        if let Some(issuer) = &self.issuer {
            map.push((Value::from(3), Value::from(issuer.as_str())));
        }
        Value::Map(map)
    }

    /// `None` when it is not what the specification says, or has something in it that this type would lose.
    pub(super) fn from_cbor(value: &Value) -> Option<Self> {
        let mut data = None;
        let mut biometric = Self {
            data: Vec::new(),
            format: None,
            subformat: None,
            issuer: None,
        };
        let mut seen = [false; 4];
        for (key, value) in value.as_map()? {
            let key = integer(key)?;
            // `0` and `"0"` are one key here, so both at once would be two values of it.
            if core::mem::replace(seen.get_mut(usize::try_from(key).ok()?)?, true) {
                return None;
            }
            match key {
                0 => data = Some(value.as_bytes()?.clone()),
                1 => biometric.format = Some(BiometricFormat::from_code(integer(value)?)?),
                2 => biometric.subformat = Some(u16::try_from(integer(value)?).ok()?),
                3 => biometric.issuer = Some(value.as_text()?.to_owned()),
                _ => return None,
            }
        }
        Some(Self {
            data: data?,
            ..biometric
        })
    }
}

/// Without the data.
impl core::fmt::Debug for Biometric {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Biometric")
            .field("bytes", &self.data.len())
            .field("format", &self.format)
            .field("subformat", &self.subformat)
            .finish_non_exhaustive()
    }
}
