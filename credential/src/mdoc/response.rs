//! `DeviceResponse`: what a verifier receives.

use core::fmt;

use symbolon_crypto::cose::{Mac0View, Sign1View};
use symbolon_crypto::encoding::cbor::Cursor;

use super::issuer_signed::IssuerSigned;
use super::mobile_security_object::is_version_1;
use super::names::{DocType, is_name};
use super::read::{MdocBudget, MdocError, malformed, missing};
use super::value::ElementValue;

/// A response whose structure was checked, and nothing else.
#[derive(Debug, Clone)]
pub struct DeviceResponse<'a> {
    documents: Vec<Document<'a>>,
    status: u64,
}

/// A document of a response. Its structure was checked, its signatures were not: see [`Document::verify`].
#[derive(Clone)]
pub struct Document<'a> {
    pub(super) doc_type: DocType,
    pub(super) issuer_signed: IssuerSigned<'a>,
    pub(super) device_name_spaces: &'a [u8],
    pub(super) device_elements: Vec<DeviceElement<'a>>,
    pub(super) device_auth: DeviceAuth<'a>,
}

/// An element that the device signed, not the issuer.
#[derive(Clone)]
pub struct DeviceElement<'a> {
    name_space: &'a str,
    identifier: &'a str,
    value: &'a [u8],
}

/// How the device authenticated.
#[derive(Clone)]
pub(super) enum DeviceAuth<'a> {
    Signature(Sign1View<'a>),
    Mac(Mac0View<'a>),
}

/// Without the content, which is personal data.
impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("issuer_signed", &self.issuer_signed)
            .finish_non_exhaustive()
    }
}

/// Without the value, which is personal data.
impl fmt::Debug for DeviceElement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceElement").finish_non_exhaustive()
    }
}

impl<'a> DeviceElement<'a> {
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
}

impl<'a> DeviceResponse<'a> {
    /// Reads a response (decoded from base64url).
    ///
    /// # Errors
    /// [`MdocError`] says which rule is broken.
    pub fn parse(bytes: &'a [u8], budget: MdocBudget) -> Result<Self, MdocError> {
        const WHOLE: &str = "DeviceResponse";
        let mut cursor = Cursor::new(bytes, budget.cbor)?;
        let (mut version, mut documents, mut status) = (None, Vec::new(), None);
        for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
            match cursor.text().ok_or(malformed(WHOLE))? {
                "version" => version = Some(cursor.text().ok_or(malformed("version"))?),
                "documents" => {
                    for _ in 0..cursor.array().ok_or(malformed("documents"))? {
                        documents.push(Document::read(&mut cursor, budget)?);
                    }
                }
                "status" => status = Some(cursor.unsigned().ok_or(malformed("status"))?),
                _ => {
                    cursor.item().ok_or(malformed(WHOLE))?;
                }
            }
        }
        if !is_version_1(version.ok_or(missing("version"))?) {
            return Err(MdocError::Version { structure: WHOLE });
        }
        Ok(Self {
            documents,
            status: status.ok_or(missing("status"))?,
        })
    }

    /// The documents.
    #[must_use]
    pub fn documents(&self) -> &[Document<'a>] {
        &self.documents
    }

    /// The status of the response: 0 is in order, 10 a general error, 11 and 12 errors in the request's CBOR.
    #[must_use]
    pub const fn status(&self) -> u64 {
        self.status
    }

    /// The one document of a response that must hold one (HAIP 1.0 §5.3.1).
    ///
    /// # Errors
    /// [`MdocError::NotOneDocument`].
    pub fn only_document(mut self) -> Result<Document<'a>, MdocError> {
        match (self.documents.pop(), self.documents.as_slice()) {
            (Some(document), []) => Ok(document),
            _ => Err(MdocError::NotOneDocument),
        }
    }
}

impl<'a> Document<'a> {
    /// The document type as the device states it; [`Document::verify`] compares it with the one that the issuer signed.
    #[must_use]
    pub const fn doc_type(&self) -> &DocType {
        &self.doc_type
    }

