//! `DeviceRequest`: what a reader asks a device for, and who the reader is (ISO/IEC 18013-5, sections 8.3.2.1.2 and 9.1.4).

use symbolon_crypto::CryptoProvider;
use symbolon_crypto::PublicKey;
use symbolon_crypto::cose::{EncodedX5Chain, Sign1View, signature_structure};
use symbolon_crypto::encoding::cbor::{CborBudget, Cursor, write};
use symbolon_crypto::signing::{KeyHandle, SignatureRequest, ToBeSigned};

use super::mobile_security_object::is_version_1;
use super::names::{DocType, ElementIdentifier, NameSpace};
use super::read::{MdocBudget, MdocError, malformed, missing};
use super::reader_auth_all::read_reader_auth_all;
use super::transcript::SessionTranscript;

/// The most documents of one request.
pub const MAX_REQUESTED_DOCUMENTS: usize = 16;

/// The most elements that are asked for of one document.
pub const MAX_REQUESTED_ELEMENTS: usize = 256;

/// What reading a request may cost.
pub(super) const BUDGET: MdocBudget = MdocBudget {
    cbor: CborBudget {
        bytes: 128 * 1024,
        depth: 16,
        items: 10_000,
    },
};

/// What is asked for of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemsRequest {
    /// The document type.
    pub doc_type: DocType,
    /// The elements, in the order in which they are asked for.
    pub elements: Vec<RequestedElement>,
}

/// An element that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedElement {
    /// Its namespace.
    pub name_space: NameSpace,
    /// Its name.
    pub identifier: ElementIdentifier,
    /// Whether the reader means to keep it.
    pub intent_to_retain: bool,
}

/// The request for one document, that its reader signs.
#[derive(Debug, Clone)]
pub struct PreparedDocRequest {
    items: Vec<u8>,
    to_be_signed: ToBeSigned,
    /// `readerAuth` up to its signature.
    reader_auth: Vec<u8>,
}

impl ItemsRequest {
    /// Prepares the signature of the reader whose chain is `chain`, over the request and the session.
    #[must_use]
    pub fn prepare(&self, transcript: &SessionTranscript, chain: &EncodedX5Chain) -> PreparedDocRequest {
        let items = self.to_bytes();
        let payload = reader_authentication(transcript, &items);
        let to_be_signed = signature_structure(chain.algorithm(), &payload);
        let mut reader_auth = Vec::new();
        chain.write_unsigned(&mut reader_auth, None);
        PreparedDocRequest {
            items,
            to_be_signed,
            reader_auth,
        }
    }

    /// The encoded `DocRequest` of a reader that does not say who it is here: because it says so of the whole request, or not at
    /// all.
    #[must_use]
    pub fn without_reader_auth(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write::map(&mut out, 1);
        write::text(&mut out, "itemsRequest");
        write::encoded_item(&mut out, &self.to_bytes());
        out
    }

    /// `ItemsRequest`, without the tag around it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut name_spaces: Vec<(&NameSpace, Vec<&RequestedElement>)> = Vec::new();
        for element in &self.elements {
            match name_spaces
                .iter_mut()
                .find(|(name, _)| **name == element.name_space)
            {
                Some((_, elements)) => elements.push(element),
                None => name_spaces.push((&element.name_space, vec![element])),
            }
        }
        let mut out = Vec::new();
        write::map(&mut out, 2);
        write::text(&mut out, "docType");
        write::text(&mut out, self.doc_type.as_str());
        write::text(&mut out, "nameSpaces");
        write::map(&mut out, name_spaces.len());
        for (name_space, elements) in name_spaces {
            write::text(&mut out, name_space.as_str());
            write::map(&mut out, elements.len());
            for element in elements {
                write::text(&mut out, element.identifier.as_str());
                write::boolean(&mut out, element.intent_to_retain);
            }
        }
        out
    }

    fn parse(bytes: &[u8]) -> Result<Self, MdocError> {
        const WHOLE: &str = "ItemsRequest";
        let mut cursor = Cursor::new(bytes, BUDGET.cbor)?;
        let (mut doc_type, mut elements) = (None, None);
        for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
            match cursor.text().ok_or(malformed(WHOLE))? {
                "docType" => {
                    let text = cursor.text().ok_or(malformed("docType"))?;
                    doc_type = Some(DocType::parse(text).map_err(|_| malformed("docType"))?);
                }
                "nameSpaces" => elements = Some(read_elements(&mut cursor).ok_or(malformed("nameSpaces"))?),
                _ => {
                    cursor.item().ok_or(malformed(WHOLE))?;
                }
            }
        }
        Ok(Self {
            doc_type: doc_type.ok_or(missing("docType"))?,
            elements: elements.ok_or(missing("nameSpaces"))?,
        })
    }
}

