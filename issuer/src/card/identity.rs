//! From mapped attributes to the identity data of Claim 169.

use symbolon_credential::claim169::{DateOfBirth, Gender, IdentityData, MaritalStatus};

use super::CardError;
use crate::mapping::{CardAttribute, CardValue};

/// The identity data of these attributes.
pub(super) fn of(attributes: &[(CardAttribute, CardValue)]) -> Result<IdentityData, CardError> {
    let mut data = IdentityData::default();
    for (attribute, value) in attributes {
        let refused = || CardError::Attribute {
            attribute: *attribute,
        };
        match value {
            CardValue::Number(number) => match attribute {
                CardAttribute::Gender => data.gender = Some(gender(*number).ok_or_else(refused)?),
                CardAttribute::MaritalStatus => {
                    data.marital_status = Some(marital_status(*number).ok_or_else(refused)?);
                }
                _ => return Err(refused()),
            },
            CardValue::Text(text) if *attribute == CardAttribute::DateOfBirth => {
                data.date_of_birth = Some(DateOfBirth::parse(text).map_err(|_| refused())?);
            }
            CardValue::Text(text) => {
                *text_of(&mut data, *attribute).ok_or_else(refused)? = Some(text.clone())
            }
        }
    }
    Ok(data)
}

const fn text_of(data: &mut IdentityData, attribute: CardAttribute) -> Option<&mut Option<String>> {
    Some(match attribute {
        CardAttribute::Id => &mut data.id,
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
        CardAttribute::DateOfBirth | CardAttribute::Gender | CardAttribute::MaritalStatus => return None,
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
