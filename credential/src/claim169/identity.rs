//! The identity data: the value of claim 169.

use std::collections::BTreeMap;

use ciborium::Value;

use super::attributes::{Finger, Gender, ImageFormat, MaritalStatus};
use super::biometrics::{Biometric, BiometricPart};
use super::cwt::integer;
use super::date_of_birth::DateOfBirth;

/// Identity data. Every attribute is optional; texts are as the issuer wrote them.
#[derive(Clone, Default, PartialEq)]
pub struct IdentityData {
    /// 1: unique identifier.
    pub id: Option<String>,
    /// 2: version of the data.
    pub version: Option<String>,
    /// 3: language of the texts, ISO 639-3.
    pub language: Option<String>,
    /// 4
    pub full_name: Option<String>,
    /// 5
    pub first_name: Option<String>,
    /// 6
    pub middle_name: Option<String>,
    /// 7
    pub last_name: Option<String>,
    /// 8
    pub date_of_birth: Option<DateOfBirth>,
    /// 9
    pub gender: Option<Gender>,
    /// 10: lines apart by `\n`.
    pub address: Option<String>,
    /// 11
    pub email: Option<String>,
    /// 12: E.123.
    pub phone: Option<String>,
    /// 13: ISO 3166.
    pub nationality: Option<String>,
    /// 14
    pub marital_status: Option<MaritalStatus>,
    /// 15: name or identifier of a guardian.
    pub guardian: Option<String>,
    /// 16: a picture; new issuers put the face into [`IdentityData::biometrics`] instead.
    pub image: Option<Vec<u8>>,
    /// 17: the format of that picture.
    pub image_format: Option<ImageFormat>,
    /// 18: the best fingers first.
    pub best_quality_fingers: Vec<Finger>,
    /// 19: full name in a second language.
    pub second_full_name: Option<String>,
    /// 20: that language.
    pub second_language: Option<String>,
    /// 21
    pub location_code: Option<String>,
    /// 22
    pub legal_status: Option<String>,
    /// 23: ISO 3166.
    pub country_of_issuance: Option<String>,
    /// 50 to 65.
    pub biometrics: BTreeMap<BiometricPart, Vec<Biometric>>,
    /// Attributes of other keys, and attributes whose values are not what the specification says, verbatim.
    pub unknown: Vec<(Value, Value)>,
}

impl IdentityData {
    /// The face, from 62 or else from 16: the picture to compare the holder with.
    #[must_use]
    pub fn face(&self) -> Option<&[u8]> {
        let face = self
            .biometrics
            .get(&BiometricPart::Face)
            .and_then(|faces| faces.first());
        face.map(|face| face.data.as_slice()).or(self.image.as_deref())
    }

    /// Puts a face at 62, in place of what is there.
    #[must_use]
    pub fn with_face(mut self, face: Biometric) -> Self {
        self.biometrics.insert(BiometricPart::Face, vec![face]);
        self
    }

    pub(super) fn to_cbor(&self) -> Value {
        let mut map = Vec::new();
        for (key, text) in self.texts() {
            if let Some(text) = text {
                map.push((Value::from(key), Value::from(text.as_str())));
            }
        }
        let codes = [
            (9, self.gender.map(Gender::code)),
            (14, self.marital_status.map(MaritalStatus::code)),
            (17, self.image_format.map(ImageFormat::code)),
        ];
        map.extend(
            codes
                .into_iter()
                .filter_map(|(key, code)| Some((Value::from(key), Value::from(code?)))),
        );
        if let Some(date) = self.date_of_birth {
            map.push((Value::from(8), Value::from(date.compact())));
        }
        if let Some(image) = &self.image {
            map.push((Value::from(16), Value::Bytes(image.clone())));
        }
        if !self.best_quality_fingers.is_empty() {
            let fingers = self
                .best_quality_fingers
                .iter()
                .map(|finger| Value::from(finger.code()));
            map.push((Value::from(18), Value::Array(fingers.collect())));
        }
        for (part, captures) in &self.biometrics {
            let captures = captures.iter().map(Biometric::to_cbor).collect();
            map.push((Value::from(part.key()), Value::Array(captures)));
        }
        map.extend(self.unknown.iter().cloned());
        Value::Map(map)
    }