    /// What the issuer signed.
    #[must_use]
    pub const fn issuer_signed(&self) -> &IssuerSigned<'a> {
        &self.issuer_signed
    }

    /// What the device signed of its own.
    #[must_use]
    pub fn device_elements(&self) -> &[DeviceElement<'a>] {
        &self.device_elements
    }

    fn read(cursor: &mut Cursor<'a>, budget: MdocBudget) -> Result<Self, MdocError> {
        const WHOLE: &str = "Document";
        let (mut doc_type, mut issuer_signed, mut device_signed) = (None, None, None);
        for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
            match cursor.text().ok_or(malformed(WHOLE))? {
                "docType" => {
                    let text = cursor.text().ok_or(malformed("docType"))?;
                    doc_type = Some(DocType::parse(text).map_err(|_| malformed("docType"))?);
                }
                "issuerSigned" => issuer_signed = Some(IssuerSigned::read(cursor, budget)?),
                "deviceSigned" => device_signed = Some(DeviceSigned::read(cursor, budget)?),
                _ => {
                    cursor.item().ok_or(malformed(WHOLE))?;
                }
            }
        }
        let device_signed = device_signed.ok_or(missing("deviceSigned"))?;
        Ok(Self {
            doc_type: doc_type.ok_or(missing("docType"))?,
            issuer_signed: issuer_signed.ok_or(missing("issuerSigned"))?,
            device_name_spaces: device_signed.name_spaces,
            device_elements: device_signed.elements,
            device_auth: device_signed.auth,
        })
    }
}

struct DeviceSigned<'a> {
    name_spaces: &'a [u8],
    elements: Vec<DeviceElement<'a>>,
    auth: DeviceAuth<'a>,
}

impl<'a> DeviceSigned<'a> {
    fn read(cursor: &mut Cursor<'a>, budget: MdocBudget) -> Result<Self, MdocError> {
        const WHOLE: &str = "deviceSigned";
        let (mut name_spaces, mut auth) = (None, None);
        for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
            match cursor.text().ok_or(malformed(WHOLE))? {
                "nameSpaces" => {
                    let mut ahead = *cursor;
                    let encoded = cursor.item().ok_or(malformed("DeviceNameSpaces"))?;
                    ahead.expect_tag(24).ok_or(malformed("DeviceNameSpaces"))?;
                    let inner = ahead.bytes().ok_or(malformed("DeviceNameSpaces"))?;
                    let mut inner = Cursor::new(inner, budget.cbor)?;
                    let elements = read_elements(&mut inner).ok_or(malformed("DeviceNameSpaces"))?;
                    name_spaces = Some((encoded, elements));
                }
                "deviceAuth" => auth = Some(read_auth(cursor, budget)?),
                _ => {
                    cursor.item().ok_or(malformed(WHOLE))?;
                }
            }
        }
        let (name_spaces, elements) = name_spaces.ok_or(missing("DeviceNameSpaces"))?;
        Ok(Self {
            name_spaces,
            elements,
            auth: auth.ok_or(missing("deviceAuth"))?,
        })
    }
}

fn read_auth<'a>(cursor: &mut Cursor<'a>, budget: MdocBudget) -> Result<DeviceAuth<'a>, MdocError> {
    // One of the two and nothing else: with both, two verifiers might check a different one.
    if cursor.map() != Some(1) {
        return Err(malformed("deviceAuth"));
    }
    match cursor.text() {
        Some("deviceSignature") => Sign1View::read(cursor, budget.cbor).map(DeviceAuth::Signature),
        Some("deviceMac") => Mac0View::read(cursor, budget.cbor).map(DeviceAuth::Mac),
        _ => return Err(malformed("deviceAuth")),
    }
    .map_err(MdocError::DeviceAuth)
}

fn read_elements<'a>(cursor: &mut Cursor<'a>) -> Option<Vec<DeviceElement<'a>>> {
    let mut elements = Vec::new();
    for _ in 0..cursor.map()? {
        let name_space = cursor.text().filter(|name| is_name(name))?;
        for _ in 0..cursor.map()? {
            let identifier = cursor.text().filter(|name| is_name(name))?;
            let value = cursor.item()?;
            ElementValue::pass(&mut Cursor::of_checked(value))?;
            elements.push(DeviceElement {
                name_space,
                identifier,
                value,
            });
        }
    }
    Some(elements)
}
