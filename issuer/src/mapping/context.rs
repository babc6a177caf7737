//! JSON-LD contexts, generated from the mapping, so that the two cannot disagree.
//!
//! A context gives every claim an IRI below its own URL, so no other issuer's term means the same by accident. It is closed
//! (`@protected`), and verifiers have it from a trust list: it is published for readers, and never fetched to verify.

use serde_json::{Map, Value, json};

use super::CredentialConfiguration;
use super::transform::Transform;

impl CredentialConfiguration {
    /// The URL of this configuration's context for an issuer; `None` for formats without one.
    #[must_use]
    pub fn context_url(&self, issuer: &str) -> Option<String> {
        let context = &self.w3c()?.context;
        Some(format!("{}/contexts/{context}", issuer.trim_end_matches('/')))
    }

    /// The context document of this configuration for an issuer: what [`CredentialConfiguration::context_url`] serves.
    #[must_use]
    pub fn context_document(&self, issuer: &str) -> Option<Value> {
        let url = self.context_url(issuer)?;
        let mut terms = Map::new();
        terms.insert("@protected".to_owned(), Value::Bool(true));
        for name in &self.w3c()?.types {
            terms.insert(name.clone(), format!("{url}#{name}").into());
        }
        for claim in &self.file.claims {
            let (last, parents) = match claim.path.split_last() {
                Some(parts) => parts,
                None => continue,
            };
            for parent in parents {
                terms.insert(parent.clone(), format!("{url}#{parent}").into());
            }
            let iri = format!("{url}#{last}");
            let term = match claim.transform.datatype() {
                Some(datatype) => json!({ "@id": iri, "@type": datatype }),
                None => iri.into(),
            };
            terms.insert(last.clone(), term);
        }
        Some(json!({ "@context": terms }))
    }

    /// The expanded types of this configuration's W3C credentials, as a DCQL query names them ([OpenID4VP appendix B.1.1]);
    /// empty for other formats.
    ///
    /// [OpenID4VP appendix B.1.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.1.1
    #[must_use]
    pub fn expanded_types(&self, issuer: &str) -> Vec<String> {
        let (Some(w3c), Some(url)) = (self.w3c(), self.context_url(issuer)) else {
            return Vec::new();
        };
        let own = w3c.types.iter().map(|name| format!("{url}#{name}"));
        core::iter::once(VERIFIABLE_CREDENTIAL.to_owned())
            .chain(own)
            .collect()
    }
}

impl Transform {
    /// The RDF datatype of its values, where JSON does not say it.
    pub(super) const fn datatype(&self) -> Option<&'static str> {
        match self {
            Self::DateIso | Self::IssueDate | Self::ExpiryDate => Some(XSD_DATE),
            _ => None,
        }
    }
}

const XSD_DATE: &str = "http://www.w3.org/2001/XMLSchema#date";
const VERIFIABLE_CREDENTIAL: &str = "https://www.w3.org/2018/credentials#VerifiableCredential";
