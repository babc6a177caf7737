//! `readerAuthAll`: one signature of the reader over all that it asks for (ISO/IEC 18013-5, second edition, version 1.1 of
//! `DeviceRequest`). A device says in its engagement that it understands it.

use symbolon_crypto::cose::{EncodedX5Chain, Sign1View, signature_structure};
use symbolon_crypto::encoding::cbor::{Cursor, write};
use symbolon_crypto::signing::{KeyHandle, SignatureRequest, ToBeSigned};
use symbolon_crypto::{CryptoProvider, PublicKey};

use super::read::{MdocError, malformed};
use super::request::{BUDGET, DeviceRequest, DocRequest, ItemsRequest, ReaderRefused};
use super::transcript::SessionTranscript;

/// The most signatures over the whole of one request.
pub const MAX_READER_AUTH_ALL: usize = 4;

/// A request that its reader signs as a whole.
#[derive(Debug, Clone)]
pub struct PreparedDeviceRequest {
    /// The request up to the reader's signature.
    request: Vec<u8>,
    to_be_signed: ToBeSigned,
}

impl PreparedDeviceRequest {
    /// Prepares the signature of the reader whose chain is `chain`, over all of `items` and the session.
    #[must_use]
    pub fn new(items: &[ItemsRequest], transcript: &SessionTranscript, chain: &EncodedX5Chain) -> Self {
        let encoded: Vec<Vec<u8>> = items.iter().map(ItemsRequest::to_bytes).collect();
        let payload = reader_authentication_all(transcript, encoded.iter().map(Vec::as_slice), None);
        let to_be_signed = signature_structure(chain.algorithm(), &payload);
        let mut request = Vec::new();
        write::map(&mut request, 3);
        write::text(&mut request, "version");
        write::text(&mut request, "1.1");
        write::text(&mut request, "docRequests");
        write::array(&mut request, items.len());
        for items in items {
            request.extend_from_slice(&items.without_reader_auth());
        }
        write::text(&mut request, "readerAuthAll");
        write::array(&mut request, 1);
        chain.write_unsigned(&mut request, None);
        Self {
            request,
            to_be_signed,
        }
    }

    /// What the reader's key `key` has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.to_be_signed.by(key)
    }

    /// The encoded `DeviceRequest`.
    #[must_use]
    pub fn finish(mut self, signature: &[u8]) -> Vec<u8> {
        write::bytes(&mut self.request, signature);
        self.request
    }
}

impl<'a> DeviceRequest<'a> {
    /// The certificates of each reader that signed the whole as it states them, DER, leaf first.
    pub fn reader_auth_all_chains(&self) -> impl Iterator<Item = &[&'a [u8]]> {
        self.reader_auth_all.iter().map(Sign1View::x5chain)
    }

    /// Verifies that the reader with this key made the signature at `position` of `readerAuthAll`, for this session. Whether the
    /// reader is trusted is decided elsewhere.
    ///
    /// # Errors
    /// [`ReaderRefused`].
    pub fn verify_reader_of_all(
        &self,
        position: usize,
        reader: &PublicKey,
        transcript: &SessionTranscript,
        crypto: &dyn CryptoProvider,
    ) -> Result<(), ReaderRefused> {
        let items = self.doc_requests().iter().map(DocRequest::encoded_items);
        let payload = reader_authentication_all(transcript, items, self.device_request_info);
        self.reader_auth_all
            .get(position)
            .ok_or(ReaderRefused)?
            .verify(crypto, reader, &payload)
            .map_err(|_| ReaderRefused)
    }
}

/// Reads the member `readerAuthAll`.
pub(super) fn read_reader_auth_all<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Sign1View<'a>>, MdocError> {
    const MEMBER: &str = "readerAuthAll";
    let count = cursor.array().ok_or(malformed(MEMBER))?;
    if usize::try_from(count).map_or(true, |count| count > MAX_READER_AUTH_ALL) {
        return Err(malformed(MEMBER));
    }
    (0..count)
        .map(|_| Sign1View::read(cursor, BUDGET.cbor).map_err(|_| malformed(MEMBER)))
        .collect()
}

/// `ReaderAuthenticationAllBytes`.
fn reader_authentication_all<'a>(
    transcript: &SessionTranscript,
    items: impl ExactSizeIterator<Item = &'a [u8]>,
    device_request_info: Option<&[u8]>,
) -> Vec<u8> {
    let mut inner = Vec::with_capacity(512);
    write::array(&mut inner, 4);
    write::text(&mut inner, "ReaderAuthenticationAll");
    inner.extend_from_slice(transcript.as_bytes());
    write::array(&mut inner, items.len());
    for items in items {
        write::encoded_item(&mut inner, items);
    }
    match device_request_info {
        Some(info) => inner.extend_from_slice(info),
        None => write::null(&mut inner),
    }
    let mut out = Vec::with_capacity(inner.len().saturating_add(8));
    write::encoded_item(&mut out, &inner);
    out
}