    pub(super) fn from_cbor(members: &[(Value, Value)]) -> Self {
        let mut data = Self::default();
        for (key, value) in members {
            if integer(key).and_then(|known| data.read(known, value)).is_none() {
                data.unknown.push((key.clone(), value.clone()));
            }
        }
        data
    }

    /// Reads one attribute leniently; `None` when the key or the value is not known.
    fn read(&mut self, key: i64, value: &Value) -> Option<()> {
        if let Some(text) = self.text_mut(key) {
            *text = Some(lenient_text(value)?);
            return Some(());
        }
        match key {
            8 => self.date_of_birth = Some(DateOfBirth::parse(&lenient_text(value)?).ok()?),
            9 => self.gender = Some(gender(value)?),
            14 => self.marital_status = Some(MaritalStatus::from_code(integer(value)?)?),
            16 => self.image = Some(value.as_bytes()?.clone()),
            17 => self.image_format = Some(ImageFormat::from_code(integer(value)?)?),
            18 => {
                let finger = |code: &Value| Finger::from_code(u8::try_from(integer(code)?).ok()?);
                self.best_quality_fingers = value.as_array()?.iter().map(finger).collect::<Option<_>>()?;
            }
            _ => {
                let part = BiometricPart::from_key(key)?;
                let captures = match value {
                    Value::Array(captures) => {
                        captures.iter().map(Biometric::from_cbor).collect::<Option<_>>()?
                    }
                    // One capture without its array, as in the specification's own example.
                    one => vec![Biometric::from_cbor(one)?],
                };
                self.biometrics.insert(part, captures);
            }
        }
        Some(())
    }

    fn texts(&self) -> [(i64, &Option<String>); 17] {
        [
            (1, &self.id),
            (2, &self.version),
            (3, &self.language),
            (4, &self.full_name),
            (5, &self.first_name),
            (6, &self.middle_name),
            (7, &self.last_name),
            (10, &self.address),
            (11, &self.email),
            (12, &self.phone),
            (13, &self.nationality),
            (15, &self.guardian),
            (19, &self.second_full_name),
            (20, &self.second_language),
            (21, &self.location_code),
            (22, &self.legal_status),
            (23, &self.country_of_issuance),
        ]
    }

    const fn text_mut(&mut self, key: i64) -> Option<&mut Option<String>> {
        Some(match key {
            1 => &mut self.id,
            2 => &mut self.version,
            3 => &mut self.language,
            4 => &mut self.full_name,
            5 => &mut self.first_name,
            6 => &mut self.middle_name,
            7 => &mut self.last_name,
            10 => &mut self.address,
            11 => &mut self.email,
            12 => &mut self.phone,
            13 => &mut self.nationality,
            15 => &mut self.guardian,
            19 => &mut self.second_full_name,
            20 => &mut self.second_language,
            21 => &mut self.location_code,
            22 => &mut self.legal_status,
            23 => &mut self.country_of_issuance,
            _ => return None,
        })
    }
}

/// A text, or an integer that should have been one: identifiers and dates are printed as numbers.
fn lenient_text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(_) => integer(value).map(|number| number.to_string()),
        _ => None,
    }
}

/// A code, a code as text, or the word for it: the table of older specifications has gender as text.
fn gender(value: &Value) -> Option<Gender> {
    if let Some(code) = integer(value) {
        return Gender::from_code(code);
    }
    match value.as_text()?.to_ascii_lowercase().as_str() {
        "male" => Some(Gender::Male),
        "female" => Some(Gender::Female),
        "other" | "others" => Some(Gender::Other),
        _ => None,
    }
}

/// Without the data, which is personal.
impl core::fmt::Debug for IdentityData {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("IdentityData").finish_non_exhaustive()
    }
}
