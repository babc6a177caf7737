//! `IssuerSigned`: the elements of an mdoc and the issuer's signature, in the bytes they came in.

use core::fmt;

use serde_json::{Map, Value};
use symbolon_crypto::PublicKey;
use symbolon_crypto::cose::Sign1View;
use symbolon_crypto::encoding::cbor::Cursor;

use super::mobile_security_object::{KeyAuthorizations, MobileSecurityObject};
use super::names::{DocType, is_name};
use super::read::{MdocBudget, MdocError, malformed, missing};
use super::validity::MdocValidity;
use super::value::ElementValue;
use crate::status::CredentialStatus;

/// The fewest bytes of `random` in an element.
const MIN_RANDOM_BYTES: usize = 16;

/// The elements of an mdoc and the issuer's signature. Its structure was checked and its signature was not: nothing it says may
/// be believed or shown before [`IssuerSigned::verify`](super::IssuerSigned::verify).
#[derive(Clone)]
pub struct IssuerSigned<'a> {
    pub(super) name_spaces: Vec<(&'a str, Vec<Element<'a>>)>,
    /// `issuerAuth` as it is encoded.
    pub(super) issuer_auth: &'a [u8],
    pub(super) signature: Sign1View<'a>,
    pub(super) payload: &'a [u8],
    pub(super) mso: MobileSecurityObject<'a>,
}

/// One element, in the bytes it came in.
#[derive(Clone)]
pub struct Element<'a> {
    pub(super) name_space: &'a str,
    pub(super) identifier: &'a str,
    pub(super) digest_id: u64,
    /// The item with its tag 24: what the digest is over.
    pub(super) encoded: &'a [u8],
    value: &'a [u8],
}

/// Without the content, which is personal data.
impl fmt::Debug for IssuerSigned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerSigned")
            .field("doc_type", &self.mso.doc_type)
            .field("elements", &self.elements().count())
            .finish_non_exhaustive()
    }
}

/// Without the value, which is personal data.
impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Element")
            .field("name_space", &self.name_space)
            .field("identifier", &self.identifier)
            .finish_non_exhaustive()
    }
}

impl<'a> Element<'a> {
    /// Its namespace.
    #[must_use]
    pub const fn name_space(&self) -> &'a str {
        self.name_space
    }

    /// Its name.
    #[must_use]
    pub const fn identifier(&self) -> &'a str {
        self.identifier
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> ElementValue {
        ElementValue::read(&mut Cursor::of_checked(self.value)).unwrap_or(ElementValue::Null)
    }

    /// Its value as JSON: bytes as base64url, dates as their text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.value().to_json()
    }

    /// Its value, if that is a byte string such as a portrait.
    #[must_use]
    pub fn bytes(&self) -> Option<&'a [u8]> {
        Cursor::of_checked(self.value).bytes()
    }

    fn read(name_space: &'a str, cursor: &mut Cursor<'a>, budget: MdocBudget) -> Result<Self, MdocError> {
        const WHOLE: &str = "IssuerSignedItem";
        let mut ahead = *cursor;
        let encoded = cursor.item().ok_or(malformed(WHOLE))?;
        ahead.expect_tag(24).ok_or(malformed(WHOLE))?;
        let mut item = Cursor::new(ahead.bytes().ok_or(malformed(WHOLE))?, budget.cbor)?;
        let (mut digest_id, mut random, mut identifier, mut value) = (None, None, None, None);
        for _ in 0..item.map().ok_or(malformed(WHOLE))? {
            match item.text().ok_or(malformed(WHOLE))? {
                "digestID" => digest_id = Some(item.unsigned().ok_or(malformed("digestID"))?),
                "random" => random = Some(item.bytes().ok_or(malformed("random"))?),
                "elementIdentifier" => {
                    let name = item.text().filter(|name| is_name(name));
                    identifier = Some(name.ok_or(malformed("elementIdentifier"))?);
                }
                "elementValue" => value = Some(item.item().ok_or(malformed("elementValue"))?),
                _ => {
                    item.item().ok_or(malformed(WHOLE))?;
                }
            }
        }
        if random.ok_or(missing("random"))?.len() < MIN_RANDOM_BYTES {
            return Err(MdocError::ShortRandom);
        }
        let value = value.ok_or(missing("elementValue"))?;
        // A date that is none would be shown as nothing.
        if ElementValue::pass(&mut Cursor::of_checked(value)).is_none() {
            return Err(malformed("elementValue"));
        }
        Ok(Self {
            name_space,
            identifier: identifier.ok_or(missing("elementIdentifier"))?,
            digest_id: digest_id.ok_or(missing("digestID"))?,
            encoded,
            value,
        })
    }
}

impl<'a> IssuerSigned<'a> {
    /// Reads the bytes of an mdoc as OpenID4VCI hands it over (decoded from base64url).
    ///
    /// # Errors
    /// [`MdocError`] says which rule is broken.
    pub fn parse(bytes: &'a [u8], budget: MdocBudget) -> Result<Self, MdocError> {
        Self::read(&mut Cursor::new(bytes, budget.cbor)?, budget)
    }

