//! What ISO/IEC 18013-5 can say of a DCQL query: document types, elements, and whether they are kept.
//!
//! A `DeviceRequest` has no alternatives, no values and no authorities. A query that needs them is not asked in this way, since the
//! wallet would not know what it is asked for; the verifier checks the answer against the query as it does any other.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use symbolon_credential::claims_path::PathPart;
use symbolon_credential::mdoc::{
    DocType, ElementIdentifier, ItemsRequest, MAX_REQUESTED_DOCUMENTS, MAX_REQUESTED_ELEMENTS, NameSpace,
    RequestedElement,
};
use thiserror::Error;

use crate::dcql::{CredentialQuery, DcqlQuery, HolderBinding, Meta, PresentationCount, QueryId};

/// Why a query cannot be asked as a `DeviceRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotExpressible {
    /// A credential of another format.
    #[error("it asks for a credential that is no mdoc")]
    Format,
    /// Two documents of one type: the answer would not say which is which.
    #[error("it asks for two documents of one type")]
    SameDocument,
    /// Combinations of credentials.
    #[error("it has credential_sets")]
    CredentialSets,
    /// Alternatives among the elements.
    #[error("it has claim_sets")]
    ClaimSets,
    /// Values of elements.
    #[error("it wants an element to have a value")]
    Values,
    /// Several documents for one query.
    #[error("it wants several documents of one type")]
    Several,
    /// Authorities.
    #[error("it names authorities")]
    Authorities,
    /// A document without the device's proof, which no `DeviceResponse` is.
    #[error("it asks for no proof of the holder")]
    WithoutProof,
    /// More, or other names, than a request can have.
    #[error("it has more documents or elements than one request, or names that no mdoc has")]
    Names,
}

/// The requests for the documents that a query asks for, in its order.
///
/// # Errors
/// [`NotExpressible`].
pub fn items_of_query(query: &DcqlQuery) -> Result<Vec<ItemsRequest>, NotExpressible> {
    if !query.credential_sets().is_empty() {
        return Err(NotExpressible::CredentialSets);
    }
    if query.credentials().len() > MAX_REQUESTED_DOCUMENTS {
        return Err(NotExpressible::Names);
    }
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for credential in query.credentials() {
        let request = items_of(credential)?;
        if !seen.insert(request.doc_type.as_str().to_owned()) {
            return Err(NotExpressible::SameDocument);
        }
        items.push(request);
    }
    Ok(items)
}

fn items_of(credential: &CredentialQuery) -> Result<ItemsRequest, NotExpressible> {
    let Meta::MsoMdoc { doctype_value } = &credential.meta else {
        return Err(NotExpressible::Format);
    };
    if !credential.claim_sets.is_empty() {
        return Err(NotExpressible::ClaimSets);
    }
    if credential.count == PresentationCount::Several {
        return Err(NotExpressible::Several);
    }
    if !credential.trusted_authorities.is_empty() {
        return Err(NotExpressible::Authorities);
    }
    if credential.holder_binding == HolderBinding::Absent {
        return Err(NotExpressible::WithoutProof);
    }
    let claims = credential.claims.as_deref().unwrap_or_default();
    if claims.len() > MAX_REQUESTED_ELEMENTS {
        return Err(NotExpressible::Names);
    }
    let mut elements = Vec::with_capacity(claims.len());
    for claim in claims {
        if !claim.values.is_empty() {
            return Err(NotExpressible::Values);
        }
        let [PathPart::Key(name_space), PathPart::Key(identifier)] = claim.path.parts() else {
            return Err(NotExpressible::Names);
        };
        elements.push(RequestedElement {
            name_space: NameSpace::parse(name_space).map_err(|_| NotExpressible::Names)?,
            identifier: ElementIdentifier::parse(identifier).map_err(|_| NotExpressible::Names)?,
            intent_to_retain: claim.intent_to_retain.unwrap_or(false),
        });
    }
    Ok(ItemsRequest {
        doc_type: DocType::parse(doctype_value).map_err(|_| NotExpressible::Names)?,
        elements,
    })
}

