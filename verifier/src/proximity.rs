//! Asking for mdocs (ISO/IEC 18013-5): a query as a `DeviceRequest` under the reader's certificate, and a `DeviceResponse` as the answer
//! to that query.

use symbolon_credential::mdoc::{
    EncodedDocument, ItemsRequest, MdocBudget, MdocError, PreparedDocRequest, SessionTranscript,
    write_device_request,
};
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_protocol::dcql::{DcqlQuery, Meta, QueryId};
use symbolon_protocol::digital_credentials::items::{NotExpressible, items_of_query};
use symbolon_protocol::openid4vp::response::{Presentation, VpToken};

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

/// The documents of a `DeviceResponse`, each as the presentation of the query that asks for its type; what no query asks for stands under
/// a name that none has, so that the answer is refused for it.
///
/// # Errors
/// [`MdocError`] when it is no such response.
pub fn answer_of_documents(query: &DcqlQuery, device_response: &[u8]) -> Result<VpToken, MdocError> {
    let mut token = VpToken::default();
    for document in EncodedDocument::all_of(device_response, MdocBudget::DEFAULT)? {
        if let Some(id) = query_of(query, document.doc_type.as_str()) {
            let one = EncodedDocument::response_of(core::slice::from_ref(&document));
            let presentation = Presentation::Text(base64url::encode(&one));
            token.0.entry(id).or_default().push(presentation);
        }
    }
    Ok(token)
}

fn query_of(query: &DcqlQuery, doc_type: &str) -> Option<QueryId> {
    let asked = query.credentials().iter().find(
        |credential| matches!(&credential.meta, Meta::MsoMdoc { doctype_value } if doctype_value == doc_type),
    );
    if let Some(asked) = asked {
        return Some(asked.id.clone());
    }
    // There is one name more than the query can have taken.
    (0..=query.credentials().len())
        .filter_map(|number| QueryId::parse(format!("unasked-{number}")))
        .find(|id| query.credential(id).is_none())
}
