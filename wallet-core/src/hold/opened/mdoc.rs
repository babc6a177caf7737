//! An mdoc, read.

use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::mdoc::{IssuerSigned, MdocBudget};

use super::PersonalClaim;
use crate::hold::shown::Disclosable;

/// An mdoc in the bytes that were received, and its elements as JSON: `{namespace: {element: value}}`.
pub(crate) struct OpenedMdoc<'a> {
    pub(crate) issuer_signed: IssuerSigned<'a>,
    pub(crate) claims: Map<String, Value>,
}

impl<'a> OpenedMdoc<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Option<Self> {
        let issuer_signed = IssuerSigned::parse(bytes, MdocBudget::DEFAULT).ok()?;
        Some(Self {
            claims: issuer_signed.claims(),
            issuer_signed,
        })
    }
}

/// The elements of an mdoc or of a presentation of one. Each is disclosed whole or withheld whole, so none is taken apart.
pub(crate) fn personal_elements(claims: &Map<String, Value>) -> Vec<PersonalClaim> {
    let mut found = Vec::new();
    for (name_space, elements) in claims {
        for (identifier, value) in elements.as_object().into_iter().flatten() {
            let parts = [name_space, identifier].map(|name| PathPart::Key(name.clone()));
            found.extend(ClaimsPath::new(parts.to_vec()).map(|path| PersonalClaim {
                path,
                value: value.clone(),
                disclosable: Disclosable::Selectively,
            }));
        }
    }
    found
}
