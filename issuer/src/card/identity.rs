//! From mapped attributes to the identity data of Claim 169.

use symbolon_credential::claim169::{
    Biometric, BiometricPart, DateOfBirth, Finger, Gender, IdentityData, ImageFormat, ImageKind,
    MaritalStatus,
};

use super::CardError;
use crate::mapping::{CardAttribute, CardValue};
use crate::record::PictureType;

/// The identity data of these attributes.
pub(super) fn of(attributes: Vec<(CardAttribute, CardValue)>) -> Result<IdentityData, CardError> {
    let mut data = IdentityData::default();
    for (attribute, value) in attributes {
        put(&mut data, attribute, value).ok_or(CardError::Attribute { attribute })?;
    }
    Ok(data)
}

/// `None` when the attribute does not know the value.
fn put(data: &mut IdentityData, attribute: CardAttribute, value: CardValue) -> Option<()> {
    match (attribute, value) {
        (CardAttribute::Gender, CardValue::Number(number)) => data.gender = Some(gender(number)?),
        (CardAttribute::MaritalStatus, CardValue::Number(number)) => {
            data.marital_status = Some(marital_status(number)?);
        }
        (CardAttribute::BestQualityFingers, CardValue::Numbers(numbers)) => {
            data.best_quality_fingers = numbers
                .into_iter()
                .map(Finger::from_code)
                .collect::<Option<_>>()?;
        }
        (CardAttribute::DateOfBirth, CardValue::Text(text)) => {
            data.date_of_birth = Some(DateOfBirth::parse(&text).ok()?);
        }
        (CardAttribute::BinaryImage, CardValue::Picture { kind, bytes }) => {
            data.image_format = Some(image_format(kind)?);
            data.image = Some(bytes);
        }
        (CardAttribute::Face, CardValue::Picture { kind, bytes }) => {
            let face = vec![Biometric::image(bytes, image_kind(kind))];
            data.biometrics.insert(BiometricPart::Face, face);
        }
        (attribute, CardValue::Biometrics(captures)) => {
            data.biometrics.insert(attribute.biometric_part()?, captures);
        }
        (attribute, CardValue::Text(text)) => *text_of(data, attribute)? = Some(text),
        _ => return None,
    }
    Some(())
}

const fn text_of(data: &mut IdentityData, attribute: CardAttribute) -> Option<&mut Option<String>> {
    Some(match attribute {
        CardAttribute::Id => &mut data.id,
        CardAttribute::Version => &mut data.version,
        CardAttribute::Language => &mut data.language,
        CardAttribute::FullName => &mut data.full_name,
        CardAttribute::FirstName => &mut data.first_name,
        CardAttribute::MiddleName => &mut data.middle_name,
        CardAttribute::LastName => &mut data.last_name,
        CardAttribute::Address => &mut data.address,
        CardAttribute::Email => &mut data.email,
        CardAttribute::Phone => &mut data.phone,
        CardAttribute::Nationality => &mut data.nationality,
        CardAttribute::Guardian => &mut data.guardian,
        CardAttribute::SecondFullName => &mut data.second_full_name,
        CardAttribute::SecondLanguage => &mut data.second_language,
        CardAttribute::LocationCode => &mut data.location_code,
        CardAttribute::LegalStatus => &mut data.legal_status,
        CardAttribute::CountryOfIssuance => &mut data.country_of_issuance,
        _ => return None,
    })
}

const fn gender(number: u8) -> Option<Gender> {
    match number {
        1 => Some(Gender::Male),
        2 => Some(Gender::Female),
        3 => Some(Gender::Other),
        _ => None,
    }
}

const fn marital_status(number: u8) -> Option<MaritalStatus> {
    match number {
        1 => Some(MaritalStatus::Unmarried),
        2 => Some(MaritalStatus::Married),
        3 => Some(MaritalStatus::Divorced),
        _ => None,
    }
}

const fn image_format(kind: PictureType) -> Option<ImageFormat> {
    match kind {
        PictureType::Jpeg => Some(ImageFormat::Jpeg),
        PictureType::WebP => Some(ImageFormat::Webp),
        PictureType::Png => None,
    }
}

const fn image_kind(kind: PictureType) -> ImageKind {
    match kind {
        PictureType::Png => ImageKind::Png,
        PictureType::Jpeg => ImageKind::Jpeg,
        PictureType::WebP => ImageKind::Webp,
    }
}
