//! Reading a VICAL (ISO/IEC 18013-5, C.1.7.1).

use symbolon_crypto::UnixTime;
use symbolon_crypto::cose::{ParsedSign1, TagPolicy};
use symbolon_crypto::encoding::cbor::{CborBudget, CborError, Cursor};

use super::{MAX_DOC_TYPES, MAX_VICAL_BYTES, ParsedVical, Vical, VicalEntry, VicalError};
use crate::authorities::MAX_AUTHORITIES;

/// The longest text that is read: a document type, the name of an authority.
const MAX_TEXT_BYTES: usize = 512;

/// The longest serial number (RFC 5280 §4.1.2.2) and key identifier, each with room for those who do not keep to it.
const MAX_NUMBER_BYTES: usize = 64;

/// A list of [`MAX_AUTHORITIES`] entries with a dozen members and a few extensions each.
const BUDGET: CborBudget = CborBudget {
    bytes: MAX_VICAL_BYTES,
    depth: 16,
    items: 400_000,
};

/// The tag of a big integer, and that of a date.
const BIG_INTEGER_TAG: u64 = 2;
const DATE_TAG: u64 = 0;

impl ParsedVical {
    /// Reads a list. Nothing in it is believed before [`ParsedVical::verify`].
    ///
    /// # Errors
    /// [`VicalError`] when it is over budget, no COSE_Sign1, or has not the form of the standard. The tag of the signed structure,
    /// which the standard leaves out, may be there.
    pub fn parse(bytes: &[u8]) -> Result<Self, VicalError> {
        if bytes.len() > MAX_VICAL_BYTES {
            return Err(VicalError::OverBudget);
        }
        let signed = ParsedSign1::parse(bytes, TagPolicy::Optional, BUDGET)
            .map_err(|_| VicalError::SignedStructure)?;
        let mut cursor = Cursor::new(signed.payload(), BUDGET).map_err(|error| match error {
            CborError::OverBudget => VicalError::OverBudget,
            _ => malformed("payload"),
        })?;
        let vical = vical(&mut cursor)?;
        Ok(Self { signed, vical })
    }
}

const fn malformed(member: &'static str) -> VicalError {
    VicalError::Malformed { member }
}

fn vical(cursor: &mut Cursor<'_>) -> Result<Vical, VicalError> {
    let members = cursor.map().ok_or(malformed("payload"))?;
    let (mut version, mut provider, mut date) = (None, None, None);
    let (mut issue, mut next_update, mut entries) = (None, None, None);
    for _ in 0..members {
        match cursor.text().ok_or(malformed("payload"))? {
            "version" => version = Some(text(cursor, "version")?),
            "vicalProvider" => provider = Some(text(cursor, "vicalProvider")?),
            "date" => date = Some(time(cursor, "date")?),
            "vicalIssueID" => issue = Some(cursor.unsigned().ok_or(malformed("vicalIssueID"))?),
            "nextUpdate" => next_update = Some(time(cursor, "nextUpdate")?),
            "certificateInfos" => entries = Some(certificate_infos(cursor)?),
            "extensions" => pass_map(cursor, "extensions")?,
            // Reserved for later versions, which stay readable so.
            _ => pass(cursor)?,
        }
    }
    let version = version.ok_or(malformed("version"))?;
    let minor = version.strip_prefix("1.").ok_or(VicalError::Version)?;
    if minor.is_empty() || !minor.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VicalError::Version);
    }
    let date = date.ok_or(malformed("date"))?;
    if next_update.is_some_and(|next| next < date) {
        return Err(malformed("nextUpdate"));
    }
    Ok(Vical {
        version,
        provider: provider.ok_or(malformed("vicalProvider"))?,
        date,
        issue,
        next_update,
        entries: entries.ok_or(malformed("certificateInfos"))?,
    })
}

fn certificate_infos(cursor: &mut Cursor<'_>) -> Result<Vec<VicalEntry>, VicalError> {
    let count = cursor.array().ok_or(malformed("certificateInfos"))?;
    let count = usize::try_from(count).map_err(|_| VicalError::OverBudget)?;
    if count > MAX_AUTHORITIES {
        return Err(VicalError::OverBudget);
    }
    (0..count).map(|_| certificate_info(cursor)).collect()
}