/// The requests of a reader as a query, so that a wallet shows and answers them like any other. `None` for requests that repeat a
/// document type, since the reader could not tell the answers apart, and for names that a query cannot have.
#[must_use]
pub fn query_of_items(items: &[ItemsRequest]) -> Option<DcqlQuery> {
    let mut seen = BTreeSet::new();
    let mut credentials = Vec::with_capacity(items.len());
    for (position, request) in items.iter().enumerate() {
        if !seen.insert(request.doc_type.as_str()) {
            return None;
        }
        let claims: Vec<Value> = request
            .elements
            .iter()
            .map(|element| {
                json!({
                    "path": [element.name_space.as_str(), element.identifier.as_str()],
                    "intent_to_retain": element.intent_to_retain,
                })
            })
            .collect();
        let mut credential = json!({
            "id": query_id(position)?,
            "format": "mso_mdoc",
            "meta": { "doctype_value": request.doc_type.as_str() },
        });
        if let (false, Some(members)) = (claims.is_empty(), credential.as_object_mut()) {
            members.insert("claims".to_owned(), Value::Array(claims));
        }
        credentials.push(credential);
    }
    let query = json!({ "credentials": credentials });
    DcqlQuery::parse(query.to_string().as_bytes()).ok()
}

fn query_id(position: usize) -> Option<QueryId> {
    QueryId::parse(format!("document-{position}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(credentials: &Value) -> DcqlQuery {
        DcqlQuery::parse(json!({ "credentials": credentials }).to_string().as_bytes()).unwrap()
    }

    fn document(doc_type: &str, more: &Value) -> Value {
        let mut document = json!({
            "id": doc_type.replace('.', "-"), "format": "mso_mdoc", "meta": { "doctype_value": doc_type },
            "claims": [
                { "path": ["space.1", "family_name"], "intent_to_retain": true },
                { "path": ["space.2", "portrait"] },
            ],
        });
        let members = document.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        document
    }

    #[test]
    fn documents_and_elements_are_asked_for_and_read_back() {
        let asked = query(&json!([
            document("doc.1", &json!({})),
            document("doc.2", &json!({ "claims": null })),
        ]));
        let items = items_of_query(&asked).unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].elements.len(), 2);
        assert!(items[0].elements[0].intent_to_retain && !items[0].elements[1].intent_to_retain);
        assert!(items[1].elements.is_empty());
        let back = query_of_items(&items).unwrap();
        assert_eq!(items_of_query(&back).unwrap(), items);
        assert_eq!(query_of_items(&[items[0].clone(), items[0].clone()]), None);
    }

    #[test]
    fn what_a_device_request_cannot_say_is_not_asked_in_this_way() {
        let refused = |credentials: &Value| items_of_query(&query(credentials)).unwrap_err();
        let one = |more: &Value| refused(&json!([document("doc.1", more)]));
        assert_eq!(
            one(&json!({ "format": "dc+sd-jwt", "meta": { "vct_values": ["v"] } })),
            NotExpressible::Format
        );
        assert_eq!(one(&json!({ "multiple": true })), NotExpressible::Several);
        assert_eq!(
            one(&json!({ "trusted_authorities": [{ "type": "aki", "values": ["AAAA"] }] })),
            NotExpressible::Authorities
        );
        assert_eq!(
            one(&json!({ "require_cryptographic_holder_binding": false })),
            NotExpressible::WithoutProof
        );
        let claims = json!([{ "id": "a", "path": ["s", "e"] }]);
        assert_eq!(
            one(&json!({ "claims": claims, "claim_sets": [["a"]] })),
            NotExpressible::ClaimSets
        );
        assert_eq!(
            one(&json!({ "claims": [{ "path": ["s", "e"], "values": ["v"] }] })),
            NotExpressible::Values
        );
        let twice = json!([
            document("doc.1", &json!({})),
            document("doc.1", &json!({ "id": "b" }))
        ]);
        assert_eq!(refused(&twice), NotExpressible::SameDocument);
        let sets = json!({
            "credentials": [document("doc.1", &json!({}))],
            "credential_sets": [{ "options": [["doc-1"]] }],
        });
        let sets = DcqlQuery::parse(sets.to_string().as_bytes()).unwrap();
        assert_eq!(items_of_query(&sets), Err(NotExpressible::CredentialSets));
    }
}