fn read_elements(cursor: &mut Cursor<'_>) -> Option<Vec<RequestedElement>> {
    let mut elements = Vec::new();
    for _ in 0..cursor.map()? {
        let name_space = NameSpace::parse(cursor.text()?).ok()?;
        for _ in 0..cursor.map()? {
            elements.push(RequestedElement {
                name_space: name_space.clone(),
                identifier: ElementIdentifier::parse(cursor.text()?).ok()?,
                intent_to_retain: cursor.boolean()?,
            });
            if elements.len() > MAX_REQUESTED_ELEMENTS {
                return None;
            }
        }
    }
    Some(elements)
}

impl PreparedDocRequest {
    /// What the reader's key `key` has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.to_be_signed.by(key)
    }

    /// The encoded `DocRequest`.
    #[must_use]
    pub fn finish(self, signature: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.items.len().saturating_add(self.reader_auth.len()) + 128);
        write::map(&mut out, 2);
        write::text(&mut out, "itemsRequest");
        write::encoded_item(&mut out, &self.items);
        write::text(&mut out, "readerAuth");
        out.extend_from_slice(&self.reader_auth);
        write::bytes(&mut out, signature);
        out
    }
}

/// The encoded `DeviceRequest` for these documents, each an encoded `DocRequest`.
#[must_use]
pub fn write_device_request(doc_requests: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    write::map(&mut out, 2);
    write::text(&mut out, "version");
    write::text(&mut out, "1.0");
    write::text(&mut out, "docRequests");
    write::array(&mut out, doc_requests.len());
    for request in doc_requests {
        out.extend_from_slice(request);
    }
    out
}

/// A request whose structure was checked, and nothing else. It asks for one document at least.
#[derive(Clone)]
pub struct DeviceRequest<'a> {
    doc_requests: Vec<DocRequest<'a>>,
    pub(super) reader_auth_all: Vec<Sign1View<'a>>,
    /// `deviceRequestInfo` as it came, with its tag.
    pub(super) device_request_info: Option<&'a [u8]>,
}

/// What a reader asks for of one document, in the bytes it came in.
#[derive(Clone)]
pub struct DocRequest<'a> {
    items_request: ItemsRequest,
    encoded_items: &'a [u8],
    reader_auth: Option<Sign1View<'a>>,
}

/// Why a reader is not who it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reader did not sign this request for this session")]
pub struct ReaderRefused;

