//! Asking for mdocs (ISO/IEC 18013-5): a query as a `DeviceRequest` under the reader's certificate. The answer is read by
//! [`device_response`](crate::device_response).

use symbolon_credential::mdoc::{ItemsRequest, PreparedDocRequest, SessionTranscript, write_device_request};
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::digital_credentials::items::{NotExpressible, items_of_query};

/// The `DeviceRequest` of a reader that does not say who it is.
///
/// # Errors
/// [`NotExpressible`] when the query says more than such a request can.
pub fn anonymous_request(query: &DcqlQuery) -> Result<Vec<u8>, NotExpressible> {
    let items = items_of_query(query)?;
    let requests: Vec<_> = items.iter().map(ItemsRequest::without_reader_auth).collect();
    Ok(write_device_request(&requests))
}

/// A `DeviceRequest` that its reader has still to sign, once for each document.
#[derive(Debug, Clone)]
pub struct PreparedReaderRequest(Vec<PreparedDocRequest>);

impl PreparedReaderRequest {
    /// Prepares the request for the documents of a query, by the reader of `chain`, in the session of `transcript`.
    ///
    /// # Errors
    /// [`NotExpressible`] when the query says more than such a request can.
    pub fn prepare(
        query: &DcqlQuery,
        transcript: &SessionTranscript,
        chain: &EncodedX5Chain,
    ) -> Result<Self, NotExpressible> {
        let items = items_of_query(query)?;
        let prepared = items.iter().map(|items| items.prepare(transcript, chain));
        Ok(Self(prepared.collect()))
    }

    /// What the reader's key has to sign, in order.
    pub fn requests(&self, key: &KeyHandle) -> impl Iterator<Item = SignatureRequest> {
        self.0.iter().map(|document| document.request(key.clone()))
    }

    /// The encoded `DeviceRequest` with these signatures, in order; `None` where there is not one for each document.
    #[must_use]
    pub fn finish(self, signatures: &[Vec<u8>]) -> Option<Vec<u8>> {
        if self.0.len() != signatures.len() {
            return None;
        }
        let signed = self.0.into_iter().zip(signatures);
        let requests: Vec<_> = signed
            .map(|(document, signature)| document.finish(signature))
            .collect();
        Some(write_device_request(&requests))
    }
}