fn certificate_info(cursor: &mut Cursor<'_>) -> Result<VicalEntry, VicalError> {
    let members = cursor.map().ok_or(malformed("certificateInfos"))?;
    let (mut certificate, mut serial_number, mut key_identifier) = (None, None, None);
    let (mut doc_types, mut not_after) = (None, None);
    let (mut issuing_authority, mut issuing_country, mut state_or_province_name) = (None, None, None);
    for _ in 0..members {
        match cursor.text().ok_or(malformed("certificateInfos"))? {
            "certificate" => {
                let bytes = cursor.bytes().ok_or(malformed("certificate"))?;
                certificate = Some(bytes.to_vec());
            }
            "serialNumber" => serial_number = Some(big_integer(cursor).ok_or(malformed("serialNumber"))?),
            "ski" => {
                let bytes = cursor.bytes().filter(|bytes| bytes.len() <= MAX_NUMBER_BYTES);
                key_identifier = Some(bytes.ok_or(malformed("ski"))?.to_vec());
            }
            "docType" => doc_types = Some(texts(cursor, "docType")?),
            "certificateProfile" => {
                texts(cursor, "certificateProfile")?;
            }
            "issuingAuthority" => issuing_authority = Some(text(cursor, "issuingAuthority")?),
            "issuingCountry" => issuing_country = Some(text(cursor, "issuingCountry")?),
            "stateOrProvinceName" => state_or_province_name = Some(text(cursor, "stateOrProvinceName")?),
            "issuer" | "subject" => {
                cursor.bytes().ok_or(malformed("issuer or subject"))?;
            }
            "notBefore" => {
                time(cursor, "notBefore")?;
            }
            "notAfter" => not_after = Some(time(cursor, "notAfter")?),
            "extensions" => pass_map(cursor, "extensions")?,
            _ => pass(cursor)?,
        }
    }
    Ok(VicalEntry {
        certificate: certificate.ok_or(malformed("certificate"))?,
        serial_number: serial_number.ok_or(malformed("serialNumber"))?,
        key_identifier: key_identifier.ok_or(malformed("ski"))?,
        doc_types: doc_types.ok_or(malformed("docType"))?,
        issuing_authority,
        issuing_country,
        state_or_province_name,
        not_after,
    })
}

/// A text for people or machines: bounded, and without characters that would begin a line.
fn text(cursor: &mut Cursor<'_>, member: &'static str) -> Result<String, VicalError> {
    let text = cursor.text().ok_or(malformed(member))?;
    if (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(malformed(member))
    }
}

/// One text or several; never none.
fn texts(cursor: &mut Cursor<'_>, member: &'static str) -> Result<Vec<String>, VicalError> {
    let count = cursor.array().ok_or(malformed(member))?;
    let count = usize::try_from(count).map_err(|_| VicalError::OverBudget)?;
    if count > MAX_DOC_TYPES {
        return Err(VicalError::OverBudget);
    }
    if count == 0 {
        return Err(malformed(member));
    }
    // A provider that has nothing to say of a profile writes an empty text; a document type is never empty.
    let one = |cursor: &mut Cursor<'_>| match member {
        "docType" => text(cursor, member),
        _ => cursor.text().map(str::to_owned).ok_or(malformed(member)),
    };
    (0..count).map(|_| one(cursor)).collect()
}

/// `tdate`: a tagged text of RFC 3339.
fn time(cursor: &mut Cursor<'_>, member: &'static str) -> Result<UnixTime, VicalError> {
    cursor.expect_tag(DATE_TAG).ok_or(malformed(member))?;
    let text = cursor.text().ok_or(malformed(member))?;
    UnixTime::parse_rfc3339(text).map_err(|_| malformed(member))
}

/// `biguint`. A number that fits a plain integer is written as one by encoders that prefer the shortest form.
fn big_integer(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    let number = match cursor.expect_tag(BIG_INTEGER_TAG) {
        Some(()) => cursor
            .bytes()
            .filter(|bytes| bytes.len() <= MAX_NUMBER_BYTES)?
            .to_vec(),
        None => cursor.unsigned()?.to_be_bytes().to_vec(),
    };
    Some(number.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn pass(cursor: &mut Cursor<'_>) -> Result<(), VicalError> {
    cursor.item().map(drop).ok_or(malformed("payload"))
}

fn pass_map(cursor: &mut Cursor<'_>, member: &'static str) -> Result<(), VicalError> {
    let mut ahead = *cursor;
    ahead.map().ok_or(malformed(member))?;
    pass(cursor)
}