    pub(super) fn read(cursor: &mut Cursor<'a>, budget: MdocBudget) -> Result<Self, MdocError> {
        const WHOLE: &str = "IssuerSigned";
        let (mut name_spaces, mut issuer_auth) = (Vec::new(), None);
        for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
            match cursor.text().ok_or(malformed(WHOLE))? {
                "nameSpaces" => name_spaces = read_name_spaces(cursor, budget)?,
                "issuerAuth" => {
                    let mut ahead = *cursor;
                    let encoded = cursor.item().ok_or(malformed("issuerAuth"))?;
                    if ahead.tag().is_some() {
                        return Err(MdocError::TaggedIssuerAuth);
                    }
                    let signature =
                        Sign1View::read(&mut ahead, budget.cbor).map_err(MdocError::IssuerAuth)?;
                    issuer_auth = Some((encoded, signature));
                }
                "docType" | "issuerSigned" => return Err(MdocError::Wrapped),
                _ => {
                    cursor.item().ok_or(malformed(WHOLE))?;
                }
            }
        }
        let (issuer_auth, signature) = issuer_auth.ok_or(missing("issuerAuth"))?;
        if signature.x5chain().is_empty() {
            return Err(MdocError::NoCertificate);
        }
        let payload = signature.payload().ok_or(missing("MobileSecurityObject"))?;
        let mso = MobileSecurityObject::read(payload, budget)?;
        Ok(Self {
            name_spaces,
            issuer_auth,
            signature,
            payload,
            mso,
        })
    }

    /// What the issuer signed, as it is encoded: the same however much of the mdoc is shown.
    #[must_use]
    pub const fn mobile_security_object(&self) -> &'a [u8] {
        self.payload
    }

    /// The document type that the issuer signed.
    #[must_use]
    pub const fn doc_type(&self) -> &DocType {
        &self.mso.doc_type
    }

    /// When it is valid. Whether it is, is the caller's to check: [`MdocValidity::check`].
    #[must_use]
    pub const fn validity(&self) -> MdocValidity {
        self.mso.validity
    }

    /// Where its status is kept.
    #[must_use]
    pub const fn status(&self) -> &CredentialStatus {
        &self.mso.status
    }

    /// The key of the holder's device.
    #[must_use]
    pub const fn device_key(&self) -> &PublicKey {
        &self.mso.device_key
    }

    /// What the device may sign of its own.
    #[must_use]
    pub const fn key_authorizations(&self) -> &KeyAuthorizations {
        &self.mso.key_authorizations
    }

    /// The certificates in `issuerAuth`, DER, leaf first. Whether to believe them is the caller's decision.
    #[must_use]
    pub fn certificate_chain(&self) -> &[&'a [u8]] {
        self.signature.x5chain()
    }

    /// The elements, in the order in which they came.
    pub fn elements(&self) -> impl Iterator<Item = &Element<'a>> {
        self.name_spaces.iter().flat_map(|(_, elements)| elements)
    }

    /// One element.
    #[must_use]
    pub fn element(&self, name_space: &str, identifier: &str) -> Option<&Element<'a>> {
        let (_, elements) = self.name_spaces.iter().find(|(name, _)| *name == name_space)?;
        elements.iter().find(|element| element.identifier == identifier)
    }

    /// The elements as JSON, by namespace and name; bytes as base64url, dates as their text.
    #[must_use]
    pub fn claims(&self) -> Map<String, Value> {
        self.name_spaces
            .iter()
            .map(|(name_space, elements)| {
                let elements: Map<String, Value> = elements
                    .iter()
                    .map(|element| (element.identifier.to_owned(), element.to_json()))
                    .collect();
                ((*name_space).to_owned(), Value::Object(elements))
            })
            .collect()
    }
}

fn read_name_spaces<'a>(
    cursor: &mut Cursor<'a>,
    budget: MdocBudget,
) -> Result<Vec<(&'a str, Vec<Element<'a>>)>, MdocError> {
    const WHOLE: &str = "nameSpaces";
    let mut name_spaces = Vec::new();
    for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
        let name_space = cursor
            .text()
            .filter(|name| is_name(name))
            .ok_or(malformed(WHOLE))?;
        let mut elements = Vec::new();
        for _ in 0..cursor.array().ok_or(malformed(WHOLE))? {
            elements.push(Element::read(name_space, cursor, budget)?);
        }
        if elements.is_empty() {
            return Err(malformed(WHOLE));
        }
        if has_repetition(elements.iter().map(|element| element.identifier)) {
            return Err(MdocError::RepeatedElement);
        }
        if has_repetition(elements.iter().map(|element| element.digest_id)) {
            return Err(MdocError::RepeatedDigestId);
        }
        name_spaces.push((name_space, elements));
    }
    Ok(name_spaces)
}

fn has_repetition<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items
        .windows(2)
        .any(|pair| matches!(pair, [one, other] if one == other))
}
