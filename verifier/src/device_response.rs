//! What a device answers to a request for documents, as presentations by credential query (ISO/IEC 18013-5, section 8.3.2.1.2.2).

use symbolon_credential::mdoc::{EncodedDocument, MdocBudget};
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::dcql::{DcqlQuery, Meta, QueryId};
use symbolon_protocol::openid4vp::response::{Presentation, VpToken};

/// Each document of an encoded `DeviceResponse` as the answer to the query that asks for its type. One that nothing asks for answers a
/// name that no query has, so that the answer is refused for it. `None` for what is no `DeviceResponse` within its budget.
#[must_use]
pub fn presentations_by_query(query: &DcqlQuery, device_response: &[u8]) -> Option<VpToken> {
    let documents = EncodedDocument::all_of(device_response, MdocBudget::DEFAULT).ok()?;
    let mut token = VpToken::default();
    for document in documents {
        let id = query_of(query, document.doc_type.as_str())?;
        let one = EncodedDocument::response_of(core::slice::from_ref(&document));
        let presentation = Presentation::Text(base64url::encode(&one));
        token.0.entry(id).or_default().push(presentation);
    }
    Some(token)
}

fn query_of(query: &DcqlQuery, doc_type: &str) -> Option<QueryId> {
    let asked = query.credentials().iter().find(
        |credential| matches!(&credential.meta, Meta::MsoMdoc { doctype_value } if doctype_value == doc_type),
    );
    if let Some(asked) = asked {
        return Some(asked.id.clone());
    }
    (0..=query.credentials().len())
        .filter_map(|number| QueryId::parse(format!("unasked-{number}")))
        .find(|id| query.credential(id).is_none())
}
