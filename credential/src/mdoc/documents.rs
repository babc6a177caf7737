//! The documents of a `DeviceResponse` as they are encoded: taken apart for whoever judges each by itself, and put together by
//! whoever shows several at once. Nothing that was signed is encoded again.

use symbolon_crypto::encoding::cbor::{Cursor, write};

use super::names::DocType;
use super::read::{MdocBudget, MdocError, malformed, missing};
use super::response::DeviceResponse;

/// One document, as the response has it.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedDocument {
    /// The document type as the device states it.
    pub doc_type: DocType,
    /// The encoded `Document`.
    bytes: Vec<u8>,
}

impl EncodedDocument {
    /// The documents of a response, whose structure is checked on the way.
    ///
    /// # Errors
    /// [`MdocError`] as of [`DeviceResponse::parse`].
    pub fn all_of(response: &[u8], budget: MdocBudget) -> Result<Vec<Self>, MdocError> {
        let checked = DeviceResponse::parse(response, budget)?;
        let mut encoded = Vec::new();
        let mut cursor = Cursor::new(response, budget.cbor)?;
        for _ in 0..cursor.map().ok_or(malformed("DeviceResponse"))? {
            let member = cursor.text().ok_or(malformed("DeviceResponse"))?;
            if member != "documents" {
                cursor.item().ok_or(malformed("DeviceResponse"))?;
                continue;
            }
            for _ in 0..cursor.array().ok_or(malformed("documents"))? {
                encoded.push(cursor.item().ok_or(malformed("documents"))?.to_vec());
            }
        }
        let documents = checked.documents();
        if documents.len() != encoded.len() {
            return Err(missing("documents"));
        }
        let documents = documents.iter().zip(encoded);
        Ok(documents
            .map(|(document, bytes)| Self {
                doc_type: document.doc_type().clone(),
                bytes,
            })
            .collect())
    }

    /// An encoded `DeviceResponse` with these documents.
    #[must_use]
    pub fn response_of(documents: &[Self]) -> Vec<u8> {
        let length: usize = documents.iter().map(|document| document.bytes.len()).sum();
        let mut out = Vec::with_capacity(length.saturating_add(64));
        write::map(&mut out, 3);
        write::text(&mut out, "version");
        write::text(&mut out, "1.0");
        write::text(&mut out, "documents");
        write::array(&mut out, documents.len());
        for document in documents {
            out.extend_from_slice(&document.bytes);
        }
        write::text(&mut out, "status");
        write::unsigned(&mut out, 0);
        out
    }
}