impl<'a> DeviceRequest<'a> {
    /// Reads a request. One in the version of the second edition is read as far as the first goes.
    ///
    /// # Errors
    /// [`MdocError`] says which rule is broken.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, MdocError> {
        const WHOLE: &str = "DeviceRequest";
        let mut cursor = Cursor::new(bytes, BUDGET.cbor)?;
        let (mut version, mut doc_requests) = (None, Vec::new());
        let (mut reader_auth_all, mut device_request_info) = (Vec::new(), None);
        for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
            match cursor.text().ok_or(malformed(WHOLE))? {
                "version" => version = Some(cursor.text().ok_or(malformed("version"))?),
                "docRequests" => {
                    for _ in 0..cursor.array().ok_or(malformed("docRequests"))? {
                        if doc_requests.len() == MAX_REQUESTED_DOCUMENTS {
                            return Err(malformed("docRequests"));
                        }
                        doc_requests.push(DocRequest::read(&mut cursor)?);
                    }
                }
                "readerAuthAll" => reader_auth_all = read_reader_auth_all(&mut cursor)?,
                "deviceRequestInfo" => {
                    device_request_info = Some(cursor.item().ok_or(malformed("deviceRequestInfo"))?);
                }
                _ => {
                    cursor.item().ok_or(malformed(WHOLE))?;
                }
            }
        }
        if !is_version_1(version.ok_or(missing("version"))?) {
            return Err(MdocError::Version { structure: WHOLE });
        }
        if doc_requests.is_empty() {
            return Err(missing("docRequests"));
        }
        Ok(Self {
            doc_requests,
            reader_auth_all,
            device_request_info,
        })
    }

    /// What is asked for, by document.
    #[must_use]
    pub fn doc_requests(&self) -> &[DocRequest<'a>] {
        &self.doc_requests
    }
}

impl<'a> DocRequest<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, MdocError> {
        const WHOLE: &str = "DocRequest";
        let (mut items, mut reader_auth) = (None, None);
        for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
            match cursor.text().ok_or(malformed(WHOLE))? {
                "itemsRequest" => {
                    cursor.expect_tag(24).ok_or(malformed("itemsRequest"))?;
                    let encoded = cursor.bytes().ok_or(malformed("itemsRequest"))?;
                    items = Some((ItemsRequest::parse(encoded)?, encoded));
                }
                "readerAuth" => {
                    reader_auth =
                        Some(Sign1View::read(cursor, BUDGET.cbor).map_err(|_| malformed("readerAuth"))?);
                }
                _ => {
                    cursor.item().ok_or(malformed(WHOLE))?;
                }
            }
        }
        let (items_request, encoded_items) = items.ok_or(missing("itemsRequest"))?;
        Ok(Self {
            items_request,
            encoded_items,
            reader_auth,
        })
    }

    /// `ItemsRequest` in the bytes it came in.
    pub(super) const fn encoded_items(&self) -> &'a [u8] {
        self.encoded_items
    }

    /// What is asked for.
    #[must_use]
    pub const fn items_request(&self) -> &ItemsRequest {
        &self.items_request
    }

    /// The certificates of the reader as it states them, DER, leaf first; `None` when the reader does not say who it is.
    #[must_use]
    pub fn reader_chain(&self) -> Option<&[&'a [u8]]> {
        self.reader_auth.as_ref().map(Sign1View::x5chain)
    }

    /// Verifies that the reader with this key signed the request, for this session. Whether the reader is trusted is decided
    /// elsewhere.
    ///
    /// # Errors
    /// [`ReaderRefused`].
    pub fn verify_reader(
        &self,
        reader: &PublicKey,
        transcript: &SessionTranscript,
        crypto: &dyn CryptoProvider,
    ) -> Result<(), ReaderRefused> {
        let payload = reader_authentication(transcript, self.encoded_items);
        self.reader_auth
            .as_ref()
            .ok_or(ReaderRefused)?
            .verify(crypto, reader, &payload)
            .map_err(|_| ReaderRefused)
    }
}

/// `ReaderAuthenticationBytes`.
fn reader_authentication(transcript: &SessionTranscript, items: &[u8]) -> Vec<u8> {
    let mut inner = Vec::with_capacity(items.len().saturating_add(256));
    write::array(&mut inner, 3);
    write::text(&mut inner, "ReaderAuthentication");
    inner.extend_from_slice(transcript.as_bytes());
    write::encoded_item(&mut inner, items);
    let mut out = Vec::with_capacity(inner.len().saturating_add(8));
    write::encoded_item(&mut out, &inner);
    out
}
